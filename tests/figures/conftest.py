"""Results tables as the pipeline writes them, from a simulation with known effects."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from lateralis.config import Endpoint
from lateralis.model.endpoint import call_genes


def simulated_results(n_genes: int = 2000, seed: int = 1, changed: float = 0.05, endpoint: Endpoint | None = None):
    rng = np.random.default_rng(seed)
    mean = 10 ** rng.normal(2, 0.9, n_genes)
    error = 0.09 + 0.9 / np.sqrt(mean)
    effect = np.where(rng.random(n_genes) < changed, rng.normal(0, 1.2, n_genes), 0.0)
    estimate = effect + error * rng.standard_normal(n_genes)
    statistics = pd.DataFrame(
        {
            "gene_id": [f"ENSG{i:011d}" for i in range(n_genes)],
            "gene_name": [f"NAME{i}" for i in range(n_genes)],
            "baseMean": mean,
            "log2FoldChange": estimate,
            "lfcSE": error,
            "stat": estimate / error,
            "pvalue": 2 * norm.sf(np.abs(estimate / error)),
            "log2FoldChange_shrunken": 0.8 * estimate,
            "na_reason": "",
        }
    )
    low = statistics.index[-n_genes // 20 :]
    statistics.loc[low, ["log2FoldChange", "lfcSE", "stat", "pvalue", "log2FoldChange_shrunken"]] = np.nan
    statistics.loc[low, "na_reason"] = "low_count_filter"
    return call_genes(statistics, endpoint or Endpoint())


@pytest.fixture
def make_results() -> Callable[..., pd.DataFrame]:
    return simulated_results


@pytest.fixture
def results() -> pd.DataFrame:
    return simulated_results()


@pytest.fixture
def samples() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    levels = ["control", "motor", "carrier", "als"]
    frame = pd.DataFrame(
        {
            "group": pd.Categorical(rng.choice(levels, 60), levels),
            "sex": pd.Categorical(rng.choice(["F", "M"], 60)),
            "age": rng.normal(60, 9, 60),
        },
        index=[f"S{i:03d}" for i in range(60)],
    )
    frame.loc["S005", "sex"] = np.nan
    return frame
