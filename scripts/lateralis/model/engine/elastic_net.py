"""Logistic regression with an elastic net, over a path of penalties: proximal Newton steps, each by coordinate descent."""

from __future__ import annotations

import math

import numpy as np

from lateralis.model.engine.compilation import in_order

_STEPS, _SWEEPS = 25, 1000
_LEAST_WEIGHT = 1e-5  # of a fitted probability times its complement, as glmnet has it
_FARTHEST = 30.0  # log odds beyond which a probability is 0 or 1


@in_order
def _product(a, b):
    """Sum of a·b in four sums side by side, which a processor adds at once; the order is always the same."""
    n = len(a)
    whole = n - n % 4
    first, second, third, fourth = 0.0, 0.0, 0.0, 0.0
    for i in range(0, whole, 4):
        first += a[i] * b[i]
        second += a[i + 1] * b[i + 1]
        third += a[i + 2] * b[i + 2]
        fourth += a[i + 3] * b[i + 3]
    for i in range(whole, n):
        first += a[i] * b[i]
    return (first + second) + (third + fourth)


@in_order
def _linearise(x, y, weights, intercept, beta, residual, spread):
    """Weighted residuals and curvatures of the loss at some coefficients; the sum of the latter."""
    residual[:] = intercept
    for j in range(len(beta)):
        if beta[j] != 0.0:
            for i in range(len(y)):
                residual[i] += beta[j] * x[j, i]
    total = 0.0
    for i in range(len(y)):
        p = 1 / (1 + math.exp(-min(max(residual[i], -_FARTHEST), _FARTHEST)))
        spread[i] = weights[i] * max(p * (1 - p), _LEAST_WEIGHT)
        residual[i] = weights[i] * (y[i] - p)
        total += spread[i]
    return total


@in_order
def _sweep(x, residual, spread, beta, curvature, whole, n_free, ridge, absolute, squared):
    """Move each coefficient to where the quadratic loss is least, in turn; how much the largest move changed the loss."""
    largest = 0.0
    for j in range(len(beta)):
        old = beta[j]
        if not whole and old == 0.0:
            continue
        slope = _product(x[j], residual)
        l1, l2 = (0.0, ridge) if j < n_free else (absolute, squared)
        if old == 0.0 and abs(slope) <= l1:
            continue
        if curvature[j] < 0:
            curvature[j] = 0.0
            for i in range(len(residual)):
                curvature[j] += spread[i] * x[j, i] * x[j, i]
        target = slope + curvature[j] * old
        new = math.copysign(max(abs(target) - l1, 0.0), target) / (curvature[j] + l2)
        change = new - old
        if change != 0.0:
            for i in range(len(residual)):
                residual[i] -= change * spread[i] * x[j, i]
            beta[j] = new
            largest = max(largest, curvature[j] * change * change)
    return largest


@in_order
def _descend(x, residual, spread, total, beta, curvature, n_free, ridge, absolute, squared, tolerance):
    """Sweep until nothing moves, over all coefficients and over those that are not 0 by turns; the change of the intercept."""
    moved = 0.0
    whole = True
    for _ in range(_SWEEPS):
        largest = _sweep(x, residual, spread, beta, curvature, whole, n_free, ridge, absolute, squared)
        change = 0.0
        for i in range(len(residual)):
            change += residual[i]
        change /= total
        for i in range(len(residual)):
            residual[i] -= change * spread[i]
        moved += change
        settled = max(largest, total * change * change) < tolerance
        if settled and whole:
            break
        whole = settled
    return moved


@in_order
def fit_path(x, y, weights, penalties, l1_ratio, n_free, ridge, tolerance):
    """Coefficients at each penalty of a path.

    Parameters
    ----------
    x : (n_features, n_samples) standardised
    y : (n_samples,) 0 or 1
    weights : (n_samples,) of the samples, sum 1
    penalties : (n_penalties,) λ, descending
    l1_ratio : share of the penalty that is absolute, (0, 1]
    n_free : how many of the first features carry only `ridge`, whatever the penalty
    ridge : of those features
    tolerance : a step ends when no coefficient moves the quadratic loss by more

    Returns
    -------
    (n_penalties, 1 + n_features) intercept, then coefficients, of the minimum of
    Σ w (log(1 + exp η) − y η) + λ Σ (l1_ratio |b| + (1 − l1_ratio) b² / 2) + ridge Σ b² / 2.
    With n samples that is scikit-learn's elastic net with C = 1 / (λ n) and sample weights n w.

    Source: Friedman, Hastie & Tibshirani 2010, doi:10.18637/jss.v033.i01, section 3.
    """
    n_features, n = x.shape
    found = np.zeros((len(penalties), 1 + n_features))
    beta, before, curvature = np.zeros(n_features), np.zeros(n_features), np.zeros(n_features)
    residual, spread = np.empty(n), np.empty(n)
    share = 0.0
    for i in range(n):
        share += weights[i] * y[i]
    intercept = math.log(share / (1 - share))
    for k in range(len(penalties)):
        absolute, squared = penalties[k] * l1_ratio, penalties[k] * (1 - l1_ratio)
        for _ in range(_STEPS):
            total = _linearise(x, y, weights, intercept, beta, residual, spread)
            curvature[:] = -1.0  # not known yet
            before[:] = beta
            change = _descend(x, residual, spread, total, beta, curvature, n_free, ridge, absolute, squared, tolerance)
            intercept += change
            moved = total * change * change
            for j in range(n_features):
                if beta[j] != before[j]:
                    moved = max(moved, curvature[j] * (beta[j] - before[j]) ** 2)
            if moved < tolerance:
                break
        found[k, 0] = intercept
        found[k, 1:] = beta
    return found
