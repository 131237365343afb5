"""Trials as they come: missed visits, a dose with one sample, a stratum with one arm, no biomarker, families across groups."""

import numpy as np
import pandas as pd
import pytest

from lateralis.config import Contrast, Model, Samples
from lateralis.errors import InputError
from lateralis.model.cells import contrast_weights
from lateralis.model.contrasts import wald_test
from lateralis.model.numerics import choose_numerics
from lateralis.model.preflight import arrange_model, check_contrast, design_warnings

VISITS = ["baseline", "month1", "month4"]
SAMPLES = Samples(
    participant="participant",
    family="family",
    variables={
        "participant": {"type": "categorical"},
        "family": {"type": "categorical"},
        "visit": {"type": "categorical", "levels": VISITS},
        "arm": {"type": "categorical", "levels": ["placebo", "il2"]},
        "dose": {"type": "categorical", "levels": ["0", "1", "2"]},
        "country": {"type": "categorical", "levels": ["UK", "France"]},
        "pnfh": {"type": "numeric", "center": True},
    },
)


def sheet(people=12):
    rng = np.random.default_rng(0)
    each = len(VISITS)
    table = pd.DataFrame(
        {
            "participant": np.repeat([f"p{n:02d}" for n in range(people)], each),
            "family": np.repeat([f"f{n // 2}" for n in range(people)], each),
            "visit": np.tile(VISITS, people),
            "arm": np.repeat(["placebo", "il2"] * (people // 2), each),
            "dose": np.repeat(["0", "1", "2"] * (people // 3), each),
            "country": np.repeat(["UK", "UK", "France", "France"] * (people // 4), each),
            "pnfh": np.repeat(rng.uniform(500, 5000, people), each),
        },
        index=[f"s{n:02d}" for n in range(people * each)],
    )
    for name, variable in SAMPLES.variables.items():
        if variable.type == "categorical":
            table[name] = pd.Categorical(table[name], categories=variable.levels or sorted(table[name].unique()))
    return table


def arrange(obs, design, missing="error", **keys):
    return arrange_model(
        obs, Model(design=design, **keys), SAMPLES, missing=missing, cells="design", where="f, models.m"
    )


CHANGE = Contrast(model="m", weights={"visit[month4]:arm[T.il2]": 1})
LONGITUDINAL = "~ participant + visit + visit:arm"


def estimates(obs, model, counts):
    """Wald tests of the change between arms, dispersions given."""
    numerics = choose_numerics(1, model.blocks)
    part = counts[obs.index.get_indexer(model.obs.index)]
    beta, _, _, converged, covariance = numerics.fit_coefficients(
        part, np.ones(len(part)), model.matrix.to_numpy(), np.full(counts.shape[1], 0.1)
    )
    assert converged.all()
    vector = contrast_weights(
        CHANGE, model.obs, list(model.matrix), design=LONGITUDINAL, variables=SAMPLES.variables, where="c"
    )
    return wald_test(beta[:, : len(vector)], covariance, vector)


def test_a_participant_with_one_visit_changes_no_estimate_of_change():
    obs = sheet()
    counts = np.random.default_rng(1).poisson(100, (len(obs), 30))
    once = obs.drop(index=["s04", "s05"])  # p01 came at baseline alone
    found = estimates(obs, arrange(once, LONGITUDINAL), counts)
    without = once[once["participant"] != "p01"]
    without = without.assign(participant=without["participant"].cat.remove_unused_categories())
    expected = estimates(obs, arrange(without, LONGITUDINAL), counts)
    np.testing.assert_allclose(found["log2FoldChange"], expected["log2FoldChange"], atol=1e-4)
    np.testing.assert_allclose(found["pvalue"], expected["pvalue"], rtol=1e-2)


def test_unbalanced_visits_are_fitted():
    obs = sheet().drop(index=["s01", "s08", "s14", "s23", "s24"])
    model = arrange(obs, LONGITUDINAL)
    check_contrast(CHANGE, model, SAMPLES, design=LONGITUDINAL, where="f, contrasts.c")
    assert model.matrix.shape == (31, 4)


def test_a_dose_with_one_sample_is_refused():
    obs = sheet()
    one = obs[(obs["dose"] != "2") | (obs["participant"] == "p02")]
    design = "~ participant + visit + visit:dose"
    model = arrange(one, design)
    two = {"test": {"visit": "month1", "dose": "2"}, "reference": {"visit": "baseline", "dose": "2"}}
    none = {"test": {"visit": "month1", "dose": "0"}, "reference": {"visit": "baseline", "dose": "0"}, "weight": -1}
    contrast = Contrast(model="m", differences=[two, none])
    with pytest.raises(InputError, match=r"one sample of the model has visit 'month1', dose '2'"):
        check_contrast(contrast, model, SAMPLES, design=design, where="f, contrasts.c")
    at_visit = arrange(one, "~ dose", subset="visit == 'month1'")
    contrast = Contrast(model="m", variable="dose", test="2", reference="0")
    with pytest.raises(InputError, match="dose '2' has 1 sample in model 'm'"):
        check_contrast(contrast, at_visit, SAMPLES, design="~ dose", where="f, contrasts.c")


def test_a_stratum_with_one_arm_leaves_the_arm_estimable_and_its_interaction_not():
    obs = sheet()
    lone = obs[(obs["country"] == "UK") | (obs["arm"] == "il2")]  # nobody in France took placebo
    at_visit = {"subset": "visit == 'month4'"}
    model = arrange(lone, "~ country + arm", **at_visit)
    contrast = Contrast(model="m", variable="arm", test="il2", reference="placebo")
    check_contrast(contrast, model, SAMPLES, design="~ country + arm", where="f, contrasts.c")
    with pytest.raises(InputError, match=r"country\[T.France\]:arm\[T.il2\]"):
        arrange(lone, "~ country * arm", **at_visit)


def test_a_missing_biomarker_is_an_error_or_drops_its_samples_with_the_reason():
    obs = sheet()
    obs.loc[obs["participant"].isin(["p03", "p07"]), "pnfh"] = np.nan
    design = "~ participant + visit + visit:arm + visit:log2(pnfh)"
    with pytest.raises(InputError, match=r"6 samples lack 'pnfh', the first is 's09'"):
        arrange(obs, design)
    model = arrange(obs, design, missing="drop")
    assert (model.reasons[obs["participant"].isin(["p03", "p07"])] == "missing pnfh").all()
    assert model.blocks.max() + 1 == 10
    assert model.dropped == ("visit[baseline]:arm[T.il2]", "visit[baseline]:log2(pnfh)")


def test_a_family_across_groups_can_be_a_block_and_relatives_are_warned_of():
    obs = sheet().query("visit == 'baseline'")
    model = arrange(obs, "~ family + arm")  # each family has one on placebo and one on il2
    assert list(model.matrix) == ["arm[T.il2]"]
    contrast = Contrast(model="m", variable="arm", test="il2", reference="placebo")
    check_contrast(contrast, model, SAMPLES, design="~ family + arm", where="f, contrasts.c")
    naive = Model(design="~ arm")
    told = design_warnings(arrange(obs, "~ arm"), naive, SAMPLES, "m")
    assert any("6 families have more than one member" in sentence for sentence in told)


def test_repeated_samples_without_the_participant_are_warned_of():
    told = design_warnings(arrange(sheet(), "~ visit + arm"), Model(design="~ visit + arm"), SAMPLES, "m")
    assert any("12 participants gave more than one sample" in sentence for sentence in told)


def test_a_treatment_main_effect_under_participants_names_the_alternative():
    with pytest.raises(
        InputError, match=r"'arm' is the same in all samples of a participant.*compare arm at one visit"
    ):
        arrange(sheet(), "~ participant + visit * arm")
