"""Reads the tables of htseq-count, one a sample: gene id and count, then the special counters `__no_feature` and so on.

Source: HTSeq documentation, "htseq-count: counting reads within features".
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from lateralis.errors import InputError
from lateralis.inputs.formats.content import Parsed
from lateralis.inputs.formats.samplewise import aligned_tables
from lateralis.inputs.formats.text import Header, first_rows, read_rows


def check_header(path: str) -> None:
    """Raise `InputError` unless the first line looks as htseq-count writes it."""
    _header(path)


def read(files: Mapping[str, str]) -> Parsed:
    """Read the file of each sample and join them by gene."""
    counts = {sample: table["count"] for sample, table in aligned_tables(files, _read_one)}
    return Parsed(pd.DataFrame(counts))


def _header(path: str) -> Header:
    rows, delimiter, skipped = first_rows(path, 1)
    if len(rows[0]) != 2:
        raise InputError(path, f"its first line has {len(rows[0])} fields", "htseq-count writes two: gene id and count")
    # with --with-header the first line is an empty field and the name of the BAM file
    return Header(["gene", "count"], delimiter, skipped + (rows[0][0] == ""))


def _read_one(sample: str, path: str) -> pd.DataFrame:
    """Column `count` by gene id."""
    rows = read_rows(path, _header(path), [1])
    genes = pd.Index(rows.texts[0], dtype=object, name="gene_id")
    counts = pd.DataFrame(rows.numbers, index=genes, columns=["count"])
    return counts[~counts.index.str.startswith("__")]
