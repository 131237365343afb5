"""Linear models of one protein whose low values are known only to lie below a limit: the censored-normal (Tobit) likelihood.

A level above the limit contributes its density, one below it the probability of being so low. Nothing is imputed. Without
values below the limit every quantity here is that of ordinary least squares, residual degrees of freedom included.

Source: Tobin 1958, doi:10.2307/1907382; R survival `survreg(dist = "gaussian")` maximises the same likelihood. The variance is
the maximum of the likelihood with the coefficients integrated out (Cox & Reid 1987), which is RSS / (n − p) when nothing is
below the limit; its degrees of freedom are twice the curvature of that likelihood in the log variance, n − p then.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_ndtr

_LOG_ROOT_2PI = 0.5 * float(np.log(2 * np.pi))
_STEP = 0.02  # of log variance, for its curvature
_MOST_STEPS = 60
_TOLERANCE = 1e-14
_RANK = 1e-9


class State(NamedTuple):
    """The likelihood at one variance, maximised over the coefficients.

    Attributes
    ----------
    beta : (n_coef,)
    log_likelihood : of all rows
    information : (n_coef, n_coef) observed, of the coefficients
    mixed : (n_coef,) observed information of the coefficients with log variance
    slope, curvature : derivative of the log-likelihood in log variance at fixed coefficients, and minus its second
    """

    beta: np.ndarray
    log_likelihood: float
    information: np.ndarray
    mixed: np.ndarray
    slope: float
    curvature: float


class Identified(NamedTuple):
    """What the values above the limit let one estimate.

    Attributes
    ----------
    rows : (n,) bool; those that take part
    basis : (n_coef, n_identified) orthonormal; coefficients are `basis` @ those of the fit
    """

    rows: np.ndarray
    basis: np.ndarray

    def holds(self, contrast: np.ndarray) -> bool:
        """Whether a contrast, (n_coef,) weights, can be estimated."""
        outside = contrast - self.basis @ (self.basis.T @ contrast)
        return bool(np.linalg.norm(outside) <= 1e-6 * np.linalg.norm(contrast))


def identify(matrix: np.ndarray, measured: np.ndarray, below: np.ndarray) -> Identified:
    """Rows and combinations of coefficients that the values above the limit speak about.

    Parameters
    ----------
    matrix : (n, n_coef) design
    measured, below : (n,) bool

    Notes
    -----
    Where all values of, say, a batch are below the limit, the likelihood has its maximum with that batch's mean at minus
    infinity, where its rows are certain and say nothing of the rest. Such rows take no part; whichever level is the
    reference.
    """
    seen = matrix[measured & ~below]
    scale = np.maximum(np.linalg.norm(matrix, axis=0), np.finfo(float).tiny)
    _, singular, right = np.linalg.svd(seen / scale, full_matrices=True)
    rank = int((singular > _RANK * max(singular.max(initial=0.0), 1e-300)).sum()) if len(seen) else 0
    if rank == matrix.shape[1]:
        return Identified(measured, np.eye(rank))
    basis = np.linalg.qr((right[:rank] * scale).T)[0]
    outside = matrix - (matrix @ basis) @ basis.T
    untouched = np.linalg.norm(outside, axis=1) <= 1e-6 * np.maximum(np.linalg.norm(matrix, axis=1), 1e-300)
    return Identified(measured & untouched, basis)


def maximise_at(
    values: np.ndarray, below: np.ndarray, matrix: np.ndarray, log_variance: float, start: np.ndarray
) -> State:
    """Maximise the likelihood over the coefficients at one variance, by Newton's method on a concave function.

    Parameters
    ----------
    values : (n,) levels; where `below`, the limits
    below : (n,) bool
    matrix : (n, n_coef) of full rank in the rows not below
    log_variance : natural logarithm
    start : (n_coef,) coefficients to start from
    """
    sigma = float(np.exp(log_variance / 2))
    beta, reached = start, -np.inf
    step = np.zeros_like(beta)
    for _ in range(_MOST_STEPS):
        state, gradient = _state(values, below, matrix, sigma, beta)
        halvings = 0
        while state.log_likelihood < reached - 1e-10 and halvings < 30:
            step, halvings = step / 2, halvings + 1
            beta = beta - step
            state, gradient = _state(values, below, matrix, sigma, beta)
        reached = state.log_likelihood
        step = np.linalg.solve(state.information, gradient)
        if float(gradient @ step) < _TOLERANCE:  # twice what is left to gain
            break
        beta = beta + step
    return state


def _state(
    values: np.ndarray, below: np.ndarray, matrix: np.ndarray, sigma: float, beta: np.ndarray
) -> tuple[State, np.ndarray]:
    """Likelihood and derivatives at given coefficients and standard deviation; and the gradient in the coefficients."""
    z = (values - matrix @ beta) / sigma
    log_tail = log_ndtr(z)
    hazard = np.where(below, np.exp(-0.5 * z**2 - _LOG_ROOT_2PI - log_tail), 0.0)  # of the normal, from below
    weight = np.where(below, hazard * (hazard + z), 1.0)
    score = np.where(below, -hazard, z)
    likelihood = np.where(below, log_tail, -0.5 * z**2 - _LOG_ROOT_2PI - np.log(sigma))
    mixed = np.where(below, (weight * z - hazard) / 2, z)
    curvature = np.where(below, (weight * z**2 - hazard * z) / 4, z**2 / 2)
    slope = np.where(below, -hazard * z / 2, (z**2 - 1) / 2)
    information = (matrix * weight[:, None]).T @ matrix / sigma**2
    state = State(
        beta,
        float(likelihood.sum()),
        information,
        matrix.T @ mixed / sigma,
        float(slope.sum()),
        float(curvature.sum()),
    )
    return state, matrix.T @ score / sigma


def _start(values: np.ndarray, below: np.ndarray, matrix: np.ndarray) -> tuple[np.ndarray, float]:
    """Coefficients and log variance with limits taken for levels, which the likelihood's maximum is not far from."""
    beta = np.linalg.lstsq(matrix, values, rcond=None)[0]
    seen = ~below
    variance = float(np.sum((values - matrix @ beta)[seen] ** 2) / seen.sum())
    return beta, float(np.log(max(variance, 1e-12)))


def maximum_likelihood(
    values: np.ndarray, below: np.ndarray, matrix: np.ndarray
) -> tuple[np.ndarray, float, np.ndarray] | None:
    """Maximum-likelihood estimates, as R `survreg` gives them.

    Parameters
    ----------
    values, below, matrix : as in `maximise_at`

    Returns
    -------
    coefficients (n_coef,), variance, and covariance of coefficients and log standard deviation (n_coef + 1, n_coef + 1);
    None where the maximum is not found
    """
    beta, eta = _start(values, below, matrix)
    for _ in range(_MOST_STEPS):
        state = maximise_at(values, below, matrix, eta, beta)
        beta = state.beta
        curvature = state.curvature - float(state.mixed @ np.linalg.solve(state.information, state.mixed))
        move = state.slope / curvature if curvature > 0 else float(np.sign(state.slope))
        eta += float(np.clip(move, -1.0, 1.0))
        if abs(move) < 1e-7:
            break
    else:
        return None
    state = maximise_at(values, below, matrix, eta, beta)
    joint = np.block([[state.information, 2 * state.mixed[:, None]], [2 * state.mixed[None, :], 4 * state.curvature]])
    return state.beta, float(np.exp(eta)), np.linalg.inv(joint)


def restricted_variance(values: np.ndarray, below: np.ndarray, matrix: np.ndarray) -> tuple[float, float] | None:
    """Residual variance and its degrees of freedom; parameters as in `maximise_at`, None where there is no maximum."""
    found = maximum_likelihood(values, below, matrix)
    if found is None:
        return None
    beta, centre = found[0], float(np.log(found[1]))

    def loss(eta: float) -> float:
        state = maximise_at(values, below, matrix, eta, beta)
        return 0.5 * float(np.linalg.slogdet(state.information)[1]) - state.log_likelihood

    n_seen = int((~below).sum())
    widest = float(np.log(n_seen / max(n_seen - matrix.shape[1], 0.5))) + 1.5
    low, high = centre - 0.5, centre + widest
    eta = float(minimize_scalar(loss, bounds=(low, high), method="bounded", options={"xatol": 1e-6}).x)
    curvature = (loss(eta + _STEP) - 2 * loss(eta) + loss(eta - _STEP)) / _STEP**2
    if not low + 1e-3 < eta < high - 1e-3 or not curvature > 0:
        return None
    return float(np.exp(eta)), 2 * curvature


def at_variance(
    values: np.ndarray, below: np.ndarray, matrix: np.ndarray, variance: float, df: float
) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients and their covariance with the variance taken as given, known as well as `df` degrees of freedom tell it.

    Parameters
    ----------
    values, below, matrix : as in `maximise_at`
    variance : moderated
    df : degrees of freedom of the variance; infinite where it is known

    Returns
    -------
    (n_coef,) and (n_coef, n_coef). Where nothing is below the limit: least squares, and `variance` times (XᵀX)⁻¹.

    Notes
    -----
    Unlike in least squares, the coefficients move with the variance, by −I⁻¹m for each unit of its logarithm, where I is their
    information and m the mixed one; the logarithm has the variance 2 / df.
    """
    state = maximise_at(values, below, matrix, float(np.log(variance)), _start(values, below, matrix)[0])
    inverse = np.linalg.inv(state.information)
    moved = inverse @ state.mixed
    return state.beta, inverse + (2 / df) * np.outer(moved, moved)
