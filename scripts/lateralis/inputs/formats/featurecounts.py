"""Reads the table of featureCounts, whose samples are often named by the paths of their BAM files.

Source: Subread Users Guide, "Summarization": a `#` line, then Geneid, Chr, Start, End, Strand, Length, attributes asked
for with --extraAttributes, and one column a BAM file.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from lateralis.errors import InputError
from lateralis.inputs.formats.content import Parsed, repeated
from lateralis.inputs.formats.matrix import read_table
from lateralis.inputs.formats.text import Header, read_header

FIXED = ["Geneid", "Chr", "Start", "End", "Strand", "Length"]
ATTRIBUTES = ("gene_name", "gene_biotype", "gene_type")
STEMS_USED = (
    "Samples are named by their BAM files in the count table; the file names without folder and ending were used."
)


def sample_names(path: str) -> list[str]:
    """Names of the sample columns, verbatim; only the first lines are read."""
    header = _header(path)
    return header.fields[_first_sample(header) :]


def read(path: str) -> Parsed:
    """Read the whole table."""
    header = _header(path)
    return read_table(path, header, _first_sample(header))


def names_or_stems(names: list[str], samples: Collection[str]) -> tuple[list[str], str | None]:
    """Names as they are, or as the stems of BAM paths where that is what fits the samples.

    Returns
    -------
    the names, and a note when they were changed
    """
    stems = [re.sub(r"\.(bam|sam|cram)$", "", re.split(r"[/\\]", name)[-1]) for name in names]
    wanted = set(samples)
    better = len(wanted.intersection(stems)) > len(wanted.intersection(names))
    if stems == names or not better or repeated(stems):
        return names, None
    return stems, STEMS_USED


def _header(path: str) -> Header:
    header = read_header(path, comment="#")
    if header.fields[: len(FIXED)] != FIXED:
        raise InputError(
            path,
            f"its columns begin with {', '.join(header.fields[:6])!r:.80}",
            f"featureCounts writes {', '.join(FIXED)}, then the samples; other tables have format `matrix`",
        )
    return header


def _first_sample(header: Header) -> int:
    first = len(FIXED)
    while first < len(header.fields) and header.fields[first] in ATTRIBUTES:
        first += 1
    return first
