"""How every figure looks: colours that colour-blind readers can tell apart, shapes, font sizes, and the header on top.

Nothing here touches matplotlib's global state: a drawing function wears `@themed`, and figures are made as objects.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Literal, ParamSpec, TypeVar

import matplotlib
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import LogFormatterSciNotation

Parameters = ParamSpec("Parameters")
Drawn = TypeVar("Drawn")
Entry = TypeVar("Entry")

# Okabe & Ito 2008, without black; the yellow is left out because it vanishes on white.
OKABE_ITO = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9", "#5A5A5A")
MARKERS = ("o", "^", "s", "D", "v", "P", "X", "<", ">")
UP, DOWN, NONE = "#D55E00", "#0072B2", "#9C9C9C"
CALL_COLOURS = {"up": UP, "down": DOWN, "none": NONE, "changed": "#CC79A7"}
CALL_MARKERS = {"up": "^", "down": "v", "none": "o", "changed": "D"}
DOWN_TO_UP = LinearSegmentedColormap.from_list("down_to_up", [DOWN, "#FFFFFF", UP])
INK, MUTED, GUIDE = "#1A1A1A", "#4D4D4D", "#6E6E6E"

WIDTH = 8.6  # inches: 826 px in a browser, so that 10 pt text is read at its own size in a 900 px column
TITLE_SIZE, TEXT_SIZE, SMALL_SIZE = 13.0, 10.5, 9.5
CHARACTER_WIDTH = 0.56  # mean width of a character of DejaVu Sans, in units of its size

SUPERSCRIPTS = str.maketrans("-−0123456789", "⁻⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

RC: dict[str, object] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial", "sans-serif"],
    "font.size": TEXT_SIZE,
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "axes.labelsize": 11,
    "axes.labelcolor": INK,
    "axes.edgecolor": MUTED,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": True,
    "xtick.labelsize": SMALL_SIZE,
    "ytick.labelsize": SMALL_SIZE,
    "text.color": INK,
    "text.parse_math": False,  # a gene or level named `$x^{2}$` is that name
    "legend.fontsize": TEXT_SIZE,
    "legend.frameon": False,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "svg.fonttype": "none",
    "svg.hashsalt": "lateralis",
    "pdf.fonttype": 42,
}


def themed(draw: Callable[Parameters, Drawn]) -> Callable[Parameters, Drawn]:
    """Run a drawing or saving function under this theme and leave matplotlib's settings as they were."""

    @wraps(draw)
    def wrapper(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Drawn:
        with matplotlib.rc_context():
            matplotlib.rcdefaults()
            matplotlib.rcParams.update(RC)  # type: ignore[arg-type]
            return draw(*args, **kwargs)

    return wrapper


def new_figure(width: float = WIDTH, height: float = 6.0) -> Figure:
    """An empty figure, inches; not known to pyplot, so nothing keeps it alive."""
    figure = Figure(figsize=(width, height), dpi=100)
    FigureCanvasAgg(figure)
    return figure


def add_axes(figure: Figure, left: float, bottom: float, width: float, height: float) -> Axes:
    """Axes at a place given in inches from the lower left corner."""
    total_width, total_height = figure.get_size_inches()
    return figure.add_axes((left / total_width, bottom / total_height, width / total_width, height / total_height))


class PlainPowers(LogFormatterSciNotation):
    """Powers of ten as text, `10³` or `2×10³`, since nothing here is read as mathematics."""

    def __call__(self, x: float, pos: int | None = None) -> str:
        """The label of a tick at `x`."""
        text = super().__call__(x, pos).removeprefix("$\\mathdefault{").removesuffix("}$").replace("\\times", "×")
        return re.sub(r"\^\{(.*?)\}", lambda power: power[1].translate(SUPERSCRIPTS), text)


def log_scale(axes: Axes, which: Literal["x", "y"]) -> None:
    """Make an axis logarithmic, with labels of plain text."""
    axes.set(**{f"{which}scale": "log"})
    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_major_formatter(PlainPowers())
    axis.set_minor_formatter(PlainPowers(labelOnlyBase=False))


def wrapped(text: str, width: float, size: float) -> list[str]:
    """Break a text into lines of at most `width` inches at `size` points."""
    return textwrap.wrap(text, max(20, int(width * 72 / (size * CHARACTER_WIDTH)))) or [""]


def row_major(entries: Sequence[Entry], columns: int) -> list[Entry]:
    """Entries of a legend in the order that makes matplotlib, which fills columns first, show them row by row."""
    return [entry for column in range(columns) for entry in entries[column::columns]]


def add_header(figure: Figure, title: str, lines: Sequence[str] = ()) -> None:
    """Put a title and lines of text above all that is drawn: the figure grows, the axes keep their size.

    Parameters
    ----------
    figure : Figure
        Finished but for its header.
    title : str
        One line, bold; wrapped when it is long.
    lines : sequence of str
        What the reader needs to know to read the figure, one sentence a line.
    """
    width, body = figure.get_size_inches()
    margin, gap = 0.15, 1.35
    rows = [(line, TITLE_SIZE, "bold", INK) for line in wrapped(title, width - 2 * margin, TITLE_SIZE * 1.08)]
    rows += [
        (part, TEXT_SIZE, "normal", MUTED) for line in lines for part in wrapped(line, width - 2 * margin, TEXT_SIZE)
    ]
    height = body + margin + sum(size * gap for _, size, _, _ in rows) / 72 + 0.05
    figure.set_size_inches(width, height)
    for axes in figure.axes:
        x, y, w, h = axes.get_position(original=True).bounds
        axes.set_position((x, y * body / height, w, h * body / height))
    top = height - margin
    for text, size, weight, colour in rows:
        figure.text(margin / width, top / height, text, size=size, weight=weight, color=colour, va="top")
        top -= size * gap / 72


@themed
def message_figure(title: str, message: str) -> Figure:
    """A figure that says in a sentence why there is nothing to draw."""
    figure = new_figure(height=1.4)
    axes = add_axes(figure, 0.15, 0.15, WIDTH - 0.3, 1.1)
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set(visible=True, color="#C8C8C8")
    lines = wrapped(message, WIDTH - 1.0, TEXT_SIZE)
    axes.text(0.5, 0.5, "\n".join(lines), ha="center", va="center", color=MUTED)
    add_header(figure, title)
    return figure


def legend_above(axes: Axes, handles: Sequence[Artist], columns: int, left: float = -0.06) -> None:
    """A key in rows above the axes, where it covers no point; `left` in axes widths."""
    axes.legend(
        handles=list(handles),
        loc="lower left",
        bbox_to_anchor=(left, 1.0),
        ncols=columns,
        borderaxespad=0.1,
        fontsize=SMALL_SIZE,
        handletextpad=0.2,
        columnspacing=1.2,
        borderpad=0.2,
        labelcolor=INK,
    )
