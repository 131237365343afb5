"""The accounting of people and the sentences of the summary, on a table small enough to count by hand."""

import numpy as np
import pandas as pd
import pytest

from lateralis.biology.protein_summary import contrast_facts, missing_with_level, people_table, sentences
from lateralis.inputs.proteins import ProteinTable


def made(levels, below=None):
    frame = pd.DataFrame(levels, index=pd.Index([f"P{number}" for number in range(len(levels))], name="participant"))
    low = (
        pd.DataFrame(False, index=frame.index, columns=frame.columns)
        if below is None
        else pd.DataFrame(below, index=frame.index)
    )
    return ProteinTable(frame, low, pd.DataFrame({"gene": "", "limit": np.nan}, index=frame.columns), 0)


def test_everybody_has_a_row_and_a_reason():
    table = made([[1.0, 2.0], [1.0, np.nan], [np.nan, np.nan], [5.0, 5.0]], [[True, False]] + [[False, False]] * 3)
    units = pd.Series(["P0", "P0", "P1", "P2", "P9", ""], index=[f"S{number}" for number in range(6)])
    reasons = pd.Series(["excluded: late", "", "missing age", "", "", ""], index=units.index)
    found = people_table(table, units, {"m": reasons})
    assert list(found["id"]) == ["P0", "P1", "P2", "P3", "P9"]
    assert list(found["in_table"]) == ["yes", "yes", "yes", "yes", "no"]
    assert list(found["in_cohort"]) == ["yes", "yes", "yes", "no", "yes"]
    assert list(found["n_samples"]) == [2, 1, 1, 0, 1]
    assert list(found["n_below_limit"])[:4] == [1, 0, 0, 0]
    assert list(found["n_missing"])[:4] == [0, 1, 2, 0]
    assert found["n_detected"].isna().tolist() == [False] * 4 + [True]
    assert list(found["model:m"]) == [
        "in",
        "missing age",
        "no protein was measured",
        "not in the cohort",
        "not in the table of proteins",
    ]


def test_cells_that_are_empty_because_they_are_low_show_across_proteins():
    rng = np.random.default_rng(1)
    means = np.linspace(2, 8, 40)
    levels = means + rng.normal(0, 0.5, (30, 40))
    at_random = np.where(rng.random(levels.shape) < 0.2, np.nan, levels)
    assert missing_with_level(made(at_random)) is None
    low = np.where(rng.random(levels.shape) < 1 / (1 + np.exp(levels - 3)), np.nan, levels)
    assert missing_with_level(made(low)) < -0.7
    assert missing_with_level(made(low[:, :10])) is None  # too few proteins to see it


RESULTS = pd.DataFrame(
    {
        "pvalue": [0.01, 0.5, np.nan, np.nan],
        "method": ["censored", "moderated", "", ""],
        "call": ["up", "none", "none", "none"],
        "na_reason": ["", "", "few_detected", "few_detected"],
        "padj_detection": [0.01, np.nan, 0.2, np.nan],
        "pvalue_missing": [0.001, 0.9, np.nan, np.nan],
    }
)
PAIRS = pd.DataFrame(
    {
        "same_direction": ["yes", "no", ""],
        "log2FoldChange_rna": [1.0, 0.2, np.nan],
        "log2FoldChange_protein": [1.0, -0.1, 0.5],
        "call_rna": ["up", "none", "none"],
        "call_protein": ["up", "none", "none"],
    }
)


def test_a_contrasts_numbers_and_sentences():
    facts = contrast_facts(RESULTS, PAIRS, 0.05)
    assert facts == {
        "tested": 2,
        "censored": 1,
        "up": 1,
        "down": 0,
        "not_tested": {"few_detected": 2},
        "detection_differs": 1,
        "missingness_differs": 1,
        "pairs": 2,
        "same_direction": 1,
        "correlation_of_fold_changes": None,
        "evidence": {"both": 1, "opposite": 0, "protein only": 0, "RNA only": 0},
    }
    summary = {
        "unit": "participant",
        "people": {"in_table": 9, "in_cohort": 10, "matched": 8, "not_in_cohort": 1, "not_measured": 2},
        "proteins": {"in_table": 4, "with_gene": 3},
        "cells": {"detected": 80, "below_limit": 15, "missing": 5},
        "contrasts": {
            "a": {"status": "tested", "reason": "", "n_people": 8} | facts,
            "b": {"status": "not tested", "reason": "als and control share no batch."},
        },
    }
    said = sentences(summary, {"a": "als vs control", "b": "other"}, -0.5)
    assert (
        said[0]
        == "8 of 9 participants in the table of proteins are in the cohort; 2 of the cohort's 10 have no proteins."
    )
    assert said[1] == (
        "4 proteins, 3 of them with a gene in the counts; 15.0% of all values are below a limit of detection, 5.0% were not "
        "measured."
    )
    assert said[3].startswith(
        "That is doubtful here: proteins of lower level are missing more often (rank correlation -0.50"
    )
    assert said[4:] == [
        "als vs control: 2 proteins tested in 8 people, 1 of them with values below a limit; 1 up and 0 down.",
        "als vs control: detected more often in one group than in the other, 1 protein.",
        "als vs control: measured more often in one group than in the other, and so not missing at random, 1 protein.",
        "als vs control: transcript and protein change in the same direction in 1 of 2 pairs with both fold changes, where "
        "chance alone gives half; called on both sides with one direction 1, with opposite ones 0.",
        "other: not tested. als and control share no batch.",
    ]
    assert len(sentences(summary, {"a": "als vs control", "b": "other"}, None)) == len(said) - 1


def test_the_correlation_of_fold_changes_needs_some_pairs():
    many = pd.concat([PAIRS[:1]] * 5, ignore_index=True).assign(
        log2FoldChange_rna=np.arange(5.0), log2FoldChange_protein=[0.0, 1, 2, 4, 3]
    )
    assert contrast_facts(RESULTS, many, 0.05)["correlation_of_fold_changes"] == pytest.approx(0.9)
