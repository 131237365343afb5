"""Linear models with moderated variance for log2 intensities, as arrays and NanoString give: the same ModelFit, other errors.

Each gene is fitted by least squares; its variance is drawn towards that of all genes, and tests have the degrees of freedom of
both. There is no dispersion, no size factor and no outlier rule: values come normalised.

Source: Smyth 2004, doi:10.2202/1544-6115.1027; R limma `lmFit`, `eBayes`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import digamma, fdtrc, polygamma

from lateralis.errors import InputError
from lateralis.model.dispersion_trend import DispersionTrend
from lateralis.model.engine.direct import dense_matrix
from lateralis.model.fit import ModelFit

ASSAY = "log_intensity"
NUMERICS = "linear models with moderated variance"
_LN2 = float(np.log(2))


class VariancePrior(NamedTuple):
    """Prior of the variances: `variance`, worth `df` degrees of freedom (infinite where all genes share one)."""

    variance: float
    df: float


def variance_prior(variances: np.ndarray, df: float | np.ndarray) -> VariancePrior:
    """Scaled F distribution of sample variances, by the moments of their logarithms.

    Parameters
    ----------
    variances : (n_genes,) sample variances; zeros are left out
    df : degrees of freedom, of all or (n_genes,) of each

    Source: Smyth 2004, section 6.2; R limma `fitFDist`.
    """
    large = variances > 1e-5 * np.median(variances) if len(variances) else np.zeros(0, dtype=bool)
    kept, half_df = variances[large], np.broadcast_to(np.asarray(df, dtype=float) / 2, variances.shape)[large]
    if len(kept) < 2:
        return VariancePrior(float(np.mean(variances)) if len(variances) else 0.0, np.inf)
    logs = np.log(kept) - digamma(half_df) + np.log(half_df)
    mean, spread = float(logs.mean()), float(logs.var(ddof=1) - polygamma(1, half_df).mean())
    if spread <= 0:
        return VariancePrior(float(np.exp(mean)), np.inf)
    half = _inverse_trigamma(spread)
    return VariancePrior(float(np.exp(mean + digamma(half) - np.log(half))), 2 * half)


def _inverse_trigamma(value: float) -> float:
    """X with trigamma(x) = value, by Newton's method on 1 / trigamma, which is nearly linear."""
    if value > 1e7:
        return float(1 / np.sqrt(value))
    if value < 1e-6:
        return 1 / value
    x = 0.5 + 1 / value
    for _ in range(50):
        trigamma = float(polygamma(1, x))
        step = trigamma * (1 - trigamma / value) / float(polygamma(2, x))
        x += step
        if -step / x < 1e-8:
            break
    return x


def fit_linear(
    values: np.ndarray, design: pd.DataFrame, *, cells: np.ndarray, blocks: np.ndarray | None = None
) -> ModelFit:
    """Fit every gene of one model by least squares, with moderated variance.

    Parameters
    ----------
    values : (n_samples, n_genes) log2 intensities
    design : (n_samples, n_coef) full-rank design matrix
    cells : (n_samples,) kept beside the samples; no rule uses them
    blocks : (n_samples,) number of each sample's block, or None

    Returns
    -------
    ModelFit; `baseMean` is the geometric mean intensity, `dispersion_gene`, `dispersion_trend` and `dispersion` are the
    sample, prior and moderated variances; `facts["df"]` the degrees of freedom of every test

    Raises
    ------
    InputError
        If the design leaves no residual degree of freedom.
    """
    matrix = design.to_numpy(dtype=float)
    whole = matrix if blocks is None else dense_matrix(matrix, blocks)
    n_samples, n_genes, n_coef = len(values), values.shape[1], matrix.shape[1]
    df = n_samples - whole.shape[1]
    if df < 1:
        raise InputError(
            "the model's design",
            f"it has {whole.shape[1]} coefficients for {n_samples} samples",
            "A variance needs more samples than coefficients",
        )
    beta, residual = least_squares(values, whole)
    sample = residual / df
    prior = variance_prior(sample, df)
    if np.isfinite(prior.df):
        moderated = (prior.df * prior.variance + df * sample) / (prior.df + df)
    else:
        moderated = np.full(n_genes, prior.variance)
    unscaled = np.linalg.inv(whole.T @ whole)[:n_coef, :n_coef]
    genes = pd.DataFrame(
        {
            "dispersion_gene": sample,
            "dispersion_trend": prior.variance,
            "dispersion_map": moderated,
            "dispersion": moderated,
            "max_cooks": np.nan,
            "converged": True,
            "baseMean": np.exp2(values.mean(axis=0)),
            "n_replaced": 0,
            "na_reason": "",
        }
    )
    samples = pd.DataFrame(
        {
            "size_factor": 1.0,
            "cell": cells,
            "replaceable": False,
            "filterable": False,
            "n_outlying": 0,
            "n_replaced": 0,
        },
        index=design.index,
    )
    if blocks is not None:
        samples["block"] = blocks
    facts = {
        "numerics": NUMERICS,
        "size_factors": "",
        "offsets": "",
        "prior_variance": prior.variance,
        "cooks_cutoff": None,
        "df": float(min(df + prior.df, df * n_genes)),
        "prior_df": prior.df if np.isfinite(prior.df) else None,
        "warnings": [],
    }
    none = pd.DataFrame({name: np.array([], dtype=np.int64) for name in ("gene", "sample", "count")})
    return ModelFit(
        genes,
        samples,
        beta[:, :n_coef] * _LN2,
        moderated[:, None, None] * unscaled * _LN2**2,
        design,
        DispersionTrend(kind="mean", asymptotic=prior.variance, extra_poisson=0.0),
        none,
        facts,
    )


def least_squares(values: np.ndarray, matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients, (n_genes, n_coef), and residual sums of squares, (n_genes,)."""
    if not matrix.shape[1]:
        return np.empty((values.shape[1], 0)), (values**2).sum(axis=0)
    beta = np.linalg.lstsq(matrix, values, rcond=None)[0]
    return beta.T, ((values - matrix @ beta) ** 2).sum(axis=0)


def moderated_f_test(
    values: np.ndarray,
    design: pd.DataFrame | np.ndarray,
    reduced: pd.DataFrame | np.ndarray,
    *,
    variances: np.ndarray,
    df: float,
    blocks: np.ndarray | None = None,
) -> pd.DataFrame:
    """Test of a reduced design: what it leaves unexplained over the moderated variance.

    Parameters
    ----------
    values : (n_samples, n_genes)
    design, reduced : (n_samples, n_coef), without blocks' columns
    variances, df : moderated variances and their degrees of freedom

    Returns
    -------
    DataFrame with stat (F) and pvalue
    """
    full, null = (np.asarray(frame, dtype=float) for frame in (design, reduced))
    q = full.shape[1] - null.shape[1]
    if blocks is not None:
        full, null = dense_matrix(full, blocks), dense_matrix(null, blocks)
    stat = (least_squares(values, null)[1] - least_squares(values, full)[1]) / q / variances
    return pd.DataFrame({"stat": stat, "pvalue": fdtrc(q, df, np.maximum(stat, 0.0))})
