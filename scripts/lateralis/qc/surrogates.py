"""Hidden variables that shape expression beside the design: how much of a result could rest on them; never a correction.

Source: Leek & Storey 2007, doi:10.1371/journal.pgen.0030161; their number by permutation, Buja & Eyuboglu 1992,
doi:10.1207/s15327906mbr2704_2.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from lateralis.model.endpoint import Rule, has_fold_changes
from lateralis.qc.associations import component_associations

N_GENES = 3000
PERMUTATIONS = 20
_ALPHA = 0.05
_FEWEST_GENES = 50
_LEAST_LEFT = 0.1  # length of a unit vector beside the design, below which it repeats the design


def surrogate_variables(vst: np.ndarray, design_matrix: pd.DataFrame, *, most: int = 5, seed: int = 1) -> pd.DataFrame:
    """Leading directions of expression that a design leaves unexplained, as many as permutation finds.

    Each is looked for in the residuals of the design, and then taken from expression itself, in the genes that follow it: so
    it may correlate with the design, as a hidden batch does, which a component of the residuals never can.

    Parameters
    ----------
    vst : (n_samples, n_genes) log2, the samples of the design
    design_matrix : (n_samples, n_coef) of full rank
    most : how many at most
    seed : of the permutations

    Returns
    -------
    DataFrame (n_samples, k) of unit vectors, index as the design's, columns SV1, SV2, …; k may be 0. A component counts where
    its share of the residual variance exceeds those of all of 20 data sets whose residuals are permuted gene by gene, and
    all before it count. One that the design and those before it nearly determine is left out.
    """
    design = design_matrix.to_numpy(dtype=float)
    n_samples, n_coef = design.shape
    basis = np.linalg.qr(design)[0]
    chosen = np.sort(np.argsort(-vst.var(axis=0), kind="stable")[:N_GENES])
    expression = vst[:, chosen].astype(float)
    residuals = _residuals(expression, basis)
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
    found: list[np.ndarray] = []
    for component in vectors[:, :n_found].T:
        surrogate = _in_expression(component, residuals, expression)
        left = _residuals(surrogate, np.linalg.qr(np.column_stack([design, *found]))[0])
        if np.linalg.norm(left) > _LEAST_LEFT:
            found.append(surrogate)
    columns = [f"SV{number + 1}" for number in range(len(found))]
    return pd.DataFrame(np.array(found).reshape(-1, n_samples).T, index=design_matrix.index, columns=columns)


def _in_expression(component: np.ndarray, residuals: np.ndarray, expression: np.ndarray) -> np.ndarray:
    """The component of expression most like one of the residuals, in the genes whose residuals follow that one most."""
    lengths = np.linalg.norm(residuals, axis=0)
    following = np.abs(component @ residuals) / np.where(lengths > 0, lengths, np.inf)
    genes = np.argsort(-following, kind="stable")[: max(_FEWEST_GENES, len(following) // 10)]
    centred = expression[:, genes] - expression[:, genes].mean(axis=0)
    vectors = _components(centred, min(centred.shape[0] - 1, 10))[0]
    likeness = component @ vectors
    best = int(np.abs(likeness).argmax())
    return np.asarray(vectors[:, best] * np.sign(likeness[best]))


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


def compare_calls(without: pd.DataFrame, with_surrogates: pd.DataFrame, rule: Rule) -> dict[str, str | int | float]:
    """Calls of a contrast without and with surrogate variables in the design.

    Parameters
    ----------
    without, with_surrogates : results of `endpoint.call_genes`
    rule : the one that counts

    Returns
    -------
    dict with rule, called, called_with_surrogates, in_both (in the same direction) and correlation (of the statistics of
    the genes tested in both: Pearson's; Spearman's for likelihood ratios)
    """
    column = f"call_{rule}"
    both = without.merge(with_surrogates, on="gene_id", suffixes=("", "_after"))
    before, after = (table.loc[table[column] != "none", ["gene_id", column]] for table in (without, with_surrogates))
    method: Literal["pearson", "spearman"] = "pearson" if has_fold_changes(without) else "spearman"
    tested = both[["stat", "stat_after"]].dropna()
    return {
        "rule": rule,
        "called": len(before),
        "called_with_surrogates": len(after),
        "in_both": len(before.merge(after)),
        "correlation": float(tested["stat"].corr(tested["stat_after"], method=method)),
    }
