"""Contrasts written as differences of cells: what a sample of one kind has more than one of another, in coefficients."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from lateralis.config import Cell, Contrast, Variable
from lateralis.errors import InputError, listing
from lateralis.expressions import parse_formula
from lateralis.model.design import contrast_vector, design_matrix

_SAME = 1e-9


def contrast_weights(
    contrast: Contrast,
    obs: pd.DataFrame,
    columns: list[str],
    *,
    design: str,
    variables: Mapping[str, Variable],
    where: str,
) -> np.ndarray:
    """Weights of the coefficients in a contrast, however it is written; parameters as in `difference_weights`."""
    if contrast.differences is None:
        return contrast_vector(contrast, obs, columns, where=where)
    return difference_weights(contrast, obs, columns, design=design, variables=variables, where=where)


def difference_weights(
    contrast: Contrast,
    obs: pd.DataFrame,
    columns: list[str],
    *,
    design: str,
    variables: Mapping[str, Variable],
    where: str,
) -> np.ndarray:
    """Weights of the coefficients in a contrast given as `differences`.

    Parameters
    ----------
    contrast : with `differences`
    obs : typed sample sheet of the model's samples
    columns : names of the design's coefficients; those of blocks, and what they determine, may be left out
    design : the model's formula
    variables : the cohort's variables

    Returns
    -------
    (n_coef,) float

    Raises
    ------
    InputError
        If a cell has no level or value of that name, the difference depends on a variable that the cells do not name, or the
        design cannot estimate it.

    Each cell is coded for every sample of the model, its named variables changed and the others as they are: where the rows
    differ between samples, a variable is missing in the cells.
    """
    assert contrast.differences is not None
    whole = design_matrix(obs, design, variables, where=where)
    for number, difference in enumerate(contrast.differences, start=1):
        for cell in (difference.test, difference.reference):
            _check_size(cell, obs, variables, f"{where}.differences, number {number}")
    total = np.zeros(whole.shape[1])
    for number, difference in enumerate(contrast.differences, start=1):
        key = f"{where}.differences, number {number}"
        rows = _rows(obs, difference.test, design, variables, key) - _rows(
            obs, difference.reference, design, variables, key
        )
        if np.ptp(rows, axis=0).max() > _SAME:
            named = {*difference.test, *difference.reference}
            varying = whole.columns[np.ptp(rows, axis=0) > _SAME]
            parts = {part.split("[")[0].rstrip(")").split("(")[-1] for name in varying for part in str(name).split(":")}
            raise InputError(
                key,
                f"depends on {listing(sorted(parts - named) or sorted(parts))}, which interacts with what the cells name",
                "Give its level or value in both cells",
            )
        total += difference.weight * rows[0]
    if not np.abs(total).max() > _SAME:
        raise InputError(f"{where}.differences", "cancel each other out: nothing would be tested", "Correct the cells")
    values = whole.to_numpy()
    if not np.allclose(total @ np.linalg.pinv(values) @ values, total, atol=1e-6):
        raise InputError(
            f"{where}.differences",
            f"cannot be estimated under the design {design}",
            "Where participants are in the design, compare changes within them: a visit against another, then between groups",
        )
    return np.array([total[whole.columns.get_loc(name)] for name in columns])


def _check_size(cell: Cell, obs: pd.DataFrame, variables: Mapping[str, Variable], where: str) -> None:
    """Raise an `InputError` where fewer than two samples have the levels of a cell; numbers are interpolated."""
    inside = pd.Series(True, index=obs.index)
    named = {name: value for name, value in cell.items() if name in variables and variables[name].type == "categorical"}
    for name, value in named.items():
        inside &= obs[name].astype(str) == (f"{value:g}" if isinstance(value, float) else value)
    if inside.sum() == 1:
        words = ", ".join(f"{name} '{value}'" for name, value in named.items())
        raise InputError(where, f"one sample of the model has {words}", "A compared cell needs at least two")


def _rows(obs: pd.DataFrame, cell: Cell, design: str, variables: Mapping[str, Variable], where: str) -> np.ndarray:
    """The design's rows of all samples if they were in a cell, (n_samples, n_all)."""
    changed = obs.copy()
    in_design = parse_formula(design).variables
    for name, value in cell.items():
        if name not in in_design:
            raise InputError(where, f"'{name}' is not in the design {design}", "Name variables of the model's design")
        if variables[name].type == "numeric":
            changed[name] = float(value)
            continue
        levels = obs[name].cat.remove_unused_categories().cat.categories
        level = f"{value:g}" if isinstance(value, float) else value
        if level not in levels:
            raise InputError(where, f"no sample of the model has {name} '{level}'", f"There is {listing(levels)}")
        changed[name] = pd.Categorical([level] * len(obs), categories=obs[name].cat.categories)
    return design_matrix(obs, design, variables, where=where, at=changed).to_numpy()
