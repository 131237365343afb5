"""Dispersion of each gene: the maximum of its Cox–Reid adjusted likelihood, or of the posterior under a log-normal prior.

The search is R DESeq2's own (`fitDisp`, `fitDispGrid`): where a likelihood is flat, where the search stops decides the answer,
and the trend is fitted through all of them. The functions it evaluates are ours.

Source: Love, Huber & Anders 2014, doi:10.1186/s13059-014-0550-8, "Estimation of dispersions"; Cox & Reid 1987.
"""

from __future__ import annotations

import math

import numpy as np

from lateralis.model.engine.compilation import kernel, summing
from lateralis.model.engine.linear import (
    cholesky,
    cross_products,
    half_log_determinant,
    trace_of_change,
    workspace,
)
from lateralis.model.engine.special import TABLE, log, log_rising, sort_counts

_LARGEST_LOG = 10.0
_SMALLEST_LOG = -30.0
_ARMIJO = 1e-4
_TOLERANCE = 1e-6
_MAX_STEPS = 100
_GRID = 20


@summing
def _log_posterior(log_alpha, counts, mu, sorted_counts, prior, design, work):
    """Log posterior of log α, and the derivative of its likelihood and prior; the Cox–Reid part of that is added on demand.

    Leaves the weights μ / (1 + μα) and the Cholesky factor of X'WX behind.
    """
    mean, variance, adjust = prior
    alpha = math.exp(log_alpha)
    size = 1.0 / alpha
    value, slope = log_rising(alpha, sorted_counts)
    logs = 0.0
    weighted_logs = 0.0
    residual = 0.0
    weights = work.weights
    for i in range(len(counts)):
        spread = 1.0 + mu[i] * alpha
        ratio = log(spread)
        weight = mu[i] / spread
        weights[i] = weight
        logs += ratio
        weighted_logs += counts[i] * ratio
        residual += (1.0 + counts[i] * alpha) * weight
    value -= weighted_logs + size * logs
    slope += size * logs - residual
    if adjust:
        cross_products(design, weights, work)
        if cholesky(work.matrix, work.factor):
            value -= half_log_determinant(design, work)
        else:
            value = np.nan
    if variance > 0.0:
        distance = log_alpha - mean
        value -= 0.5 * distance * distance / variance
        slope -= distance / variance
    return value, slope


@summing
def _adjustment_slope(log_alpha, design, work):
    """Derivative of the Cox–Reid term by log α, from what `_log_posterior` left at α; overwrites the weights."""
    for i in range(len(work.weights)):
        work.weights[i] *= work.weights[i]
    return 0.5 * math.exp(log_alpha) * trace_of_change(design, work.weights, work)


@kernel
def maximise(counts, mu, design, start, prior, bounds, first, last, found):
    """Search of each gene's log dispersion, by gradient ascent with Armijo's rule.

    Parameters
    ----------
    counts, mu : (n_genes, n_samples) float
    design : from `linear.prepare_design`
    start : (n_genes,) log dispersions
    prior : means of the prior on log α, (n_genes,); its variance, 0 for none; whether to add the Cox–Reid term
    bounds : log α below which the search ends; lower and upper end of the grid
    first, last : range of genes
    found : (n_genes, 4) out; log α, steps taken, log posterior at the start and at the end

    A gene that took 100 steps, or without a prior a single one, has not converged by R's rule; R then looks at a grid, which
    is `search_grid`.
    """
    n_samples = counts.shape[1]
    means, variance, adjust = prior
    tail = np.empty(max(TABLE, n_samples))
    large = np.empty(n_samples)
    work = workspace(design)
    for g in range(first, last):
        y = counts[g]
        m = mu[g]
        sorted_counts = sort_counts(y, tail, large)
        gene_prior = (means[g], variance, adjust)
        at = start[g]
        value = -np.inf
        slope = 0.0
        step = 1.0
        accepted = -1  # the start is evaluated as a proposal that nothing can refuse
        taken = -1
        while taken < _MAX_STEPS:
            taken += 1
            proposal = at + step * slope
            if proposal < _SMALLEST_LOG:
                step = (_SMALLEST_LOG - at) / slope
            if proposal > _LARGEST_LOG:
                step = (_LARGEST_LOG - at) / slope
            proposal = at + step * slope
            reached, reached_slope = _log_posterior(proposal, y, m, sorted_counts, gene_prior, design, work)
            if taken > 0 and not reached >= value + step * _ARMIJO * slope * slope:
                step /= 2
                continue
            accepted += 1
            change = reached - value
            at = proposal
            value = reached
            if taken == 0:
                found[g, 2] = value
            elif change < _TOLERANCE or at < bounds[0]:
                break
            slope = reached_slope
            if adjust:
                slope += _adjustment_slope(at, design, work)
            if taken > 0:
                step = min(step * 1.1, 1.0)
                if accepted % 5 == 0:
                    step /= 2
        found[g, 0] = at
        found[g, 1] = taken
        found[g, 3] = value


@kernel
def search_grid(counts, mu, design, prior, bounds, genes, log_alpha):
    """Best of 20 log dispersions over the whole range, then of 20 around that one, for the genes given by number.

    Parameters as in `maximise`; `log_alpha` is (n_genes,), overwritten at `genes`.
    """
    n_samples = counts.shape[1]
    means, variance, adjust = prior
    tail = np.empty(max(TABLE, n_samples))
    large = np.empty(n_samples)
    work = workspace(design)
    for g in genes:
        sorted_counts = sort_counts(counts[g], tail, large)
        gene_prior = (means[g], variance, adjust)
        low = bounds[1]
        high = bounds[2]
        best = low
        for _ in range(2):
            width = (high - low) / (_GRID - 1)
            most = -1e300
            for k in range(_GRID):
                at = low + k * width
                value, _slope = _log_posterior(at, counts[g], mu[g], sorted_counts, gene_prior, design, work)
                if value > most + _TOLERANCE:  # on a plateau the smallest dispersion stands for all
                    most = value
                    best = at
            low = best - width
            high = best + width
        log_alpha[g] = best
