"""What several cohorts say together of each gene: one effect, its uncertainty, and how much the cohorts differ."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import chdtrc, ndtr, ndtri, stdtr, stdtrit

LEVEL = 0.95  # of confidence and prediction intervals
MOST_STEPS = 200
LEAST_FOR_PREDICTION = 3  # cohorts
META_COLUMNS = (
    "cohorts",
    "log2FoldChange_fixed",
    "lfcSE_fixed",
    "pvalue_fixed",
    "low_fixed",
    "high_fixed",
    "log2FoldChange_random",
    "lfcSE_random",
    "pvalue_random",
    "low_random",
    "high_random",
    "tau2",
    "I2",
    "Q",
    "pvalue_Q",
    "prediction_low",
    "prediction_high",
)


def meta_analysis(effects: np.ndarray, errors: np.ndarray) -> pd.DataFrame:
    """Fixed- and random-effects meta-analysis of every gene.

    Parameters
    ----------
    effects : (n_genes, n_cohorts) log2 fold changes; NaN where a cohort did not test the gene
    errors : (n_genes, n_cohorts) their standard errors, taken as known

    Returns
    -------
    DataFrame with `META_COLUMNS`, one row a gene; all but `cohorts`, the number that tested it, is empty below two. Intervals
    are of 95 %. `I2` is a share, 0 to 1. `prediction_low` and `prediction_high`, between which the effect in a further cohort
    is expected, need three cohorts.

    Notes
    -----
    Fixed effect: inverse-variance weights, normal test. Random effects: variance between cohorts by Paule and Mandel, interval
    and test by Hartung, Knapp, Sidik and Jonkman, Student's t with one degree of freedom less than there are cohorts; their
    variance is never taken below the usual one (`_hartung_knapp`), so the interval is never narrower than DerSimonian and
    Laird's way of making one from the same variance between cohorts.

    Source: Paule & Mandel 1982, doi:10.6028/jres.087.022; Higgins & Thompson 2002, doi:10.1002/sim.1186 (I²); IntHout et al.
    2014, doi:10.1186/1471-2288-14-25; Higgins et al. 2009, doi:10.1111/j.1467-985X.2008.00552.x (prediction interval, with
    two degrees of freedom less than cohorts). R metafor: `rma(method = "PM", test = "adhoc")`.
    """
    known = np.isfinite(effects) & np.isfinite(errors) & (errors > 0)
    y = np.where(known, effects, 0.0)
    v = np.where(known, errors, 1.0) ** 2
    n = known.sum(axis=1)
    df = np.where(n > 1, n - 1.0, np.nan)  # NaN spreads: one cohort alone says nothing together

    fixed, fixed_error, q = _weighted(y, v, known, 0.0)
    fixed, fixed_error, q = fixed + 0 * df, fixed_error + 0 * df, q + 0 * df
    tau2 = paule_mandel(effects, errors)
    random, plain_error, q_random = _weighted(y, v, known, tau2)
    random_error = _hartung_knapp(plain_error, q_random, df)
    half_fixed, half_random = ndtri(0.5 + LEVEL / 2) * fixed_error, stdtrit(df, 0.5 + LEVEL / 2) * random_error
    with np.errstate(divide="ignore", invalid="ignore"):
        i2 = np.where(q > 0, np.maximum(0.0, (q - df) / q), 0.0) + 0 * df
        half_prediction = stdtrit(np.where(n >= LEAST_FOR_PREDICTION, df - 1, np.nan), 0.5 + LEVEL / 2) * np.sqrt(
            random_error**2 + tau2
        )
    columns = (
        n,
        fixed,
        fixed_error,
        2 * ndtr(-np.abs(fixed / fixed_error)),
        fixed - half_fixed,
        fixed + half_fixed,
        random,
        random_error,
        2 * stdtr(df, -np.abs(random / random_error)),
        random - half_random,
        random + half_random,
        tau2,
        i2,
        q,
        chdtrc(df, q),
        random - half_prediction,
        random + half_prediction,
    )
    return pd.DataFrame(dict(zip(META_COLUMNS, columns, strict=True)))


def paule_mandel(effects: np.ndarray, errors: np.ndarray) -> np.ndarray:
    """Variance of the true effect between cohorts: that at which the weighted squares of residuals are as expected.

    Parameters
    ----------
    effects, errors : (n_genes, n_cohorts) as in `meta_analysis`

    Returns
    -------
    (n_genes,) tau², 0 where the squares without it are fewer than expected; NaN below two cohorts

    Notes
    -----
    The weighted squares fall with tau² and are convex, so Newton's steps from 0 come to the root from below and need no guard.

    Source: DerSimonian & Kacker 2007, doi:10.1016/j.cct.2006.04.004.
    """
    known = np.isfinite(effects) & np.isfinite(errors) & (errors > 0)
    y, v = np.where(known, effects, 0.0), np.where(known, errors, 1.0) ** 2
    df = known.sum(axis=1) - 1.0
    tau2 = np.where(df > 0, 0.0, np.nan)
    moving = np.flatnonzero(df > 0)
    for _ in range(MOST_STEPS):
        if not len(moving):
            break
        at = tau2[moving]
        weights = known[moving] / (v[moving] + at[:, None])
        mean = (weights * y[moving]).sum(axis=1) / weights.sum(axis=1)
        squares = (y[moving] - mean[:, None]) ** 2
        excess = (weights * squares).sum(axis=1) - df[moving]
        slope = (weights**2 * squares).sum(axis=1)
        step = np.where(excess > 0, excess / np.where(slope > 0, slope, 1.0), 0.0)
        tau2[moving] = at + step
        moving = moving[step > 1e-13 * (at + v[moving].min(axis=1))]
    return tau2


def _weighted(
    y: np.ndarray, v: np.ndarray, known: np.ndarray, tau2: np.ndarray | float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weighted mean, its standard error, and the weighted squares of residuals; (n_genes,) each."""
    weights = known / (v + np.reshape(tau2, (-1, 1)))
    total = weights.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = (weights * y).sum(axis=1) / total
        return mean, np.sqrt(1 / total), (weights * (y - mean[:, None]) ** 2).sum(axis=1)


def _hartung_knapp(plain_error: np.ndarray, q: np.ndarray, df: np.ndarray) -> np.ndarray:
    """Standard errors scaled by the residuals that are seen, never down.

    Cohorts that agree by chance would else give an interval narrower than their own errors allow, with two or three cohorts
    often. At Paule and Mandel's tau² the residuals are as expected where it is above 0 and fewer where it is 0: with the guard
    the scale is 1 throughout, and what the method adds is Student's t.
    """
    return plain_error * np.sqrt(np.maximum(1.0, q / df))
