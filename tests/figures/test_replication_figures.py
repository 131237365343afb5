"""Forest plots and scatter plots of two cohorts show the numbers of the table, and say where there are none."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from lateralis.biology.replication import align_results, meta_table
from lateralis.config import Endpoint
from lateralis.figures.replication import (
    NO_PAIR,
    NOTHING,
    concordance_alt_text,
    draw_concordance,
    draw_forest,
    forest_alt_text,
    intervals_of,
)
from lateralis.figures.save import figure_bytes
from lateralis.model.endpoint import call_genes


def results_of(effects, error):
    effects = np.asarray(effects, dtype=float)
    ids = [f"g{number}" for number in range(len(effects))]
    statistics = pd.DataFrame(
        {"gene_id": ids, "gene_name": ids, "baseMean": 100.0, "log2FoldChange": effects, "lfcSE": error}
    )
    statistics["stat"] = statistics["log2FoldChange"] / error
    statistics["pvalue"] = 2 * stats.norm.sf(statistics["stat"].abs())
    statistics["log2FoldChange_shrunken"] = effects
    statistics["na_reason"] = np.where(np.isnan(effects), "cooks_outlier", "")
    return call_genes(statistics, Endpoint())


@pytest.fixture(scope="module")
def aligned():
    nan = np.nan
    given = {"first": ([1.0, 1.0, nan], 0.1), "second": ([1.2, nan, nan], 0.2), "third_cohort": ([0.9, 1.1, 1.0], 0.3)}
    return align_results({name: results_of(*args) for name, args in given.items()})


@pytest.fixture(scope="module")
def meta(aligned):
    return meta_table(aligned, Endpoint())


def texts(figure):
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def test_rows_are_those_of_the_table(meta, aligned):
    gene = meta.loc[0]
    rows = {row.name: row for row in intervals_of(gene, aligned.cohorts)}
    assert list(rows) == [*aligned.cohorts, "Fixed effect", "Random effects", "A further cohort"]
    assert rows["second"].low == pytest.approx(1.2 - 1.96 * 0.2, abs=1e-3)
    assert sum(rows[name].weight for name in aligned.cohorts) == pytest.approx(1)
    assert rows["first"].weight == pytest.approx(100 / (100 + 25 + 100 / 9))  # tau² is 0
    assert (rows["Random effects"].low, rows["Random effects"].high) == (gene["low_random"], gene["high_random"])
    assert (rows["A further cohort"].low, rows["A further cohort"].high) == (
        gene["prediction_low"],
        gene["prediction_high"],
    )


def test_numbers_stand_beside_their_rows(meta, aligned):
    found = texts(draw_forest(meta.loc[0], aligned.cohorts, title="g0"))
    assert found[:3] == ["first", "+1.00", "+0.80 to +1.20"]
    assert {"second", "third_cohort", "+0.90", "+0.31 to +1.49"} <= set(found)


def test_a_cohort_without_the_gene_says_why(meta, aligned):
    found = texts(draw_forest(meta.loc[1], aligned.cohorts, title="g1"))
    assert "not tested: cooks outlier" in found
    assert "A further cohort" not in found  # two are left
    alt = forest_alt_text(meta.loc[1], aligned.cohorts, title="g1")
    assert "second not tested: cooks outlier; third_cohort +1.10 +0.51 to +1.69" in alt


def test_an_interval_beyond_the_axis_ends_in_an_arrow():
    """Two cohorts that differ: that of random effects reaches 12.7 standard errors to either side."""
    gene = meta_table(align_results({"a": results_of([1.0], 0.1), "b": results_of([3.0], 0.1)}), Endpoint()).loc[0]
    assert gene["high_random"] > 14
    axes = draw_forest(gene, ("a", "b"), title="g").axes[0]
    assert axes.get_xlim() == pytest.approx((-1.05 * 3.196 * 0.5 - 0.05 * 1.6, 3.196 * 1.55), abs=0.05)
    assert [line.get_marker() for line in axes.lines if line.get_marker() in ("<", ">")] == ["<", ">"]


def test_a_gene_of_one_cohort_is_said_to_be(meta, aligned):
    assert forest_alt_text(meta.loc[2], aligned.cohorts, title="g2") == f"g2. {NOTHING}"
    assert NOTHING in texts(draw_forest(meta.loc[2], aligned.cohorts, title="g2"))[0].replace("\n", " ")


def test_an_underflowed_p_value_is_a_bound():
    table = meta_table(align_results({name: results_of([5.0], 0.05) for name in "ab"}), Endpoint())
    assert table.loc[0, "pvalue_fixed"] == 0
    assert "fixed effect: p < 1e-300" in forest_alt_text(table.loc[0], ("a", "b"), title="x")


PAIRS = np.array([[2, 2.1], [-2, -1.9], [0.1, -0.1], [1.5, 0.2], [0.0, 1.4]])
CALLED = np.array([[1, 1], [1, 1], [0, 0], [1, 0], [0, 1]], dtype=bool)


def test_pairs_are_counted_and_named():
    figure = draw_concordance(PAIRS, CALLED, ["A", "B", "C", "D", "E"], ("x", "y"), title="t")
    labels = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert set(labels) == {"1 called in neither", "1 in x only", "1 in y only", "2 in both"}
    assert {"A", "B"} == set(texts(figure))
    assert concordance_alt_text(PAIRS, CALLED, ("x", "y"), title="t") == (
        "Scatter plot, t: log2 fold changes in y against those in x. 5 genes tested in both cohorts; 60% have the same "
        "direction, as do 100% of the 2 called in both. Called in x only: 1; in y only: 1."
    )


def test_far_genes_are_clipped_and_counted():
    pairs = np.vstack([np.tile(PAIRS, (40, 1)), [[30.0, 1.0]]])
    called = np.vstack([np.tile(CALLED, (40, 1)), [[False, False]]])
    figure = draw_concordance(pairs, called, ["g"] * len(pairs), ("x", "y"), title="t")
    assert figure.axes[0].get_xlim()[1] < 4
    assert "1 clipped" in [text.get_text() for text in figure.axes[0].get_legend().get_texts()]


def test_no_pair_is_said():
    none = np.empty((0, 2))
    assert concordance_alt_text(none, none.astype(bool), ("x", "y"), title="t") == f"t. {NO_PAIR}"
    assert texts(draw_concordance(none, none.astype(bool), [], ("x", "y"), title="t")) == [NO_PAIR]


def test_same_figure_same_bytes(meta, aligned):
    made = [figure_bytes(draw_forest(meta.loc[0], aligned.cohorts, title="g0"), "svg", "alt") for _ in range(2)]
    assert made[0] == made[1]
