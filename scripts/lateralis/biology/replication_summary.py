"""What several cohorts found together, in a table of cohorts and in sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from lateralis.biology.gene_matching import MatchedGenes
from lateralis.config import Endpoint
from lateralis.model.endpoint import RULES, Rule, count_calls, has_fold_changes

COHORT_COLUMNS = (
    "cohort",
    "title",
    "contrast",
    "label",
    "status",
    "takes_part",
    "reason",
    "assay",
    "samples_test",
    "samples_reference",
    "samples_fit_only",
    "fold_change",
    "alpha",
    "headline",
    "genes",
    "tested",
    "matched_by_id",
    "matched_by_name",
    *(f"called_{rule}" for rule in RULES),
)
FEW_COHORTS = 4  # up to which hardly any gene is called by random effects
TOO_FEW = "Fewer than two cohorts have results of this question, so there is nothing to compare."


@dataclass(frozen=True)
class Answer:
    """What one cohort brought.

    Attributes
    ----------
    told : what its config says: title, contrast, label, assay, endpoint
    status : of its contrast, as `status.json`
    results : of its contrast
    """

    told: Mapping[str, Any]
    status: Mapping[str, Any]
    results: pd.DataFrame

    @property
    def endpoint(self) -> Endpoint:
        """When the cohort calls a gene."""
        return Endpoint(**self.told["endpoint"])

    @property
    def reason(self) -> str:
        """Why the cohort takes no part; empty where it does."""
        if self.status["status"] != "tested":
            return str(self.status["reason"]) or "The contrast was refused."
        if not self.results["pvalue"].notna().any() or not has_fold_changes(self.results):
            return "No gene has a p-value in this contrast."
        return ""


def cohorts_table(answers: Mapping[str, Answer], matched: MatchedGenes | None) -> pd.DataFrame:
    """What each cohort brought, `COHORT_COLUMNS`; numbers of genes are empty where it takes no part."""
    counts = {} if matched is None else matched.counts.set_index("cohort").to_dict("index")
    rows = []
    for name, answer in answers.items():
        endpoint, samples = answer.endpoint, answer.status["samples"]
        row = {"cohort": name, **{key: answer.told[key] for key in ("title", "contrast", "label", "assay")}}
        row |= {"status": answer.status["status"], "takes_part": not answer.reason, "reason": answer.reason}
        row |= {f"samples_{role}": samples[role] for role in ("test", "reference", "fit_only")}
        row |= {key: getattr(endpoint, key) for key in ("fold_change", "alpha", "headline")}
        if not answer.reason:
            called = count_calls(answer.results).set_index("rule")[["up", "down"]].sum(axis=1)
            row |= {f"called_{rule}": int(called[rule]) for rule in RULES}
            row |= {"genes": len(answer.results), "tested": int(answer.results["pvalue"].notna().sum())}
            found = counts.get(name, {})
            row |= {f"matched_{key}": found[key] for key in ("by_id", "by_name") if found}
        rows.append(row)
    table = pd.DataFrame(rows).reindex(columns=list(COHORT_COLUMNS))
    numbers = ["genes", "tested", "matched_by_id", "matched_by_name", *(f"called_{rule}" for rule in RULES)]
    return table.astype(dict.fromkeys(numbers, "Int64"))


def sentences(
    meta: pd.DataFrame, rates: pd.DataFrame, cohorts: Sequence[str], headlines: Mapping[str, Rule], endpoint: Endpoint
) -> list[str]:
    """What was found, in plain words.

    Parameters
    ----------
    meta : `replication.meta_table`
    rates : `replication_rates.replication_table`
    cohorts : those that take part
    headlines : cohort → the rule by which its called genes are told
    endpoint : of the calls in `meta`
    """
    several, every = int((meta["cohorts"] >= 2).sum()), int((meta["cohorts"] == len(cohorts)).sum())
    rule = f"adjusted p < {endpoint.alpha:g} and fold change ≥ {endpoint.fold_change:g} up or down"
    found = [
        f"{several:,} genes were tested in at least two of {len(cohorts)} cohorts, {every:,} in all.",
        f"In every cohort {_counted(meta['call_every'])} ({rule}, in each).",
        f"Random effects, for cohorts like these: {_counted(meta['call'])} ({rule}).",
    ]
    if len(cohorts) <= FEW_COHORTS:
        found.append(few_cohorts(len(cohorts)))
    found.append(f"Fixed effect, for these cohorts alone: {_counted(meta['call_fixed'])} ({rule}).")
    if several:
        chance = float((meta["pvalue_Q"] < 0.05).sum()) / several
        flagged = int(meta["heterogeneous"].fillna(False).sum())
        found.append(
            f"Cohorts differ at p < 0.05 in {chance:.1%} of genes, of which 5% would by chance; in {_genes(flagged)} they do "
            "after correction for multiple testing. With few cohorts this test sees large differences only."
        )
    told = rates[rates["rule"] == rates["discovery"].map(headlines)]
    return found + [_rate(row) for _, row in told.iterrows()]


def few_cohorts(n_cohorts: int) -> str:
    """What hardly any gene can pass with so few cohorts, and what that means."""
    df = n_cohorts - 1
    needed = float(stdtrit(df, 0.975))
    freedom = "one degree" if df == 1 else f"{df} degrees"
    return (
        f"With {n_cohorts} cohorts the random-effects test has {freedom} of freedom: p < 0.05 takes an effect of {needed:.1f} "
        "standard errors, and far more after correction for multiple testing. That it calls few or no genes says that so few "
        "cohorts cannot show how much cohorts differ, not that nothing replicates; see the genes that change in every cohort."
    )


def _rate(row: pd.Series) -> str:
    head = f"Of {_genes(row['called'])} that {row['discovery']} calls (rule {row['rule']}), {row['tested']:,} were tested in "
    if not row["tested"]:
        return f"{head}{row['replication']}."
    first, low, high = row["discovery"], row["low"], row["high"]
    expected = f"{row['expected']:,.0f} would"
    if np.isfinite(row["expected_shrunken"]):
        expected += f", {row['expected_shrunken']:,.0f} if its shrunken ones were"
    return (
        f"{head}{row['replication']}: {row['same_sign']:,} have the same direction there, {row['replicated']:,} replicate "
        f"(one-sided p below alpha; {row['rate']:.0%}, 95% interval {low:.0%} to {high:.0%}). If {first}'s effects were "
        f"the true ones, {expected}; {row['expected_by_chance']:,.0f} by chance alone."
    )


def _counted(calls: pd.Series) -> str:
    return f"{int((calls == 'up').sum()):,} up and {int((calls == 'down').sum()):,} down"


def _genes(count: int) -> str:
    return f"{count:,} gene" + ("" if count == 1 else "s")
