"""Size factors, variance-stabilised expression and principal components of all samples and genes, blind to the design."""

from lateralis.job import run

import numpy as np

from lateralis.io import layer, read_h5ad, write_h5ad
from lateralis.model.fit import fit_trend
from lateralis.model.normalise import (
    genes_for_trend,
    normalisation_factors,
    principal_components,
    variance_stabilise,
)
from lateralis.model.size_factors import configured_size_factors


def main(snakemake):
    data = read_h5ad(snakemake.input.counts)
    if data.uns["lateralis"]["assay"] == "log_intensity":
        write_h5ad(snakemake.output.normalised, take_as_normalised(data))
        print("Log intensities are taken as they are.")
        return
    counts, lengths = np.asarray(data.X), layer(data, "average_length")
    factors, counted_on = configured_size_factors(
        counts,
        data.var_names,
        method=snakemake.params.size_factors,
        control_genes=snakemake.input.get("control_genes") or None,
        average_lengths=lengths,
        where=f"config of cohort '{snakemake.wildcards.cohort}'",
    )
    by_gene = factors.values[:, None] if lengths is None else normalisation_factors(factors.values, lengths)
    normalised = counts / by_gene
    chosen = genes_for_trend(normalised.mean(axis=0))
    trend = fit_trend(
        counts[:, chosen],
        factors.values,
        average_lengths=None if lengths is None else lengths[:, chosen],
        threads=snakemake.threads,
    )
    vst = variance_stabilise(normalised, trend.asymptotic, trend.extra_poisson)
    components = principal_components(vst)
    data.obs["size_factor"] = factors.values
    data.layers["vst"] = vst.astype(np.float32)
    data.obsm["X_pca"] = components.coordinates
    data.uns["pca"] = {"variance_ratio": components.explained}
    data.uns["lateralis"] |= {
        "size_factors": factors.method,
        "size_factor_genes": counted_on,
        "offsets": "" if lengths is None else "average transcript lengths",
        "blind_trend": {"asymptotic": trend.asymptotic, "extra_poisson": trend.extra_poisson, "kind": trend.kind},
    }
    write_h5ad(snakemake.output.normalised, data)
    print(
        f"Size factors by {factors.method} from {counted_on}; dispersion trend {trend.kind}, from {len(chosen)} genes."
    )


def take_as_normalised(data):
    """Log intensities with what later stages expect of counts: no size factors, and the values themselves as expression."""
    values = np.asarray(data.X, dtype=float)
    components = principal_components(values)
    data.obs["size_factor"] = 1.0
    data.layers["vst"] = values.astype(np.float32)
    data.obsm["X_pca"] = components.coordinates
    data.uns["pca"] = {"variance_ratio": components.explained}
    data.uns["lateralis"] |= {"size_factors": "", "size_factor_genes": "", "offsets": ""}
    return data


if "snakemake" in globals():
    run(main, snakemake)
