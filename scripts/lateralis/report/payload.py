"""What the cohort page knows: plain numbers and words, apart from the page that shows them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

import pandas as pd

from lateralis.figures.calls import criterion, enumerated, short_rule
from lateralis.model.endpoint import RULES, Rule, called_genes, count_calls, headline_rule

TOP_GENES = 25
MOST_ASKED = 6  # comparisons named in the question
CONTRAST_FIGURES = ("heatmap", "p_histogram")
NOT_FOLLOWED: dict[str, Any] = {"pathways": None, "biomarkers": [], "proteins": None}
# verdicts of the trust tables that go to the top of the page
SERIOUS = frozenset(
    {"anti-conservative", "conservative", "not exchangeable", "little common support", "differs", "look at them"}
)


class EndpointWords(TypedDict):
    """The endpoint: its numbers, and each rule in words."""

    fold_change: float
    alpha: float
    headline: Rule
    criteria: dict[str, str]
    short: dict[str, str]


class ContrastInput(TypedDict, total=False):
    """One contrast as the rule script hands it over.

    Attributes
    ----------
    name, model : str
    label : str
        In words, e.g. "als against carrier".
    status : {"tested", "refused"}
    reason : str
        Why it was refused; empty otherwise.
    test : {"wald", "lrt"}
        Wald test of a linear contrast (default), or likelihood-ratio test, which has no fold changes.
    reduced : str
        The reduced design of a likelihood-ratio test.
    degrees_of_freedom : int
        Of a likelihood-ratio test.
    groups : dict of level to number of samples
        Compared levels, test first; where no levels are compared, all samples of the model under one name.
    results : DataFrame
        Columns of `results.tsv.gz`; header only when refused.
    results_path : str
        Path of the table below the report's folder.
    warnings : list of str
    variable : str
        The variable that it is about; empty where there is no single one.
    trust : DataFrame
        aspect, item, verdict, reason; absent where it was not examined.
    badges : dict of gene_id to text
    """

    name: str
    model: str
    label: str
    status: str
    reason: str
    test: str
    reduced: str
    degrees_of_freedom: int
    groups: dict[str, int]
    results: pd.DataFrame
    results_path: str
    warnings: list[str]
    variable: str
    trust: pd.DataFrame
    badges: dict[str, str]


class ModelInput(TypedDict, total=False):
    """One model as the rule script hands it over.

    Attributes
    ----------
    name, design : str
    subset : str
        Empty when every sample takes part.
    n_samples, n_genes_input, n_genes_kept : int
    filter : str
        The gene filter in words, e.g. "at least 10 counts in at least 27 samples".
    coefficients : list of str
    cells : list of str
        Variables that make the cells of Cook's distance; empty for the rows of the design.
    outlier_cells : DataFrame
        Columns group, samples, replaceable (in cells of 7 or more), filterable (3 or more).
    n_genes_replaced, n_genes_outlier : int
        Genes with a replaced count; genes that lost their p-value to an outlier.
    size_factors : str
        How they were estimated: `ratio` or `poscounts`.
    size_factor_genes : str
        The genes that they were estimated from, in words.
    offsets : str
        What else entered as offsets; empty for nothing.
    numerics : str
        What computed the fit.
    prior_variance : float
    warnings : list of str
    """

    name: str
    design: str
    subset: str
    n_samples: int
    n_genes_input: int
    n_genes_kept: int
    filter: str
    coefficients: list[str]
    cells: list[str]
    outlier_cells: pd.DataFrame
    n_genes_replaced: int
    n_genes_outlier: int
    size_factors: str
    size_factor_genes: str
    offsets: str
    numerics: str
    prior_variance: float
    warnings: list[str]


def build_payload(
    *,
    cohort: str,
    title: str,
    contents: str,
    fold_change: float,
    alpha: float,
    headline: Rule,
    contrasts: Sequence[ContrastInput],
    models: Sequence[ModelInput],
    table1: pd.DataFrame,
    flow: pd.DataFrame,
    samples: Mapping[str, Any],
    signature: Mapping[str, Any] | None = None,
    versions: Mapping[str, str],
    config_text: str,
    files: pd.DataFrame,
    warnings: Sequence[str] = (),
    followups: Mapping[str, Any] | None = None,
    simulated: bool = False,
    shared: bool = False,
) -> dict[str, Any]:
    """Gather what the page shows, as values that JSON can hold.

    Parameters
    ----------
    cohort, title : str
        Name of the folder, and the title in the config.
    contents : str
        What the page holds of individual samples, and who may see it.
    fold_change, alpha, headline
        The endpoint.
    contrasts : sequence of ContrastInput
        In the order of the config.
    models : sequence of ModelInput
    table1 : DataFrame of text
        `records.cohort_table.describe_cohort`: variable, level, one column a group, all.
    flow : DataFrame
        `records.cohort_table.participant_flow`: step, samples, participants, lost.
    samples : mapping
        `report.samples.build_samples`.
    signature : mapping, optional
        `build_signature`.
    versions : mapping of software to version
    config_text : str
        The merged config, YAML.
    files : DataFrame
        `records.provenance.checksums`: path, sha256.
    warnings : sequence of str
        What a reader must know before the numbers.
    followups : mapping, optional
        `report.followups.Followups.payload`.
    simulated : bool
        Whether the data are the built-in simulation.
    shared : bool
        Whether the page is made to leave the house: no links to what stays in it.

    Returns
    -------
    dict with cohort, title, question, contents, endpoint, contrasts, models, table1, flow, samples, signature, warnings,
    versions, config, files, simulated, shared, linear (whether the data are log intensities), pathways, biomarkers, proteins
    (empty where not asked for). Missing numbers are None.
    """
    return {
        "cohort": cohort,
        "title": title,
        "simulated": simulated,
        "shared": shared,
        "linear": any(not model["size_factors"] for model in models),
        "question": _question(contrasts),
        "contents": contents,
        "endpoint": _endpoint(fold_change, alpha, headline),
        "contrasts": [_contrast(contrast, headline) for contrast in contrasts],
        "models": [_model(model) for model in models],
        "table1": {"columns": [str(column) for column in table1.columns], "rows": _rows(table1)},
        "flow": records(flow),
        "samples": dict(samples),
        "signature": None if signature is None else dict(signature),
        "warnings": [*warnings, *_foremost(contrasts)],
        "versions": dict(versions),
        "config": config_text,
        "files": records(files),
        **(followups or NOT_FOLLOWED),
    }


def _question(contrasts: Sequence[ContrastInput]) -> str:
    labels = [contrast["label"] for contrast in contrasts]
    if len(labels) > MOST_ASKED:
        labels = [*labels[: MOST_ASKED - 1], f"{len(labels) - MOST_ASKED + 1} more comparisons"]
    return f"Which genes are expressed differently: {enumerated(labels)}?"


def _foremost(contrasts: Sequence[ContrastInput]) -> list[str]:
    """What a reader must know of each contrast before any number: warnings, and verdicts of the trust tables."""
    found: dict[str, list[str]] = {}
    for contrast in contrasts:
        for words in contrast.get("warnings", []):
            found.setdefault(words, []).append(contrast["label"])
        if "trust" in contrast:
            table = contrast["trust"]
            serious = table[table["verdict"].isin(SERIOUS) & (table["aspect"] != "p-values")].drop_duplicates("reason")
            for row in serious.to_dict("records"):
                found.setdefault(f"{row['aspect']}: {row['reason']}.", []).append(contrast["label"])
    return [f"{enumerated(labels)}: {words}" for words, labels in found.items()]


def _endpoint(fold_change: float, alpha: float, headline: Rule) -> EndpointWords:
    return {
        "fold_change": fold_change,
        "alpha": alpha,
        "headline": headline,
        "criteria": {rule: criterion(rule, fold_change, alpha) for rule in RULES},
        "short": {rule: short_rule(rule) for rule in RULES},
    }


def _contrast(contrast: ContrastInput, headline: Rule) -> dict[str, Any]:
    tested = contrast["status"] == "tested"
    results = contrast["results"]
    rule = headline_rule(results, headline)
    return {
        "name": contrast["name"],
        "model": contrast["model"],
        "label": contrast["label"],
        "status": contrast["status"],
        "reason": contrast.get("reason", ""),
        "test": contrast.get("test", "wald"),
        "reduced": contrast.get("reduced", ""),
        "degrees_of_freedom": contrast.get("degrees_of_freedom"),
        "headline": rule,
        "groups": [{"level": level, "samples": count} for level, count in contrast["groups"].items()],
        "summary": {row["rule"]: row for row in records(count_calls(results))} if tested else {},
        "without_p_value": _without_p_value(results) if tested else [],
        "n_called": len(called_genes(results, rule)) if tested else 0,
        "top": _top_genes(results, rule, contrast.get("badges", {})) if tested else [],
        "trust": records(contrast["trust"][["aspect", "item", "verdict", "reason"]]) if "trust" in contrast else [],
        "results_path": contrast["results_path"],
        "warnings": list(contrast.get("warnings", [])),
        "figures": [f"contrasts/{contrast['name']}/{kind}" for kind in CONTRAST_FIGURES] if tested else [],
    }


def _without_p_value(results: pd.DataFrame) -> list[dict[str, Any]]:
    """Reasons for an empty p-value or padj, and how many genes have each."""
    reasons = results["na_reason"].fillna("")
    counts = reasons[reasons != ""].value_counts().sort_index()
    return [{"reason": str(reason), "genes": int(count)} for reason, count in counts.items()]


def _top_genes(results: pd.DataFrame, headline: Rule, badges: Mapping[str, str]) -> list[dict[str, Any]]:
    top = called_genes(results, headline).head(TOP_GENES)
    table = top[["gene_name", "gene_id", "baseMean", "log2FoldChange", "stat", "pvalue"]].copy()
    table["call"] = top[f"call_{headline}"]
    table["adjusted"] = top["padj_threshold" if headline == "strict" else "padj"]
    table["badge"] = [badges.get(str(gene), "").replace("_", " ") for gene in top["gene_id"]]
    return records(table)


def build_signature(table: pd.DataFrame, contrasts: Sequence[str]) -> dict[str, Any]:
    """What the page says of the signature.

    Parameters
    ----------
    table : `trust.signature.signature_table`
    contrasts : their names in words

    Returns
    -------
    dict with contrasts, up, down, one_only (numbers of genes), top (records, strongest first)
    """
    called = table[table["call"] != "none"].sort_values(["pvalue", "gene_id"])
    return {
        "contrasts": list(contrasts),
        "up": int((called["call"] == "up").sum()),
        "down": int((called["call"] == "down").sum()),
        "one_only": int((table["pattern"] == "one_only").sum()),
        "top": records(called.head(TOP_GENES)[["gene_name", "gene_id", "call", "pvalue", "padj"]]),
    }


def _model(model: ModelInput) -> dict[str, Any]:
    plain = {key: value for key, value in model.items() if key != "outlier_cells"}
    cells = records(model["outlier_cells"])
    return {**plain, "outlier_cells": cells, "figures": [f"models/{model['name']}/dispersions"]}


def _plain(value: Any) -> Any:
    """A value of a frame as JSON can hold it: missing and infinite numbers become None."""
    if hasattr(value, "item"):
        value = value.item()
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _rows(frame: pd.DataFrame) -> list[list[Any]]:
    return [[_plain(value) for value in row] for row in frame.itertuples(index=False, name=None)]


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    columns = [str(column) for column in frame.columns]
    return [dict(zip(columns, row, strict=True)) for row in _rows(frame)]
