"""Quality metrics of every sample, the flags of every check together, and the figures that show them."""

from lateralis.job import run

from pathlib import Path

import numpy as np
import pandas as pd

from lateralis.figures.distances import distances_alt_text, draw_distances
from lateralis.figures.pca import draw_pca, pca_alt_text
from lateralis.figures.quality import draw_quality, quality_alt_text
from lateralis.figures.rle import draw_rle, rle_alt_text
from lateralis.figures.save import FORMATS, save_figure
from lateralis.io import atomic_folder, read_h5ad, read_table, write_table
from lateralis.qc.metrics import OF_COUNTS, flag_metrics, rle_quantiles, sample_distances, sample_metrics
from lateralis.stages import Checks

TEXT = {"sample": str}


def main(snakemake):
    params, data = snakemake.params, read_h5ad(snakemake.input.normalised)
    vst = np.asarray(data.layers["vst"], dtype=float)
    groups = data.obs[params.group] if params.group else pd.Series("all samples", index=data.obs_names, name="cohort")
    size_factors = data.obs["size_factor"].to_numpy()
    counted = data.uns["lateralis"]["assay"] == "counts"
    values = np.asarray(data.X) if counted else np.exp2(np.asarray(data.X))
    metrics = sample_metrics(values, data.var, vst, data.obsm["X_pca"], size_factors, groups)
    metrics["cooks_share"] = cooks_share(snakemake.input.fits, metrics.index)
    if not counted:
        metrics[list(OF_COUNTS)] = np.nan
    others = [read_table(path, dtype=TEXT) for path in snakemake.input.flags]
    frames = [flag_metrics(metrics, Checks(**params.checks)), *others]
    flags = pd.concat([frame for frame in frames if len(frame)], ignore_index=True)
    if not counted:
        flags.loc[flags["check"].isin(OF_COUNTS), "reason"] = "log intensities are no counts"
    write_table(snakemake.output.metrics, metrics.rename_axis("sample").reset_index())
    write_table(snakemake.output.all_flags, flags)

    folder = Path(snakemake.output.metrics).parent
    title = "Quality of each sample"
    save_figure(
        draw_quality(metrics, groups, flags, title=title),
        folder / "quality",
        quality_alt_text(metrics, flags, title=title),
    )
    quantiles, title = rle_quantiles(vst).set_axis(data.obs_names), "Relative log expression"
    save_figure(
        draw_rle(quantiles, groups, flags, title=title), folder / "rle", rle_alt_text(quantiles, flags, title=title)
    )
    draw_components(data, groups, folder / "pca")
    with atomic_folder(snakemake.output.pca) as pictures:
        for variable in params.variables:
            draw_components(data, data.obs[variable], pictures / variable, ["svg"])
    distances = pd.DataFrame(sample_distances(vst), index=data.obs_names, columns=data.obs_names)
    title = "Distances between samples"
    shown = sorted(params.variables, key=lambda name: name != params.group)[:3]
    save_figure(
        draw_distances(distances, data.obs[shown], title=title),
        folder / "distances",
        distances_alt_text(distances, title=title),
    )
    raised = flags.loc[flags["verdict"].isin(["warn", "fail"]), "sample"]
    print(f"{raised.nunique()} of {len(metrics)} samples flagged.")


def cooks_share(paths, samples):
    """Largest share, over the models, of the genes in which each sample is an outlier; NaN in no model."""
    shares = []
    for path in paths:
        fit = read_h5ad(path)
        shares.append((fit.obs["n_outlying"] / max(fit.n_vars, 1)).reindex(samples))
    return pd.concat(shares, axis=1).max(axis=1)


def draw_components(data, values, stem, formats=FORMATS):
    """Principal components, coloured by one variable."""
    explained = data.uns["pca"]["variance_ratio"]
    title = f"Principal components, by {values.name}"
    figure = draw_pca(data.obsm["X_pca"], explained, values, title=title)
    save_figure(figure, stem, pca_alt_text(explained, values, title=title), formats)


if "snakemake" in globals():
    run(main, snakemake)
