"""The volcano plot of a contrast: for whoever asks which genes changed, by how much and how surely."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from lateralis.figures.call_marks import call_handles, scatter_calls
from lateralis.figures.calls import (
    call_counts,
    calls_of,
    criterion,
    enumerated,
    filtered_genes,
    is_tested,
    legend_labels,
    neg_log10_p,
    p_value_cut,
    plural,
    robust_limit,
    strongest,
)
from lateralis.figures.labels import label_points
from lateralis.figures.theme import (
    CALL_COLOURS,
    GUIDE,
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
from lateralis.model.endpoint import Rule

HIGHEST = 300.0  # −log10 p beyond which a p-value cannot be told from 0 in a table of float64
OBSTACLES = 250  # called points that labels keep clear of
NOTHING = "No gene has a p-value in this contrast, so there is nothing to draw."


@themed
def draw_volcano(
    results: pd.DataFrame, *, title: str, fold_change: float, alpha: float, rule: Rule, labels: int = 12
) -> Figure:
    """Volcano plot: unshrunken log2 fold change against −log10 p, coloured by the call of one rule.

    Parameters
    ----------
    results : DataFrame (n_genes)
        Columns of `results.tsv.gz`: gene_id, gene_name, log2FoldChange, stat, pvalue, padj and `call_{rule}`.
    title : str
    fold_change, alpha : float
        The endpoint's thresholds.
    rule : {"nominal", "fdr", "strict"}
        Whose calls are coloured, counted and named.
    labels : int
        Most genes to name: the first of `called.tsv`.

    Returns
    -------
    Figure

    Notes
    -----
    The axis shows the p-value of the ordinary test under every rule. The horizontal line is the rule's own cut on that
    axis; `strict` has none. Genes beyond the axes are drawn at their edge as diamonds and counted in the legend.
    """
    tested = results[is_tested(results) & results["log2FoldChange"].notna().to_numpy(bool)]
    if tested.empty:
        return message_figure(title, NOTHING)
    figure = new_figure(height=5.9)
    axes = add_axes(figure, 0.75, 0.6, WIDTH - 0.95, 5.0)
    y = neg_log10_p(tested)
    x = tested["log2FoldChange"].to_numpy(float)
    cut = p_value_cut(tested, alpha, rule)
    x_limit, y_limit = _limits(x, y, cut, fold_change)
    x_drawn, y_drawn = np.clip(x, -x_limit, x_limit), np.minimum(y, y_limit)
    beyond = (np.abs(x) > x_limit) | (y > y_limit)

    calls = calls_of(tested, rule)
    _draw_points(axes, x_drawn, y_drawn, calls, beyond)
    axes.set_xlim(-1.08 * x_limit, 1.08 * x_limit)
    axes.set_ylim(-0.015 * y_limit, 1.07 * y_limit)
    _draw_thresholds(axes, fold_change, alpha, rule, cut, emptier_side(x_drawn, y_drawn, axes))
    axes.set_xlabel("log2 fold change (unshrunken)")
    axes.set_ylabel("−log10 p")
    key = legend_labels(call_counts(tested, rule), rule, fold_change, alpha)
    legend_above(axes, call_handles(key, int(beyond.sum()), "D"), columns=4)

    named = pd.Index(tested["gene_id"]).get_indexer(strongest(tested, rule, labels)["gene_id"])
    called = np.flatnonzero(calls != "none")
    obstacles = called[np.argsort(-y[called], kind="stable")][:OBSTACLES]
    names = tested["gene_name"].to_numpy(str)[named]
    label_points(axes, x_drawn[named], y_drawn[named], list(names), (x_drawn[obstacles], y_drawn[obstacles]))
    add_header(figure, title, _header_lines(tested, fold_change, alpha, rule))
    return figure


def volcano_alt_text(
    results: pd.DataFrame, *, title: str, fold_change: float, alpha: float, rule: Rule, labels: int = 12
) -> str:
    """The volcano plot in words, with the same counts and the same named genes; parameters as in `draw_volcano`."""
    counts = call_counts(results, rule)
    if counts["drawn"] == 0:
        return f"{title}. {NOTHING}"
    text = (
        f"Volcano plot, {title}: of {plural(counts['tested'], 'tested gene')}, {counts['up']:,} up and "
        f"{counts['down']:,} down ({criterion(rule, fold_change, alpha)})."
    )
    names = [str(name) for name in strongest(results, rule, labels)["gene_name"]]
    return f"{text} Strongest: {enumerated(names)}." if names else f"{text} No gene is called."


def _limits(
    x: NDArray[np.float64], y: NDArray[np.float64], cut: float | None, fold_change: float
) -> tuple[float, float]:
    x_limit = max(robust_limit(np.abs(x), squashing=2.5), 1.5 * np.log2(fold_change), 0.5)
    return float(x_limit), max(robust_limit(y, squashing=5, ceiling=HIGHEST), 1.15 * (cut or 0.0), 2.0)


def _draw_points(
    axes: Axes,
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    calls: NDArray[np.str_],
    beyond: NDArray[np.bool_],
) -> None:
    scatter_calls(axes, x, y, np.where(beyond, "", calls))
    for call in ("none", "down", "up"):
        at = (calls == call) & beyond
        axes.scatter(
            x[at],
            y[at],
            s=44,
            facecolors="white",
            edgecolors=CALL_COLOURS[call],
            marker="D",
            linewidths=1.6,
            zorder=5,
            clip_on=False,
        )


def emptier_side(x: NDArray[np.float64], y: NDArray[np.float64], axes: Axes) -> str:
    """The lower corner with fewer points, `left` or `right`: where the words on the horizontal line hide least."""
    left, right = axes.get_xlim()
    low = y < 0.15 * axes.get_ylim()[1]
    share = 0.2 * (right - left)
    return "left" if np.sum(low & (x < left + share)) <= np.sum(low & (x > right - share)) else "right"


def _draw_thresholds(
    axes: Axes, fold_change: float, alpha: float, rule: Rule, cut: float | None, side_of_words: str
) -> None:
    style = {"color": GUIDE, "linewidth": 0.9, "linestyle": (0, (4, 3)), "zorder": 1}
    if fold_change > 1:
        for side in (-1, 1):
            axes.axvline(side * np.log2(fold_change), **style)  # type: ignore[arg-type]
    if cut is not None:
        axes.axhline(cut, **style)  # type: ignore[arg-type]
        words = f"p = {alpha:g}" if rule == "nominal" else f"padj = {alpha:g}"
        axes.annotate(
            words,
            (0 if side_of_words == "left" else 1, cut),
            xycoords=axes.get_yaxis_transform(),
            xytext=(14 if side_of_words == "left" else -4, 3),
            textcoords="offset points",
            ha=side_of_words,
            size=SMALL_SIZE,
            color=MUTED,
            va="bottom",
            zorder=4,
        )


def _header_lines(tested: pd.DataFrame, fold_change: float, alpha: float, rule: Rule) -> list[str]:
    counts = call_counts(tested, rule)
    facts = [f"{plural(counts['tested'], 'gene')} tested", filtered_genes(counts)]
    if counts["up"] + counts["down"] == 0:
        facts.append("none is called")
    lines = [f"Called: {criterion(rule, fold_change, alpha)}.", "; ".join(fact for fact in facts if fact) + "."]
    if rule == "strict":
        lines.append("The p-value drawn tests for any change; colours follow the test against the threshold.")
    return lines
