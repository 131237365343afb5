"""The sex plot: XIST against the Y chromosome, coloured by the sheet, so that a swap stands among the others' cloud."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy import log2

from lateralis.figures.calls import plural
from lateralis.figures.quality import VERDICT_SHAPES, verdict_handles
from lateralis.figures.theme import (
    GUIDE,
    INK,
    OKABE_ITO,
    SMALL_SIZE,
    UP,
    add_axes,
    add_header,
    legend_above,
    message_figure,
    new_figure,
    row_major,
    themed,
)
from lateralis.qc.sex import XIST_LIMIT, Y_LIMIT

SIDE, LEFT, BOTTOM, KEY = 4.6, 0.8, 0.65, 0.62  # inches
STATED = {
    "F": ("woman by the sheet", OKABE_ITO[1], "o"),
    "M": ("man by the sheet", OKABE_ITO[0], "^"),
    "": ("no sex in the sheet", GUIDE, "D"),
}
NOTHING = "XIST and Y-linked genes are not both among the genes, so there is nothing to draw."


@themed
def draw_sex(sex: pd.DataFrame, flags: pd.DataFrame, *, title: str) -> Figure:
    """Expression of XIST against that of the Y-linked genes; samples with a flag are ringed or boxed.

    Parameters
    ----------
    sex : DataFrame (n_samples)
        Index sample; xist and y_linked (log2 of counts per million plus one), stated (`F`, `M`, else anything).
    flags : DataFrame with `sample`, `check` and `verdict`
        Those of the check `sex` are drawn.
    title : str

    Notes
    -----
    No sample is named. The limits between expressed and not are drawn.
    """
    if sex.empty or sex["xist"].isna().all() or sex["y_linked"].isna().all():
        return message_figure(title, NOTHING)
    figure = new_figure(height=BOTTOM + SIDE + KEY)
    axes = add_axes(figure, LEFT, BOTTOM, SIDE * 1.55, SIDE)
    for value, limit in ((log2(XIST_LIMIT + 1), axes.axvline), (log2(Y_LIMIT + 1), axes.axhline)):
        limit(value, color=GUIDE, linewidth=0.9, linestyle=(0, (4, 3)), zorder=1)
    raised = flags[(flags["check"] == "sex") & flags["verdict"].isin(VERDICT_SHAPES)]
    handles = []
    stated = sex["stated"].where(sex["stated"].isin(["F", "M"]), "")
    for value, (label, colour, marker) in STATED.items():
        part = sex[stated == value]
        if part.empty:
            continue
        on_top = part.index.isin(raised["sample"])  # or the others of its cloud hide what the sheet says of it
        for points, alpha, order in ((part[~on_top], 0.8, 2), (part[on_top], 1.0, 3)):
            axes.scatter(
                points["xist"],
                points["y_linked"],
                s=34,
                c=colour,
                marker=marker,
                alpha=alpha,
                edgecolors="white",
                linewidths=0.5,
                zorder=order,
            )
        key = Line2D([], [], linestyle="", marker=marker, markersize=6.5, color=colour, label=f"{label} ({len(part)})")
        handles.append(key)
    for verdict, shape in VERDICT_SHAPES.items():
        marked = sex.loc[raised.loc[raised["verdict"] == verdict, "sample"]]
        axes.scatter(
            marked["xist"],
            marked["y_linked"],
            s=110,
            marker=shape,
            facecolors="none",
            edgecolors=UP,
            linewidths=1.6,
            zorder=4,
        )
    handles += verdict_handles(raised)
    _name_corners(axes, sex)
    axes.set_xlabel("XIST, log2 (counts per million + 1)")
    axes.set_ylabel("Y-linked genes, log2 (counts per million + 1)")
    legend_above(axes, row_major(handles, 3), 3)
    add_header(figure, title, [f"{plural(len(sex), 'sample')}; the dashed lines part expressed from not expressed."])
    return figure


def _name_corners(axes: Axes, sex: pd.DataFrame) -> None:
    """Say what each quarter means, inside it."""
    right, top = max(sex["xist"].max(), 6.0) + 1.0, max(sex["y_linked"].max(), 6.0) + 1.0
    axes.set_xlim(-0.6, right)
    axes.set_ylim(-0.6, top)
    x, y = (0.01, 0.99), (0.02, 0.975)
    words = (("unknown", x[0], y[0]), ("female", x[1], y[0]), ("male", x[0], y[1]), ("ambiguous", x[1], y[1]))
    for word, at_x, at_y in words:
        axes.text(
            at_x,
            at_y,
            word,
            transform=axes.transAxes,
            ha="left" if at_x < 0.5 else "right",
            va="bottom" if at_y < 0.5 else "top",
            color=INK,
            alpha=0.65,
            size=SMALL_SIZE,
            style="italic",
        )


def sex_alt_text(sex: pd.DataFrame, flags: pd.DataFrame, *, title: str) -> str:
    """The plot in words: how many of each sex by expression, and how many are flagged."""
    if sex.empty or sex["xist"].isna().all() or sex["y_linked"].isna().all():
        return f"{title}. {NOTHING}"
    counts = sex["inferred_sex"].value_counts()
    told = ", ".join(
        f"{counts.get(key, 0)} {word}" for key, word in (("F", "female"), ("M", "male"), ("ambiguous", "ambiguous"))
    )
    raised = int(((flags["check"] == "sex") & flags["verdict"].isin(VERDICT_SHAPES)).sum())
    return (
        f"XIST against Y-linked genes in {plural(len(sex), 'sample')}, {title}: {told}, {counts.get('unknown', 0)} unknown by "
        f"expression; {raised} flagged."
    )
