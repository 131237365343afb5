"""Likelihood-ratio test of a reduced design: whether the variables it leaves out explain any of a gene's counts."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import chdtrc

from lateralis.model.gene_fits import ModelCounts
from lateralis.model.numerics import Numerics, choose_numerics


def likelihood_ratio_test(
    counts: np.ndarray,
    design: pd.DataFrame | np.ndarray,
    reduced: pd.DataFrame | np.ndarray,
    *,
    dispersions: np.ndarray,
    size_factors: np.ndarray,
    average_lengths: np.ndarray | None = None,
    blocks: np.ndarray | None = None,
    numerics: Numerics | None = None,
    threads: int = 1,
) -> pd.DataFrame:
    """Test every gene's full design against the reduced one, both at the dispersion of the full fit.

    Parameters
    ----------
    counts : (n_samples, n_genes) integers, outliers replaced as in the fit
    design : (n_samples, n_coef) full-rank design matrix
    reduced : (n_samples, n_reduced) full-rank design matrix nested in it (`design.check_nested`)
    dispersions : (n_genes,) of the fit; NaN for genes not to be tested
    size_factors : (n_samples,)
    average_lengths : (n_samples, n_genes) average transcript lengths, if the fit took them as offsets
    blocks : (n_samples,) number of each sample's block, whose columns both designs have beside those given
    numerics : default, the engine, or PyDESeq2's where that cannot run
    threads : of the numerics

    Returns
    -------
    DataFrame with stat, twice the difference of the log likelihoods, and pvalue, of chi-square with as many degrees of
    freedom as the reduced design lacks columns; one row a gene. NaN where a gene has no dispersion or no count, or a fit
    does not converge. Rounding may leave a statistic a little below 0; its p-value is 1.

    Likelihoods are at the means of the fit, not floored. (R floors them for the few genes that its fallback optimiser fits,
    so that their statistics suffer; this does not.) With an intercept alone, the mean is that of the normalised counts.

    Source: R DESeq2 1.38 `nbinomLRT`, `fitNbinomGLMs`; Love, Huber & Anders 2014, doi:10.1186/s13059-014-0550-8.
    """
    full, null = np.asarray(design, dtype=float), np.asarray(reduced, dtype=float)
    usable = np.flatnonzero(np.isfinite(dispersions) & counts.any(axis=0))
    table = pd.DataFrame(np.nan, index=pd.RangeIndex(counts.shape[1]), columns=["stat", "pvalue"])
    if not len(usable):
        return table
    lengths = None if average_lengths is None else np.ascontiguousarray(average_lengths[:, usable].T)
    data = ModelCounts(
        np.ascontiguousarray(counts[:, usable].T), full, np.asarray(size_factors, dtype=float), lengths, blocks
    )
    alpha = np.asarray(dispersions, dtype=float)[usable]

    def work(engine: Numerics, genes: slice) -> np.ndarray:
        y, factors = data.counts_of(genes), data.factors_of(genes)
        best = _log_likelihoods(y, factors, full, alpha[genes], engine)
        return 2 * (best - _log_likelihoods(y, factors, null, alpha[genes], engine))

    engine = numerics or choose_numerics(threads, blocks)
    stat = np.concatenate(engine.over_blocks(work, data.chunks(engine.block_size)))
    table.loc[usable, "stat"] = stat
    table.loc[usable, "pvalue"] = chdtrc(full.shape[1] - null.shape[1], stat)
    return table


def _log_likelihoods(
    counts: np.ndarray, factors: np.ndarray, design: np.ndarray, dispersions: np.ndarray, numerics: Numerics
) -> np.ndarray:
    """Log likelihood of each gene at the fit of one design; NaN where that does not converge."""
    if design.shape[1] == 1 and (design == 1).all():
        by_sample = factors[:, None] if factors.ndim == 1 else factors
        return numerics.log_likelihoods(counts, by_sample * (counts / by_sample).mean(axis=0), dispersions)
    _, mu, _, converged, _ = numerics.fit_coefficients(counts, factors, design, dispersions)
    found = np.full(len(dispersions), np.nan)
    if converged.any():
        found[converged] = numerics.log_likelihoods(counts[:, converged], mu[:, converged], dispersions[converged])
    return found
