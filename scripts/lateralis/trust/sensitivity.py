"""The same contrast with other means: on the common support of covariates, with extreme counts drawn in, by ranks."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import mannwhitneyu

from lateralis.config import Contrast, Endpoint
from lateralis.expressions import parse_formula
from lateralis.model.design import confounded_columns
from lateralis.model.endpoint import Rule, call_again, headline_rule
from lateralis.model.multiplicity import benjamini_hochberg
from lateralis.model.normalise import normalisation_factors
from lateralis.model.refit import refit, wald_statistics
from lateralis.model.stored import StoredModel
from lateralis.qc.surrogates import compare_calls
from lateralis.trust.overlap import common_support, in_support

WINSORISED = 0.95
FEWEST_FOR_RANKS = 10
FEWEST_IN_SUPPORT = 6
COLUMNS = ["analysis", "samples", "called", "called_again", "in_both", "correlation", "reason"]
OVERLAP = ["variable", "group", "low", "high", "inside"]


class _Question(NamedTuple):
    """What is asked again, and of whom: a contrast, its model and the calls of the first answer."""

    contrast: Contrast
    model: StoredModel
    first: pd.DataFrame
    endpoint: Endpoint
    compared: np.ndarray | None
    threads: int

    @property
    def rule(self) -> Rule:
        return headline_rule(self.first, self.endpoint.headline)


def assess_sensitivity(
    contrast: Contrast, model: StoredModel, results: pd.DataFrame, endpoint: Endpoint, *, threads: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Ask a contrast again with other means.

    Parameters
    ----------
    contrast : one with fold changes
    results : of `endpoint.call_genes`, of all genes of the fit

    Returns
    -------
    analyses : one a row: analysis (`common support`, `winsorised counts`, `rank test`), samples, called (first), called_again,
        in_both, correlation (of the fold changes) and reason, why it was not done
    supports : variable, group, low, high (range of the covariate that all groups share) and inside (share of the group)
    """
    first = results.set_index("gene_id").loc[model.fit.var_names].reset_index()
    question = _Question(contrast, model, first, endpoint, model.compared(contrast), threads)
    supports, inside = _find_support(contrast, model)
    counts = winsorised(model.fitted.counts, _factors(model), whole=model.df is None)
    again = _ask_again(question, model.fitted._replace(counts=counts), model.design, question.compared)
    rows = [
        {"analysis": "common support"} | _on_support(question, inside),
        {"analysis": "winsorised counts", "samples": len(model.obs), "reason": ""} | again,
        {"analysis": "rank test"} | _by_ranks(question),
    ]
    return pd.DataFrame(rows, columns=COLUMNS), pd.DataFrame(supports, columns=OVERLAP)


def winsorised(counts: np.ndarray, factors: np.ndarray, *, whole: bool = True) -> np.ndarray:
    """Counts whose normalised values beyond a gene's 95 % quantile are set to it.

    Parameters
    ----------
    counts : (n_samples, n_genes) integers
    factors : (n_samples, 1) or (n_samples, n_genes) what counts are divided by to normalise them
    whole : whether to round down to whole numbers

    Li et al. 2022, doi:10.1186/s13059-022-02648-4, show how single counts inflate parametric tests in large groups.
    """
    normalised = counts / factors
    limit = np.quantile(normalised, WINSORISED, axis=0)
    capped = np.floor(limit * factors) if whole else limit * factors
    return np.where(normalised > limit, capped, counts).astype(counts.dtype)


def rank_test(normalised: np.ndarray, in_test: np.ndarray, in_reference: np.ndarray) -> np.ndarray:
    """p-values of the Wilcoxon–Mann–Whitney test of two groups, (n_genes,); NaN for genes with one value throughout.

    Parameters
    ----------
    normalised : (n_samples, n_genes)
    in_test, in_reference : (n_samples,) bool
    """
    found = mannwhitneyu(normalised[in_test], normalised[in_reference], axis=0, method="asymptotic").pvalue
    found = np.asarray(found, dtype=float)
    found[np.ptp(normalised[in_test | in_reference], axis=0) == 0] = np.nan
    return found


def _ask_again(question: _Question, data: Any, design: pd.DataFrame, compared: np.ndarray | None) -> dict[str, Any]:
    """Fit, test and call on other data, and compare with the first calls."""
    names, vector = list(question.model.fit.var_names), question.model.weights(question.contrast, "contrast")
    fit = refit(data, design, threads=question.threads)
    calls = call_again(wald_statistics(data, fit, vector, compared), names, question.endpoint)
    found = compare_calls(question.first, calls.reset_index(), question.rule)
    return {"called_again": found.pop("called_with_surrogates")} | found


def _factors(model: StoredModel) -> np.ndarray:
    """What counts are divided by, (n_samples, 1) or (n_samples, n_genes)."""
    data = model.fitted
    if data.average_lengths is None:
        return data.size_factors[:, None]
    return normalisation_factors(data.size_factors, data.average_lengths)


def _find_support(contrast: Contrast, model: StoredModel) -> tuple[list[tuple[Any, ...]], np.ndarray | None]:
    """Range of each numeric covariate that the compared groups share, and which samples to keep where support is lacking."""
    inside: np.ndarray | None = None
    rows: list[tuple[Any, ...]] = []
    if contrast.variable is None:
        return rows, inside
    compared = model.compared(contrast)
    assert compared is not None
    for name in parse_formula(model.formula).variables:
        if model.samples.variables[name].type != "numeric":
            continue
        support = common_support(model.obs[name][compared], model.obs[contrast.variable][compared])
        rows += [(name, group, support.low, support.high, share) for group, share in support.inside.items()]
        if support.lacking:
            kept = in_support(model.obs[name], support) | ~compared
            inside = kept if inside is None else inside & kept
    return rows, inside


def _on_support(question: _Question, inside: np.ndarray | None) -> dict[str, Any]:
    """The contrast with the samples of the common support, or why it is not done."""
    model, compared = question.model, question.compared
    if inside is None or compared is None:
        common = "the groups have their covariates in common" if compared is not None else "there are no two groups"
        return {"samples": len(model.obs), "reason": common}
    n_inside = int(inside.sum())
    design = model.design[inside]
    smallest = int((inside & compared).sum())
    too_few = smallest < FEWEST_IN_SUPPORT or n_inside <= design.shape[1] + 2
    if model.blocks is not None or too_few or confounded_columns(design):
        return {"samples": n_inside, "reason": "too few samples are in the range that the groups share"}
    data = model.fitted
    part = data._replace(
        counts=data.counts[inside],
        size_factors=data.size_factors[inside],
        average_lengths=None if data.average_lengths is None else data.average_lengths[inside],
        cells=np.unique(data.cells[inside], return_inverse=True)[1],
    )
    return {"samples": n_inside, "reason": ""} | _ask_again(question, part, design, compared[inside])


def _by_ranks(question: _Question) -> dict[str, Any]:
    """Genes called by a rank test, with the fold change of the fit."""
    contrast, model, endpoint = question.contrast, question.model, question.endpoint
    if contrast.variable is None:
        return {"samples": len(model.obs), "reason": "ranks compare two groups only"}
    test, reference = (
        (model.obs[contrast.variable] == level).to_numpy() for level in (contrast.test, contrast.reference)
    )
    n_samples = int(test.sum() + reference.sum())
    if min(test.sum(), reference.sum()) < FEWEST_FOR_RANKS:
        return {"samples": n_samples, "reason": f"a group has fewer than {FEWEST_FOR_RANKS} samples"}
    pvalues = rank_test(model.fitted.counts / _factors(model), test, reference)
    effect = question.first["log2FoldChange"].to_numpy()
    called = (benjamini_hochberg(pvalues) < endpoint.alpha) & (np.abs(effect) >= np.log2(endpoint.fold_change))
    ours = question.first[f"call_{question.rule}"].isin(["up", "down"]).to_numpy()
    return {
        "samples": n_samples,
        "called": int(ours.sum()),
        "called_again": int(called.sum()),
        "in_both": int((called & ours).sum()),
        "correlation": np.nan,
        "reason": "",
    }
