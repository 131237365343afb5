"""The posterior that the search without compiled code climbs: its slopes are its own, and its modes are where they vanish."""

import numpy as np
import pytest

from lateralis.model.fallback_shrinkage import Posterior, posterior_modes

DESIGN = np.column_stack([np.ones(10), np.repeat([0.0, 1.0], 5)])
WIDE, SCALE, INDEX = 15.0, 0.4, 1


@pytest.fixture
def posterior():
    rng = np.random.default_rng(11)
    mu = np.exp(rng.normal(4, 1, 12)) * np.exp(np.outer(DESIGN[:, 1], rng.normal(0, 1, 12)))
    counts = rng.negative_binomial(8, 8 / (8 + mu)).astype(float)
    factors = np.exp(rng.normal(0, 0.3, (10, 12)))
    return Posterior(counts, factors, np.full(12, 8.0), DESIGN, WIDE, SCALE, INDEX)


def test_gradient_and_hessian_are_those_of_the_value(posterior):
    """By central differences."""
    beta = np.random.default_rng(2).normal([4, 0], 1, (12, 2))
    gradient, hessian, _ = posterior.curve(beta)
    step = 1e-5
    for k in range(2):
        change = step * np.eye(2)[k]
        slope = (posterior.value(beta + change) - posterior.value(beta - change)) / (2 * step)
        np.testing.assert_allclose(gradient[:, k], slope, rtol=1e-6, atol=1e-5)
        curve = (posterior.curve(beta + change)[0] - posterior.curve(beta - change)[0]) / (2 * step)
        np.testing.assert_allclose(hessian[:, :, k], curve, rtol=1e-6, atol=1e-5)


def test_at_a_mode_the_gradient_vanishes_and_no_place_nearby_is_better(posterior):
    beta, inverse, converged = posterior_modes(posterior)
    assert converged.all()
    gradient, hessian, _ = posterior.curve(beta)
    np.testing.assert_allclose(gradient, 0, atol=1e-6)
    np.testing.assert_allclose(inverse @ hessian, np.tile(np.eye(2), (12, 1, 1)), atol=1e-9)
    value = posterior.value(beta)
    for nudge in np.random.default_rng(3).normal(0, 0.05, (20, 2)):
        assert (posterior.value(beta + nudge) > value).all()


def test_a_part_of_the_genes_has_the_same_posterior(posterior):
    chosen = np.array([7, 2])
    beta = np.array([[3.0, 0.5], [4.0, -1.0]])
    whole = np.zeros((12, 2))
    whole[chosen] = beta
    np.testing.assert_array_equal(posterior.of(chosen).value(beta), posterior.value(whole)[chosen])


def test_the_prior_shrinks_one_coefficient_and_leaves_the_other():
    """Equal depth, two groups: under a wide prior the mode is the ratio of the means."""
    counts = np.repeat([[20.0], [80.0]], 5, axis=0)
    loose, tight = (
        posterior_modes(Posterior(counts, np.ones((10, 1)), np.array([5.0]), DESIGN, 1e4, scale, INDEX))[0][0]
        for scale in (1e4, 0.05)
    )
    np.testing.assert_allclose(loose, [np.log(20), np.log(4)], rtol=1e-4)
    assert 0 < tight[1] < loose[1]
