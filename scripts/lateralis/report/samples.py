"""What the page says of the samples: who was kept, what was flagged, who they are, how pure, and what is confounded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from lateralis.figures.calls import plural
from lateralis.qc.flags import NOT_ASSESSED
from lateralis.records.ledger import ROLES

CANNOT_TELL = (
    "Counts tell the sex of the cells, and whether two samples look like one person's. They cannot tell who that person is, "
    "siblings apart with certainty, or a swap of two people of one sex who gave one sample each; only genotypes can."
)


def build_samples(
    ledger: pd.DataFrame, flags: pd.DataFrame, contrasts: Mapping[str, str], tables: Mapping[str, pd.DataFrame]
) -> dict[str, Any]:
    """The part of the payload that is about samples.

    Parameters
    ----------
    ledger : `records.ledger.build_ledger`
    flags : sample, check, value, threshold, verdict, reason
    contrasts : name → label
    tables : title → table to show as it is, in order; empty ones are left out

    Returns
    -------
    dict with n_samples, n_excluded, excluded (sample, reason), roles (one row a contrast), n_checks, n_raised,
    n_flagged, flags (warnings and
    failures, with what became of the sample), not_assessed (check, reason, samples), tables (title, columns, rows)
    """
    by_sample = ledger.drop_duplicates("sample")
    excluded = by_sample[by_sample["status"] == "excluded"]
    status = by_sample.set_index("sample")["status"]
    raised = flags[flags["verdict"].isin(["warn", "fail"])]
    raised = raised.assign(status=status.reindex(raised["sample"]).fillna("kept").to_numpy())
    worst_first = raised.iloc[(raised["verdict"] != "fail").to_numpy().argsort(kind="stable")]
    unknown = (
        flags[flags["verdict"] == NOT_ASSESSED].groupby(["check", "reason"], sort=False).size().reset_index(name="n")
    )
    return {
        "n_samples": len(by_sample),
        "n_excluded": len(excluded),
        "excluded": excluded[["sample", "reason"]].to_dict("records"),
        "roles": [_roles(by_sample, name, label) for name, label in contrasts.items()],
        "n_checks": int((flags["verdict"] != NOT_ASSESSED).sum()),
        "n_raised": len(raised),
        "n_flagged": int(raised["sample"].nunique()),
        "flags": [_finite({str(key): value for key, value in row.items()}) for row in worst_first.to_dict("records")],
        "not_assessed": [
            {"check": str(row["check"]), "reason": str(row["reason"]), "samples": int(row["n"])}
            for row in unknown.to_dict("records")
        ],
        "tables": [shown_table(title, table) for title, table in tables.items() if not table.empty],
    }


def _roles(ledger: pd.DataFrame, name: str, label: str) -> dict[str, Any]:
    counted = ledger[f"contrast:{name}"].value_counts()
    roles = {role: int(counted.get(role, 0)) for role in ROLES}
    return {"label": label, **roles, "total": len(ledger), "replaced": int(ledger[f"replaced:{name}"].sum())}


def _finite(record: Mapping[str, Any]) -> dict[str, Any]:
    return {
        str(key): None if isinstance(value, float) and not abs(value) < float("inf") else value
        for key, value in record.items()
    }


def shown_table(title: str, table: pd.DataFrame) -> dict[str, Any]:
    """A table in words: numbers rounded for reading, p-values as such, missing as a dash.

    Returns
    -------
    dict with title, columns (name, number: whether it is right-aligned), rows of text
    """
    columns = [
        {"name": str(name).replace("_", " "), "number": bool(pd.api.types.is_numeric_dtype(table[name]))}
        for name in table.columns
    ]
    cells = [[_cell(str(name), value) for name, value in row.items()] for row in table.to_dict("records")]
    return {"title": title, "columns": columns, "rows": cells}


def _cell(column: str, value: Any) -> str:
    if value is None or value is pd.NA or (isinstance(value, float) and value != value):
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        if column.startswith(("pvalue", "padj")):
            return f"{value:.1e}" if value < 1e-3 else f"{value:.2g}"
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return str(value) if str(value) else "–"


def sex_table(sex: pd.DataFrame) -> pd.DataFrame:
    """How many samples the sheet and expression call what; columns stated in the sheet, female, male, ambiguous, unknown.

    Parameters
    ----------
    sex : one row a sample; stated (F, M or empty), inferred_sex
    """
    names = {"F": "female", "M": "male", "ambiguous": "ambiguous", "unknown": "unknown"}
    found = pd.crosstab(
        sex["stated"].replace("", "no sex").replace(names), sex["inferred_sex"].map(names).fillna("unknown")
    )
    found = found.reindex(columns=list(names.values()), fill_value=0)
    return found.rename_axis("in the sheet").reset_index().rename_axis(columns=None)


def kept_sentence(samples: Mapping[str, Any]) -> str:
    """How many samples there are, and how many were excluded."""
    total = plural(samples["n_samples"], "sample")
    if samples["n_excluded"] is None:
        return f"{total} in sheet and counts, a few excluded by the config."
    if not samples["n_excluded"]:
        return f"{total} in sheet and counts, none excluded."
    return f"{total} in sheet and counts, {samples['n_excluded']} excluded by the config."


def flag_sentence(samples: Mapping[str, Any]) -> str:
    """What was checked and how often a flag was raised."""
    if samples["n_raised"] == 0:
        return f"None of {samples['n_checks']:,} checks raised a flag."
    if samples["n_raised"] is None or samples["n_flagged"] is None:
        return f"A few of {samples['n_checks']:,} checks raised a flag. A flag never removes a sample."
    return (
        f"{samples['n_raised']:,} of {samples['n_checks']:,} checks raised a flag, in "
        f"{plural(samples['n_flagged'], 'sample')}. A flag never removes a sample: that takes "
        "an entry in samples.exclude, with a reason."
    )
