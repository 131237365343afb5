"""Which contrasts ask one question, and how they are put into words."""

import pytest
from pydantic import ValidationError

from lateralis.questions import Contrast, Difference, Model

LEVELS = {"variable": "group", "test": "als", "reference": "control"}
CELLS = [{"test": {"arm": "il2", "day": 3.5}, "reference": {"arm": "placebo", "day": 0.0}}]


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        (LEVELS, "als vs control"),
        ({"weights": {"dose[T.2]": 0.5, "age": -1}}, "c: +0.5 × dose[T.2] -1 × age"),
        ({"differences": CELLS}, "c: (il2, 3.5 vs placebo, 0)"),
        ({"reduced": "~ sex"}, "any effect of group, sex:group"),
        ({"reduced": "~ 0 + sex + group + sex:group"}, "any effect of the intercept"),
        (LEVELS | {"title": "the first question", "associative": True}, "the first question (associative)"),
    ],
)
def test_a_contrast_says_what_it_asks(keys, words):
    assert Contrast(model="m", **keys).label("c", "~ sex + group + sex:group") == words


@pytest.mark.parametrize(
    ("weight", "words"), [(1, "(a vs b)"), (-1, "−(a vs b)"), (0.5, "+0.5 × (a vs b)"), (-2, "-2 × (a vs b)")]
)
def test_a_difference_says_how_often_it_is_taken(weight, words):
    assert Difference(test={"g": "a"}, reference={"g": "b"}, weight=weight).words() == words


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        ({}, "give `variable`, `test` and `reference`"),
        ({"variable": "group", "test": "als"}, "give `variable`, `test` and `reference`"),
        (LEVELS | {"reference": "als"}, "are both 'als'"),
        (LEVELS | {"weights": {"a": 1}}, "give `weights` alone"),
        (LEVELS | {"differences": CELLS}, "give `differences` alone"),
        (LEVELS | {"reduced": "~ 1"}, "`reduced` asks a question of its own"),
        ({"weights": {"a": 1}, "reduced": "~ 1"}, "`reduced` asks a question of its own"),
        ({"weights": {"a": 0.0}}, "all zero"),
        ({"weights": {"a": float("nan")}}, "finite"),
        (LEVELS | {"test": True}, "test"),
    ],
)
def test_two_questions_or_none_are_refused(keys, found):
    with pytest.raises(ValidationError, match=found):
        Contrast(model="m", **keys)


def test_levels_that_are_numbers_are_text():
    contrast = Contrast(model="m", variable="dose", test=2, reference=0)
    assert (contrast.test, contrast.reference) == ("2", "0")


def test_a_model_takes_no_key_that_it_does_not_know():
    assert Model(design="~ group").subset is None
    with pytest.raises(ValidationError, match="subsets"):
        Model(design="~ group", subsets="x == 'y'")
