"""Tables at their limits: header-only, as a refused contrast writes them, and variables without spread or values."""

import re
from html import escape

import numpy as np
import pandas as pd
import pytest

from lateralis.figures.distances import draw_distances
from lateralis.figures.heatmap import draw_heatmap
from lateralis.figures.ma import draw_ma, ma_alt_text
from lateralis.figures.p_histogram import draw_p_histogram, p_histogram_alt_text
from lateralis.figures.pca import draw_pca
from lateralis.figures.save import figure_bytes
from lateralis.figures.volcano import draw_volcano, volcano_alt_text
from lateralis.io import read_table, write_table

pytestmark = pytest.mark.filterwarnings("error")
SETTINGS = {"title": "als against motor", "fold_change": 1.5, "alpha": 0.05, "rule": "fdr"}


def draws(figure):
    return len(figure_bytes(figure, "svg", "alt")) > 1000


def test_header_only_tables_draw_a_sentence(results, samples, tmp_path):
    write_table(tmp_path / "results.tsv.gz", results.head(0))
    empty = read_table(tmp_path / "results.tsv.gz", dtype={"gene_id": str})
    assert draws(draw_volcano(empty, **SETTINGS))
    assert draws(draw_ma(empty, **SETTINGS))
    assert draws(draw_p_histogram(empty, title="x"))
    assert draws(draw_heatmap(pd.DataFrame(columns=samples.index), empty, samples, title="x", rule="fdr"))
    texts = (
        volcano_alt_text(empty, **SETTINGS),
        ma_alt_text(empty, **SETTINGS),
        p_histogram_alt_text(empty, title="x"),
    )
    assert all("nothing to draw" in text for text in texts)


def test_tables_read_back_give_the_same_figure(results, tmp_path):
    write_table(tmp_path / "results.tsv.gz", results)
    again = read_table(tmp_path / "results.tsv.gz", dtype={"gene_id": str, "gene_name": str, "na_reason": str})
    assert figure_bytes(draw_volcano(again, **SETTINGS), "svg", "x") == figure_bytes(
        draw_volcano(results, **SETTINGS), "svg", "x"
    )


@pytest.mark.parametrize("value", [7.0, np.nan])
def test_a_variable_without_spread_or_value(results, samples, value):
    called = results[results["call_fdr"] != "none"].head(5)
    few = samples.head(10).assign(dose=value)
    expression = pd.DataFrame(
        np.random.default_rng(0).normal(size=(5, 10)), index=list(called["gene_id"]), columns=few.index
    )
    assert draws(draw_heatmap(expression, called, few, title="x", rule="fdr", annotations=["dose"]))
    assert draws(draw_pca(np.random.default_rng(1).normal(size=(10, 4)), [0.4, 0.3, 0.2, 0.1], few["dose"], title="x"))
    alike = pd.DataFrame(1 - np.eye(10), index=few.index, columns=few.index)
    assert draws(draw_distances(alike, few[["dose"]], title="x"))


def test_one_sample_a_group_still_draws(results, samples):
    called = results[results["call_fdr"] != "none"].head(3)
    two = samples.groupby("group", observed=True).head(1)
    expression = pd.DataFrame(np.arange(3.0)[:, None] * np.arange(len(two)), list(called["gene_id"]), two.index)
    assert draws(draw_heatmap(expression, called, two, title="x", rule="fdr", group="group", levels=["als", "carrier"]))


HOSTILE = [r"$\frac{", "$x^{2}$", "$x$", "<b>&amp;</b>", "_hidden", "%s {0}"]


def texts_of(figure):
    return set(re.findall(r">([^<>]+)</(?:text|tspan)>", figure_bytes(figure, "svg", "x").decode()))


def test_names_are_text_and_no_mathematics(results, samples):
    called = results[results["call_fdr"] != "none"].nsmallest(6, "pvalue").assign(gene_name=HOSTILE)
    shown = {escape(name) for name in HOSTILE}
    results = results.copy()
    results.loc[called.index, "gene_name"] = HOSTILE
    volcano = draw_volcano(results, **SETTINGS | {"title": HOSTILE[0]})
    assert draws(volcano)
    named = {text.get_text() for text in volcano.axes[0].texts}
    assert len(named & set(HOSTILE)) >= 4  # of two that overlap, one is left out
    few = samples.head(12).set_axis([*HOSTILE, *(f"{name} again" for name in HOSTILE)])
    few = few.assign(group=pd.Categorical(HOSTILE * 2, HOSTILE))
    expression = pd.DataFrame(np.random.default_rng(0).normal(size=(6, 12)), list(called["gene_id"]), few.index)
    given = {"title": HOSTILE[1], "rule": "fdr", "group": "group", "levels": HOSTILE}
    assert shown <= texts_of(draw_heatmap(expression, called, few, **given))
    scores = np.random.default_rng(1).normal(size=(12, 4))
    assert {f"{name} (2)" for name in shown} <= texts_of(
        draw_pca(scores, [0.4, 0.3, 0.2, 0.1], few["group"], title=HOSTILE[2])
    )


def test_powers_of_ten_are_text(results):
    texts = texts_of(draw_ma(results, **SETTINGS))
    assert {"10¹", "10²", "10³"} <= texts
    assert not any("$" in text or "mathdefault" in text for text in texts)
