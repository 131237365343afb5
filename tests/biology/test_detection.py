"""Firth's logistic regression: its closed form in a 2 × 2 table, and the level of its test."""

import numpy as np
import pytest
from scipy.stats import chi2

from lateralis.biology.detection import detection_test, fit_firth


def table(detected, n):
    """Outcome and design of two groups with so many detected of so many each."""
    outcome = np.concatenate([np.arange(n[group]) < detected[group] for group in (0, 1)])
    return outcome, np.column_stack([np.ones(sum(n)), np.repeat([0.0, 1.0], n)])


@pytest.mark.parametrize("detected", [(3, 9), (0, 7), (5, 12), (10, 11)])
def test_in_a_two_by_two_table_half_a_count_is_added_to_each_cell(detected):
    """Closed form: the penalty of a saturated model adds 1/2 to each cell (Heinze & Schemper 2002)."""
    n = (10, 12)
    outcome, matrix = table(detected, n)
    cells = [(d + 0.5, size - d + 0.5) for d, size in zip(detected, n, strict=True)]
    expected = np.log(cells[1][0] / cells[1][1]) - np.log(cells[0][0] / cells[0][1])
    odds, pvalue = detection_test(outcome, matrix, np.array([0.0, 1.0]))
    assert odds == pytest.approx(expected, abs=1e-5)

    def penalised(low, high):  # log-likelihood and half the log determinant, n0 w0 n1 w1, at two probabilities
        chance = np.array([low, high])
        likelihood = sum(
            d * np.log(p) + (size - d) * np.log(1 - p) for d, size, p in zip(detected, n, chance, strict=True)
        )
        return likelihood + 0.5 * np.log(np.prod(chance * (1 - chance) * n))

    best = penalised(cells[0][0] / (n[0] + 1), cells[1][0] / (n[1] + 1))
    coarse = max(np.linspace(0.001, 0.999, 999), key=lambda p: penalised(p, p))
    restricted = max(penalised(p, p) for p in np.linspace(coarse - 0.0009, coarse + 0.0009, 2001))
    assert pvalue == pytest.approx(chi2.sf(2 * (best - restricted), 1), rel=1e-4)


def test_all_or_none_detected_has_no_test():
    _, matrix = table((0, 0), (5, 6))
    for outcome in (np.ones(11, dtype=bool), np.zeros(11, dtype=bool)):
        assert np.isnan(detection_test(outcome, matrix, np.array([0.0, 1.0]))).all()


def test_the_other_reference_gives_the_same_test_with_the_other_sign():
    rng = np.random.default_rng(3)
    outcome, matrix = table((6, 11), (14, 15))
    covariate = rng.normal(size=29)
    one = detection_test(outcome, np.column_stack([matrix, covariate]), np.array([0, 1.0, 0]))
    other = np.column_stack([matrix[:, 0], 1 - matrix[:, 1], covariate])
    two = detection_test(outcome, other, np.array([0, 1.0, 0]))
    assert one[0] == pytest.approx(-two[0], rel=1e-5)
    assert one[1] == pytest.approx(two[1], rel=1e-5)


def test_a_contrast_that_the_design_cannot_estimate_has_no_test():
    outcome, matrix = table((3, 5), (8, 8))
    both = np.column_stack([matrix, matrix[:, 1]])
    assert np.isnan(detection_test(outcome, both, np.array([0, 1.0, 0]))[1])
    same = detection_test(outcome, both, np.array([0, 1.0, 1.0]))
    assert same[1] == pytest.approx(detection_test(outcome, matrix, np.array([0, 1.0]))[1], rel=1e-5)


def test_under_the_null_p_values_are_uniform():
    """700 draws: 0.05 within 3 standard errors of 0.0082."""
    rng = np.random.default_rng(4)
    n = 60
    matrix = np.column_stack([np.ones(n), np.repeat([0.0, 1.0], n // 2), rng.normal(size=n)])
    pvalues = [detection_test(rng.random(n) < 0.5, matrix, np.array([0, 1.0, 0]))[1] for _ in range(700)]
    assert np.mean(np.array(pvalues) < 0.05) == pytest.approx(0.05, abs=0.025)
    assert fit_firth(np.ones(n, dtype=bool), matrix) is not None
