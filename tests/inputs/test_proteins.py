"""The protein table: what each cell says, and one sentence for each thing that cannot be read."""

import hashlib

import numpy as np
import pandas as pd
import pytest

from lateralis.errors import InputError
from lateralis.followups import Proteins
from lateralis.inputs.proteins import check_proteins, cohort_units, read_protein_annotation, read_proteins

ANNOTATION = "protein\tgene\tlimit\nIL6\tENSG00000136244\t1.5\nNFL\tNEFL\t\nFUT\tFUT3;FUT5\t2\nSPARE\tTNF\t0\n"
TABLE = "participant\tIL6\tNFL\tFUT\nP1\t2.5\t-3.1\t<LOD\nP2\t1.4\tNA\t< 2.75\nP3\t1.5\t 4e0 \t\nP4\t<lod\t5\t7\n"
OBS = pd.DataFrame({"participant": ["P1", "P2", "P2", ""]}, index=pd.Index(["S1", "S2", "S3", "S4"], name="sample"))


@pytest.fixture
def spec(tmp_path):
    """A spec for two files, with their text changed."""

    def write(table=TABLE, annotation=ANNOTATION, **options):
        (tmp_path / "proteins.tsv").write_text(table, encoding="utf-8")
        (tmp_path / "annotation.tsv").write_text(annotation, encoding="utf-8")
        paths = {"path": str(tmp_path / "proteins.tsv"), "annotation": str(tmp_path / "annotation.tsv")}
        return Proteins(**paths, **options)

    return write


def error_of(spec, tmp_path):
    with pytest.raises(InputError) as error:
        read_proteins(spec)
    return str(error.value).replace(f"{tmp_path}/", "")


def test_each_cell_is_a_level_below_its_limit_or_not_measured(spec):
    table = read_proteins(spec())
    assert list(table.levels.index) == ["P1", "P2", "P3", "P4"]
    np.testing.assert_array_equal(table.levels["IL6"], [2.5, 1.5, 1.5, 1.5])
    np.testing.assert_array_equal(table.below["IL6"], [False, True, False, True])  # at the limit is not below it
    np.testing.assert_array_equal(table.levels["NFL"], [-3.1, np.nan, 4, 5])
    assert not table.below["NFL"].any()
    np.testing.assert_array_equal(table.levels["FUT"], [2, 2.75, np.nan, 7])
    np.testing.assert_array_equal(table.below["FUT"], [True, True, False, False])
    np.testing.assert_array_equal(table.detected.sum(), [2, 3, 1])
    assert list(table.annotation["gene"]) == ["ENSG00000136244", "NEFL", "FUT3;FUT5"]
    assert table.unused == 1


def test_commas_separate_as_tabs_do_and_the_checksum_is_checked(spec, tmp_path):
    table = TABLE.replace("\t", ",")
    right = hashlib.sha256(table.encode()).hexdigest()
    assert read_proteins(spec(table, sha256=right)).levels.shape == (4, 3)
    wrong = spec(table, sha256="0" * 64)
    assert error_of(wrong, tmp_path) == (
        f"proteins.tsv: its sha256 is {right}, the config has {'0' * 64}. Get the right file or correct `sha256`."
    )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "-3.1",
            "3,1",
            "proteins.tsv, row 2, column 'NFL': found '3,1'. Give a number in log2 units, <LOD, a limit such as <3.2, or "
            "nothing.",
        ),
        (
            "-3.1",
            "inf",
            "proteins.tsv, row 2, column 'NFL': found 'inf'. Give a number in log2 units, <LOD, a limit such as <3.2, or "
            "nothing.",
        ),
        (
            "-3.1",
            ">9",
            "proteins.tsv, row 2, column 'NFL': found '>9'. Give a number in log2 units, <LOD, a limit such as <3.2, or "
            "nothing.",
        ),
        (
            "-3.1",
            "<low",
            "proteins.tsv, row 2, column 'NFL': found '<low'. Give a number in log2 units, <LOD, a limit such as <3.2, or "
            "nothing.",
        ),
        (
            "-3.1",
            "<LOD",
            "proteins.tsv, row 2, column 'NFL': found '<LOD'. The annotation gives 'NFL' no limit: give it one there, or "
            "write <3.2.",
        ),
        (
            "-3.1",
            "5120",
            "proteins.tsv, column 'NFL': holds 5,120, and 1 of 3 proteins hold such numbers: they look raw, not log2. Take "
            "the base-2 logarithm of levels and limits; no log2 level is beyond 60.",
        ),
        (
            "P3",
            "P1",
            "proteins.tsv, column 'participant': rows 2, 4 are of one participant. A participant has one row: average "
            "repeated measurements, or give a row a sample with `unit: sample`.",
        ),
        ("P3", " ", "proteins.tsv, row 4, column 'participant': is empty. Every row names a participant."),
        (
            "\tFUT\n",
            "\tFUT9\n",
            "proteins.tsv, header: names 'FUT9', which the annotation 'annotation.tsv' has no row for. Give each protein a "
            "row there, and take columns of other things out.",
        ),
        ("\tFUT\n", "\tIL6\n", "proteins.tsv, header: names column 'IL6' twice. Give each column its own name."),
        (
            "participant\t",
            "person\t",
            "proteins.tsv, header: has no column 'participant'; it has 'person', 'IL6', 'NFL', 'FUT'. `proteins.path` must "
            "name a table, a row a participant, its first line the names of the proteins.",
        ),
    ],
)
def test_what_cannot_be_read_is_said(spec, tmp_path, old, new, message):
    assert error_of(spec(TABLE.replace(old, new, 1)), tmp_path) == message


@pytest.mark.parametrize(
    ("annotation", "message"),
    [
        (
            ANNOTATION.replace("\tlimit", "\tLOD"),
            "annotation.tsv, header: has no column 'limit'; it has 'protein', 'gene', 'LOD'. `proteins.annotation` must name "
            "a table with the columns protein, gene and limit.",
        ),
        (
            ANNOTATION + "IL6\tX\t\n",
            "annotation.tsv, column 'protein': names 'IL6' more than once. Give each protein one row.",
        ),
        (
            ANNOTATION.replace("1.5", "low"),
            "annotation.tsv, row 2, column 'limit': found 'low'. Give the limit of detection as a number in log2 units, or "
            "nothing where there is none.",
        ),
        (
            ANNOTATION.replace("1.5", "250"),
            "annotation.tsv, row 2, column 'limit': found '250'. Give the limit of detection as a number in log2 units, or "
            "nothing where there is none.",
        ),
        (ANNOTATION.replace("SPARE", " "), "annotation.tsv, row 5, column 'protein': ' ' is empty. Name the protein."),
        (
            ANNOTATION.replace("NEFL", "=NEFL()"),
            "annotation.tsv, row 3, column 'gene': '=NEFL()' reads as a formula. Spreadsheets run such a text as a formula: "
            "begin it with a letter or a digit.",
        ),
    ],
)
def test_what_is_wrong_with_the_annotation_is_said(spec, tmp_path, annotation, message):
    assert error_of(spec(annotation=annotation), tmp_path) == message


def test_a_table_of_nothing_but_people_is_refused(spec, tmp_path):
    assert error_of(spec("participant\nP1\n"), tmp_path) == (
        "proteins.tsv, header: names no protein beside 'participant'. Give each protein a column."
    )


def test_missing_words_in_the_annotation_are_no_gene_and_no_limit(spec):
    found = read_protein_annotation(spec(annotation="protein,gene,limit\nA,NA,\nB,,NA\nNA,TP53,1\n").annotation)
    assert list(found["gene"]) == ["", "", "TP53"]
    assert found["limit"].isna().tolist() == [True, True, False]
    assert list(found.index) == ["A", "B", "NA"]


def test_proteins_of_other_people_are_an_error_and_some_of_them_a_warning(spec, tmp_path):
    warnings = check_proteins(spec(), OBS, "participant")
    assert [warning.replace(f"{tmp_path}/", "") for warning in warnings] == [
        "Proteins: 2 of 4 participants in 'proteins.tsv' are not in the cohort and are left out."
    ]
    others = OBS.assign(participant=["Q1", "Q2", "Q2", ""])
    with pytest.raises(InputError) as error:
        check_proteins(spec(), others, "participant")
    assert str(error.value).replace(f"{tmp_path}/", "") == (
        "proteins.tsv, column 'participant': the proteins were measured in other participants: none of its 4 is among the "
        "cohort's 2. Name each participant as the sample sheet does; `proteins.unit` says what a row is of, `proteins.id` "
        "which column names it."
    )
    with pytest.raises(InputError, match="Some would be if capitals and blanks did not count"):
        check_proteins(spec(), OBS.assign(participant=["p1", "p2", "p2", ""]), "participant")


def test_no_message_names_a_person(spec):
    for changed in (TABLE.replace("P3", "P1"), TABLE.replace("-3.1", "x"), TABLE.replace("P1", "=P1()")):
        with pytest.raises(InputError) as error:
            check_proteins(spec(changed), OBS, "participant")
        assert "P1" not in str(error.value)


def test_rows_of_samples_are_matched_by_their_names(spec):
    sampled = spec(TABLE.replace("participant\t", "sample\t").replace("\nP", "\nS"), unit="sample", id="sample")
    assert check_proteins(sampled, OBS, None) == []
    assert list(cohort_units(sampled, OBS, None)) == ["S1", "S2", "S3", "S4"]
    assert list(cohort_units(spec(), OBS, "participant")) == ["P1", "P2", "P2", ""]


def test_raw_levels_below_the_largest_logarithm_are_warned_of(spec):
    rng = np.random.default_rng(1)
    names = ["IL6", "NFL", "FUT"]
    raw = pd.DataFrame(np.minimum(rng.lognormal(1.5, 1.0, (60, 3)), 59), columns=names)
    raw.insert(0, "participant", [f"P{number}" for number in range(60)])
    unlimited = "protein\tgene\tlimit\nIL6\tIL6\t\nNFL\tNEFL\t\nFUT\tFUT3\t\n"
    found = check_proteins(spec(raw.to_csv(sep="\t", index=False), unlimited), OBS, "participant")
    assert found[-1].startswith("Proteins: the levels in ")
    assert "have long upper tails in most proteins" in found[-1]
    logs = raw.assign(**{name: np.log2(raw[name]) for name in names})
    assert len(check_proteins(spec(logs.to_csv(sep="\t", index=False), unlimited), OBS, "participant")) == 1
