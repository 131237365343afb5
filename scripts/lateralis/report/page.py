"""The cohort page: one file that opens offline, shows the answer first, and needs neither network nor script."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from lateralis.report.methods import methods_text, references
from lateralis.report.samples import CANNOT_TELL, flag_sentence, kept_sentence

HERE = Path(__file__).parent
PAGE_TEMPLATE, STYLE_SHEET = "report.html.jinja", "report.css"
MEDIA_TYPES = {b"<?xml": "image/svg+xml", b"\x89PNG\r": "image/png"}
NA_REASONS = {
    "all_zero": "no count in any sample",
    "low_count_filter": "too few counts (filter of the model)",
    "cooks_outlier": "an outlier count",
    "independent_filtering": "p-value but no adjusted one (independent filtering)",
    "no_convergence": "the fit did not converge",
}


@dataclass(frozen=True)
class ReportFigure:
    """A figure of the page.

    Attributes
    ----------
    content : bytes
        SVG (`figures.save.read_svg`) or PNG.
    alt : str
        Text alternative.
    """

    content: bytes
    alt: str


def render_page(payload: Mapping[str, Any], figures: Mapping[str, ReportFigure]) -> str:
    """The page as HTML text.

    Parameters
    ----------
    payload : mapping
        As `report.payload.build_payload` returns it.
    figures : mapping of name to ReportFigure
        `contrasts/{contrast}/volcano`, `…/heatmap`, `…/ma`, `…/p_histogram`; `models/{model}/dispersions`; and
        `samples/{anything}`, shown in the given order. An absent one leaves no gap.

    Returns
    -------
    str. Everything in `payload` and every `alt` is escaped.
    """
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(
        count=count, significant=significant, p_value=p_value, signed=signed, fold=fold, path=path, na_words=na_words
    )
    headline = payload["endpoint"]["headline"]
    style = (HERE / "templates" / STYLE_SHEET).read_text(encoding="utf-8")
    return environment.get_template(PAGE_TEMPLATE).render(
        page=payload,
        rules=[headline, *(rule for rule in payload["endpoint"]["criteria"] if rule != headline)],
        methods=methods_text(payload),
        references=references(payload),
        samples={
            "kept": kept_sentence(payload["samples"]),
            "flagged": flag_sentence(payload["samples"]),
            "cannot_tell": CANNOT_TELL,
        },
        figures={name: {"uri": data_uri(figure.content), "alt": figure.alt} for name, figure in figures.items()},
        sample_figures=[name for name in figures if name.startswith("samples/")],
        style=Markup(style),  # noqa: S704 - a file of ours, no data in it
    )


def data_uri(content: bytes) -> str:
    """A figure as a data URI; SVG or PNG, told apart by their first bytes."""
    for start, media_type in MEDIA_TYPES.items():
        if content.startswith(start):
            return f"data:{media_type};base64,{base64.b64encode(content).decode('ascii')}"
    raise ValueError("a figure of the page is neither SVG nor PNG")


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


def path(relative: str) -> str:
    """A relative path as a link; never another scheme or host."""
    return "./" + quote(relative.lstrip("/"), safe="/")


def na_words(reason: str) -> str:
    """A `na_reason` in words."""
    return NA_REASONS.get(reason, reason)
