"""Outlier counts: cells, trimmed moments and replacement worked out by hand. (R's numbers: oracle/deseq2.)"""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from lateralis.model import outliers


def same_partition(cells, expected):
    return all((cells[i] == cells[j]) == (expected[i] == expected[j]) for i in range(len(cells)) for j in range(i))


def test_cells_are_rows_of_the_design_or_levels_of_variables():
    obs = pd.DataFrame(
        {"group": pd.Categorical(["a", "b", "a", "b", "a"]), "sex": pd.Categorical(["F", "F", "M", "F", "F"])}
    )
    matrix = pd.DataFrame({"Intercept": 1.0, "group": [0, 1, 0, 1, 0.0], "age": [50.0, 60, 50, 60, 50.5]})
    assert same_partition(outliers.design_cells(matrix), [0, 1, 0, 1, 2])
    assert same_partition(outliers.variable_cells(obs, ["group"]), [0, 1, 0, 1, 0])
    assert same_partition(outliers.variable_cells(obs, ["group", "sex"]), [0, 1, 2, 1, 0])
    assert sorted(set(outliers.variable_cells(obs, ["sex", "group"]))) == [0, 1, 2]


def test_large_cells_count_their_own_samples():
    cells = np.array([2, 0, 2, 1, 2, 0])
    assert outliers.in_large_cells(cells, 3).tolist() == [True, False, True, False, True, False]
    assert outliers.in_large_cells(cells, 2).tolist() == [True, True, True, False, True, True]
    assert outliers.in_large_cells(cells, 4).sum() == 0


@pytest.mark.parametrize(("n_samples", "n_coef"), [(8, 2), (24, 5), (180, 7)])
def test_cutoff_is_the_99th_percentile_of_f(n_samples, n_coef):
    cutoff = outliers.cooks_cutoff(n_samples, n_coef)
    assert stats.f.cdf(cutoff, n_coef, n_samples - n_coef) == pytest.approx(0.99, abs=1e-12)


@pytest.mark.parametrize("trim", [1 / 8, 0.2, 1 / 4, 1 / 3])
@pytest.mark.parametrize("n_samples", [1, 2, 3, 4, 7, 8, 24, 25])
def test_trimmed_mean_is_scipys(n_samples, trim):
    values = np.random.default_rng(n_samples).exponential(size=(n_samples, 5))
    np.testing.assert_allclose(outliers.trimmed_mean(values, trim), stats.trim_mean(values, trim, axis=0), rtol=1e-14)


def test_robust_dispersion_of_a_gene_worked_out_by_hand():
    # one cell of four samples: a quarter off each end leaves 30 and 50: mean 40; squared distances 1600, 100, 100, 25·10⁴:
    # the middle two are 100 and 1600, mean 850, × 1.86 = 1581; mean count 155: (1581 − 155) / 155²
    normalised = np.array([[0.0], [30], [50], [540]])
    cells = np.zeros(4, dtype=int)
    assert outliers.robust_dispersions(normalised, cells)[0] == pytest.approx((1581 - 155) / 155**2, rel=1e-14)


def test_the_cell_of_largest_variance_decides_and_cells_of_two_do_not():
    quiet = [[100.0], [101], [99]]
    loud = [[10.0], [100], [190]]
    cells = np.array([0, 0, 0, 1, 1, 1, 2, 2])
    values = np.array(quiet + loud + [[0.0], [5000]])
    # the loud cell: a third off each end leaves 100; squares 8100, 0, 8100: the middle one is 8100, × 2.04
    expected = (2.04 * 8100 - values.mean()) / values.mean() ** 2
    assert expected < 0.04  # the mean of all is large: the floor holds
    assert outliers.robust_dispersions(values, cells)[0] == 0.04
    without_two = outliers.robust_dispersions(values[:6], cells[:6])[0]
    assert without_two == pytest.approx((2.04 * 8100 - 100) / 100**2, rel=1e-14)


@pytest.mark.parametrize(
    ("size", "trim", "scale"), [(3, 1 / 3, 2.04), (4, 1 / 4, 1.86), (23, 1 / 4, 1.86), (24, 1 / 8, 1.51)]
)
def test_trim_and_scale_change_with_the_size_of_the_cell(size, trim, scale):
    values = np.random.default_rng(size).exponential(100, size=(size, 4))
    centre = stats.trim_mean(values, trim, axis=0)
    variance = scale * stats.trim_mean((values - centre) ** 2, trim, axis=0)
    means = values.mean(axis=0)
    expected = np.maximum((variance - means) / means**2, 0.04)
    np.testing.assert_allclose(outliers.robust_dispersions(values, np.zeros(size, dtype=int)), expected, rtol=1e-12)


def test_without_a_cell_of_three_all_samples_are_trimmed_together():
    values = np.random.default_rng(0).exponential(100, size=(16, 4))
    found = outliers.robust_dispersions(values, np.arange(16))
    centre = stats.trim_mean(values, 1 / 8, axis=0)
    variance = 1.51 * stats.trim_mean((values - centre) ** 2, 1 / 8, axis=0)
    means = values.mean(axis=0)
    np.testing.assert_allclose(found, np.maximum((variance - means) / means**2, 0.04), rtol=1e-13)


def test_an_outlier_does_not_hide_itself():
    values = np.random.default_rng(1).poisson(100, size=(10, 200)).astype(float)
    values[3] = 1e6
    assert (outliers.robust_dispersions(values, np.zeros(10, dtype=int)) == 0.04).all()


def test_cooks_distance_by_hand():
    # count 30 where 10 are expected, dispersion 0.1: Pearson's square 400 / (10 + 0.1·100) = 20; p = 2; h = 1/2: × 0.5 / 0.25
    counts, mu = np.array([[30.0, 10.0]]), np.array([[10.0, 10.0]])
    found = outliers.cooks_distances(counts, mu, np.array([[0.5, 0.5]]), np.array([0.1, 0.3]), 2)
    np.testing.assert_allclose(found, [[20.0, 0.0]], rtol=1e-14)


def test_outliers_of_replaceable_samples_take_the_trimmed_mean_of_their_depth():
    size_factors = np.array([0.5, 1.0, 2.0, 1.0, 1.0])
    counts = np.array([[5, 50], [10, 100], [20, 200], [90000, 100], [11, 70000]])
    outlying = counts > 60000
    outlying[3, 0] = True
    outlying[1, 0] = True
    replaceable = np.array([True, False, True, True, False])
    found = outliers.replacement_counts(counts, size_factors[:, None], outlying, replaceable)
    # a fifth off each end of 10, 10, 10, 90000, 11 leaves 10, 10, 11: 10.33, cut to an integer
    assert found.tolist() == [[5, 50], [10, 100], [20, 200], [10, 100], [11, 70000]]
    # by depth: gene 2 of sample 3 would be 2 × 100
    everything = outliers.replacement_counts(
        counts, size_factors[:, None], np.ones_like(outlying), np.ones(5, dtype=bool)
    )
    assert everything.tolist() == [[5, 50], [10, 100], [20, 200], [10, 100], [10, 100]]
    assert everything.dtype == counts.dtype


def test_three_larger_counts_exempt_a_gene():
    cooks = np.array([[9.0, 9, 9], [1, 1, 1], [1, 1, 1], [1, 1, 1], [0, 0, 0]])
    counts = np.array([[50, 50, 50], [60, 60, 60], [70, 70, 50], [80, 20, 90], [1, 1, 99]])
    assert outliers.exempt_genes(counts, cooks).tolist() == [True, False, True]
