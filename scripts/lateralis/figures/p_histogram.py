"""The histogram of p-values of a contrast: whether the test behaves, flat but for a peak near zero."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray

from lateralis.figures.calls import plural
from lateralis.figures.theme import (
    INK,
    OKABE_ITO,
    SMALL_SIZE,
    WIDTH,
    add_axes,
    add_header,
    message_figure,
    new_figure,
    themed,
)

BINS = 40
NOTHING = "No gene has a p-value in this contrast, so there is nothing to draw."


def p_value_bins(results: pd.DataFrame) -> NDArray[np.int64]:
    """Tested genes in each of 40 equal bins of [0, 1], the last one closed. (40,) int"""
    return np.histogram(results["pvalue"].dropna().to_numpy(float), bins=BINS, range=(0.0, 1.0))[0].astype(np.int64)


@themed
def draw_p_histogram(results: pd.DataFrame, *, title: str) -> Figure:
    """Histogram of the p-values of the tested genes, with the height expected if no gene changed.

    Parameters
    ----------
    results : DataFrame (n_genes) with `pvalue`
        Genes without a p-value are left out.
    title : str
    """
    bins = p_value_bins(results)
    tested = int(bins.sum())
    if tested == 0:
        return message_figure(title, NOTHING)
    figure = new_figure(height=3.6)
    axes = add_axes(figure, 0.85, 0.6, WIDTH - 1.05, 2.85)
    axes.bar(
        np.arange(BINS) / BINS, bins, width=1 / BINS, align="edge", color=OKABE_ITO[5], edgecolor="white", linewidth=0.6
    )
    expected = tested / BINS
    axes.axhline(expected, color=INK, linewidth=1.1, linestyle=(0, (4, 3)))
    axes.annotate(
        f"if no gene changed: {expected:,.0f} a bar",
        (1, expected),
        xytext=(0, 5),
        textcoords="offset points",
        ha="right",
        va="bottom",
        size=SMALL_SIZE,
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1.5},
    )
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.06 * max(int(bins.max()), 1.3 * expected))
    axes.set_xlabel("p-value")
    axes.set_ylabel("genes")
    add_header(figure, title, [f"p-values of {plural(tested, 'tested gene')}; each bar is {1 / BINS:g} wide."])
    return figure


def p_histogram_alt_text(results: pd.DataFrame, *, title: str) -> str:
    """The histogram in words; parameters as in `draw_p_histogram`."""
    bins = p_value_bins(results)
    tested = int(bins.sum())
    if tested == 0:
        return f"{title}. {NOTHING}"
    first = int(bins[:2].sum())
    return (
        f"Histogram of p-values, {title}: {plural(tested, 'tested gene')}; {first:,} have p below 0.05, where "
        f"{2 * tested / BINS:,.0f} are expected if no gene changed."
    )
