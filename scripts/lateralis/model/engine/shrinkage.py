"""Posterior mode of each gene's coefficients under apeGLM's prior: Cauchy on one of them, wide normal on the others.

Source: Zhu, Ibrahim & Love 2019, doi:10.1093/bioinformatics/bty895. The optimiser is ours: Newton's method with a line search.
"""

from __future__ import annotations

import math

import numpy as np

from lateralis.model.engine.compilation import kernel, summing
from lateralis.model.engine.linear import (
    cholesky,
    copy,
    cross_products,
    invert,
    largest,
    linear_predictor,
    project,
    solve,
    workspace,
)
from lateralis.model.engine.special import exp, log

_MAX_STEPS = 100
_LARGEST_STEP = 5.0
_HALVINGS = 40
_LAST_STEP = 1e-5  # Newton's error is squared at each step: after one as short as this, some 1e-10 is left
_ROUNDING = 4e-16


@summing
def _evaluate(counts, factors, size, design, beta, prior, eta, residual, work):
    """Negative log posterior up to a constant; leaves the likelihood's slopes in `residual`, its weights in `work.weights`."""
    wide, scale, index = prior
    linear_predictor(design, beta, eta)
    total = 0.0
    alpha = 1.0 / size
    for i in range(len(counts)):
        mu = factors[i] * exp(eta[i])
        spread = 1.0 / (1.0 + alpha * mu)
        total += (counts[i] + size) * log(1.0 + alpha * mu) - counts[i] * eta[i]
        residual[i] = (counts[i] - mu) * spread
        work.weights[i] = (1.0 + alpha * counts[i]) * mu * spread * spread
    for k in range(len(beta)):
        if k != index:
            total += 0.5 * (beta[k] / wide) ** 2
    return total + math.log1p((beta[index] / scale) ** 2)


@summing
def _cauchy_curvature(at, scale):
    """Second derivative of the Cauchy prior's negative log density; negative beyond one scale, least at √3 scales."""
    width = scale * scale + at * at
    return 2.0 * (scale * scale - at * at) / (width * width)


@summing
def _curve(design, beta, prior, residual, work):
    """Gradient of the log posterior into `work.right`, Hessian of its negative into `work.matrix`, from an evaluation."""
    wide, scale, index = prior
    cross_products(design, work.weights, work)
    project(design.columns, residual, work.right)
    for k in range(len(beta)):
        if k != index:
            work.right[k] -= beta[k] / (wide * wide)
            work.matrix[k, k] += 1.0 / (wide * wide)
    work.right[index] -= 2.0 * beta[index] / (scale * scale + beta[index] * beta[index])
    work.matrix[index, index] += _cauchy_curvature(beta[index], scale)


@summing
def _climb(counts, factors, size, design, prior, beta, trial, eta, residual, work):
    """Newton's method from `beta`, which it overwrites; returns the negative log posterior and whether it converged.

    Where it did, `work.factor` is the Hessian's Cholesky factor at the mode.
    """
    scale, index = prior[1], prior[2]
    n_coef = len(beta)
    value, gain, noise, step, last = np.inf, 0.0, 0.0, 0.0, False
    for k in range(n_coef):
        work.solution[k] = 0.0  # the start is a step of no length, which nothing refuses
    for _ in range(_MAX_STEPS):
        reached = value
        for _halving in range(_HALVINGS):
            for k in range(n_coef):
                trial[k] = beta[k] + step * work.solution[k]
            reached = _evaluate(counts, factors, size, design, trial, prior, eta, residual, work)
            if last or reached <= value - 1e-4 * step * gain + noise:
                break
            step /= 2
        else:
            return value, False
        for k in range(n_coef):
            beta[k] = trial[k]
        value = reached
        _curve(design, beta, prior, residual, work)
        exact = cholesky(work.matrix, work.factor)
        if last:
            return value, exact
        if not exact:  # without the negative curvature of the Cauchy prior's tail, the direction is downhill
            work.matrix[index, index] -= min(_cauchy_curvature(beta[index], scale), 0.0)
            if not cholesky(work.matrix, work.factor):
                return value, False
        solve(work.factor, work.right, work.solution)
        longest = largest(work.solution)
        if not longest < np.inf:
            return value, False
        gain = 0.0
        for k in range(n_coef):
            gain += work.solution[k] * work.right[k]
        # the last step takes no line search: the value has fewer digits than the slope
        last = exact and longest < _LAST_STEP * min(1.0, scale)
        step = 1.0 if last else min(1.0, _LARGEST_STEP / longest)
        noise = _ROUNDING * (abs(value) + len(counts) * size)  # size times the log of a number near 1 loses digits
    return value, False


@summing
def _single_mode(at, prior, variance, reach):
    """Whether there can be no other mode between zero and the one found at `at`.

    Parameters
    ----------
    at : the coefficient under the Cauchy prior, at the mode
    variance : its element of the inverse Hessian there
    reach : how far a linear predictor moves at most, for each unit of the coefficient

    Another needs a place where the Cauchy prior's negative curvature exceeds the profile likelihood's, which falls no
    faster than the weights do: at most by a factor of e for each unit of a linear predictor.
    """
    scale, at = prior[1], abs(at)
    if at <= scale:
        return True
    information = 1.0 / variance - _cauchy_curvature(at, scale)
    return information * math.exp(-reach * at) > -_cauchy_curvature(min(at, math.sqrt(3.0) * scale), scale)


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

    The posterior may have two modes, one near zero and one near the likelihood's. The search starts at the latter, and again
    at zero unless there can be no second mode.
    """
    n_coef, n_samples = design.columns.shape
    eta = np.empty(n_samples)
    residual = np.empty(n_samples)
    trial = np.empty(n_coef)
    mode = np.empty(n_coef)
    work = workspace(design)
    index = prior[2]
    reach = 2.0 * largest(design.columns[index])  # twice, as the other coefficients move along
    for g in range(first, last):
        factor = factors[g if factors.shape[0] > 1 else 0]
        converged[g] = False
        if not (sizes[g] > 0.0 and sizes[g] < np.inf):
            continue
        for i in range(n_samples):
            residual[i] = log(counts[g, i] / factor[i] + 0.1)
        project(design.start, residual, mode)
        best = np.inf
        for _start in range(2):
            value, found = _climb(counts[g], factor, sizes[g], design, prior, mode, trial, eta, residual, work)
            if found and value < best:
                best = value
                converged[g] = True
                invert(work)
                copy(work.inverse, inverse[g])
                for k in range(n_coef):
                    beta[g, k] = mode[k]
                if _single_mode(mode[index], prior, work.inverse[index, index], reach):
                    break
            mode[index] = 0.0
