"""One set of counts, written as every format that holds raw counts, is one counts.h5ad after the import."""

import gzip
import runpy
from pathlib import Path
from types import SimpleNamespace

import anndata as ad
import numpy as np
import pandas as pd
import pytest
from snakemake.iocontainers import Namedlist

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = {"id": "sample", "variables": {"group": {"type": "categorical"}}}


@pytest.fixture
def tiny(fresh):
    """Counts of the tiny cohort, genes by samples, in the sheet's order, and its sheet."""
    folder = fresh.folder / "data"
    sheet = pd.read_csv(folder / "samples.tsv", sep="\t", keep_default_na=False)
    counts = pd.read_csv(folder / "counts.tsv", sep="\t", index_col=0, keep_default_na=False)
    return counts[sheet["sample"]], folder / "samples.tsv", folder / "genes.tsv"


def as_matrix(counts, folder):
    counts.to_csv(folder / "counts.tsv", sep="\t")
    return {"format": "matrix", "path": str(folder / "counts.tsv")}


def as_gzipped_csv(counts, folder):
    """As R writes it: quotes, no name above the gene ids; columns in another order than the sheet's."""
    body = counts.iloc[:, ::-1].to_csv(index_label=False, quoting=2)
    (folder / "counts.csv.gz").write_bytes(gzip.compress(body.encode()))
    return {"format": "matrix", "path": str(folder / "counts.csv.gz")}


def as_featurecounts(counts, folder):
    table = counts.rename(columns="bam/{}.bam".format)
    for column in ("Length", "Strand", "End", "Start", "Chr"):
        table.insert(0, column, "1")
    body = table.rename_axis("Geneid").to_csv(sep="\t")
    (folder / "counts.txt").write_text("# Program:featureCounts v2.0.6\n" + body, encoding="utf-8")
    return {"format": "featurecounts", "path": str(folder / "counts.txt")}


def as_star(counts, folder):
    """Reverse-stranded libraries: few reads on the other strand."""
    for sample in counts:
        reverse = counts[sample]
        table = pd.DataFrame({"both": reverse + reverse // 50, "forward": reverse // 50, "reverse": reverse})
        special = "".join(f"N_{name}\t7\t7\t7\n" for name in ("unmapped", "multimapping", "noFeature", "ambiguous"))
        text = special + table.to_csv(sep="\t", header=False)
        (folder / f"{sample}.ReadsPerGene.out.tab").write_text(text, encoding="utf-8")
    return {"format": "star", "path": str(folder)}


def as_htseq(counts, folder):
    special = "".join(f"__{name}\t7\n" for name in ("no_feature", "ambiguous", "too_low_aQual", "not_aligned"))
    for sample in counts:
        (folder / f"{sample}.txt").write_text(counts[sample].to_csv(sep="\t", header=False) + special, encoding="utf-8")
    return {"format": "htseq", "path": str(folder)}


def as_nfcore(counts, folder):
    """Estimates: a little off the whole numbers."""
    table = counts + np.where(np.arange(len(counts)) % 2, 0.25, 0)[:, None]
    table.insert(0, "gene_name", table.index)
    table.to_csv(folder / "salmon.merged.gene_counts.tsv", sep="\t")
    return {"format": "nfcore", "path": str(folder / "salmon.merged.gene_counts.tsv")}


def as_h5ad(counts, folder):
    """Normalised values in X, as scanpy leaves them; the raw counts in their layer."""
    data = ad.AnnData(np.log1p(counts.to_numpy(dtype=float).T), layers={"counts": counts.to_numpy().T})
    data.obs_names, data.var_names = counts.columns.to_list(), counts.index.to_list()
    data.write_h5ad(folder / "counts.h5ad")
    return {"format": "h5ad", "path": str(folder / "counts.h5ad")}


def imported(spec, sheet, genes, folder):
    """What the import script makes of a count file, without Snakemake."""
    output = Namedlist(fromdict={"counts": str(folder / "imported.h5ad"), "sources": str(folder / "sources.tsv")})
    source = {"counts": spec, "sheet": str(sheet), "samples": SAMPLES, "annotation": str(genes)}
    source |= {"without_counts": [], "without_row": [], "assay": "counts"}
    params = SimpleNamespace(source=source, code="")
    job = SimpleNamespace(input=Namedlist(), output=output, params=params, log=[str(folder / "import.log")])
    runpy.run_path(str(ROOT / "scripts/import_counts.py"), init_globals={"snakemake": job})
    return ad.read_h5ad(output.counts), pd.read_csv(output.sources, sep="\t", keep_default_na=False)


FORMATS = [as_matrix, as_gzipped_csv, as_featurecounts, as_star, as_htseq, as_nfcore, as_h5ad]


@pytest.mark.parametrize("write", FORMATS, ids=lambda write: write.__name__.removeprefix("as_"))
def test_every_format_gives_the_same_counts(tiny, tmp_path, write):
    counts, sheet, genes = tiny
    (tmp_path / "input").mkdir()
    data, sources = imported(write(counts, tmp_path / "input"), sheet, genes, tmp_path)
    assert data.obs_names.tolist() == counts.columns.tolist()
    assert data.var_names.tolist() == counts.index.tolist()
    assert data.X.dtype == np.int64
    np.testing.assert_array_equal(data.X, counts.to_numpy().T)
    assert data.var.loc["XIST", "chromosome"] == "X"
    assert sources["sample"].tolist() == counts.columns.tolist()
    one_a_sample = write in (as_star, as_htseq)
    assert sources["file"].nunique() == (len(sources) if one_a_sample else 1)
