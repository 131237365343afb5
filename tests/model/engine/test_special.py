"""The vectorisable elementary and gamma functions against numpy, scipy and exact sums, over all that a fit can meet."""

import math

import numba
import numpy as np
import pytest
from scipy.special import gammaln, psi

from lateralis.model.engine import special


@numba.njit
def log_all(values, out):
    for i in range(len(values)):
        out[i] = special.log(values[i])


@numba.njit
def exp_all(values, out):
    for i in range(len(values)):
        out[i] = special.exp(values[i])


def applied(function, values):
    out = np.empty_like(values)
    function(values, out)
    return out


def rising(counts, alpha):
    counts = np.asarray(counts, dtype=float)
    size = max(special.TABLE, len(counts))
    sorted_counts = special.sort_counts(counts, np.empty(size), np.empty(len(counts)))
    return special.log_rising(alpha, sorted_counts)


def test_logarithm_to_the_last_digits():
    values = np.concatenate([10.0 ** np.linspace(-300, 300, 2001), 1 + 10.0 ** np.linspace(-15, 0, 301), [1.0]])
    # relative to the larger of the result and the rounding of a value near 1
    difference = np.abs(applied(log_all, values) - np.log(values))
    assert (difference <= 5e-16 * np.maximum(np.abs(np.log(values)), 1e-15 / 5e-16 * np.finfo(float).eps)).all()


def test_exponential_to_the_last_digits():
    values = np.concatenate([np.linspace(-699, 699, 4001), [0.0, 1e-300, -1e-17]])
    np.testing.assert_allclose(applied(exp_all, values), np.exp(values), rtol=1e-15)


def test_exponential_stays_finite_beyond_what_a_double_holds():
    far = applied(exp_all, np.array([-1e6, -701.0, 701.0, 1e6]))
    assert np.isfinite(far).all()
    assert far[0] == far[1] < 1e-300 < 1e300 < far[2] == far[3]


@pytest.mark.parametrize("alpha", [1e-8, 1e-5, 0.003, 0.2, 1.7, 30.0])
@pytest.mark.parametrize(
    "counts",
    [
        [0, 0, 0, 1],
        [0, 3, 3, 5, 16, 17],
        [15, 16, 17, 18, 200, 0],
        [100_000, 3, 0, 2_000_000, 45, 46],
        list(range(60)),
    ],
    ids=["nearly none", "within the table", "around its end", "large", "long table"],
)
def test_rising_factorials(counts, alpha):
    y, r = np.array(counts, dtype=float), 1 / alpha
    value, slope = rising(counts, alpha)
    # the product of y factors, as a sum of logarithms that does not cancel
    expected = sum(math.fsum(np.log1p(np.arange(count) * alpha)) for count in counts)
    derivative = sum(math.fsum(k * alpha / (1 + k * alpha) for k in range(count)) for count in counts)
    # Stirling's formula rounds at the size of r = 1 / α, which both terms carry
    rounding = 1e-15 * len(counts) * (y.max() + r)
    assert value == pytest.approx(expected, rel=1e-12, abs=rounding)
    assert slope == pytest.approx(derivative, rel=1e-10, abs=rounding)
    if alpha > 1e-4:
        by_scipy = (gammaln(y + r) - gammaln(r) - y * np.log(r)).sum()
        assert value == pytest.approx(by_scipy, rel=1e-9, abs=1e-8)
        slope_by_scipy = (y - r * (psi(y + r) - psi(r))).sum()
        assert slope == pytest.approx(slope_by_scipy, rel=1e-8, abs=1e-6)


def test_of_no_counts_nothing_rises():
    assert rising([0, 0, 0], 0.5) == (0.0, 0.0)


def test_factorials_are_rising_factorials_of_one():
    counts = np.array([0, 1, 2, 30, 4000, 170], dtype=float)
    sorted_counts = special.sort_counts(counts, np.empty(special.TABLE), np.empty(6))
    expected = (gammaln(counts + 5) - gammaln(5) - counts * np.log(5) - gammaln(counts + 1)).sum()
    assert special.log_binomial(0.2, sorted_counts) == pytest.approx(expected, rel=1e-12)
