"""The counts that all contenders fit: a cohort of four groups with batch, sex and age, the same for the same size and seed.

Run as `python simulate.py FOLDER --samples 180 --genes 20000`. It writes `counts.tsv` (genes × samples, for R), `counts.h5ad`
(what the pipeline's import writes) and `design.tsv` (the design matrix, samples × coefficients).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import anndata as ad
import numpy as np
import pandas as pd

from lateralis.io import write_h5ad

GROUPS = ("control", "motor", "carrier", "als")
LOWEST_MEAN, HIGHEST_MEAN = 1.0, 1e5
SHARE_CHANGED = 0.1
SEED = 20_816_227
_BLOCK = 500  # genes drawn at a time, each block from its own stream


def simulate_design(n_samples: int, seed: int = SEED) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Sample sheet and design matrix of `~ batch + sex + age + group`, age centred and scaled.

    Returns
    -------
    obs : (n_samples, 4) frame; batch, sex, age, group
    design : (n_samples, 7) frame
    """
    rng = np.random.default_rng([seed, n_samples])
    names = pd.Index([f"S{number:04d}" for number in range(1, n_samples + 1)], name="sample")
    # groups in equal numbers, and batches in equal numbers within them, so that no design is nearly confounded
    group, batch = np.arange(n_samples) % 4, (np.arange(n_samples) // 4) % 2
    sex, age = rng.integers(0, 2, n_samples), np.round(rng.normal(58, 11, n_samples), 1)
    obs = pd.DataFrame(
        {
            "batch": pd.Categorical.from_codes(batch, ["b1", "b2"]),
            "sex": pd.Categorical.from_codes(sex, ["F", "M"]),
            "age": age,
            "group": pd.Categorical.from_codes(group, list(GROUPS)),
        },
        index=names,
    )
    design = pd.DataFrame({"Intercept": 1.0, "batch[T.b2]": batch, "sex[T.M]": sex}, index=names)
    design["age"] = (age - age.mean()) / age.std(ddof=1)
    for code, name in enumerate(GROUPS[1:], start=1):
        design[f"group[T.{name}]"] = (group == code).astype(float)
    return obs, design.astype(float)


def simulate_genes(n_genes: int, seed: int = SEED) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean count, dispersion and true coefficients of each gene; the same whatever the number of samples.

    Returns
    -------
    means : (n_genes,) mean counts of the reference, log-normal around 100
    dispersions : (n_genes,) log-normal around the trend 0.05 + 2 / mean
    effects : (n_genes, 6) natural-log effects of batch, sex, age, motor, carrier and als
    """
    rng = np.random.default_rng([seed, 0])
    means = np.clip(rng.lognormal(np.log(100), 1.8, n_genes), LOWEST_MEAN, HIGHEST_MEAN)
    dispersions = (0.05 + 2 / means) * rng.lognormal(0, 0.5, n_genes)
    effects = np.zeros((n_genes, 6))
    for column, (share, spread) in enumerate([(0.2, 0.3), (0.02, 0.5), (0.1, 0.1)]):  # batch, sex, age
        touched = rng.random(n_genes) < share
        effects[touched, column] = rng.normal(0, spread, touched.sum())
    changed = rng.random(n_genes) < SHARE_CHANGED
    size = rng.normal(0, 0.8, changed.sum())
    effects[changed, 5] = size
    effects[changed, 3] = size * 0.3 * (rng.random(changed.sum()) < 0.5)  # some of it is not specific to ALS
    effects[changed, 4] = size * 0.5 * (rng.random(changed.sum()) < 0.5)
    return means, dispersions, effects


def simulate_counts(design: pd.DataFrame, n_genes: int, seed: int = SEED) -> np.ndarray:
    """Negative-binomial counts in which every gene and every sample has some.

    Returns
    -------
    (n_samples, n_genes) int64
    """
    n_samples = len(design)
    means, dispersions, effects = simulate_genes(n_genes, seed)
    depth = np.random.default_rng([seed, n_samples, 1]).lognormal(0, 0.3, n_samples)[:, None]
    covariates = design.to_numpy()[:, 1:]
    counts = np.empty((n_samples, n_genes), dtype=np.int64)
    for start in range(0, n_genes, _BLOCK):
        rng = np.random.default_rng([seed, n_samples, 2, start])
        part = slice(start, start + _BLOCK)
        mu = depth * means[part] * np.exp(covariates @ effects[part].T)
        rates = rng.gamma(1 / dispersions[part], dispersions[part] * mu)
        counts[:, part] = rng.poisson(rates)
        empty = np.flatnonzero(counts[:, part].sum(axis=0) == 0) + start
        counts[0, empty] = 1  # no contender may save work by dropping a gene
    return counts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--samples", type=int, required=True)
    parser.add_argument("--genes", type=int, required=True)
    parser.add_argument("--no-text", action="store_true", help="write no counts.tsv")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    obs, design = simulate_design(options.samples)
    counts = simulate_counts(design, options.genes)
    genes = pd.Index([f"G{number:05d}" for number in range(1, options.genes + 1)], name="gene_id")
    design.to_csv(options.folder / "design.tsv", sep="\t")
    data = ad.AnnData(X=counts, obs=obs, var=pd.DataFrame({"gene_name": genes.to_numpy()}, index=genes))
    data.uns["lateralis"] = {"version": "benchmark", "notes": []}
    write_h5ad(options.folder / "counts.h5ad", data)
    if not options.no_text:
        pd.DataFrame(counts.T, index=genes, columns=obs.index).to_csv(options.folder / "counts.tsv", sep="\t")


if __name__ == "__main__":
    main()
