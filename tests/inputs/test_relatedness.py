"""Tables of somalier and NGSCheckMate: who is one person, and what is wrong with a file."""

import pandas as pd
import pytest

from lateralis.errors import InputError
from lateralis.inputs.relatedness import read_relatedness
from lateralis.stages import Relatedness

SAMPLES = pd.Index(["A", "B", "C"])
SOMALIER = "#sample_a\tsample_b\trelatedness\tibs0\nA\tB\t0.98\t3\nA\tC\t0.51\t400\nB\tC\t-0.2\t900\nA\tZ\t1\t0\n"
NGSCHECKMATE = "A.bam\tmatched\tB.vcf.gz\t0.95\t20.1\nx/A.bam\tunmatched\tC\t0.31\t18.5\n"


@pytest.fixture
def read(tmp_path):
    def read_text(text, kind):
        path = tmp_path / "pairs.tsv"
        path.write_text(text)
        return read_relatedness(Relatedness(format=kind, path=str(path)), SAMPLES)

    return read_text


def test_somalier(read):
    found = read(SOMALIER, "somalier")
    assert found.to_numpy().tolist() == [
        ["A", "B", 0.98, True, "somalier"],
        ["A", "C", 0.51, False, "somalier"],
        ["B", "C", -0.2, False, "somalier"],
    ]


def test_ngscheckmate(read):
    assert read(NGSCHECKMATE, "ngscheckmate").to_numpy().tolist() == [
        ["A", "B", 0.95, True, "ngscheckmate"],
        ["A", "C", 0.31, False, "ngscheckmate"],
    ]


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        (SOMALIER.replace("0.51", "x"), "somalier", "row 3: found 'x'"),
        (SOMALIER.replace("\t400", ""), "somalier", "row 3: has 3 fields. It needs 4"),
        (NGSCHECKMATE, "somalier", "row 1: reads"),
        (SOMALIER, "ngscheckmate", "has 4 fields"),
        (NGSCHECKMATE.replace("unmatched", "maybe"), "ngscheckmate", "row 2: says 'maybe'"),
        (NGSCHECKMATE.replace("A", "Q").replace("B", "R"), "ngscheckmate", "names no pair of the cohort's samples"),
        ("", "ngscheckmate", "is empty. `qc.relatedness` must name ngscheckmate's table of pairs"),
        ("\n", "ngscheckmate", "names no pair of the cohort's samples, but no pair"),
    ],
)
def test_what_is_wrong_is_named(read, text, kind, message):
    with pytest.raises(InputError) as caught:
        read(text, kind)
    assert message in str(caught.value)


def test_a_pair_without_a_number_is_left_out(read):
    assert read(SOMALIER.replace("0.51", "nan"), "somalier")["sample_b"].tolist() == ["B", "C"]


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"there is no such file. `qc.relatedness` must name somalier's table"):
        read_relatedness(Relatedness(format="somalier", path=str(tmp_path / "none")), SAMPLES)
