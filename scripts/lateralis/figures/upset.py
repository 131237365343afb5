"""The UpSet plot of a signature: which contrasts call the same genes, and how many genes each combination has."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from lateralis.figures.calls import plural
from lateralis.figures.theme import INK, SMALL_SIZE, add_header, message_figure, new_figure, themed
from lateralis.figures.tiles import Upset, UpsetData

MOST_COMBINATIONS = 20
NOTHING = "No gene is called in any of these contrasts."


@themed
def draw_upset(signature: pd.DataFrame, contrasts: list[str], *, title: str) -> Figure:
    """Combinations of contrasts that call a gene, largest first, 20 at most.

    Parameters
    ----------
    signature : `trust.signature.signature_table`: called_in, the contrasts that call each gene
    contrasts : names, from top to bottom
    title : str
    """
    members = _memberships(signature, contrasts)
    if not len(members):
        return message_figure(title, NOTHING)
    combinations = members.groupby(contrasts).size().sort_values(ascending=False)
    shown = members.set_index(contrasts).index.isin(combinations.index[:MOST_COMBINATIONS])
    data = UpsetData(members[shown].astype(int))
    figure = new_figure()
    plot = Upset(
        data,
        sets_order=contrasts,
        color=INK,
        fontsize=SMALL_SIZE,
        sort_subsets="-cardinality",
        radius=40,
        size_scale=0.32,
    )
    plot.set_margin(0.3)
    plot.render(figure)
    words = f"{plural(len(members), 'gene')} called by the rule fdr in at least one of {plural(len(contrasts), 'contrast')}."
    add_header(figure, title, [words])
    return figure


def _memberships(signature: pd.DataFrame, contrasts: list[str]) -> pd.DataFrame:
    """Whether each contrast calls each gene that any calls, (n_genes, n_contrasts) bool."""
    named = signature["called_in"].fillna("").astype(str).str.split(", ")
    table = pd.DataFrame(
        {name: [name in called for called in named] for name in contrasts}, index=signature["gene_id"].to_numpy()
    )
    return table.iloc[np.flatnonzero(table.to_numpy().any(axis=1))]


def upset_alt_text(signature: pd.DataFrame, *, title: str) -> str:
    """The plot in words: how many genes are called in one contrast, in several, and in the signature."""
    called = signature["called_in"].fillna("").astype(str)
    counts = np.array([len(text.split(", ")) if text else 0 for text in called])
    if not (counts > 0).any():
        return f"{title}. {NOTHING}"
    in_all = int((signature["call"] != "none").sum())
    return (
        f"UpSet plot, {title}: {plural(int((counts == 1).sum()), 'gene')} called in one contrast, "
        f"{int((counts > 1).sum()):,} in several, {in_all:,} in the signature."
    )
