"""What a contrast finds on its own counts when labels are dealt anew: fit and test again, many times."""

import numpy as np

from lateralis.config import Contrast, Endpoint, Samples, Trust
from lateralis.io import read_json, read_table, write_table
from lateralis.job import run
from lateralis.model.endpoint import RULES
from lateralis.model.stored import read_model
from lateralis.trust.calibration import exchangeability, judge_calibration, null_results, permuted_variable
from lateralis.trust.permutation import MOST_PREDICTABLE

TEXT = {"gene_id": str, "gene_name": str}


def main(snakemake):
    params, given = snakemake.params, snakemake.input
    contrast, samples = Contrast(**params.contrast), Samples(**params.samples)
    endpoint, trust = Endpoint(**params.endpoint), Trust(**params.trust)
    results, status = read_table(given.results, dtype=TEXT), read_json(given.status)
    model = read_model(given.fit, given.counts, given.get("scores"), samples)
    observed = {rule: int(results[f"call_{rule}"].isin(["up", "down", "changed"]).sum()) for rule in RULES}
    if contrast.reduced is not None:
        del observed["strict"]
    variable, reason = params.grouping, ""
    if variable is None or contrast.reduced is None:
        variable, reason = permuted_variable(contrast, model)
    area = np.nan
    if results.empty:
        reason = "the contrast is refused"
    elif variable is not None:
        area = exchangeability(contrast, variable, model, trust.seed)
    n_null = 0 if reason or (np.isfinite(area) and area > MOST_PREDICTABLE) else trust.permutations
    null = null_results(
        contrast,
        model,
        endpoint,
        variable,
        n=n_null,
        seed=trust.seed,
        threads=snakemake.threads,
        genes=some_genes(model.fit.n_vars, trust),
        progress=lambda done: print(f"Permutation {done} of {n_null}", flush=True),
    )
    write_table(snakemake.output.permutations, null)
    groups = [status["samples"][role] for role in ("test", "reference")]
    n_smallest = min(groups) if min(groups) else status["samples"]["fit_only"]
    verdicts = judge_calibration(null, observed, endpoint.alpha, area, n_smallest)
    if reason:
        verdicts = verdicts.assign(verdict="not assessed", reason=reason)
    write_table(snakemake.output.calibration, verdicts)
    print(verdicts.to_string(index=False))


def some_genes(n_genes, trust):
    """Positions of the genes to fit, spread evenly; None for all."""
    if trust.most_genes is None or n_genes <= trust.most_genes:
        return None
    return np.sort(np.random.default_rng(trust.seed).choice(n_genes, size=trust.most_genes, replace=False))


if "snakemake" in globals():
    run(main, snakemake)
