"""Table 1 of a cohort, and the flow of its participants from the sheet to each contrast."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from lateralis.config import Contrast, Variable
from lateralis.records.ledger import contrast_roles

TOTAL = "all"


def describe_cohort(obs: pd.DataFrame, variables: Mapping[str, Variable], group: str | None) -> pd.DataFrame:
    """Table 1: every variable by group.

    Parameters
    ----------
    obs : typed sample sheet
    variables : variable → its type
    group : categorical variable whose levels become columns; None for the whole cohort only

    Returns
    -------
    DataFrame of text; columns variable, level, one a group level (those with a missing group apart as `missing`) and `all`.
    Categorical: `n (%)` of those not missing; numeric: `median [quartiles]`; missing values in a row of their own.
    """
    columns = {}
    if group is not None:
        for level in obs[group].cat.categories:
            columns[str(level)] = obs[obs[group] == level]
        if obs[group].isna().any():
            columns["missing"] = obs[obs[group].isna()]
    columns[TOTAL] = obs
    rows = [("samples", "", *(str(len(part)) for part in columns.values()))]
    for name, variable in variables.items():
        if name == group:
            continue
        if variable.type == "numeric":
            rows.append((name, "median [quartiles]", *(_quartiles(part[name]) for part in columns.values())))
        else:
            for level in obs[name].cat.categories:
                rows.append((name, str(level), *(_share(part[name], level) for part in columns.values())))
        if obs[name].isna().any():
            rows.append((name, "missing", *(str(int(part[name].isna().sum())) for part in columns.values())))
    return pd.DataFrame(rows, columns=["variable", "level", *columns])


def _quartiles(values: pd.Series) -> str:
    if values.notna().sum() == 0:
        return "–"
    low, middle, high = values.quantile([0.25, 0.5, 0.75])
    return f"{middle:.4g} [{low:.4g}–{high:.4g}]"


def _share(values: pd.Series, level: object) -> str:
    present = int(values.notna().sum())
    count = int((values == level).sum())
    return f"{count} ({100 * count / present:.0f} %)" if present else "–"


def participant_flow(
    sources: pd.DataFrame,
    obs: pd.DataFrame,
    participant: str | None,
    exclusions: Mapping[str, str],
    model_reasons: Mapping[str, pd.Series],
    contrasts: Mapping[str, Contrast],
) -> pd.DataFrame:
    """How many samples and participants reach each step, and why the others do not.

    Parameters
    ----------
    As in `records.ledger.build_ledger`; `participant` is the sheet's column, if any.

    Returns
    -------
    DataFrame with step, samples, participants (empty where the sheet has no participant) and lost (reason: count; …)
    """

    def row(step: str, kept: pd.Series, lost: pd.Series) -> dict[str, object]:
        members = obs.loc[kept.to_numpy(dtype=bool)]
        reasons = lost[lost != ""].value_counts(sort=False)
        return {
            "step": step,
            "samples": len(members),
            "participants": members.loc[members[participant] != "", participant].nunique() if participant else "",
            "lost": "; ".join(f"{reason}: {count}" for reason, count in reasons.items()),
        }

    everyone = pd.Series(True, index=obs.index)
    nobody = pd.Series("", index=obs.index, dtype=object)
    excluded = pd.Series({sample: f"excluded: {exclusions.get(sample, '')}" for sample in obs.index})
    excluded = excluded.where(excluded.index.isin(list(exclusions)), "")
    counted = sources[sources["sample"].isin(obs.index)]
    absent = sources.loc[~sources["sample"].isin(obs.index), "sample"].map(exclusions)
    lost = "; ".join(f"excluded: {reason}: {count}" for reason, count in absent.value_counts(sort=False).items())
    first = "rows of the sample sheet" + (", and samples of the counts alone" if lost else "")
    rows = [{**row(first, everyone, nobody), "samples": len(sources)}]
    if lost:
        rows.append({**row("with counts and a row", everyone, nobody), "samples": len(counted), "lost": lost})
    if len(counted) > len(obs):
        rows.append(row("biological samples (technical replicates summed)", everyone, nobody))
    rows.append(row("not excluded", excluded == "", excluded))
    for model, reasons in model_reasons.items():
        reasons = reasons.reindex(obs.index)
        rows.append(row(f"model {model}", reasons == "", reasons))
        for name, contrast in contrasts.items():
            if contrast.model == model:
                roles = contrast_roles(contrast, obs, reasons)
                compared = roles.isin(["test", "reference"]) if contrast.variable else roles == "fit_only"
                rows.append(
                    row(
                        f"contrast {name}: compared groups" if contrast.variable else f"contrast {name}",
                        compared,
                        nobody,
                    )
                )
    return pd.DataFrame(rows)


def outlier_rights(samples: pd.DataFrame, groups: pd.Series | None) -> pd.DataFrame:
    """How many samples of each group can have an outlier count replaced, or filter a gene for one.

    Parameters
    ----------
    samples : one row a sample; reason (empty for those in the model), replaceable, filterable
    groups : level of each sample, same index; None for no groups

    Returns
    -------
    DataFrame with group, samples, replaceable, filterable
    """
    fitted = samples[samples["reason"].fillna("") == ""]
    counted = fitted.assign(samples=True)[["samples", "replaceable", "filterable"]].astype(bool)
    if groups is None:
        return counted.sum().to_frame(TOTAL).T.rename_axis("group").reset_index()
    table = counted.groupby(groups.loc[fitted.index], observed=True, dropna=False).sum().astype(int)
    table.index = pd.Index(["missing" if pd.isna(level) else str(level) for level in table.index], name="group")
    return table.reset_index()
