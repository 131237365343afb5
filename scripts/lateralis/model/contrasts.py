"""Tests of hypotheses on a fit: cheap linear algebra on stored coefficients and covariances."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import ndtr

_LN2 = float(np.log(2))
_MIN_MU = 0.5
_RIDGE = 1e-6


def coefficient_covariance(
    coefficients: np.ndarray, dispersions: np.ndarray, size_factors: np.ndarray, design: np.ndarray, block: int = 1024
) -> np.ndarray:
    """Covariance of each gene's coefficients at the fit.

    Parameters
    ----------
    coefficients : (n_genes, n_coef) natural-log scale
    dispersions : (n_genes,)
    size_factors : (n_samples,)
    design : (n_samples, n_coef)
    block : genes at a time, which bounds the memory

    Returns
    -------
    (n_genes, n_coef, n_coef) float; NaN where a coefficient is

    Means are floored at 0.5 in the weights, as in R and unlike PyDESeq2: a group of zeros would otherwise look infinitely
    uncertain. Source: R DESeq2 `fitBeta` (DESeq2.cpp).
    """
    n_genes, n_coef = coefficients.shape
    covariance = np.full((n_genes, n_coef, n_coef), np.nan)
    products = (design[:, :, None] * design[:, None, :]).reshape(len(design), -1)
    for start in range(0, n_genes, block):
        part = slice(start, start + block)
        usable = np.flatnonzero(np.isfinite(coefficients[part]).all(axis=1) & np.isfinite(dispersions[part])) + start
        mu = np.fmax(size_factors * np.exp(coefficients[usable] @ design.T), _MIN_MU)
        weights = mu / (1 + mu * dispersions[usable, None])
        information = (weights @ products).reshape(-1, n_coef, n_coef)
        inverse = np.linalg.inv(information + _RIDGE * np.eye(n_coef))
        covariance[usable] = inverse @ information @ inverse
    return covariance


def wald_test(coefficients: np.ndarray, covariance: np.ndarray, contrast: np.ndarray) -> pd.DataFrame:
    """Wald test of one linear contrast in every gene, against zero.

    Parameters
    ----------
    coefficients : (n_genes, n_coef) natural-log scale
    covariance : (n_genes, n_coef, n_coef)
    contrast : (n_coef,) weights

    Returns
    -------
    DataFrame with log2FoldChange, lfcSE (both log2 units), stat, pvalue; one row a gene

    Source: Love, Huber & Anders 2014, doi:10.1186/s13059-014-0550-8, "Wald test".
    """
    effect = coefficients @ contrast / _LN2
    error = np.sqrt(np.einsum("i,gij,j->g", contrast, covariance, contrast)) / _LN2
    stat = effect / error
    return pd.DataFrame({"log2FoldChange": effect, "lfcSE": error, "stat": stat, "pvalue": 2 * ndtr(-np.abs(stat))})


def threshold_pvalues(log2_fold_change: np.ndarray, standard_error: np.ndarray, threshold: float) -> np.ndarray:
    """p-values of the hypothesis that the absolute log2 fold change is at most `threshold`.

    Parameters
    ----------
    log2_fold_change, standard_error : (n_genes,) of one scalar contrast, log2 units
    threshold : log2 of the fold change, ≥ 0

    Source: R DESeq2 `results(altHypothesis = "greaterAbs")`. It works on the contrast itself, so the result does not depend
    on which level is the reference.
    """
    return np.minimum(1.0, 2 * ndtr((threshold - np.abs(log2_fold_change)) / standard_error))
