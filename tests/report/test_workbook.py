"""The workbook: what stands in the tables stands in it, text stays text, and its bytes carry no clock."""

import numpy as np
import openpyxl
import pandas as pd
import pytest
from made_findings import made_cohort, made_findings

from lateralis.model.endpoint import count_calls
from lateralis.report.workbook import sheet_names, write_workbook

HOSTILE = ["MARCH1", "SEPT2", "=1+1", "@SUM(A1)", "+1", "-1", "=cmd|'/c calc'!A1", "1E5", "https://a.b", "0012"]


@pytest.fixture(scope="module")
def cohort():
    return made_cohort()


@pytest.fixture(scope="module")
def findings(cohort):
    found = made_findings(cohort)
    results = found.contrasts[0]["results"]
    results["gene_name"] = [*HOSTILE, *results["gene_name"][len(HOSTILE) :]]
    return found


@pytest.fixture(scope="module")
def book(tmp_path_factory, cohort, findings):
    path = tmp_path_factory.mktemp("book") / "results.xlsx"
    write_workbook(path, cohort, findings, findings.ledger)
    return openpyxl.load_workbook(path)


def frame(sheet):
    head, *rows = sheet.iter_rows(values_only=True)
    return pd.DataFrame(rows, columns=head)


def test_there_is_a_sheet_a_contrast_and_two_that_explain(book):
    assert book.sheetnames == ["README", "als_vs_carrier", "als_vs_motor", "samples"]


def test_numbers_are_those_of_the_results(book, findings):
    sheet = frame(book["als_vs_carrier"]).set_index("gene_id")
    results = findings.contrasts[0]["results"].set_index("gene_id").loc[sheet.index]
    for column in ("baseMean", "log2FoldChange", "lfcSE", "stat", "pvalue", "padj", "padj_threshold"):
        np.testing.assert_allclose(sheet[column].astype(float), results[column], rtol=1e-14, err_msg=column)
    assert (sheet["call_fdr"] == results["call_fdr"]).all()
    assert sheet["pvalue"].dropna().astype(float).is_monotonic_increasing


def test_symbols_stay_text_and_nothing_is_a_formula(book):
    found = set()
    for row in book["als_vs_carrier"].iter_rows(min_row=2, min_col=2, max_col=2):
        assert row[0].data_type == "s"
        found.add(row[0].value)
    assert found >= set(HOSTILE)
    assert not any(cell.data_type == "f" or cell.hyperlink for sheet in book for row in sheet for cell in row)


def test_headers_are_frozen_and_filtered(book):
    for name in book.sheetnames[1:]:
        assert book[name].freeze_panes == "B2"
        assert book[name].auto_filter.ref.startswith("A1:")


def test_the_readme_counts_what_was_called(book, findings):
    rows = {row[0]: row for row in book["README"].iter_rows(values_only=True) if row[0]}
    counts = count_calls(findings.contrasts[0]["results"]).set_index("rule")
    expected = [counts.loc[rule, what] for rule in ("nominal", "fdr", "strict") for what in ("up", "down")]
    assert [rows["als_vs_carrier"][at] for at in (2, 3, 5, 6, 8, 9)] == expected
    assert rows["headline"][1] == "fdr"
    assert rows["lateralis"][1] == "0.1.0"


def test_every_sample_has_a_row(book, findings):
    assert frame(book["samples"])["sample"].tolist() == findings.ledger["sample"].tolist()


def test_the_same_findings_give_the_same_bytes(tmp_path, cohort, findings):
    contents = []
    for name in ("a.xlsx", "b.xlsx"):
        write_workbook(tmp_path / name, cohort, findings, None)
        contents.append((tmp_path / name).read_bytes())
    assert contents[0] == contents[1]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.xlsx", "b.xlsx"]


def test_names_of_sheets_are_what_excel_takes():
    names = sheet_names(["a" * 40, "a" * 41, "A" * 31, "x/y:z", "README", "samples", "samples"])
    assert len({name.lower() for name in names}) == len(names)
    assert all(len(name) <= 31 and not set(name) & set("[]:*?/\\'") for name in names)
    assert names[3:] == ["x_y_z", "README_2", "samples", "samples_2"]
