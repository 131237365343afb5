"""Technical replicates: their counts are summed into one biological sample."""

from __future__ import annotations

import pandas as pd


def sum_replicates(
    counts: pd.DataFrame, lengths: pd.DataFrame | None, units: pd.Series
) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """Sum the counts of each biological sample; average transcript lengths are weighted by them.

    Parameters
    ----------
    counts : (n_genes, n_rows) integers, columns: rows of the sample sheet
    lengths : (n_genes, n_rows) average transcript lengths, if known
    units : row → biological sample

    Returns
    -------
    counts, lengths : the same with one column a biological sample, in order of first appearance. A gene without counts in a
        sample's replicates takes the mean of their lengths.
    """
    names = units[counts.columns].to_numpy()
    if not units.duplicated().any():
        return (
            counts.set_axis(names, axis=1),
            None if lengths is None else lengths[counts.columns].set_axis(names, axis=1),
        )
    summed = counts.T.groupby(names, sort=False).sum().T
    if lengths is None:
        return summed, None
    lengths = lengths[counts.columns]
    weighted = (lengths * counts).T.groupby(names, sort=False).sum().T / summed
    plain = lengths.T.groupby(names, sort=False).mean().T
    return summed, weighted.where(summed > 0, plain)
