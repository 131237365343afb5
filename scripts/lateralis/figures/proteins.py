"""Figures of proteins: which change, how their changes compare with those of the transcripts, and what was below a limit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from lateralis.biology.concordance import EVIDENCE, evidence
from lateralis.config import Endpoint
from lateralis.figures.calls import criterion, enumerated, neg_log10_p, plural, robust_limit
from lateralis.figures.labels import label_points
from lateralis.figures.theme import (
    CALL_COLOURS,
    CALL_MARKERS,
    DOWN,
    GUIDE,
    MARKERS,
    MUTED,
    NONE,
    OKABE_ITO,
    SMALL_SIZE,
    UP,
    WIDTH,
    add_axes,
    add_header,
    legend_above,
    message_figure,
    new_figure,
    themed,
    wrapped,
)

NO_TEST = "No protein has a p-value in this contrast, so there is nothing to draw."
NO_PAIR = "No protein has a fold change beside that of its transcript, so there is nothing to draw."
NO_LIMIT = "No value is below a limit of detection, and none is missing."
LINES: dict[str, object] = {"color": GUIDE, "linewidth": 0.9, "linestyle": (0, (4, 3)), "zorder": 1}
KIND_COLOURS = dict(zip(EVIDENCE, (UP, "#CC79A7", "#E69F00", DOWN), strict=True))
KIND_MARKERS = dict(zip(EVIDENCE, ("o", "X", "^", "s"), strict=True))
KIND_WORDS = {
    "both": "both called",
    "opposite": "both, opposite",
    "protein only": "protein only",
    "RNA only": "RNA only",
}
PANEL, GAP = 3.45, 1.1  # inches


@themed
def draw_protein_volcano(results: pd.DataFrame, *, title: str, endpoint: Endpoint, labels: int = 12) -> Figure:
    """Log2 fold change of proteins against −log10 p; those with values below the limit are hollow.

    Parameters
    ----------
    results : `proteins/{contrast}/results.tsv`
    labels : most proteins to name, those called with the smallest p-values
    """
    tested = results[results["pvalue"].notna()]
    if tested.empty:
        return message_figure(title, NO_TEST)
    figure = new_figure(height=5.5)
    axes = add_axes(figure, 0.75, 0.6, WIDTH - 0.95, 4.5)
    x, y = tested["log2FoldChange"].to_numpy(float), neg_log10_p(tested)
    fold = float(np.log2(endpoint.fold_change))
    x_limit = max(robust_limit(np.abs(x), squashing=2.5), 1.5 * fold, 0.5)
    y_limit = max(robust_limit(y, squashing=5, ceiling=300.0), 2.0)
    x, y = np.clip(x, -x_limit, x_limit), np.minimum(y, y_limit)
    calls, hollow = tested["call"].to_numpy(str), (tested["method"] == "censored").to_numpy()
    for call in ("none", "down", "up"):
        for open_symbol in (False, True):
            at = (calls == call) & (hollow == open_symbol)
            colour = CALL_COLOURS[call]
            axes.scatter(
                x[at],
                y[at],
                s=16 if call == "none" else 30,
                facecolors="none" if open_symbol else colour,
                edgecolors=colour,
                marker=CALL_MARKERS[call],
                linewidths=0.9 if open_symbol else 0,
                alpha=0.7 if call == "none" else 0.95,
                zorder=2 if call == "none" else 3,
                clip_on=False,
            )
    axes.set_xlim(-1.08 * x_limit, 1.08 * x_limit)
    axes.set_ylim(-0.015 * y_limit, 1.07 * y_limit)
    for side in (-1, 1) if fold > 0 else ():
        axes.axvline(side * fold, **LINES)  # type: ignore[arg-type]
    axes.set(xlabel="log2 fold change of the protein", ylabel="−log10 p")
    legend_above(axes, _volcano_key(calls, hollow), columns=4)
    strong = np.flatnonzero(calls != "none")
    strong = strong[np.argsort(tested["pvalue"].to_numpy()[strong], kind="stable")]
    names = [str(name) for name in tested["protein"].to_numpy()[strong[:labels]]]
    label_points(axes, x[strong[:labels]], y[strong[:labels]], names, (x[strong[:250]], y[strong[:250]]))
    untested = len(results) - len(tested)
    lines = [f"Called: {criterion(endpoint.headline, endpoint.fold_change, endpoint.alpha)}."]
    lines.append(f"{plural(len(tested), 'protein')} tested" + (f", {untested:,} not." if untested else "."))
    add_header(figure, title, lines)
    return figure


def _volcano_key(calls: NDArray[np.str_], hollow: NDArray[np.bool_]) -> list[Line2D]:
    words = {"up": "up", "down": "down", "none": "not called"}
    handles = [
        Line2D([], [], linestyle="", marker=CALL_MARKERS[call], color=CALL_COLOURS[call], markersize=7, label=label)
        for call, label in ((call, f"{int((calls == call).sum()):,} {word}") for call, word in words.items())
    ]
    if hollow.any():
        label = f"hollow: values below the limit ({int(hollow.sum()):,})"
        handles.append(
            Line2D([], [], linestyle="", marker="o", markerfacecolor="none", markeredgecolor=MUTED, label=label)
        )
    return handles


def protein_volcano_alt(results: pd.DataFrame, *, title: str, endpoint: Endpoint, labels: int = 12) -> str:
    """The volcano in words; parameters as in `draw_protein_volcano`."""
    tested = results[results["pvalue"].notna()]
    if tested.empty:
        return f"{title}. {NO_TEST}"
    up, down = (int((tested["call"] == call).sum()) for call in ("up", "down"))
    called = tested[tested["call"] != "none"].sort_values("pvalue", kind="stable")["protein"].astype(str)
    strongest = f" Strongest: {enumerated(list(called[:labels]))}." if len(called) else " No protein is called."
    return (
        f"Volcano plot of proteins, {title}: of {plural(len(tested), 'tested protein')}, {up:,} up and {down:,} down "
        f"({criterion(endpoint.headline, endpoint.fold_change, endpoint.alpha)}).{strongest}"
    )


@themed
def draw_concordance(concordance: pd.DataFrame, labels: Mapping[str, str], *, title: str, named: int = 6) -> Figure:
    """Log2 fold changes of proteins against those of their transcripts, a panel a contrast.

    Parameters
    ----------
    concordance : `proteins/concordance.tsv`
    labels : contrast → its words, in order
    named : most pairs to name in a panel: those called on both sides
    """
    drawn = concordance[concordance["same_direction"].fillna("") != ""]
    shown = [name for name in labels if (drawn["contrast"] == name).any()]
    if not shown:
        return message_figure(title, NO_PAIR)
    columns = min(2, len(shown))
    rows = -(-len(shown) // columns)
    height = rows * (PANEL + GAP) + 0.5
    figure = new_figure(height=height)
    for number, name in enumerate(shown):
        row, column = divmod(number, columns)
        bottom = height - 0.3 - (row + 1) * (PANEL + GAP) + 0.5
        axes = add_axes(figure, 0.75 + column * (PANEL + 0.75), bottom, PANEL, PANEL)
        _draw_pairs(axes, drawn[drawn["contrast"] == name], labels[name], named)
    present = evidence(drawn)
    handles = [
        Line2D([], [], linestyle="", marker=KIND_MARKERS[kind], color=KIND_COLOURS[kind], label=KIND_WORDS[kind])
        for kind in EVIDENCE
        if (present == kind).any()
    ]
    handles.append(Line2D([], [], linestyle="", marker="o", color=NONE, markersize=4, label="neither called"))
    figure.axes[0].legend(
        handles=handles,
        loc="lower left",
        bbox_to_anchor=(-0.14, 1.13),
        ncols=5,
        fontsize=SMALL_SIZE,
        handletextpad=0.2,
        columnspacing=1.1,
        borderpad=0.1,
    )
    add_header(
        figure,
        title,
        ["A point is a protein and its gene. In the upper right and lower left, both change in the same direction."],
    )
    return figure


def _draw_pairs(axes: Axes, pairs: pd.DataFrame, label: str, named: int) -> None:
    kinds = evidence(pairs).to_numpy(str)
    x, y = (pairs[f"log2FoldChange_{side}"].to_numpy(float) for side in ("rna", "protein"))
    limits = [max(float(np.abs(values).max()), 0.5) for values in (x, y)]
    for kind in ("", *reversed(EVIDENCE)):
        at = kinds == kind
        axes.scatter(
            x[at],
            y[at],
            s=26 if kind else 9,
            c=KIND_COLOURS.get(kind, NONE),
            marker=KIND_MARKERS.get(kind, "o"),
            linewidths=0,
            alpha=0.9 if kind else 0.5,
            zorder=3 if kind else 2,
        )
    axes.axhline(0, **LINES)  # type: ignore[arg-type]
    axes.axvline(0, **LINES)  # type: ignore[arg-type]
    axes.set_xlim(-1.1 * limits[0], 1.1 * limits[0])
    axes.set_ylim(-1.1 * limits[1], 1.1 * limits[1])
    same = int((pairs["same_direction"] == "yes").sum())
    words = wrapped(label, PANEL, SMALL_SIZE + 0.5)
    shown = words[0] if len(words) == 1 else f"{words[0]} …"
    axes.set_title(f"{shown}\n{same:,} of {len(pairs):,} change the same way", size=SMALL_SIZE + 0.5)
    axes.set(xlabel="log2 fold change, RNA", ylabel="log2 fold change, protein")
    both = np.flatnonzero(np.isin(kinds, ["both", "opposite"]))
    both = both[np.argsort(-np.abs(y[both]), kind="stable")][:named]
    names = [str(name) for name in pairs["protein"].to_numpy()[both]]
    coloured = np.flatnonzero(kinds != "")[:150]
    label_points(axes, x[both], y[both], names, (x[coloured], y[coloured]))


def concordance_alt(concordance: pd.DataFrame, labels: Mapping[str, str], *, title: str) -> str:
    """The panels in words; parameters as in `draw_concordance`."""
    drawn = concordance[concordance["same_direction"].fillna("") != ""]
    parts = []
    for name, label in labels.items():
        pairs = drawn[drawn["contrast"] == name]
        if len(pairs):
            kinds = evidence(pairs)
            counts = ", ".join(f"{int((kinds == kind).sum()):,} {KIND_WORDS[kind]}" for kind in EVIDENCE)
            same = int((pairs["same_direction"] == "yes").sum())
            parts.append(f"{label}: {same:,} of {plural(len(pairs), 'pair')} the same way ({counts}).")
    return f"{title}. " + (" ".join(parts) or NO_PAIR)


@themed
def draw_missingness(shares: pd.DataFrame, groups: Sequence[str], *, title: str, min_detected: float) -> Figure:
    """Share of the people measured in whom a protein is above its limit, against its mean level, by group.

    Parameters
    ----------
    shares : from `detected_shares`
    groups : levels, in order
    min_detected : below which a protein is not tested
    """
    if shares.empty or ((shares["share"] == 1) & (shares["measured"] == 1)).all():
        return message_figure(title, NO_LIMIT if len(shares) else NO_TEST)
    figure = new_figure(height=4.9)
    axes = add_axes(figure, 0.75, 0.6, WIDTH - 0.95, 3.9)
    for number, group in enumerate(groups):
        part = shares[shares["group"] == group]
        axes.scatter(
            part["level"],
            part["share"],
            s=22,
            marker=MARKERS[number % len(MARKERS)],
            facecolors="none",
            edgecolors=OKABE_ITO[number % len(OKABE_ITO)],
            linewidths=1.0,
            alpha=0.85,
            clip_on=False,
            zorder=3,
        )
    axes.set_ylim(-0.02, 1.04)
    axes.axhline(min_detected, **LINES)  # type: ignore[arg-type]
    axes.annotate(
        f"least share to be tested, over all groups: {min_detected:.0%}",
        (0.995, min_detected),
        xycoords=axes.get_yaxis_transform(),
        xytext=(0, 3),
        textcoords="offset points",
        ha="right",
        size=SMALL_SIZE,
        color=MUTED,
    )
    axes.set(xlabel="mean of the levels above the limit (log2, all groups)", ylabel="share above the limit")
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    handles = [
        Line2D(
            [],
            [],
            linestyle="",
            marker=MARKERS[number % len(MARKERS)],
            markerfacecolor="none",
            markeredgecolor=OKABE_ITO[number % len(OKABE_ITO)],
            label=group,
        )
        for number, group in enumerate(groups)
    ]
    legend_above(axes, handles, columns=5)
    missing = 1 - float(np.average(shares["measured"], weights=shares["n_people"]))
    lines = [
        "A point is a protein in one group: in what share of the people measured it is above its limit.",
        f"{missing:.1%} of the values were not measured.",
    ]
    add_header(figure, title, lines)
    return figure


def missingness_alt(shares: pd.DataFrame, groups: Sequence[str], *, title: str) -> str:
    """The figure in words; parameters as in `draw_missingness`."""
    parts = []
    for group in groups:
        part = shares[shares["group"] == group]
        below = int((part["share"] < 1).sum())
        parts.append(
            f"{group}: {below:,} of {plural(len(part), 'protein')} below the limit in some, median share above it "
            f"{float(part['share'].median()):.0%}"
            if len(part)
            else f"{group}: nobody measured"
        )
    return f"{title}. {'; '.join(parts)}."


def detected_shares(levels: pd.DataFrame, below: pd.DataFrame, group: pd.Series) -> pd.DataFrame:
    """Of each protein in each group, how many were measured and detected.

    Parameters
    ----------
    levels, below : (n_people, n_proteins) as in `ProteinTable`
    group : (n_people,) level of each; missing ones are left out

    Returns
    -------
    DataFrame with protein, group, level (mean above the limit, all groups), share (above the limit, of those measured),
    measured (share of the people), n_people; proteins measured nowhere in a group are left out
    """
    measured = levels.notna()
    detected = measured & ~below
    means = levels.where(detected).mean()
    frames = []
    for name in pd.unique(group.dropna()):
        at = (group == name).to_numpy(dtype=bool)
        counts = measured[at].sum()
        part = pd.DataFrame(
            {
                "protein": levels.columns,
                "group": str(name),
                "level": means.to_numpy(),
                "share": (detected[at].sum() / counts.where(counts > 0)).to_numpy(),
                "measured": (counts / at.sum()).to_numpy(),
                "n_people": int(at.sum()),
            }
        )
        frames.append(part[part["share"].notna() & part["level"].notna()])
    columns = ["protein", "group", "level", "share", "measured", "n_people"]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)
