"""The engine behind PyDESeq2's interface: optima, closed forms, hard genes, and the same bytes on any number of threads."""

import numpy as np
import pandas as pd
import pytest
from pydeseq2.dds import DeseqDataSet
from pydeseq2.default_inference import DefaultInference
from pydeseq2.ds import DeseqStats
from scipy.optimize import minimize_scalar
from scipy.stats import nbinom, norm

from lateralis.model.engine.direct import MIN_MU, RIDGE
from lateralis.model.engine.inference import EngineInference

N_SAMPLES, N_GENES = 24, 300


@pytest.fixture(scope="module")
def data():
    """Counts (n_samples, n_genes), size factors, a design with a covariate, dispersions."""
    rng = np.random.default_rng(3)
    design = np.column_stack([np.ones(N_SAMPLES), np.tile([0.0, 1.0], 12), rng.normal(size=N_SAMPLES)])
    factors = np.exp(rng.normal(0, 0.3, N_SAMPLES))
    base, dispersions = np.exp(rng.uniform(0, 9, N_GENES)), rng.uniform(0.02, 1.5, N_GENES)
    mu = factors[:, None] * base * np.exp(design[:, 1:] @ rng.normal(0, 0.5, (2, N_GENES)))
    counts = rng.negative_binomial(1 / dispersions, 1 / (1 + dispersions * mu))
    counts[:2] += counts.sum(axis=0) == 0  # no gene without counts
    return counts, factors, design, dispersions


@pytest.fixture(scope="module")
def fitted(data):
    return EngineInference().fit_coefficients(*data)


def log_posterior(log_alpha, counts, mu, design, mean=0.0, variance=np.inf):
    """Cox–Reid adjusted, by scipy; up to a constant."""
    alpha = np.exp(log_alpha)
    likelihood = nbinom.logpmf(counts, 1 / alpha, 1 / (1 + alpha * mu)).sum()
    weights = mu / (1 + alpha * mu)
    adjustment = -0.5 * np.linalg.slogdet((design.T * weights) @ design)[1]
    return likelihood + adjustment - 0.5 * (log_alpha - mean) ** 2 / variance


def test_coefficients_are_where_the_score_vanishes(data, fitted):
    counts, factors, design, dispersions = data
    beta, mu, _, converged, _ = fitted
    assert converged.all()
    np.testing.assert_allclose(mu, factors[:, None] * np.exp(design @ beta.T), rtol=1e-12)
    unfloored = (mu > MIN_MU).all(axis=0)
    assert unfloored.sum() > 200
    score = design.T @ ((counts - mu) / (1 + dispersions * mu)) - RIDGE * beta.T
    information = np.einsum("sg,si->gi", mu / (1 + dispersions * mu), design**2)
    # a deviance that changes by less than 1e-8 of itself leaves the score within 1e-3 of its standard deviation
    assert np.abs(score.T / np.sqrt(information))[unfloored].max() < 1e-2


def test_covariance_and_leverages(data, fitted):
    _, _, design, dispersions = data
    _, mu, hat, _, covariance = fitted
    for gene in range(0, N_GENES, 17):
        floored = np.maximum(mu[:, gene], MIN_MU)
        weights = floored / (1 + dispersions[gene] * floored)
        information = (design.T * weights) @ design
        inverse = np.linalg.inv(information + RIDGE * np.eye(3))
        np.testing.assert_allclose(covariance[gene], inverse @ information @ inverse, rtol=1e-8, atol=1e-14)
        np.testing.assert_allclose(hat[:, gene], weights * ((design @ inverse) * design).sum(axis=1), rtol=1e-9)


def test_gene_wise_dispersions_are_maxima(data, fitted):
    counts, _, design, _ = data
    mu = np.maximum(fitted[1], MIN_MU)
    found, converged = EngineInference().alpha_mle(counts, design, mu, np.full(N_GENES, 0.1), 1e-8, 24.0)
    assert converged.all()
    missed = []
    for gene in range(0, N_GENES, 5):
        given = counts[:, gene], mu[:, gene], design
        best = minimize_scalar(lambda a: -log_posterior(a, *given), bounds=(np.log(1e-8), np.log(24)), method="bounded")  # noqa: B023
        missed.append(-best.fun - log_posterior(np.log(found[gene]), *given))
    # R's search, which this follows, ends when a step gains less than 1e-6; now and then that is a step across the maximum
    assert (np.array(missed) < 3e-5).mean() > 0.9
    assert max(missed) < 0.05


def test_shrunken_dispersions_are_maxima_of_the_posterior(data, fitted):
    counts, _, design, _ = data
    mu = np.maximum(fitted[1], MIN_MU)
    mode = np.full(N_GENES, 0.2)
    found, converged = EngineInference().alpha_mle(
        counts, design, mu, mode, 1e-8, 24.0, prior_disp_var=0.5, prior_reg=True, start=np.full(N_GENES, 0.7)
    )
    assert converged.all()
    for gene in range(0, N_GENES, 11):
        given = counts[:, gene], mu[:, gene], design, np.log(0.2), 0.5
        best = minimize_scalar(lambda a: -log_posterior(a, *given), bounds=(-18, 3), method="bounded")  # noqa: B023
        assert found[gene] == pytest.approx(np.exp(best.x), rel=5e-3)


def test_underdispersed_counts_end_at_the_smallest_dispersion():
    counts = np.full((12, 1), 50)
    counts[::2] += 1
    design = np.column_stack([np.ones(12), np.repeat([0.0, 1.0], 6)])
    mu = np.full((12, 1), 50.5)
    found, converged = EngineInference().alpha_mle(counts, design, mu, np.array([0.1]), 1e-8, 12.0)
    assert converged.all()
    assert found[0] == pytest.approx(1e-8)


def test_log_likelihoods(data, fitted):
    counts, _, _, dispersions = data
    mu = fitted[1]
    expected = nbinom.logpmf(counts, 1 / dispersions, 1 / (1 + dispersions * mu)).sum(axis=0)
    np.testing.assert_allclose(EngineInference().log_likelihoods(counts, mu, dispersions), expected, rtol=1e-9)


def test_factors_by_gene_that_are_size_factors_change_nothing(data, fitted):
    counts, factors, design, dispersions = data
    by_gene = np.repeat(factors[:, None], N_GENES, axis=1)
    again = EngineInference().fit_coefficients(counts, by_gene, design, dispersions)
    for one, other in zip(fitted, again, strict=True):
        np.testing.assert_array_equal(one, other)


def test_an_offset_of_a_gene_moves_its_intercept_only(data, fitted):
    counts, factors, design, dispersions = data
    scale = np.exp(np.random.default_rng(1).normal(size=N_GENES))
    beta = EngineInference().fit_coefficients(counts, factors[:, None] * scale, design, dispersions)[0]
    expressed = fitted[1].min(axis=0) > 5
    # another start, so the deviance settles elsewhere within its tolerance of 1e-8
    np.testing.assert_allclose(beta[expressed, 0], (fitted[0][:, 0] - np.log(scale))[expressed], atol=1e-3)
    np.testing.assert_allclose(beta[expressed, 1:], fitted[0][expressed, 1:], atol=1e-3)


@pytest.mark.parametrize("threads", [2, 5])
def test_threads_change_no_byte(data, fitted, threads):
    counts, factors, design, dispersions = data
    engine = EngineInference(threads)
    for one, other in zip(fitted, engine.fit_coefficients(counts, factors, design, dispersions), strict=True):
        assert one.tobytes() == other.tobytes()
    given = counts, design, fitted[1], np.full(N_GENES, 0.1), 1e-8, 24.0
    assert engine.alpha_mle(*given)[0].tobytes() == EngineInference().alpha_mle(*given)[0].tobytes()


def test_a_gene_does_not_depend_on_the_others(data, fitted):
    counts, factors, design, dispersions = data
    alone = EngineInference().fit_coefficients(counts[:, 7:8], factors, design, dispersions[7:8])
    assert alone[0].tobytes() == fitted[0][7:8].tobytes()


def test_a_group_of_zeros_has_a_finite_effect_and_error():
    design = np.column_stack([np.ones(10), np.repeat([0.0, 1.0], 5)])
    counts = np.array([30, 25, 41, 33, 28, 0, 0, 0, 0, 0])[:, None]
    beta, _, _, converged, covariance = EngineInference().fit_coefficients(counts, np.ones(10), design, np.array([0.1]))
    assert converged.all()
    assert -12 < beta[0, 1] < -3
    assert 0.1 < np.sqrt(covariance[0, 1, 1]) < 5


def test_one_wild_count_beside_zeros_is_fitted_directly():
    design = np.column_stack([np.ones(12), np.repeat([0.0, 1.0], 6), np.linspace(-1, 1, 12)])
    counts = np.zeros((12, 1), dtype=int)
    counts[8] = 500_000
    beta, _, hat, converged, covariance = EngineInference().fit_coefficients(
        counts, np.ones(12), design, np.array([12.0])
    )
    assert converged.all()
    assert np.isfinite(beta).all() and np.isfinite(covariance).all() and np.isfinite(hat).all()
    assert np.abs(beta).max() <= 30


def test_a_dispersion_that_is_missing_leaves_the_gene_empty(data):
    counts, factors, design, dispersions = data
    missing = dispersions[:3].copy()
    missing[1] = np.nan
    beta, _, _, converged, covariance = EngineInference().fit_coefficients(counts[:, :3], factors, design, missing)
    assert converged.tolist() == [True, False, True]
    assert np.isnan(beta[1]).all() or not converged[1]
    assert np.isnan(covariance[1]).all()


def test_the_check_notices_wrong_answers(monkeypatch):
    monkeypatch.setattr("lateralis.model.engine.inference.compile_apart", lambda: False)
    engine = EngineInference()
    engine.check()
    monkeypatch.setattr(engine, "moments", lambda *given: np.zeros((4, 2)))
    with pytest.raises(ArithmeticError, match="wrong answers"):
        engine.check()


@pytest.fixture(scope="module")
def through_pydeseq2(data):
    """PyDESeq2's own pipeline on both numerics: a function of the alternative to test."""
    counts, _, design, _ = data
    names = [f"s{number}" for number in range(N_SAMPLES)]
    fits = {}
    for key, inference in {"engine": EngineInference(2), "default": DefaultInference(n_cpus=1)}.items():
        fits[key] = DeseqDataSet(
            counts=pd.DataFrame(counts, index=names, columns=[f"g{number}" for number in range(N_GENES)]),
            metadata=pd.DataFrame(index=names),
            design=pd.DataFrame(design, index=names, columns=["Intercept", "group", "age"]),
            inference=inference,
            refit_cooks=False,
            quiet=True,
        )
        fits[key].deseq2()

    def test(key, **options):
        stats = DeseqStats(
            fits[key],
            contrast=np.array([0.0, 1.0, 0.0]),
            cooks_filter=False,
            independent_filter=False,
            quiet=True,
            **options,
        )
        stats.inference = fits[key].inference
        stats.summary()
        return stats.results_df

    return test


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("options", [{}, {"alt_hypothesis": "greaterAbs", "lfc_null": 0.5}], ids=["wald", "greaterAbs"])
def test_pydeseq2_runs_on_the_engine(through_pydeseq2, options, capsys):
    ours, theirs = through_pydeseq2("engine", **options), through_pydeseq2("default", **options)
    expressed = ours["baseMean"] > 20
    np.testing.assert_allclose(
        ours.loc[expressed, "log2FoldChange"], theirs.loc[expressed, "log2FoldChange"], atol=2e-3
    )
    both = np.log10(ours.loc[expressed, ["pvalue"]]).join(np.log10(theirs["pvalue"]).rename("theirs"))
    assert (both["pvalue"] - both["theirs"]).abs().median() < 0.01
    assert np.corrcoef(both["pvalue"], both["theirs"])[0, 1] > 0.99


def test_wald_test_of_a_contrast(data, fitted):
    _, _, design, dispersions = data
    beta, mu, _, _, covariance = fitted
    contrast = np.array([0.0, 1.0, -0.5])
    pvalues, stat, error = EngineInference().wald_test(design, dispersions, beta, mu, RIDGE * np.eye(3), contrast, 0.0)
    np.testing.assert_allclose(error, np.sqrt(np.einsum("i,gij,j->g", contrast, covariance, contrast)), rtol=1e-8)
    np.testing.assert_allclose(stat, beta @ contrast / error, rtol=1e-10)
    np.testing.assert_allclose(pvalues, 2 * norm.sf(np.abs(stat)), rtol=1e-9)
