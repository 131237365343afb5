"""Products of a design's columns summed once each, and small linear algebra, against numpy."""

import numpy as np

from lateralis.model.engine import linear


def design_of(seed=0, n_samples=23):
    """Intercept, two exclusive indicators, another, and a covariate."""
    rng = np.random.default_rng(seed)
    group = rng.integers(0, 3, n_samples)
    columns = [np.ones(n_samples), group == 1, group == 2, rng.integers(0, 2, n_samples), rng.normal(size=n_samples)]
    return np.column_stack(columns).astype(float)


def test_products_that_are_alike_or_zero_are_not_summed_again():
    design = linear.prepare_design(design_of())
    # 15 pairs: of the 4 indicators (with the intercept) the squares are the columns, and the two groups exclude each other
    assert len(design.products) == 5 + 2 + 3 + 1
    assert (design.position < 0).sum() == 1


def test_cross_products():
    matrix = design_of()
    design = linear.prepare_design(matrix)
    work = linear.workspace(design)
    weights = np.random.default_rng(1).uniform(0.1, 5, len(matrix))
    linear.cross_products(design, weights, work)
    np.testing.assert_allclose(work.matrix, (matrix.T * weights) @ matrix, rtol=1e-13, atol=1e-13)
    assert linear.cholesky(work.matrix, work.factor)
    linear.invert(work)
    np.testing.assert_allclose(work.inverse, np.linalg.inv((matrix.T * weights) @ matrix), rtol=1e-9, atol=1e-12)
    expected = 0.5 * np.linalg.slogdet(work.matrix)[1]
    np.testing.assert_allclose(linear.half_log_determinant(design, work), expected, rtol=1e-13)
    np.testing.assert_allclose(linear.trace_of_product(work.inverse, work.matrix), 5.0, rtol=1e-12)


def test_a_matrix_that_is_not_positive_definite_has_no_factor():
    for matrix in (
        [[1.0, 2.0], [2.0, 1.0]],
        [[np.nan, 0.0], [0.0, 1.0]],
        [[np.inf, 0.0], [0.0, 1.0]],
        np.zeros((2, 2)),
    ):
        assert not linear.cholesky(np.array(matrix), np.zeros((2, 2)))


def test_start_is_the_least_squares_solution():
    matrix = design_of()
    values = np.random.default_rng(2).normal(size=len(matrix))
    expected = np.linalg.lstsq(matrix, values, rcond=None)[0]
    np.testing.assert_allclose(linear.prepare_design(matrix).start @ values, expected, rtol=1e-12)
