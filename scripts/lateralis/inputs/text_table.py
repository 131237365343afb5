"""How a small table that a user names is read: whole, as text, and refused where it is none."""

from __future__ import annotations

import csv
from collections.abc import Collection
from pathlib import Path

import pandas as pd

from lateralis.errors import InputError, listing
from lateralis.inputs.files import text_lines
from lateralis.inputs.formats.content import repeated

LARGEST = 32_000_000  # characters


def read_text_table(
    path: str | Path, wanted: str, columns: Collection[str] = (), *, row_of: str = "sample"
) -> pd.DataFrame:
    """Every cell as text, verbatim, indexed by line; header checked for repeated names before pandas could rename them.

    Parameters
    ----------
    path : tab-, comma- or semicolon-separated text in UTF-8, plain or gzipped, with a header
    wanted : what would be right, as a sentence for messages
    columns : those that it must have; others are kept, too
    row_of : what a row is of

    Raises
    ------
    InputError
        With the file, the row or column, what was found and what would be right.
    """
    lines, size = [], 0
    for line in text_lines(str(path), wanted):
        lines.append(line)
        size += len(line)
        if size > LARGEST:
            raise InputError(str(path), f"has more than {LARGEST:,} characters", wanted)
    header = next((line for line in lines if line.strip()), None)
    if header is None:
        raise InputError(str(path), "is empty", wanted)
    delimiter = "\t" if "\t" in header else ";" if ";" in header and "," not in header else ","
    csv.field_size_limit(LARGEST)
    reader = csv.reader(lines, delimiter=delimiter)
    try:
        rows = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise InputError(f"{path}, row {reader.line_num}", f"is no row of a table ({error})", wanted) from None
    if not rows:
        raise InputError(str(path), "is empty", wanted)
    header_cells = rows.pop(0)[1]
    twice = repeated(header_cells)
    if twice:
        raise InputError(f"{path}, header", f"names column {listing(twice)} twice", "Give each column its own name")
    missing = [column for column in columns if column not in header_cells]
    if missing:
        raise InputError(f"{path}, header", f"has no column {listing(missing)}; it has {listing(header_cells)}", wanted)
    for number, row in rows:
        if len(row) != len(header_cells):
            raise InputError(f"{path}, row {number}", f"has {len(row)} fields", f"The header has {len(header_cells)}")
    if not rows:
        raise InputError(str(path), "has a header and no rows", f"Give one row a {row_of}")
    numbers, cells = zip(*rows, strict=True)
    return pd.DataFrame(list(cells), index=list(numbers), columns=header_cells, dtype=object)
