"""Which people a panel is fitted to and which it is judged on: folds that no participant and no family is split by."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np


@dataclass(frozen=True)
class Plan:
    """One repeat of nested cross-validation.

    Attributes
    ----------
    outer : (n_samples,) fold in which each sample is judged
    inner : one (n_samples,) an outer fold: the fold of its training samples, -1 for those that it judges
    """

    outer: np.ndarray
    inner: tuple[np.ndarray, ...]

    @cached_property
    def training(self) -> np.ndarray:
        """(n_sets, n_samples) bool: of each outer fold its training samples, then those of each of its inner folds."""
        rows = []
        for fold, inner in enumerate(self.inner):
            kept = self.outer != fold
            rows += [kept, *(kept & (inner != number) for number in range(inner.max() + 1))]
        return np.array(rows)

    @cached_property
    def first(self) -> np.ndarray:
        """(n_outer,) row of `training` of each outer fold."""
        return np.cumsum([0, *(2 + inner.max() for inner in self.inner[:-1])])


def make_plan(is_test: np.ndarray, unit: np.ndarray, n_folds: int, rng: np.random.Generator) -> Plan:
    """Deal the units to outer folds, and those of each training set to inner ones, both levels as evenly as units allow.

    Parameters
    ----------
    is_test : (n_samples,) bool
    unit : (n_samples,) number of those that stay together
    n_folds : of each; fewer inner ones where a level has fewer units left
    """
    outer = deal(is_test, unit, n_folds, rng)
    inner = []
    for fold in range(n_folds):
        kept = outer != fold
        units_left = min(len(np.unique(unit[kept & (is_test == level)])) for level in (True, False))
        found = np.full(len(outer), -1)
        found[kept] = deal(is_test[kept], unit[kept], max(2, min(n_folds, units_left)), rng)
        inner.append(found)
    return Plan(outer, tuple(inner))


def deal(is_test: np.ndarray, unit: np.ndarray, n_folds: int, rng: np.random.Generator) -> np.ndarray:
    """Fold of each sample: units in random order, the largest first, each to the fold with the smallest share of its levels.

    Parameters
    ----------
    is_test, unit : as in `make_plan`

    Returns
    -------
    (n_samples,) numbers from 0

    Notes
    -----
    Without relatives and repeated samples these are ordinary stratified folds.
    """
    number = np.unique(unit, return_inverse=True)[1]
    sizes = np.stack([np.bincount(number, ~is_test), np.bincount(number, is_test)], axis=1)
    shares = sizes / np.maximum(sizes.sum(axis=0), 1)
    order = rng.permutation(len(sizes))
    order = order[np.argsort(-sizes.sum(axis=1)[order], kind="stable")]
    held = np.zeros((n_folds, 2))  # of folds in random order, the first of which takes what several could
    fold_of = np.empty(len(sizes), dtype=int)
    for each in order:
        growth = held @ shares[each]  # of the sum of squared shares, but for what is the same in every fold
        best = int(np.argmin(np.round(growth, 9) + 1e-11 * held.sum(axis=1)))
        fold_of[each] = best
        held[best] += shares[each]
    fold_of = rng.permutation(n_folds)[fold_of]
    return fold_of[number]
