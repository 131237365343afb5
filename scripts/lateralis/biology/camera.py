"""camera: whether the genes of a set change more than other genes, given that genes of a set go together.

Its null is a set whose genes are as correlated as these but no more changed than others. Permuting genes, as GSEA does, or
counting called ones, takes genes for independent, and finds correlated sets far too often.

limma's camera inflates by that correlation all that statistics vary, also what they vary because genes truly change by
different amounts. Where half of the genes change, it finds next to nothing. A z has variance 1 by its own noise; only that is
correlated as residuals are, and only that is inflated here. limma's own p-value stands beside ours.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.special import ndtri, stdtr

from lateralis.model.blocks import centre_in_blocks

_LEAST_VARIANCE = 1e-8  # limma's


class Residuals(NamedTuple):
    """What a model leaves unexplained of each gene's expression, to mean square 1.

    Attributes
    ----------
    values : (n_samples, n_genes)
    df : residual degrees of freedom
    """

    values: np.ndarray
    df: int


def standardised_residuals(expression: np.ndarray, design: np.ndarray, blocks: np.ndarray | None = None) -> Residuals:
    """Residuals of least squares, each gene divided by its residual standard deviation.

    Parameters
    ----------
    expression : (n_samples, n_genes) variance-stabilised
    design : (n_samples, n_coef) of full rank, without blocks' columns
    blocks : (n_samples,) number of each sample's block from 0, or None

    Notes
    -----
    Sums are numpy's own, not those of BLAS, whose last digits depend on the number of threads.
    """
    values, matrix = expression.astype(float), np.asarray(design, dtype=float)
    df = len(values) - matrix.shape[1]
    if blocks is not None:
        values, matrix = centre_in_blocks(values, blocks), centre_in_blocks(matrix, blocks)
        df -= int(blocks.max()) + 1
    basis = _orthonormal(matrix)
    values -= np.einsum("sk,kg->sg", basis, np.einsum("sk,sg->kg", basis, values))
    variance = np.einsum("sg,sg->g", values, values) / df
    values /= np.sqrt(np.maximum(variance, _LEAST_VARIANCE))
    return Residuals(values, df)


def _orthonormal(matrix: np.ndarray) -> np.ndarray:
    """Orthonormal columns of the same span, by Gram and Schmidt, each column twice."""
    basis = matrix / np.sqrt((matrix**2).sum(axis=0))
    for number in range(basis.shape[1]):
        for _ in range(2):
            shares = (basis[:, :number] * basis[:, [number]]).sum(axis=0)
            basis[:, number] -= (basis[:, :number] * shares).sum(axis=1)
            basis[:, number] /= np.sqrt((basis[:, number] ** 2).sum())
    return basis


def z_scores(statistic: np.ndarray, df: float | None) -> np.ndarray:
    """Statistics on the scale of a normal: Student's t of `df` degrees of freedom by its tail, Wald's z as it is."""
    if df is None:
        return statistic
    tail = np.maximum(stdtr(df, -np.abs(statistic)), np.finfo(float).tiny)
    return -np.sign(statistic) * ndtri(tail)


def variance_inflation(residuals: Residuals, membership: sparse.csr_array) -> tuple[np.ndarray, np.ndarray]:
    """By how much correlation among a set's genes inflates the variance of their mean, and the mean correlation.

    Parameters
    ----------
    residuals : of the tested genes
    membership : (n_sets, n_genes)

    Returns
    -------
    inflation : (n_sets,) 1 + (size − 1) × correlation
    correlation : (n_sets,) mean over pairs of genes; NaN for a set of one

    Source: Wu & Smyth 2012, doi:10.1093/nar/gks461, eq. 3; R limma `interGeneCorrelation`.
    """
    sizes = membership.sum(axis=1)
    sums = membership @ residuals.values.T
    inflation = (sums**2).sum(axis=1) / residuals.df / sizes
    with np.errstate(invalid="ignore", divide="ignore"):
        return inflation, (inflation - 1) / (sizes - 1)


def camera(statistic: np.ndarray, residuals: Residuals, membership: sparse.csr_array) -> pd.DataFrame:
    """Competitive test of each set, allowing for the correlation of its genes.

    Parameters
    ----------
    statistic : (n_genes,) signed, a normal of variance 1 about its mean: that of the genes' own tests
    residuals : of the same genes, from the samples and the design of the contrast's model
    membership : (n_sets, n_genes); no set holds all genes

    Returns
    -------
    DataFrame with size, direction (`up` or `down`), difference (mean statistic of the set less that of the others),
    correlation, inflation (at least 1: a negative correlation is not taken as evidence), effects (variance of the genes' true
    statistics: the pooled variance less 1, at least 0), t, df, pvalue (two-sided) and pvalue_limma

    Notes
    -----
    With m genes in the set and n others, the variance of the difference is (inflation + effects) / m + (1 + effects) / n.
    limma's is the pooled variance times (inflation / m + 1 / n): the same where that variance is 1, as it is where no gene
    changes and none go together; larger where genes change; too small where the noise of all genes goes together.

    Source: Wu & Smyth 2012, doi:10.1093/nar/gks461; `pvalue_limma`: R limma `camera(inter.gene.cor = NA, use.ranks = FALSE)`.
    """
    n_genes = len(statistic)
    sizes = membership.sum(axis=1)
    others = n_genes - sizes
    inflation, correlation = variance_inflation(residuals, membership)
    inflation = np.maximum(inflation, 1.0)
    difference = n_genes / others * (membership @ statistic / sizes - statistic.mean())
    variance = (n_genes - 1) * statistic.var(ddof=1) - difference**2 * sizes * others / n_genes
    variance = np.maximum(variance / (n_genes - 2), np.finfo(float).tiny)
    effects = np.maximum(variance - 1.0, 0.0)
    t = difference / np.sqrt((inflation + effects) / sizes + (1.0 + effects) / others)
    t_limma = difference / np.sqrt(variance * (inflation / sizes + 1 / others))
    df = min(residuals.df, n_genes - 2)
    return pd.DataFrame(
        {
            "size": sizes.astype(int),
            "direction": np.where(difference > 0, "up", "down"),
            "difference": difference,
            "correlation": correlation,
            "inflation": inflation,
            "effects": effects,
            "t": t,
            "df": df,
            "pvalue": np.minimum(2 * stdtr(df, -np.abs(t)), 1.0),
            "pvalue_limma": np.minimum(2 * stdtr(df, -np.abs(t_limma)), 1.0),
        }
    )
