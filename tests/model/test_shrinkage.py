"""Shrunken fold changes against a direct maximisation of the same posterior by scipy. (No R package of Debian has apeGLM.)"""

import numpy as np
import pandas as pd
import pytest
from scipy.linalg import null_space
from scipy.optimize import minimize

from lateralis.model.engine.inference import EngineInference
from lateralis.model.fallback import FallbackInference
from lateralis.model.shrinkage import OTHER_SCALE, contrast_as_coefficient, prior_scale, shrink_contrast

LN2 = np.log(2)
N_SAMPLES = 24
GROUP = np.tile([0, 1, 2], 8)
DESIGN = np.column_stack(
    [np.ones(N_SAMPLES), np.linspace(-1.5, 1.5, N_SAMPLES), GROUP == 1, GROUP == 2, np.repeat([0.0, 1.0], 12)]
).astype(float)
FACTORS = np.exp(np.sin(np.arange(N_SAMPLES)) / 3)
CONTRASTS = {
    "coefficient": [0, 0, 1, 0, 0],
    "covariate": [0, 1, 0, 0, 0],
    "two coefficients": [0, 0, 1, -1, 0],
    "weights": [0, 0, 0.5, -1.5, 0.25],
    "one level against the mean of two": [0, 0, -0.5, 1, 0],
}


@pytest.fixture(params=[EngineInference, FallbackInference])
def numerics(request):
    return request.param(1)


def simulated(n_genes=60, seed=0, depth=(0, 7)):
    rng = np.random.default_rng(seed)
    beta = np.column_stack([rng.uniform(*depth, n_genes), rng.normal(0, 0.7, (n_genes, 4))])
    alpha = rng.uniform(0.02, 1.5, n_genes)
    mu = FACTORS[:, None] * np.exp(DESIGN @ beta.T)
    counts = rng.negative_binomial(1 / alpha, 1 / (1 + alpha * mu))
    return counts, alpha


class Reference:
    """The posterior of one gene in the coefficients of the design as given, and its direct maximisation.

    The prior speaks of the contrast, and of every coefficient but the one whose place the contrast takes.
    """

    def __init__(self, y, factors, alpha, design, contrast, scale):
        self.y, self.factors, self.size, self.design, self.scale = y, factors, 1 / alpha, design, scale
        self.contrast = np.asarray(contrast, dtype=float)
        self.others = np.arange(len(contrast)) != np.argmax(np.abs(contrast))

    def loss(self, beta):
        eta = self.design @ beta
        mu = self.factors * np.exp(np.minimum(eta, 300))
        effect = self.contrast @ beta
        value = ((self.y + self.size) * np.log1p(mu / self.size) - self.y * eta).sum()
        value += (beta[self.others] ** 2).sum() / (2 * OTHER_SCALE**2) + np.log1p((effect / self.scale) ** 2)
        slope = self.design.T @ ((mu - self.y) * self.size / (self.size + mu)) + self.others * beta / OTHER_SCALE**2
        return value, slope + 2 * effect / (self.scale**2 + effect**2) * self.contrast

    def hessian(self, beta):
        mu, effect = self.factors * np.exp(self.design @ beta), self.contrast @ beta
        weights = (self.y + self.size) * self.size * mu / (self.size + mu) ** 2
        curvature = 2 * (self.scale**2 - effect**2) / (self.scale**2 + effect**2) ** 2
        return (
            (self.design.T * weights) @ self.design
            + np.diag(self.others / OTHER_SCALE**2)
            + curvature * np.outer(self.contrast, self.contrast)
        )

    def modes(self):
        """Value, effect and coefficients of the modes that searches from the likelihood's side and from zero end at."""
        near = np.linalg.lstsq(self.design, np.log(self.y / self.factors + 0.1), rcond=None)[0]
        directions = null_space(self.contrast[None, :])  # that leave the effect as it is
        found = []
        for share in (1, 0.3, 0):
            start = near - (1 - share) * self.contrast * (self.contrast @ near) / (self.contrast @ self.contrast)

            def along(step, start=start):
                value, slope = self.loss(start + directions @ step)
                return value, directions.T @ slope

            start = start + directions @ minimize(along, np.zeros(directions.shape[1]), jac=True, method="BFGS").x
            radius = {"initial_trust_radius": self.scale / 2, "gtol": 1e-5}  # short steps, which leave no valley
            best = minimize(self.loss, start, jac=True, hess=self.hessian, method="trust-exact", options=radius).x
            for _ in range(5):  # the search stops at 1e-8 of the value; Newton's method goes on to the end
                best = best - np.linalg.solve(self.hessian(best), self.loss(best)[1])
            if np.linalg.eigvalsh(self.hessian(best))[0] > 0 and np.abs(self.loss(best)[1]).max() < 1e-4:
                found.append((self.loss(best)[0], self.contrast @ best, best))
        return sorted(found, key=lambda mode: mode[0])

    def best(self):
        """Effect and standard error at the highest mode, log2 units."""
        _, effect, beta = self.modes()[0]
        variance = self.contrast @ np.linalg.solve(self.hessian(beta), self.contrast)
        return effect / LN2, np.sqrt(variance) / LN2


def effects(counts, alpha, design, contrast, numerics=None, factors=FACTORS):
    """Wald estimates of a contrast, log2 units, as keyword arguments."""
    beta, _, _, converged, covariance = (numerics or EngineInference()).fit_coefficients(counts, factors, design, alpha)
    contrast = np.asarray(contrast, dtype=float)
    effect = np.where(converged, beta @ contrast / LN2, np.nan)
    return {
        "log2_fold_change": effect,
        "standard_error": np.sqrt(np.einsum("i,gij,j->g", contrast, covariance, contrast)) / LN2,
    }


def shrink(counts, alpha, contrast, design=DESIGN, **options):
    contrast = np.asarray(contrast, dtype=float)
    given = effects(counts, alpha, design, contrast) | {"dispersions": alpha, "size_factors": FACTORS} | options
    return shrink_contrast(counts, design, contrast, **given)


@pytest.mark.parametrize("contrast", CONTRASTS.values(), ids=CONTRASTS)
def test_modes_and_errors_are_those_of_a_direct_maximisation(numerics, contrast):
    counts, alpha = simulated()
    found = shrink(counts, alpha, contrast, numerics=numerics)
    given = effects(counts, alpha, DESIGN, contrast)
    scale = prior_scale(given["log2_fold_change"] * LN2, given["standard_error"] * LN2)
    expected = np.array(
        [Reference(y, FACTORS, a, DESIGN, contrast, scale).best() for y, a in zip(counts.T, alpha, strict=True)]
    )
    np.testing.assert_allclose(found["log2FoldChange_shrunken"], expected[:, 0], rtol=0, atol=1e-6)
    np.testing.assert_allclose(found["lfcSE_shrunken"], expected[:, 1], rtol=1e-6)


def test_average_lengths_are_offsets_by_gene(numerics):
    counts, alpha = simulated(12, seed=1, depth=(3, 7))
    lengths = np.random.default_rng(1).uniform(400, 2000, counts.shape)
    factors = lengths * FACTORS[:, None]
    factors /= np.exp(np.log(factors).mean(axis=0))
    contrast = CONTRASTS["two coefficients"]
    given = effects(counts, alpha, DESIGN, contrast, factors=factors)
    found = shrink(counts, alpha, contrast, average_lengths=lengths, numerics=numerics, **given)
    scale = prior_scale(given["log2_fold_change"] * LN2, given["standard_error"] * LN2)
    for gene in range(12):
        best = Reference(counts[:, gene], factors[:, gene], alpha[gene], DESIGN, contrast, scale).best()
        np.testing.assert_allclose(found.loc[gene], best, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("scale", [1.0, 0.3, 0.05, 1e-3])
def test_of_two_modes_the_higher_one_is_taken(numerics, scale):
    # a narrow prior and effects of a few standard errors: one mode near zero, another near the likelihood's
    rng = np.random.default_rng(7)
    design = np.column_stack([np.ones(10), np.repeat([0.0, 1.0], 5)])
    alpha, ones = np.full(150, 0.1), np.ones(10)
    mu = 30 * np.exp(design[:, [1]] * np.linspace(0, 3, 150))
    counts = rng.negative_binomial(10, 10 / (10 + mu))
    mode, inverse, converged = numerics.lfc_shrink_nbinom_glm(
        design, counts, 1 / alpha, np.zeros(10), OTHER_SCALE, scale, "", 1
    )
    assert converged.all()
    several = 0
    for gene in range(150):
        reference = Reference(counts[:, gene], ones, 0.1, design, [0, 1], scale)
        modes = reference.modes()
        several += len({round(effect, 4) for _, effect, _ in modes}) > 1
        assert reference.loss(mode[gene])[0] <= modes[0][0] + 1e-9
        assert mode[gene, 1] == pytest.approx(modes[0][1], abs=1e-6)
        assert inverse[gene, 1, 1] == pytest.approx(np.linalg.inv(reference.hessian(mode[gene]))[1, 1], rel=1e-6)
    assert several > 10 or scale > 0.2


@pytest.mark.parametrize("alpha", [1e-8, 1e-3, 0.5, 50.0])
@pytest.mark.parametrize("scale", [1.0, 1e-3])
def test_every_gene_converges_from_nothing_to_millions_of_counts(numerics, alpha, scale):
    # at 1e-8 the likelihood loses eight digits: the search must end by its slope, not by its value
    rng = np.random.default_rng(8)
    design = np.column_stack([np.ones(60), rng.normal(60, 12, 60), np.arange(60) % 2])
    mu = np.exp(np.linspace(-3, 15, 200)) * np.exp(np.outer(design[:, 2], rng.normal(0, 1, 200)))
    counts = rng.poisson(mu) if alpha < 1e-7 else rng.poisson(rng.gamma(1 / alpha, mu * alpha))
    counts[:, 0] = 0
    counts[design[:, 2] == 1, 1:40] = 0
    counts[7, 100:105] = 3_000_000
    mode, inverse, converged = numerics.lfc_shrink_nbinom_glm(
        design, counts, np.full(200, 1 / alpha), np.zeros(60), OTHER_SCALE, scale, "", 2
    )
    assert converged.all()
    assert (np.diagonal(inverse, axis1=1, axis2=2) > 0).all()
    for gene in range(0, 200, 9):
        reference = Reference(counts[:, gene], np.ones(60), alpha, design, [0, 0, 1], scale)
        slope, variance = reference.loss(mode[gene])[1], np.diag(inverse[gene])
        # Newton's next step would be below a ten-thousandth of a standard error
        assert np.abs(slope @ inverse[gene] / np.sqrt(variance)).max() < 1e-4


@pytest.mark.parametrize("name", ["two coefficients", "weights", "coefficient"])
def test_swapping_the_levels_changes_the_sign_and_nothing_else(numerics, name):
    counts, alpha = simulated(80, seed=2)
    contrast = np.array(CONTRASTS[name])
    there = shrink(counts, alpha, contrast, numerics=numerics)
    back = shrink(counts, alpha, -contrast, numerics=numerics)
    np.testing.assert_allclose(back["log2FoldChange_shrunken"], -there["log2FoldChange_shrunken"], rtol=0, atol=1e-8)
    np.testing.assert_allclose(back["lfcSE_shrunken"], there["lfcSE_shrunken"], rtol=1e-8)


def test_the_reference_level_hardly_matters():
    counts, alpha = simulated(80, seed=3, depth=(3, 8))
    relevelled = DESIGN.copy()
    relevelled[:, 2] = GROUP == 0  # the second level is the reference
    by_first = shrink(counts, alpha, [0, 0, 1, -1, 0])
    by_second = shrink(counts, alpha, [0, 0, 0, -1, 0], design=relevelled)
    # what differs is which level's log mean has the wide normal prior: 1/225 beside information of 3 and more a group
    np.testing.assert_allclose(by_second, by_first, rtol=0, atol=0.01)
    assert np.abs(by_second - by_first).median().max() < 0.003


def test_scaling_of_a_coefficients_weight_is_a_change_of_units():
    counts, alpha = simulated(30, seed=4)
    design = DESIGN * np.array([1, 4, 1, 1, 1])  # the same covariate in a smaller unit: its coefficient is a quarter
    # the width of the prior comes from the fit's estimates, whose own search stops at 1e-8 of the deviance
    np.testing.assert_allclose(
        shrink(counts, alpha, [0, 4, 0, 0, 0], design=design),
        shrink(counts, alpha, CONTRASTS["covariate"]),
        atol=1e-5,
    )


def test_shrinkage_goes_towards_zero_and_leaves_strong_effects_alone():
    rng = np.random.default_rng(9)
    true = np.where(np.arange(600) < 570, 0.0, rng.choice([-2.0, 2.0], 600))
    mu = FACTORS[:, None] * np.exp(rng.uniform(3, 8, 600) + np.outer(DESIGN[:, 2], true))
    counts, alpha = rng.negative_binomial(5, 5 / (5 + mu)), np.full(600, 0.2)
    plain = effects(counts, alpha, DESIGN, CONTRASTS["coefficient"])["log2_fold_change"]
    found = shrink(counts, alpha, CONTRASTS["coefficient"])["log2FoldChange_shrunken"]
    still, moved = slice(0, 570), slice(570, 600)
    assert np.mean(found[still] ** 2) < 0.6 * np.mean(plain[still] ** 2)
    assert np.median(np.abs(found[moved]) / np.abs(plain[moved])) > 0.9
    assert (np.sign(found[moved]) == np.sign(true[moved])).all()


class TestContrastAsCoefficient:
    def test_one_coefficient_leaves_the_design_as_it_is(self):
        matrix, position = contrast_as_coefficient(DESIGN, np.array([0.0, 0, 1, 0, 0]))
        assert position == 2
        np.testing.assert_array_equal(matrix, DESIGN)

    @pytest.mark.parametrize("contrast", CONTRASTS.values(), ids=CONTRASTS)
    def test_the_model_stays_the_same(self, contrast):
        contrast, beta = np.array(contrast, dtype=float), np.array([5.0, -1, 2, 0.5, 0.3])
        matrix, position = contrast_as_coefficient(DESIGN, contrast)
        assert position == np.argmax(np.abs(contrast))
        rewritten = beta.copy()
        rewritten[position] = contrast @ beta
        np.testing.assert_allclose(matrix @ rewritten, DESIGN @ beta, rtol=1e-13)

    def test_no_weights_are_no_contrast(self):
        with pytest.raises(ValueError, match="every weight"):
            contrast_as_coefficient(DESIGN, np.zeros(5))


class TestPriorScale:
    def test_equal_errors_in_closed_form(self):
        # with one error for all, the variance is the mean square less the error's
        effect = np.random.default_rng(0).normal(0, 0.5, 1000)
        expected = np.sqrt(np.mean(effect**2) - 0.3**2)
        assert prior_scale(effect, np.full(1000, 0.3)) == pytest.approx(expected, rel=1e-9)

    def test_it_finds_the_true_spread(self):
        rng = np.random.default_rng(1)
        error = rng.uniform(0.1, 1, 20_000)
        # the standard error of the estimate is some 1 %
        assert prior_scale(rng.normal(0, 0.4, 20_000) + error * rng.normal(size=20_000), error) == pytest.approx(
            0.4, rel=0.04
        )

    def test_it_stays_between_a_thousandth_and_one(self):
        error = np.full(50, 0.5)
        assert prior_scale(np.full(50, 0.01), error) == pytest.approx(1e-3)
        assert prior_scale(np.full(50, 3.0), error) == 1.0
        assert prior_scale(np.full(50, 60.0), error) == 1.0
        assert prior_scale(np.full(50, np.nan), error) == 1.0

    def test_it_is_that_of_pydeseq2(self):
        from pydeseq2.ds import DeseqStats

        rng = np.random.default_rng(2)
        effect, error = rng.normal(0, 0.6, 400), rng.uniform(0.05, 0.8, 400)
        effect[3] = np.nan
        stats = object.__new__(DeseqStats)
        stats.LFC, stats.SE = pd.DataFrame({"b": effect}), pd.Series(error)
        # both find the root to 2e-12
        assert prior_scale(effect, error) == pytest.approx(np.sqrt(stats._fit_prior_var(0)), rel=1e-9)


def test_genes_without_an_estimate_are_empty_and_a_contrast_of_zeros_is_zero(numerics):
    counts, alpha = simulated(20, seed=5)
    contrast = np.array(CONTRASTS["two coefficients"], dtype=float)
    given = effects(counts, alpha, DESIGN, contrast)
    counts[GROUP > 0, 3] = 0
    given["log2_fold_change"][3] = 0.0
    given["log2_fold_change"][5] = np.nan
    given["standard_error"][6] = np.nan
    alpha[7] = np.nan
    found = shrink(counts, alpha, contrast, numerics=numerics, **given)
    assert np.flatnonzero(found.isna().any(axis=1)).tolist() == [5, 6, 7]
    assert found.loc[3, "log2FoldChange_shrunken"] == 0.0
    assert found.loc[3, "lfcSE_shrunken"] > 0
    nothing = shrink(counts, np.full(20, np.nan), contrast, numerics=numerics, **given)
    assert nothing.isna().all(axis=None)
    assert len(nothing) == 20


def test_blocks_and_threads_change_nothing():
    counts, alpha = simulated(300, seed=6)
    small = EngineInference(2)
    small.block_size = N_SAMPLES * 7
    contrast = CONTRASTS["weights"]
    pd.testing.assert_frame_equal(
        shrink(counts, alpha, contrast, numerics=EngineInference(1)),
        shrink(counts, alpha, contrast, numerics=small),
        check_exact=True,
    )
