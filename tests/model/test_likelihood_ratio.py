"""Likelihood-ratio tests against closed forms and a direct maximisation. (R's numbers: oracle/tests_of_hypotheses.)"""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.optimize import minimize

from lateralis.errors import InputError
from lateralis.model.design import check_nested
from lateralis.model.engine.inference import EngineInference
from lateralis.model.fallback import FallbackInference
from lateralis.model.likelihood_ratio import likelihood_ratio_test

GROUP = np.tile([0, 1, 2], 6)
DESIGN = pd.DataFrame(
    {"Intercept": 1.0, "age": np.linspace(-1, 1, 18), "b": (GROUP == 1) * 1.0, "c": (GROUP == 2) * 1.0}
)
FACTORS = np.exp(np.linspace(-0.4, 0.4, 18))


def simulated(n_genes=40, effect=0.5, seed=0):
    rng = np.random.default_rng(seed)
    beta = np.column_stack([rng.uniform(3, 7, n_genes), rng.normal(0, effect, (n_genes, 3))])
    alpha = rng.uniform(0.02, 0.4, n_genes)
    mu = FACTORS[:, None] * np.exp(DESIGN.to_numpy() @ beta.T)
    return rng.negative_binomial(1 / alpha, 1 / (1 + alpha * mu)), alpha


@pytest.fixture(params=[EngineInference, FallbackInference])
def numerics(request):
    return request.param(1)


def log_likelihood(y, mu, alpha):
    return stats.nbinom.logpmf(y, 1 / alpha, 1 / (1 + alpha * mu)).sum()


def best_log_likelihood(y, factors, matrix, alpha):
    start = np.linalg.lstsq(matrix, np.log(y / factors + 0.5), rcond=None)[0]

    def loss(beta):
        mu = factors * np.exp(matrix @ beta)
        return -log_likelihood(y, mu, alpha), matrix.T @ ((mu - y) / (1 + alpha * mu))

    return -minimize(loss, start, jac=True, method="BFGS", options={"gtol": 1e-7}).fun


@pytest.mark.parametrize("reduced", [["Intercept", "age"], ["Intercept", "age", "b"], ["Intercept", "b", "c"]])
def test_statistics_are_those_of_a_direct_maximisation(numerics, reduced):
    counts, alpha = simulated()
    found = likelihood_ratio_test(
        counts, DESIGN, DESIGN[reduced], dispersions=alpha, size_factors=FACTORS, numerics=numerics
    )
    for gene in range(counts.shape[1]):
        full, null = (
            best_log_likelihood(counts[:, gene], FACTORS, DESIGN[columns].to_numpy(), alpha[gene])
            for columns in (list(DESIGN), reduced)
        )
        # both fits stop at a relative change of 1e-8 in a deviance near 200; R's ridge of 1e-6 adds as little
        assert found.loc[gene, "stat"] == pytest.approx(2 * (full - null), abs=1e-4)
    degrees = DESIGN.shape[1] - len(reduced)
    np.testing.assert_allclose(found["pvalue"], stats.chi2.sf(found["stat"], degrees), rtol=1e-12)


@pytest.mark.parametrize("by_gene", [False, True])
def test_an_intercept_alone_is_the_mean_of_normalised_counts(numerics, by_gene):
    counts, alpha = simulated(10, seed=1)
    lengths = np.random.default_rng(2).uniform(500, 1500, counts.shape) if by_gene else None
    found = likelihood_ratio_test(
        counts,
        DESIGN,
        DESIGN[["Intercept"]],
        dispersions=alpha,
        size_factors=FACTORS,
        average_lengths=lengths,
        numerics=numerics,
    )
    factors = np.repeat(FACTORS[:, None], 10, axis=1)
    if by_gene:
        factors = lengths * factors
        factors /= np.exp(np.log(factors).mean(axis=0))
    for gene in range(10):
        y, factor = counts[:, gene], factors[:, gene]
        null = log_likelihood(y, factor * (y / factor).mean(), alpha[gene])
        full = best_log_likelihood(y, factor, DESIGN.to_numpy(), alpha[gene])
        assert found.loc[gene, "stat"] == pytest.approx(2 * (full - null), abs=1e-4)


def test_two_groups_of_equal_depth_in_closed_form():
    # the mean of each group is its mean count; with dispersion 1e-8 the counts are Poisson's, and the statistic Wilks' G
    design = np.column_stack([np.ones(6), np.repeat([0.0, 1.0], 3)])
    y = np.array([12, 15, 9, 30, 22, 26])
    found = likelihood_ratio_test(
        y[:, None], design, design[:, :1], dispersions=np.array([1e-8]), size_factors=np.ones(6)
    )
    g = 2 * (36 * np.log(12 / 19) + 78 * np.log(26 / 19))
    assert found.loc[0, "stat"] == pytest.approx(g, rel=1e-6)
    assert found.loc[0, "pvalue"] == pytest.approx(stats.chi2.sf(g, 1), rel=1e-5)


def test_pvalues_are_uniform_under_the_null():
    rng = np.random.default_rng(5)
    mu = FACTORS[:, None] * np.exp(rng.uniform(5, 8, 2000))
    counts = rng.negative_binomial(20, 20 / (20 + mu))
    found = likelihood_ratio_test(
        counts, DESIGN, DESIGN[["Intercept", "age"]], dispersions=np.full(2000, 0.05), size_factors=FACTORS
    )
    # 18 samples: chi-square is near, not exact; 2000 p-values miss a distance of 0.05 once in 10,000
    assert stats.kstest(found["pvalue"], "uniform").statistic < 0.05


def test_genes_without_dispersion_or_counts_are_empty_and_others_are_not_moved():
    counts, alpha = simulated(6, seed=3)
    given = {"size_factors": FACTORS}
    whole = likelihood_ratio_test(counts, DESIGN, DESIGN[["Intercept"]], dispersions=alpha, **given)
    counts[:, 1] = 0
    alpha[4] = np.nan
    found = likelihood_ratio_test(counts, DESIGN, DESIGN[["Intercept"]], dispersions=alpha, **given)
    assert np.flatnonzero(found["stat"].isna()).tolist() == [1, 4]
    assert np.flatnonzero(found["pvalue"].isna()).tolist() == [1, 4]
    np.testing.assert_array_equal(found.drop([1, 4]), whole.drop([1, 4]))
    nothing = likelihood_ratio_test(counts, DESIGN, DESIGN[["Intercept"]], dispersions=np.full(6, np.nan), **given)
    assert nothing.isna().all(axis=None)


def test_blocks_and_threads_change_nothing():
    counts, alpha = simulated(300, seed=4)
    single, small = EngineInference(1), EngineInference(2)
    small.block_size = 18 * 7
    tables = [
        likelihood_ratio_test(
            counts, DESIGN, DESIGN[["Intercept"]], dispersions=alpha, size_factors=FACTORS, numerics=numerics
        )
        for numerics in (single, small)
    ]
    pd.testing.assert_frame_equal(*tables, check_exact=True)


class TestNested:
    def refusal(self, reduced, full=DESIGN):
        with pytest.raises(InputError) as error:
            check_nested(full, reduced, where="contrasts.any_group.reduced")
        assert error.value.where == "contrasts.any_group.reduced"
        return str(error.value)

    def test_columns_left_out_are_nested_and_so_are_others_that_span_less(self):
        check_nested(DESIGN, DESIGN[["Intercept", "b"]], where="x")
        check_nested(DESIGN, DESIGN[["Intercept"]], where="x")
        # the same groups coded otherwise: a or b against c
        check_nested(DESIGN, pd.DataFrame({"ab": 1 - DESIGN["c"], "c": DESIGN["c"]}), where="x")

    def test_a_covariate_of_another_scale_stays_nested(self):
        full = DESIGN.assign(age=1e7 * DESIGN["age"] + 5e8)
        check_nested(full, full[["Intercept", "age"]], where="x")

    def test_a_column_that_the_model_lacks_is_named(self):
        assert "'weight'" in self.refusal(pd.DataFrame({"Intercept": 1.0, "weight": np.arange(18.0) ** 2}))

    def test_the_same_design_is_no_reduction(self):
        assert "the model's own" in self.refusal(DESIGN)
        assert "the model's own" in self.refusal(DESIGN.assign(b=DESIGN["b"] + DESIGN["c"]))

    def test_dependent_columns_and_none_at_all_are_refused(self):
        assert "linearly dependent" in self.refusal(DESIGN[["Intercept", "b"]].assign(twice=2 * DESIGN["b"]))
        assert "empty" in self.refusal(DESIGN[[]])
