"""One negative-binomial fit a model: dispersions, coefficients, their covariance, and the outlier counts found on the way.

The steps are R DESeq2's, in its order; what each costs is in the numerics, which are PyDESeq2's `Inference`, ours or its own.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import Any

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
    samples : (n_samples, …) frame; size_factor, cell, replaceable, filterable, n_replaced
    coefficients : (n_genes, n_coef) natural-log scale
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
    _check(counts, matrix, average_lengths)
    factors = size_factors or estimate_size_factors(counts, average_lengths=average_lengths)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        engine = numerics or choose_numerics(threads)
        present = np.flatnonzero(counts.any(axis=0))
        if not len(present):
            raise InputError("the model's counts", "no gene has a count", "Check the counts and the gene filter")
        lengths = None if average_lengths is None else average_lengths[:, present]
        data = _model_counts(counts[:, present], matrix, factors.values, lengths)
        genewise = fit_genewise(data, engine)
        trend = fit_dispersion_trend(genewise.mean, genewise.dispersion)
        residuals = dispersion_residuals(genewise.dispersion, trend.at(genewise.mean))
        prior = prior_variance(residuals, *matrix.shape)
        final = fit_final(data, genewise, trend, prior, cells, engine)
        genes = pd.DataFrame(index=pd.RangeIndex(counts.shape[1]))
        coefficients = np.full((len(genes), matrix.shape[1]), np.nan)
        covariance = np.full((len(genes), matrix.shape[1], matrix.shape[1]), np.nan)
        _record(genes, coefficients, covariance, present, genewise, trend, final)
        replaceable = outliers.in_large_cells(cells, outliers.MIN_FOR_REPLACEMENT)
        replaced = final.outlying[replaceable[final.outlying[:, 1]]]
        affected = np.unique(replaced[:, 0])
        substitutes = _refit(
            data, present, replaced, affected, trend, prior, genes, coefficients, covariance, engine, cells
        )

    cutoff = outliers.cooks_cutoff(*matrix.shape)
    largest = final.max_cooks[:, 0].copy()
    largest[affected] = np.fmax(final.max_cooks[affected, 1], 0.0)
    is_outlier = largest > cutoff
    if exempt_three_larger:
        is_outlier &= ~final.exempt
    genes["max_cooks"], genes["n_replaced"] = np.nan, 0
    genes.loc[present, "max_cooks"] = largest
    genes.loc[present, "n_replaced"] = np.bincount(replaced[:, 0], minlength=len(present))
    outlying = np.zeros(len(genes), dtype=bool)
    outlying[present] = is_outlier
    genes["na_reason"] = np.select(
        [genes["baseMean"] == 0, ~genes["converged"], outlying], ["all_zero", "no_convergence", "cooks_outlier"], ""
    )
    samples = pd.DataFrame(
        {
            "size_factor": factors.values,
            "cell": cells,
            "replaceable": replaceable,
            "filterable": outliers.in_large_cells(cells, outliers.MIN_FOR_FILTER),
            "n_replaced": np.bincount(replaced[:, 1], minlength=len(counts)),
        },
        index=design.index,
    )
    facts = {
        "numerics": engine.name,
        "size_factors": factors.method,
        "offsets": "average transcript lengths" if average_lengths is not None else "",
        "prior_variance": prior.prior,
        "cooks_cutoff": cutoff,
        "warnings": sorted({str(warning.message) for warning in caught if issubclass(warning.category, UserWarning)}),
    }
    return ModelFit(genes, samples, coefficients, covariance, design, trend, substitutes, facts)


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
    counts: np.ndarray, design: np.ndarray, size_factors: np.ndarray, average_lengths: np.ndarray | None
) -> ModelCounts:
    lengths = None if average_lengths is None else np.ascontiguousarray(average_lengths.T)
    return ModelCounts(np.ascontiguousarray(counts.T), design, np.asarray(size_factors, dtype=float), lengths)


def _record(
    genes: pd.DataFrame,
    coefficients: np.ndarray,
    covariance: np.ndarray,
    at: np.ndarray,
    genewise: GenewiseFit,
    trend: DispersionTrend,
    final: FinalFit,
) -> None:
    """Write the estimates of the genes numbered `at` into the whole; in place."""
    values = pd.DataFrame(
        {
            "dispersion_gene": genewise.dispersion,
            "dispersion_trend": trend.at(genewise.mean),
            "dispersion_map": final.dispersion_map,
            "dispersion": final.dispersion,
            "converged": final.converged,
            "baseMean": genewise.mean,
        },
        index=pd.Index(at),
    )
    for name in values:
        if name not in genes:
            genes[name] = False if name == "converged" else 0.0 if name == "baseMean" else np.nan
        genes.loc[at, name] = values[name]
    unsound = ~final.converged
    coefficients[at], covariance[at] = final.beta, final.covariance
    coefficients[at[unsound]], covariance[at[unsound]] = np.nan, np.nan


def _refit(
    data: ModelCounts,
    present: np.ndarray,
    replaced: np.ndarray,
    affected: np.ndarray,
    trend: DispersionTrend,
    prior: PriorVariance,
    genes: pd.DataFrame,
    coefficients: np.ndarray,
    covariance: np.ndarray,
    numerics: Numerics,
    cells: np.ndarray,
) -> pd.DataFrame:
    """Refit the affected genes on replaced counts, with the size factors, trend and prior of the whole; in place.

    Genes that replacement leaves without a count become all zero. Source: R DESeq2 `refitWithoutOutliers`.

    Returns
    -------
    DataFrame with gene, sample and count of the replacements
    """
    if not len(affected):
        return pd.DataFrame({name: np.array([], dtype=np.int64) for name in ("gene", "sample", "count")})
    lengths = None if data.average_lengths is None else data.average_lengths[affected]
    part = ModelCounts(data.counts[affected], data.design, data.size_factors, lengths)
    whole = slice(0, len(affected))
    factors = part.factors_of(whole)
    outlying = np.zeros((len(data.design), len(affected)), dtype=bool)
    outlying[replaced[:, 1], np.searchsorted(affected, replaced[:, 0])] = True
    substitute = outliers.replacement_counts(
        part.counts.T, factors[:, None] if factors.ndim == 1 else factors, outlying, np.ones(len(outlying), dtype=bool)
    )
    gene, sample = np.nonzero(outlying.T)
    emptied = (substitute == 0).all(axis=0)
    genes.loc[present[affected[emptied]], "baseMean"] = 0.0
    kept = ~emptied
    if kept.any():
        part = ModelCounts(
            np.ascontiguousarray(substitute[:, kept].T),
            data.design,
            data.size_factors,
            None if lengths is None else lengths[kept],
        )
        genewise = fit_genewise(part, numerics)
        final = fit_final(part, genewise, trend, prior, cells, numerics)
        _record(genes, coefficients, covariance, present[affected[kept]], genewise, trend, final)
    return pd.DataFrame({"gene": present[affected[gene]], "sample": sample, "count": substitute[sample, gene]})
