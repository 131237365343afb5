import io
import re
import zlib

import matplotlib
import pytest
from fontTools import subset
from fontTools.ttLib import TTFont

from lateralis.figures.p_histogram import draw_p_histogram
from lateralis.figures.pdf_fonts import LAYOUT_TABLES
from lateralis.figures.save import FORMATS, figure_bytes, save_figure
from lateralis.figures.svg_text import read_svg
from lateralis.figures.theme import add_axes, add_header, message_figure, new_figure, row_major
from lateralis.figures.volcano import draw_volcano

SETTINGS = {"title": "x", "fold_change": 1.5, "alpha": 0.05, "rule": "fdr"}


@pytest.mark.parametrize("file_format", FORMATS)
def test_the_same_results_give_the_same_bytes(results, file_format, monkeypatch):
    first = figure_bytes(draw_volcano(results, **SETTINGS), file_format, "alt")
    monkeypatch.setattr("time.time", lambda: 4e9)
    second = figure_bytes(draw_volcano(results, **SETTINGS), file_format, "alt")
    assert first == second


def test_three_files_and_the_alt_text_come_back(results, tmp_path):
    alt = 'Volcano plot: 3 up & 2 down, "p < 0.05"'
    paths = save_figure(draw_p_histogram(results, title="x"), tmp_path / "deep" / "p_histogram", alt)
    assert [path.name for path in paths] == ["p_histogram.svg", "p_histogram.png", "p_histogram.pdf"]
    assert all(path.stat().st_size > 3000 for path in paths)
    svg, read = read_svg(paths[0])
    assert read == alt
    assert b"<script" not in svg
    assert sorted(path.name for path in (tmp_path / "deep").iterdir()) == sorted(path.name for path in paths)


def test_vector_files_keep_text_as_text_and_carry_no_clock(results):
    figure = draw_p_histogram(results, title="als & carrier")
    svg = figure_bytes(figure, "svg", "alt").decode()
    assert "als &amp; carrier</text>" in svg
    assert "<dc:date>" not in svg
    pdf = figure_bytes(figure, "pdf", "alt")
    assert b"/CreationDate" not in pdf
    assert b"/FontFile2" in pdf  # TrueType, so text can be selected and edited


def test_a_pdf_holds_the_glyphs_of_its_text_and_no_layout_tables(results):
    load = subset.load_font
    pdf = figure_bytes(draw_p_histogram(results, title="Zwölf α ≥ µ"), "pdf", "alt")
    assert subset.load_font is load
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL)
    fonts = [zlib.decompress(stream) for stream in streams if stream.startswith(b"x")]
    fonts = [TTFont(io.BytesIO(content)) for content in fonts if content.startswith(b"\0\1\0\0")]
    assert fonts
    assert not any(table in font for font in fonts for table in LAYOUT_TABLES)
    outlines = [name for font in fonts for name in font.getGlyphOrder() if font["glyf"][name].numberOfContours]
    assert {"Z", "odieresis", "alpha", "greaterequal"} <= set(outlines)


def test_matplotlib_settings_stay_as_they_were(results):
    before = dict(matplotlib.rcParams)
    draw_p_histogram(results, title="x")
    assert dict(matplotlib.rcParams) == before


def test_a_header_leaves_the_axes_their_size():
    figure = new_figure(8, 4)
    axes = add_axes(figure, 1, 0.5, 6, 3)
    add_header(figure, "A title " * 30, ["a line"])
    assert figure.get_size_inches()[1] > 4.5
    box = axes.get_position()
    assert box.width * 8 == pytest.approx(6)
    assert box.height * figure.get_size_inches()[1] == pytest.approx(3)
    assert box.y0 * figure.get_size_inches()[1] == pytest.approx(0.5)


def test_hostile_text_is_drawn_as_it_stands():
    svg = figure_bytes(message_figure("$\\frac{1}{2}$ <script>", "$x^2$"), "svg", "<script>").decode()
    assert "$\\frac{1}{2}$ &lt;script&gt;" in svg
    assert "<script" not in svg


def test_legends_read_row_by_row():
    # matplotlib fills columns first: with 7 entries in 3 columns, the first column takes 3, the others 2.
    assert row_major(list("abcdefg"), 3) == ["a", "d", "g", "b", "e", "c", "f"]
