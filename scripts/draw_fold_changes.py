"""The figures of one contrast's fold changes: volcano and MA."""

from pathlib import Path

from lateralis.config import Endpoint
from lateralis.figures.ma import draw_ma, ma_alt_text
from lateralis.figures.save import save_figure
from lateralis.figures.volcano import draw_volcano, volcano_alt_text
from lateralis.io import read_table
from lateralis.job import run


def main(snakemake):
    endpoint = Endpoint(**snakemake.params.endpoint)
    results = read_table(snakemake.input.results, dtype={"gene_id": str, "gene_name": str})
    words = {
        "title": snakemake.params.label,
        "fold_change": endpoint.fold_change,
        "alpha": endpoint.alpha,
        "rule": endpoint.headline,
    }
    folder = Path(snakemake.output[0]).parent
    save_figure(draw_volcano(results, **words), folder / "volcano", volcano_alt_text(results, **words))
    save_figure(draw_ma(results, **words), folder / "ma", ma_alt_text(results, **words))


if "snakemake" in globals():
    run(main, snakemake)
