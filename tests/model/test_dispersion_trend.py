"""Dispersion trend and prior variance where the answer is known by hand; R's numbers are in tests/oracle/dispersions."""

import warnings

import numpy as np
import pytest
from scipy.special import polygamma

from lateralis.model.dispersion_trend import (
    DispersionTrend,
    PriorVariance,
    dispersion_residuals,
    fit_dispersion_trend,
    prior_variance,
)

MEANS = np.geomspace(1, 1e4, 50)


# --- trend ---


def test_dispersions_on_a_trend_give_it_back_without_a_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        trend = fit_dispersion_trend(MEANS, 0.04 + 2.5 / MEANS)
    assert trend.kind == "parametric"
    # the regression stops at a relative change of deviance of 1e-8; at a perfect fit that is quadratic in the coefficients
    assert (trend.asymptotic, trend.extra_poisson) == pytest.approx((0.04, 2.5), rel=1e-4)
    np.testing.assert_allclose(trend.at(MEANS), trend.asymptotic + trend.extra_poisson / MEANS, rtol=1e-15)


def test_genes_without_counts_or_at_the_minimum_do_not_count():
    dispersions = (0.04 + 2.5 / MEANS) * np.tile([0.8, 1.2], 25)
    expected = fit_dispersion_trend(MEANS, dispersions)
    means = np.concatenate([MEANS, [0.0, 20.0, 30.0]])
    assert fit_dispersion_trend(means, np.concatenate([dispersions, [np.nan, 1e-8, 1e-6]])) == expected


def test_a_trend_that_does_not_fit_becomes_the_mean_with_a_warning():
    dispersions = np.concatenate([0.01 * np.sqrt(MEANS), [1e-8]])
    with pytest.warns(UserWarning, match=r"do not follow the trend a / mean \+ b, so their mean, 0\.2"):
        trend = fit_dispersion_trend(np.append(MEANS, 5.0), dispersions)
    assert trend.kind == "mean"
    assert trend.asymptotic == pytest.approx(dispersions[:-1].mean(), rel=1e-14)
    np.testing.assert_array_equal(trend.at(np.array([0.0, 3.0])), trend.asymptotic)


def test_one_gene_has_no_trend():
    with pytest.warns(UserWarning, match="do not follow the trend"):
        assert fit_dispersion_trend(np.array([10.0]), np.array([0.3])) == DispersionTrend(0.3, 0.0, "mean")


def test_genes_of_equal_means_have_no_trend():
    with pytest.warns(UserWarning, match="do not follow the trend"):
        assert fit_dispersion_trend(np.full(4, 10.0), np.full(4, 0.3)).kind == "mean"


def test_no_gene_beyond_poisson_takes_the_plain_mean_with_a_warning():
    dispersions = np.tile([1e-8, 3e-8], 25)
    with pytest.warns(UserWarning, match="no gene varies more than Poisson counts do: .* below 1e-06"):
        trend = fit_dispersion_trend(MEANS, dispersions)
    assert trend == DispersionTrend(pytest.approx(2e-8, rel=1e-12), 0.0, "mean")


@pytest.mark.parametrize("dispersions", [[], [np.nan, np.nan]])
def test_no_gene_with_a_dispersion_is_an_error(dispersions):
    with pytest.raises(ValueError, match="no gene has a dispersion"):
        fit_dispersion_trend(np.ones(len(dispersions)), np.array(dispersions, dtype=float))


def test_a_parametric_trend_is_infinite_at_mean_zero():
    assert DispersionTrend(0.1, 2.0, "parametric").at(np.array([0.0, 2.0])).tolist() == [np.inf, 1.1]


# --- prior variance ---


def test_residuals_leave_out_what_is_near_the_minimum():
    dispersions = np.array([1e-8, 9.9e-7, 1e-6, 0.2, np.nan])
    np.testing.assert_allclose(dispersion_residuals(dispersions, np.full(5, 0.1)), np.log([1e-5, 2.0]), rtol=1e-14)


def test_prior_is_the_robust_variance_less_what_sampling_adds():
    residuals = np.array([-2.0, -1.0, 0.0, 1.0, 50.0, np.nan])  # median 0, median distance from it 1
    variance = prior_variance(residuals, 24, 4)
    assert variance.residual_variance == pytest.approx(1.4826**2, rel=1e-15)
    assert variance.prior == pytest.approx(1.4826**2 - polygamma(1, 10), rel=1e-14)


def test_prior_is_at_least_a_quarter():
    assert prior_variance(np.array([-0.1, 0.0, 0.1]), 24, 4).prior == 0.25


def test_without_residual_degrees_the_robust_variance_is_the_prior():
    variance = prior_variance(np.array([-0.1, 0.0, 0.1]), 4, 4)
    assert variance.prior == variance.residual_variance == pytest.approx(0.14826**2, rel=1e-14)


def test_without_residuals_the_prior_is_a_quarter():
    variance = prior_variance(np.array([]), 6, 2)
    assert variance.prior == 0.25
    assert np.isnan(variance.residual_variance)


@pytest.mark.parametrize("degrees", [1, 2, 3])
@pytest.mark.parametrize("truth", [1.0, 3.0])
def test_few_degrees_find_the_variance_that_made_the_residuals(degrees, truth):
    random = np.random.default_rng(17)
    size = 200_000
    residuals = np.log(random.chisquare(degrees, size) / degrees) + random.normal(0, np.sqrt(truth), size)
    # the 10,000 draws behind each candidate scatter the answer: 200 candidates smoothed by fifths err by some hundredths
    assert prior_variance(residuals, degrees + 2, 2).prior == pytest.approx(truth, abs=0.15)


def test_few_degrees_with_every_residual_beyond_the_histogram():
    residuals = np.array([-30.0, -20.0, 20.0])
    assert prior_variance(residuals, 4, 2) == PriorVariance(
        pytest.approx(14.826**2 - polygamma(1, 1.0), rel=1e-14), pytest.approx(14.826**2, rel=1e-14)
    )
