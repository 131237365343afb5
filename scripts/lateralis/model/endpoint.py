"""The one place where a gene is called: what is called here is what tables, figures, report and counts say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd

from lateralis.config import Endpoint
from lateralis.model.contrasts import threshold_pvalues
from lateralis.model.multiplicity import independent_filtering

Rule = Literal["nominal", "fdr", "strict"]

RULES: tuple[Rule, ...] = ("nominal", "fdr", "strict")
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
        log2FoldChange_shrunken and na_reason; a likelihood-ratio test has no columns of fold changes; df where the tests
        are Student's (log intensities)
    endpoint : fold change, alpha and headline rule

    Returns
    -------
    DataFrame with `RESULT_COLUMNS`, sorted by gene_id

    The rules: `nominal` is p < alpha and a fold change ≥ f or ≤ 1/f; `fdr` the same with padj; `strict` is
    padj_threshold < alpha, the test of the fold change itself. `≥` on fold changes, `<` on p, everywhere. Without a fold
    change, `nominal` and `fdr` are `changed` or `none` by p alone, and `strict` and the columns of fold changes are empty.
    """
    results = statistics.sort_values("gene_id", kind="stable").reset_index(drop=True)
    directed = "log2FoldChange" in results
    if not directed:
        results = results.assign(**dict.fromkeys(("log2FoldChange", "lfcSE", "log2FoldChange_shrunken"), np.nan))
    tested = ~results["na_reason"].isin(["all_zero", "low_count_filter"]).to_numpy()
    effect = results["log2FoldChange"].to_numpy(dtype=float)
    pvalue = results["pvalue"].to_numpy(dtype=float)
    threshold = float(np.log2(endpoint.fold_change))
    df = float(results["df"].max()) if "df" in results and results["df"].notna().any() else None
    p_threshold = threshold_pvalues(effect, results["lfcSE"].to_numpy(dtype=float), threshold, df=df)
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

    if directed:
        results["call_nominal"] = call_effects(effect, pvalue, endpoint)
        results["call_fdr"] = call_effects(effect, results["padj"].to_numpy(), endpoint)
        results["call_strict"] = _direction(effect, results["padj_threshold"].to_numpy() < endpoint.alpha)
    else:
        results["call_nominal"] = np.where(pvalue < endpoint.alpha, "changed", "none")
        results["call_fdr"] = np.where(results["padj"].to_numpy() < endpoint.alpha, "changed", "none")
        results["call_strict"] = ""
    return results[list(RESULT_COLUMNS)]


def call_effects(log2_fold_change: np.ndarray, pvalue: np.ndarray, endpoint: Endpoint) -> np.ndarray:
    """`up`, `down` or `none`: a p-value, plain or adjusted, below alpha and a fold change ≥ f or ≤ 1/f; NaN passes neither."""
    large = np.abs(log2_fold_change) >= float(np.log2(endpoint.fold_change))
    return _direction(log2_fold_change, large & (pvalue < endpoint.alpha))


def call_again(statistics: pd.DataFrame, genes: Sequence[str], endpoint: Endpoint) -> pd.DataFrame:
    """Calls from the statistics of a refit (`refit.wald_statistics`), index gene_id, in the order of its genes."""
    named = statistics.assign(gene_id=list(genes), gene_name="")
    if "log2FoldChange" in statistics:
        named["log2FoldChange_shrunken"] = np.nan
    return call_genes(named, endpoint).set_index("gene_id").loc[list(genes)]


def _direction(effect: np.ndarray, called: np.ndarray) -> np.ndarray:
    return np.where(called, np.where(effect > 0, "up", "down"), "none")


def has_fold_changes(results: pd.DataFrame) -> bool:
    """Whether results are of a test with fold changes, not of a likelihood-ratio test; true of an empty table."""
    return results.empty or bool((results["call_strict"].fillna("") != "").any())


def headline_rule(results: pd.DataFrame, headline: Rule) -> Rule:
    """The rule that counts for these results: `fdr` in place of `strict` where there is no fold change to be strict about."""
    return "fdr" if headline == "strict" and not has_fold_changes(results) else headline


def called_genes(results: pd.DataFrame, rule: Rule) -> pd.DataFrame:
    """Genes called under one rule, strongest evidence first."""
    column = "pvalue_threshold" if rule == "strict" else "pvalue"
    called = results[~results[f"call_{rule}"].fillna("").isin(["none", ""])]
    order = np.lexsort((called["gene_id"], -called["stat"].abs(), called[column]))
    return called.iloc[order].reset_index(drop=True)


def count_calls(results: pd.DataFrame) -> pd.DataFrame:
    """Genes tested, up and down under each rule; or changed, in a likelihood-ratio test.

    Returns
    -------
    DataFrame with rule, tested, up, down, changed (nullable integers). `tested` counts genes with a p-value for `nominal`,
    with an adjusted one for the other two. `changed` is empty where there are fold changes; elsewhere `up` and `down` are,
    and `strict` counts nothing.
    """
    evidence = {"nominal": "pvalue", "fdr": "padj", "strict": "padj_threshold"}
    directed = has_fold_changes(results)

    def count(rule: Rule, call: str) -> int | None:
        counted = directed == (call != "changed") and (directed or rule != "strict")
        return int((results[f"call_{rule}"] == call).sum()) if counted else None

    rows = [
        {"rule": rule, "tested": int(results[evidence[rule]].notna().sum())}
        | {call: count(rule, call) for call in ("up", "down", "changed")}
        for rule in RULES
    ]
    return pd.DataFrame(rows).astype(dict.fromkeys(("up", "down", "changed"), "Int64"))
