"""Effects of several cohorts beside each other: the forest plot of a gene, and one cohort's effects against another's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Polygon
from numpy.typing import NDArray

from lateralis.figures.calls import SMALLEST_PRECISE_P, plural, robust_limit
from lateralis.figures.labels import label_points, shortened
from lateralis.figures.theme import (
    GUIDE,
    INK,
    MUTED,
    NONE,
    OKABE_ITO,
    SMALL_SIZE,
    WIDTH,
    add_axes,
    add_header,
    legend_above,
    message_figure,
    new_figure,
    row_major,
    themed,
)

ROW = 0.36  # inches
NORMAL = 1.959963984540054  # half-width of a 95 % interval, in standard errors
NOTHING = "Fewer than two cohorts tested this gene, so there is nothing to compare."
NO_PAIR = "No gene was tested in both cohorts."
SETS = ("neither", "first", "second", "both")
SET_LOOKS = {
    "neither": (NONE, "o"),
    "first": (OKABE_ITO[0], "s"),
    "second": (OKABE_ITO[1], "D"),
    "both": (OKABE_ITO[2], "^"),
}


@dataclass(frozen=True)
class Interval:
    """One row of a forest plot.

    Attributes
    ----------
    name : of a cohort, or what is pooled
    effect, low, high : log2 fold change and its 95 % interval; NaN where there is none
    weight : share in the pooled estimate, 0 to 1; None for what is pooled
    note : in place of numbers
    """

    name: str
    effect: float
    low: float
    high: float
    weight: float | None = None
    note: str = ""


def intervals_of(gene: pd.Series, cohorts: Sequence[str]) -> list[Interval]:
    """Rows of a gene's forest plot: each cohort, then fixed effect, random effects and, from three cohorts on, prediction.

    Parameters
    ----------
    gene : row of `biology.replication.meta_table`
    cohorts : names
    """
    missing = dict(part.removesuffix(")").split(" (") for part in gene["not_tested_in"].split(", ") if part)
    errors = np.array([gene[f"lfcSE:{cohort}"] for cohort in cohorts], dtype=float)
    information = 1 / (errors**2 + (gene["tau2"] if np.isfinite(gene["tau2"]) else 0.0))
    weights = information / np.nansum(information) if np.isfinite(errors).any() else information
    rows = []
    for cohort, error, weight in zip(cohorts, errors, weights, strict=True):
        effect = float(gene[f"log2FoldChange:{cohort}"])
        if cohort in missing:
            why = missing[cohort].replace("_", " ")
            rows.append(Interval(cohort, np.nan, np.nan, np.nan, None, f"not tested: {why}"))
        else:
            rows.append(Interval(cohort, effect, effect - NORMAL * error, effect + NORMAL * error, float(weight)))
    for name, words in (("fixed", "Fixed effect"), ("random", "Random effects")):
        effect, low, high = (float(gene[f"{key}_{name}"]) for key in ("log2FoldChange", "low", "high"))
        rows.append(Interval(words, effect, low, high))
    if np.isfinite(gene["prediction_low"]):
        bounds = float(gene["prediction_low"]), float(gene["prediction_high"])
        rows.append(Interval("A further cohort", float(gene["log2FoldChange_random"]), *bounds))
    return rows


@themed
def draw_forest(gene: pd.Series, cohorts: Sequence[str], *, title: str) -> Figure:
    """Forest plot of one gene.

    Parameters
    ----------
    gene : row of `biology.replication.meta_table`
    cohorts : names, from top to bottom
    title : str

    Notes
    -----
    The area of a square is the cohort's weight in the random-effects estimate. An interval that leaves the axis, as that of
    random effects of two cohorts may, ends in an arrow there; its numbers stand beside it.
    """
    if gene["cohorts"] < 2:
        return message_figure(title, NOTHING)
    rows = intervals_of(gene, cohorts)
    height = ROW * len(rows)
    figure = new_figure(height=height + 0.75)
    axes = add_axes(figure, 2.15, 0.6, WIDTH - 2.15 - 2.45, height)
    low, high = _forest_limits(rows)
    axes.set(xlim=(low, high), ylim=(len(rows) - 0.5, -0.5), yticks=[], xlabel="log2 fold change")
    axes.spines["left"].set_visible(False)
    axes.axvline(0, color=GUIDE, linewidth=0.8, zorder=1)
    axes.axhline(len(cohorts) - 0.5, color="#C8C8C8", linewidth=0.8)
    for at, row in enumerate(rows):
        _draw_interval(axes, at, row, low, high)
        bold = "bold" if row.weight is None and not row.note else "normal"
        axes.annotate(
            shortened(row.name) if len(row.name) > 26 else row.name,
            (0, at),
            xycoords=("axes fraction", "data"),
            xytext=(-8, 0),
            textcoords="offset points",
            ha="right",
            va="center",
            size=SMALL_SIZE,
            weight=bold,
        )
        for offset, text in zip((10, 56), _numbers(row), strict=False):
            axes.annotate(
                text,
                (1, at),
                xycoords=("axes fraction", "data"),
                xytext=(offset, 0),
                textcoords="offset points",
                va="center",
                size=SMALL_SIZE,
                color=MUTED if row.note else INK,
            )
    add_header(
        figure, title, [*_tests(gene), "Lines and diamonds: 95% intervals. Squares: cohorts, their area the weight."]
    )
    return figure


def _forest_limits(rows: Sequence[Interval]) -> tuple[float, float]:
    """Limits that show cohorts and fixed effect whole, and of the wider pooled intervals as much as has room."""
    shown = [row for row in rows if row.weight is not None or row.name == "Fixed effect"]
    low, high = min(0.0, *(row.low for row in shown)), max(0.0, *(row.high for row in shown))
    span = max(high - low, 0.5)
    pooled_low, pooled_high = (
        min(row.low for row in rows[-3:] if np.isfinite(row.low)),
        max(row.high for row in rows[-3:] if np.isfinite(row.high)),
    )
    low, high = max(min(low, pooled_low), low - span * 0.5), min(max(high, pooled_high), high + span * 0.5)
    return low - 0.05 * span, high + 0.05 * span


def _draw_interval(axes: Axes, at: int, row: Interval, low: float, high: float) -> None:
    if not np.isfinite(row.effect):
        return
    ends = max(row.low, low), min(row.high, high)
    if row.weight is not None:
        axes.plot(ends, (at, at), color=OKABE_ITO[0], linewidth=1.4, solid_capstyle="butt")
        axes.scatter(
            [row.effect], [at], s=25 + 150 * row.weight, marker="s", color=OKABE_ITO[0], linewidths=0, zorder=3
        )
    elif row.name == "A further cohort":
        axes.plot(ends, (at, at), color=INK, linewidth=1.4, linestyle=(0, (3, 2)), solid_capstyle="butt")
    else:
        corners = [(row.low, at), (row.effect, at - 0.24), (row.high, at), (row.effect, at + 0.24)]
        axes.add_patch(Polygon(corners, closed=True, facecolor=OKABE_ITO[4], edgecolor="none", zorder=3))
    for end, limit, marker in ((row.low, low, "<"), (row.high, high, ">")):
        if (end < limit) if marker == "<" else (end > limit):
            axes.plot([limit], [at], marker=marker, color=INK, markersize=6, clip_on=False, zorder=4)


def _numbers(row: Interval) -> tuple[str, ...]:
    """Effect and interval in words, for two columns; or the note alone."""
    if row.note:
        return (row.note,)
    effect = "" if row.name == "A further cohort" else _signed(row.effect)
    return effect, f"{_signed(row.low)} to {_signed(row.high)}"


def _signed(number: float) -> str:
    return f"{number:+.2f}".replace("-", "−")


def _tests(gene: pd.Series) -> list[str]:
    return [
        f"Between cohorts: tau² {gene['tau2']:.2g}, I² {gene['I2']:.0%}, Q {gene['Q']:.3g} ({_p(gene['pvalue_Q'])}).",
        f"Random effects: {_p(gene['pvalue_random'])}; fixed effect: {_p(gene['pvalue_fixed'])}; not adjusted.",
    ]


def _p(pvalue: float) -> str:
    return f"p {pvalue:.2g}" if pvalue >= SMALLEST_PRECISE_P else f"p < {SMALLEST_PRECISE_P:g}"


def forest_alt_text(gene: pd.Series, cohorts: Sequence[str], *, title: str) -> str:
    """The forest plot in words."""
    if gene["cohorts"] < 2:
        return f"{title}. {NOTHING}"
    rows = "; ".join(f"{row.name} {' '.join(_numbers(row)).strip()}" for row in intervals_of(gene, cohorts))
    return f"Forest plot, {title}: log2 fold changes with 95% intervals. {rows}. {' '.join(_tests(gene))}"


@themed
def draw_concordance(
    effects: NDArray[np.float64],
    called: NDArray[np.bool_],
    names: Sequence[str],
    cohorts: tuple[str, str],
    *,
    title: str,
    labels: int = 10,
) -> Figure:
    """Effects of the genes that two cohorts tested, one cohort against the other.

    Parameters
    ----------
    effects : (n_genes, 2) log2 fold changes
    called : (n_genes, 2) whether each cohort calls the gene by the rule `fdr`
    names : (n_genes,) of genes
    cohorts : of the horizontal and the vertical axis
    title : str
    labels : most genes to name: those called in both, largest effects first
    """
    if not len(effects):
        return message_figure(title, NO_PAIR)
    limit = max(robust_limit(np.abs(effects).max(axis=1), squashing=2.5), 0.5)
    drawn, beyond = np.clip(effects, -limit, limit), (np.abs(effects) > limit).any(axis=1)
    figure = new_figure(width=7.2, height=6.95)
    axes = add_axes(figure, 0.85, 0.6, 5.7, 5.7)
    axes.set(xlim=(-1.06 * limit, 1.06 * limit), ylim=(-1.06 * limit, 1.06 * limit))
    axes.axhline(0, color=GUIDE, linewidth=0.7, zorder=1)
    axes.axvline(0, color=GUIDE, linewidth=0.7, zorder=1)
    axes.axline((0, 0), slope=1, color=GUIDE, linewidth=0.9, linestyle=(0, (4, 3)), zorder=1)
    sets = np.array(SETS)[called[:, 0] + 2 * called[:, 1]]
    handles = []
    for name, words in zip(
        SETS, ("called in neither", f"in {cohorts[0]} only", f"in {cohorts[1]} only", "in both"), strict=True
    ):
        colour, marker = SET_LOOKS[name]
        at = sets == name
        size, opacity = (7, 0.4) if name == "neither" else (20, 0.85)
        axes.scatter(
            drawn[at, 0],
            drawn[at, 1],
            s=size,
            c=colour,
            marker=marker,
            alpha=opacity,
            linewidths=0,
            rasterized=True,
            zorder=2,
        )
        handles.append(
            Line2D([], [], linestyle="", marker=marker, color=colour, markersize=7, label=f"{int(at.sum()):,} {words}")
        )
    if beyond.any():
        axes.scatter(
            drawn[beyond, 0],
            drawn[beyond, 1],
            s=44,
            marker="o",
            facecolors="none",
            edgecolors=INK,
            linewidths=1.0,
            zorder=4,
            clip_on=False,
        )
        clipped = f"{int(beyond.sum()):,} clipped"
        ring = Line2D([], [], linestyle="", marker="o", markerfacecolor="none", markeredgecolor=INK, markersize=6.5)
        ring.set_label(clipped)
        handles.append(ring)
    axes.set(xlabel=f"log2 fold change, {cohorts[0]}", ylabel=f"log2 fold change, {cohorts[1]}")
    legend_above(axes, row_major(handles, 2), columns=2, left=-0.1)
    both = np.flatnonzero(sets == "both")
    named = both[np.argsort(-np.abs(effects[both]).min(axis=1), kind="stable")][:labels]
    label_points(axes, drawn[named, 0], drawn[named, 1], [names[at] for at in named], (drawn[both, 0], drawn[both, 1]))
    add_header(figure, title, [_agreement(effects, called), "Dashed: equal effects. Called: rule fdr of each cohort."])
    return figure


def _agreement(effects: NDArray[np.float64], called: NDArray[np.bool_]) -> str:
    same = effects[:, 0] * effects[:, 1] > 0
    both = called.all(axis=1)
    words = f"{plural(len(effects), 'gene')} tested in both cohorts; {same.mean():.0%} have the same direction"
    return (
        f"{words}, as do {same[both].mean():.0%} of the {both.sum():,} called in both." if both.any() else f"{words}."
    )


def concordance_alt_text(
    effects: NDArray[np.float64], called: NDArray[np.bool_], cohorts: tuple[str, str], *, title: str
) -> str:
    """The scatter plot in words."""
    if not len(effects):
        return f"{title}. {NO_PAIR}"
    only = [int((called[:, number] & ~called[:, 1 - number]).sum()) for number in (0, 1)]
    return (
        f"Scatter plot, {title}: log2 fold changes in {cohorts[1]} against those in {cohorts[0]}. "
        f"{_agreement(effects, called)} Called in {cohorts[0]} only: {only[0]:,}; in {cohorts[1]} only: {only[1]:,}."
    )
