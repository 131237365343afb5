"""Names that some page, table, log or spreadsheet would take for something else, and those that are only unusual."""

import pytest

from lateralis.errors import InputError
from lateralis.names import check_names, flaw


@pytest.mark.parametrize(
    "name",
    [
        "S1", "NA", "", "-", "+", "-1", "+1", "+/-", "-/-", "-80 (box 3)", "-80°C", "1-Mar", "HLA-DRB1*15:01", "5'-NT",
        "a=b", "x@y", "a|b", "als; motor", "f(x)", "C(a)", "<b>", "$x^{2}$", "{sample}", "%s", "$(touch x)", "`x`",
        "Müller", "患者", "‘x’", "S\u00a01", "\U0001fae8", "x" * 500,
    ],
)  # fmt: skip
def test_names_that_do_nothing_are_taken_as_they_are(name):
    assert flaw(name) is None


@pytest.mark.parametrize(
    "name",
    [
        "=1+1", "=", "=HYPERLINK(\"http://x\",\"y\")", "@SUM(1)", " =1", "\u00a0=1", "+cmd|' /C calc'!A0", "-cmd|'/C calc'!A0",
        "-SUM(A1:A9)", "+1+SUM (1)", "-'file.xlsx'#$Sheet1.A1", "+[book.xlsx]Sheet1!A1", "＝1+1", "＠SUM(1)", "als;=1+1",
        "als, @x", "als,-WEBSERVICE(\"http://x\")",
    ],
)  # fmt: skip
def test_formulas_are_refused(name):
    assert flaw(name) == (
        "reads as a formula",
        "Spreadsheets run such a text as a formula: begin it with a letter or a digit",
    )


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("a\nError: all is well", "holds a line break"),
        ("a\r", "holds a line break"),
        ("a\tb", "holds a tab"),
        ("a\0", "holds the invisible character U+0000"),
        ("\x1b[2J", "holds the invisible character U+001B"),
        ("a\u2028b", "holds the invisible character U+2028"),
        ("als\u202egnp.exe", "holds the invisible character U+202E"),
        ("a\u200bls", "holds the invisible character U+200B"),
        ("\ufeffals", "holds the invisible character U+FEFF"),
        ("a\ud800", "holds the invisible character U+D800"),
        ("x" * 501, "has 501 characters"),
    ],
)
def test_what_nobody_sees_is_refused(name, found):
    assert flaw(name)[0] == found


def test_the_message_cannot_do_what_the_name_could():
    with pytest.raises(InputError) as caught:
        check_names(["S1", None, "S2\n\x1b[2JError: none"], "samples.tsv, column 'sample'", "sample")
    assert str(caught.value) == (
        r"samples.tsv, column 'sample', sample 'S2\n\x1b[2JError: none': the name holds a line break. "
        "Take it out: nobody sees that it is there."
    )
