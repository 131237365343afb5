"""Which gene sets a contrast can test: what the cohort has of each set, what is tested of it, and why one is set aside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from lateralis.inputs.gene_ids import GeneIndex
from lateralis.inputs.gene_sets import Collection

GENE_SET_COLUMNS = ("collection", "set", "description", "genes", "matched", "tested", "used", "reason")
SOURCE_COLUMNS = ("collection", "file", "sha256", "sets", "genes", "matched", "terms")
MEMBER_COLUMNS = ("collection", "set", "gene_id")


@dataclass(frozen=True)
class MatchedSets:
    """Gene sets in the cohort's own ids.

    Attributes
    ----------
    table : a row a set: collection, set, description, genes (of the source), matched (of these, known to the cohort)
    members : set → the cohort's gene ids, each once
    sources : a row a collection: `SOURCE_COLUMNS`
    """

    table: pd.DataFrame
    members: Mapping[str, tuple[str, ...]]
    sources: pd.DataFrame


def match_sets(collections: Sequence[Collection], index: GeneIndex) -> MatchedSets:
    """Find the cohort's genes of each set.

    Parameters
    ----------
    collections : from `read_collections`, names of sets unique over all of them
    index : the cohort's genes

    Raises
    ------
    InputError
        Almost none of a collection's ids are among the cohort's.
    """
    rows, sources, members = [], [], {}
    for collection in collections:
        ids = collection.genes
        index.check(ids, f"gene sets '{collection.name}', {collection.file}", "genes of its sets")
        genes_of = dict(zip(ids, index.find(ids), strict=True))
        for one in collection.sets:
            found = [genes_of[gene] for gene in one.genes]
            members[one.name] = tuple(dict.fromkeys(gene for genes in found for gene in genes))
            counts = {"genes": len(one.genes), "matched": sum(map(bool, found))}
            rows.append({"collection": collection.name, "set": one.name, "description": one.description} | counts)
        sources.append(
            {
                "collection": collection.name,
                "file": collection.file,
                "sha256": collection.sha256,
                "sets": len(collection.sets),
                "genes": len(ids),
                "matched": sum(map(bool, genes_of.values())),
                "terms": collection.terms,
            }
        )
    return MatchedSets(pd.DataFrame(rows), members, pd.DataFrame(sources, columns=list(SOURCE_COLUMNS)))


@dataclass(frozen=True)
class RestrictedSets:
    """The sets that one contrast tests.

    Attributes
    ----------
    names : (n_sets,) text
    membership : (n_sets, n_genes) sparse, 1 where a tested gene is a member
    sizes : set → number of its tested genes, of every set
    reasons : set → why it is set aside, of every set; empty for those tested
    """

    names: np.ndarray
    membership: sparse.csr_array
    sizes: pd.Series
    reasons: pd.Series

    def positions(self, number: int) -> np.ndarray:
        """Positions of the tested genes of a set, sorted."""
        start, end = self.membership.indptr[number : number + 2]
        return self.membership.indices[start:end]


def restrict(matched: MatchedSets, genes: Sequence[str], min_size: int, max_size: int) -> RestrictedSets:
    """Restrict sets to the genes that a contrast tests, and set aside those of the wrong size.

    Parameters
    ----------
    matched : sets in the cohort's ids
    genes : (n_genes,) ids of the tested genes
    min_size, max_size : fewest and most tested genes of a set
    """
    place = {gene: number for number, gene in enumerate(genes)}
    positions, sizes, reasons = [], {}, {}
    for name, given in zip(matched.table["set"], matched.table["genes"], strict=True):
        found = sorted(place[gene] for gene in matched.members[name] if gene in place)
        sizes[name] = len(found)
        reasons[name] = _reason(len(found), int(given), len(genes), min_size, max_size)
        if not reasons[name]:
            positions.append(found)
    names = np.array([name for name, reason in reasons.items() if not reason], dtype=object)
    lengths = [0, *(len(found) for found in positions)]
    membership = sparse.csr_array(
        (np.ones(sum(lengths)), np.array([at for found in positions for at in found], dtype=int), np.cumsum(lengths)),
        shape=(len(names), len(genes)),
    )
    return RestrictedSets(names, membership, pd.Series(sizes, dtype=int), pd.Series(reasons, dtype=object))


def _reason(tested: int, given: int, universe: int, min_size: int, max_size: int) -> str:
    """Why a set is not tested; empty where it is."""
    if given > universe:
        return "has more genes than are tested"
    if tested < min_size:
        return f"fewer than min_size {min_size} tested genes"
    if tested > max_size:
        return f"more than max_size {max_size} tested genes"
    if tested >= universe - 1:
        return "holds all tested genes, so there are none to compare it with"
    return ""


def gene_set_table(matched: MatchedSets, tested: Mapping[str, RestrictedSets]) -> pd.DataFrame:
    """What became of every set.

    Parameters
    ----------
    matched : sets in the cohort's ids
    tested : contrast → its sets; without those that were refused

    Returns
    -------
    DataFrame with `GENE_SET_COLUMNS`: tested, the most of its genes that a contrast tests; used, in how many contrasts it is
    tested; reason, why not in all, with the contrasts where they differ
    """
    table = matched.table.copy()
    sizes = pd.DataFrame({name: sets.sizes for name, sets in tested.items()}, index=table["set"])
    reasons = pd.DataFrame({name: sets.reasons for name, sets in tested.items()}, index=table["set"], dtype=object)
    table["tested"] = sizes.max(axis=1).fillna(0).astype(int).to_numpy()
    table["used"] = (reasons == "").sum(axis=1).to_numpy()
    table["reason"] = [_over_contrasts(row) for _, row in reasons.iterrows()]
    return table[list(GENE_SET_COLUMNS)]


def _over_contrasts(reasons: pd.Series) -> str:
    if reasons.empty:
        return "no contrast was tested"
    if reasons.nunique() == 1:
        return str(reasons.iloc[0])
    by_reason = reasons[reasons != ""].groupby(reasons, sort=False).groups
    return "; ".join(f"{reason} in {', '.join(contrasts)}" for reason, contrasts in by_reason.items())


def member_table(
    matched: MatchedSets, tested: Mapping[str, RestrictedSets], genes: Mapping[str, Sequence[str]]
) -> pd.DataFrame:
    """Members of every set that a contrast tests, as far as a contrast tests them, in the cohort's order of sets.

    Parameters
    ----------
    matched, tested : as in `gene_set_table`
    genes : contrast → its tested genes

    Returns
    -------
    DataFrame with `MEMBER_COLUMNS`
    """
    anywhere = {gene for ids in genes.values() for gene in ids}
    used = {name for sets in tested.values() for name in sets.names}
    rows = [
        (collection, name, gene)
        for collection, name in zip(matched.table["collection"], matched.table["set"], strict=True)
        if name in used
        for gene in matched.members[name]
        if gene in anywhere
    ]
    return pd.DataFrame(rows, columns=list(MEMBER_COLUMNS))
