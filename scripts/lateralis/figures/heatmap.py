"""The heatmap of a contrast: whether the strongest genes separate the groups sample by sample, or rest on a few samples."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.cluster.hierarchy import leaves_list, linkage

from lateralis.figures.calls import plural
from lateralis.figures.groups import MOST_NAMED_SAMPLES
from lateralis.figures.keys import ColourKey, ScaleKey, add_keys, name_space, variable_bar
from lateralis.figures.labels import shortened
from lateralis.figures.theme import CALL_COLOURS, DOWN_TO_UP, SMALL_SIZE, add_header, message_figure, new_figure, themed
from lateralis.figures.tiles import Colors, Heatmap, Labels

MOST_GENES = 50
CALLS = ("up", "down", "changed")
LIMIT = 2.5  # z-scores beyond are drawn as this
MAIN_WIDTH, ROW_HEIGHT, ANNOTATION_HEIGHT = 6.0, 0.15, 0.17  # inches
NOTHING = "No gene is called in this contrast, so there is no heatmap."


def row_z_scores(expression: pd.DataFrame) -> pd.DataFrame:
    """Each gene centred and divided by its standard deviation over the samples shown; a constant gene is 0.

    Parameters
    ----------
    expression : DataFrame (n_genes, n_samples), variance-stabilised
    """
    centred = expression.sub(expression.mean(axis=1), axis=0)
    deviation = expression.std(axis=1, ddof=1)
    return centred.div(deviation.where(deviation > 0), axis=0).fillna(0.0)


def heatmap_order(
    scores: NDArray[np.float64], row_blocks: NDArray[np.str_], column_blocks: NDArray[np.str_], levels: Sequence[str]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Positions of rows and columns: `up` above `down` and groups in the order of `levels`, clustered within.

    Parameters
    ----------
    scores : (n_genes, n_samples) float
    row_blocks : (n_genes,) `up`, `down` or `changed`
    column_blocks : (n_samples,) level of each sample
    levels : groups, from left to right
    """
    rows = [_clustered(scores, np.flatnonzero(row_blocks == call)) for call in CALLS]
    columns = [_clustered(scores.T, np.flatnonzero(column_blocks == level)) for level in levels]
    return np.concatenate(rows), np.concatenate(columns)


def _clustered(vectors: NDArray[np.float64], at: NDArray[np.intp]) -> NDArray[np.intp]:
    if len(at) < 3:
        return at
    return at[leaves_list(linkage(vectors[at], method="average", metric="euclidean"))]


@themed
def draw_heatmap(
    expression: pd.DataFrame,
    called: pd.DataFrame,
    samples: pd.DataFrame,
    *,
    title: str,
    rule: str,
    group: str | None = None,
    levels: Sequence[str] = (),
    annotations: Sequence[str] = (),
) -> Figure:
    """Heatmap of the strongest called genes over the samples of a contrast, as z-scores of each gene.

    Parameters
    ----------
    expression : DataFrame (n_genes, n_samples)
        Variance-stabilised expression; index gene_id, columns sample ids.
    called : DataFrame
        The called genes, strongest first (`called.tsv`): gene_id, gene_name, `call_{rule}`.
    samples : DataFrame (n_samples)
        Index sample id; the variables named below as columns.
    title : str
    rule : {"nominal", "fdr", "strict"}
    group : str, optional
        The variable whose levels are compared; without one, all samples form one block.
    levels : sequence of str
        Its compared levels, from left to right; other samples are left out.
    annotations : sequence of str
        More variables to show above the columns.

    Notes
    -----
    Samples are named where there are 30 at most; participants never.
    """
    called = called.head(MOST_GENES)
    if called.empty:
        return message_figure(title, NOTHING)
    samples, blocks, levels = _columns(samples, group, levels)
    if samples.empty:
        return message_figure(title, "No sample of the compared groups is left, so there is no heatmap.")
    scores = row_z_scores(expression.loc[called["gene_id"], samples.index])
    calls = called[f"call_{rule}"].to_numpy(str)
    rows, columns = heatmap_order(scores.to_numpy(), calls, blocks, levels)
    scores, samples, blocks, calls = scores.iloc[rows, columns], samples.iloc[columns], blocks[columns], calls[rows]
    height = max(0.45, len(scores) * ROW_HEIGHT)
    board = Heatmap(
        scores.to_numpy().clip(-LIMIT, LIMIT),
        cmap=DOWN_TO_UP,
        vmin=-LIMIT,
        vmax=LIMIT,
        width=MAIN_WIDTH,
        height=height,
        legend=False,
        rasterized=True,
    )
    if len(set(blocks)) > 1:
        board.group_cols(blocks, order=[level for level in levels if level in blocks], spacing=0.008)
    if len(set(calls)) > 1:
        board.group_rows(calls, order=[call for call in CALLS if call in calls], spacing=0.012)
    names = called["gene_name"].to_numpy(str)[rows]
    board.add_right(Labels([shortened(name) for name in names], fontsize=SMALL_SIZE), pad=0.06)
    call_colours = {call: CALL_COLOURS[call] for call in CALLS if call in calls}
    board.add_left(Colors(calls, palette=call_colours, rasterized=True), size=0.12, pad=0.04, legend=False)
    variables = [*([group] if group else []), *annotations]
    board.add_pad("left", max(0.0, name_space(variables) - 0.15))
    bars = [variable_bar(samples[name], name, i) for i, name in enumerate(variables)]
    for bar, _ in reversed(bars):
        board.add_top(bar, size=ANNOTATION_HEIGHT, pad=0.03, legend=False)
    if len(samples) <= MOST_NAMED_SAMPLES:
        sample_names = [shortened(str(name)) for name in samples.index]
        board.add_bottom(Labels(sample_names, fontsize=SMALL_SIZE, rotation=90), pad=0.04)
    board.set_margin(0.15)
    figure = new_figure()
    board.render(figure)
    scale = ScaleKey("z-score", DOWN_TO_UP, -LIMIT, LIMIT)
    add_keys(figure, [ColourKey("call", call_colours), *(key for _, key in bars), scale])
    add_header(figure, title, [_words(len(called), len(samples))])
    return figure


def _columns(
    samples: pd.DataFrame, group: str | None, levels: Sequence[str]
) -> tuple[pd.DataFrame, NDArray[np.str_], list[str]]:
    if group is None:
        return samples, np.full(len(samples), "all"), ["all"]
    samples = samples[samples[group].astype(str).isin(levels)]
    return samples, samples[group].to_numpy(str), list(levels)


def _words(n_genes: int, n_samples: int) -> str:
    which = "The called gene" if n_genes == 1 else f"The {n_genes} strongest called genes"
    return f"{which}, {plural(n_samples, 'sample')}; variance-stabilised expression, each gene to mean 0 and SD 1."


def heatmap_alt_text(called: pd.DataFrame, n_samples: int, *, title: str, rule: str) -> str:
    """The heatmap in words.

    Parameters
    ----------
    called : DataFrame
        As in `draw_heatmap`.
    n_samples : int
        Samples of the compared groups.
    """
    called = called.head(MOST_GENES)
    if called.empty:
        return f"{title}. {NOTHING}"
    calls = called[f"call_{rule}"].value_counts()
    directions = f" ({calls.get('up', 0)} up, {calls.get('down', 0)} down)" if "changed" not in calls else ""
    return f"Heatmap, {title}: {plural(len(called), 'called gene')}{directions} by {plural(n_samples, 'sample')}."
