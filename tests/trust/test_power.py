"""Power against simulation, equivalence against its definition."""

import numpy as np
import pytest
from scipy.stats import norm
from trust_cohorts import ENDPOINT, cohort

from lateralis.trust.power import critical_p, equivalence, power_table, smallest_detectable


def test_critical_p_is_where_the_procedure_stops():
    padj = np.array([0.004, 0.02, 0.6, np.nan, 0.9])
    assert critical_p(padj, 0.05) == 0.05 * 2 / 4
    assert critical_p(padj, 0.001) == 0.001 / 4  # what a first gene would need
    assert np.isnan(critical_p(np.full(4, np.nan), 0.05))


def test_eighty_percent_by_closed_form():
    error, least = np.array(0.2), np.log2(1.5)
    found = smallest_detectable(error, {"nominal": 0.05, "fdr": 1e-4, "strict": 1e-3}, 1.5)
    for rule, p in (("nominal", 0.05), ("fdr", 1e-4)):
        needed = max(least, norm.isf(p / 2) * 0.2)
        assert norm.sf((needed - found[rule]) / 0.2) == pytest.approx(0.8)
    needed = least + norm.isf(1e-3 / 2) * 0.2
    assert norm.sf((needed - found["strict"]) / 0.2) == pytest.approx(0.8)


def test_a_change_of_that_size_is_found_in_four_of_five_genes():
    """The change that the table names for the nominal rule, planted in new genes of the same mean and dispersion."""
    _, _, results = cohort(10, effects=np.zeros(300), base=200, seed=11)
    table = power_table(results, ENDPOINT, 10, 10)
    now = table[(table["smaller_group"] == 10) & (table["rule"] == "nominal")]
    change = now["log2_fold_change"].mean()
    planted = cohort(10, effects=np.full(600, change) * np.tile([1, -1], 300), base=200, seed=12)[2]
    assert (planted["call_nominal"] != "none").mean() == pytest.approx(0.8, abs=0.06)


def test_more_samples_find_less(changed):
    table = power_table(changed[2], ENDPOINT, 12, 12)
    for _, part in table.groupby(["expression", "rule"]):
        assert part["log2_fold_change"].is_monotonic_decreasing
        assert part["smaller_group"].tolist() == [12, 18, 24, 48]
    assert power_table(changed[2], ENDPOINT, 0, 12).empty


def test_equivalence_is_shown_and_not_assumed(changed):
    results = changed[2].assign(lfcSE=lambda table: np.where(table.index % 2, 0.01, 3.0), log2FoldChange=0.1)
    found = equivalence(results, ENDPOINT)
    assert found["equivalent"][1::2].all()
    assert not found["equivalent"][::2].any()
    changed_genes = equivalence(changed[2], ENDPOINT)
    called = changed[2]["call_strict"] != "none"
    assert not (changed_genes["equivalent"] & called).any()
