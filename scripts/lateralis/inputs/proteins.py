"""Reads a cohort's table of proteins and says of each cell whether it is a level, below its limit, or not measured.

A cell is one of three things, and nothing is imputed:

- a level: a finite number in log2 units, at or above the protein's limit of detection if it has one;
- below the limit (left-censored; missing because it is low): a number below the limit, `<LOD`, which stands for the limit in
  the annotation, or `<3.2`, which brings a limit of its own;
- not measured: empty, or a word such as NA. It is taken to be missing for reasons that have nothing to do with the level.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from lateralis.errors import InputError, listing
from lateralis.followups import Proteins
from lateralis.inputs.files import check_sha256
from lateralis.inputs.samples import MISSING
from lateralis.inputs.text_table import read_text_table
from lateralis.names import check_names, flaw

TABLE = "`proteins.path` must name a table, a row a {unit}, its first line the names of the proteins"
ANNOTATION = "`proteins.annotation` must name a table with the columns protein, gene and limit"
COLUMNS = ("protein", "gene", "limit")
LEVEL = "Give a number in log2 units, <LOD, a limit such as <3.2, or nothing"
HIGHEST = 60.0  # 2^60 is more than any assay counts: what lies beyond was not taken to log2
SKEWED, ENOUGH_TO_SEE = 1.5, 8
_BELOW = re.compile(r"^<\s*(.+)$")


@dataclass(frozen=True)
class ProteinTable:
    """What was measured.

    Attributes
    ----------
    levels : (n_rows, n_proteins) log2 units; where `below`, the limit that the level lies under; NaN where not measured
    below : (n_rows, n_proteins) bool; below the limit of detection
    annotation : index protein, in the table's order; gene (as given, may name several or none) and limit (NaN where none)
    unused : proteins that the annotation has and the table has not
    """

    levels: pd.DataFrame
    below: pd.DataFrame
    annotation: pd.DataFrame
    unused: int

    @property
    def people(self) -> pd.Index:
        """Rows in which any protein was measured, or found to be below its limit."""
        return self.levels.index[self.levels.notna().any(axis=1)]

    @property
    def detected(self) -> pd.DataFrame:
        """(n_rows, n_proteins) bool; measured and not below the limit."""
        return self.levels.notna() & ~self.below


def read_proteins(spec: Proteins) -> ProteinTable:
    """Read the protein table and its annotation.

    Parameters
    ----------
    spec : the cohort's `proteins` section

    Raises
    ------
    InputError
        With the file, the row or column, what was found and what would be right. Rows are named by number, never by the
        participant, as messages stand in logs.
    """
    path = spec.path
    check_sha256(path, spec.sha256)
    text = read_text_table(path, TABLE.format(unit=spec.unit), [spec.id], row_of=spec.unit)
    people = _people(text[spec.id], spec)
    cells = text.drop(columns=spec.id)
    if cells.empty:
        raise InputError(f"{path}, header", f"names no protein beside '{spec.id}'", "Give each protein a column")
    check_names(cells.columns, f"{path}, header", "protein")
    annotation = read_protein_annotation(spec.annotation)
    strange = [name for name in cells.columns if name not in annotation.index]
    if strange:
        raise InputError(
            f"{path}, header",
            f"names {listing(strange)}, which the annotation '{spec.annotation}' has no row for",
            "Give each protein a row there, and take columns of other things out",
        )
    limits = dict(zip(annotation.index, annotation["limit"], strict=True))
    levels, below = zip(*(_read_column(cells[name], limits[name], path) for name in cells), strict=True)
    frames = [pd.DataFrame(np.column_stack(part), index=people, columns=cells.columns) for part in (levels, below)]
    table = ProteinTable(frames[0], frames[1], annotation.loc[cells.columns], len(annotation) - cells.shape[1])
    _check_logarithms(table, path)
    return table


def read_protein_annotation(path: str) -> pd.DataFrame:
    """Read the table of proteins, their genes and limits of detection.

    Returns
    -------
    DataFrame, index protein, with gene (empty where unknown) and limit (log2 units; NaN where there is none)
    """
    text = read_text_table(path, ANNOTATION, COLUMNS, row_of="protein")
    for column in ("protein", "gene"):
        for row, cell in text[column].items():
            problem = ("is empty", "Name the protein") if not cell.strip() and column == "protein" else flaw(cell)
            if problem is not None:
                raise InputError(f"{path}, row {row}, column '{column}'", f"'{cell:.60}' {problem[0]}", problem[1])
    twice = text.loc[text["protein"].duplicated(), "protein"].unique()
    if len(twice):
        raise InputError(
            f"{path}, column 'protein'", f"names {listing(twice)} more than once", "Give each protein one row"
        )
    limits = text["limit"].str.strip()
    numbers = pd.to_numeric(limits.mask(limits.isin(MISSING)), errors="coerce").astype(float)
    wrong = ~limits.isin(MISSING) & ~(numbers.abs() <= HIGHEST)
    if wrong.any():
        row = wrong.idxmax()
        raise InputError(
            f"{path}, row {row}, column 'limit'",
            f"found '{text.loc[row, 'limit']:.60}'",
            "Give the limit of detection as a number in log2 units, or nothing where there is none",
        )
    genes = text["gene"].str.strip()
    return pd.DataFrame(
        {"gene": genes.mask(genes.isin(MISSING), "").to_numpy(), "limit": numbers.to_numpy()},
        index=pd.Index(text["protein"], name="protein"),
    )


def check_proteins(spec: Proteins, obs: pd.DataFrame, participant: str | None) -> list[str]:
    """Read the tables before any job, and raise an `InputError` where none of the people measured is in the cohort.

    Parameters
    ----------
    spec : the cohort's `proteins` section
    obs : typed sample sheet, index sample
    participant : the sheet's column of participants

    Returns
    -------
    Warnings, as sentences
    """
    return table_warnings(read_proteins(spec), spec, obs, participant)


def table_warnings(table: ProteinTable, spec: Proteins, obs: pd.DataFrame, participant: str | None) -> list[str]:
    """What a reader of the results should know of the table; parameters and errors as in `check_proteins`."""
    return [*overlap_warnings(table.levels.index, spec, obs, participant), *skewness_warnings(table, spec.path)]


def cohort_units(spec: Proteins, obs: pd.DataFrame, participant: str | None) -> pd.Series:
    """What the table's id would be for each sample of the sheet: its participant, or its own name; empty where unknown."""
    if spec.unit == "sample":
        return pd.Series(obs.index.astype(str), index=obs.index, dtype=object)
    assert participant is not None  # the config's own check
    found = obs[participant].astype(object)
    return found.where(found.notna(), "").astype(str)


def overlap_warnings(people: pd.Index, spec: Proteins, obs: pd.DataFrame, participant: str | None) -> list[str]:
    """How many of the people measured are not in the cohort, as a sentence if any; none in it is an `InputError`."""
    known = pd.Index(cohort_units(spec, obs, participant).unique())
    known = known[known != ""]
    outside = int((~people.isin(known)).sum())
    where = f"{spec.path}, column '{spec.id}'"
    if outside == len(people):
        alike = people.astype(str).str.strip().str.casefold().isin(known.astype(str).str.strip().str.casefold()).any()
        raise InputError(
            where,
            f"the proteins were measured in other {spec.unit}s: none of its {len(people):,} is among the cohort's "
            f"{len(known):,}",
            "Some would be if capitals and blanks did not count: write them as in the sheet"
            if alike
            else f"Name each {spec.unit} as the sample sheet does; `proteins.unit` says what a row is of, `proteins.id` which "
            "column names it",
        )
    if outside:
        of_others = f"{outside:,} of {len(people):,} {spec.unit}s"
        return [f"Proteins: {of_others} in '{spec.path}' are not in the cohort and are left out."]
    return []


def skewness_warnings(table: ProteinTable, path: str) -> list[str]:
    """Whether the levels look as if nobody had taken logarithms, as a sentence."""
    measured = table.levels.where(table.detected)
    enough = measured.loc[:, measured.notna().sum() >= ENOUGH_TO_SEE]
    if enough.empty or not (measured.min().min() > 0) or not float(enough.skew().median()) > SKEWED:
        return []
    return [
        f"Proteins: the levels in '{path}' are all above 0 and have long upper tails in most proteins (median skewness "
        f"{float(enough.skew().median()):.1f}), as raw concentrations have; make sure that they are in log2 units."
    ]


def _people(names: pd.Series, spec: Proteins) -> pd.Index:
    """The rows' ids, each once."""
    where = f"{spec.path}, column '{spec.id}'"
    for row, name in names.items():
        if not name.strip():
            raise InputError(
                f"{spec.path}, row {row}, column '{spec.id}'", "is empty", f"Every row names a {spec.unit}"
            )
        problem = flaw(name)
        if problem is not None:
            raise InputError(f"{spec.path}, row {row}, column '{spec.id}'", f"the name {problem[0]}", problem[1])
    again = names.duplicated(keep=False)
    if again.any():
        first = names[again].iloc[0]
        rows = [str(row) for row in names.index[names == first]]
        more = int(names[again].nunique()) - 1
        raise InputError(
            where,
            f"rows {', '.join(rows[:6])} are of one {spec.unit}"
            + (f", and {more} more have several rows" if more else ""),
            "A participant has one row: average repeated measurements, or give a row a sample with `unit: sample`"
            if spec.unit == "participant"
            else "A sample has one row: average repeated measurements",
        )
    return pd.Index(names, name=spec.id)


def _read_column(cells: pd.Series, limit: float, path: str) -> tuple[np.ndarray, np.ndarray]:
    """Levels and what is below the limit, of one protein."""
    stripped = cells.str.strip()
    absent = stripped.isin(MISSING).to_numpy()
    marked = stripped.str.startswith("<").to_numpy()
    levels = pd.to_numeric(stripped.where(~absent & ~marked), errors="coerce").to_numpy(dtype=float, copy=True)
    wrong = ~absent & ~marked & ~np.isfinite(levels)
    if wrong.any():
        raise _wrong_cell(cells, int(wrong.argmax()), path, LEVEL)
    with np.errstate(invalid="ignore"):
        below = levels < limit
    levels[below] = limit
    for row in np.flatnonzero(marked):
        match = _BELOW.match(stripped.iloc[row])
        word = match[1].strip() if match else ""
        if word.upper() == "LOD":
            if np.isnan(limit):
                right = f"The annotation gives '{cells.name}' no limit: give it one there, or write <3.2"
                raise _wrong_cell(cells, int(row), path, right)
            levels[row] = limit
        else:
            number = pd.to_numeric(word, errors="coerce")
            if not np.isfinite(number):
                raise _wrong_cell(cells, int(row), path, LEVEL)
            levels[row] = float(number)
        below[row] = True
    return levels, below


def _wrong_cell(cells: pd.Series, row: int, path: str, right: str) -> InputError:
    return InputError(f"{path}, row {cells.index[row]}, column '{cells.name}'", f"found '{cells.iloc[row]:.60}'", right)


def _check_logarithms(table: ProteinTable, path: str) -> None:
    """Raise an `InputError` where a level is too large to be a logarithm."""
    beyond = table.levels.abs().to_numpy() > HIGHEST
    if beyond.any():
        column = int(beyond.any(axis=0).argmax())
        worst = float(table.levels.iloc[:, column].abs().max())
        raise InputError(
            f"{path}, column '{table.levels.columns[column]}'",
            f"holds {worst:,.6g}, and {int(beyond.any(axis=0).sum()):,} of {beyond.shape[1]:,} proteins hold such numbers: "
            "they look raw, not log2",
            f"Take the base-2 logarithm of levels and limits; no log2 level is beyond {HIGHEST:g}",
        )
