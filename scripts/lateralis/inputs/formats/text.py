"""Decides how delimited text is read for every count format: compression, encoding, delimiter, header, numbers.

Sample names and gene ids stay text, verbatim: pandas never sees the header (it renames duplicates) and no word means
"missing" (it would take the gene or sample `NA` for an empty cell).
"""

from __future__ import annotations

import csv
import io
import re
import sys
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from lateralis.errors import InputError
from lateralis.inputs.files import LONGEST_LINE, TEXT_WANTED, check_memory, text_blocks, text_lines

DELIMITERS = ("\t", ",", ";")


@dataclass(frozen=True)
class Header:
    """What is known of a table before its first row.

    Attributes
    ----------
    fields : names of the columns, one a field of each row, verbatim; `""` for a first column without a name
    delimiter : what separates the fields
    skip : physical lines before the first row
    """

    fields: list[str]
    delimiter: str
    skip: int


def sniff_delimiter(line: str) -> str | None:
    """Delimiter of a header line: tab where there is one, else the more frequent of comma and semicolon, outside quotes."""
    outside = "".join(line.split('"')[::2])
    if "\t" in outside:
        return "\t"
    best = max(DELIMITERS[1:], key=outside.count)
    return best if best in outside else None


def first_rows(path: str, most: int, comment: str | None = None) -> tuple[list[list[str]], str, int]:
    """The first rows of a file, split into fields; nothing behind them is read.

    Parameters
    ----------
    path : file to read
    most : rows wanted
    comment : what lines to skip at the top begin with

    Returns
    -------
    rows (fewer than `most` where the file ends), the delimiter, and the physical lines before the first of these rows
    """
    lines: list[str] = []
    skipped = 0
    for line in text_lines(path):
        if not lines and (not line.strip() or (comment is not None and line.startswith(comment))):
            skipped += 1
        elif line.strip():
            lines.append(line.rstrip("\n"))
        if len(lines) == most:
            break
    if not lines:
        raise InputError(path, "is empty: it holds no header and no row")
    if lines[0].startswith("# "):
        raise InputError(
            path,
            "its first line is a comment",
            "Remove it; a table that featureCounts wrote has `format: featurecounts`",
        )
    delimiter = sniff_delimiter(lines[0])
    if delimiter is None:
        raise InputError(
            path, f"its first line {lines[0]!r:.60} has no tab, comma or semicolon", "Separate the columns with tabs"
        )
    return [_fields(line, delimiter, path) for line in lines], delimiter, skipped


def _fields(line: str, delimiter: str, path: str) -> list[str]:
    csv.field_size_limit(LONGEST_LINE)
    try:
        return next(csv.reader([line], delimiter=delimiter))
    except csv.Error as error:
        raise InputError(path, f"its first lines are no table ({error})", "Separate the columns with tabs") from None


def read_header(path: str, comment: str | None = None) -> Header:
    """Read the header of a table and one row, to tell whether R left out the name of the first column.

    Raises
    ------
    InputError
        There is no row, or header and first row differ in their number of fields otherwise.
    """
    rows, delimiter, skipped = first_rows(path, 2, comment)
    if len(rows) == 1:
        raise InputError(path, "has one line: a header without rows, or rows without a header")
    header, row = rows
    if len(header) == len(row) - 1:
        header = ["", *header]
    if len(header) != len(row):
        raise InputError(
            path,
            f"its header has {len(header)} fields and its first row {len(row)}",
            "They have the same number of fields, or the header one less where the gene ids have no name",
        )
    return Header(header, delimiter, skipped + 1)


@dataclass(frozen=True)
class Rows:
    """The rows of a table, in the order of the file.

    Attributes
    ----------
    texts : position of a column → (n_rows,) text, verbatim
    numbers : (n_rows, n_numbers) int64 or float64; may be negative, fractional or infinite
    """

    texts: dict[int, np.ndarray]
    numbers: np.ndarray


def read_rows(path: str, header: Header, numbers: Sequence[int], texts: Sequence[int] = (0,)) -> Rows:
    """Read the rows below a header, piece by piece.

    Parameters
    ----------
    path : file to read
    header : as `read_header` returned it
    numbers : positions of the columns that hold numbers
    texts : positions of the columns that are wanted as text

    Raises
    ------
    InputError
        With file, row and column of the first empty or non-numeric cell, or of a row with too many fields; where the rows
        take more memory than those of a file of that size do.
    """
    columns = list(numbers)
    found: dict[int, list[np.ndarray]] = {position: [] for position in texts}
    pieces: list[np.ndarray] = []
    skip, lines, memory = header.skip, 0, 0
    for block in text_blocks(path):
        table = _table(block, path, header, columns, skip, lines)
        lines, skip = lines + block.count(b"\n"), 0
        if table is None:
            continue
        _settle_numbers(table, path, header, columns)
        pieces.append(table[columns].to_numpy() if columns else np.empty((len(table), 0)))
        memory += pieces[-1].nbytes
        for position, parts in found.items():
            parts.append(table[position].to_numpy(dtype=object))
            memory += sum(map(sys.getsizeof, parts[-1])) + parts[-1].nbytes
        check_memory(path, memory)
    if not pieces:
        raise InputError(path, "has no rows")
    return Rows({position: np.concatenate(parts) for position, parts in found.items()}, _stacked(pieces))


def _stacked(pieces: list[np.ndarray]) -> np.ndarray:
    """Pieces of a table as one array; each is let go as soon as it is copied."""
    if len(pieces) == 1:
        return pieces[0]
    whole = np.empty((sum(map(len, pieces)), pieces[0].shape[1]), dtype=np.result_type(*pieces))
    start = 0
    while pieces:
        piece = pieces.pop(0)
        whole[start : start + len(piece)] = piece
        start += len(piece)
    return whole


def _table(
    block: bytes, path: str, header: Header, numbers: Sequence[int], skip: int, lines: int
) -> pd.DataFrame | None:
    """A piece of a table behind `lines` others, its columns named by position; None where it holds no row."""
    text: dict[Hashable, type[str]] = dict.fromkeys(set(range(len(header.fields))) - set(numbers), str)
    try:
        table = pd.read_csv(
            io.BytesIO(block),
            sep=header.delimiter,
            header=None,
            skiprows=skip,
            dtype=text,
            na_filter=False,
            low_memory=False,
            encoding="utf-8",
        )
    except pd.errors.EmptyDataError:
        return None
    except pd.errors.ParserError as error:
        problem = str(error).split("C error: ")[-1].strip()
        told = re.sub(r"(?<=line )\d+", lambda number: str(int(number[0]) + lines), problem)
        raise InputError(path, f"is not a regular table ({told})") from None
    except UnicodeDecodeError as error:
        raise InputError(path, f"is not UTF-8 text ({error.reason})", TEXT_WANTED) from None
    if table.shape[1] != len(header.fields):
        raise InputError(path, f"has rows of {table.shape[1]} fields below a header of {len(header.fields)}")
    return table


def _settle_numbers(table: pd.DataFrame, path: str, header: Header, numbers: Sequence[int]) -> None:
    """Make the columns that pandas did not take for numbers numeric, in place, or name the first cell that is none."""
    kinds = [dtype.kind for dtype in table.dtypes]
    suspects = [position for position in numbers if kinds[position] not in "if"]
    parsed = {
        position: pd.to_numeric(table[position], errors="coerce")
        if table[position].dtype.kind != "b"
        else pd.Series(float("nan"), index=table.index)
        for position in suspects
    }
    bad = [
        (int(column.isna().to_numpy().argmax()), position) for position, column in parsed.items() if column.isna().any()
    ]
    if bad:
        row, position = min(bad)
        cell = str(table.at[row, position])
        raise InputError(
            f"{path}, row '{table.at[row, 0]}', column '{header.fields[position]}'",
            "the cell is empty or missing" if not cell.strip() else f"found '{cell}', which is not a number",
            "Each sample needs a number for each gene; a gene without reads has 0",
        )
    for position, column in parsed.items():
        table[position] = column.astype("float64")
