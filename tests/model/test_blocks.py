"""Designs with participants in them: what blocks determine is left out or refused; the fit is that of the whole design."""

import numpy as np
import pandas as pd
import pytest

from lateralis.config import Variable
from lateralis.errors import InputError
from lateralis.model.blocks import block_variable, blocks_in_words, centre_in_blocks, split_blocks
from lateralis.model.design import design_matrix
from lateralis.model.engine.direct import dense_matrix
from lateralis.model.fallback import FallbackInference
from lateralis.model.fit import fit_model
from lateralis.model.likelihood_ratio import likelihood_ratio_test
from lateralis.model.numerics import choose_numerics
from lateralis.sections import Samples

N_PEOPLE, VISITS = 14, ["baseline", "month1", "month4"]
VARIABLES = {
    "participant": Variable(type="categorical"),
    "visit": Variable(type="categorical", levels=VISITS),
    "arm": Variable(type="categorical", levels=["placebo", "il2"]),
    "pnfh": Variable(type="numeric", center=True),
}
SAMPLES = Samples(participant="participant", variables=VARIABLES)
LONGITUDINAL = "~ participant + visit + visit:arm + visit:pnfh + visit:arm:pnfh"


@pytest.fixture(scope="module")
def obs():
    rng = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "participant": pd.Categorical(np.repeat([f"p{n:02d}" for n in range(N_PEOPLE)], len(VISITS))),
            "visit": pd.Categorical(np.tile(VISITS, N_PEOPLE), categories=VISITS),
            "arm": pd.Categorical(
                np.repeat(["placebo", "il2"] * (N_PEOPLE // 2), len(VISITS)), categories=["placebo", "il2"]
            ),
            "pnfh": np.repeat(rng.normal(size=N_PEOPLE), len(VISITS)),
        },
        index=[f"s{n}" for n in range(N_PEOPLE * len(VISITS))],
    )


def split(obs, design):
    matrix = design_matrix(obs, design, VARIABLES, where="x")
    return matrix, split_blocks(matrix, obs, "participant", where="x")


def test_the_participant_is_a_block_where_it_is_a_term():
    assert block_variable(SAMPLES, LONGITUDINAL) == "participant"
    assert block_variable(SAMPLES, "~ visit + participant:visit") is None
    assert block_variable(SAMPLES, "~ visit + arm") is None


def test_baseline_columns_are_dropped_and_said(obs):
    matrix, (kept, blocks, dropped) = split(obs, LONGITUDINAL)
    assert dropped == ["visit[baseline]:arm[T.il2]", "visit[baseline]:pnfh", "visit[baseline]:arm[T.il2]:pnfh"]
    assert list(kept) == [
        *["visit[T.month1]", "visit[T.month4]", "visit[month1]:arm[T.il2]", "visit[month4]:arm[T.il2]"],
        *["visit[month1]:pnfh", "visit[month4]:pnfh", "visit[month1]:arm[T.il2]:pnfh", "visit[month4]:arm[T.il2]:pnfh"],
    ]
    whole = dense_matrix(kept.to_numpy(), blocks)
    assert np.linalg.matrix_rank(whole) == whole.shape[1] == np.linalg.matrix_rank(matrix.to_numpy())
    said = blocks_in_words("participant", blocks, dropped)
    assert "Each of 14 levels of participant" in said
    assert "visit[baseline]:pnfh" in said


def test_a_group_of_participants_has_no_main_effect_and_the_alternative_is_named(obs):
    with pytest.raises(InputError, match=r"'arm' is the same in all samples of a participant.*visit:arm"):
        split(obs, "~ participant + visit * arm")


def test_columns_that_cannot_be_told_apart_are_named(obs):
    twice = obs.assign(pnfh=np.where(obs["arm"] == "il2", 1.0, 0.0))
    with pytest.raises(InputError, match=r"visit\[month1\]:arm\[T.il2\].*cannot be told apart"):
        split(twice, "~ participant + visit + visit:arm + visit:pnfh")


def test_participants_with_one_visit_leave_nothing_over(obs):
    once = obs[obs["visit"] == "baseline"].assign(pnfh=np.arange(N_PEOPLE) * 1.0)
    with pytest.raises(InputError, match=r"is the same in all samples"):
        split(once, "~ participant + pnfh")


def test_centring_by_hand():
    centred = centre_in_blocks(np.array([[1.0], [3.0], [10.0]]), np.array([0, 0, 1]))
    np.testing.assert_array_equal(centred, [[-1], [1], [0]])


@pytest.fixture(scope="module")
def counts(obs):
    rng = np.random.default_rng(2)
    own = rng.normal(0, 0.6, (N_PEOPLE, 400))[np.repeat(np.arange(N_PEOPLE), len(VISITS))]
    change = np.outer((obs["visit"] == "month4") & (obs["arm"] == "il2"), rng.normal(0, 0.8, 400))
    mean = np.exp(rng.normal(4.5, 1.2, 400) + own + change)
    found = rng.negative_binomial(10, 10 / (10 + mean))
    found[5, :4] = 60_000  # outliers
    return found


def test_the_fit_is_that_of_the_whole_design(obs, counts):
    _, (kept, blocks, _) = split(obs, LONGITUDINAL)
    whole = pd.DataFrame(dense_matrix(kept.to_numpy(), blocks), index=kept.index)
    cells = pd.factorize(obs["visit"].astype(str) + obs["arm"].astype(str))[0]
    given = {"cells": cells, "exempt_three_larger": False}
    expected = fit_model(counts, whole, **given)
    for numerics in (choose_numerics(2, blocks), FallbackInference(n_cpus=1, blocks=blocks)):
        fit = fit_model(counts, kept, **given, blocks=blocks, numerics=numerics)
        assert list(fit.samples["block"]) == list(blocks)
        tolerance = 1e-6 if "engine" in numerics.name else 2e-2
        sound = (expected.genes["na_reason"] == "").to_numpy() & (fit.genes["na_reason"] == "").to_numpy()
        assert sound.mean() > 0.95
        width = kept.shape[1]
        for found, right in (
            (fit.coefficients[sound], expected.coefficients[sound, :width]),
            (fit.covariance[sound], expected.covariance[sound, :width, :width]),
        ):
            close = np.isclose(found, right, rtol=tolerance, atol=tolerance)
            assert close.mean() > (0.9999 if "engine" in numerics.name else 0.97)
    assert fit.genes["n_replaced"].sum() >= 4


def test_likelihood_ratio_with_blocks(obs, counts):
    _, (kept, blocks, _) = split(obs, LONGITUDINAL)
    _, (reduced, _, _) = split(obs, "~ participant + visit + visit:arm")
    given = {"dispersions": np.full(400, 0.1), "size_factors": np.ones(len(obs))}
    found = likelihood_ratio_test(counts, kept, reduced, blocks=blocks, **given)
    whole = [dense_matrix(frame.to_numpy(), blocks) for frame in (kept, reduced)]
    expected = likelihood_ratio_test(counts, *whole, **given)
    np.testing.assert_allclose(found["pvalue"], expected["pvalue"], rtol=1e-4)
    alone = likelihood_ratio_test(counts, kept, kept.iloc[:, :0], blocks=blocks, **given)
    assert alone["stat"].min() > 0
