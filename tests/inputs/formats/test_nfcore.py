import pytest

from lateralis.config import Counts
from lateralis.errors import InputError
from lateralis.inputs.counts import check_counts_header, read_counts


def spec_for(tmp_path, text):
    path = tmp_path / "salmon.merged.gene_counts.tsv"
    path.write_text(text)
    return Counts(format="nfcore", path=str(path))


@pytest.mark.parametrize(
    ("header", "between"), [("gene_id\tgene_name", "\tSOD1"), ("gene_id", ""), ("gene_id\ttranscript_id(s)", "\tt1,t2")]
)
def test_estimates_are_rounded_half_to_even_and_said_so(tmp_path, header, between):
    spec = spec_for(tmp_path, f"{header}\tA\t1-B\ng1{between}\t0.5\t1.5\ng2{between}\t2.5\t1200.4999\n")
    check_counts_header(spec, ["1-B", "A"], "s.tsv")
    table = read_counts(spec, ["1-B", "A"])
    assert table.counts.to_dict("list") == {"1-B": [2, 1200], "A": [0, 2]}
    assert table.notes[-1] == "Counts estimated by nf-core/rnaseq were rounded to whole numbers."
    assert "without transcript lengths" in table.notes[0]
    assert table.lengths is None
    assert (table.gene_names is not None) == ("gene_name" in header)
    if table.gene_names is not None:
        assert table.gene_names.to_dict() == {"g1": "SOD1", "g2": "SOD1"}


def test_negative_and_infinite_estimates_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"gene 'g1', sample 'A': the count is -0\.5, a negative number"):
        read_counts(spec_for(tmp_path, "gene_id\tA\ng1\t-0.5\n"), ["A"])
    with pytest.raises(InputError, match=r"gene 'g1', sample 'A': the count is inf"):
        read_counts(spec_for(tmp_path, "gene_id\tA\ng1\tInf\n"), ["A"])


def test_another_table_is_told(tmp_path):
    with pytest.raises(InputError, match="its first column is 'Geneid'"):
        check_counts_header(spec_for(tmp_path, "Geneid\tA\ng1\t1\n"), ["A"], "s.tsv")
