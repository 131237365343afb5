"""How pure a sample is and what state its cells are in: scores of panels of marker genes, and which samples stand out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import kruskal
from statsmodels.stats.multitest import multipletests

from lateralis.inputs.panel_file import PanelFile
from lateralis.qc.flags import FLAG_COLUMNS, Check, judge, not_assessed
from lateralis.qc.markers import find_markers
from lateralis.stages import Checks

FEWEST_GENES = 3
FEWEST_SAMPLES = 5  # below, the others are no yardstick
TRIMMED = 0.15  # share of a panel's genes cut from each end
PRIOR_DEPTH = 0.1  # weight of the cohort's median, in libraries of typical depth
LEAST_SPREAD = 0.25  # log2
_LIMITS = {"identity": "identity_score", "contaminant": "contaminant_score", "state": "state_score"}


@dataclass(frozen=True)
class PanelScores:
    """Scores of every panel.

    Attributes
    ----------
    scores : (n_samples, n_panels) log2 against the cohort's median; NaN throughout where a panel is not assessed
    coverage : one row a panel: panel, title, role, n_genes, n_found, missing (symbols), assessed, reason
    """

    scores: pd.DataFrame
    coverage: pd.DataFrame


def score_panels(
    counts: np.ndarray, genes: pd.DataFrame, size_factors: np.ndarray, panels: PanelFile, samples: pd.Index
) -> PanelScores:
    """Score every sample on every panel.

    Parameters
    ----------
    counts : (n_samples, n_genes) integers
    genes : (n_genes, …) with ensembl_id and gene_name
    size_factors : (n_samples,)
    panels : the file
    samples : names

    Notes
    -----
    A gene's level m in a sample is (count + w·median) / (size factor + w), w = 0.1, its normalised count drawn towards the
    cohort's median as far as the library is shallow, so that a failed library is not taken for a contaminated one. The score
    is the mean of log2((m + 1) / (median + 1)) over the panel's genes, 15 % trimmed from each end, so that no single gene
    decides.
    """
    factors = (size_factors / np.median(size_factors))[:, None]
    scores, rows = {}, []
    for name, panel in panels.panels.items():
        found = find_markers(genes, panel.genes)
        missing = [symbol for symbol in panel.genes if symbol not in found.index]
        assessed = len(found) >= FEWEST_GENES
        reason = (
            ""
            if assessed
            else f"{len(found)} of {len(panel.genes)} marker genes are among the genes; {FEWEST_GENES} needed"
        )
        rows.append((name, panel.title, panel.role, len(panel.genes), len(found), ", ".join(missing), assessed, reason))
        scores[name] = np.full(len(samples), np.nan)
        if assessed:
            marked = counts[:, found.to_numpy()].astype(float)
            medians = np.median(marked / factors, axis=0)
            levels = (marked + PRIOR_DEPTH * medians) / (factors + PRIOR_DEPTH)
            scores[name] = _trimmed_mean(np.log2((levels + 1) / (medians + 1)))
    columns = ["panel", "title", "role", "n_genes", "n_found", "missing", "assessed", "reason"]
    return PanelScores(pd.DataFrame(scores, index=samples), pd.DataFrame(rows, columns=columns))


def _trimmed_mean(values: np.ndarray) -> np.ndarray:
    """Mean of each row without the `TRIMMED` share at either end; of three genes or more, always without the outermost."""
    n_genes = values.shape[1]
    cut = max(int(TRIMMED * n_genes), 1)
    return np.sort(values, axis=1)[:, cut : n_genes - cut].mean(axis=1)


def flag_scores(scored: PanelScores, checks: Checks) -> pd.DataFrame:
    """Verdict of every panel on every sample.

    Returns
    -------
    DataFrame with `flags.FLAG_COLUMNS`; checks `purity:{panel}` for identity (low is bad) and contaminants (high), and
    `state:{panel}` (high)
    """
    frames = [pd.DataFrame(columns=list(FLAG_COLUMNS))]
    samples = scored.scores.index
    for panel in scored.coverage.to_dict("records"):
        score, role = str(panel["panel"]), str(panel["role"])
        name = f"{'state' if role == 'state' else 'purity'}:{score}"
        if not panel["assessed"]:
            frames.append(not_assessed(samples, name, str(panel["reason"])))
        elif len(samples) < FEWEST_SAMPLES:
            few = f"a score is relative to the cohort, which has {len(samples)} samples"
            frames.append(not_assessed(samples, name, few))
        else:
            check = Check(name, "low" if role == "identity" else "high", least_spread=LEAST_SPREAD)
            frames.append(judge(scored.scores[score], check, getattr(checks, _LIMITS[role])))
    return pd.concat([frame for frame in frames if len(frame)] or frames, ignore_index=True)


def scores_by_group(scores: pd.DataFrame, groups: pd.Series) -> pd.DataFrame:
    """Whether purity or state differs between groups, which a comparison of the groups would take for disease.

    Parameters
    ----------
    scores : (n_samples, n_panels)
    groups : (n_samples,) categorical

    Returns
    -------
    DataFrame with panel, one column `median {group}` a group, epsilon_squared (share of the ranks' variance), pvalue
    (Kruskal-Wallis) and padj (Benjamini-Hochberg); panels that were not assessed are left out
    """
    levels = [str(level) for level in groups.dropna().astype(str).unique()]
    if isinstance(groups.dtype, pd.CategoricalDtype):
        levels = [str(level) for level in groups.cat.categories if (groups == level).any()]
    labels = groups.astype(object).astype(str).to_numpy()
    rows = []
    for panel in scores.columns[scores.notna().all()]:
        parts = [scores[panel].to_numpy()[labels == level] for level in levels]
        testable = len(parts) > 1 and scores[panel].nunique() > 1
        statistic, pvalue = kruskal(*parts) if testable else (np.nan, np.nan)
        n = sum(map(len, parts))
        rows.append((panel, *map(np.median, parts), statistic / (n - 1) if n > 1 else np.nan, pvalue))
    columns = ["panel", *(f"median {level}" for level in levels), "epsilon_squared", "pvalue"]
    table = pd.DataFrame(rows, columns=columns)
    known = table["pvalue"].notna().to_numpy()
    table["padj"] = np.nan
    if known.any():
        table.loc[known, "padj"] = multipletests(table.loc[known, "pvalue"], method="fdr_bh")[1]
    return table
