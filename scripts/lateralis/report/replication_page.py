"""The page of a question that several cohorts asked: one file that opens offline, with tables and figures and no script."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from markupsafe import Markup

from lateralis.report.page import STYLE_SHEET, ReportFigure, environment, size_of, source_hash
from lateralis.report.payload import records

HERE = Path(__file__).parent
TEMPLATE = "replication.html.jinja"
MOST_GENES = 25


@dataclass(frozen=True)
class Question:
    """What the page shows.

    Attributes
    ----------
    name : of the question
    cohorts : `replication_summary.cohorts_table`
    meta, rates, concordance : tables of the question, empty where fewer than two cohorts take part
    best : rows of `meta` to list
    sentences, warnings : in plain words
    reason : why there is nothing to compare; empty where there is
    forests, scatters : figures by title
    files : names of the files beside the page
    """

    name: str
    cohorts: pd.DataFrame
    meta: pd.DataFrame
    rates: pd.DataFrame
    concordance: pd.DataFrame
    best: Sequence[int]
    sentences: Sequence[str]
    warnings: Sequence[str]
    reason: str
    forests: Mapping[str, ReportFigure]
    scatters: Mapping[str, ReportFigure]
    files: Sequence[str]


def replication_page(question: Question) -> str:
    """The page as HTML text; everything in it is escaped, figures are images, and its policy allows our style sheet alone."""
    templates = environment()
    templates.filters.update(to_cohort=to_cohort)
    style = "\n" + (HERE / "assets" / STYLE_SHEET).read_text(encoding="utf-8")
    taking_part = question.cohorts.loc[question.cohorts["takes_part"].astype(bool), "cohort"].tolist()
    return templates.get_template(TEMPLATE).render(
        question=question,
        cohorts=records(question.cohorts),
        taking_part=taking_part,
        rates=records(question.rates),
        concordance=records(question.concordance),
        genes=records(question.meta.loc[list(question.best)].head(MOST_GENES)),
        n_alike=int((question.meta["same_sign"].fillna(False) & (question.meta["cohorts"] == len(taking_part))).sum()),
        forests=_images(question.forests),
        scatters=_images(question.scatters),
        style=Markup(style),  # noqa: S704 - ours, no data in it
        style_hash=source_hash(style),
    )


def _images(figures: Mapping[str, ReportFigure]) -> list[dict[str, Any]]:
    """Figures as images that hold their own bytes."""
    found = []
    for title, figure in figures.items():
        width, height = size_of(figure.content)
        content = base64.b64encode(figure.content).decode("ascii")
        source = f"data:image/svg+xml;base64,{content}"
        found.append({"title": title, "source": source, "alt": figure.alt, "width": width, "height": height})
    return found


def to_cohort(cohort: str) -> str:
    """Where a cohort's own page is, from `results/_replication/{question}/`."""
    return f"../../{cohort}/report.html"
