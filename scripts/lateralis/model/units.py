"""Which samples are of one piece: a participant's, and those of relatives; no fold and no permutation parts them."""

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
