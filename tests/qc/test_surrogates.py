"""Hidden variables: found where a batch is kept from the design, none in noise."""

import numpy as np
import pandas as pd

from lateralis.qc.surrogates import surrogate_correlations, surrogate_variables


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
    np.testing.assert_allclose(found.to_numpy().T @ design.to_numpy(), 0, atol=1e-9)
    table = surrogate_correlations(found, variables).set_index("variable")
    assert table.loc["batch", "r_squared"] > 0.9
    assert table.loc["group", "r_squared"] < 1e-9


def test_noise_has_none():
    for seed in range(5):
        vst, design, _ = simulated(seed=seed)
        assert surrogate_variables(vst, design).shape == (60, 0)


def test_the_same_seed_gives_the_same_and_nothing_is_left_to_explain_in_a_full_design():
    vst, design, _ = simulated(hidden=0.8)
    pd.testing.assert_frame_equal(surrogate_variables(vst, design), surrogate_variables(vst, design))
    small = design.head(4)
    assert surrogate_variables(vst[:4], small).shape == (4, 0)
