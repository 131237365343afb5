"""Gene sets of a cohort: which change in each contrast by three tests, one table over all, pictures; activities if asked."""

from lateralis.job import run

from typing import NamedTuple

import numpy as np
import pandas as pd

from lateralis.biology.activity import ACTIVITY_COLUMNS, match_network, regulator_activity
from lateralis.biology.camera import Residuals, standardised_residuals
from lateralis.biology.enrichment import (
    CAMERA_COLUMNS,
    GSEA_COLUMNS,
    ORA_COLUMNS,
    assess_sets,
    contrast_table,
    pathway_table,
    ranked_genes,
)
from lateralis.biology.gsea import running_score
from lateralis.biology.tested_sets import gene_set_table, match_sets, member_table, restrict
from lateralis.config import Endpoint
from lateralis.figures.pathway_dots import dots_alt_text, draw_dots
from lateralis.figures.pathway_heatmap import draw_pathway_heatmap, pathway_heatmap_alt_text
from lateralis.figures.pathway_running import MOST_PANELS, draw_running, running_alt_text
from lateralis.figures.pathway_words import leading_sets
from lateralis.figures.save import save_figure
from lateralis.followups import Enrichment
from lateralis.inputs.files import check_sha256
from lateralis.inputs.gene_ids import GeneIndex
from lateralis.inputs.gene_sets import read_collections
from lateralis.inputs.network import read_network
from lateralis.io import atomic_folder, read_h5ad, read_json, read_table, write_table

TEXT = {"gene_id": str, "gene_name": str}


class ModelResiduals(NamedTuple):
    """Residuals of a model's kept genes, and where each gene is among them."""

    residuals: Residuals
    place: pd.Index

    def of(self, genes):
        """Residuals of some genes."""
        at = self.place.get_indexer(genes)
        return Residuals(self.residuals.values[:, at], self.residuals.df)


def main(snakemake):
    params, given = snakemake.params, snakemake.input
    spec, endpoint = Enrichment(**params.enrichment), Endpoint(**params.endpoint)
    normalised = read_h5ad(given.normalised)
    index = GeneIndex(normalised.var)
    matched = match_sets(read_collections(spec.gene_sets), index)
    print(matched.sources.to_string(index=False), flush=True)
    network = read_matched_network(spec, index)
    ranked, tested, reasons, degrees = {}, {}, {}, {}
    for name, results, status in zip(params.contrasts, given.results, given.status, strict=True):
        state = read_json(status)
        genes = ranked_genes(read_table(results, dtype=TEXT), endpoint.headline)
        reasons[name] = state["reason"] or ("" if len(genes.ids) > 2 else "fewer than three genes have a p-value")
        if not reasons[name]:
            ranked[name], degrees[name] = genes, state.get("df")
            tested[name] = restrict(matched, genes.ids, spec.min_size, spec.max_size)
            reasons[name] = "" if len(tested[name].names) else nothing_left(tested[name], spec)
    activities = {}
    if network is not None:
        activities = {name: regulator_activity(one.statistic, one.ids, network) for name, one in ranked.items()}

    collections = dict(zip(matched.table["set"], matched.table["collection"], strict=True))
    assessed = {}
    for model, path in zip(models_of(params.contrasts), given.fits, strict=True):
        residuals = model_residuals(path, normalised)  # of one model at a time: a large cohort's take gigabytes
        for name in [name for name, contrast in params.contrasts.items() if contrast["model"] == model]:
            if not reasons[name]:
                assessed[name] = assess_sets(
                    ranked[name],
                    tested[name],
                    collections,
                    residuals.of(ranked[name].ids),
                    df=degrees[name],
                    permutations=spec.permutations,
                    seed=spec.seed,
                    threads=snakemake.threads,
                )
    assessed = {name: assessed[name] for name in params.contrasts if name in assessed}
    pathways = pathway_table(assessed, endpoint.alpha)
    overview = contrast_table(
        {name: contrast["label"] for name, contrast in params.contrasts.items()}, ranked, assessed, pathways, reasons
    )
    print(overview.to_string(index=False), flush=True)

    with atomic_folder(snakemake.output.folder) as folder:
        write_table(folder / "pathways.tsv", pathways)
        write_table(folder / "contrasts.tsv", overview)
        write_table(folder / "gene_sets.tsv", gene_set_table(matched, tested))
        write_table(folder / "sources.tsv", matched.sources)
        write_table(
            folder / "members.tsv.gz", member_table(matched, tested, {name: one.ids for name, one in ranked.items()})
        )
        for name in params.contrasts:
            write_tests(folder / name, assessed.get(name))
            if network is not None:
                write_table(folder / name / "activity.tsv", activities.get(name, empty(ACTIVITY_COLUMNS)))
        draw(folder, params.contrasts, pathways, ranked, tested, reasons, endpoint.alpha)


def models_of(contrasts):
    """Models of the contrasts, each once, in order."""
    return list(dict.fromkeys(contrast["model"] for contrast in contrasts.values()))


def read_matched_network(spec, index):
    """The network in the cohort's ids; None without one."""
    if spec.network is None:
        return None
    network = read_network(spec.network.path)
    check_sha256(spec.network.path, spec.network.sha256)
    return match_network(network, index, spec.network.path)


def model_residuals(fit_path, normalised):
    """Residuals of the variance-stabilised expression of a model's samples and kept genes, on the model's design."""
    fit = read_h5ad(fit_path)
    part = normalised[fit.obs_names, fit.var_names]
    blocks = fit.obs["block"].to_numpy() if "block" in fit.obs else None
    design = fit.obsm["design_matrix"].to_numpy(dtype=float)
    return ModelResiduals(standardised_residuals(np.asarray(part.layers["vst"]), design, blocks), fit.var_names)


def nothing_left(sets, spec):
    """Why a contrast tests no set."""
    return f"none of {len(sets.reasons):,} sets has from {spec.min_size} to {spec.max_size} tested genes"


def empty(columns):
    """A table of no rows."""
    return pd.DataFrame(columns=list(columns))


def write_tests(folder, assessed):
    """The tables of one contrast; header-only where nothing was tested."""
    for name, columns in (("gsea", GSEA_COLUMNS), ("camera", CAMERA_COLUMNS), ("ora", ORA_COLUMNS)):
        write_table(folder / f"{name}.tsv", getattr(assessed, name) if assessed is not None else empty(columns))


def draw(folder, contrasts, pathways, ranked, tested, reasons, alpha):
    """Dot plot and running scores of each contrast, heatmap of all."""
    for name, contrast in contrasts.items():
        title, rows = f"Gene sets, {contrast['label']}", pathways[pathways["contrast"] == name]
        words = {"title": title, "nothing": sentence(reasons[name])}
        curves = running_curves(rows, ranked.get(name), tested.get(name))
        save_figure(
            draw_dots(rows, alpha=alpha, **words), folder / name / "dotplot", dots_alt_text(rows, alpha=alpha, **words)
        )
        n_genes = len(ranked[name].ids) if name in ranked else 0
        save_figure(
            draw_running(rows, curves, n_genes, **words),
            folder / name / "running",
            running_alt_text(rows, curves, **words),
        )
    title = "Gene sets over contrasts"
    save_figure(
        draw_pathway_heatmap(pathways, list(contrasts), title=title, alpha=alpha),
        folder / "heatmap",
        pathway_heatmap_alt_text(pathways, list(contrasts), title=title),
    )


def running_curves(rows, ranked, sets):
    """Running scores of the sets that a figure shows."""
    shown = leading_sets(rows, MOST_PANELS)["set"]
    if ranked is None or shown.empty:
        return {}
    numbers = {name: number for number, name in enumerate(sets.names)}
    return {name: running_score(np.abs(ranked.statistic), sets.positions(numbers[name])) for name in shown}


def sentence(reason):
    """A reason as the sentence of an empty figure."""
    return f"No gene set is tested: {reason}." if reason else ""


if "snakemake" in globals():
    run(main, snakemake)
