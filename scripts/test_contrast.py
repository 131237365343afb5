"""Test one contrast in every gene, from the stored fit."""

import numpy as np

from lateralis.config import Contrast
from lateralis.io import read_h5ad, read_table, write_json, write_table
from lateralis.job import run
from lateralis.model.contrasts import wald_test
from lateralis.model.design import contrast_vector
from lateralis.records.ledger import contrast_roles

STATISTICS = ["log2FoldChange", "lfcSE", "stat", "pvalue"]


def main(snakemake):
    contrast = Contrast(**snakemake.params.contrast)
    fit = read_h5ad(snakemake.input.fit)
    obs = read_h5ad(snakemake.input.counts).obs
    reasons = read_table(snakemake.input.samples, dtype={"sample": str}).set_index("sample")["reason"].fillna("")
    name = snakemake.wildcards.contrast
    where = f"config of cohort '{snakemake.wildcards.cohort}', contrasts.{name}"
    columns = list(fit.obsm["design_matrix"].columns)
    vector = contrast_vector(contrast, obs.loc[fit.obs_names], columns, where=where)

    genes = read_table(snakemake.input.genes, dtype={"gene_id": str, "gene_name": str})
    tests = wald_test(fit.varm["coefficients"], fit.varm["covariance"], vector).set_axis(fit.var_names)
    tests.loc[(fit.var["na_reason"] == "cooks_outlier").to_numpy(), "pvalue"] = np.nan
    tests.loc[fit.var["na_reason"].isin(["no_convergence", "all_zero"]).to_numpy(), STATISTICS] = np.nan
    statistics = genes[["gene_id", "gene_name", "baseMean"]].join(tests, on="gene_id")
    statistics["log2FoldChange_shrunken"] = np.nan
    statistics["na_reason"] = genes["na_reason"].fillna("")
    write_table(snakemake.output.statistics, statistics)

    roles = contrast_roles(contrast, obs, reasons)
    counted = {role: int((roles == role).sum()) for role in ("test", "reference", "fit_only", "absent")}
    weights = {column: float(weight) for column, weight in zip(columns, vector, strict=True) if weight}
    write_json(
        snakemake.output.status,
        {"status": "tested", "reason": "", "model": contrast.model, "weights": weights, "samples": counted},
    )
    print(f"{int(statistics['pvalue'].notna().sum())} genes tested.")


if "snakemake" in globals():
    run(main, snakemake)
