"""The figures of a panel: who is told apart, whether probabilities hold, what acting on them gains, which genes stay."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from lateralis.biology.biomarkers.assess import BOTH, COVARIATES, PANEL, Assessment
from lateralis.biology.biomarkers.calibration import roc_curve
from lateralis.biology.biomarkers.performance import People
from lateralis.figures.calls import enumerated, plural
from lateralis.figures.theme import (
    DOWN,
    GUIDE,
    INK,
    MUTED,
    OKABE_ITO,
    SMALL_SIZE,
    UP,
    add_axes,
    add_header,
    message_figure,
    new_figure,
    themed,
)

Drawn = tuple[Figure, str]
NAMES = ("roc", "calibration", "decision", "stability")
COLOURS = {PANEL: OKABE_ITO[0], COVARIATES: OKABE_ITO[6], BOTH: OKABE_ITO[4]}
STYLES: dict[str, Any] = {PANEL: "-", COVARIATES: (0, (4, 2)), BOTH: (0, (1, 1.2))}
MARKERS = {PANEL: "o", COVARIATES: "s", BOTH: "D"}
MOST_GENES = 20
CAVEAT = "Internal cross-validation: people whom the fit did not see, but of the same cohort."
_SIDE, _LEFT, _BOTTOM = 4.3, 0.8, 0.6  # inches
_NET_BENEFIT_FLOOR = -0.05


def draw_biomarkers(
    found: Assessment,
    tables: Mapping[str, pd.DataFrame],
    summary: Mapping[str, Any],
    *,
    title: str,
    levels: tuple[str, str],
) -> dict[str, Drawn]:
    """Every figure of a panel, with its text alternative, by name.

    Parameters
    ----------
    found : what was assessed
    tables : performance, calibration, decision, panel
    summary : as `verdict.summarise` gives it
    title : the contrast in words
    levels : tested, reference
    """
    panels = int(summary["stability"]["panels"])
    return {
        "roc": draw_roc(found.people, tables["performance"], title=title, levels=levels),
        "calibration": draw_calibration(tables["calibration"], tables["performance"], title=title, levels=levels),
        "decision": draw_decision(tables["decision"], title=title, levels=levels),
        "stability": draw_stability(
            tables["panel"], title=title, levels=levels, panels=panels, index=summary["stability"]["nogueira"]
        ),
    }


def draw_nothing(title: str, message: str) -> dict[str, Drawn]:
    """Figures that say why there is nothing to draw."""
    return {name: (message_figure(title, message), f"{title}. {message}") for name in NAMES}


@themed
def draw_roc(people: Mapping[str, People], performance: pd.DataFrame, *, title: str, levels: tuple[str, str]) -> Drawn:
    """ROC curves of out-of-fold predictions, each person against those of the same fold, with the areas' intervals."""
    figure = new_figure(height=_SIDE + _BOTTOM + 0.1)
    axes = _square(figure)
    axes.plot([0, 1], [0, 1], color=GUIDE, linewidth=1, linestyle=(0, (1, 3)))
    words = []
    handles = []
    for row in performance.to_dict("records"):
        model, one = row["model"], people[row["model"]]
        x, y = roc_curve(one.each.ravel(), np.tile(one.is_test, len(one.each)))
        axes.plot(x, y, color=COLOURS[model], linestyle=STYLES[model], linewidth=2)
        area = f"{row['auc']:.2f} ({row['auc_low']:.2f} to {row['auc_high']:.2f})"
        words.append(f"{model} {area}")
        handles.append(
            Line2D([], [], color=COLOURS[model], linestyle=STYLES[model], linewidth=2, label=f"{model}\n{area}")
        )
    axes.set_xlabel(f"{levels[1]} taken for {levels[0]} (share)")
    axes.set_ylabel(f"{levels[0]} recognised (share)")
    _key(axes, handles, "AUC (95 % interval)")
    first = next(iter(people.values())).is_test
    count = f"{levels[0]}: {int(first.sum())} people; {levels[1]}: {int((~first).sum())}"
    add_header(figure, f"ROC curves: {title}", [CAVEAT, f"{count}."])
    return figure, f"ROC curves, {title}: {count}. AUC with 95 % interval: {'; '.join(words)}. {CAVEAT}"


@themed
def draw_calibration(table: pd.DataFrame, performance: pd.DataFrame, *, title: str, levels: tuple[str, str]) -> Drawn:
    """Predicted against observed frequency of the tested level, in bins of people with like predictions."""
    figure = new_figure(height=_SIDE + _BOTTOM + 0.1)
    axes = _square(figure)
    axes.plot([0, 1], [0, 1], color=GUIDE, linewidth=1, linestyle=(0, (1, 3)))
    words, handles = [], []
    for number, row in enumerate(performance.to_dict("records")):
        model = row["model"]
        part = table[table["model"] == model]
        x = np.clip(part["predicted"].to_numpy(float) + 0.006 * (number - 1), 0, 1)  # bars of models side by side
        observed, low, high = (part[name].to_numpy(float) for name in ("observed", "low", "high"))
        axes.errorbar(
            x,
            observed,
            yerr=np.maximum([observed - low, high - observed], 0),
            color=COLOURS[model],
            linestyle=STYLES[model],
            marker=MARKERS[model],
            markersize=5,
            linewidth=1.3,
            elinewidth=0.9,
            capsize=2,
            clip_on=False,
        )
        slope = "undefined" if pd.isna(row["calibration_slope"]) else f"{row['calibration_slope']:.2f}"
        fact = f"slope {slope}, Brier {row['brier']:.3f}"
        words.append(f"{model}: {fact}")
        handles.append(
            Line2D(
                [], [], color=COLOURS[model], linestyle=STYLES[model], marker=MARKERS[model], label=f"{model}\n{fact}"
            )
        )
    axes.set_xlabel(f"predicted probability of {levels[0]}")
    axes.set_ylabel(f"observed share of {levels[0]}")
    _key(axes, handles, "on the diagonal: right")
    lines = [
        CAVEAT,
        "Bins of people with like predictions; bars: 95 % intervals. Frequencies are this cohort's.",
    ]
    add_header(figure, f"Calibration: {title}", lines)
    return figure, f"Calibration of out-of-fold predictions, {title}. {'; '.join(words)}. {CAVEAT}"


@themed
def draw_decision(table: pd.DataFrame, *, title: str, levels: tuple[str, str]) -> Drawn:
    """Net benefit of acting on each model's predictions, on everybody and on nobody."""
    figure = new_figure(height=3.6 + _BOTTOM + 0.1)
    axes = add_axes(figure, _LEFT, _BOTTOM, 5.3, 3.6)
    models = [model for model in (PANEL, COVARIATES, BOTH) if table[model].notna().any()]
    threshold = table["threshold"].to_numpy(float)
    handles = []
    for name, colour, style in (("treat_all", "#9C9C9C", "-"), ("treat_none", INK, "-")):
        axes.plot(threshold, table[name], color=colour, linestyle=style, linewidth=1)
        handles.append(
            Line2D([], [], color=colour, linewidth=1, label=f"act on {'all' if name == 'treat_all' else 'none'}")
        )
    for model in models:
        axes.plot(threshold, table[model], color=COLOURS[model], linestyle=STYLES[model], linewidth=2)
        handles.insert(
            len(handles) - 2, Line2D([], [], color=COLOURS[model], linestyle=STYLES[model], linewidth=2, label=model)
        )
    highest = float(np.nanmax(table[[*models, "treat_all"]].to_numpy(float)))
    axes.set_xlim(0, 1)
    axes.set_ylim(_NET_BENEFIT_FLOOR, max(1.08 * highest, 0.1))
    axes.set_xlabel(f"probability of {levels[0]} from which one would act")
    axes.set_ylabel("net benefit (true positives a person)")
    _key(axes, handles, "decision")
    lines = [
        CAVEAT,
        "Net benefit at this cohort's frequencies; in a clinic, where the disease is rarer, it is another.",
    ]
    add_header(figure, f"Decision curves: {title}", lines)
    best = [
        f"{model} above both at {int((table[model] > table[['treat_all', 'treat_none']].max(axis=1)).sum())} of {len(table)}"
        for model in models
    ]
    return figure, f"Decision curves, {title}: net benefit of {enumerated(best)} thresholds. {CAVEAT}"


@themed
def draw_stability(
    table: pd.DataFrame, *, title: str, levels: tuple[str, str], panels: int, index: float | None
) -> Drawn:
    """How often the outer fits chose each gene; those chosen most often."""
    chosen = table[table["selection_frequency"] > 0].sort_values(
        ["selection_frequency", "mean_rank"], ascending=[False, True], kind="stable"
    )
    if chosen.empty:
        message = "No outer fit chose a gene, so there is nothing to draw."
        return message_figure(title, message), f"{title}. {message}"
    shown = chosen.head(MOST_GENES)
    figure = new_figure(height=0.25 * len(shown) + _BOTTOM + 0.15)
    axes = add_axes(figure, 1.5, _BOTTOM, 4.6, 0.25 * len(shown))
    y = np.arange(len(shown))[::-1]
    colours = np.where(shown["direction"] == levels[0], UP, DOWN)
    final = (shown["in_panel"] == "yes").to_numpy()
    axes.barh(y, shown["selection_frequency"], color=np.where(final, colours, "white"), edgecolor=colours, height=0.7)
    axes.set_yticks(y, [_short(name) for name in shown["gene_name"].astype(str)])
    axes.tick_params(axis="y", length=0)
    axes.set_xlim(0, 1)
    axes.set_ylim(-0.6, len(shown) - 0.4)
    axes.set_xlabel(f"share of the {panels} outer fits that chose the gene")
    handles = [
        Line2D([], [], marker="s", linestyle="", markersize=9, color=UP, label=f"higher in {levels[0]}"),
        Line2D([], [], marker="s", linestyle="", markersize=9, color=DOWN, label=f"higher in {levels[1]}"),
        Line2D(
            [],
            [],
            marker="s",
            linestyle="",
            markersize=9,
            markerfacecolor="white",
            markeredgecolor=MUTED,
            label="not in the final panel",
        ),
    ]
    _key(axes, handles, "by the coefficient")
    said = (
        ""
        if index is None
        else f" Nogueira's stability index {index:.2f} (1: the same genes each time; 0: as by chance)."
    )
    half = int((table["selection_frequency"] >= 0.5).sum())
    lines = [f"{plural(half, 'gene')} chosen in half of the fits or more, of {len(chosen):,} chosen at all.{said}"]
    add_header(figure, f"Genes of the panels: {title}", lines)
    names = enumerated([str(name) for name in shown["gene_name"].head(5)])
    return figure, f"Genes chosen by {panels} outer fits, {title}: {lines[0]} Most often: {names}."


def _square(figure: Figure) -> Axes:
    axes = add_axes(figure, _LEFT, _BOTTOM, _SIDE, _SIDE)
    axes.set_xlim(-0.02, 1.02)  # a curve along the border is seen
    axes.set_ylim(-0.02, 1.02)
    return axes


def _key(axes: Axes, handles: list[Line2D], title: str) -> None:
    """A key to the right of the axes."""
    legend = axes.legend(
        handles=handles,
        title=title,
        loc="upper left",
        bbox_to_anchor=(1.04, 1.0),
        fontsize=SMALL_SIZE,
        title_fontsize=SMALL_SIZE,
        alignment="left",
        labelspacing=0.8,
        borderaxespad=0,
    )
    legend.get_title().set_color(MUTED)


def _short(name: str, most: int = 16) -> str:
    return name if len(name) <= most else name[: most - 1] + "…"
