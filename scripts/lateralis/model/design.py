"""Which samples a model fits, its design matrix, and whether that matrix can answer what is asked of it."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Literal

import numpy as np
import pandas as pd

from lateralis.config import Contrast, Variable
from lateralis.errors import InputError, listing
from lateralis.expressions import Factor, comparisons, dropped_terms, matches, parse_formula, parse_subset

MOST_COLUMNS = 5000  # of a design matrix, which a few crossed variables of many levels would exceed
_TRANSFORM = {"log": np.log, "log2": np.log2, "log10": np.log10, "log1p": np.log1p, "sqrt": np.sqrt}


def select_samples(
    obs: pd.DataFrame,
    design: str,
    *,
    subset: str | None,
    exclude: Mapping[str, str],
    missing: Literal["error", "drop"],
    where: str,
) -> pd.Series:
    """Why each sample is not in a model.

    Parameters
    ----------
    obs : (n_samples, n_variables) typed sample sheet
    design : the model's formula
    subset : the model's condition on samples
    exclude : excluded sample → reason
    missing : what to do with samples that lack a variable of the design
    where : file and key for messages

    Returns
    -------
    Series of text over the samples, in order; empty for the samples that the model fits

    Raises
    ------
    InputError
        If `missing` is `error` and a sample lacks a variable, or no sample is left.
    """
    reason = pd.Series("", index=obs.index, dtype=object)
    if subset is not None:
        condition = parse_subset(subset)
        columns = {}
        for variable in {comparison.variable for comparison in comparisons(condition)}:
            values = obs[variable]
            columns[variable] = values.astype(object) if isinstance(values.dtype, pd.CategoricalDtype) else values
        chosen = matches(condition, columns)
        reason[~chosen.fillna(False).astype(bool)] = f"not in subset: {subset}"
        reason[chosen.isna()] = f"not in subset: {subset} (value missing)"
    variables = parse_formula(design).variables
    lacking = obs[variables].isna() if variables else pd.DataFrame(False, index=obs.index, columns=["none"])
    incomplete = lacking.any(axis=1) & (reason == "") & ~obs.index.isin(list(exclude))
    if incomplete.any() and missing == "error":
        names = [column for column in variables if lacking.loc[incomplete, column].any()]
        raise InputError(
            where,
            f"{int(incomplete.sum())} samples lack {listing(names)}, the first is '{obs.index[incomplete][0]}'",
            "Complete the sheet, or set `missing: drop` to leave such samples out of the model",
        )
    for sample in obs.index[incomplete]:
        reason[sample] = "missing " + ", ".join(column for column in variables if lacking.loc[sample, column])
    for sample, why in exclude.items():
        if sample in reason.index:  # others have no counts, or no row in the sheet
            reason[sample] = f"excluded: {why}"
    if (reason != "").all():
        raise InputError(where, "no sample is left to fit", "Loosen `subset`, or complete the sheet")
    return reason


def design_matrix(
    obs: pd.DataFrame, design: str, variables: Mapping[str, Variable], *, where: str, at: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Design matrix of the samples given, coded as R does (treatment contrasts, the first level is the reference).

    Parameters
    ----------
    obs : (n_samples, n_variables) typed sample sheet of the model's samples, complete in the design's variables
    design : formula
    variables : the cohort's variables
    where : file and key for messages
    at : (k, n_variables) other rows, of levels that `obs` has, to be coded, centred and scaled as `obs` is; default, `obs`

    Returns
    -------
    (n_samples, n_coef) float, or (k, n_coef); columns named `Intercept`, `group[T.als]`, `age`, `group[T.als]:age`, ….
    Levels without samples are dropped. Numeric variables are transformed, then centred and scaled over these samples where
    the config asks for it.
    """
    from formulaic import Formula as FormulaicFormula
    from formulaic.parser.types import Factor as FormulaicFactor
    from formulaic.parser.types import Term as FormulaicTerm

    formula = parse_formula(design)
    data = pd.DataFrame(
        {str(factor): _column(obs, factor, variables, where) for factor in formula.factors}, index=obs.index
    )
    if data.empty:
        return pd.DataFrame({"Intercept": 1.0}, index=obs.index)
    levels = {name: data[name].nunique() if data[name].dtype == "category" else 1 for name in data}
    n_columns = sum(math.prod(levels[str(factor)] for factor in term) for term in formula.terms)
    if n_columns > MOST_COLUMNS:
        raise InputError(
            where, f"its terms come to {n_columns:,} combinations of levels", f"At most {MOST_COLUMNS:,} are taken"
        )
    if at is not None:
        coded = {str(factor): _column(obs, factor, variables, where, at) for factor in formula.factors}
        rows = pd.concat([data, pd.DataFrame(coded, index=at.index)], ignore_index=True)
        for name in data:  # concatenation forgets the categories
            if isinstance(data[name].dtype, pd.CategoricalDtype):
                rows[name] = pd.Categorical(rows[name], categories=data[name].cat.categories)
        data = rows
    lookup = FormulaicFactor.EvalMethod.LOOKUP
    terms = [
        FormulaicTerm([FormulaicFactor(str(factor), eval_method=lookup) for factor in term]) for term in formula.terms
    ]
    if formula.intercept:
        terms.insert(0, FormulaicTerm([FormulaicFactor("1", eval_method=FormulaicFactor.EvalMethod.LITERAL)]))
    matrix = FormulaicFormula(terms).get_model_matrix(data, output="pandas")
    values, columns = matrix.to_numpy(dtype=float), list(matrix.columns)
    if at is not None:
        return pd.DataFrame(values[len(obs) :], index=at.index, columns=columns)
    return pd.DataFrame(values, index=obs.index, columns=columns)


def _column(
    obs: pd.DataFrame, factor: Factor, variables: Mapping[str, Variable], where: str, at: pd.DataFrame | None = None
) -> pd.Series:
    """One factor's values in `obs`, or in `at` centred and scaled as in `obs`, ready to be coded."""
    values, variable = obs[factor.variable], variables[factor.variable]
    if factor.variable == "Intercept":
        raise InputError(where, "'Intercept' is the name of a coefficient", "Give the variable another name")
    if variable.type == "categorical":
        joined = [level for level in values.cat.categories if "]:" in level]  # as in `g[T.x]:h[T.y]`
        if joined:
            raise InputError(
                where, f"level {listing(joined)} of '{factor.variable}' reads as an interaction", "Write it without ]:"
            )
        present = values.cat.remove_unused_categories()
        if len(present.cat.categories) < 2:
            raise InputError(
                where,
                f"'{factor.variable}' has one level ('{present.cat.categories[0]}') among the model's samples",
                "Leave it out of the design",
            )
        return present if at is None else at[factor.variable]
    asked = None if at is None else at[factor.variable].astype(float)
    if factor.transform is not None:
        with np.errstate(divide="ignore", invalid="ignore"):
            values = pd.Series(_TRANSFORM[factor.transform](values.to_numpy()), index=values.index)
            if asked is not None:
                asked = pd.Series(_TRANSFORM[factor.transform](asked.to_numpy()), index=asked.index)
        if asked is not None and not np.isfinite(asked).all():
            raise InputError(where, f"{factor} of the value given is not a finite number", "Give another value")
        if not np.isfinite(values).all():
            sample = values.index[~np.isfinite(values)][0]
            raise InputError(
                where,
                f"{factor} of {obs.loc[sample, factor.variable]:g}, the value of sample '{sample}', is not a finite number",
                "Take another transform, or correct the value",
            )
    spread = values.std(ddof=1)
    if not spread > 0:
        raise InputError(where, f"'{factor}' has one value in all of the model's samples", "Leave it out of the design")
    centre = values.mean() if variable.center else 0.0
    coded = (values if asked is None else asked) - centre
    return coded / spread if variable.scale else coded


def confounded_columns(matrix: pd.DataFrame) -> list[str]:
    """Columns of a design matrix that are linear combinations of one another; empty when it has full rank."""
    values = matrix.to_numpy()
    scaled = values / np.maximum(np.linalg.norm(values, axis=0), np.finfo(float).tiny)
    _, singular, right = np.linalg.svd(scaled, full_matrices=True)
    rank = int((singular > singular[0] * max(matrix.shape) * np.finfo(float).eps * 10).sum())
    involved = np.abs(right[rank:]).max(axis=0, initial=0.0) > 1e-8
    return [str(column) for column in matrix.columns[involved]]


def check_design(matrix: pd.DataFrame, *, where: str) -> None:
    """Raise an `InputError` unless a design matrix has full rank and leaves samples over to estimate dispersion."""
    columns = confounded_columns(matrix)
    if columns:
        raise InputError(
            where,
            f"the columns {listing(columns, 20)} of the design cannot be told apart: they are linearly dependent",
            "Leave one of their variables out of the design, or one that is nested in another",
        )
    n_samples, n_coef = matrix.shape
    if n_samples <= n_coef:
        raise InputError(
            where,
            f"the design has {n_coef} coefficients for {n_samples} samples",
            "A dispersion needs more samples than coefficients",
        )


def check_nested(full: pd.DataFrame, reduced: pd.DataFrame, *, where: str) -> None:
    """Raise an `InputError` unless a reduced design matrix says less than the full one, and nothing else.

    Parameters
    ----------
    full : (n_samples, n_coef) of full rank
    reduced : (n_samples, n_reduced); each column must be a linear combination of the full one's, and there must be fewer
    where : file and key for messages
    """
    if not reduced.shape[1]:
        raise InputError(where, "the reduced design is empty", "Reduce at most to the intercept, `~ 1`")
    matrix, values = full.to_numpy(dtype=float), reduced.to_numpy(dtype=float)
    orthonormal = np.linalg.qr(matrix / np.linalg.norm(matrix, axis=0))[0]
    outside = np.linalg.norm(values - orthonormal @ (orthonormal.T @ values), axis=0)
    strange = reduced.columns[outside > 1e-8 * np.linalg.norm(values, axis=0)]
    if len(strange):
        raise InputError(
            where,
            f"the columns {listing(strange, 20)} of the reduced design are no part of the model's",
            "Leave terms of the model's design out, and add none",
        )
    check_design(reduced, where=where)
    if reduced.shape[1] >= full.shape[1]:
        raise InputError(where, "the reduced design is the model's own", "Leave out the term that the test is about")


def coefficient_of_level(columns: Collection[str], variable: str, level: str) -> str | None:
    """Name of a level's own coefficient; None for the reference, which has none."""
    for name in (f"{variable}[T.{level}]", f"{variable}[{level}]"):
        if name in columns:
            return name
    return None


def contrast_vector(contrast: Contrast, obs: pd.DataFrame, columns: list[str], *, where: str) -> np.ndarray:
    """Weights of the coefficients in one contrast; one of `differences` is `cells.difference_weights`.

    Parameters
    ----------
    contrast : the contrast
    obs : typed sample sheet of the model's samples
    columns : names of the design's coefficients
    where : file and key for messages

    Returns
    -------
    (n_coef,) float

    Raises
    ------
    InputError
        If a level has fewer than two samples in the model, or a weight names no coefficient.

    A contrast with a reduced design has no weights: it is no linear combination.
    """
    vector = np.zeros(len(columns))
    if contrast.weights is not None:
        unknown = [name for name in contrast.weights if name not in columns]
        if unknown:
            raise InputError(
                f"{where}.weights",
                f"{listing(unknown)} is no coefficient of model '{contrast.model}'",
                f"Its coefficients are {listing(columns, 40)}",
            )
        for name, weight in contrast.weights.items():
            vector[columns.index(name)] = weight
        return vector
    assert contrast.variable is not None and contrast.test is not None and contrast.reference is not None
    sizes = obs[contrast.variable].value_counts()
    for role, level, sign in (("test", contrast.test, 1.0), ("reference", contrast.reference, -1.0)):
        size = int(sizes.get(level, 0))
        if size < 2:
            raise InputError(
                f"{where}.{role}",
                f"{contrast.variable} '{level}' has {size} sample{'' if size == 1 else 's'} in model '{contrast.model}'",
                "A compared group needs at least two, and results are worth reading from three on",
            )
        coefficient = coefficient_of_level(columns, contrast.variable, level)
        if coefficient is not None:
            vector[columns.index(coefficient)] += sign
    return vector


def tested_variables(contrasts: Mapping[str, Contrast], design: str) -> list[str]:
    """Variables that a model's contrasts test, sorted.

    They are the ones named, those in the names of weighted coefficients, or those of the terms that a reduced design lacks.
    """
    found = {contrast.variable for contrast in contrasts.values() if contrast.variable is not None}
    variables = parse_formula(design).variables
    for contrast in contrasts.values():
        for difference in contrast.differences or []:
            names = {*difference.test, *difference.reference}
            found.update(name for name in names if difference.test.get(name) != difference.reference.get(name))
        for name, weight in (contrast.weights or {}).items():
            if weight:
                parts = {part.split("[")[0].rstrip(")").split("(")[-1] for part in name.split(":")}
                found.update(parts.intersection(variables))
        if contrast.reduced is not None:
            found.update(factor.variable for term in dropped_terms(design, contrast.reduced) for factor in term)
    return sorted(found)
