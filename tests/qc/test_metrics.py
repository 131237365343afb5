"""Quality metrics in closed form, and flags that rise for planted faults and for nothing else."""

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import pdist, squareform

from lateralis.model.normalise import estimate_size_factors, principal_components, variance_stabilise
from lateralis.qc.flags import FLAG_COLUMNS
from lateralis.qc.metrics import (
    CHECKS,
    flag_metrics,
    group_correlation,
    rle_quantiles,
    robust_distance,
    sample_correlations,
    sample_distances,
    sample_metrics,
)
from lateralis.stages import Checks

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
        pd.Series("all", index=range(n_samples)),
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
    assert sample_distances(np.ones((1, 2))).tolist() == [[0]]
    random = np.random.default_rng(1).normal(size=(20, 300))
    np.testing.assert_allclose(sample_distances(random), squareform(pdist(random)), rtol=1e-9, atol=1e-6)


def test_top_genes_and_size_factor_deviation_by_hand():
    counts = np.ones((3, 100), dtype=int)
    counts[1, :50] = 3
    found = metrics_of(counts, GENES.reindex(range(100)).fillna(""), size_factors=np.array([1.0, 2.0, 0.5]))
    assert found["top_gene_share"].tolist() == [0.5, 0.75, 0.5]
    # libraries 100, 200, 100, over the median 1, 2, 1; size factors 1, 2, 0.5
    np.testing.assert_allclose(found["size_factor_deviation"], [0, 0, 1], atol=1e-12)


def test_relative_log_expression_by_hand():
    # medians over samples 1 … 5 are 3; the third gene does not vary
    vst = np.column_stack([np.arange(1.0, 6), np.arange(1.0, 6), np.full(5, 7.0)])
    vst[0, 0] = -9
    found = rle_quantiles(vst)
    assert found["median"].tolist() == [(-12 - 2) / 2, -1, 0, 1, 2]
    np.testing.assert_allclose(found["q75"] - found["q25"], [5, 0, 0, 0, 0], atol=1e-12)
    assert (rle_quantiles(np.ones((3, 4))) == 0).all(axis=None)


def test_group_correlation_is_the_median_over_the_others_of_the_group():
    vst = np.random.default_rng(2).normal(size=(8, 60))
    correlations = sample_correlations(vst)
    np.testing.assert_allclose(correlations, np.corrcoef(vst), atol=1e-12)
    groups = np.array(["a", "a", "a", "a", "b", "b", None, "a"], dtype=object)
    found = group_correlation(correlations, groups)
    assert found[0] == pytest.approx(np.median(correlations[0, [1, 2, 3, 7]]))
    assert found[4] == pytest.approx(np.median(np.delete(correlations[4], 4)))  # two of a group are no yardstick
    assert found[6] == pytest.approx(np.median(np.delete(correlations[6], 6)))
    assert np.isnan(group_correlation(np.ones((1, 1)), np.array(["a"]))).all()


@pytest.mark.parametrize("n_samples", [1, 2])
def test_one_or_two_samples_are_not_compared(n_samples):
    counts, genes = simulate(n_samples=16)
    flags, _ = flags_of_counts(counts[:n_samples], genes)
    said = flags[flags["verdict"] == "not assessed"]
    assert set(said["check"]) == {
        "size_factor_deviation",
        "rle_spread",
        "pca_distance",
        "group_correlation",
        "detected_genes",
    }
    assert said["reason"].str.contains("no others to be compared with").all()
    assert set(flags.loc[flags["check"] == "library_size", "verdict"]) == {"ok"}


def test_genes_that_nobody_knows_are_not_assessed():
    counts, genes = simulate()
    unknown = genes.assign(chromosome="", biotype="", gene_name=[f"x{number}" for number in range(len(genes))])
    flags, _ = flags_of_counts(counts, unknown)
    said = flags[flags["verdict"] == "not assessed"]
    assert set(said["check"]) == {"mitochondrial_fraction", "rrna_fraction", "haemoglobin_fraction"}
    assert "no mitochondrial gene is known among the genes" in set(said["reason"])


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
    groups = pd.Series("all", index=pd.Index([f"s{number}" for number in range(len(counts))], name="sample"))
    metrics = sample_metrics(counts, genes, vst, principal_components(vst).coordinates, factors, groups)
    flags = flag_metrics(metrics, Checks())
    raised = flags[flags["verdict"].isin(["warn", "fail"])]
    return flags, {(row.sample, row.check): row.verdict for row in raised.itertuples()}


def test_alike_samples_raise_no_failure_and_hardly_a_warning():
    for seed in range(5):
        _, raised = flags_of_counts(*simulate(seed=seed))
        assert "fail" not in raised.values()
        # 16 samples × 10 checks: three robust standard deviations are crossed by chance now and then
        assert len(raised) <= 6


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
    assert raised["s5", "group_correlation"] == "fail"
    assert ("s5", "pca_distance") in raised
    assert {sample for (sample, _), verdict in raised.items() if verdict == "fail"} == {"s1", "s2", "s4", "s5"}


def test_every_check_judges_every_sample():
    flags, _ = flags_of_counts(*simulate())
    assert (
        flags.columns.tolist() == list(FLAG_COLUMNS) == ["sample", "check", "value", "threshold", "verdict", "reason"]
    )
    assert len(flags) == 16 * (len(CHECKS) - 1)  # Cook's share comes with a fit
    assert not flags.duplicated(["sample", "check"]).any()
    assert set(flags["verdict"]) <= {"ok", "warn", "fail"}
    assert flags["threshold"].notna().all()
