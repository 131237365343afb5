"""One negative-binomial fit a model: dispersions, coefficients, their covariance, and the outlier counts found on the way.

The steps are R DESeq2's, in its order; what each costs is in the numerics, which are PyDESeq2's `Inference`, ours or its own.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from lateralis.errors import InputError
from lateralis.model import outliers
from lateralis.model.dispersion_trend import (
    DispersionTrend,
    PriorVariance,
    dispersion_residuals,
    fit_dispersion_trend,
    prior_variance,
)
from lateralis.model.engine.direct import dense_matrix
from lateralis.model.gene_fits import FinalFit, GenewiseFit, ModelCounts, fit_final, fit_genewise
from lateralis.model.normalise import SizeFactors, estimate_size_factors
from lateralis.model.numerics import Numerics, choose_numerics


@dataclass(frozen=True)
class ModelFit:
    """What one model leaves behind for its contrasts.

    Attributes
    ----------
    genes : (n_genes, …) frame; baseMean, dispersion_gene, dispersion_trend, dispersion_map, dispersion, converged, max_cooks,
        n_replaced, na_reason (`cooks_outlier`, `no_convergence`, `all_zero` or empty)
    samples : (n_samples, …) frame; size_factor, cell, block (where there are any), replaceable, filterable, n_outlying
        (genes in which Cook's distance exceeds the cutoff), n_replaced
    coefficients : (n_genes, n_coef) natural-log scale; blocks have none here
    covariance : (n_genes, n_coef, n_coef)
    design : (n_samples, n_coef) frame
    trend : dispersion trend
    replacements : (n_replaced, 3) frame; positions of gene and sample, and the count that took the outlier's place
    facts : plain values for reports (numerics, size-factor method, prior variance, Cook's cutoff, warnings)
    """

    genes: pd.DataFrame
    samples: pd.DataFrame
    coefficients: np.ndarray
    covariance: np.ndarray
    design: pd.DataFrame
    trend: DispersionTrend
    replacements: pd.DataFrame
    facts: dict[str, Any] = field(default_factory=dict)


def fit_trend(
    counts: np.ndarray,
    size_factors: np.ndarray,
    *,
    average_lengths: np.ndarray | None = None,
    threads: int = 1,
) -> DispersionTrend:
    """Dispersion trend of a design with an intercept only: what a blind variance-stabilising transformation needs.

    Parameters
    ----------
    counts : (n_samples, n_genes) integers of genes with a positive mean
    size_factors : (n_samples,)
    average_lengths : (n_samples, n_genes) average transcript lengths, if size factors were estimated beside them
    """
    data = _model_counts(counts, np.ones((len(counts), 1)), size_factors, average_lengths)
    genewise = fit_genewise(data, choose_numerics(threads))
    return fit_dispersion_trend(genewise.mean, genewise.dispersion)


def fit_model(
    counts: np.ndarray,
    design: pd.DataFrame,
    *,
    cells: np.ndarray,
    exempt_three_larger: bool,
    blocks: np.ndarray | None = None,
    size_factors: SizeFactors | None = None,
    average_lengths: np.ndarray | None = None,
    numerics: Numerics | None = None,
    threads: int = 1,
) -> ModelFit:
    """Fit every gene of one model.

    Parameters
    ----------
    counts : (n_samples, n_genes) integers; the model's samples and kept genes
    design : (n_samples, n_coef) full-rank design matrix
    cells : (n_samples,) cell number of each sample, for Cook's distance
    exempt_three_larger : R's exemption for designs of one factor with two levels
    blocks : (n_samples,) number of each sample's block from 0, such as its participant; −1 in none. The fit is that of a
        design with an indicator column for each block
    size_factors : default, `estimate_size_factors` of these counts
    average_lengths : (n_samples, n_genes) average transcript lengths, offsets of the fit
    numerics : default, the engine, or PyDESeq2's where that cannot run
    threads : of the numerics

    Raises
    ------
    InputError
        If a sample has no counts, an offset is not finite and positive, or the design leaves no residual degree of freedom.

    Source: Love, Huber & Anders 2014, doi:10.1186/s13059-014-0550-8; R DESeq2 1.38 `DESeq`.
    """
    matrix = design.to_numpy(dtype=float)
    _check(counts, matrix if blocks is None else dense_matrix(matrix, blocks), average_lengths)
    factors = size_factors or estimate_size_factors(counts, average_lengths=average_lengths)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        engine = numerics or choose_numerics(threads, blocks)
        present = np.flatnonzero(counts.any(axis=0))
        lengths = None if average_lengths is None else average_lengths[:, present]
        data = _model_counts(counts[:, present], matrix, factors.values, lengths, blocks)
        genewise = fit_genewise(data, engine)
        trend = fit_dispersion_trend(genewise.mean, genewise.dispersion)
        residuals = dispersion_residuals(genewise.dispersion, trend.at(genewise.mean))
        shared = _Shared(trend, prior_variance(residuals, len(matrix), data.n_coef), cells, engine)
        final = fit_final(data, genewise, *shared)
        estimates = _Estimates(counts.shape[1], matrix.shape[1])
        estimates.record(present, genewise, trend, final)
        replaceable = outliers.in_large_cells(cells, outliers.MIN_FOR_REPLACEMENT)
        replaced = final.outlying[replaceable[final.outlying[:, 1]]]
        replacements = _refit(data, replaced, present, shared, estimates)

    cutoff = outliers.cooks_cutoff(len(matrix), data.n_coef)
    n_replaced = np.bincount(replaced[:, 0], minlength=len(present))
    largest = np.where(n_replaced > 0, np.fmax(final.max_cooks[:, 1], 0.0), final.max_cooks[:, 0])
    genes = estimates.genes
    genes.loc[present, "max_cooks"] = largest
    genes.loc[present, "n_replaced"] = n_replaced
    outlying = np.zeros(len(genes), dtype=bool)
    outlying[present] = (largest > cutoff) & ~(final.exempt & exempt_three_larger)
    genes["na_reason"] = np.select(
        [genes["baseMean"] == 0, ~genes["converged"], outlying], ["all_zero", "no_convergence", "cooks_outlier"], ""
    )
    samples = pd.DataFrame(
        {
            "size_factor": factors.values,
            "cell": cells,
            "replaceable": replaceable,
            "filterable": outliers.in_large_cells(cells, outliers.MIN_FOR_FILTER),
            "n_outlying": np.bincount(final.outlying[:, 1], minlength=len(counts)),
            "n_replaced": np.bincount(replaced[:, 1], minlength=len(counts)),
        },
        index=design.index,
    )
    if blocks is not None:
        samples["block"] = blocks
    facts = {
        "numerics": engine.name,
        "size_factors": factors.method,
        "offsets": "average transcript lengths" if average_lengths is not None else "",
        "prior_variance": shared.prior.prior,
        "cooks_cutoff": cutoff,
        "warnings": sorted({str(warning.message) for warning in caught if issubclass(warning.category, UserWarning)}),
    }
    return ModelFit(genes, samples, estimates.coefficients, estimates.covariance, design, trend, replacements, facts)


class _Shared(NamedTuple):
    """What all genes share once the trend is known."""

    trend: DispersionTrend
    prior: PriorVariance
    cells: np.ndarray
    numerics: Numerics


class _Estimates:
    """The estimates of every gene, empty until recorded."""

    def __init__(self, n_genes: int, n_coef: int) -> None:
        self.coefficients = np.full((n_genes, n_coef), np.nan)
        self.covariance = np.full((n_genes, n_coef, n_coef), np.nan)
        columns = ("dispersion_gene", "dispersion_trend", "dispersion_map", "dispersion", "max_cooks")
        self.genes = pd.DataFrame(np.nan, index=pd.RangeIndex(n_genes), columns=list(columns))
        self.genes["converged"], self.genes["baseMean"], self.genes["n_replaced"] = False, 0.0, 0

    def record(self, at: np.ndarray, genewise: GenewiseFit, trend: DispersionTrend, final: FinalFit) -> None:
        """Write the estimates of the genes numbered `at`; those without a fit stay empty."""
        values = {
            "dispersion_gene": genewise.dispersion,
            "dispersion_trend": trend.at(genewise.mean),
            "dispersion_map": final.dispersion_map,
            "dispersion": final.dispersion,
            "converged": final.converged,
            "baseMean": genewise.mean,
        }
        self.genes.loc[at, list(values)] = pd.DataFrame(values, index=pd.Index(at))
        sound, n_coef = final.converged, self.coefficients.shape[1]
        self.coefficients[at], self.covariance[at] = np.nan, np.nan
        self.coefficients[at[sound]] = final.beta[sound, :n_coef]
        self.covariance[at[sound]] = final.covariance[sound]


def _check(counts: np.ndarray, design: np.ndarray, average_lengths: np.ndarray | None) -> None:
    n_samples, n_coef = design.shape
    if n_samples <= n_coef:
        raise InputError(
            "the model's design",
            f"it has {n_coef} coefficients for {n_samples} samples",
            "A dispersion needs more samples than coefficients",
        )
    if not np.isfinite(design).all():
        raise InputError("the model's design", "it has values that are not finite numbers", "Check its variables")
    if np.linalg.matrix_rank(design) < n_coef:
        raise InputError(
            "the model's design", "its columns are linearly dependent", "Leave out a variable that others determine"
        )
    empty = np.flatnonzero(~counts.any(axis=1))
    if len(empty):
        raise InputError(
            "the model's counts", f"sample number {empty[0] + 1} has no counts", "Exclude it, with the reason"
        )
    if average_lengths is not None and not (np.isfinite(average_lengths).all() and (average_lengths > 0).all()):
        raise InputError(
            "the average transcript lengths", "some are not finite and positive", "Import the counts again"
        )


def _model_counts(
    counts: np.ndarray,
    design: np.ndarray,
    size_factors: np.ndarray,
    average_lengths: np.ndarray | None,
    blocks: np.ndarray | None = None,
) -> ModelCounts:
    lengths = None if average_lengths is None else np.ascontiguousarray(average_lengths.T)
    return ModelCounts(np.ascontiguousarray(counts.T), design, np.asarray(size_factors, dtype=float), lengths, blocks)


def _refit(
    data: ModelCounts, replaced: np.ndarray, present: np.ndarray, shared: _Shared, estimates: _Estimates
) -> pd.DataFrame:
    """Refit genes on replaced counts, with the size factors, trend and prior of the whole, into `estimates`.

    Genes that replacement leaves without a count become all zero. Source: R DESeq2 `refitWithoutOutliers`.

    Parameters
    ----------
    replaced : (k, 2) gene, of those present, and sample of the counts to replace
    present : positions of the genes of `data` among all

    Returns
    -------
    DataFrame with gene, sample and count of the replacements
    """
    affected = np.unique(replaced[:, 0])
    if not len(affected):
        return pd.DataFrame({name: np.array([], dtype=np.int64) for name in ("gene", "sample", "count")})
    lengths = None if data.average_lengths is None else data.average_lengths[affected]
    part = ModelCounts(data.counts[affected], data.design, data.size_factors, lengths, data.blocks)
    whole = slice(0, len(affected))
    factors = part.factors_of(whole)
    outlying = np.zeros((len(data.design), len(affected)), dtype=bool)
    outlying[replaced[:, 1], np.searchsorted(affected, replaced[:, 0])] = True
    substitute = outliers.replacement_counts(
        part.counts.T, factors[:, None] if factors.ndim == 1 else factors, outlying, np.ones(len(outlying), dtype=bool)
    )
    gene, sample = np.nonzero(outlying.T)
    emptied = (substitute == 0).all(axis=0)
    estimates.genes.loc[present[affected[emptied]], "baseMean"] = 0.0
    kept = ~emptied
    if kept.any():
        part = ModelCounts(
            np.ascontiguousarray(substitute[:, kept].T),
            data.design,
            data.size_factors,
            None if lengths is None else lengths[kept],
            data.blocks,
        )
        genewise = fit_genewise(part, shared.numerics)
        estimates.record(present[affected[kept]], genewise, shared.trend, fit_final(part, genewise, *shared))
    return pd.DataFrame({"gene": present[affected[gene]], "sample": sample, "count": substitute[sample, gene]})
