"""Batches taken out for display: as least squares has it, and refused where they cannot be told from the groups."""

import numpy as np
import pandas as pd

from lateralis.qc.adjusted import adjust_for_display

GROUP = pd.DataFrame({"group": pd.Categorical(["als", "als", "control", "control"] * 5)})
BATCH = pd.DataFrame({"batch": pd.Categorical(["b1", "b2", "b1", "b2", "b3"] * 4)})


def test_batches_go_and_groups_stay():
    rng = np.random.default_rng(0)
    group_effect = np.outer(GROUP["group"] == "als", [3.0, 0.0, -1.0])
    batch_effect = BATCH["batch"].map({"b1": -1.0, "b2": 2.0, "b3": 0.0}).to_numpy(float)[:, None] * [1.0, 4.0, 0.5]
    noise = rng.normal(0, 1e-9, (20, 3))
    found, reason = adjust_for_display(group_effect + batch_effect + noise, BATCH, GROUP)
    assert reason == ""
    expected = group_effect + batch_effect.mean(axis=0)
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_the_mean_of_each_gene_stays():
    values = np.random.default_rng(1).normal(size=(20, 6))
    found, _ = adjust_for_display(values, BATCH, GROUP)
    np.testing.assert_allclose(found.mean(axis=0), values.mean(axis=0))
    # nothing of the batch is left beside the group
    again, _ = adjust_for_display(found, BATCH, GROUP)
    np.testing.assert_allclose(again, found, atol=1e-12)


def test_what_cannot_be_told_apart_is_not_adjusted():
    nested = pd.DataFrame({"batch": GROUP["group"].map({"als": "b1", "control": "b2"})})
    assert adjust_for_display(np.zeros((20, 2)), nested, GROUP) == (None, "batch cannot be told from group")
    one = pd.DataFrame({"batch": ["b1"] * 20})
    assert adjust_for_display(np.zeros((20, 2)), one, GROUP) == (None, "there is nothing to adjust for")
    assert adjust_for_display(np.zeros((20, 2)), BATCH[[]], GROUP)[0] is None


def test_a_missing_batch_is_one_of_its_own():
    batch = BATCH.copy()
    batch.loc[[0, 7], "batch"] = np.nan
    values = np.random.default_rng(2).normal(size=(20, 3))
    values[[0, 7]] += 50
    found, _ = adjust_for_display(values, batch, GROUP)
    assert np.abs(found[[0, 7]].mean(axis=0) - found.mean(axis=0)).max() < 2
