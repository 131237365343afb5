"""How much of a model's calls could rest on hidden variables: fit it with surrogate variables, and compare; change nothing."""

from lateralis.job import run

import numpy as np
import pandas as pd

from lateralis.config import Contrast, Endpoint, Samples
from lateralis.io import read_h5ad, read_table, write_table
from lateralis.model.endpoint import call_again, call_genes, headline_rule
from lateralis.model.engine.direct import dense_matrix
from lateralis.model.refit import lrt_statistics, refit, wald_statistics
from lateralis.model.stored import read_model
from lateralis.qc.surrogates import compare_calls, surrogate_correlations, surrogate_variables

TEXT = {"gene_id": str, "gene_name": str, "sample": str}


def main(snakemake):
    params, given = snakemake.params, snakemake.input
    samples, endpoint = Samples(**params.samples), Endpoint(**params.endpoint)
    model, normalised = read_model(given.fit, given.counts, given.get("scores"), samples), read_h5ad(given.normalised)
    fit, design, fitted = model.fit, model.design, model.fitted
    whole = design
    if model.blocks is not None:
        whole = pd.DataFrame(dense_matrix(design.to_numpy(), model.blocks), index=design.index)
    surrogates = surrogate_variables(
        np.asarray(normalised[fit.obs_names].layers["vst"], dtype=float), whole, most=params.most, seed=params.seed
    )
    write_table(snakemake.output.surrogates, surrogates.rename_axis("sample").reset_index())
    variables = model.obs[samples.described]
    write_table(snakemake.output.correlations, surrogate_correlations(surrogates, variables))
    rows = []
    if surrogates.shape[1]:
        extended = pd.concat([design, surrogates], axis=1)
        again = refit(fitted._replace(exempt_three_larger=False), extended, threads=snakemake.threads)
        for (name, contrast), path in zip(params.contrasts.items(), given.statistics, strict=True):
            before = read_table(path, dtype=TEXT)
            if before.empty:  # refused
                continue
            contrast = Contrast(**contrast)
            where = f"contrasts.{name}"
            if contrast.reduced is None:
                vector = model.weights(contrast, where)
                vector = np.append(vector, np.zeros(surrogates.shape[1]))
                after = wald_statistics(fitted, again, vector)
            else:
                reduced = model.reduced(contrast, where)
                reduced = pd.concat([reduced, surrogates], axis=1)
                after = lrt_statistics(fitted, again, reduced, threads=snakemake.threads)
            rows.append({"contrast": name} | compare(before, after, fit.var_names, endpoint))
    columns = ["contrast", "rule", "called", "called_with_surrogates", "in_both", "correlation"]
    write_table(snakemake.output.sensitivity, pd.DataFrame(rows, columns=columns))
    print(f"{surrogates.shape[1]} surrogate variables.")


def compare(before, after, genes, endpoint):
    """Calls of one contrast without and with the surrogate variables."""
    kept = before[before["gene_id"].isin(genes)].assign(na_reason=lambda table: table["na_reason"].fillna(""))
    first, second = call_genes(kept, endpoint), call_again(after, genes, endpoint).reset_index()
    return compare_calls(first, second, headline_rule(first, endpoint.headline))


if "snakemake" in globals():
    run(main, snakemake)
