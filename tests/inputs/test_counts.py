"""The front door of the counts: matched by name both ways, checked before any job, whole at the end."""

import gzip
import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lateralis.config import Counts
from lateralis.errors import InputError
from lateralis.inputs.counts import absent_samples, check_counts_header, read_counts, source_files

SAMPLES = ["S-2", "001", "NA"]


def spec_for(path, text, **options):
    """Write `text` and return the spec of a matrix file."""
    Path(path).write_bytes(text if isinstance(text, bytes) else text.encode())
    return Counts(**{"format": "matrix", "path": str(path), **options})


def matrix(tmp_path, *rows, header="gene\t001\tNA\tS-2"):
    return spec_for(tmp_path / "counts.tsv", "\n".join([header, *rows]) + "\n")


def test_columns_follow_the_sheet_by_name_never_by_order(tmp_path):
    spec = matrix(tmp_path, "NA\t1\t2\t3", "ENSG1.5\t4\t5\t600000")
    check_counts_header(spec, SAMPLES, "samples.tsv")
    table = read_counts(spec, SAMPLES)
    assert table.counts.columns.tolist() == SAMPLES
    assert table.counts.index.tolist() == ["NA", "ENSG1.5"]
    assert table.counts.index.name == "gene_id"
    assert table.counts.to_numpy().tolist() == [[3, 1, 2], [600000, 4, 5]]
    assert set(table.counts.dtypes) == {np.dtype("int64")}
    assert (table.lengths, table.gene_names, table.notes) == (None, None, [])


@pytest.mark.parametrize("assay", ["counts", "log_intensity"])
@pytest.mark.parametrize(
    ("id_", "message"), [("", "row 2: the gene id is empty"), ("ENSG1", "gene ids stand more than once: 'ENSG1'")]
)
def test_every_gene_needs_an_id_of_its_own(tmp_path, assay, id_, message):
    spec = matrix(tmp_path, "ENSG1\t4\t5\t6", f"{id_}\t1\t2\t3")
    with pytest.raises(InputError, match=message):
        read_counts(spec, SAMPLES, assay=assay)


def test_source_files_of_one_file_and_of_one_a_sample(tmp_path):
    assert source_files(Counts(format="matrix", path="a/b.tsv"), ["x", "y"]) == {"x": "a/b.tsv", "y": "a/b.tsv"}
    (tmp_path / "y.txt.gz").touch()
    found = source_files(Counts(format="htseq", path=str(tmp_path)), ["x", "y"])
    assert found == {"x": str(tmp_path / "x.txt"), "y": str(tmp_path / "y.txt.gz")}


def test_names_that_differ_are_listed_from_either_side(tmp_path):
    spec = matrix(tmp_path, "g\t1\t2\t3")
    with pytest.raises(InputError) as caught:
        check_counts_header(spec, ["001", "NA", "S-3"], "samples.tsv")
    assert "no row in samples.tsv for 'S-2'" in str(caught.value)
    assert "no counts for 'S-3', which samples.tsv lists" in str(caught.value)
    with pytest.raises(InputError, match="no row in the sample sheet for 'S-2'"):
        read_counts(spec, ["001", "NA"])


@pytest.mark.parametrize(
    ("header", "hint"),
    [
        ("gene\tX001\tNA.\tS.2", "check.names = FALSE"),
        ("gene\t001 \tna\ts_2", "differ only in case, spaces or punctuation"),
        ("gene\tgene_name\tA\tB", "format: nfcore"),
        ("gene\tA\tB\tC", "to leave one out"),
    ],
)
def test_cause_of_a_mismatch_is_guessed(tmp_path, header, hint):
    with pytest.raises(InputError, match=hint):
        check_counts_header(matrix(tmp_path, "g\t1\t2\t3", header=header), SAMPLES, "samples.tsv")


def test_table_of_featurecounts_as_matrix_is_recognised(tmp_path):
    header = "Geneid\tChr\tStart\tEnd\tStrand\tLength\tA"
    row = "g\t1\t1\t9\t+\t9\t5"
    with pytest.raises(InputError, match="format: featurecounts"):
        check_counts_header(matrix(tmp_path, row, header=header), ["A"], "samples.tsv")
    with pytest.raises(InputError, match="format: featurecounts"):
        check_counts_header(matrix(tmp_path, header, row, header="# Program:featureCounts"), ["A"], "samples.tsv")


@pytest.mark.parametrize(
    "check", [lambda spec: check_counts_header(spec, SAMPLES, "s.tsv"), lambda spec: read_counts(spec, SAMPLES)]
)
def test_repeated_samples_are_listed_not_renamed(tmp_path, check):
    spec = matrix(tmp_path, "g\t1\t2\t3\t4", header="gene\t001\tNA\t001\tS-2")
    with pytest.raises(InputError, match=r"samples stand more than once: '001'\."):
        check(spec)


def test_repeated_samples_of_the_sheet(tmp_path):
    with pytest.raises(InputError, match=r"samples\.tsv: samples stand more than once: 'NA'"):
        check_counts_header(matrix(tmp_path, "g\t1\t2\t3"), ["001", "NA", "S-2", "NA"], "samples.tsv")


def test_checksum_is_verified_before_the_names(tmp_path):
    text = b"gene\tA\ng\t1\n"
    digest = hashlib.sha256(text).hexdigest()
    check_counts_header(spec_for(tmp_path / "c.tsv", text, sha256=digest.upper()), ["A"], "s.tsv")
    with pytest.raises(InputError, match=f"its sha256 is {digest}, the config has {'0' * 64}"):
        check_counts_header(spec_for(tmp_path / "c.tsv", text, sha256="0" * 64), ["A"], "s.tsv")


def test_header_check_does_not_read_the_body(tmp_path):
    spec = matrix(tmp_path, "g\t1\t2\t3", "h\tx\ty")
    check_counts_header(spec, SAMPLES, "s.tsv")
    with pytest.raises(InputError):
        read_counts(spec, SAMPLES)


@pytest.mark.parametrize(
    ("cells", "place", "found"),
    [
        ("1\t-3\t2", "gene 'bad', sample 'NA'", "is -3, a negative number"),
        ("1\tabc\t2", "row 'bad', column 'NA'", "found 'abc', which is not a number"),
        ("1\t\t2", "row 'bad', column 'NA'", "empty or missing"),
        ("1\t2", "row 'bad', column 'S-2'", "empty or missing"),
        ("1\tNA\t2", "row 'bad', column 'NA'", "found 'NA', which is not a number"),
        ("1\tnan\t2", "row 'bad', column 'NA'", "found 'nan', which is not a number"),
        ("TRUE\t1\t2", "row 'bad', column '001'", "found 'TRUE', which is not a number"),
        ("1\tinf\t2", "gene 'bad', sample 'NA'", "is inf, not a finite number"),
        ("1\t2.5\t2", "gene 'bad', sample 'NA'", "is 2.5, a fraction"),
        ("1\t2147483648\t2", "gene 'bad', sample 'NA'", "is 2147483648, more than 2,147,483,647"),
        ("1\t99999999999999999999\t2", "gene 'bad', sample 'NA'", "is 1e+20, more than"),
    ],
)
def test_a_bad_cell_is_named_with_file_gene_sample_and_value(tmp_path, cells, place, found):
    spec = matrix(tmp_path, "good\t1\t2\t3", f"bad\t{cells}", "worse\t-1.5\t-1.5\t-1.5")
    with pytest.raises(InputError) as caught:
        read_counts(spec, SAMPLES)
    assert spec.path in caught.value.where
    assert place in caught.value.where
    assert found in caught.value.found


def test_fractions_point_to_raw_counts_and_to_the_formats_of_estimates(tmp_path):
    with pytest.raises(InputError, match=r"Raw counts are needed.*`salmon`, `kallisto` and `nfcore`"):
        read_counts(matrix(tmp_path, "g\t1.5\t2\t3"), SAMPLES)


def test_whole_numbers_as_r_and_pandas_print_them(tmp_path):
    table = read_counts(matrix(tmp_path, "g\t1e+05\t7.0\t 3", "h\t0\t2147483647\t1"), ["001", "NA", "S-2"])
    assert table.counts.to_numpy().tolist() == [[100000, 7, 3], [0, 2147483647, 1]]


def test_repeated_and_empty_gene_ids(tmp_path):
    with pytest.raises(InputError, match=r"gene ids stand more than once: 'b', 'a'\."):
        read_counts(matrix(tmp_path, *[f"{gene}\t1\t2\t3" for gene in "abcba"]), SAMPLES)
    with pytest.raises(InputError, match="row 2: the gene id is empty"):
        read_counts(matrix(tmp_path, "a\t1\t2\t3", "\t1\t2\t3"), SAMPLES)


def test_a_library_without_counts_is_named(tmp_path):
    with pytest.raises(InputError, match=r"every count is 0 in sample 'NA'\. .*remove its row from the sample sheet"):
        read_counts(matrix(tmp_path, "a\t1\t0\t3", "b\t0\t0\t3"), SAMPLES)


def test_missing_empty_and_cut_files(tmp_path):
    with pytest.raises(InputError, match="there is no such file"):
        check_counts_header(Counts(format="matrix", path=str(tmp_path / "none.tsv")), SAMPLES, "s.tsv")
    with pytest.raises(InputError, match="is a folder"):
        check_counts_header(Counts(format="matrix", path=str(tmp_path)), SAMPLES, "s.tsv")
    for content in (b"", gzip.compress(b""), b"\n \n"):
        with pytest.raises(InputError, match="is empty"):
            check_counts_header(spec_for(tmp_path / "c.tsv", content), SAMPLES, "s.tsv")
    with pytest.raises(InputError, match="has one line"):
        check_counts_header(matrix(tmp_path), SAMPLES, "s.tsv")
    rng = np.random.default_rng(1)
    rows = [f"g{i}\t" + "\t".join(map(str, rng.integers(0, 10**6, 3))) for i in range(5000)]
    whole = gzip.compress("\n".join(["gene\t001\tNA\tS-2", *rows]).encode())
    corrupt = whole[:20000] + bytes(50) + whole[20050:]
    for content in (whole[: len(whole) // 2], corrupt, whole + b"not gzip"):
        with pytest.raises(InputError, match=r"c\.tsv\.gz: is truncated or corrupt"):
            read_counts(spec_for(tmp_path / "c.tsv.gz", content), SAMPLES)
    assert read_counts(spec_for(tmp_path / "c.tsv.gz", whole), SAMPLES).counts.shape == (5000, 3)


def test_nothing_is_written(tmp_path):
    read_counts(matrix(tmp_path, "a\t1\t2\t3"), SAMPLES)
    assert [path.name for path in tmp_path.iterdir()] == ["counts.tsv"]


def test_notes_name_no_sample(tmp_path):
    path = tmp_path / "fc.tsv"
    path.write_text("#c\nGeneid\tChr\tStart\tEnd\tStrand\tLength\tb/P017.bam\tb/P018.bam\ng\t1\t1\t9\t+\t9\t5\t6\n")
    notes = read_counts(Counts(format="featurecounts", path=str(path)), ["P018", "P017"]).notes
    assert len(notes) == 1
    assert "P01" not in notes[0]


def test_many_samples_stay_one_frame(tmp_path):
    names = [f"{i:03d}" for i in range(180)]
    rng = np.random.default_rng(2)
    counts = pd.DataFrame(rng.poisson(50, (500, 180)), index=[f"g{i}" for i in range(500)], columns=names)
    path = tmp_path / "counts.csv"
    counts[rng.permutation(names)].to_csv(path)
    pd.testing.assert_frame_equal(
        read_counts(Counts(format="matrix", path=str(path)), names).counts,
        counts.rename_axis("gene_id"),
        check_names=True,
    )


# --- excluded samples that lack a row or counts ---


def test_excluded_samples_may_lack_counts_or_a_row(tmp_path):
    path = tmp_path / "counts.tsv"
    path.write_text("gene_id\tA\tB\tX\ng1\t5\t7\t9\ng2\t1\t0\t3\n")
    spec = Counts(format="matrix", path=str(path))
    listed, excluded = ["A", "B", "broken tube"], ["X", "broken tube", "B"]
    assert absent_samples(spec, listed, excluded) == (["broken tube"], ["X"])
    assert absent_samples(spec, listed, []) == ([], [])
    check_counts_header(spec, listed, "sheet.tsv", excluded)
    with pytest.raises(InputError, match=r"no row in sheet.tsv for 'X'; no counts for 'broken tube'"):
        check_counts_header(spec, listed, "sheet.tsv")
    assert read_counts(spec, ["A", "B"], ["X"]).counts.to_numpy().tolist() == [[5, 7], [1, 0]]


def test_excluded_samples_may_lack_a_file(tmp_path):
    for name in ("A", "B", "X"):
        (tmp_path / f"{name}.txt").write_text("g1\t5\ng2\t1\n")
    spec = Counts(format="htseq", path=str(tmp_path))
    listed, excluded = ["A", "B", "lost"], ["lost", "X"]
    assert absent_samples(spec, listed, excluded) == (["lost"], ["X"])
    check_counts_header(spec, listed, "sheet.tsv", excluded)
    with pytest.raises(InputError, match="lost"):
        check_counts_header(spec, listed, "sheet.tsv", ["X"])
    assert list(read_counts(spec, ["A", "B"], ["X"]).counts) == ["A", "B"]
