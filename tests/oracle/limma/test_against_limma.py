"""Linear models of log intensities agree with R limma: estimates, moderated variances, t and F tests."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lateralis.config import Variable
from lateralis.model.blocks import split_blocks
from lateralis.model.contrasts import threshold_pvalues, wald_test
from lateralis.model.design import design_matrix
from lateralis.model.log_intensity import fit_linear, moderated_f_test

HERE = Path(__file__).parent
VARIABLES = {
    "participant": Variable(type="categorical"),
    "batch": Variable(type="categorical"),
    "visit": Variable(type="categorical", levels=["baseline", "day8"]),
    "arm": Variable(type="categorical", levels=["placebo", "il2"]),
}


def read(name):
    return pd.read_csv(HERE / f"{name}.tsv.gz", sep="\t", index_col=0)


@pytest.fixture(scope="module", params=["groups", "blocks"])
def fitted(request):
    values, obs = read("values").to_numpy().T, read("samples")
    for name, variable in VARIABLES.items():
        obs[name] = pd.Categorical(obs[name], categories=variable.levels)
    if request.param == "groups":
        design, blocks = design_matrix(obs, "~ batch + arm", VARIABLES, where="x"), None
        reduced = design[["Intercept", "arm[T.il2]"]]
    else:
        matrix = design_matrix(obs, "~ participant + visit + visit:arm", VARIABLES, where="x")
        design, blocks, _ = split_blocks(matrix, obs, "participant", where="x")
        reduced = design.iloc[:, :0]
    fit = fit_linear(values, design, cells=np.zeros(len(obs), dtype=int), blocks=blocks)
    vector = np.array([float(name in ("arm[T.il2]", "visit[day8]:arm[T.il2]")) for name in design])
    return values, design, blocks, reduced, fit, vector, read(request.param)


def test_variances_are_moderated_alike(fitted):
    fit, expected = fitted[4], fitted[6]
    assert fit.facts["prior_variance"] == pytest.approx(expected["s2_prior"].iloc[0], rel=1e-6)
    assert fit.facts["prior_df"] == pytest.approx(expected["df_prior"].iloc[0], rel=1e-5)
    assert fit.facts["df"] == pytest.approx(expected["df"].iloc[0], rel=1e-5)


def test_t_tests(fitted):
    fit, vector, expected = fitted[4:]
    found = wald_test(fit.coefficients, fit.covariance, vector, df=fit.facts["df"])
    for column, right in (("log2FoldChange", "lfc"), ("lfcSE", "se"), ("stat", "t"), ("pvalue", "p")):
        np.testing.assert_allclose(found[column], expected[right], rtol=1e-5, err_msg=column)


def test_f_tests(fitted):
    values, design, blocks, reduced, fit, _, expected = fitted
    found = moderated_f_test(
        values, design, reduced, variances=fit.genes["dispersion"].to_numpy(), df=fit.facts["df"], blocks=blocks
    )
    np.testing.assert_allclose(found["stat"], expected["F"], rtol=1e-5)
    np.testing.assert_allclose(found["pvalue"], expected["p_F"], rtol=1e-5)


def test_fold_change_tests_are_nearly_treat(fitted):
    """limma's `treat` takes the borders of the null by turns where an estimate is near zero; ours is R DESeq2's rule."""
    fit, vector, expected = fitted[4:]
    tests = wald_test(fit.coefficients, fit.covariance, vector, df=fit.facts["df"])
    found = threshold_pvalues(
        tests["log2FoldChange"].to_numpy(), tests["lfcSE"].to_numpy(), float(np.log2(1.5)), df=fit.facts["df"]
    )
    small = expected["p_treat"].to_numpy() < 0.05
    assert small.sum() > 5
    np.testing.assert_allclose(found[small], 2 * expected["p_treat"][small], rtol=1.0)
    assert (found >= expected["p_treat"] * 0.999).all()
