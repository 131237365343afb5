"""The figures of one contrast: p-value histogram, heatmap of called genes; volcano and MA where it has fold changes."""

from lateralis.job import run

from pathlib import Path

from lateralis.config import Contrast, Endpoint
from lateralis.figures.heatmap import MOST_GENES, draw_heatmap, heatmap_alt_text
from lateralis.figures.ma import draw_ma, ma_alt_text
from lateralis.figures.p_histogram import draw_p_histogram, p_histogram_alt_text
from lateralis.figures.save import save_figure
from lateralis.figures.volcano import draw_volcano, volcano_alt_text
from lateralis.io import read_genes, read_table
from lateralis.model.endpoint import headline_rule
from lateralis.records.ledger import contrast_roles

TEXT = {"gene_id": str, "gene_name": str, "sample": str}


def main(snakemake):
    params = snakemake.params
    contrast, title, group = Contrast(**params.contrast), params.label, params.grouping
    results = read_table(snakemake.input.results, dtype=TEXT)
    called = read_table(snakemake.input.called, dtype=TEXT).head(MOST_GENES)
    endpoint = Endpoint(**params.endpoint)
    rule = headline_rule(results, endpoint.headline)
    folder = Path(snakemake.output[0]).parent
    if contrast.reduced is None:
        draw_fold_changes(results, folder, title, endpoint)
    save_figure(
        draw_p_histogram(results, title=title), folder / "p_histogram", p_histogram_alt_text(results, title=title)
    )

    samples, expression = contrast_samples(snakemake, contrast, called)
    if contrast.variable is not None:
        levels = [contrast.test, contrast.reference]
    else:
        levels = list(samples[group].cat.remove_unused_categories().cat.categories) if group else []
    figure = draw_heatmap(
        expression,
        called,
        samples,
        title=title,
        rule=rule,
        group=group,
        levels=levels,
        annotations=[variable for variable in params.variables if variable != group][:3],
    )
    save_figure(figure, folder / "heatmap", heatmap_alt_text(called, len(samples), title=title, rule=rule))


def draw_fold_changes(results, folder, title, endpoint):
    """Volcano and MA."""
    words = {
        "title": title,
        "fold_change": endpoint.fold_change,
        "alpha": endpoint.alpha,
        "rule": endpoint.headline,
    }
    save_figure(draw_volcano(results, **words), folder / "volcano", volcano_alt_text(results, **words))
    save_figure(draw_ma(results, **words), folder / "ma", ma_alt_text(results, **words))


def contrast_samples(snakemake, contrast, called):
    """Sheet and variance-stabilised expression of the samples that the contrast compares."""
    obs, expression = read_genes(snakemake.input.normalised, "vst", list(called["gene_id"]))
    reasons = read_table(snakemake.input.samples, dtype=TEXT).set_index("sample")["reason"].fillna("")
    roles = contrast_roles(contrast, obs, reasons)
    kept = roles.isin(["test", "reference"] if contrast.variable is not None else ["fit_only"]).to_numpy()
    return obs[kept], expression.loc[:, kept]


if "snakemake" in globals():
    run(main, snakemake)
