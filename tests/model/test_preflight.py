"""Checks before the first job: warnings that name their model, and the errors of a cohort's sheet and designs."""

import numpy as np
import pandas as pd
import pytest

from lateralis.config import Cohort, Model, Samples
from lateralis.errors import InputError
from lateralis.model.preflight import arrange_model, check_cohort, design_warnings

SAMPLES = Samples(
    participant="person",
    family="kin",
    variables={
        "group": {"type": "categorical", "levels": ["control", "als"]},
        "visit": {"type": "categorical"},
        "age": {"type": "numeric"},
    },
)


def sheet(n_samples, **columns):
    obs = pd.DataFrame(
        {
            "person": [f"P{number}" for number in range(n_samples)],
            "kin": "",
            "group": pd.Categorical(np.resize(["control", "als"], n_samples), ["control", "als"]),
            "visit": pd.Categorical(np.resize(["v1", "v1", "v2", "v2"], n_samples)),
            "age": np.linspace(-1, 1, n_samples) ** 3,
        },
        index=[f"s{number}" for number in range(n_samples)],
    )
    return obs.assign(**columns)


def arrange(obs, design="~ group", cells="design", subset=None, missing="error", samples=SAMPLES):
    spec = Model(design=design, subset=subset)
    return arrange_model(obs, spec, samples, missing=missing, cells=cells, where="cohort.yaml, models.m")


def warnings_of(obs, design="~ group", cells="design"):
    return design_warnings(arrange(obs, design, cells), Model(design=design), SAMPLES, "m")


def test_a_model_is_its_samples_their_design_and_their_cells():
    obs = sheet(12)
    samples = Samples(**{**SAMPLES.model_dump(), "exclude": [{"sample": "s0", "reason": "old"}]})
    model = arrange(obs, "~ group + age", cells=["group"], subset="visit == 'v1'", samples=samples)
    assert model.obs.index.tolist() == ["s1", "s4", "s5", "s8", "s9"]
    assert model.matrix.index.tolist() == model.obs.index.tolist()
    assert model.matrix["group[T.als]"].tolist() == [1, 0, 1, 0, 1]
    assert model.reasons.loc[["s0", "s1", "s2"]].tolist() == ["excluded: old", "", "not in subset: visit == 'v1'"]
    assert (model.cells == model.cells[0]).tolist() == [True, False, True, False, True]
    by_row = arrange(obs, "~ group + age")
    assert len(set(by_row.cells)) == 12


def test_a_rank_deficient_model_is_refused_with_its_key():
    obs = sheet(12)
    obs["visit"] = pd.Categorical(np.where(obs["group"] == "als", "v2", "v1"))
    with pytest.raises(InputError) as caught:
        arrange(obs, "~ visit + group")
    assert caught.value.where == "cohort.yaml, models.m.design"
    assert "'visit[T.v2]', 'group[T.als]'" in caught.value.found


def test_a_balanced_design_of_fourteen_raises_no_warning():
    assert warnings_of(sheet(14)) == []


def test_few_replicates_are_warned_of_by_what_can_still_be_done():
    (warning,) = warnings_of(sheet(12))
    assert "no outlier count can be replaced, because no 7 samples are replicates" in warning
    (warning,) = warnings_of(sheet(14), "~ age + group")
    assert "no outlier count can be replaced or filtered, because no 3 samples are replicates" in warning
    assert "outliers.cells" in warning
    assert warnings_of(sheet(14), "~ age + group", cells=["group"]) == []


def test_repeated_participants_and_relatives_are_counted():
    obs = sheet(16)
    obs["person"] = ["P1", "P1", "P1", "P2", "P2", "", "", *[f"Q{number}" for number in range(9)]]
    (warning,) = warnings_of(obs)
    assert warning.startswith("Model m: 2 participants gave more than one sample")
    assert "add person to the design" in warning
    relatives = sheet(16, kin=["F1", "F1", *[""] * 14])
    (warning,) = warnings_of(relatives)
    assert warning.startswith("Model m: 1 family has more than one member")


def test_a_participant_in_the_design_is_no_reason_to_warn():
    samples = Samples(
        participant="person",
        variables={"group": {"type": "categorical"}, "person": {"type": "categorical"}},
    )
    obs = sheet(16)
    obs["person"] = pd.Categorical(np.repeat([f"P{number}" for number in range(8)], 2))
    model = arrange(obs, "~ person + group", cells=["group"], samples=samples)
    assert design_warnings(model, Model(design="~ person + group"), samples, "m") == []


@pytest.mark.parametrize(
    ("values", "warned"), [((40, 80), True), ((0, 40), True), ((-20, 20), True), ((-1, 1), False), ((4, 5), False)]
)
def test_unscaled_covariates_are_warned_of(values, warned):
    obs = sheet(16, age=np.linspace(*values, 16))
    found = warnings_of(obs, "~ age + group", cells=["group"])
    assert [("set center: true and scale: true on age" in warning) for warning in found] == [True] * warned


# --- whole cohorts ---


def cohort(**changes):
    """The demo cohort with some keys changed."""
    spec = {
        "cohort": "demo",
        "title": "Demo",
        "input": {"simulate": "mac2als", "seed": 1},
        "samples": {
            "participant": "participant",
            "variables": {
                "group": {"type": "categorical", "levels": ["control", "motor", "carrier", "als"]},
                "sex": {"type": "categorical"},
                "batch": {"type": "categorical"},
                "age": {"type": "numeric", "center": True, "scale": True},
            },
        },
        "missing": "drop",
        "outliers": {"cells": ["group"]},
        "models": {"primary": {"design": "~ batch + sex + age + group"}},
        "contrasts": {"c": {"model": "primary", "variable": "group", "test": "als", "reference": "control"}},
    }
    return Cohort(**(spec | changes))


def test_the_simulated_cohort_passes():
    assert check_cohort(cohort(), "cohort.yaml") == []
    (warning,) = check_cohort(cohort(outliers={"cells": "design"}), "cohort.yaml")
    assert warning.startswith("Model primary: no outlier count can be replaced")


def test_a_reduced_design_passes_where_it_is_nested():
    contrasts = {"any_group": {"model": "primary", "reduced": "~ batch + sex + age"}}
    assert check_cohort(cohort(contrasts=contrasts), "cohort.yaml") == []
    nested = {
        "models": {"primary": {"design": "~ -1 + group"}},
        "contrasts": {"c": {"model": "primary", "reduced": "~ 1"}},
    }
    assert check_cohort(cohort(**nested), "cohort.yaml") == []


@pytest.mark.parametrize(
    ("changes", "where", "found"),
    [
        (
            {"contrasts": {"c": {"model": "primary", "weights": {"group[T.sla]": 1}}}},
            "cohort.yaml, contrasts.c.weights",
            "'group[T.sla]' is no coefficient of model 'primary'",
        ),
        (
            {"models": {"primary": {"design": "~ group", "subset": "group in ['motor', 'carrier']"}}},
            "cohort.yaml, contrasts.c.test",
            "group 'als' has 0 samples in model 'primary'",
        ),
        (
            {
                "models": {"primary": {"design": "~ group + age"}},
                "contrasts": {"c": {"model": "primary", "reduced": "~ log(age)"}},
            },
            "cohort.yaml, contrasts.c.reduced",
            "the columns 'log(age)' of the reduced design are no part of the model's",
        ),
        (
            {
                "models": {"primary": {"design": "~ -1 + group"}},
                "contrasts": {"c": {"model": "primary", "reduced": "~ group"}},
            },
            "cohort.yaml, contrasts.c.reduced",
            "the reduced design is the model's own",
        ),
        (
            {"size_factors": {"control_genes": "no/such.txt"}},
            "no/such.txt",
            "there is no such file",
        ),
        (
            {"models": {"primary": {"design": "~ group", "subset": "age > 1000"}}},
            "cohort.yaml, models.primary",
            "no sample is left to fit",
        ),
        (
            {"models": {"primary": {"design": "~ sex + group", "subset": "sex == 'F'"}}},
            "cohort.yaml, models.primary.design",
            "'sex' has one level ('F') among the model's samples",
        ),
        (
            {"input": {"simulate": "mac2als", "annotation": "no/such.gtf"}},
            "cohort.yaml, input.annotation",
            "there is no file 'no/such.gtf'",
        ),
        (
            {
                "samples": {
                    "variables": {"group": {"type": "categorical"}},
                    "exclude": [{"sample": "nobody", "reason": "absent"}],
                },
                "models": {"primary": {"design": "~ group"}},
            },
            "cohort.yaml, samples.exclude",
            "names 'nobody', which is no sample of the cohort",
        ),
        (
            {
                "samples": {"variables": {"group": {"type": "categorical"}, "height": {"type": "numeric"}}},
                "models": {"primary": {"design": "~ group"}},
            },
            "simulated cohort 'mac2als'",
            "has no column 'height'",
        ),
    ],
)
def test_what_config_and_sheet_show_is_an_error_before_any_job(changes, where, found):
    with pytest.raises(InputError) as caught:
        check_cohort(cohort(**changes), "cohort.yaml")
    assert (caught.value.where, caught.value.found) == (where, found)


def test_files_are_checked_against_each_other(tmp_path):
    (tmp_path / "samples.tsv").write_text("sample\tgroup\n" + "".join(f"s{n}\t{'ab'[n % 2]}\n" for n in range(14)))
    names = "\t".join(f"s{n}" for n in range(14))
    (tmp_path / "counts.tsv").write_text(f"gene\t{names}\ng" + 14 * "\t5" + "\n")
    given = {
        "input": {
            "counts": {"format": "matrix", "path": str(tmp_path / "counts.tsv")},
            "samples": str(tmp_path / "samples.tsv"),
        },
        "samples": {"variables": {"group": {"type": "categorical"}}},
        "models": {"primary": {"design": "~ group"}},
        "contrasts": {"c": {"model": "primary", "variable": "group", "test": "b", "reference": "a"}},
    }
    assert check_cohort(cohort(**given), "cohort.yaml") == []
    with open(tmp_path / "samples.tsv", "a", encoding="utf-8") as handle:
        handle.write("s99\tb\n")
    with pytest.raises(InputError, match="no counts for 's99'"):
        check_cohort(cohort(**given), "cohort.yaml")
