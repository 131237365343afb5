"""Shrunken fold changes for ranking and drawing: apeGLM's estimate for any linear contrast, not a coefficient alone.

The model is written anew so that the contrast is one of its coefficients. That one takes apeGLM's Cauchy prior, whose width
is learnt from the maximum-likelihood effects of all genes; the others take wide normal ones.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.optimize import brentq

from lateralis.model.gene_fits import ModelCounts
from lateralis.model.numerics import Numerics, choose_numerics

OTHER_SCALE = 15.0  # of the normal priors, natural-log scale
_LN2 = float(np.log(2))
_SMALLEST, _LARGEST = 1e-6, 400.0  # between which the variance of the effects is looked for


def shrink_contrast(
    counts: np.ndarray,
    design: pd.DataFrame | np.ndarray,
    contrast: np.ndarray,
    *,
    dispersions: np.ndarray,
    size_factors: np.ndarray,
    average_lengths: np.ndarray | None = None,
    log2_fold_change: np.ndarray,
    standard_error: np.ndarray,
    numerics: Numerics | None = None,
    threads: int = 1,
) -> pd.DataFrame:
    """Posterior mode of one contrast in every gene.

    Parameters
    ----------
    counts : (n_samples, n_genes) integers, outliers replaced as in the fit
    design : (n_samples, n_coef)
    contrast : (n_coef,) weights
    dispersions : (n_genes,) of the fit
    size_factors : (n_samples,)
    average_lengths : (n_samples, n_genes) average transcript lengths, if the fit took them as offsets
    log2_fold_change, standard_error : (n_genes,) of the Wald test of this contrast, log2 units; NaN for genes to leave out
    numerics : default, the engine, or PyDESeq2's where that cannot run
    threads : of the numerics

    Returns
    -------
    DataFrame with log2FoldChange_shrunken and lfcSE_shrunken, log2 units; one row a gene. NaN where an effect, its error or
    a dispersion is, or the search does not converge. An effect of exactly 0 (`contrasts.contrast_all_zero`) stays 0.

    Source: Zhu, Ibrahim & Love 2019, doi:10.1093/bioinformatics/bty895; R apeglm. The standard error is the root of the
    contrast's diagonal element of the inverse Hessian.
    """
    effect, error = np.asarray(log2_fold_change, dtype=float), np.asarray(standard_error, dtype=float)
    table = pd.DataFrame(
        np.nan, index=pd.RangeIndex(counts.shape[1]), columns=["log2FoldChange_shrunken", "lfcSE_shrunken"]
    )
    usable = np.flatnonzero(np.isfinite(effect) & np.isfinite(error) & np.isfinite(dispersions))
    if not len(usable):
        return table
    matrix, position = contrast_as_coefficient(np.asarray(design, dtype=float), np.asarray(contrast, dtype=float))
    scale = prior_scale(effect * _LN2, error * _LN2)
    lengths = None if average_lengths is None else np.ascontiguousarray(average_lengths[:, usable].T)
    data = ModelCounts(
        np.ascontiguousarray(counts[:, usable].T), matrix, np.asarray(size_factors, dtype=float), lengths
    )
    sizes = 1 / np.asarray(dispersions, dtype=float)[usable]

    def work(engine: Numerics, genes: slice) -> np.ndarray:
        mode, inverse, converged = engine.lfc_shrink_nbinom_glm(
            matrix,
            data.counts_of(genes),
            sizes[genes],
            np.log(data.factors_of(genes)),
            OTHER_SCALE,
            scale,
            "L-BFGS-B",
            position,
        )
        found = np.column_stack([mode[:, position], np.sqrt(inverse[:, position, position])])
        found[~converged.astype(bool)] = np.nan
        return found

    engine = numerics or choose_numerics(threads)
    found = np.concatenate(engine.over_blocks(work, data.chunks(engine.block_size))) / _LN2
    found[(effect[usable] == 0) & np.isfinite(found[:, 0]), 0] = 0.0
    table.loc[usable] = found
    return table


def shrink_estimates(log2_fold_change: np.ndarray, standard_error: np.ndarray) -> np.ndarray:
    """Posterior modes from estimates and their errors alone, for a likelihood that is normal around the estimate.

    For designs of hundreds of blocks, where `shrink_contrast` would take hours. The prior is the same.

    Parameters
    ----------
    log2_fold_change, standard_error : (n_genes,) of a Wald test, log2 units

    Returns
    -------
    (n_genes,) log2 units; NaN where an estimate or an error is. The mode θ solves θ³ − eθ² + (S² + 2s²)θ − eS² = 0, with e the
    estimate, s its error and S the prior's scale; of three solutions, the one with the highest posterior.
    """
    effect, error = np.asarray(log2_fold_change, dtype=float) * _LN2, np.asarray(standard_error, dtype=float) * _LN2
    scale = prior_scale(effect, error)
    modes = np.full(len(effect), np.nan)
    usable = np.flatnonzero(np.isfinite(effect) & np.isfinite(error) & (error > 0))
    e, s = effect[usable], error[usable]
    companions = np.zeros((len(e), 3, 3))
    companions[:, 1, 0] = companions[:, 2, 1] = 1.0
    companions[:, :, 2] = np.column_stack([e * scale**2, -(scale**2 + 2 * s**2), e])
    roots = np.linalg.eigvals(companions)
    real = np.where(np.abs(roots.imag) < 1e-9 * (1 + np.abs(roots)), roots.real, 0.0)
    posterior = -0.5 * ((real - e[:, None]) / s[:, None]) ** 2 - np.log1p((real / scale) ** 2)
    modes[usable] = real[np.arange(len(e)), posterior.argmax(axis=1)]
    return modes / _LN2


def contrast_as_coefficient(design: np.ndarray, contrast: np.ndarray) -> tuple[np.ndarray, int]:
    """The same model in other coefficients, one of which is the contrast.

    Parameters
    ----------
    design : (n_samples, n_coef)
    contrast : (n_coef,) weights, not all 0

    Returns
    -------
    design : (n_samples, n_coef); the coefficients are those of the design given, but the contrast stands in the place of the
        one with the largest absolute weight, the first of these
    position : the contrast's place

    Raises
    ------
    ValueError
        If every weight is 0.

    With θ = c'β for β_k: Xβ = Σ_j≠k β_j (x_j − c_j/c_k x_k) + θ x_k/c_k.
    """
    if not contrast.any():
        raise ValueError("every weight of the contrast is 0")
    position = int(np.argmax(np.abs(contrast)))
    replaced = design[:, position] / contrast[position]
    matrix = design - np.outer(replaced, contrast)
    matrix[:, position] = replaced
    return matrix, position


def prior_scale(effect: np.ndarray, error: np.ndarray) -> float:
    """Scale of the Cauchy prior: the standard deviation of the true effects, at most 1.

    Parameters
    ----------
    effect, error : (n_genes,) maximum-likelihood effects and their standard errors, natural-log scale; NaN are left out

    The variance A solves A = Σ (effect² − error²) w / Σ w with w = 1 / (A + error²)², and is at least 1e-6.

    Source: Efron & Morris 1975, doi:10.1080/01621459.1975.10479864, as in R apeglm and PyDESeq2 `DeseqStats._fit_prior_var`.
    """
    kept = np.isfinite(effect) & np.isfinite(error)
    squares, noise = effect[kept] ** 2, error[kept] ** 2

    def excess(variance: float) -> float:
        weights = (variance + noise) ** -2
        return float(((squares - noise) * weights).sum() / weights.sum() - variance)

    if not kept.any() or excess(_LARGEST) > 0:
        return 1.0
    if excess(_SMALLEST) < 0:
        return float(np.sqrt(_SMALLEST))
    return min(1.0, float(np.sqrt(brentq(excess, _SMALLEST, _LARGEST))))
