"""Who is compared, which covariates count, and what a sheet shows to be too little: before any job."""

import numpy as np
import pandas as pd
import pytest

from lateralis.config import Cohort, Contrast
from lateralis.errors import InputError
from lateralis.model.compared import check_biomarkers, compare, covariates_of

COHORT = {
    "cohort": "study",
    "title": "A study",
    "input": {"counts": {"format": "matrix", "path": "counts.tsv"}, "samples": "samples.tsv"},
    "samples": {
        "participant": "person",
        "family": "family",
        "variables": {
            "person": {"type": "categorical"},
            "group": {"type": "categorical", "levels": ["control", "motor", "als"]},
            "batch": {"type": "categorical"},
            "age": {"type": "numeric"},
            "onset": {"type": "numeric"},
            "state": {"type": "numeric", "score": "m1"},
        },
    },
    "models": {"primary": {"design": "~ batch + log2(age) + group"}},
    "contrasts": {
        "als_vs_control": {"model": "primary", "variable": "group", "test": "als", "reference": "control"},
        "als_vs_motor": {"model": "primary", "variable": "group", "test": "als", "reference": "motor"},
    },
    "biomarkers": {"contrasts": ["als_vs_control"]},
}
ALS = Contrast(model="primary", variable="group", test="als", reference="control")


def sheet(n_als=8, n_control=7, n_motor=3):
    groups = ["als"] * n_als + ["control"] * n_control + ["motor"] * n_motor
    n = len(groups)
    return pd.DataFrame(
        {
            "person": pd.Categorical([f"P{number}" for number in range(n)]),
            "family": pd.Categorical([""] * n),
            "group": pd.Categorical(groups, categories=["control", "motor", "als"]),
            "batch": pd.Categorical(["b1", "b2"] * (n // 2) + ["b1"] * (n % 2)),
            "age": 50.0 + np.arange(n),
            "onset": 1.0,
            "state": 0.5,
        },
        index=[f"S{number}" for number in range(n)],
    )


def cohort(**changes):
    return Cohort(**(COHORT | changes))


def compared(obs, covariates=(), missing="error"):
    samples = cohort().samples
    return compare(obs, ALS, samples, covariates, missing=missing, where="study.yaml", name="als_vs_control")


def test_the_samples_of_the_two_levels_with_their_people_and_units():
    obs = sheet()
    obs["person"] = pd.Categorical(["P0", "P0", *[f"P{number}" for number in range(2, 18)]])
    obs["family"] = pd.Categorical(["", "f", "", "f", *[""] * 14])
    found = compared(obs, ["batch", "age"])
    assert found.samples.tolist() == [f"S{number}" for number in range(15)]
    assert found.is_test.tolist() == [True] * 8 + [False] * 7
    assert found.person[0] == found.person[1]
    assert len(set(found.person)) == 14
    assert found.unit[0] == found.unit[1] == found.unit[3]
    assert len(set(found.unit)) == 13
    assert list(found.covariates) == ["batch", "age"]


def test_a_participant_at_both_levels_is_two_people_and_one_unit():
    obs = sheet(6, 6, 0)
    obs["person"] = pd.Categorical([f"P{number % 6}" for number in range(12)])
    found = compared(obs)
    assert len(set(found.person)) == 12
    assert len(set(found.unit)) == 6


def test_the_designs_other_variables_are_the_covariates():
    samples = cohort().samples
    found = covariates_of(ALS, "~ person + batch + log2(age) + age + group", samples, None, "study.yaml")
    assert found == ["batch", "age"]
    assert covariates_of(ALS, "~ group", samples, ["onset", "age"], "study.yaml") == ["onset", "age"]


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ("group", "study.yaml, biomarkers.covariates: 'group' is what the contrast compares."),
        ("person", "study.yaml, biomarkers.covariates: 'person' says who a sample is from."),
        (
            "state",
            "'state' is a score of marker genes that the model's design (~ batch + log2(age) + group) does not hold.",
        ),
    ],
)
def test_what_is_no_covariate(asked, message):
    with pytest.raises(InputError) as error:
        check_biomarkers(
            cohort(biomarkers={"contrasts": ["als_vs_control"], "covariates": [asked]}),
            "primary",
            sheet(),
            "study.yaml",
        )
    assert message in str(error.value)


def test_fewer_people_than_folds():
    with pytest.raises(InputError) as error:
        check_biomarkers(cohort(), "primary", sheet(n_control=4), "study.yaml")
    assert str(error.value) == (
        "study.yaml, biomarkers.contrasts, 'als_vs_control': group 'control' has 4 people, and cross-validation has 5 folds. "
        "Each level needs at least 5 people; leave the contrast out of `biomarkers`."
    )
    obs = sheet(n_control=7)
    obs["person"] = pd.Categorical([*[f"P{number}" for number in range(8)], *["Q1"] * 6, "Q2", "R1", "R2", "R3"])
    with pytest.raises(InputError, match="group 'control' has 2 people, and cross-validation has 5 folds"):
        check_biomarkers(cohort(), "primary", obs, "study.yaml")
    check_biomarkers(cohort(), "primary", sheet(n_motor=1), "study.yaml")  # of a contrast that is not asked for
    check_biomarkers(cohort(biomarkers=None), "primary", sheet(n_control=2), "study.yaml")


def test_people_of_too_few_families():
    obs = sheet()
    obs["family"] = pd.Categorical([""] * 8 + ["f"] * 4 + [""] * 6)
    with pytest.raises(InputError) as error:
        check_biomarkers(cohort(), "primary", obs, "study.yaml")
    assert "group 'control' has 7 people in 4 families, and relatives stay in one of 5 folds" in str(error.value)


def test_missing_covariates():
    obs = sheet()
    obs.loc[["S1", "S2", "S16"], "onset"] = np.nan
    with pytest.raises(InputError) as error:
        compared(obs, ["age", "onset"])
    assert str(error.value) == (
        "study.yaml, biomarkers.contrasts, 'als_vs_control': 2 of 15 samples lack 'onset'. Complete the sheet, name other "
        "variables in `biomarkers.covariates`, or set `missing: drop`."
    )
    found = compared(obs, ["age", "onset"], missing="drop")
    assert (len(found.samples), found.n_incomplete) == (13, 2)
    obs.loc[["S3", "S4"], "onset"] = np.nan
    with pytest.raises(InputError, match="group 'als' has 4 people"):
        compared(obs, ["onset"], missing="drop")


def test_a_table_of_locations_is_read_before_any_job(tmp_path):
    path = tmp_path / "locations.tsv"
    path.write_text("gene\tplace\nTREM2\tsurface\n")
    asked = {"contrasts": ["als_vs_control"], "annotation": str(path)}
    with pytest.raises(InputError, match="has no column 'location'"):
        check_biomarkers(cohort(biomarkers=asked), "primary", sheet(), "study.yaml")
