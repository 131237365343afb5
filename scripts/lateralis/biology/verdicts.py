"""What the tests of a gene set come to, in a word."""

from __future__ import annotations

import numpy as np
import pandas as pd

SIGNIFICANT, HERE_ONLY, NOT_SIGNIFICANT = "significant", "this contrast only", "not significant"
GSEA_ONLY, ORA_ONLY, BOTH_ONLY = "GSEA only", "ORA only", "GSEA and ORA only"


def verdicts(pathways: pd.DataFrame, alpha: float) -> np.ndarray:
    """What the tests of each set come to.

    Parameters
    ----------
    pathways : padj_all, padj_camera, padj_gsea and ora_padj
    alpha : level

    Returns
    -------
    (n_rows,) `significant`: camera, over all sets and contrasts; `this contrast only`: camera, over the sets of this contrast;
    `GSEA only`, `ORA only`, `GSEA and ORA only`: tests that take genes for independent, and not camera; `not significant`
    """
    gsea, ora = pathways["padj_gsea"] < alpha, pathways["ora_padj"] < alpha
    return np.select(
        [pathways["padj_all"] < alpha, pathways["padj_camera"] < alpha, gsea & ora, gsea, ora],
        [SIGNIFICANT, HERE_ONLY, BOTH_ONLY, GSEA_ONLY, ORA_ONLY],
        NOT_SIGNIFICANT,
    )
