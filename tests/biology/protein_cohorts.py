"""Small cohorts with known protein levels: what is below the limit is known, too."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from lateralis.config import Contrast, Samples
from lateralis.model.measured import MeasuredPeople, arrange_measured

VARIABLES = {
    "group": {"type": "categorical", "levels": ["control", "als"]},
    "sex": {"type": "categorical", "levels": ["F", "M"]},
    "age": {"type": "numeric", "center": True, "scale": True},
}
SAMPLES = Samples(participant="participant", variables=VARIABLES)
DESIGN = "~ sex + age + group"
ALS = Contrast(model="primary", variable="group", test="als", reference="control")


@dataclass(frozen=True)
class ProteinCohort:
    """People, their true levels, the limits, and what a laboratory reports.

    Attributes
    ----------
    people : with their design
    truth : (n_people, n_proteins) true levels
    effects : (n_proteins,) log2 fold changes of als
    levels, below : as in `ProteinTable`
    weights : of the coefficients in als against control
    """

    people: MeasuredPeople
    truth: np.ndarray
    effects: np.ndarray
    levels: pd.DataFrame
    below: pd.DataFrame
    weights: np.ndarray


def simulate_proteins(
    n_each=30, n_proteins=200, *, seed=1, effect=1.0, changed=0.0, censored=0.0, missing=0.0, variance_df=8.0
) -> ProteinCohort:
    """Two groups with sex and age.

    Parameters
    ----------
    n_each : people a group
    effect, changed : log2 fold change of als, up, in the first share of proteins
    censored : share of all values below each protein's limit, the lowest
    missing : share of values not measured, at random
    variance_df : degrees of freedom of the proteins' variances around 0.5
    """
    rng = np.random.default_rng(seed)
    n = 2 * n_each
    obs = pd.DataFrame(
        {
            "participant": [f"P{number:03d}" for number in range(n)],
            "group": pd.Categorical(np.repeat(["control", "als"], n_each), ["control", "als"]),
            "sex": pd.Categorical(np.tile(["F", "M", "M"], n)[:n], ["F", "M"]),
            "age": 60 + 8 * rng.normal(size=n),
        }
    ).set_index("participant", drop=False)
    people = arrange_measured(obs, DESIGN, SAMPLES, where="x")
    matrix = people.matrix.to_numpy()
    deviation = np.sqrt(0.5 * variance_df / rng.chisquare(variance_df, n_proteins))
    effects = np.where(np.arange(n_proteins) < changed * n_proteins, effect, 0.0)
    als = (obs["group"] == "als").to_numpy(dtype=float)
    others = rng.normal(0, 0.3, (2, n_proteins))
    truth = rng.normal(6, 2, n_proteins) + matrix[:, 1:3] @ others + als[:, None] * effects
    truth = truth + deviation * rng.normal(size=(n, n_proteins))
    limits = np.quantile(truth, censored, axis=0) if censored else np.full(n_proteins, -np.inf)
    below = truth < limits
    levels = np.where(below, limits, truth)
    absent = rng.random(truth.shape) < missing
    levels[absent], below[absent] = np.nan, False
    names = pd.Index([f"PROT{number}" for number in range(n_proteins)], name="protein")
    weights = np.array([float(name == "group[T.als]") for name in people.matrix])
    frames = (pd.DataFrame(part, index=obs.index, columns=names) for part in (levels, below))
    return ProteinCohort(people, truth, effects, *frames, weights)
