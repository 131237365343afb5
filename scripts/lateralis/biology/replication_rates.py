"""Whether one cohort's findings are seen in another: agreement of signs, shares replicated, and what was to be expected."""

from __future__ import annotations

from itertools import combinations, permutations

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri
from scipy.stats import beta, spearmanr

from lateralis.biology.replication import AlignedResults
from lateralis.model.endpoint import RULES
from lateralis.model.multiplicity import benjamini_hochberg

LEVEL = 0.95
FEWEST_FOR_PI1 = 20  # genes
LAMBDA = 0.5  # above this p-value, all genes are taken to be unchanged
REPLICATION_COLUMNS = (
    "discovery",
    "replication",
    "rule",
    "called",
    "tested",
    "same_sign",
    "replicated",
    "rate",
    "low",
    "high",
    "expected",
    "expected_shrunken",
    "expected_by_chance",
    "replicated_fdr",
    "pi1",
)
CONCORDANCE_COLUMNS = ("cohort_1", "cohort_2", "genes", "n", "same_sign", "share", "low", "high", "spearman")


def replication_table(aligned: AlignedResults, alpha: float) -> pd.DataFrame:
    """Each cohort's called genes in each other cohort, rule by rule.

    Parameters
    ----------
    aligned : of two cohorts or more
    alpha : level of the one-sided test in the replication cohort

    Returns
    -------
    DataFrame with `REPLICATION_COLUMNS`, one row a discovery cohort, replication cohort and rule:

    called : genes that the discovery cohort calls, by its own endpoint
    tested : those that the replication cohort tested; all that follows is of these
    same_sign : of the same direction
    replicated, rate, low, high : p < alpha, one-sided in the direction of the discovery; share, with 95 % interval
    expected : how many would, by the replication cohort's standard errors, if the discovery's effects were the true ones
    expected_shrunken : the same of the discovery's shrunken effects, which the winner's curse inflates less
    expected_by_chance : how many would if none was true
    replicated_fdr : how many have an adjusted one-sided p-value < alpha, Benjamini–Hochberg over these genes
    pi1 : estimated share of these genes that the replication cohort sees changed, in whichever direction; empty for few genes

    Source: Storey & Tibshirani 2003, doi:10.1073/pnas.1530509100 (pi1 = 1 − pi0, at lambda 0.5).
    """
    rows = []
    for first, second in permutations(range(len(aligned.cohorts)), 2):
        for rule in RULES:
            called = np.isin(aligned.calls[rule][:, first], ["up", "down"])
            at = np.flatnonzero(called & aligned.tested[:, second])
            head = (aligned.cohorts[first], aligned.cohorts[second], rule, int(called.sum()), len(at))
            rows.append((*head, *_replicated(aligned, at, first, second, alpha)))
    return pd.DataFrame(rows, columns=list(REPLICATION_COLUMNS))


def _replicated(aligned: AlignedResults, at: np.ndarray, first: int, second: int, alpha: float) -> tuple[float, ...]:
    """Columns from same_sign on, of the genes `at`."""
    sign = np.sign(aligned.effects[at, first])
    same = sign * aligned.effects[at, second] > 0
    pvalue = aligned.pvalues[at, second]
    one_sided = np.where(same, pvalue / 2, 1 - pvalue / 2)
    replicated = int((one_sided < alpha).sum())
    error = aligned.errors[at, second]
    shrunken = sign * aligned.shrunken[at, first]
    return (
        int(same.sum()),
        replicated,
        replicated / len(at) if len(at) else np.nan,
        *share_interval(replicated, len(at)),
        float(power_one_sided(np.abs(aligned.effects[at, first]), error, alpha).sum()),
        float(power_one_sided(shrunken, error, alpha).sum()) if np.isfinite(shrunken).all() else np.nan,
        alpha * len(at),
        int((benjamini_hochberg(one_sided) < alpha).sum()),
        1 - min(1.0, float((pvalue > LAMBDA).mean()) / (1 - LAMBDA)) if len(at) >= FEWEST_FOR_PI1 else np.nan,
    )


def power_one_sided(effect: np.ndarray, error: np.ndarray, alpha: float) -> np.ndarray:
    """Chance that a one-sided test of normal estimates is below alpha, when the effect in its direction is the true one."""
    return ndtr(effect / error - ndtri(1 - alpha))


def concordance_table(aligned: AlignedResults) -> pd.DataFrame:
    """How two cohorts' effects agree: of all genes that both tested, and of those that one or both call by the rule `fdr`.

    Returns
    -------
    DataFrame with `CONCORDANCE_COLUMNS`, four rows a pair: genes is `tested`, `called in {cohort}` or `called in both`; n of
    them that both tested, how many have the same sign, their share with its 95 % interval, to be held against 0.5, and
    Spearman's correlation of the effects (empty below three genes). An effect of exactly 0 agrees with nothing.
    """
    rows = []
    for first, second in combinations(range(len(aligned.cohorts)), 2):
        names = aligned.cohorts[first], aligned.cohorts[second]
        both = aligned.tested[:, first] & aligned.tested[:, second]
        called = [np.isin(aligned.calls["fdr"][:, number], ["up", "down"]) for number in (first, second)]
        sets = {"tested": both, **{f"called in {name}": both & of for name, of in zip(names, called, strict=True)}}
        for words, chosen in {**sets, "called in both": both & called[0] & called[1]}.items():
            pair = aligned.effects[chosen][:, [first, second]]
            n, same = len(pair), int((pair[:, 0] * pair[:, 1] > 0).sum())
            varied = n > 2 and (np.ptp(pair, axis=0) > 0).all()
            rank = float(spearmanr(pair[:, 0], pair[:, 1]).statistic) if varied else np.nan
            rows.append((*names, words, n, same, same / n if n else np.nan, *share_interval(same, n), rank))
    return pd.DataFrame(rows, columns=list(CONCORDANCE_COLUMNS))


def share_interval(successes: int, trials: int) -> tuple[float, float]:
    """Clopper and Pearson's interval of a share; NaN without trials. Genes count as independent, which they are not."""
    if trials == 0:
        return np.nan, np.nan
    tail = (1 - LEVEL) / 2
    low = float(beta.ppf(tail, successes, trials - successes + 1)) if successes else 0.0
    high = float(beta.ppf(1 - tail, successes + 1, trials - successes)) if successes < trials else 1.0
    return low, high
