"""The size of a cohort before it is read: exact where it can be, within a few per cent where it is estimated."""

import gzip
import tracemalloc

import anndata as ad
import numpy as np
import pytest

from lateralis.inputs.extent import HEAD, estimated_rows, n_counts
from lateralis.inputs.simulate.sizes import SIZES
from lateralis.sections import Counts, Input


def table(n_rows, n_samples=40):
    rng = np.random.default_rng(1)
    counts = rng.negative_binomial(1, 0.002, (n_rows, n_samples))
    lines = ("\t".join([f"ENSG{row:011d}", *map(str, counts[row])]) for row in range(n_rows))
    return "\n".join(["\t".join(["gene_id", *(f"S{n}" for n in range(n_samples))]), *lines]) + "\n"


@pytest.mark.parametrize("name", SIZES)
def test_built_in_cohorts_have_the_size_that_is_said(name, request):
    assert SIZES[name] == request.getfixturevalue(name).counts.shape[::-1]
    assert n_counts(Input(simulate=name)) == SIZES[name][0] * SIZES[name][1]


def test_rows_of_a_small_table_are_counted(tmp_path):
    path = tmp_path / "counts.tsv"
    path.write_text(table(300), encoding="utf-8")
    assert len(path.read_bytes()) < HEAD
    assert estimated_rows(str(path)) == 300
    path.write_text("sample\tgroup\n", encoding="utf-8")
    assert estimated_rows(str(path)) == 1


@pytest.mark.parametrize("kind", ["plain", "gzip", "bgzip"])
def test_rows_of_a_large_table_are_estimated(tmp_path, kind):
    content = table(20_000).encode()
    path = tmp_path / "counts.tsv"
    members = [content] if kind != "bgzip" else [content[i : i + 65_280] for i in range(0, len(content), 65_280)]
    path.write_bytes(content if kind == "plain" else b"".join(map(gzip.compress, members)))
    assert path.stat().st_size > HEAD
    assert estimated_rows(str(path)) == pytest.approx(20_000, rel=0.03)


def test_samples_times_genes(tmp_path):
    (tmp_path / "samples.tsv").write_text("sample\n" + "x\n" * 25, encoding="utf-8")
    (tmp_path / "counts.tsv").write_text(table(300), encoding="utf-8")
    counts = Counts(format="matrix", path=str(tmp_path / "counts.tsv"))
    assert n_counts(Input(samples=str(tmp_path / "samples.tsv"), counts=counts)) == 25 * 300
    ad.AnnData(np.zeros((25, 40))).write_h5ad(tmp_path / "counts.h5ad")
    counts = Counts(format="h5ad", path=str(tmp_path / "counts.h5ad"))
    assert n_counts(Input(samples=str(tmp_path / "samples.tsv"), counts=counts)) == 25 * 40
    counts = Counts(format="star", path=str(tmp_path))
    assert n_counts(Input(samples=str(tmp_path / "samples.tsv"), counts=counts)) == 25 * 60_000


def test_a_bomb_is_not_inflated(tmp_path):
    path = tmp_path / "counts.tsv.gz"
    row = b"G\t" + b"0" * 1021 + b"\n"  # 1 kB
    with gzip.open(path, "wb") as file:
        for _ in range(400):
            file.write(row * 1000)
    tracemalloc.start()
    rows = estimated_rows(str(path))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert rows == pytest.approx(400_000, rel=0.05)
    assert peak < 64 << 20
