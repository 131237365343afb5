"""Which genes have enough counts for a model to test them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from lateralis.config import GeneFilter

DEFAULT_MIN_COUNT = 10


@dataclass(frozen=True)
class Kept:
    """Genes kept, and the rule in words."""

    mask: np.ndarray
    rule: str


def filter_genes(
    counts: np.ndarray, spec: GeneFilter, *, obs: pd.DataFrame, tested: list[str], matrix: pd.DataFrame
) -> Kept:
    """Apply a cohort's gene filter to the samples of one model.

    Parameters
    ----------
    counts : (n_samples, n_genes) integers
    spec : the cohort's `filter` section
    obs : typed sample sheet of these samples
    tested : variables that the model's contrasts test
    matrix : (n_samples, n_coef) design

    Returns
    -------
    mask over the genes, and the rule as a phrase for reports
    """
    if spec.min_total is not None:
        return Kept(counts.sum(axis=0) >= spec.min_total, f"at least {spec.min_total} counts in all samples together")
    min_count = DEFAULT_MIN_COUNT if spec.min_count is None else spec.min_count
    min_samples, origin = spec.min_samples, ""
    if not isinstance(min_samples, int):
        min_samples, origin = smallest_group(obs, tested, matrix)
    mask = (counts >= min_count).sum(axis=0) >= min_samples
    return Kept(mask, f"at least {min_count} counts in at least {min_samples} samples{origin}")


def smallest_group(obs: pd.DataFrame, tested: list[str], matrix: pd.DataFrame) -> tuple[int, str]:
    """Size of the smallest level of the tested variables; for numeric ones the reciprocal of the largest leverage.

    Source of the latter: edgeR `filterByExpr`, which takes it for designs without groups.
    """
    sizes = {
        (variable, str(level)): int(size)
        for variable in tested
        if isinstance(obs[variable].dtype, pd.CategoricalDtype)
        for level, size in obs[variable].value_counts().items()
        if size > 0
    }
    if sizes:
        variable, level = min(sizes, key=lambda key: (sizes[key], key))
        return sizes[variable, level], f", the size of the smallest group ({variable} {level})"
    q, _ = np.linalg.qr(matrix.to_numpy())
    leverage = float((q**2).sum(axis=1).max())
    return max(1, math.ceil(1 / leverage - 1e-9)), ", the reciprocal of the largest leverage"
