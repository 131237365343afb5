"""Permutations find nothing where there is nothing, say what chance calls, and refuse where labels are given away."""

import numpy as np
import pandas as pd
import pytest
from trust_cohorts import ALS, ENDPOINT, cohort, simulate, stored

from lateralis.config import Contrast, Samples
from lateralis.model.stored import StoredModel
from lateralis.trust.calibration import (
    exchangeability,
    judge_calibration,
    null_results,
    permuted_sheets,
    permuted_variable,
)


def test_effects_vanish_under_permuted_labels(changed):
    model, _, results = changed
    observed = {rule: int(results[f"call_{rule}"].isin(["up", "down"]).sum()) for rule in ("nominal", "fdr", "strict")}
    assert observed["fdr"] > 40
    null = null_results(ALS, model, ENDPOINT, "group", n=12, seed=1, threads=2)
    assert len(null) == 12
    table = judge_calibration(null, observed, 0.05, 0.5, 12).set_index("rule")
    assert table.loc["fdr", "mean_null_calls"] < 5
    assert table.loc["fdr", "empirical_fdr"] < 0.1
    assert table.loc["nominal", "mean_null_calls"] == pytest.approx(null["nominal"].mean())


def test_the_same_seed_gives_the_same_whatever_the_threads(changed):
    model = changed[0]
    first, second = (null_results(ALS, model, ENDPOINT, "group", n=3, seed=4, threads=threads) for threads in (1, 2))
    pd.testing.assert_frame_equal(first, second)


def test_calls_of_some_genes_stand_for_all(changed):
    model = changed[0]
    genes = np.arange(0, 600, 2)
    some = null_results(ALS, model, ENDPOINT, "group", n=6, seed=2, threads=2, genes=genes)
    assert (some["nominal"] % 2 == 0).all()
    assert some["small_p"].mean() == pytest.approx(0.05, abs=0.03)


def test_null_cohorts_are_called_calibrated():
    model, _, _ = cohort(20, effects=np.zeros(400), seed=5)
    null = null_results(ALS, model, ENDPOINT, "group", n=15, seed=1, threads=2)
    verdicts = judge_calibration(null, {"nominal": 12, "fdr": 0}, 0.05, 0.5, 20)
    assert set(verdicts["verdict"]) <= {"calibrated", "conservative"}
    assert np.isnan(verdicts.set_index("rule").loc["fdr", "empirical_fdr"])  # nothing was called


def test_labels_that_covariates_give_away_have_a_verdict_and_no_number():
    rng = np.random.default_rng(0)
    obs = cohort(15, effects=np.zeros(100))[0].obs.copy()
    obs["age"] = np.where(obs["group"] == "als", 65, 40) + rng.normal(0, 4, 30)
    variables = {
        "group": {"type": "categorical", "levels": ["control", "als"]},
        "age": {"type": "numeric", "center": True, "scale": True},
    }
    model, _ = stored(simulate(np.zeros(100), obs), obs, Samples(variables=variables), "~ age + group", ["group"])
    area = exchangeability(ALS, "group", model, 1)
    assert area > 0.95
    verdicts = judge_calibration(pd.DataFrame(columns=["small_p"]), {"fdr": 3}, 0.05, area, 15)
    assert verdicts["verdict"].tolist() == ["not exchangeable"]
    assert verdicts["mean_null_calls"].isna().all()


@pytest.mark.parametrize(
    ("small", "verdict"), [(0.05, "calibrated"), (0.09, "anti-conservative"), (0.02, "conservative")]
)
def test_verdicts_by_the_share_of_small_p_values(small, verdict):
    null = pd.DataFrame({"small_p": small + np.array([-0.001, 0.0, 0.001] * 4), "fdr": 2.0})
    row = judge_calibration(null, {"fdr": 8}, 0.05, np.nan, 10).iloc[0]
    assert (row["verdict"], row["empirical_fdr"]) == (verdict, 0.25)
    assert "with 10 samples in the smaller group" in row["reason"]
    assert "smaller group" not in judge_calibration(null, {"fdr": 8}, 0.05, np.nan, 20).iloc[0]["reason"]


@pytest.fixture(scope="module")
def trial():
    """Two visits of 16 people in two arms."""
    visits = ["baseline", "month1"]
    people = np.repeat([f"p{n:02d}" for n in range(16)], 2)
    obs = pd.DataFrame(
        {
            "participant": pd.Categorical(people),
            "visit": pd.Categorical(np.tile(visits, 16), categories=visits),
            "arm": pd.Categorical(np.repeat(["placebo", "il2"] * 8, 2), categories=["placebo", "il2"]),
        },
        index=[f"s{n}" for n in range(32)],
    )
    samples = Samples(
        participant="participant",
        variables={
            "participant": {"type": "categorical"},
            "visit": {"type": "categorical", "levels": visits},
            "arm": {"type": "categorical", "levels": ["placebo", "il2"]},
        },
    )
    own = np.random.default_rng(1).normal(0, 0.5, (16, 200))[np.repeat(np.arange(16), 2)]
    counts = simulate(np.zeros(200), obs, groups="arm", top="il2", own=own)
    return stored(counts, obs, samples, "~ participant + visit + visit:arm", ["visit", "arm"])


CHANGE = Contrast(model="m", weights={"visit[month1]:arm[T.il2]": 1})


def test_arms_are_dealt_among_participants(trial):
    model, _ = trial
    assert permuted_variable(CHANGE, model) == ("arm", "")
    for sheet in permuted_sheets(CHANGE, "arm", model, 5, 1):
        assert (sheet.groupby("participant", observed=True)["arm"].nunique() == 1).all()
        assert sheet["arm"].value_counts().to_dict() == {"placebo": 16, "il2": 16}
    null = null_results(CHANGE, model, ENDPOINT, "arm", n=5, seed=1, threads=2)
    assert len(null) == 5
    assert null["small_p"].mean() == pytest.approx(0.05, abs=0.04)


def test_what_is_dealt_for_other_contrasts(trial):
    model, _ = trial
    visit = Contrast(model="m", weights={"visit[T.month1]": 1})
    assert permuted_variable(visit, model) == ("visit", "")
    for sheet in permuted_sheets(visit, "visit", model, 5, 1):  # inside each participant
        assert (sheet.groupby("participant", observed=True)["visit"].nunique() == 2).all()
    alone = stored_without_participants(model)
    variable, reason = permuted_variable(CHANGE, alone)
    assert variable is None
    assert reason.startswith("the contrast tests arm, visit together")


def stored_without_participants(model):
    variables = {name: model.samples.variables[name] for name in ("visit", "arm")}
    return StoredModel(model.fit, model.data, Samples(variables=variables))
