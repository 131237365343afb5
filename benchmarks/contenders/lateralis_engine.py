"""lateralis, as the pipeline calls it: `lateralis_engine.py DATA RESULTS THREADS`."""

import sys
from pathlib import Path

import anndata  # noqa: F401, read_h5ad would import it while the clock of reading runs
import numpy as np
import pandas as pd
from contrasts import contrast_weights
from stopwatch import Stopwatch

from lateralis.config import Endpoint
from lateralis.io import read_h5ad, write_table
from lateralis.model.contrasts import wald_test
from lateralis.model.endpoint import call_genes
from lateralis.model.fit import fit_model
from lateralis.model.numerics import choose_numerics
from lateralis.model.outliers import design_cells

STATISTICS = ["log2FoldChange", "lfcSE", "stat", "pvalue"]
WRITTEN = ["gene_id", "baseMean", *STATISTICS, "padj"]


def main(folder, results, threads):
    watch = Stopwatch()
    choose_numerics(threads)  # loads the compiled kernels
    watch.lap("start")

    data = read_h5ad(folder / "counts.h5ad")
    counts = np.asarray(data.X)
    design = pd.read_csv(folder / "design.tsv", sep="\t", index_col=0)
    watch.lap("read")

    fit = fit_model(counts, design, cells=design_cells(design), exempt_three_larger=False, threads=threads)
    watch.lap("fit")

    reason = fit.genes["na_reason"].to_numpy()
    tables = {}
    for name, contrast in contrast_weights(design.columns).items():
        statistics = wald_test(fit.coefficients, fit.covariance, contrast)
        statistics.loc[reason == "cooks_outlier", "pvalue"] = np.nan
        statistics.loc[np.isin(reason, ["no_convergence", "all_zero"]), STATISTICS] = np.nan
        statistics.insert(0, "gene_id", data.var_names.to_numpy())
        statistics.insert(1, "gene_name", data.var["gene_name"].to_numpy())
        statistics["baseMean"] = fit.genes["baseMean"].to_numpy()
        statistics["log2FoldChange_shrunken"] = np.nan
        statistics["na_reason"] = reason
        tables[name] = call_genes(statistics, Endpoint())
    watch.lap("test")

    for name, table in tables.items():
        write_table(results / f"{name}.tsv", table[WRITTEN])
    watch.lap("write")
    watch.report()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
