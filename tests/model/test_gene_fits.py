"""What a fit of one block of genes takes and gives: it needs no other block, and knows which designs are groups."""

import numpy as np
import pytest

from lateralis.model.dispersion_trend import DispersionTrend, PriorVariance
from lateralis.model.engine.inference import EngineInference
from lateralis.model.gene_fits import ModelCounts, fit_final, fit_genewise

GROUPS = np.column_stack([np.ones(8), np.repeat([0.0, 1.0], 4)])
COVARIATE = np.column_stack([GROUPS, np.arange(8.0)])
DEPTH = np.array([0.5, 1, 2, 1, 0.8, 1.25, 1, 1])
TREND, PRIOR = DispersionTrend(0.05, 2.0, "parametric"), PriorVariance(0.5, 1.0)
CELLS = np.repeat([0, 1], 4)


def counts(n_genes=30, seed=3):
    """(n_genes, n_samples), dispersion 0.1."""
    rng = np.random.default_rng(seed)
    mu = np.exp(rng.normal(4, 1, n_genes))[:, None] * DEPTH
    return rng.negative_binomial(10, 10 / (10 + mu))


@pytest.mark.parametrize(("design", "grouped"), [(GROUPS, True), (COVARIATE, False), (np.ones((8, 1)), True)])
def test_a_design_of_groups_has_a_row_for_each_coefficient(design, grouped):
    assert ModelCounts(counts(), design, DEPTH).grouped == grouped


def test_blocks_are_coefficients_too_and_make_no_groups():
    data = ModelCounts(counts(), GROUPS[:, 1:], DEPTH, blocks=np.array([0, 0, 1, 1, 2, 2, -1, -1]))
    assert data.n_coef == 1 + 3
    assert not data.grouped


def test_chunks_hold_each_gene_once_and_about_as_many_counts_as_asked():
    data = ModelCounts(counts(30), GROUPS, DEPTH)
    parts = list(data.chunks(60))
    assert np.concatenate([np.arange(30)[part] for part in parts]).tolist() == list(range(30))
    assert {part.stop - part.start for part in parts[:-1]} == {60 // 8}
    assert [part.stop - part.start for part in ModelCounts(counts(3), GROUPS, DEPTH).chunks(1)] == [1, 1, 1]


def test_lengths_that_differ_by_sample_alone_are_depth():
    """A gene's factor is its length over the geometric mean of its lengths, times the size factor, R's normMatrix."""
    lengths = np.tile(1000.0 * np.array([1, 2] * 4), (30, 1))
    data = ModelCounts(counts(), GROUPS, DEPTH, lengths)
    factors = data.factors_of(slice(4, 9))
    assert factors.shape == (8, 5)
    expected = DEPTH * np.array([1, 2] * 4)
    np.testing.assert_allclose(factors / factors[0], np.tile((expected / expected[0])[:, None], 5))


@pytest.mark.parametrize("design", [GROUPS, COVARIATE])
def test_results_of_a_gene_do_not_depend_on_its_block(design):
    data = ModelCounts(counts(), design, DEPTH)
    whole, parted = EngineInference(), EngineInference()
    parted.block_size = 7 * 8
    assert len(list(data.chunks(parted.block_size))) == 5
    first, second = fit_genewise(data, whole), fit_genewise(data, parted)
    for name in first._fields:
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))
    finals = [fit_final(data, first, TREND, PRIOR, CELLS, engine) for engine in (whole, parted)]
    for name in finals[0]._fields:
        np.testing.assert_array_equal(*(getattr(final, name) for final in finals))


def test_an_outlying_count_is_named_by_its_place_among_all_genes():
    wild = counts()
    wild[17, 2] = 100_000
    data, engine = ModelCounts(wild, GROUPS, DEPTH), EngineInference()
    engine.block_size = 7 * 8
    final = fit_final(data, fit_genewise(data, engine), TREND, PRIOR, CELLS, engine)
    assert [17, 2] in final.outlying.tolist()
    assert final.max_cooks[17].argmax() in (0, 1)
    assert np.nanargmax(final.max_cooks[:, 0]) == 17


def test_a_dispersion_far_above_the_trend_is_not_shrunken():
    wild = counts()
    wild[5] = [1, 900, 2, 4000, 3, 1500, 1, 700]
    data, engine = ModelCounts(wild, GROUPS, DEPTH), EngineInference()
    genewise = fit_genewise(data, engine)
    final = fit_final(data, genewise, TREND, PRIOR, CELLS, engine)
    assert final.dispersion[5] == genewise.dispersion[5] > final.dispersion_map[5]
    others = np.arange(30) != 5
    np.testing.assert_array_equal(final.dispersion[others], final.dispersion_map[others])
