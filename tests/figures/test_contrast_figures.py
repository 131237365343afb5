import numpy as np
import pytest

from lateralis.figures import ma, p_histogram
from lateralis.figures.ma import draw_ma, ma_alt_text
from lateralis.figures.p_histogram import draw_p_histogram, p_histogram_alt_text, p_value_bins

SETTINGS = {"title": "als against carrier", "fold_change": 1.5, "alpha": 0.05, "rule": "fdr"}


def test_ma_counts_calls_and_clips_at_the_edge(results):
    results.loc[0, "log2FoldChange"] = 25.0
    results.loc[0, "call_fdr"] = "none"
    figure = draw_ma(results, **SETTINGS)
    texts = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert texts[0].startswith(f"{(results['call_fdr'] == 'up').sum()} up")
    assert texts[3].endswith("clipped")
    points = np.concatenate([scatter.get_offsets() for scatter in figure.axes[0].collections])
    assert len(points) == results["pvalue"].notna().sum()
    assert np.abs(points[:, 1]).max() < 25


def test_ma_without_fold_changes_is_a_sentence(results):
    empty = results.assign(log2FoldChange=np.nan)
    assert ma.NOTHING in ma_alt_text(empty, **SETTINGS)
    figure = draw_ma(empty, **SETTINGS)
    assert ma.NOTHING in figure.axes[0].texts[0].get_text().replace("\n", " ")


def test_histogram_counts_tested_genes_only(results):
    bins = p_value_bins(results)
    tested = results["pvalue"].dropna()
    assert bins.sum() == len(tested)
    assert bins[0] == (tested < 0.025).sum()
    assert bins[-1] == (tested >= 0.975).sum()


def test_histogram_says_what_is_expected_without_change(results):
    figure = draw_p_histogram(results, title="x")
    tested = int(results["pvalue"].notna().sum())
    line = figure.axes[0].lines[0].get_ydata()
    assert line[0] == pytest.approx(tested / 40)
    below = int((results["pvalue"] < 0.05).sum())
    assert f"{below} have p below 0.05, where {tested / 20:,.0f}" in p_histogram_alt_text(results, title="x")


def test_histogram_of_nothing_is_a_sentence(results):
    assert p_histogram.NOTHING in p_histogram_alt_text(results.assign(pvalue=np.nan), title="x")
    assert draw_p_histogram(results.assign(pvalue=np.nan), title="x").axes
