"""The message that a user reads."""

import pytest

from lateralis.errors import InputError, listing


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
