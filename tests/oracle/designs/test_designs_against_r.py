"""Estimates of trials with participants in the design agree with R DESeq2's for the same model matrix."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lateralis.config import Contrast, Variable
from lateralis.model.blocks import split_blocks
from lateralis.model.cells import contrast_weights
from lateralis.model.contrasts import wald_test
from lateralis.model.design import design_matrix
from lateralis.model.fit import fit_model
from lateralis.model.likelihood_ratio import likelihood_ratio_test

HERE = Path(__file__).parent


def change(visit, variable, level, weight=1.0, **also):
    return {
        "test": {"visit": visit, variable: level} | also,
        "reference": {"visit": "baseline", variable: level} | also,
        "weight": weight,
    }


TRIALS = {
    "longitudinal": (
        "~ participant + visit + visit:arm + visit:z + visit:arm:z",
        "~ participant + visit + visit:z",
        {"visit": ["baseline", "month1", "month4"], "arm": ["placebo", "il2"]},
        {
            "il2_month4": [change("month4", "arm", "il2", z=0), change("month4", "arm", "placebo", -1, z=0)],
            "arms_within": [change("month1", "arm", "il2", z=0)],
        },
        {"pnfh_month4": {"visit[month4]:arm[T.il2]:z": 1}},
    ),
    "dose": (
        "~ participant + visit + visit:dose",
        "~ participant + visit",
        {"visit": ["baseline", "day8"], "dose": ["0", "1", "2"]},
        {
            "dose2": [change("day8", "dose", "2"), change("day8", "dose", "0", -1)],
            "two_against_one": [change("day8", "dose", "2"), change("day8", "dose", "1", -1)],
        },
        {"trend": {"visit[day8]:dose[T.2]": 0.5}},
    ),
}


@pytest.fixture(scope="module", params=TRIALS)
def trial(request):
    name = request.param
    formula, reduced, levels, differences, weights = TRIALS[name]
    counts = pd.read_csv(HERE / f"{name}_counts.tsv.gz", sep="\t", index_col=0)
    obs = pd.read_csv(HERE / f"{name}_samples.tsv.gz", sep="\t", dtype={"dose": str}, index_col=0)
    variables = {"participant": Variable(type="categorical"), "z": Variable(type="numeric")}
    for variable, found in levels.items():
        variables[variable] = Variable(type="categorical", levels=found)
        obs[variable] = pd.Categorical(obs[variable], categories=found)
    obs["participant"] = pd.Categorical(obs["participant"])
    split = [
        split_blocks(design_matrix(obs, design, variables, where=name), obs, "participant", where=name)
        for design in (formula, reduced)
    ]
    expected = pd.read_csv(HERE / f"{name}_results.tsv.gz", sep="\t", index_col=0)
    fit = fit_model(
        counts.to_numpy().T,
        split[0].matrix,
        cells=np.arange(len(obs)),  # nobody has replicates, as in R: no count is replaced
        exempt_three_larger=False,
        blocks=split[0].blocks,
    )
    contrasts = {key: Contrast(model="m", differences=found) for key, found in differences.items()}
    contrasts |= {key: Contrast(model="m", weights=found) for key, found in weights.items()}
    vectors = {
        key: contrast_weights(contrast, obs, list(split[0].matrix), design=formula, variables=variables, where=key)
        for key, contrast in contrasts.items()
    }
    return counts, fit, split, vectors, expected


def test_dispersions(trial):
    _, fit, _, _, expected = trial
    ratio = fit.genes["dispersion"].to_numpy() / expected["dispersion"].to_numpy()
    assert np.median(np.abs(np.log(ratio))) < 1e-4
    assert (np.abs(np.log(ratio)) < 0.02).mean() > 0.97


def test_every_contrast(trial):
    _, fit, _, vectors, expected = trial
    for name, vector in vectors.items():
        found = wald_test(fit.coefficients, fit.covariance, vector)
        for column, right in (("log2FoldChange", "lfc"), ("lfcSE", "se")):
            close = np.isclose(found[column], expected[f"{name}.{right}"], rtol=5e-3, atol=2e-3)
            assert close.mean() > 0.97, (name, column)
        logs = np.abs(np.log10(found["pvalue"]) - np.log10(expected[f"{name}.p"].to_numpy()))
        assert np.nanmedian(logs) < 1e-3, name
        assert (logs < 0.05).mean() > 0.96, name


def test_likelihood_ratio(trial):
    counts, fit, split, _, expected = trial
    found = likelihood_ratio_test(
        counts.to_numpy().T,
        split[0].matrix,
        split[1].matrix,
        dispersions=fit.genes["dispersion"].to_numpy(),
        size_factors=fit.samples["size_factor"].to_numpy(),
        blocks=split[0].blocks,
    )
    logs = np.abs(np.log10(found["pvalue"].to_numpy()) - np.log10(expected["lrt.p"].to_numpy()))
    assert np.nanmedian(logs) < 1e-3
    assert (logs < 0.05).mean() > 0.96
