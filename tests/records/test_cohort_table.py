"""Table 1 and the flow of participants, counted by hand."""

import numpy as np
import pandas as pd
import pytest

from lateralis.config import Contrast, Variable
from lateralis.records.cohort_table import describe_cohort, participant_flow

VARIABLES = {
    "group": Variable(type="categorical"),
    "sex": Variable(type="categorical"),
    "age": Variable(type="numeric"),
}
OBS = pd.DataFrame(
    {
        "group": pd.Categorical(
            ["als", "als", "als", "als", "control", "control", None, "control"], ["control", "als"]
        ),
        "sex": pd.Categorical(["F", "F", "M", None, "M", "M", "F", "M"], ["F", "M"]),
        "age": [50, 60, 70, 80, 41.25, np.nan, 55, np.nan],
        "person": ["P1", "P1", "P2", "", "P3", "P4", "P5", "P5"],
    },
    index=pd.Index([f"s{number}" for number in range(8)], name="sample"),
)


def test_table_1_by_hand():
    found = describe_cohort(OBS, VARIABLES, "group")
    assert found.columns.tolist() == ["variable", "level", "control", "als", "missing", "all"]
    rows = {(row.variable, row.level): list(row[3:]) for row in found.itertuples()}
    assert rows == {
        ("samples", ""): ["3", "4", "1", "8"],
        # of those with a sex: three of four als, all eight but one
        ("sex", "F"): ["0 (0 %)", "2 (67 %)", "1 (100 %)", "3 (43 %)"],
        ("sex", "M"): ["3 (100 %)", "1 (33 %)", "0 (0 %)", "4 (57 %)"],
        ("sex", "missing"): ["0", "1", "0", "1"],
        # als 50, 60, 70, 80: quartiles by linear interpolation at 57.5, 65, 72.5; all: 41.25 50 55 60 70 80
        ("age", "median [quartiles]"): [
            "41.25 [41.25–41.25]",
            "65 [57.5–72.5]",
            "55 [55–55]",
            "57.5 [51.25–67.5]",
        ],
        ("age", "missing"): ["2", "0", "0", "2"],
    }
    assert found["variable"].tolist() == ["samples", "sex", "sex", "sex", "age", "age"]


def test_groups_of_a_categorical_variable_add_up():
    found = describe_cohort(OBS, VARIABLES, "group").set_index(["variable", "level"])
    numbers = found.loc["sex"].apply(lambda column: column.str.extract(r"^(\d+)")[0].astype(int))
    assert (numbers.sum() == found.loc[("samples", "")].astype(int)).all()
    assert (numbers[["control", "als", "missing"]].sum(axis=1) == numbers["all"]).all()


def test_without_a_group_there_is_one_column():
    found = describe_cohort(OBS, VARIABLES, None)
    assert found.columns.tolist() == ["variable", "level", "all"]
    shares = found.set_index(["variable", "level"])["all"]
    assert shares["group", "als"] == "4 (57 %)"
    assert shares["group", "missing"] == "1"


def test_a_group_in_which_all_values_are_missing_has_a_dash():
    obs = OBS.assign(age=OBS["age"].where(OBS["group"] == "als"), sex=OBS["sex"].where(OBS["group"] == "als"))
    found = describe_cohort(obs, VARIABLES, "group").set_index(["variable", "level"])
    assert found.loc[("age", "median [quartiles]"), "control"] == "–"
    assert found.loc[("sex", "F"), "control"] == "–"
    assert found.loc[("age", "missing"), "control"] == "3"


SOURCES = pd.DataFrame({"sample": [f"s{number}" for number in range(8)], "row": [f"r{number}" for number in range(8)]})
REASONS = {
    "primary": pd.Series(
        ["", "", "excluded: old", "", "", "missing age", "missing group", "missing age"], index=OBS.index
    ),
    "visits": pd.Series([""] * 8, index=OBS.index),
}
CONTRASTS = {
    "c": Contrast(model="primary", variable="group", test="als", reference="control"),
    "slope": Contrast(model="visits", weights={"age": 1}),
}


def flow(obs=OBS, sources=SOURCES, participant="person"):
    return participant_flow(sources, obs, participant, {"s2": "old"}, REASONS, CONTRASTS).set_index("step")


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("as_stored", [False, True])
def test_flow_by_hand(as_stored):
    # an h5ad file gives text back as categories
    obs = OBS.assign(person=OBS["person"].astype("category")) if as_stored else OBS
    found = flow(obs)
    assert found.index.tolist() == [
        *["rows of the sample sheet", "not excluded", "model primary", "contrast c: compared groups"],
        *["model visits", "contrast slope"],
    ]
    assert found["samples"].tolist() == [8, 7, 4, 4, 8, 8]
    # P1 P2 P3 P4 P5; P2 is excluded; P1 and P3 are left, and one sample without a participant
    assert found["participants"].tolist() == [5, 4, 2, 2, 5, 5]
    assert found["lost"].tolist() == [
        "",
        "excluded: old: 1",
        "excluded: old: 1; missing age: 2; missing group: 1",
        "",
        "",
        "",
    ]


def test_what_is_lost_and_what_is_left_are_all():
    found = flow()
    lost = found.loc["model primary", "lost"].split("; ")
    assert sum(int(part.rsplit(": ", 1)[1]) for part in lost) + found.loc["model primary", "samples"] == 8


def test_technical_replicates_have_a_step_of_their_own():
    sources = pd.concat([SOURCES, pd.DataFrame({"sample": ["s0", "s1"], "row": ["r8", "r9"]})])
    found = flow(sources=sources)
    assert found["samples"].iloc[:3].tolist() == [10, 8, 7]
    assert found.index[1] == "biological samples (technical replicates summed)"


def test_without_participants_their_column_is_empty():
    assert set(flow(participant=None)["participants"]) == {""}
