"""The `qc` section: limits over their defaults, variables that must exist, scores as variables."""

import pytest

from lateralis.config import Cohort
from lateralis.configfile import parse_section
from lateralis.errors import InputError

COHORT = {
    "cohort": "test",
    "title": "Test",
    "input": {"simulate": "mac2als"},
    "samples": {
        "variables": {
            "group": {"type": "categorical", "levels": ["control", "als"]},
            "sex": {"type": "categorical"},
            "age": {"type": "numeric"},
            "purity": {"type": "numeric", "score": "t_cell", "center": True},
        }
    },
    "models": {"primary": {"design": "~ sex + purity + group"}},
    "contrasts": {"als_vs_control": {"model": "primary", "variable": "group", "test": "als", "reference": "control"}},
}


def cohort_with(**changes):
    return parse_section(Cohort, COHORT | changes, "FILE")


def test_a_limit_given_leaves_the_others_at_their_defaults():
    checks = cohort_with(qc={"checks": {"library_size": {"fail_at": 5e5}, "rle_spread": {"warn_mads": None}}}).qc.checks
    assert checks.library_size.model_dump() == {"warn_mads": 3, "fail_mads": None, "warn_at": 5e6, "fail_at": 5e5}
    assert checks.rle_spread.model_dump() == {"warn_mads": None, "fail_mads": 8, "warn_at": None, "fail_at": None}
    assert checks.detected_genes == cohort_with().qc.checks.detected_genes


def test_the_sex_is_the_variable_of_that_name_unless_the_config_names_another():
    assert cohort_with().sex_variable == "sex"
    assert cohort_with(qc={"sex": "group"}).sex_variable == "group"
    variables = {name: spec for name, spec in COHORT["samples"]["variables"].items() if name != "sex"}
    without = cohort_with(samples={"variables": variables}, models={"primary": {"design": "~ group"}})
    assert without.sex_variable is None


def test_a_score_is_no_column_of_the_sheet():
    samples = cohort_with().samples
    assert samples.columns == ["sample", "group", "sex", "age"]
    assert samples.scores == {"purity": "t_cell"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"qc": {"sex": "gender"}}, "qc.sex: 'gender' is not among samples.variables"),
        ({"qc": {"technical": ["age"]}}, "qc.technical: 'age' is numeric"),
        (
            {"qc": {"panel": "none"}},
            "samples.variables.purity.score: there is no panel 't_cell', as `qc.panel` is `none`",
        ),
        ({"qc": {"checks": {"mapped": {}}}}, "qc.checks.mapped: unknown key"),
        ({"qc": {"checks": {"library_size": {"warn_mads": -1}}}}, "qc.checks.library_size.warn_mads: found -1"),
        ({"qc": {"relatedness": {"format": "king", "path": "x"}}}, "qc.relatedness.format: found 'king'"),
        (
            {"samples": {"variables": {"group": {"type": "categorical", "score": "t_cell"}}}},
            "samples.variables.group: a `score` is numeric",
        ),
    ],
)
def test_what_is_wrong_is_named(changes, message):
    with pytest.raises(InputError) as caught:
        cohort_with(**changes)
    assert message in str(caught.value)
