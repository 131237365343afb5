"""How counts arise in a simulated cohort: expected counts from effects and library sizes, negative-binomial around them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def dispersion_trend(means: FloatArray | pd.Series, a0: float, a1: float) -> FloatArray:
    """Dispersion expected at each mean count, alpha = a1/mu + a0 (Love, Huber & Anders 2014, equation 5)."""
    return a1 / np.asarray(means, dtype=float) + a0


def draw_dispersions(
    rng: np.random.Generator, means: pd.Series, a0: float = 0.06, a1: float = 3.0, log_sd: float = 0.5
) -> pd.Series:
    """Dispersions scattered log-normally around the trend; its a0 = 0.06 is a biological variation of 25 %."""
    scatter = np.exp(rng.normal(0.0, log_sd, len(means)))
    return pd.Series(dispersion_trend(means, a0, a1) * scatter, index=means.index)


def draw_depths(rng: np.random.Generator, n_samples: int) -> FloatArray:
    """Depth of each sample, in typical libraries: log-normal around 1, within 0.4 to 2."""
    return np.clip(np.exp(rng.normal(0.0, 0.3, n_samples)), 0.4, 2.0)


def draw_batch_effects(
    rng: np.random.Generator, means: pd.Series, batches: list[str], n_factors: int = 2, log2_sd: float = 0.2
) -> pd.DataFrame:
    """Log2 fold change of each gene in each batch against the first, correlated between genes.

    A batch shifts a few hidden factors (say, RNA quality and library chemistry) on which every gene has a loading, and
    each gene a little by itself. The factors' shifts are orthogonal and of equal size, so that no seed lacks a batch effect.

    Returns
    -------
    DataFrame genes × batches but the first; columns `log2fc_batch_{batch}`.
    """
    loadings = rng.normal(0.0, log2_sd / np.sqrt(n_factors), (len(means), n_factors))
    directions = rng.normal(0.0, 1.0, (len(batches), n_factors))
    shifts = np.sqrt(len(batches)) * np.linalg.qr(directions - directions.mean(axis=0))[0].T
    effects = loadings @ shifts + rng.normal(0.0, 0.2 * log2_sd, (len(means), len(batches)))
    against_first = effects[:, 1:] - effects[:, :1]
    return pd.DataFrame(against_first, index=means.index, columns=[f"log2fc_batch_{batch}" for batch in batches[1:]])


def draw_mitochondrial_shift(rng: np.random.Generator, n_samples: int) -> FloatArray:
    """Log2 shift of all mitochondrial genes in each sample: their share of the reads stays near 3 to 8 %."""
    return np.clip(rng.normal(0.0, 0.2, n_samples), -0.4, 0.4)


def expected_counts(
    means: pd.Series, effects: pd.DataFrame, covariates: pd.DataFrame, depths: FloatArray
) -> FloatArray:
    """Expected count of each gene in each sample: baseline, times depth, times 2 to the sum of its effects.

    Parameters
    ----------
    means : (n_genes,) expected counts in a typical library
    effects : (n_genes, n_effects) log2 fold change a unit of each covariate
    covariates : (n_samples, n_effects) with the same columns
    depths : (n_samples,) in typical libraries

    Returns
    -------
    (n_genes, n_samples) float
    """
    log2_shift = effects.to_numpy() @ covariates[effects.columns].to_numpy(dtype=float).T
    return means.to_numpy()[:, None] * depths[None, :] * np.exp2(log2_shift)


def draw_counts(rng: np.random.Generator, expected: FloatArray, dispersions: pd.Series) -> NDArray[np.int64]:
    """Negative-binomial counts, variance mu + alpha mu², as Poisson counts of gamma-distributed means."""
    shape = 1.0 / dispersions.to_numpy()[:, None]
    return rng.poisson(rng.standard_gamma(np.broadcast_to(shape, expected.shape)) * expected / shape)
