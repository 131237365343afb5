"""Likelihood-ratio tests against R (make.R): a factor of four levels, an interaction, replaced outliers."""

import numpy as np
import pandas as pd
import pytest

from lateralis.model.likelihood_ratio import likelihood_ratio_test

REDUCED = {"covariates": "~ batch + sex + age", "interaction": "~ genotype + treatment", "outliers": "~ 1"}


def converged(expected):
    return (expected["full_converged"] == 1) & (expected["reduced_converged"] == 1)


@pytest.fixture(params=REDUCED)
def setting(request, cases):
    """Set, reduced design matrix, R's statistics."""
    case = cases[request.param]
    return case, case.matrix(REDUCED[request.param]), case.read("lrt")


def test_statistics_from_rs_own_dispersions(setting, inference):
    case, reduced, expected = setting
    used = converged(expected)
    found = likelihood_ratio_test(
        case.replaced_counts[used].to_numpy().T,
        case.matrix(),
        reduced,
        dispersions=case.genes.loc[used, "dispersion"].to_numpy(),
        size_factors=case.normalisation[:, 0],
        numerics=inference,
    ).set_axis(expected.index[used])
    # R stops at a relative gain of 1e-8 in deviances of up to 1e3, twice
    np.testing.assert_allclose(found["stat"], expected.loc[used, "stat"], rtol=1e-5, atol=1e-3)
    large = expected.loc[used, "pvalue"] > 1e-8
    np.testing.assert_allclose(
        np.log10(found["pvalue"])[large], np.log10(expected.loc[used, "pvalue"])[large], rtol=0, atol=1e-3
    )


def test_whole_way(setting, inference, pvalues_apart):
    """From counts over our dispersions to the test, as the pipeline does."""
    case, reduced, expected = setting
    counts = case.counts.to_numpy().T.copy()
    replaced = case.fit.replacements
    counts[replaced["sample"], replaced["gene"]] = replaced["count"]
    reason = case.fit.genes["na_reason"].to_numpy()
    fitted = ~np.isin(reason, ["all_zero", "no_convergence"])
    found = pd.DataFrame(np.nan, expected.index, ["stat", "pvalue"])
    found[fitted] = likelihood_ratio_test(
        counts[:, fitted],
        case.matrix(),
        reduced,
        dispersions=case.fit.genes.loc[fitted, "dispersion"].to_numpy(),
        size_factors=case.fit.samples["size_factor"].to_numpy(),
        numerics=inference,
    ).to_numpy()
    found.loc[reason == "cooks_outlier", "pvalue"] = np.nan
    used = converged(expected)
    difference = (found["stat"] / expected["stat"] - 1).abs()[used]
    assert difference.median() <= 1e-4
    # as for the Wald test: 5 % of a p-value
    apart = case.apart(found, expected, pvalues_apart(found, expected) & used)
    assert not apart, apart
    # R's one exception in its empty cells: a gene emptied by replacement has p = 1, ours none
    emptied = (case.genes["replaced"] & (case.genes["baseMean"] == 0)).to_numpy()
    assert (expected.loc[emptied, "pvalue"] == 1).all()
    assert found["pvalue"].isna().tolist() == (expected["pvalue"].isna() | emptied).tolist()


def test_outliers_were_replaced_before_the_test(cases):
    case = cases["outliers"]
    assert (case.genes["replaced"] & converged(case.read("lrt"))).sum() > 20
