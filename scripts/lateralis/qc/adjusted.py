"""Expression as it would look without batches: for pictures alone, never for a test.

A test has the batches in its design; numbers from which they were taken out beforehand pretend to more certainty than there
is.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from lateralis.qc.associations import coded


def adjust_for_display(vst: np.ndarray, adjust: pd.DataFrame, keep: pd.DataFrame) -> tuple[np.ndarray | None, str]:
    """Take the effects of some variables out of expression, estimated beside those of others that stay.

    Parameters
    ----------
    vst : (n_samples, n_genes) log2
    adjust : (n_samples, a) what to take out; a missing level is a level of its own
    keep : (n_samples, k) what to keep

    Returns
    -------
    (n_samples, n_genes) and an empty text; or None and the reason: nothing to take out, or it cannot be told from what is kept

    Source: limma `removeBatchEffect`, Ritchie et al. 2015, doi:10.1093/nar/gkv007.
    """
    out, kept = _columns(adjust), _columns(keep)
    out = out[:, np.ptp(out, axis=0) > 0]
    if not out.shape[1]:
        return None, "there is nothing to adjust for"
    base = np.column_stack([np.ones(len(vst)), kept])
    design = np.column_stack([base, out])
    if np.linalg.matrix_rank(design) < np.linalg.matrix_rank(base) + np.linalg.matrix_rank(out - out.mean(axis=0)):
        return None, f"{', '.join(map(str, adjust))} cannot be told from {', '.join(map(str, keep))}"
    effects = np.linalg.lstsq(design, vst, rcond=None)[0][base.shape[1] :]
    return vst - (out - out.mean(axis=0)) @ effects, ""


def _columns(variables: pd.DataFrame) -> np.ndarray:
    """All variables as numbers, without an intercept, (n_samples, k)."""
    columns = [np.empty((len(variables), 0))]
    for name in variables:
        values = variables[name]
        if pd.api.types.is_numeric_dtype(values):
            values = values.fillna(values.mean())
        else:
            values = values.astype(object).where(values.notna(), "missing")
        columns.append(coded(values)[1])
    return np.column_stack(columns)
