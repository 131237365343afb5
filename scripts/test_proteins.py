"""Test proteins under the cohort's contrasts, and compare them with their transcripts."""

from lateralis.job import run

import numpy as np
import pandas as pd

from lateralis.biology.concordance import CONCORDANCE_COLUMNS, candidate_table, map_genes
from lateralis.biology.protein_models import ask_contrast, fit_protein_model
from lateralis.biology.protein_summary import cohort_facts, missing_with_level, people_table, sentences
from lateralis.biology.proteins import RESULT_COLUMNS
from lateralis.config import Contrast, Endpoint, Proteins, Samples
from lateralis.errors import InputError
from lateralis.figures.proteins import (
    concordance_alt,
    detected_shares,
    draw_concordance,
    draw_missingness,
    draw_protein_volcano,
    missingness_alt,
    protein_volcano_alt,
)
from lateralis.figures.save import save_figure
from lateralis.figures.theme import message_figure
from lateralis.inputs.proteins import cohort_units, read_proteins, table_warnings
from lateralis.inputs.samples import add_scores
from lateralis.io import atomic_folder, read_h5ad, read_json, read_table, write_json, write_table

TEXT = {"gene_id": str, "gene_name": str, "sample": str, "na_reason": str}


def main(snakemake):
    params, given = snakemake.params, snakemake.input
    spec, samples, endpoint = Proteins(**params.proteins), Samples(**params.samples), Endpoint(**params.endpoint)
    where = f"config of cohort '{snakemake.wildcards.cohort}', proteins"
    table, data = read_proteins(spec), read_h5ad(given.normalised)
    scores = read_table(given.scores, dtype=TEXT).set_index("sample") if given.get("scores") else None
    obs = add_scores(data.obs, scores, samples)
    units = cohort_units(spec, obs, samples.participant)
    warnings = table_warnings(table, spec, obs, samples.participant)
    reasons = {
        model: read_table(path, dtype=TEXT).set_index("sample")["reason"].fillna("")
        for model, path in zip(dict.fromkeys(c["model"] for c in params.contrasts.values()), given.samples, strict=True)
    }
    pairs = map_genes(table.annotation["gene"], data.var)
    genes = [gene_id for gene_id in dict.fromkeys(pairs["gene_id"]) if gene_id]
    vst = np.asarray(data[:, genes].layers["vst"], dtype=float)
    expression = pd.DataFrame(vst, index=data.obs_names, columns=genes)
    models = {}
    for model, why in reasons.items():
        part, design = obs.loc[why.index[why == ""]], params.models[model]["design"]
        try:
            models[model] = fit_protein_model(spec, table, part, units, expression, pairs, design, samples, where=where)
        except InputError as error:
            models[model] = error

    found, facts = {}, {}
    for (name, plain), results, status in zip(params.contrasts.items(), given.results, given.status, strict=True):
        contrast = Contrast(**{key: value for key, value in plain.items() if key != "label"})
        transcripts, status = read_table(results, dtype=TEXT), read_json(status)
        *tables, facts[name] = ask(
            name, contrast, models[contrast.model], status, transcripts, endpoint, samples, where
        )
        found[name] = tables
    people = people_table(table, units, reasons)
    summary = cohort_facts(spec.unit, table, people, pairs, units) | {"contrasts": facts}
    labels = {name: plain["label"] for name, plain in params.contrasts.items()}
    summary["warnings"] = warnings
    summary["sentences"] = sentences(summary, labels, missing_with_level(table))
    parts = [part for _, part in found.values() if len(part)]
    concordance = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(CONCORDANCE_COLUMNS))
    candidates = candidate_table(concordance, list(labels))
    with atomic_folder(snakemake.output.folder) as folder:
        for name, (results, _) in found.items():
            write_table(folder / name / "results.tsv", results)
            draw_volcano(results, folder / name / "volcano", labels[name], facts[name], endpoint)
        write_table(folder / "concordance.tsv", concordance)
        write_table(folder / "candidates.tsv", candidates)
        write_table(folder / "people.tsv", people)
        write_json(folder / "summary.json", summary)
        in_a_model = obs.index.isin([sample for why in reasons.values() for sample in why.index[why == ""]])
        draw_cohort(folder, table, obs[in_a_model], units, params.group, spec, concordance, labels)
    print(*warnings, *summary["sentences"], sep="\n")


def ask(name, contrast, model, status, transcripts, endpoint, samples, where):
    """Results, concordance and facts of one contrast; empty, with the reason, where it is not tested."""
    reason = status["reason"]
    if status["status"] != "refused":
        try:
            if isinstance(model, InputError):
                raise model
            return ask_contrast(name, contrast, model, transcripts, endpoint, samples, where=f"{where}, {name}")
        except InputError as error:
            reason = f"In the people measured, {error.found}. {error.right}."
    none = (pd.DataFrame(columns=list(columns)) for columns in (RESULT_COLUMNS, CONCORDANCE_COLUMNS))
    return *none, {"status": "not tested", "reason": reason, "model": contrast.model}


def draw_volcano(results, stem, label, facts, endpoint):
    """The volcano of one contrast, or why there is none."""
    title = f"Proteins: {label}"
    if facts["status"] != "tested":
        message = f"Not tested. {facts['reason']}"
        save_figure(message_figure(title, message), stem, f"{title}. {message}")
        return
    words = {"title": title, "endpoint": endpoint}
    save_figure(draw_protein_volcano(results, **words), stem, protein_volcano_alt(results, **words))


def draw_cohort(folder, table, obs, units, group, spec, concordance, labels):
    """Concordance of all contrasts, and what was below a limit."""
    title = "Changes of proteins and of their transcripts"
    figure = draw_concordance(concordance, labels, title=title)
    save_figure(figure, folder / "concordance", concordance_alt(concordance, labels, title=title))
    known = units.loc[obs.index]
    known = known[known.isin(table.people) & ~known.duplicated()]
    levels, below = table.levels.loc[known], table.below.loc[known]
    everybody = pd.Series("all people", index=known.index)
    groups = everybody if group is None else obs.loc[known.index, group].astype(object)
    present = [
        str(level) for level in (obs[group].cat.categories if group else ["all people"]) if (groups == level).any()
    ]
    shares = detected_shares(levels, below, pd.Series(groups.to_numpy(), index=levels.index))
    title = "Proteins above their limit of detection"
    figure = draw_missingness(shares, present, title=title, min_detected=spec.min_detected)
    save_figure(figure, folder / "missingness", missingness_alt(shares, present, title=title))


if "snakemake" in globals():
    run(main, snakemake)
