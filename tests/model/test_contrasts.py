"""Tests of contrasts as plain linear algebra. (R's numbers: oracle/deseq2.)"""

import numpy as np
import pytest
from scipy import stats

from lateralis.model.contrasts import contrast_all_zero, threshold_pvalues, wald_test

LN2 = np.log(2)


def test_wald_test_of_a_contrast_by_hand():
    coefficients = np.array([[1.0, 2.0, 3.0]]) * LN2
    covariance = np.array([[[9.0, 0, 0], [0, 4.0, 1.0], [0, 1.0, 3.0]]]) * LN2**2
    row = wald_test(coefficients, covariance, np.array([0.0, -1.0, 1.0])).iloc[0]
    # 3 − 2; 4 + 3 − 2 · 1 = 5
    assert row["log2FoldChange"] == pytest.approx(1.0, rel=1e-14)
    assert row["lfcSE"] == pytest.approx(np.sqrt(5), rel=1e-14)
    assert row["stat"] == pytest.approx(1 / np.sqrt(5), rel=1e-14)
    assert row["pvalue"] == pytest.approx(stats.chi2.sf(1 / 5, 1), rel=1e-12)


def test_opposite_contrast_changes_the_sign_and_nothing_else():
    rng = np.random.default_rng(1)
    coefficients = rng.normal(size=(6, 3))
    half = rng.normal(size=(6, 3, 3))
    covariance = half @ half.transpose(0, 2, 1)
    there = wald_test(coefficients, covariance, np.array([0.0, 1.0, -0.5]))
    back = wald_test(coefficients, covariance, np.array([0.0, -1.0, 0.5]))
    np.testing.assert_array_equal(back[["log2FoldChange", "stat"]], -there[["log2FoldChange", "stat"]])
    np.testing.assert_array_equal(back[["lfcSE", "pvalue"]], there[["lfcSE", "pvalue"]])


def test_pvalues_stay_exact_far_out():
    found = wald_test(np.array([[30 * LN2], [45 * LN2]]), np.full((2, 1, 1), LN2**2), np.array([1.0]))["pvalue"]
    assert found[0] == pytest.approx(2 * stats.norm.sf(30), rel=1e-12)
    assert found[0] > 0
    assert found[1] == 0.0


def test_threshold_pvalues_by_hand():
    effect = np.array([0.0, 1.0, -1.0, 2.0, -2.0, 0.5, np.nan])
    error = np.array([1.0, 1.0, 1.0, 0.5, 0.5, 0.1, 1.0])
    # |effect| − 1 in standard errors: at the threshold the p-value is 1, inside it stays 1
    expected = [1, 1, 1, 2 * stats.norm.sf(2), 2 * stats.norm.sf(2), 1, np.nan]
    np.testing.assert_allclose(threshold_pvalues(effect, error, 1.0), expected, rtol=1e-12)


def test_a_threshold_of_zero_is_the_wald_test():
    effect, error = np.random.default_rng(2).normal(size=50), np.full(50, 0.7)
    np.testing.assert_allclose(
        threshold_pvalues(effect, error, 0.0), 2 * stats.norm.sf(np.abs(effect) / 0.7), rtol=1e-12
    )


def test_threshold_pvalues_hold_their_level_at_the_edge_of_the_null():
    # true effect exactly at the threshold: by R's formula P(p < α) is α/2 on the effect's own side, and 0 on the other
    effect = np.random.default_rng(3).normal(2.0, 0.1, size=200_000)
    share = (threshold_pvalues(effect, np.full(200_000, 0.1), 2.0) < 0.05).mean()
    assert share == pytest.approx(0.025, abs=4 * np.sqrt(0.025 * 0.975 / 200_000))


def test_an_equivalence_test_and_one_sided_ones_by_hand():
    effect, error = np.array([0.0, 0.8, -0.8, 3.0, -3.0, np.nan]), np.full(6, 0.4)
    upper, lower = stats.norm.sf((1 - effect) / 0.4), stats.norm.sf((effect + 1) / 0.4)
    # equivalence: the larger of two one-sided p-values, one for each end of the interval
    np.testing.assert_allclose(threshold_pvalues(effect, error, 1.0, "lessAbs"), np.maximum(upper, lower), rtol=1e-12)
    above, below = stats.norm.sf((effect - 1) / 0.4), stats.norm.cdf((effect + 1) / 0.4)
    np.testing.assert_allclose(threshold_pvalues(effect, error, 1.0, "greater"), above, rtol=1e-12)
    np.testing.assert_allclose(threshold_pvalues(effect, error, 1.0, "less"), below, rtol=1e-12)
    # swapping the levels swaps the one-sided tests and leaves the other two
    np.testing.assert_allclose(threshold_pvalues(-effect, error, 1.0, "less"), above, rtol=1e-12)


def test_a_threshold_below_zero_and_an_unknown_alternative_are_refused():
    with pytest.raises(ValueError, match="negative"):
        threshold_pvalues(np.zeros(1), np.ones(1), -0.1)
    with pytest.raises(ValueError, match="greaterAbs, lessAbs, greater, less"):
        threshold_pvalues(np.zeros(1), np.ones(1), 0.1, "two-sided")


GROUPS = np.column_stack([np.ones(6), [0, 0, 1, 1, 0, 0], [0, 0, 0, 0, 1, 1]])
BY_GROUP = np.array(  # genes by samples: two of each group
    [[4, 0, 0, 0, 0, 0], [0, 0, 3, 0, 0, 0], [0, 0, 0, 0, 0, 1], [0, 0, 0, 0, 0, 0], [1, 0, 1, 0, 1, 0]]
).T


@pytest.mark.parametrize(
    ("contrast", "expected"),
    [([0, 1, -1], [0]), ([0, -0.5, 2], [0]), ([0, 1, 0], []), ([0, 1, 1], []), ([0, -1, -1], []), ([1, -1, 0], [])],
)
def test_genes_without_a_count_under_the_weighted_columns(contrast, expected):
    # a gene without any count is another matter; weights of one sign say nothing of a comparison; the intercept is everyone
    found = contrast_all_zero(BY_GROUP, GROUPS, np.array(contrast, dtype=float))
    assert np.flatnonzero(found).tolist() == expected


@pytest.mark.parametrize(("levels", "expected"), [([0, 1], [2]), ([1, 2], [0]), ([0, 2], [1])])
def test_genes_without_a_count_in_two_levels(levels, expected):
    samples = np.isin(np.repeat([0, 1, 2], 2), levels)
    found = contrast_all_zero(BY_GROUP, GROUPS, np.array([0.0, 1.0, 0.0]), samples)
    assert np.flatnonzero(found).tolist() == expected


def test_between_two_zeros_there_is_no_fold_change():
    coefficients = np.array([[-9.0, 2.0], [3.0, 2.0], [np.nan, np.nan]])
    covariance = np.tile(np.eye(2), (3, 1, 1))
    contrast = np.array([0.0, 1.0])
    plain = wald_test(coefficients, covariance, contrast)
    found = wald_test(coefficients, covariance, contrast, np.array([True, False, True]))
    assert found.loc[0, ["log2FoldChange", "stat", "pvalue"]].tolist() == [0, 0, 1]
    np.testing.assert_array_equal(found["lfcSE"], plain["lfcSE"])
    np.testing.assert_array_equal(found.loc[1], plain.loc[1])
    assert found.loc[2, ["log2FoldChange", "stat", "pvalue"]].isna().all()
