"""Quality metrics in closed form, and flags that rise for planted faults and for nothing else."""

import numpy as np
import pandas as pd
import pytest

from lateralis.model.normalise import estimate_size_factors, principal_components, variance_stabilise
from lateralis.qc.metrics import (
    CHECKS,
    FLAG_COLUMNS,
    Check,
    flag_samples,
    median_distance,
    robust_distance,
    sample_distances,
    sample_metrics,
    worst_verdicts,
)

# --- metrics ---

GENES = pd.DataFrame(
    {
        "gene_name": ["ACTB", "MT-CO1", "MT-RNR1", "RNA18S", "HBB", "HBA1", "hbb"],
        "chromosome": ["7", "MT", "MT", "21", "11", "16", "11"],
        "biotype": [
            "protein_coding",
            "protein_coding",
            "Mt_rRNA",
            "rRNA",
            "protein_coding",
            "protein_coding",
            "lncRNA",
        ],
    }
)
COUNTS = np.array(
    [[60, 10, 5, 15, 4, 1, 5], [50, 0, 0, 0, 0, 0, 0], [0, 0, 0, 100, 0, 0, 300], [2**31, 0, 0, 0, 0, 0, 2**31]]
)


def metrics_of(counts=COUNTS, genes=GENES, vst=None, components=None, size_factors=None):
    n_samples = len(counts)
    return sample_metrics(
        counts,
        genes,
        np.zeros((n_samples, 3)) if vst is None else vst,
        np.zeros((n_samples, 2)) if components is None else components,
        np.ones(n_samples) if size_factors is None else size_factors,
    )


def test_counts_and_shares_by_hand():
    found = metrics_of(size_factors=np.array([1.0, 0.5, 2.0, 3.0]))
    assert found["library_size"].tolist() == [100, 50, 400, 2**32]
    assert found["detected_genes"].tolist() == [7, 1, 2, 2]
    np.testing.assert_allclose(found["mitochondrial_fraction"], [0.15, 0, 0, 0], rtol=1e-15)
    # nuclear and mitochondrial rRNA
    np.testing.assert_allclose(found["rrna_fraction"], [0.20, 0, 0.25, 0], rtol=1e-15)
    # two of the names are haemoglobins; names are as the annotation gives them, capitals and all
    np.testing.assert_allclose(found["haemoglobin_fraction"], [0.05, 0, 0, 0], rtol=1e-15)
    assert found["size_factor"].tolist() == [1.0, 0.5, 2.0, 3.0]


def test_mitochondrial_rrna_counts_by_name_where_the_biotype_is_unknown():
    genes = GENES.assign(biotype="")
    np.testing.assert_allclose(metrics_of(genes=genes)["rrna_fraction"], [0.05, 0, 0, 0], rtol=1e-15)


def test_distances_by_hand():
    vst = np.array([[0.0, 0], [3, 4], [0, 8], [6, 8]])
    distances = sample_distances(vst)
    # 5, 8, 10 / 5, 5, 5 / 8, 5, 6 / 10, 5, 6
    np.testing.assert_allclose(distances[0], [0, 5, 8, 10])
    np.testing.assert_allclose(distances, distances.T)
    np.testing.assert_allclose(median_distance(distances), [8, 5, 6, 6])
    np.testing.assert_allclose(metrics_of(vst=vst)["median_distance"], [8, 5, 6, 6])
    assert median_distance(np.zeros((1, 1))).tolist() == [0]


def test_robust_distance_by_hand():
    # 101 values −50 … 50: median 0, quantiles of 16 % and 84 % at ∓34; the second column is ten times as wide
    values = np.column_stack([np.arange(-50, 51), 10 * np.arange(-50, 51)])
    np.testing.assert_allclose(robust_distance(values), np.abs(np.arange(-50, 51)) / 34, rtol=1e-12)
    # root mean square over columns: 34/34 and 0
    mixed = np.column_stack([np.arange(-50, 51), np.arange(-50, 51)[::-1]])
    mixed[84] = [34, 0]
    assert robust_distance(mixed)[84] == pytest.approx(np.sqrt(1 / 2), rel=0.02)


def test_constant_components_say_nothing():
    assert robust_distance(np.ones((5, 3))).tolist() == [0] * 5
    values = np.column_stack([np.arange(-50.0, 51), np.zeros(101)])
    np.testing.assert_allclose(robust_distance(values), np.abs(np.arange(-50, 51)) / 34, rtol=1e-12)


def test_pca_distance_looks_at_five_components():
    rng = np.random.default_rng(0)
    components = rng.normal(size=(30, 8))
    first = metrics_of(np.tile(COUNTS[0], (30, 1)), components=components)["pca_distance"]
    components[3, 5:] = 1000
    second = metrics_of(np.tile(COUNTS[0], (30, 1)), components=components)["pca_distance"]
    np.testing.assert_array_equal(first, second)
    components[3, 4] = 1000
    third = metrics_of(np.tile(COUNTS[0], (30, 1)), components=components)["pca_distance"]
    assert third[3] > 100 * first[3]


# --- flags ---


def flags_of(values, **limits):
    check = Check("m", **limits)
    metrics = pd.DataFrame({"m": values}, index=[f"s{number}" for number in range(len(values))])
    return flag_samples(metrics, (check,))


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
    found = flags_of(values, side="low", log=True).set_index("sample")
    assert found.loc["s9", "threshold"] == pytest.approx(2 ** (4.5 - 3 * 2.5 * 1.4826))
    assert found["verdict"].tolist() == ["ok"] * 10
    found = flags_of([*values[:9], 2.0**-7], side="low", log=True).set_index("sample")
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
    found = flags_of([value] * 5, side="low", log=True, warn_at=5e6, fail_at=1e6)
    assert found["verdict"].tolist() == [expected] * 5


def test_alike_samples_are_not_flagged_for_trifles():
    values = [10.0] * 9 + [10.2]
    assert flags_of(values, side="high")["verdict"].tolist() == ["ok"] * 9 + ["warn"]
    assert flags_of(values, side="high", least_spread=0.1)["verdict"].tolist() == ["ok"] * 10
    assert flags_of([*values[:9], 10.31], side="high", least_spread=0.1)["verdict"].tolist() == ["ok"] * 9 + ["warn"]


def simulate(n_samples=16, n_genes=900, seed=0):
    """Alike samples of 12 million counts, with the genes that the metrics know."""
    rng = np.random.default_rng(seed)
    names = ["MT-CO1", "MT-RNR1", "RNA18S", "HBB"]
    genes = pd.DataFrame(
        {
            "gene_name": [*names, *(f"G{number}" for number in range(n_genes - 4))],
            "chromosome": ["MT", "MT", "21", "11", *["1"] * (n_genes - 4)],
            "biotype": ["protein_coding", "Mt_rRNA", "rRNA", *["protein_coding"] * (n_genes - 3)],
        }
    )
    profile = rng.lognormal(0, 1.5, n_genes)
    profile[:4] = profile[4:].sum() * np.array([0.05, 0.005, 0.01, 0.001])
    depth = 12e6 * np.exp(rng.normal(0, 0.15, n_samples))
    mu = depth[:, None] * (profile / profile.sum()) * np.exp(rng.normal(0, 0.15, (n_samples, n_genes)))
    return rng.poisson(mu), genes


def flags_of_counts(counts, genes):
    factors = estimate_size_factors(counts).values
    vst = variance_stabilise(counts / factors[:, None], 0.02, 1.0)
    metrics = sample_metrics(counts, genes, vst, principal_components(vst).coordinates, factors)
    metrics.index = pd.Index([f"s{number}" for number in range(len(counts))], name="sample")
    flags = flag_samples(metrics)
    return flags, {(row.sample, row.check): row.verdict for row in flags.itertuples() if row.verdict != "ok"}


def test_alike_samples_raise_no_failure_and_hardly_a_warning():
    for seed in range(5):
        _, raised = flags_of_counts(*simulate(seed=seed))
        assert "fail" not in raised.values()
        # 16 samples × 7 checks: three robust standard deviations are crossed by chance now and then
        assert len(raised) <= 4


def test_identical_samples_raise_nothing():
    counts, genes = simulate()
    _, raised = flags_of_counts(np.repeat(counts[:1], 8, axis=0), genes)
    assert raised == {}


def test_planted_faults_are_found_each_by_its_check():
    counts, genes = simulate()
    rng = np.random.default_rng(9)
    counts[1] = rng.binomial(counts[1], 0.05)  # a failed library: 600,000 counts
    counts[2, 0] += counts[2].sum()  # half of it mitochondrial
    counts[3, 2] += int(counts[3].sum() * 0.2)  # 17 % rRNA
    counts[4, 3] += int(counts[4].sum() * 0.2)  # 17 % haemoglobin
    counts[5] = counts[5][np.concatenate([np.arange(4), 4 + rng.permutation(896)])]  # another tissue altogether
    _, raised = flags_of_counts(counts, genes)
    assert raised["s1", "library_size"] == "fail"
    assert raised["s2", "mitochondrial_fraction"] == "fail"
    assert raised["s3", "rrna_fraction"] == "warn"
    assert raised["s4", "haemoglobin_fraction"] == "fail"
    assert raised["s5", "median_distance"] == "fail"
    assert ("s5", "pca_distance") in raised
    assert {sample for (sample, _), verdict in raised.items() if verdict == "fail"} == {"s1", "s2", "s4", "s5"}


def test_every_check_judges_every_sample():
    flags, _ = flags_of_counts(*simulate())
    assert (
        flags.columns.tolist() == list(FLAG_COLUMNS) == ["sample", "check", "value", "threshold", "verdict", "reason"]
    )
    assert len(flags) == 16 * len(CHECKS)
    assert not flags.duplicated(["sample", "check"]).any()
    assert set(flags["verdict"]) <= {"ok", "warn", "fail"}
    assert flags["threshold"].notna().all()


def test_worst_verdict_of_a_sample_counts_and_names_its_checks():
    flags = pd.DataFrame(
        [
            ("b", "library_size", "ok"),
            ("a", "library_size", "warn"),
            ("c", "library_size", "warn"),
            ("b", "rrna_fraction", "ok"),
            ("a", "rrna_fraction", "fail"),
            ("c", "rrna_fraction", "ok"),
        ],
        columns=["sample", "check", "verdict"],
    )
    found = worst_verdicts(flags)
    assert found.index.tolist() == ["b", "a", "c"]
    assert found["qc_verdict"].tolist() == ["ok", "fail", "warn"]
    assert found["qc_reasons"].tolist() == ["", "library_size (warn); rrna_fraction (fail)", "library_size (warn)"]
