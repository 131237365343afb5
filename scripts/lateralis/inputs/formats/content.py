"""Decides what counts may hold, for every format: whole, finite, not negative, each gene and sample once, no empty library."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from lateralis.errors import InputError, listing
from lateralis.inputs.rawness import FEWEST_SAMPLES, looks_like

MAX_COUNT = 2**31 - 1
RAW_WANTED = (
    "Raw counts are needed: whole numbers, neither normalised nor transformed. For estimated counts there are the formats "
    "`salmon`, `kallisto` and `nfcore`, which round them"
)


@dataclass(frozen=True)
class Parsed:
    """What a reader took from the files, before the content is checked.

    Attributes
    ----------
    values : (n_genes, n_samples) int64 or float64; index gene ids, columns sample names, both as in the files
    gene_names : (n_genes,) text by gene id, where the files carry symbols
    lengths : (n_genes, n_samples) float64, average transcript lengths in bases, where transcripts were summed
    notes : sentences on what was inferred or left out
    """

    values: pd.DataFrame
    gene_names: pd.Series | None = None
    lengths: pd.DataFrame | None = None
    notes: list[str] = field(default_factory=list)


def repeated(names: Iterable[str]) -> list[str]:
    """Names that stand more than once, each once, in order."""
    seen: set[str] = set()
    twice: dict[str, None] = {}
    for name in names:
        if name in seen:
            twice[name] = None
        seen.add(name)
    return list(twice)


def check_ids(ids: pd.Index, path: str, kind: str = "gene") -> None:
    """Raise `InputError` on an empty or repeated id."""
    if len(ids) == 0:
        raise InputError(path, f"holds no {kind}")
    if (ids == "").any():
        raise InputError(f"{path}, row {int((ids == '').argmax()) + 1}", f"the {kind} id is empty")
    if not ids.is_unique:
        raise InputError(
            path,
            f"{kind} ids stand more than once: {listing(repeated(ids))}",
            f"Give each {kind} one row with a unique id",
        )


def check_amounts(
    values: pd.DataFrame,
    files: Mapping[str, str],
    *,
    row: str = "gene",
    quantity: str = "count",
    most: float = np.finfo("float64").max,
    whole: bool = False,
) -> None:
    """Raise `InputError` on the first value, row by row, that no such quantity can have.

    Parameters
    ----------
    values : (n_rows, n_samples) numbers
    files : file of each sample
    row, quantity : what a row and a value are, for messages
    most : the largest value that is right
    whole : whether fractions are wrong
    """
    array = values.to_numpy()
    bad = ~((array >= 0) & (array <= most))  # true for NaN too
    if whole and array.dtype.kind == "f":
        for rows in _in_pieces(array):
            bad[rows] |= array[rows] != np.rint(array[rows])
    if not bad.any():
        return
    first, column = divmod(int(bad.argmax()), bad.shape[1])
    value, sample = float(array[first, column]), values.columns[column]
    if not np.isfinite(value):
        problem, right = "not a finite number", f"A {quantity} is a finite number from 0 up"
    elif value < 0:
        problem, right = (
            "a negative number" + _seen(values, whole),
            RAW_WANTED if whole else f"A {quantity} is a number from 0 up",
        )
    elif value > most:
        problem, right = f"more than {most:,.0f}", "Counts of reads stay far below that"
    else:
        problem, right = "a fraction" + _seen(values, whole), RAW_WANTED
    raise InputError(
        f"{files[sample]}, {row} '{values.index[first]}', sample '{sample}'",
        f"the {quantity} is {value:.15g}, {problem}",
        right,
    )


def _in_pieces(array: np.ndarray) -> Iterator[slice]:
    """Rows a few at a time, for steps that would else need a copy of the whole array."""
    step = max(1_000_000 // max(array.shape[1], 1), 1)
    return (slice(start, start + step) for start in range(0, len(array), step))


def _seen(values: pd.DataFrame, whole: bool) -> str:
    """What the table looks like, where raw counts are wanted and it can be told."""
    seen = looks_like(values) if whole else ""
    return f"; the table looks like {seen}" if seen else ""


def whole_counts(values: pd.DataFrame, files: Mapping[str, str], *, estimated: bool) -> pd.DataFrame:
    """Check raw or estimated counts and return them as whole numbers.

    Parameters
    ----------
    values : (n_genes, n_samples) int64 or float64
    files : file of each sample, for messages
    estimated : whether fractions are expected and rounded, halves to even as R's `round`

    Returns
    -------
    (n_genes, n_samples) int64

    Raises
    ------
    InputError
        With file, gene, sample and value of the first cell that is no count, or the samples without a single count.
    """
    check_ids(values.index, next(iter(files.values())))
    check_amounts(values, files, most=MAX_COUNT, whole=not estimated)
    array = values.to_numpy()
    if estimated and array.shape[1] >= FEWEST_SAMPLES and looks_like(values).startswith("TPM"):
        raise InputError(
            next(iter(files.values())),
            f"the table looks like {looks_like(values)}",
            "Estimated counts are needed, e.g. nf-core's salmon.merged.gene_counts.tsv, not its TPM",
        )
    if array.dtype.kind == "f":
        rounded = np.empty_like(array, dtype="int64")
        for rows in _in_pieces(array):
            rounded[rows] = np.rint(array[rows])
        array = rounded
    counts = pd.DataFrame(array.astype("int64", copy=False), index=values.index, columns=values.columns)
    empty = counts.columns[(array == 0).all(axis=0)]
    if len(empty):
        raise InputError(
            files[empty[0]],
            f"every count is 0 in {'sample' if len(empty) == 1 else 'samples'} {listing(empty)}",
            "Such a library failed and cannot be normalised: remove its row from the sample sheet and its counts",
        )
    return counts
