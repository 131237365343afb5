"""Posterior modes under apeGLM's prior without compiled code: the search of the engine's kernel, all genes abreast.

PyDESeq2's own search stops some 0.003 short of the mode, may end in the lower of two, and its Hessian has the prior's
curvature added to whole columns, which takes a third off a standard error.
"""

from __future__ import annotations

import numpy as np

_MAX_STEPS = 100
_HALVINGS = 40
_LARGEST_STEP = 5.0
_LAST_STEP = 1e-5
_ROUNDING = 4e-16


class Posterior:
    """Negative log posterior of genes' coefficients, Cauchy prior on one of them and normal ones on the others.

    Parameters
    ----------
    counts : (n_samples, n_genes)
    factors : (n_samples, n_genes) size or normalisation factors
    sizes : (n_genes,) 1 / dispersion
    design : (n_samples, n_coef)
    wide, scale : scales of the normal and of the Cauchy prior
    index : position of the coefficient under the latter
    """

    def __init__(
        self,
        counts: np.ndarray,
        factors: np.ndarray,
        sizes: np.ndarray,
        design: np.ndarray,
        wide: float,
        scale: float,
        index: int,
    ) -> None:
        self.counts, self.factors, self.sizes, self.design = counts, factors, sizes, design
        self.scale, self.index = scale, index
        self.precision = np.full(design.shape[1], wide**-2)
        self.precision[index] = 0.0
        self.products = (design[:, :, None] * design[:, None, :]).reshape(len(design), -1)

    def of(self, genes: np.ndarray) -> Posterior:
        """The same for some of the genes."""
        part = object.__new__(Posterior)
        part.__dict__.update(self.__dict__)
        part.counts, part.factors = self.counts[:, genes], self.factors[:, genes]
        part.sizes = self.sizes[genes]
        return part

    def value(self, beta: np.ndarray) -> np.ndarray:
        """(n_genes,) up to a constant."""
        eta = self.design @ beta.T
        mu = self.factors * np.exp(np.clip(eta, -700, 700))
        loss = ((self.counts + self.sizes) * np.log1p(mu / self.sizes) - self.counts * eta).sum(axis=0)
        return loss + (self.precision * beta**2).sum(axis=1) / 2 + np.log1p((beta[:, self.index] / self.scale) ** 2)

    def curve(self, beta: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Gradient (n_genes, n_coef), Hessian (n_genes, n_coef, n_coef) and the Cauchy prior's part of it (n_genes,)."""
        mu = self.factors * np.exp(np.clip(self.design @ beta.T, -700, 700))
        spread = 1 / (1 + mu / self.sizes)
        at = beta[:, self.index]
        width = self.scale**2 + at**2
        gradient = ((mu - self.counts) * spread).T @ self.design + self.precision * beta
        gradient[:, self.index] += 2 * at / width
        weights = (1 + self.counts / self.sizes) * mu * spread**2
        hessian = (weights.T @ self.products).reshape(len(beta), *[self.design.shape[1]] * 2) + np.diag(self.precision)
        cauchy = 2 * (self.scale**2 - at**2) / width**2
        hessian[:, self.index, self.index] += cauchy
        return gradient, hessian, cauchy


def posterior_modes(posterior: Posterior) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mode of every gene, the higher one where there are two.

    Returns
    -------
    coefficients : (n_genes, n_coef) natural-log scale
    inverse_hessians : (n_genes, n_coef, n_coef); NaN where not converged
    converged : (n_genes,)
    """
    start = (np.linalg.pinv(posterior.design) @ np.log(posterior.counts / posterior.factors + 0.1)).T
    beta, value, converged = _climb(posterior, start)
    from_zero = beta.copy()
    from_zero[:, posterior.index] = 0.0
    other, other_value, other_converged = _climb(posterior, from_zero)
    better = other_converged & (~converged | (other_value < value))
    beta[better], converged[better] = other[better], True
    hessian = posterior.curve(beta)[1]
    inverse = np.full_like(hessian, np.nan)
    converged &= np.isfinite(hessian).all(axis=(1, 2))
    converged[converged] = np.linalg.eigvalsh(hessian[converged])[:, 0] > 0
    inverse[converged] = np.linalg.inv(hessian[converged])
    return beta, inverse, converged


def _climb(posterior: Posterior, start: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Newton's method with a line search; coefficients, values and convergence."""
    beta, value = start.copy(), posterior.value(start)
    converged = np.zeros(len(beta), dtype=bool)
    active = np.flatnonzero(np.isfinite(value))
    index = posterior.index
    for _ in range(_MAX_STEPS):
        if not len(active):
            break
        part = posterior.of(active)
        gradient, hessian, cauchy = part.curve(beta[active])
        exact = np.linalg.eigvalsh(hessian)[:, 0] > 0
        hessian[~exact, index, index] -= np.minimum(cauchy[~exact], 0.0)
        steps = -np.linalg.solve(hessian, gradient[:, :, None])[:, :, 0]
        longest, gain = np.abs(steps).max(axis=1), -(steps * gradient).sum(axis=1)
        last = exact & (longest < _LAST_STEP * min(1.0, posterior.scale))
        beta[active[last]] += steps[last]
        converged[active[last]] = True
        length = np.minimum(1.0, _LARGEST_STEP / longest)
        bound = value[active] + _ROUNDING * (np.abs(value[active]) + len(posterior.design) * part.sizes)
        searching = ~last
        for _halving in range(_HALVINGS):
            here = np.flatnonzero(searching)
            if not len(here):
                break
            trial = beta[active[here]] + length[here, None] * steps[here]
            reached = part.of(here).value(trial)
            accepted = reached <= bound[here] - 1e-4 * length[here] * gain[here]
            beta[active[here[accepted]]], value[active[here[accepted]]] = trial[accepted], reached[accepted]
            searching[here[accepted]] = False
            length[here] /= 2
        active = active[~last & ~searching]
    return beta, posterior.value(beta), converged
