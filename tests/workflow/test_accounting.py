"""Every sample accounted for, and a question that cannot be answered refused, in one run of the whole workflow."""

import json

import numpy as np
import pandas as pd
import pytest
import yaml

PANEL = {
    "title": "Two panels of the tiny cohort",
    "panels": {
        "first": {
            "title": "First",
            "role": "state",
            "source": "made up",
            "genes": {f"G00{n}": f"G00{n}" for n in range(1, 9)},
        },
        "strange": {
            "title": "Strange",
            "role": "contaminant",
            "source": "made up",
            "genes": {"CD3D": "ENSG00000167286"},
        },
    },
}


@pytest.fixture(scope="module")
def accounted(fresh, tmp_path_factory):
    """The tiny cohort with ALS in a batch of its own, a broken tube, a stranger in the counts, and a score in the design."""
    workspace = fresh.copy(tmp_path_factory.mktemp("accounting") / "work")
    sheet = pd.read_csv(workspace.folder / "data/samples.tsv", sep="\t", keep_default_na=False)
    counts = pd.read_csv(workspace.folder / "data/counts.tsv", sep="\t", index_col=0, keep_default_na=False)
    sheet["batch"] = np.where(sheet["group"] == "als", "b3", np.where(np.arange(len(sheet)) % 2, "b1", "b2"))
    sheet.loc[sheet["biosample"] == "S 3", "batch"] = "b1"
    broken = sheet.iloc[[0]].assign(sample="broken tube")
    workspace.write_data(pd.concat([sheet, broken]), counts.assign(stranger=counts.iloc[:, 0]))
    (workspace.folder / "data/panel.yaml").write_text(yaml.safe_dump(PANEL))
    cohort = workspace.cohort()
    cohort["samples"]["variables"] |= {
        "batch": {"type": "categorical"},
        "first": {"type": "numeric", "score": "first", "center": True},
    }
    cohort["samples"]["exclude"] = [
        {"sample": "broken tube", "reason": "the tube broke"},
        {"sample": "stranger", "reason": "of another study"},
        {"sample": "006", "reason": "consent withdrawn"},
    ]
    cohort["qc"] = {"panel": "data/panel.yaml", "surrogates": 2}
    cohort["trust"] = {"scale": "small"}
    cohort["signature"] = ["als_vs_control", "motor_vs_control"]
    cohort["models"]["primary"]["design"] = "~ sex + first + group"
    cohort["contrasts"]["any_group"]["reduced"] = "~ sex + first"
    workspace.write_cohort(cohort)
    outcome = workspace.run()
    assert outcome.status == 0, outcome.output
    return workspace


def read(path):
    return pd.read_csv(path, sep="\t", keep_default_na=False)


def test_groups_in_batches_of_their_own_are_refused_and_the_others_tested(accounted):
    status = {
        path.parent.name: json.loads(path.read_text()) for path in accounted.results().glob("contrasts/*/status.json")
    }
    assert {name: found["status"] for name, found in status.items()} == {
        "als_vs_control": "refused",
        "any_group": "refused",
        "motor_vs_control": "tested",
        "men_vs_women": "tested",
    }
    assert "share no level of batch (control: b1 and b2; als: b3)" in status["als_vs_control"]["reason"]
    folder = accounted.results() / "contrasts"
    assert len(read(folder / "als_vs_control/results.tsv.gz")) == 0
    assert list(read(folder / "als_vs_control/results.tsv.gz")) == list(
        read(folder / "motor_vs_control/results.tsv.gz")
    )
    assert len(read(folder / "motor_vs_control/results.tsv.gz")) == 300
    summary = read(accounted.results() / "summary.tsv").set_index(["contrast", "rule"])
    assert summary.loc[("als_vs_control", "fdr"), "tested"] == 0
    page = (accounted.results() / "report.html").read_text()
    assert page.count("Not tested.") == 4
    assert "the tube broke" in page


def test_the_ledger_has_every_sample_of_sheet_and_counts(accounted):
    ledger = read(accounted.results() / "ledger.tsv").set_index("sheet_row")
    sheet = read(accounted.folder / "data/samples.tsv")
    assert set(ledger.index) == {*sheet["sample"], "stranger"}
    assert ledger.index.is_unique
    assert ledger.loc["broken tube", ["source_file", "sha256", "status", "reason"]].tolist() == [
        *["", "", "excluded", "the tube broke"]
    ]
    assert ledger.loc["stranger", ["source_file", "status", "reason"]].tolist() == [
        *["data/counts.tsv", "excluded", "of another study"]
    ]
    assert ledger.loc["006", "model:primary"] == "excluded: consent withdrawn"
    assert set(ledger["contrast:als_vs_control"]) == {"absent"}
    roles = ledger["contrast:motor_vs_control"].value_counts()
    assert roles.sum() == len(ledger)
    # 18 samples, one of them in two rows, and the two that are in the sheet or the counts alone; four take no part: these
    # two, the one withdrawn, and the one without a sex
    assert roles.to_dict() == {"reference": 6, "test": 6, "fit_only": 5, "absent": 4}
    flow = read(accounted.results() / "flow.tsv")
    assert flow["samples"].tolist()[:2] == [21, 19]


def test_a_score_is_a_covariate_and_an_unknown_panel_is_not_assessed(accounted):
    facts = json.loads((accounted.results() / "models/primary/facts.json").read_text())
    assert "first" in facts["coefficients"]
    flags = read(accounted.results() / "qc/flags.tsv")
    strange = flags[flags["check"] == "purity:strange"]
    assert set(strange["verdict"]) == {"not assessed"}
    assert set(strange["reason"]) == {"0 of 1 marker genes are among the genes; 3 needed"}


def test_what_groups_differ_in_outside_the_design_is_said(accounted):
    limits = json.loads((accounted.results() / "qc/limits.json").read_text())
    assert any("differ in batch" in limit for limit in limits)


def test_surrogate_variables_change_no_result_and_are_labelled(accounted):
    folder = accounted.results() / "models/primary/surrogates"
    values, sensitivity = read(folder / "values.tsv"), read(folder / "sensitivity.tsv")
    fitted = read(accounted.results() / "models/primary/samples.tsv").query("reason == ''")
    assert values["sample"].tolist() == fitted["sample"].tolist()
    if len(values.columns) > 1:  # of contrasts that were tested
        assert sensitivity["contrast"].tolist() == ["motor_vs_control", "men_vs_women"]
    page = (accounted.results() / "report.html").read_text()
    assert ("Sensitivity analysis only, model primary" in page) == (len(values.columns) > 1)


def test_trust_of_each_contrast(accounted):
    folder = accounted.results() / "contrasts"
    refused = read(folder / "als_vs_control/trust.tsv")
    assert refused["reason"].tolist() == ["the contrast is refused"]
    found = read(folder / "motor_vs_control/trust.tsv")
    assert {"p-values", "calibration", "robustness", "overlap", "sensitivity", "equivalence"} >= set(
        found["aspect"]
    ) - {"power"}
    assert set(found["aspect"]) >= {"p-values", "calibration", "robustness", "sensitivity", "power", "equivalence"}
    calibration = read(folder / "motor_vs_control/trust/calibration.tsv")
    assert calibration["rule"].tolist() == ["nominal", "fdr", "strict"]
    if set(calibration["verdict"]) != {"not exchangeable"}:
        assert len(read(folder / "motor_vs_control/trust/permutations.tsv")) == 10
    robustness = read(folder / "motor_vs_control/trust/robustness.tsv")
    assert set(robustness["badge"]) <= {"robust", "one_sample_driven", ""}
    page = (accounted.results() / "report.html").read_text()
    assert "How far to trust it" in page


def test_a_signature_of_contrasts_of_which_one_is_refused_is_empty(accounted):
    assert len(read(accounted.results() / "signature.tsv")) == 0
    assert (accounted.results() / "signature.svg").is_file()
