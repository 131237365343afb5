"""What may leave the house: names that tell nothing, bands, merged levels, cells that cannot be worked out, and the search."""

import itertools

import numpy as np
import pandas as pd
import pytest

from lateralis.config import Cohort
from lateralis.records.privacy import (
    Rekeyed,
    banded,
    coarsened,
    disclosure,
    found_ids,
    merged,
    new_names,
    searchable,
    suppressed,
    without_small_levels,
)

COHORT = {
    "cohort": "c",
    "title": "t",
    "input": {"simulate": "mac2als"},
    "samples": {
        "participant": "participant",
        "family": "family",
        "variables": {
            "group": {"type": "categorical", "levels": ["control", "als"]},
            "age": {"type": "numeric"},
            "age_at_onset": {"type": "numeric"},
            "pnfh": {"type": "numeric"},
            "diagnosis": {"type": "categorical"},
            "visit_date": {"type": "categorical"},
            "gene_mutation": {"type": "categorical"},
            "stage": {"type": "categorical"},
        },
    },
    "models": {"m": {"design": "~ age + age_at_onset + pnfh + diagnosis + visit_date + gene_mutation + group"}},
    "contrasts": {"c": {"model": "m", "variable": "group", "test": "als", "reference": "control"}},
}


def test_defaults_go_by_names_and_leave_out_what_they_do_not_know():
    rules = disclosure(Cohort(**COHORT))
    assert rules.variables == ["group", "age", "age_at_onset", "gene_mutation"]  # pnfh is a number without bands
    assert rules.band == {"age": 10.0, "age_at_onset": 10.0}
    assert rules.merge == ["gene_mutation"]
    assert rules.min_cell == 5


def test_the_config_decides_where_it_speaks():
    report = {
        "variables": ["group", "pnfh", "stage"],
        "release": {"band": {"pnfh": 500}, "merge": ["stage"], "drop": [], "min_cell": 8},
    }
    rules = disclosure(Cohort(**COHORT, report=report))
    assert (rules.variables, rules.band, rules.merge, rules.min_cell) == (
        ["group", "pnfh", "stage"],
        {"pnfh": 500.0},
        ["stage"],
        8,
    )


@pytest.mark.parametrize(
    ("report", "message"),
    [
        ({"variables": ["nothing"]}, "report.variables"),
        ({"release": {"band": {"group": 10}}}, "only numbers have bands"),
        ({"release": {"min_cell": 1}}, "min_cell"),
        ({"profile": "public"}, "profile"),
    ],
)
def test_a_wrong_report_section_is_refused(report, message):
    with pytest.raises(ValueError, match=message):
        Cohort(**COHORT, report=report)


def test_no_page_may_hold_who_a_sample_is_from():
    variables = COHORT["samples"]["variables"] | {"family": {"type": "categorical"}}
    given = COHORT | {"samples": COHORT["samples"] | {"variables": variables}}
    assert "family" not in Cohort(**given).shown_variables
    with pytest.raises(ValueError, match="says who a sample is from"):
        Cohort(**given, report={"variables": ["family"]})


def test_bands_cover_and_do_not_overlap():
    ages = pd.Series([39, 40, 49, 50.0, np.nan])
    assert banded(ages, 10).astype(object).where(ages.notna(), None).tolist() == [
        "30–39",
        "40–49",
        "40–49",
        "50–59",
        None,
    ]
    assert banded(pd.Series([0.1, 2.6]), 2.5).tolist() == ["[0, 2.5)", "[2.5, 5)"]


def test_mutations_become_carriers():
    column = pd.Series(["SOD1", "none", "FUS", None], dtype="category")
    found = merged(column)
    assert found.cat.categories.tolist() == ["none", "carrier"]
    assert found.astype(object).where(found.notna(), None).tolist() == ["carrier", "none", "carrier", None]


def test_levels_of_few_samples_are_taken_out():
    column = pd.Series(["a"] * 5 + ["b"] * 4, dtype="category")
    found = without_small_levels(column, 5, pd.Series(range(9)))
    assert found.cat.categories.tolist() == ["a"]
    assert found.isna().sum() == 4


def test_a_level_counts_people_and_not_their_samples():
    column = pd.Series(["a"] * 5 + ["b"] * 12, dtype="category")
    people = pd.Series([*range(5), *[10, 11, 12, 13] * 3])
    assert without_small_levels(column, 5, people).cat.categories.tolist() == ["a"]


def test_every_shown_level_has_enough_samples():
    rng = np.random.default_rng(1)
    obs = pd.DataFrame(
        {
            "group": pd.Categorical(rng.choice(["control", "als"], 90, p=[0.03, 0.97])),
            "age": rng.integers(20, 90, 90).astype(float),
            "age_at_onset": rng.integers(20, 90, 90).astype(float),
            "gene_mutation": pd.Categorical(rng.choice(["none", "SOD1", "FUS"], 90, p=[0.9, 0.05, 0.05])),
        }
    )
    found = coarsened(obs, disclosure(Cohort(**COHORT)), pd.Series(obs.index))
    for name, column in found.items():
        assert (column.value_counts() >= 5).all(), name


def test_new_names_tell_nothing_and_are_the_same_in_each_run():
    names = [f"S{number:03d}" for number in range(200)]
    found = new_names(names, b"counts")
    assert sorted(found.values()) == [f"r{number:04d}" for number in range(1, 201)]
    assert found == new_names(reversed(names), b"counts")
    assert found != new_names(names, b"other counts")
    order = [int(found[name][1:]) for name in names]
    assert abs(np.corrcoef(order, np.arange(200))[0, 1]) < 0.2


def test_new_names_avoid_old_ones():
    found = new_names(["r0001", "b"], b"", taken=["s0002"])
    assert sorted(found.values()) == ["x0001", "x0002"]


def test_ids_are_replaced_as_whole_words():
    rekeyed = Rekeyed({"S1": "r0002", "S10": "r0001", "7": "r0003"})
    assert rekeyed("S1, S10 and S100 (S1_R2) of 7 samples") == "r0002, r0001 and S100 (r0002_R2) of 7 samples"
    assert Rekeyed({})("S1") == "S1"


def solutions(counts, hidden):
    """How many tables of non-negative numbers have these sums and these visible cells; stops at 2."""
    places = list(zip(*np.nonzero(hidden), strict=True))
    rows, columns = counts.sum(axis=1), counts.sum(axis=0)
    known = np.where(hidden, 0, counts)
    top = [int(min((rows - known.sum(axis=1))[r], (columns - known.sum(axis=0))[c])) for r, c in places]
    found = 0
    for values in itertools.product(*[range(limit + 1) for limit in top]):
        table = known.copy()
        for place, value in zip(places, values, strict=True):
            table[place] = value
        found += (table.sum(axis=1) == rows).all() and (table.sum(axis=0) == columns).all()
        if found == 2:
            break
    return found


@pytest.mark.parametrize("seed", range(12))
def test_hidden_cells_do_not_follow_from_the_sums(seed):
    counts = np.random.default_rng(seed).integers(0, 9, (2, 3))
    hidden = suppressed(counts, 5)
    assert hidden[(counts > 0) & (counts < 5)].all()
    if hidden.any():
        assert (hidden.sum(axis=0) != 1).all()
        assert (hidden.sum(axis=1) != 1).all()
        assert solutions(counts, hidden) == 2


def test_nothing_is_hidden_without_need():
    assert not suppressed(np.array([[5, 0], [12, 7]]), 5).any()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("sample M2A001 failed", {"M2A001"}),
        ("(M2A001)", {"M2A001"}),
        ("M2A001_R1.fastq", {"M2A001"}),
        ("M2A0011 xM2A001", set()),
        ("P-07 and P-070", {"P-07"}),
        ("P 07", set()),
        ("123456 or 0.123456 or 123456.5", {"123456"}),
        ("0.123456", set()),
        ("1234", set()),
        ("Ünal3", {"Ünal3"}),
        ("", set()),
    ],
)
def test_ids_are_found_as_whole_words(text, found):
    assert found_ids(text, ["M2A001", "P-07", "123456", "1234", "Ünal3"]) == found


def test_what_cannot_be_told_from_other_text_is_not_searched():
    assert [searchable(name) for name in ("7", "1234", "12345", "A", "A1")] == [False, False, True, False, True]
