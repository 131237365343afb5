"""The data behind the linked views: every gene of every contrast, and every participant's value of every gene.

They travel apart from the page: a head of plain JSON, and blocks (`report.arrays`) that the browser decodes when they are
needed. Genes stand in one order for all blocks, by falling mean, so that neighbours compress well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lateralis.figures.calls import SMALLEST_PRECISE_P, neg_log10_p
from lateralis.model.endpoint import RULES, Rule, called_genes, count_calls, has_fold_changes, headline_rule
from lateralis.report.arrays import pack, pack_text, printable_float32
from lateralis.report.payload import ContrastInput

GENES_A_BLOCK = 256
CALLS = ("", "none", "up", "down", "changed")
NA_REASONS = ("", "all_zero", "low_count_filter", "cooks_outlier", "independent_filtering", "no_convergence")
PROBABILITIES = (0.1, 0.25, 0.5, 0.75, 0.9)
QUANTILE_STEPS = 10  # quantiles are stored in tenths of a log2 unit
EFFECT_DECIMALS, STAT_DECIMALS = 3, 2  # how the page prints fold changes and statistics
MEAN_DECIMALS = {1.0: 3, 1e3: 1, 1e7: 0}  # and means, below each bound; larger ones to four digits
LARGE_FDR = 0.1  # genes below it, in any contrast, keep their participants' values when the page grows too large


@dataclass(frozen=True)
class Explored:
    """What the samples bring to the page.

    Attributes
    ----------
    values : (n_samples, n_genes) counts; or log2 intensities, with `log2`
    size_factors : (n_samples,)
    names : of the samples, as shown
    participants : (n_samples,) number of the participant; None where each gave one sample
    variables : columns that may be shown, categorical or float; index as `names`
    components : (n_samples, n_components) principal component scores
    explained : (n_components,) share of variance
    log2 : bool
    smallest_group : int
        Groups of fewer participants (samples, where each gave one) get no quantiles.
    """

    values: NDArray[np.float64] | NDArray[np.int64]
    size_factors: NDArray[np.float64]
    names: list[str]
    participants: NDArray[np.int64] | None
    variables: pd.DataFrame
    components: NDArray[np.float64]
    explained: NDArray[np.float64]
    log2: bool = False
    smallest_group: int = 1


@dataclass(frozen=True)
class Explorer:
    """Head and blocks of the linked views.

    Attributes
    ----------
    head : JSON-ready
    blocks : name → text of `report.arrays`
    left_out : what was left out for the size of the page, in words; empty for nothing
    """

    head: dict[str, Any]
    blocks: dict[str, str] = field(repr=False)
    left_out: str = ""

    @property
    def size(self) -> int:
        """Characters of all blocks together."""
        return sum(map(len, self.blocks.values()))


def build_explorer(
    contrasts: Sequence[ContrastInput],
    annotation: pd.DataFrame,
    explored: Explored,
    *,
    cohort: str,
    fold_change: float,
    alpha: float,
    headline: Rule,
    genes: Sequence[str] = (),
    points: bool = True,
    largest: float = np.inf,
) -> Explorer:
    """Pack contrasts and samples for the page.

    Parameters
    ----------
    contrasts : those that were tested; each holds every gene of `annotation`
    annotation : index gene_id, in the order of `explored.values`; columns gene_name, biotype
    explored : what the samples bring
    cohort : name of the cohort, for the names of files that readers save
    fold_change, alpha, headline : the endpoint
    genes : ids or names that keep their participants' values longest when the page grows too large
    points : whether participants' values may be embedded at all
    largest : characters that all blocks may take

    Returns
    -------
    Explorer. Above `largest`, participants' values are kept of fewer genes, step by step: those with padj < 0.1 in any
    contrast, those of `genes`, none; the others are shown as quantiles by group.
    """
    steps = _steps(contrasts, annotation, genes) if points else [(np.zeros(len(annotation), dtype=bool), "")]
    for keep, words in steps:  # noqa: B007 - the last words are those of the step that was taken
        found = _pack(contrasts, annotation, explored, keep, headline)
        if found.size <= largest:
            break
    endpoint = {"foldChange": fold_change, "alpha": alpha, "headline": headline}
    return Explorer({**found.head, "cohort": cohort, "endpoint": endpoint}, found.blocks, words)


def _steps(
    contrasts: Sequence[ContrastInput], annotation: pd.DataFrame, genes: Sequence[str]
) -> list[tuple[NDArray[np.bool_], str]]:
    """Which genes keep their participants' values, and what that leaves out, from all to none."""
    everything = np.ones(len(annotation), dtype=bool)
    small = np.zeros(len(annotation), dtype=bool)
    for contrast in contrasts:
        padj = contrast["results"].set_index("gene_id")["padj"].reindex(annotation.index).to_numpy(dtype=float)
        small |= padj < LARGE_FDR
    asked = set(genes)
    listed = annotation.index.isin(asked) | annotation["gene_name"].isin(asked).to_numpy()
    largest = "To keep this page within its size limit (report.max_mb), it holds participants' values "
    steps = [
        (everything, ""),
        (
            small | listed,
            f"{largest}only of genes with padj < {LARGE_FDR:g} in a comparison and of those in report.genes.",
        ),
        (listed, f"{largest}only of the genes in report.genes."),
        (np.zeros_like(small), f"{largest}of no gene, only quantiles by group."),
    ]
    return steps if asked else [steps[0], (small, steps[1][1].replace(" and of those in report.genes", "")), steps[3]]


def _pack(
    contrasts: Sequence[ContrastInput],
    annotation: pd.DataFrame,
    explored: Explored,
    keep: NDArray[np.bool_],
    headline: Rule,
) -> Explorer:
    mean = explored.values.mean(axis=0)
    order = np.lexsort((annotation.index.to_numpy(), -mean, ~keep))
    ids = annotation.index[order]
    counted = int(keep.sum())
    blocks = {"genes": pack_text(_gene_lines(annotation.loc[ids]))}
    entries = []
    for number, contrast in enumerate(contrasts):
        entry, packed = _contrast(contrast, ids, headline)
        entries.append(entry)
        blocks |= {f"{name}{number}": text for name, text in packed.items()}
    kind = np.float32 if explored.log2 else np.uint32
    values = explored.values[:, order[:counted]].T
    for number, start in enumerate(range(0, counted, GENES_A_BLOCK)):
        blocks[f"values{number}"] = pack(values[start : start + GENES_A_BLOCK].astype(kind))
    quantiles = None
    if counted < len(ids):
        groups, table = group_quantiles(explored, order)
        quantiles = {"groups": groups, "probabilities": list(PROBABILITIES), "steps": QUANTILE_STEPS}
        blocks["quantiles"] = pack(table)
    head = {
        "genes": len(ids),
        "block": GENES_A_BLOCK,
        "counted": counted,
        "log2": explored.log2,
        "contrasts": entries,
        "rules": list(RULES),
        "calls": list(CALLS),
        "naReasons": list(NA_REASONS),
        "quantiles": quantiles,
        "samples": _samples(explored) if counted else None,
    }
    return Explorer(head, blocks)


def _gene_lines(annotation: pd.DataFrame) -> str:
    """One line a gene: id, name, biotype; a tab or a line end inside one becomes a space."""
    columns = [annotation.index.to_series(), annotation["gene_name"], annotation["biotype"]]
    cleaned = [column.astype(str).str.replace(r"[\t\r\n]", " ", regex=True) for column in columns]
    return "\n".join("\t".join(row) for row in zip(*cleaned, strict=True))


def _contrast(contrast: ContrastInput, ids: pd.Index, headline: Rule) -> tuple[dict[str, Any], dict[str, str]]:
    """One contrast's entry in the head, and its blocks: f32, f64 and codes."""
    results = contrast["results"].set_index("gene_id").loc[ids]
    directed = has_fold_changes(contrast["results"])

    def column(name: str) -> NDArray[np.float64]:
        return results[name].to_numpy(dtype=np.float64)

    singles = [
        printable_means(column("baseMean")),
        printable_float32(column("stat"), decimals=STAT_DECIMALS),
    ]
    doubles = [column("pvalue"), column("padj")]
    if directed:
        effects = ("log2FoldChange", "lfcSE", "log2FoldChange_shrunken")
        singles += [printable_float32(column(name), decimals=EFFECT_DECIMALS) for name in effects]
        doubles.append(column("padj_threshold"))
    codes = [_codes(results[f"call_{rule}"], CALLS) for rule in RULES]
    codes.append(_codes(results["na_reason"], NA_REASONS))
    rule = headline_rule(contrast["results"], headline)
    badges = contrast.get("badges", {})
    kinds = sorted(set(badges.values()))
    numbers = {kind: number for number, kind in enumerate(kinds, start=1)}
    codes.append(np.array([numbers.get(badges.get(str(gene), ""), 0) for gene in results.index], dtype=np.uint8))
    minute = np.flatnonzero(column("pvalue") < SMALLEST_PRECISE_P)
    heights = np.minimum(neg_log10_p(results.iloc[minute]), 1e6)
    summary = count_calls(contrast["results"])
    tested = dict(zip(summary["rule"], summary["tested"].tolist(), strict=True))
    entry = {
        "name": contrast["name"],
        "label": contrast["label"],
        "directed": directed,
        "headline": rule,
        "called": len(called_genes(contrast["results"], rule)),
        "variable": contrast.get("variable", ""),
        "groups": contrast["groups"],
        "badges": [kind.replace("_", " ") for kind in kinds],
        "minute": {str(int(at)): round(float(height), 3) for at, height in zip(minute, heights, strict=True)},
        "tested": {rule: None if pd.isna(number) else int(number) for rule, number in tested.items()},
    }
    blocks = {
        "singles": pack(np.stack(singles)),
        "doubles": pack(np.stack(doubles)),
        "codes": pack(np.stack(codes)),
    }
    return entry, blocks


def _codes(column: pd.Series, words: Sequence[str]) -> NDArray[np.uint8]:
    return np.array([words.index(word) for word in column.fillna("").astype(str)], dtype=np.uint8)


def printable_means(values: NDArray[np.float64]) -> NDArray[np.float32]:
    """Means as float32 that print the same in the page, whose number of decimals depends on the size.

    Parameters
    ----------
    values : (n_genes,) float
    """
    found = printable_float32(values, significant=4)
    for bound, decimals in reversed(MEAN_DECIMALS.items()):
        below = values < bound
        found[below] = printable_float32(values[below], decimals=decimals)
        found[below & (found >= bound)] = np.nextafter(np.float32(bound), np.float32(0))
    return found


def group_quantiles(explored: Explored, order: NDArray[np.int64]) -> tuple[list[dict[str, Any]], NDArray[np.uint8]]:
    """Quantiles of log2(normalised count + 1) by level of each categorical variable, in tenths.

    Parameters
    ----------
    explored : what the samples bring
    order : (n_genes,) of the genes in the page

    Returns
    -------
    Groups (variable, level, samples) in order, and (n_groups, n_probabilities, n_genes) uint8. Tenths of a log2 unit keep a
    small group's median from being one participant's value to the digit.
    """
    values = explored.values[:, order]
    logs = values if explored.log2 else np.log2(values / explored.size_factors[:, None] + 1)
    groups, rows = [], []
    for name, column in explored.variables.items():
        if not isinstance(column.dtype, pd.CategoricalDtype):
            continue
        for level in column.cat.categories:
            members = (column == level).to_numpy()
            people = members.sum() if explored.participants is None else len(np.unique(explored.participants[members]))
            if people < max(explored.smallest_group, 1):
                continue
            groups.append({"variable": str(name), "level": str(level), "samples": int(members.sum())})
            found = np.quantile(logs[members], PROBABILITIES, axis=0)
            rows.append(np.clip(np.rint(found * QUANTILE_STEPS), 0, 255).astype(np.uint8))
    return groups, np.stack(rows) if rows else np.zeros((0, len(PROBABILITIES), len(order)), dtype=np.uint8)


def _samples(explored: Explored) -> dict[str, Any]:
    """Samples as the page needs them: names, variables, size factors, components."""
    return {
        "names": list(explored.names),
        "participants": None if explored.participants is None else [int(code) for code in explored.participants],
        "sizeFactors": [float(f"{factor:.6g}") for factor in explored.size_factors],
        "variables": [_variable(str(name), column) for name, column in explored.variables.items()],
        "components": np.round(explored.components, 3).T.tolist(),
        "explained": [round(float(share), 4) for share in explored.explained],
    }


def _variable(name: str, column: pd.Series) -> Mapping[str, Any]:
    if isinstance(column.dtype, pd.CategoricalDtype):
        levels = [str(level) for level in column.cat.categories]
        return {"name": name, "levels": levels, "codes": [int(code) for code in column.cat.codes]}
    return {"name": name, "values": [None if pd.isna(value) else float(f"{value:.6g}") for value in column]}
