"""The second attempt at a fit: it finds the optimum, and knows a solution from a place where an optimiser stopped."""

import numpy as np
import pytest
from pydeseq2.default_inference import DefaultInference

from lateralis.model.engine.direct import fit_coefficients
from lateralis.model.fallback import FallbackInference, coefficient_covariance, distance_to_solution

GROUPS = np.repeat([[1.0, 0.0], [1.0, 1.0]], [4, 6], axis=0)
DEPTH = np.array([0.5, 1, 2, 1, 1, 0.7, 3, 1, 1, 1])


def counts_of(means, dispersion=0.2, seed=0):
    mu = DEPTH * np.repeat(means, [4, 6])
    return np.random.default_rng(seed).negative_binomial(1 / dispersion, 1 / (1 + dispersion * mu))


def test_without_dispersion_the_fit_is_that_of_poisson():
    counts = counts_of([50, 400])
    beta, converged = fit_coefficients(counts, DEPTH, GROUPS, 1e-8)
    rates = counts[:4].sum() / DEPTH[:4].sum(), counts[4:].sum() / DEPTH[4:].sum()
    assert converged
    # the optimiser stops at a relative change of 2e-9 in the loss: coefficients are right to some 1e-5
    np.testing.assert_allclose(beta, [np.log(rates[0]), np.log(rates[1] / rates[0])], atol=1e-4)


def test_a_group_of_zeros_ends_at_the_bound():
    beta, converged = fit_coefficients(np.repeat([60, 0], [4, 6]), np.ones(10), GROUPS, 0.1)
    assert converged
    assert beta[0] == pytest.approx(np.log(60), abs=1e-3)
    # the likelihood is flat long before −30 in log2 units
    assert -30 * np.log(2) <= beta[1] < -10


def test_a_solution_is_told_from_another_place():
    counts = np.column_stack([counts_of([50, 400]), counts_of([200, 5], seed=1)])
    alpha = np.array([0.2, 0.2])
    at_solution = np.array([fit_coefficients(counts[:, gene], DEPTH, GROUPS, 0.2)[0] for gene in range(2)])
    away = at_solution + np.array([[0.0, 0.3], [0.0, 0.0]])
    assert (distance_to_solution(counts, DEPTH, GROUPS, alpha, at_solution, 0.5) < 1e-5).all()
    found = distance_to_solution(counts, DEPTH, GROUPS, alpha, away, 0.5)
    # 0.3 away; the standard error is √(Σw₀⁻¹ + Σw₁⁻¹) with the second group alone moved: 0.3² Σw₁, w near 1 / (1/mu + 0.2)
    mu = np.exp(away[0] @ GROUPS.T) * DEPTH
    assert found[0] == pytest.approx(0.09 * (mu / (1 + 0.2 * mu))[4:].sum(), rel=0.4)
    assert found[1] < 1e-5
    overflow = np.array([[0.0, 800.0], [0.0, 0.0]])
    assert np.isnan(distance_to_solution(counts, DEPTH, GROUPS, alpha, overflow, 0.5)[0])


def test_a_far_off_count_is_fitted_and_other_genes_are_left_alone():
    # 200,000 among counts of ten, beside a covariate: PyDESeq2 stops short, in the first gene often without saying so
    rng = np.random.default_rng(1)
    design = np.column_stack([np.ones(24), rng.normal(size=24), np.tile([0.0, 1, 0], 8), np.tile([0.0, 0, 1], 8)])
    size_factors = np.exp(rng.uniform(-0.7, 0.7, 24))
    gene = [5, 13, 1, 6, 3, 7, 18, 4, 11, 6, 7, 200_000, 19, 3, 5, 9, 4, 9, 3, 18, 2, 3, 10, 15]
    counts = np.column_stack([gene, gene, gene])
    counts[11, 2] = 12
    alpha = np.array([1.0, 2.0, 0.4])
    given = {"counts": counts, "size_factors": size_factors, "design_matrix": design, "disp": alpha}
    options = {"min_mu": 0.5, "beta_tol": 1e-8}
    plain, ours = (inference(n_cpus=1).irls(**given, **options) for inference in (DefaultInference, FallbackInference))
    assert plain[3].tolist()[1:] == [
        False,
        True,
    ]  # of the first gene it says the one or the other, as the machine rounds
    before, after = (
        distance_to_solution(counts, size_factors, design, alpha, found[0], 0.5) for found in (plain, ours)
    )
    assert (before[:2] > 100).all()
    assert (after < 0.01).all()
    assert ours[3].tolist() == [True, True, True]
    for found, expected in zip((ours[0].T, ours[1], ours[2]), (plain[0].T, plain[1], plain[2]), strict=True):
        np.testing.assert_array_equal(found[:, 2], expected[:, 2])
    # hat diagonals of a full-rank fit add up to the number of coefficients
    np.testing.assert_allclose(ours[2].sum(axis=0), 4, rtol=1e-4)
    np.testing.assert_allclose(ours[1], size_factors[:, None] * np.exp(design @ ours[0].T), rtol=1e-12)


def test_covariance_of_two_groups_is_that_of_two_means():
    # groups have weights of their own: the variance of each group's log mean is 1 / Σw, w = mu / (1 + α mu)
    design = np.repeat([[1.0, 0.0], [1.0, 1.0]], [3, 2], axis=0)
    size_factors = np.array([1.0, 2.0, 0.5, 1.0, 4.0])
    coefficients, alpha = np.array([[np.log(100.0), np.log(3.0)]]), np.array([0.2])
    mu = size_factors * np.repeat([100.0, 300.0], [3, 2])
    weights = mu / (1 + 0.2 * mu)
    covariance = coefficient_covariance(coefficients, alpha, size_factors, design)
    # R's ridge of 2e-6 beside weights near 10 changes the seventh digit
    assert covariance[0, 0, 0] == pytest.approx(1 / weights[:3].sum(), rel=3e-6)
    assert covariance[0, 1, 1] == pytest.approx(1 / weights[:3].sum() + 1 / weights[3:].sum(), rel=3e-6)
    assert covariance[0, 0, 1] == pytest.approx(-1 / weights[:3].sum(), rel=3e-6)
    assert covariance[0, 0, 1] == pytest.approx(covariance[0, 1, 0], rel=1e-14)


def test_means_are_floored_at_half_a_count():
    # a group of zeros: log mean −30; its weight is that of 0.5 counts, not of e⁻³⁰
    design = np.repeat([[1.0, 0.0], [1.0, 1.0]], [3, 4], axis=0)
    covariance = coefficient_covariance(np.array([[3.0, -33.0]]), np.array([0.1]), np.ones(7), design)
    low, high = 0.5 / 1.05, np.exp(3) / (1 + 0.1 * np.exp(3))
    assert covariance[0, 1, 1] == pytest.approx(1 / (3 * high) + 1 / (4 * low), rel=1e-5)


def test_blocks_change_nothing_and_genes_without_a_fit_have_no_covariance():
    rng = np.random.default_rng(0)
    design = np.column_stack([np.ones(10), rng.normal(size=(10, 2))])
    coefficients, alpha = rng.normal(2, 1, size=(23, 3)), rng.uniform(0.01, 1, 23)
    coefficients[4, 1] = np.nan
    alpha[22] = np.nan
    whole = coefficient_covariance(coefficients, alpha, np.ones(10), design)
    in_blocks = coefficient_covariance(coefficients, alpha, np.ones(10), design, block=5)
    np.testing.assert_allclose(whole, in_blocks, rtol=1e-13)  # BLAS may sum in another order
    assert np.flatnonzero(np.isnan(whole).any(axis=(1, 2))).tolist() == [4, 22]
    assert np.isnan(whole[4]).all()


def test_covariance_takes_factors_by_gene():
    design = np.column_stack([np.ones(6), np.arange(6.0)])
    coefficients, alpha = np.array([[3.0, 0.1], [np.nan, 0.0], [2.0, -0.2]]), np.array([0.1, 0.1, 0.5])
    factors = np.random.default_rng(4).uniform(0.5, 2, size=(6, 3))
    whole = coefficient_covariance(coefficients, alpha, factors, design)
    for gene in (0, 2):
        one = coefficient_covariance(coefficients[[gene]], alpha[[gene]], factors[:, gene], design)
        np.testing.assert_allclose(whole[gene], one[0], rtol=1e-12)
