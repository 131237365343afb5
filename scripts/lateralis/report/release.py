"""What others may see of the findings: no ids, no participant's values, no small groups, no exact diagnoses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import yaml

from lateralis.config import Cohort
from lateralis.figures.calls import plural
from lateralis.records.ledger import ROLES
from lateralis.records.privacy import (
    Disclosure,
    Rekeyed,
    coarsened,
    disclosure,
    new_names,
    people_ids,
    people_of,
    suppressed,
)
from lateralis.report.findings import PAIRS_TABLE, SEX_TABLE, Findings
from lateralis.report.payload import ContrastInput, ModelInput

SHARED_FIGURES = (
    "contrasts/{contrast}/p_histogram",
    "models/{model}/dispersions",
    "pathways/{contrast}/dotplot",
    "pathways/{contrast}/running",
    "signature",
    "samples/associations",
)
UNKNOWN = "other or unknown"
HIDDEN_CONFIG = ("input", "report")


@dataclass(frozen=True)
class Release:
    """What may be shared.

    Attributes
    ----------
    findings : as the page and the workbook take them
    key : old name → new name of each sample; never shared
    ids : every id that must not be found in what is shared, but those that are names of genes as well
    participants : whether participants' values are among the findings
    """

    findings: Findings
    key: dict[str, str]
    ids: set[str]
    participants: bool


def release(cohort: Cohort, findings: Findings) -> Release:
    """Make findings fit to be shared.

    Parameters
    ----------
    cohort : the cohort; `report.release` says how
    findings : `report.findings.read_findings`
    """
    rules = disclosure(cohort)
    obs = findings.data.obs
    samples = {
        *obs.index.astype(str),
        *findings.ledger["sample"].astype(str),
        *findings.ledger["sheet_row"].dropna().astype(str),
    }
    people = people_ids(obs, [cohort.samples.participant, cohort.samples.family]) - samples
    secret = np.ascontiguousarray(findings.data.X).tobytes()
    key = new_names(samples, secret)
    rekeyed = Rekeyed({**key, **new_names(people, secret, taken=[*samples, *key.values()])})
    hidden_levels = _hidden_levels(obs, rules)
    giver = people_of(obs, cohort.samples.participant)
    contrasts = [
        _contrast(contrast, smallest_group(contrast, findings.ledger, giver), rules.min_cell, rekeyed, hidden_levels)
        for contrast in findings.contrasts
    ]
    shown = {contrast["name"] for contrast in contrasts if contrast["status"] == "tested"}
    keep = {
        pattern.format(contrast=name, model=model)
        for pattern in SHARED_FIGURES
        for name in shown
        for model in cohort.models
    }
    data = _data(findings, cohort, rules, key, giver)
    shared = replace(
        findings,
        contents=_contents(data.n_obs, rules, cohort.report.release.participants),
        data=data,
        contrasts=contrasts,
        models=[_model(model, obs, rules) for model in findings.models],
        ledger=findings.ledger.assign(sample=findings.ledger["sample"].map(key), reason=""),
        flags=findings.flags.assign(
            sample=findings.flags["sample"].map(key), reason=findings.flags["reason"].map(rekeyed)
        ),
        table1=shared_table1(
            data.obs[rules.variables],
            cohort.group_variable,
            rules.min_cell,
            people_of(data.obs, cohort.samples.participant),
        ),
        flow=_flow(findings.flow, rules.min_cell),
        tables=_tables(findings, rules.min_cell),
        signature=findings.signature if set(cohort.signature_contrasts) <= shown else None,
        warnings=[rekeyed(text) for text in findings.warnings if not _mentions(text, hidden_levels)],
        config_text=_config(cohort, rules),
        files=findings.files.head(0),
        figures={
            name: replace(figure, alt=rekeyed(figure.alt)) for name, figure in findings.figures.items() if name in keep
        },
        variables=rules.variables,
        smallest_group=rules.min_cell,
        followups=findings.followups.of(shown),
    )
    # an id that is a gene's name as well cannot be told from the gene
    ids = {name for name in [*samples, *people] if name} - set(data.var_names) - set(data.var["gene_name"])
    return Release(shared, key, ids, cohort.report.release.participants)


def key_table(key: Mapping[str, str]) -> pd.DataFrame:
    """Old and new name of each sample; columns sample, released."""
    return pd.DataFrame(sorted(key.items()), columns=["sample", "released"])


def smallest_group(contrast: ContrastInput, ledger: pd.DataFrame, people: pd.Series) -> int:
    """People in the smaller of the groups that a contrast compares; in its model, where it compares none."""
    if contrast["status"] != "tested":
        return 0
    by_sample = ledger.drop_duplicates("sample").set_index("sample")[f"contrast:{contrast['name']}"]
    roles = by_sample.reindex(people.index.astype(str)).to_numpy()
    groups = [role for role in ("test", "reference") if (roles == role).any()] or ["fit_only"]
    return min(int(people[roles == role].nunique()) for role in groups)


def _hidden_levels(obs: pd.DataFrame, rules: Disclosure) -> set[str]:
    """Levels of the variables that are not shown or are merged, as far as they are words of their own."""
    levels: set[str] = set()
    plain: set[str] = set()
    for name, column in obs.items():
        if isinstance(column.dtype, pd.CategoricalDtype):
            as_is = name in rules.variables and name not in rules.merge
            (plain if as_is else levels).update(map(str, column.cat.categories))
    return {level for level in levels - plain if len(level) > 3}


def _mentions(text: str, words: Iterable[str]) -> bool:
    return any(word in text for word in words)


def _contrast(
    contrast: ContrastInput, people: int, min_cell: int, rekeyed: Rekeyed, hidden_levels: set[str]
) -> ContrastInput:
    found = contrast.copy()
    found["warnings"] = [rekeyed(text) for text in contrast["warnings"] if not _mentions(text, hidden_levels)]
    found["reason"] = rekeyed(contrast["reason"])
    found["badges"] = {}
    if "trust" in contrast:
        table = contrast["trust"]
        told = table["item"].astype(str) + " " + table["reason"].astype(str)
        # the ends of a common range are single participants' values
        named = np.array([_mentions(text, hidden_levels) for text in told], dtype=bool)
        kept = table[~named & (table["aspect"] != "overlap").to_numpy()]
        found["trust"] = kept.assign(item=kept["item"].astype(str).map(rekeyed), reason=kept["reason"].map(rekeyed))
    if contrast["status"] == "tested" and min([people, *contrast["groups"].values()]) < min_cell:
        found |= {
            "status": "refused",
            "reason": f"Left out of this page: a group has fewer than {min_cell} people.",
            "groups": {},
            "results": contrast["results"].head(0),
        }
        found.pop("trust", None)
    return found


def _model(model: ModelInput, obs: pd.DataFrame, rules: Disclosure) -> ModelInput:
    hidden = [str(name) for name in obs.columns if name not in rules.variables or name in rules.merge]
    coefficients = [
        next((f"{name}[…]" for name in hidden if coefficient.startswith(f"{name}[")), coefficient)
        for coefficient in model["coefficients"]
    ]
    cells = model["outlier_cells"]
    return model | {
        "coefficients": list(dict.fromkeys(coefficients)),
        "outlier_cells": cells[cells["samples"] >= rules.min_cell],
    }


def _data(findings: Findings, cohort: Cohort, rules: Disclosure, key: dict[str, str], people: pd.Series) -> Any:
    """Samples under their new names and in their order, with coarser variables."""
    data = findings.data.copy()
    coarse = coarsened(data.obs, rules, people)
    coarse["size_factor"] = data.obs["size_factor"]
    if cohort.samples.participant is not None:
        coarse[cohort.samples.participant] = data.obs[cohort.samples.participant]
    data.obs = coarse
    data.obs_names = [key[str(name)] for name in data.obs_names]
    return data[sorted(data.obs_names)].copy()


def _contents(n_samples: int, rules: Disclosure, participants: bool) -> str:
    shown = f"({', '.join(rules.variables)})" if rules.variables else "(none)"
    smallest = f"No number of fewer than {rules.min_cell} is shown; a dash stands for it."
    if participants:
        return (
            "This page may be shared with the participants' consent only: it holds the value of every gene in each of "
            f"{n_samples:,} samples, under new names, with coarse variables {shown}. {smallest}"
        )
    return (
        "This page is made to be shared. It holds results of groups and quantiles of each gene by group, in steps of a tenth "
        f"of a log2 unit; no identifiers and no participant's values. Variables: coarse {shown}. {smallest}"
    )


def shared_table1(coarse: pd.DataFrame, group: str | None, min_cell: int, people: pd.Series) -> pd.DataFrame:
    """Table 1 of categorical variables, small cells and what would tell them hidden.

    Parameters
    ----------
    coarse : (n_samples) `records.privacy.coarsened`
    group : variable whose levels become columns; left out where it is not among them
    min_cell : smallest number of people behind a number that is shown
    people : (n_samples) who gave each sample

    Returns
    -------
    DataFrame of text: variable, level, one column a group, all; numbers of samples
    """
    everyone = pd.Series("all", index=coarse.index, dtype="category")
    columns = coarse.get(group, everyone)
    columns = columns.cat.add_categories([UNKNOWN]).fillna(UNKNOWN).cat.remove_unused_categories()
    sizes = columns.value_counts(sort=False)
    of_groups = people.groupby(columns, observed=False).nunique().reindex(sizes.index)
    names = [*map(str, sizes.index), *(["all"] if group in coarse else [])]
    rows = [
        [
            "samples",
            "",
            *_texts(sizes.to_numpy()[None, :], min_cell, of_groups.to_numpy()[None, :])[0],
            *([str(len(coarse))] if group in coarse else []),
        ]
    ]
    for name in coarse.columns:
        if name == group:
            continue
        levels = coarse[name].cat.add_categories([UNKNOWN]).fillna(UNKNOWN).cat.remove_unused_categories()
        counts = pd.crosstab(levels, columns, dropna=False)
        givers = pd.crosstab(levels, columns, values=people, aggfunc="nunique", dropna=False).fillna(0)
        givers = givers.reindex(index=counts.index, columns=counts.columns, fill_value=0).astype(int)
        texts = _texts(counts.to_numpy(), min_cell, givers.to_numpy())
        in_level = people.groupby(levels, observed=False).nunique().reindex(counts.index)
        totals = _texts(counts.to_numpy().sum(axis=1)[:, None], min_cell, in_level.to_numpy()[:, None])
        for level, cells, total in zip(counts.index, texts, totals, strict=True):
            rows.append([str(name), str(level), *cells, *(total if group in coarse else [])])
    return pd.DataFrame(rows, columns=["variable", "level", *names])


def _texts(counts: np.ndarray, min_cell: int, people: np.ndarray | None = None) -> list[list[str]]:
    """Counts as text, those of few people and what would tell them as a dash."""
    hidden = suppressed(counts if people is None else people, min_cell)
    return [["–" if h else str(n) for n, h in zip(*line, strict=True)] for line in zip(counts, hidden, strict=True)]


def _flow(flow: pd.DataFrame, min_cell: int) -> pd.DataFrame:
    """The flow without reasons, which may tell of single people, and without small numbers."""

    def large(value: Any) -> Any:
        return "–" if isinstance(value, int | float | np.integer) and 0 < value < min_cell else value

    return flow.assign(lost="", samples=flow["samples"].map(large), participants=flow["participants"].map(large))


def _tables(findings: Findings, min_cell: int) -> dict[str, pd.DataFrame]:
    """Tables about samples that tell of groups; flags as counts."""
    found = {}
    for title, table in findings.tables.items():
        if title == PAIRS_TABLE:
            continue
        if title == SEX_TABLE:
            counts = table.set_index(table.columns[0])
            shown = pd.DataFrame(_texts(counts.to_numpy(), min_cell), index=counts.index, columns=counts.columns)
            table = shown.reset_index()
        found[title] = table
    raised = findings.flags[findings.flags["verdict"].isin(["warn", "fail"])]
    if not raised.empty:
        counts = pd.crosstab(raised["check"], raised["verdict"]).reindex(columns=["fail", "warn"], fill_value=0)
        texts = [["–" if 0 < n < min_cell else str(n) for n in row] for row in counts.to_numpy()]
        title = f"Flags by check: number of samples; a dash stands for fewer than {plural(min_cell, 'sample')}."
        found[title] = pd.DataFrame(
            texts, index=counts.index.str.replace("_", " "), columns=counts.columns
        ).reset_index()
    return found


def _config(cohort: Cohort, rules: Disclosure) -> str:
    """The config without paths, ids, reasons and the variables that are not shown."""
    config = cohort.model_dump(exclude_none=True)
    for name in HIDDEN_CONFIG:
        config.pop(name, None)
    samples = config["samples"]
    config["samples"] = {
        "variables": {name: {"type": samples["variables"][name]["type"]} for name in rules.variables},
        "excluded": plural(len(samples["exclude"]), "sample") if samples["exclude"] else "none",
    }
    for section, key in (
        ("qc", "relatedness"),
        ("qc", "panel"),
        ("size_factors", "control_genes"),
        ("trust", "leave_out"),
    ):
        config[section].pop(key, None)
    config.pop("proteins", None)
    if "enrichment" in config:
        config["enrichment"] |= {"gene_sets": sorted(config["enrichment"]["gene_sets"])}
        config["enrichment"].pop("network", None)
    config.get("biomarkers", {}).pop("annotation", None)
    return yaml.safe_dump(config, sort_keys=False, allow_unicode=True)


def shared_samples(samples: Mapping[str, Any], min_cell: int) -> dict[str, Any]:
    """The page's part about samples, `report.samples.build_samples`, without single samples and small numbers."""

    def large(number: int) -> int | None:
        return None if 0 < number < min_cell else number

    rows = []
    for row in samples["roles"]:
        hidden = suppressed(np.array([[row[role] for role in ROLES]]), min_cell)[0]
        texts = {role: None if hide else row[role] for role, hide in zip(ROLES, hidden, strict=True)}
        rows.append({**row, **texts, "replaced": large(row["replaced"])})
    counts = {name: large(samples[name]) for name in ("n_excluded", "n_raised", "n_flagged")}
    return {**samples, **counts, "roles": rows, "excluded": [], "flags": []}
