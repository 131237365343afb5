"""Quality metrics of each sample, and flags where one stands out from the others or breaks an absolute limit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy.spatial.distance import pdist, squareform

HAEMOGLOBIN = ("HBA1", "HBA2", "HBB", "HBD", "HBG1", "HBG2", "HBM", "HBQ1", "HBE1", "HBZ")
MITOCHONDRIAL_RRNA = ("MT-RNR1", "MT-RNR2")
_MAD_TO_SD = 1.4826
FLAG_COLUMNS = ("sample", "check", "value", "threshold", "verdict", "reason")


@dataclass(frozen=True)
class Check:
    """Limits of one metric.

    Attributes
    ----------
    metric : column of the metrics
    side : which end is bad
    log : whether distances are measured on the log scale
    warn_mads, fail_mads : robust standard deviations from the cohort's median
    warn_at, fail_at : absolute limits, whatever the others look like
    least_spread : floor of the robust standard deviation, so that alike samples are not flagged for trifles
    """

    metric: str
    side: Literal["low", "high"]
    log: bool = False
    warn_mads: float | None = 3.0
    fail_mads: float | None = None
    warn_at: float | None = None
    fail_at: float | None = None
    least_spread: float = 0.0


CHECKS = (
    Check("library_size", "low", log=True, warn_at=5e6, fail_at=1e6, least_spread=0.1),
    Check("detected_genes", "low", fail_mads=6.0, least_spread=100.0),
    Check("mitochondrial_fraction", "high", warn_at=0.20, fail_at=0.40, least_spread=0.005),
    Check("rrna_fraction", "high", warn_at=0.10, fail_at=0.30, least_spread=0.005),
    Check("haemoglobin_fraction", "high", warn_at=0.01, fail_at=0.10, least_spread=0.0005),
    Check("pca_distance", "high", log=True, warn_mads=3.5, fail_mads=6.0, least_spread=0.1),
    Check("median_distance", "high", log=True, warn_mads=3.5, fail_mads=6.0, least_spread=0.05),
)


def sample_metrics(
    counts: np.ndarray, genes: pd.DataFrame, vst: np.ndarray, components: np.ndarray, size_factors: np.ndarray
) -> pd.DataFrame:
    """Quality metrics of every sample.

    Parameters
    ----------
    counts : (n_samples, n_genes) integers
    genes : (n_genes, …) with gene_name, chromosome, biotype
    vst : (n_samples, n_genes) variance-stabilised expression
    components : (n_samples, k) principal components
    size_factors : (n_samples,)

    Returns
    -------
    DataFrame, one row a sample: library_size (counts), detected_genes (genes with a count), mitochondrial_fraction,
    rrna_fraction (nuclear and mitochondrial rRNA), haemoglobin_fraction (of all counts), size_factor, pca_distance (from the
    median sample over the first components, in robust standard deviations) and median_distance (median Euclidean distance to
    the other samples over `vst`)
    """
    library_size = counts.sum(axis=1, dtype=np.int64)
    mitochondrial_rrna = genes["gene_name"].isin(MITOCHONDRIAL_RRNA).to_numpy()
    shares = {
        "mitochondrial_fraction": (genes["chromosome"] == "MT").to_numpy(),
        "rrna_fraction": genes["biotype"].isin(["rRNA", "Mt_rRNA"]).to_numpy() | mitochondrial_rrna,
        "haemoglobin_fraction": genes["gene_name"].isin(HAEMOGLOBIN).to_numpy(),
    }
    metrics = pd.DataFrame({"library_size": library_size, "detected_genes": (counts > 0).sum(axis=1)})
    for name, mask in shares.items():
        metrics[name] = counts[:, mask].sum(axis=1, dtype=np.int64) / library_size
    metrics["size_factor"] = size_factors
    metrics["pca_distance"] = robust_distance(components[:, :5])
    metrics["median_distance"] = median_distance(sample_distances(vst))
    return metrics


def sample_distances(vst: np.ndarray) -> np.ndarray:
    """Euclidean distances between samples over variance-stabilised expression.

    Parameters
    ----------
    vst : (n_samples, n_genes)

    Returns
    -------
    (n_samples, n_samples)
    """
    return squareform(pdist(vst))


def median_distance(distances: np.ndarray) -> np.ndarray:
    """Median distance of each sample to the others."""
    others = np.where(np.eye(len(distances), dtype=bool), np.nan, distances)
    return np.nanmedian(others, axis=1) if len(distances) > 1 else np.zeros(1)


def robust_distance(values: np.ndarray) -> np.ndarray:
    """Distance of each row from the median row, each column in robust standard deviations (root mean square over columns).

    A column's robust standard deviation is half the distance between its 16 % and 84 % quantiles: unlike the median absolute
    deviation, it stays meaningful where samples fall into two clusters, such as women and men.
    """
    low, high = np.quantile(values, [0.16, 0.84], axis=0)
    spread = (high - low) / 2
    usable = spread > 0
    if not usable.any():
        return np.zeros(len(values))
    deviations = (values - np.median(values, axis=0))[:, usable] / spread[usable]
    return np.sqrt((deviations**2).mean(axis=1))


def flag_samples(metrics: pd.DataFrame, checks: tuple[Check, ...] = CHECKS) -> pd.DataFrame:
    """Verdict of every check on every sample.

    Parameters
    ----------
    metrics : one row a sample, index: sample
    checks : limits

    Returns
    -------
    DataFrame with `FLAG_COLUMNS`; verdict `ok`, `warn` or `fail`; threshold is the limit that decided
    """
    frames = [_apply(check, metrics[check.metric].astype(float)) for check in checks]
    return pd.concat(frames, ignore_index=True)[list(FLAG_COLUMNS)]


def _apply(check: Check, values: pd.Series) -> pd.DataFrame:
    limits = _limits(check, values.to_numpy())
    rows = []
    for sample, value in values.items():
        broken = [limit for limit in limits if _beyond(value, limit)]
        worst = next((limit for limit in broken if limit.verdict == "fail"), broken[0] if broken else limits[0])
        verdict = worst.verdict if broken else "ok"
        rows.append((sample, check.metric, value, worst.value, verdict, worst.reason if broken else ""))
    return pd.DataFrame(rows, columns=list(FLAG_COLUMNS))


@dataclass(frozen=True)
class _Limit:
    value: float
    low: bool
    verdict: str
    reason: str


def _beyond(value: float, limit: _Limit) -> bool:
    return value < limit.value if limit.low else value > limit.value


def _limits(check: Check, values: np.ndarray) -> list[_Limit]:
    """All limits of a check in the units of its metric, warnings first."""
    low = check.side == "low"
    scaled = np.log2(np.maximum(values, np.finfo(float).tiny)) if check.log else values
    centre = float(np.median(scaled))
    spread = max(_MAD_TO_SD * float(np.median(np.abs(scaled - centre))), check.least_spread)
    found = []
    for verdict, mads, absolute in (("warn", check.warn_mads, check.warn_at), ("fail", check.fail_mads, check.fail_at)):
        word = "below" if low else "above"
        if mads is not None:
            limit = centre + (-mads if low else mads) * spread
            reason = f"more than {mads:g} robust standard deviations {word} the cohort's median"
            found.append(_Limit(float(2**limit) if check.log else limit, low, verdict, reason))
        if absolute is not None:
            found.append(_Limit(absolute, low, verdict, f"{word} {absolute:g}"))
    return found


def worst_verdicts(flags: pd.DataFrame) -> pd.DataFrame:
    """Worst verdict of each sample and the checks behind it.

    Returns
    -------
    DataFrame, index: sample; qc_verdict, qc_reasons
    """
    rank = flags["verdict"].map({"ok": 0, "warn": 1, "fail": 2})
    worst = rank.groupby(flags["sample"], sort=False).max().map({0: "ok", 1: "warn", 2: "fail"})
    raised = flags[flags["verdict"] != "ok"]
    texts = raised["check"] + " (" + raised["verdict"] + ")"
    reasons = texts.groupby(raised["sample"], sort=False).agg("; ".join)
    return pd.DataFrame({"qc_verdict": worst, "qc_reasons": reasons.reindex(worst.index, fill_value="")})
