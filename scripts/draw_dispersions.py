"""The dispersion plot of one model."""

from lateralis.job import run

from pathlib import Path

from lateralis.figures.dispersions import dispersions_alt_text, draw_dispersions
from lateralis.figures.save import save_figure
from lateralis.io import read_h5ad


def main(snakemake):
    fit = read_h5ad(snakemake.input.fit)
    genes, linear = fit.var, "df" in fit.uns  # of log intensities
    title = f"{'Variances' if linear else 'Dispersions'} of model {snakemake.wildcards.model}"
    save_figure(
        draw_dispersions(genes, title=title, variances=linear),
        Path(snakemake.output[0]).with_suffix(""),
        dispersions_alt_text(genes, title=title),
    )


if "snakemake" in globals():
    run(main, snakemake)
