"""Genes matched across cohorts, calls on pooled effects, and rates of replication, against small cases and simulated truth."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from lateralis.biology.gene_matching import match_genes
from lateralis.biology.replication import (
    align_results,
    meta_columns,
    meta_table,
    replicating_best,
    rows_of_genes,
)
from lateralis.biology.replication_rates import (
    concordance_table,
    power_one_sided,
    replication_table,
    share_interval,
)
from lateralis.config import Endpoint
from lateralis.model.endpoint import call_genes

ENDPOINT = Endpoint(fold_change=1.5, alpha=0.05, headline="fdr")


def genes(*pairs):
    return pd.DataFrame(pairs, columns=["gene_id", "gene_name"])


def results_of(effects, errors, names=None, ids=None):
    """Results as a cohort writes them; a gene whose effect is missing had too few counts."""
    effects, errors = np.asarray(effects, dtype=float), np.asarray(errors, dtype=float)
    ids = [f"g{number:05d}" for number in range(len(effects))] if ids is None else ids
    statistics = pd.DataFrame(
        {
            "gene_id": ids,
            "gene_name": ids if names is None else names,
            "baseMean": 100.0,
            "log2FoldChange": effects,
            "lfcSE": errors,
            "stat": effects / errors,
            "pvalue": 2 * stats.norm.sf(np.abs(effects / errors)),
            "log2FoldChange_shrunken": effects / 2,
            "na_reason": np.where(np.isnan(effects), "low_count_filter", ""),
        }
    )
    return call_genes(statistics, ENDPOINT)


# --- which gene is which ---


def test_versions_are_left_out():
    matched = match_genes(
        {
            "a": genes(("ENSG00000000003.15", "TSPAN6"), ("ENSG00000000005.6", "TNMD")),
            "b": genes(("ENSG00000000005", "other"), ("ENSG00000000003.2", "TSPAN6")),
        }
    )
    assert matched.genes["gene_id"].tolist() == ["ENSG00000000003", "ENSG00000000005"]
    assert matched.rows.tolist() == [[0, 1], [1, 0]]
    assert matched.counts.values.tolist() == [["a", 2, 0, 0, 2], ["b", 2, 2, 0, 0]]


def test_a_version_that_tells_two_genes_apart_stays():
    matched = match_genes({"a": genes(("ENSG00000000003.1", "x"), ("ENSG00000000003.2", "y"))})
    assert matched.genes["gene_id"].tolist() == ["ENSG00000000003.1", "ENSG00000000003.2"]
    par = match_genes({"a": genes(("ENSG00000182378.15", "PLCXD1"), ("ENSG00000182378.15_PAR_Y", "PLCXD1"))})
    assert par.genes["gene_id"].tolist() == ["ENSG00000182378", "ENSG00000182378.15_PAR_Y"]


def test_a_dot_in_another_name_is_no_version():
    assert match_genes({"a": genes(("AC012345.1", "AC012345.1"))}).genes["gene_id"].tolist() == ["AC012345.1"]


def test_names_match_what_identifiers_do_not():
    ensembl = genes(
        ("ENSG00000000003", "TSPAN6"), ("ENSG00000000005", "Y_RNA"), ("ENSG00000000419", "Y_RNA"), ("e", "")
    )
    symbols = genes(("tspan6", "tspan6"), ("Y_RNA", "Y_RNA"), ("MISSING", "MISSING"), ("f", ""))
    matched = match_genes({"a": ensembl, "b": symbols})
    found = dict(zip(matched.genes["gene_id"], matched.rows.tolist(), strict=True))
    assert found == {
        "ENSG00000000003": [0, 0],
        "ENSG00000000005": [1, -1],
        "ENSG00000000419": [2, -1],
        "e": [3, -1],
        "Y_RNA": [-1, 1],
        "MISSING": [-1, 2],
        "f": [-1, 3],
    }
    assert matched.counts.values.tolist() == [["a", 4, 0, 0, 4], ["b", 4, 0, 1, 3]]


def test_a_gene_matched_by_identifier_is_not_taken_again_by_its_name():
    matched = match_genes({"a": genes(("id1", "SYM")), "b": genes(("id1", "SYM"), ("id2", "SYM"))})
    assert dict(zip(matched.genes["gene_id"], matched.rows.tolist(), strict=True)) == {"id1": [0, 0], "id2": [-1, 1]}


def test_a_third_cohort_joins_by_either():
    matched = match_genes(
        {"a": genes(("id1", "S1")), "b": genes(("id2", "S2")), "c": genes(("S1", "S1"), ("id2", "x"))}
    )
    assert matched.rows.tolist() == [[0, -1, 0], [-1, 0, 1]]


# --- calls ---


@pytest.fixture(scope="module")
def three():
    """Seven genes: up in all; down in all, in one too little; mixed; missing in one; in two; heterogeneous; 0 in one."""
    nan = np.nan
    effects = {
        "a": [2.0, -1.0, 1.0, 1.0, nan, 3.0, 0.0],
        "b": [2.02, -0.5, -1.0, 1.0, nan, 0.8, 1.0],
        "c": [1.98, -1.0, 1.0, nan, 1.0, 0.9, 1.0],
    }
    return align_results({name: results_of(values, [0.05] * 7) for name, values in effects.items()})


@pytest.fixture(scope="module")
def table(three):
    return meta_table(three, ENDPOINT)


def test_columns(table, three):
    assert list(table) == meta_columns(three.cohorts)
    assert list(table)[:5] == ["gene_id", "gene_name", "cohorts", "not_tested_in", "log2FoldChange:a"]
    assert list(table)[-4:] == ["padj_every", "call", "call_fixed", "call_every"]


def test_untested_genes_are_told(table):
    assert table["cohorts"].tolist() == [3, 3, 3, 2, 1, 3, 3]
    few = "low_count_filter"
    assert table["not_tested_in"].tolist() == ["", "", "", f"c ({few})", f"a ({few}), b ({few})", "", ""]
    alone = align_results({"a": results_of([1], [0.1], ids=["x"]), "b": results_of([1], [0.1], ids=["y"])})
    assert meta_table(alone, ENDPOINT)["not_tested_in"].tolist() == ["b (absent)", "a (absent)"]


def test_signs(table):
    assert table["same_sign"].tolist()[:4] == [True, True, False, True]
    assert table["same_sign"].isna().tolist() == [False] * 4 + [True, False, False]
    assert table["same_sign"].tolist()[5:] == [True, False]  # an effect of 0 agrees with nothing


def test_a_gene_called_in_every_cohort(table):
    """The weakest fold change of the second gene, 2^0.5, is below 1.5; the fourth was not tested in all."""
    assert table["call_every"].tolist() == ["up", "none", "none", "none", "none", "up", "none"]
    assert table.loc[1, "pvalue_every"] == pytest.approx(2 * stats.norm.sf(10), rel=1e-9)
    assert table.loc[[2, 6], "pvalue_every"].tolist() == [1, 1]
    assert table.loc[[3, 4], "pvalue_every"].isna().all()


def test_random_effects_call_what_is_alike(table):
    assert table["call"].tolist() == ["up", "none", "none", "none", "none", "none", "none"]
    assert table["call_fixed"].tolist() == ["up", "down", "none", "up", "none", "up", "up"]
    assert table.loc[0, "padj_random"] == pytest.approx(6 * table.loc[0, "pvalue_random"])
    assert table["heterogeneous"].tolist()[:4] == [False, True, True, False]
    assert pd.isna(table.loc[4, "heterogeneous"])


def test_best_are_strong_in_the_weakest_cohort(three):
    assert replicating_best(three).tolist() == [0, 5, 1]
    assert replicating_best(three, most=1).tolist() == [0]


def test_asked_genes_are_found_by_identifier_or_name():
    ids, names = ["ENSG00000000003.1", "b", "c"], ["TSPAN6", "twin", "TWIN"]
    aligned = align_results({name: results_of([1, 1, 1], [1, 1, 1], names, ids) for name in ("x", "y")})
    found = rows_of_genes(aligned, ["ENSG00000000003.9", "tspan6", "Twin", "none"])
    assert found == {"ENSG00000000003.9": [0], "tspan6": [0], "Twin": [1, 2], "none": []}


# --- rates ---


def test_rates_by_hand():
    """Of four genes called in a, one is not tested in b; one is of the other sign, one too weak."""
    a = results_of([2, -2, 2, 2, 0], [0.1] * 5)
    b = results_of([1.5, 2, 0.1, np.nan, 0], [0.5, 0.1, 0.1, 0.1, 0.1])
    found = replication_table(align_results({"a": a, "b": b}), 0.05)
    row = found[(found["discovery"] == "a") & (found["rule"] == "fdr")].iloc[0]
    assert row[["called", "tested", "same_sign", "replicated", "replicated_fdr"]].tolist() == [4, 3, 2, 1, 1]
    assert row["rate"] == pytest.approx(1 / 3)
    assert row["expected_by_chance"] == pytest.approx(0.15)
    assert row["expected"] == pytest.approx(2 + stats.norm.sf(stats.norm.isf(0.05) - 4))
    assert row["expected_shrunken"] == pytest.approx(2 + stats.norm.sf(stats.norm.isf(0.05) - 2))
    assert np.isnan(row["pi1"])
    assert found[["discovery", "replication", "rule"]].values.tolist() == [
        [*pair, rule] for pair in (["a", "b"], ["b", "a"]) for rule in ("nominal", "fdr", "strict")
    ]


def test_nothing_called_gives_no_rate():
    aligned = align_results({name: results_of([0.1, 0.2], [1, 1]) for name in "ab"})
    found = replication_table(aligned, 0.05)
    assert (found[["called", "tested", "replicated", "expected"]] == 0).all(axis=None)
    assert found[["rate", "low", "high", "pi1"]].isna().all(axis=None)


def test_power_is_that_of_the_one_sided_test():
    rng = np.random.default_rng(1)
    drawn = rng.normal(0.5, 0.25, 200_000)
    found = (stats.norm.sf(drawn / 0.25) < 0.05).mean()
    assert power_one_sided(np.array(0.5), np.array(0.25), 0.05) == pytest.approx(found, abs=0.004)


@pytest.mark.parametrize(("successes", "trials"), [(0, 7), (3, 7), (7, 7), (60, 100)])
def test_interval_of_a_share(successes, trials):
    expected = stats.binomtest(successes, trials).proportion_ci(method="exact")
    assert share_interval(successes, trials) == pytest.approx((expected.low, expected.high), rel=1e-9)


def test_concordance_by_hand():
    a, b = results_of([2, -2, 1, 0, np.nan], [0.1] * 5), results_of([1, 2, 3, 1, 1], [0.1] * 5)
    found = concordance_table(align_results({"a": a, "b": b})).set_index("genes")
    assert found.index.tolist() == ["tested", "called in a", "called in b", "called in both"]
    assert found["n"].tolist() == [4, 3, 4, 3]
    assert found["same_sign"].tolist() == [2, 2, 2, 2]
    assert found.loc["tested", "spearman"] == pytest.approx(stats.spearmanr([2, -2, 1, 0], [1, 2, 3, 1])[0])
    assert found.loc["tested", ["low", "high"]].tolist() == pytest.approx(share_interval(2, 4))


# --- cohorts whose truth is known ---


def simulated(rng, n_genes, shared, own, errors, heterogeneity=0.0):
    """Cohorts of genes, of which some truly change in all, and others in one cohort each."""
    truth = np.zeros((n_genes, len(errors)))
    truth[:shared] = (rng.choice([-1, 1], shared) * rng.uniform(0.6, 1.5, shared))[:, None]
    for number in range(len(errors)):
        mine = slice(shared + number * own, shared + (number + 1) * own)
        truth[mine, number] = rng.choice([-1, 1], own) * rng.uniform(0.6, 1.5, own)
    truth[:shared] += rng.normal(0, heterogeneity, (shared, len(errors)))
    scales = np.array(errors) * rng.uniform(0.7, 1.4, (n_genes, 1))
    drawn = rng.normal(truth, scales)
    return align_results({f"c{i}": results_of(drawn[:, i], scales[:, i]) for i in range(len(errors))})


def test_null_cohorts_agree_by_chance():
    aligned = simulated(np.random.default_rng(3), 20_000, 0, 0, [0.15, 0.2, 0.3])
    found = meta_table(aligned, ENDPOINT)
    assert (found[["call", "call_fixed", "call_every"]] == "none").all(axis=None)
    assert (found["pvalue_fixed"] < 0.05).mean() == pytest.approx(0.05, abs=0.006)
    assert (found["pvalue_random"] < 0.05).mean() < 0.05
    assert (found["pvalue_every"] < 0.05).mean() < 0.001  # 0.05³/4 by chance
    concordance = concordance_table(aligned)
    assert concordance.loc[concordance["genes"] == "tested", "share"].to_numpy() == pytest.approx(0.5, abs=0.015)
    rates = replication_table(aligned, 0.05)
    nominal = rates[rates["rule"] == "nominal"]
    assert nominal["tested"].sum() > 1000
    assert nominal["replicated"].sum() / nominal["tested"].sum() == pytest.approx(0.05, abs=0.02)
    assert nominal["expected"].sum() > 10 * nominal["replicated"].sum()  # the winner's curse: what is called is noise


def test_a_shared_truth_replicates_and_an_own_one_does_not():
    aligned = simulated(np.random.default_rng(4), 10_000, 300, 300, [0.1, 0.1])
    found = meta_table(aligned, ENDPOINT)
    called = np.flatnonzero(found["call_every"] != "none")
    assert len(called) > 200
    assert (called >= 300).mean() < 0.05
    assert (found["call"] == "none").all()  # two cohorts: Student's t of one degree of freedom
    row = replication_table(aligned, 0.05).query("discovery == 'c0' and rule == 'fdr'").iloc[0]
    # half of what either calls is its own, of which 5 % pass by chance
    assert row["rate"] == pytest.approx(0.525, abs=0.05)
    assert row["pi1"] == pytest.approx(0.5, abs=0.1)
    assert row["expected"] > 0.95 * row["tested"]


def test_expected_is_met_where_the_truth_is_shared():
    aligned = simulated(np.random.default_rng(5), 10_000, 1500, 0, [0.2, 0.35])
    row = replication_table(aligned, 0.05).query("discovery == 'c0' and rule == 'fdr'").iloc[0]
    assert 0.6 < row["rate"] < 0.95
    assert row["replicated"] == pytest.approx(row["expected"], rel=0.06)
    assert row["replicated"] < row["expected"]  # still the winner's curse
