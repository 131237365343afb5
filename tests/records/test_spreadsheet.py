"""Workbooks hold no formula, carry no clock, and are whole or absent."""

import openpyxl
import pytest

from lateralis.records.spreadsheet import new_workbook


def fill(path, **options):
    with new_workbook(path, title="A title", **options) as book:
        book.add_worksheet("one").write(0, 0, "=1+1")


@pytest.mark.parametrize("by_row", [True, False])
def test_text_stays_text_and_bytes_are_the_same(tmp_path, monkeypatch, by_row):
    fill(tmp_path / "a.xlsx", by_row=by_row)
    monkeypatch.setattr("time.time", lambda: 4e9)
    fill(tmp_path / "b.xlsx", by_row=by_row)
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()
    cell = openpyxl.load_workbook(tmp_path / "a.xlsx")["one"]["A1"]
    assert (cell.data_type, cell.value) == ("s", "=1+1")


def test_an_error_leaves_nothing(tmp_path):
    with pytest.raises(ValueError, match="stop"), new_workbook(tmp_path / "a.xlsx"):
        raise ValueError("stop")
    assert list(tmp_path.iterdir()) == []
