"""The message that a user reads."""

import pytest

from lateralis.errors import LONGEST, InputError, listing, printable


def test_message_is_where_found_right():
    error = InputError("samples.tsv, row 3", "sample 'S1' stands twice", "Give each sample one row")
    assert str(error) == "samples.tsv, row 3: sample 'S1' stands twice. Give each sample one row."
    assert (error.where, error.found, error.right) == (
        "samples.tsv, row 3",
        "sample 'S1' stands twice",
        "Give each sample one row",
    )


def test_message_without_a_remedy_ends_after_what_was_found():
    assert str(InputError("counts.tsv", "is empty")) == "counts.tsv: is empty."


def test_input_error_is_a_value_error():
    with pytest.raises(ValueError, match=r"^counts\.tsv: is empty\.$"):
        raise InputError("counts.tsv", "is empty")


def test_a_message_is_one_line_whatever_it_quotes():
    error = InputError("a\nb.tsv", "found '\x1b[31m\u202e\ud800 \u00a0'", "Give\tanother")
    assert str(error) == r"a\nb.tsv: found '\x1b[31m\u202e\ud800 \xa0'. Give\tanother."
    assert str(error).encode() == str(error).encode("ascii")


def test_details_stand_on_lines_of_their_own():
    error = InputError("c.yaml", "is not valid", "Mend it", details=["a: is\nmissing", "b: too"])
    assert str(error) == "c.yaml: is not valid\n  a: is\\nmissing\n  b: too. Mend it."


def test_long_texts_are_cut():
    assert printable("x" * LONGEST) == "x" * LONGEST
    assert printable("x" * 10_000_000) == "x" * LONGEST + "…"


@pytest.mark.parametrize(
    ("names", "most", "expected"),
    [
        ([], 8, ""),
        (["a"], 8, "'a'"),
        ([1, "b"], 8, "'1', 'b'"),
        ("abc", 3, "'a', 'b', 'c'"),
        ("abcd", 3, "'a', 'b', 'c' and 1 more"),
        (range(20), 2, "'0', '1' and 18 more"),
    ],
)
def test_listing(names, most, expected):
    assert listing(names, most) == expected
