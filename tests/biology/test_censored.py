"""The censored-normal likelihood: least squares as a limit, the maximum, and what limits alone cannot tell."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import norm

from lateralis.biology.censored import at_variance, identify, maximise_at, maximum_likelihood, restricted_variance


def made(n=40, limit=None, seed=2):
    rng = np.random.default_rng(seed)
    matrix = np.column_stack([np.ones(n), np.repeat([0.0, 1.0], n // 2), rng.normal(size=n)])
    values = matrix @ [5.0, 0.7, 0.4] + rng.normal(size=n)
    below = values < (-np.inf if limit is None else limit)
    return np.where(below, limit, values) if limit is not None else values, below, matrix


def test_without_values_below_the_limit_it_is_least_squares():
    values, below, matrix = made()
    beta = np.linalg.lstsq(matrix, values, rcond=None)[0]
    rss = float(np.sum((values - matrix @ beta) ** 2))
    variance, df = restricted_variance(values, below, matrix)
    assert variance == pytest.approx(rss / 37, rel=1e-5)  # tolerance of the search
    assert df == pytest.approx(37, rel=1e-4)  # curvature by differences of 0.02, whose error is 0.02² / 12
    found, covariance = at_variance(values, below, matrix, 0.8, 37.0)
    np.testing.assert_allclose(found, beta, rtol=1e-9)
    np.testing.assert_allclose(covariance, 0.8 * np.linalg.inv(matrix.T @ matrix), rtol=1e-9, atol=1e-12)


def test_the_maximum_is_that_of_a_general_search():
    values, below, matrix = made(limit=5.0)
    assert 8 < below.sum() < 20

    def loss(parameters):
        mean, sigma = matrix @ parameters[:3], np.exp(parameters[3])
        return -np.where(below, norm.logcdf(values, mean, sigma), norm.logpdf(values, mean, sigma)).sum()

    expected = minimize(loss, [5.0, 0.0, 0.0, 0.0], method="BFGS", options={"gtol": 1e-9})
    beta, variance, _ = maximum_likelihood(values, below, matrix)
    np.testing.assert_allclose(beta, expected.x[:3], atol=1e-5)
    assert 0.5 * np.log(variance) == pytest.approx(expected.x[3], abs=1e-5)
    state = maximise_at(values, below, matrix, np.log(variance), beta)
    assert state.log_likelihood == pytest.approx(-expected.fun, abs=1e-8)


def test_derivatives_are_those_of_the_likelihood():
    values, below, matrix = made(limit=5.0)
    step, eta = 1e-4, 0.3
    at = [maximise_at(values, below, matrix, eta + move, np.zeros(3)) for move in (-step, 0.0, step)]
    slope = (at[2].log_likelihood - at[0].log_likelihood) / (2 * step)
    assert at[1].slope == pytest.approx(slope, rel=1e-5)
    profile = at[1].curvature - at[1].mixed @ np.linalg.solve(at[1].information, at[1].mixed)
    assert profile == pytest.approx(-(at[2].slope - at[0].slope) / (2 * step), rel=1e-5)
    moved = (at[2].beta - at[0].beta) / (2 * step)
    np.testing.assert_allclose(moved, -np.linalg.solve(at[1].information, at[1].mixed), rtol=1e-4, atol=1e-7)


def test_fewer_values_above_the_limit_are_fewer_degrees_of_freedom():
    df = [restricted_variance(*made(n=100, limit=limit))[1] for limit in (3.5, 4.5, 5.5)]
    assert 97 > df[0] > df[1] > df[2] > 20


def test_levels_that_are_all_below_the_limit_leave_the_rest_as_it_is():
    values, below, matrix = made(limit=5.0)
    batch = np.zeros((40, 1))
    batch[[3, 9, 25, 33]] = 1
    low = below | (batch[:, 0] == 1)
    both = np.hstack([matrix, batch])
    found = identify(both, np.ones(40, dtype=bool), low)
    assert not found.rows[[3, 9, 25, 33]].any()
    assert found.rows.sum() == 36
    assert found.holds(np.array([0, 1.0, 0, 0]))
    assert not found.holds(np.array([0, 0, 0, 1.0]))
    without = np.ones(40, dtype=bool)
    without[[3, 9, 25, 33]] = False
    expected = maximum_likelihood(values[without], below[without], matrix[without])
    beta, variance, _ = maximum_likelihood(values[found.rows], low[found.rows], both[found.rows] @ found.basis)
    np.testing.assert_allclose((found.basis @ beta)[:3], expected[0], atol=1e-6)
    assert variance == pytest.approx(expected[1], rel=1e-6)


@pytest.mark.parametrize("group", [0.0, 1.0])
def test_a_group_that_is_all_below_the_limit_has_no_difference_whichever_is_the_reference(group):
    _, _, matrix = made()
    low = matrix[:, 1] == group
    found = identify(matrix, np.ones(40, dtype=bool), low)
    assert not found.holds(np.array([0, 1.0, 0]))
    assert found.holds(np.array([0, 0, 1.0]))
    assert found.rows.sum() == 20
