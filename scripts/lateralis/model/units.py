"""Labels dealt anew: among the samples of the compared groups, within strata, participants and families in one piece."""

from __future__ import annotations

import numpy as np
import pandas as pd


def permutation_units(labels: pd.Series, *relations: pd.Series) -> np.ndarray:
    """Number of the unit of each sample: all samples tied by a participant or a family; alone where there is none.

    Parameters
    ----------
    labels : (n_samples,) compared label
    relations : (n_samples,) participant, family, …; empty where unknown. A relation is left out for those of its levels in
        which both labels meet, such as a carrier and a patient of one family: they are dealt inside it by `permute`.
    """
    parent = np.arange(len(labels))

    def root(number: int) -> int:
        while parent[number] != number:
            number = parent[number]
        return number

    for relation in relations:
        values = relation.astype(object).where(relation.notna(), "").to_numpy()
        first: dict[object, int] = {}
        for number, value in enumerate(values):
            if value != "":
                parent[root(number)] = root(first.setdefault(value, number))
    return np.unique([root(number) for number in range(len(labels))], return_inverse=True)[1]


def permute(labels: pd.Series, units: np.ndarray, strata: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One random assignment of the labels.

    Parameters
    ----------
    labels : (n_samples,)
    units : (n_samples,) numbers from `permutation_units`
    strata : (n_samples,) stratum of each sample

    Returns
    -------
    (n_samples,) labels: inside each unit where both meet; else among the units of as many samples in the same stratum, so that
    groups keep their sizes
    """
    values = labels.to_numpy(dtype=object)
    dealt = values.copy()
    whole: dict[tuple[object, int], list[np.ndarray]] = {}
    for unit in np.unique(units):
        at = np.flatnonzero(units == unit)
        if len(set(values[at])) > 1:
            dealt[at] = rng.permutation(values[at])
        else:
            whole.setdefault((strata[at[0]], len(at)), []).append(at)
    for members in whole.values():
        order = rng.permutation(len(members))
        for to, source in zip(members, order, strict=True):
            dealt[to] = values[members[source][0]]
    return dealt
