"""Genes that set one group apart from all others it was compared with, and what several contrasts may say together."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from lateralis.config import Endpoint
from lateralis.model.multiplicity import benjamini_hochberg
from lateralis.trust.power import equivalence


def signature_table(results: Mapping[str, pd.DataFrame], endpoint: Endpoint) -> pd.DataFrame:
    """Intersection–union test over contrasts of one group against several others.

    Parameters
    ----------
    results : contrast → results of `endpoint.call_genes`, all of the same genes
    endpoint : fold change and alpha

    Returns
    -------
    DataFrame: gene_id, gene_name, direction (`up`, `down`, `mixed`), pvalue (the largest where all signs agree, else 1; empty
    where a contrast has none), padj (Benjamini-Hochberg over genes tested in all), call (`up`, `down` or `none`: padj below
    alpha and the fold change in each), called_in (contrasts that call the gene by the rule `fdr`), pattern: `all`, `one_only`
    (called in one, equivalent in each other), `none` (equivalent in all) or `undetermined`.

    Source: Berger 1982, doi:10.1080/00401706.1982.10487790 (intersection–union tests).
    """
    first = next(iter(results.values())).sort_values("gene_id", ignore_index=True)
    tables = {name: table.set_index("gene_id").loc[first["gene_id"]] for name, table in results.items()}
    effects = np.column_stack([table["log2FoldChange"] for table in tables.values()])
    pvalues = np.column_stack([table["pvalue"] for table in tables.values()])
    tested = np.isfinite(pvalues).all(axis=1)
    up, down = (effects > 0).all(axis=1), (effects < 0).all(axis=1)
    combined = np.where(up | down, pvalues.max(axis=1), 1.0)
    combined[~tested] = np.nan
    padj = benjamini_hochberg(combined)
    large = (np.abs(effects) >= np.log2(endpoint.fold_change)).all(axis=1)
    called = (padj < endpoint.alpha) & large
    in_each = np.column_stack([table["call_fdr"].isin(["up", "down"]) for table in tables.values()])
    alike = np.column_stack([equivalence(table.reset_index(), endpoint)["equivalent"] for table in tables.values()])
    one_only = (in_each.sum(axis=1) == 1) & (in_each | alike).all(axis=1)
    names = np.array(list(tables))
    return pd.DataFrame(
        {
            "gene_id": first["gene_id"],
            "gene_name": first["gene_name"],
            "direction": np.select([~tested, up, down], ["", "up", "down"], "mixed"),
            "pvalue": combined,
            "padj": padj,
            "call": np.where(called, np.where(up, "up", "down"), "none"),
            "called_in": [", ".join(names[row]) for row in in_each],
            "pattern": np.select([called, one_only, alike.all(axis=1)], ["all", "one_only", "none"], "undetermined"),
        }
    )


def stagewise(screen: pd.DataFrame, results: Mapping[str, pd.DataFrame], alpha: float) -> pd.DataFrame:
    """Stage-wise calls: genes screened by a likelihood-ratio test, contrasts confirmed within each by Holm's method.

    Parameters
    ----------
    screen : results of the likelihood-ratio test
    results : contrast → results
    alpha : overall false discovery rate, of genes with any false call

    Returns
    -------
    DataFrame: gene_id, screen_padj, and of each contrast `stagewise:{contrast}`, whether it is confirmed

    Source: Van den Berge et al. 2017, doi:10.1186/s13059-017-1277-0.
    """
    genes = screen.sort_values("gene_id", ignore_index=True)
    padj = benjamini_hochberg(genes["pvalue"].to_numpy(dtype=float))
    passed = padj < alpha
    level = alpha * passed.sum() / max(int(np.isfinite(padj).sum()), 1)
    pvalues = np.column_stack(
        [table.set_index("gene_id").loc[genes["gene_id"], "pvalue"].to_numpy(dtype=float) for table in results.values()]
    )
    order = np.argsort(np.where(np.isnan(pvalues), np.inf, pvalues), axis=1)
    ranked = np.take_along_axis(pvalues, order, axis=1) * np.arange(pvalues.shape[1], 0, -1)
    adjusted = np.empty_like(pvalues)
    np.put_along_axis(
        adjusted, order, np.maximum.accumulate(np.where(np.isnan(ranked), np.inf, ranked), axis=1), axis=1
    )
    table = pd.DataFrame({"gene_id": genes["gene_id"], "screen_padj": padj})
    for number, name in enumerate(results):
        table[f"stagewise:{name}"] = passed & (adjusted[:, number] <= level)
    return table
