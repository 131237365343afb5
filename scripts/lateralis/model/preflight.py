"""Everything that config, sample sheet and the count file's header show to be wrong, found before any job starts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from lateralis.config import Cohort, Contrast, Model, Samples
from lateralis.errors import InputError, listing
from lateralis.expressions import parse_formula
from lateralis.inputs.control_genes import read_control_genes
from lateralis.inputs.counts import absent_samples, check_counts_header
from lateralis.inputs.gene_sets import check_gene_sets
from lateralis.inputs.panel_file import PanelFile, read_panels
from lateralis.inputs.samples import add_scores, biological_samples, check_exclusions, read_samples, type_samples
from lateralis.inputs.simulate.sheets import simulate_sheet
from lateralis.model import outliers
from lateralis.model.blocks import block_variable, centre_in_blocks, split_blocks
from lateralis.model.cells import contrast_weights
from lateralis.model.compared import check_biomarkers
from lateralis.model.design import check_design, check_nested, design_matrix, select_samples
from lateralis.model.measured import check_measured


@dataclass(frozen=True)
class ModelSamples:
    """The samples of one model and what their design looks like.

    Attributes
    ----------
    reasons : why each sample of the cohort is not in the model; empty for those that are
    obs : typed sample sheet of the model's samples
    matrix : (n_samples, n_coef) design matrix, of full rank; without blocks' columns
    cells : (n_samples,) who is a replicate of whom for Cook's distance
    blocks : (n_samples,) number of each sample's block (`blocks`), or None
    dropped : columns that blocks determine, left out
    """

    reasons: pd.Series
    obs: pd.DataFrame
    matrix: pd.DataFrame
    cells: np.ndarray
    blocks: np.ndarray | None = None
    dropped: tuple[str, ...] = ()


def check_cohort(cohort: Cohort, where: str) -> list[str]:
    """Check all that can be checked without reading the counts.

    Parameters
    ----------
    cohort : from `load_cohort`, which has checked what the file alone can show
    where : the cohort file, for messages

    Returns
    -------
    Warnings, as sentences

    Raises
    ------
    InputError
        With the file, the key, row or column, what was found and what would be right.
    """
    excluded = [entry.sample for entry in cohort.samples.exclude]
    without_counts: list[str] = []
    without_row: list[str] = []
    if cohort.input.simulate is not None:
        text = simulate_sheet(cohort.input.simulate, cohort.input.seed)
        origin = f"simulated cohort '{cohort.input.simulate}'"
        sheet = type_samples(text, cohort.samples, origin)
    else:
        assert cohort.input.samples is not None and cohort.input.counts is not None
        origin = cohort.input.samples
        sheet = read_samples(origin, cohort.samples)
        check_counts_header(cohort.input.counts, list(sheet.index), origin, excluded)
        without_counts, without_row = absent_samples(cohort.input.counts, sheet.index, excluded)
        sheet = sheet.drop(index=without_counts)
    if cohort.input.annotation is not None and not Path(cohort.input.annotation).is_file():
        raise InputError(
            f"{where}, input.annotation", f"there is no file '{cohort.input.annotation}'", "Correct the path"
        )
    if cohort.qc.panel != "none":
        check_scores(cohort, read_panels(cohort.qc.panel), where)
    if cohort.size_factors.control_genes is not None:
        read_control_genes(cohort.size_factors.control_genes)
    obs = add_scores(biological_samples(sheet, cohort.samples, origin), None, cohort.samples)
    check_exclusions([*obs.index, *without_counts, *without_row], cohort.samples, where)
    warnings = [] if cohort.enrichment is None else check_gene_sets(cohort.enrichment, where)
    sheets = {}
    for name, spec in cohort.models.items():
        model = arrange_model(
            obs,
            spec,
            cohort.samples,
            missing=cohort.missing,
            cells=cohort.outliers.cells,
            where=f"{where}, models.{name}",
        )
        for contrast_name, contrast in cohort.contrasts_of(name).items():
            where_contrast = f"{where}, contrasts.{contrast_name}"
            check_contrast(contrast, model, cohort.samples, design=spec.design, where=where_contrast)
        check_biomarkers(cohort, name, model.obs, where)
        sheets[name] = model.obs
        warnings += design_warnings(model, spec, cohort.samples, name)
    return warnings if cohort.proteins is None else warnings + check_measured(cohort, obs, sheets, where)


def check_scores(cohort: Cohort, panels: PanelFile, where: str) -> None:
    """Raise an `InputError` where a variable is the score of a panel that there is not."""
    for variable, panel in cohort.samples.scores.items():
        if panel not in panels.panels:
            raise InputError(
                f"{where}, samples.variables.{variable}.score",
                f"there is no panel '{panel}' in '{cohort.qc.panel}'",
                f"Its panels are {listing(panels.panels, 20)}",
            )


def check_contrast(contrast: Contrast, model: ModelSamples, samples: Samples, *, design: str, where: str) -> None:
    """Raise an `InputError` unless a contrast can be asked of its model, whose formula is `design`."""
    if contrast.reduced is None:
        columns = list(model.matrix.columns)
        contrast_weights(contrast, model.obs, columns, design=design, variables=samples.variables, where=where)
        return
    reduced_design(contrast.reduced, model.obs, model.matrix, model.blocks, samples, where=f"{where}.reduced")


def reduced_design(
    reduced: str, obs: pd.DataFrame, matrix: pd.DataFrame, blocks: np.ndarray | None, samples: Samples, *, where: str
) -> pd.DataFrame:
    """Design matrix of a reduced design, without blocks' columns, checked to be nested in the full one.

    Parameters
    ----------
    reduced : formula
    obs : typed sample sheet of the model's samples
    matrix, blocks : of the full design, see `ModelSamples`
    """
    found = design_matrix(obs, reduced, samples.variables, where=where)
    if blocks is None:
        check_nested(matrix, found, where=where)
        return found
    variable = block_variable(samples, reduced)
    if variable is None:
        raise InputError(
            where, f"lacks the blocks of the model's design ({samples.participant})", "Keep them in both designs"
        )
    found = split_blocks(found, obs, variable, where=where).matrix
    if found.shape[1]:
        full, part = (centre_in_blocks(frame.to_numpy(), blocks) for frame in (matrix, found))
        check_nested(pd.DataFrame(full, columns=matrix.columns), pd.DataFrame(part, columns=found.columns), where=where)
    return found


def arrange_model(
    obs: pd.DataFrame,
    spec: Model,
    samples: Samples,
    *,
    missing: Literal["error", "drop"],
    cells: Literal["design"] | list[str],
    where: str,
) -> ModelSamples:
    """Samples, design matrix and outlier cells of one model, checked.

    Parameters
    ----------
    obs : typed sample sheet, one row a biological sample
    spec : the model's section
    samples : the cohort's `samples` section
    missing, cells : the cohort's keys of that name
    where : file and key of the model, for messages
    """
    reasons = select_samples(
        obs,
        spec.design,
        subset=spec.subset,
        exclude={entry.sample: entry.reason for entry in samples.exclude},
        missing=missing,
        where=where,
    )
    if spec.one_per is not None:
        reasons = _one_per(reasons, obs, spec.one_per, samples, where)
    kept = obs[reasons == ""]
    matrix = design_matrix(kept, spec.design, samples.variables, where=f"{where}.design")
    numbers = outliers.design_cells(matrix) if cells == "design" else outliers.variable_cells(kept, cells)
    variable = block_variable(samples, spec.design)
    if variable is None:
        check_design(matrix, where=f"{where}.design")
        return ModelSamples(reasons, kept, matrix, numbers)
    blocked = split_blocks(matrix, kept, variable, where=f"{where}.design")
    return ModelSamples(reasons, kept, blocked.matrix, numbers, blocked.blocks, tuple(blocked.dropped))


def _one_per(reasons: pd.Series, obs: pd.DataFrame, variable: str, samples: Samples, where: str) -> pd.Series:
    """Reasons, with all but the first sample of each level left out; a sample without a level stays."""
    if variable not in (samples.participant, samples.family):
        raise InputError(f"{where}.one_per", f"'{variable}' is no role", "Name the column of `participant` or `family`")
    levels = obs[variable].astype(object).where(obs[variable].notna(), "")[reasons == ""]
    later = levels[(levels != "") & levels.duplicated()]
    reasons = reasons.copy()
    reasons[later.index] = f"another sample of its {variable} is taken"
    return reasons


def design_warnings(model: ModelSamples, spec: Model, samples: Samples, name: str) -> list[str]:
    """What a model's user should know about its design, as sentences."""
    found = []
    formula = parse_formula(spec.design)
    for role, who in ((samples.participant, "participant"), (samples.family, "family")):
        if role is None or role in formula.variables:
            continue
        members = model.obs[role].astype(object)
        sizes = members[members.notna() & (members != "")].value_counts()
        repeated = int((sizes > 1).sum())
        if repeated and who == "participant":
            found.append(
                f"Model {name}: {repeated} participants gave more than one sample, and the design treats them as independent, "
                f"which makes p-values too small; add {role} to the design, or take one sample a participant by a subset."
            )
        elif repeated:
            families = "1 family has" if repeated == 1 else f"{repeated} families have"
            found.append(
                f"Model {name}: {families} more than one member, and the design treats relatives as "
                "independent, which makes p-values slightly too small; compare with a run on one member a family."
            )
    replaceable = outliers.in_large_cells(model.cells, outliers.MIN_FOR_REPLACEMENT)
    filterable = outliers.in_large_cells(model.cells, outliers.MIN_FOR_FILTER)
    if not replaceable.any():
        least = outliers.MIN_FOR_REPLACEMENT if filterable.any() else outliers.MIN_FOR_FILTER
        what = "replaced" if filterable.any() else "replaced or filtered"
        found.append(
            f"Model {name}: no outlier count can be {what}, because no {least} samples are replicates of one another under "
            "this design; outliers.cells names the variables that make samples replicates, for example [group]."
        )
    for factor in formula.factors:
        column = str(factor)
        if column in model.matrix.columns and samples.variables[factor.variable].type == "numeric":
            values = model.matrix[column]
            if abs(values.mean()) > 5 or values.std() > 5:
                found.append(
                    f"Model {name}: {column} has mean {values.mean():.3g} and standard deviation {values.std():.3g}; set "
                    f"center: true and scale: true on {factor.variable}, for the fit's sake."
                )
    return found
