"""Verdicts: which values of which samples stand out, told in one table whatever the check. Flags never drop a sample."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from lateralis.stages import Limits

FLAG_COLUMNS = ("sample", "check", "value", "threshold", "verdict", "reason")
NOT_ASSESSED = "not assessed"
VERDICTS = ("ok", NOT_ASSESSED, "warn", "fail")  # from best to worst
FEWEST_SAMPLES = 3  # below, the others are no yardstick
_MAD_TO_SD = 1.4826


@dataclass(frozen=True)
class Check:
    """How one metric is judged; its limits are the config's.

    Attributes
    ----------
    name : the check, and the column of the metrics
    side : which end is bad
    scale : on which distances from the median are measured; `complement` is the logarithm of 1 − value, for correlations
    least_spread : floor of the robust standard deviation on that scale, so that alike samples are not flagged for trifles
    """

    name: str
    side: Literal["low", "high"]
    scale: Literal["linear", "log", "complement"] = "linear"
    least_spread: float = 0.0


@dataclass(frozen=True)
class _Limit:
    value: float
    verdict: str
    reason: str


def judge(values: pd.Series, check: Check, limits: Limits) -> pd.DataFrame:
    """Verdict of one check on every sample.

    Parameters
    ----------
    values : (n_samples,) float, index sample; NaN where it could not be measured
    check : how it is judged
    limits : robust ones are distances from the median in robust standard deviations (1.4826 × median absolute deviation)

    Returns
    -------
    DataFrame with `FLAG_COLUMNS`, one row a sample; verdict `ok`, `warn`, `fail` or `not assessed`; threshold is the limit
    that decided, or the nearest one. Of fewer than three values none stands out, so only absolute limits hold.
    """
    values = values.astype(float)
    known = values.dropna().to_numpy()
    found = _limits(check, known, limits)
    if len(known) and not found:
        few = limits.warn_mads is not None or limits.fail_mads is not None
        reason = f"{_too_few(len(values))}, and there is no absolute limit" if few else "no limit is set for it"
        return not_assessed(values.index, check.name, reason).assign(value=values.to_numpy())
    rows = []
    for sample, value in values.items():
        if np.isnan(value):
            rows.append((sample, check.name, value, np.nan, NOT_ASSESSED, "could not be measured"))
            continue
        broken = [limit for limit in found if (value < limit.value if check.side == "low" else value > limit.value)]
        worst = next((limit for limit in broken if limit.verdict == "fail"), broken[0] if broken else None)
        nearest = worst or (found[0] if found else None)
        threshold = np.nan if nearest is None else nearest.value
        verdict, reason = ("ok", "") if worst is None else (worst.verdict, worst.reason)
        rows.append((sample, check.name, value, threshold, verdict, reason))
    return pd.DataFrame(rows, columns=list(FLAG_COLUMNS))


def not_assessed(samples: Iterable[str], check: str, reason: str) -> pd.DataFrame:
    """Flags that say why a check could not be made; DataFrame with `FLAG_COLUMNS`, one row a sample."""
    rows = [(sample, check, np.nan, np.nan, NOT_ASSESSED, reason) for sample in samples]
    return pd.DataFrame(rows, columns=list(FLAG_COLUMNS))


def _limits(check: Check, values: np.ndarray, limits: Limits) -> list[_Limit]:
    """All limits of a check in the units of its metric, warnings first, the innermost of each first."""
    if not len(values):
        return []
    low, sign = check.side == "low", -1.0 if check.side == "low" else 1.0
    scaled = _scaled(values, check)
    inner = sign if check.scale != "complement" else -sign
    centre = float(np.median(scaled))
    spread = max(_MAD_TO_SD * float(np.median(np.abs(scaled - centre))), check.least_spread)
    word, found = "below" if low else "above", []
    for verdict, mads, absolute in (
        ("warn", limits.warn_mads, limits.warn_at),
        ("fail", limits.fail_mads, limits.fail_at),
    ):
        if mads is not None and len(values) >= FEWEST_SAMPLES:
            limit = _unscaled(centre + inner * mads * spread, check)
            reason = f"more than {mads:g} robust standard deviations {word} the cohort's median"
            found.append(_Limit(limit, verdict, reason))
        if absolute is not None:
            found.append(_Limit(absolute, verdict, f"{word} {absolute:g}"))
    return found


def _too_few(n_samples: int) -> str:
    return f"{n_samples} sample{'s have' if n_samples > 1 else ' has'} no others to be compared with"


def compared_with_nobody(samples: pd.Index, check: str) -> pd.DataFrame:
    """Flags of a check that needs other samples, in a cohort of fewer than three."""
    return not_assessed(samples, check, _too_few(len(samples)))


def _scaled(values: np.ndarray, check: Check) -> np.ndarray:
    tiny = np.finfo(float).tiny
    if check.scale == "log":
        return np.log2(np.maximum(values, tiny))
    return np.log2(np.maximum(1 - values, tiny)) if check.scale == "complement" else values


def _unscaled(value: float, check: Check) -> float:
    if check.scale == "log":
        return float(2**value)
    return float(1 - 2**value) if check.scale == "complement" else value


def worst_verdicts(flags: pd.DataFrame) -> pd.DataFrame:
    """Worst verdict of each sample and the checks behind it.

    Returns
    -------
    DataFrame, index: sample; qc_verdict (`ok`, `warn` or `fail`; what was not assessed counts for nothing) and qc_reasons
    """
    raised = flags[flags["verdict"].isin(["warn", "fail"])]
    rank = flags["verdict"].map({"warn": 1, "fail": 2}).fillna(0).astype(int)
    worst = rank.groupby(flags["sample"], sort=False).max().map({0: "ok", 1: "warn", 2: "fail"})
    texts = raised["check"] + " (" + raised["verdict"] + ")"
    reasons = texts.groupby(raised["sample"], sort=False).agg("; ".join)
    return pd.DataFrame({"qc_verdict": worst, "qc_reasons": reasons.reindex(worst.index, fill_value="")})
