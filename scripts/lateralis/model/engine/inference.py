"""PyDESeq2's `Inference`, computed by the kernels with R DESeq2's conventions, on threads that are given and never guessed.

Each method takes genes in any number; a gene's result does not depend on the others, nor on the number of threads.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from pydeseq2.inference import Inference

from lateralis.model.engine import coefficients, dispersions, shrinkage
from lateralis.model.engine.compilation import NUMBA_VERSION, compile_apart
from lateralis.model.engine.direct import MIN_MU, RIDGE, dense_matrix, describe_fit, fit_coefficients
from lateralis.model.engine.linear import prepare_design
from lateralis.model.engine.wald import wald_test

_CHUNK = 128
_COUNTS = np.array([[3, 50], [5, 51], [9, 49], [20, 50], [31, 52], [26, 48]])
_GROUPS = np.column_stack([np.ones(6), np.repeat([0.0, 1.0], 3)])
_DEPTH = np.ones(6)

T = TypeVar("T")
R = TypeVar("R")


class EngineInference(Inference):  # type: ignore[misc]
    """The kernels behind PyDESeq2's interface.

    Parameters
    ----------
    threads : how many genes are worked on at a time
    blocks : (n_samples,) number from 0 of each sample's block, such as its participant, −1 in none; every design has an
        indicator column for each block, which is never formed. Methods take and give the other columns; coefficients have
        the effects of the blocks behind them, covariances do not.
    """

    block_size = 2**17  # counts of a block of genes: its arrays, 1 MB each, stay near the processor

    def __init__(self, threads: int = 1, blocks: np.ndarray | None = None) -> None:
        self.threads = max(1, threads)
        self.blocks = blocks
        self.name = f"lateralis engine (numba {NUMBA_VERSION})"

    def over_blocks(self, work: Callable[[EngineInference, T], R], blocks: Iterable[T]) -> list[R]:
        """Results of `work(inference, block)` in order; the blocks share the threads, each has an engine of one."""
        single = EngineInference(blocks=self.blocks)
        if self.threads == 1:
            return [work(single, block) for block in blocks]
        with ThreadPoolExecutor(self.threads) as pool:
            return list(pool.map(lambda block: work(single, block), blocks))

    def check(self) -> None:
        """See that every kernel gives right answers, unless the process that compiled them for the cache has seen it.

        Raises
        ------
        ArithmeticError
            If they are not.
        """
        if compile_apart():
            return
        for part in self.parts:
            part(self)

    def _check_coefficients(self) -> None:
        moments = self.moments(_COUNTS, _DEPTH, _GROUPS, 1.0)
        linear = self.lin_reg_mu(_COUNTS, _DEPTH, _GROUPS)
        beta, mu, _, converged, _ = self.fit_coefficients(_COUNTS, _DEPTH, _GROUPS, np.full(2, 0.1))
        again = self.means(_DEPTH, _GROUPS, beta)
        likelihood = self.log_likelihoods(_COUNTS, mu, np.ones(2))
        # with equal depth, a group's fitted mean is its mean count; with dispersion 1 the counts are geometric
        means = np.repeat([_COUNTS[:3].mean(axis=0), _COUNTS[3:].mean(axis=0)], 3, axis=0)
        geometric = (_COUNTS * np.log(mu / (1 + mu)) - np.log1p(mu)).sum(axis=0)
        sound = [
            (moments[0], _COUNTS.mean(axis=0)),
            (linear, means),
            (mu, means),
            (again, means),
            (likelihood, geometric),
        ]
        if not (converged.all() and all(np.allclose(found, right, rtol=1e-5) for found, right in sound)):
            raise ArithmeticError("the compiled fit of coefficients gives wrong answers")

    def _check_dispersions(self) -> None:
        mu = np.repeat(_COUNTS.mean(axis=0)[None, :], 6, axis=0)
        given = _COUNTS, _GROUPS[:, :1], mu, np.full(2, 0.1), 1e-8, 10.0
        free, converged = self.alpha_mle(*given)
        held, _ = self.alpha_mle(*given, prior_disp_var=1e-12, prior_reg=True)
        # the counts of the second gene vary less than Poisson counts; a prior without width decides alone
        if not (converged.all() and 0.05 < free[0] < 5 and free[1] == 1e-8 and np.allclose(held, 0.1, rtol=1e-5)):
            raise ArithmeticError("the compiled search of dispersions gives wrong answers")

    def _check_shrinkage(self) -> None:
        beta, _, converged = self.lfc_shrink_nbinom_glm(
            _GROUPS, _COUNTS, np.full(2, 10.0), np.zeros(6), 1e4, 1e4, "", 1
        )
        means = np.array([_COUNTS[:3].mean(axis=0), _COUNTS[3:].mean(axis=0)])
        if not (converged.all() and np.allclose(beta[:, 1], np.log(means[1] / means[0]), rtol=1e-4)):
            raise ArithmeticError("the compiled shrinkage gives wrong answers")

    parts = (_check_coefficients, _check_dispersions, _check_shrinkage)

    def _over_genes(self, n_genes: int, work: Callable[[int, int], Any]) -> None:
        """Call `work(first, last)` for chunks of the genes; the kernels let go of the interpreter meanwhile."""
        if self.threads == 1 or n_genes <= _CHUNK:
            work(0, n_genes)
            return
        starts = range(0, n_genes, _CHUNK)
        with ThreadPoolExecutor(self.threads) as pool:
            list(pool.map(lambda first: work(first, min(first + _CHUNK, n_genes)), starts))

    def irls(
        self,
        counts: np.ndarray,
        size_factors: np.ndarray,
        design_matrix: np.ndarray,
        disp: np.ndarray,
        min_mu: float = MIN_MU,
        beta_tol: float = 1e-8,
        min_beta: float = -30,
        max_beta: float = 30,
        optimizer: str = "L-BFGS-B",
        maxiter: int = 100,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Coefficients of every gene.

        Parameters
        ----------
        counts : (n_samples, n_genes)
        size_factors : (n_samples,), or normalisation factors (n_samples, n_genes)
        design_matrix : (n_samples, n_coef)
        disp : (n_genes,)

        Returns
        -------
        coefficients : (n_genes, n_coef) natural-log scale
        mu : (n_samples, n_genes) not floored
        hat_diagonals : (n_samples, n_genes)
        converged : (n_genes,)
        """
        beta, mu, hat, converged, _ = self.fit_coefficients(
            counts, size_factors, design_matrix, disp, min_mu=min_mu, beta_tol=beta_tol, maxiter=maxiter
        )
        return beta, mu, hat, converged

    def fit_coefficients(
        self,
        counts: np.ndarray,
        size_factors: np.ndarray,
        design_matrix: np.ndarray,
        disp: np.ndarray,
        *,
        min_mu: float = MIN_MU,
        beta_tol: float = 1e-8,
        maxiter: int = 100,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """As `irls`, and the covariance of the coefficients, (n_genes, n_coef, n_coef)."""
        y, factors = _by_gene(counts), _factors_by_gene(size_factors)
        design = prepare_design(design_matrix, self.blocks)
        (n_genes, n_samples), n_coef = y.shape, len(design.columns)
        alpha = np.ascontiguousarray(disp, dtype=float)
        beta, covariance = np.full((n_genes, len(design.start)), np.nan), np.full((n_genes, n_coef, n_coef), np.nan)
        mu, hat = np.full((n_genes, n_samples), np.nan), np.full((n_genes, n_samples), np.nan)
        converged = np.zeros(n_genes, dtype=bool)
        options = (float(min_mu), float(beta_tol), int(maxiter), RIDGE)
        self._over_genes(
            n_genes,
            lambda first, last: coefficients.fit(
                y, factors, design, alpha, options, first, last, beta, covariance, mu, hat, converged
            ),
        )
        dense = design.columns.T if self.blocks is None else dense_matrix(design.columns.T, self.blocks)
        for gene in np.flatnonzero(~converged & np.isfinite(alpha)):
            factor = factors[gene if len(factors) > 1 else 0]
            beta[gene], converged[gene] = fit_coefficients(y[gene], factor, dense, alpha[gene])
            if converged[gene]:
                whole, mu[gene], hat[gene] = describe_fit(beta[gene], factor, dense, alpha[gene])
                covariance[gene] = whole[:n_coef, :n_coef]
        return beta, mu.T, hat.T, converged, covariance

    def alpha_mle(
        self,
        counts: np.ndarray,
        design_matrix: np.ndarray,
        mu: np.ndarray,
        alpha_hat: np.ndarray,
        min_disp: float,
        max_disp: float,
        prior_disp_var: float | None = None,
        cr_reg: bool = True,
        prior_reg: bool = False,
        optimizer: str = "L-BFGS-B",
        *,
        start: np.ndarray | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Dispersion of every gene: gene-wise, or with `prior_reg` the maximum a posteriori.

        Parameters
        ----------
        counts, mu : (n_samples, n_genes); means are floored at 0.5
        design_matrix : (n_samples, n_coef)
        alpha_hat : (n_genes,) where the search starts; with `prior_reg` the mode of the prior as well
        prior_disp_var : variance of the prior on log α
        cr_reg : whether to add the Cox–Reid term
        start : (n_genes,) where the search starts, if not at `alpha_hat`

        Returns
        -------
        dispersions : (n_genes,) between `min_disp` and `max_disp`
        converged : (n_genes,)
        """
        y, means = _by_gene(counts), np.maximum(_by_gene(mu), MIN_MU)
        design = prepare_design(design_matrix, self.blocks)
        first_guess = np.log(np.asarray(alpha_hat if start is None else start, dtype=float))
        variance = float(prior_disp_var or 0.0) if prior_reg else 0.0
        prior = (np.log(np.asarray(alpha_hat, dtype=float)), variance, bool(cr_reg))
        bounds = (math.log(min_disp / 10), math.log(min_disp), math.log(max_disp))
        found = np.full((len(y), 4), np.nan)
        self._over_genes(
            len(y),
            lambda first, last: dispersions.maximise(y, means, design, first_guess, prior, bounds, first, last, found),
        )
        log_alpha, steps, initial, final = found.T.copy()
        np.minimum(log_alpha, bounds[2], out=log_alpha)
        searched = steps < 100
        if not prior_reg:
            unmoved = final < initial + np.abs(initial) / 1e6
            log_alpha[unmoved] = first_guess[unmoved]
            searched = (searched & (steps != 1)) | ~(log_alpha > math.log(min_disp * 10))
        again = np.flatnonzero(~searched & np.isfinite(log_alpha))
        if len(again):
            dispersions.search_grid(y, means, design, prior, bounds, again, log_alpha)
        return np.clip(np.exp(log_alpha), min_disp, max_disp), np.isfinite(log_alpha)

    def lin_reg_mu(
        self, counts: np.ndarray, size_factors: np.ndarray, design_matrix: np.ndarray, min_mu: float = MIN_MU
    ) -> np.ndarray:
        """Means of a design of groups by least squares, (n_samples, n_genes), floored at `min_mu`."""
        y, factors, design = (
            _by_gene(counts),
            _factors_by_gene(size_factors),
            prepare_design(design_matrix, self.blocks),
        )
        mu = np.empty_like(y)
        self._over_genes(
            len(y), lambda first, last: coefficients.linear_means(y, factors, design, float(min_mu), first, last, mu)
        )
        return mu.T

    def means(
        self, size_factors: np.ndarray, design_matrix: np.ndarray, beta: np.ndarray, min_mu: float = MIN_MU
    ) -> np.ndarray:
        """Means at given coefficients, (n_samples, n_genes), floored at `min_mu`."""
        factors, design = _factors_by_gene(size_factors), prepare_design(design_matrix, self.blocks)
        mu = np.empty((len(beta), len(design_matrix)))
        values = np.ascontiguousarray(beta, dtype=float)
        self._over_genes(
            len(beta), lambda first, last: coefficients.means(factors, design, values, float(min_mu), first, last, mu)
        )
        return mu.T

    def moments(
        self, counts: np.ndarray, size_factors: np.ndarray, design_matrix: np.ndarray, mean_inverse_factor: float
    ) -> np.ndarray:
        """Mean and variance of normalised counts, rough dispersion, dispersion by moments; (4, n_genes)."""
        y, factors, design = (
            _by_gene(counts),
            _factors_by_gene(size_factors),
            prepare_design(design_matrix, self.blocks),
        )
        found = np.empty((len(y), 4))
        inverse = float(mean_inverse_factor)
        self._over_genes(
            len(y), lambda first, last: coefficients.moments(y, factors, design, inverse, first, last, found)
        )
        return found.T

    def log_likelihoods(self, counts: np.ndarray, mu: np.ndarray, disp: np.ndarray) -> np.ndarray:
        """Negative-binomial log likelihood of every gene, (n_genes,)."""
        y, means, alpha = _by_gene(counts), _by_gene(mu), np.ascontiguousarray(disp, dtype=float)
        total = np.empty(len(y))
        self._over_genes(len(y), lambda first, last: coefficients.log_likelihoods(y, means, alpha, first, last, total))
        return total

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
        """Posterior mode of the coefficients with a Cauchy prior on one of them and wide normal ones on the others.

        Parameters
        ----------
        design_matrix : (n_samples, n_coef)
        counts : (n_samples, n_genes)
        size : (n_genes,) 1 / dispersion
        offset : (n_samples,) log size factors, or (n_samples, n_genes)
        prior_no_shrink_scale, prior_scale : scales of the normal and of the Cauchy prior, natural-log scale
        shrink_index : the coefficient with the Cauchy prior

        Returns
        -------
        coefficients : (n_genes, n_coef) natural-log scale
        inverse_hessians : (n_genes, n_coef, n_coef) of the negative log posterior
        converged : (n_genes,)

        Source: Zhu, Ibrahim & Love 2019, doi:10.1093/bioinformatics/bty895.
        """
        y, factors = _by_gene(counts), _factors_by_gene(np.exp(offset))
        design, sizes = prepare_design(design_matrix), np.ascontiguousarray(size, dtype=float)
        (n_genes, _), n_coef = y.shape, len(design.columns)
        beta, inverse = np.full((n_genes, n_coef), np.nan), np.full((n_genes, n_coef, n_coef), np.nan)
        converged = np.zeros(n_genes, dtype=bool)
        prior = (float(prior_no_shrink_scale), float(prior_scale), int(shrink_index))
        self._over_genes(
            n_genes,
            lambda first, last: shrinkage.maximise(
                y, factors, design, sizes, prior, first, last, beta, inverse, converged
            ),
        )
        return beta, inverse, converged

    def wald_test(
        self,
        design_matrix: np.ndarray,
        disp: np.ndarray,
        lfc: np.ndarray,
        mu: np.ndarray,
        ridge_factor: np.ndarray,
        contrast: np.ndarray,
        lfc_null: float | np.ndarray,
        alt_hypothesis: str | None = None,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Wald test of one contrast: p-values, statistics and standard errors, (n_genes,) each.

        `lfc_null` is a threshold on the contrast itself, natural-log scale; means are floored at 0.5.
        """
        return wald_test(design_matrix, disp, lfc, mu, ridge_factor, contrast, lfc_null, alt_hypothesis)

    def fit_rough_dispersions(self, normed_counts: np.ndarray, design_matrix: pd.DataFrame) -> np.ndarray:
        """Rough dispersions, PyDESeq2's own: `moments` takes their place in our fit."""
        from pydeseq2.utils import fit_rough_dispersions

        return fit_rough_dispersions(normed_counts, design_matrix)

    def fit_moments_dispersions(self, normed_counts: np.ndarray, size_factors: np.ndarray) -> np.ndarray:
        """Dispersions by moments, PyDESeq2's own."""
        from pydeseq2.utils import fit_moments_dispersions

        return fit_moments_dispersions(normed_counts, size_factors)

    def dispersion_trend_gamma_glm(
        self, covariates: pd.Series, targets: pd.Series
    ) -> tuple[np.ndarray, np.ndarray, bool]:
        """Gamma regression of a trend, PyDESeq2's own."""
        from pydeseq2.default_inference import DefaultInference

        return DefaultInference.dispersion_trend_gamma_glm(self, covariates, targets)


def _by_gene(values: np.ndarray) -> np.ndarray:
    """(n_samples, n_genes) as contiguous (n_genes, n_samples) float."""
    return np.ascontiguousarray(np.asarray(values).T, dtype=float)


def _factors_by_gene(size_factors: np.ndarray) -> np.ndarray:
    factors = np.asarray(size_factors, dtype=float)
    return np.ascontiguousarray(factors[None, :] if factors.ndim == 1 else factors.T)
