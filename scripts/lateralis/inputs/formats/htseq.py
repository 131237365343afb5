"""Reads the tables of htseq-count, one a sample: gene id and count, then the special counters `__no_feature` and so on.

Source: HTSeq documentation, "htseq-count: counting reads within features".
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from lateralis.errors import InputError
from lateralis.inputs.formats.content import Parsed, check_ids
from lateralis.inputs.formats.samplewise import join_genes
from lateralis.inputs.formats.text import Header, first_rows, read_rows


def check_header(path: str) -> None:
    """Raise `InputError` unless the first line looks as htseq-count writes it."""
    _header(path)


def read(files: Mapping[str, str]) -> Parsed:
    """Read the file of each sample and join them by gene."""
    return Parsed(join_genes({sample: _read_one(path) for sample, path in files.items()}, files))


def _header(path: str) -> Header:
    rows, delimiter, skipped = first_rows(path, 1)
    if len(rows[0]) != 2:
        raise InputError(path, f"its first line has {len(rows[0])} fields", "htseq-count writes two: gene id and count")
    # with --with-header the first line is an empty field and the name of the BAM file
    return Header(["gene", "count"], delimiter, skipped + (rows[0][0] == ""))


def _read_one(path: str) -> pd.Series:
    """Counts by gene id, int64 or float64."""
    table = read_rows(path, _header(path), [1])
    counts = table[1].set_axis(pd.Index(table[0], dtype=object, name="gene_id"))
    counts = counts[~counts.index.str.startswith("__")]
    check_ids(counts.index, path)
    return counts
