"""Test one contrast in every gene, from the stored fit and the counts that it was made from."""

import numpy as np
import pandas as pd

from lateralis.config import Contrast, Variable
from lateralis.io import layer, read_h5ad, read_table, write_json, write_table
from lateralis.job import run
from lateralis.model.contrasts import contrast_all_zero, wald_test
from lateralis.model.design import check_nested, contrast_vector, design_matrix
from lateralis.model.likelihood_ratio import likelihood_ratio_test
from lateralis.model.shrinkage import shrink_contrast
from lateralis.records.ledger import contrast_roles


def main(snakemake):
    contrast = Contrast(**snakemake.params.contrast)
    fit, data = read_h5ad(snakemake.input.fit), read_h5ad(snakemake.input.counts)
    reasons = read_table(snakemake.input.samples, dtype={"sample": str}).set_index("sample")["reason"].fillna("")
    where = f"config of cohort '{snakemake.wildcards.cohort}', contrasts.{snakemake.wildcards.contrast}"
    if contrast.reduced is None:
        tests, status = wald(contrast, fit, data, where, snakemake.threads)
    else:
        tests, status = likelihood_ratio(contrast, fit, data, snakemake.params.model, where, snakemake.threads)
    outlying = (fit.var["na_reason"] == "cooks_outlier").to_numpy()
    unfitted = fit.var["na_reason"].isin(["no_convergence", "all_zero"]).to_numpy()
    tests = tests.set_axis(fit.var_names)
    tests.loc[unfitted] = np.nan
    failed = tests["pvalue"].isna().to_numpy() & ~unfitted & ~outlying
    tests.loc[outlying, "pvalue"] = np.nan

    genes = read_table(snakemake.input.genes, dtype={"gene_id": str, "gene_name": str})
    statistics = genes[["gene_id", "gene_name", "baseMean"]].join(tests, on="gene_id")
    reason = genes.set_index("gene_id")["na_reason"].fillna("")
    reason[fit.var_names[failed]] = "no_convergence"
    statistics["na_reason"] = reason.to_numpy()
    write_table(snakemake.output.statistics, statistics)

    roles = contrast_roles(contrast, data.obs, reasons)
    counted = {role: int((roles == role).sum()) for role in ("test", "reference", "fit_only", "absent")}
    common = {"status": "tested", "reason": "", "model": contrast.model, "samples": counted}
    write_json(snakemake.output.status, common | status)
    print(f"{int(statistics['pvalue'].notna().sum())} genes tested.")


def wald(contrast, fit, data, where, threads):
    """Wald test of a linear contrast, and its fold change shrunken."""
    matrix, obs, given = fit.obsm["design_matrix"], data.obs.loc[fit.obs_names], fitted(fit, data)
    vector = contrast_vector(contrast, obs, list(matrix.columns), where=where)
    compared = (
        obs[contrast.variable].isin([contrast.test, contrast.reference]).to_numpy() if contrast.variable else None
    )
    counts = np.asarray(data[fit.obs_names, fit.var_names].X)
    all_zero = contrast_all_zero(counts, matrix, vector, samples=compared)
    tests = wald_test(fit.varm["coefficients"], fit.varm["covariance"], vector, all_zero=all_zero)
    shrunken = shrink_contrast(
        design=matrix,
        contrast=vector,
        **given,
        log2_fold_change=tests["log2FoldChange"].to_numpy(),
        standard_error=tests["lfcSE"].to_numpy(),
        threads=threads,
    )
    tests["log2FoldChange_shrunken"] = shrunken["log2FoldChange_shrunken"].where(tests["log2FoldChange"].notna())
    weights = {column: float(weight) for column, weight in zip(matrix.columns, vector, strict=True) if weight}
    return tests, {"test": "wald", "weights": weights}


def likelihood_ratio(contrast, fit, data, model, where, threads):
    """Likelihood-ratio test of the model's design against a reduced one."""
    matrix, obs = fit.obsm["design_matrix"], data.obs.loc[fit.obs_names]
    variables = {name: Variable(**spec) for name, spec in model["variables"].items()}
    reduced = design_matrix(obs, contrast.reduced, variables, where=f"{where}.reduced")
    check_nested(matrix, reduced, where=f"{where}.reduced")
    tests = likelihood_ratio_test(design=matrix, reduced=reduced, **fitted(fit, data), threads=threads)
    degrees = matrix.shape[1] - reduced.shape[1]
    return tests, {"test": "lrt", "reduced": contrast.reduced, "degrees_of_freedom": degrees}


def fitted(fit, data):
    """Counts of a fit, outliers replaced as in it, with the dispersions and factors that a test of counts needs."""
    part = data[fit.obs_names, fit.var_names]
    counts = np.array(part.X)
    replaced = pd.DataFrame(dict(fit.uns["replacements"]))
    counts[replaced["sample"], replaced["gene"]] = replaced["count"]
    return {
        "counts": counts,
        "dispersions": fit.var["dispersion"].to_numpy(),
        "size_factors": fit.obs["size_factor"].to_numpy(),
        "average_lengths": layer(part, "average_length"),
    }


if "snakemake" in globals():
    run(main, snakemake)
