"""RNA and protein: correlations against scipy and closed forms, genes found by id and symbol, evidence by its definition."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from lateralis.biology.concordance import (
    CANDIDATE_COLUMNS,
    CONCORDANCE_COLUMNS,
    candidate_table,
    correlate_pairs,
    evidence,
    join_directions,
    map_genes,
    protein_ranks,
    rank_correlation,
)
from lateralis.model.multiplicity import benjamini_hochberg

VAR = pd.DataFrame(
    {
        "ensembl_id": ["ENSG00000000001", "ENSG00000000002", "ENSG00000000003", "ENSG00000000004"],
        "gene_name": ["IL6", "FUT3", "TWIN", "TWIN"],
    },
    index=pd.Index(
        ["ENSG00000000001.4", "ENSG00000000002.1", "ENSG00000000003.1", "ENSG00000000004.9"], name="gene_id"
    ),
)


def test_genes_are_found_by_id_with_and_without_version_and_by_symbol():
    given = pd.Series(
        {
            "a": "ENSG00000000001.4",
            "b": "ENSG00000000001",
            "c": "ENSG00000000001.7",
            "d": "IL6",
            "e": "FUT3;FUT5",
            "f": "TWIN",
            "g": "",
            "h": "IL6, IL6 / FUT3",
        }
    )
    found = map_genes(given, VAR)
    assert [tuple(row) for row in found.itertuples(index=False)] == [
        ("a", "ENSG00000000001.4", "IL6"),
        ("b", "ENSG00000000001.4", "IL6"),
        ("c", "ENSG00000000001.4", "IL6"),
        ("d", "ENSG00000000001.4", "IL6"),
        ("e", "ENSG00000000002.1", "FUT3"),
        ("e", "", "FUT5"),
        ("f", "ENSG00000000003.1", "TWIN"),
        ("f", "ENSG00000000004.9", "TWIN"),
        ("g", "", ""),
        ("h", "ENSG00000000001.4", "IL6"),
        ("h", "ENSG00000000002.1", "FUT3"),
    ]


def test_the_raw_correlation_is_spearmans():
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=40), rng.integers(0, 8, 40).astype(float)
    rho, low, high, pvalue = rank_correlation(x, y + x)
    expected = spearmanr(x, y + x)
    assert rho == pytest.approx(expected.statistic, rel=1e-10)
    assert pvalue == pytest.approx(expected.pvalue, rel=1e-8)
    half = 1.959963984540054 * np.sqrt((1 + rho**2 / 2) / 37)
    assert (low, high) == pytest.approx((np.tanh(np.arctanh(rho) - half), np.tanh(np.arctanh(rho) + half)), rel=1e-10)


def test_the_adjusted_correlation_is_the_partial_one_of_ranks():
    """Closed form for one binary covariate, whose ranks are a linear function of it."""
    rng = np.random.default_rng(2)
    group = np.repeat([0.0, 1.0], 25)
    x, y = rng.normal(size=50) + 2 * group, rng.normal(size=50) + 2 * group
    xy, xg, yg = spearmanr(x, y).statistic, spearmanr(x, group).statistic, spearmanr(y, group).statistic
    rho, _, _, pvalue = rank_correlation(x, y, group[:, None])
    assert xy > 0.3
    assert rho == pytest.approx((xy - xg * yg) / np.sqrt((1 - xg**2) * (1 - yg**2)), rel=1e-10)
    assert abs(rho) < 0.3
    assert 0.01 < pvalue < 1
    twice = rank_correlation(x, y, np.column_stack([group, group, 1 - group]))
    assert twice == pytest.approx((rho, *rank_correlation(x, y, group[:, None])[1:]), rel=1e-8)


def test_the_interval_covers_the_truth_as_often_as_it_says():
    """Bivariate normal with r = 0.6: rho = 6/π asin(r/2); 1500 draws, 0.95 within 3 standard errors of 0.0056."""
    rng = np.random.default_rng(3)
    truth = 6 / np.pi * np.arcsin(0.3)
    covered = 0
    for _ in range(1500):
        x, e = rng.normal(size=(2, 40))
        _, low, high, _ = rank_correlation(x, 0.6 * x + 0.8 * e)
        covered += low < truth < high
    assert covered / 1500 == pytest.approx(0.95, abs=0.017)


@pytest.mark.parametrize(("x", "y"), [(np.arange(4.0), np.arange(4.0)), (np.ones(20), np.arange(20.0))])
def test_too_few_people_or_no_variation_give_no_correlation(x, y):
    assert np.isnan(rank_correlation(x, y)).all()


def test_perfect_agreement_is_finite():
    assert rank_correlation(np.arange(20.0), np.arange(20.0)) == pytest.approx((1, 1, 1, 0), abs=1e-6)


def test_what_is_below_a_limit_is_one_tie_that_reaches_up_to_the_highest_limit():
    levels, below = np.array([1.0, 2.0, 2.5, 4.0, np.nan, 5.0]), np.array([True, False, True, False, False, False])
    found = protein_ranks(levels, below)
    np.testing.assert_array_equal(found[:4], [-np.inf, -np.inf, -np.inf, 4.0])
    assert np.isnan(found[4])
    np.testing.assert_array_equal(protein_ranks(levels, below & False), levels)


@pytest.fixture
def correlations():
    rng = np.random.default_rng(4)
    people = [f"P{number}" for number in range(30)]
    genes = pd.DataFrame(rng.normal(size=(30, 3)), index=people, columns=VAR.index[:3])
    levels = pd.DataFrame({"a": genes.iloc[:, 0] + 0.3 * rng.normal(size=30), "b": rng.normal(size=30)}, index=people)
    levels.iloc[:4, 0] = np.nan
    below = levels < -0.5
    design = pd.DataFrame({"Intercept": 1.0, "group": np.tile([0.0, 1.0], 15)}, index=people)
    pairs = map_genes(pd.Series({"a": "IL6", "b": "IL6;FUT3;NOWHERE"}), VAR)
    return correlate_pairs(pairs, levels.clip(lower=-0.5), below, genes, design), levels, below, genes


def test_pairs_are_correlated_over_the_people_with_both(correlations):
    found, levels, below, genes = correlations
    assert list(found["n_pairs"]) == [26, 30, 30, 0]
    assert found["spearman"].iloc[0] > 0.7
    tied = levels["a"].mask(below["a"], -9.0)[4:]
    assert found["spearman"].iloc[0] == pytest.approx(spearmanr(tied, genes.iloc[4:, 0]).statistic, rel=1e-10)
    assert found.iloc[3][["spearman", "pvalue", "padj", "spearman_adjusted"]].isna().all()
    np.testing.assert_allclose(found["padj"], benjamini_hochberg(found["pvalue"].to_numpy()))


def results(correlations):
    transcripts = pd.DataFrame(
        {
            "gene_id": VAR.index[:3],
            "log2FoldChange": [1.2, -1.5, 0.1],
            "padj": [0.01, 0.02, np.nan],
            "call_fdr": ["up", "down", "none"],
            "na_reason": ["", "", "independent_filtering"],
        }
    )
    proteins = pd.DataFrame(
        {
            "protein": ["a", "b"],
            "log2FoldChange": [0.9, 0.8],
            "padj": [0.001, 0.03],
            "call": ["up", "up"],
            "na_reason": ["", ""],
        }
    )
    return join_directions(correlations[0], transcripts, proteins, contrast="als", model="m", rule="fdr")


def test_directions_and_evidence_are_those_of_both_calls(correlations):
    found = results(correlations)
    assert list(found) == list(CONCORDANCE_COLUMNS)
    assert list(found["same_direction"]) == ["yes", "yes", "no", ""]
    assert list(evidence(found)) == ["both", "both", "opposite", "protein only"]
    assert list(found["na_reason_rna"]) == ["", "", "", "not_in_counts"]


def test_candidates_are_sorted_as_said(correlations):
    found = results(correlations)
    other = found.assign(contrast="motor", call_protein="none")
    table = candidate_table(pd.concat([other, found], ignore_index=True), ["als", "motor"])
    assert list(table) == list(CANDIDATE_COLUMNS)
    assert list(table["contrast"]) == ["als"] * 4 + ["motor"] * 3
    assert list(table["evidence"]) == ["both", "both", "opposite", "protein only"] + ["RNA only"] * 3
    assert list(table["protein"][:4]) == ["a", "b", "b", "b"]  # 0.01 and 0.03, the larger of each two
    assert list(table["padj_rna"][4:]) == [0.01, 0.01, 0.02]
    assert candidate_table(found.assign(call_rna="none", call_protein="none"), ["als"]).empty
