"""Every contrast of every set against R: effects, p-values, empty cells and their reasons, calls under each rule (make.R).

Both programs maximise one likelihood from the same dispersions up to 1e-4, so a fold change agrees to a thousandth and a
p-value to 0.02 in log10 (5 %) in all but one gene of a thousand; a gene apart is printed with both likelihoods.
"""

import numpy as np
import pytest

from lateralis.config import Endpoint
from lateralis.model.endpoint import call_genes

CALLS = ["call_nominal", "call_fdr", "call_strict"]


def effects_apart(case, found, expected):
    compared = case.genes["converged"] & (expected["baseMean"] > 1)
    difference = (found["log2FoldChange"] - expected["log2FoldChange"]).abs()
    return ~(difference <= 1e-3) & compared


def test_fold_changes(pair):
    case, found, expected = pair
    apart = case.apart(found, expected, effects_apart(case, found, expected))
    assert not apart, apart


def test_pvalues(pair, pvalues_apart):
    case, found, expected = pair
    apart = case.apart(found, expected, pvalues_apart(found, expected) & case.genes["converged"])
    assert not apart, apart


def test_standard_errors(pair):
    case, found, expected = pair
    compared = case.genes["converged"] & (expected["baseMean"] > 1) & (expected["lfcSE"] > 0)
    difference = (found["lfcSE"] / expected["lfcSE"] - 1).abs()[compared]
    # half of the relative difference of the dispersions
    assert difference.median() <= 1e-4
    assert difference.quantile(0.99) <= 0.01


def test_genes_apart_are_one_in_a_thousand(cases, pvalues_apart):
    """What `APART` in conftest.py may account for: genes apart in any contrast, over all sets together."""
    compared = apart = 0
    for case in cases.values():
        worst = np.zeros(len(case.genes), dtype=bool)
        for contrast in case.entry["contrasts"]:
            found, expected = case.results(contrast), case.expected(contrast)
            worst |= (effects_apart(case, found, expected) | pvalues_apart(found, expected)).to_numpy()
        compared += int(case.genes["converged"].sum())
        apart += int((worst & case.genes["converged"]).sum())
    assert compared > 4000
    assert apart <= 0.001 * compared


def test_genes_allowed_apart_are_fitted_as_well_as_in_r(cases):
    for case in cases.values():
        if case.allowed_apart:
            genes = list(case.allowed_apart)
            difference = (case.log_likelihoods() - case.genes["log_likelihood"])[genes]
            # both at R's dispersions; R's optimiser gains less than 0.01 from where it stops
            assert (difference > -0.01).all(), difference.to_string()


def test_empty_cells_and_their_reasons(pair):
    case, found, expected = pair
    differing = found["na_reason"] != expected["na_reason"]
    table = found[differing][["baseMean", "pvalue", "padj", "na_reason"]].join(expected["na_reason"], rsuffix=" in R")
    assert not differing.any(), f"{case.name}\n{table}"
    assert found["padj"].isna().tolist() == (found["na_reason"] != "").tolist()


@pytest.mark.parametrize("call", CALLS)
def test_calls(pair, call):
    case, found, expected = pair
    accounted = found.index.isin(case.allowed_apart)
    found, expected = found[~accounted], expected[~accounted]
    called = (found[call] != "none"), (expected[call] != "none")
    same = called[0] & (found[call] == expected[call])
    either = (called[0] | called[1]).sum()
    overlap = same.sum() / either if either else 1.0
    differing = found.index[found[call] != expected[call]].tolist()
    assert overlap >= 0.995, f"{case.name}: {differing} differ"


def test_rs_statistics_give_rs_adjusted_pvalues_and_calls(case):
    """The comparison's own ground: from R's estimates, `call_genes` makes R's table, so what differs above is the fit."""
    for contrast in case.entry["contrasts"]:
        check_calls_of(case.expected(contrast))


def check_calls_of(expected):
    kept = {"cooks_outlier": "cooks_outlier", "all_zero": "all_zero"}
    table = expected.reset_index()[["gene_id", "baseMean", "log2FoldChange", "lfcSE", "stat", "pvalue"]]
    table["na_reason"] = expected["na_reason"].map(kept).fillna("").to_numpy()
    table["gene_name"], table["log2FoldChange_shrunken"] = table["gene_id"], np.nan
    table.loc[table["na_reason"] == "all_zero", ["lfcSE", "pvalue"]] = np.nan
    found = call_genes(table, Endpoint(fold_change=1.5, alpha=0.05)).set_index("gene_id")
    for column in ("padj", "padj_threshold"):
        # a gene that R keeps with p = 1 after emptying it counts as one test more there, of some 400
        np.testing.assert_allclose(found[column], expected[column].where(found[column].notna()), rtol=0.01)
    for call in CALLS:
        assert (found[call] == expected[call]).mean() > 0.995


def test_the_sets_have_genes_to_call(cases):
    called = {
        call: sum(
            int((case.expected(contrast)[call] != "none").sum())
            for case in cases.values()
            for contrast in case.entry["contrasts"]
        )
        for call in CALLS
    }
    assert called["call_nominal"] > called["call_fdr"] > called["call_strict"] > 150


def test_groups_without_a_count_are_unchanged(cases):
    """Genes without a count in either group of a contrast: fold change 0, p = 1, in a comparison with the reference too."""
    case = cases["separated"]
    for contrast, groups in case.entry["contrasts"].items():
        inside = case.sheet["group"].isin(groups[1:]).to_numpy()
        empty = (case.counts.loc[:, inside] == 0).all(axis=1) & ~case.genes["all_zero"]
        # a gene with a single count in the third group may lose its p-value to Cook's distance
        tested = empty & case.expected(contrast)["pvalue"].notna()
        assert tested.sum() >= 6
        found = case.results(contrast)[tested]
        assert (found["log2FoldChange"] == 0).all()
        assert (found["stat"] == 0).all()
        assert (found["pvalue"] == 1).all()


def test_no_wild_number_where_a_group_is_empty(cases):
    """A group of zeros gives R's fold change, bounded, with R's large standard error; never a p-value out of nothing."""
    case = cases["separated"]
    for contrast in case.entry["contrasts"]:
        found = case.results(contrast)
        assert found["log2FoldChange"].abs().max() <= 30 + 1e-6
        assert np.isfinite(found.loc[found["pvalue"].notna(), ["log2FoldChange", "lfcSE", "stat"]]).all(axis=None)
