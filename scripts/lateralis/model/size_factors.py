"""Size factors as a cohort's config asks for them: from which genes, and what to say where they cannot be had."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd

from lateralis.errors import InputError, listing
from lateralis.inputs.control_genes import read_control_genes
from lateralis.model.normalise import SizeFactors, estimate_size_factors


def configured_size_factors(
    counts: np.ndarray,
    genes: pd.Index,
    *,
    method: Literal["auto", "ratio", "poscounts"],
    control_genes: str | None,
    kept: np.ndarray | None = None,
    average_lengths: np.ndarray | None = None,
    where: str,
) -> tuple[SizeFactors, str]:
    """Size factors of some samples.

    Parameters
    ----------
    counts : (n_samples, n_genes) integers, every gene of the input
    genes : (n_genes,) gene ids
    method : the config's `size_factors.method`
    control_genes : path of the list of genes that size factors are taken from; None for all that are kept
    kept : (n_genes,) bool, the genes that the model tests; default all
    average_lengths : (n_samples, n_genes) average transcript lengths
    where : the config, for messages

    Returns
    -------
    The size factors, and the genes that they were taken from in words

    Raises
    ------
    InputError
        If no control gene is found or can be used, or the method finds no gene for some sample.
    """
    taken = np.ones(len(genes), dtype=bool) if kept is None else kept
    words = "all genes kept" if kept is not None else "all genes"
    if control_genes is not None:
        listed = read_control_genes(control_genes)
        controls = control_gene_mask(listed, genes, control_genes)
        found, taken = int(controls.sum()), controls & taken & counts.any(axis=0)
        if not taken.any():
            lost = "has a count in these samples" if kept is None else "passes the model's gene filter"
            raise InputError(
                control_genes,
                f"{found} of its {len(listed)} control genes are in the counts, but none of them {lost}",
                "List genes that every sample expresses, or loosen `filter`",
            )
        words = f"{int(taken.sum())} of {len(listed)} control genes ({found} are in the counts)"
    lengths = None if average_lengths is None else average_lengths[:, taken]
    try:
        return estimate_size_factors(counts[:, taken], method, average_lengths=lengths), words
    except ValueError as error:
        raise InputError(
            f"{where}, size_factors",
            f"method '{method}' on {words}: {error}",
            "Set `method: poscounts`, or name other control genes" if method == "ratio" else "Name other control genes",
        ) from None


def control_gene_mask(listed: Sequence[str], genes: pd.Index, path: str) -> np.ndarray:
    """Which genes of the input are control genes, (n_genes,) bool; an `InputError` if none is."""
    mask = np.asarray(genes.isin(list(listed)), dtype=bool)
    if not mask.any():
        raise InputError(
            path,
            f"0 of its {len(listed)} control genes are in the counts: here {listing(listed[:3])}, there {listing(genes[:3])}",
            "Give gene ids as the counts have them",
        )
    return mask
