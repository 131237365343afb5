"""Which genes are tested: counted by hand."""

import numpy as np
import pandas as pd
import pytest

from lateralis.config import GeneFilter
from lateralis.model.filtering import filter_genes, smallest_group

# 5 samples × 6 genes; the numbers of samples with at least 10 counts are 0, 1, 2, 3, 5, 1
COUNTS = np.array(
    [
        [9, 10, 10, 10, 10, 0],
        [9, 9, 10, 10, 11, 0],
        [9, 0, 0, 10, 10, 0],
        [9, 0, 9, 9, 10, 0],
        [9, 0, 0, 0, 10, 999],
    ]
)
OBS = pd.DataFrame({"group": pd.Categorical(list("aabbb"), ["a", "b", "unused"]), "sex": pd.Categorical(list("FMMMM"))})
MATRIX = pd.DataFrame({"Intercept": np.ones(5), "group[T.b]": [0, 0, 1, 1, 1.0]})


def kept(tested=("group",), **spec):
    return filter_genes(COUNTS, GeneFilter(**spec), obs=OBS, tested=list(tested), matrix=MATRIX)


@pytest.mark.parametrize(
    ("spec", "tested", "expected", "rule"),
    [
        (
            {},
            ["group"],
            [2, 3, 4],
            "at least 10 counts in at least 2 samples, the size of the smallest group (group a)",
        ),
        ({}, ["group", "sex"], [1, 2, 3, 4, 5], "in at least 1 samples, the size of the smallest group (sex F)"),
        ({"min_samples": "smallest_group"}, ["group"], [2, 3, 4], "(group a)"),
        ({"min_samples": 3}, ["group"], [3, 4], "at least 10 counts in at least 3 samples"),
        ({"min_count": 9}, ["group"], [0, 1, 2, 3, 4], "at least 9 counts in at least 2 samples, the size"),
        ({"min_count": 11, "min_samples": 1}, ["group"], [4, 5], "at least 11 counts in at least 1 samples"),
        ({"min_count": 0}, ["group"], [0, 1, 2, 3, 4, 5], "at least 0 counts"),
        ({"min_total": 45}, ["group"], [0, 4, 5], "at least 45 counts in all samples together"),
        ({"min_total": 46}, ["group"], [4, 5], "at least 46 counts in all samples together"),
    ],
)
def test_filter_keeps_the_genes_counted_by_hand(spec, tested, expected, rule):
    found = kept(tested, **spec)
    assert np.flatnonzero(found.mask).tolist() == expected
    assert rule in found.rule


def test_levels_without_samples_are_no_group():
    assert smallest_group(OBS, ["group"], MATRIX)[0] == 2


def test_without_groups_the_largest_leverage_decides():
    # x = 0, 0, 0, 0, 1 beside an intercept: the last sample alone decides its coefficient, leverage 1
    obs = pd.DataFrame({"x": [0, 0, 0, 0, 1.0]})
    matrix = pd.DataFrame({"Intercept": np.ones(5), "x": obs["x"]})
    assert smallest_group(obs, ["x"], matrix) == (1, ", the reciprocal of the largest leverage")
    # balanced −1 and 1 in 8 samples: every leverage is 1/8 + 1/8
    x = np.repeat([-1.0, 1.0], 4)
    balanced = pd.DataFrame({"Intercept": np.ones(8), "x": x})
    assert smallest_group(pd.DataFrame({"x": x}), ["x"], balanced)[0] == 4
    # an intercept alone: leverage 1/n
    assert smallest_group(pd.DataFrame(index=range(7)), [], pd.DataFrame({"Intercept": np.ones(7)}))[0] == 7
