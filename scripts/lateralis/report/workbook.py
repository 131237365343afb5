"""The workbook: one sheet a contrast, a sheet that explains them, one of the samples; text stays text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lateralis.config import Cohort
from lateralis.figures.calls import criterion
from lateralis.model.endpoint import RULES, count_calls
from lateralis.records.spreadsheet import new_workbook
from lateralis.report.findings import Findings

LONGEST_NAME, MOST_ROWS = 31, 1_048_575  # what Excel takes: characters of a sheet's name, rows below a header
FORBIDDEN = re.compile(r"[\[\]:*?/\\']")
COLUMNS = {
    "gene_id": "identifier, as in the counts",
    "gene_name": "symbol, or the identifier",
    "baseMean": "mean of the normalised counts",
    "log2FoldChange": "log2 fold change, not shrunken: the one that rules read",
    "lfcSE": "its standard error",
    "stat": "Wald or likelihood-ratio statistic",
    "pvalue": "p-value",
    "padj": "adjusted by Benjamini and Hochberg after independent filtering",
    "log2FoldChange_shrunken": "log2 fold change shrunken by apeGLM: for ranking",
    "padj_threshold": "adjusted p-value of the test that the fold change exceeds the threshold",
    "call_nominal": "call by p alone, not corrected for multiple testing",
    "call_fdr": "call by padj",
    "call_strict": "call by padj_threshold",
    "na_reason": "why a p-value or padj is empty",
}
WIDTHS = {"gene_id": 18, "gene_name": 14, "na_reason": 22, "log2FoldChange_shrunken": 14}


def write_workbook(path: str | Path, cohort: Cohort, findings: Findings, samples: pd.DataFrame | None) -> None:
    """Write results.xlsx.

    Parameters
    ----------
    path : of the workbook
    cohort : the cohort
    findings : what it may hold
    samples : one row a sample; None for no such sheet

    Notes
    -----
    Text is written as text cells, so that no symbol becomes a date and no cell a formula. The file carries no clock.
    """
    names = sheet_names([contrast["name"] for contrast in findings.contrasts])
    with new_workbook(path, by_row=True, title=cohort.title) as book:
        bold = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        _readme(book, cohort, findings, names, bold)
        for contrast, name in zip(findings.contrasts, names, strict=True):
            results = contrast["results"]
            columns = [column for column in COLUMNS if column in results and not results[column].isna().all()]
            shown = results[columns or ["gene_id"]]
            if "pvalue" in shown:
                shown = shown.sort_values(["pvalue", "gene_id"], kind="stable", na_position="last")
            _sheet(book, name, shown, bold)
        if samples is not None:
            _sheet(book, sheet_names([*names, "samples"])[-1], samples, bold)


def sheet_names(names: Sequence[str]) -> list[str]:
    """Names that Excel takes: 31 characters, no punctuation that means something to it, no two the same in any case."""
    found: list[str] = []
    taken = {"readme", "history"}
    for name in names:
        plain = FORBIDDEN.sub("_", name)[:LONGEST_NAME] or "_"
        made, number = plain, 2
        while made.lower() in taken:
            ending = f"_{number}"
            made, number = plain[: LONGEST_NAME - len(ending)] + ending, number + 1
        taken.add(made.lower())
        found.append(made)
    return found


def _readme(book: Any, cohort: Cohort, findings: Findings, names: Sequence[str], bold: Any) -> None:
    sheet = book.add_worksheet("README")
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, 1, 60)
    sheet.set_column(2, 11, 12)
    endpoint = cohort.endpoint
    rows: list[Sequence[Any]] = [[cohort.title], [f"Cohort {cohort.cohort}. {findings.contents}"]]
    if cohort.input.simulate is not None:
        rows.append(["Simulated data: these numbers say nothing about patients."])
    rows += [[text] for text in findings.warnings]
    rows += [[], ["Rules"], *([rule, criterion(rule, endpoint.fold_change, endpoint.alpha)] for rule in RULES)]
    rows.append(["headline", endpoint.headline])
    counted = [f"{rule}: {what}" for rule in RULES for what in ("up", "down", "changed")]
    rows += [[], ["Sheet", "Comparison", *counted]]
    for contrast, name in zip(findings.contrasts, names, strict=True):
        numbers: list[Any] = [f"not tested: {contrast['reason']}"]
        if contrast["status"] == "tested":
            counts = count_calls(contrast["results"]).set_index("rule")
            numbers = [counts.loc[rule, what] for rule in RULES for what in ("up", "down", "changed")]
        rows.append([name, contrast["label"], *numbers])
    rows += [[], ["Column", "Meaning"], *COLUMNS.items(), [], ["Software", "Version"], *findings.versions.items()]
    headings = {"Rules", "Sheet", "Column", "Software", cohort.title}
    for at, row in enumerate(rows):
        for column, value in enumerate(row):
            _write(sheet, at, column, value, bold if row[0] in headings else None)


def _sheet(book: Any, name: str, table: pd.DataFrame, bold: Any) -> None:
    sheet = book.add_worksheet(name)
    sheet.freeze_panes(1, 1)
    table = table.head(MOST_ROWS)
    for at, column in enumerate(table.columns):
        sheet.set_column(at, at, WIDTHS.get(str(column), 12))
        sheet.write_string(0, at, str(column), bold)
    sheet.autofilter(0, 0, max(len(table), 1), table.shape[1] - 1)
    for row, values in enumerate(table.itertuples(index=False, name=None), start=1):
        for at, value in enumerate(values):
            if type(value) is float:
                if value == value:
                    sheet.write_number(row, at, value)
            elif type(value) is str:
                if value:
                    sheet.write_string(row, at, value)
            else:
                _write(sheet, row, at, value)


def _write(sheet: Any, row: int, column: int, value: Any, style: Any = None) -> None:
    """A number as a number, anything else as text; nothing where it is missing."""
    if isinstance(value, bool | np.bool_):
        sheet.write_string(row, column, "yes" if value else "no", style)
    elif isinstance(value, int | float | np.integer | np.floating):
        if np.isfinite(value):
            sheet.write_number(row, column, value, style)
    elif value is not None and value is not pd.NA and str(value) != "":
        sheet.write_string(row, column, str(value), style)
