"""Which genes of a cohort the ids of a foreign list mean: Ensembl ids of any version, the cohort's own ids, or symbols."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import pandas as pd

from lateralis.errors import InputError, listing
from lateralis.inputs.annotation import is_par_y, strip_version

LEAST_SHARE = 0.1  # of a list's ids that the cohort must have
_KINDS = {
    "Ensembl gene ids": re.compile(r"^ENS[A-Z]*G\d{6,}"),
    "Ensembl transcript or protein ids": re.compile(r"^ENS[A-Z]*[TP]\d{6,}"),
    "RefSeq accessions": re.compile(r"^[NX][MRP]_\d+"),
    "Entrez gene numbers": re.compile(r"^\d+$"),
    "Enrichr's genes with weights": re.compile(r"^[^,]+,[\d.]+$"),
}


class GeneIndex:
    """The cohort's genes by id, by id without version, and by symbol.

    Parameters
    ----------
    genes : DataFrame, index gene_id; ensembl_id (without version) and gene_name, as `annotate` gives them
    """

    def __init__(self, genes: pd.DataFrame) -> None:
        kept = genes[~is_par_y(genes.index).to_numpy()]  # reads of a Y copy are counted on X
        self.ids = [str(gene) for gene in kept.index]
        self._known = set(self.ids)
        self._by_id = _grouped(kept["ensembl_id"].astype(str), self.ids)
        self._by_name = _grouped(kept["gene_name"].astype(str), self.ids)
        self._symbols = list(self._by_name)

    def find(self, ids: Sequence[str]) -> list[tuple[str, ...]]:
        """Genes that each id means, none where it is unknown; a symbol that several genes carry means all of them."""
        bare = strip_version(ids)
        return [
            (given,) if given in self._known else self._by_id.get(without_version) or self._by_name.get(given, ())
            for given, without_version in zip(ids, bare, strict=True)
        ]

    def check(self, ids: Sequence[str], where: str, noun: str) -> float:
        """Share of a list's ids that the cohort has.

        Parameters
        ----------
        ids : each once
        where : the list, for messages
        noun : what the ids are of, such as `genes of its sets`

        Raises
        ------
        InputError
            Fewer than a tenth are: they are ids of another kind, or of another species.
        """
        known = sum(bool(genes) for genes in self.find(ids))
        share = known / max(len(ids), 1)
        if share < LEAST_SHARE:
            raise InputError(
                where,
                f"{known:,} of the {len(ids):,} {noun} are among the cohort's {len(self.ids):,}: it holds {kind_of(ids)}, "
                f"such as {listing(ids[:3])}; the cohort has {kind_of(self.ids)}, such as {listing(self.ids[:2])}"
                + ("" if self._symbols == self.ids else f", and symbols, such as {listing(self._symbols[:2])}"),
                "Give the genes by the cohort's own ids, Ensembl gene ids or symbols of its species",
            )
        return share


def _grouped(keys: Iterable[str], ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for key, gene in zip(keys, ids, strict=True):
        if key:
            found.setdefault(key, []).append(gene)
    return {key: tuple(genes) for key, genes in found.items()}


def kind_of(ids: Iterable[str]) -> str:
    """What most ids of a list look like, in words."""
    counts = dict.fromkeys([*_KINDS, "symbols"], 0)
    for one in ids:
        counts[next((kind for kind, pattern in _KINDS.items() if pattern.match(one)), "symbols")] += 1
    return max(counts, key=lambda kind: counts[kind])
