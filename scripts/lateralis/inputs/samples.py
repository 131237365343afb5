"""The sample sheet: which samples there are, and every declared variable of them in its declared type."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import numpy as np
import pandas as pd

from lateralis.config import Samples, Variable
from lateralis.errors import InputError, listing
from lateralis.inputs.text_table import read_text_table
from lateralis.names import flaw

WANTED = "`samples` must name the sample sheet: a TSV or CSV text in UTF-8 with a header and one row a sample"
OUT_OF_RANGE = 1e100  # squares of such numbers are infinite
MISSING = ("", "NA", "N/A", "NaN", "nan", "na", "n/a", "None", "null", ".")


def read_samples(path: str | Path, spec: Samples) -> pd.DataFrame:
    """Read the sample sheet, tab- or comma-separated, one row a sample.

    Parameters
    ----------
    path : file
    spec : the cohort's `samples` section

    Returns
    -------
    DataFrame, index: sample names verbatim, in the sheet's order; columns: those that the config names. Categorical
    variables carry their levels in the declared order (else sorted), numeric ones are float; participant, family and
    replicate_of are text, empty where missing.

    Raises
    ------
    InputError
        With the file, the row or column, what was found and what would be right.
    """
    return type_samples(read_text_table(path, WANTED), spec, str(path))


def type_samples(text: pd.DataFrame, spec: Samples, where: str) -> pd.DataFrame:
    """A sheet of text cells, its index the rows' numbers, as `read_samples` returns it; `where` is its origin for messages."""
    absent = [column for column in spec.columns if column not in text.columns]
    if absent:
        raise InputError(where, f"has no column {listing(absent)}", f"Its columns are {listing(text.columns, 20)}")
    text = text[spec.columns]
    names = text[spec.id]
    blank = [row for row, name in names.items() if not name.strip()]
    if blank:
        raise InputError(f"{where}, row {blank[0]}, column '{spec.id}'", "is empty", "Every sample needs a name")
    _check_texts(text, spec, where)
    twice = names[names.duplicated()].unique()
    if len(twice):
        raise InputError(
            f"{where}, column '{spec.id}'", f"names {listing(twice)} more than once", "Name each sample once"
        )
    sheet = pd.DataFrame(index=pd.Index(names, name=spec.id))
    for column in text.columns.drop(spec.id):
        values = text[column].where(~text[column].isin(MISSING), "")
        values.index = sheet.index
        variable = spec.variables.get(column)
        sheet[column] = values if variable is None else _typed(values, variable, f"{where}, column '{column}'")
    return sheet


def _check_texts(text: pd.DataFrame, spec: Samples, where: str) -> None:
    """Raise an `InputError` on the first cell of text that does harm in tables, pages, logs or spreadsheets."""
    numeric = [name for name, variable in spec.variables.items() if variable.type == "numeric"]
    for column in text.columns.drop(numeric, errors="ignore"):
        for row, cell in text[column].items():
            problem = flaw(cell)
            if problem is not None:
                raise InputError(f"{where}, row {row}, column '{column}'", f"'{cell:.60}' {problem[0]}", problem[1])


def check_exclusions(samples: Collection[str], spec: Samples, where: str) -> None:
    """Raise an `InputError` where `exclude` names a sample that neither the sheet nor the counts have."""
    unknown = [entry.sample for entry in spec.exclude if entry.sample not in samples]
    if unknown:
        raise InputError(
            f"{where}, samples.exclude",
            f"names {listing(unknown)}, which is no sample of the cohort",
            "Correct the name",
        )


def biological_samples(sheet: pd.DataFrame, spec: Samples, where: str) -> pd.DataFrame:
    """One row a biological sample: technical replicates merged, which must agree in every variable.

    Returns
    -------
    DataFrame like `sheet` without the `replicate_of` column, index `sample`; without replicates, the sheet itself.
    """
    if spec.replicate_of is None:
        return sheet.rename_axis("sample")
    unit = replicate_units(sheet, spec)
    described = sheet.drop(columns=spec.replicate_of)
    for column in described:
        values = described[column].astype(object).where(described[column].notna(), "")
        differing = values.groupby(unit, sort=False).nunique()
        if (differing > 1).any():
            raise InputError(
                f"{where}, column '{column}'",
                f"differs between the technical replicates of {listing(differing[differing > 1].index)}",
                "Replicates are one biological sample and agree in everything",
            )
    return described.loc[~unit.duplicated()].set_axis(pd.Index(unit.drop_duplicates(), name="sample"))


def add_scores(obs: pd.DataFrame, scores: pd.DataFrame | None, spec: Samples) -> pd.DataFrame:
    """The typed sheet with the variables that are scores of marker genes.

    Parameters
    ----------
    obs : typed sample sheet, index sample
    scores : (n_samples, n_panels) index sample, as `qc.panels.score_panels` gives them; None takes stand-ins, with which a
        design can be checked before there are counts
    spec : the cohort's `samples` section

    Raises
    ------
    InputError
        If the panel of a variable does not exist, or could not be scored in these counts.
    """
    found = obs.copy()
    for number, (name, panel) in enumerate(spec.scores.items()):
        key = f"samples.variables.{name}.score"
        if scores is None:
            found[name] = np.random.default_rng(number).normal(size=len(obs))
        elif panel not in scores:
            raise InputError(key, f"there is no panel '{panel}'", f"The panels are {listing(scores.columns, 20)}")
        elif scores[panel].isna().all():
            raise InputError(
                key, f"panel '{panel}' could not be scored in these counts", "See qc/panels.tsv for the reason"
            )
        else:
            found[name] = scores.loc[obs.index, panel].to_numpy(dtype=float)
    return found


def replicate_units(sheet: pd.DataFrame, spec: Samples) -> pd.Series:
    """Biological sample of each row of the sheet; a row without one is its own."""
    names = sheet.index.to_series()
    if spec.replicate_of is None:
        return names
    return sheet[spec.replicate_of].where(sheet[spec.replicate_of] != "", names)


def _typed(values: pd.Series, variable: Variable, where: str) -> pd.Series:
    """Text as the declared type; empty is missing."""
    present = values[values != ""]
    if variable.type == "numeric":
        numbers = pd.to_numeric(present, errors="coerce")
        finite = numbers.abs() < OUT_OF_RANGE  # False where there is no number
        if not finite.all():
            sample = finite.index[~finite][0]
            raise InputError(
                f"{where}, sample '{sample}'", f"found '{present[sample]}'", "The variable is numeric: give a number"
            )
        return numbers.astype(float).reindex(values.index)
    levels = variable.levels or sorted(present.unique())
    unknown = present[~present.isin(levels)]
    if len(unknown):
        raise InputError(
            f"{where}, sample '{unknown.index[0]}'",
            f"found '{unknown.iloc[0]}'"
            + (f" (and {len(unknown) - 1} more rows with unknown levels)" if len(unknown) > 1 else ""),
            f"The levels in the config are {listing(levels)}",
        )
    return pd.Series(pd.Categorical(values.mask(values == ""), categories=levels), index=values.index)
