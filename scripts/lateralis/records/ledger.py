"""The ledger: one row a sample of the sheet, from its file to every contrast it entered, or the reason it did not."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from lateralis.config import Contrast


def contrast_roles(contrast: Contrast, obs: pd.DataFrame, reasons: pd.Series) -> pd.Series:
    """Role of each sample in one contrast.

    Parameters
    ----------
    contrast : the contrast
    obs : typed sample sheet
    reasons : why a sample is not in the contrast's model; empty for those that are

    Returns
    -------
    Series of `test`, `reference`, `fit_only` (in the model, in neither group) or `absent`
    """
    roles = pd.Series("fit_only", index=obs.index, dtype=object)
    if contrast.variable is not None:
        roles[obs[contrast.variable] == contrast.test] = "test"
        roles[obs[contrast.variable] == contrast.reference] = "reference"
    roles[reasons.reindex(obs.index) != ""] = "absent"
    return roles


def build_ledger(
    sources: pd.DataFrame,
    obs: pd.DataFrame,
    verdicts: pd.DataFrame,
    exclusions: Mapping[str, str],
    model_reasons: Mapping[str, pd.Series],
    contrasts: Mapping[str, Contrast],
) -> pd.DataFrame:
    """Account for every row of the sample sheet.

    Parameters
    ----------
    sources : one row a row of the sheet; row (its name), sample (the biological sample it is part of), file, sha256
    obs : typed sample sheet, one row a biological sample
    verdicts : qc_verdict and qc_reasons of each sample
    exclusions : excluded sample → reason
    model_reasons : model → why each sample is not in it
    contrasts : name → contrast

    Returns
    -------
    DataFrame with sample, sheet_row, source_file, sha256, qc_verdict, qc_reasons, status (`kept` or `excluded`), reason, one
    column `model:{name}` (`in`, or why not) a model, and one column `contrast:{name}` (role) a contrast

    Raises
    ------
    ValueError
        If a sample of the sheet is not accounted for: a defect of ours, never passed over.
    """
    if set(sources["sample"]) != set(obs.index):
        raise ValueError("the ledger does not account for every sample of the sheet")
    ledger = sources.rename(columns={"row": "sheet_row", "file": "source_file"})[
        ["sample", "sheet_row", "source_file", "sha256"]
    ].reset_index(drop=True)
    samples = ledger["sample"]
    for column in ("qc_verdict", "qc_reasons"):
        ledger[column] = verdicts[column].reindex(samples).to_numpy()
    ledger["status"] = ["excluded" if sample in exclusions else "kept" for sample in samples]
    ledger["reason"] = [exclusions.get(sample, "") for sample in samples]
    for model, reasons in model_reasons.items():
        ledger[f"model:{model}"] = reasons.reindex(samples).where(lambda text: text != "", "in").to_numpy()
    for name, contrast in contrasts.items():
        roles = contrast_roles(contrast, obs, model_reasons[contrast.model])
        ledger[f"contrast:{name}"] = roles.reindex(samples).to_numpy()
    return ledger
