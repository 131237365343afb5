"""Test one contrast in every gene, from the stored fit and the counts that it was made from; or refuse it, and say why."""

import json

import numpy as np
import pandas as pd

from lateralis.config import Contrast, Samples
from lateralis.inputs.samples import add_scores
from lateralis.io import layer, read_h5ad, read_table, write_json, write_table
from lateralis.job import run
from lateralis.model.cells import contrast_weights
from lateralis.model.contrasts import contrast_all_zero, keep_sound, wald_test
from lateralis.model.likelihood_ratio import likelihood_ratio_test
from lateralis.model.preflight import reduced_design
from lateralis.model.shrinkage import shrink_contrast, shrink_estimates
from lateralis.qc.confounding import judge_contrast
from lateralis.records.ledger import ROLES, contrast_roles

TEXT = {"gene_id": str, "gene_name": str, "sample": str}
HEAD = ["gene_id", "gene_name", "baseMean"]
ASSOCIATIVE = (
    "Associative: its groups were formed after randomisation, so a difference may be a cause of the grouping as well as an "
    "effect of the treatment."
)
COLUMNS = ["log2FoldChange", "lfcSE", "stat", "pvalue", "log2FoldChange_shrunken"]


def main(snakemake):
    params, name = snakemake.params, snakemake.wildcards.contrast
    contrast, samples = Contrast(**params.contrast), Samples(**params.samples)
    fit, data = read_h5ad(snakemake.input.fit), read_h5ad(snakemake.input.counts)
    data.obs = add_scores(data.obs, read_scores(snakemake), samples)
    reasons = read_table(snakemake.input.samples, dtype=TEXT).set_index("sample")["reason"].fillna("")
    where = f"config of cohort '{snakemake.wildcards.cohort}', contrasts.{name}"
    sex = read_table(snakemake.input.sex, dtype=TEXT).set_index("sample")
    verdict = judge(contrast, params, samples, fit, data, sex, where)
    genes = read_table(snakemake.input.genes, dtype=TEXT)
    if verdict.status == "refused":
        statistics = genes[["gene_id", "gene_name", "baseMean"]].head(0).reindex(columns=[*HEAD, *COLUMNS, "na_reason"])
        status = {"test": "wald" if contrast.reduced is None else "lrt"}
    elif contrast.reduced is None:
        tests, status = wald(contrast, fit, data, samples, where, snakemake.threads)
        statistics = gather(tests, fit, genes)
    else:
        tests, status = likelihood_ratio(contrast, fit, data, samples, where, snakemake.threads)
        statistics = gather(tests, fit, genes)
    write_table(snakemake.output.statistics, statistics)

    roles = contrast_roles(contrast, data.obs, reasons)
    counted = {role: int((roles == role).sum()) for role in ROLES}
    write_json(
        snakemake.output.status,
        {
            "status": verdict.status,
            "reason": verdict.reason,
            "warnings": [*verdict.warnings, *([ASSOCIATIVE] if contrast.associative else [])],
            "confounding": json.loads(verdict.table.to_json(orient="records")),
            "model": contrast.model,
            "samples": counted,
        }
        | status,
    )
    if verdict.status == "refused":
        print(f"Refused. {verdict.reason}")
    else:
        print(f"{int(statistics['pvalue'].notna().sum())} genes tested.", *verdict.warnings, sep="\n")


def read_scores(snakemake):
    """Scores of the marker panels, where a variable of the cohort is one."""
    path = snakemake.input.get("scores")
    return read_table(path, dtype=TEXT).set_index("sample") if path else None


def judge(contrast, params, samples, fit, data, sex, where):
    """Whether the contrast can be told from batch, sex or site."""
    matrix, obs = fit.obsm["design_matrix"], data.obs.loc[fit.obs_names]
    columns = list(matrix.columns)
    if contrast.reduced is None:
        tested = weights_of(contrast, obs, fit, samples, where)
    else:
        reduced = reduced_design(contrast.reduced, obs, matrix, blocks_of(fit), samples, where=f"{where}.reduced")
        tested = np.eye(len(columns))[[column not in reduced for column in columns]]
    if params.grouping is None:  # the slope of a number, or an interaction: there are no groups to be confounded
        nobody = pd.Series(np.nan, index=obs.index, name="", dtype=object)
        return judge_contrast(nobody, obs[[]], matrix, tested)
    groups = obs[params.grouping]
    if contrast.variable is not None:
        groups = groups.where(groups.isin([contrast.test, contrast.reference]))
    technical = obs[params.technical].astype(object)
    inferred = sex["sex"].reindex(obs.index)
    if params.sex is None:
        technical["sex (inferred)"] = inferred
    elif params.sex in technical:
        technical[params.sex] = technical[params.sex].where(technical[params.sex].notna(), inferred)
    return judge_contrast(groups, technical, matrix, tested, contrast.acknowledge_confounding, blocks_of(fit))


def gather(tests, fit, genes):
    """Every gene of the input with its test, or the reason why it has none."""
    tests, fitted_reason = keep_sound(tests.set_axis(fit.var_names), fit.var["na_reason"])
    statistics = genes[HEAD].join(tests, on="gene_id")
    reason = genes.set_index("gene_id")["na_reason"].fillna("")
    reason[fit.var_names] = fitted_reason
    statistics["na_reason"] = reason.to_numpy()
    return statistics


def weights_of(contrast, obs, fit, samples, where):
    """Weights of the fit's coefficients in a contrast."""
    columns = list(fit.obsm["design_matrix"].columns)
    return contrast_weights(contrast, obs, columns, design=fit.uns["design"], variables=samples.variables, where=where)


def wald(contrast, fit, data, samples, where, threads):
    """Wald test of a linear contrast, and its fold change shrunken."""
    matrix, obs, given = fit.obsm["design_matrix"], data.obs.loc[fit.obs_names], fitted(fit, data)
    vector = weights_of(contrast, obs, fit, samples, where)
    compared = (
        obs[contrast.variable].isin([contrast.test, contrast.reference]).to_numpy() if contrast.variable else None
    )
    counts = np.asarray(data[fit.obs_names, fit.var_names].X)
    all_zero = contrast_all_zero(counts, matrix, vector, samples=compared)
    tests = wald_test(fit.varm["coefficients"], fit.varm["covariance"], vector, all_zero=all_zero)
    estimates = {
        "log2_fold_change": tests["log2FoldChange"].to_numpy(),
        "standard_error": tests["lfcSE"].to_numpy(),
    }
    if blocks_of(fit) is None:
        shrunken = shrink_contrast(design=matrix, contrast=vector, **given, **estimates, threads=threads)
        tests["log2FoldChange_shrunken"] = shrunken["log2FoldChange_shrunken"].where(tests["log2FoldChange"].notna())
    else:
        tests["log2FoldChange_shrunken"] = shrink_estimates(**estimates)
    weights = {column: float(weight) for column, weight in zip(matrix.columns, vector, strict=True) if weight}
    return tests, {"test": "wald", "weights": weights}


def likelihood_ratio(contrast, fit, data, samples, where, threads):
    """Likelihood-ratio test of the model's design against a reduced one."""
    matrix, obs = fit.obsm["design_matrix"], data.obs.loc[fit.obs_names]
    blocks = blocks_of(fit)
    reduced = reduced_design(contrast.reduced, obs, matrix, blocks, samples, where=f"{where}.reduced")
    tests = likelihood_ratio_test(design=matrix, reduced=reduced, **fitted(fit, data), blocks=blocks, threads=threads)
    degrees = matrix.shape[1] - reduced.shape[1]
    return tests, {"test": "lrt", "reduced": contrast.reduced, "degrees_of_freedom": degrees}


def blocks_of(fit):
    """Number of each sample's block; None for a design without blocks."""
    return fit.obs["block"].to_numpy() if "block" in fit.obs else None


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
