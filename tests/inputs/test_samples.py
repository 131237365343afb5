"""The sample sheet: every cell typed as declared or refused with its row; replicates that contradict each other refused."""

import numpy as np
import pandas as pd
import pytest

from lateralis.config import Samples
from lateralis.errors import InputError
from lateralis.inputs.samples import biological_samples, check_exclusions, read_samples, replicate_units

VARIABLES = {
    "group": {"type": "categorical", "levels": ["control", "als"]},
    "batch": {"type": "categorical"},
    "age": {"type": "numeric"},
}
SPEC = Samples(variables=VARIABLES, participant="person")
HEADER = "sample\tperson\tgroup\tbatch\tage\tnotes\n"
ROWS = "S1\tP1\tals\tb2\t61.5\tx\nS2\t\tcontrol\tb1\t\ty\nNA\tP1\tNA\tb10\t-3e1\t\n"


@pytest.fixture
def read(tmp_path):
    """Read a sheet given as text or bytes."""

    def read_text(content, spec=SPEC):
        path = tmp_path / "sheet.tsv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_samples(path, spec)

    return read_text


def test_every_column_has_its_declared_type(read):
    sheet = read(HEADER + ROWS)
    assert sheet.index.tolist() == ["S1", "S2", "NA"]
    assert sheet.index.name == "sample"
    assert sheet.columns.tolist() == ["person", "group", "batch", "age"]
    assert sheet["group"].cat.categories.tolist() == ["control", "als"]
    assert sheet["group"].astype(object).where(sheet["group"].notna(), None).tolist() == ["als", "control", None]
    assert sheet["batch"].cat.categories.tolist() == ["b1", "b10", "b2"]
    assert sheet["batch"].tolist() == ["b2", "b1", "b10"]
    assert sheet["age"].dtype == np.float64
    np.testing.assert_array_equal(sheet["age"], [61.5, np.nan, -30.0])
    assert sheet["person"].tolist() == ["P1", "", "P1"]


def in_bytes(delimiter=",", line_end="\n", encoding="utf-8"):
    return (HEADER + ROWS).replace("\t", delimiter).replace("\n", line_end).encode(encoding)


@pytest.mark.parametrize(
    "content",
    [
        in_bytes(","),
        in_bytes(";"),
        in_bytes("\t", line_end="\r\n"),
        in_bytes(",", line_end="\r\n", encoding="utf-8-sig"),
        in_bytes("\t", encoding="utf-8-sig"),
        b"\n" + in_bytes("\t").replace(b"\nS2", b"\n\n\t\t\t\t\t\nS2") + b"\n\n",
        in_bytes(",").replace(b"S1,", b'"S1",'),
        in_bytes("\t")[:-1],
    ],
    ids=["comma", "semicolon", "crlf", "comma-bom-crlf", "tab-bom", "blank lines", "quotes", "no last line end"],
)
def test_sheet_reads_the_same_in_every_dress(read, content):
    pd.testing.assert_frame_equal(read(content), read(HEADER + ROWS))


def test_a_delimiter_in_quotes_is_text(read):
    sheet = read('sample,person,group,batch,age\n"S,1",P1,als,"b;1",5\n')
    assert sheet.index.tolist() == ["S,1"]
    assert sheet["batch"].tolist() == ["b;1"]


@pytest.mark.parametrize("text", ["", "NA", "N/A", "NaN", "nan", "na", "n/a", "None", "null", "."])
def test_words_for_missing_are_missing_except_as_a_name(read, text):
    sheet = read(HEADER + f"x{text}\t{text}\t{text}\t{text}\t{text}\t{text}\ny\tP\tals\tb\t1\t\n")
    assert sheet.index.tolist() == [f"x{text}", "y"]
    assert sheet.loc[f"x{text}", "person"] == ""
    assert sheet.loc[f"x{text}", ["group", "batch", "age"]].isna().all()
    assert sheet["batch"].cat.categories.tolist() == ["b"]


@pytest.mark.parametrize("name", ["NA", "001", "1e3", "None", "S 1", "ü", "-"])
def test_names_are_kept_verbatim(read, name):
    assert read(HEADER + f"{name}\t\tals\tb1\t1\t\n").index.tolist() == [name]


@pytest.mark.parametrize(
    ("content", "where", "found", "right"),
    [
        ("", "sheet.tsv", "is empty", "with a header and one row a sample"),
        (" \n\n", "sheet.tsv", "is empty", "with a header and one row a sample"),
        (HEADER, "sheet.tsv", "has a header and no rows", "Give one row a sample"),
        ("sample\tgroup\nS1\tals\n", "sheet.tsv", "has no column 'person', 'batch', 'age'", "'sample', 'group'"),
        (HEADER.replace("notes", "age") + ROWS, "sheet.tsv, header", "names column 'age' twice", "its own name"),
        (HEADER + "S1\tP1\tals\n", "sheet.tsv, row 2", "has 3 fields", "The header has 6"),
        (HEADER + "\nS1\tP1\tals\tb1\t1\t\n\nS2\t\t\n", "sheet.tsv, row 5", "has 3 fields", "The header has 6"),
        (HEADER + "S1\tP1\tals\tb1\t1\tx\ty\n", "sheet.tsv, row 2", "has 7 fields", "The header has 6"),
        (HEADER + ROWS + "S1\t\tals\tb1\t1\t\n", "sheet.tsv, column 'sample'", "names 'S1' more than once", "once"),
        (HEADER + "\n \tP1\tals\tb1\t1\t\n", "sheet.tsv, row 3, column 'sample'", "is empty", "needs a name"),
        (HEADER + "S1\t\tALS\tb\t1\t\n", "sheet.tsv, column 'group', sample 'S1'", "found 'ALS'", "'control', 'als'"),
        (HEADER + "S1\t\tals \tb\t1\t\n", "sheet.tsv, column 'group', sample 'S1'", "found 'als '", "'control', 'als'"),
        (HEADER + "S1\t\tx\t\t\t\nS2\t\ty\t\t\t\n", "sample 'S1'", "found 'x' (and 1 more rows", "'control', 'als'"),
        (HEADER + ROWS + "S4\t\tals\tb\tabc\t\n", "sheet.tsv, column 'age', sample 'S4'", "found 'abc'", "numeric"),
        (HEADER.encode() + b"S\xff\t\tals\tb\t1\t\n", "sheet.tsv", "is not UTF-8 text", "in UTF-8"),
        ((HEADER + ROWS).encode("utf-16"), "sheet.tsv", "is UTF-16 text", "in UTF-8"),
        (b"PK\x03\x04" + bytes(99), "sheet.tsv", "is an Excel workbook", "tab- or comma-separated"),
        (HEADER + "=1+1\t\tals\tb1\t1\t\n", "row 2, column 'sample'", "'=1+1' reads as a formula", "begin it with"),
        (HEADER + "S1\t\tals\t@b\t1\t\n", "row 2, column 'batch'", "'@b' reads as a formula", "begin it with"),
        (HEADER + "S1\t=x\tals\tb\t1\t\n", "row 2, column 'person'", "'=x' reads as a formula", "begin it with"),
        (HEADER + '"S\n1"\t\tals\tb\t1\t\n', "row 3, column 'sample'", r"'S\n1' holds a line break", "Take it out"),
        (HEADER + "S\u202e1\t\tals\tb\t1\t\n", "row 2, column 'sample'", "the invisible character U+202E", "Take it"),
        (HEADER + f"{'S' * 501}\t\tals\tb\t1\t\n", "row 2, column 'sample'", "has 501 characters", "At most 500"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(read, content, where, found, right):
    with pytest.raises(InputError) as caught:
        read(content)
    assert caught.value.where.endswith(where)
    assert found in caught.value.found
    assert right in caught.value.right


@pytest.mark.parametrize(
    "text", ["1,5", "12 years", "0x10", "1_000", "inf", "1e101", "-1e300", "-Infinity", "1e400", "True", "١٢", "1-2"]
)
def test_only_finite_decimal_numbers_are_numbers(read, text):
    with pytest.raises(InputError, match="sample 'S1'") as caught:
        read(HEADER + f"S1\t\tals\tb1\t{text}\t\n")
    assert caught.value.found == f"found '{text}'"


def test_columns_that_are_not_read_may_hold_anything(read):
    sheet = read(HEADER + 'S1\tP1\tals\tb1\t1\t"=1+1\n\x07 two lines"\nS2\t\tals\tb1\t2\t\n')
    assert sheet.index.tolist() == ["S1", "S2"]


def test_separators_of_unicode_end_no_row(read):
    with pytest.raises(InputError, match=r"row 2, column 'batch': 'b\\u20281' holds the invisible character U\+2028"):
        read(HEADER + "S1\t\tals\tb\u20281\t1\t\n")


def test_a_sheet_of_any_size_or_width_ends_in_a_sentence(read):
    with pytest.raises(InputError, match="has more than 32,000,000 characters"):
        read(HEADER + ("x" * 999 + "\n") * 33_000)
    with pytest.raises(InputError, match=r"has 1 fields\. The header has 100001"):
        read("sample\t" + "\t".join(f"c{number}" for number in range(100_000)) + "\nS1\n")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"no\.tsv: there is no such file"):
        read_samples(tmp_path / "no.tsv", SPEC)


# --- technical replicates ---

REPLICATED = Samples(variables=VARIABLES, replicate_of="bio")
LANES = "sample\tbio\tgroup\tbatch\tage\nL1\tB2\tals\tb1\t60\nL2\t\tcontrol\tb1\t\nL3\tB2\tals\tb1\t60\nL4\tB1\tals\tb1\tNA\n"


def test_replicates_become_one_biological_sample_in_order_of_appearance(read):
    sheet = read(LANES, REPLICATED)
    assert replicate_units(sheet, REPLICATED).to_dict() == {"L1": "B2", "L2": "L2", "L3": "B2", "L4": "B1"}
    merged = biological_samples(sheet, REPLICATED, "sheet.tsv")
    assert merged.index.tolist() == ["B2", "L2", "B1"]
    assert merged.index.name == "sample"
    assert merged.columns.tolist() == ["group", "batch", "age"]
    assert merged["group"].tolist() == ["als", "control", "als"]
    np.testing.assert_array_equal(merged["age"], [60.0, np.nan, np.nan])


@pytest.mark.parametrize(
    ("old", "new", "column"),
    [
        ("L3\tB2\tals", "L3\tB2\tcontrol", "group"),
        ("L3\tB2\tals\tb1\t60", "L3\tB2\tals\tb1\t61", "age"),
        ("L3\tB2\tals\tb1\t60", "L3\tB2\tals\tb1\t", "age"),
        ("L3\tB2\tals", "L3\tB2\t", "group"),
    ],
)
def test_replicates_that_disagree_are_refused(read, old, new, column):
    sheet = read(LANES.replace(old, new), REPLICATED)
    with pytest.raises(InputError) as caught:
        biological_samples(sheet, REPLICATED, "sheet.tsv")
    assert caught.value.where == f"sheet.tsv, column '{column}'"
    assert caught.value.found == "differs between the technical replicates of 'B2'"


def test_without_replicates_the_sheet_stays_as_it_is(read):
    sheet = read(HEADER + ROWS)
    merged = biological_samples(sheet, SPEC, "sheet.tsv")
    pd.testing.assert_frame_equal(merged, sheet)
    assert replicate_units(sheet, SPEC).to_dict() == {"S1": "S1", "S2": "S2", "NA": "NA"}


def test_exclusions_must_name_samples():
    spec = Samples(
        variables=VARIABLES,
        exclude=[{"sample": "S1", "reason": "withdrawn"}, {"sample": "S9", "reason": "haemolysed"}],
    )
    with pytest.raises(InputError, match=r"cohort\.yaml, samples\.exclude: names 'S9', which is no sample"):
        check_exclusions(pd.Index(["S1", "S2"]), spec, "cohort.yaml")
    assert check_exclusions(pd.Index(["S1", "S9"]), spec, "cohort.yaml") is None
