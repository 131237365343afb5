"""The whole examination of one contrast: repeated nested cross-validation, permuted labels, the panel of all data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from lateralis.biology.biomarkers.expression import Expression, filter_thresholds, reference_genes, restrict
from lateralis.biology.biomarkers.folds import Plan, deal, make_plan
from lateralis.biology.biomarkers.null import deal_labels
from lateralis.biology.biomarkers.panel import (
    FINAL_TOLERANCE,
    Judged,
    Panel,
    Task,
    cross_validate,
    fit_panel,
    judge_covariates,
    learn_all,
    prepare,
)
from lateralis.biology.biomarkers.performance import People, area, by_person
from lateralis.biology.biomarkers.published import Published, publish
from lateralis.model.compared import FOLDS

PANEL, COVARIATES, BOTH = "panel", "covariates", "panel+covariates"
_REPEATS, _PERMUTATIONS, _FINAL = range(3)  # streams of random numbers


@dataclass(frozen=True)
class Assessment:
    """What was found of one contrast.

    Attributes
    ----------
    people : model → its out-of-fold predictions; models that have nothing to go by are absent
    predictions : model → (n_samples,) mean log odds over repeats
    panels : the outer folds' panels of all repeats, in positions of the genes of the input
    final : the panel of all data
    reference : positions of the genes of its frozen reference, and their mean log2 counts; empty for intensities
    null : (n_permutations,) area of panels of permuted labels, one repeat each
    observed : the area of the true labels in the first repeat, which the null is compared with
    genes_kept : genes that pass the filter of all data
    """

    people: dict[str, People]
    predictions: dict[str, np.ndarray]
    panels: tuple[Panel, ...]
    final: Published
    reference: tuple[np.ndarray, np.ndarray]
    null: np.ndarray
    observed: float
    genes_kept: int

    @property
    def p_value(self) -> float:
        """(1 + permutations that reach the observed area) / (1 + permutations)."""
        return float((1 + (self.null >= self.observed - 1e-12).sum()) / (1 + len(self.null)))


def assess(
    expression: Expression,
    task: Task,
    *,
    repeats: int,
    permutations: int,
    seed: int,
    threads: int = 1,
    n_folds: int = FOLDS,
    progress: Callable[[int, int], None] | None = None,
) -> Assessment:
    """Examine the panel of one contrast.

    Parameters
    ----------
    expression : (n_samples, n_genes) of the contrast's samples
    task : whom to tell apart
    repeats : of the nested cross-validation
    permutations : of the labels, between units that stay together, each with one repeat
    seed : of folds and permutations; results do not depend on `threads`
    progress : called with the number of cross-validations done, and of all
    """
    plans = [make_plan(task.is_test, task.unit, n_folds, _rng(seed, _REPEATS, number)) for number in range(repeats)]
    dealt = [_dealt(task, n_folds, _rng(seed, _PERMUTATIONS, number)) for number in range(permutations)]
    whole = _whole(task, n_folds, _rng(seed, _FINAL, 0))
    asked = [(plan, task) for plan in plans] + [(plan, permuted) for plan, permuted in dealt] + [(whole, task)]
    least = np.concatenate([filter_thresholds(expression, plan.training, each.is_test) for plan, each in asked])
    expression, may = restrict(expression, least)

    with_covariates = len(task.covariates.columns) > 0
    jobs: list[Callable[[], Judged]] = []
    for plan in plans:
        jobs.append(_job(cross_validate, expression, plan, task))
        if with_covariates:
            jobs.append(_job(judge_covariates, plan, task))
            jobs.append(_job(cross_validate, expression, plan, task, with_covariates=True))
    jobs += [_job(cross_validate, expression, plan, permuted) for plan, permuted in dealt]
    with threadpool_limits(1):  # sums would depend on how many threads share them
        done = _all(jobs, threads, progress)
        sets = learn_all(expression, whole, task)
        final, _ = fit_panel(expression, whole, 0, task, sets, tolerance=FINAL_TOLERANCE)
        published = publish(prepare(expression, whole, 0, task, sets), task, final)

    each = 3 if with_covariates else 1
    judged = {PANEL: done[: repeats * each : each]}
    if with_covariates:
        judged |= {COVARIATES: done[1 : repeats * each : each], BOTH: done[2 : repeats * each : each]}
    folds = np.stack([plan.outer for plan in plans])
    people = {model: _people(found, folds, task) for model, found in judged.items()}
    null = [
        area(_people([found], plan.outer[None, :], permuted), n_folds).value
        for found, (plan, permuted) in zip(done[repeats * each :], dealt, strict=True)
    ]
    observed = area(_people(judged[PANEL][:1], folds[:1], task), n_folds).value
    places = np.flatnonzero(may)
    return Assessment(
        people,
        {model: np.mean([one.log_odds for one in found], axis=0) for model, found in judged.items()},
        tuple(replace(panel, genes=places[panel.genes]) for one in judged[PANEL] for panel in one.panels),
        replace(published, panel=replace(published.panel, genes=places[published.panel.genes])),
        _reference(expression, task, places),
        np.array(null),
        observed,
        int(sets.kept[0].sum()),
    )


def _rng(seed: int, stream: int, number: int) -> np.random.Generator:
    return np.random.default_rng([seed, stream, number])


def _dealt(task: Task, n_folds: int, rng: np.random.Generator) -> tuple[Plan, Task]:
    """A permutation of the labels between units, and folds made for it as they are for the true ones."""
    is_test = deal_labels(task.is_test, task.participant, task.unit, rng)
    person = pd.factorize(pd.MultiIndex.from_arrays([task.participant, is_test]))[0]
    permuted = replace(task, is_test=is_test, person=np.asarray(person))
    return make_plan(is_test, task.unit, n_folds, rng), permuted


def _whole(task: Task, n_folds: int, rng: np.random.Generator) -> Plan:
    """All people as one training set, with inner folds to tune in."""
    inner = deal(task.is_test, task.unit, n_folds, rng)
    return Plan(np.full(len(inner), -1), (inner,))


def _reference(expression: Expression, task: Task, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if expression.enough is None:
        return np.empty(0, dtype=int), np.empty(0)
    everybody = np.ones(len(task.is_test), dtype=bool)
    counted = expression.enough.sum(axis=0)
    kept = counted >= filter_thresholds(expression, everybody[None, :], task.is_test)[0]
    genes, means = reference_genes(expression, everybody, kept, counted)
    return places[genes], means


def _people(judged: Sequence[Judged], folds: np.ndarray, task: Task) -> People:
    odds = np.stack([one.log_odds for one in judged])
    return by_person(odds, folds, task.is_test, task.person, task.unit)


def _job(work: Callable[..., Judged], *given: object, **more: object) -> Callable[[], Judged]:
    return lambda: work(*given, **more)


def _all(
    jobs: Sequence[Callable[[], Judged]], threads: int, progress: Callable[[int, int], None] | None
) -> list[Judged]:
    """Results in the order of the jobs, whatever the order in which threads do them."""
    with ThreadPoolExecutor(max(1, threads)) as pool:
        done = []
        for result in pool.map(lambda job: job(), jobs):
            done.append(result)
            if progress is not None:
                progress(len(done), len(jobs))
    return done
