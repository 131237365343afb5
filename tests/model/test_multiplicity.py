"""Adjusted p-values and independent filtering by hand and by its definition. (R's numbers: oracle/deseq2 and oracle/real.)"""

import numpy as np
import pytest
from scipy.stats import false_discovery_control

from lateralis.model.multiplicity import benjamini_hochberg, independent_filtering


def test_adjusted_pvalues_by_hand():
    pvalues = np.array([0.04, 0.01, np.nan, 0.03, 0.005])
    # four tests: 0.005·4, 0.01·4/2, 0.03·4/3, 0.04
    np.testing.assert_allclose(benjamini_hochberg(pvalues), [0.04, 0.02, np.nan, 0.04, 0.02], rtol=1e-15)


@pytest.mark.parametrize("n_tests", [1, 2, 1000])
def test_adjusted_pvalues_are_scipys(n_tests):
    pvalues = np.round(np.random.default_rng(n_tests).uniform(size=n_tests) ** 2, 3)
    np.testing.assert_allclose(benjamini_hochberg(pvalues), false_discovery_control(pvalues), rtol=1e-14)


def test_nothing_to_adjust():
    assert np.isnan(benjamini_hochberg(np.full(3, np.nan))).all()
    assert len(benjamini_hochberg(np.array([]))) == 0
    assert len(independent_filtering(np.array([]), np.array([]), 0.05).padj) == 0


def planted(n_null=2000, n_low=2000, n_true=300, seed=0):
    """Genes of low mean that carry nothing and genes of high mean, some of which do."""
    rng = np.random.default_rng(seed)
    base_mean = np.concatenate([rng.uniform(0.1, 1, n_low), rng.uniform(100, 1000, n_null + n_true)])
    pvalues = np.concatenate([rng.uniform(size=n_low + n_null), rng.uniform(0, 0.01, n_true)])
    return pvalues, base_mean


def test_genes_that_cannot_be_found_are_left_out_and_the_others_gain():
    pvalues, base_mean = planted()
    found = independent_filtering(pvalues, base_mean, 0.1)
    plain = benjamini_hochberg(pvalues)
    low = base_mean < 50
    # the rule takes the lowest cutoff near the maximum: about half of the genes that carry nothing go, and no other
    assert 0.4 < np.isnan(found.padj[low]).mean() < 1
    assert not np.isnan(found.padj[~low]).any()
    assert 0.1 < found.cutoff < 1
    assert (found.padj < 0.1).sum() > (plain < 0.1).sum() + 10
    # what is left is adjusted among itself
    kept = base_mean >= found.cutoff
    np.testing.assert_array_equal(found.padj, benjamini_hochberg(np.where(kept, pvalues, np.nan)))


def test_with_ten_findings_or_fewer_nothing_is_filtered():
    rng = np.random.default_rng(1)
    base_mean = rng.uniform(1, 1000, 500)
    pvalues = rng.uniform(0.2, 1, 500)
    pvalues[:10] = 1e-9
    found = independent_filtering(pvalues, base_mean, 0.05)
    assert (found.padj < 0.05).sum() == 10
    assert found.cutoff == base_mean.min()
    np.testing.assert_array_equal(found.padj, benjamini_hochberg(pvalues))


@pytest.mark.parametrize(("n_strong", "filtered"), [(10, False), (11, True)])
def test_the_filter_starts_at_eleven_findings(n_strong, filtered):
    # among 500 tests none is found, among the 100 of high mean all: 0.004 · 100 / 10 = 0.04; above, fewer and fewer
    base_mean = np.concatenate([np.linspace(1, 2, 400), np.linspace(100, 200, 100)])
    pvalues = np.linspace(0.3, 1, 500)
    pvalues[np.linspace(405, 495, n_strong).astype(int)] = 0.0004 * n_strong
    found = independent_filtering(pvalues, base_mean, 0.05)
    assert (found.padj < 0.05).sum() == (n_strong if filtered else 0)
    assert (found.cutoff > 1.5) == filtered


def test_the_cutoff_does_not_depend_on_the_order_of_genes():
    pvalues, base_mean = planted(seed=2)
    order = np.random.default_rng(3).permutation(len(pvalues))
    found, shuffled = (
        independent_filtering(pvalues, base_mean, 0.05),
        independent_filtering(pvalues[order], base_mean[order], 0.05),
    )
    assert shuffled.cutoff == found.cutoff
    np.testing.assert_allclose(shuffled.padj, found.padj[order], rtol=1e-15)


def test_false_discoveries_stay_within_alpha():
    # the filter does not know the p-values of the null: mean false discovery proportion over 40 draws of 4300 genes
    proportions = []
    for seed in range(40):
        pvalues, base_mean = planted(seed=seed)
        called = independent_filtering(pvalues, base_mean, 0.1).padj < 0.1
        proportions.append(called[:-300].sum() / max(called.sum(), 1))
    # expectation 0.1 × share of nulls among high genes (0.87); 4 standard errors of the mean of 40 above it
    assert np.mean(proportions) < 0.087 + 4 * np.std(proportions) / np.sqrt(40)
    assert np.mean(proportions) > 0.05
