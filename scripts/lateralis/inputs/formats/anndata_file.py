"""Reads the counts of an AnnData file (h5ad, samples × genes): layer `counts` where there is one, else `X`.

Only that matrix and the names are read, so that no other part of the file (obsm, uns, raw) can stop it or cost memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import h5py
import numpy as np
import pandas as pd
from anndata.io import read_elem

from lateralis.errors import InputError
from lateralis.inputs.formats.content import Parsed
from lateralis.inputs.formats.text import check_file

SYMBOL_COLUMNS = ("gene_name", "gene_names", "gene_symbol", "gene_symbols", "symbol", "feature_name")
LAYER = "counts"


def sample_names(path: str) -> list[str]:
    """Names of the samples, verbatim; the matrix is not read."""
    with _open(path) as file:
        return [str(name) for name in read_elem(file["obs"]).index]


def read(path: str) -> Parsed:
    """Read counts, names and, where `var` has them, symbols."""
    with _open(path) as file:
        source = next((name for name in (f"layers/{LAYER}", "X") if name in file), None)
        if source is None:
            raise InputError(path, f"has neither a layer `{LAYER}` nor `X`", "Store the raw counts in one of them")
        matrix = _dense(read_elem(file[source]))
        samples = pd.Index([str(name) for name in read_elem(file["obs"]).index], dtype=object)
        var = read_elem(file["var"])
    if matrix.dtype.kind not in "iuf":
        raise InputError(f"{path}, {source}", f"holds values of type {matrix.dtype}", "Counts are numbers")
    genes = pd.Index([str(name) for name in var.index], dtype=object, name="gene_id")
    values = pd.DataFrame(np.ascontiguousarray(matrix.T), index=genes, columns=samples)
    column = next((name for name in SYMBOL_COLUMNS if name in var), None)
    symbols = None
    if column is not None:
        symbols = pd.Series(var[column].astype(object).to_numpy(), index=genes, name="gene_name", dtype=object)
    return Parsed(values, gene_names=symbols, notes=[f"Counts were read from `{source}` of the h5ad file."])


def _dense(matrix: Any) -> np.ndarray:
    return np.asarray(matrix.toarray() if hasattr(matrix, "toarray") else matrix)


@contextmanager
def _open(path: str) -> Iterator[h5py.File]:
    """Open the file, and tell HDF5's complaints as the user's problem."""
    check_file(path)
    if not h5py.is_hdf5(path):
        raise InputError(path, "is not an HDF5 file", "Give a file that AnnData's write_h5ad wrote")
    try:
        with h5py.File(path, "r") as file:
            lacking = [name for name in ("obs", "var") if name not in file]
            if lacking:
                raise InputError(
                    path, f"has no `{'` and no `'.join(lacking)}`", "Give a file that AnnData's write_h5ad wrote"
                )
            yield file
    except (OSError, KeyError, RuntimeError) as error:
        raise InputError(
            path, f"is truncated or corrupt ({' '.join(str(error).split())})", "Copy or write it again"
        ) from None
