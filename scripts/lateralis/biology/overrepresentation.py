"""Over-representation: whether a set holds more of the called genes than chance would put there, among the genes tested."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.stats import hypergeom

DIRECTIONS = ("up", "down", "both")


def overrepresentation(
    calls: np.ndarray, background: np.ndarray, membership: sparse.csr_array
) -> dict[str, pd.DataFrame]:
    """Hypergeometric test of each set against the genes called up, called down, and both together.

    Parameters
    ----------
    calls : (n_genes,) `up`, `down` or anything else
    background : (n_genes,) bool, genes that could be called; the others count neither as members nor as called
    membership : (n_sets, n_genes)

    Returns
    -------
    direction → DataFrame with members (of the set in the background), background, called, overlap, expected and pvalue, a row
    a set

    Source: Fisher's exact test, one-sided: P(overlap or more) under the hypergeometric distribution.
    """
    members = (membership @ background.astype(float)).astype(int)
    found = {}
    for direction in DIRECTIONS:
        called = background & (np.isin(calls, ("up", "down")) if direction == "both" else calls == direction)
        overlap = (membership @ called.astype(float)).astype(int)
        n_background, n_called = int(background.sum()), int(called.sum())
        found[direction] = pd.DataFrame(
            {
                "members": members,
                "background": n_background,
                "called": n_called,
                "overlap": overlap,
                "expected": members * (n_called / max(n_background, 1)),
                "pvalue": np.minimum(hypergeom.sf(overlap - 1, n_background, members, n_called), 1.0),
            }
        )
    return found
