"""Principal components of the samples: whether the variables of the study, or its batches, shape expression."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from lateralis.figures.calls import plural
from lateralis.figures.groups import MISSING_COLOUR, is_numeric, labels_of, levels_of, palette, shapes
from lateralis.figures.theme import (
    CHARACTER_WIDTH,
    GUIDE,
    SMALL_SIZE,
    TEXT_SIZE,
    WIDTH,
    add_axes,
    add_header,
    legend_above,
    message_figure,
    new_figure,
    row_major,
    themed,
)

PANEL, GAP, LEFT, BOTTOM = 3.3, 0.85, 0.75, 0.6  # inches
KEY_LINE = 0.25
ROUNDS = 6  # each level is drawn in turns, so that the last one does not cover the others
SCALE = "viridis"
NOTHING = "Fewer than two components, so there is nothing to draw."


@themed
def draw_pca(
    coordinates: pd.DataFrame | NDArray[np.float64], explained: Sequence[float], values: pd.Series, *, title: str
) -> Figure:
    """Samples on the first four principal components, coloured and shaped by one variable.

    Parameters
    ----------
    coordinates : (n_samples, k)
        Component scores, in the order of `values`.
    explained : (k,)
        Share of the variance of each component, 0 to 1.
    values : (n_samples,) Series
        The variable; its name stands in the key. Categorical (colour and shape) or numeric (colour).
    title : str
    """
    scores = np.asarray(coordinates, dtype=float)
    if scores.shape[1] < 2 or len(scores) < 2:
        return message_figure(title, NOTHING)
    pairs = [(0, 1), (2, 3)] if scores.shape[1] >= 4 else [(0, 1)]
    key_lines = 1 if is_numeric(values) else -(-len(levels_of(values)) // _key_columns(values))
    key_height = 0.55 if is_numeric(values) else KEY_LINE * key_lines + 0.1
    figure = new_figure(height=BOTTOM + PANEL + key_height)
    for i, (first, second) in enumerate(pairs):
        axes = add_axes(figure, LEFT + i * (PANEL + GAP), BOTTOM, PANEL if len(pairs) == 2 else WIDTH - 1, PANEL)
        _draw_points(axes, scores[:, first], scores[:, second], values)
        axes.set_xlabel(f"PC{first + 1} ({explained[first]:.1%} of variance)")
        axes.set_ylabel(f"PC{second + 1} ({explained[second]:.1%})")
        axes.margins(0.06)
    if is_numeric(values):
        _add_scale(figure, values)
    else:
        _add_key(figure, values)
    add_header(figure, title, [f"{plural(len(scores), 'sample')}, coloured by {values.name}."])
    return figure


def _draw_points(axes: Axes, x: NDArray[np.float64], y: NDArray[np.float64], values: pd.Series) -> None:
    axes.axhline(0, color="#DDDDDD", linewidth=0.8, zorder=0)
    axes.axvline(0, color="#DDDDDD", linewidth=0.8, zorder=0)
    if is_numeric(values):
        numbers = values.to_numpy(float)
        known = np.isfinite(numbers)
        axes.scatter(x[~known], y[~known], s=26, facecolors="white", edgecolors=GUIDE, linewidths=0.8)
        axes.scatter(x[known], y[known], s=30, c=numbers[known], cmap=SCALE, edgecolors="white", linewidths=0.4)
        return
    labels, colours, markers = labels_of(values), palette(values), shapes(values)
    for part in range(ROUNDS):
        for level in levels_of(values):
            at = np.flatnonzero(labels == level)[part::ROUNDS]
            if colours[level] == MISSING_COLOUR:
                axes.scatter(x[at], y[at], s=26, c=GUIDE, marker=markers[level], linewidths=1.0)
                continue
            axes.scatter(
                x[at],
                y[at],
                s=32,
                c=colours[level],
                marker=markers[level],
                alpha=0.85,
                edgecolors="white",
                linewidths=0.5,
            )


def _key_columns(values: pd.Series) -> int:
    longest = max(len(level) for level in levels_of(values)) + 10
    return max(1, min(len(levels_of(values)), int((WIDTH - LEFT) / (longest * SMALL_SIZE * CHARACTER_WIDTH / 72))))


def _add_key(figure: Figure, values: pd.Series) -> None:
    labels, colours, markers = labels_of(values), palette(values), shapes(values)
    columns = _key_columns(values)
    handles = [
        Line2D(
            [],
            [],
            linestyle="",
            marker=markers[level],
            markersize=6.5,
            label=f"{level} ({int((labels == level).sum())})",
            color=GUIDE if colours[level] == MISSING_COLOUR else colours[level],
        )
        for level in levels_of(values)
    ]
    legend_above(figure.axes[0], row_major(handles, columns), columns)


def _add_scale(figure: Figure, values: pd.Series) -> None:
    axes = add_axes(figure, LEFT, BOTTOM + PANEL + 0.36, 2.4, 0.12)
    bar = figure.colorbar(figure.axes[0].collections[-1], cax=axes, orientation="horizontal")
    bar.outline.set_visible(False)
    axes.tick_params(labelsize=SMALL_SIZE - 0.5, length=2, pad=1)
    missing = int(values.isna().sum())
    words = f"{values.name}" + (f"; {missing} missing, hollow" if missing else "")
    axes.text(1.04, 0.5, words, transform=axes.transAxes, va="center", size=TEXT_SIZE)


def pca_alt_text(explained: Sequence[float], values: pd.Series, *, title: str) -> str:
    """The components in words and their shares of the variance."""
    if len(explained) < 2:
        return f"{title}. {NOTHING}"
    shares = ", ".join(f"PC{i + 1} {share:.1%}" for i, share in enumerate(explained[:4]))
    return f"Principal components of {plural(len(values), 'sample')}, {title}, coloured by {values.name}. Variance: {shares}."
