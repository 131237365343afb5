"""Common support, winsorised counts, ranks, histogram shapes and the summary."""

import numpy as np
import pandas as pd
import pytest
from trust_cohorts import ENDPOINT

from lateralis.trust.histogram import histogram_verdict
from lateralis.trust.overlap import common_support, in_support
from lateralis.trust.sensitivity import rank_test, winsorised
from lateralis.trust.summary import TRUST_COLUMNS, summary_rows


def test_groups_without_a_common_age_are_named():
    rng = np.random.default_rng(0)
    labels = pd.Series(np.repeat(["als", "carrier"], 100))
    apart = pd.Series(np.r_[rng.normal(65, 6, 100), rng.normal(42, 6, 100)], name="age")
    support = common_support(apart, labels)
    assert support.lacking
    assert in_support(apart, support).mean() < 0.3
    alike = common_support(pd.Series(rng.normal(60, 8, 200), name="age"), labels)
    assert not alike.lacking
    assert min(alike.inside.values()) > 0.85


def test_winsorised_by_hand():
    counts = np.array([[10], [12], [11], [9], [1000]] * 8)
    found = winsorised(counts, np.ones((40, 1)))
    assert found.max() == 1000  # eight of forty are no outliers
    counts = np.array([[10]] * 39 + [[1000]])
    assert winsorised(counts, np.ones((40, 1))).max() == 10
    assert winsorised(counts, np.full((40, 1), 2.0)).max() == 10


def test_ranks():
    rng = np.random.default_rng(1)
    values = np.column_stack(
        [rng.normal(size=40), np.r_[np.zeros(20), np.ones(20)] + rng.normal(0, 0.1, 40), np.ones(40)]
    )
    p = rank_test(values, np.arange(40) < 20, np.arange(40) >= 20)
    assert p[1] < 1e-6 < p[0]
    assert np.isnan(p[2])


@pytest.mark.parametrize(
    ("make", "verdict"),
    [
        (lambda rng: rng.uniform(size=5000), "uniform"),
        (lambda rng: np.r_[rng.uniform(size=5000), rng.beta(0.2, 8, 800)], "anti-conservative"),
        (lambda rng: rng.beta(1.6, 1.0, 5000), "conservative"),
        (lambda rng: np.r_[rng.uniform(size=4000), rng.beta(0.2, 8, 800), rng.beta(8, 0.2, 800)], "U-shaped"),
        (lambda rng: rng.uniform(size=50), "not assessed"),
    ],
)
def test_shapes_of_p_values(make, verdict):
    for seed in range(10):
        assert histogram_verdict(make(np.random.default_rng(seed)))[0] == verdict


def test_summary_has_a_row_a_finding(changed):
    calibration = pd.DataFrame(
        {
            "rule": ["fdr"],
            "observed": [50],
            "mean_null_calls": [2.0],
            "empirical_fdr": [0.04],
            "verdict": ["calibrated"],
            "reason": ["5.0% of null p-values are below 0.05"],
        }
    )
    rows = pd.DataFrame(
        summary_rows(changed[2], endpoint=ENDPOINT, histogram=("uniform", "flat"), calibration=calibration)
    )
    assert list(rows) == list(TRUST_COLUMNS)
    assert rows["aspect"].tolist() == ["p-values", "calibration"]
    assert rows.loc[1, "reason"].startswith("2.0 genes called by chance, 50 observed")
    refused = summary_rows(changed[2].head(0), endpoint=ENDPOINT)
    assert [row["reason"] for row in refused] == ["the contrast is refused"]
