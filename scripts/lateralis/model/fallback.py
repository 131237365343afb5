"""PyDESeq2's default numerics behind the same fit, for machines where the engine cannot run.

Its own fallback for coefficients floors the means in its objective but not in the gradient, so it may stop anywhere once a
count is far off, and call it convergence; such genes are fitted again. Its search of the dispersion takes means as they are
and may jump to the lower bound; R floors them, and so does this. Its shrinkage is not used at all (`fallback_shrinkage`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import numpy as np
from pydeseq2.default_inference import DefaultInference
from pydeseq2.utils import irls_solver
from scipy.special import gammaln, xlogy

from lateralis.model.engine.direct import MIN_MU, RIDGE, dense_matrix, describe_fit, fit_coefficients
from lateralis.model.fallback_shrinkage import Posterior, posterior_modes

_TOLERANCE = 0.01  # squared standard errors; a fit that stopped in order is off by 1e-5 or less
_GENES_ABREAST = 1024  # of the search of posterior modes; bounds its memory

T = TypeVar("T")
R = TypeVar("R")


class FallbackInference(DefaultInference):  # type: ignore[misc]
    """PyDESeq2's default inference with R's floor of the means, whose `irls` tries again where it stopped short of a solution.

    `size_factors` may be (n_samples,) or normalisation factors, (n_samples, n_genes).
    """

    name = "PyDESeq2's default numerics"

    def __init__(self, *args: Any, blocks: np.ndarray | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        self.blocks = blocks

    def _whole(self, design_matrix: np.ndarray) -> np.ndarray:
        """A design with the columns of its blocks, which this inference has no better way with."""
        return design_matrix if self.blocks is None else dense_matrix(design_matrix, self.blocks)

    block_size = 2**22  # a call starts processes, so it should have much to do

    def over_blocks(self, work: Callable[[FallbackInference, T], R], blocks: Iterable[T]) -> list[R]:
        """Results of `work(inference, block)` in order; the processes are inside."""
        return [work(self, block) for block in blocks]

    def irls(
        self,
        counts: np.ndarray,
        size_factors: np.ndarray,
        design_matrix: np.ndarray,
        disp: np.ndarray,
        min_mu: float = MIN_MU,
        *args: Any,
        **options: Any,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Coefficients, means (not floored), hat diagonals and convergence, as `DefaultInference.irls`."""
        options = {"beta_tol": 1e-8} | options
        if np.ndim(size_factors) == 1:
            beta, mu, hat, converged = super().irls(counts, size_factors, design_matrix, disp, min_mu, *args, **options)
        else:  # PyDESeq2 fits a gene with any factors, but hands the same ones to all
            fits = [
                irls_solver(counts[:, gene], factors, design_matrix, disp[gene], min_mu, *args, **options)
                for gene, factors in enumerate(np.transpose(size_factors))
            ]
            beta, mu, hat, converged = (np.array(part).T for part in zip(*fits, strict=True))
            beta = beta.T
        solved = distance_to_solution(counts, size_factors, design_matrix, disp, beta, min_mu) < _TOLERANCE
        again = np.flatnonzero(~(converged & solved))
        for gene in again:
            factors = size_factors if np.ndim(size_factors) == 1 else size_factors[:, gene]
            beta[gene], converged[gene] = fit_coefficients(counts[:, gene], factors, design_matrix, disp[gene])
            _, mu[:, gene], hat[:, gene] = describe_fit(beta[gene], factors, design_matrix, disp[gene])
        return beta, mu, hat, converged

    def fit_coefficients(
        self, counts: np.ndarray, size_factors: np.ndarray, design_matrix: np.ndarray, disp: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Coefficients, means (not floored), leverages, convergence, covariance."""
        whole, n_coef = self._whole(design_matrix), design_matrix.shape[1]
        beta, mu, hat, converged = self.irls(counts, size_factors, whole, disp)
        covariance = coefficient_covariance(beta, disp, size_factors, whole)
        return beta, mu, hat, converged, covariance[:, :n_coef, :n_coef]

    def alpha_mle(
        self,
        counts: np.ndarray,
        design_matrix: np.ndarray,
        mu: np.ndarray,
        *args: Any,
        start: np.ndarray | None = None,
        **options: Any,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Dispersions and convergence as `DefaultInference.alpha_mle`, whose search always starts at the prior's mode."""
        whole, floored = self._whole(design_matrix), np.maximum(mu, MIN_MU)
        dispersions, converged = super().alpha_mle(counts, whole, floored, *args, **options)
        return dispersions, converged

    def means(self, size_factors: np.ndarray, design_matrix: np.ndarray, beta: np.ndarray, min_mu: float) -> np.ndarray:
        """Means at given coefficients, (n_samples, n_genes), floored at `min_mu`."""
        factors = size_factors[:, None] if np.ndim(size_factors) == 1 else size_factors
        return np.maximum(factors * np.exp(self._whole(design_matrix) @ beta.T), min_mu)

    def lin_reg_mu(
        self, counts: np.ndarray, size_factors: np.ndarray, design_matrix: np.ndarray, min_mu: float
    ) -> np.ndarray:
        """Means of a design of groups by least squares, (n_samples, n_genes), floored at `min_mu`."""
        factors = size_factors[:, None] if np.ndim(size_factors) == 1 else size_factors
        return np.maximum(factors * (design_matrix @ (np.linalg.pinv(design_matrix) @ (counts / factors))), min_mu)

    def moments(
        self, counts: np.ndarray, size_factors: np.ndarray, design_matrix: np.ndarray, mean_inverse_factor: float
    ) -> np.ndarray:
        """Mean and variance of normalised counts, rough dispersion, dispersion by moments; (4, n_genes)."""
        factors = size_factors[:, None] if np.ndim(size_factors) == 1 else size_factors
        normalised = counts / factors
        mean, variance, design_matrix = (
            normalised.mean(axis=0),
            normalised.var(axis=0, ddof=1),
            self._whole(design_matrix),
        )
        fitted = np.maximum(design_matrix @ (np.linalg.pinv(design_matrix) @ normalised), 1.0)
        n_samples, n_coef = design_matrix.shape
        rough = (((normalised - fitted) ** 2 - fitted) / fitted**2).sum(axis=0) / (n_samples - n_coef)
        return np.array([mean, variance, np.maximum(rough, 0.0), (variance - mean_inverse_factor * mean) / mean**2])

    def lfc_shrink_nbinom_glm(
        self,
        design_matrix: np.ndarray,
        counts: np.ndarray,
        size: np.ndarray,
        offset: np.ndarray,
        prior_no_shrink_scale: float,
        prior_scale: float,
        optimizer: str,
        shrink_index: int,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Posterior modes, inverse Hessians and convergence, as the engine's; `offset` may be (n_samples, n_genes)."""
        factors = np.exp(offset[:, None] if np.ndim(offset) == 1 else offset)
        parts = []
        for first in range(0, counts.shape[1], _GENES_ABREAST):
            genes = slice(first, first + _GENES_ABREAST)
            y = counts[:, genes].astype(float)
            by_gene = np.broadcast_to(factors if factors.shape[1] == 1 else factors[:, genes], y.shape)
            posterior = Posterior(
                y, by_gene, size[genes], design_matrix, prior_no_shrink_scale, prior_scale, shrink_index
            )
            parts.append(posterior_modes(posterior))
        beta, inverse, converged = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
        return beta, inverse, converged

    def log_likelihoods(self, counts: np.ndarray, mu: np.ndarray, disp: np.ndarray) -> np.ndarray:
        """Negative-binomial log likelihood of every gene, (n_genes,)."""
        size = 1 / disp
        terms = gammaln(counts + size) - gammaln(size) - gammaln(counts + 1.0)
        terms += xlogy(counts, mu / (mu + size)) - size * np.log1p(mu * disp)
        return terms.sum(axis=0)


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
    size_factors : (n_samples,), or normalisation factors (n_samples, n_genes)
    design : (n_samples, n_coef)
    dispersions : (n_genes,)
    beta : (n_genes, n_coef) natural-log scale
    min_mu : floor of the means

    Returns
    -------
    (n_genes,) in squared standard errors; NaN where the means overflow
    """
    factors = size_factors[:, None] if np.ndim(size_factors) == 1 else size_factors
    with np.errstate(over="ignore", invalid="ignore"):
        eta = design @ beta.T
        mu = np.maximum(factors * np.exp(eta), min_mu)
        weights = mu / (1 + dispersions * mu)
        working_residuals = np.log(mu / factors) + (counts - mu) / mu - eta
        score = (weights * working_residuals).T @ design - RIDGE * beta
        products = (design[:, :, None] * design[:, None, :]).reshape(len(design), -1)
        information = (weights.T @ products).reshape(len(beta), *design.shape[1:] * 2) + RIDGE * np.eye(design.shape[1])
        finite = np.isfinite(information).all(axis=(1, 2)) & np.isfinite(score).all(axis=1)
        distance = np.full(len(beta), np.nan)
        steps = np.linalg.solve(information[finite], score[finite, :, None])[:, :, 0]
        distance[finite] = (steps * score[finite]).sum(axis=1)
    return distance


def coefficient_covariance(
    coefficients: np.ndarray, dispersions: np.ndarray, size_factors: np.ndarray, design: np.ndarray, block: int = 1024
) -> np.ndarray:
    """Covariance of each gene's coefficients at the fit.

    Parameters
    ----------
    coefficients : (n_genes, n_coef) natural-log scale
    dispersions : (n_genes,)
    size_factors : (n_samples,), or normalisation factors (n_samples, n_genes)
    design : (n_samples, n_coef)
    block : genes at a time, which bounds the memory

    Returns
    -------
    (n_genes, n_coef, n_coef) float; NaN where a coefficient is

    Means are floored at 0.5 in the weights, as in R and unlike PyDESeq2: a group of zeros would otherwise look infinitely
    uncertain. Source: R DESeq2 `fitBeta` (DESeq2.cpp).
    """
    n_genes, n_coef = coefficients.shape
    covariance = np.full((n_genes, n_coef, n_coef), np.nan)
    products = (design[:, :, None] * design[:, None, :]).reshape(len(design), -1)
    for start in range(0, n_genes, block):
        part = slice(start, start + block)
        usable = np.flatnonzero(np.isfinite(coefficients[part]).all(axis=1) & np.isfinite(dispersions[part])) + start
        factors = size_factors if size_factors.ndim == 1 else size_factors[:, usable].T
        mu = np.fmax(factors * np.exp(coefficients[usable] @ design.T), MIN_MU)
        weights = mu / (1 + mu * dispersions[usable, None])
        information = (weights @ products).reshape(-1, n_coef, n_coef)
        inverse = np.linalg.inv(information + RIDGE * np.eye(n_coef))
        covariance[usable] = inverse @ information @ inverse
    return covariance
