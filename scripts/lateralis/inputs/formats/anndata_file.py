"""Reads the counts of an AnnData file (h5ad, samples × genes): layer `counts` where there is one, else `X`.

Only that matrix and the names are read, so that no other part of the file (obsm, uns, raw) can stop it or cost memory.
HDF5 lets a file point into others, claim shapes that it does not hold and share one text among many cells: links and sizes
are looked at before anything is read, and nothing is ever unpickled.

Source: the on-disk format of AnnData, its versions of 2019 (0.7) and later, and the one before for names and sparse matrices.
"""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import h5py
import numpy as np
import pandas as pd
from scipy import sparse

from lateralis.errors import InputError
from lateralis.inputs.files import USUAL_MEMORY, check_file, check_memory
from lateralis.inputs.formats.content import Parsed

SYMBOL_COLUMNS = ("gene_name", "gene_names", "gene_symbol", "gene_symbols", "symbol", "feature_name")
LAYER = "counts"
CHUNK_CACHE = 64 * 2**20  # bytes; texts are read a few at a time, out of chunks that are unpacked once
WRITE_AGAIN = "Write it again with AnnData's write_h5ad"


def sample_names(path: str) -> list[str]:
    """Names of the samples, verbatim; the matrix is not read."""
    with _open(path) as file:
        return [str(name) for name in _names(file, "obs")]


def gene_count(path: str) -> int:
    """How many genes there are; the matrix is not read."""
    with _open(path) as file:
        return len(_names(file, "var"))


def read(path: str) -> Parsed:
    """Read counts, names and, where `var` has them, symbols."""
    with _open(path) as file:
        samples = pd.Index(_names(file, "obs"), dtype=object)
        genes = pd.Index(_names(file, "var"), dtype=object, name="gene_id")
        layers = _within(file, "layers") if "layers" in file else {}
        in_layer = LAYER in layers
        if not in_layer and "X" not in file:
            raise InputError(path, f"has neither a layer `{LAYER}` nor `X`", "Store the raw counts in one of them")
        source = f"layers/{LAYER}" if in_layer else "X"
        matrix = _matrix(_within(layers, LAYER) if in_layer else _within(file, "X"), path, source)
        symbols = _symbols(file, genes)
    if matrix.shape != (len(samples), len(genes)):
        raise InputError(
            f"{path}, {source}",
            f"has shape {matrix.shape}, with {len(samples)} samples and {len(genes)} genes",
            WRITE_AGAIN,
        )
    values = pd.DataFrame(matrix.T, index=genes, columns=samples)
    return Parsed(values, gene_names=symbols, notes=[f"Counts were read from `{source}` of the h5ad file."])


def _within(group: h5py.Group, name: str) -> h5py.Group | h5py.Dataset:
    """A member of a group whose content is in this file: neither link nor virtual dataset nor external storage."""
    path = group.file.filename
    if "/" in name or not isinstance(group.get(name, getlink=True), h5py.HardLink):
        raise InputError(f"{path}, {name}", "is a link to another place", WRITE_AGAIN)
    found = group[name]
    if isinstance(found, h5py.Dataset):
        if found.is_virtual or found.external:
            raise InputError(f"{path}, {found.name}", "is stored in another file", WRITE_AGAIN)
        itemsize = max(found.dtype.itemsize, 1)
        check_memory(path, math.prod(found.shape or ()) * itemsize)
        check_memory(path, math.prod(found.chunks or ()) * itemsize)
    return found


def _matrix(found: h5py.Group | h5py.Dataset, path: str, source: str) -> np.ndarray:
    """A dense or sparse matrix as an array of numbers, (n_samples, n_genes)."""
    if isinstance(found, h5py.Dataset):
        return _numbers(found, path, source)
    parts = [_numbers(_within(found, name), path, source) for name in ("data", "indices", "indptr")]
    layout = _text(found.attrs.get("encoding-type", found.attrs.get("h5sparse_format", "")))
    shape = tuple(int(size) for size in found.attrs.get("shape", found.attrs.get("h5sparse_shape", ())))
    kinds = {"csr": sparse.csr_matrix, "csc": sparse.csc_matrix}
    if layout[:3] not in kinds or len(shape) != 2:
        raise InputError(f"{path}, {source}", f"is stored as '{layout}'", "A matrix is dense, csr or csc")
    check_memory(path, math.prod(shape) * parts[0].dtype.itemsize)
    matrix = kinds[layout[:3]](tuple(parts), shape=shape)
    matrix.check_format(full_check=True)  # scipy writes wherever an index says
    return np.asarray(matrix.toarray())


def _numbers(dataset: h5py.Group | h5py.Dataset, path: str, source: str) -> np.ndarray:
    if not isinstance(dataset, h5py.Dataset) or dataset.dtype.kind not in "iuf":
        kind = dataset.dtype if isinstance(dataset, h5py.Dataset) else "a group"
        raise InputError(f"{path}, {source}", f"holds values of type {kind}", "Counts are numbers")
    values = dataset[()]
    return np.asarray(values, dtype=dataset.dtype.newbyteorder("="))


def _names(file: h5py.File, axis: str) -> list[str]:
    """Names of the samples (`obs`) or genes (`var`)."""
    table = _within(file, axis)
    if isinstance(table, h5py.Dataset):  # before 0.7: one dataset of records
        return [_text(name) for name in table[str((table.dtype.names or ("index",))[0])]]
    return _texts(table, _text(table.attrs.get("_index", "_index")))


def _symbols(file: h5py.File, genes: pd.Index) -> pd.Series | None:
    """Symbols of the genes, from the first column of `var` that has them."""
    var = _within(file, "var")
    column = next((name for name in SYMBOL_COLUMNS if isinstance(var, h5py.Group) and name in var), None)
    return None if column is None else pd.Series(_texts(var, column), index=genes, name="gene_name", dtype=object)


def _texts(table: h5py.Group, column: str) -> list[str]:
    """A column of a data frame as text; empty where it is missing."""
    found = _within(table, column)
    if isinstance(found, h5py.Group):
        if "codes" in found:
            return _categories(_within(found, "categories"), _within(found, "codes"))
        values, mask = _strings(_within(found, "values")), _within(found, "mask")[()]
        return ["" if missing else value for value, missing in zip(values, mask, strict=True)]
    if "categories" in found.attrs:  # before 0.8
        return _categories(_within(_within(table, "__categories"), column), found)
    return _strings(found)


def _categories(categories: h5py.Dataset, codes: h5py.Dataset) -> list[str]:
    names = _strings(categories)
    return [names[code] if code >= 0 else "" for code in codes[()]]


def _strings(dataset: h5py.Dataset) -> list[str]:
    """Texts of a dataset, a few at a time: many cells can share one text of megabytes."""
    path = dataset.file.filename
    step = min(max(USUAL_MEMORY // os.path.getsize(path), 1), 4096)
    found: list[str] = []
    memory = 0
    for start in range(0, len(dataset), step):
        found += [_text(value) for value in dataset[start : start + step]]
        memory += sum(map(sys.getsizeof, found[start:]))
        check_memory(path, memory)
    return found


def _text(value: object) -> str:
    return value.decode("utf-8") if isinstance(value, bytes) else str(value)


@contextmanager
def _open(path: str) -> Iterator[h5py.File]:
    """Open the file, and tell the complaints of HDF5 about a damaged one, of whatever kind, as the user's problem."""
    check_file(path)
    if not h5py.is_hdf5(path):
        raise InputError(path, "is not an HDF5 file", "Give a file that AnnData's write_h5ad wrote")
    try:
        with h5py.File(path, "r", rdcc_nbytes=CHUNK_CACHE) as file:
            lacking = [name for name in ("obs", "var") if name not in file]
            if lacking:
                raise InputError(
                    path, f"has no `{'` and no `'.join(lacking)}`", "Give a file that AnnData's write_h5ad wrote"
                )
            yield file
    except InputError:
        raise
    except Exception as error:
        raise InputError(
            path, f"is truncated or corrupt ({' '.join(str(error).split())})", "Copy or write it again"
        ) from None
