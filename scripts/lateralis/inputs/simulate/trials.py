"""Who takes part in the simulated trials, and how the true effects apply to each of their samples."""

from __future__ import annotations

import numpy as np
import pandas as pd

from lateralis.inputs.simulate.participants import deal, draw_ages, numbered

MIROCALS_VISITS = ["baseline", "month1", "month4"]
IMODALS_VISITS = ["baseline", "day8", "day64"]
PER_STRATUM = {("UK", "bulbar"): 8, ("UK", "limb"): 22, ("France", "bulbar"): 8, ("France", "limb"): 22}
PER_DOSE = 12

# A median of 2,000 pg/mL and this spread put 75 % of participants below the trial's bound of "low" pNFH, 3,700 pg/mL.
LOW_PNFH = 3_700.0
PNFH_MEDIAN, PNFH_LOG_SD = 2_000.0, 0.912


def mirocals_participants(rng: np.random.Generator) -> pd.DataFrame:
    """60 participants, randomised 1:1 within country and onset.

    Returns
    -------
    DataFrame with participant, arm, country, onset, sex, age, pnfh (baseline CSF pNFH, pg/mL).
    """
    strata = []
    for (country, onset), size in PER_STRATUM.items():
        strata.append(pd.DataFrame({"arm": deal(rng, ["il2", "placebo"], size), "country": country, "onset": onset}))
    people = pd.concat(strata, ignore_index=True)
    n_people = len(people)
    people["sex"] = deal(rng, ["F", "M", "M", "F", "M"], n_people)
    people["age"] = draw_ages(rng, 58.0, 10.0, n_people)
    people["pnfh"] = np.rint(PNFH_MEDIAN * np.exp(rng.normal(0.0, PNFH_LOG_SD, n_people))).astype(int)
    people = people.iloc[rng.permutation(n_people)].reset_index(drop=True)
    people.insert(0, "participant", numbered("R", n_people))
    return people


def imodals_participants(rng: np.random.Generator) -> pd.DataFrame:
    """36 participants, 12 each on 0, 1 and 2 MIU a day, with the factor by which each responds (mean 1 at each dose).

    A responder is a treated participant in the upper half of that factor: a label after the fact, as in such trials.

    Returns
    -------
    DataFrame with participant, dose, responder, sex, age, response.
    """
    people = pd.DataFrame({"dose": np.repeat([0, 1, 2], PER_DOSE)})
    n_people = len(people)
    response = rng.uniform(0.4, 1.6, n_people)
    people["response"] = response / pd.Series(response).groupby(people["dose"]).transform("mean")
    median = people.groupby("dose")["response"].transform("median")
    people["responder"] = np.where((people["dose"] > 0) & (people["response"] > median), "yes", "no")
    people["sex"] = deal(rng, ["M", "F", "M"], n_people)
    people["age"] = draw_ages(rng, 56.0, 10.0, n_people)
    people = people.iloc[rng.permutation(n_people)].reset_index(drop=True)
    people.insert(0, "participant", numbered("I", n_people))
    return people


def at_each_visit(people: pd.DataFrame, visits: list[str], prefix: str) -> pd.DataFrame:
    """One row a sample: every participant at every visit, a participant's visits together."""
    sheet = people.loc[people.index.repeat(len(visits))].reset_index(drop=True)
    sheet.insert(1, "visit", np.tile(visits, len(people)))
    sheet.insert(0, "sample", numbered(prefix, len(sheet)))
    return sheet


def standardised(values: pd.Series) -> pd.Series:
    """Values less their mean, in standard deviations of the sample (divisor n − 1)."""
    return (values - values.mean()) / values.std()


def mirocals_covariates(sheet: pd.DataFrame) -> pd.DataFrame:
    """How often each true effect applies to each sample; pNFH on the log2 scale, in standard deviations."""
    treated = (sheet["arm"] == "il2").astype(float)
    pnfh = standardised(pd.Series(np.log2(sheet["pnfh"])))
    covariates = {}
    for visit in MIROCALS_VISITS[1:]:
        at_visit = (sheet["visit"] == visit).astype(float)
        covariates[f"log2fc_{visit}"] = at_visit
        covariates[f"log2fc_il2_{visit}"] = at_visit * treated
        covariates[f"log2fc_il2_{visit}_per_pnfh_sd"] = at_visit * treated * pnfh
    return pd.DataFrame(
        {
            **covariates,
            "log2fc_pnfh_per_sd": pnfh,
            "log2fc_france": (sheet["country"] == "France").astype(float),
            "log2fc_limb": (sheet["onset"] == "limb").astype(float),
            "log2fc_sex": (sheet["sex"] == "M").astype(float),
            "log2fc_age_per_sd": standardised(sheet["age"]),
        }
    )


def imodals_covariates(sheet: pd.DataFrame) -> pd.DataFrame:
    """How often each true effect applies to each sample; the dose times the participant's response."""
    covariates = {}
    for visit in IMODALS_VISITS[1:]:
        at_visit = (sheet["visit"] == visit).astype(float)
        covariates[f"log2fc_{visit}"] = at_visit
        covariates[f"log2fc_per_miu_{visit}"] = at_visit * sheet["dose"] * sheet["response"]
    return pd.DataFrame(
        {
            **covariates,
            "log2fc_sex": (sheet["sex"] == "M").astype(float),
            "log2fc_age_per_sd": standardised(sheet["age"]),
        }
    )
