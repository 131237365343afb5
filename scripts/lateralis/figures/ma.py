"""The MA plot of a contrast: whether fold changes depend on expression, and how wide they scatter where counts are low."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from lateralis.figures.call_marks import call_handles, scatter_calls
from lateralis.figures.calls import (
    call_counts,
    calls_of,
    criterion,
    is_tested,
    legend_labels,
    plural,
    robust_limit,
)
from lateralis.figures.theme import (
    CALL_COLOURS,
    GUIDE,
    INK,
    WIDTH,
    add_axes,
    add_header,
    legend_above,
    log_scale,
    message_figure,
    new_figure,
    themed,
)
from lateralis.model.endpoint import Rule

NOTHING = "No gene has a p-value and a fold change in this contrast, so there is nothing to draw."


def _drawn(results: pd.DataFrame) -> pd.DataFrame:
    usable = results["log2FoldChange"].notna() & (results["baseMean"] > 0)
    return results[is_tested(results) & usable.to_numpy(bool)]


@themed
def draw_ma(results: pd.DataFrame, *, title: str, fold_change: float, alpha: float, rule: Rule) -> Figure:
    """MA plot: mean of normalised counts, log scale, against the unshrunken log2 fold change.

    Parameters
    ----------
    results : DataFrame (n_genes)
        Columns of `results.tsv.gz`: gene_id, baseMean, log2FoldChange, stat, pvalue, padj and `call_{rule}`.
    title : str
    fold_change, alpha : float
        The endpoint's thresholds.
    rule : {"nominal", "fdr", "strict"}
        Whose calls are coloured and counted.

    Notes
    -----
    The fold-change axis ends where 99.9 % of the genes do, or at a called gene beyond; genes outside are drawn at its
    edge as hollow triangles pointing outwards.
    """
    drawn = _drawn(results)
    if drawn.empty:
        return message_figure(title, NOTHING)
    figure = new_figure(height=5.2)
    axes = add_axes(figure, 0.75, 0.6, WIDTH - 0.95, 4.25)
    mean, change = drawn["baseMean"].to_numpy(float), drawn["log2FoldChange"].to_numpy(float)
    calls = calls_of(drawn, rule)
    limit = _limit(change, calls != "none", fold_change)
    beyond = np.abs(change) > limit
    scatter_calls(axes, mean, change, np.where(beyond, "", calls))
    for call in ("none", "down", "up"):
        for side, marker in ((1, "^"), (-1, "v")):
            at = (calls == call) & beyond & (np.sign(change) == side)
            axes.scatter(
                mean[at],
                np.full(at.sum(), side * limit),
                s=38,
                facecolors="white",
                edgecolors=CALL_COLOURS[call],
                marker=marker,
                linewidths=1.3,
                zorder=5,
            )
    log_scale(axes, "x")
    axes.set_ylim(-1.07 * limit, 1.07 * limit)
    axes.axhline(0, color=INK, linewidth=0.9, zorder=4)
    if fold_change > 1:
        for side in (-1, 1):
            axes.axhline(side * np.log2(fold_change), color=GUIDE, linewidth=0.9, linestyle=(0, (4, 3)), zorder=4)
    axes.set_xlabel("mean expression (baseMean)")
    axes.set_ylabel("log2 fold change (unshrunken)")
    labels = legend_labels(call_counts(drawn, rule), rule, fold_change, alpha)
    legend_above(axes, call_handles(labels, int(beyond.sum()), "^"), columns=4)
    add_header(figure, title, [f"Called: {criterion(rule, fold_change, alpha)}."])
    return figure


def _limit(change: np.ndarray, called: np.ndarray, fold_change: float) -> float:
    size = np.abs(change)
    limits = [np.quantile(size, 0.999), 2 * np.log2(fold_change), 1.0]
    if called.any():
        limits.append(robust_limit(size[called], squashing=2.5))
    return float(max(limits))


def ma_alt_text(results: pd.DataFrame, *, title: str, fold_change: float, alpha: float, rule: Rule) -> str:
    """The MA plot in words; parameters as in `draw_ma`."""
    drawn = _drawn(results)
    if drawn.empty:
        return f"{title}. {NOTHING}"
    counts = call_counts(drawn, rule)
    spread = float(drawn["log2FoldChange"].abs().median())
    return (
        f"MA plot, {title}: log2 fold change against mean expression of {plural(len(drawn), 'gene')}, {counts['up']:,} up "
        f"and {counts['down']:,} down ({criterion(rule, fold_change, alpha)}). Median absolute log2 fold change {spread:.2f}."
    )
