"""Leave-one-out and bootstraps: a sample that makes a gene is found, strong genes are robust, held dispersions near refits."""

import numpy as np
import pandas as pd
import pytest
from trust_cohorts import ALS, ENDPOINT, cohort, results_of, stored

from lateralis.model.refit import refit, wald_statistics
from lateralis.trust import robustness
from lateralis.trust.power import critical_p
from lateralis.trust.robustness import (
    assessed_genes,
    bootstrap,
    influence,
    leave_out_units,
    refit_without,
    robustness_table,
)


def assess(model, results, n_boot=40):
    genes = assessed_genes(results, "fdr", ENDPOINT)
    vector = model.weights(ALS, "test")
    units = leave_out_units(model.obs, {"batch": model.obs["batch"]})
    left_out = refit_without(model, vector, genes, units, threads=2)
    boot = bootstrap(model, vector, genes, model.obs["group"].to_numpy().astype(str), n=n_boot, seed=1, threads=2)
    critical = critical_p(results["padj"].to_numpy(), 0.05)
    return units, left_out, robustness_table(results, genes, left_out, boot, critical, "fdr", ENDPOINT)


def test_units_are_samples_and_levels_of_two_or_more():
    obs = pd.DataFrame({"family": ["f1", "f1", "", np.nan, "f2"]}, index=list("abcde"))
    units = leave_out_units(obs, {"family": obs["family"]})
    assert [(kind, name) for kind, name, _ in units] == [*[("sample", name) for name in "abcde"], ("family", "f1")]
    assert units[-1][2].tolist() == [True, True, False, False, False]


def test_strong_genes_are_robust_and_the_unchanged_are_not_assessed(changed):
    model, _, results = changed
    units, _, table = assess(model, results)
    assert len(units) == 24 + 2
    called = table[table["call"] != "none"]
    assert len(called) == (results["call_fdr"] != "none").sum()
    strong = called[called["gene_id"] < "g0060"].nsmallest(20, "worst_pvalue")
    assert (strong["badge"] == "robust").all()
    assert (strong["survived"] == strong["left_out"]).all()
    assert (strong["sign_stability"] == 1).all()
    assert (called["rank_low"] <= called["rank_high"]).all()


def test_a_gene_that_rests_on_one_sample_is_found():
    model, fit, _ = cohort(8, seed=3)
    counts = model.fitted.counts.copy()
    counts[:, 599] = np.random.default_rng(0).poisson(20, len(counts))
    counts[10, 599] = 900
    obs = model.obs.assign(cell=[str(number) for number in range(len(counts))])  # no replicates: no outlier is replaced
    model, fit = stored(counts, obs, model.samples, "~ batch + group", ["cell"])
    results = results_of(model, fit, ALS)
    results.loc[599, "call_fdr"] = "up"  # called or not, its badge must tell
    _, _, table = assess(model, results)
    row = table.set_index("gene_id").loc["g0599"]
    assert row["badge"] == "one_sample_driven"
    assert (table["badge"] == "one_sample_driven").sum() <= 2


def test_held_dispersions_are_near_full_refits(changed):
    model, _, results = changed
    vector = model.weights(ALS, "test")
    genes = assessed_genes(results, "fdr", ENDPOINT)
    at = model.fit.var_names.get_indexer(genes)
    units = leave_out_units(model.obs, {})[::8]
    held = refit_without(model, vector, genes, units, threads=2)
    for number, (_, _, mask) in enumerate(units):
        data = model.fitted._replace(
            counts=model.fitted.counts[~mask],
            size_factors=model.fitted.size_factors[~mask],
            cells=model.fitted.cells[~mask],
        )
        whole = wald_statistics(data, refit(data, model.design[~mask], threads=2), vector).iloc[at]
        np.testing.assert_allclose(held.log2_fold_change[number], whole["log2FoldChange"], atol=0.02)
        ratio = np.log10(held.pvalue[number]) / np.log10(whole["pvalue"].to_numpy())
        assert 0.9 < np.median(ratio) < 1.1


def test_influence_is_what_a_refit_without_the_sample_moves(changed):
    model, _, results = changed
    vector = model.weights(ALS, "test")
    genes = assessed_genes(results, "fdr", ENDPOINT)
    at = model.fit.var_names.get_indexer(genes)
    found = influence(model, vector, at)
    whole = results.set_index("gene_id").loc[genes]
    refitted = refit_without(model, vector, genes, leave_out_units(model.obs, {})).log2_fold_change
    moved = np.abs(refitted - whole["log2FoldChange"].to_numpy()) / whole["lfcSE"].to_numpy()
    # one step, dispersions held, against the whole way
    assert found.shape == moved.shape == (24, len(genes))
    assert (found.argmax(axis=0) == moved.argmax(axis=0)).mean() > 0.9
    assert np.median(np.abs(found / moved - 1)[moved > 0.1]) < 0.15


def test_in_a_large_cohort_genes_are_refitted_without_the_samples_that_move_them(changed, monkeypatch):
    model, _, results = changed
    _, every, whole = assess(model, results, n_boot=2)
    monkeypatch.setattr(robustness, "MANY_SAMPLES", 20)
    monkeypatch.setattr(robustness, "MOST_INFLUENTIAL", 4)
    units, some, table = assess(model, results, n_boot=2)
    done = np.isfinite(some.pvalue)
    of_samples = np.array([kind == "sample" for kind, _, _ in units])
    assert (done[of_samples].sum(axis=0) == 4).all()
    assert done[~of_samples].all()
    np.testing.assert_allclose(some.pvalue[done], every.pvalue[done], rtol=1e-9)
    assert (table["worst"] == whole["worst"]).mean() > 0.9
    assert (table["badge"] == whole["badge"]).mean() > 0.9


def test_a_batch_that_holds_a_whole_group_cannot_be_left_out(changed):
    model, _, results = changed
    genes = assessed_genes(results, "fdr", ENDPOINT)
    mask = (model.obs["group"] == "als").to_numpy()
    found = refit_without(model, model.weights(ALS, "test"), genes, [("batch", "x", mask)], threads=1)
    assert np.isnan(found.pvalue).all()


def test_bootstraps_repeat_with_their_seed(changed):
    model, _, results = changed
    genes = assessed_genes(results, "fdr", ENDPOINT)[:10]
    strata = model.obs["group"].to_numpy().astype(str)
    runs = [
        bootstrap(model, model.weights(ALS, "test"), genes, strata, n=5, seed=9, threads=threads)[0]
        for threads in (1, 2)
    ]
    np.testing.assert_array_equal(*runs)
    assert np.ptp(runs[0], axis=0).min() > 0


@pytest.mark.parametrize("rule", ["nominal", "fdr", "strict"])
def test_genes_near_the_threshold_are_assessed_too(changed, rule):
    results = changed[2]
    genes = assessed_genes(results, rule, ENDPOINT)
    assert set(results.loc[results[f"call_{rule}"] != "none", "gene_id"]) <= set(genes)
    assert genes.is_unique
