"""Names beside points: which fit without touching each other, and the thin lines back to their points."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from adjustText import adjust_text
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text
from matplotlib.transforms import Bbox
from numpy.typing import NDArray

from lateralis.figures.theme import GUIDE, INK, SMALL_SIZE

ITERATIONS = 250  # a number of steps, not a time: the same labels on a slow and a fast machine
LONGEST_NAME = 18
MARKER_RADIUS = 5.0  # pixels at 100 dpi
NEAREST_LINE = 9.0  # pixels at 100 dpi between a name and its point below which no line is needed


def label_points(
    axes: Axes,
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    names: Sequence[str],
    avoid: tuple[NDArray[np.float64], NDArray[np.float64]],
) -> list[Text]:
    """Name points, the most important first; a name that cannot be placed freely is left out.

    Parameters
    ----------
    axes : Axes
        With its limits set.
    x, y : (n_labels,) float
        Points to name, data coordinates.
    names : (n_labels,) str
    avoid : two (n_points,) float
        Points that names should not cover, the named ones included.

    Returns
    -------
    The names that are drawn; no two of them overlap and all are inside the axes.
    """
    texts = [
        axes.text(px, py, shortened(name), size=SMALL_SIZE, color=INK, ha="center", va="center", zorder=4.5)
        for px, py, name in zip(x, y, names, strict=True)
    ]
    if not texts:
        return []
    for text in texts:
        text.set_path_effects([patheffects.withStroke(linewidth=2.2, foreground="white", alpha=0.85)])
    avoid_x, avoid_y = _with_extent(axes, *avoid)
    adjust_text(
        texts,
        x=avoid_x,
        y=avoid_y,
        target_x=x,
        target_y=y,
        ax=axes,
        iter_lim=ITERATIONS,
        expand=(1.12, 1.45),
        force_text=(0.2, 0.4),
        force_static=(0.12, 0.25),
        force_pull=(0.02, 0.02),
        max_move=(8, 8),
        time_lim=None,
    )
    kept: list[Text] = []
    boxes: list[Bbox] = []
    for text, point in zip(texts, zip(x, y, strict=True), strict=True):
        box = window_box(text)
        if any(box.overlaps(other) for other in boxes) or not _inside(box, axes.bbox):
            text.remove()
            continue
        kept.append(text)
        boxes.append(box)
        _draw_line(axes, box, point)
    return kept


def _with_extent(
    axes: Axes, x: NDArray[np.float64], y: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Points as the corners of their markers, since adjustText takes a point for a place without size."""
    pixels = axes.transData.transform(np.column_stack([x, y]))
    corners = np.concatenate([pixels + np.array(step) * MARKER_RADIUS for step in ((-1, 0), (1, 0), (0, -1), (0, 1))])
    around = axes.transData.inverted().transform(corners)
    return around[:, 0], around[:, 1]


def shortened(name: str) -> str:
    """A name that fits beside a point; a long one ends in an ellipsis."""
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…"


def window_box(text: Text) -> Bbox:
    """The box of a drawn text, pixels at the figure's dpi."""
    canvas = text.get_figure(root=True).canvas  # type: ignore[union-attr]
    assert isinstance(canvas, FigureCanvasAgg)
    return text.get_window_extent(canvas.get_renderer())


def _inside(box: Bbox, frame: Bbox) -> bool:
    return box.x0 >= frame.x0 - 1 and box.x1 <= frame.x1 + 1 and box.y0 >= frame.y0 - 1 and box.y1 <= frame.y1 + 1


def _draw_line(axes: Axes, box: Bbox, point: tuple[float, float]) -> None:
    target = axes.transData.transform(point)
    nearest = np.clip(target, box.min, box.max)
    if np.hypot(*(target - nearest)) < NEAREST_LINE:
        return
    (x0, y0), (x1, y1) = axes.transData.inverted().transform([nearest, target])
    axes.plot([x0, x1], [y0, y1], color=GUIDE, linewidth=0.6, zorder=4, solid_capstyle="butt")
