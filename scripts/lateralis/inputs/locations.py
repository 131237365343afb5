"""The table of where products of genes are found, as a user gives it: a gene and a place a row."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from lateralis.errors import InputError
from lateralis.inputs.text_table import read_text_table
from lateralis.names import flaw

WANTED = "Give a table with the columns gene (id or name) and location, such as surface or secreted"


def read_location_table(path: str | Path) -> pd.DataFrame:
    """Read a table of locations.

    Parameters
    ----------
    path : table, TSV or CSV, plain or gzipped, with columns gene and location; others are not read

    Returns
    -------
    DataFrame with gene and location, one row a row of the file

    Raises
    ------
    InputError
        If the file is no such table, a row lacks its gene or location, or a cell is no plain text.
    """
    table = read_text_table(path, WANTED, ["gene", "location"], row_of="gene")[["gene", "location"]]
    cells = table.apply(lambda column: column.str.strip())
    for column in cells:
        for line, text in cells[column].items():
            if text == "":
                raise InputError(f"{path}, row {line}, column '{column}'", "is empty", "Complete or remove the row")
            problem = flaw(text)
            if problem is not None:
                raise InputError(f"{path}, row {line}, column '{column}'", f"{text!r:.80} {problem[0]}", problem[1])
    return cells
