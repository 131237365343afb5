"""What a contrast's calls rest on: one sample, participant, family or batch left out at a time, and samples drawn anew.

Dispersions and size factors are held, so a refit costs what its genes' coefficients cost; only called genes and those near the
threshold are refitted; in a large cohort, each gene without those samples alone that move it most.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from lateralis.config import Contrast, Endpoint, Trust
from lateralis.model.blocks import centre_in_blocks, independent_columns
from lateralis.model.contrasts import wald_test
from lateralis.model.endpoint import headline_rule
from lateralis.model.engine.direct import dense_matrix
from lateralis.model.gene_fits import ModelCounts
from lateralis.model.log_intensity import least_squares
from lateralis.model.numerics import choose_numerics
from lateralis.model.stored import StoredModel
from lateralis.trust.power import critical_p

MOST_GENES = 2000
MANY_SAMPLES = 100  # beyond so many, a gene is refitted without the
MOST_INFLUENTIAL = 20  # samples that move it most, one at a time
COLUMNS = ["gene_id", "gene_name", "call", "survived", "left_out", "worst", "worst_pvalue", "least_change"]
COLUMNS += ["sign_stability", "rank_low", "rank_high", "badge"]
_LN2 = float(np.log(2))
_NEAR = 2.0  # times alpha: adjusted p-values of genes near the threshold
_STABLE = 0.95  # share of bootstraps in which the direction must stay


class LeftOut(NamedTuple):
    """Estimates of each refit, (n_units, n_genes); NaN where it cannot be done."""

    units: list[tuple[str, str]]
    log2_fold_change: np.ndarray
    pvalue: np.ndarray


def assess_robustness(
    contrast: Contrast,
    model: StoredModel,
    results: pd.DataFrame,
    kinds: Sequence[str],
    grouping: str | None,
    endpoint: Endpoint,
    trust: Trust,
    *,
    threads: int,
) -> pd.DataFrame:
    """What the calls of a contrast rest on, as `robustness_table`; without rows where no gene is called or nearly so.

    Parameters
    ----------
    contrast : one with fold changes
    results : of `endpoint.call_genes`
    kinds : variables of the sheet whose levels are left out one at a time, beside the samples themselves
    grouping : the variable in whose levels bootstraps draw; None draws from all
    """
    rule = headline_rule(results, endpoint.headline)
    genes = assessed_genes(results, rule, endpoint)
    if genes.empty:
        return pd.DataFrame(columns=COLUMNS)
    vector = model.weights(contrast, "contrast")
    units = leave_out_units(model.obs, {name: model.obs[name] for name in kinds})
    left_out = refit_without(model, vector, genes, units, threads=threads)
    strata = np.full(len(model.obs), "all") if grouping is None else model.obs[grouping].astype(str).to_numpy()
    boot = bootstrap(model, vector, genes, strata, n=trust.bootstraps, seed=trust.seed, threads=threads)
    called = results.loc[results[f"call_{rule}"].isin(["up", "down"]), "pvalue"]
    critical = endpoint.alpha
    if rule != "nominal":  # of the plain test, also where the strict rule counts
        critical = np.nanmax([critical_p(results["padj"].to_numpy(), endpoint.alpha), called.max()])
    return robustness_table(results, genes, left_out, boot, critical, rule, endpoint)


def assessed_genes(results: pd.DataFrame, rule: str, endpoint: Endpoint) -> pd.Index:
    """Genes called by a rule and those near its threshold, index by gene_id, most significant first, 2,000 at most.

    Parameters
    ----------
    results : of `endpoint.call_genes`, of a contrast with fold changes
    """
    adjusted = {"nominal": "pvalue", "fdr": "padj", "strict": "padj_threshold"}[rule]
    called = results[f"call_{rule}"].isin(["up", "down"])
    near = (results[adjusted] < _NEAR * endpoint.alpha) & (
        results["log2FoldChange"].abs() >= np.log2(endpoint.fold_change) * 0.9
    )
    chosen = results[called | near]
    order = np.lexsort((chosen["pvalue"], ~called[chosen.index]))
    return pd.Index(chosen["gene_id"].to_numpy()[order][:MOST_GENES])


def leave_out_units(obs: pd.DataFrame, kinds: Mapping[str, pd.Series]) -> list[tuple[str, str, np.ndarray]]:
    """Which samples to leave out, one unit at a time.

    Parameters
    ----------
    obs : typed sample sheet of the model's samples
    kinds : kind → unit of each sample, empty or missing where it has none; the samples themselves come first

    Returns
    -------
    kind, name and (n_samples,) mask of each unit; of other kinds only those of two samples or more
    """
    units = [("sample", str(name), np.arange(len(obs)) == number) for number, name in enumerate(obs.index)]
    for kind, values in kinds.items():
        text = values.astype(object).where(values.notna(), "").astype(str).to_numpy()
        for name in sorted(set(text) - {""}):
            mask = text == name
            if 1 < mask.sum() < len(obs):
                units.append((kind, name, mask))
    return units


def refit_without(
    model: StoredModel,
    contrast: np.ndarray,
    genes: pd.Index,
    units: list[tuple[str, str, np.ndarray]],
    *,
    threads: int = 1,
) -> LeftOut:
    """Estimate the contrast without each unit, dispersions held.

    Parameters
    ----------
    contrast : (n_coef,) weights of the model's coefficients
    genes : ids of the genes to refit
    units : from `leave_out_units`
    """
    at = model.fit.var_names.get_indexer(genes)
    effects = np.full((len(units), len(at)), np.nan)
    pvalues = effects.copy()
    n_samples = len(model.design)
    moving = None
    if n_samples > MANY_SAMPLES:
        ranks = (-influence(model, contrast, at, threads)).argsort(axis=0, kind="stable").argsort(axis=0, kind="stable")
        moving = ranks < MOST_INFLUENTIAL
    for number, (kind, _, mask) in enumerate(units):
        chosen = np.flatnonzero(moving[mask][0]) if moving is not None and kind == "sample" else np.arange(len(at))
        found = _estimate(model, contrast, at[chosen], np.flatnonzero(~mask), threads) if len(chosen) else None
        if found is not None:
            effects[number, chosen], pvalues[number, chosen] = found
    return LeftOut([(kind, name) for kind, name, _ in units], effects, pvalues)


def influence(model: StoredModel, contrast: np.ndarray, genes: np.ndarray, threads: int = 1) -> np.ndarray:
    """How far each sample moves the contrast in each gene, in standard errors: one step of the fit without it.

    Parameters
    ----------
    contrast : (n_coef,) weights of the model's coefficients
    genes : (n_genes,) positions among the model's genes

    Returns
    -------
    (n_samples, n_genes), 0 or more; 0 in genes without a fit

    Source: Pregibon 1981, doi:10.1214/aos/1176345513, one-step DFBETA. Under blocks the design is centred in them.
    """
    design, dispersions = model.design.to_numpy(), model.dispersions[genes]
    seen = design if model.blocks is None else centre_in_blocks(design, model.blocks)
    if model.df is not None:
        whole = design if model.blocks is None else dense_matrix(design, model.blocks)
        values = model.fitted.counts[:, genes]
        score = (values - whole @ least_squares(values, whole)[0].T) / dispersions
        covariance = dispersions[:, None, None] * np.linalg.pinv(seen.T @ seen)
        hat = np.zeros_like(score)
    else:
        samples = np.arange(len(design))
        _, mu, hat, _, covariance = _fit(model, genes, samples, design, model.blocks, threads)
        score = (model.counts[:, genes] - mu) / (1 + dispersions * mu)
    toward = covariance @ contrast
    error = np.sqrt(toward @ contrast)
    moved = np.abs(seen @ toward.T * score / (1 - np.minimum(hat, 0.99))) / error
    return np.nan_to_num(moved, nan=0.0, posinf=0.0)


def _estimate(
    model: StoredModel, contrast: np.ndarray, genes: np.ndarray, samples: np.ndarray, threads: int
) -> tuple[np.ndarray, np.ndarray] | None:
    """Log2 fold changes and p-values from chosen samples, which may come twice; None where the contrast is lost with them."""
    matrix, blocks = model.design.to_numpy()[samples], None
    seen = matrix
    if model.blocks is not None:
        blocks = _renumbered(model.blocks[samples], samples)
        seen = centre_in_blocks(matrix, blocks)
    kept = np.array(independent_columns(seen), dtype=int)
    if not np.allclose(np.delete(contrast, kept), 0):
        return None
    n_coef = len(kept) + (0 if blocks is None else blocks.max() + 1)
    if len(samples) <= n_coef:
        return None
    if model.df is not None:
        return _linear_estimate(model, contrast[kept], genes, samples, matrix[:, kept], blocks)
    beta, _, _, converged, covariance = _fit(model, genes, samples, matrix[:, kept], blocks, threads)
    tests = wald_test(beta[:, : len(kept)], covariance, contrast[kept])
    tests[~np.asarray(converged, dtype=bool)] = np.nan
    return tests["log2FoldChange"].to_numpy(), tests["pvalue"].to_numpy()


def _fit(
    model: StoredModel,
    genes: np.ndarray,
    samples: np.ndarray,
    matrix: np.ndarray,
    blocks: np.ndarray | None,
    threads: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Coefficients, means, leverages, convergence and covariance of some genes in some samples, dispersions held."""
    lengths = model.fitted.average_lengths
    data = ModelCounts(
        np.ascontiguousarray(model.counts[np.ix_(samples, genes)].T),
        np.ascontiguousarray(matrix),
        model.fitted.size_factors[samples],
        None if lengths is None else np.ascontiguousarray(lengths[np.ix_(samples, genes)].T),
        blocks,
    )
    whole = slice(0, len(genes))
    return choose_numerics(threads, blocks).fit_coefficients(
        data.counts_of(whole), data.factors_of(whole), data.design, model.dispersions[genes]
    )


def _linear_estimate(
    model: StoredModel,
    contrast: np.ndarray,
    genes: np.ndarray,
    samples: np.ndarray,
    matrix: np.ndarray,
    blocks: np.ndarray | None,
) -> tuple[np.ndarray, np.ndarray]:
    """The same for log intensities, moderated variances held."""
    whole = matrix if blocks is None else dense_matrix(matrix, blocks)
    beta, _ = least_squares(model.fitted.counts[np.ix_(samples, genes)], whole)
    unscaled = np.linalg.inv(whole.T @ whole)[: matrix.shape[1], : matrix.shape[1]]
    covariance = model.dispersions[genes, None, None] * unscaled * _LN2**2
    tests = wald_test(beta[:, : matrix.shape[1]] * _LN2, covariance, contrast, df=model.df)
    return tests["log2FoldChange"].to_numpy(), tests["pvalue"].to_numpy()


def _renumbered(blocks: np.ndarray, samples: np.ndarray) -> np.ndarray:
    """Blocks numbered from 0; a block drawn twice is two blocks."""
    copy = pd.Series(samples).groupby(samples).cumcount().to_numpy()
    return np.unique(np.stack([blocks, copy]), axis=1, return_inverse=True)[1].reshape(-1)


def bootstrap(
    model: StoredModel,
    contrast: np.ndarray,
    genes: pd.Index,
    strata: np.ndarray,
    *,
    n: int,
    seed: int,
    threads: int = 1,
) -> tuple[np.ndarray, np.ndarray]:
    """Fold changes and ranks of genes in samples drawn with replacement within strata, dispersions held.

    Parameters
    ----------
    strata : (n_samples,) compared group of each sample; whole blocks are drawn where the model has any

    Returns
    -------
    log2 fold changes, and ranks by p-value among these genes (1 is the strongest), (n, n_genes) each
    """
    rng = np.random.default_rng(seed)
    at = model.fit.var_names.get_indexer(genes)
    units = np.arange(len(strata)) if model.blocks is None else model.blocks
    members = {unit: np.flatnonzero(units == unit) for unit in np.unique(units)}
    stratum_of = {unit: "|".join(sorted(set(strata[rows].astype(str)))) for unit, rows in members.items()}
    pools: dict[str, list[int]] = {}
    for unit, stratum in stratum_of.items():
        pools.setdefault(stratum, []).append(unit)
    effects, ranks = np.full((n, len(at)), np.nan), np.full((n, len(at)), np.nan)
    for number in range(n):
        drawn = np.concatenate(
            [members[unit] for pool in pools.values() for unit in sorted(rng.choice(pool, size=len(pool)))]
        )
        found = _estimate(model, contrast, at, drawn, threads)
        if found is not None:
            effects[number] = found[0]
            ranks[number] = pd.Series(found[1]).fillna(1.0).rank()
    return effects, ranks


def robustness_table(
    results: pd.DataFrame,
    genes: pd.Index,
    left_out: LeftOut,
    boot: tuple[np.ndarray, np.ndarray],
    critical: float,
    rule: str,
    endpoint: Endpoint,
) -> pd.DataFrame:
    """What each gene's call rests on.

    Parameters
    ----------
    results : of `endpoint.call_genes`
    genes : those refitted, from `assessed_genes`
    left_out, boot : from `refit_without` and `bootstrap`
    critical : p-value up to which the rule calls (`power.critical_p`)

    Returns
    -------
    DataFrame: gene_id, gene_name, call, survived, left_out (refits in which the call holds, of how many), worst (the unit
    without which the p-value is largest), worst_pvalue, least_change (smallest absolute log2 fold change), sign_stability
    (share of bootstraps with the same direction), rank_low, rank_high (5 % and 95 % quantiles) and badge: `robust` holds
    without any unit and in 95 % of bootstraps; `one_sample_driven` loses p < alpha or half of its change with one sample;
    empty otherwise, and for genes that are not called.
    """
    table = results.set_index("gene_id").loc[genes]
    effect = table["log2FoldChange"].to_numpy()
    sign = np.sign(effect)
    toward = left_out.log2_fold_change * sign
    least = float(np.log2(endpoint.fold_change))
    possible = np.isfinite(left_out.pvalue)
    holds = possible & (toward >= least) & (left_out.pvalue <= critical)
    filled = np.where(possible, left_out.pvalue, -1.0)
    worst = filled.argmax(axis=0)
    of_samples = np.array([kind == "sample" for kind, _ in left_out.units])
    weak = possible & ((left_out.pvalue >= endpoint.alpha) | (toward < np.abs(effect) / 2))
    boot_effects, ranks = boot
    stable = np.nanmean(np.where(np.isnan(boot_effects), np.nan, boot_effects * sign > 0), axis=0)
    called = table[f"call_{rule}"].isin(["up", "down"]).to_numpy()
    survived = holds.sum(axis=0)
    robust = called & (survived == possible.sum(axis=0)) & (stable >= _STABLE)
    driven = called & weak[of_samples].any(axis=0)
    return pd.DataFrame(
        {
            "gene_id": genes,
            "gene_name": table["gene_name"].to_numpy(),
            "call": table[f"call_{rule}"].to_numpy(),
            "survived": survived,
            "left_out": possible.sum(axis=0),
            "worst": [" ".join(left_out.units[number]) for number in worst],
            "worst_pvalue": filled[worst, np.arange(len(genes))],
            "least_change": np.nanmin(np.where(possible, toward, np.inf), axis=0),
            "sign_stability": stable,
            "rank_low": np.nanquantile(ranks, 0.05, axis=0),
            "rank_high": np.nanquantile(ranks, 0.95, axis=0),
            "badge": np.select([driven, robust], ["one_sample_driven", "robust"], ""),
        }
    )
