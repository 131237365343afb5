"""Read counts, sample sheet and annotation into one AnnData file; nothing is written before all of it is checked."""

from lateralis.job import run

import anndata as ad
import numpy as np
import pandas as pd

from lateralis import __version__
from lateralis.config import Counts, Samples
from lateralis.inputs.annotation import annotate, read_annotation
from lateralis.inputs.counts import read_counts, source_files
from lateralis.inputs.replicates import sum_replicates
from lateralis.inputs.samples import biological_samples, read_samples, replicate_units
from lateralis.io import sha256, write_h5ad, write_table
from lateralis.names import check_names


def main(snakemake):
    source = snakemake.params.source
    samples, spec = Samples(**source["samples"]), Counts(**source["counts"])
    sheet = read_samples(source["sheet"], samples)
    without_counts, without_row = source["without_counts"], source["without_row"]
    listed, sheet = list(sheet.index), sheet.drop(index=without_counts)
    assay = source["assay"]
    table = read_counts(spec, list(sheet.index), without_row, assay)
    units = replicate_units(sheet, samples)
    obs = biological_samples(sheet, samples, source["sheet"])
    counts, lengths = sum_replicates(table.counts, table.lengths, units)
    genes = annotate(counts.index, read_annotation(source["annotation"]), table.gene_names)
    for column in ("gene_name", "chromosome", "biotype"):
        check_names(genes[column].unique(), source["annotation"] or "the shipped gene table", column)

    data = ad.AnnData(
        X=np.ascontiguousarray(counts[obs.index].to_numpy().T, dtype=np.int64 if assay == "counts" else float),
        obs=obs,
        var=genes.rename_axis("gene_id"),
    )
    if lengths is not None:
        data.layers["average_length"] = np.ascontiguousarray(lengths[obs.index].to_numpy().T)
    data.uns["lateralis"] = {"version": __version__, "notes": list(table.notes), "assay": assay}
    files = source_files(spec, [*sheet.index, *without_row])
    checksums = {path: sha256(path) for path in sorted(set(files.values()))}
    sources = pd.DataFrame(
        [
            (units.get(row, row), row, files.get(row, ""), checksums.get(files.get(row), ""))
            for row in [*listed, *without_row]
        ],
        columns=["sample", "row", "file", "sha256"],
    )
    write_table(snakemake.output.sources, sources)
    write_h5ad(snakemake.output.counts, data)
    print(f"{data.n_obs} samples, {data.n_vars} genes.", *table.notes, sep="\n")


if "snakemake" in globals():
    run(main, snakemake)
