"""How well a panel tells people apart whom it has not seen: the area under the ROC curve, and its error.

People are compared with people of their own fold alone. Between folds, predictions of a panel that knows nothing are ordered
by what each fold's training set lacks, which is what the fold holds: pooled over folds such an area lies below 1/2 (Parker,
Günter & Bedo 2007, doi:10.1186/1471-2105-8-326). Within a fold it is 1/2 on average.

A panel that knows nothing also has a larger error than people judged by one fixed rule: an accidental likeness of two people
helps, or harms, twice, when the one is judged by the other and when it is the other way round. The variance over people is
therefore multiplied as by Nadeau & Bengio (2003, doi:10.1023/A:1024068626366). It is that of a single repeat, for repeats
average out the choice of folds and not the choice of people: averaged predictions vary less between people, while their area
varies nearly as much between studies.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import stats
from scipy.optimize import brentq
from scipy.special import expit, logit

CONFIDENCE = 0.95


class Area(NamedTuple):
    """An area under the ROC curve, or a difference of two, with its confidence interval."""

    value: float
    low: float
    high: float
    error: float


class People(NamedTuple):
    """People and what was predicted of them.

    Attributes
    ----------
    is_test : (n_people,) bool
    unit : (n_people,) number of those that are related
    placements : (n_people,) share of the other level's people in the same fold that the person stands on the right side of,
        mean over repeats; NaN for a person who never met one
    log_odds : (n_people,) mean over samples and repeats
    each : (n_repeats, n_people) the placements of each repeat
    """

    is_test: np.ndarray
    unit: np.ndarray
    placements: np.ndarray
    log_odds: np.ndarray
    each: np.ndarray


def by_person(
    log_odds: np.ndarray, folds: np.ndarray, is_test: np.ndarray, person: np.ndarray, unit: np.ndarray
) -> People:
    """One prediction a person, and how it compares with those of the other level.

    Parameters
    ----------
    log_odds : (n_repeats, n_samples) out of fold
    folds : (n_repeats, n_samples) fold in which each sample was judged
    is_test, person, unit : (n_samples,)
    """
    n_people = person.max() + 1
    size = np.bincount(person)
    first = np.unique(person, return_index=True)[1]
    level = is_test[first]
    each, odds = np.full((len(log_odds), n_people), np.nan), np.zeros(n_people)
    for repeat, (row, fold) in enumerate(zip(log_odds, folds, strict=True)):
        mean = np.bincount(person, row) / size
        odds += mean / len(log_odds)
        for number in np.unique(fold):
            here = np.flatnonzero(fold[first] == number)
            each[repeat, here] = placement_values(mean[here], level[here])
    known = ~np.isnan(each)
    with np.errstate(invalid="ignore"):
        placements = np.where(known, each, 0.0).sum(axis=0) / known.sum(axis=0)
    return People(level, unit[first], placements, odds, each)


def placement_values(predicted: np.ndarray, is_test: np.ndarray) -> np.ndarray:
    """Share of the other level's people that each person stands on the right side of; ties count half; NaN without any."""
    found = np.full(len(predicted), np.nan)
    test, reference = predicted[is_test], predicted[~is_test]
    if len(test) and len(reference):
        wins = (test[:, None] > reference) + 0.5 * (test[:, None] == reference)
        found[is_test], found[~is_test] = wins.mean(axis=1), wins.mean(axis=0)
    return found


def area(people: People, n_folds: int) -> Area:
    """Area under the ROC curve with its confidence interval.

    Parameters
    ----------
    people : from `by_person`
    n_folds : of the outer cross-validation

    Returns
    -------
    The mean of the two levels' mean placements, and an interval on the scale of log odds, with Student's t. Where hardly a
    pair is on the wrong side, or on the right one, Newcombe's interval.

    Source: DeLong, DeLong & Clarke-Pearson 1988, doi:10.2307/2531595; with relatives, Obuchowski 1997, doi:10.2307/2533958;
    over folds, LeDell, Petersen & van der Laan 2015, doi:10.1214/15-EJS1035; Newcombe 2006, doi:10.1002/sim.2324, method 5.
    """
    value = _value(people)
    error, df = clustered_error(_influences(people), people.is_test, people.unit, n_folds)
    n_test, n_reference = int(people.is_test.sum()), int((~people.is_test).sum())
    if min(value, 1 - value) < 0.5 / min(n_test, n_reference) or error == 0:
        low, high = newcombe_interval(value, n_test, n_reference)
        return Area(value, low, high, error)
    reach = stats.t.ppf((1 + CONFIDENCE) / 2, df) * error / (value * (1 - value))
    return Area(value, float(expit(logit(value) - reach)), float(expit(logit(value) + reach)), error)


def difference(first: People, second: People, n_folds: int) -> Area:
    """Area of one model less that of another on the same people, with a confidence interval of the paired difference."""
    value, influences = _value(first) - _value(second), _influences(first) - _influences(second)
    error, df = clustered_error(influences, first.is_test, first.unit, n_folds)
    reach = float(stats.t.ppf((1 + CONFIDENCE) / 2, df) * error)
    return Area(value, max(value - reach, -1.0), min(value + reach, 1.0), error)


def _value(people: People) -> float:
    means = [np.nanmean(people.placements[people.is_test == level]) for level in (True, False)]
    return float(np.mean(means))


def _influences(people: People) -> np.ndarray:
    """What each person adds to the area of each repeat, (n_repeats, n_people)."""
    found = np.zeros(people.each.shape)
    for level in (True, False):
        part = people.each[:, people.is_test == level]
        known = ~np.isnan(part)
        size = np.maximum(known.sum(axis=1, keepdims=True), 1)
        centre = np.where(known, part, 0.0).sum(axis=1, keepdims=True) / size
        found[:, people.is_test == level] = np.where(known, (part - centre) / size, 0.0)
    return found


def clustered_error(influences: np.ndarray, is_test: np.ndarray, unit: np.ndarray, n_folds: int) -> tuple[float, float]:
    """Standard error of a sum of what people add, relatives together, and its degrees of freedom (Welch & Satterthwaite).

    Parameters
    ----------
    influences : (n_repeats, n_people)
    is_test, unit : (n_people,)
    n_folds : of the outer cross-validation
    """
    number = np.unique(unit, return_inverse=True)[1]
    n_units = number.max() + 1
    squares = [(np.bincount(number, one) ** 2).sum() for one in influences]
    variance = float(np.mean(squares)) * n_units / (n_units - 1) * variance_factor(n_folds)
    parts = np.array([(influences[:, is_test == level] ** 2).sum() for level in (True, False)])
    units = np.array([len(np.unique(number[is_test == level])) for level in (True, False)])
    df = parts.sum() ** 2 / (parts**2 / (units - 1)).sum() if parts.sum() > 0 else float(n_units - 2)
    return float(np.sqrt(variance)), float(df)


def variance_factor(n_folds: int) -> float:
    """By how much cross-validation widens the variance of a mean over folds: 1 + n_folds · n_judged / n_training."""
    return 1 + n_folds / (n_folds - 1)


def newcombe_interval(value: float, n_test: int, n_reference: int) -> tuple[float, float]:
    """Score interval of an area, which has a width also where every pair is on the right side."""
    z = stats.norm.ppf((1 + CONFIDENCE) / 2)
    n = (n_test + n_reference) / 2 - 1

    def distance(at: float) -> float:
        spread = at * (1 - at) * (1 + n * (1 - at) / (2 - at) + n * at / (1 + at)) / (n_test * n_reference)
        return float((value - at) ** 2 - z**2 * spread)

    inside = min(max(value, 1e-9), 1 - 1e-9)  # 0 and 1 are themselves roots
    low = brentq(distance, 0.0, inside) if value > 0 else 0.0
    high = brentq(distance, inside, 1.0) if value < 1 else 1.0
    return float(low), float(high)
