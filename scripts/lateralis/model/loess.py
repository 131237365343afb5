"""Local quadratic regression as R's `loess` does it, for the curve that decides the dispersion prior at few samples.

R fits only at the vertices of a k-d tree and joins them by cubic polynomials; the curve's lowest point depends on that.
"""

from __future__ import annotations

import numpy as np

_CELL = 0.2  # R's default: a cell is cut while it holds more than this share of a neighbourhood
_MARGIN = 0.005  # of the range of x, by which the first and last vertex lie outside


def loess(x: np.ndarray, y: np.ndarray, share: float, at: np.ndarray) -> np.ndarray:
    """Smooth `y` over `x` by weighted parabolas through the nearest points, and read the curve at `at`.

    Parameters
    ----------
    x : (n,) distinct values, ascending
    y : (n,)
    share : of the points that each parabola looks at, at most 1; R calls it span
    at : (m,) values within the range of x

    Returns
    -------
    (m,) float

    Source: Cleveland & Grosse 1991, doi:10.1007/BF01890836; R `predict(loess(y ~ x, span = share), at)`.
    """
    from scipy.interpolate import CubicHermiteSpline  # a third of a second that fits of more samples never need

    n_near = min(len(x), int(len(x) * share + 1e-5))
    vertices = _vertices(x, int(len(x) * (share * _CELL)))
    values, slopes = _local_parabolas(x, y, n_near, vertices)
    return CubicHermiteSpline(vertices, values, slopes)(at)


def _vertices(x: np.ndarray, most_in_cell: int) -> np.ndarray:
    """Ends of the cells of the k-d tree, ascending: each cell is halved at its median point until few points are left."""
    margin = _MARGIN * np.ptp(x)
    cuts = []
    cells = [(0, len(x))]
    while cells:
        first, end = cells.pop()
        if end - first > most_in_cell:
            middle = (first + 1 + end) // 2
            cuts.append(x[middle - 1])
            cells += [(first, middle), (middle, end)]
    return np.array([x[0] - margin, *sorted(cuts), x[-1] + margin])


def _local_parabolas(x: np.ndarray, y: np.ndarray, n_near: int, centres: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Value and slope at each centre of the parabola through its nearest points, with tricube weights."""
    distances = np.abs(x - centres[:, None])
    reach = np.partition(distances, n_near - 1, axis=1)[:, n_near - 1 : n_near]
    root_weights = np.clip(1 - (distances / reach) ** 3, 0, None) ** 1.5
    steps = (x - centres[:, None]) / reach
    columns = root_weights[..., None] * np.stack([np.ones_like(steps), steps, steps**2], axis=-1)
    orthogonal, triangle = np.linalg.qr(columns)
    projected = np.einsum("vnk,vn->vk", orthogonal, root_weights * y)
    coefficients = np.linalg.solve(triangle, projected[..., None])[..., 0]
    return coefficients[:, 0], coefficients[:, 1] / reach[:, 0]
