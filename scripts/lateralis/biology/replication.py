"""One question that several cohorts asked: each gene's effects beside each other, pooled, and called together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from lateralis.biology.gene_matching import ABSENT, MatchedGenes, match_genes
from lateralis.biology.meta_analysis import META_COLUMNS, meta_analysis
from lateralis.config import Endpoint
from lateralis.model.endpoint import RULES, Rule, call_effects
from lateralis.model.multiplicity import benjamini_hochberg

BEST = 6  # genes that get a forest plot unasked
OF_EACH_COHORT = ("log2FoldChange", "lfcSE", "pvalue")


@dataclass(frozen=True)
class AlignedResults:
    """Results of several cohorts, gene by gene.

    Attributes
    ----------
    cohorts : names, in the order of the config
    matched : which gene is which
    effects, errors, pvalues, shrunken : (n_genes, n_cohorts); NaN where a cohort did not test the gene
    calls : rule → (n_genes, n_cohorts) `up`, `down`, `none`
    reasons : (n_genes, n_cohorts) why a cohort did not test a gene; empty where it did
    """

    cohorts: tuple[str, ...]
    matched: MatchedGenes
    effects: np.ndarray
    errors: np.ndarray
    pvalues: np.ndarray
    shrunken: np.ndarray
    calls: dict[Rule, np.ndarray]
    reasons: np.ndarray

    @property
    def tested(self) -> np.ndarray:
        """(n_genes, n_cohorts) whether a cohort has an effect, its error and a p-value of a gene."""
        return np.isfinite(self.pvalues)


def align_results(results: Mapping[str, pd.DataFrame]) -> AlignedResults:
    """Put results of several cohorts beside each other.

    Parameters
    ----------
    results : cohort → results of `endpoint.call_genes`, of a test with fold changes

    Notes
    -----
    A gene counts as tested where it has a p-value. One that independent filtering left without an adjusted p-value does: which
    genes a cohort has power for is no matter here.
    """
    matched = match_genes(results)
    shape = matched.rows.shape
    numbers = {name: np.full(shape, np.nan) for name in (*OF_EACH_COHORT, "log2FoldChange_shrunken")}
    calls: dict[Rule, np.ndarray] = {rule: np.full(shape, "none", dtype=object) for rule in RULES}
    reasons = np.full(shape, "absent", dtype=object)
    for number, table in enumerate(results.values()):
        here = matched.rows[:, number] != ABSENT
        rows = matched.rows[here, number]
        error = table["lfcSE"].to_numpy(dtype=float)
        sound = table[list(OF_EACH_COHORT)].notna().all(axis=1).to_numpy() & (error > 0) & np.isfinite(error)
        for name, values in numbers.items():
            values[here, number] = np.where(sound, table[name].to_numpy(dtype=float), np.nan)[rows]
        for rule, called in calls.items():
            called[here, number] = np.where(sound, table[f"call_{rule}"].fillna("none"), "none")[rows]
        why = table["na_reason"].fillna("").replace("", "not_tested")
        reasons[here, number] = np.where(sound, "", why)[rows]
    return AlignedResults(
        cohorts=tuple(results),
        matched=matched,
        effects=numbers["log2FoldChange"],
        errors=numbers["lfcSE"],
        pvalues=numbers["pvalue"],
        shrunken=numbers["log2FoldChange_shrunken"],
        calls=calls,
        reasons=reasons,
    )


def meta_columns(cohorts: tuple[str, ...] | list[str]) -> list[str]:
    """Columns of `meta_table`, in order."""
    pooled = list(META_COLUMNS)
    for source in ("pvalue_fixed", "pvalue_random", "pvalue_Q"):
        pooled.insert(pooled.index(source) + 1, source.replace("pvalue", "padj"))
    each = [f"{name}:{cohort}" for cohort in cohorts for name in OF_EACH_COHORT]
    ours = ["heterogeneous", "same_sign", "pvalue_every", "padj_every", "call", "call_fixed", "call_every"]
    return ["gene_id", "gene_name", pooled[0], "not_tested_in", *each, *pooled[1:], *ours]


def meta_table(aligned: AlignedResults, endpoint: Endpoint) -> pd.DataFrame:
    """Every gene of any cohort: its effects, the meta-analysis, and calls.

    Parameters
    ----------
    aligned : of two cohorts or more
    endpoint : fold change and alpha of the calls

    Returns
    -------
    DataFrame with `meta_columns`, sorted by gene_id. `same_sign`: whether all cohorts that tested the gene, two at least,
    agree in direction. `pvalue_every`: that a gene changes in every cohort, the largest p-value where all agree in direction,
    else 1; empty unless all tested it. Adjusted p-values are Benjamini and Hochberg's, over all genes that have the p-value.
    Calls are those of the rule `fdr` (`endpoint.call_effects`): `call` on the random-effects estimate, `call_fixed` on that of
    the fixed effect, `call_every` on `padj_every` and the smallest of the cohorts' fold changes. `heterogeneous`: padj_Q below
    alpha.

    Source: Berger 1982, doi:10.1080/00401706.1982.10487790 (intersection–union test, for `pvalue_every`).
    """
    effects, pvalues = aligned.effects, aligned.pvalues
    table = pd.concat([aligned.matched.genes, meta_analysis(effects, aligned.errors)], axis=1)
    table["not_tested_in"] = not_tested_in(aligned)
    for number, cohort in enumerate(aligned.cohorts):
        for name, values in zip(OF_EACH_COHORT, (effects, aligned.errors, pvalues), strict=True):
            table[f"{name}:{cohort}"] = values[:, number]
    tested, n = aligned.tested, table["cohorts"].to_numpy()
    up, down = ((effects > 0) | ~tested).all(axis=1), ((effects < 0) | ~tested).all(axis=1)
    several, in_all = n >= 2, tested.all(axis=1) & (n >= 2)
    agree = (up | down) & several
    table["same_sign"] = pd.Series(agree, dtype="boolean").where(several)
    largest = np.max(np.where(tested, pvalues, 0.0), axis=1, initial=0.0)
    table["pvalue_every"] = np.where(in_all, np.where(agree, largest, 1.0), np.nan)
    for source in ("pvalue_fixed", "pvalue_random", "pvalue_Q", "pvalue_every"):
        table[source.replace("pvalue", "padj")] = benjamini_hochberg(table[source].to_numpy(dtype=float))
    table["heterogeneous"] = pd.Series(table["padj_Q"] < endpoint.alpha, dtype="boolean").where(several)
    smallest = np.min(np.where(tested, np.abs(effects), np.inf), axis=1, initial=np.inf)
    table["call"] = _calls(table, "random", endpoint)
    table["call_fixed"] = _calls(table, "fixed", endpoint)
    table["call_every"] = call_effects(np.where(up, smallest, -smallest), table["padj_every"].to_numpy(), endpoint)
    return table[meta_columns(aligned.cohorts)]


def _calls(table: pd.DataFrame, kind: str, endpoint: Endpoint) -> np.ndarray:
    return call_effects(table[f"log2FoldChange_{kind}"].to_numpy(), table[f"padj_{kind}"].to_numpy(), endpoint)


def not_tested_in(aligned: AlignedResults) -> list[str]:
    """For each gene the cohorts that did not test it, with the reason, as `cohort (reason)`; empty where all did."""
    found = [""] * len(aligned.reasons)
    for gene in np.flatnonzero((aligned.reasons != "").any(axis=1)):
        pairs = zip(aligned.cohorts, aligned.reasons[gene], strict=True)
        found[gene] = ", ".join(f"{cohort} ({reason})" for cohort, reason in pairs if reason)
    return found


def replicating_best(aligned: AlignedResults, most: int = BEST) -> np.ndarray:
    """Rows of the genes whose weakest cohort is the strongest: largest of the smallest |effect| / error, all of one sign.

    Statistics, not p-values, for the order: those of several genes may be 0. All cohorts must have tested a gene.
    """
    same = aligned.tested.all(axis=1) & (np.abs(np.sign(aligned.effects).sum(axis=1)) == len(aligned.cohorts))
    found = np.flatnonzero(same)
    weakest = np.min(np.abs(aligned.effects[found] / aligned.errors[found]), axis=1, initial=np.inf)
    return found[np.argsort(-weakest, kind="stable")][:most]


def rows_of_genes(aligned: AlignedResults, asked: list[str]) -> dict[str, list[int]]:
    """Rows that an asked gene stands for: its identifier, with or without version; else all genes of that name."""
    genes = aligned.matched.genes
    found = {}
    for gene in asked:
        by_id = genes.index[genes["gene_id"].isin([gene, gene.rpartition(".")[0]])]
        by_name = genes.index[genes["gene_name"].str.upper() == gene.upper()]
        found[gene] = list(by_id if len(by_id) else by_name)
    return found
