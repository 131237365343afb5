"""The steps of a fit for one block of genes: gene-wise dispersion, then final dispersion, coefficients and outlier counts.

A block needs no other: between the two steps stands only what all genes share, the trend and the prior.

Source: Love, Huber & Anders 2014, doi:10.1186/s13059-014-0550-8; R DESeq2 1.38 `DESeq`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from lateralis.model import outliers
from lateralis.model.dispersion_trend import MIN_DISPERSION, DispersionTrend, PriorVariance
from lateralis.model.engine.direct import MIN_MU
from lateralis.model.normalise import normalisation_factors
from lateralis.model.numerics import Numerics

_OUTLYING = 2.0  # standard deviations above the trend at which a dispersion is not shrunken


@dataclass(frozen=True)
class ModelCounts:
    """The counts of one model's genes and what every step needs beside them.

    Attributes
    ----------
    counts : (n_genes, n_samples) integers, contiguous by gene
    design : (n_samples, n_columns)
    size_factors : (n_samples,)
    average_lengths : (n_genes, n_samples) average transcript lengths; None where size factors are all
    blocks : (n_samples,) number of each sample's block, whose columns are not in `design`; None without blocks
    """

    counts: np.ndarray
    design: np.ndarray
    size_factors: np.ndarray
    average_lengths: np.ndarray | None = None
    blocks: np.ndarray | None = None

    @property
    def n_coef(self) -> int:
        """Coefficients of the design, those of the blocks among them."""
        return self.design.shape[1] + (0 if self.blocks is None else int(self.blocks.max()) + 1)

    @property
    def max_dispersion(self) -> float:
        """Upper bound of the dispersions."""
        return max(10.0, float(len(self.design)))

    @property
    def grouped(self) -> bool:
        """Whether the design is one of groups, so that least squares give the means."""
        return self.blocks is None and len(np.unique(self.design, axis=0)) == self.design.shape[1]

    def chunks(self, size: int) -> Iterator[slice]:
        """Slices of genes with about `size` counts each."""
        n_genes, n_samples = self.counts.shape
        step = max(1, size // n_samples)
        return (slice(first, min(first + step, n_genes)) for first in range(0, n_genes, step))

    def counts_of(self, genes: slice) -> np.ndarray:
        """(n_samples, n_genes) float."""
        return self.counts[genes].astype(float).T

    def factors_of(self, genes: slice) -> np.ndarray:
        """(n_samples,), or (n_samples, n_genes) with average lengths."""
        if self.average_lengths is None:
            return self.size_factors
        return normalisation_factors(self.size_factors, self.average_lengths[genes].T)

    def mean_inverse_factor(self, block_size: int) -> float:
        """Mean over samples of 1 / size factor; with average lengths, of 1 / mean factor."""
        if self.average_lengths is None:
            return float(np.mean(1 / self.size_factors))
        total = sum(self.factors_of(genes).sum(axis=1) for genes in self.chunks(block_size))
        return float(np.mean(len(self.counts) / total))


class GenewiseFit(NamedTuple):
    """First step, by gene.

    Attributes
    ----------
    mean : (n_genes,) of normalised counts
    dispersion : (n_genes,)
    beta : (n_genes, n_coef) coefficients behind the means that dispersions are estimated around; unused for grouped designs
    """

    mean: np.ndarray
    dispersion: np.ndarray
    beta: np.ndarray


class FinalFit(NamedTuple):
    """Second step, by gene.

    Attributes
    ----------
    dispersion_map, dispersion : (n_genes,)
    beta, covariance, converged : (n_genes, n_coef), (n_genes, n_coef, n_coef), (n_genes,)
    outlying : (k, 2) gene and sample of the counts whose Cook's distance exceeds the cutoff
    max_cooks : (n_genes, 2) largest distance among the samples that count for filtering, with and without the replaceable
    exempt : (n_genes,) whether three counts are larger than the one with the largest distance
    """

    dispersion_map: np.ndarray
    dispersion: np.ndarray
    beta: np.ndarray
    covariance: np.ndarray
    converged: np.ndarray
    outlying: np.ndarray
    max_cooks: np.ndarray
    exempt: np.ndarray


def fit_genewise(data: ModelCounts, numerics: Numerics) -> GenewiseFit:
    """Means and gene-wise dispersions of every gene.

    Source: R DESeq2 `estimateDispersionsGeneEst`.
    """
    inverse, grouped = data.mean_inverse_factor(numerics.block_size), data.grouped

    def work(engine: Numerics, genes: slice) -> GenewiseFit:
        counts, factors = data.counts_of(genes), data.factors_of(genes)
        mean, _, rough, by_moments = engine.moments(counts, factors, data.design, inverse)
        start = np.clip(np.fmin(rough, by_moments), MIN_DISPERSION, data.max_dispersion)
        beta = np.zeros((counts.shape[1], data.n_coef))
        if grouped:
            mu = engine.lin_reg_mu(counts, factors, data.design, MIN_MU)
        else:
            beta = engine.fit_coefficients(counts, factors, data.design, start)[0]
            mu = engine.means(factors, data.design, beta, MIN_MU)
        dispersion, _ = engine.alpha_mle(counts, data.design, mu, start, MIN_DISPERSION, data.max_dispersion)
        return GenewiseFit(mean, dispersion, beta)

    return GenewiseFit(*_together(numerics.over_blocks(work, data.chunks(numerics.block_size))))


def fit_final(
    data: ModelCounts,
    genewise: GenewiseFit,
    trend: DispersionTrend,
    prior: PriorVariance,
    cells: np.ndarray,
    numerics: Numerics,
) -> FinalFit:
    """Final dispersions, coefficients, and Cook's distances as far as they decide something, of every gene.

    Source: R DESeq2 `estimateDispersionsMAP`, `nbinomWaldTest`, `calculateCooksDistance`.
    """
    n_samples, n_coef = len(data.design), data.n_coef
    cutoff = outliers.cooks_cutoff(n_samples, n_coef)
    filterable = outliers.in_large_cells(cells, outliers.MIN_FOR_FILTER)
    fixed = filterable & ~outliers.in_large_cells(cells, outliers.MIN_FOR_REPLACEMENT)
    grouped = data.grouped
    log_outlier = _OUTLYING * np.sqrt(prior.residual_variance)

    def work(engine: Numerics, genes: slice) -> FinalFit:
        counts, factors = data.counts_of(genes), data.factors_of(genes)
        gene, fitted = genewise.dispersion[genes], trend.at(genewise.mean[genes])
        if grouped:
            mu = engine.lin_reg_mu(counts, factors, data.design, MIN_MU)
        else:
            mu = engine.means(factors, data.design, genewise.beta[genes], MIN_MU)
        shrunken, _ = engine.alpha_mle(
            counts,
            data.design,
            mu,
            fitted,
            MIN_DISPERSION,
            data.max_dispersion,
            prior_disp_var=prior.prior,
            prior_reg=True,
            start=np.where(gene > 0.1 * fitted, gene, fitted),
        )
        dispersion = np.where(np.log(gene) > np.log(fitted) + log_outlier, gene, shrunken)
        beta, mu, leverages, converged, covariance = engine.fit_coefficients(counts, factors, data.design, dispersion)
        normalised = counts / (factors[:, None] if factors.ndim == 1 else factors)
        robust = outliers.robust_dispersions(normalised, cells)
        cooks = outliers.cooks_distances(counts, mu, leverages, robust, n_coef)
        cooks[:, ~converged] = np.nan
        sample, gene_number = np.nonzero(cooks > cutoff)
        return FinalFit(
            shrunken,
            dispersion,
            beta,
            covariance,
            converged,
            np.column_stack([gene_number + genes.start, sample]),
            np.column_stack([_largest(cooks[filterable]), _largest(cooks[fixed])]),
            _exempt(counts, cooks, cutoff),
        )

    return FinalFit(*_together(numerics.over_blocks(work, data.chunks(numerics.block_size))))


def _largest(cooks: np.ndarray) -> np.ndarray:
    return cooks.max(axis=0) if len(cooks) else np.full(cooks.shape[1], np.nan)


def _exempt(counts: np.ndarray, cooks: np.ndarray, cutoff: float) -> np.ndarray:
    exempt = np.zeros(cooks.shape[1], dtype=bool)
    far = np.flatnonzero((cooks > cutoff).any(axis=0))
    if len(far):
        exempt[far] = outliers.exempt_genes(counts[:, far], cooks[:, far])
    return exempt


def _together(parts: list[tuple[np.ndarray, ...]]) -> list[np.ndarray]:
    return [np.concatenate(arrays) for arrays in zip(*parts, strict=True)]
