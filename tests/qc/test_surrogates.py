"""Hidden variables: found where a batch is kept from the design, none in noise."""

import numpy as np
import pandas as pd

from lateralis.qc.surrogates import compare_calls, surrogate_correlations, surrogate_variables


def simulated(n_samples=60, n_genes=1500, hidden=0.0, seed=0):
    rng = np.random.default_rng(seed)
    group = np.repeat([0.0, 1.0], n_samples // 2)
    batch = np.tile([0.0, 1.0, 2.0], n_samples // 3)
    vst = rng.normal(size=(n_samples, n_genes)) + np.outer(group, rng.normal(size=n_genes))
    vst += hidden * np.outer(batch == 1, rng.normal(size=n_genes))
    design = pd.DataFrame({"Intercept": 1.0, "group": group}, index=[f"s{number}" for number in range(n_samples)])
    variables = pd.DataFrame({"group": group, "batch": pd.Categorical(batch)}, index=design.index)
    return vst, design, variables


def test_a_hidden_batch_is_the_first_surrogate():
    vst, design, variables = simulated(hidden=0.8)
    found = surrogate_variables(vst, design)
    assert found.columns.tolist() == ["SV1"]
    assert found.index.equals(design.index)
    np.testing.assert_allclose(np.linalg.norm(found, axis=0), 1)
    table = surrogate_correlations(found, variables).set_index("variable")
    assert table.loc["batch", "r_squared"] > 0.9
    assert table.loc["group", "r_squared"] < 0.05


def test_a_hidden_batch_that_leans_to_a_group_is_seen_to():
    vst, design, variables = simulated(n_genes=1500)
    rng = np.random.default_rng(5)
    leaning = (rng.uniform(size=60) < np.where(variables["group"] == 1, 0.8, 0.2)).astype(float)
    vst += 1.5 * np.outer(leaning, rng.normal(size=1500))
    found = surrogate_variables(vst, design)
    truth = np.corrcoef(leaning, variables["group"])[0, 1] ** 2
    table = surrogate_correlations(found, variables.assign(leaning=leaning)).set_index(["surrogate", "variable"])
    assert table.loc[("SV1", "leaning"), "r_squared"] > 0.95
    assert abs(table.loc[("SV1", "group"), "r_squared"] - truth) < 0.1


def test_noise_has_none():
    for seed in range(5):
        vst, design, _ = simulated(seed=seed)
        assert surrogate_variables(vst, design).shape == (60, 0)


def test_the_same_seed_gives_the_same_and_nothing_is_left_to_explain_in_a_full_design():
    vst, design, _ = simulated(hidden=0.8)
    pd.testing.assert_frame_equal(surrogate_variables(vst, design), surrogate_variables(vst, design))
    small = design.head(4)
    assert surrogate_variables(vst[:4], small).shape == (4, 0)


def test_calls_are_compared_by_gene_and_direction():
    calls = pd.DataFrame(
        {"gene_id": list("abcd"), "call_fdr": ["up", "up", "down", "none"], "stat": [5.0, 4.0, -4.0, 0.5]}
    )
    calls["call_strict"] = "none"
    after = calls.iloc[::-1].assign(call_fdr=["up", "down", "down", "up"], stat=[3.0, -4.0, -4.0, 5.0])
    assert compare_calls(calls, after, "fdr") | {"correlation": 0} == {
        "rule": "fdr",
        "called": 3,
        "called_with_surrogates": 4,
        "in_both": 2,
        "correlation": 0,
    }
