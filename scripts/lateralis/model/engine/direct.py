"""Coefficients of the few genes where iteratively reweighted least squares fails: a direct maximisation of the likelihood."""

from __future__ import annotations

import numpy as np

MIN_MU = 0.5  # floor of the means, as in R
RIDGE = 1e-6 / np.log(2) ** 2  # R's λ = 1e-6 is on the log2 scale
_LARGEST_LOG2 = 30.0


def dense_matrix(matrix: np.ndarray, blocks: np.ndarray) -> np.ndarray:
    """The columns of a design with an indicator column for each block behind them.

    Parameters
    ----------
    matrix : (n_samples, n_coef)
    blocks : (n_samples,) number of each sample's block from 0; −1 in none
    """
    numbers = np.arange(blocks.max(initial=-1) + 1)
    return np.column_stack([matrix, (blocks[:, None] == numbers).astype(float)])


def fit_coefficients(
    counts: np.ndarray, size_factors: np.ndarray, design: np.ndarray, dispersion: float
) -> tuple[np.ndarray, bool]:
    """Coefficients of one gene by direct maximisation of the negative-binomial likelihood.

    Parameters
    ----------
    counts, size_factors : (n_samples,)
    design : (n_samples, n_coef) of full rank
    dispersion : of the gene

    Returns
    -------
    coefficients : (n_coef,) natural-log scale, between −30 and 30 in log2 units
    converged : whether the optimiser says so

    Source: R DESeq2 `fitNbinomGLMsOptim`; the gradient is ours.
    """
    from scipy.optimize import minimize  # a third of a second that most fits never need

    def objective(beta: np.ndarray) -> tuple[float, np.ndarray]:
        eta = design @ beta
        mu = size_factors * np.exp(eta)
        loss = ((counts + 1 / dispersion) * np.log1p(dispersion * mu) - counts * eta).sum()
        gradient = design.T @ ((mu - counts) / (1 + dispersion * mu))
        return float(loss + RIDGE / 2 * beta @ beta), gradient + RIDGE * beta

    start = np.linalg.lstsq(design, np.log(counts / size_factors + 0.1), rcond=None)[0]
    limit = _LARGEST_LOG2 * np.log(2)
    found = minimize(objective, start, jac=True, method="L-BFGS-B", bounds=[(-limit, limit)] * len(start))
    return found.x, bool(found.success)


def describe_fit(
    coefficients: np.ndarray, size_factors: np.ndarray, design: np.ndarray, dispersion: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What a gene's coefficients imply.

    Parameters
    ----------
    coefficients : (n_coef,) natural-log scale
    size_factors, design, dispersion : as in `fit_coefficients`

    Returns
    -------
    covariance : (n_coef, n_coef)
    mu : (n_samples,), not floored; in covariance and leverages means are
    leverages : (n_samples,) diagonal of the hat matrix

    Source: R DESeq2 `fitBeta` (DESeq2.cpp).
    """
    mu = size_factors * np.exp(design @ coefficients)
    floored = np.maximum(mu, MIN_MU)
    weights = floored / (1 + floored * dispersion)
    information = (design.T * weights) @ design
    inverse = np.linalg.inv(information + RIDGE * np.eye(design.shape[1]))
    return inverse @ information @ inverse, mu, weights * ((design @ inverse) * design).sum(axis=1)
