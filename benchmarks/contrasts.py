"""The three questions that every Python contender answers: ALS against each of the other groups (`common.R` has R's)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def contrast_weights(coefficients: Sequence[str]) -> dict[str, np.ndarray]:
    """Weights of each contrast by its name; each (n_coef,), in the order of the design's columns."""
    columns = list(coefficients)
    weights = {}
    for reference in ("control", "motor", "carrier"):
        weight = np.zeros(len(columns))
        weight[columns.index("group[T.als]")] = 1.0
        if reference != "control":  # the reference level has no coefficient
            weight[columns.index(f"group[T.{reference}]")] = -1.0
        weights[f"als_vs_{reference}"] = weight
    return weights
