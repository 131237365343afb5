"""What the figures of a contrast read from its results: calls, counts, p-values in log space, and the words for a rule."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import log_ndtr

from lateralis.model.endpoint import Rule, called_genes, count_calls

SMALLEST_PRECISE_P = 1e-300  # below, float64 loses digits and then becomes 0


def neg_log10_p(results: pd.DataFrame) -> NDArray[np.float64]:
    """−log10 of the p-values, from the Wald statistic where the p-value itself underflows.

    Parameters
    ----------
    results : DataFrame (n_genes) with `pvalue` and `stat`
        Two-sided Wald tests: p = 2 Φ(−|stat|).

    Returns
    -------
    (n_genes,) float; NaN where the p-value is missing, infinite only where the statistic is.
    """
    pvalue = results["pvalue"].to_numpy(float)
    stat = np.abs(results["stat"].to_numpy(float))
    with np.errstate(divide="ignore"):
        y = -np.log10(pvalue)
    underflow = pvalue < SMALLEST_PRECISE_P
    y[underflow] = -(np.log(2.0) + log_ndtr(-stat[underflow])) / np.log(10.0)
    return np.where(np.isnan(y) & underflow, np.inf, y)


def is_tested(results: pd.DataFrame) -> NDArray[np.bool_]:
    """Which genes have a p-value, (n_genes,)."""
    return results["pvalue"].notna().to_numpy(bool)


def calls_of(results: pd.DataFrame, rule: Rule) -> NDArray[np.str_]:
    """The call of every gene under a rule; a gene without one is `none`. (n_genes,)"""
    return results[f"call_{rule}"].fillna("none").replace("", "none").to_numpy(str)


def call_counts(results: pd.DataFrame, rule: Rule) -> dict[str, int]:
    """Counts of one rule, as in the summary table, and what a figure adds to them.

    Returns
    -------
    `tested`, `up`, `down` as in `count_calls`; `drawn`: genes with a p-value; `none`: drawn but not called.
    """
    table = count_calls(results)
    row = table[table["rule"] == rule].iloc[0]
    counts = {column: int(row[column]) for column in ("tested", "up", "down")}
    drawn = int(is_tested(results).sum())
    return {**counts, "drawn": drawn, "none": drawn - counts["up"] - counts["down"]}


def strongest(results: pd.DataFrame, rule: Rule, most: int) -> pd.DataFrame:
    """The first genes of `called.tsv`: those called with the strongest evidence."""
    return called_genes(results, rule).head(most)


def filtered_genes(counts: dict[str, int]) -> str:
    """How many genes have a p-value but none adjusted, in words; empty when there are none."""
    more = counts["drawn"] - counts["tested"]
    return f"{more:,} more set aside by independent filtering" if more else ""


def p_value_cut(results: pd.DataFrame, alpha: float, rule: Rule) -> float | None:
    """Where the p-value part of a rule lies on the −log10 p axis, or None where it has no place there.

    `nominal`: alpha itself. `fdr`: the largest p-value among genes with padj < alpha, the least significant one that
    passes. `strict` tests another hypothesis, so no line on this axis separates its calls.
    """
    if rule == "nominal":
        return float(-np.log10(alpha))
    if rule == "fdr":
        passing = results[results["padj"].to_numpy(float) < alpha]
        return float(neg_log10_p(passing).min()) if len(passing) else None
    return None


def criterion(rule: Rule, fold_change: float, alpha: float) -> str:
    """A rule in words, with its numbers."""
    fold = f"fold change ≥ {fold_change:g} up or down"
    if rule == "nominal":
        return f"p < {alpha:g}, not corrected for multiple testing, and {fold}"
    if rule == "fdr":
        return f"padj < {alpha:g} (Benjamini–Hochberg) and {fold}"
    return f"padj < {alpha:g} in the test that the fold change exceeds {fold_change:g}"


def short_rule(rule: str) -> str:
    """The name of a rule in a table's head."""
    return {"nominal": "nominal p", "fdr": "FDR", "strict": "strict"}[rule]


def legend_labels(counts: dict[str, int], rule: Rule, fold_change: float, alpha: float) -> dict[str, str]:
    """What a legend says for `up`, `down` and `none`: count and threshold, as short as a legend must be."""
    p = f"p < {alpha:g}" if rule == "nominal" else f"padj < {alpha:g}"
    sign = (">", "<") if rule == "strict" else ("≥", "≤")
    return {
        "up": f"{counts['up']:,} up ({p}, FC {sign[0]} {fold_change:g})",
        "down": f"{counts['down']:,} down ({p}, FC {sign[1]} 1/{fold_change:g})",
        "none": f"{counts['none']:,} not called",
    }


def robust_limit(values: NDArray[np.float64], squashing: float, ceiling: float = np.inf, most_beyond: int = 9) -> float:
    """An axis limit that shows every value, unless a few would squash all others.

    When the largest value is over `squashing` times the one after the first `most_beyond`, the axis ends a quarter
    above that one; at most `most_beyond` values are then beyond it. The axis never exceeds `ceiling`.
    """
    finite = np.sort(values[np.isfinite(values)])[::-1]
    if finite.size == 0:
        return 1.0
    limit = float(finite[0])
    if finite.size > 10 * most_beyond and finite[0] > squashing * finite[most_beyond]:
        limit = 1.25 * float(finite[most_beyond])
    return min(limit, ceiling)


def plural(count: int, noun: str) -> str:
    """A count and its noun: `1 gene`, `1,203 genes`."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def enumerated(words: Sequence[str]) -> str:
    """Words in a sentence: `a`, `a and b`, `a, b and c`."""
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)
