"""Which gene sets change in a contrast: three tests of every set, and one table over all contrasts that says what it comes to.

The verdict rests on camera, which allows for genes that go together; what only the other two find is said to be theirs alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from lateralis.biology.camera import Residuals, camera, z_scores
from lateralis.biology.gsea import prerank, ranking, running_score
from lateralis.biology.overrepresentation import overrepresentation
from lateralis.biology.redundancy import representatives
from lateralis.biology.tested_sets import RestrictedSets
from lateralis.biology.verdicts import SIGNIFICANT, verdicts
from lateralis.model.endpoint import Rule, headline_rule
from lateralis.model.multiplicity import benjamini_hochberg

PATHWAY_COLUMNS = (
    "contrast",
    "collection",
    "set",
    "size",
    "direction",
    "NES",
    "pvalue_gsea",
    "padj_gsea",
    "correlation",
    "pvalue_camera",
    "padj_camera",
    "padj_all",
    "ora_overlap",
    "ora_pvalue",
    "ora_padj",
    "representative",
    "leading_edge",
    "verdict",
)
GSEA_COLUMNS = ("collection", "set", "size", "ES", "NES", "pvalue", "padj", "leading", "leading_edge")
CAMERA_COLUMNS = (
    "collection",
    "set",
    "size",
    "direction",
    "difference",
    "correlation",
    "inflation",
    "effects",
    "t",
    "df",
    "pvalue",
    "padj",
    "pvalue_limma",
)
ORA_COLUMNS = (
    "collection", "set", "direction", "members", "background", "called", "overlap", "expected", "pvalue", "padj"
)  # fmt: skip
CONTRAST_COLUMNS = ("contrast", "label", "genes", "called_up", "called_down", "sets", "significant", "reason")

_EVIDENCE = {"nominal": "pvalue", "fdr": "padj", "strict": "padj_threshold"}


@dataclass(frozen=True)
class RankedGenes:
    """The genes that a contrast tests, from the largest statistic to the smallest.

    Attributes
    ----------
    ids : (n_genes,) text
    statistic : (n_genes,) signed
    calls : (n_genes,) `up`, `down` or `none` by the headline rule
    callable : (n_genes,) bool, genes that this rule could call
    """

    ids: np.ndarray
    statistic: np.ndarray
    calls: np.ndarray
    callable: np.ndarray


def ranked_genes(results: pd.DataFrame, headline: Rule) -> RankedGenes:
    """Rank the genes that have a p-value.

    Parameters
    ----------
    results : columns of `results.tsv.gz`, of a contrast with fold changes
    headline : the endpoint's rule, whose calls are counted

    Notes
    -----
    Genes that independent filtering sets aside have a p-value and are ranked, since that filter is chosen by what it lets be
    found; over-representation counts without them where the rule is one that cannot call them.
    """
    rule = headline_rule(results, headline)
    tested = results[results["pvalue"].notna() & np.isfinite(results["stat"].astype(float))]
    tested = tested.iloc[ranking(tested["stat"].to_numpy(float), tested["gene_id"].to_list())]
    return RankedGenes(
        tested["gene_id"].to_numpy(object),
        tested["stat"].to_numpy(float),
        tested[f"call_{rule}"].fillna("none").to_numpy(object),
        tested[_EVIDENCE[rule]].notna().to_numpy(bool),
    )


@dataclass(frozen=True)
class Assessed:
    """The three tests of one contrast, a row a set; of `ora`, a row a set and direction. Columns as the constants say."""

    gsea: pd.DataFrame
    camera: pd.DataFrame
    ora: pd.DataFrame
    representative: np.ndarray


def assess_sets(
    ranked: RankedGenes,
    sets: RestrictedSets,
    collections: Mapping[str, str],
    residuals: Residuals,
    *,
    df: float | None,
    permutations: int,
    seed: int,
    threads: int = 1,
) -> Assessed:
    """Test every set of a contrast.

    Parameters
    ----------
    ranked : the contrast's genes
    sets : restricted to these
    collections : set → its collection
    residuals : of these genes, from the contrast's model
    df : degrees of freedom of the genes' tests where they are Student's
    permutations, seed, threads : as in `prerank`
    """
    named = pd.DataFrame({"collection": [collections[name] for name in sets.names], "set": sets.names})
    hits = [sets.positions(number) for number in range(len(sets.names))]
    running = [running_score(np.abs(ranked.statistic), at) for at in hits]
    gsea = prerank(ranked.statistic, hits, permutations=permutations, seed=seed, threads=threads)
    gsea["padj"] = benjamini_hochberg(gsea["pvalue"].to_numpy(float))
    gsea["size"] = [len(at) for at in hits]
    gsea["leading"] = [len(one.leading) for one in running]
    gsea["leading_edge"] = [",".join(ranked.ids[_outwards(one.leading, one.score)]) for one in running]

    competitive = camera(z_scores(ranked.statistic, df), residuals, sets.membership)
    competitive["padj"] = benjamini_hochberg(competitive["pvalue"].to_numpy(float))

    counted = overrepresentation(ranked.calls, ranked.callable, sets.membership)
    ora = pd.concat([pd.concat([named, table.assign(direction=way)], axis=1) for way, table in counted.items()])
    ora["padj"] = benjamini_hochberg(ora["pvalue"].to_numpy(float))

    order = np.lexsort((sets.names.astype(str), -gsea["NES"].abs(), competitive["pvalue"]))
    chosen = representatives(
        _incidence([one.leading for one in running], len(ranked.ids)), order, competitive["direction"].to_numpy()
    )
    return Assessed(
        pd.concat([named, gsea], axis=1)[list(GSEA_COLUMNS)],
        pd.concat([named, competitive], axis=1)[list(CAMERA_COLUMNS)],
        ora[list(ORA_COLUMNS)].reset_index(drop=True),
        sets.names[chosen],
    )


def _outwards(leading: np.ndarray, score: float) -> np.ndarray:
    """The leading edge from the gene with the strongest statistic on."""
    return leading if score >= 0 else leading[::-1]


def _incidence(rows: list[np.ndarray], n_columns: int) -> sparse.csr_array:
    ends = np.cumsum([0, *(len(row) for row in rows)])
    columns = np.concatenate([*rows, np.empty(0, dtype=int)]).astype(int)
    return sparse.csr_array((np.ones(len(columns)), columns, ends), shape=(len(rows), n_columns))


def pathway_table(assessed: Mapping[str, Assessed], alpha: float) -> pd.DataFrame:
    """One row a contrast and set, surest first within a contrast.

    Parameters
    ----------
    assessed : contrast → its tests; without those refused
    alpha : level of the verdicts

    Returns
    -------
    DataFrame with `PATHWAY_COLUMNS`; `ora_*` are of genes called up and down together
    """
    tables = []
    for contrast, one in assessed.items():
        both = one.ora[one.ora["direction"] == "both"].reset_index(drop=True)
        table = pd.DataFrame(
            {
                "contrast": contrast,
                "collection": one.camera["collection"],
                "set": one.camera["set"],
                "size": one.camera["size"],
                "direction": one.camera["direction"],
                "NES": one.gsea["NES"],
                "pvalue_gsea": one.gsea["pvalue"],
                "padj_gsea": one.gsea["padj"],
                "correlation": one.camera["correlation"],
                "pvalue_camera": one.camera["pvalue"],
                "padj_camera": one.camera["padj"],
                "ora_overlap": both["overlap"],
                "ora_pvalue": both["pvalue"],
                "ora_padj": both["padj"],
                "representative": one.representative,
                "leading_edge": one.gsea["leading_edge"],
            }
        )
        order = np.lexsort((table["set"].astype(str), -table["NES"].abs(), table["pvalue_camera"]))
        tables.append(table.iloc[order])
    if not tables:
        return pd.DataFrame(columns=list(PATHWAY_COLUMNS))
    joint = pd.concat(tables, ignore_index=True)
    joint["padj_all"] = benjamini_hochberg(joint["pvalue_camera"].to_numpy(float))
    joint["verdict"] = verdicts(joint, alpha)
    return joint[list(PATHWAY_COLUMNS)]


def contrast_table(
    labels: Mapping[str, str],
    ranked: Mapping[str, RankedGenes],
    assessed: Mapping[str, Assessed],
    pathways: pd.DataFrame,
    reasons: Mapping[str, str],
) -> pd.DataFrame:
    """What was tested in each contrast, and why nothing was.

    Parameters
    ----------
    labels : contrast → in words, in the order of the rows
    ranked, assessed : contrast → its genes and tests, without those that have none
    pathways : of `pathway_table`
    reasons : contrast → why no set was tested; empty where some were

    Returns
    -------
    DataFrame with `CONTRAST_COLUMNS`
    """
    significant = pathways.loc[pathways["verdict"] == SIGNIFICANT, "contrast"].value_counts()
    rows = []
    for name, label in labels.items():
        calls = ranked[name].calls if name in ranked else np.array([])
        n_sets = len(assessed[name].camera) if name in assessed else 0
        called = (int((calls == direction).sum()) for direction in ("up", "down"))
        rows.append((name, label, len(calls), *called, n_sets, int(significant.get(name, 0)), reasons[name]))
    return pd.DataFrame(rows, columns=list(CONTRAST_COLUMNS))
