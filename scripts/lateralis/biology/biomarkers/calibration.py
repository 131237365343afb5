"""Whether predicted probabilities mean what they say, and what acting on them would gain."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats
from scipy.special import expit

from lateralis.biology.biomarkers.performance import CONFIDENCE

N_BINS = 5  # of people with like predictions
THRESHOLDS = np.round(np.arange(0.02, 0.99, 0.02), 2)
CALIBRATION_COLUMNS = ["model", "bin", "people", "predicted", "observed", "low", "high"]
_STEPS, _SEPARATED = 50, 15.0


class Recalibration(NamedTuple):
    """Intercept at slope 1 and slope of the outcome's log odds on the predicted ones; NaN where they separate the levels."""

    intercept: float
    slope: float


def recalibrate(log_odds: np.ndarray, is_test: np.ndarray) -> Recalibration:
    """Calibration in the large and calibration slope; 0 and 1 are right, a slope below 1 means predictions too extreme.

    Parameters
    ----------
    log_odds, is_test : (n_people,)

    Source: Cox 1958; Van Calster et al. 2016, doi:10.1016/j.jclinepi.2015.12.005.
    """
    intercept = _logistic(np.ones((len(log_odds), 1)), is_test, log_odds)[0]
    centred = log_odds - log_odds.mean()
    if centred.std() < 1e-12:
        return Recalibration(float(intercept), np.nan)
    slope = _logistic(np.column_stack([np.ones(len(log_odds)), centred / centred.std()]), is_test, 0.0)[1]
    return Recalibration(float(intercept), float(slope / centred.std()))


def _logistic(matrix: np.ndarray, is_test: np.ndarray, offset: np.ndarray | float) -> np.ndarray:
    """Coefficients by Newton's method; NaN where they have no end."""
    beta = np.zeros(matrix.shape[1])
    for _ in range(_STEPS):
        probability = expit(offset + matrix @ beta)
        weights = np.maximum(probability * (1 - probability), 1e-12)
        step = np.linalg.solve((matrix.T * weights) @ matrix, matrix.T @ (is_test - probability))
        beta += np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-10:
            return beta
        if np.abs(beta).max() > _SEPARATED:
            break
    return np.full(matrix.shape[1], np.nan)


def brier_score(log_odds: np.ndarray, is_test: np.ndarray) -> float:
    """Mean squared distance of the probability from what is: 0 at best, p (1 - p) for who knows the frequency p alone."""
    return float(((expit(log_odds) - is_test) ** 2).mean())


def reliability(log_odds: np.ndarray, is_test: np.ndarray, model: str) -> pd.DataFrame:
    """Predicted and observed frequency of the tested level, in bins of people with like predictions.

    Returns
    -------
    DataFrame, at most `N_BINS` rows, columns `CALIBRATION_COLUMNS`; low and high are Wilson's interval of the observed
    """
    order = np.argsort(log_odds, kind="stable")
    rows = []
    for number, members in enumerate(np.array_split(order, min(N_BINS, len(order))), start=1):
        low, high = wilson_interval(int(is_test[members].sum()), len(members))
        predicted, observed = expit(log_odds[members]).mean(), is_test[members].mean()
        rows.append((model, number, len(members), float(predicted), float(observed), low, high))
    return pd.DataFrame(rows, columns=CALIBRATION_COLUMNS)


def wilson_interval(successes: int, n: int) -> tuple[float, float]:
    """Wilson's score interval of a share."""
    z = stats.norm.ppf((1 + CONFIDENCE) / 2)
    share = successes / n
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    reach = z * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    return max(float(centre - reach), 0.0), min(float(centre + reach), 1.0)


def decision_curve(predicted: dict[str, np.ndarray], is_test: np.ndarray) -> pd.DataFrame:
    """Net benefit of acting on who is predicted above a threshold, of acting on all and on none.

    Parameters
    ----------
    predicted : model → (n_people,) log odds
    is_test : (n_people,)

    Returns
    -------
    DataFrame with threshold, one column a model, treat_all and treat_none; net benefit in true positives a person

    Source: Vickers & Elkin 2006, doi:10.1177/0272989X06295361.
    """
    odds = THRESHOLDS / (1 - THRESHOLDS)
    table = {"threshold": THRESHOLDS}
    for model, log_odds in predicted.items():
        acted = expit(log_odds)[None, :] >= THRESHOLDS[:, None]
        table[model] = (acted & is_test).mean(axis=1) - (acted & ~is_test).mean(axis=1) * odds
    table["treat_all"] = is_test.mean() - (1 - is_test.mean()) * odds
    table["treat_none"] = np.zeros(len(THRESHOLDS))
    return pd.DataFrame(table)


def roc_curve(placements: np.ndarray, is_test: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The ROC curve whose area is the mean placement of the tested level: share of the tested above each share of references.

    Parameters
    ----------
    placements : (n_values,) share of the references of the fold that each one of the tested level stands above
    is_test : (n_values,) bool

    Returns
    -------
    False-positive and true-positive rates, ascending from (0, 0) to (1, 1)

    Source: Pepe & Cai 2004, doi:10.1111/j.0006-341X.2004.00200.x.
    """
    worse = np.sort(1 - placements[is_test & ~np.isnan(placements)])
    rates, counts = np.unique(np.round(worse, 12), return_counts=True)
    true = np.cumsum(counts) / counts.sum()
    x = np.concatenate([[0.0], np.repeat(rates, 2), [1.0]])
    y = np.concatenate([[0.0], np.stack([np.append(0.0, true[:-1]), true], axis=1).ravel(), [1.0]])
    return x, y
