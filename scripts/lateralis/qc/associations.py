"""What the study's variables have to do with expression and with each other: components, shares of variance, groups."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import contingency, f, fisher_exact
from statsmodels.stats.multitest import multipletests

_PERMUTATIONS = 9999


def coded(values: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Which samples have a value, and the columns that a variable adds to an intercept, (n_known, k)."""
    known = values.notna().to_numpy()
    if pd.api.types.is_numeric_dtype(values):
        return known, values[known].to_numpy(dtype=float)[:, None]
    levels = values[known].astype(object).astype(str)
    return known, pd.get_dummies(levels, drop_first=True).to_numpy(dtype=float)


def _untestable(columns: np.ndarray, n_known: int) -> str:
    """Why a variable explains nothing that can be tested; empty where it can."""
    if columns.shape[1] == 0 or np.ptp(columns, axis=0).max(initial=0.0) == 0:
        return "one value in all samples"
    if columns.shape[1] >= n_known - 1:
        return "a level a sample"
    return ""


def _basis(columns: np.ndarray) -> np.ndarray:
    """Orthonormal columns that span a variable, centred, (n_known, rank)."""
    left, singular, _ = np.linalg.svd(columns - columns.mean(axis=0), full_matrices=False)
    return np.asarray(left[:, singular > 1e-9 * singular[0]])


def component_associations(components: np.ndarray, variables: pd.DataFrame) -> pd.DataFrame:
    """Share of each principal component that each variable explains.

    Parameters
    ----------
    components : (n_samples, k)
    variables : (n_samples, v) categorical or numeric; samples without a value are left out of that variable's rows

    Returns
    -------
    DataFrame with variable, component (from 1), n, r_squared, pvalue (F test), padj (Benjamini-Hochberg over all) and reason
    (why the numbers are empty)
    """
    rows = []
    for name in variables:
        known, columns = coded(variables[name])
        reason = _untestable(columns, int(known.sum()))
        n = int(known.sum())
        for number, component in enumerate(components[known].T if n else np.empty((components.shape[1], 0)), start=1):
            if reason or np.ptp(component) == 0:
                rows.append((name, number, n, np.nan, np.nan, reason or "the component is constant"))
                continue
            basis = _basis(columns)
            centred = component - component.mean()
            r_squared = min(float(((basis.T @ centred) ** 2).sum() / (centred**2).sum()), 1.0)
            q, residual = basis.shape[1], n - basis.shape[1] - 1
            statistic = r_squared / q / max((1 - r_squared) / residual, np.finfo(float).tiny)
            rows.append((name, number, n, r_squared, float(f.sf(statistic, q, residual)), ""))
    table = pd.DataFrame(rows, columns=["variable", "component", "n", "r_squared", "pvalue", "reason"])
    table.insert(5, "padj", np.nan)
    tested = table["pvalue"].notna().to_numpy()
    if tested.any():
        table.loc[tested, "padj"] = multipletests(table.loc[tested, "pvalue"], method="fdr_bh")[1]
    return table


def variance_explained(vst: np.ndarray, variables: pd.DataFrame) -> pd.DataFrame:
    """Share of the variance of all genes together that each variable explains alone.

    Parameters
    ----------
    vst : (n_samples, n_genes) log2
    variables : (n_samples, v)

    Returns
    -------
    DataFrame with variable, n, share, adjusted_share (of which chance would give 0, however many levels) and reason
    """
    rows = []
    for name in variables:
        known, columns = coded(variables[name])
        n, reason = int(known.sum()), _untestable(columns, int(known.sum()))
        if reason:
            rows.append((name, n, np.nan, np.nan, reason))
            continue
        basis, values = _basis(columns), vst[known]
        total = float(((values - values.mean(axis=0)) ** 2).sum())
        share = float(((basis.T @ values) ** 2).sum()) / total if total > 0 else np.nan
        adjusted = 1 - (1 - share) * (n - 1) / (n - basis.shape[1] - 1)
        rows.append((name, n, share, adjusted, ""))
    return pd.DataFrame(rows, columns=["variable", "n", "share", "adjusted_share", "reason"])


def association(a: pd.Series, b: pd.Series, seed: int = 1) -> tuple[float, float, str]:
    """Association of two categorical variables.

    Returns
    -------
    Cramér's V (0 to 1, not corrected for bias), p-value and how it was had: Fisher's exact test for two by two levels, else
    the chi-squared statistic over 9,999 permutations drawn with `seed`
    """
    table = pd.crosstab(a.astype(object), b.astype(object)).to_numpy()
    if min(table.shape) < 2:
        return np.nan, np.nan, "one level"
    v = float(contingency.association(table, method="cramer"))
    if table.shape == (2, 2):
        return v, float(fisher_exact(table).pvalue), "Fisher's exact test"
    rows, columns = (np.repeat(np.arange(len(sums)), sums) for sums in (table.sum(axis=1), table.sum(axis=0)))
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    observed = (table**2 / expected).sum()
    rng = np.random.default_rng(seed)
    above = 0
    for _ in range(_PERMUTATIONS):
        drawn = np.bincount(rows * table.shape[1] + rng.permutation(columns), minlength=table.size).reshape(table.shape)
        above += (drawn**2 / expected).sum() >= observed * (1 - 1e-12)
    return v, (above + 1) / (_PERMUTATIONS + 1), "chi-squared, permutations"


def group_associations(groups: pd.Series, variables: pd.DataFrame, seed: int = 1) -> pd.DataFrame:
    """Whether the groups differ in the other variables, such as batch, sex, site or age.

    Parameters
    ----------
    groups : (n_samples,) categorical
    variables : (n_samples, v) categorical or numeric
    seed : of the permutations

    Returns
    -------
    DataFrame with variable, n (samples with both), measure (`Cramér's V` or, for a number, `eta²`), association, pvalue,
    method and reason (why the numbers are empty)
    """
    rows = []
    for name in variables:
        both = (groups.notna() & variables[name].notna()).to_numpy()
        n, values, levels = int(both.sum()), variables[name][both], groups[both].astype(object).astype(str)
        if pd.api.types.is_numeric_dtype(values):
            found = component_associations(values.to_numpy(dtype=float)[:, None], levels.to_frame())
            reason = str(found["reason"].iloc[0])
            rows.append((name, n, "eta²", found["r_squared"].iloc[0], found["pvalue"].iloc[0], "F test", reason))
        else:
            v, pvalue, method = association(levels, values, seed)
            reason = "one level among these samples" if method == "one level" else ""
            rows.append((name, n, "Cramér's V", v, pvalue, "" if reason else method, reason))
    return pd.DataFrame(rows, columns=["variable", "n", "measure", "association", "pvalue", "method", "reason"])
