"""A model's proteins beside its transcripts: one pair a person, and tables with the columns that are promised."""

import numpy as np
import pandas as pd
import pytest
from protein_cohorts import ALS, SAMPLES
from scipy.stats import spearmanr

from lateralis.biology.concordance import CONCORDANCE_COLUMNS, map_genes
from lateralis.biology.protein_models import ask_contrast, fit_protein_model
from lateralis.biology.proteins import RESULT_COLUMNS
from lateralis.config import Endpoint, Proteins
from lateralis.errors import InputError
from lateralis.inputs.proteins import ProteinTable

N = 24
VAR = pd.DataFrame({"ensembl_id": ["g1", "g2"], "gene_name": ["A", "B"]}, index=pd.Index(["g1", "g2"], name="gene_id"))


@pytest.fixture
def cohort():
    """Two samples of each of 24 people; protein and expression agree in the first sample alone."""
    rng = np.random.default_rng(1)
    obs = pd.DataFrame(
        {
            "participant": [f"P{number // 2}" for number in range(2 * N)],
            "group": pd.Categorical(np.repeat(["control", "als"], N), ["control", "als"]),
            "sex": pd.Categorical(np.tile(["F", "F", "M", "M"], N // 2), ["F", "M"]),
            "age": np.repeat(rng.normal(60, 8, N), 2),
        },
        index=[f"S{number}" for number in range(2 * N)],
    )
    first = np.arange(2 * N) % 2 == 0
    expression = pd.DataFrame(rng.normal(size=(2 * N, 2)), index=obs.index, columns=["g1", "g2"])
    levels = pd.DataFrame(rng.normal(size=(2 * N, 3)), columns=["a", "b", "c"])
    levels["a"] = np.where(first, expression["g1"].to_numpy() + 0.2 * levels["a"], levels["a"])
    return obs, expression, levels


def fitted(cohort, unit):
    obs, expression, levels = cohort
    ids = obs.index if unit == "sample" else pd.Index(obs["participant"].unique())
    levels = (levels if unit == "sample" else levels[::2]).set_axis(ids)
    annotation = pd.DataFrame({"gene": ["A;B", "g2", ""], "limit": np.nan}, index=["a", "b", "c"])
    table = ProteinTable(levels, levels.isna(), annotation, 0)
    spec = Proteins(path="p.tsv", annotation="a.tsv", unit=unit)
    units = pd.Series(obs.index if unit == "sample" else obs["participant"], index=obs.index).astype(str)
    pairs = map_genes(annotation["gene"], VAR)
    return fit_protein_model(spec, table, obs, units, expression, pairs, "~ sex + age + group", SAMPLES, where="x")


@pytest.mark.parametrize("unit", ["sample", "participant"])
def test_each_person_is_one_pair_by_their_first_sample(cohort, unit):
    model = fitted(cohort, unit)
    obs, expression, levels = cohort
    found = model.correlations.set_index(["protein", "gene_id"])
    assert found["n_pairs"].tolist() == [N, N, N, 0]
    expected = spearmanr(levels["a"][::2], expression["g1"][::2]).statistic
    assert expected > 0.9
    assert found.loc[("a", "g1"), "spearman"] == pytest.approx(expected, rel=1e-10)
    assert len(model.people.obs) == (2 * N if unit == "sample" else N)
    assert list(obs["age"][::2]) == list(model.people.obs["age"][:: 2 if unit == "sample" else 1])


def test_tables_have_the_columns_that_are_promised(cohort):
    transcripts = pd.DataFrame(
        {
            "gene_id": ["g1", "g2"],
            "log2FoldChange": [1.0, -1.0],
            "padj": 0.5,
            "call_fdr": "none",
            "na_reason": "",
            "call_strict": "none",
        }
    )
    results, concordance, facts = ask_contrast(
        "als", ALS, fitted(cohort, "participant"), transcripts, Endpoint(), SAMPLES, where="x"
    )
    assert list(results) == list(RESULT_COLUMNS)
    assert list(results["gene_id"]) == ["g1;g2", "g2", ""]
    assert list(results["gene_name"]) == ["A;B", "B", ""]
    assert list(concordance) == list(CONCORDANCE_COLUMNS)
    assert (facts["tested"], facts["pairs"], facts["n_people"], facts["n_test"]) == (3, 3, N, N // 2)
    lonely = ALS.model_copy(update={"test": "nobody"})
    with pytest.raises(InputError, match="group 'nobody' has 0 samples"):
        ask_contrast("als", lonely, fitted(cohort, "participant"), transcripts, Endpoint(), SAMPLES, where="x")
