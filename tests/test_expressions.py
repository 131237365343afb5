"""The two small languages of a cohort file: what they read, in which order, and everything else refused."""

import math

import pandas as pd
import pytest

from lateralis.expressions import (
    Combination,
    Comparison,
    ExpressionError,
    comparisons,
    dropped_terms,
    matches,
    parse_formula,
    parse_subset,
)


def terms(text):
    return [":".join(map(str, term)) for term in parse_formula(text).terms]


# --- design formulas ---


@pytest.mark.parametrize(
    ("text", "intercept", "expected"),
    [
        ("~ batch + sex + group", True, ["batch", "sex", "group"]),
        ("~batch+log2(age)", True, ["batch", "log2(age)"]),
        ("~ a:b + c", True, ["c", "a:b"]),
        ("~ a * b", True, ["a", "b", "a:b"]),
        ("~ a*b*c", True, ["a", "b", "c", "a:b", "a:c", "b:c", "a:b:c"]),
        ("~ a*b:c", True, ["a", "b:c", "a:b:c"]),
        ("~ a*b + a + b", True, ["a", "b", "a:b"]),
        ("~ a + b + b:a", True, ["a", "b", "a:b"]),
        ("~ b:a + a + a:b", True, ["a", "b:a"]),
        ("~ a:a + a*a", True, ["a"]),
        ("~ log(x) * g", True, ["log(x)", "g", "log(x):g"]),
        ("~ a - 1", False, ["a"]),
        ("~ -1 + a", False, ["a"]),
        ("~ 0 + a", False, ["a"]),
        ("~ 1 + a", True, ["a"]),
        ("~ a - 1 + 1", True, ["a"]),
        ("~ 1", True, []),
        ("~ site.code + _x1", True, ["site.code", "_x1"]),
        ("\n~ a\n\t+ b  ", True, ["a", "b"]),
    ],
)
def test_formula_has_the_terms_of_r_in_the_order_of_r(text, intercept, expected):
    # the same lists as attr(terms(formula), "term.labels"), by degree and then by appearance
    assert terms(text) == expected
    assert parse_formula(text).intercept is intercept


def test_formula_lists_each_factor_and_variable_once_in_order():
    formula = parse_formula("~ batch + log2(age) * group + age")
    assert [str(factor) for factor in formula.factors] == ["batch", "log2(age)", "group", "age"]
    assert formula.variables == ["batch", "age", "group"]


@pytest.mark.parametrize("name", ["log", "log2", "log10", "log1p", "sqrt"])
def test_formula_knows_five_transforms(name):
    (factor,) = parse_formula(f"~ {name}(age)").factors
    assert (factor.variable, factor.transform) == ("age", name)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "found 'the end' where '~' should stand"),
        ("a + b", "found 'a' where '~' should stand"),
        ("counts ~ a", "found 'counts' where '~' should stand"),
        ("~", "found 'the end' where a variable should stand"),
        ("~ a +", "found 'the end' where a variable should stand"),
        ("~ a b", "found 'b' after its end"),
        ("~ a + + b", "found '+' where a variable should stand"),
        ("~ a ~ b", "found '~' after its end"),
        ("~ a - b", "only the intercept can be taken away (-1), not 'b'"),
        ("~ a - 0", "the only numbers allowed are 1, 0 and -1"),
        ("~ 2 + a", "the only numbers allowed are 1, 0 and -1"),
        ("~ a * 1", "found '1' where a variable should stand"),
        ("~ 0", "has neither an intercept nor a variable"),
        ("~ (a + b):c", "found '(' where a variable should stand"),
        ("~ a^2", "cannot read '^2'"),
        ("~ a %in% b", "cannot read '%in% b'"),
        ("~ a | b", "cannot read '| b'"),
        ("~ 'a'", "found \"'a'\" where a variable should stand"),
        ("~ log2(a + 1)", "found '+' where ')' should stand"),
        ("~ log2(log2(a))", "found '(' where ')' should stand"),
        ("~ log2()", "found ')' where a variable should stand"),
        ("~ log2(a", "found 'the end' where ')' should stand"),
        ("~ exp(a)", "exp() is not allowed; there is log, log2, log10, log1p, sqrt"),
        ("~ C(a)", "C() is not allowed"),
        ("~ Q('a')", "Q() is not allowed"),
        ("~ __import__('os').system('true')", "cannot read '.system('true')'"),
        ("~ __import__('os')", "__import__() is not allowed"),
        ("~ eval(a)", "eval() is not allowed"),
        ("~ `a`", "cannot read '`a`'"),
        ("~ {a}", "cannot read '{a}'"),
        ("~ a; b", "cannot read '; b'"),
        ("~ a.__class__()", "a.__class__() is not allowed"),
        ("~ âge", "cannot read 'âge'"),
        ("~ ɡroup", "cannot read 'ɡroup'"),
        ("~ a\0", "cannot read '\0'"),
        ("~ " + "log(" * 5000 + "a" + ")" * 5000, "found '(' where ')' should stand"),
    ],
)
def test_formula_refuses_all_else_and_says_where(text, message):
    with pytest.raises(ExpressionError) as caught:
        parse_formula(text)
    assert message in str(caught.value)


def test_formula_reads_many_terms_but_crosses_few():
    names = [f"v{number}" for number in range(5000)]
    assert parse_formula("~ " + " + ".join(names)).variables == names
    assert len(parse_formula("~ " + "*".join(names[:6])).terms) == 2**6 - 1
    with pytest.raises(ExpressionError, match="crosses 40 variables; more than 6"):
        parse_formula("~ " + "*".join(names[:40]))


# --- subsets ---


def test_subset_binds_not_before_and_before_or():
    a, b, c = (Comparison(name, "==", "x") for name in "abc")
    assert parse_subset("a == 'x' or b == 'x' and c == 'x'") == Combination("or", (a, Combination("and", (b, c))))
    assert parse_subset("(a == 'x' or b == 'x') and c == 'x'") == Combination("and", (Combination("or", (a, b)), c))
    assert parse_subset("not a == 'x' and b == 'x'") == Combination("and", (Combination("not", (a,)), b))
    assert parse_subset("not (a == 'x' and b == 'x')") == Combination("not", (Combination("and", (a, b)),))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("visit == 'baseline'", Comparison("visit", "==", "baseline")),
        ('site != "it\'s"', Comparison("site", "!=", "it's")),
        ("age<-1.5e2", Comparison("age", "<", -150.0)),
        ("age >= 60", Comparison("age", ">=", 60.0)),
        ("age <= 60", Comparison("age", "<=", 60.0)),
        ("age > 60", Comparison("age", ">", 60.0)),
        ("dose in [0, 1]", Comparison("dose", "in", (0.0, 1.0))),
        ("onset not in ['bulbar']", Comparison("onset", "not in", ("bulbar",))),
        ("group == ''", Comparison("group", "==", "")),
        (r"group == '\n'", Comparison("group", "==", r"\n")),
    ],
)
def test_subset_reads_comparisons(text, expected):
    assert parse_subset(text) == expected


def test_subset_lists_its_comparisons_from_the_left():
    found = comparisons(parse_subset("a == 'x' and not (b > 1 or c in ['y'])"))
    assert [comparison.variable for comparison in found] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "found 'the end' where a variable should stand"),
        ("visit", "found 'the end' where a comparison should stand"),
        ("visit = 'x'", "cannot read '= 'x''"),
        ("visit == baseline", "found 'baseline' where a value, text in quotes, should stand"),
        ("'x' == visit", "found \"'x'\" where a variable should stand"),
        ("visit == 'x", "cannot read"),
        ("visit == 'x' 'y'", "after its end"),
        ("a == 'x' == 'y'", "found '==' after its end"),
        ("60 < age", "found '60' where a variable should stand"),
        ("age + 1 > 60", "'+' is not a comparison; there is ==, !=, <, <=, >, >=, in"),
        ("age > 5years", "found 'years' after its end"),
        ("age in []", "found ']' where a value"),
        ("age in 5", "found '5' where '[' should stand"),
        ("a not == 'x'", "found '==' where 'in' should stand"),
        ("a == 'x' and", "found 'the end' where a variable should stand"),
        ("a == 'x' & b == 'y'", "cannot read '& b == 'y''"),
        ("(a == 'x'", "found 'the end' where ')' should stand"),
        ("a == 'x')", "found ')' after its end"),
        ("__import__('os').system('true')", "cannot read '.system('true')'"),
        ("__import__('os') == 'x'", "'(' is not a comparison"),
        ("a.upper() == 'X'", "'(' is not a comparison"),
        ("a == @os", "cannot read '@os'"),
        ("`a` == 'x'", "cannot read '`a`"),
        ("a == ‘x’", "cannot read '‘x’'"),
        ("[x for x in 'a']", "found '[' where a variable should stand"),
        ("lambda: 1", "':' is not a comparison"),
        ("(" * 5000 + "a == 'x'" + ")" * 5000, "is nested more than 20 deep"),
        ("not " * 5000 + "a == 'x'", "is nested more than 20 deep"),
    ],
)
def test_subset_refuses_all_else_and_says_where(text, message):
    with pytest.raises(ExpressionError) as caught:
        parse_subset(text)
    assert message in str(caught.value)


def test_subset_may_be_long_but_not_deep():
    assert len(comparisons(parse_subset(" or ".join(["a == 'x'"] * 5000)))) == 5000
    deepest = "(" * 20 + "a == 'x'" + ")" * 20
    assert parse_subset(deepest) == Comparison("a", "==", "x")
    with pytest.raises(ExpressionError):
        parse_subset(f"({deepest})")


SHEET = {
    "visit": pd.Series(["baseline", "month4", None, None], index=list("pqrs"), dtype=object),
    "age": pd.Series([50.0, math.nan, 70.0, math.nan], index=list("pqrs")),
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # p: baseline, 50; q: month4, missing; r: missing, 70; s: both missing
        ("visit == 'baseline'", [True, False, None, None]),
        ("visit != 'baseline'", [False, True, None, None]),
        ("visit in ['baseline', 'month4']", [True, True, None, None]),
        ("visit not in ['month4']", [True, False, None, None]),
        ("age > 60", [False, None, True, None]),
        ("age <= 50", [True, None, False, None]),
        ("age in [50, 70]", [True, None, True, None]),
        ("not age > 60", [True, None, False, None]),
        # Kleene: false and unknown is false; true or unknown is true; all else with unknown is unknown
        ("visit == 'baseline' and age > 60", [False, False, None, None]),
        ("visit == 'month4' and age > 60", [False, None, None, None]),
        ("visit == 'baseline' or age > 60", [True, None, True, None]),
        ("visit == 'month4' or age > 60", [False, True, True, None]),
        ("not (visit == 'baseline' and age > 60)", [True, True, None, None]),
        ("age > 60 or not age > 60", [True, None, True, None]),
    ],
)
def test_missing_values_fulfil_and_deny_nothing(text, expected):
    found = matches(parse_subset(text), SHEET)
    assert found.dtype == "boolean"
    assert found.index.tolist() == list("pqrs")
    assert [None if value is pd.NA else bool(value) for value in found] == expected


@pytest.mark.parametrize(
    ("reduced", "expected"),
    [
        ("~ b:a + c", ["a", "b", "log2(c)"]),
        ("~ a + b + log2(c)", ["c", "a:b"]),
        ("~ a * b + c + log2(c)", []),
        ("~ 1", ["a", "b", "c", "log2(c)", "a:b"]),
    ],
)
def test_dropped_terms_are_those_the_reduced_design_lacks(reduced, expected):
    dropped = dropped_terms("~ a * b + c + log2(c)", reduced)
    assert [":".join(map(str, term)) for term in dropped] == expected
