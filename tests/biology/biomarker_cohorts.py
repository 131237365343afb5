"""Small cohorts with known truth, as panels take them: batches, families, repeated samples, and a signal or none."""

import numpy as np
import pandas as pd

from lateralis.biology.biomarkers.panel import Task

FAMILIES = 8  # of two members each


def simulate(
    seed,
    n=70,
    n_genes=500,
    *,
    n_test=None,
    planted=0,
    effect=1.5,
    families=FAMILIES,
    batch_effect=0.4,
    batch_of_level=0.0,
):
    """Negative-binomial counts, (n, n_genes), and the task of telling two levels apart.

    Parameters
    ----------
    planted : first genes that are `effect` (log2) higher in the tested level
    batch_effect : standard deviation of a batch's effect on 3 of 10 genes, natural logarithms
    batch_of_level : share of the people whose batch goes with their level
    """
    rng = np.random.default_rng([seed, 5])
    is_test = np.zeros(n, dtype=bool)
    is_test[rng.permutation(n)[: n_test or n // 2]] = True
    unit = np.arange(n)
    batch = np.where(rng.random(n) < batch_of_level, is_test.astype(int), rng.integers(0, 2, n))
    logs = (rng.normal(0, batch_effect, (2, n_genes)) * (rng.random(n_genes) < 0.3))[batch]
    logs += rng.normal(0, 0.5, (n, 2)) @ rng.normal(
        0, 0.3, (2, n_genes)
    )  # what goes through many genes, such as cell state
    for family in range(families):
        members = [2 * family, 2 * family + 1]
        unit[members] = family
        is_test[members] = is_test[members[0]]
        logs[members] += rng.normal(0, 0.3, n_genes)
    logs[:, :planted] += np.log(2) * effect * is_test[:, None]
    means = np.exp(rng.normal(5, 1, n_genes) + logs) * rng.uniform(0.5, 1.8, n)[:, None]
    dispersion = 0.15
    counts = rng.poisson(means * rng.gamma(1 / dispersion, dispersion, means.shape))
    covariates = pd.DataFrame({"batch": pd.Categorical(batch), "age": rng.normal(60, 8, n)})
    people = np.array([f"P{number}" for number in range(n)], dtype=object)
    return counts, Task(is_test, people, np.arange(n), unit, covariates, 100)
