"""Quality metrics sample by sample: which samples stand out, in which metric, and whether a whole group does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator
from numpy.typing import NDArray

from lateralis.figures.calls import plural
from lateralis.figures.groups import MISSING_COLOUR, labels_of, levels_of, palette
from lateralis.figures.theme import (
    GUIDE,
    INK,
    SMALL_SIZE,
    UP,
    add_axes,
    add_header,
    message_figure,
    new_figure,
    themed,
)

COLUMNS = 3
PANEL_WIDTH, PANEL_HEIGHT, LEFT, GAP_X, GAP_Y = 2.05, 1.75, 0.7, 0.68, 0.42  # inches
SPREAD = 0.32
VERDICT_SHAPES = {"warn": "o", "fail": "s"}
VERDICT_WORDS = {"warn": "warning", "fail": "failing"}
NOTHING = "No quality metric was measured."


@dataclass(frozen=True)
class Panel:
    """How one metric is drawn.

    Attributes
    ----------
    label : what the metric is, in words
    scale : {"linear", "log", "share"}; a share is 0 to 1 and shown in percent
    """

    label: str
    scale: str = "linear"


PANELS: Mapping[str, Panel] = {
    "library_size": Panel("counts", "log"),
    "detected_genes": Panel("genes detected"),
    "top_gene_share": Panel("share of the top 50 genes", "share"),
    "mitochondrial_fraction": Panel("mitochondrial share", "share"),
    "rrna_fraction": Panel("ribosomal RNA share", "share"),
    "haemoglobin_fraction": Panel("haemoglobin share", "share"),
    "size_factor_deviation": Panel("size factor off library size"),
    "pca_distance": Panel("distance from the centre"),
    "group_correlation": Panel("correlation in its group"),
    "cooks_share": Panel("genes it is an outlier in", "share"),
}


@themed
def draw_quality(
    metrics: pd.DataFrame, groups: pd.Series, flags: pd.DataFrame, *, title: str, panels: Mapping[str, Panel] = PANELS
) -> Figure:
    """One strip of samples a metric, by group; samples with a warning are ringed, failing ones boxed.

    Parameters
    ----------
    metrics : DataFrame (n_samples, n_metrics)
        Index sample id.
    groups : (n_samples,) Series
        The variable samples are spread by; index as `metrics`.
    flags : DataFrame with `sample`, `check` and `verdict`
        Verdicts of quality control (`qc.metrics.flag_metrics`); those of other metrics are not drawn.
    title : str
    panels : mapping of column in `metrics` to Panel
        What to draw, in order; metrics that are absent or empty are skipped.

    Notes
    -----
    The sideways place of a point follows from its rank, so the same data give the same figure. No sample is named.
    """
    shown = [name for name in panels if name in metrics and metrics[name].notna().any()]
    if not shown:
        return message_figure(title, NOTHING)
    rows = -(-len(shown) // COLUMNS)
    labels, levels = labels_of(groups.loc[metrics.index]), levels_of(groups)
    bottom = 0.25 + 0.055 * max(len(level) for level in levels)
    cell = PANEL_HEIGHT + GAP_Y + bottom
    raised = flags[
        flags["check"].isin(shown) & flags["sample"].isin(metrics.index) & flags["verdict"].isin(VERDICT_SHAPES)
    ]
    n_flagged = int(raised["sample"].nunique())
    figure = new_figure(height=rows * cell + (0.3 if n_flagged else 0.0))
    for i, name in enumerate(shown):
        x = LEFT + (i % COLUMNS) * (PANEL_WIDTH + GAP_X)
        axes = add_axes(figure, x, (rows - 1 - i // COLUMNS) * cell + bottom, PANEL_WIDTH, PANEL_HEIGHT)
        verdicts = raised[raised["check"] == name].set_index("sample")["verdict"].reindex(metrics.index).fillna("ok")
        _draw_strip(axes, metrics[name], labels, levels, palette(groups), verdicts.to_numpy(str))
        _set_scale(axes, panels[name])
        axes.set_title(panels[name].label, fontsize=10.5)
    if n_flagged:
        figure.axes[0].legend(
            handles=verdict_handles(raised),
            loc="lower left",
            bbox_to_anchor=(-0.18, 1.13),
            ncols=2,
            fontsize=SMALL_SIZE,
        )
    words = f"{plural(len(metrics), 'sample')} by {groups.name}; the short line is the median of a group."
    add_header(figure, title, [words] + ([] if n_flagged else ["No sample is flagged in these metrics."]))
    return figure


def sideways(values: NDArray[np.float64], bins: int = 18) -> NDArray[np.float64]:
    """Places across a strip, −1 to 1: values of similar size side by side, the first in the middle. (n,) float"""
    place = np.zeros(len(values))
    known = np.flatnonzero(np.isfinite(values))
    if len(known) == 0:
        return place
    low, high = values[known].min(), values[known].max()
    slot = np.floor((values[known] - low) / ((high - low) or 1.0) * (bins - 1e-9)).astype(int)
    fullest = int(np.bincount(slot).max())
    for this in np.unique(slot):
        members = known[slot == this]
        steps = np.arange(len(members))
        place[members] = np.where(steps % 2 == 1, 1, -1) * ((steps + 1) // 2)
    return place / max(fullest // 2, 3)


def _draw_strip(
    axes: Axes,
    values: pd.Series,
    labels: NDArray[np.str_],
    levels: list[str],
    colours: dict[str, str],
    verdicts: NDArray[np.str_],
) -> None:
    y = values.to_numpy(float)
    for position, level in enumerate(levels):
        at = np.flatnonzero(labels == level)
        x = position + SPREAD * sideways(y[at])
        colour = GUIDE if colours[level] == MISSING_COLOUR else colours[level]
        axes.scatter(x, y[at], s=11, c=colour, alpha=0.8, linewidths=0, zorder=2, rasterized=len(y) > 500)
        for verdict, shape in VERDICT_SHAPES.items():
            marked = verdicts[at] == verdict
            axes.scatter(
                x[marked], y[at][marked], s=62, marker=shape, facecolors="none", edgecolors=UP, linewidths=1.6, zorder=4
            )
        if np.isfinite(y[at]).any():
            axes.plot([position - 0.38, position + 0.38], [np.nanmedian(y[at])] * 2, color=INK, linewidth=1.4, zorder=3)
    axes.set_xticks(
        range(len(levels)), levels, rotation=35 if len(levels) > 2 else 0, ha="right" if len(levels) > 2 else "center"
    )
    axes.set_xlim(-0.6, len(levels) - 0.4)


def verdict_handles(raised: pd.DataFrame) -> list[Line2D]:
    """Entries of a key for the verdicts that occur, each with its number of samples.

    Parameters
    ----------
    raised : DataFrame with `sample` and `verdict`
    """
    counts = raised.groupby("verdict")["sample"].nunique()
    return [
        Line2D(
            [],
            [],
            linestyle="",
            marker=shape,
            markersize=8,
            markerfacecolor="none",
            markeredgecolor=UP,
            markeredgewidth=1.6,
            label=f"{VERDICT_WORDS[verdict]} ({plural(int(counts[verdict]), 'sample')})",
        )
        for verdict, shape in VERDICT_SHAPES.items()
        if verdict in counts
    ]


def _set_scale(axes: Axes, panel: Panel) -> None:
    if panel.scale == "log":
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axes.yaxis.set_minor_locator(NullLocator())
    elif panel.scale == "share":
        axes.set_ylim(bottom=0)
    words = _percent if panel.scale == "share" else _compact
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: words(value)))


def _percent(value: float) -> str:
    return f"{round(100 * value, 6):g} %"


def _compact(value: float) -> str:
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:g} {unit}"
    return f"{value:g}"


def quality_alt_text(
    metrics: pd.DataFrame, flags: pd.DataFrame, *, title: str, panels: Mapping[str, Panel] = PANELS
) -> str:
    """The strips in words: each metric's median and how many samples are flagged in it; parameters as above."""
    shown = [name for name in panels if name in metrics and metrics[name].notna().any()]
    if not shown:
        return f"{title}. {NOTHING}"
    parts = []
    for name in shown:
        median, panel = float(metrics[name].median()), panels[name]
        value = f"{median:.1%}" if panel.scale == "share" else f"{median:,.4g}"
        count = int(((flags["check"] == name) & flags["verdict"].isin(VERDICT_SHAPES)).sum())
        parts.append(f"{panel.label} median {value}, {count} flagged")
    return f"Quality metrics of {plural(len(metrics), 'sample')}, {title}: {'; '.join(parts)}."
