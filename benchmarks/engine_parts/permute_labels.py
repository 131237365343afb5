"""Seconds of refits with permuted group labels, the null of a calibration check: `permute_labels.py DATA THREADS REFITS`."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from stopwatch import Stopwatch

from lateralis.io import read_h5ad
from lateralis.model.fit import fit_model
from lateralis.model.normalise import estimate_size_factors
from lateralis.model.numerics import choose_numerics
from lateralis.model.outliers import design_cells


def main(folder, threads, n_refits):
    watch = Stopwatch()
    choose_numerics(threads)
    counts = np.asarray(read_h5ad(folder / "counts.h5ad").X)
    design = pd.read_csv(folder / "design.tsv", sep="\t", index_col=0)
    size_factors = estimate_size_factors(counts)
    groups = [column for column in design.columns if column.startswith("group")]
    rng = np.random.default_rng(0)
    watch.lap("start")
    for _ in range(n_refits):
        permuted = design.copy()
        permuted[groups] = design[groups].to_numpy()[rng.permutation(len(design))]
        fit_model(
            counts,
            permuted,
            cells=design_cells(permuted),
            exempt_three_larger=False,
            size_factors=size_factors,
            threads=threads,
        )
    watch.lap("refit")
    watch.report()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
