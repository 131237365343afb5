"""Which numerics a fit runs on: the compiled engine, or PyDESeq2's own where numba is missing or broken, and says which."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from typing import Protocol, TypeVar

import numpy as np

T = TypeVar("T")
R = TypeVar("R")


class Numerics(Protocol):
    """What a fit asks of its numerics; the first four are PyDESeq2's `Inference`, with R's conventions."""

    name: str
    block_size: int

    def alpha_mle(
        self,
        counts: np.ndarray,
        design_matrix: np.ndarray,
        mu: np.ndarray,
        alpha_hat: np.ndarray,
        min_disp: float,
        max_disp: float,
        prior_disp_var: float | None = None,
        cr_reg: bool = True,
        prior_reg: bool = False,
        *,
        start: np.ndarray | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Dispersions and whether they converged."""

    def lin_reg_mu(
        self, counts: np.ndarray, size_factors: np.ndarray, design_matrix: np.ndarray, min_mu: float
    ) -> np.ndarray:
        """Means of a design of groups, floored."""

    def lfc_shrink_nbinom_glm(
        self,
        design_matrix: np.ndarray,
        counts: np.ndarray,
        size: np.ndarray,
        offset: np.ndarray,
        prior_no_shrink_scale: float,
        prior_scale: float,
        optimizer: str,
        shrink_index: int,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Coefficients at the posterior mode under apeGLM's prior, inverse Hessians, whether they converged."""

    def fit_coefficients(
        self, counts: np.ndarray, size_factors: np.ndarray, design_matrix: np.ndarray, disp: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Coefficients, means (not floored), leverages, convergence, covariance."""

    def means(self, size_factors: np.ndarray, design_matrix: np.ndarray, beta: np.ndarray, min_mu: float) -> np.ndarray:
        """Means at given coefficients, floored."""

    def moments(
        self, counts: np.ndarray, size_factors: np.ndarray, design_matrix: np.ndarray, mean_inverse_factor: float
    ) -> np.ndarray:
        """Mean and variance of normalised counts, rough dispersion, dispersion by moments; (4, n_genes)."""

    def log_likelihoods(self, counts: np.ndarray, mu: np.ndarray, disp: np.ndarray) -> np.ndarray:
        """Log likelihood of each gene."""

    def over_blocks(self, work: Callable[[Numerics, T], R], blocks: Iterable[T]) -> list[R]:
        """Results of `work(numerics, block)`, in order."""


def choose_numerics(threads: int = 1, blocks: np.ndarray | None = None) -> Numerics:
    """The engine, if it compiles and runs here; else PyDESeq2's default numerics, with a warning that says why.

    Parameters
    ----------
    threads : threads of the engine, or processes of PyDESeq2
    blocks : (n_samples,) number of each sample's block, whose indicator columns are not in the designs that it will be given
    """
    try:
        from lateralis.model.engine.inference import EngineInference

        EngineInference(threads).check()
    except Exception as error:  # whatever keeps a compiler from working on a machine must not stop the cohort
        reason = type(error).__name__
        if isinstance(
            error, ModuleNotFoundError | ArithmeticError
        ):  # other messages may name a folder, and a report is shared
            reason += f": {' '.join(str(error).split())}"
        warnings.warn(
            f"The engine cannot run here ({reason[:200]}), so PyDESeq2's default numerics fit, to the same calls and some ten "
            "times slower",
            stacklevel=2,
        )
        from lateralis.model.fallback import FallbackInference

        return FallbackInference(n_cpus=threads, blocks=blocks)
    return EngineInference(threads, blocks)
