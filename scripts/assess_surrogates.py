"""How much of a model's calls could rest on hidden variables: fit it with surrogate variables, and compare; change nothing."""

import numpy as np
import pandas as pd

from lateralis.config import Contrast, Endpoint, Samples
from lateralis.inputs.samples import add_scores
from lateralis.io import layer, read_h5ad, read_table, write_table
from lateralis.job import run
from lateralis.model.cells import contrast_weights
from lateralis.model.endpoint import call_genes, headline_rule
from lateralis.model.engine.blocks import dense_matrix
from lateralis.model.preflight import reduced_design
from lateralis.model.refit import FittedData, lrt_statistics, refit, wald_statistics
from lateralis.qc.surrogates import compare_calls, surrogate_correlations, surrogate_variables

TEXT = {"gene_id": str, "gene_name": str, "sample": str}


def main(snakemake):
    params, given = snakemake.params, snakemake.input
    samples, endpoint = Samples(**params.samples), Endpoint(**params.endpoint)
    fit, data, normalised = read_h5ad(given.fit), read_h5ad(given.counts), read_h5ad(given.normalised)
    scores = read_table(given.scores, dtype=TEXT).set_index("sample") if given.get("scores") else None
    obs = add_scores(data.obs, scores, samples).loc[fit.obs_names]
    design = fit.obsm["design_matrix"]
    blocks = fit.obs["block"].to_numpy() if "block" in fit.obs else None
    whole = design if blocks is None else pd.DataFrame(dense_matrix(design.to_numpy(), blocks), index=design.index)
    surrogates = surrogate_variables(
        np.asarray(normalised[fit.obs_names].layers["vst"], dtype=float), whole, most=params.most
    )
    write_table(snakemake.output.surrogates, surrogates.rename_axis("sample").reset_index())
    variables = obs[samples.described]
    write_table(snakemake.output.correlations, surrogate_correlations(surrogates, variables))
    rows = []
    if surrogates.shape[1]:
        part = data[fit.obs_names, fit.var_names]
        fitted = FittedData(
            np.asarray(part.X),
            fit.obs["size_factor"].to_numpy(),
            layer(part, "average_length"),
            fit.obs["cell"].to_numpy(),
            exempt_three_larger=False,
            blocks=blocks,
        )
        extended = pd.concat([design, surrogates], axis=1)
        again = refit(fitted, extended, threads=snakemake.threads)
        for (name, contrast), path in zip(params.contrasts.items(), given.statistics, strict=True):
            before = read_table(path, dtype=TEXT)
            if before.empty:  # refused
                continue
            contrast = Contrast(**contrast)
            where = f"contrasts.{name}"
            if contrast.reduced is None:
                vector = contrast_weights(
                    contrast,
                    obs,
                    list(design.columns),
                    design=fit.uns["design"],
                    variables=samples.variables,
                    where=where,
                )
                vector = np.append(vector, np.zeros(surrogates.shape[1]))
                after = wald_statistics(fitted, again, vector)
            else:
                reduced = reduced_design(contrast.reduced, obs, design, fitted.blocks, samples, where=where)
                reduced = pd.concat([reduced, surrogates], axis=1)
                after = lrt_statistics(fitted, again, reduced, threads=snakemake.threads)
            rows.append({"contrast": name} | compare(before, after, fit.var_names, endpoint))
    columns = ["contrast", "rule", "called", "called_with_surrogates", "in_both", "correlation"]
    write_table(snakemake.output.sensitivity, pd.DataFrame(rows, columns=columns))
    print(f"{surrogates.shape[1]} surrogate variables.")


def compare(before, after, genes, endpoint):
    """Calls of one contrast without and with the surrogate variables."""
    named = after.assign(gene_id=list(genes), gene_name="", log2FoldChange_shrunken=np.nan)
    if "log2FoldChange" not in after:
        named = named.drop(columns="log2FoldChange_shrunken")
    kept = before[before["gene_id"].isin(genes)].assign(na_reason=lambda table: table["na_reason"].fillna(""))
    first, second = call_genes(kept, endpoint), call_genes(named, endpoint)
    return compare_calls(first, second, headline_rule(first, endpoint.headline))


if "snakemake" in globals():
    run(main, snakemake)
