"""Test proteins under the cohort's contrasts, and compare them with their transcripts."""

import numpy as np
import pandas as pd

from lateralis.biology.concordance import (
    CONCORDANCE_COLUMNS,
    candidate_table,
    correlate_pairs,
    join_directions,
    map_genes,
)
from lateralis.biology.protein_summary import contrast_facts, missing_with_level, people_table, sentences
from lateralis.biology.proteins import RESULT_COLUMNS, fit_proteins, protein_results
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
from lateralis.job import run
from lateralis.model.endpoint import headline_rule
from lateralis.model.measured import arrange_measured, measured_weights, one_row_each

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
    measured = table.people
    reasons = {
        model: read_table(path, dtype=TEXT).set_index("sample")["reason"].fillna("")
        for model, path in zip(dict.fromkeys(c["model"] for c in params.contrasts.values()), given.samples, strict=True)
    }
    pairs = map_genes(table.annotation["gene"], data.var)
    models = {}
    for model, why in reasons.items():
        part = obs.loc[why.index[why == ""]]
        try:
            models[model] = ProteinModel(
                spec, table, data, samples, part, units, measured, pairs, params.models[model], where
            )
        except InputError as error:
            models[model] = error

    found, facts = {}, {}
    for (name, plain), results, status in zip(params.contrasts.items(), given.results, given.status, strict=True):
        label, contrast = plain["label"], Contrast(**{key: value for key, value in plain.items() if key != "label"})
        found[name], facts[name] = test(
            name, contrast, models[contrast.model], read_json(status), read_table(results, dtype=TEXT), endpoint, where
        )
        print(f"{label}: {facts[name].get('tested', 0)} proteins tested. {facts[name]['reason']}", flush=True)
    people = people_table(table, units, reasons)
    summary = summarise(spec, table, people, pairs, units, facts)
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
        draw_cohort(folder, table, obs, units, measured, params.group, spec, concordance, labels)
    print(*warnings, *summary["sentences"], sep="\n")


class ProteinModel:
    """The fits of one model, and the correlations of its people."""

    def __init__(self, spec, table, data, samples, part, units, measured, pairs, model, where):
        self.samples, self.design, self.pairs = samples, model["design"], pairs
        rows, sources = one_row_each(part, units, measured, self.design, where=where)
        self.people = arrange_measured(rows, self.design, samples, where=where)
        levels, below = table.levels.loc[rows.index], table.below.loc[rows.index]
        self.fits = fit_proteins(levels, below, self.people, min_detected=spec.min_detected)
        genes = [gene_id for gene_id in dict.fromkeys(pairs["gene_id"]) if gene_id]
        vst = np.asarray(data[sources, genes].layers["vst"], dtype=float)
        first = np.ones(len(rows), dtype=bool)
        if spec.unit == "sample" and samples.participant is not None:  # one pair a person: their first sample
            who = rows[samples.participant].astype(object)
            first = ~(who.duplicated() & who.notna() & (who != "")).to_numpy()
        self.correlations = correlate_pairs(
            pairs,
            levels[first],
            below[first],
            pd.DataFrame(vst[first], index=rows.index[first], columns=genes),
            self.people.matrix[first],
        )


def test(name, contrast, model, status, transcripts, endpoint, where):
    """Results, concordance and facts of one contrast; empty, with the reason, where it is not tested."""
    reason = status["reason"] if status["status"] == "refused" else ""
    results = None
    if not reason and isinstance(model, InputError):
        reason = f"{model.found}. {model.right}"
    if not reason:
        try:
            weights = measured_weights(contrast, model.people, model.design, model.samples, where=f"{where}, {name}")
            results = protein_results(model.fits, model.people.obs, contrast, weights, endpoint)
        except InputError as error:
            reason = f"{error.found}. {error.right}"
    if results is None:
        none = pd.DataFrame(columns=list(RESULT_COLUMNS)), pd.DataFrame(columns=list(CONCORDANCE_COLUMNS))
        return none, {"status": "not tested", "reason": reason, "model": contrast.model}
    rule = headline_rule(transcripts, endpoint.headline)
    concordance = join_directions(
        model.correlations, transcripts, results, contrast=name, model=contrast.model, rule=rule
    )
    genes = model.pairs.groupby("protein", sort=False)[["gene_id", "gene_name"]].agg(
        lambda names: ";".join(dict.fromkeys(filter(None, names)))
    )
    facts = contrast_facts(results, concordance, endpoint.alpha)
    people = {"n_people": len(model.people.obs)}
    if contrast.variable is not None:
        groups = model.people.obs[contrast.variable]
        people |= {f"n_{role}": int((groups == getattr(contrast, role)).sum()) for role in ("test", "reference")}
    prior = model.fits.prior
    prior_facts = {"prior_variance": prior.variance, "prior_df": prior.df if np.isfinite(prior.df) else None}
    ready = {"status": "tested", "reason": "", "model": contrast.model}
    return (results.join(genes, on="protein")[list(RESULT_COLUMNS)], concordance), ready | facts | people | prior_facts


def summarise(spec, table, people, pairs, units, facts):
    """What `summary.json` holds but for its sentences."""
    inside = people["in_cohort"] == "yes"
    with_gene = pairs.loc[pairs["gene_id"] != "", "protein"].nunique()
    return {
        "unit": spec.unit,
        "people": {
            "in_table": len(table.levels),
            "in_cohort": int(inside.sum()),
            "matched": int((inside & (people["in_table"] == "yes")).sum()),
            "not_in_cohort": int((~inside).sum()),
            "not_measured": int((inside & (people["in_table"] == "no")).sum()),
            "samples_without_id": int((units == "").sum()),
        },
        "proteins": {
            "in_table": table.levels.shape[1],
            "annotated_only": table.unused,
            "with_limit": int(table.annotation["limit"].notna().sum()),
            "with_gene": int(with_gene),
            "pairs": int((pairs["gene_id"] != "").sum()),
        },
        "cells": {
            "detected": int(table.detected.to_numpy().sum()),
            "below_limit": int(table.below.to_numpy().sum()),
            "missing": int(table.levels.isna().to_numpy().sum()),
        },
        "contrasts": facts,
    }


def draw_volcano(results, stem, label, facts, endpoint):
    """The volcano of one contrast, or why there is none."""
    title = f"Proteins: {label}"
    if facts["status"] != "tested":
        message = f"Not tested. {facts['reason']}"
        save_figure(message_figure(title, message), stem, f"{title}. {message}")
        return
    words = {"title": title, "endpoint": endpoint}
    save_figure(draw_protein_volcano(results, **words), stem, protein_volcano_alt(results, **words))


def draw_cohort(folder, table, obs, units, measured, group, spec, concordance, labels):
    """Concordance of all contrasts, and what was below a limit."""
    title = "Changes of proteins and of their transcripts"
    figure = draw_concordance(concordance, labels, title=title)
    save_figure(figure, folder / "concordance", concordance_alt(concordance, labels, title=title))
    known = units[units.isin(measured) & ~units.duplicated()]
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
