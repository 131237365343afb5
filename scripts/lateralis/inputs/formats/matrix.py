"""Reads a genes × samples table, TSV or CSV: first column gene ids, then one column a sample, and nothing else."""

from __future__ import annotations

import pandas as pd

from lateralis.inputs.formats.content import Parsed
from lateralis.inputs.formats.text import Header, read_header, read_rows


def sample_names(path: str) -> list[str]:
    """Names of the sample columns, verbatim; only the first lines are read."""
    return read_header(path).fields[1:]


def read(path: str) -> Parsed:
    """Read the whole table."""
    return read_table(path, read_header(path), 1)


def read_table(path: str, header: Header, first_sample: int) -> Parsed:
    """Read a table whose first column is the gene id and whose samples start at a column, as of `first_sample`.

    A column `gene_name` between them gives the symbols.
    """
    names = header.fields[first_sample:]
    between = header.fields[1:first_sample]
    symbol = 1 + between.index("gene_name") if "gene_name" in between else None
    rows = read_rows(path, header, range(first_sample, len(header.fields)), (0,) if symbol is None else (0, symbol))
    genes = pd.Index(rows.texts[0], dtype=object, name="gene_id")
    symbols = None
    if symbol is not None:
        symbols = pd.Series(rows.texts[symbol], index=genes, name="gene_name", dtype=object)
    values = pd.DataFrame(rows.numbers, index=genes, columns=pd.Index(names, dtype=object))
    return Parsed(values, gene_names=symbols)
