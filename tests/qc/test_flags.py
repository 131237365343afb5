"""Verdicts by robust and absolute limits, at the limit's very edge, and the worst of each sample."""

import numpy as np
import pandas as pd
import pytest

from lateralis.qc.flags import FLAG_COLUMNS, Check, judge, not_assessed, worst_verdicts
from lateralis.stages import Limits


def flags_of(values, side, scale="linear", least_spread=0.0, warn_mads=3.0, **limits):
    samples = [f"s{number}" for number in range(len(values))]
    check = Check("m", side, scale, least_spread)
    return judge(pd.Series(values, index=samples), check, Limits(warn_mads=warn_mads, **limits))


# 1 … 9 have the median 5 and a median absolute deviation of 2, robust standard deviation 2.9652
NINE = [1.0, 2, 3, 4, 5, 6, 7, 8, 9]
SPREAD = 2 * 1.4826


@pytest.mark.parametrize(
    ("beyond", "expected"),
    [(2.99, "ok"), (3.01, "warn"), (5.99, "warn"), (6.01, "fail")],
)
def test_limits_in_robust_standard_deviations(beyond, expected):
    # two values more, symmetric, leave median and deviation as they are: |x − 5| sorted is 0 1 1 2 2 3 3 4 4 x x, median 3
    values = [*NINE, 5 + beyond * 3 * 1.4826, 5 - beyond * 3 * 1.4826]
    high = flags_of(values, side="high", fail_mads=6.0).set_index("sample")
    assert high.loc["s9", "verdict"] == expected
    assert high.loc["s10", "verdict"] == "ok"
    low = flags_of(values, side="low", fail_mads=6.0).set_index("sample")
    assert low.loc["s10", "verdict"] == expected
    assert low.loc["s9", "verdict"] == "ok"
    if expected == "ok":
        assert high.loc["s9", "threshold"] == pytest.approx(5 + 3 * 3 * 1.4826)
        assert high.loc["s9", "reason"] == ""
    else:
        limit = {"warn": 3, "fail": 6}[expected]
        assert high.loc["s9", "threshold"] == pytest.approx(5 + limit * 3 * 1.4826)
        assert high.loc["s9", "reason"] == f"more than {limit} robust standard deviations above the cohort's median"
        assert low.loc["s10", "reason"] == f"more than {limit} robust standard deviations below the cohort's median"


def test_limits_on_the_log_scale():
    # log2: 1 … 9 and −6; |x − 4.5|: median of 3.5 2.5 1.5 .5 .5 1.5 2.5 3.5 4.5 10.5 = 2.5; limit 4.5 − 3 · 2.5 · 1.4826
    values = [2.0**x for x in [*NINE, -6.0]]
    found = flags_of(values, side="low", scale="log").set_index("sample")
    assert found.loc["s9", "threshold"] == pytest.approx(2 ** (4.5 - 3 * 2.5 * 1.4826))
    assert found["verdict"].tolist() == ["ok"] * 10
    found = flags_of([*values[:9], 2.0**-7], side="low", scale="log").set_index("sample")
    assert found.loc["s9", "verdict"] == "warn"


@pytest.mark.parametrize(("value", "expected"), [(0.20, "ok"), (0.2001, "warn"), (0.40, "warn"), (0.4001, "fail")])
def test_absolute_limits_hold_whatever_the_others_look_like(value, expected):
    found = flags_of([value] * 5, side="high", warn_mads=None, warn_at=0.20, fail_at=0.40)
    assert found["verdict"].tolist() == [expected] * 5
    if expected != "ok":
        assert found["threshold"].tolist() == [0.20 if expected == "warn" else 0.40] * 5
        assert found["reason"].tolist() == ["above 0.2" if expected == "warn" else "above 0.4"] * 5


@pytest.mark.parametrize(("value", "expected"), [(5e6, "ok"), (4_999_999, "warn"), (1e6, "warn"), (999_999, "fail")])
def test_absolute_limits_below(value, expected):
    found = flags_of([value] * 5, side="low", scale="log", warn_at=5e6, fail_at=1e6)
    assert found["verdict"].tolist() == [expected] * 5


def test_alike_samples_are_not_flagged_for_trifles():
    values = [10.0] * 9 + [10.2]
    assert flags_of(values, side="high")["verdict"].tolist() == ["ok"] * 9 + ["warn"]
    assert flags_of(values, side="high", least_spread=0.1)["verdict"].tolist() == ["ok"] * 10
    assert flags_of([*values[:9], 10.31], side="high", least_spread=0.1)["verdict"].tolist() == ["ok"] * 9 + ["warn"]


def test_limits_of_correlations_are_measured_by_what_they_lack_of_one():
    # log2(1 − r) is −4.5 ± …: as on the log scale above, upside down
    values = [1 - 2.0**-x for x in [*NINE, -0.5]]
    found = flags_of(values, side="low", scale="complement").set_index("sample")
    centre, spread = -4.5, 2.5 * 1.4826
    assert found.loc["s9", "threshold"] == pytest.approx(1 - 2 ** (centre + 3 * spread))
    assert found["verdict"].tolist() == ["ok"] * 10
    assert flags_of([*values[:9], 1 - 2.0**7], side="low", scale="complement")["verdict"].tolist()[-1] == "warn"


def test_what_was_not_measured_is_not_assessed_and_disturbs_no_limit():
    found = flags_of([*NINE, np.nan], side="high").set_index("sample")
    assert found.loc["s9", ["verdict", "reason"]].tolist() == ["not assessed", "could not be measured"]
    assert found.loc["s8", "threshold"] == pytest.approx(5 + 3 * SPREAD)
    assert flags_of([np.nan, np.nan], side="low")["verdict"].tolist() == ["not assessed"] * 2
    said = not_assessed(["a", "b"], "sex", "no XIST")
    assert said.columns.tolist() == list(FLAG_COLUMNS)
    assert said[["sample", "check", "verdict", "reason"]].to_numpy().tolist() == [
        ["a", "sex", "not assessed", "no XIST"],
        ["b", "sex", "not assessed", "no XIST"],
    ]


def test_without_limits_nothing_is_judged():
    found = flags_of([1.0, 2.0, 1e9], side="high", warn_mads=None)
    assert found["verdict"].tolist() == ["not assessed"] * 3
    assert found["value"].tolist() == [1.0, 2.0, 1e9]
    assert set(found["reason"]) == {"no limit is set for it"}
    assert found["threshold"].isna().all()


def test_worst_verdict_of_a_sample_counts_and_names_its_checks():
    flags = pd.DataFrame(
        [
            ("b", "library_size", "ok"),
            ("a", "library_size", "warn"),
            ("c", "library_size", "warn"),
            ("b", "rrna_fraction", "ok"),
            ("a", "rrna_fraction", "fail"),
            ("c", "rrna_fraction", "ok"),
            ("b", "sex", "not assessed"),
        ],
        columns=["sample", "check", "verdict"],
    )
    found = worst_verdicts(flags)
    assert found.index.tolist() == ["b", "a", "c"]
    assert found["qc_verdict"].tolist() == ["ok", "fail", "warn"]
    assert found["qc_reasons"].tolist() == ["", "library_size (warn); rrna_fraction (fail)", "library_size (warn)"]


def test_one_value_stands_out_from_nobody_and_only_absolute_limits_hold():
    relative = flags_of([100.0], side="high").iloc[0]
    assert relative["verdict"] == "not assessed"
    assert relative["reason"] == "1 sample has no others to be compared with, and there is no absolute limit"
    assert flags_of([100.0], side="low", fail_at=200).iloc[0][["verdict", "threshold"]].tolist() == ["fail", 200]
