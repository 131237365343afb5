"""Who is compared when a panel of genes is asked to tell the two levels of a contrast apart, and whether they are enough."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from lateralis.config import Cohort, Contrast, Samples
from lateralis.errors import InputError, listing
from lateralis.expressions import parse_formula
from lateralis.inputs.locations import read_location_table
from lateralis.model.units import permutation_units

FOLDS = 5  # of the outer cross-validation; the inner one has as many where its people allow


@dataclass(frozen=True)
class Compared:
    """The samples of the two levels of a contrast, and whom they are from.

    Attributes
    ----------
    samples : (n_samples,) names
    is_test : (n_samples,) bool, of the level that is tested; the others are of the reference
    participant : (n_samples,) name of who gave it; the sample's own name where the sheet does not tell
    unit : (n_samples,) number of the people that stay together: a participant's samples, and relatives
    covariates : (n_samples, k) variables that a panel must tell more than; nothing missing
    n_incomplete : samples left out because a covariate is missing
    """

    samples: pd.Index
    is_test: np.ndarray
    participant: np.ndarray
    unit: np.ndarray
    covariates: pd.DataFrame
    n_incomplete: int

    @property
    def person(self) -> np.ndarray:
        """(n_samples,) number of each participant at each of the two levels."""
        pairs = pd.MultiIndex.from_arrays([self.participant, self.is_test])
        return np.asarray(pd.factorize(pairs)[0])


def check_biomarkers(cohort: Cohort, model: str, obs: pd.DataFrame, where: str) -> None:
    """Raise an `InputError` where a panel of a model's contrasts cannot be judged, as far as the sheet shows.

    Parameters
    ----------
    cohort : from `load_cohort`
    model : name of the model
    obs : typed sample sheet of the model's samples, with scores or stand-ins for them
    where : the cohort file, for messages
    """
    if cohort.biomarkers is None:
        return
    if cohort.biomarkers.annotation is not None:
        read_location_table(cohort.biomarkers.annotation)
    for name in cohort.biomarkers.contrasts:
        contrast = cohort.contrasts[name]
        if contrast.model == model:
            design = cohort.models[model].design
            covariates = covariates_of(contrast, design, cohort.samples, cohort.biomarkers.covariates, where)
            compare(obs, contrast, cohort.samples, covariates, missing=cohort.missing, where=where, name=name)


def covariates_of(
    contrast: Contrast, design: str, samples: Samples, asked: Sequence[str] | None, where: str
) -> list[str]:
    """Variables that a panel must tell more than: those asked for, else those of the design beside group and people.

    Raises
    ------
    InputError
        If one that is asked for is what the contrast tests, who gave a sample, or a score that the model does not use.
    """
    people = (samples.participant, samples.family)
    designed = parse_formula(design).variables
    if asked is None:
        found = [name for name in designed if name != contrast.variable and name not in people]
        return list(dict.fromkeys(found))
    for name in asked:
        place = f"{where}, biomarkers.covariates"
        if name == contrast.variable:
            raise InputError(
                place, f"'{name}' is what the contrast compares", "Name variables beside it, such as age or sex"
            )
        if name in people:
            raise InputError(
                place, f"'{name}' says who a sample is from", "Name variables that describe people or samples"
            )
        if name in samples.scores and name not in designed:
            raise InputError(
                place,
                f"'{name}' is a score of marker genes that the model's design ({design}) does not hold",
                "Add it to the design, or leave it out here",
            )
    return list(dict.fromkeys(asked))


def compare(
    obs: pd.DataFrame,
    contrast: Contrast,
    samples: Samples,
    covariates: Sequence[str],
    *,
    missing: Literal["error", "drop"],
    where: str,
    name: str,
) -> Compared:
    """The samples of a contrast's two levels, checked to be of enough people.

    Parameters
    ----------
    obs : typed sample sheet of the samples in the contrast's model
    contrast : of two levels
    samples : the cohort's `samples` section
    covariates : names of variables
    missing : the cohort's key of that name: what becomes of samples that lack a covariate
    where : config, for messages
    name : of the contrast

    Raises
    ------
    InputError
        If a covariate is missing and nothing may be left out, or a level has fewer people, or fewer unrelated ones, than
        there are folds.
    """
    assert contrast.variable is not None
    place = f"{where}, biomarkers.contrasts, '{name}'"
    part = obs[obs[contrast.variable].isin([contrast.test, contrast.reference]).to_numpy()]
    lacking = part[list(covariates)].isna()
    incomplete = lacking.any(axis=1).to_numpy()
    if incomplete.any() and missing == "error":
        absent = [variable for variable in covariates if lacking[variable].any()]
        raise InputError(
            place,
            f"{int(incomplete.sum())} of {len(part)} samples lack {listing(absent)}",
            "Complete the sheet, name other variables in `biomarkers.covariates`, or set `missing: drop`",
        )
    part = part[~incomplete]
    is_test = (part[contrast.variable] == contrast.test).to_numpy(dtype=bool)
    names = part.index.to_series()
    participant = names if samples.participant is None else _known(part[samples.participant], names)
    relations = [part[role] for role in (samples.participant, samples.family) if role is not None]
    unit = permutation_units(part[contrast.variable], *relations) if relations else np.arange(len(part))
    found = Compared(
        part.index, is_test, participant.to_numpy(dtype=object), unit, part[list(covariates)], int(incomplete.sum())
    )
    _check_people(found, contrast, place)
    return found


def _known(values: pd.Series, otherwise: pd.Series) -> pd.Series:
    text = values.astype(object)
    return text.where(values.notna() & (text != ""), otherwise)


def _check_people(found: Compared, contrast: Contrast, place: str) -> None:
    """Every fold needs somebody of either level, whom no other fold holds or is related to."""
    person = found.person
    for level, of_level in ((contrast.test, found.is_test), (contrast.reference, ~found.is_test)):
        words = f"{contrast.variable} '{level}'"
        people, units = len(np.unique(person[of_level])), len(np.unique(found.unit[of_level]))
        if people < FOLDS:
            raise InputError(
                place,
                f"{words} has {people} {'person' if people == 1 else 'people'}, and cross-validation has {FOLDS} folds",
                f"Each level needs at least {FOLDS} people; leave the contrast out of `biomarkers`",
            )
        if units < FOLDS:
            raise InputError(
                place,
                f"{words} has {people} people in {units} families, and relatives stay in one of {FOLDS} folds",
                f"Each level needs at least {FOLDS} families; leave the contrast out of `biomarkers`",
            )
