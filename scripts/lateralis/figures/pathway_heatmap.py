"""The heatmap of gene sets over contrasts: what the contrasts of a cohort have in common and what is one's own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from scipy.cluster.hierarchy import leaves_list, linkage

from lateralis.biology.verdicts import HERE_ONLY, SIGNIFICANT
from lateralis.figures.calls import plural
from lateralis.figures.pathway_words import set_name
from lateralis.figures.theme import (
    CHARACTER_WIDTH,
    DOWN_TO_UP,
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

MOST_SETS = 30
ROW, LEFT, WIDEST = 0.235, 3.75, 0.85  # inches
SLOPE = 40  # degrees, of the names of contrasts
NOT_TESTED = "#E4E4E4"
NOTHING = "No gene set was tested in any contrast, so there is no heatmap."


def heatmap_sets(pathways: pd.DataFrame) -> list[str]:
    """The sets to show: the surest that stand for themselves in a contrast; significant ones where there are any."""
    own = pathways[pathways["representative"] == pathways["set"]]
    significant = own[own["verdict"] == SIGNIFICANT]
    chosen = (significant if len(significant) else own).sort_values(["pvalue_camera", "set"], kind="stable")
    return list(dict.fromkeys(chosen["set"]))[:MOST_SETS]


@themed
def draw_pathway_heatmap(pathways: pd.DataFrame, contrasts: Sequence[str], *, title: str, alpha: float) -> Figure:
    """Heatmap of normalised enrichment scores, sets by contrasts, marked where camera finds the set.

    Parameters
    ----------
    pathways : DataFrame
        `pathways.tsv`, all contrasts.
    contrasts : sequence of str
        Columns, from left to right; one without a row is grey.
    title : str
    alpha : float
        Level of the verdicts.
    """
    sets = heatmap_sets(pathways)
    if not sets:
        return message_figure(title, NOTHING)
    scores = _wide(pathways, "NES", sets, contrasts)
    verdicts = _wide(pathways, "verdict", sets, contrasts)
    order = _clustered(scores.fillna(0.0).to_numpy(float))
    scores, verdicts = scores.iloc[order], verdicts.iloc[order]
    longest = SMALL_SIZE * CHARACTER_WIDTH / 72 * max(len(name) for name in contrasts)
    names = longest * np.sin(np.deg2rad(SLOPE)) + 0.25
    cell = min(WIDEST, (WIDTH - LEFT - max(0.3, longest * np.cos(np.deg2rad(SLOPE)) - 0.2)) / len(contrasts))
    width, height = cell * len(contrasts), ROW * len(sets)
    figure = new_figure(height=height + names + 0.75)
    axes = add_axes(figure, LEFT, 0.65, width, height)
    limit = max(1.0, float(np.nanmax(np.abs(scores.to_numpy(float)), initial=0.0)))
    axes.set_facecolor(NOT_TESTED)
    axes.pcolormesh(scores.to_numpy(float), cmap=DOWN_TO_UP, vmin=-limit, vmax=limit, edgecolors="white", linewidth=0.8)
    axes.invert_yaxis()
    _mark(axes, verdicts)
    axes.set_yticks(np.arange(len(sets)) + 0.5, [set_name(name) for name in scores.index])
    axes.set_xticks(np.arange(len(contrasts)) + 0.5, list(contrasts), rotation=SLOPE, ha="left", rotation_mode="anchor")
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    _draw_key(figure, limit, alpha, missing=bool(scores.isna().any(axis=None)))
    add_header(figure, title, [_words(pathways, sets)])
    return figure


def _wide(pathways: pd.DataFrame, column: str, sets: Sequence[str], contrasts: Sequence[str]) -> pd.DataFrame:
    return pathways.pivot(index="set", columns="contrast", values=column).reindex(
        index=list(sets), columns=list(contrasts)
    )


def _clustered(scores: np.ndarray) -> np.ndarray:
    """Rows so that like ones are together, the most increased on top."""
    if len(scores) < 3:
        return np.argsort(-scores.mean(axis=1), kind="stable")
    order = leaves_list(linkage(scores, method="average"))
    upper, lower = np.array_split(scores[order].mean(axis=1), 2)
    return order if upper.mean() >= lower.mean() else order[::-1]


def _mark(axes: Axes, verdicts: pd.DataFrame) -> None:
    for verdict, face in ((SIGNIFICANT, INK), (HERE_ONLY, "none")):
        y, x = np.nonzero((verdicts == verdict).to_numpy())
        axes.scatter(x + 0.5, y + 0.5, s=20, facecolors=face, edgecolors=INK, linewidths=1.0, zorder=3)


def _draw_key(figure: Figure, limit: float, alpha: float, *, missing: bool) -> None:
    axes = add_axes(figure, 0.25, 0.32, 2.0, 0.13)
    bar = figure.colorbar(ScalarMappable(Normalize(-limit, limit), DOWN_TO_UP), cax=axes, orientation="horizontal")
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=SMALL_SIZE - 1, length=2, pad=1)
    bar.ax.set_title("normalised score", size=SMALL_SIZE, color=MUTED, pad=3)
    key = add_axes(figure, 2.75, 0.2, WIDTH - 2.9, 0.3)
    key.set_axis_off()
    key.set_xlim(0, WIDTH - 2.9)
    key.set_ylim(0, 1)
    for x, face, text in ((0.1, INK, f"adj. p < {alpha:g}, all contrasts"), (2.45, "none", "this contrast only")):
        key.scatter([x], [0.5], s=20, facecolors=face, edgecolors=INK, linewidths=1.0)
        key.text(x + 0.12, 0.48, text, size=SMALL_SIZE, va="center")
    if missing:
        key.scatter([4.15], [0.5], s=60, marker="s", color=NOT_TESTED)
        key.text(4.27, 0.48, "not tested", size=SMALL_SIZE, va="center")


def _words(pathways: pd.DataFrame, sets: Sequence[str]) -> str:
    n_significant = pathways.loc[pathways["verdict"] == SIGNIFICANT, "set"].nunique()
    if not n_significant:
        return f"No set is significant in any contrast; the {len(sets)} surest are shown."
    return (
        f"{plural(n_significant, 'set')} significant in a contrast or more; the {len(sets)} shown stand for the others."
    )


def pathway_heatmap_alt_text(pathways: pd.DataFrame, contrasts: Sequence[str], *, title: str) -> str:
    """The heatmap in words; parameters as in `draw_pathway_heatmap`."""
    sets = heatmap_sets(pathways)
    if not sets:
        return f"{title}. {NOTHING}"
    found = pathways[pathways["verdict"] == SIGNIFICANT]
    counts = ", ".join(f"{name} {int((found['contrast'] == name).sum()):,}" for name in contrasts)
    return (
        f"Heatmap of normalised enrichment scores, {title}: {plural(len(sets), 'gene set')} by "
        f"{plural(len(contrasts), 'contrast')}. Significant sets: {counts}."
    )
