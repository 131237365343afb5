"""Arrays of contrasts, and contrasts as differences, in a cohort file."""

import pytest
from pydantic import ValidationError

from lateralis.config import Cohort, Contrast
from lateralis.configfile import expand_contrasts
from lateralis.errors import InputError

ARRAY = {
    "model": "m_{visit}",
    "for_each": {"visit": ["month1", "month4"], "dose": ["1", "2"]},
    "differences": [
        {"test": {"visit": "{visit}", "dose": "{dose}"}, "reference": {"visit": "baseline", "dose": "{dose}"}}
    ],
}


def test_each_combination_is_a_contrast():
    found = expand_contrasts({"contrasts": {"a": {"model": "m"}, "d{dose}_{visit}": ARRAY}}, "f")["contrasts"]
    assert list(found) == ["a", "d1_month1", "d2_month1", "d1_month4", "d2_month4"]
    assert found["d2_month4"] == {
        "model": "m_month4",
        "differences": [
            {"test": {"visit": "month4", "dose": "2"}, "reference": {"visit": "baseline", "dose": "2"}},
        ],
    }
    assert Contrast(**found["d2_month4"]).label("d2_month4", "~ 1") == "d2_month4: (month4, 2 vs baseline, 2)"


def test_braces_are_text_and_nothing_else():
    array = {"model": "m", "weights": {"visit[{visit}]": 1}, "for_each": {"visit": ["{0.__class__}", "x{dose}"]}}
    found = expand_contrasts({"contrasts": {"c_{visit}": array}}, "f")["contrasts"]
    assert found["c_{0.__class__}"]["weights"] == {"visit[{0.__class__}]": 1}


@pytest.mark.parametrize(
    ("name", "arrays", "message"),
    [
        ("c", {"visit": ["a"]}, "is not in the contrast's name"),
        ("c_{visit}", {"visit": []}, "Give variables, each with a list of levels"),
        ("c_{visit}", ["visit"], "Give variables, each with a list of levels"),
        ("c_{visit}", {"visit": ["a", "a"]}, "makes a second contrast named 'c_a'"),
    ],
)
def test_arrays_that_are_wrong(name, arrays, message):
    with pytest.raises(InputError, match=message):
        expand_contrasts({"contrasts": {name: {"model": "m", "for_each": arrays}}}, "f")


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"differences": ARRAY["differences"], "reduced": "~ 1"}, "give `differences` alone"),
        ({"differences": []}, "at least 1 item"),
        ({"differences": [{"test": {"a": True}, "reference": {"a": "no"}}]}, "put it in quotes"),
        ({"variable": "a", "test": "x", "reference": "y", "for_each": {"a": ["x"]}}, "braces"),
    ],
)
def test_contrasts_that_are_wrong(keys, message):
    with pytest.raises(ValidationError, match=message):
        Contrast(model="m", **keys)


def test_an_associative_contrast_is_called_so():
    contrast = Contrast(model="m", variable="responder", test="yes", reference="no", associative=True)
    assert contrast.label("c", "~ responder") == "yes vs no (associative)"


def test_a_title_takes_the_place_of_the_words():
    contrast = Contrast(model="m", weights={"a": 1}, title="what a does")
    assert contrast.label("c", "~ a") == "what a does"


def test_contrasts_with_the_same_words_are_told_apart_by_name():
    compared = {"model": "m", "variable": "group", "test": "als", "reference": "control"}
    cohort = Cohort(
        cohort="c",
        title="t",
        input={"simulate": "mac2als"},
        samples={"variables": {"group": {"type": "categorical", "levels": ["control", "als", "motor"]}}},
        models={"m": {"design": "~ group"}},
        contrasts={"first": compared, "second": compared, "third": compared | {"test": "motor"}},
    )
    assert [cohort.label(name) for name in cohort.contrasts] == [
        *["first: als vs control", "second: als vs control", "motor vs control"],
    ]
