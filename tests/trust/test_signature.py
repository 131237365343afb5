"""Genes changed against all comparators: the largest p-value, one direction, the fold change in each."""

import numpy as np
import pandas as pd
import pytest
from trust_cohorts import ENDPOINT

from lateralis.model.endpoint import call_genes
from lateralis.trust.signature import signature_table, stagewise


def results(effects, errors, pvalues=None):
    effects, errors = np.asarray(effects, dtype=float), np.asarray(errors, dtype=float)
    from scipy.stats import norm

    statistics = pd.DataFrame(
        {
            "gene_id": [f"g{number}" for number in range(len(effects))],
            "gene_name": "",
            "baseMean": 100.0,
            "log2FoldChange": effects,
            "lfcSE": errors,
            "stat": effects / errors,
            "pvalue": 2 * norm.sf(np.abs(effects / errors)) if pvalues is None else pvalues,
            "log2FoldChange_shrunken": effects,
            "na_reason": "",
        }
    )
    return call_genes(statistics, ENDPOINT)


@pytest.fixture
def three():
    # up in all; up in two and down in one; called in one and flat, precisely, in the others; called in one and vague
    # elsewhere; flat in all; large in all but small in one
    return {
        "a": results([2, 2, 2, 2, 0.0, 2], [0.2, 0.2, 0.2, 0.2, 0.05, 0.1]),
        "b": results([2, 2, 0.05, 0.5, 0.0, 2], [0.3, 0.2, 0.05, 0.6, 0.05, 0.1]),
        "c": results([2, -2, 0.0, 0.4, 0.0, 0.3], [0.2, 0.2, 0.05, 0.6, 0.05, 0.02]),
    }


def test_the_largest_p_value_counts_where_signs_agree(three):
    table = signature_table(three, ENDPOINT).set_index("gene_id")
    assert table.loc["g0", "pvalue"] == three["b"].set_index("gene_id").loc["g0", "pvalue"]
    assert table["call"].tolist() == ["up", "none", "none", "none", "none", "none"]
    assert table.loc["g1", ["direction", "pvalue"]].tolist() == ["mixed", 1.0]
    assert table.loc["g5", "padj"] < 0.05  # but the fold change is not reached in each
    assert table["called_in"].tolist()[:4] == ["a, b, c", "a, b, c", "a", "a"]


def test_one_only_needs_equivalence_elsewhere(three):
    pattern = signature_table(three, ENDPOINT).set_index("gene_id")["pattern"]
    assert pattern.to_dict() == {
        "g0": "all",
        "g1": "undetermined",
        "g2": "one_only",
        "g3": "undetermined",
        "g4": "none",
        "g5": "undetermined",
    }


def test_genes_without_a_test_somewhere_are_not_in_the_family(three):
    three["b"].loc[0, ["pvalue", "padj"]] = np.nan
    table = signature_table(three, ENDPOINT).set_index("gene_id")
    assert np.isnan(table.loc["g0", "padj"])
    assert table.loc["g0", "call"] == "none"


def test_the_test_holds_its_level_on_the_border_of_the_null():
    """Changed in one contrast and not at all in the other: not more than alpha in p, far less when it is in neither."""
    rng = np.random.default_rng(0)
    n = 20_000
    for first, most in ((5.0, 0.05), (0.0, 0.01)):
        noisy = {"a": results(first + rng.normal(size=n), np.ones(n)), "b": results(rng.normal(size=n), np.ones(n))}
        share = (signature_table(noisy, ENDPOINT)["pvalue"] < 0.05).mean()
        assert share <= most + 2 * np.sqrt(0.05 * 0.95 / n)


def test_stages_confirm_within_screened_genes():
    screen = results([0] * 4, [1] * 4, pvalues=[1e-6, 1e-6, 0.5, 0.04])
    found = stagewise(
        screen,
        {
            "a": results([0] * 4, [1] * 4, pvalues=[0.001, 0.02, 1e-9, 0.001]),
            "b": results([0] * 4, [1] * 4, pvalues=[0.02, 0.9, 1e-9, 0.5]),
        },
        0.05,
    ).set_index("gene_id")
    # two genes of four pass the screen, so contrasts are confirmed at 0.05 · 2/4; Holm doubles the smaller p-value
    assert found["stagewise:a"].tolist() == [True, False, False, False]
    assert found["stagewise:b"].tolist() == [True, False, False, False]
