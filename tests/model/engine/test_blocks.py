"""Blocks that are eliminated give what a design with their indicator columns gives."""

import numpy as np
import pytest

from lateralis.model.engine.direct import dense_matrix
from lateralis.model.engine.inference import EngineInference

N_PEOPLE, N_VISITS, N_GENES = 20, 3, 150


@pytest.fixture(scope="module")
def study():
    """Counts of people with levels of their own at three visits, two samples in no block, one visit missing."""
    rng = np.random.default_rng(0)
    people = np.append(np.repeat(np.arange(N_PEOPLE), N_VISITS)[1:], [-1, -1])
    visit = np.append(np.tile(np.arange(N_VISITS), N_PEOPLE)[1:], [1, 2])
    arm = people % 2
    matrix = np.column_stack(
        [visit == 1, visit == 2, (visit == 1) * arm, (visit == 2) * arm, rng.normal(size=len(people))]
    )
    own = np.vstack([rng.normal(0, 0.5, (N_PEOPLE, N_GENES)), np.zeros(N_GENES)])
    mean = np.exp(rng.normal(4, 1.6, N_GENES) + own[people])
    counts = rng.negative_binomial(8, 8 / (8 + mean))
    counts[people == 3, :40] = 0  # someone without a count: an effect on its way to minus infinity
    return {
        "counts": counts,
        "matrix": matrix.astype(float),
        "blocks": people,
        "size_factors": rng.uniform(0.6, 1.6, len(people)),
        "dispersions": rng.uniform(0.02, 0.5, N_GENES),
    }


def both(study):
    dense = dense_matrix(study["matrix"], study["blocks"])
    return (EngineInference(), dense), (EngineInference(blocks=study["blocks"]), study["matrix"])


def test_indicators_of_blocks():
    dense = dense_matrix(np.array([[5.0], [6.0], [7.0]]), np.array([1, -1, 0]))
    np.testing.assert_array_equal(dense, [[5, 0, 1], [6, 0, 0], [7, 1, 0]])


def test_coefficients_covariance_and_leverages(study):
    found = [
        engine.fit_coefficients(study["counts"], study["size_factors"], matrix, study["dispersions"])
        for engine, matrix in both(study)
    ]
    (beta, mu, hat, converged, covariance), (beta_b, mu_b, hat_b, converged_b, covariance_b) = found
    assert converged.all()
    assert converged_b.all()
    np.testing.assert_allclose(beta_b, beta, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(mu_b, mu, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(hat_b, hat, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(covariance_b, covariance[:, :5, :5], rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(hat.sum(axis=0), 5 + N_PEOPLE, rtol=1e-4)  # but for the ridge


@pytest.mark.parametrize("prior", [None, 0.5])
def test_dispersions(study, prior):
    rng = np.random.default_rng(3)
    mu = np.maximum(study["counts"] * rng.uniform(0.5, 1.5, study["counts"].shape), 0.1)
    found = [
        engine.alpha_mle(
            study["counts"],
            matrix,
            mu,
            study["dispersions"],
            1e-8,
            62.0,
            prior_disp_var=prior,
            prior_reg=prior is not None,
        )[0]
        for engine, matrix in both(study)
    ]
    np.testing.assert_allclose(found[1], found[0], rtol=1e-5)  # where a search stops is decided by rounding


def test_moments_and_means(study):
    (engine, dense), (blocked, matrix) = both(study)
    beta = np.random.default_rng(4).normal(size=(N_GENES, dense.shape[1]))
    np.testing.assert_allclose(
        blocked.moments(study["counts"], study["size_factors"], matrix, 1.1),
        engine.moments(study["counts"], study["size_factors"], dense, 1.1),
        rtol=1e-9,
    )
    np.testing.assert_allclose(
        blocked.means(study["size_factors"], matrix, beta), engine.means(study["size_factors"], dense, beta), rtol=1e-12
    )


def test_blocks_alone(study):
    """A reduced design may have nothing beside its blocks."""
    (engine, _), (_, matrix) = both(study)
    inside = study["blocks"] >= 0
    people = study["blocks"][inside]
    indicators = dense_matrix(np.empty((inside.sum(), 0)), people)
    counts, factors = study["counts"][inside], study["size_factors"][inside]
    expected = engine.fit_coefficients(counts, factors, indicators, study["dispersions"])
    alone = EngineInference(blocks=people).fit_coefficients(counts, factors, matrix[inside, :0], study["dispersions"])
    np.testing.assert_allclose(alone[0], expected[0], rtol=1e-6, atol=1e-6)
    assert alone[4].shape == (N_GENES, 0, 0)
