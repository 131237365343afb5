"""The heatmap of variables against principal components: what shapes expression, and whether it is the question or a batch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from lateralis.figures.theme import (
    CHARACTER_WIDTH,
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

ROW, BOTTOM, RIGHT, MOST_COMPONENTS = 0.36, 0.75, 1.35, 10  # inches; components
COLOURMAP = "Blues"
DARK = 0.55  # R² from which the text is white
ALPHA = 0.05
NOTHING = "No variable can be held against the principal components."


@themed
def draw_associations(table: pd.DataFrame, explained: Sequence[float], *, title: str) -> Figure:
    """R² of each variable with each principal component; bold and starred where it is significant.

    Parameters
    ----------
    table : DataFrame
        `qc.associations.component_associations`: variable, component, r_squared, padj, reason.
    explained : (k,)
        Share of the variance of each component, 0 to 1.
    title : str
    """
    tested = table[table["r_squared"].notna()]
    if tested.empty:
        return message_figure(title, NOTHING)
    names = list(dict.fromkeys(tested["variable"]))
    shown = tested[tested["component"] <= MOST_COMPONENTS]
    values = shown.pivot(index="variable", columns="component", values="r_squared").loc[names]
    padj = shown.pivot(index="variable", columns="component", values="padj").loc[names]
    adjusted = padj.to_numpy(float)
    left = 0.3 + max(len(name) for name in names) * SMALL_SIZE * CHARACTER_WIDTH / 72
    figure = new_figure(height=BOTTOM + ROW * len(names) + 0.1)
    axes = add_axes(figure, left, BOTTOM, WIDTH - left - RIGHT, ROW * len(names))
    image = axes.imshow(values.to_numpy(float), cmap=COLOURMAP, vmin=0, vmax=1, aspect="auto")
    for (row, column), value in np.ndenumerate(values.to_numpy(float)):
        if np.isnan(value):
            continue
        significant = bool(adjusted[row, column] < ALPHA)
        axes.text(
            column,
            row,
            f"{value:.2f}{'*' if significant else ''}",
            ha="center",
            va="center",
            size=SMALL_SIZE,
            weight="bold" if significant else "normal",
            color="white" if value > DARK else INK,
        )
    labels = [f"PC{number}\n{explained[number - 1]:.1%}" for number in map(int, list(values.columns))]
    axes.set_xticks(range(len(labels)), labels)
    axes.set_yticks(range(len(names)), names)
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set(visible=True, color="#C8C8C8")
    height = min(ROW * len(names), 2.2)
    bar_axes = add_axes(figure, WIDTH - RIGHT + 0.35, BOTTOM, 0.14, height)
    bar = figure.colorbar(image, cax=bar_axes)
    bar.set_label("R²", color=MUTED)
    bar.outline.set_visible(False)
    words = "Share of each principal component (R²) that a variable explains alone; * and bold: padj < 0.05."
    add_header(figure, title, [words])
    return figure


def associations_alt_text(table: pd.DataFrame, *, title: str) -> str:
    """The heatmap in words: what each variable explains most of."""
    tested = table[table["r_squared"].notna()]
    if tested.empty:
        return f"{title}. {NOTHING}"
    strongest = tested.loc[tested.groupby("variable", sort=False)["r_squared"].idxmax()]
    parts = [f"{row.variable} {row.r_squared:.2f} of PC{row.component}" for row in strongest.itertuples()]
    return f"Heatmap of R² of variables with principal components, {title}. Strongest: {', '.join(parts)}."
