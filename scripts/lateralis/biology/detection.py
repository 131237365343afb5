"""Whether being detected, or being measured, differs along a contrast: for proteins that levels alone cannot answer for.

Logistic regression on the model's own design with Firth's penalty, which has finite estimates also where one group is all
detected; the test is that of the penalised likelihood ratio.

Source: Firth 1993, doi:10.1093/biomet/80.1.27; Heinze & Schemper 2002, doi:10.1002/sim.1047 (R `logistf`).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import chdtrc, expit

_MOST_STEPS = 200
_LONGEST_STEP = 3.0
_TOLERANCE = 1e-5  # of the score; the log-likelihood then lacks some 1e-10


class FirthFit(NamedTuple):
    """Coefficients (n_coef,), natural log odds, and the penalised log-likelihood at its maximum."""

    beta: np.ndarray
    log_likelihood: float


def fit_firth(outcome: np.ndarray, matrix: np.ndarray, directions: np.ndarray | None = None) -> FirthFit | None:
    """Maximise the penalised likelihood, over all coefficients or those that are combinations of some directions.

    Parameters
    ----------
    outcome : (n,) bool
    matrix : (n, n_coef) of full rank
    directions : (n_coef, n_free); default, all. The penalty is that of all coefficients either way

    Returns
    -------
    None where no maximum is found
    """
    free = np.eye(matrix.shape[1]) if directions is None else directions
    beta = np.zeros(matrix.shape[1])
    current = _penalised(outcome, matrix, beta)
    for _ in range(_MOST_STEPS):
        chance = expit(matrix @ beta)
        weight = chance * (1 - chance)
        information = (matrix * weight[:, None]).T @ matrix
        try:
            inverse = np.linalg.inv(information)
        except np.linalg.LinAlgError:
            return None
        leverage = weight * ((matrix @ inverse) * matrix).sum(axis=1)
        score = free.T @ (matrix.T @ (outcome - chance + leverage * (0.5 - chance)))
        if not len(score) or np.abs(score).max() < _TOLERANCE:
            return FirthFit(beta, current)
        step = free @ np.linalg.solve(free.T @ information @ free, score)
        step *= min(1.0, _LONGEST_STEP / max(np.abs(step).max(), 1e-300))
        for _ in range(30):
            proposed = _penalised(outcome, matrix, beta + step)
            if proposed >= current - 1e-12:
                break
            step = step / 2
        beta, current = beta + step, proposed
        if np.abs(step).max() < 1e-10:
            return FirthFit(beta, current)
    return None


def detection_test(outcome: np.ndarray, matrix: np.ndarray, contrast: np.ndarray) -> tuple[float, float]:
    """Log odds ratio (natural) of a contrast and its p-value; NaN where all or none are detected, or it has no estimate.

    Parameters
    ----------
    outcome : (n,) bool
    matrix : (n, n_coef) design, of any rank
    contrast : (n_coef,) weights
    """
    if not outcome.any() or outcome.all():
        return np.nan, np.nan
    _, singular, right = np.linalg.svd(matrix, full_matrices=False)
    basis = right[singular > 1e-9 * singular.max()].T
    weights = basis.T @ contrast
    if np.linalg.norm(contrast - basis @ weights) > 1e-6 * np.linalg.norm(contrast):
        return np.nan, np.nan
    reduced = matrix @ basis
    null = np.linalg.svd(weights[None, :])[2][1:].T
    full, restricted = fit_firth(outcome, reduced), fit_firth(outcome, reduced, null)
    if full is None or restricted is None:
        return np.nan, np.nan
    ratio = max(2 * (full.log_likelihood - restricted.log_likelihood), 0.0)
    return float(weights @ full.beta), float(chdtrc(1, ratio))


def _penalised(outcome: np.ndarray, matrix: np.ndarray, beta: np.ndarray) -> float:
    linear = matrix @ beta
    chance = expit(linear)
    information = (matrix * (chance * (1 - chance))[:, None]).T @ matrix
    sign, log_determinant = np.linalg.slogdet(information)
    if sign <= 0:
        return -np.inf
    return float(np.sum(outcome * linear - np.logaddexp(0, linear)) + 0.5 * log_determinant)
