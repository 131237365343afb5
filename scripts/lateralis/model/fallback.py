"""PyDESeq2's numerics, with a second attempt at the coefficients of genes where its own fallback fails.

That fallback floors the means in its objective but not in the gradient, so it may stop anywhere once a count is far off, and
call it convergence; a failed fit would then make outliers of the other counts, or a finding of a single one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from pydeseq2.default_inference import DefaultInference
from scipy.optimize import minimize

_RIDGE = 1e-6
_LARGEST_LOG2 = 30.0
_TOLERANCE = 0.01  # squared standard errors; a fit that stopped in order is off by 1e-5 or less


class FallbackInference(DefaultInference):  # type: ignore[misc]
    """PyDESeq2's default inference, whose `irls` tries again where it stopped short of a solution."""

    def irls(
        self,
        counts: np.ndarray,
        size_factors: np.ndarray,
        design_matrix: np.ndarray,
        disp: np.ndarray,
        min_mu: float,
        *args: Any,
        **options: Any,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Coefficients, means, hat diagonals and convergence, as `DefaultInference.irls`."""
        beta, mu, hat, converged = super().irls(counts, size_factors, design_matrix, disp, min_mu, *args, **options)
        solved = distance_to_solution(counts, size_factors, design_matrix, disp, beta, min_mu) < _TOLERANCE
        for gene in np.flatnonzero(~(converged & solved)):
            beta[gene], converged[gene] = fit_coefficients(counts[:, gene], size_factors, design_matrix, disp[gene])
            mu[:, gene] = size_factors * np.exp(design_matrix @ beta[gene])
            hat[:, gene] = _hat_diagonal(np.maximum(mu[:, gene], min_mu), design_matrix, disp[gene])
        return beta, mu, hat, converged


def distance_to_solution(
    counts: np.ndarray,
    size_factors: np.ndarray,
    design: np.ndarray,
    dispersions: np.ndarray,
    beta: np.ndarray,
    min_mu: float,
) -> np.ndarray:
    """How far one more step of iteratively reweighted least squares would move each gene's coefficients.

    Parameters
    ----------
    counts : (n_samples, n_genes)
    size_factors : (n_samples,)
    design : (n_samples, n_coef)
    dispersions : (n_genes,)
    beta : (n_genes, n_coef) natural-log scale
    min_mu : floor of the means

    Returns
    -------
    (n_genes,) in squared standard errors; NaN where the means overflow
    """
    with np.errstate(over="ignore", invalid="ignore"):
        eta = design @ beta.T
        mu = np.maximum(size_factors[:, None] * np.exp(eta), min_mu)
        weights = mu / (1 + dispersions * mu)
        working_residuals = np.log(mu / size_factors[:, None]) + (counts - mu) / mu - eta
        score = (weights * working_residuals).T @ design - _RIDGE * beta
        products = (design[:, :, None] * design[:, None, :]).reshape(len(design), -1)
        information = (weights.T @ products).reshape(len(beta), *design.shape[1:] * 2) + _RIDGE * np.eye(
            design.shape[1]
        )
        finite = np.isfinite(information).all(axis=(1, 2)) & np.isfinite(score).all(axis=1)
        distance = np.full(len(beta), np.nan)
        steps = np.linalg.solve(information[finite], score[finite, :, None])[:, :, 0]
        distance[finite] = (steps * score[finite]).sum(axis=1)
    return distance


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

    def objective(beta: np.ndarray) -> tuple[float, np.ndarray]:
        eta = design @ beta
        mu = size_factors * np.exp(eta)
        loss = ((counts + 1 / dispersion) * np.log1p(dispersion * mu) - counts * eta).sum()
        gradient = design.T @ ((mu - counts) / (1 + dispersion * mu))
        return float(loss + _RIDGE / 2 * beta @ beta), gradient + _RIDGE * beta

    start = np.linalg.lstsq(design, np.log(counts / size_factors + 0.1), rcond=None)[0]
    limit = _LARGEST_LOG2 * np.log(2)
    found = minimize(objective, start, jac=True, method="L-BFGS-B", bounds=[(-limit, limit)] * len(start))
    return found.x, bool(found.success)


def _hat_diagonal(mu: np.ndarray, design: np.ndarray, dispersion: float) -> np.ndarray:
    weights = mu / (1 + dispersion * mu)
    inverse = np.linalg.inv((design.T * weights) @ design + _RIDGE * np.eye(design.shape[1]))
    return weights * np.einsum("si,ij,sj->s", design, inverse, design)
