"""Local quadratic regression where the answer is known by hand; R's numbers are in tests/oracle/dispersions."""

import numpy as np
import pytest

from lateralis.model.loess import loess


@pytest.mark.parametrize("n_points", [20, 37, 200])
def test_a_parabola_is_its_own_smooth(n_points):
    x = np.linspace(-1, 3, n_points)
    at = np.linspace(-1, 3, 101)
    # cubic pieces hold a parabola exactly: only rounding remains
    np.testing.assert_allclose(loess(x, 2 - x + 3 * x**2, 0.5, at), 2 - at + 3 * at**2, rtol=0, atol=1e-12)


def test_the_smooth_is_linear_in_the_values_and_local():
    x = np.linspace(0, 1, 100)
    spike = np.where(np.arange(100) == 90, 1.0, 0.0)
    at = np.linspace(0, 1, 500)
    smooth = loess(x, spike, 0.2, at)
    np.testing.assert_allclose(loess(x, 5 * spike + x, 0.2, at), 5 * smooth + at, rtol=0, atol=1e-12)
    assert np.abs(smooth[at < 0.6]).max() == 0.0
    assert smooth.max() > 0.05
