"""What the calls of a contrast rest on: one sample, participant, family or batch left out at a time, and bootstraps."""

import numpy as np
import pandas as pd

from lateralis.config import Contrast, Endpoint, Samples, Trust
from lateralis.io import read_table, write_table
from lateralis.job import run
from lateralis.model.endpoint import headline_rule
from lateralis.model.stored import read_model
from lateralis.trust.power import critical_p
from lateralis.trust.robustness import (
    assessed_genes,
    bootstrap,
    leave_out_units,
    refit_without,
    robustness_table,
)

TEXT = {"gene_id": str, "gene_name": str}
COLUMNS = ["gene_id", "gene_name", "call", "survived", "left_out", "worst", "worst_pvalue", "least_change"]
COLUMNS += ["sign_stability", "rank_low", "rank_high", "badge"]


def main(snakemake):
    params, given = snakemake.params, snakemake.input
    contrast, samples = Contrast(**params.contrast), Samples(**params.samples)
    endpoint, trust = Endpoint(**params.endpoint), Trust(**params.trust)
    results = read_table(given.results, dtype=TEXT)
    rule = headline_rule(results, endpoint.headline)
    genes = assessed_genes(results, rule, endpoint)
    if genes.empty:
        write_table(snakemake.output.robustness, pd.DataFrame(columns=COLUMNS))
        print("No gene is called or near the threshold.")
        return
    model = read_model(given.fit, given.counts, given.get("scores"), samples)
    vector = model.weights(contrast, f"contrasts.{snakemake.wildcards.contrast}")
    units = leave_out_units(model.obs, {name: model.obs[name] for name in params.kinds})
    left_out = refit_without(model, vector, genes, units, threads=snakemake.threads)
    print(f"{len(units)} refits without one unit of {len(genes)} genes.", flush=True)
    grouping = params.grouping
    strata = np.full(len(model.obs), "all") if grouping is None else model.obs[grouping].astype(str).to_numpy()
    boot = bootstrap(model, vector, genes, strata, n=trust.bootstraps, seed=trust.seed, threads=snakemake.threads)
    called = results.loc[results[f"call_{rule}"].isin(["up", "down"]), "pvalue"]
    critical = endpoint.alpha
    if rule != "nominal":  # of the plain test, also where the strict rule counts
        critical = np.nanmax([critical_p(results["padj"].to_numpy(), endpoint.alpha), called.max()])
    table = robustness_table(results, genes, left_out, boot, critical, rule, endpoint)
    write_table(snakemake.output.robustness, table)
    print(table["badge"].value_counts().to_string())


if "snakemake" in globals():
    run(main, snakemake)
