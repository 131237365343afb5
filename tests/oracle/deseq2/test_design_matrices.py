"""Design matrices against R's model.matrix (make.R): the same columns in the same order, to the last digits."""

import numpy as np
import pandas as pd
import pytest

from lateralis.config import Variable
from lateralis.model.design import design_matrix

LEVELS = {"group": ["control", "motor", "carrier", "als"], "sex": ["F", "M"], "batch": ["b1", "b2", "b3"]}
VARIABLES = {name: Variable(type="categorical", levels=levels) for name, levels in LEVELS.items()}
VARIABLES |= {"age": Variable(type="numeric"), "dose": Variable(type="numeric")}
FORMULAS = {
    "additive": "~ batch + sex + age + group",
    "interaction": "~ batch + sex * group",
    "crossed_numeric": "~ group * age",
    "no_intercept": "~ 0 + group + batch",
    "transforms": "~ log2(dose) + sqrt(age) + group",
    "scaled": "~ age + group",
    "three_way": "~ sex * group * age",
    "nested": "~ sex + sex:age",
    "written_backwards": "~ sex + group + group:sex",
    "numeric_interaction": "~ age + dose + age:dose",
    "interaction_first": "~ group:sex + sex + group",
    "intercept_only": "~ 1",
    "backwards_wide": "~ batch + group + group:batch",
    "other_transforms": "~ log(dose) + log10(age) + log1p(age)",
    "no_intercept_numeric": "~ 0 + age + group",
}


@pytest.fixture(scope="module")
def sheet(oracle):
    """Typed; group has the level carrier, which no sample has."""
    table = oracle("design_samples", matrix=True)
    for name, levels in LEVELS.items():
        table[name] = pd.Categorical(table[name], levels)
    return table.astype({"age": float, "dose": float})


def as_r_names(column):
    """`group[T.als]:age` as R writes it, `groupals:age`; its intercept and this test's name of the scaled age."""
    return column.replace("[T.", "").replace("[", "").replace("]", "").replace("Intercept", "(Intercept)")


@pytest.mark.parametrize("name", FORMULAS)
def test_design_matrix_is_that_of_r(oracle, sheet, name):
    table = oracle("design_matrices").query("formula == @name")
    expected = table.pivot(index="sample", columns="column", values="value").loc[sheet.index]
    variables = VARIABLES | ({"age": Variable(type="numeric", center=True, scale=True)} if name == "scaled" else {})
    found = design_matrix(sheet, FORMULAS[name], variables, where="x")
    names = [column.replace("age_z", "age") for column in table.drop_duplicates("column")["name"]]
    assert [as_r_names(column) for column in found.columns] == names
    np.testing.assert_allclose(found.to_numpy(), expected.to_numpy(), rtol=1e-14, atol=1e-15)


def test_every_matrix_of_the_oracle_is_compared(oracle):
    assert set(oracle("design_matrices")["formula"]) == set(FORMULAS)
