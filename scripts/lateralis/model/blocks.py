"""Designs with the participant, or the family, in them: its levels are blocks, and what changes within can be tested.

A column that is the same in all samples of each block says nothing beside them. A main effect of this kind is refused, with
the question that can be asked; of an interaction, the columns at a reference level that blocks determine are left out, so
that the others are changes from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from lateralis.errors import InputError, listing
from lateralis.expressions import parse_formula
from lateralis.model.design import check_design
from lateralis.sections import Samples

_DEPENDENT = 1e-8  # share of a column's length that is left, below which the others determine it


class BlockedDesign(NamedTuple):
    """A design matrix without the columns of its blocks.

    Attributes
    ----------
    matrix : (n_samples, n_coef) frame; without intercept, as the blocks contain it
    blocks : (n_samples,) number of each sample's block from 0
    dropped : columns of interactions that blocks and other columns determine
    """

    matrix: pd.DataFrame
    blocks: np.ndarray
    dropped: list[str]


def block_variable(samples: Samples, design: str) -> str | None:
    """The variable of a design whose levels are blocks: the participant, else the family, where it is a term of its own."""
    terms = [str(term[0]) for term in parse_formula(design).terms if len(term) == 1]
    for name in (samples.participant, samples.family):
        if name is not None and name in terms and samples.variables[name].type == "categorical":
            return name
    return None


def centre_in_blocks(matrix: np.ndarray, blocks: np.ndarray) -> np.ndarray:
    """Columns less their means within blocks: what a least-squares fit with the blocks sees of them.

    Parameters
    ----------
    matrix : (n_samples, n_coef)
    blocks : (n_samples,) numbers from 0
    """
    sizes = np.bincount(blocks)
    means = np.zeros((len(sizes), matrix.shape[1]))
    np.add.at(means, blocks, matrix)
    return np.asarray(matrix - (means / sizes[:, None])[blocks])


def split_blocks(matrix: pd.DataFrame, obs: pd.DataFrame, variable: str, *, where: str) -> BlockedDesign:
    """Take the blocks out of a design matrix, and the columns that they determine.

    Parameters
    ----------
    matrix : (n_samples, n_all) design matrix with the blocks' columns
    obs : typed sample sheet of the same samples
    variable : the one whose levels are blocks
    where : file and key for messages

    Raises
    ------
    InputError
        If a main effect is the same throughout each block, other columns are linearly dependent, or no sample is left over.
    """
    blocks = pd.factorize(obs[variable].astype(str))[0]
    own = [
        name
        for name in map(str, matrix)
        if name == "Intercept" or (name.startswith(f"{variable}[") and ":" not in name)
    ]
    others = matrix.drop(columns=own)
    centred = centre_in_blocks(others.to_numpy(), blocks)
    lengths = np.linalg.norm(others.to_numpy(), axis=0)
    still = np.linalg.norm(centred, axis=0) <= _DEPENDENT * lengths
    for name in others.columns[still]:
        if ":" not in name:
            effect = name.split("[")[0]
            raise InputError(
                where,
                f"'{effect}' is the same in all samples of a {variable}, so its main effect cannot be told from theirs",
                f"Test what changes within a {variable}, e.g. `~ {variable} + visit + visit:{effect}` (change since the first "
                f"visit), or compare {effect} at one visit in a model with a `subset` and without {variable}",
            )
    at_reference = [_at_reference(str(name), obs) for name in others]
    droppable = np.array(at_reference, dtype=bool)
    found = independent_columns(centred, lengths, [*np.flatnonzero(~droppable), *np.flatnonzero(droppable)])
    dropped = [int(number) for number in np.flatnonzero(droppable) if number not in found]
    kept = [number for number in range(len(lengths)) if number not in dropped]
    result = others.iloc[:, kept]
    n_left = len(obs) - blocks.max() - 1
    if n_left <= result.shape[1]:
        raise InputError(
            where,
            f"the design has {result.shape[1]} coefficients beside {blocks.max() + 1} {variable}s, for {len(obs)} samples",
            f"Only {variable}s with several samples say anything about change; leave {variable} out, or terms of the design",
        )
    check_design(pd.DataFrame(centred[:, kept], index=others.index, columns=result.columns), where=where)
    return BlockedDesign(result, blocks, list(others.columns[dropped]))


def _at_reference(name: str, obs: pd.DataFrame) -> bool:
    """Whether a column is of an interaction at the first level of one of its variables."""
    parts = name.split(":")
    for part in parts if len(parts) > 1 else []:
        variable, _, level = part.partition("[")
        if variable in obs and isinstance(obs[variable].dtype, pd.CategoricalDtype):
            present = obs[variable].cat.remove_unused_categories().cat.categories
            if level == f"{present[0]}]":
                return True
    return False


def independent_columns(
    values: np.ndarray, lengths: np.ndarray | None = None, order: Sequence[int] | None = None
) -> list[int]:
    """Columns that those before them do not determine, in order (Gram–Schmidt).

    Parameters
    ----------
    values : (n_samples, n_coef)
    lengths : (n_coef,) by which what is left of a column is measured; default, their own
    order : in which columns are taken; default, theirs
    """
    lengths = np.linalg.norm(values, axis=0) if lengths is None else lengths
    basis: list[np.ndarray] = []
    kept = []
    for number in range(values.shape[1]) if order is None else order:
        left = values[:, number].astype(float)
        for _ in range(2):  # once more against rounding
            for direction in basis:
                left -= direction * (direction @ left)
        length = np.linalg.norm(left)
        if length > _DEPENDENT * lengths[number]:
            basis.append(left / length)
            kept.append(int(number))
    return kept


def blocks_in_words(variable: str | None, blocks: np.ndarray | None, dropped: Sequence[str]) -> str:
    """What a model's blocks are and what was left out for them, as a sentence; empty without blocks."""
    if variable is None or blocks is None:
        return ""
    said = f"Each of {blocks.max() + 1} levels of {variable} is a block of its own"
    if dropped:
        are, them = ("are", "them") if len(dropped) > 1 else ("is", "it")
        said += (
            f"; {listing(dropped, 20)} {are} left out, because the blocks determine {them}: coefficients at other levels are "
            "changes from there"
        )
    return f"{said}."
