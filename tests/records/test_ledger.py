"""The ledger: every row of the sheet, its fate in each model, its role in each contrast; worked out by hand."""

import pandas as pd
import pytest

from lateralis.config import Contrast
from lateralis.records.ledger import build_ledger, contrast_roles

OBS = pd.DataFrame(
    {"group": pd.Categorical(["als", "control", "motor", None, "als"], ["control", "motor", "als"])},
    index=pd.Index(["B1", "B2", "NA", "B4", "B5"], name="sample"),
)
# B1 was sequenced on two lanes
SOURCES = pd.DataFrame(
    {
        "sample": ["B2", "B1", "NA", "B1", "B4", "B5"],
        "row": ["L1", "L2", "L3", "L4", "L5", "L6"],
        "file": ["f1", "f2", "f3", "f4", "f5", "f6"],
        "sha256": ["c1", "c2", "c3", "c4", "c5", "c6"],
    }
)
VERDICTS = pd.DataFrame(
    {"qc_verdict": ["fail", "ok", "warn", "ok", "ok"], "qc_reasons": ["x (fail)", "", "y (warn)", "", ""]},
    index=["B5", "B1", "B2", "B4", "NA"],
)
EXCLUSIONS = {"B5": "consent withdrawn"}
REASONS = {
    "primary": pd.Series(
        ["", "", "", "missing group", "excluded: consent withdrawn"], index=["B1", "B2", "NA", "B4", "B5"]
    ),
    "men": pd.Series(["", "not in subset: men"], index=["B1", "B2"]).reindex(
        OBS.index, fill_value="not in subset: men"
    ),
}
CONTRASTS = {
    "als_vs_control": Contrast(model="primary", variable="group", test="als", reference="control"),
    "slope": Contrast(model="men", weights={"age": 1.0}),
}


def ledger(**changes):
    given = {
        "sources": SOURCES,
        "obs": OBS,
        "verdicts": VERDICTS,
        "exclusions": EXCLUSIONS,
        "model_reasons": REASONS,
        "contrasts": CONTRASTS,
    }
    return build_ledger(**{**given, **changes})


def test_every_row_of_the_sheet_is_there_with_its_file():
    found = ledger()
    assert found["sheet_row"].tolist() == ["L1", "L2", "L3", "L4", "L5", "L6"]
    assert found["sample"].tolist() == ["B2", "B1", "NA", "B1", "B4", "B5"]
    assert found["source_file"].tolist() == ["f1", "f2", "f3", "f4", "f5", "f6"]
    assert found["sha256"].tolist() == ["c1", "c2", "c3", "c4", "c5", "c6"]
    assert found.columns.tolist() == [
        *["sample", "sheet_row", "source_file", "sha256", "qc_verdict", "qc_reasons", "status", "reason"],
        *["model:primary", "model:men", "contrast:als_vs_control", "contrast:slope"],
    ]


def test_each_row_has_its_samples_fate():
    found = ledger().set_index("sheet_row")
    assert found["qc_verdict"].tolist() == ["warn", "ok", "ok", "ok", "ok", "fail"]
    assert found["qc_reasons"].tolist() == ["y (warn)", "", "", "", "", "x (fail)"]
    # a failed check excludes nobody by itself; the config does
    assert found["status"].tolist() == ["kept", "kept", "kept", "kept", "kept", "excluded"]
    assert found["reason"].tolist() == ["", "", "", "", "", "consent withdrawn"]
    assert found["model:primary"].tolist() == ["in", "in", "in", "in", "missing group", "excluded: consent withdrawn"]
    assert found["model:men"].tolist() == [
        "not in subset: men",
        "in",
        "not in subset: men",
        "in",
        *["not in subset: men"] * 2,
    ]
    assert found["contrast:als_vs_control"].tolist() == ["reference", "test", "fit_only", "test", "absent", "absent"]
    assert found["contrast:slope"].tolist() == ["absent", "fit_only", "absent", "fit_only", "absent", "absent"]
    assert found.notna().all(axis=None)


def test_roles_add_up_to_the_cohort():
    for name, contrast in CONTRASTS.items():
        roles = contrast_roles(contrast, OBS, REASONS[contrast.model])
        counted = roles.value_counts()
        assert counted.sum() == len(OBS)
        assert counted["absent"] == (REASONS[contrast.model] != "").sum(), name


def test_a_sample_of_the_compared_groups_that_left_the_model_is_absent():
    roles = contrast_roles(CONTRASTS["als_vs_control"], OBS, REASONS["primary"])
    assert roles.to_dict() == {"B1": "test", "B2": "reference", "NA": "fit_only", "B4": "absent", "B5": "absent"}


@pytest.mark.parametrize("lost", ["B2", "NA"])
def test_a_sample_that_is_not_accounted_for_is_a_defect(lost):
    with pytest.raises(ValueError, match="does not account for every sample"):
        ledger(sources=SOURCES[SOURCES["sample"] != lost])
    with pytest.raises(ValueError, match="does not account for every sample"):
        ledger(obs=OBS.drop(index=lost))
