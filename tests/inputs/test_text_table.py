"""Small tables that users name: whole, as text, with their lines; refused where they are none."""

import gzip

import pytest

from lateralis.errors import InputError
from lateralis.inputs import text_table
from lateralis.inputs.text_table import read_text_table

WANTED = "Name a table"


def table(tmp_path, content, name="table.tsv"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(
    "content",
    [
        "a\tb\n\n007\t x,y\nNA\t\n",
        'a,b\n\n007," x,y"\nNA,\n',
        'a;b\n\n007;" x,y"\nNA;\n',
        "\ufeffa\tb\r\n\r\n007\t x,y\r\nNA\t\r\n",
    ],
)
def test_cells_are_text_as_they_stand_with_their_lines(tmp_path, content):
    for packed in (content.encode(), gzip.compress(content.encode(), mtime=0)):
        found = read_text_table(table(tmp_path, packed), WANTED, ["b"])
        assert found.columns.tolist() == ["a", "b"]
        assert found.index.tolist() == [3, 4]
        assert found.to_numpy().tolist() == [["007", " x,y"], ["NA", ""]]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", r"table\.tsv: is empty\. Name a table"),
        ("\n \n", r"table\.tsv: is empty\. Name a table"),
        ("a\tb\n", r"table\.tsv: has a header and no rows\. Give one row a protein"),
        ("a\ta\n1\t2\n", r"table\.tsv, header: names column 'a' twice"),
        ("a\tc\n1\t2\n", r"table\.tsv, header: has no column 'b'; it has 'a', 'c'\. Name a table"),
        ("a\tb\n1\t2\n3\n", r"table\.tsv, row 3: has 1 fields\. The header has 2"),
        (b"PK\x03\x04", r"table\.tsv: is an Excel workbook or zip archive"),
    ],
)
def test_what_is_no_such_table_is_named(tmp_path, content, message):
    with pytest.raises(InputError, match=message):
        read_text_table(table(tmp_path, content), WANTED, ["b"], row_of="protein")


def test_size_is_limited(tmp_path, monkeypatch):
    path = table(tmp_path, "a\tb\n1\t2\n")
    monkeypatch.setattr(text_table, "LARGEST", 8)
    assert len(read_text_table(path, WANTED)) == 1
    monkeypatch.setattr(text_table, "LARGEST", 7)
    with pytest.raises(InputError, match="has more than 7 characters"):
        read_text_table(path, WANTED)
