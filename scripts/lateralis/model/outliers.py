"""Outlier counts by Cook's distance, R DESeq2's way: which counts are replaced, which genes lose their p-value.

Who is a replicate of whom ("cells") is an argument: rows of the design matrix, as in R, or levels of chosen variables,
which a design with a numeric covariate needs, since there no two rows are alike.

Source throughout: R DESeq2 1.38 `calculateCooksDistance`, `robustMethodOfMomentsDisp`, `replaceOutliers`, `results`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import fdtri

MIN_FOR_FILTER = 3
MIN_FOR_REPLACEMENT = 7
_MIN_ROBUST_DISPERSION = 0.04
_TRIM_BY_SIZE = ((3.5, 1 / 3, 2.04), (23.5, 1 / 4, 1.86), (np.inf, 1 / 8, 1.51))


def design_cells(matrix: pd.DataFrame) -> np.ndarray:
    """Cell number of each sample: samples with the same row of the design matrix share one.

    Parameters
    ----------
    matrix : (n_samples, n_coef)
    """
    return np.unique(matrix.to_numpy(), axis=0, return_inverse=True)[1].reshape(-1)


def variable_cells(obs: pd.DataFrame, variables: list[str]) -> np.ndarray:
    """Cell number of each sample: samples with the same levels of `variables` share one."""
    return obs[variables].astype(str).groupby(variables, sort=True, observed=True).ngroup().to_numpy()


def in_large_cells(cells: np.ndarray, minimum: int) -> np.ndarray:
    """Which samples are in a cell of at least `minimum` samples."""
    return np.bincount(cells)[cells] >= minimum


def cooks_cutoff(n_samples: int, n_coef: int) -> float:
    """Distance above which a count is an outlier: the 99 % quantile of F(p, n − p)."""
    return float(fdtri(n_coef, n_samples - n_coef, 0.99))


def robust_dispersions(normalised: np.ndarray, cells: np.ndarray) -> np.ndarray:
    """Dispersion of each gene by trimmed moments, within cells of three samples or more where there are any.

    Parameters
    ----------
    normalised : (n_samples, n_genes) counts divided by size factors
    cells : (n_samples,) cell numbers

    Returns
    -------
    (n_genes,) float, at least 0.04, so that a gene's other counts do not look extreme beside an outlier
    """
    used = in_large_cells(cells, MIN_FOR_FILTER)
    if used.any():
        variance = np.max(
            [
                _trimmed_variance(normalised[cells == cell], *_trim_of(np.sum(cells == cell)))
                for cell in set(cells[used])
            ],
            axis=0,
        )
    else:
        variance = _trimmed_variance(normalised, *_TRIM_BY_SIZE[-1][1:])
    means = normalised.mean(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        dispersions = (variance - means) / means**2
    return np.fmax(dispersions, _MIN_ROBUST_DISPERSION)


def _trim_of(size: int) -> tuple[float, float]:
    """Trimmed share at each end for a cell of `size`, and the factor that makes the trimmed variance consistent."""
    return next((trim, scale) for limit, trim, scale in _TRIM_BY_SIZE if size <= limit)


def _trimmed_variance(values: np.ndarray, trim: float, scale: float) -> np.ndarray:
    squared = (values - trimmed_mean(values, trim)) ** 2
    return scale * trimmed_mean(squared, trim)


def trimmed_mean(values: np.ndarray, trim: float) -> np.ndarray:
    """Mean over samples of the values left when a share `trim` is cut from each end, as R's `mean(x, trim)`.

    Parameters
    ----------
    values : (n_samples, n_genes)

    Returns
    -------
    (n_genes,)
    """
    n_samples = len(values)
    cut = int(np.floor(n_samples * trim))
    return np.sort(values, axis=0)[cut : n_samples - cut].mean(axis=0)


def cooks_distances(
    counts: np.ndarray, mu: np.ndarray, hat_diagonals: np.ndarray, dispersions: np.ndarray, n_coef: int
) -> np.ndarray:
    """Cook's distance of each count.

    Parameters
    ----------
    counts, mu, hat_diagonals : (n_samples, n_genes)
    dispersions : (n_genes,) from `robust_dispersions`
    n_coef : number of coefficients of the design

    Returns
    -------
    (n_samples, n_genes) float
    """
    distances = (counts - mu) ** 2
    distances /= (mu + dispersions * mu**2) * n_coef
    distances *= hat_diagonals / (1 - hat_diagonals) ** 2
    return distances


def replacement_counts(
    counts: np.ndarray, factors: np.ndarray, outlying: np.ndarray, replaceable: np.ndarray
) -> np.ndarray:
    """Counts with outliers of replaceable samples replaced by the gene's trimmed mean × size factor.

    Parameters
    ----------
    counts : (n_samples, n_genes) integers
    factors : (n_samples, n_genes) or (n_samples, 1) what counts are divided by to normalise them
    outlying : (n_samples, n_genes) bool, Cook's distance above the cutoff
    replaceable : (n_samples,) bool

    Returns
    -------
    (n_samples, n_genes) integers
    """
    means = trimmed_mean(counts / factors, 0.2)
    substitutes = (factors * means).astype(counts.dtype)
    return np.where(outlying & replaceable[:, None], substitutes, counts)


def exempt_genes(counts: np.ndarray, cooks: np.ndarray) -> np.ndarray:
    """Genes where three counts or more exceed the one with the largest Cook's distance: not an outlier after all.

    R applies this to designs of one factor with two levels only; so must the caller.

    Parameters
    ----------
    counts, cooks : (n_samples, n_genes)

    Returns
    -------
    (n_genes,) bool
    """
    most_distant = counts[cooks.argmax(axis=0), np.arange(counts.shape[1])]
    return (counts > most_distant).sum(axis=0) >= 3
