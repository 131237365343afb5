"""Who was measured and what was found, in numbers and in sentences that a reader needs before believing them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from lateralis.biology.concordance import EVIDENCE, evidence
from lateralis.biology.proteins import REASONS
from lateralis.inputs.proteins import ProteinTable
from lateralis.model.multiplicity import benjamini_hochberg

PEOPLE_COLUMNS = ("id", "in_table", "in_cohort", "n_samples", "n_detected", "n_below_limit", "n_missing")
NOT_IN_COHORT, NOT_IN_TABLE, NOTHING = "not in the cohort", "not in the table of proteins", "no protein was measured"
ENOUGH_PROTEINS, LOW_IF_MISSING, SURELY = 20, -0.3, 0.001


def people_table(table: ProteinTable, units: pd.Series, models: Mapping[str, pd.Series]) -> pd.DataFrame:
    """Account for everybody in the table of proteins or the cohort.

    Parameters
    ----------
    table : what was measured
    units : the table's id of each sample of the cohort; empty where unknown
    models : model → why each sample of the cohort is not in it, empty for those that are

    Returns
    -------
    DataFrame with `PEOPLE_COLUMNS` and `model:{name}`: `in`, or why not; people of the table first, in its order
    """
    known = [unit for unit in units.unique() if unit]
    everybody = [*table.levels.index, *(unit for unit in known if unit not in table.levels.index)]
    counts = {
        "n_detected": table.detected.sum(axis=1),
        "n_below_limit": table.below.sum(axis=1),
        "n_missing": table.levels.isna().sum(axis=1),
    }
    found = pd.DataFrame({"id": everybody})
    found["in_table"] = np.where(found["id"].isin(table.levels.index), "yes", "no")
    found["in_cohort"] = np.where(found["id"].isin(known), "yes", "no")
    found["n_samples"] = found["id"].map(units.value_counts()).fillna(0).astype(int)
    for name, values in counts.items():
        found[name] = found["id"].map(values).astype("Int64")
    blank = set(table.levels.index[table.levels.isna().all(axis=1)])
    for name, reasons in models.items():
        why = {
            unit: "in" if (group == "").any() else "; ".join(dict.fromkeys(group.astype(str)))
            for unit, group in reasons.groupby(units.reindex(reasons.index).to_numpy(), sort=False)
        }
        found[f"model:{name}"] = [
            NOT_IN_TABLE
            if there == "no"
            else NOT_IN_COHORT
            if unit not in why
            else NOTHING
            if unit in blank
            else why[unit]
            for unit, there in zip(found["id"], found["in_table"], strict=True)
        ]
    return found


def cohort_facts(
    unit: str, table: ProteinTable, people: pd.DataFrame, pairs: pd.DataFrame, units: pd.Series
) -> dict[str, object]:
    """What `summary.json` counts of the tables.

    Parameters
    ----------
    unit : what a row is of
    table : what was measured
    people : from `people_table`
    pairs : from `map_genes`
    units : the table's id of each sample of the cohort
    """
    inside = people["in_cohort"] == "yes"
    with_gene = pairs.loc[pairs["gene_id"] != "", "protein"].nunique()
    return {
        "unit": unit,
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
    }


def contrast_facts(results: pd.DataFrame, concordance: pd.DataFrame, alpha: float) -> dict[str, object]:
    """What a contrast found, in numbers.

    Parameters
    ----------
    results : `proteins/{contrast}/results.tsv`
    concordance : rows of `concordance.tsv` of the contrast
    alpha : below which adjusted p-values of detection count as different
    """
    reasons = results.loc[results["na_reason"] != "", "na_reason"].value_counts()
    both = concordance[concordance["same_direction"] != ""]
    changes = both[["log2FoldChange_rna", "log2FoldChange_protein"]].to_numpy(dtype=float)
    agreement = float(spearmanr(changes[:, 0], changes[:, 1]).statistic) if len(both) > 3 else np.nan
    kinds = evidence(concordance)
    return {
        "tested": int(results["pvalue"].notna().sum()),
        "censored": int((results["method"] == "censored").sum()),
        "up": int((results["call"] == "up").sum()),
        "down": int((results["call"] == "down").sum()),
        "not_tested": {name: int(reasons[name]) for name in REASONS if name in reasons.index},
        "detection_differs": int((results["padj_detection"] < alpha).sum()),
        "missingness_differs": _differing(results["pvalue_missing"], alpha),
        "pairs": len(both),
        "same_direction": int((both["same_direction"] == "yes").sum()),
        "correlation_of_fold_changes": None if np.isnan(agreement) else agreement,
        "evidence": {kind: int((kinds == kind).sum()) for kind in EVIDENCE},
    }


def _differing(pvalues: pd.Series, alpha: float) -> int:
    return int((benjamini_hochberg(pvalues.to_numpy(dtype=float)) < alpha).sum())


def missing_with_level(table: ProteinTable) -> float | None:
    """Rank correlation, across proteins, of the mean level with the share not measured; None unless clearly negative.

    A table whose empty cells are low levels, as in mass spectrometry, is not missing at random; this is how it shows.
    """
    measured = table.levels.notna().any()
    share = table.levels.isna().mean()[measured]
    means = table.levels.where(table.detected).mean()[measured]
    usable = means.notna() & np.isfinite(means)
    if usable.sum() < ENOUGH_PROTEINS or share[usable].nunique() < 3:
        return None
    found = spearmanr(means[usable], share[usable])
    return float(found.statistic) if found.statistic < LOW_IF_MISSING and found.pvalue < SURELY else None


def sentences(summary: Mapping[str, object], labels: Mapping[str, str], missing_when_low: float | None) -> list[str]:
    """The summary in words.

    Parameters
    ----------
    summary : with unit, people, proteins, cells and contrasts, as `summary.json` has them
    labels : contrast → its words
    missing_when_low : from `missing_with_level`
    """
    people, proteins, cells = (dict(summary[name]) for name in ("people", "proteins", "cells"))  # type: ignore[call-overload]
    unit, total = summary["unit"], sum(cells.values())
    said = [
        f"{people['matched']:,} of {people['in_table']:,} {unit}s in the table of proteins are in the cohort; "
        f"{people['not_measured']:,} of the cohort's {people['in_cohort']:,} have no proteins.",
        f"{proteins['in_table']:,} proteins, {proteins['with_gene']:,} of them with a gene in the counts; "
        f"{cells['below_limit'] / total:.1%} of all values are below a limit of detection, {cells['missing'] / total:.1%} "
        "were not measured.",
        "Values below a limit enter the likelihood as such, and nothing is imputed; empty cells count as missing for reasons "
        "that have nothing to do with the level.",
    ]
    if missing_when_low is not None:
        said.append(
            f"That is doubtful here: proteins of lower level are missing more often (rank correlation {missing_when_low:.2f} "
            "across proteins). If empty cells are low levels, write <LOD in them or give their limits; without, differences "
            "come out too small."
        )
    for name, facts in dict(summary["contrasts"]).items():  # type: ignore[call-overload]
        said += _of_contrast(labels[name], facts)
    return said


def _of_contrast(label: str, facts: Mapping[str, object]) -> list[str]:
    if facts["status"] != "tested":
        return [f"{label}: not tested. {facts['reason']}"]
    kinds = dict(facts["evidence"])  # type: ignore[call-overload]
    said = [
        f"{label}: {_many(facts['tested'], 'protein')} tested in {facts['n_people']:,} people, {facts['censored']:,} of them "
        f"with values below a limit; {facts['up']:,} up and {facts['down']:,} down."
    ]
    differing = {
        "detection_differs": "detected more often in one group than in the other,",
        "missingness_differs": "measured more often in one group than in the other, and so not missing at random,",
    }
    said += [f"{label}: {words} {_many(facts[name], 'protein')}." for name, words in differing.items() if facts[name]]
    if facts["pairs"]:
        said.append(
            f"{label}: transcript and protein change in the same direction in {facts['same_direction']:,} of "
            f"{facts['pairs']:,} pairs with both fold changes, where chance alone gives half; called on both sides with one "
            f"direction {kinds['both']:,}, with opposite ones {kinds['opposite']:,}."
        )
    return said


def _many(count: object, noun: str) -> str:
    return f"{count:,} {noun}" + ("" if count == 1 else "s")
