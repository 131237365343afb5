"""Size factors, variance-stabilised expression and principal components of all samples and genes, blind to the design."""

import numpy as np

from lateralis.io import read_h5ad, write_h5ad
from lateralis.job import run
from lateralis.model.fit import fit_trend
from lateralis.model.normalise import (
    estimate_size_factors,
    genes_for_trend,
    principal_components,
    variance_stabilise,
)


def main(snakemake):
    data = read_h5ad(snakemake.input.counts)
    counts = np.asarray(data.X)
    factors = estimate_size_factors(counts)
    normalised = counts / factors.values[:, None]
    chosen = genes_for_trend(normalised.mean(axis=0))
    trend = fit_trend(counts[:, chosen], factors.values, threads=snakemake.threads)
    vst = variance_stabilise(normalised, trend.asymptotic, trend.extra_poisson)
    components = principal_components(vst)
    data.obs["size_factor"] = factors.values
    data.layers["vst"] = vst.astype(np.float32)
    data.obsm["X_pca"] = components.coordinates
    data.uns["pca"] = {"variance_ratio": components.explained}
    data.uns["lateralis"] |= {
        "size_factors": factors.method,
        "blind_trend": {"asymptotic": trend.asymptotic, "extra_poisson": trend.extra_poisson, "kind": trend.kind},
    }
    write_h5ad(snakemake.output.normalised, data)
    print(f"Size factors by {factors.method}; dispersion trend {trend.kind}, from {len(chosen)} genes.")


if "snakemake" in globals():
    run(main, snakemake)
