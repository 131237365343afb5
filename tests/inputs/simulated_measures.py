"""What tests of the simulated cohorts measure in them."""

import numpy as np


def size_factors(counts):
    """Median of ratios, Anders & Huber 2010, over genes without a zero."""
    logs = np.log(counts[(counts > 0).all(axis=1)])
    return np.exp(logs.sub(logs.mean(axis=1), axis=0).median())


def normalised(cohort):
    return cohort.counts / size_factors(cohort.counts)


def truth_of(cohort):
    return cohort.truth.set_index("gene_id")


def by_symbol(cohort):
    """Normalised counts with symbols as index."""
    return normalised(cohort).set_axis(cohort.truth["gene_name"])


def slope(estimated, true):
    """Least-squares slope through the origin of estimated on true log2 fold changes."""
    return float((estimated * true).sum() / (true**2).sum())
