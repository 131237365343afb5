"""One fit a model: what it must not depend on, what it does with planted outliers, and how it ends for hard genes."""

import warnings

import numpy as np
import pandas as pd
import pytest

from lateralis.config import Endpoint, Variable
from lateralis.model.contrasts import threshold_pvalues, wald_test
from lateralis.model.design import coefficient_of_level, design_matrix
from lateralis.model.endpoint import call_genes
from lateralis.model.fit import DispersionTrend, fit_model, fit_trend
from lateralis.model.outliers import design_cells, variable_cells

LEVELS = ["control", "motor", "als"]
VARIABLES = {"group": Variable(type="categorical"), "age": Variable(type="numeric", center=True, scale=True)}
N_PER_GROUP, N_GENES = 8, 240


def simulate(seed=5):
    """Counts of three groups of eight; the first 60 genes differ in als; dispersion 0.05 + 2/mean; depths from ½ to 2."""
    rng = np.random.default_rng(seed)
    obs = pd.DataFrame(
        {
            "group": pd.Categorical(np.tile(LEVELS, N_PER_GROUP), LEVELS),
            "age": rng.normal(60, 10, 3 * N_PER_GROUP),
        },
        index=[f"s{number}" for number in range(3 * N_PER_GROUP)],
    )
    base = np.exp(rng.normal(5, 1.2, N_GENES))
    effects = np.where(np.arange(N_GENES) < 60, rng.normal(0, 1.5, N_GENES), 0)
    depth = np.exp(rng.uniform(-np.log(2), np.log(2), len(obs)))
    mu = depth[:, None] * base * 2 ** np.outer(obs["group"] == "als", effects)
    dispersion = 0.05 + 2 / base
    return obs, rng.negative_binomial(1 / dispersion, 1 / (1 + dispersion * mu)), effects, depth


def fit_with(obs, counts, levels=LEVELS, formula="~ group", cells=None):
    relevelled = obs.assign(group=obs["group"].cat.reorder_categories(levels))
    matrix = design_matrix(relevelled, formula, VARIABLES, where="x")
    number = design_cells(matrix) if cells is None else variable_cells(obs, cells)
    return fit_model(counts, matrix, cells=number, exempt_three_larger=False)


def compare(fit, test, reference):
    """Results of `test` over `reference`, whichever of them, or neither, is the fit's reference level."""
    columns = list(fit.design.columns)
    vector = np.zeros(len(columns))
    for level, sign in ((test, 1.0), (reference, -1.0)):
        name = coefficient_of_level(columns, "group", level)
        if name is not None:
            vector[columns.index(name)] += sign
    table = wald_test(fit.coefficients, fit.covariance, vector)
    table.loc[(fit.genes["na_reason"] != "").to_numpy(), "pvalue"] = np.nan
    table["pvalue_threshold"] = threshold_pvalues(table["log2FoldChange"], table["lfcSE"], np.log2(1.5))
    table["gene_id"] = [f"g{number:03d}" for number in range(len(table))]
    table["gene_name"], table["log2FoldChange_shrunken"] = table["gene_id"], np.nan
    table["baseMean"], table["na_reason"] = fit.genes["baseMean"].to_numpy(), fit.genes["na_reason"].to_numpy()
    return table


@pytest.fixture(scope="module")
def data():
    return simulate()


@pytest.fixture(scope="module")
def fit(data):
    obs, counts, _, _ = data
    return fit_with(obs, counts)


def test_fit_finds_the_simulated_truth(data, fit):
    _, _, effects, depth = data
    factors = fit.samples["size_factor"].to_numpy()
    # a size factor is a median of some 240 ratios, each with a relative error of √(0.05 + 3/150): 0.26 · 1.25 / √240 = 0.02
    np.testing.assert_allclose(
        factors / np.exp(np.log(factors).mean()), depth / np.exp(np.log(depth).mean()), rtol=0.08
    )
    table = compare(fit, "als", "control")
    z = (table["log2FoldChange"] - effects) / table["lfcSE"]
    # size factors take up part of the shift of 60 changed genes of 240: median, not mean, and a wide band
    assert abs(np.median(z)) < 0.3
    assert 0.8 < (z.quantile(0.84) - z.quantile(0.16)) / 2 < 1.2
    assert np.median(fit.genes["dispersion"] / fit.genes["dispersion_trend"]) == pytest.approx(1, abs=0.1)
    # trend of the truth: 0.05 + 2/mean, fitted to 240 estimates
    assert fit.trend.kind == "parametric"
    assert fit.trend.at(np.array([150.0]))[0] == pytest.approx(0.05 + 2 / 150, rel=0.25)


def test_null_pvalues_are_uniform_enough(fit):
    null = compare(fit, "motor", "control")["pvalue"][60:].dropna()
    # 180 p-values: the share below 0.1 has a standard error of 0.022
    assert (null < 0.1).mean() == pytest.approx(0.1, abs=0.07)
    assert null.mean() == pytest.approx(0.5, abs=4 * np.sqrt(1 / 12 / len(null)))


@pytest.mark.parametrize("levels", [["als", "control", "motor"], ["motor", "als", "control"]])
def test_results_do_not_depend_on_which_level_is_the_reference(data, fit, levels):
    obs, counts, _, _ = data
    other = fit_with(obs, counts, levels)
    assert other.design.columns[1] != fit.design.columns[1]
    # PyDESeq2's optimiser of the dispersion stops elsewhere in a gene or two: those are counted, the others compared
    alike = np.isclose(other.genes["dispersion"], fit.genes["dispersion"], rtol=1e-4)
    assert alike.mean() > 0.98
    for test, reference in (("als", "control"), ("als", "motor"), ("motor", "control")):
        here, there = compare(fit, test, reference), compare(other, test, reference)
        # a fit ends when its deviance changes by less than 1e-8, and the ridge of 1e-6 falls on other coefficients
        np.testing.assert_allclose(there["log2FoldChange"][alike], here["log2FoldChange"][alike], rtol=0, atol=2e-5)
        np.testing.assert_allclose(there["lfcSE"][alike], here["lfcSE"][alike], rtol=1e-4)
        for column in ("pvalue", "pvalue_threshold"):
            np.testing.assert_array_equal(there[column].isna(), here[column].isna())
            # 1e-4 of a statistic of 15 is 225e-4 of its p-value
            np.testing.assert_allclose(there[column][alike], here[column][alike], rtol=0.03, atol=1e-60)
        one, two = (call_genes(table, Endpoint()) for table in (here, there))
        for column in ("call_nominal", "call_fdr", "call_strict", "na_reason"):
            assert one[column].tolist() == two[column].tolist()
        assert (one["call_fdr"] != "none").sum() >= (0 if test == "motor" else 20)


def test_the_opposite_comparison_changes_the_sign(fit):
    there, back = compare(fit, "als", "motor"), compare(fit, "motor", "als")
    np.testing.assert_allclose(back["log2FoldChange"], -there["log2FoldChange"], rtol=1e-14)
    np.testing.assert_allclose(back["pvalue_threshold"], there["pvalue_threshold"], rtol=1e-12)


# --- outliers ---


@pytest.fixture(scope="module")
def spiked(data):
    """A count of 200,000 in an unchanged gene of an als sample; ages differ, so no two rows of the design are alike."""
    obs, counts, _, _ = data
    counts = counts.copy()
    als = int(np.flatnonzero(obs["group"] == "als")[3])
    counts[als, 150] = 200_000
    return obs, counts, als


def test_with_a_covariate_rs_cells_replace_nothing_and_the_count_makes_a_finding(spiked):
    obs, counts, _ = spiked
    fit = fit_with(obs, counts, formula="~ age + group")
    assert not fit.samples["replaceable"].any()
    assert not fit.samples["filterable"].any()
    assert fit.genes["n_replaced"].sum() == 0
    assert (fit.genes["na_reason"] == "").all()
    assert fit.genes["max_cooks"].isna().all()
    assert compare(fit, "als", "control").loc[150, "pvalue"] < 1e-6


def test_with_cells_of_the_group_the_count_is_replaced(data, spiked):
    obs, counts, als = spiked
    fit = fit_with(obs, counts, formula="~ age + group", cells=["group"])
    assert fit.samples["replaceable"].all()
    assert fit.genes.loc[150, "n_replaced"] == 1
    assert fit.samples["n_replaced"].iloc[als] >= 1
    assert fit.genes.loc[150, "na_reason"] == ""
    table = compare(fit, "als", "control")
    assert table.loc[150, "pvalue"] > 0.01
    # as if the count had not been there: within the error that one of eight samples makes
    clean = compare(fit_with(data[0], data[1], formula="~ age + group", cells=["group"]), "als", "control")
    difference = abs(table.loc[150, "log2FoldChange"] - clean.loc[150, "log2FoldChange"])
    assert difference < clean.loc[150, "lfcSE"]
    # every other gene keeps its result, but for the trend and prior, which one gene in 240 moves a little
    others = np.arange(N_GENES) != 150
    np.testing.assert_allclose(table["log2FoldChange"][others], clean["log2FoldChange"][others], atol=0.02)


def test_in_cells_of_three_to_six_the_gene_loses_its_pvalue(data):
    obs, counts, _, _ = data
    kept = np.flatnonzero(np.arange(len(obs)) < 15)  # five of each group
    counts = counts[kept].copy()
    counts[4, 150] = 300_000
    fit = fit_with(obs.iloc[kept], counts)
    assert not fit.samples["replaceable"].any()
    assert fit.samples["filterable"].all()
    assert fit.genes.loc[150, "na_reason"] == "cooks_outlier"
    assert fit.genes.loc[150, "max_cooks"] > fit.facts["cooks_cutoff"]
    assert (fit.genes["na_reason"] == "cooks_outlier").sum() <= 5
    assert np.isfinite(fit.coefficients[150]).all()


def test_a_gene_that_replacement_empties_is_all_zero(data):
    obs, counts, _, _ = data
    counts = counts.copy()
    counts[:, 7] = 0
    counts[10, 7] = 20_000
    fit = fit_with(obs, counts)
    assert fit.genes.loc[7, ["baseMean", "n_replaced", "na_reason"]].tolist() == [0.0, 1, "all_zero"]


# --- hard genes ---


def test_a_gene_without_counts_stays_in_place(data, fit):
    obs, counts, _, _ = data
    counts = np.insert(counts, 100, 0, axis=1)
    with_zero = fit_with(obs, counts)
    assert with_zero.genes.loc[100, "na_reason"] == "all_zero"
    assert np.isnan(with_zero.coefficients[100]).all()
    assert np.isnan(with_zero.covariance[100]).all()
    others = np.delete(np.arange(N_GENES + 1), 100)
    np.testing.assert_allclose(with_zero.coefficients[others], fit.coefficients, rtol=1e-12)
    np.testing.assert_allclose(with_zero.covariance[others], fit.covariance, rtol=1e-10)
    pd.testing.assert_frame_equal(
        with_zero.genes.drop(index=100).reset_index(drop=True), fit.genes, check_exact=False, rtol=1e-10
    )


def test_a_gene_off_in_one_group_is_a_finding_and_a_finite_one(data):
    obs, counts, _, _ = data
    counts = counts.copy()
    counts[:, 200] = np.where(obs["group"] == "als", 0, 60)
    fit = fit_with(obs, counts)
    row = compare(fit, "als", "control").iloc[200]
    assert fit.genes.loc[200, "na_reason"] == ""
    assert -40 < row["log2FoldChange"] < -5
    # means are floored at half a count: the standard error stays near that of eight samples with half a count each
    assert 0.3 < row["lfcSE"] < 2.5
    assert row["pvalue"] < 1e-4


def test_fit_is_deterministic_and_silent(data, fit, capfd):
    obs, counts, _, _ = data
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        again = fit_with(obs, counts)
    np.testing.assert_array_equal(again.coefficients, fit.coefficients)
    np.testing.assert_array_equal(again.covariance, fit.covariance)
    assert capfd.readouterr() == ("", "")


def test_order_of_genes_and_samples_does_not_matter(data, fit):
    obs, counts, _, _ = data
    rng = np.random.default_rng(9)
    rows, genes = rng.permutation(len(obs)), rng.permutation(N_GENES)
    shuffled = fit_with(obs.iloc[rows], counts[np.ix_(rows, genes)])
    np.testing.assert_allclose(shuffled.samples["size_factor"], fit.samples["size_factor"].iloc[rows], rtol=1e-12)
    np.testing.assert_allclose(shuffled.coefficients, fit.coefficients[genes], rtol=0, atol=1e-5)
    np.testing.assert_allclose(shuffled.genes["dispersion"], fit.genes["dispersion"].iloc[genes], rtol=1e-3)


def test_trend_without_a_design_and_its_values():
    _, counts, _, depth = simulate(seed=8)
    trend = fit_trend(counts[:, 60:], depth)
    # genes 60 on differ in nothing: 0.05 + 2/mean
    means = np.array([50.0, 150.0, 1000.0])
    np.testing.assert_allclose(trend.at(means), 0.05 + 2 / means, rtol=0.25)
    assert trend.kind == "parametric"
    assert DispersionTrend(0.1, 3.0, "parametric").at(np.array([10.0, 100.0])).tolist() == [0.4, 0.13]
