"""Figures to files: SVG, PNG and PDF of one figure, whole or absent, the same bytes for the same figure."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure

from lateralis.figures.pdf_fonts import without_layout_tables
from lateralis.figures.theme import themed
from lateralis.io import write_bytes

DOTS_PER_INCH = {"svg": 150, "png": 200, "pdf": 200}  # in SVG and PDF, of the rasterised points
FORMATS = tuple(DOTS_PER_INCH)


@themed
def figure_bytes(figure: Figure, file_format: str, alt: str) -> bytes:
    """One figure as the bytes of a file.

    Parameters
    ----------
    figure : Figure
    file_format : {"svg", "png", "pdf"}
    alt : str
        Text alternative; stands in the file as SVG title, PNG description or PDF subject.

    Notes
    -----
    No format carries a clock: SVG and PDF are told to leave the date out, PNG has none. Element ids of the SVG come
    from a fixed salt.
    """
    metadata: dict[str, dict[str, str | None]] = {
        "svg": {"Title": alt, "Date": None},
        "png": {"Description": alt},
        "pdf": {"Subject": alt, "CreationDate": None, "ModDate": None},
    }
    buffer = io.BytesIO()
    with without_layout_tables():
        figure.savefig(buffer, format=file_format, dpi=DOTS_PER_INCH[file_format], metadata=metadata[file_format])
    return buffer.getvalue()


def save_figure(figure: Figure, stem: str | Path, alt: str, formats: Sequence[str] = FORMATS) -> list[Path]:
    """Write `stem`.svg, .png (200 dots per inch) and .pdf.

    Parameters
    ----------
    figure : Figure
    stem : path without suffix
    alt : str
        Text alternative, kept inside each file; `svg_text.read_svg` gives it back.
    formats : those to write

    Returns
    -------
    The paths, one a format.
    """
    paths = [Path(f"{stem}.{file_format}") for file_format in formats]
    for path, file_format in zip(paths, formats, strict=True):
        write_bytes(path, figure_bytes(figure, file_format, alt))
    return paths
