"""Tests of one linear contrast from its estimate and standard error, against zero or against a threshold."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr, stdtr

from lateralis.model.engine.direct import MIN_MU


def tail_probabilities(
    effect: np.ndarray,
    error: np.ndarray,
    threshold: float | np.ndarray,
    alternative: str | None,
    df: float | np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """p-values and statistics of a scalar effect.

    Parameters
    ----------
    effect, error : (n_genes,) estimate and its standard error
    threshold : on the scale of the effect; at least 0 but for `None`, where it is the value under the null
    alternative : `None`, two-sided; `greaterAbs`, |effect| > threshold; `lessAbs`, |effect| < threshold (equivalence);
        `greater`, effect > threshold; `less`, effect < −threshold
    df : degrees of freedom of Student's distribution, of all genes or (n_genes,) of each; None for the normal one

    Source: R DESeq2 `results(lfcThreshold, altHypothesis)`.
    """

    def below(values: np.ndarray) -> np.ndarray:
        return np.asarray(ndtr(values) if df is None else stdtr(df, values))

    if alternative is None:
        stat = (effect - threshold) / error
        return 2 * below(-np.abs(stat)), stat
    if alternative == "greaterAbs":
        distance = (np.abs(effect) - threshold) / error
        return np.minimum(1.0, 2 * below(-distance)), np.sign(effect) * np.fmax(distance, 0.0)
    if alternative == "lessAbs":
        up, down = (threshold - effect) / error, (effect + threshold) / error
        return np.maximum(below(-up), below(-down)), np.fmin(np.fmax(up, 0.0), np.fmax(down, 0.0))
    if alternative == "greater":
        distance = (effect - threshold) / error
        return below(-distance), np.fmax(distance, 0.0)
    if alternative == "less":
        distance = (effect + threshold) / error
        return below(distance), np.fmin(distance, 0.0)
    raise ValueError(f"alternative '{alternative}' is none of greaterAbs, lessAbs, greater, less")


def wald_test(
    design: np.ndarray,
    dispersions: np.ndarray,
    beta: np.ndarray,
    mu: np.ndarray,
    ridge: np.ndarray,
    contrast: np.ndarray,
    threshold: float | np.ndarray,
    alternative: str | None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """p-values, statistics and standard errors of one contrast; (n_genes,) each.

    Parameters
    ----------
    design : (n_samples, n_coef)
    dispersions : (n_genes,)
    beta : (n_genes, n_coef) natural-log scale
    mu : (n_samples, n_genes), floored here
    ridge : (n_coef, n_coef)
    contrast : (n_coef,)
    threshold, alternative : as in `tail_probabilities`, natural-log scale
    """
    matrix, weights_of = np.asarray(design, dtype=float), np.asarray(contrast, dtype=float)
    floored = np.maximum(mu, MIN_MU)
    weights = (floored / (1 + floored * np.asarray(dispersions))).T
    information = np.einsum("gs,si,sj->gij", weights, matrix, matrix, optimize=["einsum_path", (1, 2), (0, 1)])
    error = np.full(len(information), np.nan)
    usable = np.isfinite(information).all(axis=(1, 2))
    solved = np.linalg.solve(
        information[usable] + ridge, np.broadcast_to(weights_of[:, None], (usable.sum(), len(weights_of), 1))
    )
    error[usable] = np.sqrt(np.einsum("gi,gij,gj->g", solved[:, :, 0], information[usable], solved[:, :, 0]))
    pvalues, stat = tail_probabilities(np.asarray(beta) @ weights_of, error, threshold, alternative)
    return pvalues, stat, error
