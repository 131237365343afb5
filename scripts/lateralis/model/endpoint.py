"""The one place where a gene is called: what is called here is what tables, figures, report and counts say."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from lateralis.config import Endpoint
from lateralis.model.contrasts import threshold_pvalues
from lateralis.model.multiplicity import independent_filtering

RULES = ("nominal", "fdr", "strict")
RESULT_COLUMNS = (
    "gene_id",
    "gene_name",
    "baseMean",
    "log2FoldChange",
    "lfcSE",
    "stat",
    "pvalue",
    "padj",
    "log2FoldChange_shrunken",
    "pvalue_threshold",
    "padj_threshold",
    "call_nominal",
    "call_fdr",
    "call_strict",
    "na_reason",
)


def call_genes(statistics: pd.DataFrame, endpoint: Endpoint) -> pd.DataFrame:
    """Adjusted and thresholded p-values, and the calls under the three rules.

    Parameters
    ----------
    statistics : every gene of the input, with gene_id, gene_name, baseMean, log2FoldChange, lfcSE, stat, pvalue,
        log2FoldChange_shrunken and na_reason
    endpoint : fold change, alpha and headline rule

    Returns
    -------
    DataFrame with `RESULT_COLUMNS`, sorted by gene_id

    The rules: `nominal` is p < alpha and a fold change ≥ f or ≤ 1/f; `fdr` the same with padj; `strict` is
    padj_threshold < alpha, the test of the fold change itself. `≥` on fold changes, `<` on p, everywhere.
    """
    results = statistics.sort_values("gene_id", kind="stable").reset_index(drop=True)
    tested = ~results["na_reason"].isin(["all_zero", "low_count_filter"]).to_numpy()
    effect = results["log2FoldChange"].to_numpy(dtype=float)
    pvalue = results["pvalue"].to_numpy(dtype=float)
    threshold = float(np.log2(endpoint.fold_change))
    p_threshold = threshold_pvalues(effect, results["lfcSE"].to_numpy(dtype=float), threshold)
    p_threshold[np.isnan(pvalue)] = np.nan
    results["pvalue_threshold"] = p_threshold
    base_mean = results["baseMean"].to_numpy(dtype=float)
    for source, target in (("pvalue", "padj"), ("pvalue_threshold", "padj_threshold")):
        adjusted = np.full(len(results), np.nan)
        pvalues = results.loc[tested, source].to_numpy(dtype=float)
        adjusted[tested] = independent_filtering(pvalues, base_mean[tested], endpoint.alpha).padj
        results[target] = adjusted
    filtered = (results["na_reason"] == "") & results["padj"].isna() & results["pvalue"].notna()
    results.loc[filtered, "na_reason"] = "independent_filtering"

    large = np.abs(effect) >= threshold
    results["call_nominal"] = _direction(effect, large & (pvalue < endpoint.alpha))
    results["call_fdr"] = _direction(effect, large & (results["padj"].to_numpy() < endpoint.alpha))
    results["call_strict"] = _direction(effect, results["padj_threshold"].to_numpy() < endpoint.alpha)
    return results[list(RESULT_COLUMNS)]


def _direction(effect: np.ndarray, called: np.ndarray) -> np.ndarray:
    return np.where(called, np.where(effect > 0, "up", "down"), "none")


def called_genes(results: pd.DataFrame, rule: Literal["nominal", "fdr", "strict"]) -> pd.DataFrame:
    """Genes called under one rule, strongest evidence first."""
    column = "pvalue_threshold" if rule == "strict" else "pvalue"
    called = results[results[f"call_{rule}"] != "none"]
    order = np.lexsort((called["gene_id"], -called["stat"].abs(), called[column]))
    return called.iloc[order].reset_index(drop=True)


def count_calls(results: pd.DataFrame) -> pd.DataFrame:
    """Genes tested, up and down under each rule.

    Returns
    -------
    DataFrame with rule, tested, up, down. `tested` counts genes with a p-value for `nominal`, with an adjusted one for the
    other two.
    """
    evidence = {"nominal": "pvalue", "fdr": "padj", "strict": "padj_threshold"}
    rows = [
        {
            "rule": rule,
            "tested": int(results[evidence[rule]].notna().sum()),
            "up": int((results[f"call_{rule}"] == "up").sum()),
            "down": int((results[f"call_{rule}"] == "down").sum()),
        }
        for rule in RULES
    ]
    return pd.DataFrame(rows)
