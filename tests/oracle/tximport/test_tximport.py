"""Gene-level counts and average lengths against R's tximport (make.R; versions.txt), countsFromAbundance = "no"."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lateralis.config import Counts
from lateralis.inputs.counts import check_counts_header, read_counts
from lateralis.inputs.formats import transcripts

HERE = Path(__file__).parent
SAMPLES = ["NA", "001", "S-2"]
RUNS = {
    "salmon": ("salmon", "quant.sf", "tx2gene.tsv"),
    "salmon_unversioned": ("salmon", "quant.sf", "tx2gene_unversioned.tsv"),
    "kallisto": ("kallisto", "abundance.tsv", "tx2gene.tsv"),
}


def expected(run: str, table: str) -> pd.DataFrame:
    frame = pd.read_csv(HERE / f"expected_{run}_{table}.tsv", sep="\t", keep_default_na=False, dtype={"gene_id": str})
    return frame.set_index("gene_id").astype(float)[SAMPLES]


@pytest.mark.parametrize("run", RUNS)
def test_counts_and_lengths_are_those_of_tximport(run):
    program, file, tx2gene = RUNS[run]
    files = {sample: str(HERE / program / sample / file) for sample in SAMPLES}
    parsed = transcripts.read(files, program, str(HERE / tx2gene))
    # both add doubles in another order: 1e-8 relative is far above rounding and far below any difference of method
    for found, table in ((parsed.values, "counts"), (parsed.lengths, "length")):
        wanted = expected(run, table)
        assert sorted(found.index) == sorted(wanted.index)
        assert list(found.columns) == SAMPLES
        np.testing.assert_allclose(found.loc[wanted.index].to_numpy(), wanted.to_numpy(), rtol=1e-8, atol=1e-8)


def test_oracle_covers_genes_without_abundance_in_one_two_and_all_samples():
    zeros = (expected("salmon", "counts") == 0).sum(axis=1)
    assert {1, 2, 3} <= set(zeros)


@pytest.mark.parametrize("run", RUNS)
def test_count_table_is_rounded_as_r_rounds(run):
    program, _, tx2gene = RUNS[run]
    spec = Counts(format=program, path=str(HERE / program), tx2gene=str(HERE / tx2gene))
    check_counts_header(spec, SAMPLES, "sheet.tsv")
    table = read_counts(spec, SAMPLES)
    wanted = expected(run, "counts")
    assert table.counts.dtypes.unique().tolist() == [np.dtype("int64")]
    np.testing.assert_array_equal(table.counts.loc[wanted.index].to_numpy(), np.rint(wanted.to_numpy()))
    assert table.lengths.shape == table.counts.shape
    assert any("3 of 63 transcripts are not in the table" in note for note in table.notes)
    assert any("rounded" in note for note in table.notes)
    assert any("matched" in note for note in table.notes) == (run != "salmon")
