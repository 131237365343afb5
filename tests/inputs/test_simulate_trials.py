"""Simulated trials: arms, doses and visits show what the truth table says, within participants."""

import numpy as np
import pandas as pd
import pytest
from simulated_measures import normalised, slope, truth_of

from lateralis.inputs.simulate.trials import LOW_PNFH


def per_participant_change(cohort, visit):
    """Log2 change from baseline of each gene (rows) in each participant (columns)."""
    sheet = cohort.samples
    logs = np.log2(normalised(cohort) + 1)
    at = {name: logs.loc[:, (sheet["visit"] == name).to_numpy()] for name in ("baseline", visit)}
    people = sheet.loc[sheet["visit"] == visit, "participant"]
    assert list(people) == list(sheet.loc[sheet["visit"] == "baseline", "participant"])
    change = at[visit].to_numpy() - at["baseline"].to_numpy()
    return pd.DataFrame(change, index=logs.index, columns=pd.Index(people))


def people_of(cohort):
    return cohort.samples.drop_duplicates("participant").set_index("participant")


def test_mirocals_is_randomised_within_country_and_onset(mirocals):
    sheet, people = mirocals.samples, people_of(mirocals)
    assert list(sheet.columns) == ["sample", "participant", "visit", "arm", "country", "onset", "sex", "age", "pnfh"]
    assert len(people) == 60
    strata = pd.crosstab([people["country"], people["onset"]], people["arm"])
    assert strata.shape == (4, 2)
    assert (strata["il2"] == strata["placebo"]).all()
    assert sheet.groupby("participant")["visit"].agg(list).map(tuple).unique().tolist() == [
        ("baseline", "month1", "month4")
    ]
    assert (sheet.groupby("participant").nunique().drop(columns=["sample", "visit"]) == 1).all().all()
    low = (people["pnfh"] < LOW_PNFH).mean()
    assert abs(low - 0.75) < 3 * np.sqrt(0.75 * 0.25 / 60)


@pytest.mark.parametrize("visit", ["month1", "month4"])
def test_mirocals_arm_by_visit_effect_is_the_true_one(mirocals, visit):
    truth, people, change = truth_of(mirocals), people_of(mirocals), per_participant_change(mirocals, visit)
    treated = people.loc[change.columns, "arm"].to_numpy() == "il2"
    estimated = change.loc[:, treated].mean(axis=1) - change.loc[:, ~treated].mean(axis=1)
    expressed = truth["baseline_mean"] > 50
    true = truth[f"log2fc_il2_{visit}"]
    responding = expressed & (true != 0)
    assert slope(estimated[responding], true[responding]) == pytest.approx(1.0, abs=0.15)
    assert abs(estimated[expressed & (true == 0)].median()) < 0.05
    named = truth.set_index("gene_name").loc[["FOXP3", "IL2RA", "CTLA4", "IKZF2"], f"log2fc_il2_{visit}"]
    assert (named > 0.3).all()


def test_mirocals_effect_weakens_with_pnfh(mirocals):
    truth, people, change = truth_of(mirocals), people_of(mirocals), per_participant_change(mirocals, "month1")
    modified = truth["log2fc_il2_month1_per_pnfh_sd"]
    np.testing.assert_allclose(modified[modified != 0], -0.4 * truth.loc[modified != 0, "log2fc_il2_month1"])
    responding = (modified != 0) & (truth["baseline_mean"] > 50)
    treated = people.loc[change.columns, "arm"].to_numpy() == "il2"
    pnfh = np.log2(people.loc[change.columns, "pnfh"].to_numpy())
    pnfh = (pnfh - pnfh.mean()) / pnfh.std()
    # Each treated participant's response, as a multiple of the mean effect: 1 - 0.4 a standard deviation of pNFH.
    true = truth.loc[responding, "log2fc_il2_month1"]
    drift = change.loc[responding, ~treated].mean(axis=1)
    response = change.loc[responding, treated].sub(drift, axis=0).apply(lambda column: slope(column, true))
    fit = np.polyfit(pnfh[treated], response, 1)
    assert fit[0] == pytest.approx(-0.4, abs=0.12)
    assert fit[1] == pytest.approx(1.0, abs=0.12)


@pytest.mark.parametrize("name", ["mirocals", "imodals"])
def test_samples_of_a_participant_resemble_each_other(name, request):
    cohort = request.getfixturevalue(name)
    quiet = (truth_of(cohort)["programme"] == "") & (truth_of(cohort)["baseline_mean"] > 500)
    logs = np.log2(normalised(cohort).loc[quiet] + 1)
    people = cohort.samples["participant"].to_numpy()
    within = logs.T.groupby(people).var().mean(axis=0)
    between = logs.T.groupby(people).mean().var()
    # Three visits: the variance of means is the participants' 0.25² plus the effects of sex, age and site, plus a third
    # of the variance within.
    share = (between - within / 3).mean()
    assert 0.25**2 * 0.9 < share < 0.25**2 * 1.5


def test_imodals_has_twelve_people_a_dose(imodals):
    sheet, people = imodals.samples, people_of(imodals)
    assert list(sheet.columns) == ["sample", "participant", "visit", "dose", "responder", "sex", "age"]
    assert people["dose"].value_counts().to_dict() == {0: 12, 1: 12, 2: 12}
    assert pd.crosstab(people["dose"], people["responder"]).to_dict() == {
        "no": {0: 12, 1: 6, 2: 6},
        "yes": {0: 0, 1: 6, 2: 6},
    }
    assert list(sheet["visit"].unique()) == ["baseline", "day8", "day64"]
    assert (sheet.groupby("participant")["visit"].nunique() == 3).all()


@pytest.mark.parametrize("visit", ["day8", "day64"])
def test_imodals_dose_trend_is_the_true_one(imodals, visit):
    truth, people, change = truth_of(imodals), people_of(imodals), per_participant_change(imodals, visit)
    dose = people.loc[change.columns, "dose"].to_numpy(dtype=float)
    centred = dose - dose.mean()
    trend = change.to_numpy() @ centred / (centred @ centred)
    expressed = (truth["baseline_mean"] > 50).to_numpy()
    true = truth[f"log2fc_per_miu_{visit}"].to_numpy()
    responding = expressed & (true != 0)
    assert slope(trend[responding], true[responding]) == pytest.approx(1.0, abs=0.15)
    assert abs(np.median(trend[expressed & (true == 0)])) < 0.05


def test_imodals_responders_respond_more(imodals):
    truth, people, change = truth_of(imodals), people_of(imodals), per_participant_change(imodals, "day8")
    responding = (truth["log2fc_per_miu_day8"] != 0) & (truth["baseline_mean"] > 50)
    true = truth.loc[responding, "log2fc_per_miu_day8"]
    on_two = change.columns[(people.loc[change.columns, "dose"] == 2).to_numpy()]
    response = change.loc[responding, on_two].apply(lambda column: slope(column, 2 * true))
    means = response.groupby(people.loc[on_two, "responder"].to_numpy()).mean()
    assert means["yes"] > means["no"] + 0.3
