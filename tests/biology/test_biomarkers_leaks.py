"""What the whole examination says where there is nothing, where there is something, and where there is a batch alone.

Without signal, 95 % intervals must hold 1/2 and areas must be 1/2 on average; a variant that chooses its genes before the
folds are made shows that the test can fail.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from biomarker_cohorts import simulate

from lateralis.biology.biomarkers.assess import BOTH, COVARIATES, PANEL, assess
from lateralis.biology.biomarkers.expression import counts_expression, learn, strongest
from lateralis.biology.biomarkers.folds import make_plan
from lateralis.biology.biomarkers.panel import cross_validate
from lateralis.biology.biomarkers.performance import area, by_person, difference
from lateralis.biology.biomarkers.tables import gain_table, performance_table
from lateralis.biology.biomarkers.verdict import CLAIM, summarise, verdict
from lateralis.config import GeneFilter


def null_areas(seeds, *, leaky=False, repeats=1, **cohort):
    """Area of the panel for each seed of a cohort without signal."""
    found = []
    for seed in seeds:
        counts, task = simulate(seed, **cohort)
        expression = counts_expression(counts, GeneFilter())
        if leaky:
            everybody = np.ones((1, len(counts)), dtype=bool)
            best = strongest(learn(expression, everybody, task.is_test).strength[0], 25)
            expression = counts_expression(counts[:, best], GeneFilter())
        plans = [
            make_plan(task.is_test, task.unit, 5, np.random.default_rng([seed, number])) for number in range(repeats)
        ]
        odds = np.stack([cross_validate(expression, plan, task).log_odds for plan in plans])
        folds = np.stack([plan.outer for plan in plans])
        found.append(area(by_person(odds, folds, task.is_test, task.person, task.unit), 5))
    return found


def holds_half(areas):
    return sum(one.low <= 0.5 <= one.high for one in areas)


@pytest.mark.slow
@pytest.mark.parametrize("n_test", [40, 24])
def test_nothing_is_found_where_there_is_nothing(n_test):
    areas = null_areas(range(50), n=80, n_genes=700, n_test=n_test, repeats=2)
    assert holds_half(areas) >= 45
    assert 0.48 <= np.mean([one.value for one in areas]) <= 0.52


def test_nothing_is_found_where_there_is_nothing_shortly():
    areas = null_areas(range(15), n=70, n_genes=300)
    values = np.array([one.value for one in areas])
    assert holds_half(areas) >= 13
    assert abs(values.mean() - 0.5) < 0.075  # a single area has a standard deviation of about 0.1
    # the interval is as wide as areas vary between studies: neither much too narrow nor of no use
    assert 0.6 < np.mean([one.error for one in areas]) / values.std(ddof=1) < 2.5


def test_genes_chosen_outside_the_folds_would_be_seen():
    areas = null_areas(range(15), n=70, n_genes=300, leaky=True)
    assert holds_half(areas) < 10
    assert np.mean([one.value for one in areas]) > 0.65


@pytest.fixture(scope="module")
def planted():
    counts, task = simulate(2, n=60, n_genes=400, planted=6, effect=1.0)
    return task, assess(counts_expression(counts, GeneFilter()), task, repeats=2, permutations=19, seed=1)


def test_a_planted_signal_is_found(planted):
    _, found = planted
    performance, gain = performance_table(found, 60, 5), gain_table(found, 5)
    rows = performance.set_index("model")
    assert rows.loc[PANEL, "auc"] > 0.85
    assert rows.loc[PANEL, "auc_low"] > 0.6
    assert rows.loc[COVARIATES, "auc_low"] < 0.5 < rows.loc[COVARIATES, "auc_high"]
    assert gain.set_index(["model", "over"]).loc[(BOTH, COVARIATES), "low"] > 0
    assert found.p_value == 1 / 20
    assert abs(found.null.mean() - 0.5) < 0.08  # 19 areas of standard deviation 0.1
    final = found.final.panel
    assert len(set(range(6)) & set(final.genes)) >= 5
    first = final.genes[np.argsort(-np.abs(final.coefficients))]
    assert set(first[:3]) <= set(range(6))
    assert (final.coefficients[np.isin(final.genes, range(6))] > 0).all()
    assert found.final.difference < 1e-3
    assert found.final.software.startswith("scikit-learn 1.")
    summary = summarise(found, performance, gain, levels=("als", "control"), covariates=["batch", "age"], n_genes=400)
    assert summary["verdict"] == "gain"
    assert summary["sentence"].startswith("Within this cohort the panel tells als from control (AUC 0.")
    assert summary["sentence"].count("95 % interval") == 2
    assert summary["stability"]["panels"] == 10


def test_no_claim_without_an_external_cohort(planted):
    _, found = planted
    performance, gain = performance_table(found, 60, 5), gain_table(found, 5)
    summary = summarise(found, performance, gain, levels=("a", "b"), covariates=["age"], n_genes=400)
    assert summary["claim"] == CLAIM
    assert "Internal cross-validation in one cohort: no claim about other people follows" in CLAIM
    assert "applied unchanged to an external cohort" in CLAIM


def test_the_same_whatever_the_threads(planted):
    task, found = planted
    counts, _ = simulate(2, n=60, n_genes=400, planted=6, effect=1.0)
    again = assess(counts_expression(counts, GeneFilter()), task, repeats=2, permutations=3, seed=1, threads=3)
    np.testing.assert_array_equal(again.null, found.null[:3])
    for model in found.people:
        np.testing.assert_array_equal(again.predictions[model], found.predictions[model])
    np.testing.assert_array_equal(again.final.panel.coefficients, found.final.panel.coefficients)
    other = assess(counts_expression(counts, GeneFilter()), task, repeats=2, permutations=3, seed=2)
    assert (other.null != again.null).any()


def test_a_batch_is_no_gain():
    counts, task = simulate(11, n=80, n_genes=400, batch_effect=0.9, batch_of_level=0.8, families=0)
    found = assess(counts_expression(counts, GeneFilter()), task, repeats=2, permutations=19, seed=3)
    performance, gain = performance_table(found, 80, 5), gain_table(found, 5)
    rows = performance.set_index("model")
    assert rows.loc[PANEL, "auc_low"] > 0.5  # genes tell the batch, and the batch the level
    assert rows.loc[COVARIATES, "auc"] > 0.7
    more = gain.set_index(["model", "over"]).loc[(BOTH, COVARIATES)]
    assert more["low"] < 0 < more["high"]
    code, sentence = verdict(performance, gain, found.p_value, ("als", "control"), ["batch", "age"])
    assert code == "no_gain"
    assert "adds nothing sure to batch, age alone" in sentence


@pytest.mark.slow
def test_the_gain_is_as_sure_as_it_says():
    """Where the batch alone tells the levels apart, intervals of the gain hold 0, and its mean is 0."""
    gains = []
    for seed in range(30):
        counts, task = simulate(seed, n=80, n_genes=400, batch_effect=0.9, batch_of_level=0.6)
        found = assess(counts_expression(counts, GeneFilter()), task, repeats=1, permutations=0, seed=seed)
        gains.append(difference(found.people[BOTH], found.people[COVARIATES], 5))
    assert sum(one.low <= 0 <= one.high for one in gains) >= 27
    assert sum(one.low > 0 for one in gains) <= 2
    assert abs(np.mean([one.value for one in gains])) < 0.03


def test_without_covariates_there_is_nothing_to_compare_with():
    counts, task = simulate(2, n=60, n_genes=300, planted=6, effect=1.5)
    alone = replace(task, covariates=pd.DataFrame(index=range(60)))
    found = assess(counts_expression(counts, GeneFilter()), alone, repeats=1, permutations=19, seed=1)
    performance, gain = performance_table(found, 60, 5), gain_table(found, 5)
    assert performance["model"].tolist() == [PANEL]
    assert gain.empty
    code, sentence = verdict(performance, gain, found.p_value, ("a", "b"), [])
    assert code == "told_apart"
    assert sentence.endswith("there are no covariates to compare it with.")


def test_labels_of_nothing_are_called_chance():
    counts, task = simulate(5, n=60, n_genes=300)
    found = assess(counts_expression(counts, GeneFilter()), task, repeats=1, permutations=19, seed=1)
    performance, gain = performance_table(found, 60, 5), gain_table(found, 5)
    code, sentence = verdict(performance, gain, found.p_value, ("a", "b"), ["batch", "age"])
    assert code == "chance"
    assert sentence.startswith("The panel does not tell a from b beyond chance (AUC 0.")
