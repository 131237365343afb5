"""What may be said of a panel, and what may not: the summary of all that was found, with its verdict and its claim."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from lateralis.biology.biomarkers.assess import BOTH, COVARIATES, PANEL, Assessment
from lateralis.biology.biomarkers.stability import selection, stability_index

ALPHA = 0.05
CLAIM = (
    "Internal cross-validation in one cohort: no claim about other people follows from it. A claim would need this panel, its "
    "coefficients and reference frozen as they stand here, to be applied unchanged to an external cohort, recruited and "
    "measured independently, and its discrimination and calibration there to be reported (TRIPOD, Collins et al. 2015)."
)
NOT_ASSESSED = "No panel was assessed, so none is claimed."


def summarise(
    found: Assessment,
    performance: pd.DataFrame,
    gain: pd.DataFrame,
    *,
    levels: tuple[str, str],
    covariates: list[str],
    n_genes: int,
) -> dict[str, Any]:
    """The findings as plain data: areas, gain, null, stability, the panel's facts, verdict and claim.

    Parameters
    ----------
    performance, gain : the tables of that name
    levels : tested, reference
    covariates : that the panel must tell more than
    n_genes : of the input
    """
    frequency, _, _ = selection(found.panels, n_genes)
    sizes = [len(panel.genes) for panel in found.panels]
    final = found.final.panel
    # whatever any outer fit could choose from; genes that no filter kept would make all panels look alike
    index = stability_index(np.append(frequency[frequency > 0], np.zeros(_never_chosen(found, frequency))), len(sizes))
    code, sentence = verdict(performance, gain, found.p_value, levels, covariates)
    penalty: dict[str, float | None] = {"C": None, "l1_ratio": None}
    if len(final.genes):
        penalty = {"C": 1 / (final.penalty * len(final.size_factors)), "l1_ratio": final.l1_ratio}
    return plain(
        {
            "status": "assessed",
            "reason": "",
            "verdict": code,
            "sentence": sentence,
            "claim": CLAIM,
            "genes": {"input": n_genes, "kept": found.genes_kept, "panel": len(final.genes)},
            "auc": {
                row["model"]: {key: row[key] for key in ("auc", "auc_low", "auc_high")}
                for row in performance.to_dict("records")
            },
            "gain": {
                f"{row['model']} over {row['over']}": {key: row[key] for key in ("auc_difference", "low", "high")}
                for row in gain.to_dict("records")
            },
            "null": {
                "statistic": "AUC of people in the first repeat",
                "observed": found.observed,
                "permutations": len(found.null),
                "mean": found.null.mean(),
                "p": found.p_value,
            },
            "stability": {
                "nogueira": index,
                "panels": len(sizes),
                "genes_a_panel": float(np.median(sizes)),
                "in_half_of_panels": int((frequency >= 0.5).sum()),
            },
            "panel": {
                "intercept": final.intercept,
                "software": found.final.software,
                "largest_difference_from_compiled_fit": found.final.difference,
                **penalty,
            },
        }
    )


def verdict(
    performance: pd.DataFrame, gain: pd.DataFrame, p: float, levels: tuple[str, str], covariates: list[str]
) -> tuple[str, str]:
    """One word and one sentence: `chance`, `no_gain`, `gain`; `told_apart` where there are no covariates to compare with."""
    row = performance.set_index("model").loc[PANEL]
    who = f"{levels[0]} from {levels[1]}"
    auc = f"AUC {row['auc']:.2f}, 95 % interval {row['auc_low']:.2f} to {row['auc_high']:.2f}; permutation p = {p:.2g}"
    if not (row["auc_low"] > 0.5 and p <= ALPHA):
        return "chance", f"The panel does not tell {who} beyond chance ({auc})."
    if gain.empty:
        return (
            "told_apart",
            f"Within this cohort the panel tells {who} ({auc}); there are no covariates to compare it with.",
        )
    more = gain[(gain["model"] == BOTH) & (gain["over"] == COVARIATES)].iloc[0]
    words = f"{more['auc_difference']:+.2f}, 95 % interval {more['low']:+.2f} to {more['high']:+.2f}"
    listed = ", ".join(covariates)
    if more["low"] > 0:
        return "gain", f"Within this cohort the panel tells {who} ({auc}), and adds to {listed} (AUC {words})."
    return "no_gain", f"The panel tells {who} ({auc}), but adds nothing sure to {listed} alone (AUC {words})."


def not_assessed(reason: str) -> dict[str, Any]:
    """The summary of a contrast that was refused."""
    return {
        "status": "not assessed",
        "reason": reason,
        "verdict": "not_assessed",
        "sentence": f"Not assessed: {reason}",
        "claim": NOT_ASSESSED,
    }


def _never_chosen(found: Assessment, frequency: np.ndarray) -> int:
    """Genes that passed the filter of all data and stand in no panel."""
    return max(found.genes_kept - int((frequency > 0).sum()), 0)


def plain(content: Any) -> Any:
    """Numbers of numpy as numbers of JSON; what is no number as nothing."""
    if isinstance(content, dict):
        return {key: plain(value) for key, value in content.items()}
    if isinstance(content, np.generic):
        content = content.item()
    return None if isinstance(content, float) and not math.isfinite(content) else content
