"""A panel's parts against closed forms, scikit-learn and the pipeline's size factors; nothing of who is judged is in it."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from biomarker_cohorts import simulate
from scipy import stats
from sklearn.linear_model import LogisticRegression

from lateralis.biology.biomarkers import expression as normalisation
from lateralis.biology.biomarkers.expression import (
    counts_expression,
    filter_thresholds,
    intensity_expression,
    learn,
    restrict,
    strongest,
    values_of,
)
from lateralis.biology.biomarkers.folds import Plan, make_plan
from lateralis.biology.biomarkers.panel import (
    Task,
    cross_validate,
    encode,
    judge_covariates,
    sample_weights,
    within_one_error,
)
from lateralis.biology.biomarkers.published import elastic_net
from lateralis.config import GeneFilter
from lateralis.model.engine.elastic_net import fit_path
from lateralis.model.normalise import estimate_size_factors

EVERYBODY = np.ones((1, 40), dtype=bool)


@pytest.fixture(scope="module")
def standardised():
    """Features × samples, labels, weights that sum to 1."""
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(60, 90)), (rng.random(90) < 0.4).astype(float)
    x[:6] += 0.9 * y
    x = (x - x.mean(axis=1, keepdims=True)) / x.std(axis=1, keepdims=True)
    return x, y, np.where(y == 1, 0.5 / y.sum(), 0.5 / (1 - y).sum())


@pytest.mark.parametrize("l1_ratio", [0.5, 0.9, 1.0])
@pytest.mark.parametrize("share", [0.6, 0.15])
def test_the_path_is_scikit_learns_elastic_net(standardised, l1_ratio, share):
    x, y, weights = standardised
    largest = np.abs(x @ (weights * (y - 0.5))).max() / l1_ratio
    path = fit_path(x, y, weights, largest * np.array([1.0001, share]), l1_ratio, 0, 0.0, 1e-12)
    assert (path[0, 1:] == 0).all()  # nothing enters at the largest penalty
    np.testing.assert_allclose(path[0, 0], 0, atol=1e-9)
    intercept, coefficients, _ = elastic_net(x.T, y == 1, weights, l1_ratio, largest * share)
    assert ((path[1, 1:] != 0) == (np.abs(coefficients) > 1e-5)).all()
    np.testing.assert_allclose(path[1, 1:], coefficients, atol=2e-4)  # saga stops at steps of 1e-6
    np.testing.assert_allclose(path[1, 0], intercept, atol=2e-4)


def test_balanced_people_are_scikit_learns_balanced_classes(standardised):
    x, y, weights = standardised
    model = LogisticRegression(solver="saga", l1_ratio=0.5, C=0.2, class_weight="balanced", tol=1e-6, max_iter=20000)
    model.fit(x.T, y)
    path = fit_path(x, y, weights, np.array([1 / (0.2 * 90)]), 0.5, 0, 0.0, 1e-12)
    np.testing.assert_allclose(path[0, 1:], model.coef_[0], atol=2e-4)


def test_free_features_carry_their_ridge_alone(standardised):
    x, y, weights = standardised
    path = fit_path(x[:8], y, weights, np.array([1e6]), 1.0, 3, 0.1, 1e-14)[0]
    assert (path[4:] == 0).all()
    model = LogisticRegression(C=1 / (0.1 * 90), tol=1e-10).fit(x[:3].T, y, sample_weight=90 * weights)
    np.testing.assert_allclose(path[1:4], model.coef_[0], atol=1e-6)


def test_size_factors_of_training_samples_are_the_pipelines():
    counts, task = simulate(3, n=40, n_genes=400)
    expression = counts_expression(counts, GeneFilter(min_count=1, min_samples=1))
    sets = learn(expression, EVERYBODY, task.is_test)
    usable = counts[:, (counts > 0).all(axis=0)]
    ours = sets.size_factors[0] * np.log(2)
    theirs = np.log(estimate_size_factors(usable, "ratio").values)
    np.testing.assert_allclose(ours - ours.mean(), theirs - theirs.mean(), atol=1e-9)


def test_a_judged_samples_size_factor_is_held_against_the_frozen_reference():
    counts, task = simulate(3, n=40, n_genes=400)
    training = EVERYBODY.copy()
    training[0, :8] = False
    doubled = counts.copy()
    doubled[2] *= 2
    before, after = (learn(counts_expression(each, GeneFilter()), training, task.is_test) for each in (counts, doubled))
    difference = after.size_factors[0] - before.size_factors[0]
    np.testing.assert_allclose(difference[2], 1, atol=1e-12)  # twice the counts: one more in log2
    assert (np.delete(difference, 2) == 0).all()


def test_the_filter_reads_training_samples_and_their_smaller_level():
    counts, task = simulate(4, n=40, n_genes=300, n_test=12, families=0)
    training = EVERYBODY.copy()
    training[0, np.flatnonzero(task.is_test)[:4]] = False
    counts[:, 0] = 0
    counts[np.flatnonzero(~training[0]), 0] = 500  # only judged samples have it
    counts[:, 1] = 0
    counts[np.flatnonzero(training[0])[:8], 1] = 10
    counts[:, 2] = 0
    counts[np.flatnonzero(training[0])[:7], 2] = 10
    expression = counts_expression(counts, GeneFilter())
    assert filter_thresholds(expression, training, task.is_test).tolist() == [8]
    kept = learn(expression, training, task.is_test).kept[0]
    assert kept[:3].tolist() == [False, True, False]
    totals = counts_expression(counts, GeneFilter(min_total=80))
    assert learn(totals, training, task.is_test).kept[0][:3].tolist() == [False, True, False]  # 72 of 36 samples' share
    smaller, may = restrict(expression, np.array([8.0]))
    assert may[:3].tolist() == [False, True, False]
    np.testing.assert_array_equal(smaller.logs, expression.logs[:, may])


def test_strength_is_the_t_statistic_with_the_median_deviation_added():
    rng = np.random.default_rng(2)
    values, is_test = rng.normal(8, 1, (40, 50)), np.arange(40) < 15
    covariates = [rng.normal(size=(40, 2))]
    ours = learn(intensity_expression(values), EVERYBODY, is_test).strength[0]
    adjusted = learn(intensity_expression(values), EVERYBODY, is_test, covariates).strength[0]
    t = stats.ttest_ind(values[is_test], values[~is_test]).statistic
    residual = np.sqrt((values[is_test].var(axis=0, ddof=1) * 14 + values[~is_test].var(axis=0, ddof=1) * 24) / 38)
    np.testing.assert_allclose(ours, np.abs(t) * residual / (residual + np.median(residual)), rtol=1e-9)
    matrix = np.column_stack([np.ones(40), covariates[0], is_test])
    beta, rss, *_ = np.linalg.lstsq(matrix, values, rcond=None)
    deviation = np.sqrt(rss / 36)
    error = np.sqrt(np.linalg.inv(matrix.T @ matrix)[3, 3])
    np.testing.assert_allclose(adjusted, np.abs(beta[3]) / error / (deviation + np.median(deviation)), rtol=1e-9)
    assert strongest(ours, 3).tolist() == np.argsort(-ours)[:3].tolist()


def test_samples_of_a_person_share_one_persons_weight():
    task = replace(
        simulate(1, n=6, n_genes=20, families=0)[1], is_test=np.array([True, True, True, False, False, False])
    )
    task = replace(task, person=np.array([0, 0, 1, 2, 3, 4]))
    np.testing.assert_allclose(sample_weights(task, np.ones(6, dtype=bool)), [1 / 8, 1 / 8, 1 / 4, 1 / 6, 1 / 6, 1 / 6])
    kept = np.array([True, False, True, True, True, False])
    np.testing.assert_allclose(sample_weights(task, kept), [1 / 4, 1 / 4, 1 / 4, 1 / 4])


def test_covariates_are_encoded_by_training_samples():
    frame = pd.DataFrame({"batch": pd.Categorical(["a", "b", "a", "b", "c"]), "age": [40.0, 50.0, 60.0, 70.0, 1000.0]})
    kept = np.array([True, True, True, True, False])
    columns = encode(frame, kept)
    np.testing.assert_allclose(columns[:, 0], [-1, 1, -1, 1, -1])  # an unknown batch is as the first
    np.testing.assert_allclose(columns[:4, 1], (frame["age"][:4] - 55) / np.std([40, 50, 60, 70]))
    constant = frame.assign(batch=pd.Categorical(["a"] * 4 + ["b"]))
    assert encode(constant, kept).shape == (5, 1)


def test_the_largest_penalty_within_one_standard_error():
    deviances = np.array([[1.30, 1.10, 1.00, 1.2], [1.40, 1.14, 1.10, 1.3], [1.35, 1.06, 1.02, 1.1]])
    lowest, penalty = within_one_error(deviances, np.array([8.0, 4.0, 2.0, 1.0]))
    assert (lowest, penalty) == (pytest.approx(1.04), 2.0)  # 1.10 is above 1.04 + 0.0306
    assert within_one_error(deviances + np.array([[0, -0.04, 0, 0]]), np.array([8.0, 4.0, 2.0, 1.0]))[1] == 4.0


@pytest.mark.parametrize("with_covariates", [False, True])
def test_who_is_judged_decides_nothing_of_the_fit(with_covariates):
    counts, task = simulate(6, n=50, n_genes=300, planted=5)
    plan = make_plan(task.is_test, task.unit, 5, np.random.default_rng(6))
    judged = np.flatnonzero(plan.outer == 2)
    changed = counts.copy()
    changed[judged] = np.random.default_rng(7).poisson(300, (len(judged), 300))
    labels = task.is_test.copy()
    labels[judged] = ~labels[judged]
    covariates = task.covariates.copy()
    covariates.loc[judged, "age"] = 5.0
    other = replace(task, is_test=labels, covariates=covariates)
    first = cross_validate(counts_expression(counts, GeneFilter()), plan, task, with_covariates=with_covariates)
    second = cross_validate(counts_expression(changed, GeneFilter()), plan, other, with_covariates=with_covariates)
    ours, theirs = first.panels[2], second.panels[2]
    assert len(ours.genes) > 0
    for name in ("genes", "centre", "scale", "coefficients", "intercept", "l1_ratio", "penalty", "kept"):
        np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name))
    trained = plan.outer != 2
    np.testing.assert_array_equal(ours.size_factors[trained], theirs.size_factors[trained])
    assert (first.log_odds[judged] != second.log_odds[judged]).all()  # what changed are the judged themselves
    assert any(  # and a fold that had them among its training samples sees the change
        not np.array_equal(a.coefficients, b.coefficients) for a, b in zip(first.panels, second.panels, strict=True)
    )


def test_predictions_are_the_panels_own_arithmetic():
    counts, task = simulate(6, n=50, n_genes=300, planted=5)
    plan = make_plan(task.is_test, task.unit, 5, np.random.default_rng(6))
    expression = counts_expression(counts, GeneFilter())
    found = cross_validate(expression, plan, task)
    for fold, panel in enumerate(found.panels):
        judged = plan.outer == fold
        values = values_of(expression, panel.genes, panel.size_factors)[judged]
        odds = panel.intercept + (values - panel.centre) / panel.scale @ panel.coefficients
        np.testing.assert_allclose(found.log_odds[judged], odds, atol=1e-9)


def test_log_odds_have_the_frequency_of_the_training_people():
    """Labels that nothing tells: the covariate model's mean log odds are those of the frequency."""
    _, task = simulate(9, n=60, n_genes=50, n_test=15, families=0)
    plan = Plan(np.where(np.arange(60) % 5 == 0, 0, 1), (np.zeros(60, int), np.zeros(60, int)))
    empty = replace(task, covariates=pd.DataFrame({"one": np.ones(60)}))
    odds = judge_covariates(plan, empty).log_odds
    for fold in (0, 1):
        trained = plan.outer != fold
        share = task.is_test[trained].mean()
        np.testing.assert_allclose(odds[plan.outer == fold], np.log(share / (1 - share)), atol=1e-9)


def test_log_intensities_are_taken_as_they_are():
    rng = np.random.default_rng(5)
    values, is_test = rng.normal(8, 1, (40, 120)), np.arange(40) < 18
    values[is_test, :4] += 2
    task = Task(is_test, np.arange(40).astype(object), np.arange(40), np.arange(40), pd.DataFrame(index=range(40)), 50)
    plan = make_plan(is_test, task.unit, 5, np.random.default_rng(1))
    found = cross_validate(intensity_expression(values), plan, task)
    assert all(set(range(4)) & set(panel.genes) for panel in found.panels)
    assert all((panel.size_factors == 0).all() for panel in found.panels)
    shifted = cross_validate(intensity_expression(values + 3), plan, task)
    np.testing.assert_allclose(found.log_odds, shifted.log_odds, atol=1e-6)


def test_sparse_counts_have_a_reference_nevertheless(monkeypatch):
    monkeypatch.setattr(normalisation, "FEWEST_REFERENCE_GENES", 50)
    rng = np.random.default_rng(8)
    depth = rng.uniform(0.5, 2, 40)
    counts = rng.poisson(rng.gamma(2, 10, 400) * depth[:, None]) * (rng.random((40, 400)) < 0.7)
    sets = learn(counts_expression(counts, GeneFilter(min_count=5)), EVERYBODY, np.arange(40) < 15)
    truth = np.log2(depth)
    assert np.corrcoef(sets.size_factors[0], truth)[0, 1] > 0.97


def test_beside_covariates_the_smallest_deviance_counts():
    deviances = np.array([[1.30, 1.06, 1.00, 1.2], [1.40, 1.10, 1.10, 1.3], [1.35, 1.02, 1.02, 1.1]])
    penalties = np.array([8.0, 4.0, 2.0, 1.0])
    assert within_one_error(deviances, penalties, errors=0.0) == (pytest.approx(1.04), 2.0)
    assert within_one_error(deviances, penalties)[1] == 4.0
