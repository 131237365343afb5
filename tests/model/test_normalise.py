"""Size factors, the transformation and principal components in closed form. (R's numbers: oracle/deseq2.)"""

import numpy as np
import pytest

from lateralis.model.normalise import (
    estimate_size_factors,
    genes_for_trend,
    principal_components,
    variance_stabilise,
)


def test_size_factors_recover_depth_whatever_a_minority_of_genes_do():
    depth = np.array([0.5, 1.0, 2.0])
    profile = 4 * np.arange(1, 12)
    counts = (depth[:, None] * profile).astype(int)
    counts[2, :4] *= 50
    factors = estimate_size_factors(counts)
    assert factors.method == "ratio"
    # the reference is a geometric mean, so the outlying genes move all ratios alike only in themselves; the median is clean
    np.testing.assert_allclose(factors.values, depth, rtol=1e-14)


def test_genes_with_a_zero_do_not_enter_the_ratios():
    counts = np.array([[10, 20, 0, 5], [20, 40, 900, 0]])
    np.testing.assert_allclose(estimate_size_factors(counts).values, [np.sqrt(0.5), np.sqrt(2)], rtol=1e-14)


def test_poscounts_stand_in_where_every_gene_has_a_zero():
    depth = np.array([1.0, 2.0, 4.0, 8.0])
    counts = np.tile((100 * depth).astype(int)[:, None], (1, 4))
    np.fill_diagonal(counts, 0)
    factors = estimate_size_factors(counts)
    assert factors.method == "poscounts"
    assert np.exp(np.log(factors.values).mean()) == pytest.approx(1.0, abs=1e-14)
    # log means over 4 samples, zeros as log 1: symmetric under the permutation, so ratios follow depth but for the shift
    # from each gene's own absent sample; the closed form is the median over the genes present
    logs = np.where(counts > 0, np.log(np.maximum(counts, 1)), 0)
    medians = [np.median(np.delete(logs[row] - logs.mean(axis=0), row)) for row in range(4)]
    np.testing.assert_allclose(factors.values, np.exp(medians - np.mean(medians)), rtol=1e-13)


def test_genes_for_trend_are_evenly_spaced_in_rank_above_five():
    base_mean = np.array([1.0, 5.0, 60, 20, 50, 30, 10, 40, 5.1, 0, 70])
    # above 5, ascending: 5.1, 10, 20, …, 70 at positions 8, 6, 3, 5, 7, 4, 2, 10; ranks 0, 3.5 → 4, 7 of these
    assert genes_for_trend(base_mean, 3).tolist() == [8, 7, 10]
    assert genes_for_trend(base_mean, 8).tolist() == [8, 6, 3, 5, 7, 4, 2, 10]
    # with fewer than asked for, all expressed genes
    assert genes_for_trend(base_mean, 9).tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 8, 10]


@pytest.mark.parametrize(("asymptotic", "extra_poisson"), [(0.1, 3.0), (0.02, 0.5), (0.1, 0.0)])
def test_transformation_flattens_the_variance_of_its_own_trend(asymptotic, extra_poisson):
    # variance μ + (a + b/μ) μ² = μ (1 + b) + a μ²; delta method: slope × standard deviation is one constant, and for large
    # means, where the slope is that of log2 and the standard deviation √a μ, it is √a / log 2
    means = np.logspace(0.5, 5, 40)
    step = 1e-4 * means
    slope = (
        variance_stabilise(means + step, asymptotic, extra_poisson)
        - variance_stabilise(means - step, asymptotic, extra_poisson)
    ) / (2 * step)
    sd = np.sqrt(means * (1 + extra_poisson) + asymptotic * means**2)
    np.testing.assert_allclose(slope * sd, np.sqrt(asymptotic) / np.log(2), rtol=1e-6)


def test_transformation_of_large_counts_is_log2():
    assert variance_stabilise(np.array([1e9]), 0.1, 3.0)[0] == pytest.approx(np.log2(1e9), abs=1e-6)


def test_components_reproduce_the_variance_of_the_most_variable_genes():
    rng = np.random.default_rng(2)
    values = rng.normal(size=(9, 40)) * np.linspace(0.1, 3, 40)
    found = principal_components(values, n_genes=25, n_components=20)
    chosen = values[:, np.argsort(-values.var(axis=0))[:25]]
    covariance = np.cov(chosen, rowvar=False)
    eigenvalues = np.sort(np.linalg.eigvalsh(covariance))[::-1]
    assert found.coordinates.shape == (9, 8)
    np.testing.assert_allclose(found.coordinates.var(axis=0, ddof=1), eigenvalues[:8], rtol=1e-10)
    np.testing.assert_allclose(found.explained, eigenvalues[:8] / np.trace(covariance), rtol=1e-10)
    assert found.explained.sum() == pytest.approx(1.0, abs=1e-12)
    # distances between samples over all components are those of the genes used
    between = np.linalg.norm(found.coordinates[:, None] - found.coordinates[None], axis=2)
    np.testing.assert_allclose(between, np.linalg.norm(chosen[:, None] - chosen[None], axis=2), rtol=1e-10)


def test_components_have_a_sign_of_their_own():
    rng = np.random.default_rng(3)
    values = rng.normal(size=(8, 30))
    found = principal_components(values)
    loadings = np.linalg.lstsq(found.coordinates, values - values.mean(axis=0), rcond=None)[0]
    assert (loadings[:7][np.arange(7), np.abs(loadings[:7]).argmax(axis=1)] > 0).all()
    again = principal_components(values[::-1].copy())
    np.testing.assert_allclose(again.coordinates[::-1, :7], found.coordinates[:, :7], atol=1e-10)


def test_alike_samples_have_components_of_zero():
    found = principal_components(np.ones((4, 6)))
    assert not found.coordinates.any()
    assert not found.explained.any()
