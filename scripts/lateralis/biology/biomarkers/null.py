"""Labels that mean nothing: those of the study, dealt anew between people who stay together."""

from __future__ import annotations

import numpy as np


def deal_labels(is_test: np.ndarray, participant: np.ndarray, unit: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One permutation of the labels.

    Parameters
    ----------
    is_test : (n_samples,) bool
    participant : (n_samples,) who gave the sample
    unit : (n_samples,) number of those that stay together

    Returns
    -------
    (n_samples,) bool: a unit with one label gets that of any such unit, whole, so that as many units have either label as
    before; where both labels meet in a unit they are dealt between its participants, and where both meet in a participant,
    between the participant's samples.
    """
    dealt = is_test.copy()
    pure = []
    for number in np.unique(unit):
        at = np.flatnonzero(unit == number)
        if len(np.unique(is_test[at])) == 1:
            pure.append(at)
            continue
        single = []
        for name in dict.fromkeys(participant[at]):
            own = at[participant[at] == name]
            if len(np.unique(is_test[own])) == 1:
                single.append(own)
            else:
                dealt[own] = rng.permutation(is_test[own])
        _exchange(dealt, is_test, single, rng)
    _exchange(dealt, is_test, pure, rng)
    return dealt


def _exchange(dealt: np.ndarray, is_test: np.ndarray, members: list[np.ndarray], rng: np.random.Generator) -> None:
    """Give each of some sets of samples the label of another of them."""
    for to, source in zip(members, rng.permutation(len(members)), strict=True):
        dealt[to] = is_test[members[source][0]]
