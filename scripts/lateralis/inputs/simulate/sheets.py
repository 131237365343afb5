"""Sample sheets of the built-in cohorts alone: what the checks before the first job need, without drawing a count."""

from __future__ import annotations

import numpy as np
import pandas as pd

from lateralis.inputs.simulate import participants, trials


def simulate_sheet(design: str, seed: int) -> pd.DataFrame:
    """Sheet of a built-in cohort as text, the same that `simulate_cohort` draws from this seed.

    Parameters
    ----------
    design : `mac2als`, `mirocals` or `imodals`
    seed : of all that is drawn

    Returns
    -------
    DataFrame of text, one row a sample; empty where missing
    """
    sheet = SHEETS[design](np.random.default_rng(seed))
    return sheet.astype(object).where(sheet.notna(), "").astype(str)


def mirocals_sheet(rng: np.random.Generator) -> pd.DataFrame:
    """MIROCALS-like: 60 participants at three visits."""
    return trials.at_each_visit(trials.mirocals_participants(rng), trials.MIROCALS_VISITS, "MIR")


def imodals_sheet(rng: np.random.Generator) -> pd.DataFrame:
    """IMODALS-like: 36 participants at three visits."""
    return trials.at_each_visit(trials.imodals_participants(rng), trials.IMODALS_VISITS, "IMO").drop(columns="response")


SHEETS = {"mac2als": participants.mac2als_sheet, "mirocals": mirocals_sheet, "imodals": imodals_sheet}
