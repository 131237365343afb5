"""Hidden variables that shape expression beside the design: how much of a result could rest on them; never a correction.

Source: Leek & Storey 2007, doi:10.1371/journal.pgen.0030161; their number by permutation, Buja & Eyuboglu 1992,
doi:10.1207/s15327906mbr2704_2.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from lateralis.qc.associations import component_associations

N_GENES = 3000
PERMUTATIONS = 20
_ALPHA = 0.05


def surrogate_variables(vst: np.ndarray, design_matrix: pd.DataFrame, *, most: int = 5, seed: int = 1) -> pd.DataFrame:
    """Leading components of what a design leaves of expression, as many as permutation finds.

    Parameters
    ----------
    vst : (n_samples, n_genes) log2, the samples of the design
    design_matrix : (n_samples, n_coef) of full rank
    most : how many at most
    seed : of the permutations

    Returns
    -------
    DataFrame (n_samples, k), index as the design's, columns SV1, SV2, …; k may be 0. A component counts where its share of the
    residual variance exceeds those of 19 in 20 data sets whose residuals are permuted gene by gene, and all before it count.
    """
    design = design_matrix.to_numpy(dtype=float)
    n_samples, n_coef = design.shape
    basis = np.linalg.qr(design)[0]
    chosen = np.sort(np.argsort(-vst.var(axis=0), kind="stable")[:N_GENES])
    residuals = _residuals(vst[:, chosen].astype(float), basis)
    free = n_samples - n_coef
    if free < 3 or not residuals.any():
        return pd.DataFrame(index=design_matrix.index)
    vectors, shares = _components(residuals, free)
    rng = np.random.default_rng(seed)
    above = np.zeros(free)
    for _ in range(PERMUTATIONS):
        permuted = _residuals(rng.permuted(residuals, axis=0), basis)
        above += _components(permuted, free)[1] >= shares
    significant = (above + 1) / (PERMUTATIONS + 1) < _ALPHA
    n_found = min(int(np.argmin(significant)) if not significant.all() else free, most)
    columns = [f"SV{number + 1}" for number in range(n_found)]
    return pd.DataFrame(vectors[:, :n_found], index=design_matrix.index, columns=columns)


def _residuals(values: np.ndarray, basis: np.ndarray) -> np.ndarray:
    return np.asarray(values - basis @ (basis.T @ values))


def _components(residuals: np.ndarray, free: int) -> tuple[np.ndarray, np.ndarray]:
    """Components, each with a fixed sign, and their shares of the variance; the `free` largest."""
    sizes, vectors = np.linalg.eigh(residuals @ residuals.T)
    order = np.argsort(-sizes)[:free]
    vectors = vectors[:, order]
    signs = np.sign(vectors[np.abs(vectors).argmax(axis=0), np.arange(vectors.shape[1])])
    return vectors * signs, np.maximum(sizes[order], 0) / sizes.sum()


def surrogate_correlations(surrogates: pd.DataFrame, variables: pd.DataFrame) -> pd.DataFrame:
    """Share of each surrogate variable that each variable of the study explains: surrogate, variable, r_squared, pvalue."""
    found = component_associations(surrogates.to_numpy(), variables)
    found["surrogate"] = [f"SV{number}" for number in found["component"]]
    return found[["surrogate", "variable", "r_squared", "pvalue"]].sort_values(
        ["surrogate"], kind="stable", ignore_index=True
    )
