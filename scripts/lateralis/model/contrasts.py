"""Tests of hypotheses on a fit: cheap linear algebra on stored coefficients and covariances."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from lateralis.model.engine.wald import tail_probabilities

Alternative = Literal["greaterAbs", "lessAbs", "greater", "less"]

_LN2 = float(np.log(2))


def wald_test(
    coefficients: np.ndarray,
    covariance: np.ndarray,
    contrast: np.ndarray,
    all_zero: np.ndarray | None = None,
    df: float | None = None,
) -> pd.DataFrame:
    """Wald test of one linear contrast in every gene, against zero.

    Parameters
    ----------
    coefficients : (n_genes, n_coef) natural-log scale
    covariance : (n_genes, n_coef, n_coef)
    contrast : (n_coef,) weights
    all_zero : (n_genes,) bool, from `contrast_all_zero`; effect and statistic are 0 there and the p-value is 1
    df : degrees of freedom, of a fit to log intensities (`log_intensity`); None for counts, where the test is normal

    Returns
    -------
    DataFrame with log2FoldChange, lfcSE (both log2 units), stat, pvalue, and df where it is given; one row a gene

    Source: Love, Huber & Anders 2014, doi:10.1186/s13059-014-0550-8, "Wald test".
    """
    effect = coefficients @ contrast / _LN2
    error = np.sqrt(np.einsum("i,gij,j->g", contrast, covariance, contrast)) / _LN2
    if all_zero is not None:
        effect = np.where(all_zero & np.isfinite(effect), 0.0, effect)
    pvalue, stat = tail_probabilities(effect, error, 0.0, None, df)
    tests = pd.DataFrame({"log2FoldChange": effect, "lfcSE": error, "stat": stat, "pvalue": pvalue})
    return tests if df is None else tests.assign(df=df)


def contrast_all_zero(
    counts: np.ndarray, design: pd.DataFrame | np.ndarray, contrast: np.ndarray, samples: np.ndarray | None = None
) -> np.ndarray:
    """Genes with counts, but none in the samples that a contrast compares: their fold change is between two zeros.

    Parameters
    ----------
    counts : (n_samples, n_genes) integers as counted, before outliers are replaced
    design : (n_samples, n_coef)
    contrast : (n_coef,) weights
    samples : (n_samples,) bool, the samples of the two levels compared. None for a contrast of weights: then the samples
        that the weighted columns together touch, and only where some weights are positive and some negative, for a
        single coefficient says nothing of the samples it is compared with.

    Returns
    -------
    (n_genes,) bool

    Source: R DESeq2 `contrastAllZeroCharacter`, `contrastAllZeroNumeric`.
    """
    if samples is None:
        if not ((contrast > 0).any() and (contrast < 0).any()):
            return np.zeros(counts.shape[1], dtype=bool)
        samples = np.asarray(design, dtype=float)[:, contrast != 0].sum(axis=1) != 0
    return ~counts[np.asarray(samples, dtype=bool)].any(axis=0) & counts.any(axis=0)


def threshold_pvalues(
    log2_fold_change: np.ndarray,
    standard_error: np.ndarray,
    threshold: float,
    alternative: Alternative = "greaterAbs",
    df: float | np.ndarray | None = None,
) -> np.ndarray:
    """p-values of one scalar contrast against a fold change.

    Parameters
    ----------
    log2_fold_change, standard_error : (n_genes,) of one scalar contrast, log2 units
    threshold : log2 of the fold change, ≥ 0
    alternative : what a small p-value speaks for. `greaterAbs`, the absolute log2 fold change is above the threshold;
        `lessAbs`, it is below (equivalence); `greater`, the log2 fold change is above the threshold; `less`, it is below
        −threshold
    df : degrees of freedom, as in `wald_test`; of all genes or (n_genes,) of each

    Raises
    ------
    ValueError
        If the threshold is negative or the alternative is none of these.

    Source: R DESeq2 `results(lfcThreshold, altHypothesis)`. It works on the contrast itself, so the result does not depend
    on which level is the reference.
    """
    if not threshold >= 0:
        raise ValueError(f"the threshold {threshold} is negative")
    effect, error = np.asarray(log2_fold_change, dtype=float), np.asarray(standard_error, dtype=float)
    return tail_probabilities(effect, error, threshold, alternative, df)[0]


def keep_sound(tests: pd.DataFrame, na_reason: pd.Series) -> tuple[pd.DataFrame, pd.Series]:
    """Take away the tests that a fit does not support.

    Parameters
    ----------
    tests : (n_genes, …) with pvalue; fold changes and statistics of the kept genes of a fit
    na_reason : (n_genes,) of the fit: `cooks_outlier` loses its p-value, `no_convergence` and `all_zero` all their numbers

    Returns
    -------
    the tests, and the reasons, with `no_convergence` added where a test of a sound fit has no p-value
    """
    reasons = na_reason.to_numpy(dtype=object)
    outlying, unfitted = reasons == "cooks_outlier", np.isin(reasons, ["no_convergence", "all_zero"])
    tests = tests.copy()
    tests.loc[unfitted] = np.nan
    failed = tests["pvalue"].isna().to_numpy() & ~unfitted & ~outlying
    tests.loc[outlying, "pvalue"] = np.nan
    return tests, pd.Series(np.where(failed, "no_convergence", reasons), index=na_reason.index, name="na_reason")
