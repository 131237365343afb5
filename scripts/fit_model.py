"""Fit one model: its samples, its kept genes, every coefficient; once for all its contrasts."""

from lateralis.job import run

import anndata as ad
import numpy as np
import pandas as pd

from lateralis.config import GeneFilter, Model, Samples
from lateralis.errors import InputError
from lateralis.expressions import parse_formula
from lateralis.inputs.samples import add_scores
from lateralis.io import layer, read_h5ad, read_table, write_h5ad, write_json, write_table
from lateralis.model.blocks import block_variable, blocks_in_words
from lateralis.model.filtering import Kept, filter_genes
from lateralis.model.fit import fit_model
from lateralis.model.log_intensity import ASSAY, fit_linear
from lateralis.model.normalise import normalisation_factors
from lateralis.model.preflight import arrange_model, design_warnings
from lateralis.model.size_factors import configured_size_factors


def main(snakemake):
    params, name = snakemake.params, snakemake.wildcards.model
    where = f"config of cohort '{snakemake.wildcards.cohort}'"
    data = read_h5ad(snakemake.input.counts)
    spec, samples = Model(**params.model), Samples(**params.samples)
    scores = snakemake.input.get("scores")
    data.obs = add_scores(
        data.obs, read_table(scores, dtype={"sample": str}).set_index("sample") if scores else None, samples
    )
    model = arrange_model(
        data.obs, spec, samples, missing=params.missing, cells=params.cells, where=f"{where}, models.{name}"
    )
    data = data[model.obs.index]
    if data.uns["lateralis"]["assay"] == ASSAY:
        values = np.asarray(data.X)
        kept = Kept(np.ptp(values, axis=0) > 0, "two values or more")
        fit = fit_linear(values[:, kept.mask], model.matrix, cells=model.cells, blocks=model.blocks)
        store(
            snakemake,
            model,
            spec,
            samples,
            data,
            kept,
            fit,
            counted_on="",
            means=np.exp2(values.mean(axis=0)),
            exempt=False,
        )
        return
    counts, lengths = np.asarray(data.X), layer(data, "average_length")
    kept = filter_genes(counts, GeneFilter(**params.filter), obs=model.obs, tested=params.tested, matrix=model.matrix)
    if not kept.mask.any():
        raise InputError(f"{where}, filter", f"no gene has {kept.rule}", "Loosen the filter")
    empty = counts[:, kept.mask].sum(axis=1) == 0
    if empty.any():
        raise InputError(
            f"{where}, models.{name}",
            f"sample '{model.obs.index[empty][0]}' has no counts in the genes kept",
            "Exclude it, with the reason, in samples.exclude",
        )
    factors, counted_on = configured_size_factors(
        counts,
        data.var_names,
        method=params.size_factors,
        control_genes=snakemake.input.get("control_genes") or None,
        kept=kept.mask,
        average_lengths=lengths,
        where=where,
    )
    formula = parse_formula(spec.design)
    one_factor = len(formula.variables) == 1 and model.matrix.shape[1] == 2
    categorical = all(samples.variables[variable].type == "categorical" for variable in formula.variables)
    fit = fit_model(
        counts[:, kept.mask],
        model.matrix,
        cells=model.cells,
        exempt_three_larger=one_factor and categorical,
        size_factors=factors,
        average_lengths=None if lengths is None else lengths[:, kept.mask],
        blocks=model.blocks,
        threads=snakemake.threads,
    )

    size_factors = fit.samples["size_factor"].to_numpy()
    by_gene = size_factors[:, None] if lengths is None else normalisation_factors(size_factors, lengths)
    means = (counts / by_gene).mean(axis=0)
    exempt = one_factor and categorical
    store(snakemake, model, spec, samples, data, kept, fit, counted_on=counted_on, means=means, exempt=exempt)


def store(snakemake, model, spec, samples, data, kept, fit, *, counted_on, means, exempt):
    """Write the fit, its tables and its facts."""
    name = snakemake.wildcards.model
    zero = (np.asarray(data.X) == 0).all(axis=0)
    write_table(snakemake.output.genes, gene_table(data, means, zero, kept.mask, fit))
    write_table(snakemake.output.samples, sample_table(model, fit))
    facts = fit.facts | {
        "coefficients": list(fit.design.columns),
        "blocks": blocks_in_words(block_variable(samples, spec.design), model.blocks, model.dropped),
        "design": spec.design,
        "filter": kept.rule,
        "n_genes": int(kept.mask.sum()),
        "n_samples": len(model.obs),
        "size_factor_genes": counted_on,
        "replaced_counts": int(fit.samples["n_replaced"].sum()),
        "replaced_genes": int((fit.genes["n_replaced"] > 0).sum()),
        "subset": spec.subset or "",
        "trend": {"asymptotic": fit.trend.asymptotic, "extra_poisson": fit.trend.extra_poisson, "kind": fit.trend.kind},
        "warnings": design_warnings(model, spec, samples, name)
        + [f"Model {name}: {' '.join(warning.split())}" for warning in fit.facts["warnings"]],
    }
    write_json(snakemake.output.facts, facts)
    stored = ad.AnnData(
        obs=fit.samples,
        var=fit.genes.set_axis(data.var_names[kept.mask]),
        varm={"coefficients": fit.coefficients, "covariance": fit.covariance},
        obsm={"design_matrix": fit.design},
        uns={
            "replacements": {name: fit.replacements[name].to_numpy() for name in fit.replacements},
            "design": spec.design,
            "exempt_three_larger": exempt,
        }
        | ({"df": fit.facts["df"]} if "df" in fit.facts else {}),
    )
    write_h5ad(snakemake.output.fit, stored)
    print(f"{len(model.obs)} samples, {int(kept.mask.sum())} genes with {kept.rule}; fitted by {facts['numerics']}.")
    for warning in facts["warnings"]:
        print(f"Warning: {warning}")


def gene_table(data, normalised_means, zero, kept, fit):
    """Every gene of the input: mean of normalised counts in the model's samples, and why it is not tested."""
    reason = np.where(zero, "all_zero", np.where(kept, "", "low_count_filter")).astype(object)
    reason[kept] = fit.genes["na_reason"]
    base_mean = normalised_means.copy()
    base_mean[kept] = fit.genes["baseMean"]
    return pd.DataFrame(
        {
            "gene_id": data.var_names,
            "gene_name": data.var["gene_name"].to_numpy(),
            "baseMean": base_mean,
            "na_reason": reason,
        }
    )


def sample_table(model, fit):
    """Every sample of the cohort: why it is not in the model, else its size factor and part in the outlier rule."""
    table = fit.samples.reindex(model.reasons.index)
    table.insert(0, "reason", model.reasons)
    return table.rename_axis("sample").reset_index()


if "snakemake" in globals():
    run(main, snakemake)
