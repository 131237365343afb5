"""What each gene's dispersion is shrunk to, and how strongly: the trend over all genes, and their spread around it.

R DESeq2's trend and prior variance, from gene-wise dispersions, whoever estimated them.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.special import polygamma

from lateralis.model.loess import loess
from lateralis.model.outliers import trimmed_mean

MIN_DISPERSION = 1e-8

_START = np.array([0.1, 1.0])
_RESIDUAL_RANGE = (1e-4, 15.0)  # dispersion over trend; genes outside it do not shape the trend
_ROUNDS = 11  # R gives up when the tenth repetition does not settle either
_GLM_ITERATIONS = 25
_GLM_EPSILON = 1e-8
_GLM_RANK_TOLERANCE = 1e-11

_PRIOR_FLOOR = 0.25
_RANDOM_RESIDUALS = Path(__file__).resolve().parents[3] / "resources" / "dispersion_prior" / "random_residuals.tsv.gz"
_DRAWN_DEGREES = (1, 2, 3)  # residual degrees of freedom at which R compares with random draws
_BREAKS = np.arange(-20, 21) / 2
_CANDIDATES = np.linspace(0, 8, 200)
_FINE_CANDIDATES = np.linspace(0, 8, 1000)
_SMOOTHED_SHARE = 0.2


@dataclass(frozen=True)
class DispersionTrend:
    """Dispersion as a function of the mean, α(μ) = extra_poisson / μ + asymptotic; `kind` is `parametric` or `mean`."""

    asymptotic: float
    extra_poisson: float
    kind: str

    def at(self, means: np.ndarray) -> np.ndarray:
        """Trend at each mean count."""
        if self.kind == "mean":
            return np.full(np.shape(means), self.asymptotic)
        with np.errstate(divide="ignore"):
            return self.asymptotic + self.extra_poisson / np.asarray(means)


class PriorVariance(NamedTuple):
    """Spread of the genes' log dispersions around the trend.

    Attributes
    ----------
    prior : variance of the log-normal prior, without what sampling adds
    residual_variance : variance of the log residuals as they are, which tells dispersion outliers; NaN without residuals
    """

    prior: float
    residual_variance: float


def fit_dispersion_trend(
    means: np.ndarray, dispersions: np.ndarray, *, min_dispersion: float = MIN_DISPERSION
) -> DispersionTrend:
    """Parametric trend of the dispersions, or their mean where no such trend fits.

    R turns to a local regression (locfit) where the parametric trend fails; here the trimmed mean stands in, R's
    `fitType = "mean"`, with a warning. Where no dispersion exceeds 100 times the minimum, R stops; here the trend is the
    plain mean of what there is, with a warning: such counts vary no more than Poisson, and shrinkage changes nothing.

    Parameters
    ----------
    means : (n_genes,) mean normalised counts
    dispersions : (n_genes,) gene-wise dispersions; NaN for genes without counts
    min_dispersion : the bound under the gene-wise dispersions

    Raises
    ------
    ValueError
        No gene has a dispersion.

    Source: R DESeq2 `estimateDispersionsFit(fitType = "parametric")`; Anders & Huber 2010, doi:10.1186/gb-2010-11-10-r106.
    """
    known = np.isfinite(dispersions)
    if not known.any():
        raise ValueError("no gene has a dispersion to fit a trend to")
    means, dispersions = means[known], dispersions[known]
    usable = dispersions > 100 * min_dispersion
    if not usable.any():
        mean = float(dispersions.mean())
        warnings.warn(
            f"no gene varies more than Poisson counts do: all gene-wise dispersions lie below {100 * min_dispersion:g}, "
            f"so their mean, {mean:.3g}, is used for all genes",
            stacklevel=2,
        )
        return DispersionTrend(mean, 0.0, "mean")
    coefficients = _parametric_trend(means[usable], dispersions[usable])
    if coefficients is None:
        mean = float(trimmed_mean(dispersions[dispersions > 10 * min_dispersion][:, None], 0.001)[0])
        warnings.warn(
            f"the dispersions do not follow the trend a / mean + b, so their mean, {mean:.3g}, is used at all means",
            stacklevel=2,
        )
        return DispersionTrend(mean, 0.0, "mean")
    return DispersionTrend(float(coefficients[0]), float(coefficients[1]), "parametric")


def dispersion_residuals(
    dispersions: np.ndarray, fitted: np.ndarray, *, min_dispersion: float = MIN_DISPERSION
) -> np.ndarray:
    """Log ratios of gene-wise dispersion to trend, of the genes that are at least 100 times the minimum.

    Parameters
    ----------
    dispersions : (n_genes,) gene-wise dispersions; NaN for genes without counts
    fitted : (n_genes,) trend at each gene's mean
    min_dispersion : the bound under the gene-wise dispersions
    """
    above = dispersions >= 100 * min_dispersion
    return np.log(dispersions[above]) - np.log(fitted[above])


def prior_variance(log_residuals: np.ndarray, n_samples: int, n_coef: int) -> PriorVariance:
    """Variance of the true log dispersions around the trend.

    The robust variance of the residuals, less what an estimate from n_samples - n_coef residual degrees of freedom adds by
    itself. With 1 to 3 degrees of freedom that part is skewed and does not subtract; the variance is then the one whose
    random residuals have the distribution most like the data's.

    Parameters
    ----------
    log_residuals : from `dispersion_residuals`; NaN is left out
    n_samples : samples in the fit
    n_coef : columns of its design

    Returns
    -------
    PriorVariance; prior at least 0.25 (as R) unless no degree of freedom is left. Without residuals: 0.25 and NaN, as R
    where all dispersions are at their minimum.

    Source: R DESeq2 `estimateDispersionsPriorVar`; Love, Huber & Anders 2014, doi:10.1186/s13059-014-0550-8.
    """
    residuals = log_residuals[~np.isnan(log_residuals)]
    if not len(residuals):
        return PriorVariance(_PRIOR_FLOOR, np.nan)
    residual_variance = (1.4826 * float(np.median(np.abs(residuals - np.median(residuals))))) ** 2
    degrees = n_samples - n_coef
    if degrees <= 0:
        return PriorVariance(residual_variance, residual_variance)
    within = residuals[(residuals > _BREAKS[0]) & (residuals < _BREAKS[-1])]
    if degrees in _DRAWN_DEGREES and len(within):
        prior = _likeliest_variance(within, degrees)
    else:
        prior = residual_variance - float(polygamma(1, degrees / 2))
    return PriorVariance(max(prior, _PRIOR_FLOOR), residual_variance)


def _parametric_trend(means: np.ndarray, dispersions: np.ndarray) -> np.ndarray | None:
    """Asymptotic and extra-Poisson dispersion; None where they do not settle or are not positive.

    Genes far off the trend are left out, anew in each round.
    """
    coefficients = _START
    lowest, highest = _RESIDUAL_RANGE
    for _ in range(_ROUNDS):
        ratio = dispersions / (coefficients[0] + coefficients[1] / means)
        near = (ratio > lowest) & (ratio < highest)
        fit = _gamma_line(1 / means[near], dispersions[near], coefficients)
        if fit is None or not (fit.coefficients > 0).all():
            return None
        change = (np.log(fit.coefficients / coefficients) ** 2).sum()
        coefficients = fit.coefficients
        if change < 1e-6 and fit.converged:
            return coefficients
    return None


class _GammaFit(NamedTuple):
    coefficients: np.ndarray
    converged: bool


def _gamma_line(x: np.ndarray, y: np.ndarray, start: np.ndarray) -> _GammaFit | None:
    """Gamma regression y ~ intercept + slope · x with identity link; None where it cannot go on.

    Each step is a line weighted by 1 / μ²; a step to where some μ is not positive is halved back towards the last one.

    Source: R `glm.fit(family = Gamma("identity"), start)`, whose stopping rules decide how far the estimate is refined.
    """
    coefficients, fitted = start, start[0] + start[1] * x
    deviance = _gamma_deviance(y, fitted)
    for _ in range(_GLM_ITERATIONS):
        step = _weighted_line(x, y, fitted**-2)
        if step is None:
            return None
        last, last_deviance = coefficients, deviance
        coefficients = step
        for _ in range(_GLM_ITERATIONS + 1):
            fitted = coefficients[0] + coefficients[1] * x
            deviance = _gamma_deviance(y, fitted)
            if np.isfinite(deviance):
                break
            coefficients = (coefficients + last) / 2
        else:
            return None
        if abs(deviance - last_deviance) / (0.1 + abs(deviance)) < _GLM_EPSILON:
            return _GammaFit(coefficients, True)
    return _GammaFit(coefficients, False)


def _gamma_deviance(y: np.ndarray, fitted: np.ndarray) -> float:
    """Deviance; infinite where a fitted value is not positive."""
    if not (len(y) and (fitted > 0).all()):
        return np.inf
    ratio = y / fitted
    return float(-2 * (np.log(ratio) - ratio + 1).sum())


def _weighted_line(x: np.ndarray, y: np.ndarray, weights: np.ndarray) -> np.ndarray | None:
    """Intercept and slope by weighted least squares; None where x does not vary."""
    total = weights.sum()
    if not total > 0:
        return None
    centre, level = weights @ x / total, weights @ y / total
    deviations = x - centre
    spread = weights @ deviations**2
    if not spread > _GLM_RANK_TOLERANCE**2 * (weights @ x**2):
        return None
    slope = weights @ (deviations * (y - level)) / spread
    return np.array([level - slope * centre, slope])


def _likeliest_variance(residuals: np.ndarray, degrees: int) -> float:
    """Candidate variance whose random residuals have the smallest Kullback–Leibler divergence from the data's.

    Parameters
    ----------
    residuals : log residuals within the histogram's range
    degrees : residual degrees of freedom, one of 1, 2 and 3
    """
    divergences = _divergences(residuals, degrees)
    smooth = loess(_CANDIDATES, divergences, _SMOOTHED_SHARE, _FINE_CANDIDATES)
    return float(_FINE_CANDIDATES[smooth.argmin()])


def _divergences(residuals: np.ndarray, degrees: int) -> np.ndarray:
    """Kullback–Leibler divergence of each candidate variance's random residuals from the data's; (200,)."""
    width = _BREAKS[1] - _BREAKS[0]
    ends = _BREAKS[1:-1] + 1e-7 * width  # R's histogram gives a value on a break, or hardly beyond, to the bin below
    bins = np.searchsorted(ends, residuals, side="left")
    observed = np.bincount(bins, minlength=len(_BREAKS) - 1) / (len(residuals) * width)
    counts = _random_residuals()[degrees]
    drawn = counts / (counts.sum(axis=1, keepdims=True) * width)
    least = np.minimum(observed[observed > 0].min(), np.where(drawn > 0, drawn, np.inf).min(axis=1, keepdims=True))
    return (observed * (np.log(observed + least) - np.log(drawn + least))).sum(axis=1)


@cache
def _random_residuals() -> dict[int, np.ndarray]:
    """Histograms of random log residuals, (200 candidates, 40 bins), by residual degrees of freedom.

    R draws them from a fixed seed, so they are the same for all data: `resources/dispersion_prior`.
    """
    table = np.loadtxt(_RANDOM_RESIDUALS, skiprows=1, delimiter="\t", dtype=np.int64)
    return {degrees: table[table[:, 0] == degrees, 1:] for degrees in _DRAWN_DEGREES}
