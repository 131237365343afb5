"""Which people of a model another table measured: one row each, and the model's design on them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from lateralis.config import Cohort, Contrast, Samples
from lateralis.errors import InputError, listing
from lateralis.expressions import parse_formula
from lateralis.inputs.proteins import cohort_units, read_proteins, table_warnings
from lateralis.model.blocks import block_variable, split_blocks
from lateralis.model.cells import contrast_weights
from lateralis.model.design import check_design, design_matrix


@dataclass(frozen=True)
class MeasuredPeople:
    """A model's people that were measured.

    Attributes
    ----------
    obs : (n_people, n_variables) typed sheet, one row a person (or sample), index as in the other table
    matrix : (n_people, n_coef) design matrix, of full rank; without blocks' columns
    blocks : (n_people,) number of each row's block (`blocks`), or None
    """

    obs: pd.DataFrame
    matrix: pd.DataFrame
    blocks: np.ndarray | None


def one_row_each(
    obs: pd.DataFrame, units: pd.Series, measured: pd.Index, design: str, *, where: str
) -> tuple[pd.DataFrame, pd.Index]:
    """Sheet of a model's samples as one row a unit that was measured, in the order of the other table.

    Parameters
    ----------
    obs : typed sheet of the model's samples
    units : (n_samples,) the other table's id of each sample; empty where it is unknown
    measured : ids of the other table
    design : the model's formula
    where : file and key for messages

    Returns
    -------
    the sheet, index as in the other table, and the sample that each row is of: a unit's first in the sheet

    Raises
    ------
    InputError
        If none of the model's samples was measured, or samples of one unit differ in a variable of the design: which of
        them a single measurement belongs to is unknown.
    """
    known = obs[units.reindex(obs.index).isin(measured).to_numpy()]
    if known.empty:
        raise InputError(
            where, "nobody of the model is among those whose proteins were measured", "Leave the contrast out"
        )
    unit = units.reindex(known.index)
    for variable in parse_formula(design).variables:
        values = known[variable].astype(object)
        differing = values.groupby(unit.to_numpy(), sort=False).nunique(dropna=False) > 1
        if differing.any():
            raise InputError(
                where,
                f"'{variable}' differs between the samples of {int(differing.sum())} participants that have one row of "
                "proteins each",
                "Give a row a sample, with `proteins.unit: sample`; or leave the contrast out of `proteins.contrasts`",
            )
    first = known[~unit.duplicated().to_numpy()]
    samples = pd.Series(first.index, index=pd.Index(unit[first.index], name=measured.name))
    samples = samples.loc[measured[measured.isin(samples.index)]]
    return first.loc[samples].set_axis(samples.index), pd.Index(samples)


def arrange_measured(obs: pd.DataFrame, design: str, samples: Samples, *, where: str) -> MeasuredPeople:
    """The model's design on the people that were measured, checked to be one that can be fitted.

    Parameters
    ----------
    obs : from `one_row_each`
    design : the model's formula
    samples : the cohort's `samples` section

    Raises
    ------
    InputError
        If the measured people are too few for the design, or cannot tell its terms apart.
    """
    matrix = design_matrix(obs, design, samples.variables, where=where)
    variable = block_variable(samples, design)
    if variable is None:
        check_design(matrix, where=where)
        return MeasuredPeople(obs, matrix, None)
    if not obs[variable].duplicated().any():
        raise InputError(
            where,
            f"the design has {variable} in it, and each has one row of proteins: nothing varies within one",
            f"Test it in a model without {variable}, or give a row a sample, with `proteins.unit: sample`",
        )
    blocked = split_blocks(matrix, obs, variable, where=where)
    return MeasuredPeople(obs, blocked.matrix, blocked.blocks)


def measured_weights(
    contrast: Contrast, people: MeasuredPeople, design: str, samples: Samples, *, where: str
) -> np.ndarray:
    """Weights of the coefficients in a contrast among the measured people; errors as in `contrast_weights`."""
    columns = list(people.matrix.columns)
    return contrast_weights(contrast, people.obs, columns, design=design, variables=samples.variables, where=where)


def check_measured(cohort: Cohort, obs: pd.DataFrame, models: Mapping[str, pd.DataFrame], where: str) -> list[str]:
    """Check the tables of proteins, and that contrasts can be asked of the people measured, before any job.

    Parameters
    ----------
    cohort : with a `proteins` section
    obs : typed sheet of the cohort's samples
    models : of each model, that of its own
    where : the cohort file, for messages

    Returns
    -------
    Warnings, among them why contrasts will not be tested, as sentences

    Raises
    ------
    InputError
        If the tables cannot be read, the people are others, a contrast that `proteins.contrasts` names cannot be tested, or
        none can.
    """
    assert cohort.proteins is not None
    table = read_proteins(cohort.proteins)
    warnings = table_warnings(table, cohort.proteins, obs, cohort.samples.participant)
    units = cohort_units(cohort.proteins, obs, cohort.samples.participant)
    measured = table.people
    asked: Collection[str] = cohort.followed(cohort.proteins.contrasts)
    found: list[InputError] = []
    for name in asked:
        contrast = cohort.contrasts[name]
        design, key = cohort.models[contrast.model].design, f"{where}, proteins, contrast '{name}'"
        try:
            rows, _ = one_row_each(models[contrast.model], units, measured, design, where=key)
            measured_weights(
                contrast, arrange_measured(rows, design, cohort.samples, where=key), design, cohort.samples, where=key
            )
        except InputError as error:
            if cohort.proteins.contrasts is not None:
                raise
            found.append(error)
    if found and len(found) == len(asked):
        raise InputError(
            f"{where}, proteins",
            f"none of {listing(asked)} can be tested in the people measured; the first: {found[0].found}",
            found[0].right,
        )
    return warnings + [f"Proteins: a contrast will not be tested. {error}" for error in found]
