"""What the oracle does not cover: closed forms, ids, missing pieces. The numbers of tximport: tests/oracle/tximport."""

import gzip

import numpy as np
import pandas as pd
import pytest

from lateralis.config import Counts
from lateralis.errors import InputError
from lateralis.inputs.counts import check_counts_header, read_counts
from lateralis.inputs.formats import transcripts

HEADER = "Name\tLength\tEffectiveLength\tTPM\tNumReads\n"


def write(tmp_path, tx2gene="t1\tg1\nt2\tg1\nt3\tg2\n", **samples):
    """Salmon output with (effective length, TPM, reads) of each transcript."""
    for sample, rows in samples.items():
        (tmp_path / "q" / sample).mkdir(parents=True, exist_ok=True)
        body = "".join(f"{name}\t9\t{length}\t{tpm}\t{reads}\n" for name, (length, tpm, reads) in rows.items())
        (tmp_path / "q" / sample / "quant.sf").write_text(HEADER + body)
    (tmp_path / "tx2gene.tsv").write_text(tx2gene)
    return Counts(format="salmon", path=str(tmp_path / "q"), tx2gene=str(tmp_path / "tx2gene.tsv"))


ROWS = {"t1": (1000, 1, 10.25), "t2": (2000, 3, 30.25), "t3": (500, 5, 7)}


def test_counts_are_sums_and_lengths_weighted_by_abundance(tmp_path):
    shuffled = {name: ROWS[name] for name in ["t3", "t1", "t2"]}
    spec = write(tmp_path, A=ROWS, B=shuffled)
    check_counts_header(spec, ["B", "A"], "s.tsv")
    table = read_counts(spec, ["B", "A"])
    assert table.counts.to_dict("list") == {"B": [40, 7], "A": [40, 7]}
    assert table.lengths.loc["g1"].tolist() == pytest.approx([1750, 1750], rel=1e-12)
    assert table.lengths.loc["g2"].tolist() == [500, 500]
    assert table.notes == ["Counts estimated by salmon were rounded to whole numbers."]


def test_average_lengths_where_abundance_is_missing():
    weighted = np.array([[100.0, 0, 1600], [0, 0, 0]])
    abundance = np.array([[1.0, 0, 4], [0, 0, 0]])
    lengths = transcripts.average_lengths(weighted, abundance, np.array([999.0, 321]))
    np.testing.assert_allclose(lengths, [[100, 200, 400], [321, 321, 321]], rtol=1e-12)


def test_gzipped_quantifications(tmp_path):
    spec = write(tmp_path, A=ROWS)
    file = tmp_path / "q" / "A" / "quant.sf"
    file.with_name("quant.sf.gz").write_bytes(gzip.compress(file.read_bytes()))
    file.unlink()
    check_counts_header(spec, ["A"], "s.tsv")
    assert read_counts(spec, ["A"]).counts["A"].tolist() == [40, 7]


def test_ids_as_they_are_go_before_ids_without_version():
    tx2gene = pd.Series({"t1.1": "old", "t1.2": "new"})
    genes, notes = transcripts.match_transcripts(pd.Index(["t1.2"]), tx2gene, "tx2gene", "quant")
    assert (genes.tolist(), notes) == (["new"], [])


def test_piped_and_versioned_ids():
    tx2gene = pd.Series({"t1.1": "g1", "t2.1": "g2"})
    genes, notes = transcripts.match_transcripts(pd.Index(["t1.1|x|", "t2.1|y|"]), tx2gene, "tx2gene", "quant")
    assert genes.tolist() == ["g1", "g2"]
    assert "before the first `|`" in notes[0]
    genes, notes = transcripts.match_transcripts(pd.Index(["t1.9|x|", "t3"]), tx2gene, "tx2gene", "quant")
    assert genes.tolist()[0] == "g1"
    assert pd.isna(genes[1])
    assert "without the version" in notes[0]


def test_transcripts_without_gene_are_counted_with_their_reads(tmp_path):
    spec = write(tmp_path, tx2gene="t1\tg1\nt2\tg1\n", A={**ROWS, "t3": (500, 5, 13.5)})
    table = read_counts(spec, ["A"])
    assert table.counts.index.tolist() == ["g1"]
    assert table.notes[0] == (
        "1 of 3 transcripts are not in the table of genes and were left out, with 25.00% of the reads."
    )


def test_a_table_of_another_annotation(tmp_path):
    with pytest.raises(InputError, match=r"holds none of the transcripts of .*there 't1', 't2', 't3', here 'x1'"):
        read_counts(write(tmp_path, tx2gene="x1\tg1\n", A=ROWS), ["A"])


@pytest.mark.parametrize(
    ("tx2gene", "found"),
    [
        ("t1\tg1\nt1\tg2\n", "transcripts have two genes: 't1'"),
        ("t1\tg1\nt2\t\n", "row 2: a transcript or gene id is empty"),
        ("t1 g1\n", "has no tab, comma or semicolon"),
        ("", "is empty"),
    ],
)
def test_bad_tables_of_genes(tmp_path, tx2gene, found):
    spec = write(tmp_path, tx2gene=tx2gene, A=ROWS)
    with pytest.raises(InputError) as caught:
        read_counts(spec, ["A"])
    assert "tx2gene.tsv" in caught.value.where
    assert found in str(caught.value)


def test_table_of_genes_with_header_further_columns_and_repeats(tmp_path):
    text = "transcript_id,gene_id,gene_name\nt1,g1,A\nt1,g1,A\nt2,NA,B\nt3,g3,C\n"
    table = read_counts(write(tmp_path, tx2gene=text, A=ROWS), ["A"])
    assert table.counts["A"].to_dict() == {"NA": 30, "g1": 10, "g3": 7}


def test_transcripts_that_differ_between_samples(tmp_path):
    spec = write(tmp_path, A=ROWS, B={"t1": (1, 1, 1), "t2": (1, 1, 1)})
    with pytest.raises(InputError, match=r"B/quant\.sf: against .*A/quant\.sf it lacks 1 transcripts \('t3'\)"):
        read_counts(spec, ["A", "B"])


@pytest.mark.parametrize(
    ("row", "found"),
    [
        ((500, 5, -1), "transcript 't3', sample 'A': the count is -1, a negative"),
        ((500, "inf", 1), "transcript 't3', sample 'A': the abundance is inf"),
        ((500, "-nan", 1), "row 't3', column 'TPM': found '-nan'"),
        ((0, 5, 1), "gene 'g2', sample 'A': the average transcript length is 0.0"),
    ],
)
def test_bad_quantities(tmp_path, row, found):
    with pytest.raises(InputError) as caught:
        read_counts(write(tmp_path, A={**ROWS, "t3": row}), ["A"])
    assert found in str(caught.value)


def test_another_programs_table(tmp_path):
    spec = write(tmp_path, A=ROWS)
    (tmp_path / "q" / "A" / "quant.sf").write_text("target_id\tlength\teff_length\test_counts\ttpm\nt1\t9\t9\t9\t9\n")
    with pytest.raises(InputError, match="has no column 'Name', 'EffectiveLength', 'TPM', 'NumReads'"):
        check_counts_header(spec, ["A"], "s.tsv")
