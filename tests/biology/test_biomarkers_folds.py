"""Folds: nobody's samples and nobody's relatives on both sides, both levels in each, and the same for the same seed."""

import numpy as np
import pandas as pd
import pytest

from lateralis.biology.biomarkers.folds import deal, make_plan
from lateralis.biology.biomarkers.null import deal_labels
from lateralis.model.units import permutation_units


def random_study(seed):
    """People with one to three samples, in families, of two levels."""
    rng = np.random.default_rng(seed)
    person = np.repeat(np.arange(60), rng.integers(1, 4, 60))
    family = np.where(rng.random(60) < 0.4, rng.integers(0, 12, 60), np.arange(100, 160))[person]
    level = (rng.random(60) < 0.35)[person]
    labels = pd.Series(level)
    return (
        level,
        permutation_units(labels, pd.Series(person.astype(str)), pd.Series(family.astype(str))),
        person,
        family,
    )


@pytest.mark.parametrize("seed", range(5))
def test_no_participant_and_no_family_is_on_both_sides(seed):
    level, unit, person, family = random_study(seed)
    plan = make_plan(level, unit, 5, np.random.default_rng(seed))
    for of_whom in (person, family):
        assert pd.Series(plan.outer).groupby(of_whom).nunique().max() == 1
        for inner in plan.inner:
            assert pd.Series(inner).groupby(of_whom).nunique().max() == 1
    for fold, inner in enumerate(plan.inner):
        assert ((inner == -1) == (plan.outer == fold)).all()
        assert set(inner) == {-1, 0, 1, 2, 3, 4}
    # rows of training sets: an outer one, then the same less each inner fold
    row = plan.first[2]
    assert (plan.training[row] == (plan.outer != 2)).all()
    assert (plan.training[row + 4] == ((plan.outer != 2) & (plan.inner[2] != 3))).all()


def test_chains_of_relatives_are_one_unit():
    labels = pd.Series([True, False, True, False, True])
    person, family = pd.Series(["a", "a", "b", "c", "d"]), pd.Series(["x", "", "x", "y", ""])
    unit = permutation_units(labels, person, family)
    assert unit[0] == unit[1] == unit[2]
    assert len(set(unit)) == 3


def test_single_people_are_stratified_exactly():
    level = np.arange(97) < 23
    for seed in range(10):
        folds = deal(level, np.arange(97), 5, np.random.default_rng(seed))
        assert set(np.bincount(folds[level])) <= {4, 5}
        assert set(np.bincount(folds[~level])) <= {14, 15}
        assert set(np.bincount(folds)) <= {19, 20}
    again = [deal(level, np.arange(97), 5, np.random.default_rng(3)) for _ in range(2)]
    assert (again[0] == again[1]).all()
    assert (again[0] != folds).any()


def test_relatives_are_spread_as_evenly_as_they_allow():
    for seed in range(5):
        level, unit, _, _ = random_study(seed)
        folds = deal(level, unit, 5, np.random.default_rng(seed))
        largest = np.bincount(unit).max()
        for here in (level, ~level):
            sizes = np.bincount(folds[here], minlength=5)
            assert sizes.min() > 0
            assert sizes.max() - sizes.min() <= largest


def test_few_people_of_a_level_have_fewer_inner_folds():
    level = np.arange(40) < 5
    plan = make_plan(level, np.arange(40), 5, np.random.default_rng(1))
    assert [inner.max() + 1 for inner in plan.inner] == [4] * 5
    for inner in plan.inner:
        assert np.bincount(inner[level & (inner >= 0)], minlength=4).tolist() == [1, 1, 1, 1]


def test_permuted_labels_stay_whole_in_a_unit():
    level, unit, person, _ = random_study(3)
    participant = person.astype(str).astype(object)
    moved = 0
    for seed in range(20):
        dealt = deal_labels(level, participant, unit, np.random.default_rng(seed))
        before, after = pd.Series(level).groupby(unit), pd.Series(dealt).groupby(unit)
        pure = before.nunique() == 1
        assert (after.nunique()[pure] == 1).all()
        assert after.first()[pure].sum() == before.first()[pure].sum()  # as many units of either level
        assert pd.Series(dealt).groupby(person).nunique().max() == 1
        moved += (dealt != level).mean()
    assert 0.25 < moved / 20 < 0.65


def test_labels_within_a_participant_are_dealt_among_the_own_samples():
    visits = np.tile([False, True], 10)
    participant = np.repeat([f"P{number}" for number in range(10)], 2).astype(object)
    dealt = deal_labels(visits, participant, np.repeat(np.arange(10), 2), np.random.default_rng(1))
    assert (dealt.reshape(10, 2).sum(axis=1) == 1).all()
    assert 0 < (dealt != visits).sum() < 20
