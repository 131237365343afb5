"""Reads the merged gene counts of nf-core/rnaseq (salmon.merged.gene_counts.tsv, rsem.merged.gene_counts.tsv).

Source: nf-co.re/rnaseq, "Output": gene_id, gene_name (salmon) or transcript_id(s) (rsem), then one column a sample.
"""

from __future__ import annotations

from lateralis.errors import InputError
from lateralis.inputs.formats.content import Parsed
from lateralis.inputs.formats.matrix import read_table
from lateralis.inputs.formats.text import Header, read_header

ANNOTATION = ("gene_name", "transcript_id(s)", "transcript_ids")
NO_LENGTHS = (
    "The merged gene counts of nf-core/rnaseq come without transcript lengths, so a shift between long and short "
    "transcripts of a gene can look like a change of its expression."
)


def sample_names(path: str) -> list[str]:
    """Names of the sample columns, verbatim; only the first lines are read."""
    header = _header(path)
    return header.fields[_first_sample(header) :]


def read(path: str) -> Parsed:
    """Read the whole table; its counts are estimates with fractions."""
    header = _header(path)
    table = read_table(path, header, _first_sample(header))
    return Parsed(table.values, gene_names=table.gene_names, notes=[NO_LENGTHS])


def _header(path: str) -> Header:
    header = read_header(path)
    if header.fields[0] != "gene_id":
        raise InputError(
            path,
            f"its first column is '{header.fields[0]}'",
            "nf-core/rnaseq writes `gene_id`, `gene_name`, then the samples; other tables have format `matrix`",
        )
    return header


def _first_sample(header: Header) -> int:
    return 1 + sum(name in ANNOTATION for name in header.fields[1:3])
