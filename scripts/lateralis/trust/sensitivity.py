"""The same question with other means: extreme counts drawn in, and a rank test that knows no distribution."""

from __future__ import annotations

import numpy as np
from scipy.stats import mannwhitneyu

WINSORISED = 0.95
FEWEST_FOR_RANKS = 10


def winsorised(counts: np.ndarray, factors: np.ndarray, *, whole: bool = True) -> np.ndarray:
    """Counts whose normalised values beyond a gene's 95 % quantile are set to it.

    Parameters
    ----------
    counts : (n_samples, n_genes) integers
    factors : (n_samples, 1) or (n_samples, n_genes) what counts are divided by to normalise them
    whole : whether to round down to whole numbers

    Li et al. 2022, doi:10.1186/s13059-022-02648-4, show how single counts inflate parametric tests in large groups.
    """
    normalised = counts / factors
    limit = np.quantile(normalised, WINSORISED, axis=0)
    capped = np.floor(limit * factors) if whole else limit * factors
    return np.where(normalised > limit, capped, counts).astype(counts.dtype)


def rank_test(normalised: np.ndarray, in_test: np.ndarray, in_reference: np.ndarray) -> np.ndarray:
    """p-values of the Wilcoxon–Mann–Whitney test of two groups, (n_genes,); NaN for genes with one value throughout.

    Parameters
    ----------
    normalised : (n_samples, n_genes)
    in_test, in_reference : (n_samples,) bool
    """
    found = mannwhitneyu(normalised[in_test], normalised[in_reference], axis=0, method="asymptotic").pvalue
    found = np.asarray(found, dtype=float)
    found[np.ptp(normalised[in_test | in_reference], axis=0) == 0] = np.nan
    return found
