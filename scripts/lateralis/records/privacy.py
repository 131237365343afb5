"""What may leave the house: new names, coarser variables, no small cells; and a search for what should not be there."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lateralis.config import Cohort

CARRIER = "carrier"
NON_CARRIER = ("none", "no", "negative", "wild type", "wt", "0")
SMALLEST_NUMERIC_ID = 5  # digits; shorter numbers cannot be told from other numbers
WORD = re.compile(r"[^\W_]+")
BEFORE, AFTER = (
    r"(?<![^\W_])(?<![0-9]\.)",
    r"(?![^\W_])(?!\.[0-9])",
)  # a word of its own, and no part of a decimal number


@dataclass(frozen=True)
class Disclosure:
    """How the variables of a cohort are shown to others.

    Attributes
    ----------
    variables : those that are shown
    band : numeric variable → width of its bands
    merge : variables whose levels become two
    min_cell : smallest number of people behind a count; of samples where the sheet names no participants
    """

    variables: list[str]
    band: dict[str, float]
    merge: list[str]
    min_cell: int


def disclosure(cohort: Cohort) -> Disclosure:
    """What the config says, with the defaults that go by a variable's name."""
    asked = cohort.report.release
    declared = cohort.samples.variables

    def named(*parts: str) -> list[str]:
        return [name for name in declared if any(part in name.lower() for part in parts)]

    band = asked.band
    if band is None:
        band = {name: 10.0 for name in named("age") if re.search(r"(^|_)age(_|$)", name.lower())}
        band = {name: width for name, width in band.items() if declared[name].type == "numeric"}
    drop = named("diagnosis", "date", "birth") if asked.drop is None else asked.drop
    merge = named("mutation") if asked.merge is None else asked.merge
    shown = [
        name
        for name in cohort.shown_variables
        if name not in drop and (declared[name].type == "categorical" or name in band)
    ]
    return Disclosure(shown, band, [name for name in merge if declared[name].type == "categorical"], asked.min_cell)


def people_ids(obs: pd.DataFrame, roles: Iterable[str | None]) -> set[str]:
    """Ids of participants and families."""
    found: set[str] = set()
    for role in roles:
        if role is not None:
            found |= set(obs[role].dropna().astype(str)) - {""}
    return found


def people_of(obs: pd.DataFrame, participant: str | None) -> pd.Series:
    """Who gave each sample, (n_samples,); the sample itself where the sheet does not say."""
    own = pd.Series(obs.index.astype(str), index=obs.index)
    if participant is None:
        return own
    named = obs[participant].astype(object).fillna("").astype(str)
    return named.where(named != "", own)


def coarsened(obs: pd.DataFrame, rules: Disclosure, people: pd.Series) -> pd.DataFrame:
    """The variables that are shown, as others may see them: all categorical, with levels of `min_cell` people or more.

    Parameters
    ----------
    obs : (n_samples) typed sample sheet
    rules : which variables, and how
    people : (n_samples) who gave each sample

    Returns
    -------
    DataFrame, index of `obs`; a sample of a smaller level is missing there
    """
    found = pd.DataFrame(index=obs.index)
    for name in rules.variables:
        column = obs[name]
        if name in rules.band:
            column = banded(column.astype(float), rules.band[name])
        elif name in rules.merge:
            column = merged(column)
        found[name] = without_small_levels(column, rules.min_cell, people)
    return found


def banded(values: pd.Series, width: float) -> pd.Series:
    """Numbers as bands, `60–69` of integers ten wide, `[60, 62.5)` of others; categorical, in order."""
    start = np.floor(values / width) * width
    whole = float(width).is_integer() and bool((values.dropna() % 1 == 0).all())

    def words(low: float) -> str:
        return f"{low:.0f}–{low + width - 1:.0f}" if whole else f"[{low:g}, {low + width:g})"

    levels = [words(low) for low in sorted(start.dropna().unique())]
    return start.map(words, na_action="ignore").astype(pd.CategoricalDtype(levels, ordered=False))


def merged(column: pd.Series) -> pd.Series:
    """Two levels: the one that carries nothing (`none`, `no`, …; else the first), and `carrier` for all others."""
    levels = [str(level) for level in column.cat.categories]
    plain = next((level for level in levels if level.lower() in NON_CARRIER), levels[0])
    renamed = column.astype(object).map(lambda level: plain if str(level) == plain else CARRIER, na_action="ignore")
    return renamed.astype(pd.CategoricalDtype([plain, CARRIER]))


def without_small_levels(column: pd.Series, min_cell: int, people: pd.Series) -> pd.Series:
    """The column with levels of fewer than `min_cell` people taken out."""
    counts = people.groupby(column, observed=True).nunique()
    return column.cat.remove_categories([level for level in column.cat.categories if counts.get(level, 0) < min_cell])


def new_names(names: Collection[str], secret: bytes, taken: Collection[str] = ()) -> dict[str, str]:
    """New names in an order that tells nothing of the old one.

    Parameters
    ----------
    names : ids to replace
    secret : bytes that are the same in each run and not published, e.g. of the counts; they decide the order
    taken : ids that no new name may equal
    """
    key = hashlib.sha256(secret).digest()
    order = sorted(names, key=lambda name: hashlib.sha256(key + name.encode()).digest())
    used = {word for name in [*names, *taken] for word in [name, *WORD.findall(name)]}
    for prefix in ("r", "s", "x", "released"):
        made = [f"{prefix}{number:04d}" for number in range(1, len(order) + 1)]
        if used.isdisjoint(made):
            return dict(zip(order, made, strict=True))
    raise ValueError("the names of the samples leave no new ones")


class Rekeyed:
    """Replaces ids by their new names in any text, as whole words."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self.names = dict(names)
        searched = [name for name in names if searchable(name)]
        pattern = "|".join(re.escape(name) for name in sorted(searched, key=len, reverse=True))
        self.pattern = re.compile(rf"{BEFORE}(?:{pattern}){AFTER}") if searched else None

    def __call__(self, text: str) -> str:
        """The text with every id replaced."""
        if self.pattern is None:
            return text
        return self.pattern.sub(lambda found: self.names[found.group()], text)


def searchable(name: str) -> bool:
    """Whether an id can be told from other text: longer than a character, and no short number."""
    return len(name) > 1 and not (name.isdigit() and len(name) < SMALLEST_NUMERIC_ID)


def suppressed(counts: NDArray[np.int64], min_cell: int) -> NDArray[np.bool_]:
    """Which cells of a table with known row and column sums must be hidden.

    Parameters
    ----------
    counts : (n_rows, n_columns) numbers of samples, without the sums
    min_cell : counts from 1 to `min_cell` − 1 are hidden

    Returns
    -------
    (n_rows, n_columns) bool. A single hidden cell of a row or column follows from the sum; another one is hidden with it,
    the smallest that is not 0, until no line has a single one.
    """
    counts = np.asarray(counts)
    hidden = (counts > 0) & (counts < min_cell)
    changed = True
    while changed:
        changed = False
        for view, values in ((hidden, counts), (hidden.T, counts.T)):
            for line, numbers in zip(view, values, strict=True):
                if line.sum() != 1 or len(line) == 1:
                    continue
                free = np.flatnonzero(~line)
                best = free[np.lexsort((numbers[free], numbers[free] == 0))[0]]
                line[best] = changed = True
    return hidden


def found_ids(text: str, ids: Iterable[str]) -> set[str]:
    """Ids that stand in a text as whole words; those that cannot be told from other text are not looked for."""
    words = set(WORD.findall(text))
    found = set()
    for name in ids:
        parts = WORD.findall(name)
        if not searchable(name) or not parts or not words.issuperset(parts):
            continue
        if re.search(f"{BEFORE}{re.escape(name)}{AFTER}", text):
            found.add(name)
    return found
