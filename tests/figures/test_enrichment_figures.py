"""Figures of gene sets: what is drawn of which set, the words, and the empty states."""

import numpy as np
import pandas as pd
import pytest

from lateralis.biology.enrichment import PATHWAY_COLUMNS
from lateralis.biology.gsea import running_score
from lateralis.figures.pathway_dots import dots_alt_text, draw_dots
from lateralis.figures.pathway_heatmap import draw_pathway_heatmap, heatmap_sets, pathway_heatmap_alt_text
from lateralis.figures.pathway_running import draw_running, running_alt_text
from lateralis.figures.pathway_words import count_words, leading_sets, p_text, set_name
from lateralis.figures.save import figure_bytes
from lateralis.figures.theme import DOWN, UP

VERDICTS = ["significant", "significant", "this contrast only", "GSEA only", "not significant", "significant"]


def rows(contrast="a", verdicts=VERDICTS):
    """Six sets, surest first; the last is represented by the first."""
    names = ["interferon", "HALLMARK_TNFA", "$x^2$", "<b>", "fifth", "interferon again"]
    table = pd.DataFrame(
        {
            "contrast": contrast,
            "collection": "made",
            "set": names,
            "size": [30, 20, 15, 12, 40, 25],
            "direction": ["up", "down", "up", "up", "down", "up"],
            "NES": [2.5, -2.0, 1.5, 1.9, -1.0, 2.2],
            "padj_all": [1e-120, 1e-6, 0.06, 0.4, 0.8, 1e-4],
            "pvalue_camera": [1e-123, 1e-8, 0.01, 0.2, 0.6, 1e-5],
            "representative": [*names[:5], "interferon"],
            "verdict": verdicts,
        }
    )
    return table.reindex(columns=list(PATHWAY_COLUMNS))


def texts(figure):
    return [text.get_text() for axes in figure.axes for text in [*axes.texts, *axes.get_yticklabels()]]


def header(figure):
    return " ".join(text.get_text() for text in figure.texts)


def test_repeated_sets_are_left_out():
    assert leading_sets(rows(), 20)["set"].to_list() == ["interferon", "HALLMARK_TNFA", "$x^2$", "<b>", "fifth"]
    assert len(leading_sets(rows(), 2)) == 2


def test_dots():
    figure = draw_dots(rows(), title="ALS", alpha=0.05)
    axes = figure.axes[0]
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels == ["HALLMARK TNFA", "fifth", "$x^2$", "<b>", "interferon"]  # by score, upwards
    points = {
        (round(float(x), 2), int(y)): (tuple(face), tuple(edge))
        for group in axes.collections
        for (x, y), face, edge in zip(group.get_offsets(), group.get_facecolors(), group.get_edgecolors(), strict=False)
    }
    assert set(points) == {(-2.0, 0), (-1.0, 1), (1.5, 2), (1.9, 3), (2.5, 4)}
    assert points[2.5, 4][0][3] == 1.0 and points[1.5, 2][0][3] == pytest.approx(0.35)
    assert points[1.9, 3][0] == (1.0, 1.0, 1.0, 1.0)  # hollow: not by camera
    assert {"< 1e-99", "1e-06", "0.06", "0.4", "0.8", "30"} <= set(texts(figure))
    assert (
        "Of 6 sets, 2 up and 1 down by camera (adjusted p < 0.05); 1 more by GSEA or over-representation alone"
        in header(figure)
    )
    legend = [text.get_text() for text in axes.get_legend().get_texts()]
    assert legend == ["adj. p < 0.05, all contrasts", "adj. p < 0.05, this contrast", "not by camera"]


def test_dots_in_words():
    found = dots_alt_text(rows(), title="ALS", alpha=0.05)
    assert found.endswith("Surest: interferon (up), HALLMARK_TNFA (down) and $x^2$ (up).")
    none = rows(verdicts=["not significant"] * 6)
    assert dots_alt_text(none, title="ALS", alpha=0.05).endswith("None is significant.")
    assert count_words(none, 0.05) == "Of 6 sets, 0 up and 0 down by camera (adjusted p < 0.05)."


def curves(n_genes=500):
    weights = np.abs(np.sort(np.random.default_rng(0).normal(size=n_genes))[::-1])
    hits = {"interferon": np.arange(30), "HALLMARK_TNFA": np.arange(480, 500)}
    others = {name: np.arange(5, 500, 41) for name in ("$x^2$", "<b>", "fifth")}
    return {name: running_score(weights, at) for name, at in (hits | others).items()}


def test_running():
    figure = draw_running(rows(), curves(), 500, title="ALS")
    panels = [axes for axes in figure.axes if axes.lines]
    assert len(panels) == 5 and len(figure.axes) == 10
    first, second = panels[:2]
    assert first.lines[1].get_color() == UP and second.lines[1].get_color() == DOWN
    np.testing.assert_allclose(first.lines[1].get_ydata().max(), 1.0)
    assert "NES 2.50, adjusted p < 1e-99 (camera), 30 genes" in [text.get_text() for text in first.texts]
    found = running_alt_text(rows(), curves(), title="ALS")
    assert "interferon (score 1.00, 30 of 30 genes lead)" in found and "HALLMARK_TNFA (score -1.00, 20 of 20" in found


def test_heatmap():
    none = rows("b", ["not significant"] * 6)
    both = pd.concat([rows(), none], ignore_index=True)
    assert heatmap_sets(both) == ["interferon", "HALLMARK_TNFA"]
    assert heatmap_sets(none) == ["interferon", "HALLMARK_TNFA", "$x^2$", "<b>", "fifth"]
    figure = draw_pathway_heatmap(both, ["a", "b", "refused"], title="All", alpha=0.05)
    axes = figure.axes[0]
    mesh = axes.collections[0].get_array()
    np.testing.assert_allclose(mesh[:, :2], [[2.5, 2.5], [-2.0, -2.0]])
    assert np.ma.getmaskarray(mesh)[:, 2].all() or np.isnan(mesh[:, 2]).all()
    assert axes.collections[1].get_offsets().tolist() == [[0.5, 0.5], [0.5, 1.5]]
    assert "not tested" in texts(figure)
    found = pathway_heatmap_alt_text(both, ["a", "b", "refused"], title="All")
    assert found.endswith("2 gene sets by 3 contrasts. Significant sets: a 3, b 0, refused 0.")


def test_nothing_to_draw():
    empty = rows().iloc[:0]
    why = "No gene set is tested: groups share no sex."
    assert why in figure_bytes(draw_dots(empty, title="t", alpha=0.05, nothing=why), "svg", "x").decode()
    assert why in figure_bytes(draw_running(empty, {}, 0, title="t", nothing=why), "svg", "x").decode()
    assert dots_alt_text(empty, title="t", alpha=0.05, nothing=why) == f"t. {why}"
    assert running_alt_text(empty, {}, title="t", nothing=why) == f"t. {why}"
    found = pathway_heatmap_alt_text(empty, ["a"], title="t")
    assert found == "t. No gene set was tested in any contrast, so there is no heatmap."
    assert b"so there is no heatmap" in figure_bytes(
        draw_pathway_heatmap(empty, ["a"], title="t", alpha=0.05), "svg", found
    )


def test_same_bytes_each_time():
    one, two = (figure_bytes(draw_dots(rows(), title="t", alpha=0.05), "svg", "x") for _ in range(2))
    assert one == two


def test_names_and_p_values():
    assert set_name("HALLMARK_INTERFERON_GAMMA_RESPONSE") == "HALLMARK INTERFERON GAMMA RESPONSE"
    long = "chemokines and inflammatory molecules in myeloid cells (M86.0)"
    assert len(set_name(long)) == 46 and set_name(long).endswith("d cells (M86.0)")
    assert [p_text(p) for p in (0.0312, 2e-6, 0.0, np.nan)] == ["0.031", "2e-06", "< 1e-99", "–"]
