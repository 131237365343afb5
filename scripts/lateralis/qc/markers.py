"""Where marker genes are in a cohort's counts, found by Ensembl id or, where the counts carry symbols, by symbol."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd


def find_markers(genes: pd.DataFrame, markers: Mapping[str, str]) -> pd.Series:
    """Positions of marker genes among the genes of a cohort.

    Parameters
    ----------
    genes : (n_genes, …) with ensembl_id and gene_name
    markers : symbol → Ensembl id, without version

    Returns
    -------
    Series, index symbol of the markers found, in the order given: position of the gene. A gene that stands twice is taken
    where it stands first; mouse ids and other species' symbols match nothing.
    """
    numbers = pd.Series(range(len(genes)))
    by_id = numbers.set_axis(genes["ensembl_id"].to_numpy()).groupby(level=0).first()
    by_name = numbers.set_axis(genes["gene_name"].to_numpy()).groupby(level=0).first()
    symbols = pd.Index(list(markers), dtype=object)
    found = by_id.reindex([markers[symbol] for symbol in symbols]).set_axis(symbols)
    return found.fillna(by_name.reindex(symbols)).dropna().astype(int)
