"""Test one contrast in every gene, from the stored fit and the counts that it was made from; or refuse it, and say why."""

from lateralis.job import run

import json

import numpy as np
import pandas as pd

from lateralis.config import Contrast, Samples
from lateralis.io import read_table, write_json, write_table
from lateralis.model.contrasts import contrast_all_zero, keep_sound, wald_test
from lateralis.model.likelihood_ratio import likelihood_ratio_test
from lateralis.model.log_intensity import moderated_f_test
from lateralis.model.shrinkage import shrink_contrast, shrink_estimates
from lateralis.model.stored import read_model
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
    given = snakemake.input
    model = read_model(given.fit, given.counts, given.get("scores"), samples)
    reasons = read_table(snakemake.input.samples, dtype=TEXT).set_index("sample")["reason"].fillna("")
    where = f"config of cohort '{snakemake.wildcards.cohort}', contrasts.{name}"
    sex = read_table(snakemake.input.sex, dtype=TEXT).set_index("sample")
    verdict = judge(contrast, params, model, sex, where)
    genes = read_table(snakemake.input.genes, dtype=TEXT)
    if verdict.status == "refused":
        statistics = genes[["gene_id", "gene_name", "baseMean"]].head(0).reindex(columns=[*HEAD, *COLUMNS, "na_reason"])
        status = {"test": "wald" if contrast.reduced is None else "lrt"}
    elif contrast.reduced is None:
        tests, status = wald(contrast, model, where, snakemake.threads)
        statistics = gather(tests, model.fit, genes)
    else:
        tests, status = likelihood_ratio(contrast, model, where, snakemake.threads)
        statistics = gather(tests, model.fit, genes)
    write_table(snakemake.output.statistics, statistics)

    roles = contrast_roles(contrast, model.data.obs, reasons)
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


def judge(contrast, params, model, sex, where):
    """Whether the contrast can be told from batch, sex or site."""
    matrix, obs = model.design, model.obs
    if contrast.reduced is None:
        tested = model.weights(contrast, where)
    else:
        reduced = model.reduced(contrast, where)
        tested = np.eye(matrix.shape[1])[[column not in reduced for column in matrix]]
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
    return judge_contrast(groups, technical, matrix, tested, contrast.acknowledge_confounding, model.blocks)


def gather(tests, fit, genes):
    """Every gene of the input with its test, or the reason why it has none."""
    tests, fitted_reason = keep_sound(tests.set_axis(fit.var_names), fit.var["na_reason"])
    statistics = genes[HEAD].join(tests, on="gene_id")
    reason = genes.set_index("gene_id")["na_reason"].fillna("")
    reason[fit.var_names] = fitted_reason
    statistics["na_reason"] = reason.to_numpy()
    return statistics


def wald(contrast, model, where, threads):
    """Wald test of a linear contrast, and its fold change shrunken."""
    vector, fit = model.weights(contrast, where), model.fit
    zero = None
    if model.df is None:
        zero = contrast_all_zero(model.fitted.counts, model.design, vector, samples=model.compared(contrast))
    tests = wald_test(fit.varm["coefficients"], fit.varm["covariance"], vector, all_zero=zero, df=model.df)
    estimates = {
        "log2_fold_change": tests["log2FoldChange"].to_numpy(),
        "standard_error": tests["lfcSE"].to_numpy(),
    }
    if model.blocks is None and model.df is None:
        shrunken = shrink_contrast(design=model.design, contrast=vector, **fitted(model), **estimates, threads=threads)
        tests["log2FoldChange_shrunken"] = shrunken["log2FoldChange_shrunken"].where(tests["log2FoldChange"].notna())
    else:
        tests["log2FoldChange_shrunken"] = shrink_estimates(**estimates)
    degrees = {} if model.df is None else {"df": model.df}
    weights = {column: float(weight) for column, weight in zip(model.design, vector, strict=True) if weight}
    return tests, {"test": "wald", "weights": weights} | degrees


def likelihood_ratio(contrast, model, where, threads):
    """Likelihood-ratio test of the model's design against a reduced one."""
    reduced = model.reduced(contrast, where)
    if model.df is None:
        tests = likelihood_ratio_test(
            design=model.design, reduced=reduced, **fitted(model), blocks=model.blocks, threads=threads
        )
    else:
        tests = moderated_f_test(
            model.fitted.counts,
            model.design,
            reduced,
            variances=model.dispersions,
            df=model.df,
            blocks=model.blocks,
        )
    degrees = model.design.shape[1] - reduced.shape[1]
    return tests, {"test": "lrt", "reduced": contrast.reduced, "degrees_of_freedom": degrees}


def fitted(model):
    """Counts of a fit, outliers replaced as in it, with the dispersions and factors that a test of counts needs."""
    return {
        "counts": model.counts,
        "dispersions": model.dispersions,
        "size_factors": model.fitted.size_factors,
        "average_lengths": model.fitted.average_lengths,
    }


if "snakemake" in globals():
    run(main, snakemake)
