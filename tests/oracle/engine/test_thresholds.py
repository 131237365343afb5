"""Tests against a fold change of 1.5: four alternatives, levels that are no reference, the reference swapped (make.R)."""

import numpy as np
import pytest

from lateralis.model.contrasts import threshold_pvalues

THRESHOLD = np.log2(1.5)
ALTERNATIVES = ["greaterAbs", "lessAbs", "greater", "less"]


@pytest.fixture(params=["als_vs_carrier", "carrier_vs_control"])
def contrast(request):
    return request.param


def expected_of(case, contrast, alternative):
    table = case.read("threshold").reset_index()
    chosen = table[(table["contrast"] == contrast) & (table["alternative"] == alternative)].set_index("gene_id")
    return chosen.loc[case.counts.index]


@pytest.mark.parametrize("alternative", ALTERNATIVES)
def test_from_rs_own_estimates(cases, contrast, alternative):
    case = cases["threshold"]
    r, expected = case.read(contrast), expected_of(case, contrast, alternative)
    tested = expected["pvalue"].notna()
    found = threshold_pvalues(
        r.loc[tested, "log2FoldChange"].to_numpy(), r.loc[tested, "lfcSE"].to_numpy(), THRESHOLD, alternative
    )
    # 12 printed digits; a p-value of 1e-300 magnifies those of its statistic some thousandfold
    np.testing.assert_allclose(found, expected.loc[tested, "pvalue"], rtol=1e-8)


@pytest.mark.parametrize("reference", ["pvalue", "pvalue_relevelled"])
@pytest.mark.parametrize("alternative", ALTERNATIVES)
def test_from_our_fit(cases, contrast, alternative, reference, pvalues_apart):
    """One fit of ours stands beside R's two, which differ in the reference level: the scalar contrast knows no reference."""
    case = cases["threshold"]
    results, expected = case.results(contrast), expected_of(case, contrast, alternative)
    found = results[["baseMean"]].assign(
        pvalue=threshold_pvalues(
            results["log2FoldChange"].to_numpy(), results["lfcSE"].to_numpy(), THRESHOLD, alternative
        )
    )
    found.loc[results["pvalue"].isna(), "pvalue"] = np.nan
    expected = expected.assign(pvalue=expected[reference], baseMean=case.genes["baseMean"])
    assert found["pvalue"].isna().tolist() == expected["pvalue"].isna().tolist()
    apart = case.apart(found, expected, pvalues_apart(found, expected) & case.genes["converged"])
    assert not apart, apart


def test_r_itself_knows_no_reference(cases, contrast):
    """The swap moves R's own p-values by its stopping rule only: the bar above is fair to both."""
    expected = expected_of(cases["threshold"], contrast, "greaterAbs")
    difference = np.log10(expected["pvalue"] / expected["pvalue_relevelled"]).abs()
    assert difference.max() < 0.01


def test_adjusted_thresholded_pvalues_in_every_set(pair):
    """The strict rule's column, from our fits, beside R's `results(lfcThreshold = log2(1.5))`."""
    _, found, expected = pair
    both = found["padj_threshold"].notna() & expected["padj_threshold"].notna() & (expected["padj_threshold"] > 1e-8)
    difference = np.log10(found["padj_threshold"] / expected["padj_threshold"])[both].abs()
    # 0.02 of the p-value, and a rank that moves where two genes change places
    assert (difference <= 0.03).mean() >= 0.99
