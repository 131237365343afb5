"""Whether counts are raw: what other tables look like, by name, so that a user knows which file to look for.

A table with fractions or negative numbers is refused where raw counts are wanted; whole numbers that raw counts hardly ever
look like are let through with a note on top of the report.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from lateralis.errors import InputError

MILLION, ABOUT = 1e6, 0.01  # sum of a sample in transcripts or counts per million, and how near to it is the same
EQUAL = 0.001  # relative range of library sizes that no sequencer makes
HIGHEST_LOG = 30.0
FEWEST_GENES, FEWEST_SAMPLES = 1000, 3  # below, chance makes such tables


def looks_like(values: pd.DataFrame) -> str:
    """What a table with fractions or negative numbers is.

    Parameters
    ----------
    values : (n_genes, n_samples) numbers

    Returns
    -------
    A part of a sentence, such as `log-transformed values (none above 18.2)`; empty where it cannot be told
    """
    array = values.to_numpy(dtype=float)
    if not array.size or not np.isfinite(array).all():
        return ""
    sums, highest = array.sum(axis=0), float(array.max())
    if highest <= HIGHEST_LOG:
        if array.min() < 0 and np.abs(array.mean(axis=1)).max() < 0.05 * max(float(array.std()), 1e-9):
            return "z-scores (each gene has mean 0)"
        return f"log-transformed values (none above {highest:.3g})"
    if array.min() >= 0 and (np.abs(sums / MILLION - 1) < ABOUT).all():
        return "TPM or CPM (each sample sums to a million)"
    if array.min() >= 0 and (array != np.rint(array)).any():
        return "normalised or estimated counts (fractions at the size of counts)"
    return "adjusted values (negative numbers at the size of counts)" if array.min() < 0 else ""


def suspicions(counts: pd.DataFrame) -> list[str]:
    """What whole numbers have that raw counts hardly ever have, as sentences that name no sample.

    Parameters
    ----------
    counts : (n_genes, n_samples) integers
    """
    array = counts.to_numpy()
    n_genes, n_samples = array.shape
    if n_genes < FEWEST_GENES or not array.any():
        return []
    sums, found = array.sum(axis=0), []
    if n_samples >= FEWEST_SAMPLES and (np.abs(sums / MILLION - 1) < ABOUT).all():
        found.append("Each sample sums to a million, as rounded TPM or CPM do: are these raw counts?")
    elif n_samples >= FEWEST_SAMPLES and np.ptp(sums) <= EQUAL * sums.mean():
        found.append(
            f"All libraries have the same size ({sums.mean():,.0f} counts within {EQUAL:.1%}), as scaled or down-sampled "
            "counts do: are these raw counts?"
        )
    if array.max() <= HIGHEST_LOG:
        found.append(f"No count is above {array.max()}, as in rounded logarithms: are these raw counts?")
    divisor = int(np.gcd.reduce(array, axis=None))
    if divisor > 1:
        found.append(f"Every count is a multiple of {divisor}: were reads counted more than once, or numbers scaled?")
    return found


def log_intensities(values: pd.DataFrame, path: str) -> pd.DataFrame:
    """Log2 intensities, checked to be such.

    Parameters
    ----------
    values : (n_genes, n_samples) as read
    path : for messages

    Raises
    ------
    InputError
        If a value is missing, values are too large for logarithms, or a sample has one value throughout.
    """
    array = values.to_numpy(dtype=float)
    if not np.isfinite(array).all():
        row, column = np.argwhere(~np.isfinite(array))[0]
        raise InputError(
            f"{path}, gene '{values.index[row]}', sample '{values.columns[column]}'",
            f"found '{values.iat[row, column]}'",
            "Every gene needs a log2 intensity in every sample; leave genes with missing ones out",
        )
    if array.size and array.max() > HIGHEST_LOG:
        raise InputError(
            path,
            f"has values up to {array.max():.4g}",
            "Log2 intensities are below 30: take logarithms to the base 2 first",
        )
    flat = np.ptp(array, axis=0) == 0
    if flat.any():
        raise InputError(path, f"sample '{values.columns[flat.argmax()]}' has one value in all genes", "Leave it out")
    return pd.DataFrame(array, index=values.index, columns=values.columns)
