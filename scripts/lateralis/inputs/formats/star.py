"""Reads STAR's ReadsPerGene.out.tab, one a sample, and decides which of its three columns fits the library protocol.

Source: STAR manual, "Counting number of reads per gene": columns gene id, unstranded, counts for the first read strand
aligned with RNA (forward), counts for the second (reverse); four `N_` rows first.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from lateralis.errors import InputError, listing
from lateralis.inputs.formats.content import Parsed, check_amounts
from lateralis.inputs.formats.samplewise import aligned_tables
from lateralis.inputs.formats.text import Header, first_rows, read_rows

COLUMNS = {"unstranded": 1, "forward": 2, "reverse": 3}
SPECIAL = ("N_unmapped", "N_multimapping", "N_noFeature", "N_ambiguous")
CLEAR = 3.0  # a stranded library puts at least three times as many reads on its own strand: in practice ten or more
EVEN = 1.5  # an unstranded one puts about as many on either
ENOUGH = 100  # reads on the two strands together below which a sample says nothing


def check_header(path: str) -> None:
    """Raise `InputError` unless the first line looks as STAR writes it."""
    rows, _, _ = first_rows(path, 1)
    if len(rows[0]) != 4 or rows[0][0] not in SPECIAL:
        raise InputError(
            path,
            f"its first line begins with '{rows[0][0]}' and has {len(rows[0])} fields",
            "STAR writes ReadsPerGene.out.tab with four fields, first `N_unmapped`",
        )


def read(files: Mapping[str, str], strand: str) -> Parsed:
    """Read the file of each sample, choose the column, and join by gene.

    Parameters
    ----------
    files : file of each sample
    strand : `unstranded`, `forward`, `reverse`, or `auto` to infer it from all samples
    """
    tables = dict(aligned_tables(files, _read_one))
    totals = pd.DataFrame({sample: table.sum() for sample, table in tables.items()}).T
    column, note = infer_strand(totals) if strand == "auto" else (strand, _contradiction(totals, strand))
    counts = {sample: table[column] for sample, table in tables.items()}
    return Parsed(pd.DataFrame(counts), notes=[note] if note else [])


def infer_strand(totals: pd.DataFrame) -> tuple[str, str]:
    """Protocol that all samples share, from the reads counted on either strand.

    Parameters
    ----------
    totals : (n_samples, ...) reads in genes, with columns `forward` and `reverse`

    Returns
    -------
    `forward`, `reverse` or `unstranded`, and a sentence for the report

    Raises
    ------
    InputError
        The ratio is neither clear nor even, or samples are clearly of different protocols.
    """
    forward, reverse = float(totals["forward"].sum()), float(totals["reverse"].sum())
    shares = f"{forward:,.0f} reads on the forward and {reverse:,.0f} on the reverse strand of genes"
    strand = _protocol(forward, reverse)
    if strand is None:
        raise InputError(
            "input.counts.strand",
            f"the protocol cannot be told from the counts ({shares} over all samples)",
            "Set `strand` to unstranded, forward or reverse",
        )
    told = totals[totals["forward"] + totals["reverse"] >= ENOUGH]
    protocols = {sample: _protocol(row["forward"], row["reverse"]) for sample, row in told.iterrows()}
    others = [sample for sample, protocol in protocols.items() if protocol not in (None, strand)]
    if others:
        raise InputError(
            "input.counts.strand",
            f"all samples together look {strand}, but {len(others)} do not: {listing(others)}",
            "Libraries of different protocols cannot share one column: check them, or set `strand`",
        )
    return strand, f"STAR counts were read as {strand}, inferred from all samples ({shares})."


def _protocol(forward: float, reverse: float) -> str | None:
    """Protocol behind two totals, or None where they do not tell."""
    if forward >= CLEAR * reverse and forward > 0:
        return "forward"
    if reverse >= CLEAR * forward and reverse > 0:
        return "reverse"
    return "unstranded" if max(forward, reverse) <= EVEN * min(forward, reverse) else None


def _contradiction(totals: pd.DataFrame, strand: str) -> str | None:
    """A note where the counts speak clearly against the strand that was set."""
    protocol = _protocol(float(totals["forward"].sum()), float(totals["reverse"].sum()))
    if protocol in (None, strand):
        return None
    return (
        f"STAR counts were read as {strand}, as set in the config, although the counts of all samples look {protocol}."
    )


def _read_one(sample: str, path: str) -> pd.DataFrame:
    """Counts by gene id in the columns of `COLUMNS`."""
    check_header(path)
    rows = read_rows(path, Header(["gene", *COLUMNS], "\t", 0), list(COLUMNS.values()))
    genes = pd.Index(rows.texts[0], dtype=object, name="gene_id")
    counts = pd.DataFrame(rows.numbers, index=genes, columns=list(COLUMNS))[~genes.isin(SPECIAL)]
    for strand in COLUMNS:
        check_amounts(counts[[strand]].set_axis([sample], axis=1), {sample: path}, quantity=f"{strand} count")
    return counts
