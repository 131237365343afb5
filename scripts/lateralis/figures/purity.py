"""The purity heatmap: each sample's scores of marker panels, so that a contaminated or stressed one is a coloured stripe."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from scipy.cluster.hierarchy import leaves_list, linkage

from lateralis.figures.calls import plural
from lateralis.figures.groups import MOST_NAMED_SAMPLES, labels_of, levels_of
from lateralis.figures.keys import ScaleKey, add_keys, variable_bar
from lateralis.figures.labels import shortened
from lateralis.figures.theme import DOWN_TO_UP, SMALL_SIZE, add_header, message_figure, new_figure, themed
from lateralis.figures.tiles import Heatmap, Labels

MAIN_WIDTH, ROW, BAR = 5.6, 0.24, 0.17  # inches
LIMIT = 4.0  # log2; scores beyond are drawn as this
ROLES = {"identity": "should be there", "contaminant": "should be absent", "state": "state"}
NOTHING = "No panel of marker genes could be scored."


@themed
def draw_purity(scores: pd.DataFrame, coverage: pd.DataFrame, groups: pd.Series, *, title: str) -> Figure:
    """Heatmap of panels (rows) over samples (columns, by group and clustered within).

    Parameters
    ----------
    scores : DataFrame (n_samples, n_panels)
        `qc.panels.PanelScores.scores`, log2 against the cohort's median; panels that are empty are left out.
    coverage : DataFrame
        `qc.panels.PanelScores.coverage`: panel, title, role.
    groups : (n_samples,) Series
    title : str

    Notes
    -----
    Samples are named where there are 30 at most.
    """
    panels = coverage[coverage["panel"].isin(scores.columns[scores.notna().all()])]
    if panels.empty or scores.empty:
        return message_figure(title, NOTHING)
    groups = groups.loc[scores.index]
    values = scores[panels["panel"]].to_numpy(float)
    order = _order(values, labels_of(groups), levels_of(groups))
    board = Heatmap(
        values[order].T.clip(-LIMIT, LIMIT),
        cmap=DOWN_TO_UP,
        vmin=-LIMIT,
        vmax=LIMIT,
        width=MAIN_WIDTH,
        height=ROW * len(panels),
        legend=False,
        rasterized=True,
    )
    bar, key = variable_bar(groups.iloc[order], str(groups.name))
    board.add_top(bar, size=BAR, pad=0.04, legend=False)
    names = [f"{row['title']} ({ROLES[str(row['role'])]})" for row in panels.to_dict("records")]
    board.add_right(Labels(names, fontsize=SMALL_SIZE), pad=0.06)
    if len(scores) <= MOST_NAMED_SAMPLES:
        labels = [shortened(str(name)) for name in scores.index[order]]
        board.add_bottom(Labels(labels, fontsize=SMALL_SIZE), pad=0.06)
    board.add_pad("left", 0.5)
    board.set_margin(0.15)
    figure = new_figure()
    board.render(figure)
    add_keys(figure, [key, ScaleKey("log2 score", DOWN_TO_UP, -LIMIT, LIMIT)])
    words = f"{plural(len(scores), 'sample')} by {groups.name}; scores are log2 against the cohort's median."
    add_header(figure, title, [words])
    return figure


def _order(values: np.ndarray, labels: np.ndarray, levels: list[str]) -> np.ndarray:
    """Samples by group, and alike ones side by side within, (n_samples,)."""
    parts = []
    for level in levels:
        at = np.flatnonzero(labels == level)
        parts.append(at if len(at) < 3 else at[leaves_list(linkage(values[at], method="average"))])
    return np.concatenate(parts)


def purity_alt_text(scores: pd.DataFrame, coverage: pd.DataFrame, *, title: str) -> str:
    """The heatmap in words: the highest score of each kind of cell that should be absent."""
    panels = coverage[coverage["panel"].isin(scores.columns[scores.notna().all()])]
    if panels.empty or scores.empty:
        return f"{title}. {NOTHING}"
    highest = [
        f"{row.title} {scores[row.panel].max():+.1f}" for row in panels.itertuples() if row.role == "contaminant"
    ]
    told = f" Highest score of cells that should be absent: {', '.join(highest)}." if highest else ""
    return f"Heatmap of {plural(len(panels), 'marker panel')} in {plural(len(scores), 'sample')}, {title}.{told}"
