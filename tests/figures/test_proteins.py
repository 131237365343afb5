"""Figures of proteins: they draw what the tables hold, their words count it, and nothing to draw is said."""

import numpy as np
import pandas as pd
import pytest

from lateralis.biology.concordance import EVIDENCE, evidence
from lateralis.config import Endpoint
from lateralis.figures.proteins import (
    NO_LIMIT,
    NO_PAIR,
    NO_TEST,
    concordance_alt,
    detected_shares,
    draw_concordance,
    draw_missingness,
    draw_protein_volcano,
    missingness_alt,
    protein_volcano_alt,
)
from lateralis.figures.save import figure_bytes

ENDPOINT = Endpoint()


@pytest.fixture
def proteins():
    rng = np.random.default_rng(1)
    n = 60
    effect = np.concatenate([np.full(5, 1.5), np.full(4, -1.5), rng.normal(0, 0.2, n - 9)])
    frame = pd.DataFrame(
        {
            "protein": [f"P{number}" for number in range(n)],
            "log2FoldChange": effect,
            "stat": effect / 0.2,
            "pvalue": np.where(np.abs(effect) > 1, 1e-6, rng.uniform(0.05, 1, n)),
            "method": np.where(np.arange(n) % 3, "moderated", "censored"),
            "call": np.where(effect > 1, "up", np.where(effect < -1, "down", "none")),
        }
    )
    frame.loc[50:, ["log2FoldChange", "stat", "pvalue"]] = np.nan
    frame.loc[50:, ["call", "method"]] = ["none", ""]
    return frame


def test_the_volcano_draws_each_tested_protein_once_and_counts_the_calls(proteins):
    figure = draw_protein_volcano(proteins, title="als vs control", endpoint=ENDPOINT)
    drawn = np.concatenate([scatter.get_offsets() for scatter in figure.axes[0].collections])
    assert len(drawn) == 50
    texts = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert texts == ["5 up", "4 down", "41 not called", "hollow: values below the limit (17)"]
    hollow = [s for s in figure.axes[0].collections if len(s.get_facecolors()) == 0 and len(s.get_offsets())]
    assert sum(len(scatter.get_offsets()) for scatter in hollow) == 17
    alt = protein_volcano_alt(proteins, title="als vs control", endpoint=ENDPOINT)
    assert alt.startswith(
        "Volcano plot of proteins, als vs control: of 50 tested proteins, 5 up and 4 down (padj < 0.05"
    )
    assert alt.endswith("Strongest: P0, P1, P2, P3, P4, P5, P6, P7 and P8.")
    assert figure_bytes(figure, "svg", alt) == figure_bytes(
        draw_protein_volcano(proteins, title="als vs control", endpoint=ENDPOINT), "svg", alt
    )


def test_no_test_and_no_pair_are_said(proteins):
    none = proteins.assign(pvalue=np.nan)
    assert protein_volcano_alt(none, title="T", endpoint=ENDPOINT) == f"T. {NO_TEST}"
    assert said(draw_protein_volcano(none, title="T", endpoint=ENDPOINT)) == NO_TEST
    empty = pd.DataFrame(columns=["contrast", "same_direction", "call_rna", "call_protein"])
    assert concordance_alt(empty, {"a": "A"}, title="T") == f"T. {NO_PAIR}"
    assert said(draw_concordance(empty, {"a": "A"}, title="T")) == NO_PAIR


def said(figure):
    return " ".join(text.get_text() for text in figure.axes[0].texts).replace("\n", " ")


@pytest.fixture
def pairs():
    rng = np.random.default_rng(2)
    rna, protein = rng.normal(size=(2, 40))
    return pd.DataFrame(
        {
            "contrast": np.repeat(["a", "b"], 20),
            "protein": [f"P{number}" for number in range(40)],
            "log2FoldChange_rna": rna,
            "log2FoldChange_protein": protein,
            "call_rna": np.where(np.abs(rna) > 1, np.where(rna > 0, "up", "down"), "none"),
            "call_protein": np.where(np.abs(protein) > 1, np.where(protein > 0, "up", "down"), "none"),
            "same_direction": np.where(rna * protein > 0, "yes", "no"),
        }
    )


def test_each_contrast_has_a_panel_with_its_pairs_and_their_count(pairs):
    pairs.loc[0, ["same_direction", "log2FoldChange_rna"]] = ["", np.nan]
    labels = {"b": "second", "a": "first", "c": "refused"}
    figure = draw_concordance(pairs, labels, title="T")
    assert len(figure.axes) == 2
    for axes, name, size in zip(figure.axes, ("b", "a"), (20, 19), strict=True):
        drawn = np.concatenate([scatter.get_offsets() for scatter in axes.collections])
        same = int(((pairs["contrast"] == name) & (pairs["same_direction"] == "yes")).sum())
        assert len(drawn) == size
        assert axes.get_title(loc="left") == f"{labels[name]}\n{same} of {size} change the same way"
        low, high = axes.get_xlim()
        assert (drawn[:, 0] > low).all() and (drawn[:, 0] < high).all()
    alt = concordance_alt(pairs, labels, title="T")
    kinds = evidence(pairs[pairs["contrast"] == "b"])
    assert f"{(kinds == 'both').sum()} both called" in alt
    assert "refused" not in alt
    assert set(EVIDENCE) >= set(kinds) - {""}


def test_shares_are_of_the_people_measured_and_drawn_by_group():
    levels = pd.DataFrame({"A": [1.0, 2, 3, np.nan], "B": [1.0, 1, 5, 6], "C": [np.nan] * 4})
    below = pd.DataFrame({"A": [True, False, False, False], "B": [True, True, False, False], "C": [False] * 4})
    shares = detected_shares(levels, below, pd.Series(["x", "x", "y", "y"]))
    assert [tuple(row) for row in shares.itertuples(index=False)] == [
        ("A", "x", 2.5, 0.5, 1.0, 2),
        ("B", "x", 5.5, 0.0, 1.0, 2),
        ("A", "y", 2.5, 1.0, 0.5, 2),
        ("B", "y", 5.5, 1.0, 1.0, 2),
    ]
    figure = draw_missingness(shares, ["x", "y"], title="T", min_detected=0.2)
    drawn = [scatter.get_offsets() for scatter in figure.axes[0].collections]
    np.testing.assert_allclose(np.concatenate(drawn), [[2.5, 0.5], [5.5, 0], [2.5, 1], [5.5, 1]])
    assert "12.5% of the values were not measured." in [text.get_text() for text in figure.texts]
    assert missingness_alt(shares, ["x", "y"], title="T") == (
        "T. x: 2 of 2 proteins below the limit in some, median share above it 25%; y: 0 of 2 proteins below the limit in "
        "some, median share above it 100%."
    )
    whole = detected_shares(levels[["B"]], below[["B"]] & False, pd.Series(["x"] * 4))
    assert said(draw_missingness(whole, ["x"], title="T", min_detected=0.2)) == NO_LIMIT
