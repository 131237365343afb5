"""Which gene of one cohort is which gene of another: by identifier without its version, else by name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

VERSION = re.compile(r"(ENS[A-Z]*G\d{6,})\.\d+")  # the whole of it: `…_PAR_Y` is another gene than the one on X
ABSENT = -1


@dataclass(frozen=True)
class MatchedGenes:
    """Genes of several cohorts beside each other.

    Attributes
    ----------
    genes : DataFrame (n_genes) with gene_id, without version, and gene_name, both of the first cohort that has the gene;
        sorted by gene_id
    rows : (n_genes, n_cohorts) row of the gene in each cohort's table, `ABSENT` where it has none
    counts : DataFrame, one row a cohort: cohort, genes, by_id and by_name (matched with a cohort before it), alone
    """

    genes: pd.DataFrame
    rows: np.ndarray
    counts: pd.DataFrame


def match_genes(tables: Mapping[str, pd.DataFrame]) -> MatchedGenes:
    """Match the genes of several cohorts.

    Parameters
    ----------
    tables : cohort → its genes, with gene_id (unique) and gene_name

    Notes
    -----
    A gene is matched by identifier with those of the cohorts before it. One whose identifier none of them has is matched by
    name, upper and lower case alike, if the name belongs to one such gene here and to one gene there that this cohort has not
    matched by identifier: a name that several genes bear, such as `Y_RNA`, matches nothing. A version is left out only where
    the identifier is still unique without it.
    """
    ids: list[str] = []
    names: list[str] = []
    columns: list[np.ndarray] = []
    counts = []
    for cohort, table in tables.items():
        own_ids, own_names = _unversioned(table["gene_id"]), table["gene_name"].fillna("").astype(str).to_numpy()
        place = pd.Index(ids).get_indexer(pd.Index(own_ids))
        by_id = place >= 0
        free = np.ones(len(ids), dtype=bool)
        free[place[by_id]] = False
        place = np.where(by_id, place, _by_name(own_names, ~by_id, names, free))
        by_name = ~by_id & (place >= 0)
        new = np.flatnonzero(place < 0)
        place[new] = len(ids) + np.arange(len(new))
        ids += list(own_ids[new])
        names += list(own_names[new])
        rows = np.full(len(ids), ABSENT)
        rows[place] = np.arange(len(table))
        columns.append(rows)
        found = (len(table), int(by_id.sum()), int(by_name.sum()))
        counts.append((cohort, *found, found[0] - found[1] - found[2]))
    matched = np.full((len(ids), len(columns)), ABSENT)
    for number, rows in enumerate(columns):
        matched[: len(rows), number] = rows
    genes = pd.DataFrame({"gene_id": ids, "gene_name": names}, dtype=object).sort_values("gene_id", kind="stable")
    return MatchedGenes(
        genes.reset_index(drop=True),
        matched[genes.index.to_numpy()],
        pd.DataFrame(counts, columns=["cohort", "genes", "by_id", "by_name", "alone"]),
    )


def _unversioned(gene_ids: pd.Series) -> np.ndarray:
    """Identifiers without Ensembl's version, where they stay unique."""
    whole = gene_ids.astype(str)
    short = whole.map(lambda text: found[1] if (found := VERSION.fullmatch(text)) else text)
    return short.where(~short.duplicated(keep=False), whole).to_numpy(dtype=object)


def _by_name(own: np.ndarray, unmatched: np.ndarray, names: list[str], free: np.ndarray) -> np.ndarray:
    """Place of each own gene among the genes so far, by a name that is unique on both sides; `ABSENT` where there is none."""
    ours = pd.Series(own[unmatched], index=np.flatnonzero(unmatched), dtype=object).str.upper()
    theirs = pd.Series(np.asarray(names, dtype=object)[free], index=np.flatnonzero(free), dtype=object).str.upper()
    ours = ours[(ours != "") & ~ours.duplicated(keep=False)]
    theirs = theirs[(theirs != "") & ~theirs.duplicated(keep=False)]
    place = np.full(len(own), ABSENT)
    place[ours.index] = pd.Series(theirs.index, index=theirs.to_numpy()).reindex(ours.to_numpy()).fillna(ABSENT)
    return place
