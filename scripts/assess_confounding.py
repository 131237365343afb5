"""What variables have to do with expression and with the groups, and pictures of expression without batches."""

from lateralis.job import run

from pathlib import Path

import numpy as np
import pandas as pd

from lateralis.figures.associations import associations_alt_text, draw_associations
from lateralis.figures.distances import distances_alt_text, draw_distances
from lateralis.figures.pca import draw_pca, pca_alt_text
from lateralis.figures.save import save_figure
from lateralis.figures.theme import message_figure
from lateralis.inputs.samples import add_scores
from lateralis.io import read_h5ad, read_table, write_json, write_table
from lateralis.model.normalise import principal_components
from lateralis.qc.adjusted import adjust_for_display
from lateralis.qc.associations import component_associations, group_associations, variance_explained
from lateralis.qc.confounding import exclusive_levels, unadjusted_differences
from lateralis.qc.metrics import sample_distances
from lateralis.sections import Samples

TEXT = {"sample": str}


def main(snakemake):
    params, data = snakemake.params, read_h5ad(snakemake.input.normalised)
    samples = Samples(**params.samples)
    scores = read_table(snakemake.input.scores, dtype=TEXT).set_index("sample")
    sex = read_table(snakemake.input.sex, dtype=TEXT).set_index("sample")["sex"]
    obs = add_scores(data.obs, scores, samples)
    variables = obs[samples.described].copy()
    if params.sex is None:
        variables["sex (inferred)"] = pd.Categorical(sex.reindex(obs.index))
    vst = np.asarray(data.layers["vst"], dtype=float)
    components, explained = data.obsm["X_pca"], data.uns["pca"]["variance_ratio"]

    associations = component_associations(components, variables)
    write_table(snakemake.output.associations, associations)
    write_table(snakemake.output.variance, variance_explained(vst, variables))
    groups = obs[params.group] if params.group else pd.Series(np.nan, index=obs.index, name="cohort", dtype=object)
    others = variables.drop(columns=params.group) if params.group else variables
    table = group_associations(groups, others if params.group else others[[]], params.seed)
    write_table(snakemake.output.groups, table)
    categorical = [name for name in others if not pd.api.types.is_numeric_dtype(others[name])]
    limits = exclusive_levels(groups, others[[name for name in categorical if name not in params.technical]])
    if params.group:
        named = {sentence.split(" ", 1)[0] for sentence in limits}
        designed = [*params.designed, *named, *(["sex (inferred)"] if params.sex in params.designed else [])]
        limits += unadjusted_differences(table, params.group, designed)
    write_json(snakemake.output.limits, limits if params.group else [])

    folder = Path(snakemake.output.associations).parent
    title = "Variables and principal components"
    figure = draw_associations(associations, explained, title=title)
    save_figure(figure, folder / "associations", associations_alt_text(associations, title=title))
    draw_adjusted(vst, obs, params, groups, folder)
    print(f"{int((associations['padj'] < 0.05).sum())} associations of variables and components; {len(limits)} limits.")


def draw_adjusted(vst, obs, params, groups, folder):
    """Components and distances with the technical variables taken out, for display only."""
    technical = [name for name in params.technical if name in obs]
    keep = obs[[params.group]] if params.group else obs[[]]
    adjusted, reason = adjust_for_display(vst, obs[technical], keep)
    words = f"adjusted for {', '.join(technical)}: for display only"
    titles = {"pca_adjusted": f"Principal components, {words}", "distances_adjusted": f"Distances, {words}"}
    if adjusted is None or len(obs) < 2:
        for name in titles:
            title = name.split("_")[0].replace("pca", "principal components").capitalize() + " without batches"
            message = f"Not drawn: {reason or 'fewer than two samples'}."
            save_figure(message_figure(title, message), folder / name, f"{title}. {message}")
        return
    found = principal_components(adjusted)
    groups = groups if params.group else pd.Series("all samples", index=obs.index, name="cohort")
    figure = draw_pca(found.coordinates, found.explained, groups, title=titles["pca_adjusted"])
    save_figure(figure, folder / "pca_adjusted", pca_alt_text(found.explained, groups, title=titles["pca_adjusted"]))
    distances = pd.DataFrame(sample_distances(adjusted), index=obs.index, columns=obs.index)
    shown = [name for name in (params.group, *technical) if name in obs][:3]
    figure = draw_distances(distances, obs[shown], title=titles["distances_adjusted"])
    save_figure(
        figure, folder / "distances_adjusted", distances_alt_text(distances, title=titles["distances_adjusted"])
    )


if "snakemake" in globals():
    run(main, snakemake)
