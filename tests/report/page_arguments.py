"""A small payload with every part filled, and the arguments it was built from."""

from typing import Any

import numpy as np
import pandas as pd
from sample_tables import FLAGS, LEDGER, TABLES

from lateralis.config import Endpoint
from lateralis.model.endpoint import call_genes
from lateralis.report.samples import build_samples


def results_table(seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    n_genes = 400
    stat = np.where(rng.random(n_genes) < 0.2, rng.normal(0, 6, n_genes), rng.normal(0, 1, n_genes))
    statistics = pd.DataFrame(
        {
            "gene_id": [f"ENSG{i:05d}" for i in range(n_genes)],
            "gene_name": [f"NAME{i}" for i in range(n_genes)],
            "baseMean": 10 ** rng.normal(2, 0.5, n_genes),
            "log2FoldChange": 0.25 * stat,
            "lfcSE": 0.25,
            "stat": stat,
            "pvalue": 2 * np.exp(-(stat**2) / 2).clip(1e-12, 0.5),
            "log2FoldChange_shrunken": 0.2 * stat,
            "na_reason": "",
        }
    )
    statistics.loc[:9, ["stat", "pvalue", "log2FoldChange"]] = np.nan
    statistics.loc[:9, "na_reason"] = "low_count_filter"
    return call_genes(statistics, Endpoint())


def arguments() -> dict[str, Any]:
    results = results_table()
    return {
        "cohort": "mac2als",
        "title": "Macrophages in ALS",
        "contents": "This page holds what it holds.",
        "fold_change": 1.5,
        "alpha": 0.05,
        "headline": "fdr",
        "contrasts": [
            {
                "name": "als_vs_carrier",
                "model": "primary",
                "label": "als against carrier",
                "status": "tested",
                "reason": "",
                "groups": {"als": 62, "carrier": 33},
                "results": results,
                "results_path": "contrasts/als_vs_carrier/results.tsv.gz",
                "warnings": ["Nearly confounded with sex."],
            },
            {
                "name": "als_vs_motor",
                "model": "primary",
                "label": "als against motor",
                "status": "refused",
                "reason": "The groups share no batch.",
                "groups": {"als": 62, "motor": 41},
                "results": results.head(0),
                "results_path": "contrasts/als_vs_motor/results.tsv.gz",
                "warnings": [],
            },
        ],
        "models": [
            {
                "name": "primary",
                "design": "~ batch + sex + group",
                "subset": "",
                "n_samples": 176,
                "n_genes_input": 20000,
                "n_genes_kept": 15123,
                "filter": "at least 10 counts in at least 33 samples",
                "coefficients": ["Intercept", "group[T.als]"],
                "cells": ["group"],
                "outlier_cells": pd.DataFrame(
                    {"group": ["als", "carrier"], "samples": [62, 33], "replaceable": [62, 0], "filterable": [62, 33]}
                ),
                "n_genes_replaced": 17,
                "n_genes_outlier": 3,
                "size_factors": "ratio",
                "size_factor_genes": "all genes kept",
                "offsets": "",
                "numerics": "lateralis engine (numba 0.61.0)",
                "prior_variance": 0.53,
                "warnings": [],
            }
        ],
        "table1": pd.DataFrame(
            [["samples", "", "62", "33", "180"], ["sex", "F", "30 (48 %)", "18 (55 %)", "90 (50 %)"]],
            columns=["variable", "level", "als", "carrier", "all"],
        ),
        "flow": pd.DataFrame(
            {
                "step": ["rows of the sample sheet", "model primary"],
                "samples": [180, 176],
                "participants": [180, 176],
                "lost": ["", "age is missing: 4"],
            }
        ),
        "samples": build_samples(LEDGER, FLAGS, {"als_vs_carrier": "als against carrier"}, TABLES),
        "versions": {"lateralis": "0.1.0", "pydeseq2": "0.5.4"},
        "config_text": "cohort: mac2als\n",
        "files": pd.DataFrame({"path": ["summary.tsv"], "sha256": ["ab" * 32]}),
        "warnings": ["No sample's outliers can be replaced."],
        "simulated": True,
    }
