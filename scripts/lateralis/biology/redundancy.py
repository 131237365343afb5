"""Which of several sets that say the same stands for them: the surest of those that share most of what makes their score."""

from __future__ import annotations

import numpy as np
from scipy import sparse

SHARED = 0.5  # of the smaller leading edge


def representatives(edges: sparse.csr_array, order: np.ndarray, directions: np.ndarray) -> np.ndarray:
    """The set that stands for each set.

    Parameters
    ----------
    edges : (n_sets, n_genes) sparse, 1 where a gene is in a set's leading edge
    order : (n_sets,) sets from the surest to the least sure
    directions : (n_sets,) a set stands for others of its own direction only

    Returns
    -------
    (n_sets,) number of the representative; a set's own number where it is one

    Notes
    -----
    Greedy: each set in turn is represented by the first of the surer representatives with which it shares at least half of the
    smaller of the two leading edges (the overlap coefficient), else it represents itself.
    """
    sizes = edges.sum(axis=1)
    chosen: list[int] = []
    found = np.full(edges.shape[0], -1)
    for number in order:
        if chosen:
            among = np.array(chosen)
            shared = (edges[among] @ edges[[number]].T).toarray().ravel()
            alike = shared >= SHARED * np.maximum(np.minimum(sizes[among], sizes[number]), 1)
            same = among[alike & (directions[among] == directions[number])]
            if len(same):
                found[number] = same[0]
                continue
        chosen.append(int(number))
        found[number] = number
    return found
