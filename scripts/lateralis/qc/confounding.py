"""Whether a contrast can be told from batch, sex or site: refused where it cannot, and held until acknowledged where hardly.

A difference between groups that share no batch is a difference between batches as well, and no model can tell which.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from lateralis.expressions import parse_formula
from lateralis.model.blocks import centre_in_blocks
from lateralis.sections import Samples

MOST_VARIANCE_GROWTH = 5.0
FEWEST_SHARED = 3
TECHNICAL_NAMES = ("batch", "site", "centre", "center")
STRONG = {"Cramér's V": 0.5, "eta²": 0.25}
TABLE_COLUMNS = ("variable", "in_design", "shared_levels", "samples_in_shared_levels", "variance_growth", "verdict")


@dataclass(frozen=True)
class ContrastVerdict:
    """Whether a contrast is tested.

    Attributes
    ----------
    status : `tested` or `refused`
    reason : why it was refused; empty otherwise
    warnings : sentences for the top of the report
    table : `TABLE_COLUMNS`; one row a technical variable, verdict `ok`, `nearly confounded`, `confounded` or `not assessed`
    """

    status: Literal["tested", "refused"]
    reason: str
    warnings: list[str]
    table: pd.DataFrame


@dataclass(frozen=True)
class _Finding:
    row: tuple[object, ...]
    verdict: str
    sentence: str


def technical_variables(
    samples: Samples, named: list[str] | None, sex: str | None, design: str, tested: Collection[str]
) -> list[str]:
    """Variables whose levels the compared groups must share.

    Parameters
    ----------
    samples : the cohort's `samples` section
    named : `qc.technical`; None takes the sex, variables named batch, site or centre (also at the end, as `rna_batch`), and
        the categorical covariates of the design; never participant and family
    sex : the variable that holds the sex
    design : of the contrast's model
    tested : variables that the contrast tests, which it cannot be confounded with
    """
    if named is not None:
        return [name for name in named if name not in tested]
    covariates = parse_formula(design).variables
    people = (samples.participant, samples.family)
    return [
        name
        for name, variable in samples.variables.items()
        if variable.type == "categorical"
        and name not in tested
        and name not in people
        and (name == sex or name in covariates or name.casefold().split("_")[-1] in TECHNICAL_NAMES)
    ]


def judge_contrast(
    groups: pd.Series,
    technical: pd.DataFrame,
    matrix: pd.DataFrame,
    tested: np.ndarray,
    acknowledged: Collection[str] = (),
    blocks: np.ndarray | None = None,
) -> ContrastVerdict:
    """Whether the groups of a contrast can be told from the technical variables.

    Parameters
    ----------
    groups : (n_samples,) compared level of each sample of the model; missing for samples of none
    technical : (n_samples, n_variables) categorical; missing where unknown
    matrix : (n_samples, n_coef) design matrix, of full rank
    tested : (n_coef,) weights of the contrast, or (q, n_coef) of those that are tested together
    acknowledged : technical variables whose near-confounding the user accepts
    blocks : (n_samples,) number of each sample's block, whose columns are not in `matrix`; None without blocks

    Returns
    -------
    ContrastVerdict. Not assessed: a variable that is unknown in more than half of a group. Refused: groups that no shared
    level connects. Refused unless acknowledged: fewer than three samples of a group, though not all of it, in levels that
    another group has too; or a variance of the contrast at least five times as large with the variable in the design as
    without it.
    """
    weights = np.atleast_2d(tested)
    findings = {
        name: _judge_variable(groups, technical[name], matrix, weights, name, blocks)
        for name in map(str, technical)
        if name != groups.name
    }
    table = pd.DataFrame([finding.row for finding in findings.values()], columns=list(TABLE_COLUMNS))
    confounded = [finding.sentence for finding in findings.values() if finding.verdict == "confounded"]
    near = {name: finding.sentence for name, finding in findings.items() if finding.verdict == "nearly confounded"}
    held = [name for name in near if name not in acknowledged]
    unknown = [finding.sentence for finding in findings.values() if finding.verdict == "not assessed"]
    if confounded:
        return ContrastVerdict("refused", " ".join(confounded), unknown, table)
    if held:
        told = " ".join(near[name] for name in held)
        remedy = f"To test it nevertheless, set acknowledge_confounding: [{', '.join(near)}] on the contrast."
        return ContrastVerdict("refused", f"{told} {remedy}", unknown, table)
    return ContrastVerdict(
        "tested", "", [f"{told} Acknowledged in the config." for told in near.values()] + unknown, table
    )


def _judge_variable(
    groups: pd.Series,
    values: pd.Series,
    matrix: pd.DataFrame,
    weights: np.ndarray,
    name: str,
    blocks: np.ndarray | None,
) -> _Finding:
    known = (groups.notna() & values.notna()).to_numpy()
    levels = list(dict.fromkeys(groups.dropna().astype(str)))
    counts = pd.crosstab(groups[known].astype(str), values[known].astype(str)).reindex(levels, fill_value=0)
    sizes = groups.astype(str).value_counts()
    unknown = [level for level in levels if 2 * counts.loc[level].sum() < sizes[level]]
    inside = bool(_columns_of(matrix, name).any())
    if unknown or len(levels) < 2:
        parts = [f"{counts.loc[level].sum()} of {sizes[level]} samples of {level}" for level in unknown]
        sentence = f"Whether the contrast is confounded with {name} is unknown: it is known for {_words(parts)}."
        return _Finding((name, inside, "", "", np.nan, "not assessed"), "not assessed", sentence)
    shared = counts.columns[(counts > 0).sum() > 1]
    in_shared = counts[shared].sum(axis=1)
    growth = _variance_growth(matrix, values, weights, name, blocks)
    few = [level for level in levels if in_shared[level] < min(FEWEST_SHARED, counts.loc[level].sum())]
    if not _connected(counts > 0):
        verdict, sentence = "confounded", _confounded_sentence(counts, name)
    elif few:
        parts = [f"{in_shared[level]} of {counts.loc[level].sum()} samples of {level}" for level in few]
        verdict = "nearly confounded"
        sentence = (
            f"Nearly confounded with {name}: only {_words(parts)} are in levels of {name} that another group has."
        )
    elif growth >= MOST_VARIANCE_GROWTH:
        verdict = "nearly confounded"
        times = f"{growth:.1f} times" if np.isfinite(growth) else "without bound"
        sentence = f"Nearly confounded with {name}: its variance grows {times} when {name} is taken into account."
    else:
        verdict, sentence = "ok", ""
    listed = "; ".join(f"{level}: {in_shared[level]} of {counts.loc[level].sum()}" for level in levels)
    return _Finding((name, inside, ", ".join(map(str, shared)), listed, growth, verdict), verdict, sentence)


def _connected(present: pd.DataFrame) -> bool:
    """Whether every group is tied to every other by a chain of levels that two groups have."""
    adjacency = present.to_numpy(dtype=int) @ present.to_numpy(dtype=int).T > 0
    reached = np.zeros(len(adjacency), dtype=bool)
    reached[0] = True
    for _ in range(len(adjacency)):
        reached |= adjacency[reached].any(axis=0)
    return bool(reached.all())


def _confounded_sentence(counts: pd.DataFrame, name: str) -> str:
    held = [
        f"{group}: {_words([str(level) for level in counts.columns[counts.loc[group] > 0]])}" for group in counts.index
    ]
    return (
        f"The groups share no level of {name} ({'; '.join(held)}), so that a difference between them cannot be told from one "
        f"of {name}. No model can mend that; samples of both groups in one level of {name} would."
    )


def _columns_of(matrix: pd.DataFrame, variable: str) -> np.ndarray:
    """Which columns of a design matrix a variable takes part in, (n_coef,) bool."""
    parts = [[part.split("[")[0].rstrip(")").split("(")[-1] for part in str(column).split(":")] for column in matrix]
    return np.array([variable in part for part in parts])


def _variance_growth(
    matrix: pd.DataFrame, values: pd.Series, weights: np.ndarray, name: str, blocks: np.ndarray | None
) -> float:
    """How many times as large the contrast's variance is with the variable in the design as without it.

    Of several weights together, the largest growth in any direction. 1 where the contrast tests the variable itself.
    """
    own = _columns_of(matrix, name)
    if (weights[:, own] != 0).any():
        return 1.0
    known = values.notna().to_numpy()
    full = matrix.to_numpy(dtype=float)[known]
    dummies = pd.get_dummies(values[known].astype(str), drop_first=True).to_numpy(dtype=float)
    if blocks is not None:
        numbers = np.unique(blocks[known], return_inverse=True)[1]
        full, dummies = centre_in_blocks(full, numbers), centre_in_blocks(dummies, numbers)
        if not own.any() and np.allclose(dummies, 0.0, atol=1e-9):
            return 1.0  # the same throughout each block, which takes it into account
    if own.any():
        wide, wide_weights, narrow, narrow_weights = full, weights, full[:, ~own], weights[:, ~own]
    else:
        wide = np.column_stack([full, dummies])
        wide_weights = np.column_stack([weights, np.zeros((len(weights), dummies.shape[1]))])
        narrow, narrow_weights = full, weights
    with_it, without_it = _variance(wide, wide_weights), _variance(narrow, narrow_weights)
    if with_it is None or without_it is None:
        return np.inf
    return float(np.linalg.eigvals(np.linalg.solve(without_it, with_it)).real.max())


def _variance(design: np.ndarray, weights: np.ndarray) -> np.ndarray | None:
    """W (X'X)⁻ W' in units of the residual variance; None where X cannot estimate W."""
    inverse = np.linalg.pinv(design)
    if not np.allclose(weights @ inverse @ design, weights, atol=1e-6):
        return None
    return np.asarray(weights @ inverse @ inverse.T @ weights.T)


def exclusive_levels(groups: pd.Series, variables: pd.DataFrame) -> list[str]:
    """Levels that occur in one group alone, such as a treatment of patients: limits of the study, as sentences.

    Parameters
    ----------
    groups : (n_samples,) level of the variable that describes the cohort
    variables : (n_samples, k) categorical variables that are neither technical nor the groups themselves
    """
    found = []
    for name in variables:
        counts = pd.crosstab(variables[name].astype(object), groups.astype(object))
        if len(counts) < 2 or counts.shape[1] < 2:
            continue
        in_one = (counts > 0).sum(axis=1) == 1
        if in_one.all():
            found.append(f"{name} is nested in {groups.name}: none of its levels occurs in two groups.")
            continue
        alone = counts.index[in_one & (counts.sum(axis=1) >= 2)]
        for level in alone:
            group = str(counts.columns[counts.loc[level] > 0][0])
            found.append(
                f"{name} '{level}' occurs in {group} alone ({counts.loc[level].sum()} samples): its effect cannot be told "
                f"from that of {group}, and it is not adjusted for."
            )
    return found


def unadjusted_differences(associations: pd.DataFrame, group: str, in_designs: Collection[str]) -> list[str]:
    """Variables that differ much between the groups and are in no design, as sentences.

    Parameters
    ----------
    associations : `associations.group_associations`: variable, measure, association, pvalue
    group : name of the variable that describes the cohort
    in_designs : variables of the models' designs
    """
    strong = associations["association"] >= associations["measure"].map(STRONG).fillna(np.inf)
    found = associations[strong & (associations["pvalue"] < 0.01) & ~associations["variable"].isin(in_designs)]
    return [
        f"The groups of {group} differ in {row['variable']} ({row['measure']} {row['association']:.2f}, p {row['pvalue']:.1g})"
        ", which is in no design: what it does can be taken for what they do."
        for row in found.to_dict("records")
    ]


def _words(items: list[str]) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}" if items else "any group"
