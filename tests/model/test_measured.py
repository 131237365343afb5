"""People of a model that another table measured: one row each, the design on them, and what they cannot answer."""

import pandas as pd
import pytest

from lateralis.config import Cohort, Samples
from lateralis.errors import InputError
from lateralis.model.measured import arrange_measured, check_measured, one_row_each

PAIRED = Samples(
    participant="participant",
    variables={name: {"type": "categorical"} for name in ("participant", "visit", "group")},
)


def sheet():
    obs = pd.DataFrame(
        {
            "participant": ["P1", "P1", "P2", "P2", "P3", ""],
            "group": pd.Categorical(["als", "als", "control", "control", "als", "als"]),
            "visit": pd.Categorical(["v0", "v1"] * 3),
        },
        index=[f"S{number}" for number in range(6)],
    )
    return obs, obs["participant"]


def test_a_person_with_several_samples_has_one_row_where_they_agree():
    obs, units = sheet()
    found, samples = one_row_each(obs, units, pd.Index(["P3", "P1", "P9"], name="participant"), "~ group", where="x")
    assert list(samples) == ["S4", "S0"]
    assert list(found.index) == ["P3", "P1"]
    assert list(found["visit"]) == ["v0", "v0"]
    with pytest.raises(InputError) as error:
        one_row_each(obs, units, pd.Index(["P1", "P2"]), "~ visit + group", where="config, contrast 'c'")
    assert str(error.value) == (
        "config, contrast 'c': 'visit' differs between the samples of 2 participants that have one row of proteins "
        "each. Give a row a sample, with `proteins.unit: sample`; or leave the contrast out of `proteins.contrasts`."
    )


def test_a_design_with_participants_is_refused_where_each_has_one_row():
    obs = pd.DataFrame(
        {
            "participant": pd.Categorical([f"P{number // 2}" for number in range(10)]),
            "visit": pd.Categorical(["v0", "v1"] * 5),
        }
    )
    with pytest.raises(InputError, match="each has one row of proteins: nothing varies within one"):
        arrange_measured(obs[::2], "~ participant", PAIRED, where="x")
    found = arrange_measured(obs, "~ participant + visit", PAIRED, where="x")
    assert list(found.matrix) == ["visit[T.v1]"]
    assert list(found.blocks) == [number // 2 for number in range(10)]


def cohort(folder, contrasts=None, people=6):
    """Two visits of people in two groups; proteins have a row a participant, for so many of them."""
    rows = [f"P{number}\t{number}.5\n" for number in range(people)]
    (folder / "p.tsv").write_text("person\tA\n" + "".join(rows) + "P5\tNA\n" * (people < 6), encoding="utf-8")
    (folder / "a.tsv").write_text("protein\tgene\tlimit\nA\tG1\t\n", encoding="utf-8")
    return Cohort(
        cohort="study",
        title="A study",
        input={"counts": {"format": "matrix", "path": "counts.tsv"}, "samples": "samples.tsv"},
        samples={
            "participant": "person",
            "variables": {
                "person": {"type": "categorical"},
                "group": {"type": "categorical", "levels": ["control", "als"]},
                "visit": {"type": "categorical", "levels": ["v0", "v1"]},
            },
        },
        models={"first": {"design": "~ group", "subset": "visit == 'v0'"}, "change": {"design": "~ person + visit"}},
        contrasts={
            "als": {"model": "first", "variable": "group", "test": "als", "reference": "control"},
            "later": {"model": "change", "variable": "visit", "test": "v1", "reference": "v0"},
        },
        proteins={
            "path": str(folder / "p.tsv"),
            "annotation": str(folder / "a.tsv"),
            "id": "person",
            "contrasts": contrasts,
        },
    )


def checked(*arguments, **options):
    obs = pd.DataFrame(
        {
            "person": pd.Categorical([f"P{number // 2}" for number in range(12)]),
            "group": pd.Categorical(["control" if number < 6 else "als" for number in range(12)], ["control", "als"]),
            "visit": pd.Categorical(["v0", "v1"] * 6),
        },
        index=[f"S{number}" for number in range(12)],
    )
    return check_measured(cohort(*arguments, **options), obs, {"first": obs[::2], "change": obs}, "study.yaml")


def test_a_contrast_that_was_not_asked_for_by_name_is_left_with_a_sentence(tmp_path):
    assert checked(tmp_path) == [
        "Proteins: a contrast will not be tested. study.yaml, proteins, contrast 'later': 'visit' differs between the samples "
        "of 6 participants that have one row of proteins each. Give a row a sample, with `proteins.unit: sample`; or leave "
        "the contrast out of `proteins.contrasts`."
    ]
    assert checked(tmp_path, ["als"]) == []


def test_one_that_was_asked_for_by_name_is_an_error(tmp_path):
    with pytest.raises(InputError, match=r"^study.yaml, proteins, contrast 'later': 'visit' differs between"):
        checked(tmp_path, ["als", "later"])


def test_fewer_people_than_a_contrast_needs_are_an_error_where_nothing_is_left(tmp_path):
    with pytest.raises(InputError) as error:
        checked(tmp_path, people=4)
    assert str(error.value) == (
        "study.yaml, proteins: none of 'als', 'later' can be tested in the people measured; the first: group 'als' has 1 "
        "sample in model 'first'. A compared group needs at least two, and results are worth reading from three on."
    )
