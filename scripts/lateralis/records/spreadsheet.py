"""How every workbook is made: whole or absent, text stays text, and no clock is in it."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import xlsxwriter

from lateralis.io import atomic

_CREATED = datetime.datetime(2000, 1, 1)  # noqa: DTZ001 - no clock: the same content gives the same bytes


@contextmanager
def new_workbook(path: str | Path, *, by_row: bool = False, **properties: str) -> Iterator[Any]:
    """Yield an xlsxwriter workbook to fill; it is at `path` when the block ends without an error.

    Parameters
    ----------
    path : of the workbook
    by_row : whether rows are written in order, so that no more than one is held in memory
    properties : of the document, such as its title
    """
    with atomic(path) as temporary:
        options = {
            "constant_memory" if by_row else "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        }
        book = xlsxwriter.Workbook(str(temporary), options)
        book.set_properties({"author": "lateralis", "created": _CREATED} | properties)
        yield book
        book.close()
