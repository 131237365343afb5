"""The ledger: every row of the sheet, its fate in each model, its role in each contrast; worked out by hand."""

import numpy as np
import pandas as pd
import pytest

from lateralis.config import Contrast
from lateralis.records.ledger import ROLES, build_ledger, contrast_roles

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
MODELS = {
    name: pd.DataFrame({"reason": reasons, "n_replaced": range(5)}, index=OBS.index)
    for name, reasons in REASONS.items()
}
FLAGS = pd.DataFrame(
    [("B5", "x", "fail"), ("B2", "y", "warn"), ("B1", "x", "ok"), ("B1", "y", "ok"), ("NA", "x", "not assessed")],
    columns=["sample", "check", "verdict"],
)
CONTRASTS = {
    "als_vs_control": Contrast(model="primary", variable="group", test="als", reference="control"),
    "slope": Contrast(model="men", weights={"age": 1.0}),
}


def ledger(**changes):
    given = {
        "sources": SOURCES,
        "obs": OBS,
        "flags": FLAGS,
        "verdicts": VERDICTS,
        "exclusions": EXCLUSIONS,
        "models": MODELS,
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
        *["sample", "sheet_row", "source_file", "sha256", "qc_verdict", "qc_reasons", "check:x", "check:y"],
        *["status", "reason", "model:primary", "model:men", "contrast:als_vs_control", "replaced:als_vs_control"],
        *["contrast:slope", "replaced:slope"],
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
    # replaced counts of B1 … B5 in each model are 0 … 4; who is absent has none
    assert found["replaced:als_vs_control"].tolist() == [1, 0, 2, 0, 0, 0]
    assert found["check:x"].tolist() == ["not assessed", "ok", "not assessed", "ok", "not assessed", "fail"]
    assert found["check:y"].tolist() == ["warn", "ok", "not assessed", "ok", "not assessed", "not assessed"]
    assert found.notna().all(axis=None)


def test_nobody_has_a_role_in_a_refused_contrast():
    found = ledger(refused=["als_vs_control"])
    assert set(found["contrast:als_vs_control"]) == {"absent"}
    assert found["replaced:als_vs_control"].sum() == 0
    assert found["contrast:slope"].tolist() == ledger()["contrast:slope"].tolist()


def test_an_excluded_sample_without_counts_or_without_a_row_stays_in_the_ledger():
    lost = pd.DataFrame({"sample": ["B6"], "row": ["L7"], "file": [""], "sha256": [""]})
    found = ledger(sources=pd.concat([SOURCES, lost]), exclusions=EXCLUSIONS | {"B6": "the tube broke"})
    last = found.iloc[-1]
    assert last[["sample", "source_file", "qc_verdict", "status", "reason"]].tolist() == [
        *["B6", "", "not assessed", "excluded", "the tube broke"]
    ]
    assert last[["model:primary", "contrast:als_vs_control", "replaced:als_vs_control"]].tolist() == [
        *["excluded: the tube broke", "absent", 0]
    ]
    with pytest.raises(ValueError, match="does not account for every sample"):
        ledger(sources=pd.concat([SOURCES, lost]))


@pytest.mark.parametrize("seed", range(20))
def test_no_sample_can_vanish(seed):
    # whatever the sheet, the exclusions, the models and the groups: each sample is there once, in one role a contrast
    rng = np.random.default_rng(seed)
    names = pd.Index([f"S{number}" for number in range(int(rng.integers(2, 40)))], name="sample")
    levels = ["control", "motor", "als"]
    groups = pd.Categorical(rng.choice([*levels, None], len(names)), levels)
    excluded = dict.fromkeys(names[rng.random(len(names)) < 0.2], "why")
    reasons = pd.Series(rng.choice(["", "", "", "missing group"], len(names)), index=names, dtype=object)
    reasons[list(excluded)] = "excluded: why"
    with_counts = ~names.isin([name for name in excluded if rng.random() < 0.5])
    obs = pd.DataFrame({"group": groups}, index=names)[with_counts]
    sources = pd.DataFrame({"sample": names, "row": names, "file": "f", "sha256": "c"}).sample(
        frac=1.0, random_state=seed
    )
    found = ledger(
        sources=sources,
        obs=obs,
        flags=pd.DataFrame({"sample": obs.index, "check": "x", "verdict": "ok"}),
        verdicts=pd.DataFrame({"qc_verdict": "ok", "qc_reasons": ""}, index=obs.index),
        exclusions=excluded,
        models={name: pd.DataFrame({"reason": reasons, "n_replaced": 1}).loc[obs.index] for name in ("primary", "men")},
    )
    assert sorted(found["sample"]) == sorted(names)
    assert (found["status"] == "excluded").sum() == len(excluded)
    for name in CONTRASTS:
        counted = found[f"contrast:{name}"].value_counts()
        assert set(counted.index) <= set(ROLES)
        assert counted.sum() == len(names)
        left = set(found.loc[found[f"contrast:{name}"] == "absent", "sample"])
        assert left == set(names[(reasons != "").to_numpy()])
        assert (found.loc[found["sample"].isin(left), "model:primary"] != "in").all()


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
