"""Dispersion estimates of a model: whether the trend fits the genes and how far each was moved towards it."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from lateralis.figures.calls import plural
from lateralis.figures.theme import (
    NONE,
    OKABE_ITO,
    UP,
    WIDTH,
    add_axes,
    add_header,
    legend_above,
    log_scale,
    message_figure,
    new_figure,
    themed,
)

FLOOR = 1e-8  # the smallest dispersion of the fit; genes there have no variance beyond Poisson
NOTHING = "No gene of this model has a dispersion estimate, so there is nothing to draw."


def _drawn(genes: pd.DataFrame) -> pd.DataFrame:
    columns = ["baseMean", "dispersion_gene", "dispersion_trend", "dispersion"]
    return genes[(genes[columns] > 0).all(axis=1)].sort_values("baseMean", kind="stable")


@themed
def draw_dispersions(genes: pd.DataFrame, *, title: str, variances: bool = False) -> Figure:
    """Gene-wise, fitted and final dispersions against mean expression, both on log scales.

    Parameters
    ----------
    genes : DataFrame (n_genes)
        baseMean, dispersion_gene (each gene alone), dispersion_trend, dispersion (used by the tests). Genes with an empty
        value are left out.
    title : str
    variances : bool
        Whether they are variances of log2 intensities.

    Notes
    -----
    The lower axis ends at a tenth of the 1 % quantile of what lies above 1e-7; genes below are drawn at the edge.
    """
    drawn = _drawn(genes)
    if drawn.empty:
        return message_figure(title, NOTHING)
    figure = new_figure(height=5.0)
    axes = add_axes(figure, 0.85, 0.6, WIDTH - 1.05, 4.05)
    mean = drawn["baseMean"].to_numpy(float)
    alone, final = drawn["dispersion_gene"].to_numpy(float), drawn["dispersion"].to_numpy(float)
    lowest = _lowest(alone)
    axes.scatter(mean, np.maximum(alone, lowest), s=5, c=NONE, alpha=0.5, linewidths=0, rasterized=True, zorder=1)
    axes.scatter(
        mean, np.maximum(final, lowest), s=4, c=OKABE_ITO[0], alpha=0.5, linewidths=0, rasterized=True, zorder=2
    )
    trend = drawn.iloc[np.unique(np.linspace(0, len(drawn) - 1, 300).astype(int))]
    axes.plot(trend["baseMean"], trend["dispersion_trend"], color=UP, linewidth=2.2, zorder=3)
    log_scale(axes, "x")
    log_scale(axes, "y")
    axes.set_ylim(lowest / 1.3, 1.6 * max(alone.max(), final.max()))
    axes.set_xlabel("geometric mean intensity (baseMean)" if variances else "mean of normalised counts (baseMean)")
    axes.set_ylabel("variance of log2 intensity" if variances else "dispersion")
    below = int((alone < lowest).sum())
    handles = [
        Line2D([], [], linestyle="", marker="o", color=NONE, markersize=5, label="each gene alone"),
        Line2D([], [], color=UP, linewidth=2.2, label="trend"),
        Line2D([], [], linestyle="", marker="o", color=OKABE_ITO[0], markersize=5, label="used in the tests"),
    ]
    legend_above(axes, handles, columns=3, left=-0.02)
    meaning = (
        "variances between like samples"
        if variances
        else "√dispersion is the coefficient of variation between like samples"
    )
    line = f"{plural(len(drawn), 'gene')}; {meaning}."
    add_header(
        figure, title, [line, *([f"{plural(below, 'gene')} below the axis, drawn at its edge."] if below else [])]
    )
    return figure


def _lowest(alone: np.ndarray) -> float:
    estimated = alone[alone > 10 * FLOOR]
    return float(np.quantile(estimated, 0.01) / 10) if estimated.size else FLOOR


def dispersions_alt_text(genes: pd.DataFrame, *, title: str) -> str:
    """The dispersions in words; parameters as in `draw_dispersions`."""
    drawn = _drawn(genes)
    if drawn.empty:
        return f"{title}. {NOTHING}"
    half = drawn["baseMean"] >= drawn["baseMean"].median()
    every, well = drawn["dispersion"].median(), drawn["dispersion"][half].median()
    return (
        f"Dispersion estimates, {title}: {plural(len(drawn), 'gene')}; median dispersion used {every:.3g}, and {well:.3g} in "
        "the better expressed half."
    )
