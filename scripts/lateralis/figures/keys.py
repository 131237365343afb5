"""Keys below a heatmap: what its colours mean, one variable a line, never over the data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from lateralis.figures.groups import is_numeric, labels_of, palette
from lateralis.figures.theme import CHARACTER_WIDTH, INK, SMALL_SIZE, add_axes, row_major
from lateralis.figures.tiles import ColorMesh, Colors

LINE, SCALE_LINE = 0.24, 0.42  # inches
SCALE = "cividis"
NAME_SPACE, MARGIN = 1.25, 0.15


@dataclass(frozen=True)
class ColourKey:
    """The levels of a categorical variable and their colours."""

    name: str
    colours: Mapping[str, str]


@dataclass(frozen=True)
class ScaleKey:
    """A continuous scale."""

    name: str
    colourmap: Colormap | str
    lowest: float
    highest: float


def variable_bar(values: pd.Series, name: str, position: int = 0) -> tuple[Colors | ColorMesh, ColourKey | ScaleKey]:
    """A bar of colours for a variable of the samples, and its key.

    Parameters
    ----------
    values : (n_samples,) Series
        Categorical, text or numeric.
    name : str
        Written left of the bar.
    position : int
        Which bar it is; each begins with another colour.
    """
    props = {"fontsize": SMALL_SIZE}
    if is_numeric(values):
        numbers = values.to_numpy(float)
        bar = ColorMesh(
            np.ma.masked_invalid(numbers), cmap=SCALE, label=name, label_loc="left", label_props=props, rasterized=True
        )
        return bar, ScaleKey(name, SCALE, float(np.nanmin(numbers)), float(np.nanmax(numbers)))
    colours = palette(values, first=2 * position)
    bar = Colors(labels_of(values), palette=colours, label=name, label_loc="left", label_props=props, rasterized=True)
    return bar, ColourKey(name, colours)


def name_space(names: Iterable[str]) -> float:
    """Inches that the names of variable bars take."""
    return max((len(name) for name in names), default=0) * SMALL_SIZE * CHARACTER_WIDTH / 72


def add_keys(figure: Figure, keys: Sequence[ColourKey | ScaleKey]) -> None:
    """Put keys below all that is drawn: the figure grows, the axes keep their size.

    Parameters
    ----------
    figure : Figure
    keys : sequence of ColourKey or ScaleKey
        From top to bottom.
    """
    width, body = figure.get_size_inches()
    heights = [_height(key, width) for key in keys]
    height = body + sum(heights) + MARGIN
    figure.set_size_inches(width, height)
    for axes in figure.axes:
        x, y, w, h = axes.get_position(original=True).bounds
        axes.set_position((x, (y * body + height - body) / height, w, h * body / height))
    top = height - body
    for key, key_height in zip(keys, heights, strict=True):
        row = add_axes(figure, MARGIN, top - key_height, width - 2 * MARGIN, key_height)
        row.set_axis_off()
        row.text(
            0,
            1 - 0.1 / key_height,
            key.name,
            size=SMALL_SIZE,
            color=INK,
            va="center",
            weight="bold",
            transform=row.transAxes,
        )
        if isinstance(key, ScaleKey):
            _draw_scale(figure, key, top)
        else:
            _draw_colours(row, key, NAME_SPACE / (width - 2 * MARGIN), width)
        top -= key_height


def _columns(key: ColourKey, width: float) -> int:
    longest = max((len(level) for level in key.colours), default=1)
    entry = (longest + 4) * SMALL_SIZE * CHARACTER_WIDTH / 72
    return max(1, min(len(key.colours), int((width - NAME_SPACE - MARGIN) / entry)))


def _height(key: ColourKey | ScaleKey, width: float) -> float:
    if isinstance(key, ScaleKey):
        return SCALE_LINE
    return LINE * -(-len(key.colours) // _columns(key, width))


def _draw_colours(row: Axes, key: ColourKey, left: float, width: float) -> None:
    columns = _columns(key, width)
    patches = [Patch(facecolor=colour, label=level) for level, colour in key.colours.items()]
    row.legend(
        handles=row_major(patches, columns),
        loc="upper left",
        bbox_to_anchor=(left, 1),
        ncols=columns,
        fontsize=SMALL_SIZE,
        borderpad=0.15,
        borderaxespad=0.1,
        handlelength=1.1,
        handleheight=0.9,
        handletextpad=0.4,
        columnspacing=1.2,
        labelspacing=0.45,
    )


def _draw_scale(figure: Figure, key: ScaleKey, top: float) -> None:
    axes = add_axes(figure, MARGIN + NAME_SPACE + 0.02, top - 0.18, 2.2, 0.12)
    mappable = ScalarMappable(norm=Normalize(key.lowest, key.highest), cmap=key.colourmap)
    bar = figure.colorbar(mappable, cax=axes, orientation="horizontal")
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=SMALL_SIZE - 1, length=2, pad=1)
