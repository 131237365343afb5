import pytest

from lateralis.config import Counts
from lateralis.errors import InputError
from lateralis.inputs.counts import check_counts_header, read_counts
from lateralis.inputs.formats import featurecounts

COMMENT = '# Program:featureCounts v2.0.3; Command:"featureCounts" "-a" "x.gtf"\n'
FIXED = "Geneid\tChr\tStart\tEnd\tStrand\tLength"


def spec_for(tmp_path, samples, rows, extra="", comment=COMMENT):
    path = tmp_path / "fc.txt"
    path.write_text(comment + FIXED + extra + "\t" + "\t".join(samples) + "\n" + "".join(row + "\n" for row in rows))
    return Counts(format="featurecounts", path=str(path))


ROWS = ["g1\tchr1;chr1\t1;50\t9;80\t+;+\t40\t5\t6", "g2\tchrX\t1\t9\t-\t9\t7\t8"]


@pytest.mark.parametrize("comment", [COMMENT, ""])
def test_annotation_columns_are_no_samples(tmp_path, comment):
    spec = spec_for(tmp_path, ["A", "B"], ROWS, comment=comment)
    table = read_counts(spec, ["B", "A"])
    assert table.counts.to_dict("list") == {"B": [6, 8], "A": [5, 7]}
    assert table.notes == []


def test_stems_of_bam_paths_are_used_where_they_fit_and_noted(tmp_path):
    spec = spec_for(tmp_path, ["/data/run.1/A-1.bam", "C:\\bam\\002.cram"], ROWS)
    check_counts_header(spec, ["002", "A-1"], "s.tsv")
    table = read_counts(spec, ["002", "A-1"])
    assert table.counts.to_dict("list") == {"002": [6, 8], "A-1": [5, 7]}
    assert table.notes == [featurecounts.STEMS_USED]


def test_paths_in_the_sheet_are_taken_as_they_are(tmp_path):
    spec = spec_for(tmp_path, ["x/A.bam", "y/A.bam"], ROWS)
    assert read_counts(spec, ["y/A.bam", "x/A.bam"]).counts.columns.tolist() == ["y/A.bam", "x/A.bam"]


def test_stems_that_are_not_unique_are_not_used(tmp_path):
    spec = spec_for(tmp_path, ["x/A.bam", "y/A.bam"], ROWS)
    with pytest.raises(InputError, match=r"no row in s\.tsv for 'x/A\.bam', 'y/A\.bam'"):
        check_counts_header(spec, ["A", "B"], "s.tsv")


def test_a_missing_sample_is_told_by_stem(tmp_path):
    spec = spec_for(tmp_path, ["x/A.bam", "x/B.bam"], ROWS)
    with pytest.raises(InputError, match=r"no row in s\.tsv for 'B'; no counts for 'C'"):
        check_counts_header(spec, ["A", "C"], "s.tsv")


def test_extra_attributes_give_symbols(tmp_path):
    rows = ["g1\t1\t1\t9\t+\t9\tSOD1\t5\t6", "g2\t1\t1\t9\t+\t9\tNA\t7\t8"]
    table = read_counts(spec_for(tmp_path, ["A", "B"], rows, extra="\tgene_name"), ["A", "B"])
    assert table.gene_names.to_dict() == {"g1": "SOD1", "g2": "NA"}
    assert table.counts["A"].tolist() == [5, 7]


def test_fractional_counts_are_refused(tmp_path):
    spec = spec_for(tmp_path, ["A", "B"], ["g1\t1\t1\t9\t+\t9\t5\t6.5"])
    with pytest.raises(InputError, match=r"gene 'g1', sample 'B': the count is 6\.5, a fraction"):
        read_counts(spec, ["A", "B"])


def test_another_table_is_told(tmp_path):
    path = tmp_path / "m.tsv"
    path.write_text("gene\tA\ng\t1\n")
    with pytest.raises(InputError, match="other tables have format `matrix`"):
        check_counts_header(Counts(format="featurecounts", path=str(path)), ["A"], "s.tsv")
