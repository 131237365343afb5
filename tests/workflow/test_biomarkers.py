"""Biomarkers in a run of the tiny cohort: what is written, what a refused contrast gets, what is asked for in vain."""

import json

import numpy as np
import pandas as pd
import pytest
from tiny_cohort import N_CHANGED

TABLES = ["performance", "gain", "panel", "reference", "calibration", "decision", "null", "predictions"]
FIGURES = [
    f"{name}.{suffix}" for name in ("roc", "calibration", "decision", "stability") for suffix in ("svg", "png", "pdf")
]
TARGET = "results/tiny/biomarkers/als_vs_control"

pytestmark = pytest.mark.slow


def asks(workspace, **keys):
    workspace.write_cohort(workspace.cohort() | {"biomarkers": {"contrasts": ["als_vs_control"], **keys}})


@pytest.fixture(scope="module")
def asked(finished, tmp_path_factory):
    """The finished cohort with a panel of ALS against controls, and where genes are found."""
    workspace = finished.copy(tmp_path_factory.mktemp("biomarkers") / "work")
    lines = [f"G{number:03d}\tsurface" for number in range(100)] + ["ELSEWHERE000001\tsecreted"]
    (workspace.folder / "data/locations.tsv").write_text("gene\tlocation\n" + "\n".join(lines) + "\n")
    asks(workspace, annotation="data/locations.tsv", max_genes=50)
    outcome = workspace.run(TARGET)
    assert outcome.status == 0, outcome.output
    return workspace


def read(workspace, name):
    path = workspace.results() / f"biomarkers/als_vs_control/{name}.tsv"
    return pd.read_csv(path, sep="\t", keep_default_na=False, na_values=[""], dtype={"sample": str, "gene_id": str})


def test_what_is_written(asked):
    folder = asked.results() / "biomarkers/als_vs_control"
    names = sorted(path.name for path in folder.iterdir() if path.name != ".snakemake_timestamp")
    assert names == sorted(["summary.json", *[f"{name}.tsv" for name in TABLES], *FIGURES])
    performance = read(asked, "performance").set_index("model")
    assert performance.loc["panel", ["auc", "people", "samples"]].tolist() == [1.0, 11, 11]  # one of 12 has no sex
    assert 0.5 < performance.loc["panel", "auc_low"] < performance.loc["panel", "auc_high"] == 1.0
    panel = read(asked, "panel")
    genes = pd.read_csv(asked.folder / "data/counts.tsv", sep="\t", keep_default_na=False)["gene_id"]
    assert set(panel.loc[panel["in_panel"] == "yes", "gene_id"]) <= set(genes[:N_CHANGED])
    changes = pd.Series(np.where(np.arange(N_CHANGED) % 2, "als", "control"), index=genes[:N_CHANGED])
    inside = panel[panel["in_panel"] == "yes"]
    assert (inside["direction"].to_numpy() == changes[inside["gene_id"]].to_numpy()).all()
    assert (np.sign(inside["coefficient"]) == np.sign(inside["log2FoldChange"])).all()
    known = panel["gene_id"].isin([f"G{number:03d}" for number in range(100)])
    assert (panel["location"].fillna("") == np.where(known, "surface", "")).all()
    predictions = read(asked, "predictions")
    assert "S 3" in predictions["sample"].tolist()
    assert "4-b als" not in predictions["sample"].tolist()
    assert ((predictions["panel"] > 0.5) == (predictions["level"] == "als")).all()
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    assert summary["claim"].startswith("Internal cross-validation in one cohort: no claim")
    assert summary["annotation"] == {"listed": 101, "unknown": 1}
    assert summary["covariates"] == ["sex"]
    assert summary["people"] == {"test": 5, "reference": 6}
    assert summary["null"]["permutations"] == 20
    assert read(asked, "null")["auc"].iloc[0] == summary["null"]["observed"] == 1.0
    frozen = read(asked, "reference")
    assert np.isfinite(frozen["mean_log2_count"]).all()
    log = (asked.results() / "logs/biology/find_biomarkers.als_vs_control.log").read_text(encoding="utf-8")
    assert "data/locations.tsv: 1 of 101 genes are not in the counts." in log


def test_another_contrast_and_another_threshold_rerun_nothing(asked, tmp_path):
    workspace = asked.copy(tmp_path / "work")
    assert not workspace.planned(TARGET)
    cohort = workspace.cohort()
    cohort["endpoint"]["fold_change"] = 1.3
    cohort["biomarkers"]["contrasts"].append("motor_vs_control")
    workspace.write_cohort(cohort)
    assert not workspace.planned(TARGET)
    cohort["biomarkers"]["max_genes"] = 60
    workspace.write_cohort(cohort)
    assert set(workspace.planned(TARGET)) == {"find_biomarkers:als_vs_control"}


def test_the_same_bytes_with_other_threads(asked, tmp_path):
    workspace = asked.copy(tmp_path / "work")
    before = workspace.checksums()
    outcome = workspace.run(TARGET, "--forcerun", "find_biomarkers", "--set-threads", "find_biomarkers=2")
    assert outcome.status == 0, outcome.output
    assert workspace.checksums() == before


def test_a_refused_contrast_is_not_assessed(asked, tmp_path):
    """A batch that goes with the group is seen by the check of confounding, though the design leaves it out."""
    workspace = asked.copy(tmp_path / "work")
    sheet = pd.read_csv(workspace.folder / "data/samples.tsv", sep="\t", dtype=str, keep_default_na=False)
    sheet["batch"] = np.where(sheet["group"] == "als", "b1", "b2")
    sheet.to_csv(workspace.folder / "data/samples.tsv", sep="\t", index=False)
    cohort = workspace.cohort()
    cohort["samples"]["variables"]["batch"] = {"type": "categorical"}
    workspace.write_cohort(cohort)
    outcome = workspace.run(TARGET)
    assert outcome.status == 0, outcome.output
    folder = workspace.results() / "biomarkers/als_vs_control"
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    status = json.loads((workspace.results() / "contrasts/als_vs_control/status.json").read_text(encoding="utf-8"))
    assert status["status"] == "refused"
    assert (summary["status"], summary["reason"]) == ("not assessed", f"the contrast was refused: {status['reason']}")
    assert summary["claim"] == "No panel was assessed, so none is claimed."
    assert all(read(workspace, name).empty for name in TABLES)
    assert "Not assessed: the contrast was refused" in (folder / "roc.svg").read_text(encoding="utf-8")


def test_a_table_of_other_genes_leaves_nothing(asked, tmp_path):
    workspace = asked.copy(tmp_path / "work")
    (workspace.folder / "data/locations.tsv").write_text("gene\tlocation\nENSMUSG1\tsurface\n")
    before = workspace.checksums()
    outcome = workspace.run(TARGET)
    assert outcome.status != 0
    assert "data/locations.tsv: none of its 1 genes is in the counts: here 'ENSMUSG1', there 'G" in outcome.output
    left = {name: checksum for name, checksum in workspace.checksums().items() if "biomarkers/" in name}
    assert left.items() <= before.items()
