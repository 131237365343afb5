"""What a fit does with input at the edge: an error that says what is wrong, or a documented result; never a wild number."""

import re

import numpy as np
import pandas as pd
import pytest

from lateralis.errors import InputError
from lateralis.model.fit import fit_model
from lateralis.model.numerics import choose_numerics
from lateralis.model.outliers import design_cells

N_SAMPLES = 12


def design_of(*columns, n_samples=N_SAMPLES):
    """Intercept, two groups, and further columns."""
    named = {"Intercept": np.ones(n_samples), "group[T.als]": np.repeat([0.0, 1.0], n_samples // 2)}
    return pd.DataFrame(named | {f"x{number}": column for number, column in enumerate(columns)})


def counts_of(n_genes=60, n_samples=N_SAMPLES, seed=0):
    rng = np.random.default_rng(seed)
    mu = np.exp(rng.uniform(1, 8, n_genes))
    return rng.negative_binomial(5, 5 / (5 + mu), (n_samples, n_genes))


def fit(counts, design, **options):
    return fit_model(counts, design, cells=design_cells(design), exempt_three_larger=False, **options)


def test_a_sample_without_counts_is_named():
    counts = counts_of()
    counts[4] = 0
    with pytest.raises(InputError, match=re.escape("the model's counts: sample number 5 has no counts")):
        fit(counts, design_of())


@pytest.mark.parametrize("wrong", [np.inf, np.nan, 0.0, -3.0])
def test_average_lengths_must_be_finite_and_positive(wrong):
    counts, lengths = counts_of(), np.full((N_SAMPLES, 60), 1500.0)
    lengths[3, 7] = wrong
    with pytest.raises(InputError, match="the average transcript lengths: some are not finite and positive"):
        fit(counts, design_of(), average_lengths=lengths)


@pytest.mark.parametrize("column", [np.full(N_SAMPLES, 3.0), np.repeat([0.0, 2.0], 6)], ids=["constant", "group again"])
def test_a_covariate_that_says_nothing_new_is_an_error(column):
    with pytest.raises(InputError, match="its columns are linearly dependent"):
        fit(counts_of(), design_of(column))


def test_a_covariate_that_is_not_finite_is_an_error():
    with pytest.raises(InputError, match="not finite numbers"):
        fit(counts_of(), design_of(np.r_[np.inf, np.arange(11.0)]))


def test_as_many_coefficients_as_samples_leave_nothing_for_a_dispersion():
    square = pd.DataFrame(np.eye(4))
    with pytest.raises(InputError, match="it has 4 coefficients for 4 samples"):
        fit(counts_of(n_samples=4), square)


def test_one_sample_a_group_beside_replicates_of_another_is_fitted():
    """One sample of als among five controls: a dispersion from the controls, nothing to replace or filter in als."""
    design = pd.DataFrame({"Intercept": np.ones(6), "group[T.als]": np.r_[np.zeros(5), 1.0]})
    found = fit(counts_of(n_samples=6), design)
    assert found.genes["converged"].all()
    assert found.samples["replaceable"].sum() == 0
    assert found.samples["filterable"].tolist() == [True] * 5 + [False]
    assert np.isfinite(found.coefficients).all()


def test_two_samples_without_replicates_are_an_error():
    design = pd.DataFrame({"Intercept": np.ones(2), "group[T.als]": [0.0, 1.0]})
    with pytest.raises(InputError, match="A dispersion needs more samples than coefficients"):
        fit(counts_of(n_samples=2), design)


def test_one_gene_is_fitted_around_its_own_dispersion():
    found = fit(counts_of(n_genes=1), design_of())
    assert found.genes["converged"].all()
    assert found.trend.kind == "mean"  # no trend goes through one gene
    assert "mean" in " ".join(found.facts["warnings"])
    assert found.genes["dispersion_trend"].tolist() == found.genes["dispersion_gene"].tolist()
    assert np.isfinite(found.covariance).all()


def test_genes_without_counts_are_empty_and_change_no_other():
    counts = counts_of()
    with_empty = np.insert(counts, [0, 30], 0, axis=1)
    plain, found = fit(counts, design_of()), fit(with_empty, design_of())
    assert found.genes["na_reason"].to_numpy().nonzero()[0].tolist() == [0, 31]
    assert found.genes["na_reason"].iloc[[0, 31]].tolist() == ["all_zero"] * 2
    kept = np.delete(np.arange(62), [0, 31])
    # another table lies elsewhere in memory, by which linear algebra may round the last bit in another way
    np.testing.assert_allclose(found.coefficients[kept], plain.coefficients, rtol=1e-12, atol=1e-13)
    assert np.isnan(found.coefficients[[0, 31]]).all()
    assert np.isnan(found.covariance[[0, 31]]).all()


def test_poisson_counts_are_fitted_with_a_warning():
    counts = np.random.default_rng(2).poisson(np.full((N_SAMPLES, 3), 1000.0))
    counts[:] = 1000 + np.arange(N_SAMPLES)[:, None] % 2  # hardly any variance at all
    found = fit(counts, design_of())
    assert found.genes["dispersion"].max() < 1e-6
    assert any("no gene varies more than Poisson" in warning for warning in found.facts["warnings"])


def test_a_gene_that_no_optimiser_fits_is_empty(monkeypatch):
    """Both searches are made to fail for one gene: no number of it reaches a table."""
    from lateralis.model.engine import inference

    engine = choose_numerics()
    honest = inference.coefficients.fit

    def fails(*given):
        honest(*given)
        given[-1][:] &= given[0].max(axis=1) < 500_000

    monkeypatch.setattr(inference.coefficients, "fit", fails)
    monkeypatch.setattr(inference, "fit_coefficients", lambda counts, *given: (np.full(2, -35.0), False))
    counts = counts_of()
    counts[0, 5] = 900_000
    found = fit(counts, design_of(), numerics=engine)
    assert found.genes["na_reason"].to_numpy().nonzero()[0].tolist() == [5]
    assert found.genes["na_reason"][5] == "no_convergence"
    assert np.isnan(found.coefficients[5]).all()
    assert np.isnan(found.covariance[5]).all()


@pytest.mark.parametrize("threads", [2, 7])
def test_threads_change_no_byte_of_a_fit(threads):
    counts = counts_of(n_genes=3000, n_samples=120)  # more than one block
    counts[5, 100] = 90_000
    design = design_of(np.linspace(-1, 1, 120), n_samples=120)
    cells = np.repeat([0, 1], 60)
    one, other = (
        fit_model(counts, design, cells=cells, exempt_three_larger=False, threads=number) for number in (1, threads)
    )
    assert one.coefficients.tobytes() == other.coefficients.tobytes()
    assert one.covariance.tobytes() == other.covariance.tobytes()
    pd.testing.assert_frame_equal(one.genes, other.genes, check_exact=True)
    pd.testing.assert_frame_equal(one.replacements, other.replacements)
    assert len(one.replacements) > 0


def test_equal_average_lengths_change_nothing_but_rounding():
    counts = counts_of()
    lengths = np.repeat(np.random.default_rng(1).uniform(300, 9000, 60)[None, :], N_SAMPLES, axis=0)
    plain, found = fit(counts, design_of()), fit(counts, design_of(), average_lengths=lengths)
    # a gene's factors are scaled to a geometric mean of 1, size factors are not; so another start, and another last step
    np.testing.assert_allclose(found.coefficients[:, 1], plain.coefficients[:, 1], atol=2e-3)
    assert found.facts["offsets"] == "average transcript lengths"


def test_a_longer_transcript_in_one_group_is_no_change_of_expression():
    rng = np.random.default_rng(4)
    lengths = np.full((N_SAMPLES, 200), 1000.0)
    lengths[6:, :40] = 3000.0  # three times as long in the second group, and so three times the counts
    base = np.exp(rng.uniform(4, 7, 200))
    counts = rng.negative_binomial(20, 20 / (20 + base * lengths / 1000))
    with_lengths, without = fit(counts, design_of(), average_lengths=lengths), fit(counts, design_of())
    assert np.median(with_lengths.coefficients[:40, 1]) == pytest.approx(0, abs=0.05)
    assert np.median(without.coefficients[:40, 1]) > 0.8  # of log 3 = 1.1, less what the size factors take
