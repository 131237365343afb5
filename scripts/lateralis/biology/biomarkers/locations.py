"""Where the products of genes are found, from a table that the user gives: which genes of a panel are surface or secreted."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from lateralis.errors import InputError, listing
from lateralis.inputs.annotation import strip_version
from lateralis.inputs.locations import read_location_table


class Locations(NamedTuple):
    """What a table says.

    Attributes
    ----------
    location : (n_genes,) text, several places joined by `; `; empty where the table says nothing
    n_listed, n_unknown : genes of the table, and those of them that are not in the counts
    """

    location: np.ndarray
    n_listed: int
    n_unknown: int


def read_locations(path: str | Path, genes: pd.DataFrame) -> Locations:
    """Match a table of locations to the genes of the counts: by id, with or without version, else by name.

    Parameters
    ----------
    path : table, TSV or CSV, with columns gene and location
    genes : (n_genes,) index gene id, column gene_name

    Raises
    ------
    InputError
        If the file is no such table, or no gene of it is in the counts.
    """
    cells = read_location_table(path)
    listed = cells["gene"].unique().tolist()
    found = match_genes(listed, genes)
    if not found:
        raise InputError(
            str(path),
            f"none of its {len(listed)} genes is in the counts: here {listing(listed, 3)}, there {listing(genes.index[:3])} "
            f"({listing(genes['gene_name'][:3])})",
            "Give ids or names as the counts have them",
        )
    places: dict[int, list[str]] = {}
    for gene, location in cells.itertuples(index=False):
        for position in found.get(gene, ()):
            if location not in places.setdefault(position, []):
                places[position].append(location)
    location = np.full(len(genes), "", dtype=object)
    for position, words in places.items():
        location[position] = "; ".join(words)
    return Locations(location, len(listed), len(listed) - len(found))


def match_genes(listed: list[str], genes: pd.DataFrame) -> dict[str, list[int]]:
    """Positions of the genes that a list names, by the name in the list; names that no gene has are absent."""
    by_name: dict[str, list[int]] = {}
    keys = [
        pd.Index(genes["gene_name"], dtype=object),
        strip_version(genes.index),
        pd.Index(genes.index, dtype=object),
    ]
    for key in keys:  # an id says more than a name, a whole id more than one without version
        own: dict[str, list[int]] = {}
        for position, name in enumerate(key):
            own.setdefault(str(name), []).append(position)
        by_name |= own
    bare = strip_version(listed)
    found = {}
    for name, without_version in zip(listed, bare, strict=True):
        at = by_name.get(str(name)) or by_name.get(str(without_version))
        if at:
            found[str(name)] = at
    return found
