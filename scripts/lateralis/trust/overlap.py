"""Whether the compared groups have a covariate such as age in common, or a model's adjustment is a guess beyond the data."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

LEAST_INSIDE = 0.8  # share of a group's samples within the other's range, below which support is lacking
_TRIM = 0.025  # of each group's ends


class Support(NamedTuple):
    """Common support of one numeric covariate.

    Attributes
    ----------
    variable : its name
    low, high : the range that both groups have (2.5 % of each group's ends cut off)
    inside : group → share of its samples in that range
    """

    variable: str
    low: float
    high: float
    inside: dict[str, float]

    @property
    def lacking(self) -> bool:
        """Whether a group has fewer than four in five of its samples there."""
        return min(self.inside.values()) < LEAST_INSIDE


def common_support(values: pd.Series, labels: pd.Series) -> Support:
    """Range of a covariate that all groups have.

    Parameters
    ----------
    values : (n_samples,) numeric, complete
    labels : (n_samples,) group
    """
    groups = {str(label): part.to_numpy(dtype=float) for label, part in values.groupby(labels.astype(str))}
    low = max(float(np.quantile(part, _TRIM)) for part in groups.values())
    high = min(float(np.quantile(part, 1 - _TRIM)) for part in groups.values())
    inside = {label: float(((part >= low) & (part <= high)).mean()) for label, part in groups.items()}
    return Support(str(values.name), low, high, inside)


def in_support(values: pd.Series, support: Support) -> np.ndarray:
    """Which samples are in the common range, (n_samples,) bool."""
    return ((values >= support.low) & (values <= support.high)).to_numpy()
