"""Labels dealt anew: sizes kept, people in one piece, strata respected; covariates that give a label away are seen."""

import numpy as np
import pandas as pd
import pytest

from lateralis.model.units import permutation_units
from lateralis.trust.permutation import choose_strata, permute, predictability


def series(values):
    return pd.Series(list(values), dtype=object)


def test_samples_of_a_person_and_of_a_family_are_one_unit():
    labels = series("aabbab")
    people = series(["p1", "p1", "p2", "p3", "", "p4"])
    families = series(["", "f1", "f1", "", "", ""])
    units = permutation_units(labels, people, families)
    assert units[0] == units[1] == units[2]
    assert len(set(units)) == 4


def test_units_move_whole_and_groups_keep_their_sizes():
    rng = np.random.default_rng(0)
    labels = series("aaaabbbbabab")
    units = np.array([0, 0, 1, 1, 2, 2, 3, 3, 4, 5, 6, 7])
    strata = np.array(["x"] * 12)
    seen = set()
    for _ in range(50):
        dealt = permute(labels, units, strata, rng)
        assert sorted(dealt) == sorted(labels)
        assert all(len(set(dealt[units == unit])) == 1 for unit in range(8))
        seen.add("".join(dealt))
    assert len(seen) > 15


def test_a_unit_in_which_groups_meet_is_dealt_inside():
    rng = np.random.default_rng(1)
    labels = series("abab")
    units = np.array([0, 0, 1, 1])
    found = {"".join(permute(labels, units, np.array(["x"] * 4), rng)) for _ in range(60)}
    assert found == {"abab", "abba", "baab", "baba"}


def test_strata_keep_their_labels():
    rng = np.random.default_rng(2)
    labels, strata = series("aabbbbab"), np.repeat(["x", "y"], 4)
    for _ in range(20):
        dealt = permute(labels, np.arange(8), strata, rng)
        assert sorted(dealt[:4]) == list("aabb")
        assert sorted(dealt[4:]) == list("abbb")


def test_strata_are_as_fine_as_they_stay_mixed():
    labels = series("ab" * 8)
    variables = pd.DataFrame({"batch": list("xxyy" * 4), "person": [str(n) for n in range(16)], "site": list("z" * 16)})
    assert set(choose_strata(labels, variables)) == {"|x|z", "|y|z"}


def test_what_covariates_tell_of_a_label():
    rng = np.random.default_rng(3)
    labels = np.repeat([True, False], 40)
    nothing = np.mean([predictability(labels, rng.normal(size=(80, 3)), seed) for seed in range(10)])
    assert abs(nothing - 0.5) < 0.07
    assert predictability(labels, labels[:, None] * 3.0 + rng.normal(size=(80, 1))) > 0.95
    # normal covariates with a difference of one standard deviation: the area is the normal distribution at 1/√2
    shifted = [
        predictability(labels, labels[:, None] + np.random.default_rng(s).normal(size=(80, 1))) for s in range(30)
    ]
    assert np.mean(shifted) == pytest.approx(0.760, abs=0.03)
    assert predictability(labels, np.empty((80, 0))) == 0.5
    assert np.isnan(predictability(np.arange(80) < 4, rng.normal(size=(80, 1))))
