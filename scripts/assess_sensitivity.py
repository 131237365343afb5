"""The same contrast with other means: on the common support of covariates, with extreme counts drawn in, by ranks."""

import numpy as np
import pandas as pd

from lateralis.config import Contrast, Endpoint, Samples
from lateralis.expressions import parse_formula
from lateralis.io import read_table, write_table
from lateralis.job import run
from lateralis.model.design import confounded_columns
from lateralis.model.endpoint import call_again, headline_rule
from lateralis.model.multiplicity import benjamini_hochberg
from lateralis.model.normalise import normalisation_factors
from lateralis.model.refit import refit, wald_statistics
from lateralis.model.stored import read_model
from lateralis.qc.surrogates import compare_calls
from lateralis.trust.overlap import common_support, in_support
from lateralis.trust.sensitivity import FEWEST_FOR_RANKS, rank_test, winsorised

TEXT = {"gene_id": str, "gene_name": str}
COLUMNS = ["analysis", "samples", "called", "called_again", "in_both", "correlation", "reason"]
OVERLAP = ["variable", "group", "low", "high", "inside"]


def main(snakemake):
    params, given = snakemake.params, snakemake.input
    contrast, samples, endpoint = Contrast(**params.contrast), Samples(**params.samples), Endpoint(**params.endpoint)
    results = read_table(given.results, dtype=TEXT)
    model = read_model(given.fit, given.counts, given.get("scores"), samples)
    rows, supports = [], []
    if not results.empty:
        first = results.set_index("gene_id").loc[model.fit.var_names].reset_index()
        vector = model.weights(contrast, f"contrasts.{snakemake.wildcards.contrast}")
        rule = headline_rule(results, endpoint.headline)

        def again(data, design, compared):
            fit = refit(data, design, threads=snakemake.threads)
            calls = call_again(wald_statistics(data, fit, vector, compared), list(model.fit.var_names), endpoint)
            found = compare_calls(first, calls.reset_index(), rule)
            return {"called_again": found.pop("called_with_surrogates")} | found

        compared = model.compared(contrast)
        supports, inside = find_support(contrast, model)
        rows.append({"analysis": "common support"} | on_support(model, inside, compared, again))
        counts = winsorised(model.fitted.counts, factors_of(model), whole=model.df is None)
        found = again(model.fitted._replace(counts=counts), model.design, compared)
        rows.append({"analysis": "winsorised counts", "samples": len(model.obs), "reason": ""} | found)
        rows.append({"analysis": "rank test"} | by_ranks(contrast, model, first, rule, endpoint))
    write_table(snakemake.output.sensitivity, pd.DataFrame(rows, columns=COLUMNS))
    write_table(snakemake.output.overlap, pd.DataFrame(supports, columns=OVERLAP))
    for row in rows:
        print(row)


def factors_of(model):
    """What counts are divided by, (n_samples, 1) or (n_samples, n_genes)."""
    data = model.fitted
    if data.average_lengths is None:
        return data.size_factors[:, None]
    return normalisation_factors(data.size_factors, data.average_lengths)


def find_support(contrast, model):
    """Range of each numeric covariate that the compared groups share, and which samples to keep where support is lacking."""
    inside, rows = None, []
    if contrast.variable is None:
        return rows, inside
    compared = model.compared(contrast)
    for name in parse_formula(model.formula).variables:
        if model.samples.variables[name].type != "numeric":
            continue
        support = common_support(model.obs[name][compared], model.obs[contrast.variable][compared])
        rows += [(name, group, support.low, support.high, share) for group, share in support.inside.items()]
        if support.lacking:
            kept = in_support(model.obs[name], support) | ~compared
            inside = kept if inside is None else inside & kept
    return rows, inside


def on_support(model, inside, compared, again):
    """The contrast with the samples of the common support, or why it is not done."""
    if inside is None:
        common = "the groups have their covariates in common" if compared is not None else "there are no two groups"
        return {"samples": len(model.obs), "reason": common}
    n_inside = int(inside.sum())
    design = model.design[inside]
    smallest = int((inside & compared).sum())
    if model.blocks is not None or smallest < 6 or n_inside <= design.shape[1] + 2 or confounded_columns(design):
        return {"samples": n_inside, "reason": "too few samples are in the range that the groups share"}
    data = model.fitted
    part = data._replace(
        counts=data.counts[inside],
        size_factors=data.size_factors[inside],
        average_lengths=None if data.average_lengths is None else data.average_lengths[inside],
        cells=np.unique(data.cells[inside], return_inverse=True)[1],
    )
    return {"samples": n_inside, "reason": ""} | again(part, design, compared[inside])


def by_ranks(contrast, model, first, rule, endpoint):
    """Genes called by a rank test, with the fold change of the fit."""
    if contrast.variable is None:
        return {"samples": len(model.obs), "reason": "ranks compare two groups only"}
    test, reference = (model.obs[contrast.variable] == level for level in (contrast.test, contrast.reference))
    n_samples = int(test.sum() + reference.sum())
    if min(test.sum(), reference.sum()) < FEWEST_FOR_RANKS:
        return {"samples": n_samples, "reason": f"a group has fewer than {FEWEST_FOR_RANKS} samples"}
    pvalues = rank_test(model.fitted.counts / factors_of(model), test.to_numpy(), reference.to_numpy())
    effect = first["log2FoldChange"].to_numpy()
    called = (benjamini_hochberg(pvalues) < endpoint.alpha) & (np.abs(effect) >= np.log2(endpoint.fold_change))
    ours = first[f"call_{rule}"].isin(["up", "down"]).to_numpy()
    return {
        "samples": n_samples,
        "called": int(ours.sum()),
        "called_again": int(called.sum()),
        "in_both": int((called & ours).sum()),
        "correlation": np.nan,
        "reason": "",
    }


if "snakemake" in globals():
    run(main, snakemake)
