"""Differential abundance against simulated truth: who is tested, how well, and what simpler treatments would have said."""

import numpy as np
import pandas as pd
import pytest
from protein_cohorts import ALS, DESIGN, SAMPLES, simulate_proteins

from lateralis.biology.proteins import RESULT_COLUMNS, fit_proteins, protein_results
from lateralis.config import Contrast, Endpoint
from lateralis.model.measured import arrange_measured
from lateralis.model.multiplicity import benjamini_hochberg

FOLLOWED = [name for name in RESULT_COLUMNS if name not in ("gene_id", "gene_name")]


def results_of(cohort, endpoint=None, min_detected=0.2, levels=None, below=None):
    levels = cohort.levels if levels is None else levels
    below = cohort.below if below is None else below
    fits = fit_proteins(levels, below, cohort.people, min_detected=min_detected)
    return protein_results(fits, cohort.people.obs, ALS, cohort.weights, endpoint or Endpoint()).set_index("protein")


def test_columns_and_counts_are_those_of_the_table():
    cohort = simulate_proteins(15, 12, censored=0.3, missing=0.1)
    found = results_of(cohort)
    assert set(found.reset_index().columns) == set(FOLLOWED)
    als = (cohort.people.obs["group"] == "als").to_numpy()
    measured, seen = cohort.levels.notna(), cohort.levels.notna() & ~cohort.below
    for role, group in (("test", als), ("reference", ~als)):
        assert (found[f"n_{role}"] == measured[group].sum()).all()
        assert (found[f"detected_{role}"] == seen[group].sum()).all()
        assert (found[f"missing_{role}"] + found[f"n_{role}"] == 15).all()
    assert (found["method"] == "censored").all()
    np.testing.assert_allclose(found["meanLevel"], cohort.levels.where(seen).mean())
    np.testing.assert_allclose(found["padj"], benjamini_hochberg(found["pvalue"].to_numpy()))
    assert found["pvalue_detection"].notna().all()


def test_planted_changes_are_called_with_their_direction():
    cohort = simulate_proteins(30, 60, changed=0.3, effect=1.5, censored=0.2, missing=0.05)
    found = results_of(cohort)
    assert (found["call"][:18] == "up").mean() > 0.9
    assert (found["call"][18:] == "none").mean() > 0.95
    strict = results_of(cohort, Endpoint(headline="strict"))["call"]
    assert set(strict[strict != "none"].index) < set(found.index[found["call"] != "none"])
    nominal = results_of(cohort, Endpoint(headline="nominal"))["call"]
    assert (nominal != "none").sum() >= (found["call"] != "none").sum()


def test_each_reason_not_to_test_is_given():
    cohort = simulate_proteins(15, 8)
    levels, below = cohort.levels.copy(), cohort.below.copy()
    als = (cohort.people.obs["group"] == "als").to_numpy()
    levels.iloc[:, 0] = np.nan
    levels.iloc[np.flatnonzero(als)[1:], 1] = np.nan
    below.iloc[:28, 2] = True
    below.iloc[als, 3] = True
    levels.iloc[:, 4] = 5.0
    levels.iloc[6:, 5] = np.nan
    levels.iloc[als, 6] = np.nan
    levels.iloc[:, 2:4] = levels.iloc[:, 2:4].mask(below.iloc[:, 2:4], 0.0)
    found = results_of(cohort, levels=levels, below=below)
    reasons = ["not_measured", "few_measured", "few_detected", "group_below_limit", "no_variance", "few_measured"]
    assert list(found["na_reason"]) == [*reasons, "few_measured", ""]
    untested = found.iloc[:7]
    assert untested[["log2FoldChange", "lfcSE", "stat", "pvalue", "padj", "df"]].isna().all().all()
    assert (untested["method"] == "").all()
    assert (untested["call"] == "none").all()
    assert found["pvalue_detection"].iloc[3] < 1e-4  # 15 of 15 against none
    assert found["pvalue_missing"].iloc[6] < 1e-4
    assert found["pvalue"].iloc[7] < 1


def test_people_of_one_sex_a_group_cannot_tell_the_two_apart():
    cohort = simulate_proteins(15, 3)
    obs, levels = cohort.people.obs, cohort.levels.copy()
    levels.iloc[((obs["group"] == "als") == (obs["sex"] == "M")).to_numpy(), 1] = np.nan
    found = results_of(cohort, levels=levels)
    assert list(found["na_reason"]) == ["", "not_estimable", ""]
    assert (
        found["n_test"].iloc[1]
        == (cohort.levels.notna() & levels.notna())[(obs["group"] == "als").to_numpy()].sum().iloc[1]
    )


def test_a_share_above_the_limit_below_the_least_is_not_tested_but_its_detection_is():
    cohort = simulate_proteins(40, 6, censored=0.7)
    assert (results_of(cohort, min_detected=0.29)["na_reason"] == "").all()
    found = results_of(cohort, min_detected=0.31)
    assert (found["na_reason"] == "few_detected").all()
    assert found["pvalue_detection"].notna().all()


def test_without_limits_it_is_the_pipelines_own_moderated_model():
    from lateralis.model.contrasts import wald_test
    from lateralis.model.log_intensity import fit_linear

    cohort = simulate_proteins(10, 40, changed=0.5)
    fit = fit_linear(cohort.levels.to_numpy(), cohort.people.matrix, cells=np.zeros(20, dtype=int))
    expected = wald_test(fit.coefficients, fit.covariance, cohort.weights, df=fit.facts["df"])
    found = results_of(cohort)
    for name in ("log2FoldChange", "lfcSE", "stat", "pvalue"):
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-8)


def test_the_reference_level_does_not_matter():
    cohort = simulate_proteins(20, 30, censored=0.3, missing=0.1)
    obs = cohort.people.obs.copy()
    obs["group"] = obs["group"].cat.reorder_categories(["als", "control"])
    people = arrange_measured(obs, DESIGN, SAMPLES, where="x")
    fits = fit_proteins(cohort.levels, cohort.below, people, min_detected=0.2)
    found = protein_results(fits, obs, ALS, np.array([0, 0, 0, -1.0]), Endpoint()).set_index("protein")
    first = results_of(cohort)
    for name in ("log2FoldChange", "lfcSE", "pvalue", "pvalue_detection"):
        np.testing.assert_allclose(
            found[name], first[name], rtol=1e-4, err_msg=name
        )  # the variance's search stops at 1e-6


def paired(n_people=15, n_proteins=40, censored=0.0, seed=5):
    rng = np.random.default_rng(seed)
    names = [f"P{number}" for number in range(n_people)]
    obs = pd.DataFrame(
        {
            "participant": pd.Categorical(np.repeat(names, 2)),
            "visit": pd.Categorical(np.tile(["before", "after"], n_people), ["before", "after"]),
        },
        index=[f"S{number}" for number in range(2 * n_people)],
    )
    truth = 6 + np.repeat(rng.normal(0, 1, (n_people, n_proteins)), 2, axis=0)
    truth = truth + 0.4 * rng.normal(size=truth.shape)
    limits = np.quantile(truth, censored, axis=0) if censored else np.full(n_proteins, -np.inf)
    below = pd.DataFrame(truth < limits, index=obs.index).add_prefix("Q")
    return obs, pd.DataFrame(np.maximum(truth, limits), index=obs.index).add_prefix("Q"), below


PAIRED = SAMPLES.model_copy(
    update={
        "variables": SAMPLES.variables
        | {name: SAMPLES.variables["sex"].model_copy(update={"levels": None}) for name in ("participant", "visit")}
    }
)
AFTER = Contrast(model="m", variable="visit", test="after", reference="before")


def test_participants_in_the_design_are_blocks_and_pairs_are_tested_within():
    """Without limits a paired design of two visits is the paired t-test, before variances are moderated."""
    obs, levels, below = paired()
    people = arrange_measured(obs, "~ participant + visit", PAIRED, where="x")
    fits = fit_proteins(levels, below, people, min_detected=0.2)
    found = protein_results(fits, obs, AFTER, np.ones(1), Endpoint())
    difference = levels[1::2].to_numpy() - levels[::2].to_numpy()
    np.testing.assert_allclose(found["log2FoldChange"], difference.mean(axis=0), atol=1e-10)
    sample = difference.var(axis=0, ddof=1) / 2
    moderated = (
        np.full(40, fits.prior.variance)
        if np.isinf(fits.prior.df)
        else (fits.prior.df * fits.prior.variance + 14 * sample) / (fits.prior.df + 14)
    )
    np.testing.assert_allclose(found["lfcSE"], np.sqrt(2 * moderated / 15), rtol=1e-8)
    assert found["pvalue_detection"].isna().all()


def test_pairs_of_which_both_are_below_the_limit_say_nothing():
    obs, levels, below = paired(censored=0.15)
    people = arrange_measured(obs, "~ participant + visit", PAIRED, where="x")
    low = below.to_numpy()
    lost = low[::2, 0] & low[1::2, 0]
    assert lost.any()
    kept = np.repeat(~lost, 2)
    one = fit_proteins(levels.iloc[:, [0]], below.iloc[:, [0]], people, min_detected=0.2)
    some = obs[kept].copy()
    fewer = arrange_measured(some, "~ participant + visit", PAIRED, where="x")
    two = fit_proteins(levels.iloc[kept, [0]], below.iloc[kept, [0]], fewer, min_detected=0.2)
    assert one.coefficients[0, 0] == pytest.approx(two.coefficients[0, 0], rel=1e-4)
    assert one.covariance[0, 0, 0] == pytest.approx(two.covariance[0, 0, 0], rel=1e-3)


def simpler(cohort, how):
    """Least squares without what is below the limit, or with half the limit in its place, which is one log2 unit lower."""
    halved = cohort.levels - cohort.below.astype(float)
    levels = cohort.levels.mask(cohort.below) if how == "complete cases" else halved
    return results_of(cohort, levels=levels, below=cohort.below & False)


@pytest.mark.slow
@pytest.mark.parametrize(("censored", "half"), [(0.2, 1.12), (0.45, 1.02)])
def test_effects_are_unbiased_where_low_levels_are_lost_and_simpler_treatments_are_not(censored, half):
    """900 proteins that change by 1: the mean estimate within 4 % of it, some 5 Monte-Carlo standard errors of 0.008.

    Half the limit errs by 12 % where a fifth is below it; at 45 % its two errors happen to cancel.
    """
    estimates = {"likelihood": [], "complete cases": [], "half the limit": []}
    errors = []
    for seed in range(3):
        cohort = simulate_proteins(30, 300, seed=seed, changed=1.0, censored=censored)
        found = results_of(cohort)
        estimates["likelihood"].append(found["log2FoldChange"])
        errors.append(found["lfcSE"])
        for how in ("complete cases", "half the limit"):
            estimates[how].append(simpler(cohort, how)["log2FoldChange"])
    means = {how: pd.concat(found).mean() for how, found in estimates.items()}
    assert means["likelihood"] == pytest.approx(1, abs=0.04)
    assert means["complete cases"] < 0.85
    assert means["half the limit"] == pytest.approx(half, abs=0.04)
    spread = pd.concat(estimates["likelihood"]).std()
    assert spread == pytest.approx(pd.concat(errors).mean(), rel=0.12)


@pytest.mark.slow
@pytest.mark.parametrize("n_each", [12, 30])
@pytest.mark.parametrize("censored", [0.1, 0.3])
def test_null_p_values_are_calibrated_where_low_levels_are_lost(n_each, censored):
    """1200 proteins without change: shares below 0.05 and 0.01 within 3 standard errors, 0.019 and 0.0086."""
    found = [results_of(simulate_proteins(n_each, 300, seed=seed, censored=censored)) for seed in range(10, 14)]
    pvalues = pd.concat(found)["pvalue"].dropna()
    assert len(pvalues) > 1150
    assert (pvalues < 0.05).mean() == pytest.approx(0.05, abs=0.019)
    assert (pvalues < 0.01).mean() == pytest.approx(0.01, abs=0.0086)


@pytest.mark.slow
@pytest.mark.parametrize("censored", [0.1, 0.3])
def test_null_p_values_are_calibrated_within_participants(censored):
    """600 proteins of 25 pairs: shares below 0.05 and 0.01 within 3 standard errors, 0.027 and 0.0122."""
    found = []
    for seed in range(3):
        obs, levels, below = paired(25, 200, censored, seed)
        people = arrange_measured(obs, "~ participant + visit", PAIRED, where="x")
        fits = fit_proteins(levels, below, people, min_detected=0.2)
        found.append(protein_results(fits, obs, AFTER, np.ones(1), Endpoint())["pvalue"])
    pvalues = pd.concat(found).dropna()
    assert len(pvalues) > 590
    assert (pvalues < 0.05).mean() == pytest.approx(0.05, abs=0.027)
    assert (pvalues < 0.01).mean() == pytest.approx(0.01, abs=0.0122)
