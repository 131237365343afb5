"""The shape of a contrast's p-values, in words."""

from __future__ import annotations

import numpy as np

N_BINS = 20
_FEWEST = 200


def histogram_verdict(pvalues: np.ndarray) -> tuple[str, str]:
    """Shape of p-values and what it says.

    Parameters
    ----------
    pvalues : (n_genes,) NaN where a gene was not tested

    Returns
    -------
    verdict: `uniform`, `conservative`, `anti-conservative`, `U-shaped` or `not assessed`; and a sentence

    A bin stands out where it exceeds the mean of the middle ones by 4 standard deviations of a count and by a fifth.
    """
    tested = pvalues[np.isfinite(pvalues)]
    if len(tested) < _FEWEST:
        return "not assessed", f"{len(tested)} p-values are too few for a shape"
    counts = np.histogram(tested, bins=N_BINS, range=(0, 1))[0].astype(float)
    middle = counts[N_BINS // 4 : 3 * N_BINS // 4].mean()
    excess = max(4 * np.sqrt(middle), 0.2 * middle)
    first, last = counts[0] > middle + excess, counts[-2:].mean() > middle + excess
    if first and last:
        return (
            "U-shaped",
            "many p-values near 0 and near 1: discrete counts, or groups that differ in variance or composition",
        )
    if last or counts[: N_BINS // 4].mean() < middle - excess / 2:
        return (
            "conservative",
            "fewer small p-values than chance gives: an unmodelled group of samples, or dispersions too large",
        )
    if first:
        return (
            "anti-conservative",
            "more small p-values than chance gives: effects, or a test too liberal, which permutations tell",
        )
    return "uniform", "as many small p-values as chance gives: no effect can be seen"
