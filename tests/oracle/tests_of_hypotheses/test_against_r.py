"""Tests beside R DESeq2's (make.R): genes without counts in what is compared, thresholds, likelihood ratios with offsets."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lateralis.model.contrasts import contrast_all_zero, threshold_pvalues, wald_test
from lateralis.model.engine.inference import EngineInference
from lateralis.model.likelihood_ratio import likelihood_ratio_test

HERE = Path(__file__).parent


def read(name):
    table = pd.read_csv(HERE / name, sep="\t")
    return table.set_index(table.columns[0])


SAMPLES = read("samples.tsv")
COUNTS, DISPERSIONS = read("counts.tsv.gz").to_numpy().T, read("genes.tsv.gz")["dispersion"].to_numpy()
DESIGN = np.column_stack(
    [np.ones(12), SAMPLES["batch"] == "y", SAMPLES["group"] == "b", SAMPLES["group"] == "c"]
).astype(float)
TESTS = pd.read_csv(HERE / "contrasts.tsv.gz", sep="\t")
LRT = read("lrt.tsv.gz")
KINDS = list(TESTS["kind"].unique())


@pytest.fixture(scope="module")
def fit():
    beta, _, _, converged, covariance = EngineInference().fit_coefficients(
        COUNTS, SAMPLES["size_factor"].to_numpy(), DESIGN, DISPERSIONS
    )
    beta[~converged] = np.nan  # the gene without a count
    return beta, covariance


@pytest.mark.parametrize("kind", KINDS)
def test_wald_tests_of_levels_and_weights(fit, kind):
    expected = TESTS[(TESTS["kind"] == kind) & (TESTS["alternative"] == "two-sided")].reset_index(drop=True)
    if "," in kind:
        contrast, samples = np.array(kind.split(","), dtype=float), None
    else:
        test, reference = kind.split(" against ")
        contrast = np.array([0, 0, *((test == level) * 1.0 - (reference == level) * 1.0 for level in "bc")])
        samples = SAMPLES["group"].isin([test, reference]).to_numpy()
    all_zero = contrast_all_zero(COUNTS, DESIGN, contrast, samples)
    found = wald_test(*fit, contrast, all_zero)
    assert (
        np.flatnonzero(all_zero).tolist()
        == np.flatnonzero((expected["stat"] == 0) & (expected["pvalue"] == 1)).tolist()
    )
    # fits of the same path: both stop at a relative change of 1e-8 in the deviance
    for column in ("log2FoldChange", "lfcSE", "stat"):
        np.testing.assert_allclose(found[column], expected[column], rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(found["pvalue"], expected["pvalue"], rtol=1e-5)


def test_every_rule_for_contrasts_without_counts_has_its_genes():
    two_sided = TESTS[TESTS["alternative"] == "two-sided"]
    zeros = two_sided[(two_sided["stat"] == 0) & (two_sided["pvalue"] == 1)].groupby("kind").size().to_dict()
    assert zeros == {"b against a": 2, "c against b": 4, "a against c": 1, "0,0,-1,1": 4, "0,0,-0.5,1": 4}


@pytest.mark.parametrize("alternative", ["greaterAbs", "lessAbs", "greater", "less"])
def test_thresholds_on_either_side_and_inside(alternative):
    expected = TESTS[TESTS["alternative"] == alternative]
    effect = expected["log2FoldChange"].to_numpy()
    assert (np.abs(effect) < 1).sum() > 100
    assert (effect > 1).sum() > 30
    assert (effect < -1).sum() > 30
    found = threshold_pvalues(effect, expected["lfcSE"].to_numpy(), 1.0, alternative)
    np.testing.assert_allclose(found, expected["pvalue"], rtol=1e-10)  # of 15 digits, magnified by the tail


@pytest.mark.parametrize("reduced", ["~ batch", "~ 1"])
@pytest.mark.parametrize("by_gene", [0, 1])
def test_likelihood_ratios_with_and_without_average_lengths(by_gene, reduced):
    expected = LRT[LRT["reduced"] == reduced].loc[by_gene]
    found = likelihood_ratio_test(
        COUNTS,
        DESIGN,
        DESIGN[:, : 2 if reduced == "~ batch" else 1],
        dispersions=DISPERSIONS,
        size_factors=SAMPLES["size_factor"].to_numpy(),
        average_lengths=read("lengths.tsv.gz").to_numpy().T if by_gene else None,
    )
    assert found["stat"].isna().tolist() == expected["stat"].isna().tolist()
    assert (expected["converged"].dropna() == 1).all()
    np.testing.assert_allclose(found["stat"], expected["stat"], rtol=1e-6, atol=1e-8)  # as above
    np.testing.assert_allclose(found["pvalue"], expected["pvalue"], rtol=1e-6)
