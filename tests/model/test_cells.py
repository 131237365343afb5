"""Contrasts written as differences of cells, against weights by hand."""

import numpy as np
import pandas as pd
import pytest

from lateralis.config import Contrast, Variable
from lateralis.errors import InputError
from lateralis.model.blocks import split_blocks
from lateralis.model.cells import contrast_weights
from lateralis.model.design import design_matrix

VARIABLES = {
    "participant": Variable(type="categorical"),
    "visit": Variable(type="categorical", levels=["baseline", "month1", "month4"]),
    "arm": Variable(type="categorical", levels=["placebo", "il2"]),
    "dose": Variable(type="categorical", levels=["0", "1", "2"]),
    "pnfh": Variable(type="numeric", center=True),
}


@pytest.fixture(scope="module")
def obs():
    rng = np.random.default_rng(1)
    visits = ["baseline", "month1", "month4"]
    people = 12
    return pd.DataFrame(
        {
            "participant": pd.Categorical(np.repeat([f"p{n:02d}" for n in range(people)], 3)),
            "visit": pd.Categorical(np.tile(visits, people), categories=visits),
            "arm": pd.Categorical(np.repeat(["placebo", "il2"] * 6, 3), categories=["placebo", "il2"]),
            "dose": pd.Categorical(np.repeat(["0", "1", "2"] * 4, 3), categories=["0", "1", "2"]),
            "pnfh": np.repeat(rng.uniform(500, 4000, people), 3),
        }
    )


def weights(obs, design, *differences, columns=None):
    contrast = Contrast(model="m", differences=list(differences))
    columns = columns or list(design_matrix(obs, design, VARIABLES, where="x"))
    found = contrast_weights(contrast, obs, columns, design=design, variables=VARIABLES, where="contrasts.c")
    return {name: round(weight, 9) for name, weight in zip(columns, found, strict=True) if abs(weight) > 1e-12}


def between(test, reference, weight=1.0):
    return {"test": test, "reference": reference, "weight": weight}


def test_two_levels_of_an_additive_design(obs):
    found = weights(obs, "~ visit + arm", between({"visit": "month4"}, {"visit": "month1"}))
    assert found == {"visit[T.month4]": 1, "visit[T.month1]": -1}


def test_an_interaction_is_a_difference_of_differences(obs):
    change = [
        between({"visit": "month4", "arm": arm}, {"visit": "baseline", "arm": arm}, weight)
        for arm, weight in (("il2", 1), ("placebo", -1))
    ]
    assert weights(obs, "~ visit * arm", *change) == {"visit[T.month4]:arm[T.il2]": 1}


def test_numbers_are_in_units_of_the_sheet_and_transformed_like_it(obs):
    found = weights(obs, "~ arm + log2(pnfh)", between({"pnfh": 4000}, {"pnfh": 1000}))
    assert found == {"log2(pnfh)": 2}
    found = weights(obs, "~ arm * pnfh", between({"arm": "il2", "pnfh": 3000}, {"arm": "placebo", "pnfh": 3000}))
    assert found == {"arm[T.il2]": 1, "arm[T.il2]:pnfh": round(3000 - obs["pnfh"].mean(), 9)}


def test_levels_that_yaml_reads_as_numbers(obs):
    assert weights(obs, "~ dose", between({"dose": 2}, {"dose": 0})) == {"dose[T.2]": 1}


def test_a_variable_that_matters_must_be_named(obs):
    with pytest.raises(InputError, match=r"number 1: depends on 'arm', which interacts"):
        weights(obs, "~ visit * arm", between({"visit": "month4"}, {"visit": "baseline"}))


def blocked(obs, design):
    return list(split_blocks(design_matrix(obs, design, VARIABLES, where="x"), obs, "participant", where="x").matrix)


def test_changes_within_participants(obs):
    design = "~ participant + visit + visit:arm"
    columns = blocked(obs, design)
    treated = between({"visit": "month1", "arm": "il2"}, {"visit": "baseline", "arm": "il2"})
    placebo = between({"visit": "month1", "arm": "placebo"}, {"visit": "baseline", "arm": "placebo"}, -1)
    assert weights(obs, design, treated, columns=columns) == {"visit[T.month1]": 1, "visit[month1]:arm[T.il2]": 1}
    assert weights(obs, design, treated, placebo, columns=columns) == {"visit[month1]:arm[T.il2]": 1}


def test_a_comparison_of_participants_is_refused_where_they_are_blocks(obs):
    design = "~ participant + visit + visit:arm"
    with pytest.raises(InputError, match=r"cannot be estimated.*compare changes within them"):
        weights(
            obs,
            design,
            between({"visit": "month1", "arm": "il2"}, {"visit": "month1", "arm": "placebo"}),
            columns=blocked(obs, design),
        )


@pytest.mark.parametrize(
    ("difference", "message"),
    [
        (between({"dose": "1"}, {"dose": "0"}), "'dose' is not in the design"),
        (between({"visit": "month9"}, {"visit": "baseline"}), "no sample of the model has visit 'month9'"),
        (between({"visit": "month1"}, {"visit": "month1"}), "cancel each other out"),
    ],
)
def test_cells_that_are_wrong(obs, difference, message):
    with pytest.raises(InputError, match=message):
        weights(obs, "~ visit + arm", difference)
