"""Which genes a simulated cohort measures and how strongly its cells express each."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from lateralis.inputs.simulate import panels

MITOCHONDRIAL_SHARE = 0.05
EXPRESSED_SHARE = 0.60
EXPRESSED_MEDIAN, EXPRESSED_LOG_SD, HIGHEST_UNNAMED = 500.0, 1.6, 15_000.0
SILENT_MEDIAN, SILENT_LOG_SD = 0.6, 1.3
RIBOSOMAL_PROTEIN_MEDIAN = 10_000.0
RIBOSOMAL_RNA_LEVEL = 12.0

# Biotypes that an RNA-seq library of polyadenylated RNA counts in numbers worth simulating, in order of preference.
BIOTYPES = ("protein_coding", "Mt_rRNA", "rRNA", "TR_C_gene", "IG_C_gene", "lncRNA")


def choose_genes(annotation: pd.DataFrame, n_genes: int, wanted: list[str]) -> pd.DataFrame:
    """Named genes of the annotation on assembled chromosomes, one a symbol: those wanted, then by biotype and id.

    Parameters
    ----------
    annotation : as `lateralis.inputs.annotation.read_annotation` returns it
    n_genes : how many
    wanted : symbols that must be among them

    Returns
    -------
    DataFrame, index gene_id sorted, n_genes rows; columns gene_name, chromosome, biotype.
    """
    assembled = annotation["chromosome"].isin([*map(str, range(1, 23)), "X", "Y", "MT"])
    eligible = annotation[assembled & (annotation["gene_name"] != "") & annotation["biotype"].isin(BIOTYPES)]
    order = pd.DataFrame(
        {
            "wanted": ~eligible["gene_name"].isin(wanted),
            "biotype": eligible["biotype"].map({biotype: rank for rank, biotype in enumerate(BIOTYPES)}),
            "on_y": eligible["chromosome"] == "Y",
            "id": eligible.index,
        }
    )
    eligible = eligible.loc[order.sort_values(list(order.columns)).index].drop_duplicates("gene_name")
    return eligible.iloc[:n_genes].sort_index()


def baseline_means(
    rng: np.random.Generator, genes: pd.DataFrame, named: Mapping[str, float], expressed_too: list[str], reads: float
) -> pd.Series:
    """Expected count of each gene in a typical library of a woman without disease.

    Named genes have their level. Of the others about 60 % are expressed, log-normally; families that immune cells do
    not express are among the rest. Mitochondrial genes share 5 % of the reads.

    Parameters
    ----------
    genes : as `choose_genes` returns them
    named : level by symbol
    expressed_too : symbols of genes that are expressed, at any level
    reads : of a typical library, in these genes

    Returns
    -------
    Series, index as `genes`; sums to `reads`.
    """
    symbols, n_genes = genes["gene_name"], len(genes)
    silent = symbols.str.contains(panels.SILENT_FAMILIES).to_numpy() | (genes["chromosome"] == "Y").to_numpy()
    expressed = ~silent & (rng.random(n_genes) < EXPRESSED_SHARE / (1 - silent.mean()))
    expressed |= symbols.isin(expressed_too).to_numpy()
    log_mean = np.where(
        expressed,
        rng.normal(np.log(EXPRESSED_MEDIAN), EXPRESSED_LOG_SD, n_genes),
        rng.normal(np.log(SILENT_MEDIAN), SILENT_LOG_SD, n_genes),
    )
    ribosomal = symbols.str.contains(panels.RIBOSOMAL_PROTEIN).to_numpy() & ~silent
    log_mean = np.where(ribosomal, rng.normal(np.log(RIBOSOMAL_PROTEIN_MEDIAN), 0.6, n_genes), log_mean)
    means = pd.Series(np.minimum(np.exp(log_mean), HIGHEST_UNNAMED), index=genes.index)
    means[(genes["biotype"] == "rRNA").to_numpy()] = RIBOSOMAL_RNA_LEVEL
    levels = symbols.map({**panels.RED_CELL, **named})
    means = levels.where(levels.notna(), means).astype(float)

    mitochondrial = (genes["chromosome"] == "MT").to_numpy()
    weights = symbols[mitochondrial].map(panels.MITOCHONDRIAL).fillna(0.01)
    means[mitochondrial] = reads * MITOCHONDRIAL_SHARE * weights / weights.sum()
    free = ~mitochondrial & levels.isna().to_numpy()
    means[free] *= (reads - means[~free].sum()) / means[free].sum()
    return means


def pick_responders(
    rng: np.random.Generator, genes: pd.DataFrame, means: pd.Series, n_genes: int, taken: set[str], lowest: float = 30.0
) -> pd.Index:
    """Random expressed autosomal genes that no other effect has taken; never a marker, nor a named gene of a programme."""
    autosomal = ~genes["chromosome"].isin(["X", "Y", "MT"])
    free = (
        autosomal
        & (means >= lowest)
        & ~genes["gene_name"].isin([*panels.MARKERS, *panels.RESPONDING])
        & ~genes.index.isin(list(taken))
    )
    return pd.Index(rng.choice(genes.index[free].to_numpy(), size=n_genes, replace=False))
