"""How calls are drawn: the points of genes and the entries of the key."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from lateralis.figures.theme import CALL_COLOURS, CALL_MARKERS, INK


def call_handles(labels: dict[str, str], clipped: int, clipped_marker: str) -> list[Line2D]:
    """Entries of the key: one a call, and one for the points drawn at the edge, if any.

    Parameters
    ----------
    labels : from `legend_labels`
    clipped : how many points are drawn at the edge
    clipped_marker : matplotlib marker of those points
    """
    handles = [
        Line2D([], [], linestyle="", marker=CALL_MARKERS[call], color=CALL_COLOURS[call], markersize=7, label=label)
        for call, label in labels.items()
    ]
    if clipped:
        handles.append(
            Line2D(
                [],
                [],
                linestyle="",
                marker=clipped_marker,
                markerfacecolor="white",
                markeredgecolor=INK,
                markersize=6.5,
                label=f"{clipped:,} clipped",
            )
        )
    return handles


def scatter_calls(axes: Axes, x: NDArray[np.float64], y: NDArray[np.float64], calls: NDArray[np.str_]) -> None:
    """Draw each gene in the colour and shape of its call, called genes on top; genes with an empty call are left out."""
    for call, size, opacity in (("none", 7, 0.45), ("down", 20, 0.85), ("up", 20, 0.85)):
        at = calls == call
        axes.scatter(
            x[at],
            y[at],
            s=size,
            c=CALL_COLOURS[call],
            marker=CALL_MARKERS[call],
            alpha=opacity,
            linewidths=0,
            zorder=2 if call == "none" else 3,
            rasterized=True,
        )
