"""Associations against statsmodels and scipy, and where nothing can be said."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.stats import chi2_contingency, f_oneway, fisher_exact

from lateralis.qc.associations import association, component_associations, group_associations, variance_explained

RNG = np.random.default_rng(4)
N = 40
VARIABLES = pd.DataFrame(
    {
        "batch": pd.Categorical(RNG.choice(["b1", "b2", "b3"], N)),
        "age": RNG.normal(60, 9, N),
        "site": pd.Categorical(["one"] * N),
        "name": [f"s{number}" for number in range(N)],
    }
)
VARIABLES.loc[[3, 7], "batch"] = np.nan
VARIABLES.loc[[5], "age"] = np.nan
COMPONENTS = RNG.normal(size=(N, 3)) + np.outer(VARIABLES["batch"].cat.codes, [2, 0, 0])


def test_components_against_statsmodels_and_scipy():
    found = component_associations(COMPONENTS, VARIABLES).set_index(["variable", "component"])
    known = VARIABLES["batch"].notna()
    for component in (1, 2, 3):
        values = COMPONENTS[known, component - 1]
        parts = [values[(VARIABLES["batch"][known] == level).to_numpy()] for level in ("b1", "b2", "b3")]
        row = found.loc[("batch", component)]
        assert row["pvalue"] == pytest.approx(f_oneway(*parts).pvalue, rel=1e-9)
        assert row["n"] == 38
        model = sm.OLS(COMPONENTS[:, component - 1], sm.add_constant(VARIABLES["age"]), missing="drop").fit()
        row = found.loc[("age", component)]
        assert [row["r_squared"], row["pvalue"]] == pytest.approx([model.rsquared, model.f_pvalue], rel=1e-9)
    # Benjamini and Hochberg over the six tests; the others are not tested
    assert found["padj"].notna().sum() == 6
    smallest = found["pvalue"].min()
    assert found.loc[("batch", 1), "padj"] == pytest.approx(6 * smallest)
    assert set(found.loc["site", "reason"]) == {"one value in all samples"}
    assert set(found.loc["name", "reason"]) == {"a level a sample"}


def test_one_sample_or_none_known_is_said():
    assert component_associations(np.zeros((1, 1)), VARIABLES.head(1))["pvalue"].isna().all()
    empty = pd.DataFrame({"x": pd.Categorical([None] * N, ["a"])})
    found = component_associations(COMPONENTS, empty)
    assert found["n"].tolist() == [0] * 3
    assert found["r_squared"].isna().all()
    assert component_associations(np.ones((N, 1)), VARIABLES[["batch"]])["reason"].tolist() == [
        "the component is constant"
    ]


def test_the_share_of_variance_is_that_of_all_genes_together():
    vst = RNG.normal(size=(N, 50))
    vst[:, 0] += 20 * (VARIABLES["batch"] == "b1")
    found = variance_explained(vst, VARIABLES).set_index("variable")
    known = VARIABLES["batch"].notna().to_numpy()
    between = sum(
        part.shape[0] * ((part.mean(axis=0) - vst[known].mean(axis=0)) ** 2).sum()
        for level in ("b1", "b2", "b3")
        for part in [vst[known & (VARIABLES["batch"] == level).to_numpy()]]
    )
    share = between / ((vst[known] - vst[known].mean(axis=0)) ** 2).sum()
    assert found.loc["batch", "share"] == pytest.approx(share, rel=1e-9)
    assert found.loc["batch", "adjusted_share"] == pytest.approx(1 - (1 - share) * 37 / 35)
    assert abs(found.loc["age", "adjusted_share"]) < 0.02
    assert found.loc["site", "reason"] == "one value in all samples"


def test_two_by_two_tables_are_fishers():
    a = pd.Series(["x"] * 12 + ["y"] * 10)
    b = pd.Series(["m"] * 9 + ["f"] * 3 + ["m"] * 2 + ["f"] * 8)
    v, pvalue, method = association(a, b)
    table = pd.crosstab(a, b)
    assert pvalue == pytest.approx(fisher_exact(table).pvalue)
    assert v == pytest.approx(np.sqrt(chi2_contingency(table, correction=False).statistic / 22))
    assert method == "Fisher's exact test"


def test_larger_tables_are_permuted():
    a = pd.Series(np.repeat(["x", "y", "z"], 60))
    b = pd.Series(np.tile(["p", "q", "r"], 60))
    v, pvalue, _ = association(a, b)
    assert v == pytest.approx(0, abs=1e-9)
    assert pvalue == 1
    b = pd.Series(np.random.default_rng(2).permutation(b).tolist())
    _, pvalue, method = association(a, b)
    assert pvalue == pytest.approx(chi2_contingency(pd.crosstab(a, b)).pvalue, abs=0.03)
    assert "permutations" in method
    assert association(a, a)[:2] == (pytest.approx(1), pytest.approx(1e-4))
    assert association(a, b)[1] == pvalue
    assert association(a, b, seed=2)[1] != pvalue


def test_groups_against_everything():
    groups = pd.Series(pd.Categorical(["als"] * 20 + ["control"] * 20))
    found = group_associations(groups, VARIABLES[["batch", "age", "site"]]).set_index("variable")
    assert found["measure"].tolist() == ["Cramér's V", "eta²", "Cramér's V"]
    assert found["n"].tolist() == [38, 39, 40]
    ages = VARIABLES["age"]
    assert found.loc["age", "pvalue"] == pytest.approx(f_oneway(ages[:20].dropna(), ages[20:]).pvalue)
    assert found.loc["site", "reason"] == "one level among these samples"
