"""Which samples a model fits, what its design can tell apart, and what a contrast weighs. (Matrices of R: oracle/deseq2.)"""

from itertools import permutations

import numpy as np
import pandas as pd
import pytest

from lateralis.config import Contrast, Variable
from lateralis.errors import InputError
from lateralis.model import design
from lateralis.model.design import (
    check_design,
    coefficient_of_level,
    confounded_columns,
    contrast_vector,
    design_matrix,
    select_samples,
)

CATEGORICAL, NUMERIC = Variable(type="categorical"), Variable(type="numeric")
VARIABLES = {"group": CATEGORICAL, "batch": CATEGORICAL, "visit": CATEGORICAL, "age": NUMERIC}


def sheet(**columns):
    """A typed sample sheet: numbers are numeric, words categorical with sorted levels."""
    frame = pd.DataFrame(index=[f"s{number}" for number in range(len(next(iter(columns.values()))))])
    for name, values in columns.items():
        numeric = VARIABLES[name].type == "numeric"
        frame[name] = np.array(values, dtype=float) if numeric else pd.Categorical(values)
    return frame


def select(obs, formula="~ group + age", **options):
    given = {"subset": None, "exclude": {}, "missing": "error", "where": "cohort.yaml, models.m", **options}
    return select_samples(obs, formula, **given)


# --- samples ---


def test_each_sample_out_of_the_model_has_a_reason_and_the_strongest_one():
    obs = sheet(
        group=["a", "b", "a", "b", None, "a"],
        age=[50, 60, np.nan, np.nan, np.nan, 70],
        visit=["v1", "v1", "v1", "v2", "v1", None],
    )
    reasons = select(obs, subset="visit == 'v1'", exclude={"s1": "withdrawn"}, missing="drop")
    assert reasons.tolist() == [
        "",
        "excluded: withdrawn",
        "missing age",
        "not in subset: visit == 'v1'",
        "missing group, age",
        "not in subset: visit == 'v1' (value missing)",
    ]
    assert reasons.index.tolist() == obs.index.tolist()


def test_a_subset_of_a_numeric_variable_leaves_out_what_it_cannot_judge():
    obs = sheet(group=["a", "b", "a"], age=[50, 60, np.nan])
    assert select(obs, "~ group", subset="age >= 60 or group == 'c'").tolist() == [
        "not in subset: age >= 60 or group == 'c'",
        "",
        "not in subset: age >= 60 or group == 'c' (value missing)",
    ]


def test_missing_values_are_an_error_unless_they_are_to_be_dropped_or_do_not_matter():
    obs = sheet(group=["a", "b", "a", "b"], age=[np.nan, 1, np.nan, 2])
    with pytest.raises(InputError) as caught:
        select(obs)
    assert caught.value.found == "2 samples lack 'age', the first is 's0'"
    assert "missing: drop" in caught.value.right
    assert select(obs, "~ group").tolist() == [""] * 4
    assert select(obs, exclude={"s0": "old", "s2": "old"}).tolist() == ["excluded: old", "", "excluded: old", ""]
    assert select(obs, missing="drop").tolist() == ["missing age", "", "missing age", ""]


def test_a_model_without_samples_is_refused():
    obs = sheet(group=["a", "b"], age=[1, 2])
    with pytest.raises(InputError, match="no sample is left to fit"):
        select(obs, subset="age > 5")
    with pytest.raises(InputError, match="no sample is left to fit"):
        select(obs, exclude={"s0": "x", "s1": "x"})


# --- the matrix ---


def test_numeric_variables_are_transformed_then_centred_then_scaled():
    obs = sheet(age=[1, 2, 4, 8])
    both = {"age": Variable(type="numeric", center=True, scale=True)}
    # log2 is 0, 1, 2, 3: mean 1.5, standard deviation √(5/3)
    expected = (np.arange(4) - 1.5) / np.sqrt(5 / 3)
    matrix = design_matrix(obs, "~ log2(age)", both, where="x")
    assert matrix.columns.tolist() == ["Intercept", "log2(age)"]
    np.testing.assert_allclose(matrix["log2(age)"], expected, rtol=1e-14)
    centred = {"age": Variable(type="numeric", center=True)}
    np.testing.assert_allclose(design_matrix(obs, "~ age", centred, where="x")["age"], [-2.75, -1.75, 0.25, 4.25])
    scaled = {"age": Variable(type="numeric", scale=True)}
    found = design_matrix(obs, "~ age", scaled, where="x")["age"]
    np.testing.assert_allclose(found, np.array([1, 2, 4, 8]) / np.std([1, 2, 4, 8], ddof=1), rtol=1e-14)


def test_levels_without_samples_leave_no_column():
    obs = sheet(group=["a", "b", "c", "d"])
    matrix = design_matrix(obs.iloc[[1, 3, 3]], "~ group", VARIABLES, where="x")
    assert matrix.columns.tolist() == ["Intercept", "group[T.d]"]
    assert matrix.to_numpy().tolist() == [[1, 0], [1, 1], [1, 1]]


@pytest.mark.parametrize(
    ("columns", "formula", "found"),
    [
        ({"group": ["a", "a"]}, "~ group", "'group' has one level ('a') among the model's samples"),
        ({"age": [5, 5]}, "~ age", "'age' has one value in all of the model's samples"),
        ({"age": [5]}, "~ age", "'age' has one value in all of the model's samples"),
        ({"age": [1, 0]}, "~ log2(age)", "log2(age) of 0, the value of sample 's1', is not a finite number"),
        ({"age": [4, -4]}, "~ sqrt(age)", "sqrt(age) of -4, the value of sample 's1', is not a finite number"),
    ],
)
def test_variables_that_cannot_be_coded_are_refused(columns, formula, found):
    with pytest.raises(InputError) as caught:
        design_matrix(sheet(**columns), formula, VARIABLES, where="cohort.yaml, models.m.design")
    assert (caught.value.where, caught.value.found) == ("cohort.yaml, models.m.design", found)


def matrix_of(**columns):
    return pd.DataFrame(columns, dtype=float)


def test_crossed_variables_of_many_levels_are_refused_before_their_matrix_is_made():
    names = [f"p{number:03d}" for number in range(300)]
    obs = sheet(group=names, batch=names[::-1], visit=names)
    with pytest.raises(InputError, match=r"its terms come to 27,000,000 combinations of levels\. At most 5,000"):
        design_matrix(obs, "~ group:batch:visit", VARIABLES, where="m.design")


def test_coefficients_have_names_of_their_own():
    variables = {"group": CATEGORICAL, "Intercept": NUMERIC}
    obs = sheet(group=["a", "b", "a", "b"]).assign(Intercept=[1.0, 2.0, 3.0, 5.0])
    with pytest.raises(InputError, match="'Intercept' is the name of a coefficient"):
        design_matrix(obs, "~ Intercept + group", variables, where="m.design")
    obs = sheet(group=["a", "x", "x]:batch[T.y"] * 2, batch=["y", "a"] * 3)
    with pytest.raises(InputError, match=r"level 'x\]:batch\[T\.y' of 'group' reads as an interaction"):
        design_matrix(obs, "~ group * batch", VARIABLES, where="m.design")


def test_a_variable_is_looked_up_and_never_run():
    """Whatever a level or a variable is called, the library that codes the design takes it for a name."""
    level = "b + __import__('pathlib').Path('owned').touch()"
    obs = sheet(group=["a", level, "a", level], age=[1, 2, 3, 5])
    columns = design_matrix(obs, "~ group * age", VARIABLES, where="m.design").columns
    assert list(columns) == ["Intercept", f"group[T.{level}]", "age", f"group[T.{level}]:age"]


def test_confounded_columns_are_those_of_the_dependency_and_no_others():
    rng = np.random.default_rng(1)
    batch = np.repeat([0, 1], 6)
    age = rng.normal(60, 10, 12)
    group = batch.copy()
    sex = np.tile([0, 1], 6)
    matrix = matrix_of(Intercept=np.ones(12), sex=sex, batch=batch, age=age, group=group)
    assert confounded_columns(matrix) == ["batch", "group"]
    assert confounded_columns(matrix.drop(columns="group")) == []
    # two dependencies at once, one of them over three columns and on another scale
    matrix["years"] = 1e4 * (age + 3)
    assert confounded_columns(matrix) == ["Intercept", "batch", "age", "group", "years"]
    assert confounded_columns(matrix_of(Intercept=np.ones(3), zero=np.zeros(3))) == ["zero"]


def test_nearly_dependent_columns_are_not_called_confounded():
    x = np.linspace(-1, 1, 20)
    matrix = matrix_of(Intercept=np.ones(20), x=x, y=x + 1e-6 * x**2)
    assert confounded_columns(matrix) == []


def test_nested_batches_are_named():
    obs = sheet(group=list("aaabbb"), batch=list("111333"))
    matrix = design_matrix(obs, "~ batch + group", VARIABLES, where="x")
    with pytest.raises(InputError) as caught:
        check_design(matrix, where="cohort.yaml, models.m.design")
    assert "cannot be told apart" in caught.value.found
    assert "'batch[T.3]', 'group[T.b]'" in caught.value.found


def test_a_design_must_leave_samples_for_the_dispersion():
    obs = sheet(group=list("aabc"), age=[1, 5, 2, 4])
    matrix = design_matrix(obs, "~ group + age", VARIABLES, where="x")
    with pytest.raises(InputError, match="has 4 coefficients for 4 samples"):
        check_design(matrix, where="x")
    check_design(design_matrix(obs, "~ group", VARIABLES, where="x"), where="x")


# --- contrasts ---

LEVELS = ["a", "b", "c", "d"]


def two_levels(test, reference, variable="group"):
    return Contrast(model="m", variable=variable, test=test, reference=reference)


@pytest.mark.parametrize("formula", ["~ batch + age + group", "~ 0 + group + batch + age", "~ group + batch * age"])
@pytest.mark.parametrize(("test", "reference"), list(permutations(LEVELS, 2)))
def test_contrast_of_two_levels_is_the_difference_of_their_predictions(formula, test, reference):
    rng = np.random.default_rng(0)
    obs = sheet(group=LEVELS * 6, batch=list("xyz") * 8, age=rng.normal(60, 9, 24))
    matrix = design_matrix(obs, formula, VARIABLES, where="x")
    vector = contrast_vector(two_levels(test, reference), obs, list(matrix.columns), where="x")
    beta = rng.normal(size=matrix.shape[1])
    predictions = {}
    for level in (test, reference):
        as_level = obs.assign(group=pd.Categorical([level] * 20 + LEVELS))  # the last four keep every column there
        predictions[level] = (design_matrix(as_level, formula, VARIABLES, where="x") @ beta).to_numpy()[:20]
    # everyone as the one level against everyone as the other, whatever batch and age they have
    np.testing.assert_allclose(predictions[test] - predictions[reference], vector @ beta, rtol=0, atol=1e-12)


def test_the_reference_has_no_coefficient_of_its_own():
    assert coefficient_of_level(["Intercept", "group[T.b]"], "group", "b") == "group[T.b]"
    assert coefficient_of_level(["Intercept", "group[T.b]"], "group", "a") is None
    assert coefficient_of_level(["group[a]", "group[b]"], "group", "a") == "group[a]"


@pytest.mark.parametrize(
    ("test", "reference", "where", "found"),
    [
        ("b", "a", "c.test", "group 'b' has 1 sample in model 'm'"),
        ("a", "b", "c.reference", "group 'b' has 1 sample in model 'm'"),
        ("z", "a", "c.test", "group 'z' has 0 samples in model 'm'"),
    ],
)
def test_a_compared_group_needs_two_samples(test, reference, where, found):
    obs = sheet(group=list("aabcc"))
    with pytest.raises(InputError) as caught:
        contrast_vector(two_levels(test, reference), obs, ["Intercept", "group[T.b]", "group[T.c]"], where="c")
    assert (caught.value.where, caught.value.found) == (where, found)


def test_weights_stand_by_name_and_unknown_ones_are_refused():
    columns = ["Intercept", "dose[T.1]", "dose[T.2]", "age"]
    contrast = Contrast(model="m", weights={"age": -1.5, "dose[T.2]": 0.5})
    assert contrast_vector(contrast, pd.DataFrame(), columns, where="c").tolist() == [0, 0, 0.5, -1.5]
    with pytest.raises(InputError) as caught:
        contrast_vector(Contrast(model="m", weights={"dose": 1, "age": 1}), pd.DataFrame(), columns, where="c")
    assert caught.value.where == "c.weights"
    assert caught.value.found == "'dose' is no coefficient of model 'm'"
    assert "'Intercept', 'dose[T.1]', 'dose[T.2]', 'age'" in caught.value.right


def test_tested_variables_come_from_names_and_weights():
    formula = "~ batch + log2(age) + group * visit"
    contrasts = {
        "one": two_levels("a", "b", variable="batch"),
        "two": Contrast(model="m", weights={"group[T.b]:visit[T.v2]": 1, "batch[T.2]": 0}),
    }
    assert design.tested_variables(contrasts, formula) == ["batch", "group", "visit"]
    age = {"slope": Contrast(model="m", weights={"log2(age)": 1, "Intercept": 2})}
    assert design.tested_variables(age, formula) == ["age"]
    assert design.tested_variables({}, formula) == []
    lrt = {"any": Contrast(model="m", reduced="~ batch + log2(age) + group + visit")}
    assert design.tested_variables(lrt, formula) == ["group", "visit"]
    assert design.tested_variables({"any": Contrast(model="m", reduced="~ group * visit")}, formula) == ["age", "batch"]
