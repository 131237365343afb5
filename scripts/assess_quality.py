"""Quality metrics and flags of every sample, and the figures that show them."""

from pathlib import Path

import numpy as np
import pandas as pd

from lateralis.figures.distances import distances_alt_text, draw_distances
from lateralis.figures.pca import draw_pca, pca_alt_text
from lateralis.figures.quality import draw_quality, quality_alt_text
from lateralis.figures.save import save_figure
from lateralis.io import read_h5ad, write_table
from lateralis.job import run
from lateralis.qc.metrics import flag_samples, sample_distances, sample_metrics


def main(snakemake):
    data = read_h5ad(snakemake.input.normalised)
    vst = np.asarray(data.layers["vst"], dtype=float)
    size_factors = data.obs["size_factor"].to_numpy()
    metrics = sample_metrics(np.asarray(data.X), data.var, vst, data.obsm["X_pca"], size_factors)
    metrics.index = data.obs_names
    flags = flag_samples(metrics)
    write_table(snakemake.output.metrics, metrics.rename_axis("sample").reset_index())
    write_table(snakemake.output.flags, flags)

    group = snakemake.params.group
    groups = data.obs[group] if group else pd.Series("all samples", index=data.obs_names, name="cohort")
    folder = Path(snakemake.output.metrics).parent
    title = "Quality of each sample"
    save_figure(
        draw_quality(metrics, groups, flags, title=title),
        folder / "quality",
        quality_alt_text(metrics, flags, title=title),
    )
    draw_components(data, groups, folder / "pca")
    for variable in snakemake.params.variables:
        draw_components(data, data.obs[variable], f"{snakemake.output.pca}/{variable}")
    distances = pd.DataFrame(sample_distances(vst), index=data.obs_names, columns=data.obs_names)
    title = "Distances between samples"
    shown = sorted(snakemake.params.variables, key=lambda name: name != group)[:3]
    save_figure(
        draw_distances(distances, data.obs[shown], title=title),
        folder / "distances",
        distances_alt_text(distances, title=title),
    )
    raised = flags.loc[flags["verdict"] != "ok", "sample"]
    print(f"{raised.nunique()} of {len(metrics)} samples flagged.")


def draw_components(data, values, stem):
    """Principal components, coloured by one variable."""
    explained = data.uns["pca"]["variance_ratio"]
    title = f"Principal components, by {values.name}"
    save_figure(
        draw_pca(data.obsm["X_pca"], explained, values, title=title), stem, pca_alt_text(explained, values, title=title)
    )


if "snakemake" in globals():
    run(main, snakemake)
