"""The figures of one contrast: volcano, MA, p-value histogram, heatmap of called genes."""

from pathlib import Path

import pandas as pd

from lateralis.config import Contrast, Endpoint
from lateralis.figures.heatmap import draw_heatmap, heatmap_alt_text
from lateralis.figures.ma import draw_ma, ma_alt_text
from lateralis.figures.p_histogram import draw_p_histogram, p_histogram_alt_text
from lateralis.figures.save import save_figure
from lateralis.figures.volcano import draw_volcano, volcano_alt_text
from lateralis.io import read_h5ad, read_table
from lateralis.job import run
from lateralis.records.ledger import contrast_roles

TEXT = {"gene_id": str, "gene_name": str, "sample": str}
MOST_GENES = 50


def main(snakemake):
    params, name = snakemake.params, snakemake.wildcards.contrast
    contrast, endpoint = Contrast(**params.contrast), Endpoint(**params.endpoint)
    results = read_table(snakemake.input.results, dtype=TEXT)
    called = read_table(snakemake.input.called, dtype=TEXT)
    title = contrast.label(name)
    rule = endpoint.headline
    thresholds = {"title": title, "fold_change": endpoint.fold_change, "alpha": endpoint.alpha, "rule": rule}
    folder = Path(snakemake.output[0]).parent
    save_figure(draw_volcano(results, **thresholds), folder / "volcano", volcano_alt_text(results, **thresholds))
    save_figure(draw_ma(results, **thresholds), folder / "ma", ma_alt_text(results, **thresholds))
    save_figure(
        draw_p_histogram(results, title=title), folder / "p_histogram", p_histogram_alt_text(results, title=title)
    )

    samples, expression = contrast_samples(snakemake, contrast, called.head(MOST_GENES))
    compared = contrast.variable is not None
    figure = draw_heatmap(
        expression,
        called.head(MOST_GENES),
        samples,
        title=title,
        rule=rule,
        group=contrast.variable,
        levels=[contrast.test, contrast.reference] if compared else [],
        annotations=[variable for variable in params.variables if variable != contrast.variable][:3],
    )
    save_figure(
        figure,
        folder / "heatmap",
        heatmap_alt_text(called.head(MOST_GENES), len(samples), title=title, rule=rule),
    )


def contrast_samples(snakemake, contrast, called):
    """Sheet and variance-stabilised expression of the samples that the contrast compares."""
    data = read_h5ad(snakemake.input.normalised)
    reasons = read_table(snakemake.input.samples, dtype=TEXT).set_index("sample")["reason"].fillna("")
    roles = contrast_roles(contrast, data.obs, reasons)
    kept = roles.isin(["test", "reference"] if contrast.variable is not None else ["fit_only"])
    part = data[kept.to_numpy(), called["gene_id"].to_numpy()]
    return part.obs, pd.DataFrame(part.layers["vst"].T, index=part.var_names, columns=part.obs_names)


if "snakemake" in globals():
    run(main, snakemake)
