"""What a contrast finds when there is nothing to find: its own counts, its labels dealt anew, the whole fit done again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd

from lateralis.config import Contrast, Endpoint, Trust
from lateralis.expressions import parse_formula
from lateralis.model.blocks import block_variable, split_blocks
from lateralis.model.design import confounded_columns, design_matrix, tested_variables
from lateralis.model.endpoint import RULES, call_again
from lateralis.model.refit import lrt_statistics, refit, wald_statistics
from lateralis.model.stored import StoredModel
from lateralis.model.units import permutation_units
from lateralis.trust.permutation import MOST_PREDICTABLE, choose_strata, permute, predictability

LIBERAL, CONSERVATIVE = 1.2, 0.8  # share of null p-values below alpha, over alpha
FEWEST = 20  # samples of a group below which the normal approximation is liberal
NULL_COLUMNS = ["permutation", "small_p", *RULES]
_ATTEMPTS = 20


def calibrate(
    contrast: Contrast,
    model: StoredModel,
    results: pd.DataFrame,
    grouping: str | None,
    n_smallest: int,
    endpoint: Endpoint,
    trust: Trust,
    *,
    threads: int,
    progress: Callable[[int, int], None] = lambda done, n: None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What a contrast finds when its labels are dealt anew, and what that says of its calls.

    Parameters
    ----------
    results : of `endpoint.call_genes`; empty for a refused contrast
    grouping : the variable whose levels the contrast compares; None where there is none
    n_smallest : samples of the smaller group
    progress : is told how many permutations are done, and of how many

    Returns
    -------
    Tables of `null_results` and `judge_calibration`
    """
    observed: dict[str, int] = {
        rule: int(results[f"call_{rule}"].isin(["up", "down", "changed"]).sum()) for rule in RULES
    }
    if contrast.reduced is not None:
        del observed["strict"]
    variable, reason = grouping, ""
    if variable is None or contrast.reduced is None:
        variable, reason = permuted_variable(contrast, model)
    area = np.nan
    if results.empty:
        reason = "the contrast is refused"
    elif variable is not None:
        area = exchangeability(contrast, variable, model, trust.seed)
    null = pd.DataFrame(columns=NULL_COLUMNS)
    if variable is not None and not reason and not area > MOST_PREDICTABLE:
        null = null_results(
            contrast,
            model,
            endpoint,
            variable,
            n=trust.permutations,
            seed=trust.seed,
            threads=threads,
            genes=_some_genes(model.fit.n_vars, trust),
            progress=lambda done: progress(done, trust.permutations),
        )
    verdicts = judge_calibration(null, observed, endpoint.alpha, area, n_smallest)
    if reason:
        verdicts = verdicts.assign(verdict="not assessed", reason=reason)
    return null, verdicts


def _some_genes(n_genes: int, trust: Trust) -> np.ndarray | None:
    """Positions of the genes to fit, drawn at random; None for all."""
    if trust.most_genes is None or n_genes <= trust.most_genes:
        return None
    return np.sort(np.random.default_rng(trust.seed).choice(n_genes, size=trust.most_genes, replace=False))


def permuted_variable(contrast: Contrast, model: StoredModel) -> tuple[str | None, str]:
    """The variable whose labels can be dealt anew, or the reason why there is none.

    It is the one that the contrast compares; for weights and differences, the only categorical one among those tested that
    is the same throughout each participant, such as the arm of a trial.
    """
    if contrast.variable is not None:
        return contrast.variable, ""
    tested = tested_variables({"c": contrast}, model.formula)
    categorical = [name for name in tested if model.samples.variables[name].type == "categorical"]
    if len(tested) == 1 and categorical:
        return categorical[0], ""
    participant = model.samples.participant
    if participant is None:
        return None, f"the contrast tests {', '.join(tested)} together, and no labels of one variable can be dealt anew"
    between = [name for name in tested if (model.obs.groupby(participant, observed=True)[name].nunique() <= 1).all()]
    if len(between) == 1 and between[0] in categorical:
        return between[0], ""
    return None, f"the contrast tests {', '.join(tested)}, and no single variable of participants can be dealt anew"


def exchangeability(contrast: Contrast, variable: str, model: StoredModel, seed: int) -> float:
    """Cross-validated AUC of the label from the other variables of the design (`permutation.predictability`).

    Of several labels, the largest of each against the others. Participants count once.
    """
    compared = _compared(contrast, variable, model)
    obs = model.obs[compared]
    if model.samples.participant is not None:
        obs = obs[~obs[model.samples.participant].astype(str).duplicated()]
    columns = [np.zeros((len(obs), 0))]
    for name in parse_formula(model.formula).variables:
        who = (variable, model.samples.participant, model.samples.family)
        if name in who or obs[name].nunique() < 2:
            continue
        numeric = pd.api.types.is_numeric_dtype(obs[name])
        columns.append(
            obs[[name]].to_numpy(dtype=float)
            if numeric
            else pd.get_dummies(obs[name].astype(str), drop_first=True).to_numpy(dtype=float)
        )
    labels = obs[variable].astype(str).to_numpy()
    values = np.unique(labels)
    areas = [
        predictability(labels == value, np.column_stack(columns), seed)
        for value in values[: 1 if len(values) == 2 else None]
    ]
    return float(np.nanmax(areas)) if np.isfinite(areas).any() else np.nan


def _compared(contrast: Contrast, variable: str, model: StoredModel) -> np.ndarray:
    if contrast.variable is not None:
        return model.obs[variable].isin([contrast.test, contrast.reference]).to_numpy()
    return np.ones(len(model.obs), dtype=bool)


def permuted_sheets(contrast: Contrast, variable: str, model: StoredModel, n: int, seed: int) -> Iterator[pd.DataFrame]:
    """The model's sample sheet with the labels of a variable dealt anew, `n` times."""
    compared = _compared(contrast, variable, model)
    part = model.obs[compared]
    labels = part[variable].astype(str)
    relations = [part[name] for name in (model.samples.participant, model.samples.family) if name is not None]
    units = permutation_units(labels, *relations)
    covariates = [
        name
        for name in parse_formula(model.formula).variables
        if name not in (variable, model.samples.participant, model.samples.family)
        and model.samples.variables[name].type == "categorical"
        and (part.groupby(units)[name].nunique() <= 1).all()
    ]
    strata = choose_strata(labels, part[covariates])
    rng = np.random.default_rng(seed)
    for _ in range(n):
        sheet = model.obs.copy()
        values = sheet[variable].astype(object)
        values[compared] = permute(labels, units, strata, rng)
        sheet[variable] = pd.Categorical(values, categories=model.obs[variable].cat.categories)
        yield sheet


def null_results(
    contrast: Contrast,
    model: StoredModel,
    endpoint: Endpoint,
    variable: str,
    *,
    n: int,
    seed: int,
    threads: int,
    genes: np.ndarray | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> pd.DataFrame:
    """Fit and test the contrast on permuted labels.

    Parameters
    ----------
    genes : positions of the genes to fit; all where None. Calls are scaled to all genes
    progress : is told the number of permutations that are done

    Returns
    -------
    DataFrame, one row a permutation: permutation, small_p (share of p-values below alpha), and the genes called under each
    rule; labels that leave the design without full rank are dealt again
    """
    where = "permuted labels"
    data, names = model.fitted, np.asarray(model.fit.var_names)
    if genes is not None:
        lengths = None if data.average_lengths is None else data.average_lengths[:, genes]
        data = data._replace(counts=data.counts[:, genes], average_lengths=lengths)
        names = names[genes]
    scale = model.fit.n_vars / len(names)
    rows: list[dict[str, float]] = []
    sheets = permuted_sheets(contrast, variable, model, n * _ATTEMPTS, seed)
    while len(rows) < n:
        sheet = next(sheets, None)
        if sheet is None:
            break
        matrix = design_matrix(sheet, model.formula, model.samples.variables, where=where)
        blocked = block_variable(model.samples, model.formula)
        design = matrix if blocked is None else split_blocks(matrix, sheet, blocked, where=where).matrix
        if list(design) != list(model.design) or (blocked is None and confounded_columns(design)):
            continue
        fit = refit(data, design, threads=threads)
        if contrast.reduced is None:
            vector = model.weights(contrast, where)
            samples = None
            if contrast.variable is not None:
                samples = sheet[variable].isin([contrast.test, contrast.reference]).to_numpy()
            found = wald_statistics(data, fit, vector, samples)
        else:
            reduced = design_matrix(sheet, contrast.reduced, model.samples.variables, where=where)
            if blocked is not None:
                reduced = split_blocks(reduced, sheet, blocked, where=where).matrix
            found = lrt_statistics(data, fit, reduced, threads=threads)
        calls = call_again(found, list(names), endpoint)
        called = {rule: float(calls[f"call_{rule}"].isin(["up", "down", "changed"]).sum() * scale) for rule in RULES}
        tested = calls["pvalue"].dropna()
        rows.append({"permutation": len(rows) + 1, "small_p": float((tested < endpoint.alpha).mean())} | called)
        progress(len(rows))
    return pd.DataFrame(rows, columns=NULL_COLUMNS)


def judge_calibration(
    null: pd.DataFrame, observed: dict[str, int], alpha: float, area: float, n_smallest: int
) -> pd.DataFrame:
    """What the permutations say of each rule.

    Parameters
    ----------
    null : from `null_results`
    observed : genes called by each rule
    alpha : of the endpoint
    area : from `exchangeability`; NaN where unknown
    n_smallest : samples of the smaller group

    Returns
    -------
    DataFrame: rule, observed, mean_null_calls, empirical_fdr (mean null calls over observed, at most 1; empty where nothing
    was called), share_small_p, verdict (`calibrated`, `anti-conservative`, `conservative`; `not exchangeable`, without
    numbers; `not assessed`) and reason.
    """
    rows: list[dict[str, Any]] = []
    for rule, n_called in observed.items():
        row: dict[str, Any] = {"rule": rule, "observed": n_called, "mean_null_calls": np.nan, "empirical_fdr": np.nan}
        row["share_small_p"] = np.nan
        if np.isfinite(area) and area > MOST_PREDICTABLE:
            row |= {
                "verdict": "not exchangeable",
                "reason": f"the design's other variables predict the label (AUC {area:.2f}), so labels cannot be dealt anew",
            }
        elif null.empty:
            row |= {"verdict": "not assessed", "reason": "no permutation keeps the design estimable"}
        else:
            mean, small = float(null[rule].mean()), float(null["small_p"].mean())
            error = float(null["small_p"].std(ddof=1) / np.sqrt(len(null))) if len(null) > 1 else np.nan
            low, high = (small - 2 * error, small + 2 * error) if np.isfinite(error) else (small, small)
            row |= {
                "mean_null_calls": mean,
                "empirical_fdr": min(1.0, mean / n_called) if n_called else np.nan,
                "share_small_p": small,
            }
            verdict = "calibrated"
            if low > LIBERAL * alpha:
                verdict = "anti-conservative"
            elif high < CONSERVATIVE * alpha:
                verdict = "conservative"
            reason = f"{small:.1%} of null p-values are below {alpha:g}"
            if n_smallest < FEWEST:
                reason += (
                    f"; with {n_smallest} samples in the smaller group, more calls than alpha can be false, as in R"
                )
            row |= {"verdict": verdict, "reason": reason}
        rows.append(row)
    return pd.DataFrame(rows)
