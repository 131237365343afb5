"""Dispersions, their trend and prior, and the counts replaced on the way, against R (make.R).

Both programs climb the same likelihoods; R stops when the log-posterior gains less than 1e-6, so single genes differ in the
fourth digit and the median by far less than 1e-4.
"""

import numpy as np
import pandas as pd
import pytest


def relative(found, expected):
    return np.abs(np.asarray(found, dtype=float) / np.asarray(expected, dtype=float) - 1)


def fitted_genes(case):
    """Genes that R fitted and calls converged, as a boolean array."""
    return (case.genes["converged"] & case.genes["dispersion"].notna() & (case.genes["baseMean"] > 0)).to_numpy()


@pytest.mark.parametrize("kind", ["dispersion", "dispersion_gene", "dispersion_trend", "dispersion_map"])
def test_dispersions(case, kind):
    used = fitted_genes(case)
    assert used.sum() > 200
    difference = relative(case.fit.genes.loc[used, kind], case.genes.loc[used, kind])
    assert np.median(difference) <= 1e-4
    # a single gene may stop a step earlier or later; what that does to its test is held in test_wald.py
    names = case.genes.index[used][difference > 0.02].tolist()
    assert len(names) <= 0.02 * used.sum(), f"{case.name}: {kind} of {names} differs by more than 2 %"


def test_trend_and_prior(case):
    assert case.fit.trend.kind == "parametric"
    # R's iteration of the trend stops at a change of 1e-6 in squared logarithms of its coefficients, 1e-3 in the logarithm
    assert case.fit.trend.asymptotic == pytest.approx(case.facts["asymptotic"], rel=1e-3)
    assert case.fit.trend.extra_poisson == pytest.approx(case.facts["extra_poisson"], rel=1e-3)
    assert case.fit.facts["prior_variance"] == pytest.approx(case.facts["prior_variance"], rel=1e-3)
    assert case.fit.facts["cooks_cutoff"] == pytest.approx(case.facts["cooks_cutoff"], rel=1e-10)


def test_prior_is_not_at_its_floor_where_r_simulates_it(cases):
    """R takes the prior's variance by simulation at three residual degrees of freedom or fewer."""
    for name in ("three_df", "two_df"):
        assert cases[name].facts["prior_variance"] > 0.3


def test_base_means(case):
    # the mean of normalised counts, outliers replaced: only the order of sums differs
    np.testing.assert_allclose(case.fit.genes["baseMean"], case.genes["baseMean"], rtol=1e-9)


@pytest.mark.parametrize("name", ["outliers", "lengths"])
def test_the_same_counts_replace_outliers(cases, name):
    case = cases[name]
    expected = case.read("replacements").reset_index()
    assert len(expected) >= 5
    found = case.fit.replacements
    # a replacement that equals the count it replaces is none in R's table
    named = pd.DataFrame(
        {
            "gene_id": case.counts.index[found["gene"]],
            "sample": case.counts.columns[found["sample"]],
            "count": found["count"].to_numpy(),
        }
    )
    named = named[named["count"].to_numpy() != case.counts.to_numpy()[found["gene"], found["sample"]]]
    order = ["gene_id", "sample"]
    pd.testing.assert_frame_equal(
        named.sort_values(order).reset_index(drop=True),
        expected.sort_values(order).reset_index(drop=True),
        check_dtype=False,
    )
    # R's own flag also names genes whose outliers stand in cells too small to be replaced, and refits those unchanged
    replaced = case.counts.index[case.fit.genes["n_replaced"] > 0]
    assert set(expected["gene_id"]) <= set(replaced) <= set(case.genes.index[case.genes["replaced"]])


def test_nothing_is_replaced_beside_a_continuous_covariate(cases):
    fit = cases["outliers_age"].fit
    assert len(fit.replacements) == 0
    assert fit.genes["n_replaced"].sum() == 0
    assert (fit.genes["na_reason"] != "cooks_outlier").all()


def test_the_sets_trigger_what_they_were_built_for(cases):
    outliers = cases["outliers"]
    assert outliers.genes["replaced"].sum() >= 25
    assert (outliers.genes["replaced"] & (outliers.genes["baseMean"] == 0)).sum() == 2
    assert (outliers.expected("als_vs_control")["na_reason"] == "cooks_outlier").sum() >= 8
    assert cases["covariates"].genes["baseMean"].max() > 5e4
    assert (cases["low"].genes["baseMean"] < 1).sum() > 100
    separated = cases["separated"]
    assert separated.genes["all_zero"].sum() == 2
    unchanged = separated.expected("als_vs_carrier")
    assert ((unchanged["pvalue"] == 1) & (unchanged["log2FoldChange"] == 0)).sum() >= 6
