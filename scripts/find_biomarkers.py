"""Look for a panel of genes that tells the two levels of a contrast apart, and judge it on people whom it has not seen."""

from lateralis.job import run

from pathlib import Path

import numpy as np
import pandas as pd

from lateralis.biology.biomarkers.assess import assess
from lateralis.biology.biomarkers.expression import counts_expression, intensity_expression
from lateralis.biology.biomarkers.locations import read_locations
from lateralis.biology.biomarkers.panel import Task
from lateralis.biology.biomarkers.tables import (
    calibration_table,
    decision_table,
    empty_tables,
    gain_table,
    null_table,
    panel_table,
    performance_table,
    predictions_table,
    reference_table,
)
from lateralis.biology.biomarkers.verdict import not_assessed, summarise
from lateralis.config import Biomarkers, Contrast, GeneFilter, Samples
from lateralis.figures.biomarkers import draw_biomarkers, draw_nothing
from lateralis.figures.save import save_figure
from lateralis.inputs.control_genes import read_control_genes
from lateralis.inputs.samples import add_scores
from lateralis.io import atomic_folder, layer, read_h5ad, read_json, read_table, write_json, write_table
from lateralis.model.compared import FOLDS, compare, covariates_of
from lateralis.model.size_factors import control_gene_mask

TEXT = {"gene_id": str, "gene_name": str, "sample": str}


def main(snakemake):
    params, given = snakemake.params, snakemake.input
    contrast, asked = Contrast(**params.contrast), Biomarkers(**params.biomarkers)
    levels = (contrast.test, contrast.reference)
    status = read_json(given.status)
    settings = {
        "contrast": snakemake.wildcards.contrast,
        "label": params.label,
        "levels": {"test": levels[0], "reference": levels[1]},
        "settings": asked.model_dump(exclude={"contrasts"})
        | {"folds": FOLDS, "repeats": asked.repeats, "permutations": asked.permutations},
    }
    if status["status"] == "refused":
        summary, tables = not_assessed(f"the contrast was refused: {status['reason']}"), empty_tables()
        figures = draw_nothing(params.label, summary["sentence"])
    else:
        summary, tables, figures = examine(snakemake, contrast, asked, levels)
    with atomic_folder(snakemake.output.folder) as folder:
        for name, table in tables.items():
            write_table(folder / f"{name}.tsv", table)
        write_json(folder / "summary.json", settings | summary)
        for name, (figure, alt) in figures.items():
            save_figure(figure, Path(folder) / name, alt)
    print(summary["sentence"])
    print(summary["claim"])


def examine(snakemake, contrast, asked, levels):
    """Summary, tables and figures of a contrast that was tested."""
    params, given = snakemake.params, snakemake.input
    samples = Samples(**params.samples)
    where = f"config of cohort '{snakemake.wildcards.cohort}'"
    data = read_h5ad(given.counts)
    scores = given.get("scores")
    table = read_table(scores, dtype={"sample": str}).set_index("sample") if scores else None
    obs = add_scores(data.obs, table, samples)
    reasons = read_table(given.samples, dtype=TEXT).set_index("sample")["reason"].fillna("").reindex(obs.index)
    covariates = covariates_of(contrast, params.design, samples, asked.covariates, where)
    compared = compare(
        obs[(reasons == "").to_numpy()],
        contrast,
        samples,
        covariates,
        missing=params.missing,
        where=where,
        name=snakemake.wildcards.contrast,
    )
    genes = data.var[["gene_name"]]
    location, annotation = np.full(len(genes), "", dtype=object), None
    if given.annotation:
        found = read_locations(given.annotation, genes)
        location, annotation = found.location, {"listed": found.n_listed, "unknown": found.n_unknown}
        print(f"{given.annotation}: {found.n_unknown} of {found.n_listed} genes are not in the counts.")
    expression = expression_of(data[compared.samples], params, given.control_genes)
    task = Task(
        compared.is_test,
        compared.participant,
        compared.person,
        compared.unit,
        compared.covariates,
        asked.max_genes,
    )
    found = assess(
        expression,
        task,
        repeats=asked.repeats,
        permutations=asked.permutations,
        seed=asked.seed,
        threads=snakemake.threads,
        progress=lambda done, n: print(f"Cross-validation {done} of {n}", flush=True) if done % 20 == 0 else None,
    )
    statistics = read_table(given.statistics, dtype=TEXT)
    performance, gain = performance_table(found, len(compared.samples), FOLDS), gain_table(found, FOLDS)
    tables = {
        "performance": performance,
        "gain": gain,
        "panel": panel_table(found, genes, location, statistics, levels),
        "reference": reference_table(found, genes),
        "calibration": calibration_table(found),
        "decision": decision_table(found),
        "null": null_table(found),
        "predictions": predictions_table(found, compared.samples, compared.participant, compared.is_test, levels),
    }
    summary = summarise(found, performance, gain, levels=levels, covariates=covariates, n_genes=len(genes)) | {
        "covariates": covariates,
        "annotation": annotation,
        "samples": {"test": int(compared.is_test.sum()), "reference": int((~compared.is_test).sum())},
        "people": count_people(compared),
        "units": len(np.unique(compared.unit)),
        "left_out_for_missing_covariates": compared.n_incomplete,
    }
    return summary, tables, draw_biomarkers(found, tables, summary, title=params.label, levels=levels)


def expression_of(data, params, control_genes):
    """Counts, or log intensities, of the samples that are compared."""
    values = np.asarray(data.X)
    if dict(data.uns.get("lateralis", {})).get("assay", "counts") == "log_intensity":
        return intensity_expression(values)
    controls = None
    if control_genes:
        controls = control_gene_mask(read_control_genes(control_genes), data.var_names, control_genes)
    lengths = layer(data, "average_length")
    return counts_expression(values, GeneFilter(**params.filter), lengths=lengths, controls=controls)


def count_people(compared):
    people = pd.DataFrame({"person": compared.person, "is_test": compared.is_test}).drop_duplicates()
    return {"test": int(people["is_test"].sum()), "reference": int((~people["is_test"]).sum())}


if "snakemake" in globals():
    run(main, snakemake)
