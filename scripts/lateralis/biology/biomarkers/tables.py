"""What is written of a panel: tables of its performance, genes, calibration, net benefit and null."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import expit

from lateralis.biology.biomarkers.assess import BOTH, COVARIATES, PANEL, Assessment
from lateralis.biology.biomarkers.calibration import (
    CALIBRATION_COLUMNS,
    brier_score,
    decision_curve,
    recalibrate,
    reliability,
)
from lateralis.biology.biomarkers.performance import area, difference
from lateralis.biology.biomarkers.stability import selection

MODELS = (PANEL, COVARIATES, BOTH)
GAINS = ((BOTH, COVARIATES), (PANEL, COVARIATES), (BOTH, PANEL))

COLUMNS = {
    "performance": [
        "model",
        "auc",
        "auc_low",
        "auc_high",
        "brier",
        "calibration_intercept",
        "calibration_slope",
        "people",
        "samples",
    ],
    "gain": ["model", "over", "auc_difference", "low", "high"],
    "panel": [
        "gene_id",
        "gene_name",
        "in_panel",
        "coefficient",
        "direction",
        "selection_frequency",
        "mean_rank",
        "location",
        "baseMean",
        "log2FoldChange",
        "mean",
        "sd",
    ],
    "reference": ["gene_id", "mean_log2_count"],
    "calibration": CALIBRATION_COLUMNS,
    "decision": ["threshold", *MODELS, "treat_all", "treat_none"],
    "null": ["permutation", "auc"],
    "predictions": ["sample", "participant", "level", *MODELS],
}


def performance_table(found: Assessment, n_samples: int, n_folds: int) -> pd.DataFrame:
    """Area with its interval, Brier score and calibration of each model."""
    rows = []
    for model in MODELS:
        if model in found.people:
            people = found.people[model]
            auc, calibration = area(people, n_folds), recalibrate(people.log_odds, people.is_test)
            brier = brier_score(people.log_odds, people.is_test)
            rows.append((model, *auc[:3], brier, *calibration, len(people.is_test), n_samples))
    return pd.DataFrame(rows, columns=COLUMNS["performance"])


def gain_table(found: Assessment, n_folds: int) -> pd.DataFrame:
    """Differences of areas on the same people; none without covariates."""
    rows = [
        (model, over, *difference(found.people[model], found.people[over], n_folds)[:3])
        for model, over in GAINS
        if model in found.people and over in found.people
    ]
    return pd.DataFrame(rows, columns=COLUMNS["gain"])


def panel_table(
    found: Assessment, genes: pd.DataFrame, location: np.ndarray, statistics: pd.DataFrame, levels: tuple[str, str]
) -> pd.DataFrame:
    """Genes of the final panel by the size of their coefficient, then those that outer fits chose, most often first.

    Parameters
    ----------
    genes : (n_genes,) index gene id, column gene_name
    location : (n_genes,) text
    statistics : of the contrast: gene_id, baseMean, log2FoldChange
    levels : tested, reference
    """
    frequency, rank, sign = selection(found.panels, len(genes))
    final = found.final.panel
    coefficient, mean, sd = np.zeros(len(genes)), np.full(len(genes), np.nan), np.full(len(genes), np.nan)
    coefficient[final.genes], mean[final.genes], sd[final.genes] = final.coefficients, final.centre, final.scale
    listed = np.flatnonzero((coefficient != 0) | (frequency > 0))
    direction = np.where(coefficient != 0, np.sign(coefficient), np.nan_to_num(np.sign(sign)))[listed]
    table = pd.DataFrame(
        {
            "gene_id": genes.index[listed],
            "gene_name": genes["gene_name"].to_numpy()[listed],
            "in_panel": np.where(coefficient[listed] != 0, "yes", "no"),
            "coefficient": coefficient[listed],
            "direction": np.select([direction > 0, direction < 0], levels, ""),
            "selection_frequency": frequency[listed],
            "mean_rank": rank[listed],
            "location": location[listed],
            "mean": mean[listed],
            "sd": sd[listed],
        }
    )
    more = statistics.set_index("gene_id").reindex(table["gene_id"])
    for column in ("baseMean", "log2FoldChange"):
        table[column] = more[column].to_numpy()
    order = np.lexsort((table["mean_rank"].fillna(np.inf), -table["selection_frequency"], -table["coefficient"].abs()))
    return table.iloc[order][COLUMNS["panel"]].reset_index(drop=True)


def reference_table(found: Assessment, genes: pd.DataFrame) -> pd.DataFrame:
    """The frozen reference of the final panel's size factors; empty for log intensities."""
    positions, means = found.reference
    return pd.DataFrame({"gene_id": genes.index[positions], "mean_log2_count": means})


def calibration_table(found: Assessment) -> pd.DataFrame:
    """Reliability bins of each model's out-of-fold predictions."""
    tables = [reliability(people.log_odds, people.is_test, model) for model, people in found.people.items()]
    return pd.concat(tables, ignore_index=True)


def decision_table(found: Assessment) -> pd.DataFrame:
    """Net benefit of each model at each threshold; a model that there is not has none."""
    people = found.people[PANEL]
    table = decision_curve({model: one.log_odds for model, one in found.people.items()}, people.is_test)
    return table.reindex(columns=COLUMNS["decision"])


def null_table(found: Assessment) -> pd.DataFrame:
    """The area of the true labels in one repeat (permutation 0), then those of permuted labels."""
    areas = np.append(found.observed, found.null)
    return pd.DataFrame({"permutation": np.arange(len(areas)), "auc": areas})


def predictions_table(
    found: Assessment, samples: pd.Index, participant: np.ndarray, is_test: np.ndarray, levels: tuple[str, str]
) -> pd.DataFrame:
    """Out-of-fold probability of the tested level for each sample, of log odds averaged over repeats."""
    table = pd.DataFrame(
        {"sample": samples, "participant": participant, "level": np.where(is_test, levels[0], levels[1])}
    )
    for model, log_odds in found.predictions.items():
        table[model] = expit(log_odds)
    return table.reindex(columns=COLUMNS["predictions"])


def empty_tables() -> dict[str, pd.DataFrame]:
    """Every table with its header alone, where nothing was assessed."""
    return {name: pd.DataFrame(columns=columns) for name, columns in COLUMNS.items()}
