"""Proteins agree with R: limma's moderated tests without limits of detection, survival's `survreg` with them."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lateralis.biology.censored import maximum_likelihood
from lateralis.biology.proteins import fit_proteins, protein_results
from lateralis.config import Contrast, Endpoint, Samples
from lateralis.model.measured import arrange_measured

HERE = Path(__file__).parent
SAMPLES = Samples(
    participant="participant",
    variables={
        "group": {"type": "categorical", "levels": ["control", "als"]},
        "sex": {"type": "categorical"},
        "age": {"type": "numeric", "center": True, "scale": True},
    },
)
ALS = Contrast(model="m", variable="group", test="als", reference="control")


def read(name):
    return pd.read_csv(HERE / f"{name}.tsv.gz", sep="\t", index_col=0)


@pytest.fixture(scope="module")
def people():
    obs = read("samples")
    for name, levels in (("group", ["control", "als"]), ("sex", ["F", "M"])):
        obs[name] = pd.Categorical(obs[name], levels)
    return arrange_measured(obs, "~ sex + age + group", SAMPLES, where="x")


@pytest.mark.parametrize("name", ["complete", "missing"])
def test_without_limits_tests_are_those_of_limma(people, name):
    levels, expected = read(name).T, read(f"limma_{name}")
    fits = fit_proteins(levels, levels.isna() & False, people, min_detected=0.2)
    found = protein_results(fits, people.obs, ALS, np.array([0.0, 0, 0, 1]), Endpoint()).set_index("protein")
    assert (found["method"] == "moderated").all()
    assert fits.prior.df == pytest.approx(expected["df_prior"].iloc[0], rel=1e-6)
    assert fits.prior.variance == pytest.approx(expected["s2_prior"].iloc[0], rel=1e-6)
    pairs = {"log2FoldChange": "lfc", "lfcSE": "se", "stat": "t", "pvalue": "p", "padj": "padj", "df": "df"}
    for ours, theirs in pairs.items():
        np.testing.assert_allclose(found[ours], expected[theirs], rtol=1e-6, atol=1e-10, err_msg=ours)
    np.testing.assert_allclose(fits.table["variance"], expected["s2"], rtol=1e-6)


def test_below_limits_the_likelihood_has_its_maximum_where_survreg_finds_it(people):
    levels, expected, matrix = read("complete"), read("survreg"), people.matrix.to_numpy()
    assert len(expected) == 60
    for protein, right in expected.iterrows():
        below = (levels.loc[protein] < right["limit"]).to_numpy()
        values = levels.loc[protein].where(~below, right["limit"]).to_numpy(dtype=float)
        beta, variance, covariance = maximum_likelihood(values, below, matrix)
        assert below.any()
        # survreg stops at a relative change of 1e-14 of the likelihood, some 1e-7 of an estimate
        np.testing.assert_allclose(beta, right[["b1", "b2", "b3", "b4"]].astype(float), rtol=1e-6, atol=1e-6)
        assert np.sqrt(variance) == pytest.approx(right["sigma"], rel=1e-6)
        assert np.sqrt(covariance[3, 3]) == pytest.approx(right["se4"], rel=1e-5)
        assert np.sqrt(covariance[4, 4]) == pytest.approx(right["se_log_sigma"], rel=1e-5)
        assert covariance[3, 4] == pytest.approx(right["cov4"], rel=1e-4, abs=1e-7)
