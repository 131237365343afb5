"""The dot plot of a contrast's gene sets: which change, which way, how strongly and how surely."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from lateralis.biology.verdicts import HERE_ONLY, SIGNIFICANT
from lateralis.figures.calls import enumerated
from lateralis.figures.pathway_words import NOTHING, count_words, leading_sets, p_text, set_name
from lateralis.figures.theme import (
    CALL_COLOURS,
    CALL_MARKERS,
    GUIDE,
    INK,
    MUTED,
    SMALL_SIZE,
    WIDTH,
    add_axes,
    add_header,
    legend_above,
    message_figure,
    new_figure,
    themed,
)

MOST_SETS = 20
ROW, LEFT, RIGHT = 0.255, 3.75, 1.25  # inches
FILL = {SIGNIFICANT: 1.0, HERE_ONLY: 0.35}  # opacity; other verdicts are drawn hollow


@themed
def draw_dots(pathways: pd.DataFrame, *, title: str, alpha: float, nothing: str = NOTHING) -> Figure:
    """Dot plot of the surest sets: normalised score, direction, verdict and size.

    Parameters
    ----------
    pathways : DataFrame (n_sets)
        Rows of `pathways.tsv` of one contrast.
    title : str
    alpha : float
        Level of the verdicts.
    nothing : str
        Why there is nothing to draw, where there is no row.
    """
    shown = leading_sets(pathways, MOST_SETS).sort_values("NES", kind="stable")
    if shown.empty:
        return message_figure(title, nothing)
    height = ROW * len(shown) + 0.1
    figure = new_figure(height=height + 0.55 + 0.3)
    axes = add_axes(figure, LEFT, 0.55, WIDTH - LEFT - RIGHT, height)
    _draw_markers(axes, shown)
    axes.set_yticks(np.arange(len(shown)), [set_name(name) for name in shown["set"]])
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(-0.7, len(shown) - 0.3)
    most = 1.15 * max(1.0, float(shown["NES"].abs().max()))
    axes.set_xlim(min(0.0, 1.15 * float(shown["NES"].min())) or -0.1 * most, max(0.1 * most, 1.15 * shown["NES"].max()))
    axes.axvline(0, color=GUIDE, linewidth=0.9, zorder=1)
    axes.grid(axis="y", color="#EDEDED", linewidth=0.8, zorder=0)
    axes.set_axisbelow(True)
    axes.set_xlabel("normalised enrichment score")
    _write_columns(axes, shown)
    legend_above(axes, _handles(shown, alpha), columns=3, left=-LEFT / (WIDTH - LEFT - RIGHT) + 0.03)
    lines = [
        count_words(pathways, alpha),
        f"Shown: the {len(shown)} surest sets that do not repeat one another; size of the marks by tested genes.",
    ]
    add_header(figure, title, lines)
    return figure


def _area(size: pd.Series) -> np.ndarray:
    return np.clip(28 + 1.1 * size.to_numpy(float), 0, 150)


def _draw_markers(axes: Axes, shown: pd.DataFrame) -> None:
    y = np.arange(len(shown))
    areas = _area(shown["size"])
    for direction in ("up", "down"):
        for verdict in (SIGNIFICANT, HERE_ONLY, None):
            at = (shown["direction"] == direction).to_numpy()
            is_other = ~shown["verdict"].isin(FILL).to_numpy()
            at &= is_other if verdict is None else (shown["verdict"] == verdict).to_numpy()
            colour = CALL_COLOURS[direction]
            axes.scatter(
                shown["NES"].to_numpy(float)[at],
                y[at],
                s=areas[at],
                marker=CALL_MARKERS[direction],
                facecolors="white" if verdict is None else [(*_rgb(colour), FILL[verdict])],
                edgecolors=colour,
                linewidths=1.2,
                zorder=3,
            )


def _rgb(colour: str) -> tuple[float, float, float]:
    return tuple(int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))  # type: ignore[return-value]


def _write_columns(axes: Axes, shown: pd.DataFrame) -> None:
    """Adjusted p-value and size, in columns at the right."""
    transform = axes.get_yaxis_transform()
    for x, header, texts in (
        (1.17, "adj. p", [p_text(p) for p in shown["padj_all"]]),
        (1.33, "genes", [f"{size:,}" for size in shown["size"]]),
    ):
        for y, text in enumerate(texts):
            axes.text(x, y, text, transform=transform, ha="right", va="center", size=SMALL_SIZE, color=INK)
        axes.text(
            x, len(shown) - 0.35, header, transform=transform, ha="right", va="bottom", size=SMALL_SIZE, color=MUTED
        )


def _handles(shown: pd.DataFrame, alpha: float) -> list[Line2D]:
    words = {
        SIGNIFICANT: f"adj. p < {alpha:g}, all contrasts",
        HERE_ONLY: f"adj. p < {alpha:g}, this contrast",
        None: "not by camera",
    }
    present = [verdict for verdict in FILL if (shown["verdict"] == verdict).any()]
    if (~shown["verdict"].isin(FILL)).any():
        present.append(None)  # type: ignore[arg-type]
    grey = _rgb(MUTED)
    return [
        Line2D(
            [],
            [],
            linestyle="",
            marker=CALL_MARKERS["up"],
            markersize=7.5,
            markerfacecolor="white" if verdict is None else (*grey, FILL[verdict]),
            markeredgecolor=MUTED,
            label=words[verdict],
        )
        for verdict in present
    ]


def dots_alt_text(pathways: pd.DataFrame, *, title: str, alpha: float, nothing: str = NOTHING) -> str:
    """The dot plot in words; parameters as in `draw_dots`."""
    shown = leading_sets(pathways, MOST_SETS)
    if shown.empty:
        return f"{title}. {nothing}"
    surest = shown[shown["verdict"].isin(FILL)].head(5)
    named = [f"{name} ({way})" for name, way in zip(surest["set"], surest["direction"], strict=True)]
    last = f"Surest: {enumerated(named)}." if named else "None is significant."
    return f"Dot plot of gene sets, {title}. {count_words(pathways, alpha)} {last}"
