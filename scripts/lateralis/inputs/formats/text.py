"""Decides how delimited text is read for every count format: compression, encoding, delimiter, header, numbers.

Sample names and gene ids stay text, verbatim: pandas never sees the header (it renames duplicates) and no word means
"missing" (it would take the gene or sample `NA` for an empty cell).
"""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

import pandas as pd

from lateralis.errors import InputError

DELIMITERS = ("\t", ",", ";")
GZIP_MAGIC = b"\x1f\x8b"
OTHER_MAGIC = {
    b"PK\x03\x04": "an Excel workbook or zip archive",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
    b"BZh": "compressed with bzip2",
    b"\xfd7zX": "compressed with xz",
    b"\x28\xb5\x2f\xfd": "compressed with zstd",
    b"\x89HDF": "an HDF5 (h5ad) file",
}
TEXT_WANTED = "Save it as tab- or comma-separated text in UTF-8, plain or gzipped"


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


def check_file(path: str) -> None:
    """Raise `InputError` unless `path` is a file with something in it."""
    if not Path(path).exists():
        raise InputError(path, "there is no such file", "Give the path of the count file")
    if Path(path).is_dir():
        raise InputError(path, "is a folder", "Give the path of a file")
    if Path(path).stat().st_size == 0:
        raise InputError(path, "is empty")


@contextmanager
def open_text(path: str) -> Iterator[IO[bytes]]:
    """Yield the decompressed bytes of a plain or gzipped file, told apart by content, not by name.

    Raises
    ------
    InputError
        The file is missing, empty, another kind of file, truncated, corrupt, or not UTF-8.
    """
    check_file(path)
    try:
        with open(path, "rb") as handle:
            magic = handle.read(4)
            handle.seek(0)
            for start, kind in OTHER_MAGIC.items():
                if magic.startswith(start):
                    raise InputError(path, f"is {kind}, not delimited text", TEXT_WANTED)
            if magic.startswith(GZIP_MAGIC):
                with gzip.open(handle, "rb") as unzipped:
                    yield cast(IO[bytes], unzipped)
            else:
                yield handle
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(path, f"is truncated or corrupt ({error})", "Copy or download it again") from None
    except UnicodeDecodeError as error:
        raise InputError(path, f"is not UTF-8 text ({error.reason} at byte {error.start})", TEXT_WANTED) from None
    except PermissionError:
        raise InputError(path, "may not be read", "Give yourself the right to read it") from None


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
    with open_text(path) as handle, io.TextIOWrapper(handle, encoding="utf-8-sig") as text:
        for line in text:
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
    return [next(csv.reader([line], delimiter=delimiter)) for line in lines], delimiter, skipped


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


def read_rows(path: str, header: Header, numbers: Sequence[int]) -> pd.DataFrame:
    """Read the rows below a header.

    Parameters
    ----------
    path : file to read
    header : as `read_header` returned it
    numbers : positions of the columns that hold numbers; all others are text, verbatim

    Returns
    -------
    DataFrame with one column a field, named by position; int64 or float64 in `numbers`, text elsewhere. Numbers may be
    negative, fractional or infinite.

    Raises
    ------
    InputError
        With file, row and column of the first empty or non-numeric cell, or of a row with too many fields.
    """
    text: dict[Hashable, type[str]] = dict.fromkeys(set(range(len(header.fields))) - set(numbers), str)
    with open_text(path) as handle:
        content = handle.read()
        try:
            table = pd.read_csv(
                io.BytesIO(content),
                sep=header.delimiter,
                header=None,
                skiprows=header.skip,
                dtype=text,
                na_filter=False,
                low_memory=False,
                encoding="utf-8-sig",
            )
        except pd.errors.EmptyDataError:
            raise InputError(path, "has no rows") from None
        except pd.errors.ParserError as error:
            raise InputError(path, f"is not a regular table ({str(error).split('C error: ')[-1].strip()})") from None
    if table.shape[1] != len(header.fields):
        raise InputError(path, f"has rows of {table.shape[1]} fields below a header of {len(header.fields)}")
    _settle_numbers(table, path, header, numbers)
    return table


def _settle_numbers(table: pd.DataFrame, path: str, header: Header, numbers: Sequence[int]) -> None:
    """Make the columns that pandas did not take for numbers numeric, in place, or name the first cell that is none."""
    suspects = [position for position in numbers if table[position].dtype.kind not in "if"]
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
