"""The heatmap of sample distances: which samples stand apart, and whether groups or batches cluster."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from scipy.cluster.hierarchy import linkage
from scipy.spatial.distance import squareform

from lateralis.figures.calls import plural
from lateralis.figures.groups import MOST_NAMED_SAMPLES
from lateralis.figures.keys import ScaleKey, add_keys, name_space, variable_bar
from lateralis.figures.labels import shortened
from lateralis.figures.theme import INK, SMALL_SIZE, add_header, message_figure, new_figure, themed
from lateralis.figures.tiles import Heatmap, Labels

SIDE, BAR = 5.4, 0.17  # inches
COLOURMAP = "GnBu_r"
MOST_SHOWN, FARTHEST_SHOWN = 400, 100  # more samples are narrower than a pixel
NOTHING = "Fewer than two samples, so there are no distances."


@themed
def draw_distances(distances: pd.DataFrame, variables: pd.DataFrame, *, title: str) -> Figure:
    """Heatmap of distances between samples, clustered (average linkage).

    Parameters
    ----------
    distances : DataFrame (n_samples, n_samples)
        Symmetric, zero diagonal (`qc.metrics.sample_distances`); index and columns sample ids.
    variables : DataFrame (n_samples, k)
        Variables to show above, index as `distances`.
    title : str

    Notes
    -----
    Samples are named where there are 30 at most. Of more than 400, the 100 farthest from the others are shown and an even
    selection of the rest.
    """
    if len(distances) < 2:
        return message_figure(title, NOTHING)
    words = f"{plural(len(distances), 'sample')}; Euclidean distance of variance-stabilised expression."
    if len(distances) > MOST_SHOWN:
        shown = _selection(distances.to_numpy(float))
        words = f"{words} Shown: the {FARTHEST_SHOWN} farthest from the others, and {len(shown) - FARTHEST_SHOWN} of the rest."
        distances = distances.iloc[shown, shown]
    values = distances.to_numpy(float)
    tree = linkage(squareform(values, checks=False), method="average")
    apart = values[~np.eye(len(values), dtype=bool)]
    scale = ScaleKey("distance", COLOURMAP, float(apart.min()), float(apart.max()))
    np.fill_diagonal(values := values.copy(), scale.lowest)
    side = SIDE if len(distances) > MOST_NAMED_SAMPLES else max(2.4, 0.17 * len(distances))
    board = Heatmap(
        values,
        cmap=COLOURMAP,
        vmin=scale.lowest,
        vmax=scale.highest,
        width=side,
        height=side,
        legend=False,
        rasterized=True,
    )
    bars = [variable_bar(variables[name].loc[distances.index], name, i) for i, name in enumerate(variables.columns)]
    for bar, _ in reversed(bars):
        board.add_top(bar, size=BAR, pad=0.03, legend=False)
    board.add_dendrogram("top", linkage=tree, size=0.6, pad=0.04, linewidth=0.6, colors=INK)
    board.add_dendrogram("left", linkage=tree, size=0.6, pad=0.04, linewidth=0.6, colors=INK)
    board.add_pad("left", max(0.0, name_space(variables.columns) - 0.6))
    if len(distances) <= MOST_NAMED_SAMPLES:
        board.add_right(Labels([shortened(str(name)) for name in distances.index], fontsize=SMALL_SIZE), pad=0.06)
    board.set_margin(0.15)
    figure = new_figure()
    board.render(figure)
    add_keys(figure, [*(key for _, key in bars), scale])
    add_header(figure, title, [words])
    return figure


def _selection(values: np.ndarray) -> np.ndarray:
    """Positions of the samples farthest from the others by their median distance, and evenly of the rest, in their order."""
    by_distance = np.argsort(-np.median(values, axis=1), kind="stable")
    rest = np.sort(by_distance[FARTHEST_SHOWN:])
    even = rest[np.linspace(0, len(rest) - 1, MOST_SHOWN - FARTHEST_SHOWN).round().astype(int)]
    return np.sort(np.concatenate([by_distance[:FARTHEST_SHOWN], even]))


def distances_alt_text(distances: pd.DataFrame, *, title: str) -> str:
    """The distances in words: how many samples, the median distance, and how far the farthest stands from the rest."""
    if len(distances) < 2:
        return f"{title}. {NOTHING}"
    values = distances.to_numpy(float)
    apart = values[~np.eye(len(values), dtype=bool)].reshape(len(values), -1)
    medians = np.median(apart, axis=1)
    return (
        f"Heatmap of distances between {plural(len(values), 'sample')}, {title}: median {np.median(apart):.1f}; the sample "
        f"farthest from the others has a median of {medians.max():.1f}."
    )
