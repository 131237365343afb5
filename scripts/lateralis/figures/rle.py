"""Relative log expression: whether a sample is spread or shifted against the others, sample by sample."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from lateralis.figures.calls import plural
from lateralis.figures.groups import labels_of, levels_of, palette
from lateralis.figures.labels import shortened
from lateralis.figures.quality import VERDICT_SHAPES, verdict_handles
from lateralis.figures.theme import (
    GUIDE,
    INK,
    UP,
    WIDTH,
    add_axes,
    add_header,
    legend_above,
    message_figure,
    new_figure,
    row_major,
    themed,
)

LEFT, PANEL, KEY = 0.8, 3.0, 0.7  # inches
MOST_NAMED, MOST_BOXES = 30, 400
NOTHING = "Fewer than three samples, so no sample can be held against the others."


@themed
def draw_rle(quantiles: pd.DataFrame, groups: pd.Series, flags: pd.DataFrame, *, title: str) -> Figure:
    """One box a sample, by group: quartiles, and whiskers from the 5 % to the 95 % quantile.

    Parameters
    ----------
    quantiles : DataFrame (n_samples)
        Index sample; q05, q25, median, q75, q95 in log2 units (`qc.metrics.rle_quantiles`).
    groups : (n_samples,) Series
    flags : DataFrame with `sample`, `check` and `verdict`
        Those of the check `rle_spread` are marked.
    title : str

    Notes
    -----
    Above 400 samples, lines along the samples stand for the boxes. Samples are named where there are 30 at most.
    """
    if len(quantiles) < 3:
        return message_figure(title, NOTHING)
    groups = groups.loc[quantiles.index]
    labels, levels, colours = labels_of(groups), levels_of(groups), palette(groups)
    order = np.argsort([levels.index(label) for label in labels], kind="stable")
    table, labels = quantiles.iloc[order], labels[order]
    named = len(table) <= MOST_NAMED
    bottom = 0.3 + (0.075 * max(len(shortened(str(name))) for name in table.index) if named else 0.15)
    raised = flags[(flags["check"] == "rle_spread") & flags["verdict"].isin(VERDICT_SHAPES)]
    figure = new_figure(height=bottom + PANEL + KEY)
    axes = add_axes(figure, LEFT, bottom, WIDTH - LEFT - 0.2, PANEL)
    draw = _draw_boxes if len(table) <= MOST_BOXES else _draw_lines
    draw(axes, table, [colours[label] for label in labels])
    axes.axhline(0, color=GUIDE, linewidth=0.8, zorder=0)
    places = pd.Series(np.arange(len(table)), index=table.index)
    for verdict, shape in VERDICT_SHAPES.items():
        at = places[places.index.isin(raised.loc[raised["verdict"] == verdict, "sample"])]
        axes.scatter(
            at, table["q95"].loc[at.index], s=70, marker=shape, facecolors="none", edgecolors=UP, linewidths=1.6
        )
    axes.set_xlim(-1, len(table))
    axes.set_xticks(range(len(table)) if named else [])
    if named:
        axes.set_xticklabels([shortened(str(name)) for name in table.index], rotation=90)
    axes.set_ylabel("log2 against the gene's median")
    handles: list[Artist] = [
        Patch(facecolor=colours[level], label=f"{level} ({int((labels == level).sum())})") for level in levels
    ]
    handles += verdict_handles(raised)
    columns = min(len(handles), 4)
    legend_above(axes, row_major(handles, columns), columns)
    words = f"{plural(len(table), 'sample')} by {groups.name}; each box holds half of the genes, its line 90 %."
    add_header(figure, title, [words])
    return figure


def _draw_boxes(axes: Axes, table: pd.DataFrame, colours: list[str]) -> None:
    x = np.arange(len(table))
    axes.vlines(x, table["q05"], table["q95"], colors=colours, linewidth=0.8, alpha=0.7)
    axes.bar(x, table["q75"] - table["q25"], bottom=table["q25"], width=0.75, color=colours, linewidth=0)
    axes.hlines(table["median"], x - 0.38, x + 0.38, colors=INK, linewidth=1.0)


def _draw_lines(axes: Axes, table: pd.DataFrame, colours: list[str]) -> None:
    x = np.arange(len(table))
    axes.vlines(x, table["q05"], table["q95"], colors=colours, linewidth=0.4, alpha=0.35, rasterized=True)
    axes.vlines(x, table["q25"], table["q75"], colors=colours, linewidth=0.6, rasterized=True)
    axes.plot(x, table["median"], color=INK, linewidth=0.6, rasterized=True)


def rle_alt_text(quantiles: pd.DataFrame, flags: pd.DataFrame, *, title: str) -> str:
    """The boxes in words: the usual spread and the widest, and how many samples are flagged."""
    if len(quantiles) < 3:
        return f"{title}. {NOTHING}"
    spread = quantiles["q75"] - quantiles["q25"]
    raised = int(((flags["check"] == "rle_spread") & flags["verdict"].isin(VERDICT_SHAPES)).sum())
    return (
        f"Relative log expression of {plural(len(quantiles), 'sample')}, {title}: interquartile range {spread.median():.2f} "
        f"in the median sample and {spread.max():.2f} in the widest; {raised} flagged."
    )
