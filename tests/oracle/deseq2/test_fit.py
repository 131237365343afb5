"""The fit on PyDESeq2's default numerics, which stand in for the engine, against R DESeq2 (make.R): 600 genes, 33 outliers.

The engine's own comparison is in tests/oracle/engine. Both programs maximise the same likelihoods; PyDESeq2's optimiser stops
elsewhere, which shows in the fourth digit of log2 fold changes and the third of standard errors; the calls are the same.
"""

import numpy as np
import pytest

from lateralis.config import Contrast, Endpoint, Variable
from lateralis.model.contrasts import threshold_pvalues, wald_test
from lateralis.model.design import contrast_vector, design_matrix
from lateralis.model.endpoint import call_genes
from lateralis.model.fallback import FallbackInference
from lateralis.model.fit import fit_model
from lateralis.model.outliers import design_cells

pytestmark = pytest.mark.slow

VARIABLES = {name: Variable(type="categorical") for name in ("group", "batch")}
VARIABLES["age"] = Variable(type="numeric", center=True, scale=True)
CONTRASTS = {
    "als_vs_control": ("als", "control"),
    "als_vs_motor": ("als", "motor"),
    "carrier_vs_als": ("carrier", "als"),
}


def fit_of(cohort, design, exempt=False):
    counts, sheet = cohort
    matrix = design_matrix(sheet, design, VARIABLES, where="x")
    numerics = FallbackInference(n_cpus=1)
    return fit_model(
        counts.to_numpy().T, matrix, cells=design_cells(matrix), exempt_three_larger=exempt, numerics=numerics
    )


def results_of(fit, cohort, test, reference, alpha=0.05):
    """Results as the pipeline's scripts put them together, index gene_id."""
    counts, sheet = cohort
    contrast = Contrast(model="m", variable="group", test=test, reference=reference)
    vector = contrast_vector(contrast, sheet, list(fit.design.columns), where="x")
    table = wald_test(fit.coefficients, fit.covariance, vector)
    table.loc[(fit.genes["na_reason"] == "cooks_outlier").to_numpy(), "pvalue"] = np.nan
    table.loc[fit.genes["na_reason"].isin(["all_zero", "no_convergence"]).to_numpy(), ["log2FoldChange", "pvalue"]] = (
        np.nan
    )
    table["gene_id"] = table["gene_name"] = counts.index
    table["log2FoldChange_shrunken"] = np.nan
    table["baseMean"], table["na_reason"] = fit.genes["baseMean"].to_numpy(), fit.genes["na_reason"].to_numpy()
    return call_genes(table, Endpoint(alpha=alpha)).set_index("gene_id")


def jaccard(found, expected):
    return (found & expected).sum() / (found | expected).sum()


@pytest.fixture(scope="module")
def fit(cohort):
    return fit_of(cohort, "~ batch + group")


@pytest.fixture(scope="module", params=CONTRASTS)
def both(request, fit, cohort, oracle):
    """Our results and R's for one contrast."""
    return results_of(fit, cohort, *CONTRASTS[request.param]), oracle(f"cohort_{request.param}", matrix=True)


def test_trend_and_prior(fit, oracle):
    facts = oracle("cohort_facts", matrix=True)["value"]
    assert fit.trend.asymptotic == pytest.approx(facts["asymptotic"], rel=0.005)
    assert fit.trend.extra_poisson == pytest.approx(facts["extra_poisson"], rel=0.005)
    assert fit.facts["prior_variance"] == pytest.approx(facts["prior_variance"], rel=0.03)
    assert fit.facts["cooks_cutoff"] == pytest.approx(facts["cooks_cutoff"], rel=1e-12)


def test_dispersions(fit, cohort, oracle):
    expected = oracle("cohort_genes", matrix=True)
    ratio = np.log(fit.genes["dispersion"].to_numpy() / expected["dispersion"].to_numpy())
    assert np.median(np.abs(ratio)) < 0.003
    assert (np.abs(ratio) < 0.02).mean() > 0.985


def test_the_same_counts_are_replaced_and_the_same_genes_lose_their_pvalue(fit, cohort, oracle):
    expected = oracle("cohort_genes", matrix=True)
    assert fit.genes["n_replaced"].tolist() == expected["replaced"].tolist()
    assert fit.genes["n_replaced"].sum() > 20
    r = oracle("cohort_als_vs_control", matrix=True)
    outlier = (fit.genes["na_reason"] == "cooks_outlier").to_numpy()
    assert outlier.tolist() == r["pvalue"].isna().tolist()
    assert outlier.sum() >= 10
    # R writes a gene that replacement leaves without counts as unchanged, p = 1; here it is empty, all_zero
    emptied = cohort[0].index[(fit.genes["na_reason"] == "all_zero").to_numpy()]
    assert emptied.tolist() == ["g600"]
    assert r.loc["g600", ["baseMean", "log2FoldChange", "pvalue"]].tolist() == [0, 0, 1]


def test_largest_distances(fit, oracle):
    expected = oracle("cohort_genes", matrix=True)["max_cooks"].to_numpy()
    affected = (fit.genes["n_replaced"] > 0).to_numpy()
    found = fit.genes["max_cooks"].to_numpy()
    # R sets the distances of replaceable samples to 0 in all genes once it has replaced in one; here in those genes only,
    # which no decision depends on: elsewhere they are below the cutoff
    ratio = found[affected] / np.maximum(expected[affected], 1e-5)
    # where R took its second optimiser, its hat diagonals stay those of the first attempt: three genes here
    assert (np.abs(ratio - 1) < 0.02).sum() >= affected.sum() - 4
    assert (found[~affected] >= expected[~affected] * 0.98).mean() > 0.99
    cutoff = fit.facts["cooks_cutoff"]
    assert ((found > cutoff) == (expected > cutoff)).all()


def test_effects_and_errors(both):
    found, expected = both
    compared = (expected["baseMean"] > 10) & found["log2FoldChange"].notna()
    assert compared.sum() > 540
    np.testing.assert_allclose(found.loc[compared, "baseMean"], expected.loc[compared, "baseMean"], rtol=1e-8)
    difference = (found["log2FoldChange"] - expected["log2FoldChange"])[compared].abs()
    assert difference.median() <= 1e-4
    assert (difference <= 0.01).mean() >= 0.99
    assert difference.max() < 0.2  # where its search of the dispersion jumps to the lower bound
    error = (found["lfcSE"] / expected["lfcSE"] - 1)[compared].abs()
    assert error.median() < 0.002
    assert error.quantile(0.99) < 0.01


def test_pvalues(both):
    found, expected = both
    for column in ("pvalue", "pvalue_threshold"):
        tested = found[column].notna()
        ratio = np.log10(found[column] / expected[column])[tested].abs()
        assert ratio.median() < 0.001
        assert ratio.quantile(0.99) < 0.2


def test_findings(both):
    found, expected = both
    for column, least in (("padj", 80), ("padj_threshold", 40)):
        significant = found[column] < 0.05, expected[column] < 0.05
        assert significant[1].sum() > least
        assert jaccard(*significant) >= 0.98
    # independent filtering leaves out the same genes
    assert (
        (found["na_reason"] == "independent_filtering") != (found["padj"].isna() & expected["pvalue"].notna())
    ).sum() <= 1


def test_threshold_pvalues_from_rs_own_estimates(oracle):
    for name in CONTRASTS:
        r = oracle(f"cohort_{name}", matrix=True)
        r = r[r["pvalue_threshold"].notna() & (r["lfcSE"] > 0)]
        found = threshold_pvalues(r["log2FoldChange"].to_numpy(), r["lfcSE"].to_numpy(), np.log2(1.5))
        # 10 digits of a statistic of up to 30 are 1e-7 of the p-value
        np.testing.assert_allclose(found, r["pvalue_threshold"], rtol=1e-6)


def test_outliers_beside_a_covariate_are_fitted_as_r_fits_them(cohort, oracle):
    fit = fit_of(cohort, "~ age + group")
    found, expected = results_of(fit, cohort, "als", "control"), oracle("covariate_als_vs_control", matrix=True)
    assert (fit.genes["na_reason"] == "").all()
    assert fit.genes["n_replaced"].sum() == 0
    # g600 has counts in one sample only: its difference of two groups of zeros ends at R's bound of 30, and so does ours
    difference = (found["log2FoldChange"] - expected["log2FoldChange"]).abs()
    assert difference.median() < 1e-4
    assert difference.max() < 0.01
    assert found.loc["g600", "log2FoldChange"] == pytest.approx(-30, abs=1e-6)
    assert np.log10(found["pvalue"] / expected["pvalue"]).abs().quantile(0.98) < 0.2


def test_two_groups_and_the_exemption_of_three_larger_counts(cohort, oracle):
    sheet = cohort[1]
    pair_counts, r = oracle("pair_counts", matrix=True), oracle("pair_results", matrix=True)
    pair_sheet = sheet.loc[pair_counts.columns].assign(group=lambda obs: obs["group"].cat.remove_unused_categories())
    pair = pair_counts, pair_sheet
    exempting, strict = (fit_of(pair, "~ group", exempt=exempt) for exempt in (True, False))
    outlier = (exempting.genes["na_reason"] == "cooks_outlier").to_numpy()
    assert outlier.tolist() == r["pvalue"].isna().tolist()
    without = (strict.genes["na_reason"] == "cooks_outlier").to_numpy()
    assert without.tolist() == (r["above_cutoff"] == 1).tolist()
    spared = pair_counts.index[without & ~outlier].tolist()
    assert "g007" in spared
    found = results_of(exempting, pair, "als", "control", alpha=0.1)
    compared = r["baseMean"] > 10
    difference = (found["log2FoldChange"] - r["log2FoldChange"])[compared].abs()
    assert difference.median() <= 1e-4
    assert (difference <= 0.01).mean() >= 0.99
    assert jaccard(found["padj"] < 0.1, r["padj"] < 0.1) >= 0.95
