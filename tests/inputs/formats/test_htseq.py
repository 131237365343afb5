import gzip

import pytest

from lateralis.config import Counts
from lateralis.errors import InputError
from lateralis.inputs.counts import check_counts_header, read_counts

SPECIAL = "__no_feature\t99\n__ambiguous\t9\n__too_low_aQual\t0\n__not_aligned\t0\n__alignment_not_unique\t7\n"


def spec_for(tmp_path, **options):
    return Counts(format="htseq", path=str(tmp_path), **options)


def test_files_are_joined_by_gene_without_the_special_counters(tmp_path):
    (tmp_path / "A.txt").write_text("g1\t5\nNA\t0\n" + SPECIAL)
    (tmp_path / "B.txt.gz").write_bytes(gzip.compress(("NA\t3\ng1\t4\n" + SPECIAL).encode()))
    (tmp_path / "C.txt").write_text("\tC.bam\ng1\t1\nNA\t2\n" + SPECIAL)
    spec = spec_for(tmp_path)
    check_counts_header(spec, ["C", "A", "B"], "s.tsv")
    table = read_counts(spec, ["C", "A", "B"])
    assert table.counts.index.tolist() == ["g1", "NA"]
    assert table.counts.to_dict("list") == {"C": [1, 2], "A": [5, 0], "B": [4, 3]}


def test_pattern_with_the_name_twice(tmp_path):
    for sample in ("A", "[B]"):
        (tmp_path / sample).mkdir()
        (tmp_path / sample / f"{sample}.counts").write_text("g1\t5\n")
    (tmp_path / "A" / "other.counts").write_text("g1\t5\n")
    spec = spec_for(tmp_path, files="{sample}/{sample}.counts")
    check_counts_header(spec, ["[B]", "A"], "s.tsv")
    assert read_counts(spec, ["[B]", "A"]).counts.to_dict("list") == {"[B]": [5], "A": [5]}
    with pytest.raises(InputError, match=r"no row in s\.tsv for 1 files: '\[B\]/\[B\]\.counts'"):
        check_counts_header(spec, ["A"], "s.tsv")


def test_a_pattern_that_ends_in_gz(tmp_path):
    (tmp_path / "A.gz").write_bytes(gzip.compress(b"g1\t5\n"))
    spec = spec_for(tmp_path, files="{sample}.gz")
    check_counts_header(spec, ["A"], "s.tsv")
    assert read_counts(spec, ["A"]).counts.loc["g1", "A"] == 5


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("g1\t5\ng1\t6\n", "gene ids stand more than once: 'g1'"),
        ("g1\t5\ng2\t6.5\n", "gene 'g2', sample 'A': the count is 6.5"),
        ("g1\t5\ng2\t\n", "row 'g2', column 'count': the cell is empty"),
        ("g1\tx\t5\n", "its first line has 3 fields"),
        (SPECIAL, "holds no gene"),
        ("g1\t0\n", "every count is 0 in sample 'A'"),
        ("", "is empty"),
    ],
)
def test_content_errors_name_the_file(tmp_path, content, found):
    (tmp_path / "A.txt").write_text(content)
    with pytest.raises(InputError) as caught:
        read_counts(spec_for(tmp_path), ["A"])
    assert "A.txt" in str(caught.value)
    assert found in str(caught.value)


def test_no_folder(tmp_path):
    with pytest.raises(InputError, match="there is no such folder"):
        check_counts_header(spec_for(tmp_path / "none"), ["A"], "s.tsv")
