"""How samples are told apart in a figure: one colour and one shape a level, in the order of the config; names only if few."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lateralis.figures.theme import MARKERS, OKABE_ITO

MISSING = "missing"
MISSING_COLOUR = "#D9D9D9"
MOST_NAMED_SAMPLES = 30


def levels_of(values: pd.Series) -> list[str]:
    """Levels that occur, in the order of a categorical or else sorted; `missing` last where a value is."""
    present = values.dropna()
    if isinstance(values.dtype, pd.CategoricalDtype):
        levels = [str(level) for level in values.cat.categories if (present == level).any()]
    else:
        levels = sorted(str(level) for level in present.unique())
    return levels + ([MISSING] if values.isna().any() else [])


def labels_of(values: pd.Series) -> NDArray[np.str_]:
    """The level of each sample as text, `missing` where there is none. (n_samples,)"""
    return values.astype(object).where(values.notna(), MISSING).astype(str).to_numpy(str)


def palette(values: pd.Series, first: int = 0) -> dict[str, str]:
    """A colour for each level that occurs.

    A level of a categorical keeps its colour when others are absent, so a group looks the same in every figure. `first`
    shifts the start, so that two variables side by side begin differently.
    """
    colours = {level: OKABE_ITO[(first + i) % len(OKABE_ITO)] for level, i in _positions(values).items()}
    return {**colours, MISSING: MISSING_COLOUR} if values.isna().any() else colours


def shapes(values: pd.Series) -> dict[str, str]:
    """A marker for each level that occurs.

    Colours and markers repeat with different periods: 63 levels differ in one or the other.
    """
    markers = {level: MARKERS[i % len(MARKERS)] for level, i in _positions(values).items()}
    return {**markers, MISSING: "x"} if values.isna().any() else markers


def _positions(values: pd.Series) -> dict[str, int]:
    levels = [level for level in levels_of(values) if level != MISSING]
    known = [str(level) for level in values.cat.categories] if isinstance(values.dtype, pd.CategoricalDtype) else levels
    return {level: known.index(level) for level in levels}


def is_numeric(values: pd.Series) -> bool:
    """Whether a variable is drawn on a continuous scale; one without any value is not."""
    number = pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
    return number and bool(values.notna().any())
