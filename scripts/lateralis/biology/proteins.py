"""Differential abundance of proteins: the contrasts and designs of the transcripts, on the people who were measured.

Each protein has a linear model: least squares where all of its values are above the limit of detection, the censored-normal
likelihood where some are below. The residual variances of both kinds are drawn towards each other, as in limma; tests are
Student's with the degrees of freedom of both. Values that were not measured leave the protein's own fit, and nothing else.

Source: Smyth 2004, doi:10.2202/1544-6115.1027 (R limma `lmFit`, `eBayes`); `censored` for what is below the limit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import stdtr

from lateralis.biology.censored import at_variance, identify, restricted_variance
from lateralis.biology.detection import detection_test
from lateralis.config import Contrast, Endpoint
from lateralis.model.contrasts import threshold_pvalues
from lateralis.model.endpoint import headline_calls
from lateralis.model.engine.direct import dense_matrix
from lateralis.model.log_intensity import VariancePrior, variance_prior
from lateralis.model.measured import MeasuredPeople
from lateralis.model.multiplicity import benjamini_hochberg

SPARE = (
    6  # values above the limit beyond one a coefficient; with fewer, censored fits overstate variances and differences
)
LEAST_IN_GROUP = 2
NO_SPREAD = 1e-12  # a variance in log2 units
REASONS = {
    "not_measured": "not measured in any of the people",
    "few_measured": "measured in too few people for the design, or in fewer than two of a group",
    "few_detected": "above the limit of detection in too few people",
    "group_below_limit": "all of a compared group is below the limit, so that the difference has no estimate",
    "not_estimable": "the people measured cannot tell the contrast from other terms of the design",
    "no_variance": "the same value in all people",
    "no_convergence": "the likelihood has no clear maximum",
}
RESULT_COLUMNS = (
    "protein",
    "gene_id",
    "gene_name",
    "n_test",
    "n_reference",
    "detected_test",
    "detected_reference",
    "meanLevel",
    "log2FoldChange",
    "lfcSE",
    "stat",
    "pvalue",
    "padj",
    "method",
    "pvalue_detection",
    "na_reason",
    "call",
    "df",
    "padj_detection",
    "log2_odds_detection",
    "n_people",
    "n_detected",
    "missing_test",
    "missing_reference",
    "pvalue_missing",
)


@dataclass(frozen=True)
class ProteinFits:
    """All proteins fitted to one model's people.

    Attributes
    ----------
    levels, below : (n_people, n_proteins) as in `ProteinTable`, of these people
    matrix : (n_people, n_all) design with blocks' columns behind
    n_coef : columns without blocks'
    table : index protein; method, meanLevel, n_people, n_detected, variance (moderated), df (of the tests), na_reason
    coefficients : (n_proteins, n_all) log2 units
    covariance : (n_proteins, n_all, n_all)
    bases : of each protein, (n_all, n_identified) combinations of coefficients that its values speak about; None without fit
    prior : of the variances
    """

    levels: pd.DataFrame
    below: pd.DataFrame
    matrix: np.ndarray
    n_coef: int
    table: pd.DataFrame
    coefficients: np.ndarray
    covariance: np.ndarray
    bases: list[np.ndarray | None]
    prior: VariancePrior

    @property
    def blocked(self) -> bool:
        """Whether the design has blocks."""
        return self.matrix.shape[1] > self.n_coef


@dataclass(frozen=True)
class _Sample:
    """What a protein's values say before variances are moderated."""

    reason: str
    rows: np.ndarray
    basis: np.ndarray | None = None
    variance: float = np.nan
    df: float = np.nan


def fit_proteins(
    levels: pd.DataFrame, below: pd.DataFrame, people: MeasuredPeople, *, min_detected: float
) -> ProteinFits:
    """Fit every protein to one model.

    Parameters
    ----------
    levels, below : (n_people, n_proteins) as in `ProteinTable`, rows as in `people`
    people : the model's people that were measured, and their design
    min_detected : least share of the measured people in whom a protein with values below the limit must be above it
    """
    matrix = people.matrix.to_numpy(dtype=float)
    whole = matrix if people.blocks is None else dense_matrix(matrix, people.blocks)
    values, low = levels.to_numpy(dtype=float), below.to_numpy(dtype=bool)
    samples = [_sample(values[:, j], low[:, j], whole, min_detected) for j in range(values.shape[1])]
    fitted = np.array([sample.reason == "" for sample in samples], dtype=bool)
    variances = np.array([sample.variance for sample in samples])
    df = np.array([sample.df for sample in samples])
    prior = variance_prior(variances[fitted], df[fitted]) if fitted.sum() > 1 else VariancePrior(0.0, 0.0)
    moderated, total = _moderate(variances, df, prior, fitted)

    n_all = whole.shape[1]
    beta = np.full((len(samples), n_all), np.nan)
    covariance = np.full((len(samples), n_all, n_all), np.nan)
    for j in np.flatnonzero(fitted):
        sample = samples[j]
        assert sample.basis is not None
        at, reduced = sample.rows, whole[sample.rows] @ sample.basis
        if low[at, j].any():
            found, spread = at_variance(values[at, j], low[at, j], reduced, moderated[j], total[j])
        else:
            found = np.linalg.lstsq(reduced, values[at, j], rcond=None)[0]
            spread = moderated[j] * np.linalg.inv(reduced.T @ reduced)
        beta[j], covariance[j] = sample.basis @ found, sample.basis @ spread @ sample.basis.T
    measured = ~np.isnan(values)
    seen = measured & ~low
    n_seen = seen.sum(axis=0)
    table = pd.DataFrame(
        {
            "method": np.where(~fitted, "", np.where(low.any(axis=0), "censored", "moderated")),
            "meanLevel": np.where(seen, values, 0.0).sum(axis=0) / np.where(n_seen > 0, n_seen, np.nan),
            "n_people": measured.sum(axis=0),
            "n_detected": n_seen,
            "variance": moderated,
            "df": total,
            "na_reason": [sample.reason for sample in samples],
        },
        index=levels.columns.rename("protein"),
    )
    bases = [sample.basis for sample in samples]
    return ProteinFits(levels, below, whole, matrix.shape[1], table, beta, covariance, bases, prior)


def _sample(values: np.ndarray, low: np.ndarray, whole: np.ndarray, min_detected: float) -> _Sample:
    """Residual variance of one protein and its degrees of freedom, or why there is none."""
    measured = ~np.isnan(values)
    seen = measured & ~low
    if not measured.any():
        return _Sample("not_measured", measured)
    if low.any() and seen.sum() < min_detected * measured.sum():
        return _Sample("few_detected", measured)
    known = identify(whole, measured, low)
    rows, rank = known.rows, known.basis.shape[1]
    censored = bool(low[rows].any())
    left = int(seen[rows].sum()) - rank
    if left < (SPARE if censored else 1):
        return _Sample("few_detected" if censored else "few_measured", rows)
    if np.ptp(values[seen]) < 1e-9:
        return _Sample("no_variance", rows)
    reduced = whole[rows] @ known.basis
    if censored:
        found = restricted_variance(values[rows], low[rows], reduced)
        if found is None:
            return _Sample("no_convergence", rows)
        variance, df = found
    else:
        residual = values[rows] - reduced @ np.linalg.lstsq(reduced, values[rows], rcond=None)[0]
        variance, df = float(residual @ residual) / left, float(left)
    return _Sample("" if variance > NO_SPREAD else "no_variance", rows, known.basis, variance, df)


def _moderate(
    variances: np.ndarray, df: np.ndarray, prior: VariancePrior, fitted: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Variances drawn towards the prior, and the degrees of freedom of the tests, at most those of all proteins together."""
    if np.isfinite(prior.df):
        moderated = (prior.df * prior.variance + df * variances) / (prior.df + df)
    else:
        moderated = np.where(fitted, prior.variance, np.nan)
    return moderated, np.where(fitted, np.minimum(df + prior.df, df[fitted].sum()), np.nan)


def protein_results(
    fits: ProteinFits, obs: pd.DataFrame, contrast: Contrast, weights: np.ndarray, endpoint: Endpoint
) -> pd.DataFrame:
    """Test one contrast in every protein.

    Parameters
    ----------
    fits : of the contrast's model
    obs : (n_people, n_variables) typed sheet of the same people
    contrast : the contrast
    weights : (n_coef,) of the coefficients without blocks'
    endpoint : thresholds and rule of the cohort, by which `call` is made

    Returns
    -------
    DataFrame with `RESULT_COLUMNS` but for genes, in the table's order. `padj` is Benjamini–Hochberg over the proteins tested.
    `meanLevel` is the mean of the levels above the limit. Where the contrast names no two levels, numbers of groups are empty.
    """
    vector = np.zeros(fits.matrix.shape[1])
    vector[: fits.n_coef] = weights
    found = fits.table[["meanLevel", "method", "n_people", "n_detected", "na_reason", "df"]].copy()
    measured, seen = fits.levels.notna().to_numpy(), (fits.levels.notna() & ~fits.below).to_numpy()
    few = np.zeros(len(found), dtype=bool)
    for role, level in (("test", contrast.test), ("reference", contrast.reference)):
        of_group = (obs[contrast.variable] == level).to_numpy(dtype=bool) if contrast.variable is not None else None
        counted = {"n": measured, "detected": seen, "missing": ~measured}
        for name, what in counted.items():
            count = [pd.NA] * len(found) if of_group is None else what[of_group].sum(axis=0)
            found[f"{name}_{role}"] = pd.array(count, dtype="Int64")
        if of_group is not None:
            few |= measured[of_group].sum(axis=0) < LEAST_IN_GROUP
    found["na_reason"] = _reasons(fits, vector, few)
    tested = (found["na_reason"] == "").to_numpy()
    effect = np.where(tested, fits.coefficients @ vector, np.nan)
    error = np.where(tested, np.sqrt(np.einsum("i,pij,j->p", vector, fits.covariance, vector)), np.nan)
    df = np.where(tested, found["df"].to_numpy(dtype=float), np.nan)
    found["method"] = found["method"].where(tested, "")
    found["log2FoldChange"], found["lfcSE"], found["stat"], found["df"] = effect, error, effect / error, df
    found["pvalue"] = 2 * stdtr(df, -np.abs(effect / error))
    found["padj"] = benjamini_hochberg(found["pvalue"].to_numpy())
    beyond = threshold_pvalues(effect, error, float(np.log2(endpoint.fold_change)), df=df)
    found["call"] = headline_calls(
        effect, found["pvalue"].to_numpy(), found["padj"].to_numpy(), benjamini_hochberg(beyond), endpoint
    )
    return _with_detection(found, fits, vector, measured, seen).rename_axis("protein").reset_index()


def _reasons(fits: ProteinFits, vector: np.ndarray, few: np.ndarray) -> np.ndarray:
    """Why each protein has no test of a contrast."""
    found, below = (
        fits.table["na_reason"].to_numpy(dtype=object).copy(),
        np.asarray(fits.below.to_numpy(dtype=bool).any(axis=0)),
    )
    for j in np.flatnonzero(found == ""):
        basis = fits.bases[j]
        assert basis is not None
        if few[j]:
            found[j] = "few_measured"
        elif np.linalg.norm(vector - basis @ (basis.T @ vector)) > 1e-6 * np.linalg.norm(vector):
            found[j] = "group_below_limit" if below[j] else "not_estimable"
    return found


def _with_detection(
    found: pd.DataFrame, fits: ProteinFits, vector: np.ndarray, measured: np.ndarray, seen: np.ndarray
) -> pd.DataFrame:
    """Add the tests of detection among the measured, and of being measured; none under a design with blocks."""
    tests = np.full((len(found), 3), np.nan)
    for j in range(len(found)) if not fits.blocked else ():
        at = measured[:, j]
        if at.any():
            odds, tests[j, 1] = detection_test(seen[at, j], fits.matrix[at], vector)
            tests[j, 0] = odds / np.log(2)
        tests[j, 2] = detection_test(at, fits.matrix, vector)[1]
    return found.assign(
        log2_odds_detection=tests[:, 0],
        pvalue_detection=tests[:, 1],
        padj_detection=benjamini_hochberg(tests[:, 1]),
        pvalue_missing=tests[:, 2],
    )
