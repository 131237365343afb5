"""The steps of a fit, each from R's own input to it (make.R), so that the tolerance is that of the printed digits."""

import numpy as np
import pytest

from lateralis.model import outliers
from lateralis.model.fit import fit_trend
from lateralis.model.lowess import lowess
from lateralis.model.multiplicity import benjamini_hochberg, independent_filtering
from lateralis.model.normalise import estimate_size_factors, variance_stabilise

# --- size factors ---


def test_size_factors_by_ratios(oracle, cohort):
    factors = estimate_size_factors(cohort[0].to_numpy().T)
    assert factors.method == "ratio"
    np.testing.assert_allclose(factors.values, oracle("cohort_size_factors")["size_factor"], rtol=1e-12)


def test_size_factors_where_every_gene_has_a_zero(oracle):
    counts = oracle("poscounts_counts", matrix=True).to_numpy().T
    factors = estimate_size_factors(counts)
    assert factors.method == "poscounts"
    np.testing.assert_allclose(factors.values, oracle("poscounts_size_factors")["size_factor"], rtol=1e-12)


# --- Cook's distance ---


@pytest.fixture(scope="module")
def normalised(oracle, cohort):
    return cohort[0].to_numpy().T / oracle("cohort_size_factors")["size_factor"].to_numpy()[:, None]


@pytest.mark.parametrize("cells", ["design", "alone", "large", "small"])
def test_robust_dispersions(oracle, cohort, normalised, cells):
    sheet = cohort[1]
    number = {
        "design": outliers.variable_cells(sheet, ["batch", "group"]),  # cells of 7 and 3
        "alone": np.arange(40),
        "large": (np.arange(40) < 30).astype(int),  # 30 and 10
        "small": (np.arange(40) >= 37).astype(int),  # 37 and 3
    }[cells]
    np.testing.assert_allclose(
        outliers.robust_dispersions(normalised, number), oracle("robust_dispersions")[cells], rtol=1e-10
    )


def test_cooks_distances(oracle, cohort):
    mu, hat, expected = (oracle(f"cooks_{name}", matrix=True) for name in ("mu", "hat", "distances"))
    genes = expected.index
    dispersions = oracle("robust_dispersions", matrix=True).loc[genes, "design"]
    found = outliers.cooks_distances(
        cohort[0].loc[genes].to_numpy().T, mu.to_numpy().T, hat.to_numpy().T, dispersions.to_numpy(), 5
    )
    # 10 digits of mu; where count and mu nearly agree, their difference keeps fewer, and the distance is nearly 0
    np.testing.assert_allclose(found.T, expected.to_numpy(), rtol=1e-6, atol=1e-9)
    assert (expected.to_numpy() > 10).sum() > 10


def test_cutoff(oracle):
    facts = oracle("cohort_facts", matrix=True)["value"]
    assert outliers.cooks_cutoff(40, 5) == pytest.approx(facts["cooks_cutoff"], rel=1e-12)


def test_replaced_counts(oracle, cohort):
    counts, sheet = cohort
    expected, distances = (oracle(f"cooks_{name}", matrix=True) for name in ("replacements", "distances"))
    size_factors = oracle("cohort_size_factors")["size_factor"].to_numpy()
    replaceable = outliers.in_large_cells(outliers.variable_cells(sheet, ["batch", "group"]), 7)
    assert replaceable.tolist() == (oracle("cohort_size_factors")["replaceable"] == 1).tolist()
    some = counts.loc[expected.index].to_numpy().T
    outlying = (distances > outliers.cooks_cutoff(40, 5)).to_numpy().T
    found = outliers.replacement_counts(some, size_factors[:, None], outlying, replaceable)
    np.testing.assert_array_equal(found, expected.to_numpy().T)
    assert (found != some).sum() > 10


# --- the blind transformation ---


def test_transformation_with_rs_trend(oracle, cohort, normalised):
    trend = oracle("blind_trend", matrix=True)["value"]
    expected = oracle("vst", matrix=True)
    found = variance_stabilise(normalised, trend["asymptotic"], trend["extra_poisson"])
    rows = cohort[0].index.get_indexer(expected.index)
    np.testing.assert_allclose(found[:, rows].T, expected.to_numpy(), rtol=1e-12, atol=1e-12)


def test_transformation_with_a_constant_dispersion(oracle, cohort, normalised):
    expected = oracle("vst_mean", matrix=True)
    found = variance_stabilise(normalised, 0.1, 0.0)
    rows = cohort[0].index.get_indexer(expected.index)
    np.testing.assert_allclose(found[:, rows].T, expected.to_numpy(), rtol=1e-10, atol=1e-10)


def test_blind_trend(oracle, cohort):
    expected = oracle("blind_trend", matrix=True)["value"]
    counts = cohort[0].to_numpy().T
    trend = fit_trend(counts, estimate_size_factors(counts).values)
    # PyDESeq2's gene-wise dispersions differ from R's in the third digit (it maximises without R's floor of the mean)
    np.testing.assert_allclose(
        trend.at(np.array([10.0, 100, 1e4])),
        expected["asymptotic"] + expected["extra_poisson"] / np.array([10.0, 100, 1e4]),
        rtol=0.02,
    )


# --- multiple testing ---

SCENARIOS = ["many", "zeros", "few", "none", "rare", "tied"]
SCENARIOS += [*(f"noisy_{number}" for number in range(1, 11)), *(f"middle_{number}" for number in range(1, 7))]


@pytest.mark.parametrize("curve", ["noisy", "flat", "step", "far_off", "constant", "few", "zeros"])
def test_lowess(oracle, curve):
    table = oracle("lowess").query("curve == @curve")
    found = lowess(table["x"].to_numpy(), table["y"].to_numpy(), 1 / 5)
    np.testing.assert_allclose(found, table["smooth"], rtol=1e-10, atol=1e-10)


def test_lowess_of_a_straight_line_is_the_line():
    # where R weighs its own rounding errors and leaves the line by 0.15
    x = np.linspace(0, 0.95, 50)
    np.testing.assert_allclose(lowess(x, 3 + 2 * x, 1 / 5), 3 + 2 * x, rtol=1e-12)


@pytest.mark.parametrize("alpha", [0.05, 0.1])
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_independent_filtering(oracle, scenario, alpha):
    table = oracle("filtering").query("scenario == @scenario")
    found = independent_filtering(table["pvalue"].to_numpy(), table["baseMean"].to_numpy(), alpha)
    np.testing.assert_allclose(found.padj, table[f"padj_{alpha}"], rtol=1e-12, atol=0)
    assert found.cutoff == pytest.approx(table[f"cutoff_{alpha}"].iloc[0], rel=1e-12)


def test_filtering_oracle_has_both_branches(oracle):
    """Some scenarios filter (the lowess decides), others do not (ten findings or fewer)."""
    table = oracle("filtering")
    filtered = (table["padj_0.05"].isna() & table["pvalue"].notna()).groupby(table["scenario"]).sum()
    assert (filtered[["many", "zeros", "tied", "rare"]] > 20).sum() >= 2
    assert filtered["none"] == filtered["few"] == 0
    assert set(table["scenario"]) == set(SCENARIOS)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_benjamini_hochberg(oracle, scenario):
    table = oracle("filtering").query("scenario == @scenario")
    np.testing.assert_allclose(benjamini_hochberg(table["pvalue"].to_numpy()), table["bh"], rtol=1e-13)
