import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from lateralis.config import Endpoint
from lateralis.figures.calls import call_counts, neg_log10_p, p_value_cut, robust_limit
from lateralis.figures.labels import window_box
from lateralis.figures.save import figure_bytes
from lateralis.figures.volcano import HIGHEST, NOTHING, draw_volcano, volcano_alt_text
from lateralis.model.endpoint import called_genes

SETTINGS = {"title": "als against carrier", "fold_change": 1.5, "alpha": 0.05}


def legend_texts(figure):
    return [text.get_text() for text in figure.axes[0].get_legend().get_texts()]


def named_genes(figure):
    return [text for text in figure.axes[0].texts if text.get_text().startswith("NAME")]


@pytest.mark.parametrize("rule", ["nominal", "fdr", "strict"])
def test_legend_and_alt_text_count_the_calls_of_the_table(results, rule):
    figure = draw_volcano(results, rule=rule, **SETTINGS)
    up = int((results[f"call_{rule}"] == "up").sum())
    down = int((results[f"call_{rule}"] == "down").sum())
    drawn = int(results["pvalue"].notna().sum())
    assert up > 5
    assert down > 5
    texts = legend_texts(figure)
    assert texts[0].startswith(f"{up} up (p")
    assert texts[1].startswith(f"{down} down (p")
    assert texts[2] == f"{drawn - up - down:,} not called"
    alt = volcano_alt_text(results, rule=rule, **SETTINGS)
    assert f"{up} up and {down} down" in alt


def test_every_drawn_point_is_in_the_table_once(results):
    figure = draw_volcano(results, rule="fdr", **SETTINGS)
    drawn = np.concatenate([scatter.get_offsets() for scatter in figure.axes[0].collections])
    assert len(drawn) == results["pvalue"].notna().sum()


def test_underflowed_p_values_rank_by_the_statistic_and_are_finite():
    stat = np.array([38.0, -45.0, 60.0, -120.0])
    frame = pd.DataFrame({"stat": stat, "pvalue": 2 * norm.sf(np.abs(stat))})
    assert (frame["pvalue"].iloc[2:] == 0).all()
    y = neg_log10_p(frame)
    assert np.isfinite(y).all()
    assert (np.diff(y) > 0).all()
    # Mills' ratio: log p ≈ log 2 − z²/2 − log z − log(2π)/2, exact to 1/z².
    for z, value in zip(np.abs(stat), y, strict=True):
        expected = -(np.log(2) - z**2 / 2 - np.log(z) - np.log(2 * np.pi) / 2 - 1 / z**2) / np.log(10)
        assert value == pytest.approx(expected, abs=1e-5)


def test_precise_p_values_are_taken_as_they_are(results):
    tested = results[results["pvalue"] > 1e-200]
    assert neg_log10_p(tested) == pytest.approx(-np.log10(tested["pvalue"].to_numpy()))


def test_a_gene_with_p_zero_is_drawn_at_the_edge_and_counted(results):
    results.loc[0, ["log2FoldChange", "stat", "pvalue", "padj"]] = [3.0, 90.0, 0.0, 0.0]
    results.loc[0, "call_fdr"] = "up"
    figure = draw_volcano(results, rule="fdr", **SETTINGS)
    assert "clipped" in legend_texts(figure)[3]
    diamonds = [scatter.get_offsets() for scatter in figure.axes[0].collections if scatter.get_clip_on() is False]
    ys = np.concatenate(diamonds)[:, 1]
    assert ys.max() <= HIGHEST
    assert figure.axes[0].get_ylim()[1] >= ys.max()
    assert "NAME0" in volcano_alt_text(results, rule="fdr", **SETTINGS)


def test_an_infinite_statistic_still_draws(results):
    results.loc[0, ["log2FoldChange", "stat", "pvalue", "padj"]] = [3.0, np.inf, 0.0, 0.0]
    figure = draw_volcano(results, rule="fdr", **SETTINGS)
    assert len(figure_bytes(figure, "svg", "alt")) > 1000


@pytest.mark.parametrize("called", [0, 1])
def test_few_calls_draw_and_say_so(results, called):
    results["call_fdr"] = "none"
    if called:
        results.loc[results["pvalue"].idxmin(), "call_fdr"] = "up"
    figure = draw_volcano(results, rule="fdr", **SETTINGS)
    assert legend_texts(figure)[0].startswith(f"{called} up")
    assert len(named_genes(figure)) == called
    header = " ".join(text.get_text() for text in figure.texts)
    assert ("none is called" in header) == (called == 0)


def test_no_p_value_at_all_is_a_sentence(results):
    empty = results.assign(pvalue=np.nan, padj=np.nan)
    figure = draw_volcano(empty, rule="fdr", **SETTINGS)
    assert any(NOTHING in text.get_text().replace("\n", " ") for text in figure.axes[0].texts)
    assert NOTHING in volcano_alt_text(empty.head(0), rule="fdr", **SETTINGS)


def test_labels_name_the_strongest_called_genes_and_never_touch(results):
    figure = draw_volcano(results, rule="fdr", **SETTINGS)
    texts = named_genes(figure)
    strongest = set(called_genes(results, "fdr")["gene_name"].head(12))
    assert len(texts) >= 8
    assert {text.get_text() for text in texts} <= strongest
    boxes = [window_box(text) for text in texts]
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])


def test_the_line_is_the_least_significant_p_value_that_passes(results):
    passing = results.loc[results["padj"] < 0.05, "pvalue"]
    assert p_value_cut(results, 0.05, "fdr") == pytest.approx(-np.log10(passing.max()))
    assert p_value_cut(results, 0.05, "nominal") == pytest.approx(1.30103)
    assert p_value_cut(results, 0.05, "strict") is None
    assert p_value_cut(results.assign(padj=0.9), 0.05, "fdr") is None


def test_colours_and_shapes_differ_between_calls(results):
    axes = draw_volcano(results, rule="fdr", **SETTINGS).axes[0]
    handles = axes.get_legend().legend_handles
    assert [handle.get_marker() for handle in handles[:3]] == ["^", "v", "o"]
    assert len({handle.get_color() for handle in handles[:3]}) == 3


def test_tested_is_what_the_summary_counts(results):
    assert call_counts(results, "fdr")["tested"] == results["padj"].notna().sum()
    assert call_counts(results, "nominal")["tested"] == results["pvalue"].notna().sum()


def test_a_dense_svg_stays_small_and_keeps_its_text(make_results):
    results = make_results(n_genes=20_000, seed=4, changed=0.02)
    svg = figure_bytes(draw_volcano(results, rule="nominal", **SETTINGS), "svg", "alt")
    assert len(svg) < 300_000
    assert b"<text" in svg
    assert "log2 fold change" in svg.decode()


def test_another_endpoint_changes_the_words(make_results):
    results = make_results(endpoint=Endpoint(fold_change=2, alpha=0.01))
    texts = legend_texts(draw_volcano(results, title="x", fold_change=2, alpha=0.01, rule="fdr"))
    assert "padj < 0.01, FC ≥ 2" in texts[0]


def test_the_axis_gives_way_to_a_few_extreme_values_only():
    values = np.linspace(0, 10, 1000)
    assert robust_limit(values, squashing=5) == 10
    assert robust_limit(np.append(values, 40.0), squashing=5) == 40
    assert robust_limit(np.append(values, 400.0), squashing=5) < 13
    assert robust_limit(np.append(values, np.full(20, 400.0)), squashing=5) == 400
    assert robust_limit(np.array([np.nan]), squashing=5) == 1
