"""What a contrast could have found, and what it can rule out: from its own standard errors, not from a textbook's."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import ndtri

from lateralis.config import Endpoint
from lateralis.model.contrasts import threshold_pvalues
from lateralis.model.multiplicity import benjamini_hochberg

POWER = 0.8
TERTILES = ("low", "middle", "high")
GROWTH = (1.0, 1.5, 2.0, 4.0)
POWER_COLUMNS = ["expression", "rule", "smaller_group", "log2_fold_change", "fold_change"]
EQUIVALENCE_COLUMNS = ["gene_id", "pvalue_equivalence", "padj_equivalence", "equivalent"]


def critical_p(padj: np.ndarray, alpha: float) -> float:
    """The p-value below which Benjamini and Hochberg's procedure rejects: alpha times the share it rejects, one at least."""
    n_tested = int(np.isfinite(padj).sum())
    return alpha * max(int((padj < alpha).sum()), 1) / n_tested if n_tested else np.nan


def smallest_detectable(error: np.ndarray, critical: dict[str, float], fold_change: float) -> dict[str, np.ndarray]:
    """Smallest absolute log2 fold change called with 80 % power, by rule.

    Parameters
    ----------
    error : standard errors of the contrast, log2 units
    critical : p-value needed by each rule; of `strict`, of the thresholded test
    fold_change : of the endpoint

    Returns
    -------
    rule → as `error`. `nominal` and `fdr` need an estimate of log2 f at least and z standard errors; `strict` needs z standard
    errors beyond log2 f.
    """
    least, margin = float(np.log2(fold_change)), ndtri(POWER)
    found = {}
    for rule, p in critical.items():
        z = -ndtri(p / 2)
        found[rule] = (least + z * error if rule == "strict" else np.maximum(least, z * error)) + margin * error
    return found


def power_table(results: pd.DataFrame, endpoint: Endpoint, n_test: int, n_reference: int) -> pd.DataFrame:
    """Smallest fold change found with 80 % power, by expression and rule, with these samples and with more.

    Parameters
    ----------
    results : of `endpoint.call_genes`, of a contrast with fold changes
    endpoint : fold change and alpha
    n_test, n_reference : samples of the two groups

    Returns
    -------
    DataFrame: expression (tertile of baseMean), rule, smaller_group (samples), log2_fold_change, fold_change. Variances are
    taken to shrink as 1/n₁ + 1/n₂ when the smaller group grows, the other stays.
    """
    tested = results[results["pvalue"].notna() & (results["lfcSE"] > 0)]
    if len(tested) < len(TERTILES) or min(n_test, n_reference) < 1:
        return pd.DataFrame(columns=POWER_COLUMNS)
    tertile = pd.qcut(tested["baseMean"].rank(method="first"), len(TERTILES), labels=list(TERTILES))
    critical = {
        "nominal": endpoint.alpha,
        "fdr": critical_p(tested["padj"].to_numpy(), endpoint.alpha),
        "strict": critical_p(tested["padj_threshold"].to_numpy(), endpoint.alpha),
    }
    smaller, larger = sorted((n_test, n_reference))
    rows = []
    for level in TERTILES:
        error = float(tested.loc[tertile == level, "lfcSE"].median())
        for growth in GROWTH:
            n = int(np.ceil(smaller * growth))
            scaled = error * np.sqrt((1 / n + 1 / larger) / (1 / smaller + 1 / larger))
            for rule, change in smallest_detectable(np.array(scaled), critical, endpoint.fold_change).items():
                rows.append((level, rule, n, float(change), float(2**change)))
    return pd.DataFrame(rows, columns=POWER_COLUMNS)


def equivalence(results: pd.DataFrame, endpoint: Endpoint, df: float | None = None) -> pd.DataFrame:
    """Which genes change less than the endpoint's fold change: test of equivalence (R's `lessAbs`), adjusted.

    Parameters
    ----------
    results : of `endpoint.call_genes`, of a contrast with fold changes
    df : degrees of freedom, where tests are Student's

    Returns
    -------
    DataFrame: gene_id, pvalue_equivalence, padj_equivalence, equivalent (padj < alpha)
    """
    pvalues = threshold_pvalues(
        results["log2FoldChange"].to_numpy(dtype=float),
        results["lfcSE"].to_numpy(dtype=float),
        float(np.log2(endpoint.fold_change)),
        "lessAbs",
        df,
    )
    pvalues[results["pvalue"].isna().to_numpy()] = np.nan
    padj = benjamini_hochberg(pvalues)
    return pd.DataFrame(
        {
            "gene_id": results["gene_id"].to_numpy(),
            "pvalue_equivalence": pvalues,
            "padj_equivalence": padj,
            "equivalent": padj < endpoint.alpha,
        }
    )
