"""Reads the table of which regulators act on which genes, for the activity of transcription factors or pathways."""

from __future__ import annotations

import numpy as np
import pandas as pd

from lateralis.errors import InputError, listing
from lateralis.inputs.text_table import read_text_table
from lateralis.names import flaw

WANTED = "Give a table, TSV or CSV, with the columns source, target and, if there are any, weight"


def read_network(path: str) -> pd.DataFrame:
    """Regulators, their targets and the weight of each, by default 1.

    Parameters
    ----------
    path : tab-, comma- or semicolon-separated text in UTF-8, plain or gzipped; other columns are left out

    Returns
    -------
    DataFrame with source, target (text) and weight (float, finite, not 0); each pair once

    Raises
    ------
    InputError
        With the file, the row or column, what was found and what would be right.
    """
    table = read_text_table(path, WANTED, ["source", "target"], row_of="regulator and target")
    found = pd.DataFrame({name: table[name].astype(str).str.strip() for name in ("source", "target")})
    for name in found:
        empty = found.index[found[name] == ""]
        if len(empty):
            raise InputError(f"{path}, row {empty[0]}", f"has no {name}", WANTED)
    for source in found["source"].unique():
        wrong = flaw(source)
        if wrong is not None:
            raise InputError(f"{path}, column source", f"'{source[:60]}' {wrong[0]}", wrong[1])
    twice = found.duplicated()
    if twice.any():
        pair = found[twice].iloc[0]
        raise InputError(
            f"{path}, row {found.index[twice][0]}",
            f"the pair {listing(pair)} stands a second time",
            "Give each regulator and target once",
        )
    found["weight"] = _weights(table, path)
    return found.reset_index(drop=True)


def _weights(table: pd.DataFrame, path: str) -> np.ndarray:
    if "weight" not in table:
        return np.ones(len(table))
    weights = pd.to_numeric(table["weight"], errors="coerce").to_numpy(dtype=float)
    wrong = np.flatnonzero(~np.isfinite(weights) | (weights == 0))
    if len(wrong):
        row = table.index[wrong[0]]
        raise InputError(
            f"{path}, row {row}", f"the weight '{table.loc[row, 'weight']}' is no number other than 0", WANTED
        )
    return weights
