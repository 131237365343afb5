"""Preranked GSEA on the signed statistic: where a set's genes lie in the ranking of all, and which of them make its score.

Its p-values permute genes, hence hold only as far as the genes of a set are independent; `camera` does not need that.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

GSEA_COLUMNS = ("ES", "NES", "pvalue", "leading_edge")
_SAMPLE_SIZE = 101  # of fgsea's multilevel splitting, its default
_SMALLEST_P = 1e-50


class Running(NamedTuple):
    """The running score of a set.

    Attributes
    ----------
    score : the extreme of the running sum, the enrichment score
    rank : (2 × size + 2,) ranks at which the running sum turns, from 0 to n_genes
    value : (2 × size + 2,) running sum at these
    leading : (n_leading,) ranks of the leading edge: hits up to the extreme, or from it on where it is negative
    """

    score: float
    rank: np.ndarray
    value: np.ndarray
    leading: np.ndarray


def ranking(statistic: np.ndarray, genes: Sequence[str]) -> np.ndarray:
    """Positions of the genes from the largest statistic to the smallest; ties in the order of ids. (n_genes,)"""
    return np.lexsort((np.asarray(genes, dtype=str), -statistic))


def running_score(weights: np.ndarray, hits: np.ndarray) -> Running:
    """Running sum over the ranking: up at each hit by its weight, down at each other gene.

    Parameters
    ----------
    weights : (n_genes,) absolute statistics in the order of the ranking
    hits : (size,) ranks of the set's genes, sorted from 0

    Source: Subramanian et al. 2005, doi:10.1073/pnas.0506580102, with exponent 1.
    """
    size, misses = len(hits), len(weights) - len(hits)
    steps = weights[hits]
    steps = steps / steps.sum() if steps.sum() > 0 else np.full(size, 1 / size)
    after = np.cumsum(steps)
    fallen = (hits - np.arange(size)) / misses
    top, bottom = after - fallen, after - steps - fallen
    highest, lowest = int(top.argmax()), int(bottom.argmin())
    up = top[highest] >= -bottom[lowest]
    rank = np.concatenate([[0], np.column_stack([hits, hits + 1]).ravel(), [len(weights)]])
    value = np.concatenate([[0.0], np.column_stack([bottom, top]).ravel(), [0.0]])
    return Running(
        float(top[highest] if up else bottom[lowest]), rank, value, hits[: highest + 1] if up else hits[lowest:]
    )


def prerank(
    statistic: np.ndarray, sets: Sequence[np.ndarray], *, permutations: int, seed: int, threads: int = 1
) -> pd.DataFrame:
    """Enrichment score, normalised score and p-value of each set.

    Parameters
    ----------
    statistic : (n_genes,) signed, from the largest to the smallest
    sets : ranks of each set's genes, sorted; all have fewer genes than there are
    permutations : of genes, behind the normalised scores; p-values go beyond what they could resolve
    seed : of the permutations
    threads : that compute; the result does not depend on their number

    Returns
    -------
    DataFrame with ES, NES and pvalue, a row a set; NaN where no permutation has a score of the same sign

    Source: gseapy's port of fgsea, Korotkevich et al. 2021, doi:10.1101/060012 (adaptive multilevel splitting).
    """
    from gseapy.gse import fgsea_rs  # `gseapy.prerank` is the same, and turns the curve of every set into a list

    columns = ["ES", "NES", "pvalue"]
    if not len(sets):
        return pd.DataFrame(columns=columns, dtype=float)
    names = [f"{number:06d}" for number in range(len(sets))]
    found = fgsea_rs(
        [str(rank) for rank in range(len(statistic))],
        statistic.tolist(),
        {name: [str(rank) for rank in hits] for name, hits in zip(names, sets, strict=True)},
        1.0,  # exponent of the statistic
        1,
        len(statistic),
        _SAMPLE_SIZE,
        permutations,
        _SMALLEST_P,
        threads,
        seed,
    )
    table = pd.DataFrame(
        [(one.es, one.nes, one.pval) for one in found.summaries],
        index=[one.term for one in found.summaries],
        columns=columns,
        dtype=float,
    )
    return table.reindex(names).reset_index(drop=True)
