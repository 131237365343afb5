import pandas as pd
import pytest

from lateralis.config import Counts
from lateralis.errors import InputError
from lateralis.inputs.counts import check_counts_header, read_counts
from lateralis.inputs.formats import star

SPECIAL = "N_unmapped\t9\t9\t9\nN_multimapping\t9\t9\t9\nN_noFeature\t9\t900000\t9\nN_ambiguous\t9\t9\t9\n"


def write(tmp_path, **samples):
    """Files with the given (unstranded, forward, reverse) for each gene."""
    for sample, rows in samples.items():
        body = "".join(f"{gene}\t" + "\t".join(map(str, counts)) + "\n" for gene, counts in rows.items())
        (tmp_path / f"{sample}.ReadsPerGene.out.tab").write_text(SPECIAL + body)


def spec_for(tmp_path, **options):
    return Counts(format="star", path=str(tmp_path), **options)


REVERSE = {"g1": (1000, 20, 980), "NA": (510, 10, 500)}
UNSTRANDED = {"g1": (1000, 520, 480), "NA": (510, 250, 260)}


def test_a_clear_majority_chooses_the_column_without_the_special_rows(tmp_path):
    write(tmp_path, A=REVERSE, B={gene: REVERSE[gene] for gene in ["NA", "g1"]})
    spec = spec_for(tmp_path)
    check_counts_header(spec, ["B", "A"], "s.tsv")
    table = read_counts(spec, ["B", "A"])
    assert table.counts.loc["g1"].to_dict() == {"B": 980, "A": 980}
    assert table.counts.loc["NA"].to_dict() == {"B": 500, "A": 500}
    assert len(table.counts) == 2
    assert table.notes == [
        "STAR counts were read as reverse, inferred from all samples "
        "(60 reads on the forward and 2,960 on the reverse strand of genes)."
    ]


def test_even_strands_are_unstranded(tmp_path):
    write(tmp_path, A=UNSTRANDED)
    table = read_counts(spec_for(tmp_path), ["A"])
    assert table.counts["A"].tolist() == [1000, 510]
    assert "read as unstranded" in table.notes[0]


def totals(*pairs):
    return pd.DataFrame(list(pairs), columns=["forward", "reverse"], index=[f"S{i}" for i in range(len(pairs))])


@pytest.mark.parametrize(
    ("forward", "reverse", "strand"),
    [
        (3000, 1000, "forward"),
        (1000, 3000, "reverse"),
        (1500, 1000, "unstranded"),
        (1000, 1500, "unstranded"),
        (500, 0, "forward"),
    ],
)
def test_limits_of_the_ratio(forward, reverse, strand):
    assert star.infer_strand(totals((forward, reverse)))[0] == strand


@pytest.mark.parametrize(("forward", "reverse"), [(2999, 1000), (1000, 2999), (1501, 1000)])
def test_between_the_limits_the_config_must_say(forward, reverse):
    with pytest.raises(InputError, match=r"input\.counts\.strand: the protocol cannot be told.*Set `strand`"):
        star.infer_strand(totals((forward, reverse)))


def test_a_sample_of_another_protocol_is_named():
    with pytest.raises(InputError, match=r"together look reverse, but 1 do not: 'S2'"):
        star.infer_strand(totals((10, 9000), (20, 8000), (500, 510)))


def test_a_sample_with_hardly_a_read_has_no_say():
    assert star.infer_strand(totals((10, 9000), (40, 30)))[0] == "reverse"


def test_a_strand_that_is_set_is_taken_and_a_contradiction_noted(tmp_path):
    write(tmp_path, A=REVERSE)
    table = read_counts(spec_for(tmp_path, strand="forward"), ["A"])
    assert table.counts["A"].tolist() == [20, 10]
    assert "although the counts of all samples look reverse" in table.notes[0]
    assert read_counts(spec_for(tmp_path, strand="reverse"), ["A"]).notes == []


def test_samples_without_file_and_files_without_row(tmp_path):
    write(tmp_path, A=REVERSE, X=REVERSE)
    with pytest.raises(InputError) as caught:
        check_counts_header(spec_for(tmp_path), ["A", "B"], "s.tsv")
    assert "for 1 of 2 samples: 'B'" in caught.value.found
    assert "no row in s.tsv for 1 files: 'X.ReadsPerGene.out.tab'" in caught.value.found


def test_files_of_another_annotation_or_cut_short(tmp_path):
    write(tmp_path, A=REVERSE, B={"g1": (10, 1, 9), "g9": (10, 1, 9)})
    with pytest.raises(InputError, match=r"lacks 1 genes \('NA'\) and has 1 genes more \('g9'\)"):
        read_counts(spec_for(tmp_path), ["A", "B"])


def test_bad_cells_and_other_files(tmp_path):
    write(tmp_path, A={"g1": (10, 1, -9)})
    with pytest.raises(InputError, match=r"gene 'g1', sample 'A': the reverse count is -9, a negative number"):
        read_counts(spec_for(tmp_path, strand="forward"), ["A"])
    write(tmp_path, A={"g1": (10, 1, "x")})
    with pytest.raises(InputError, match=r"row 'g1', column 'reverse': found 'x'"):
        read_counts(spec_for(tmp_path), ["A"])
    (tmp_path / "A.ReadsPerGene.out.tab").write_text("g1\t5\n")
    with pytest.raises(InputError, match="STAR writes"):
        check_counts_header(spec_for(tmp_path), ["A"], "s.tsv")
