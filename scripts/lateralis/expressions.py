"""The two small languages of a cohort file, design formulas and subsets, read by a parser that knows nothing else.

What is not in their grammar is an error; no text of a config ever reaches `eval` or another evaluator.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from itertools import combinations
from operator import and_, eq, ge, gt, le, lt, ne, or_
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

TRANSFORMS = ("log", "log2", "log10", "log1p", "sqrt")

_MOST_CROSSED = 6  # n crossed variables are 2^n − 1 terms
_MOST_TERMS = 10_000
_LONGEST, _SHOWN = 100_000, 200  # characters of a formula or subset that are read, and that a message quotes

_TOKEN = re.compile(
    r"\s*(?:(?P<name>[A-Za-z_][A-Za-z0-9_.]*)|(?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)"
    r"|(?P<text>'[^']*'|\"[^\"]*\")|(?P<symbol>==|!=|<=|>=|[-~+*:()<>\[\],]))"
)
_COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {"==": eq, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge}


class ExpressionError(ValueError):
    """A formula or subset that its grammar does not allow."""


def _shown(text: str) -> str:
    """The beginning of a text, for messages."""
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


class _Tokens:
    """The tokens of one text, read from the left."""

    def __init__(self, text: str, *, signed_numbers: bool) -> None:
        self.text, self.position = _shown(text), 0
        self.items: list[tuple[str | None, str]] = []
        if len(text) > _LONGEST:
            raise ExpressionError(f"'{self.text}' has {len(text):,} characters; at most {_LONGEST:,} are read")
        start, text = 0, text.rstrip()
        while start < len(text):
            match = _TOKEN.match(text, start)
            if match is None:
                raise ExpressionError(f"'{self.text}': cannot read '{text[start:].strip()[:20]}'")
            kind, value = match.lastgroup, match.group(match.lastgroup or 0)
            if kind == "number" and value.startswith("-") and not signed_numbers:
                kind, value, start = "symbol", "-", match.start(match.lastgroup or 0) + 1
            else:
                start = match.end()
            self.items.append((kind, value))

    def peek(self) -> tuple[str | None, str]:
        return self.items[self.position] if self.position < len(self.items) else (None, "the end")

    def take(self, *values: str) -> bool:
        """Step over the next token if it is one of the symbols or words given."""
        kind, value = self.peek()
        if kind in ("symbol", "name") and value in values:
            self.position += 1
            return True
        return False

    def next(self, kind: str, expected: str) -> str:
        found, value = self.peek()
        if found != kind:
            raise ExpressionError(f"'{self.text}': found {value!r} where {expected} should stand")
        self.position += 1
        return str(value)

    def expect(self, symbol: str) -> None:
        if not self.take(symbol):
            raise ExpressionError(f"'{self.text}': found {self.peek()[1]!r} where {symbol!r} should stand")

    def expect_end(self) -> None:
        if self.position < len(self.items):
            raise ExpressionError(f"'{self.text}': found {self.peek()[1]!r} after its end")


@dataclass(frozen=True)
class Factor:
    """A variable in a term, possibly transformed."""

    variable: str
    transform: str | None = None

    def __str__(self) -> str:
        return f"{self.transform}({self.variable})" if self.transform else self.variable


Term = tuple[Factor, ...]


@dataclass(frozen=True)
class Formula:
    """A parsed design formula: an intercept or none, and terms in order of their degree, as in R.

    Factors within a term stand in order of their first appearance in the formula, so that `a:b` and `b:a` are one term.
    """

    intercept: bool
    terms: tuple[Term, ...]

    @property
    def factors(self) -> list[Factor]:
        """Every factor once, in order of appearance."""
        return list(dict.fromkeys(factor for term in self.terms for factor in term))

    @property
    def variables(self) -> list[str]:
        """Every variable once, in order of appearance."""
        return list(dict.fromkeys(factor.variable for factor in self.factors))


def parse_formula(text: str) -> Formula:
    """Read a design formula such as `~ batch + sex + log2(age) * group`.

    Allowed are variables, `+`, `:`, `*`, `1`, `0`, `-1` and the functions of `TRANSFORMS` around one variable.

    Raises
    ------
    ExpressionError
        With the text, what was found and what should stand there.
    """
    tokens = _Tokens(text, signed_numbers=False)
    tokens.expect("~")
    intercept, terms = True, {}
    negative = tokens.take("-")
    while True:
        kind, value = tokens.peek()
        if kind == "number":
            tokens.next("number", "a term")
            if value not in ("0", "1") or (negative and value == "0"):
                raise ExpressionError(f"'{tokens.text}': the only numbers allowed are 1, 0 and -1")
            intercept = value == "1" and not negative
        elif negative:
            raise ExpressionError(f"'{tokens.text}': only the intercept can be taken away (-1), not {value!r}")
        else:
            terms.update(dict.fromkeys(_crossed(tokens)))
            if len(terms) > _MOST_TERMS:
                raise ExpressionError(f"'{tokens.text}': more than {_MOST_TERMS:,} terms are too many")
        if tokens.take("+"):
            negative = False
        elif tokens.take("-"):
            negative = True
        else:
            break
    tokens.expect_end()
    if not terms and not intercept:
        raise ExpressionError(f"'{tokens.text}': has neither an intercept nor a variable")
    factors = dict.fromkeys(factor for term in terms for factor in term)
    place = {factor: number for number, factor in enumerate(factors)}
    distinct = dict.fromkeys(tuple(sorted(term, key=place.__getitem__)) for term in terms)
    return Formula(intercept, tuple(sorted(distinct, key=len)))


def dropped_terms(design: str, reduced: str) -> list[Term]:
    """Terms of a design that a reduced one lacks, in the design's order; `a:b` and `b:a` are one term."""
    kept = {frozenset(term) for term in parse_formula(reduced).terms}
    return [term for term in parse_formula(design).terms if frozenset(term) not in kept]


def _crossed(tokens: _Tokens) -> list[Term]:
    """One item of a sum: `a`, `a:b`, or `a*b` as a, b and a:b."""
    parts = [_interaction(tokens)]
    while tokens.take("*"):
        parts.append(_interaction(tokens))
    if len(parts) > _MOST_CROSSED:
        raise ExpressionError(
            f"'{tokens.text}': crosses {len(parts)} variables; more than {_MOST_CROSSED} by * are too many"
        )
    subsets = [chosen for size in range(1, len(parts) + 1) for chosen in combinations(parts, size)]
    return [tuple(dict.fromkeys(factor for part in chosen for factor in part)) for chosen in subsets]


def _interaction(tokens: _Tokens) -> Term:
    factors = [_factor(tokens)]
    while tokens.take(":"):
        factors.append(_factor(tokens))
    return tuple(dict.fromkeys(factors))


def _factor(tokens: _Tokens) -> Factor:
    name = tokens.next("name", "a variable")
    if not tokens.take("("):
        return Factor(name)
    if name not in TRANSFORMS:
        raise ExpressionError(f"'{tokens.text}': {name}() is not allowed; there is {', '.join(TRANSFORMS)}")
    variable = tokens.next("name", "a variable")
    tokens.expect(")")
    return Factor(variable, name)


@dataclass(frozen=True)
class Comparison:
    """`variable operator value`, with a list of values for `in` and `not in`."""

    variable: str
    operator: str
    value: str | float | tuple[str | float, ...]


@dataclass(frozen=True)
class Combination:
    """`and` or `or` of several conditions, or `not` of one."""

    operator: str
    parts: tuple[Subset, ...]


Subset = Comparison | Combination


def parse_subset(text: str) -> Subset:
    """Read a condition on samples such as `visit == 'baseline' and not onset in ['bulbar']`.

    Raises
    ------
    ExpressionError
        With the text, what was found and what should stand there.
    """
    tokens = _Tokens(text, signed_numbers=True)
    condition = _any_of(tokens, depth=0)
    tokens.expect_end()
    return condition


def _any_of(tokens: _Tokens, depth: int) -> Subset:
    parts = [_all_of(tokens, depth)]
    while tokens.take("or"):
        parts.append(_all_of(tokens, depth))
    return parts[0] if len(parts) == 1 else Combination("or", tuple(parts))


def _all_of(tokens: _Tokens, depth: int) -> Subset:
    parts = [_condition(tokens, depth)]
    while tokens.take("and"):
        parts.append(_condition(tokens, depth))
    return parts[0] if len(parts) == 1 else Combination("and", tuple(parts))


def _condition(tokens: _Tokens, depth: int) -> Subset:
    if depth > 20:
        raise ExpressionError(f"'{tokens.text[:60]}': is nested more than 20 deep")
    if tokens.take("not"):
        return Combination("not", (_condition(tokens, depth + 1),))
    if tokens.take("("):
        inner = _any_of(tokens, depth + 1)
        tokens.expect(")")
        return inner
    variable = tokens.next("name", "a variable")
    negated = tokens.take("not")
    if negated or tokens.peek()[1] == "in":
        tokens.expect("in")
        tokens.expect("[")
        values = [_value(tokens)]
        while tokens.take(","):
            values.append(_value(tokens))
        tokens.expect("]")
        return Comparison(variable, "not in" if negated else "in", tuple(values))
    operator = tokens.next("symbol", "a comparison")
    if operator not in _COMPARISONS:
        raise ExpressionError(
            f"'{tokens.text}': {operator!r} is not a comparison; there is {', '.join(_COMPARISONS)}, in"
        )
    return Comparison(variable, operator, _value(tokens))


def _value(tokens: _Tokens) -> str | float:
    if tokens.peek()[0] == "number":
        return float(tokens.next("number", "a value"))
    return tokens.next("text", "a value, text in quotes,")[1:-1]


def comparisons(condition: Subset) -> list[Comparison]:
    """Every comparison in a condition, from the left."""
    if isinstance(condition, Comparison):
        return [condition]
    return [comparison for part in condition.parts for comparison in comparisons(part)]


def matches(condition: Subset, columns: Mapping[str, pd.Series]) -> pd.Series:
    """Which samples fulfil a condition; a missing value fulfils none and denies none (Kleene's logic).

    Parameters
    ----------
    condition : parsed subset
    columns : variable → Series over samples; text for categorical, float for numeric variables

    Returns
    -------
    Series of nullable booleans over the same samples; `NA` where a missing value decides
    """
    if isinstance(condition, Combination):
        parts = [matches(part, columns) for part in condition.parts]
        return ~parts[0] if condition.operator == "not" else reduce(and_ if condition.operator == "and" else or_, parts)
    values = columns[condition.variable]
    if condition.operator in ("in", "not in"):
        found = values.isin(list(condition.value))  # type: ignore[arg-type]
        result = ~found if condition.operator == "not in" else found
    else:
        result = _COMPARISONS[condition.operator](values, condition.value)
    return result.astype("boolean").mask(values.isna())
