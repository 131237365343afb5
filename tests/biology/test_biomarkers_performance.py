"""Areas, intervals, calibration, net benefit and stability against closed forms and published numbers."""

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit, logit
from sklearn.metrics import roc_auc_score
from statsmodels.stats.proportion import proportion_confint

from lateralis.biology.biomarkers.calibration import (
    brier_score,
    decision_curve,
    recalibrate,
    reliability,
    roc_curve,
    wilson_interval,
)
from lateralis.biology.biomarkers.panel import Panel
from lateralis.biology.biomarkers.performance import (
    area,
    by_person,
    clustered_error,
    difference,
    newcombe_interval,
    placement_values,
    variance_factor,
)
from lateralis.biology.biomarkers.stability import selection, stability_index


def people_of(scores, is_test, *, unit=None, folds=None):
    number = np.arange(len(is_test))
    folds = np.zeros((len(scores), len(is_test)), dtype=int) if folds is None else folds
    return by_person(np.asarray(scores), folds, is_test, number, number if unit is None else unit)


@pytest.fixture(scope="module")
def scored():
    rng = np.random.default_rng(1)
    is_test = np.arange(60) < 22
    return rng.normal(size=60) + 0.9 * is_test, is_test


def test_one_fold_is_the_usual_area_with_delongs_error(scored):
    scores, is_test = scored
    people = people_of(scores[None], is_test)
    found = area(people, 5)
    assert found.value == pytest.approx(roc_auc_score(is_test, scores), abs=1e-12)
    # DeLong's variance from its definition, times Nadeau and Bengio's factor and that of so many clusters
    wins = (scores[is_test][:, None] > scores[~is_test]).astype(float)
    variance = wins.mean(axis=1).var() / 22 + wins.mean(axis=0).var() / 38
    assert found.error**2 == pytest.approx(variance * 2.25 * 60 / 59, rel=1e-12)
    assert variance_factor(5) == 2.25
    low, high = logit([found.low, found.high])
    assert (low + high) / 2 == pytest.approx(logit(found.value), abs=1e-9)
    reach = (high - low) / 2 * found.value * (1 - found.value) / found.error
    assert 1.98 < reach < stats.t.ppf(0.975, 21)  # of Welch's degrees of freedom, between 21 and 58


def test_only_people_of_one_fold_are_compared():
    is_test = np.array([True, True, False, False])
    scores = np.array([[5.0, -5.0, 4.0, -6.0]])
    assert area(people_of(scores, is_test), 5).value == 0.75
    assert area(people_of(scores, is_test, folds=np.array([[0, 1, 0, 1]])), 5).value == 1.0
    people = people_of(scores, is_test, folds=np.array([[0, 1, 0, 0]]))
    np.testing.assert_array_equal(people.placements, [1.0, np.nan, 1.0, 1.0])  # the second met nobody


def test_ties_count_half():
    np.testing.assert_array_equal(
        placement_values(np.array([1.0, 1.0, 0.0]), np.array([True, False, False])), [0.75, 0.5, 1.0]
    )


def test_repeats_do_not_narrow_the_interval(scored):
    scores, is_test = scored
    once, often = (area(people_of(np.tile(scores, (n, 1)), is_test), 5) for n in (1, 8))
    assert once.error == pytest.approx(often.error, rel=1e-12)
    rng = np.random.default_rng(3)
    noise = rng.normal(size=(50, 60))
    error = area(people_of(noise, is_test), 5).error
    single = [area(people_of(row[None], is_test), 5).error for row in noise]
    assert error == pytest.approx(np.sqrt(np.mean(np.square(single))), rel=1e-12)


def test_a_person_with_several_samples_is_one():
    person = np.array([0, 0, 1, 2, 3])
    is_test = np.array([True, True, True, False, False])
    odds = np.array([[4.0, 0.0, 1.0, 1.5, 0.0]])
    people = by_person(odds, np.zeros((1, 5), int), is_test, person, person)
    np.testing.assert_array_equal(people.log_odds, [2.0, 1.0, 1.5, 0.0])
    assert people.is_test.tolist() == [True, True, False, False]
    assert area(people, 5).value == 0.75


def test_relatives_widen_the_error():
    influences = np.array([[0.1, 0.1, -0.1, -0.1]])
    is_test = np.array([True, True, True, True])
    apart, _ = clustered_error(influences, is_test, np.arange(4), 5)
    alike, _ = clustered_error(influences, is_test, np.array([0, 0, 1, 1]), 5)
    assert apart**2 == pytest.approx(0.04 * 4 / 3 * 2.25)
    assert alike**2 == pytest.approx(0.08 * 2 * 2.25)


def test_the_difference_is_paired(scored):
    scores, is_test = scored
    rng = np.random.default_rng(4)
    near, far = (people_of((scores + sd * rng.normal(size=60))[None], is_test) for sd in (0.05, 3))
    own = people_of(scores[None], is_test)
    same = difference(own, own, 5)
    assert (same.value, same.low, same.high) == (0, 0, 0)
    assert difference(own, near, 5).error < 0.3 * difference(own, far, 5).error
    assert difference(own, far, 5).value == pytest.approx(area(own, 5).value - area(far, 5).value)
    assert difference(own, far, 5).error < np.hypot(area(own, 5).error, area(far, 5).error) * 1.05


def test_perfect_separation_has_an_interval_nevertheless():
    is_test = np.arange(30) < 12
    found = area(people_of(is_test[None] * 2.0 - 1, is_test), 5)
    assert (found.value, found.high) == (1.0, 1.0)
    # the end of the score interval solves (value - a)² = z² times the variance that a itself has
    a, n, z = found.low, 14, stats.norm.ppf(0.975)
    assert (1 - a) ** 2 == pytest.approx(z**2 * a * (1 - a) * (1 + n * (1 - a) / (2 - a) + n * a / (1 + a)) / (12 * 18))
    assert 0.75 < a < 0.95
    low, high = newcombe_interval(0.0, 12, 18)
    assert (low, high) == (0.0, pytest.approx(1 - a))


def test_the_roc_curve_has_the_area(scored):
    scores, is_test = scored
    folds = np.tile(np.arange(60) % 3, (2, 1))
    people = people_of(np.stack([scores, -scores]), is_test, folds=folds)
    x, y = roc_curve(people.each.ravel(), np.tile(is_test, 2))
    assert np.trapezoid(y, x) == pytest.approx(people.placements[is_test].mean(), abs=1e-12)
    assert (x[0], y[0], x[-1], y[-1]) == (0, 0, 1, 1)
    assert (np.diff(x) >= 0).all()
    assert (np.diff(y) >= 0).all()


def test_calibration_of_right_and_of_extreme_predictions():
    rng = np.random.default_rng(6)
    truth = rng.normal(0.5, 1.2, 40_000)
    is_test = rng.random(40_000) < expit(truth)
    right = recalibrate(truth, is_test)
    assert right.intercept == pytest.approx(0, abs=0.04)  # three standard errors at this size
    assert right.slope == pytest.approx(1, abs=0.05)
    assert recalibrate(2 * truth, is_test).slope == pytest.approx(0.5, abs=0.025)
    assert recalibrate(truth + 1, is_test).intercept == pytest.approx(-1, abs=0.04)
    frequency = np.full(40_000, logit(is_test.mean()))
    assert np.isnan(recalibrate(frequency, is_test).slope)
    assert brier_score(frequency, is_test) == pytest.approx(is_test.mean() * (1 - is_test.mean()))
    assert np.isnan(recalibrate(np.where(is_test, 3.0, -3.0), is_test).slope)  # separated: no end
    table = reliability(truth, is_test, "panel")
    np.testing.assert_allclose(table["observed"], table["predicted"], atol=0.02)
    assert table["people"].sum() == 40_000


def test_intervals_of_shares_are_wilsons():
    for successes, n in ((0, 12), (3, 12), (12, 12)):
        np.testing.assert_allclose(
            wilson_interval(successes, n), proportion_confint(successes, n, method="wilson"), atol=1e-12
        )


def test_net_benefit_by_its_definition():
    is_test = np.array([True] * 4 + [False] * 6)
    predicted = logit(np.array([0.9, 0.8, 0.3, 0.15, 0.7, 0.35, 0.2, 0.1, 0.1, 0.05]))
    table = decision_curve({"panel": predicted}, is_test).set_index("threshold")
    assert table.loc[0.5, "panel"] == pytest.approx(2 / 10 - 1 / 10 * 1)
    assert table.loc[0.2, "panel"] == pytest.approx(3 / 10 - 3 / 10 * 0.25)
    assert table.loc[0.2, "treat_all"] == pytest.approx(0.4 - 0.6 * 0.25)
    assert (table["treat_none"] == 0).all()


def panel(genes, coefficients):
    empty = np.zeros(len(genes))
    return Panel(np.array(genes), empty, empty, np.array(coefficients, float), 0.0, 0.5, 0.1, empty, 10)


def test_how_often_how_high_and_which_way():
    frequency, rank, sign = selection([panel([0, 3], [0.5, -2]), panel([3, 4], [-1, 3])], 6)
    np.testing.assert_array_equal(frequency, [0.5, 0, 0, 1, 0.5, 0])
    np.testing.assert_array_equal(rank, [2, np.nan, np.nan, 1.5, 1, np.nan])
    np.testing.assert_array_equal(sign, [1, np.nan, np.nan, -1, 1, np.nan])


def test_nogueiras_index():
    assert stability_index(np.array([1.0, 1.0, 0, 0, 0]), 7) == 1
    # three sets {1,2}, {1,3}, {1,2} of five genes: frequencies 1, 2/3, 1/3; variances 0, 1/3, 1/3 over 0.4 · 0.6
    assert stability_index(np.array([1, 2 / 3, 1 / 3, 0, 0]), 3) == pytest.approx(1 - (2 / 3 / 5) / 0.24)
    rng = np.random.default_rng(1)
    random = np.mean([rng.permutation(1000) < 50 for _ in range(200)], axis=0)
    assert stability_index(random, 200) == pytest.approx(0, abs=0.01)
    assert np.isnan(stability_index(np.zeros(5), 4))
    assert np.isnan(stability_index(np.array([1.0, 0]), 1))
