"""The cohort page: one file that opens offline, shows the answer first, and lets the reader follow any gene."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import bokeh
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from lateralis.report.arrays import pack_bytes
from lateralis.report.explorer import Explorer
from lateralis.report.methods import methods_text, references
from lateralis.report.samples import CANNOT_TELL, flag_sentence, kept_sentence

HERE = Path(__file__).parent
PAGE_TEMPLATE, STYLE_SHEET = "report.html.jinja", "report.css"
SCRIPTS = ("data.js", "figures.js", "calls.js", "table.js", "plots.js", "overview.js", "samples.js", "explorer.js")
CHART_LIBRARY = ("bokeh.min.js", "bokeh-api.min.js")
VIEW_BOX = re.compile(rb'viewBox="0 0 ([0-9.]+) ([0-9.]+)"')
NA_REASONS = {
    "all_zero": "no count in any sample",
    "low_count_filter": "too few counts (filter of the model)",
    "cooks_outlier": "an outlier count",
    "independent_filtering": "p-value but no adjusted one (independent filtering)",
    "no_convergence": "the fit did not converge",
}


@dataclass(frozen=True)
class ReportFigure:
    """A static figure of the page.

    Attributes
    ----------
    content : bytes
        SVG, as `figures.svg_text.read_svg` gives it.
    alt : str
        Text alternative.
    """

    content: bytes
    alt: str


def render_page(payload: Mapping[str, Any], figures: Mapping[str, ReportFigure], explorer: Explorer) -> str:
    """The page as HTML text.

    Parameters
    ----------
    payload : mapping
        As `report.payload.build_payload` returns it.
    figures : mapping of name to ReportFigure
        `contrasts/{contrast}/heatmap`, `…/p_histogram`; `models/{model}/dispersions`; `signature`; and `samples/{anything}`,
        shown in the given order. An absent one leaves no gap.
    explorer : Explorer
        The data of the linked views; without contrasts there are none.

    Returns
    -------
    str. Everything in `payload`, every `alt` and every name in `explorer` is escaped or encoded. Scripts are ours and the
    chart library's alone: the page's policy names them by their hashes.
    """
    headline = payload["endpoint"]["headline"]
    library, script = _chart_library(), _page_script()
    blocks = {"library": pack_bytes(library.encode())} if explorer.head["contrasts"] else {}
    blocks |= explorer.blocks if explorer.head["contrasts"] else {}
    shown = {}
    for number, (name, figure) in enumerate(figures.items()):
        blocks[f"figure{number}"] = pack_bytes(figure.content)
        width, height = size_of(figure.content)
        shown[name] = {"block": f"figure{number}", "alt": figure.alt, "width": width, "height": height}
    return (
        environment()
        .get_template(PAGE_TEMPLATE)
        .render(
            page=payload,
            rules=[headline, *(rule for rule in payload["endpoint"]["criteria"] if rule != headline)],
            methods=methods_text(payload),
            references=references(payload),
            samples={
                "kept": kept_sentence(payload["samples"]),
                "flagged": flag_sentence(payload["samples"]),
                "cannot_tell": CANNOT_TELL,
            },
            figures=shown,
            sample_figures=[name for name in figures if name.startswith("samples/")],
            explorer=explorer,
            blocks=blocks,
            head=in_script(explorer.head),
            hashes=[source_hash(script), source_hash(library)],
            style=Markup((HERE / "assets" / STYLE_SHEET).read_text(encoding="utf-8")),  # noqa: S704 - ours, no data in it
            script=Markup(script),  # noqa: S704 - ours, no data in it
        )
    )


def environment() -> Environment:
    """What templates of pages are rendered with: everything is escaped, a name that is not there is an error."""
    found = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    words = (count, significant, p_value, signed, fold, percent, path, na_words)
    found.filters.update({each.__name__: each for each in words})
    return found


def in_script(content: Any) -> Markup:
    """JSON that may stand inside a script element: no `<`, hence neither `</script>` nor `<!--`."""
    text = json.dumps(content, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704 - made safe above


def source_hash(script: str) -> str:
    """How a Content-Security-Policy names an inline script."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode('ascii')}'"


def _page_script() -> str:
    """Our scripts as one function, so that they share names with each other and with nothing else."""
    parts = [(HERE / "assets" / name).read_text(encoding="utf-8") for name in SCRIPTS]
    return "(async () => {\n" + "\n".join(parts) + "\n})();\n"


def _chart_library() -> str:
    """BokehJS and its JavaScript API, out of the Python package."""
    folder = Path(bokeh.__file__).parent / "server/static/js"
    return "\n".join((folder / name).read_text(encoding="utf-8") for name in CHART_LIBRARY)


def size_of(svg: bytes) -> tuple[int, int]:
    """Width and height of an SVG in pixels of a browser (4/3 of its points); ValueError without a viewBox."""
    found = VIEW_BOX.search(svg)
    if found is None:
        raise ValueError("a figure of the page is no SVG with a viewBox")
    return round(float(found[1]) * 4 / 3), round(float(found[2]) * 4 / 3)


def count(number: int | None) -> str:
    """An integer with thousands separators; a dash where there is none."""
    return "–" if number is None else f"{number:,}"


def significant(number: float | None, digits: int = 3) -> str:
    """A number to some significant digits, without an exponent where it can be read without."""
    if number is None:
        return "–"
    return f"{number:,.0f}" if abs(number) >= 1000 else f"{number:#.{digits}g}".rstrip(".")


def p_value(number: float | None) -> str:
    """A p-value to two significant digits; one below what a float64 holds well as a bound."""
    if number is None:
        return "–"
    if number < 1e-300:
        return "< 1e-300"
    return f"{number:.1e}" if number < 1e-3 else f"{number:.2g}"


def signed(number: float | None) -> str:
    """A number with its sign, two decimals."""
    return "–" if number is None else f"{number:+.2f}".replace("-", "−")


def fold(log2_fold_change: float | None) -> str:
    """A fold change as people say it: `× 2.3` up, `÷ 2.3` down."""
    if log2_fold_change is None:
        return "–"
    return f"{'×' if log2_fold_change >= 0 else '÷'} {significant(2 ** abs(log2_fold_change))}"


def percent(share: float | None) -> str:
    """A share as a whole percentage."""
    return "–" if share is None else f"{share:.0%}".replace("%", " %")


def path(relative: str) -> str:
    """A relative path as a link; never another scheme or host."""
    return "./" + quote(relative.lstrip("/"), safe="/")


def na_words(reason: str) -> str:
    """A `na_reason` in words."""
    return NA_REASONS.get(reason, reason)
