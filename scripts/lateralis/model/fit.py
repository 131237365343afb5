"""One negative-binomial fit a model: dispersions, coefficients, their covariance, and the outlier counts found on the way.

PyDESeq2 fits; the outliers, the covariance and what is kept are ours. PyDESeq2 is imported when a fit starts, not before.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from lateralis.model import outliers
from lateralis.model.contrasts import coefficient_covariance
from lateralis.model.normalise import estimate_size_factors

if TYPE_CHECKING:
    from pydeseq2.dds import DeseqDataSet

_FITTED = ("genewise_dispersions", "fitted_dispersions", "MAP_dispersions", "dispersions", "_LFC_converged")


@dataclass(frozen=True)
class DispersionTrend:
    """Dispersion as a function of the mean, α(μ) = extra_poisson / μ + asymptotic."""

    asymptotic: float
    extra_poisson: float
    kind: str

    def at(self, means: np.ndarray) -> np.ndarray:
        """Trend at each mean count."""
        return self.asymptotic + self.extra_poisson / means


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
    facts : plain values for reports (size-factor method, prior variance, Cook's cutoff, warnings)
    """

    genes: pd.DataFrame
    samples: pd.DataFrame
    coefficients: np.ndarray
    covariance: np.ndarray
    design: pd.DataFrame
    trend: DispersionTrend
    facts: dict[str, Any] = field(default_factory=dict)


def fit_trend(counts: np.ndarray, size_factors: np.ndarray, *, threads: int = 1) -> DispersionTrend:
    """Dispersion trend of a design with an intercept only: what a blind variance-stabilising transformation needs.

    Parameters
    ----------
    counts : (n_samples, n_genes) integers of genes with a positive mean
    size_factors : (n_samples,)
    """
    design = pd.DataFrame({"Intercept": np.ones(len(counts))})
    data = _dataset(counts, design, size_factors, threads)
    _estimate_trend(data)
    return _trend_of(data)


def fit_model(
    counts: np.ndarray,
    design: pd.DataFrame,
    *,
    cells: np.ndarray,
    exempt_three_larger: bool,
    threads: int = 1,
) -> ModelFit:
    """Fit every gene of one model.

    Parameters
    ----------
    counts : (n_samples, n_genes) integers; the model's samples and kept genes
    design : (n_samples, n_coef) full-rank design matrix
    cells : (n_samples,) cell number of each sample, for Cook's distance
    exempt_three_larger : R's exemption for designs of one factor with two levels
    threads : processes that PyDESeq2 may use

    Source: Love, Huber & Anders 2014, doi:10.1186/s13059-014-0550-8; PyDESeq2, doi:10.1093/bioinformatics/btad547.
    """
    n_samples, n_coef = design.shape
    factors = estimate_size_factors(counts)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        data = _dataset(counts, design, factors.values, threads)
        _estimate_trend(data)
        data.fit_dispersion_prior()
        data.fit_MAP_dispersions()
        data.fit_LFC()
        genes, coefficients = _estimates(data)
        genes["baseMean"] = (counts / factors.values[:, None]).mean(axis=0)
        present = np.flatnonzero(data.var["non_zero"].to_numpy())
        cooks = np.full(counts.shape, np.nan)
        cooks[:, present] = _cooks(data, counts[:, present], factors.values, cells, n_coef)
        cutoff = outliers.cooks_cutoff(n_samples, n_coef)
        replaceable = outliers.in_large_cells(cells, outliers.MIN_FOR_REPLACEMENT)
        outlying = cooks > cutoff
        replaced = outlying & replaceable[:, None]
        affected = np.flatnonzero(replaced.any(axis=0))
        if len(affected):
            substitute = outliers.replacement_counts(
                counts[:, affected], factors.values, outlying[:, affected], replaceable
            )
            _refit(data, substitute, affected, genes, coefficients, threads)

    counted_cooks = cooks.copy()
    counted_cooks[np.ix_(replaceable, affected)] = 0.0
    filterable = outliers.in_large_cells(cells, outliers.MIN_FOR_FILTER)
    max_cooks = np.full(counts.shape[1], np.nan)
    if filterable.any():
        max_cooks[present] = counted_cooks[np.ix_(filterable, present)].max(axis=0)
    is_outlier = np.nan_to_num(max_cooks, nan=0.0) > cutoff
    if exempt_three_larger and is_outlier.any():
        is_outlier[is_outlier] = ~outliers.exempt_genes(counts[:, is_outlier], cooks[:, is_outlier])
    genes["max_cooks"] = max_cooks
    genes["n_replaced"] = replaced.sum(axis=0)
    genes["na_reason"] = np.select(
        [genes["baseMean"] == 0, ~genes["converged"], is_outlier], ["all_zero", "no_convergence", "cooks_outlier"], ""
    )
    samples = pd.DataFrame(
        {
            "size_factor": factors.values,
            "cell": cells,
            "replaceable": replaceable,
            "filterable": filterable,
            "n_replaced": replaced.sum(axis=1),
        },
        index=design.index,
    )
    covariance = coefficient_covariance(
        coefficients, genes["dispersion"].to_numpy(), factors.values, design.to_numpy(dtype=float)
    )
    facts = {
        "size_factors": factors.method,
        "prior_variance": float(data.uns["prior_disp_var"]),
        "cooks_cutoff": cutoff,
        "warnings": sorted({str(warning.message) for warning in caught if issubclass(warning.category, UserWarning)}),
    }
    return ModelFit(genes, samples, coefficients, covariance, design, _trend_of(data), facts)


def _dataset(counts: np.ndarray, design: pd.DataFrame, size_factors: np.ndarray, threads: int) -> DeseqDataSet:
    """A PyDESeq2 data set with given size factors."""
    from pydeseq2.dds import DeseqDataSet

    from lateralis.model.fallback import FallbackInference

    names = [f"s{position}" for position in range(len(counts))]
    matrix = design.set_axis(pd.Index(names))
    data = DeseqDataSet(
        counts=pd.DataFrame(counts, index=names, columns=[f"g{position}" for position in range(counts.shape[1])]),
        metadata=pd.DataFrame(index=names),
        design=matrix,
        inference=FallbackInference(n_cpus=threads),
        refit_cooks=False,
        quiet=True,
    )
    data.obs["size_factors"] = size_factors
    data.layers["normed_counts"] = counts / size_factors[:, None]
    data.var["_normed_means"] = data.layers["normed_counts"].mean(axis=0)
    return data


def _estimate_trend(data: DeseqDataSet) -> None:
    data.fit_genewise_dispersions()
    data.fit_dispersion_trend()


def _trend_of(data: DeseqDataSet) -> DispersionTrend:
    if data.uns["disp_function_type"] == "parametric":
        asymptotic, extra_poisson = (float(value) for value in data.uns["trend_coeffs"])
        return DispersionTrend(asymptotic, extra_poisson, "parametric")
    return DispersionTrend(float(data.uns["mean_disp"]), 0.0, "mean")


def _estimates(data: DeseqDataSet) -> tuple[pd.DataFrame, np.ndarray]:
    """The fitted values of each gene, and its coefficients."""
    fitted: Mapping[str, Any] = {name: data.var[name] for name in _FITTED}
    genes = pd.DataFrame(
        {
            "dispersion_gene": fitted["genewise_dispersions"].to_numpy(dtype=float),
            "dispersion_trend": fitted["fitted_dispersions"].to_numpy(dtype=float),
            "dispersion_map": fitted["MAP_dispersions"].to_numpy(dtype=float),
            "dispersion": fitted["dispersions"].to_numpy(dtype=float),
            "converged": fitted["_LFC_converged"].fillna(False).to_numpy(dtype=bool),
        }
    )
    coefficients = data.varm["LFC"].to_numpy(dtype=float)
    genes["converged"] &= np.isfinite(coefficients).all(axis=1)
    return genes, coefficients.copy()


def _cooks(
    data: DeseqDataSet, counts: np.ndarray, size_factors: np.ndarray, cells: np.ndarray, n_coef: int
) -> np.ndarray:
    """Cook's distances of the genes that have counts."""
    dispersions = outliers.robust_dispersions(counts / size_factors[:, None], cells)
    return outliers.cooks_distances(counts, data.obsm["_mu_LFC"], data.obsm["_hat_diagonals"], dispersions, n_coef)


def _refit(
    data: DeseqDataSet,
    substitute: np.ndarray,
    affected: np.ndarray,
    genes: pd.DataFrame,
    coefficients: np.ndarray,
    threads: int,
) -> None:
    """Refit the affected genes on replaced counts, with the size factors, trend and prior of the whole; in place.

    Genes that replacement leaves without a count become all zero. Source: R DESeq2 `refitWithoutOutliers`.
    """
    emptied = (substitute == 0).all(axis=0)
    genes.loc[affected[emptied], "baseMean"] = 0.0
    kept = affected[~emptied]
    if not len(kept):
        return
    size_factors = data.obs["size_factors"].to_numpy()
    part = _dataset(substitute[:, ~emptied], data.obsm["design_matrix"], size_factors, threads)
    part.fit_genewise_dispersions()
    means = part.var["_normed_means"].to_numpy()
    part.var["fitted_dispersions"] = _trend_of(data).at(means)
    for name in ("_squared_logres", "prior_disp_var"):
        part.uns[name] = data.uns[name]
    part.fit_MAP_dispersions()
    part.fit_LFC()
    refitted, refitted_coefficients = _estimates(part)
    refitted["baseMean"] = means
    refitted.index = pd.Index(kept)
    genes.loc[kept, refitted.columns] = refitted
    coefficients[kept] = refitted_coefficients
