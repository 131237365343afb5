"""Calls of genes: three rules, their edges, and the reasons for what is empty, each worked out by hand."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from lateralis.config import Endpoint
from lateralis.io import read_table, write_table
from lateralis.model.endpoint import (
    RESULT_COLUMNS,
    RULES,
    call_genes,
    called_genes,
    count_calls,
    headline_calls,
    headline_rule,
)
from lateralis.model.multiplicity import independent_filtering

ENDPOINT = Endpoint(fold_change=1.5, alpha=0.05, headline="fdr")
EDGE = np.log2(1.5)


def statistics(effects, pvalues, errors=None, base_mean=100.0, reasons=""):
    """Statistics of genes g0, g1, … as a contrast's test writes them."""
    n_genes = len(effects)
    effects, pvalues = np.array(effects, dtype=float), np.array(pvalues, dtype=float)
    return pd.DataFrame(
        {
            "gene_id": [f"g{number}" for number in range(n_genes)],
            "gene_name": [f"N{number}" for number in range(n_genes)],
            "baseMean": np.broadcast_to(base_mean, n_genes).astype(float),
            "log2FoldChange": effects,
            "lfcSE": np.full(n_genes, 0.3) if errors is None else np.array(errors, dtype=float),
            "stat": np.sign(effects) * stats.norm.isf(pvalues / 2),
            "pvalue": pvalues,
            "log2FoldChange_shrunken": np.nan,
            "na_reason": reasons,
        }
    )


def test_columns_are_those_of_the_contract_in_its_order():
    columns = ["gene_id", "gene_name", "baseMean", "log2FoldChange", "lfcSE", "stat", "pvalue", "padj"]
    columns += ["log2FoldChange_shrunken", "pvalue_threshold", "padj_threshold"]
    columns += ["call_nominal", "call_fdr", "call_strict", "na_reason"]
    assert list(RESULT_COLUMNS) == columns
    assert call_genes(statistics([1, 2], [0.1, 0.2]), ENDPOINT).columns.tolist() == columns
    assert RULES == ("nominal", "fdr", "strict")


@pytest.mark.parametrize(
    ("effect", "expected"),
    [
        (EDGE, "up"),
        (-EDGE, "down"),
        (np.nextafter(EDGE, 0), "none"),
        (-np.nextafter(EDGE, 0), "none"),
        (np.nextafter(EDGE, 1), "up"),
        (0.0, "none"),
        (5.0, "up"),
        (-5.0, "down"),
    ],
)
def test_a_fold_change_at_the_limit_counts(effect, expected):
    # one gene: padj is the p-value
    results = call_genes(statistics([effect], [0.01]), ENDPOINT)
    assert results[["call_nominal", "call_fdr"]].to_numpy().tolist() == [[expected, expected]]


@pytest.mark.parametrize(
    ("pvalue", "expected"),
    [(0.05, "none"), (np.nextafter(0.05, 0), "up"), (np.nextafter(0.05, 1), "none"), (0.0, "up")],
)
def test_a_pvalue_at_alpha_does_not(pvalue, expected):
    results = call_genes(statistics([1.0], [pvalue]), ENDPOINT)
    assert results[["call_nominal", "call_fdr"]].to_numpy().tolist() == [[expected, expected]]
    assert results["padj"].tolist() == [pvalue]


def test_a_fold_change_of_one_asks_for_none():
    results = call_genes(statistics([1e-9, -1e-9], [0.01, 0.01]), Endpoint(fold_change=1.0))
    assert results["call_fdr"].tolist() == ["up", "down"]
    np.testing.assert_allclose(results["pvalue_threshold"], 1.0, atol=1e-8)


def test_rules_read_their_own_pvalues():
    # adjusted over four tests: 0.001·4, 0.02·4/2, 0.04·4/3 > 0.05, 0.9
    table = statistics([2.0, -2.0, 2.0, -2.0], [0.001, 0.02, 0.04, 0.9], errors=[0.1, 1.0, 0.1, 0.5])
    results = call_genes(table, ENDPOINT)
    np.testing.assert_allclose(results["padj"], [0.004, 0.04, 0.16 / 3, 0.9], rtol=1e-12)
    beyond = 2 * stats.norm.sf((2 - EDGE) / np.array([0.1, 1.0, 0.1, 0.5]))
    np.testing.assert_allclose(results["pvalue_threshold"], beyond, rtol=1e-12)
    np.testing.assert_allclose(
        results["padj_threshold"], [2 * beyond[0], beyond[1], 2 * beyond[2], beyond[3] * 4 / 3], rtol=1e-9
    )
    assert results["call_nominal"].tolist() == ["up", "down", "up", "none"]
    assert results["call_fdr"].tolist() == ["up", "down", "none", "none"]
    assert results["call_strict"].tolist() == ["up", "none", "up", "down"]  # by the threshold's p-value alone


def test_genes_are_sorted_by_id_and_keep_their_rows():
    table = statistics([1.0, 2.0, 3.0], [0.1, 0.2, 0.3])
    shuffled = call_genes(table.iloc[[2, 0, 1]], ENDPOINT)
    pd.testing.assert_frame_equal(shuffled, call_genes(table, ENDPOINT))
    assert shuffled["gene_id"].tolist() == ["g0", "g1", "g2"]


def cohort_like(seed=0):
    """Genes of every fate: 40 low, 10 all zero, 5 outliers, 3 without convergence; of 1600 tested, the last 300 changed."""
    rng = np.random.default_rng(seed)
    fates = [("low_count_filter", 40), ("all_zero", 10), ("cooks_outlier", 5), ("no_convergence", 3), ("", 1600)]
    reasons = np.repeat([fate for fate, _ in fates], [size for _, size in fates])
    n_genes = len(reasons)
    base_mean = np.select(
        [reasons == "low_count_filter", reasons == "all_zero"], [0.5, 0.0], rng.uniform(5, 20, n_genes)
    )
    base_mean[-500:] = rng.uniform(100, 1000, 500)
    z = rng.normal(size=n_genes)
    z[-300:] += rng.normal(0, 3, 300)
    error = np.where(np.isin(reasons, ["", "cooks_outlier"]), 0.2, np.nan)
    pvalue = np.where(reasons == "", 2 * stats.norm.sf(np.abs(z)), np.nan)
    table = statistics(z * error, pvalue, errors=error, base_mean=base_mean, reasons=reasons)
    table["stat"] = table["log2FoldChange"] / table["lfcSE"]
    return table.sample(frac=1, random_state=seed)


def test_every_empty_value_has_its_reason_and_no_other():
    table = cohort_like()
    results = call_genes(table, ENDPOINT).merge(table[["gene_id", "na_reason"]], on="gene_id", suffixes=("", "_given"))
    given = results["na_reason_given"]
    assert (results["pvalue"].isna() == (given != "")).all()
    assert (results.loc[given != "", "na_reason"] == given[given != ""]).all()
    filtered = results["na_reason"] == "independent_filtering"
    assert filtered.sum() > 50
    assert (filtered == (results["pvalue"].notna() & results["padj"].isna())).all()
    assert (results["na_reason"] == "").equals(results["padj"].notna())
    empty = results["pvalue"].isna()
    assert results.loc[empty, ["padj", "pvalue_threshold", "padj_threshold"]].isna().all(axis=None)
    assert (results.loc[empty, ["call_nominal", "call_fdr", "call_strict"]] == "none").all(axis=None)
    # an outlier gene keeps its estimate
    assert results.loc[given == "cooks_outlier", ["log2FoldChange", "lfcSE", "stat"]].notna().all(axis=None)


def test_genes_never_tested_do_not_move_the_filter():
    table = cohort_like()
    in_fit = table[~table["na_reason"].isin(["low_count_filter", "all_zero"])]
    results = call_genes(table, ENDPOINT).set_index("gene_id")
    alone = independent_filtering(in_fit["pvalue"].to_numpy(), in_fit["baseMean"].to_numpy(), 0.05)
    np.testing.assert_array_equal(results.loc[in_fit["gene_id"], "padj"], alone.padj)


def test_alpha_and_fold_change_of_the_endpoint_decide():
    table = cohort_like()
    for endpoint in (ENDPOINT, Endpoint(fold_change=2, alpha=0.05), Endpoint(fold_change=1.5, alpha=0.2)):
        results = call_genes(table, endpoint)
        large = results["log2FoldChange"].abs() >= np.log2(endpoint.fold_change)
        for column, call in (("pvalue", "call_nominal"), ("padj", "call_fdr")):
            assert ((results[call] != "none") == (large & (results[column] < endpoint.alpha))).all()
        assert ((results["call_strict"] != "none") == (results["padj_threshold"] < endpoint.alpha)).all()
        assert (results.loc[results["call_nominal"] == "up", "log2FoldChange"] > 0).all()
        assert (results.loc[results["call_strict"] == "down", "log2FoldChange"] < 0).all()


def test_a_contrast_without_any_pvalue_calls_nothing():
    table = statistics(
        [np.nan] * 3, [np.nan] * 3, errors=[np.nan] * 3, reasons=["all_zero", "cooks_outlier", "low_count_filter"]
    )
    results = call_genes(table, ENDPOINT)
    assert results[["padj", "padj_threshold", "pvalue_threshold"]].isna().all(axis=None)
    assert (results[["call_nominal", "call_fdr", "call_strict"]] == "none").all(axis=None)
    assert results["na_reason"].tolist() == ["all_zero", "cooks_outlier", "low_count_filter"]
    assert count_calls(results)[["tested", "up", "down"]].to_numpy().sum() == 0
    assert called_genes(results, "fdr").empty


def test_counts_are_those_of_the_calls():
    results = call_genes(cohort_like(), ENDPOINT)
    counts = count_calls(results).set_index("rule")
    assert counts.index.tolist() == list(RULES)
    assert counts.loc["nominal", "tested"] == 1600
    assert counts.loc["fdr", "tested"] == 1600 - (results["na_reason"] == "independent_filtering").sum()
    assert counts.loc["strict", "tested"] == results["padj_threshold"].notna().sum()
    for rule in RULES:
        calls = results[f"call_{rule}"].value_counts()
        assert (counts.loc[rule, "up"], counts.loc[rule, "down"]) == (calls["up"], calls["down"])
        assert calls.sum() == len(results)
        assert len(called_genes(results, rule)) == calls["up"] + calls["down"] > 5


def test_called_genes_stand_strongest_first_with_underflow_told_apart_by_the_statistic():
    table = statistics([3.0, -2.0, 2.0, 1.0, 1.0, -3.0], [0.0, 0.0, 1e-5, 1e-9, 1e-9, 0.9])
    table["stat"] = [40.0, -45.0, 4.4, 6.1, 6.1, -0.1]
    results = call_genes(table, ENDPOINT)
    assert called_genes(results, "fdr")["gene_id"].tolist() == ["g1", "g0", "g3", "g4", "g2"]
    assert called_genes(results, "fdr").index.tolist() == [0, 1, 2, 3, 4]


def test_strict_calls_stand_by_the_pvalue_of_the_threshold():
    # the larger effect is the less certain one
    table = statistics([4.0, 1.2], [1e-20, 1e-30], errors=[0.5, 0.1])
    assert called_genes(call_genes(table, ENDPOINT), "strict")["gene_id"].tolist() == ["g0", "g1"]
    assert called_genes(call_genes(table, ENDPOINT), "fdr")["gene_id"].tolist() == ["g1", "g0"]


def without_fold_changes(table):
    """Statistics of a likelihood-ratio test."""
    return table.drop(columns=["log2FoldChange", "lfcSE", "log2FoldChange_shrunken"])


def test_a_likelihood_ratio_test_is_called_by_its_pvalue_alone():
    # adjusted over four tests: 0.001·4, 0.02·4/2, 0.04·4/3 > 0.05, 0.9
    table = without_fold_changes(statistics([0.0, 0.1, 2.0, 2.0], [0.001, 0.02, 0.04, 0.9]))
    results = call_genes(table, ENDPOINT)
    assert results.columns.tolist() == list(RESULT_COLUMNS)
    np.testing.assert_allclose(results["padj"], [0.004, 0.04, 0.16 / 3, 0.9], rtol=1e-12)
    assert results["call_nominal"].tolist() == ["changed", "changed", "changed", "none"]
    assert results["call_fdr"].tolist() == ["changed", "changed", "none", "none"]
    assert results["call_strict"].tolist() == [""] * 4
    empty = ["log2FoldChange", "lfcSE", "log2FoldChange_shrunken", "pvalue_threshold", "padj_threshold"]
    assert results[empty].isna().all(axis=None)


def test_a_likelihood_ratio_test_is_filtered_and_adjusted_like_a_wald_test():
    table = cohort_like()
    wald, lrt = call_genes(table, ENDPOINT), call_genes(without_fold_changes(table), ENDPOINT)
    pd.testing.assert_frame_equal(
        lrt[["gene_id", "stat", "pvalue", "padj", "na_reason"]],
        wald[["gene_id", "stat", "pvalue", "padj", "na_reason"]],
    )
    assert ((lrt["call_fdr"] == "changed") == (wald["padj"] < 0.05)).all()


def test_counts_of_a_likelihood_ratio_test_are_of_changed_genes():
    results = call_genes(without_fold_changes(cohort_like()), ENDPOINT)
    counts = count_calls(results).set_index("rule")
    assert counts[["up", "down"]].isna().all(axis=None)
    assert counts.loc["nominal", ["tested", "changed"]].tolist() == [1600, (results["pvalue"] < 0.05).sum()]
    assert counts.loc["fdr", ["tested", "changed"]].tolist() == [
        results["padj"].notna().sum(),
        (results["padj"] < 0.05).sum(),
    ]
    assert counts.loc["strict", "tested"] == 0
    assert pd.isna(counts.loc["strict", "changed"])
    assert len(called_genes(results, "fdr")) == counts.loc["fdr", "changed"]
    assert called_genes(results, "strict").empty
    assert count_calls(call_genes(cohort_like(), ENDPOINT))["changed"].isna().all()


def test_without_a_fold_change_fdr_stands_for_strict(tmp_path):
    wald, lrt = call_genes(cohort_like(), ENDPOINT), call_genes(without_fold_changes(cohort_like()), ENDPOINT)
    assert [headline_rule(wald, rule) for rule in RULES] == list(RULES)
    assert [headline_rule(lrt, rule) for rule in RULES] == ["nominal", "fdr", "fdr"]
    write_table(tmp_path / "lrt.tsv", lrt)
    assert headline_rule(read_table(tmp_path / "lrt.tsv"), "strict") == "fdr"
    pd.testing.assert_frame_equal(count_calls(read_table(tmp_path / "lrt.tsv")), count_calls(lrt))
    assert headline_rule(lrt.head(0), "strict") == "strict"  # of a contrast that was refused nothing is known


@pytest.mark.parametrize("rule", RULES)
def test_what_has_no_counts_is_called_by_the_same_rules(rule):
    results = call_genes(cohort_like(), ENDPOINT)
    columns = ("log2FoldChange", "pvalue", "padj", "padj_threshold")
    effect, pvalue, padj, beyond = (results[name].to_numpy(dtype=float) for name in columns)
    found = headline_calls(effect, pvalue, padj, beyond, ENDPOINT.model_copy(update={"headline": rule}))
    assert list(found) == list(results[f"call_{rule}"])
    assert {"up", "down", "none"} == set(found)
