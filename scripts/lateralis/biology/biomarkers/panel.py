"""A panel: genes chosen, standardised, tuned and weighted from one training set; and the model of covariates alone.

The panel is a logistic regression with an elastic net: every person counts alike, and so do the two levels, whatever their
numbers. Its penalty is that of the inner folds' smallest deviance, or the largest one within a standard error of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from lateralis.biology.biomarkers.expression import Expression, TrainingSets, learn, strongest, values_of
from lateralis.biology.biomarkers.folds import Plan

L1_RATIOS = (0.5, 0.9)
# Of the largest penalty at which the panel has a gene; it is not among them, for a panel without a gene is none.
PENALTIES = np.geomspace(0.85, 0.03, 12)
TOLERANCE, FINAL_TOLERANCE = 1e-5, 1e-11
RIDGE = 1.0  # of covariates: a normal prior of standard deviation 1, in units of log odds a standard deviation


@dataclass(frozen=True)
class Task:
    """Whom to tell apart.

    Attributes
    ----------
    is_test : (n_samples,) bool
    participant : (n_samples,) who gave the sample
    person : (n_samples,) number of each participant at each level
    unit : (n_samples,) number of those that stay together
    covariates : (n_samples, k) variables that the panel must tell more than
    max_genes : most genes that a training set's filter leaves to its panel
    """

    is_test: np.ndarray
    participant: np.ndarray
    person: np.ndarray
    unit: np.ndarray
    covariates: pd.DataFrame
    max_genes: int


@dataclass(frozen=True)
class Panel:
    """One panel, as fitted to one training set.

    Attributes
    ----------
    genes : (n_panel,) positions of the genes with a coefficient
    centre, scale : (n_panel,) mean and standard deviation of their log2 expression in the training set
    coefficients : (n_panel,) log odds a standard deviation
    intercept : log odds, for levels as frequent as in the training set
    l1_ratio, penalty : as chosen
    size_factors : (n_samples,) log2, of all samples against the training set's reference
    kept : number of genes that passed the training set's filter
    """

    genes: np.ndarray
    centre: np.ndarray
    scale: np.ndarray
    coefficients: np.ndarray
    intercept: float
    l1_ratio: float
    penalty: float
    size_factors: np.ndarray
    kept: int


@dataclass(frozen=True)
class Judged:
    """What one repeat of cross-validation gives.

    Attributes
    ----------
    log_odds : (n_samples,) of the tested level, each from the fit that did not see the sample's unit
    panels : one an outer fold; empty for covariates alone
    """

    log_odds: np.ndarray
    panels: tuple[Panel, ...]


def cross_validate(expression: Expression, plan: Plan, task: Task, *, with_covariates: bool = False) -> Judged:
    """Fit a panel to the training set of each outer fold and judge the samples of the fold by it.

    Parameters
    ----------
    with_covariates : let covariates stand beside the genes, outside the elastic net, and choose genes adjusted for them
    """
    sets = learn_all(expression, plan, task, with_covariates)
    log_odds = np.full(len(task.is_test), np.nan)
    panels = []
    for fold in range(len(plan.inner)):
        panel, predicted = fit_panel(expression, plan, fold, task, sets, with_covariates=with_covariates)
        judged = plan.outer == fold
        log_odds[judged] = predicted[judged]
        panels.append(panel)
    return Judged(log_odds, tuple(panels))


def judge_covariates(plan: Plan, task: Task) -> Judged:
    """Log odds by the covariates alone: a logistic regression with a ridge, in the same folds."""
    log_odds = np.full(len(task.is_test), np.nan)
    for fold in range(len(plan.inner)):
        kept = plan.outer != fold
        columns = encode(task.covariates, kept).T
        own = np.ascontiguousarray(columns[:, kept])
        y, weights = task.is_test[kept].astype(float), sample_weights(task, kept)
        fit = _path()(own, y, weights, np.ones(1), 1.0, len(columns), RIDGE / kept.sum(), TOLERANCE)[0]
        judged = plan.outer == fold
        log_odds[judged] = fit[0] + fit[1:] @ columns[:, judged] + log_frequency(task, kept)
    return Judged(log_odds, ())


def learn_all(expression: Expression, plan: Plan, task: Task, with_covariates: bool = False) -> TrainingSets:
    """What each training set of a plan teaches of the genes."""
    covariates = [encode(task.covariates, kept) for kept in plan.training] if with_covariates else None
    return learn(expression, plan.training, task.is_test, covariates)


def fit_panel(
    expression: Expression,
    plan: Plan,
    fold: int,
    task: Task,
    sets: TrainingSets,
    *,
    with_covariates: bool = False,
    tolerance: float = TOLERANCE,
) -> tuple[Panel, np.ndarray]:
    """The panel of one outer fold's training set, tuned in its inner folds, and its log odds for all samples, (n_samples,).

    Parameters
    ----------
    sets : what `learn_all` gives
    tolerance : of the last fit
    """
    row, inner = int(plan.first[fold]), plan.inner[fold]
    whole = prepare(expression, plan, row, task, sets, with_covariates)
    prepared = [
        prepare(expression, plan, row + 1 + number, task, sets, with_covariates) for number in range(inner.max() + 1)
    ]
    best = (np.inf, L1_RATIOS[0], np.inf)
    for l1_ratio in L1_RATIOS:
        penalties = PENALTIES * _largest_penalty(whole, task) / l1_ratio
        deviances = np.empty((len(prepared), len(penalties)))
        for number, part in enumerate(prepared):
            path = part.path(task, penalties, l1_ratio, TOLERANCE)
            judged = inner == number
            weights = sample_weights(task, inner >= 0)[judged[inner >= 0]]
            odds = path[:, :1] + path[:, 1:] @ part.x[:, judged]
            loss = np.logaddexp(0.0, odds) - np.where(task.is_test[judged], odds, 0.0)
            deviances[number] = 2 * loss @ weights / weights.sum()
        lowest, penalty = within_one_error(deviances, penalties, errors=0.0 if with_covariates else 1.0)
        if lowest < best[0]:
            best = (lowest, l1_ratio, penalty)
    _, l1_ratio, penalty = best
    down_to = np.append(penalty * np.array([4.0, 2.0]), penalty)  # a warm start
    fit = whole.path(task, down_to, l1_ratio, tolerance)[-1]
    frequency = log_frequency(task, whole.kept)
    coefficients = fit[1 + whole.n_free :]
    chosen = np.flatnonzero(coefficients)
    panel = Panel(
        whole.genes[chosen],
        whole.centre[chosen],
        whole.scale[chosen],
        coefficients[chosen],
        float(fit[0] + frequency),
        l1_ratio,
        float(penalty),
        sets.size_factors[row],
        int(sets.kept[row].sum()),
    )
    return panel, fit[0] + fit[1:] @ whole.x + frequency


def within_one_error(deviances: np.ndarray, penalties: np.ndarray, errors: float = 1.0) -> tuple[float, float]:
    """The smallest mean deviance, and the largest penalty whose mean is within one standard error of it.

    Parameters
    ----------
    deviances : (n_folds, n_penalties)
    penalties : (n_penalties,) descending
    errors : how many standard errors. None beside covariates, which no penalty shrinks: genes shrunken further than they need
        be would only be drowned by them

    Source: Breiman et al. 1984, Classification and Regression Trees, section 3.4.3.
    """
    means = deviances.mean(axis=0)
    lowest = int(means.argmin())
    error = deviances[:, lowest].std(ddof=1) / np.sqrt(len(deviances))
    return float(means[lowest]), float(penalties[np.flatnonzero(means <= means[lowest] + errors * error)[0]])


def sample_weights(task: Task, kept: np.ndarray) -> np.ndarray:
    """Weights of training samples, sum 1: half for either level, in a level the same for each person.

    Parameters
    ----------
    kept : (n_samples,) bool

    Returns
    -------
    (n_kept,)
    """
    person, is_test = task.person[kept], task.is_test[kept]
    own = 1.0 / np.bincount(person)[person]
    totals = np.where(is_test, own[is_test].sum(), own[~is_test].sum())
    return own / (2 * totals)


def encode(covariates: pd.DataFrame, kept: np.ndarray) -> np.ndarray:
    """Covariates as columns, standardised over training samples: numbers, and an indicator for each level but the first.

    Parameters
    ----------
    covariates : (n_samples, k) typed
    kept : (n_samples,) bool, the training samples; a level that none of them has is as the first

    Returns
    -------
    (n_samples, n_columns); without columns that are the same in all training samples
    """
    columns = []
    for name in covariates:
        values = covariates[name]
        if isinstance(values.dtype, pd.CategoricalDtype):
            codes = values.cat.codes.to_numpy()
            columns += [(codes == code).astype(float) for code in np.unique(codes[kept])[1:]]
        else:
            columns.append(values.to_numpy(dtype=float))
    scaled = [(column - column[kept].mean()) / column[kept].std() for column in columns if column[kept].std() > 0]
    return np.stack(scaled, axis=1) if scaled else np.empty((len(covariates), 0))


@dataclass(frozen=True)
class Prepared:
    """A training set ready to be fitted: covariates, then genes, of all samples, standardised by the training samples'."""

    x: np.ndarray
    kept: np.ndarray
    n_free: int
    genes: np.ndarray
    centre: np.ndarray
    scale: np.ndarray

    def path(self, task: Task, penalties: np.ndarray, l1_ratio: float, tolerance: float) -> np.ndarray:
        """Intercept and coefficients at each penalty, (n_penalties, 1 + n_free + n_genes)."""
        y, weights = task.is_test[self.kept].astype(float), sample_weights(task, self.kept)
        x = np.ascontiguousarray(self.x[:, self.kept])
        found = _path()(x, y, weights, penalties, l1_ratio, self.n_free, RIDGE / len(y), tolerance)
        return np.asarray(found)


def prepare(
    expression: Expression, plan: Plan, row: int, task: Task, sets: TrainingSets, with_covariates: bool = False
) -> Prepared:
    """A training set's chosen genes and, if they are asked for, its covariates.

    Parameters
    ----------
    row : of the plan's training sets
    sets : what `learn_all` gives
    """
    kept = plan.training[row]
    genes = strongest(sets.strength[row], task.max_genes)
    values = values_of(expression, genes, sets.size_factors[row]).T
    centre, scale = values[:, kept].mean(axis=1), values[:, kept].std(axis=1)
    scale = np.where(scale > 0, scale, 1.0)
    x = (values - centre[:, None]) / scale[:, None]
    free = encode(task.covariates, kept).T if with_covariates else np.empty((0, len(kept)))
    return Prepared(np.concatenate([free, x]), kept, len(free), genes, centre, scale)


def _largest_penalty(prepared: Prepared, task: Task) -> float:
    """The smallest penalty, all of it absolute, at which no gene has a coefficient."""
    y, weights = task.is_test[prepared.kept].astype(float), sample_weights(task, prepared.kept)
    x = prepared.x[:, prepared.kept]
    if prepared.n_free:
        free = np.ascontiguousarray(x[: prepared.n_free])
        fit = _path()(free, y, weights, np.ones(1), 1.0, len(free), RIDGE / len(y), TOLERANCE)[0]
        expected = 1 / (1 + np.exp(-(fit[0] + fit[1:] @ free)))
    else:
        expected = 0.5
    slopes = np.abs(x[prepared.n_free :] @ (weights * (y - expected)))
    return float(slopes.max(initial=1e-6))


def log_frequency(task: Task, kept: np.ndarray) -> float:
    """Log odds of the tested level among the people of a training set, which its balanced fit does not know of."""
    people = len(np.unique(task.person[kept & task.is_test])), len(np.unique(task.person[kept & ~task.is_test]))
    return float(np.log(people[0] / people[1]))


@cache
def _path() -> Callable[..., Any]:
    """The compiled path; loaded when it is needed, for not every import does."""
    from lateralis.model.engine.elastic_net import fit_path

    return fit_path
