"""Fit and test again what was fitted before, with something changed: other columns, other samples, other labels."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from lateralis.model.contrasts import contrast_all_zero, keep_sound, wald_test
from lateralis.model.fit import ModelFit, fit_model
from lateralis.model.likelihood_ratio import likelihood_ratio_test
from lateralis.model.log_intensity import ASSAY, fit_linear, moderated_f_test
from lateralis.model.normalise import SizeFactors


class FittedData(NamedTuple):
    """What a model was fitted to.

    Attributes
    ----------
    counts : (n_samples, n_genes) integers as counted; the model's samples and kept genes
    size_factors : (n_samples,)
    average_lengths : (n_samples, n_genes) average transcript lengths, or None
    cells : (n_samples,) replicates, for Cook's distance
    exempt_three_larger : R's exemption for designs of one factor with two levels
    blocks : (n_samples,) number of each sample's block, or None
    assay : `counts`; or `log_intensity`, where `counts` are log2 intensities and the fit is linear
    """

    counts: np.ndarray
    size_factors: np.ndarray
    average_lengths: np.ndarray | None
    cells: np.ndarray
    exempt_three_larger: bool
    blocks: np.ndarray | None = None
    assay: str = "counts"


def refit(data: FittedData, design: pd.DataFrame, *, threads: int = 1) -> ModelFit:
    """A full fit (dispersions, trend, prior, outliers) with another design, at the size factors of the first."""
    if data.assay == ASSAY:
        return fit_linear(data.counts, design, cells=data.cells, blocks=data.blocks)
    return fit_model(
        data.counts,
        design,
        cells=data.cells,
        exempt_three_larger=data.exempt_three_larger,
        size_factors=SizeFactors(data.size_factors, "of the model"),
        average_lengths=data.average_lengths,
        blocks=data.blocks,
        threads=threads,
    )


def replaced_counts(counts: np.ndarray, replacements: pd.DataFrame) -> np.ndarray:
    """Counts with those in place of outliers that a fit put there.

    Parameters
    ----------
    counts : (n_samples, n_genes) as counted
    replacements : positions of gene and sample, and the count
    """
    counts = np.array(counts)
    counts[replacements["sample"], replacements["gene"]] = replacements["count"]
    return counts


def wald_statistics(
    data: FittedData, fit: ModelFit, contrast: np.ndarray, compared: np.ndarray | None = None
) -> pd.DataFrame:
    """Wald test of a contrast in every gene of a fit.

    Parameters
    ----------
    contrast : (n_coef,) weights of the fit's columns
    compared : (n_samples,) bool, the samples of the two levels compared, see `contrasts.contrast_all_zero`

    Returns
    -------
    DataFrame (n_genes) with baseMean, log2FoldChange, lfcSE, stat, pvalue, na_reason
    """
    zero = None if data.assay == ASSAY else contrast_all_zero(data.counts, fit.design, contrast, samples=compared)
    tests = wald_test(fit.coefficients, fit.covariance, contrast, all_zero=zero, df=fit.facts.get("df"))
    return _with_reasons(tests, fit)


def lrt_statistics(data: FittedData, fit: ModelFit, reduced: pd.DataFrame, *, threads: int = 1) -> pd.DataFrame:
    """Likelihood-ratio test of a reduced design in every gene of a fit.

    Returns
    -------
    DataFrame (n_genes) with baseMean, stat, pvalue, na_reason
    """
    if data.assay == ASSAY:
        tests = moderated_f_test(
            data.counts,
            fit.design,
            reduced,
            variances=fit.genes["dispersion"].to_numpy(),
            df=fit.facts["df"],
            blocks=data.blocks,
        )
        return _with_reasons(tests, fit)
    tests = likelihood_ratio_test(
        replaced_counts(data.counts, fit.replacements),
        fit.design,
        reduced,
        dispersions=fit.genes["dispersion"].to_numpy(),
        size_factors=data.size_factors,
        average_lengths=data.average_lengths,
        blocks=data.blocks,
        threads=threads,
    )
    return _with_reasons(tests, fit)


def _with_reasons(tests: pd.DataFrame, fit: ModelFit) -> pd.DataFrame:
    tests, reasons = keep_sound(tests.set_axis(fit.genes.index), fit.genes["na_reason"])
    return pd.concat([fit.genes["baseMean"], tests, reasons], axis=1)
