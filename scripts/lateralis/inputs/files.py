"""How text that a user names is opened: plain or gzipped, line by line or block by block, and never more than was expected.

A gzip file of a megabyte can hold a gigabyte of zeros, a table can be one line: what is read is measured as it comes, so that
a hostile file is an error and not an hour of work or a machine without memory.
"""

from __future__ import annotations

import gzip
import io
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, cast

from lateralis.errors import InputError
from lateralis.io import sha256

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
BOM = b"\xef\xbb\xbf"
COUNTS_WANTED = "Give the path of the count file"
TEXT_WANTED = "Save it as tab- or comma-separated text in UTF-8, plain or gzipped"

LONGEST_LINE = 16 * 2**20  # bytes; a header of 100,000 samples has a tenth of that
USUAL_TEXT, HIGHEST_RATIO = 64 * 2**20, 200  # bytes any gzip may inflate to, and how far one may; count tables reach 50
USUAL_MEMORY, MEMORY_A_BYTE = (
    480_000_000,
    32,
)  # bytes of numbers and names from any file, and from each byte of a large one


def check_file(path: str, wanted: str = COUNTS_WANTED) -> None:
    """Raise `InputError` unless `path` is a file with something in it."""
    if not os.path.exists(path):  # False where the path is too long for a file
        raise InputError(path, "there is no such file", wanted)
    if os.path.isdir(path):
        raise InputError(path, "is a folder", "Give the path of a file")
    if not os.path.isfile(path):
        raise InputError(path, "is a device or a pipe", "Give the path of a file")
    if os.path.getsize(path) == 0:
        raise InputError(path, "is empty", wanted)


def check_sha256(path: str, wanted: str | None) -> None:
    """Raise `InputError` unless a file has the checksum that the config gives, if it gives one."""
    if wanted is None:
        return
    found = sha256(path)
    if found != wanted.lower():
        raise InputError(
            path, f"its sha256 is {found}, the config has {wanted}", "Get the right file or correct `sha256`"
        )


def check_memory(path: str, needed: float) -> None:
    """Raise `InputError` where what a file says it holds takes more memory than files of its size do.

    Parameters
    ----------
    path : file
    needed : bytes of its numbers and names once they are read
    """
    allowed = max(USUAL_MEMORY, MEMORY_A_BYTE * os.path.getsize(path))
    if needed > allowed:
        raise InputError(
            path,
            f"holds more than {allowed / 1e6:,.0f} MB of numbers and names, for a file of {os.path.getsize(path):,} bytes",
            "No table of counts is like that: make it again",
        )


class _Measured(io.RawIOBase):
    """Bytes of a gzip file, up to `HIGHEST_RATIO` times what it has on disk."""

    def __init__(self, source: IO[bytes], path: str) -> None:
        self.source, self.path, self.total = source, path, 0
        self.most = max(USUAL_TEXT, HIGHEST_RATIO * os.path.getsize(path))

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        content = self.source.read(len(buffer))
        buffer[: len(content)] = content
        self.total += len(content)
        if self.total > self.most:
            raise InputError(
                self.path,
                f"inflates to more than {self.most / 1e6:,.0f} MB, over {HIGHEST_RATIO} times its size",
                "No table of counts or genes does: make it again",
            )
        return len(content)


@contextmanager
def open_text(path: str, wanted: str = COUNTS_WANTED) -> Iterator[io.BufferedReader]:
    """Yield the decompressed bytes of a plain or gzipped file, told apart by content, not by name; without a byte order mark.

    Parameters
    ----------
    path : file
    wanted : what to do where there is no such file, or nothing in it

    Raises
    ------
    InputError
        The file is missing, empty, another kind of file, truncated, corrupt, not UTF-8, or inflates without end.
    """
    check_file(path, wanted)
    try:
        with open(path, "rb") as handle:
            magic = handle.read(4)
            handle.seek(0)
            for start, kind in OTHER_MAGIC.items():
                if magic.startswith(start):
                    raise InputError(path, f"is {kind}, not delimited text", TEXT_WANTED)
            if magic.startswith(GZIP_MAGIC):
                with gzip.open(handle, "rb") as unzipped:
                    measured = io.BufferedReader(_Measured(cast(IO[bytes], unzipped), path), 2**17)
                    yield _after_bom(cast(io.BufferedReader, measured))
            else:
                yield _after_bom(handle)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(path, f"is truncated or corrupt ({error})", "Copy or download it again") from None
    except UnicodeDecodeError as error:
        raise InputError(path, f"is not UTF-8 text ({error.reason} at byte {error.start})", TEXT_WANTED) from None
    except PermissionError:
        raise InputError(path, "may not be read", "Give yourself the right to read it") from None


def _after_bom(handle: io.BufferedReader) -> io.BufferedReader:
    if handle.peek(len(BOM)).startswith(BOM):
        handle.read(len(BOM))
    return handle


def text_lines(path: str, wanted: str = COUNTS_WANTED) -> Iterator[str]:
    """Lines of a plain or gzipped text in UTF-8, each with a Unix line end; errors as in `open_text`."""
    with open_text(path, wanted) as handle, io.TextIOWrapper(handle, encoding="utf-8") as text:
        number = 0
        while line := text.readline(LONGEST_LINE + 1):
            number += 1
            if len(line) > LONGEST_LINE:
                raise _too_long(path, number)
            yield line


def text_blocks(path: str) -> Iterator[bytes]:
    """A plain or gzipped text in pieces of at most some 32 MB that end with a line; errors as in `open_text`."""
    with open_text(path) as handle:
        rest, number = b"", 1
        while part := handle.read(LONGEST_LINE):
            rest += part
            end = rest.rfind(b"\n")
            if end < 0:
                end = rest.rfind(b"\r", 0, -1)
            if end >= 0:
                yield rest[: end + 1]
                number += rest.count(b"\n", 0, end + 1)
                rest = rest[end + 1 :]
            if len(rest) > LONGEST_LINE:
                raise _too_long(path, number)
        if rest:
            yield rest


def _too_long(path: str, number: int) -> InputError:
    return InputError(
        f"{path}, line {number}",
        f"has more than {LONGEST_LINE:,} characters",
        "Each gene or sample has a line of its own",
    )
