"""Labels dealt anew: among the samples of the two compared groups, within strata, participants and families in one piece.

Covariates stay with their samples. Where a label could be told from them, dealing it anew breaks what was never broken in the
study, and what is found then says nothing: `exchangeable` is asked first.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

MOST_PREDICTABLE = 0.7  # cross-validated AUC of the label from the covariates above which labels are not exchangeable
FOLDS, REPEATS, RIDGE, STEPS = 5, 4, 1.0, 25
LEAST_MIXED = 0.8  # share of units in strata with both labels, below which strata are given up


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


def choose_strata(labels: pd.Series, variables: pd.DataFrame) -> np.ndarray:
    """Stratum of each sample: the levels of categorical variables together, as many of them as leave strata mixed.

    Parameters
    ----------
    labels : (n_samples,)
    variables : (n_samples, k) categorical covariates, most important first

    Returns
    -------
    (n_samples,) text; one stratum where even the first variable leaves fewer than 80 % of samples with both labels beside them
    """
    strata = pd.Series("", index=labels.index)
    for name in variables:
        finer = strata + "|" + variables[name].astype(str)
        mixed = labels.groupby(finer).transform("nunique") > 1
        if mixed.mean() >= LEAST_MIXED:
            strata = finer
    return strata.to_numpy()


def predictability(labels: np.ndarray, covariates: np.ndarray, seed: int = 1) -> float:
    """How well covariates predict the label: area under the ROC curve, cross-validated, of a ridge logistic regression.

    Parameters
    ----------
    labels : (n_samples,) bool
    covariates : (n_samples, k); categorical ones as indicators

    Returns
    -------
    0.5 where they say nothing, 1 where they decide; NaN with fewer than five samples of a label, 0.5 without covariates
    """
    if min(labels.sum(), (~labels).sum()) < FOLDS:
        return np.nan
    if not covariates.shape[1]:
        return 0.5
    values = (covariates - covariates.mean(axis=0)) / np.maximum(covariates.std(axis=0), 1e-12)
    rng = np.random.default_rng(seed)
    areas = []
    for _ in range(REPEATS):
        folds = np.empty(len(labels), dtype=int)
        for label in (True, False):
            at = rng.permutation(np.flatnonzero(labels == label))
            folds[at] = np.arange(len(at)) % FOLDS
        for fold in range(FOLDS):
            test = folds == fold
            areas.append(_area(_logistic(values[~test], labels[~test]), values[test], labels[test]))
    return float(np.mean(areas))


def _logistic(values: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Slopes of a logistic regression with a ridge, by Newton's method; the intercept is free and left out."""
    matrix = np.column_stack([np.ones(len(values)), values])
    penalty = np.diag([1e-9, *[RIDGE] * values.shape[1]])
    beta = np.zeros(matrix.shape[1])
    for _ in range(STEPS):
        probability = 1 / (1 + np.exp(-np.clip(matrix @ beta, -30, 30)))
        weights = np.maximum(probability * (1 - probability), 1e-9)
        step = np.linalg.solve(
            (matrix.T * weights) @ matrix + penalty, matrix.T @ (labels - probability) - penalty @ beta
        )
        beta += step
        if np.abs(step).max() < 1e-8:
            break
    return np.asarray(beta[1:])


def _area(slopes: np.ndarray, values: np.ndarray, labels: np.ndarray) -> float:
    ranks = pd.Series(values @ slopes).rank().to_numpy()
    n_true = labels.sum()
    return float((ranks[labels].sum() - n_true * (n_true + 1) / 2) / (n_true * (~labels).sum()))
