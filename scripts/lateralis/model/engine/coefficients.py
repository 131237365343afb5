"""Coefficients of each gene by iteratively reweighted least squares, with their covariance and leverages, R DESeq2's way.

Means are floored, at 0.5 in R, so that a group of zeros has a finite coefficient and variance.

Source: R DESeq2 `fitBeta` (algorithm); Love, Huber & Anders 2014, doi:10.1186/s13059-014-0550-8.
"""

from __future__ import annotations

import math

import numpy as np

from lateralis.model.engine.blocks import block_leverages, ridged_means, solve_blocks
from lateralis.model.engine.compilation import kernel, summing
from lateralis.model.engine.linear import (
    cholesky,
    copy,
    invert,
    largest,
    linear_predictor,
    project,
    ridged_products,
    solve,
    workspace,
)
from lateralis.model.engine.special import TABLE, exp, log, log_binomial, sort_counts

_LARGEST = 30.0  # natural log; a coefficient beyond it is on its way to infinity


@summing
def _means(eta, factors, min_mu, mu):
    for i in range(len(eta)):
        mu[i] = max(factors[i] * exp(eta[i]), min_mu)


@summing
def _log_likelihood(counts, mu, alpha):
    """Log likelihood of one gene's counts but for the part that means do not enter; zero means of zero counts add nothing."""
    total = 0.0
    size = 1.0 / alpha
    for i in range(len(counts)):
        m = max(mu[i], 1e-300)
        total += counts[i] * log(m) - (counts[i] + size) * log(1.0 + mu[i] * alpha)
    return total


@summing
def _settle(counts, factor, alpha, constant, design, options, beta, eta, floored, working, work):
    """Iteratively reweighted least squares of one gene, from `beta`; whether the deviance settled."""
    min_mu, tolerance, max_steps, ridge = options
    linear_predictor(design, beta, eta)
    _means(eta, factor, min_mu, floored)
    deviance = 0.0
    for step in range(max_steps - 1):
        for i in range(len(counts)):
            m = floored[i]
            weight = m / (1.0 + alpha * m)
            work.weights[i] = weight
            at = log(m / factor[i]) if m == min_mu else eta[i]
            working[i] = weight * (at + (counts[i] - m) / m)
        ridged_products(design, work.weights, ridge, work)
        if not cholesky(work.matrix, work.factor):
            return False
        if design.n_blocks > 0:
            project(work.space.centred, working, work.right)
            solve(work.factor, work.right, beta)
            solve_blocks(design.blocks, working, work.space, beta)
        else:
            project(design.columns, working, work.right)
            solve(work.factor, work.right, beta)
        if not largest(beta) <= _LARGEST:
            return False
        linear_predictor(design, beta, eta)
        _means(eta, factor, min_mu, floored)
        before = deviance
        deviance = -2.0 * (constant + _log_likelihood(counts, floored, alpha))
        if math.isnan(deviance):
            return False
        if step > 0 and abs(deviance - before) / (abs(deviance) + 0.1) < tolerance:
            return True
    return False


@kernel
def fit(counts, factors, design, dispersions, options, first, last, beta, covariance, mu, leverages, converged):
    """Fit the coefficients of a range of genes.

    Parameters
    ----------
    counts : (n_genes, n_samples) float
    factors : (1, n_samples) size factors, or (n_genes, n_samples) normalisation factors
    design : from `linear.prepare_design`
    dispersions : (n_genes,)
    options : floor of the means; tolerance, of the relative change in deviance; steps at most; ridge
    first, last : range of genes
    beta : (n_genes, n_coef + n_blocks) out, natural-log scale
    covariance : (n_genes, n_coef, n_coef) out; of the coefficients that are not blocks'
    mu : (n_genes, n_samples) out, not floored
    leverages : (n_genes, n_samples) out
    converged : (n_genes,) bool out; where False, nothing else is to be used
    """
    n_samples = counts.shape[1]
    tail = np.empty(max(TABLE, n_samples))
    large = np.empty(n_samples)
    eta = np.empty(n_samples)
    floored = np.empty(n_samples)
    working = np.empty(n_samples)
    spread = np.empty(len(design.products))
    work = workspace(design)
    for g in range(first, last):
        factor = factors[g if factors.shape[0] > 1 else 0]
        alpha = dispersions[g]
        sorted_counts = sort_counts(counts[g], tail, large)
        constant = log_binomial(alpha, sorted_counts)
        for i in range(n_samples):
            working[i] = log(counts[g, i] / factor[i] + 0.1)
        project(design.start, working, beta[g])
        converged[g] = _settle(
            counts[g], factor, alpha, constant, design, options, beta[g], eta, floored, working, work
        ) and _describe(floored, alpha, design, options[3], spread, work, covariance[g], leverages[g])
        if converged[g]:
            _means(eta, factor, 0.0, mu[g])


@summing
def _describe(mu, alpha, design, ridge, spread, work, covariance, leverages):
    """Covariance and leverages at a fit; False where the covariance has no positive diagonal."""
    for i in range(len(mu)):
        work.weights[i] = mu[i] / (1.0 + alpha * mu[i])
    ridged_products(design, work.weights, ridge, work)
    if not cholesky(work.matrix, work.factor):
        return False
    invert(work)
    n_coef = len(covariance)
    if design.n_blocks > 0:
        block_leverages(design.blocks, work.weights, work.space, work.inverse, leverages)
        ridged_means(work.space, work.inverse, work.factor)
    else:
        _leverages(design, work, spread, leverages)
        copy(work.inverse, work.factor)
    # (A + λ)⁻¹ A (A + λ)⁻¹ = (A + λ)⁻¹ − λ (A + λ)⁻²
    for i in range(n_coef):
        for j in range(n_coef):
            squared = 0.0
            for k in range(n_coef):
                squared += work.factor[i, k] * work.inverse[k, j]
            covariance[i, j] = work.inverse[i, j] - ridge * squared
        if not covariance[i, i] > 0.0:
            return False
    return True


@summing
def _leverages(design, work, spread, leverages):
    """Diagonal of the hat matrix: the weight times x'Cx, which is linear in the products of columns."""
    for k in range(len(spread)):
        spread[k] = 0.0
    pair = 0
    for i in range(len(work.right)):
        for j in range(i + 1):
            if design.position[pair] >= 0:
                spread[design.position[pair]] += work.inverse[i, j] * (1.0 if i == j else 2.0)
            pair += 1
    for i in range(len(leverages)):
        leverages[i] = 0.0
    for k in range(len(spread)):
        for i in range(len(leverages)):
            leverages[i] += spread[k] * design.products[k, i]
    for i in range(len(leverages)):
        leverages[i] *= work.weights[i]


@kernel
def means(factors, design, beta, min_mu, first, last, mu):
    """Means of a range of genes at coefficients given, floored at `min_mu`; parameters as in `fit`."""
    eta = np.empty(design.columns.shape[1])
    for g in range(first, last):
        linear_predictor(design, beta[g], eta)
        _means(eta, factors[g if factors.shape[0] > 1 else 0], min_mu, mu[g])


@kernel
def log_likelihoods(counts, mu, dispersions, first, last, total):
    """Negative-binomial log likelihood of a range of genes; `total` is (n_genes,) out."""
    n_samples = counts.shape[1]
    tail = np.empty(max(TABLE, n_samples))
    large = np.empty(n_samples)
    for g in range(first, last):
        sorted_counts = sort_counts(counts[g], tail, large)
        total[g] = log_binomial(dispersions[g], sorted_counts) + _log_likelihood(counts[g], mu[g], dispersions[g])


@kernel
def moments(counts, factors, design, mean_inverse_factor, first, last, out):
    """Mean and variance of normalised counts, and two rough dispersions, of a range of genes.

    Parameters
    ----------
    counts, factors, design, first, last : as in `fit`
    mean_inverse_factor : mean over samples of 1 / size factor
    out : (n_genes, 4); mean, variance, rough dispersion around a linear fit, dispersion by moments

    Source: R DESeq2 `roughDispEstimate`, `momentsDispEstimate`.
    """
    n_coef, n_samples = design.start.shape
    normalised = np.empty(n_samples)
    fitted = np.empty(n_samples)
    beta = np.empty(n_coef)
    for g in range(first, last):
        factor = factors[g if factors.shape[0] > 1 else 0]
        total = 0.0
        for i in range(n_samples):
            normalised[i] = counts[g, i] / factor[i]
            total += normalised[i]
        mean = total / n_samples
        squares = 0.0
        for i in range(n_samples):
            squares += (normalised[i] - mean) ** 2
        variance = squares / (n_samples - 1)
        project(design.start, normalised, beta)
        linear_predictor(design, beta, fitted)
        rough = 0.0
        for i in range(n_samples):
            m = max(fitted[i], 1.0)
            rough += ((normalised[i] - m) ** 2 - m) / (m * m)
        out[g, 0] = mean
        out[g, 1] = variance
        out[g, 2] = max(rough / (n_samples - n_coef), 0.0)
        out[g, 3] = (variance - mean_inverse_factor * mean) / (mean * mean)


@kernel
def linear_means(counts, factors, design, min_mu, first, last, mu):
    """Means of a design of groups, by least squares on normalised counts; parameters as in `fit`."""
    n_coef, n_samples = design.columns.shape
    normalised = np.empty(n_samples)
    beta = np.empty(n_coef)
    for g in range(first, last):
        factor = factors[g if factors.shape[0] > 1 else 0]
        for i in range(n_samples):
            normalised[i] = counts[g, i] / factor[i]
        project(design.start, normalised, beta)
        linear_predictor(design, beta, normalised)
        for i in range(n_samples):
            mu[g, i] = max(normalised[i] * factor[i], min_mu)
