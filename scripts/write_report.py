"""Write the page of a cohort: gather what was found, render it."""

from pathlib import Path

from lateralis.config import Cohort
from lateralis.figures.save import read_svg
from lateralis.io import read_h5ad, read_json, read_table, write_text
from lateralis.job import run
from lateralis.records.cohort_table import outlier_rights
from lateralis.report.page import ReportFigure, render_page
from lateralis.report.payload import build_payload, build_signature
from lateralis.report.samples import build_samples, sex_table

TEXT = {"gene_id": str, "gene_name": str, "sample": str}


def main(snakemake):
    cohort, given = Cohort(**snakemake.params.cohort), snakemake.input
    data = read_h5ad(given.normalised)
    group = cohort.group_variable
    directed = [name for name in cohort.trusted_contrasts if cohort.contrasts[name].reduced is None]
    badges = {
        name: read_table(path, dtype=TEXT).set_index("gene_id")["badge"].dropna().to_dict()
        for name, path in zip(directed, given.robustness, strict=True)
    }
    trust = {
        name: {"trust": read_table(path).fillna("")}
        for name, path in zip(cohort.trusted_contrasts, given.trust, strict=True)
    }
    compared = [cohort.label(name) for name in cohort.signature_contrasts]
    signature = read_table(given.signature, dtype=TEXT) if given.signature else None
    payload = build_payload(
        cohort=cohort.cohort,
        title=cohort.title,
        fold_change=cohort.endpoint.fold_change,
        alpha=cohort.endpoint.alpha,
        headline=cohort.endpoint.headline,
        contrasts=[
            describe_contrast(name, contrast, cohort.label(name), status, results)
            | {"badges": badges.get(name, {})}
            | trust.get(name, {})
            for (name, contrast), status, results in zip(
                cohort.contrasts.items(), given.status, given.results, strict=True
            )
        ],
        models=[
            describe_model(name, cohort, facts, genes, samples, data.obs, group)
            for name, facts, genes, samples in zip(
                cohort.models, given.facts, given.genes, given.model_samples, strict=True
            )
        ],
        table1=read_table(given.table1, dtype=str).fillna(""),
        flow=read_table(given.flow).fillna(""),
        samples=build_samples(
            read_table(given.ledger, dtype=TEXT).fillna({"status": "", "reason": ""}),
            read_table(given.flags, dtype=TEXT).fillna({"reason": ""}),
            {name: cohort.label(name) for name in cohort.contrasts},
            sample_tables(given, cohort),
        ),
        signature=None if signature is None else build_signature(signature, compared),
        versions=read_json(given.versions),
        config_text=Path(given.config).read_text(encoding="utf-8"),
        files=read_table(given.checksums, dtype=str),
        warnings=notices(data.uns["lateralis"]["notes"], given),
        simulated=cohort.input.simulate is not None,
    )
    write_text(snakemake.output[0], render_page(payload, page_figures(cohort, given)))


def notices(notes, given):
    """What the reader should know first: how counts were read, what designs leave open, and what the study cannot tell."""
    designs = [warning for path in given.facts for warning in read_json(path)["warnings"]]
    return [*map(str, notes), *designs, *read_json(given.limits)]


def sample_tables(given, cohort):
    """Tables of the page's part about samples, by caption."""
    sex = read_table(given.sex, dtype=TEXT).fillna({"stated": "", "inferred_sex": ""})
    pairs = read_table(given.pairs, dtype={"sample_a": str, "sample_b": str}).drop(columns="z")
    found = {
        "Sex by the sheet (rows) and by expression (columns): number of samples.": sex_table(sex),
        "Pairs of samples that contradict the sheet.": pairs,
        "Purity and state by group: median scores, log2 against the cohort, and whether the groups differ (Kruskal-Wallis). "
        "What differs here can be taken for disease; a score can be a covariate.": read_table(given.by_group),
        "Do the groups differ in other variables? Cramér's V, or eta² of a number.": read_table(given.groups).drop(
            columns="reason"
        ),
        "Share of the variance of all genes that each variable explains alone; adjusted for its number of levels.": read_table(
            given.variance
        ).drop(columns="reason"),
    }
    for name, correlations, sensitivity in zip(
        cohort.models, given.surrogate_correlations, given.surrogate_sensitivity, strict=False
    ):
        found |= {
            f"Sensitivity analysis only, model {name}: how much of each surrogate (hidden) variable those of the study "
            "explain.": read_table(correlations),
            f"Sensitivity analysis only, model {name}: genes called without and with the surrogate variables in the design. "
            "Calls elsewhere on this page are without them.": read_table(sensitivity),
        }
    return found


def describe_contrast(name, contrast, label, status_path, results_path):
    """One contrast as the payload takes it."""
    status = read_json(status_path)
    counted = status["samples"]
    if contrast.variable is not None:
        groups = {contrast.test: counted["test"], contrast.reference: counted["reference"]}
    else:
        groups = {"in the model": counted["fit_only"]}
    return {
        "name": name,
        "model": contrast.model,
        "label": label,
        "test": status["test"],
        "reduced": status.get("reduced", ""),
        "degrees_of_freedom": status.get("degrees_of_freedom"),
        "status": status["status"],
        "reason": status["reason"],
        "groups": groups,
        "results": read_table(results_path, dtype=TEXT).fillna({"na_reason": ""}),
        "results_path": f"contrasts/{name}/results.tsv.gz",
        "warnings": status["warnings"],
    }


def describe_model(name, cohort, facts_path, genes_path, samples_path, obs, group):
    """One model as the payload takes it."""
    facts = read_json(facts_path)
    reasons = read_table(genes_path, dtype=TEXT)["na_reason"].fillna("")
    samples = read_table(samples_path, dtype=TEXT).set_index("sample").loc[obs.index]
    cells = cohort.outliers.cells
    return {
        "name": name,
        "design": facts["design"],
        "subset": facts["subset"],
        "n_samples": facts["n_samples"],
        "n_genes_input": len(reasons),
        "n_genes_kept": facts["n_genes"],
        "filter": facts["filter"],
        "coefficients": facts["coefficients"],
        "cells": [] if cells == "design" else cells,
        "outlier_cells": outlier_rights(samples, obs[group] if group else None),
        "n_genes_replaced": facts["replaced_genes"],
        "n_genes_outlier": int((reasons == "cooks_outlier").sum()),
        "size_factors": facts["size_factors"],
        "size_factor_genes": facts["size_factor_genes"],
        "offsets": facts["offsets"],
        "numerics": facts["numerics"],
        "prior_variance": facts["prior_variance"],
        "warnings": [facts["blocks"]] if facts["blocks"] else [],
    }


def page_figures(cohort, given):
    """Every figure of the page by its name there."""
    paths = {}
    with_fold_change = [name for name, contrast in cohort.contrasts.items() if contrast.reduced is None]
    for kind, names in (
        ("volcano", with_fold_change),
        ("heatmap", cohort.contrasts),
        ("ma", with_fold_change),
        ("p_histogram", cohort.contrasts),
    ):
        paths |= {f"contrasts/{name}/{kind}": path for name, path in zip(names, given[kind], strict=True)}
    paths |= {f"models/{name}/dispersions": path for name, path in zip(cohort.models, given.dispersions, strict=True)}
    paths |= {f"samples/{Path(path).stem}": path for path in given.qc_figures}
    for variable in cohort.samples.described:
        if variable != cohort.group_variable and variable not in cohort.samples.scores:
            paths[f"samples/pca_{variable}"] = f"{given.pca}/{variable}.svg"
    if given.upset:
        paths["signature"] = given.upset
    return {name: ReportFigure(*read_svg(path)) for name, path in paths.items()}


if "snakemake" in globals():
    run(main, snakemake)
