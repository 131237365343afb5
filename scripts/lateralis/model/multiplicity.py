"""Multiple testing: Benjamini–Hochberg after independent filtering on the mean count, R DESeq2's way."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lateralis.model.lowess import lowess

_N_CUTOFFS = 50


def benjamini_hochberg(pvalues: np.ndarray) -> np.ndarray:
    """Adjusted p-values; NaN where the p-value is, which does not count as a test.

    Source: Benjamini & Hochberg 1995; R `p.adjust(method = "BH")`.
    """
    adjusted = np.full(len(pvalues), np.nan)
    order = _descending(pvalues)
    adjusted[order] = _adjust(pvalues[order])
    return adjusted


def _descending(pvalues: np.ndarray) -> np.ndarray:
    """Positions of the p-values from the largest down; those of missing ones are left out."""
    tested = np.flatnonzero(~np.isnan(pvalues))
    return tested[np.argsort(-pvalues[tested], kind="stable")]


def _adjust(descending: np.ndarray) -> np.ndarray:
    """Adjusted p-values of p-values that are sorted from the largest down."""
    n_tests = len(descending)
    return np.minimum(1.0, np.minimum.accumulate(descending * n_tests / np.arange(n_tests, 0, -1)))


class Filtered(NamedTuple):
    """Adjusted p-values and the mean count below which genes were left out."""

    padj: np.ndarray
    cutoff: float


def independent_filtering(pvalues: np.ndarray, base_mean: np.ndarray, alpha: float) -> Filtered:
    """Adjust p-values of the genes whose mean count exceeds the cutoff that lets most genes be found.

    Parameters
    ----------
    pvalues : (n_genes,), NaN where a gene was not tested
    base_mean : (n_genes,) filter statistic, independent of the p-value under the null
    alpha : level at which genes found are counted

    Returns
    -------
    padj : (n_genes,), NaN below the cutoff
    cutoff : mean count

    Source: R DESeq2 `pvalueAdjustment`: 50 quantiles of the mean count; the lowest one whose number of rejections comes
    within one residual standard deviation of the maximum of a lowess curve through them.
    """
    share_of_zero = float(np.mean(base_mean == 0)) if len(base_mean) else 0.0
    quantiles = np.linspace(share_of_zero, 0.95 if share_of_zero < 0.95 else 1.0, _N_CUTOFFS)
    if len(base_mean) == 0:
        return Filtered(np.array([]), 0.0)
    cutoffs = np.quantile(base_mean, quantiles)
    order = _descending(pvalues)  # once for all cutoffs: leaving genes out keeps the order
    descending, means = pvalues[order], base_mean[order]
    found = np.array([np.sum(_adjust(descending[means >= cutoff]) < alpha) for cutoff in cutoffs], dtype=float)
    cutoff = cutoffs[_first_near_maximum(quantiles, found)]
    return Filtered(benjamini_hochberg(np.where(base_mean >= cutoff, pvalues, np.nan)), float(cutoff))


def _first_near_maximum(quantiles: np.ndarray, found: np.ndarray) -> int:
    if found.max() <= 10:
        return 0
    smooth = lowess(quantiles, found, 1 / 5)
    residual = (found - smooth)[found > 0]
    near = found > smooth.max() - np.sqrt(np.mean(residual**2))
    return int(near.argmax()) if near.any() else 0
