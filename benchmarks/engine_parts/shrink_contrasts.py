"""Seconds of apeGLM for three contrasts of one fit, the fit itself not counted: `shrink_contrasts.py DATA THREADS`."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from contrasts import contrast_weights
from stopwatch import Stopwatch

from lateralis.io import read_h5ad
from lateralis.model.contrasts import wald_test
from lateralis.model.fit import fit_model
from lateralis.model.numerics import choose_numerics
from lateralis.model.outliers import design_cells
from lateralis.model.shrinkage import shrink_contrast


def main(folder, threads):
    watch = Stopwatch()
    choose_numerics(threads)  # loads the compiled kernels
    counts = np.asarray(read_h5ad(folder / "counts.h5ad").X)
    design = pd.read_csv(folder / "design.tsv", sep="\t", index_col=0)
    fit = fit_model(counts, design, cells=design_cells(design), exempt_three_larger=False, threads=threads)
    contrasts = contrast_weights(design.columns).values()
    tests = [wald_test(fit.coefficients, fit.covariance, contrast) for contrast in contrasts]
    watch.lap("start")
    for contrast, test in zip(contrasts, tests, strict=True):
        shrink_contrast(
            counts,
            design,
            contrast,
            dispersions=fit.genes["dispersion"].to_numpy(),
            size_factors=fit.samples["size_factor"].to_numpy(),
            log2_fold_change=test["log2FoldChange"].to_numpy(),
            standard_error=test["lfcSE"].to_numpy(),
            threads=threads,
        )
    watch.lap("shrink")
    watch.report()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
