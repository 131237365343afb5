"""Who is who: a second library of one person is found, swapped visits are, and strangers are left in peace."""

import numpy as np
import pandas as pd
import pytest

from lateralis.inputs.annotation import annotate, read_annotation
from lateralis.inputs.simulate.cohorts import simulate_cohort
from lateralis.model.normalise import estimate_size_factors, variance_stabilise
from lateralis.qc.pairs import (
    judge_pairs,
    judge_relatedness,
    pair_correlations,
    pair_flags,
    unread_by_expression,
    unread_by_genotype,
)

KNOWN = ["group", "sex", "batch", "arm", "dose", "visit", "country", "onset"]


def correlations_of(cohort):
    counts = cohort.counts.to_numpy().T
    vst = variance_stabilise(counts / estimate_size_factors(counts).values[:, None], 0.05, 3.0)
    sheet = cohort.samples.set_index("sample")
    known = sheet[[name for name in KNOWN if name in sheet]].astype(object)
    return pair_correlations(vst, annotate(cohort.counts.index, read_annotation()), known), sheet


@pytest.mark.parametrize("seed", [1, 2])
def test_a_second_library_of_a_participant_is_the_only_pair_found(seed):
    cohort = simulate_cohort("mac2als", seed)
    correlations, sheet = correlations_of(cohort)
    planted = cohort.faults.set_index("fault").loc["duplicate"]
    original = planted["detail"].rsplit(" ", 1)[1]
    pairs = judge_pairs(correlations, sheet.index, sheet["participant"])
    assert len(pairs) == 1
    assert {pairs["sample_a"][0], pairs["sample_b"][0]} == {planted["sample"], original}
    assert pairs["verdict"].tolist() == ["fail"]
    assert pairs["correlation"][0] > 0.5
    # it is no copy
    assert np.corrcoef(np.log1p(cohort.counts[[planted["sample"], original]]).T)[0, 1] < 0.999
    flags = pair_flags(pairs, sheet.index, "identity")
    assert len(flags) == 180
    assert set(flags.loc[flags["verdict"] == "fail", "sample"]) == {planted["sample"], original}
    assert not flags["reason"].str.contains("M2A").any()


@pytest.mark.parametrize("design", ["imodals", "mirocals"])
def test_visits_of_a_participant_are_alike_and_swapped_ones_are_found(design):
    correlations, sheet = correlations_of(simulate_cohort(design, 3))
    people = sheet["participant"]
    assert judge_pairs(correlations, sheet.index, people).empty
    swapped = people.copy()
    swapped.iloc[[0, 40]] = people.iloc[[40, 0]].to_numpy()
    pairs = judge_pairs(correlations, sheet.index, swapped)
    found = set(pairs["sample_a"]) | set(pairs["sample_b"])
    assert {sheet.index[0], sheet.index[40]} <= found
    assert found <= set(sheet.index[people.isin(swapped.iloc[[0, 40]])])
    assert (pairs["verdict"] == "fail").sum() == 4
    assert (pairs["verdict"] == "warn").sum() == 4


def test_known_variables_and_shared_states_do_not_make_a_person():
    rng = np.random.default_rng(0)
    genes = pd.DataFrame({"chromosome": ["1"] * 3000})
    vst = rng.normal(8, 1, 3000) + rng.normal(size=(60, 3000))
    group = np.repeat(["a", "b", "c"], 20)
    effects = {level: rng.normal(0, 2, 3000) for level in "abc"}
    vst += np.array([effects[level] for level in group])
    state = rng.normal(size=60)
    vst += np.outer(state, rng.normal(0, 2, 3000))
    known = pd.DataFrame({"group": group, "age": np.where(np.arange(60) % 7, 50.0, np.nan)})
    values = pair_correlations(vst, genes, known)[np.triu_indices(60, 1)]
    assert np.abs(values).max() < 0.25
    assert np.abs(values).mean() < 0.04
    np.testing.assert_allclose(np.diag(pair_correlations(vst, genes, known)), 1)


def test_sex_chromosomes_and_mitochondria_do_not_count():
    rng = np.random.default_rng(1)
    vst = rng.normal(8, 1, (20, 400))
    genes = pd.DataFrame({"chromosome": ["1"] * 300 + ["X"] * 50 + ["Y"] * 25 + ["MT"] * 25})
    known = pd.DataFrame(index=range(20))
    first = pair_correlations(vst, genes, known)
    vst[:, 300:] += 10 * rng.normal(size=(20, 1))
    np.testing.assert_array_equal(pair_correlations(vst, genes, known), first)


def test_without_participants_an_alike_pair_is_a_warning():
    rng = np.random.default_rng(2)
    matrix = np.eye(30)
    noise = np.triu(rng.normal(0, 0.02, (30, 30)), 1)
    matrix += noise + noise.T
    matrix[3, 9] = matrix[9, 3] = 0.6
    samples = pd.Index([f"s{number}" for number in range(30)])
    pairs = judge_pairs(matrix, samples, None)
    assert pairs[["sample_a", "sample_b", "verdict"]].to_numpy().tolist() == [["s3", "s9", "warn"]]
    blank = pd.Series("", index=samples)
    assert judge_pairs(matrix, samples, blank)["verdict"].tolist() == ["fail"]


def test_few_samples_are_not_assessed():
    samples = pd.Index([*"abc"])
    pairs = judge_pairs(np.eye(3), samples, None)
    assert pairs.empty
    flags = pair_flags(pairs, samples, "identity")
    assert set(flags["verdict"]) == {"not assessed"}
    assert flags["reason"][0] == "3 samples are too few to know how alike strangers are; 10 needed"


def test_genotypes_contradict_the_sheet_both_ways():
    related = pd.DataFrame(
        [("a", "b", 0.99, True), ("a", "c", 0.1, False), ("c", "d", 0.97, True), ("d", "x", 0.9, True)],
        columns=["sample_a", "sample_b", "similarity", "same_person"],
    ).assign(source="somalier")
    people = pd.Series(["P1", "P2", "P1", "", "P9"], index=[*"abcdx"])
    found = judge_relatedness(related, people)
    assert found[["sample_a", "sample_b", "verdict", "reason"]].to_numpy().tolist() == [
        ["a", "b", "fail", "one person by genotype, two participants"],
        ["a", "c", "fail", "two people by genotype, one participant"],
    ]
    flags = pair_flags(found, people.index, "genotype")
    assert flags["verdict"].tolist() == ["fail", "fail", "fail", "ok", "ok"]
    unread = unread_by_genotype(related, people, people.index)
    assert unread["d"] == "the sheet names no participant"
    assert pair_flags(found, people.index, "genotype", unread)["verdict"].tolist() == [
        *["fail"] * 3,
        *["not assessed"] * 2,
    ]


def test_without_participants_one_genotype_is_a_warning():
    related = pd.DataFrame(
        [("a", "b", 0.99, True, "somalier"), ("a", "c", 0.1, False, "somalier")],
        columns=["sample_a", "sample_b", "similarity", "same_person", "source"],
    )
    found = judge_relatedness(related, None)
    assert found[["sample_a", "sample_b", "correlation", "verdict"]].to_numpy().tolist() == [["a", "b", 0.99, "warn"]]
    samples = pd.Index([*"abcd"])
    flags = pair_flags(found, samples, "genotype", unread_by_genotype(related, None, samples))
    assert flags["verdict"].tolist() == ["warn", "warn", "ok", "not assessed"]
    assert judge_relatedness(related.iloc[1:], None).empty


def people_of(rng, n_samples, n_genes=3000, shared=0.8):
    """Strangers in four groups and four batches, but the first two samples correlate by `shared`."""
    values = rng.normal(size=(n_samples, n_genes))
    values[1] = shared * values[0] + np.sqrt(1 - shared**2) * values[1]
    batch = np.arange(n_samples) // 2 % 4
    known = pd.DataFrame({"group": rng.permutation(np.arange(n_samples) % 4).astype(str), "batch": batch.astype(str)})
    samples = pd.Index([f"s{number:02d}" for number in range(n_samples)])
    values += rng.normal(size=(4, n_genes))[batch]
    return 8 + values, pd.DataFrame({"chromosome": ["1"] * n_genes}), known, samples


def test_what_is_taken_out_does_not_bias_the_correlation():
    rng = np.random.default_rng(4)
    found = [pair_correlations(*people_of(rng, 24)[:3]) for _ in range(40)]
    pair = np.array([values[0, 1] for values in found])
    others = np.array([np.median(values[np.triu_indices(24, 1)]) for values in found])
    # the bias left is that of scaling each sample by its own residuals, which a batch shared by the pair makes smaller
    assert pair.mean() == pytest.approx(0.8, abs=0.1)
    assert others.mean() == pytest.approx(0.0, abs=0.01)


@pytest.mark.parametrize("seed", range(10))
def test_a_pair_in_a_small_cohort_is_found_alone(seed):
    vst, genes, known, samples = people_of(np.random.default_rng(seed), 24)
    pairs = judge_pairs(pair_correlations(vst, genes, known), samples, pd.Series(samples, index=samples))
    assert pairs[["sample_a", "sample_b", "verdict"]].to_numpy().tolist() == [["s00", "s01", "fail"]]


@pytest.mark.parametrize("n_samples", [12, 17])
def test_a_design_that_leaves_too_little_is_not_assessed(n_samples):
    vst, genes, known, samples = people_of(np.random.default_rng(5), n_samples)
    correlations = pair_correlations(vst, genes, known)
    pairs = judge_pairs(correlations, samples, None)
    assert pairs.empty
    flags = pair_flags(pairs, samples, "identity", unread_by_expression(correlations, samples))
    assert set(flags["verdict"]) == {"not assessed"}
    assert "too little of so few samples" in flags["reason"][0]


def test_a_sample_alone_in_its_batch_is_not_assessed_and_the_others_are():
    vst, genes, known, samples = people_of(np.random.default_rng(6), 40)
    known.loc[7, "batch"] = "its own"
    correlations = pair_correlations(vst, genes, known)
    assert np.flatnonzero(np.isnan(np.diag(correlations))).tolist() == [7]
    pairs = judge_pairs(correlations, samples, None)
    assert pairs[["sample_a", "sample_b"]].to_numpy().tolist() == [["s00", "s01"]]
    flags = pair_flags(pairs, samples, "identity", unread_by_expression(correlations, samples)).set_index("sample")
    assert flags.loc["s07", "verdict"] == "not assessed"
    assert "alone in its batch" in flags.loc["s07", "reason"]
    assert (flags["verdict"] == "ok").sum() == 37
