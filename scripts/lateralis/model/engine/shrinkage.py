"""Posterior mode of each gene's coefficients under apeGLM's prior: Cauchy on one of them, wide normal on the others.

Source: Zhu, Ibrahim & Love 2019, doi:10.1093/bioinformatics/bty895. The optimiser is ours: Newton's method with a line search.
"""

from __future__ import annotations

import math

import numpy as np

from lateralis.model.engine.compilation import kernel, summing
from lateralis.model.engine.linear import cholesky, cross_products, invert, linear_predictor, project, solve, workspace
from lateralis.model.engine.special import exp, log

_MAX_STEPS = 100
_LARGEST_STEP = 5.0
_HALVINGS = 40


@summing
def _negative_log_posterior(counts, factors, size, design, beta, prior, eta):
    """Up to a constant; leaves the linear predictor in `eta`."""
    wide, scale, index = prior
    linear_predictor(design.columns, beta, eta)
    total = 0.0
    alpha = 1.0 / size
    for i in range(len(counts)):
        total += (counts[i] + size) * log(1.0 + alpha * factors[i] * exp(eta[i])) - counts[i] * eta[i]
    for k in range(len(beta)):
        if k != index:
            total += 0.5 * (beta[k] / wide) ** 2
    return total + math.log1p((beta[index] / scale) ** 2)


@summing
def _curve(counts, factors, size, design, beta, prior, eta, residual, work, exact):
    """Gradient of the log posterior into `work.right`, Hessian of its negative into `work.matrix`, from `eta`.

    Unless `exact`, the negative curvature of the Cauchy prior's tail is left out, which keeps the matrix positive definite.
    """
    wide, scale, index = prior
    for i in range(len(counts)):
        mu = factors[i] * exp(eta[i])
        spread = 1.0 / (size + mu)
        residual[i] = (counts[i] - mu) * size * spread
        work.weights[i] = (counts[i] + size) * size * mu * spread * spread
    cross_products(design, work.weights, work)
    project(design.columns, residual, work.right)
    for k in range(len(beta)):
        if k != index:
            work.right[k] -= beta[k] / (wide * wide)
            work.matrix[k, k] += 1.0 / (wide * wide)
    at = beta[index]
    width = scale * scale + at * at
    work.right[index] -= 2.0 * at / width
    curvature = 2.0 * (scale * scale - at * at) / (width * width)
    if exact or curvature > 0.0:
        work.matrix[index, index] += curvature


@summing
def _climb(counts, factors, size, design, prior, beta, trial, eta, residual, work):
    """Newton's method from `beta`, which it overwrites; returns the negative log posterior and whether it converged."""
    value = _negative_log_posterior(counts, factors, size, design, beta, prior, eta)
    n_coef = len(beta)
    for _ in range(_MAX_STEPS):
        _curve(counts, factors, size, design, beta, prior, eta, residual, work, True)
        if not cholesky(work.matrix, work.factor):
            _curve(counts, factors, size, design, beta, prior, eta, residual, work, False)
            if not cholesky(work.matrix, work.factor):
                return value, False
        solve(work.factor, work.right, work.solution)
        longest = 0.0
        gain = 0.0
        for k in range(n_coef):
            longest = max(longest, abs(work.solution[k]))
            gain += work.solution[k] * work.right[k]
        if not longest < np.inf:
            return value, False
        step = min(1.0, _LARGEST_STEP / max(longest, 1e-300))
        if longest < 1e-9:
            return value, True
        reached = value
        for _halving in range(_HALVINGS):
            for k in range(n_coef):
                trial[k] = beta[k] + step * work.solution[k]
            reached = _negative_log_posterior(counts, factors, size, design, trial, prior, eta)
            if reached <= value - 1e-4 * step * gain or longest * step < 1e-7:
                break
            step /= 2
        else:
            return value, False
        for k in range(n_coef):
            beta[k] = trial[k]
        value = reached
    return value, False


@kernel
def maximise(counts, factors, design, sizes, prior, first, last, beta, inverse, converged):
    """Posterior mode of a range of genes.

    Parameters
    ----------
    counts : (n_genes, n_samples) float
    factors : (1, n_samples) size factors, or (n_genes, n_samples) normalisation factors
    design : from `linear.prepare_design`
    sizes : (n_genes,) 1 / dispersion
    prior : scale of the normal prior, scale of the Cauchy prior, position of the coefficient under the latter
    first, last : range of genes
    beta : (n_genes, n_coef) out, natural-log scale
    inverse : (n_genes, n_coef, n_coef) out; inverse Hessian of the negative log posterior at the mode
    converged : (n_genes,) bool out

    The posterior may have two modes, one near zero and one near the likelihood's, so the search starts at both.
    """
    n_coef, n_samples = design.columns.shape
    eta = np.empty(n_samples)
    residual = np.empty(n_samples)
    trial = np.empty(n_coef)
    other = np.empty(n_coef)
    work = workspace(design)
    index = prior[2]
    for g in range(first, last):
        y = counts[g]
        factor = factors[g if factors.shape[0] > 1 else 0]
        size = sizes[g]
        if not (size > 0.0 and size < np.inf):
            converged[g] = False
            continue
        for i in range(n_samples):
            residual[i] = log(y[i] / factor[i] + 0.1)
        project(design.start, residual, other)
        for k in range(n_coef):
            beta[g, k] = other[k]
        value, found = _climb(y, factor, size, design, prior, beta[g], trial, eta, residual, work)
        other[index] = 0.0
        second_value, second_found = _climb(y, factor, size, design, prior, other, trial, eta, residual, work)
        if second_found and (not found or second_value < value):
            found = True
            for k in range(n_coef):
                beta[g, k] = other[k]
        linear_predictor(design.columns, beta[g], eta)
        _curve(y, factor, size, design, beta[g], prior, eta, residual, work, True)
        if found and cholesky(work.matrix, work.factor):
            invert(work)
            inverse[g] = work.inverse
        else:
            found = False
        converged[g] = found
