"""PyDESeq2 with its default numerics: `pydeseq2_default.py DATA RESULTS WORKERS`.

The runner pins BLAS to one thread: on matrices as small as a design's, its threads cost PyDESeq2 far more than they give.
"""

import sys
from pathlib import Path

import anndata as ad
import pandas as pd
from contrasts import contrast_weights
from pydeseq2.dds import DeseqDataSet
from pydeseq2.default_inference import DefaultInference
from pydeseq2.ds import DeseqStats
from stopwatch import Stopwatch


def main(folder, results, workers):
    watch = Stopwatch()
    watch.lap("start")

    data = ad.read_h5ad(folder / "counts.h5ad")
    design = pd.read_csv(folder / "design.tsv", sep="\t", index_col=0)
    watch.lap("read")

    inference = DefaultInference(n_cpus=workers)
    dataset = DeseqDataSet(adata=data, design=design, inference=inference, quiet=True)
    dataset.deseq2()
    watch.lap("fit")

    tables = {}
    for name, contrast in contrast_weights(design.columns).items():
        statistics = DeseqStats(dataset, contrast=contrast, alpha=0.05, inference=inference, quiet=True)
        statistics.summary()
        tables[name] = statistics.results_df
    watch.lap("test")

    for name, table in tables.items():
        table.to_csv(results / f"{name}.tsv", sep="\t", index_label="gene_id")
    watch.lap("write")
    watch.report()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
