"""Size factors, the variance-stabilising transformation and principal components: what makes samples comparable."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np


class SizeFactors(NamedTuple):
    """Size factors and how they were estimated."""

    values: np.ndarray
    method: str


def estimate_size_factors(
    counts: np.ndarray,
    method: Literal["auto", "ratio", "poscounts"] = "auto",
    *,
    control_genes: np.ndarray | None = None,
    average_lengths: np.ndarray | None = None,
) -> SizeFactors:
    """Median-of-ratios size factors.

    Parameters
    ----------
    counts : (n_samples, n_genes) integers, no sample all zero
    method : `ratio`, from the genes counted in every sample; `poscounts`, from positive counts, R's choice for sparse data;
        `auto`, the former where there are such genes, else the latter
    control_genes : (n_genes,) bool, the genes whose ratios are taken, for example spike-ins; default all
    average_lengths : (n_samples, n_genes) average transcript lengths, to divide counts by, relative to each gene's mean

    Returns
    -------
    values : (n_samples,) float, multiplicative; `poscounts` is scaled to a geometric mean of 1, as in R
    method : `ratio` or `poscounts`

    Raises
    ------
    ValueError
        If no (control) gene tells anything of some sample.

    Source: Anders & Huber 2010, doi:10.1186/gb-2010-11-10-r106, eq. 5; R DESeq2 `estimateSizeFactorsForMatrix`.
    """
    taken = np.ones(counts.shape[1], dtype=bool) if control_genes is None else np.asarray(control_genes, dtype=bool)
    everywhere = (counts > 0).all(axis=0)
    usable = everywhere & taken
    if method != "poscounts" and usable.any():
        log_ratios = _log_relative(counts[:, usable], None if average_lengths is None else average_lengths[:, usable])
        log_ratios -= log_ratios.mean(axis=0)
        return SizeFactors(np.exp(np.median(log_ratios, axis=1)), "ratio")
    if method == "ratio":
        raise ValueError("no gene that size factors may be taken from has a count in every sample")
    if not (counts[:, taken] > 0).any(axis=1).all():
        raise ValueError("a sample has no count in the genes that size factors may be taken from")
    positive = counts[:, taken] > 0
    log_counts = np.where(
        positive, _log_relative(counts[:, taken], None if average_lengths is None else average_lengths[:, taken]), 0.0
    )
    log_means = log_counts.mean(axis=0)
    factors = np.array([np.median((row - log_means)[used]) for row, used in zip(log_counts, positive, strict=True)])
    return SizeFactors(np.exp(factors - factors.mean()), "poscounts")


def _log_relative(counts: np.ndarray, average_lengths: np.ndarray | None) -> np.ndarray:
    """Log counts, less the log average lengths relative to each gene's mean of them."""
    with np.errstate(divide="ignore"):
        logs = np.log(counts.astype(float))
    if average_lengths is not None:
        log_lengths = np.log(average_lengths.astype(float))
        logs -= log_lengths - log_lengths.mean(axis=0)
    return logs


def normalisation_factors(size_factors: np.ndarray, average_lengths: np.ndarray) -> np.ndarray:
    """Size factors by gene: a sample's size factor times its average transcript length, each gene to a geometric mean of 1.

    Parameters
    ----------
    size_factors : (n_samples,) estimated beside these lengths
    average_lengths : (n_samples, n_genes) positive

    Returns
    -------
    (n_samples, n_genes)

    Source: R DESeq2 `estimateNormFactors`; Soneson, Love & Robinson 2015, doi:10.12688/f1000research.7563.2.
    """
    logs = np.log(average_lengths.astype(float)) + np.log(size_factors)[:, None]
    return np.exp(logs - logs.mean(axis=0))


def genes_for_trend(base_mean: np.ndarray, n_genes: int = 1000) -> np.ndarray:
    """Genes that a fast dispersion trend is fitted to: evenly spaced in rank among those with a mean above 5.

    Returns
    -------
    Positions in `base_mean`, ascending by mean; every expressed gene if fewer than `n_genes` have a mean above 5.

    Source: R DESeq2 `vst` (its `nsub`).
    """
    candidates = np.flatnonzero(base_mean > 5)
    if len(candidates) < n_genes:
        return np.flatnonzero(base_mean > 0)
    ordered = candidates[np.argsort(base_mean[candidates], kind="stable")]
    return ordered[np.round(np.linspace(0, len(ordered) - 1, n_genes)).astype(int)]


def variance_stabilise(normalised: np.ndarray, asymptotic_dispersion: float, extra_poisson: float) -> np.ndarray:
    """Variance-stabilising transformation for the trend α(μ) = extra_poisson / μ + asymptotic_dispersion.

    Parameters
    ----------
    normalised : (n_samples, n_genes) counts divided by size factors
    asymptotic_dispersion, extra_poisson : coefficients of the trend; with `extra_poisson` 0, a constant dispersion

    Returns
    -------
    (n_samples, n_genes) float, on the scale of log2 counts

    Source: R DESeq2 `getVarianceStabilizedData`, fitType "parametric".
    """
    a, b = asymptotic_dispersion, extra_poisson
    inner = 2 * np.sqrt(a * normalised * (1 + b + a * normalised))
    return np.log2((1 + b + 2 * a * normalised + inner) / (4 * a))


class PrincipalComponents(NamedTuple):
    """Sample coordinates and the share of variance of each component."""

    coordinates: np.ndarray
    explained: np.ndarray


def principal_components(values: np.ndarray, n_genes: int = 500, n_components: int = 10) -> PrincipalComponents:
    """Principal components of the samples over the most variable genes.

    Parameters
    ----------
    values : (n_samples, n_genes) variance-stabilised expression
    n_genes : how many of the most variable genes, as R's `plotPCA`
    n_components : how many components at most

    Returns
    -------
    coordinates : (n_samples, k), each component's sign such that its largest loading is positive
    explained : (k,) share of the variance of the genes used
    """
    order = np.argsort(-values.var(axis=0), kind="stable")[:n_genes]
    centred = values[:, order] - values[:, order].mean(axis=0)
    left, singular, right = np.linalg.svd(centred, full_matrices=False)
    k = min(n_components, len(singular), max(len(values) - 1, 1))
    signs = np.sign(right[np.arange(k), np.abs(right[:k]).argmax(axis=1)])
    signs[signs == 0] = 1.0
    total = float((singular**2).sum())
    explained = singular[:k] ** 2 / total if total > 0 else np.zeros(k)
    return PrincipalComponents(left[:, :k] * singular[:k] * signs, explained)
