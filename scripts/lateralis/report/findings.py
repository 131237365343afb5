"""What a run found, read from a cohort's folder: everything that a page or a workbook may show, still as tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anndata as ad
import numpy as np
import pandas as pd

from lateralis.config import Cohort
from lateralis.figures.svg_text import read_svg
from lateralis.io import read_h5ad, read_json, read_table
from lateralis.records.cohort_table import outlier_rights
from lateralis.report.explorer import Explored
from lateralis.report.followups import Followups, read_followups
from lateralis.report.page import ReportFigure
from lateralis.report.payload import ContrastInput, ModelInput
from lateralis.report.samples import sex_table

TEXT = {"gene_id": str, "gene_name": str, "sample": str}
INTERNAL = "Internal use: not to be passed on. For others there is report.profile: release."


@dataclass(frozen=True)
class Findings:
    """All that was found.

    Attributes
    ----------
    contents : what of individual samples the page holds, and who may see it
    data : the normalised cohort, raw counts in X
    contrasts, models : as the payload takes them
    ledger, flags, table1, flow : as the records wrote them
    tables : caption → table about samples
    signature : `trust.signature.signature_table`, or None
    warnings : what the reader should know first
    versions : software → version
    config_text : the merged config, YAML
    files : path, sha256
    figures : name → figure of the page
    variables : names of those that may be shown sample by sample
    participant : column of `data.obs` that says who gave a sample, or None
    smallest_group : groups of fewer samples get no quantiles
    followups : pathways, biomarkers and proteins, where the cohort asked for them
    """

    contents: str
    data: ad.AnnData
    contrasts: list[ContrastInput]
    models: list[ModelInput]
    ledger: pd.DataFrame
    flags: pd.DataFrame
    table1: pd.DataFrame
    flow: pd.DataFrame
    tables: dict[str, pd.DataFrame]
    signature: pd.DataFrame | None
    warnings: list[str]
    versions: Mapping[str, str]
    config_text: str
    files: pd.DataFrame
    figures: dict[str, ReportFigure]
    variables: list[str]
    participant: str | None
    smallest_group: int = 1
    followups: Followups = field(default_factory=Followups)

    @property
    def explored(self) -> Explored:
        """What the samples bring to the linked views."""
        obs = self.data.obs
        people = None if self.participant is None else pd.factorize(obs[self.participant].replace("", None))[0]
        repeated = people is not None and bool((np.bincount(people[people >= 0], minlength=1) > 1).any())
        return Explored(
            values=np.asarray(self.data.X),
            size_factors=obs["size_factor"].to_numpy(dtype=float),
            names=[str(name) for name in obs.index],
            participants=people if repeated else None,
            variables=obs[self.variables],
            components=np.asarray(self.data.obsm["X_pca"]),
            explained=np.asarray(self.data.uns["pca"]["variance_ratio"]),
            log2=self.data.uns["lateralis"]["size_factors"] == "",
            smallest_group=self.smallest_group,
        )


def read_findings(cohort: Cohort, given: Any, *, page: bool = True) -> Findings:
    """Read everything.

    Parameters
    ----------
    cohort : the cohort
    given : named paths, as the rules of the report list them
    page : whether to read what pages show and workbooks do not: figures, trust, tables about samples
    """
    data = read_h5ad(given.normalised)
    group = cohort.group_variable
    variables = cohort.shown_variables
    embedded = ", ".join(["identifier", *variables])
    followups, followed = read_followups(cohort, given) if page else (Followups(), {})
    return Findings(
        contents=f"This page holds the value of every gene in each of {data.n_obs:,} samples with its {embedded}, and the "
        f"configuration of the run. {INTERNAL}",
        data=data,
        contrasts=_contrasts(cohort, given, trusted=page),
        models=[
            _model(name, cohort, facts, genes, samples, data.obs, group)
            for name, facts, genes, samples in zip(
                cohort.models, given.facts, given.genes, given.model_samples, strict=True
            )
        ],
        ledger=read_table(given.ledger, dtype=TEXT).fillna({"status": "", "reason": ""}),
        flags=read_table(given.flags, dtype=TEXT).fillna({"reason": ""}),
        table1=read_table(given.table1, dtype=str).fillna(""),
        flow=read_table(given.flow).fillna(""),
        tables=_sample_tables(cohort, given) if page else {},
        signature=read_table(given.signature, dtype=TEXT) if page and given.signature else None,
        warnings=[*map(str, data.uns["lateralis"]["notes"]), *_warnings(given)],
        versions=read_json(given.versions),
        config_text=Path(given.config).read_text(encoding="utf-8"),
        files=read_table(given.checksums, dtype=str),
        figures=_figures(cohort, given) | followed if page else {},
        variables=variables,
        participant=cohort.samples.participant,
        followups=followups,
    )


def _warnings(given: Any) -> list[str]:
    """What designs leave open, and what the study cannot tell."""
    return [*(warning for path in given.facts for warning in read_json(path)["warnings"]), *read_json(given.limits)]


def _contrasts(cohort: Cohort, given: Any, *, trusted: bool) -> list[ContrastInput]:
    badges, trust = _trust(cohort, given) if trusted else ({}, {})
    found = []
    for name, status, results in zip(cohort.contrasts, given.status, given.results, strict=True):
        contrast = _contrast(name, cohort, status, results)
        contrast["badges"] = {str(gene): str(badge) for gene, badge in badges.get(name, {}).items()}
        if name in trust:
            contrast["trust"] = trust[name]
        found.append(contrast)
    return found


def _trust(cohort: Cohort, given: Any) -> tuple[dict[str, dict[Any, Any]], dict[str, pd.DataFrame]]:
    """Badges of genes, and findings about trust, by contrast."""
    badges = {
        name: read_table(path, dtype=TEXT).dropna(subset="badge").set_index("gene_id")["badge"].to_dict()
        for name, path in zip(cohort.trusted_contrasts, given.robustness, strict=True)
    }
    trust = {
        name: read_table(path).fillna("") for name, path in zip(cohort.trusted_contrasts, given.trust, strict=True)
    }
    return badges, trust


def _contrast(name: str, cohort: Cohort, status_path: str, results_path: str) -> ContrastInput:
    contrast = cohort.contrasts[name]
    status = read_json(status_path)
    counted = status["samples"]
    if contrast.variable is not None:
        groups = {str(contrast.test): counted["test"], str(contrast.reference): counted["reference"]}
    else:
        groups = {"in the model": counted["fit_only"]}
    return {
        "name": name,
        "model": contrast.model,
        "label": cohort.label(name),
        "test": status["test"],
        "reduced": status.get("reduced", ""),
        "degrees_of_freedom": status.get("degrees_of_freedom"),
        "status": status["status"],
        "reason": status["reason"],
        "groups": groups,
        "results": read_table(results_path, dtype=TEXT).fillna({"na_reason": ""}),
        "results_path": f"contrasts/{name}/results.tsv.gz",
        "warnings": status["warnings"],
        "variable": cohort.grouping(name) or "",
    }


def _model(
    name: str, cohort: Cohort, facts_path: str, genes_path: str, samples_path: str, obs: pd.DataFrame, group: str | None
) -> ModelInput:
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
        "cells": [] if cells == "design" else list(cells),
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


SEX_TABLE = "Sex by the sheet (rows) and by expression (columns): number of samples."
PAIRS_TABLE = "Pairs of samples that contradict the sheet."


def _sample_tables(cohort: Cohort, given: Any) -> dict[str, pd.DataFrame]:
    """Tables of the page's part about samples, by caption."""
    sex = read_table(given.sex, dtype=TEXT).fillna({"stated": "", "inferred_sex": ""})
    pairs = read_table(given.pairs, dtype={"sample_a": str, "sample_b": str}).drop(columns="z")
    found = {
        SEX_TABLE: sex_table(sex),
        PAIRS_TABLE: pairs,
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


def _figures(cohort: Cohort, given: Any) -> dict[str, ReportFigure]:
    """Every static figure of the page by its name there; what the linked views draw is not among them."""
    paths: dict[str, str] = {}
    for kind in ("heatmap", "p_histogram"):
        paths |= {
            f"contrasts/{name}/{kind}": path for name, path in zip(cohort.contrasts, getattr(given, kind), strict=True)
        }
    paths |= {f"models/{name}/dispersions": path for name, path in zip(cohort.models, given.dispersions, strict=True)}
    paths |= {f"samples/{Path(path).stem}": path for path in given.qc_figures}
    if given.upset:
        paths["signature"] = given.upset
    return {name: ReportFigure(*read_svg(path)) for name, path in paths.items()}
