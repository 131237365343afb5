"""Robust local regression as R's `lowess` does it, for the curve that decides the cutoff of independent filtering.

statsmodels' version goes on reweighting where half of the residuals are zero, which is common among counts of findings, and
then picks another cutoff than R; R stops there.
"""

from __future__ import annotations

import numpy as np

_REWEIGHTINGS = 3


def lowess(x: np.ndarray, y: np.ndarray, share: float) -> np.ndarray:
    """Smooth `y` over `x` by weighted lines through the nearest points.

    Parameters
    ----------
    x : (n,) distinct values
    y : (n,)
    share : of the points that each line looks at

    Returns
    -------
    (n,) float

    Source: Cleveland 1979, doi:10.1080/01621459.1979.10481038; R `lowess(f, iter = 3, delta = 0)`.
    """
    n_points = len(x)
    n_near = max(2, min(n_points, int(share * n_points + 1e-7)))
    distances = np.abs(x[:, None] - x)
    reach = np.sort(distances, axis=1)[:, n_near - 1 : n_near]
    nearness = np.where(distances <= 0.999 * reach, (1 - (distances / reach) ** 3) ** 3, 0.0)
    nearness[distances <= 0.001 * reach] = 1.0
    smooth = _weighted_lines(x, y, nearness)
    rounding = (
        64 * np.finfo(float).eps * np.abs(y).max()
    )  # R goes on weighing its rounding errors, which differ by machine
    for _ in range(_REWEIGHTINGS):
        residuals = np.abs(y - smooth)
        scale = 6 * np.median(residuals)
        if scale < max(1e-7 * residuals.mean(), rounding):
            break
        trust = np.where(
            residuals <= 0.999 * scale, (1 - (residuals / max(scale, np.finfo(float).tiny)) ** 2) ** 2, 0.0
        )
        trust[residuals <= 0.001 * scale] = 1.0
        smooth = _weighted_lines(x, y, nearness * trust)
    return smooth


def _weighted_lines(x: np.ndarray, y: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Value at each point of the line fitted with that point's row of `weights`; the point itself where all are zero."""
    total = weights.sum(axis=1)
    weights = weights / np.where(total > 0, total, 1.0)[:, None]
    centre = weights @ x
    deviations = x - centre[:, None]
    spread = (weights * deviations**2).sum(axis=1)
    sloped = np.sqrt(spread) > 0.001 * np.ptp(x)
    slope_part = np.where(sloped, (x - centre) / np.where(sloped, spread, 1.0), 0.0)
    fitted = (weights * (1 + slope_part[:, None] * deviations) * y).sum(axis=1)
    return np.where(total > 0, fitted, y)
