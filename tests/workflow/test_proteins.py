"""Proteins of the tiny cohort: one job makes one folder, its numbers are the planted ones, and other people's are refused."""

import html
import json
import shutil

import numpy as np
import pandas as pd
import pytest
import yaml
from tiny_cohort import Workspace

MADE = ("data/proteins.tsv", "data/protein_genes.tsv")
TARGET = "results/tiny/proteins"
N_PROTEINS = 24  # of the genes that change in ALS, every second goes up by 2, the others down


def add_proteins(workspace: Workspace, **options) -> None:
    """A table of proteins of all but two people, with planted changes and limits, and one person more."""
    sheet = pd.read_csv(workspace.folder / "data/samples.tsv", sep="\t", keep_default_na=False, dtype=str)
    sheet = sheet[~sheet["sample"].str.contains("lane-2")]
    sheet["person"] = [f"X{number:02d}" for number in range(len(sheet))]
    everyone = pd.read_csv(workspace.folder / "data/samples.tsv", sep="\t", keep_default_na=False, dtype=str)
    names = everyone["sample"].str.replace("lane-2", "lane-1", regex=False)
    everyone["person"] = names.map(dict(zip(sheet["sample"], sheet["person"], strict=True)))
    everyone.to_csv(workspace.folder / "data/samples.tsv", sep="\t", index=False)
    counts = pd.read_csv(workspace.folder / "data/counts.tsv", sep="\t", index_col=0, keep_default_na=False)
    genes = list(counts.index[:N_PROTEINS])
    rng = np.random.default_rng(6)
    als = (sheet["group"] == "als").to_numpy()[:, None]
    levels = 6 + rng.normal(0, 0.4, (len(sheet), N_PROTEINS)) + als * np.where(np.arange(N_PROTEINS) % 2, 2.0, -2.0)
    levels[:, 20:] -= als * np.where(np.arange(20, N_PROTEINS) % 2, 2.0, -2.0)  # the last four do not change
    table = pd.DataFrame(levels.round(3), columns=[f"P_{gene}" for gene in genes])
    table.insert(0, "participant", sheet["person"].to_numpy())
    table = table[2:].astype(object)
    lowest = table[f"P_{genes[0]}"].astype(float).sort_values()
    table.loc[lowest.index[:3], f"P_{genes[0]}"] = "<LOD"
    table.loc[table.index[4], "P_" + genes[2]] = ""
    table.loc[len(table) + 9] = ["Z99", *table.iloc[3, 1:]]
    table.to_csv(workspace.folder / MADE[0], sep="\t", index=False)
    annotation = pd.DataFrame({"protein": [f"P_{gene}" for gene in genes], "gene": genes, "limit": 3.0})
    annotation.loc[0, "limit"] = lowest.iloc[2] + 0.001
    annotation.loc[5, "gene"] = f"{genes[5]};{genes[6]}"
    annotation.loc[7, "gene"] = "NOWHERE"
    annotation.to_csv(workspace.folder / MADE[1], sep="\t", index=False)
    cohort = workspace.cohort()
    cohort["samples"]["participant"] = "person"
    cohort["trust"] = {"scale": "off"}
    cohort["proteins"] = {"path": MADE[0], "annotation": MADE[1], **options}
    workspace.write_cohort(cohort)


@pytest.fixture(scope="module")
def measured(fresh, tmp_path_factory) -> Workspace:
    workspace = fresh.copy(tmp_path_factory.mktemp("proteins") / "work")
    add_proteins(workspace)
    outcome = workspace.run(TARGET)
    assert outcome.status == 0, outcome.output
    assert outcome.jobs["test_proteins"] == 1
    return workspace


def read(workspace, name):
    return pd.read_csv(workspace.folder / TARGET / name, sep="\t", keep_default_na=False, na_values=[""])


@pytest.mark.slow
def test_planted_changes_are_found_beside_those_of_the_transcripts(measured):
    results = read(measured, "als_vs_control/results.tsv")
    assert len(results) == N_PROTEINS
    np.testing.assert_allclose(results["log2FoldChange"][:20], np.tile([-2.0, 2.0], 10), atol=0.8)
    assert list(results["call"][:20]) == ["down", "up"] * 10
    assert (results["call"][20:] == "none").all()
    assert results["method"][0] == "censored"
    assert results["detected_reference"][0] == results["n_reference"][0]
    assert results["n_test"][0] - 3 <= results["detected_test"][0] < results["n_test"][0]
    assert results["gene_id"].notna().sum() == N_PROTEINS - 1
    candidates = read(measured, "candidates.tsv")
    als = candidates[candidates["contrast"] == "als_vs_control"].set_index("protein")
    assert (als["evidence"] == "both").sum() >= 18
    assert als.loc[f"P_{results['protein'][7].removeprefix('P_')}", "na_reason_rna"] == "not_in_counts"
    assert set(candidates["contrast"]) == {"als_vs_control"}  # nothing changes in the other contrasts


@pytest.mark.slow
def test_everybody_is_accounted_for_and_no_log_names_a_person(measured):
    people = read(measured, "people.tsv").set_index("id")
    assert people.loc["Z99", "model:primary"] == "not in the cohort"
    assert (people.loc[["X00", "X01"], "model:primary"] == "not in the table of proteins").all()
    assert (people["model:primary"] == "missing sex").sum() == 1
    assert (people["model:primary"] == "in").sum() == 15
    summary = json.loads((measured.folder / TARGET / "summary.json").read_text(encoding="utf-8"))
    assert summary["people"] == {
        "in_table": 17,
        "in_cohort": 18,
        "matched": 16,
        "not_in_cohort": 1,
        "not_measured": 2,
        "samples_without_id": 0,
    }
    assert summary["cells"]["below_limit"] == 3
    assert summary["cells"]["missing"] == 1
    assert summary["contrasts"]["als_vs_control"]["n_people"] == 15
    assert any("1 of 17 participants in 'data/proteins.tsv' are not in the cohort" in w for w in summary["warnings"])
    log = (measured.results() / "logs/biology/test_proteins.log").read_text(encoding="utf-8")
    assert not {name for name in people.index if name in log}
    assert not {name for name in people.index if name in json.dumps(summary)}


@pytest.mark.slow
def test_every_figure_is_there_and_says_what_it_shows(measured):
    stems = ["als_vs_control/volcano", "motor_vs_control/volcano", "men_vs_women/volcano", "concordance", "missingness"]
    for stem in stems:
        for suffix in ("svg", "png", "pdf"):
            assert (measured.folder / TARGET / f"{stem}.{suffix}").stat().st_size > 1000, stem
    svg = (measured.folder / TARGET / "als_vs_control/volcano.svg").read_text(encoding="utf-8")
    assert "of 24 tested proteins, 10 up and 10 down" in svg


@pytest.mark.slow
def test_a_changed_table_reruns_that_job_alone_and_gives_the_same_bytes_again(measured, tmp_path):
    workspace = measured.copy(tmp_path / "work")
    assert workspace.planned(TARGET) == {}
    before = workspace.checksums()
    path = workspace.folder / MADE[0]
    content = path.read_text(encoding="utf-8")
    path.write_text(content.replace("<LOD", "2.9"), encoding="utf-8")  # below the limit, which says the same
    assert workspace.planned(TARGET) == {"test_proteins": 1}
    outcome = workspace.run(TARGET)
    assert outcome.status == 0, outcome.output
    assert {name: value for name, value in workspace.checksums().items() if "receipt" not in name} == {
        name: value for name, value in before.items() if "receipt" not in name
    }


@pytest.mark.slow
@pytest.mark.parametrize("how", ["others", "raw"])
def test_what_cannot_be_used_ends_in_a_sentence_with_nothing_half_done(measured, tmp_path, how):
    workspace = measured.copy(tmp_path / "work")
    path = workspace.folder / MADE[0]
    table = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False)
    if how == "others":
        table["participant"] = [f"Y{number}" for number in range(len(table))]
        said = "the proteins were measured in other participants: none of its 17 is among the cohort's 18"
    else:
        table.iloc[2, 4] = "1200"
        said = "1 of 24 proteins hold such numbers: they look raw, not log2"
    table.to_csv(path, sep="\t", index=False)
    shutil.rmtree(workspace.folder / TARGET)
    outcome = workspace.run(TARGET)
    assert outcome.status != 0
    assert said in outcome.output
    assert "Traceback" not in outcome.output
    assert not (workspace.folder / TARGET).exists()


@pytest.mark.slow
def test_one_row_a_sample_is_matched_by_the_samples_name(fresh, tmp_path):
    workspace = fresh.copy(tmp_path / "work")
    add_proteins(workspace, unit="sample", id="sample", contrasts=["als_vs_control"])
    table = pd.read_csv(workspace.folder / MADE[0], sep="\t", dtype=str, keep_default_na=False)
    sheet = pd.read_csv(workspace.folder / "data/samples.tsv", sep="\t", dtype=str, keep_default_na=False)
    unit = sheet["biosample"].where(sheet["biosample"] != "", sheet["sample"])
    table["participant"] = table["participant"].map(dict(zip(sheet["person"], unit, strict=True))).fillna("elsewhere")
    table.rename(columns={"participant": "sample"}).to_csv(workspace.folder / MADE[0], sep="\t", index=False)
    assert yaml.safe_load((workspace.folder / "config/cohorts/tiny.yaml").read_text())["proteins"]["unit"] == "sample"
    outcome = workspace.run(TARGET)
    assert outcome.status == 0, outcome.output
    people = read(workspace, "people.tsv").set_index("id")
    assert (people["model:primary"] == "in").sum() == 15
    assert sorted(path.name for path in (workspace.folder / TARGET).iterdir() if path.is_dir()) == ["als_vs_control"]


@pytest.mark.slow
def test_a_contrast_that_the_people_measured_cannot_answer_is_left_with_its_reason(measured, tmp_path):
    workspace = measured.copy(tmp_path / "work")
    sheet = pd.read_csv(workspace.folder / "data/samples.tsv", sep="\t", dtype=str, keep_default_na=False)
    table = pd.read_csv(workspace.folder / MADE[0], sep="\t", dtype=str, keep_default_na=False)
    motor = sheet.loc[sheet["group"] == "motor", "person"]
    table[~table["participant"].isin(motor)].to_csv(workspace.folder / MADE[0], sep="\t", index=False)
    outcome = workspace.run(TARGET)
    assert outcome.status == 0, outcome.output
    summary = json.loads((workspace.folder / TARGET / "summary.json").read_text(encoding="utf-8"))
    assert summary["contrasts"]["als_vs_control"]["status"] == "tested"
    assert summary["contrasts"]["motor_vs_control"] == {
        "status": "not tested",
        "reason": "In the people measured, group 'motor' has 0 samples in model 'primary'. A compared group needs at least "
        "two, and results are worth reading from three on.",
        "model": "primary",
    }
    empty = read(workspace, "motor_vs_control/results.tsv")
    assert empty.empty
    assert list(empty) == list(read(workspace, "als_vs_control/results.tsv"))
    svg = (workspace.folder / TARGET / "motor_vs_control/volcano.svg").read_text(encoding="utf-8")
    assert "Not tested. In the people measured, group 'motor' has 0 samples" in html.unescape(svg)
