"""What is known of how far to trust a contrast, a row a finding."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from lateralis.config import Endpoint
from lateralis.model.endpoint import headline_rule

TRUST_COLUMNS = ("aspect", "item", "value", "verdict", "reason")


def summary_rows(
    results: pd.DataFrame,
    *,
    endpoint: Endpoint,
    histogram: tuple[str, str] | None = None,
    calibration: pd.DataFrame | None = None,
    robustness: pd.DataFrame | None = None,
    sensitivity: pd.DataFrame | None = None,
    overlap: pd.DataFrame | None = None,
    power: pd.DataFrame | None = None,
    equivalent: pd.DataFrame | None = None,
) -> list[dict[str, Any]]:
    """Rows of `trust.tsv`.

    Parameters
    ----------
    results : of `endpoint.call_genes`; empty for a refused contrast
    histogram, calibration, …, equivalent : from the modules of that name; None where not done

    Returns
    -------
    dicts with `TRUST_COLUMNS`: aspect (`p-values`, `calibration`, `robustness`, `overlap`, `sensitivity`, `power`,
    `equivalence`), item, value, verdict and reason, a sentence
    """
    if results.empty:
        return [_row("all", "", np.nan, "not assessed", "the contrast is refused")]
    rows = []
    if histogram is not None:
        rows.append(_row("p-values", "histogram", np.nan, *histogram))
    for found in [] if calibration is None else calibration.fillna({"reason": ""}).to_dict("records"):
        rows.append(_row("calibration", found["rule"], found["empirical_fdr"], found["verdict"], _calibrated(found)))
    rule = headline_rule(results, endpoint.headline)
    if robustness is not None:
        rows += _robust(robustness)
    for found in [] if overlap is None else overlap.to_dict("records"):
        lacking = found["inside"] < 0.8
        span = f"{found['low']:.4g} to {found['high']:.4g}"
        told = f"{found['inside']:.0%} of {found['group']} have {found['variable']} in the range of all groups, {span}"
        verdict = "little common support" if lacking else "ok"
        rows.append(_row("overlap", f"{found['variable']}: {found['group']}", found["inside"], verdict, told))
    for found in [] if sensitivity is None else sensitivity.fillna({"reason": ""}).to_dict("records"):
        if found["reason"]:
            rows.append(_row("sensitivity", found["analysis"], np.nan, "not done", found["reason"]))
            continue
        share = found["in_both"] / found["called"] if found["called"] else np.nan
        told = (
            f"{found['called']:.0f} genes called, {found['called_again']:.0f} by this, {found['in_both']:.0f} by both"
        )
        rows.append(_row("sensitivity", found["analysis"], share, _agreement(share), told))
    if power is not None and len(power):
        now = power[(power["rule"] == rule) & (power["smaller_group"] == power["smaller_group"].min())]
        for found in now.to_dict("records"):
            told = f"{found['fold_change']:.2f}-fold is found with 80 % power at {found['expression']} expression"
            rows.append(_row("power", f"{found['expression']} expression", found["fold_change"], "", told))
    if equivalent is not None:
        n = int(equivalent["equivalent"].sum())
        tested = int(equivalent["pvalue_equivalence"].notna().sum())
        told = f"{n:,} of {tested:,} genes are shown to change less than {endpoint.fold_change:g}-fold"
        rows.append(_row("equivalence", "genes", n, "", told))
    return rows


def _row(aspect: str, item: str, value: float, verdict: str, reason: str) -> dict[str, Any]:
    return {"aspect": aspect, "item": item, "value": value, "verdict": verdict, "reason": reason}


def _calibrated(found: dict[Any, Any]) -> str:
    if not np.isfinite(found["mean_null_calls"]):
        return str(found["reason"])
    return f"{found['mean_null_calls']:.1f} genes called by chance, {found['observed']:.0f} observed; {found['reason']}"


def _robust(robustness: pd.DataFrame) -> list[dict[str, Any]]:
    called = robustness[robustness["call"].isin(["up", "down"])]
    if called.empty:
        return [_row("robustness", "called genes", np.nan, "not assessed", "no gene is called")]
    robust, driven = ((called["badge"] == badge).sum() for badge in ("robust", "one_sample_driven"))
    return [
        _row(
            "robustness",
            "robust",
            robust / len(called),
            "",
            f"{robust:,} of {len(called):,} called genes hold without any one sample, participant, family or batch",
        ),
        _row(
            "robustness",
            "one sample driven",
            driven / len(called),
            "ok" if driven == 0 else "look at them",
            f"{driven:,} of {len(called):,} called genes rest on one sample",
        ),
    ]


def _agreement(share: float) -> str:
    if not np.isfinite(share):
        return "nothing called"
    return "agrees" if share >= 0.8 else "differs"
