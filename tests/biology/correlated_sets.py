"""Expression whose sets of genes go together, with or without a change between groups, and what the pipeline tests of it."""

import numpy as np
import pandas as pd
from scipy import sparse

from lateralis.model.contrasts import wald_test
from lateralis.model.log_intensity import fit_linear

N_SAMPLES, SIZE = 40, 20


def membership(n_sets, n_genes):
    """Sets of `SIZE` genes, one behind the other; the other genes are in none."""
    rows = np.repeat(np.arange(n_sets), SIZE)
    return sparse.csr_array((np.ones(len(rows)), (rows, np.arange(len(rows)))), shape=(n_sets, n_genes))


def simulate(seed, n_sets, n_genes, correlation, change=()):
    """Samples × genes and their design: genes of a set share a factor; `change` is added in the second group, by set.

    Returns
    -------
    values : (n_samples, n_genes)
    design : DataFrame (n_samples, 2)
    """
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(N_SAMPLES, n_genes))
    group = np.arange(N_SAMPLES) % 2
    for number in range(n_sets):
        at = slice(number * SIZE, (number + 1) * SIZE)
        factor = rng.normal(size=(N_SAMPLES, 1))
        values[:, at] = np.sqrt(correlation) * factor + np.sqrt(1 - correlation) * values[:, at]
        values[:, at] += group[:, None] * (change[number] if number < len(change) else 0.0)
    return values, pd.DataFrame({"Intercept": 1.0, "group": group.astype(float)})


def statistics(values, design):
    """The signed statistic of every gene, as the pipeline makes it, and its degrees of freedom."""
    fit = fit_linear(values, design, cells=np.zeros(len(values), dtype=int))
    tests = wald_test(fit.coefficients, fit.covariance, np.array([0.0, 1.0]), df=fit.facts["df"])
    return tests["stat"].to_numpy(), fit.facts["df"]
