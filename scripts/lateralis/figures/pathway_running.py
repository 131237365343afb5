"""Running scores of a contrast's surest gene sets: whether a set changes as a whole or by a few of its genes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lateralis.biology.gsea import Running
from lateralis.figures.calls import enumerated, plural
from lateralis.figures.pathway_words import NOTHING, leading_sets, p_text, set_name
from lateralis.figures.theme import (
    CALL_COLOURS,
    GUIDE,
    INK,
    MUTED,
    SMALL_SIZE,
    WIDTH,
    add_axes,
    add_header,
    message_figure,
    new_figure,
    themed,
)

MOST_PANELS, COLUMNS, LONGEST_TITLE = 6, 2, 42
LEFT, BOTTOM, PANEL, RUG, TITLE, GAP = 0.62, 0.58, 1.25, 0.2, 0.45, 0.55  # inches


@themed
def draw_running(
    pathways: pd.DataFrame, curves: Mapping[str, Running], n_genes: int, *, title: str, nothing: str = NOTHING
) -> Figure:
    """Running scores of the surest sets, one panel each, with the ranks of their genes below.

    Parameters
    ----------
    pathways : DataFrame (n_sets)
        Rows of `pathways.tsv` of one contrast.
    curves : set → its running score, of the sets shown at least
    n_genes : int
        Ranked genes.
    title : str
    nothing : str
        Why there is nothing to draw, where there is no row.
    """
    shown = leading_sets(pathways, MOST_PANELS)
    if shown.empty:
        return message_figure(title, nothing)
    rows = -(-len(shown) // COLUMNS)
    step = TITLE + PANEL + RUG + 0.12
    figure = new_figure(height=BOTTOM + rows * step)
    width = (WIDTH - COLUMNS * LEFT - 0.2 - (COLUMNS - 1) * (GAP - 0.35)) / COLUMNS
    for number, (_, row) in enumerate(shown.iterrows()):
        place = divmod(number, COLUMNS)
        left = LEFT + place[1] * (width + LEFT + GAP - 0.35)
        bottom = BOTTOM + (rows - 1 - place[0]) * step
        last = number + COLUMNS >= len(shown)
        _draw_panel(figure, left, bottom, width, row, curves[row["set"]], n_genes, last)
    lines = [
        f"{plural(n_genes, 'gene')} ranked by their signed statistic, up at the left; a line below is a gene of the set, "
        "the shaded part its leading edge.",
    ]
    add_header(figure, title, lines)
    return figure


def _draw_panel(
    figure: Figure, left: float, bottom: float, width: float, row: pd.Series, curve: Running, n_genes: int, last: bool
) -> None:
    colour = CALL_COLOURS["up" if curve.score >= 0 else "down"]
    axes = add_axes(figure, left, bottom + RUG + 0.05, width, PANEL)
    start, end = (0, curve.leading[-1] + 1) if curve.score >= 0 else (curve.leading[0], n_genes)
    axes.axvspan(start, end, color=colour, alpha=0.1, linewidth=0)
    axes.axhline(0, color=GUIDE, linewidth=0.8)
    axes.plot(curve.rank, curve.value, color=colour, linewidth=1.4)
    axes.set_xlim(0, n_genes)
    axes.set_ylim(min(-0.15, 1.12 * curve.value.min()), max(0.15, 1.12 * curve.value.max()))
    axes.yaxis.set_major_locator(MaxNLocator(3))
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    axes.text(
        0,
        1.19,
        set_name(row["set"], LONGEST_TITLE),
        transform=axes.transAxes,
        size=SMALL_SIZE,
        color=INK,
        weight="bold",
    )
    score = f"{row['NES']:.2f}".replace("-", "−")
    words = f"NES {score}, adjusted p {p_text(row['padj_all'])} (camera), {row['size']:,} genes"
    axes.text(0, 1.05, words, transform=axes.transAxes, size=SMALL_SIZE, color=MUTED)
    _draw_rug(add_axes(figure, left, bottom, width, RUG), curve, colour, n_genes, last)


def _draw_rug(axes: Axes, curve: Running, colour: str, n_genes: int, last: bool) -> None:
    hits = curve.rank[1:-1:2]
    leading = np.isin(hits, curve.leading)
    axes.vlines(hits[~leading], 0, 1, color=GUIDE, linewidth=0.7)
    axes.vlines(hits[leading], 0, 1, color=colour, linewidth=0.8)
    axes.set_xlim(0, n_genes)
    axes.set_ylim(0, 1)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    if not last:
        axes.set_xticklabels([])
        return
    axes.set_xlabel("rank", labelpad=1)


def running_alt_text(
    pathways: pd.DataFrame, curves: Mapping[str, Running], *, title: str, nothing: str = NOTHING
) -> str:
    """The running scores in words; parameters as in `draw_running`."""
    shown = leading_sets(pathways, MOST_PANELS)
    if shown.empty:
        return f"{title}. {nothing}"
    words = [
        f"{name} (score {curves[name].score:.2f}, {len(curves[name].leading)} of {size} genes lead)"
        for name, size in zip(shown["set"], shown["size"], strict=True)
    ]
    return f"Running enrichment scores, {title}: {enumerated(words)}."
