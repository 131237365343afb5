"""Size factors, normalisation factors and the variance-stabilising transformation against R (make.R).

Size factors are medians of ratios: the same arithmetic, so only rounding may differ, 1e-10.
"""

import numpy as np
import pytest

from lateralis.model.normalise import estimate_size_factors, variance_stabilise


def test_size_factors(case):
    if case.name == "lengths":
        pytest.skip("has factors of its own for each gene")
    found = estimate_size_factors(case.counts.to_numpy().T)
    assert found.method == ("poscounts" if case.name == "poscounts" else "ratio")
    np.testing.assert_allclose(found.values, case.normalisation[:, 0], rtol=1e-10)


@pytest.mark.parametrize(
    ("name", "method", "first", "step"), [("covariates", "ratio", 0, 7), ("poscounts", "poscounts", 1, 5)]
)
def test_size_factors_from_control_genes(cases, name, method, first, step):
    case = cases[name]
    chosen = np.zeros(len(case.counts), dtype=bool)
    chosen[first::step] = True
    expected = case.read("size_factors_control_genes")["size_factor"]
    assert np.abs(expected / case.normalisation[:, 0] - 1).max() > 0.01
    found = estimate_size_factors(case.counts.to_numpy().T, method=method, control_genes=chosen)
    np.testing.assert_allclose(found.values, expected, rtol=1e-10)


def test_poscounts_on_request(cases):
    """The method named is the method used, also where a gene without zeros would allow the other."""
    case = cases["poscounts"]
    found = estimate_size_factors(case.counts.to_numpy().T, method="poscounts")
    np.testing.assert_allclose(found.values, case.normalisation[:, 0], rtol=1e-10)


def test_average_lengths(cases):
    from lateralis.model.normalise import normalisation_factors

    case = cases["lengths"]
    lengths = case.read("lengths").to_numpy().T
    size_factors = estimate_size_factors(case.counts.to_numpy().T, average_lengths=lengths)
    found = normalisation_factors(size_factors.values, lengths)
    np.testing.assert_allclose(found, case.normalisation, rtol=1e-10)
    # R scales each gene's factors to a geometric mean of 1
    np.testing.assert_allclose(np.log(found).mean(axis=0), 0, atol=1e-12)


def test_blind_variance_stabilising_transformation(cases):
    from lateralis.model.fit import fit_trend

    case = cases["covariates"]
    counts, size_factors = case.counts.to_numpy().T, case.normalisation[:, 0]
    trend = fit_trend(counts, size_factors)
    found = variance_stabilise(counts / size_factors[:, None], trend.asymptotic, trend.extra_poisson)
    expected = case.read("vst")
    difference = np.abs(found.T[case.counts.index.isin(expected.index)] - expected.to_numpy())
    # on the scale of log2 counts; the trend behind it is an iteration that stops at a change of 1e-6 in squared logarithms
    assert difference.max() < 1e-3
    assert np.median(difference) < 1e-4
