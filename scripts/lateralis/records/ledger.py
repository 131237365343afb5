"""The ledger: one row a sample of the sheet or the counts, from its file to every contrast it entered, or why it did not."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import pandas as pd

from lateralis.config import Contrast

ROLES = ("test", "reference", "fit_only", "absent")


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
    flags: pd.DataFrame,
    verdicts: pd.DataFrame,
    exclusions: Mapping[str, str],
    models: Mapping[str, pd.DataFrame],
    contrasts: Mapping[str, Contrast],
    refused: Collection[str] = (),
) -> pd.DataFrame:
    """Account for every sample of the sheet or the counts.

    Parameters
    ----------
    sources : one row a row of the sheet, and one a sample that the counts alone have; row (its name), sample (the biological
        sample it is part of), file, sha256 (both empty without counts)
    obs : typed sample sheet, one row a biological sample that has counts
    flags : verdict of each check on each sample
    verdicts : qc_verdict and qc_reasons of each sample
    exclusions : excluded sample → reason
    models : model → its samples, index sample: reason (why a sample is not in it), n_replaced
    contrasts : name → contrast
    refused : names of the contrasts that were not tested

    Returns
    -------
    DataFrame with sample, sheet_row, source_file, sha256, qc_verdict, qc_reasons, one column `check:{name}` (verdict) a
    check, status (`kept` or `excluded`), reason, one column `model:{name}` (`in`, or why not) a model, and of each contrast
    `contrast:{name}` (role; `absent` where it was refused) and `replaced:{name}` (counts replaced as outliers)

    Raises
    ------
    ValueError
        If a sample is not accounted for: a defect of ours, never passed over.
    """
    unexplained = set(obs.index).symmetric_difference(sources["sample"]) - set(exclusions)
    if unexplained or not set(obs.index) <= set(sources["sample"]) or not set(exclusions) <= set(sources["sample"]):
        raise ValueError("the ledger does not account for every sample of the sheet and the counts")
    ledger = sources.rename(columns={"row": "sheet_row", "file": "source_file"})[
        ["sample", "sheet_row", "source_file", "sha256"]
    ].reset_index(drop=True)
    samples = ledger["sample"]

    def column(values: pd.Series, otherwise: str | int) -> pd.Series:
        known = values.to_dict()
        return pd.Series([otherwise if pd.isna(known.get(sample)) else known[sample] for sample in samples])

    ledger["qc_verdict"] = column(verdicts["qc_verdict"], "not assessed")
    ledger["qc_reasons"] = column(verdicts["qc_reasons"], "")
    by_check = flags.pivot(index="sample", columns="check", values="verdict")
    for check in flags["check"].unique():
        ledger[f"check:{check}"] = column(by_check[check], "not assessed")
    ledger["status"] = ["excluded" if sample in exclusions else "kept" for sample in samples]
    ledger["reason"] = [exclusions.get(sample, "") for sample in samples]
    without_counts = {sample: f"excluded: {reason}" for sample, reason in exclusions.items() if sample not in obs.index}
    reasons = {
        name: pd.concat([model["reason"].reindex(obs.index), pd.Series(without_counts, dtype=object)])
        for name, model in models.items()
    }
    for name in models:
        ledger[f"model:{name}"] = reasons[name].reindex(samples).where(lambda text: text != "", "in").to_numpy()
    for name, contrast in contrasts.items():
        roles = contrast_roles(contrast, obs, reasons[contrast.model])
        if name in refused:
            roles[:] = "absent"
        ledger[f"contrast:{name}"] = column(roles, "absent")
        replaced = models[contrast.model]["n_replaced"].where(roles != "absent", 0).fillna(0)
        ledger[f"replaced:{name}"] = column(replaced, 0).astype(int)
    return ledger
