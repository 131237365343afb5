"""Questions that cohorts share: refused before any job where they cannot be, rerun where they must be, and answered."""

import hashlib
import re
from collections import Counter

import numpy as np
import pandas as pd
import pytest
import yaml
from test_reruns import ALL
from tiny_cohort import N_CHANGED, tiny_counts, tiny_sheet

QUESTION = {"als": {"contrasts": {"tiny": "als_vs_control", "second": "als_vs_control"}, "genes": ["G001", "nowhere"]}}


def write_run(workspace, names, replication):
    content = {"cohorts": [f"config/cohorts/{name}.yaml" for name in names], "replication": replication}
    (workspace.folder / "config/config.yaml").write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")


def add_cohort(workspace, name, seed, **changes):
    """A cohort of other people with the true effects of the tiny one: around the means of its groups, drawn anew."""
    sheet = tiny_sheet()
    counts = tiny_counts(sheet)[sheet["sample"]]
    rng = np.random.default_rng(seed)
    means = counts.T.groupby(sheet["group"].to_numpy()).transform("mean").T
    drawn = rng.poisson(means * rng.gamma(1 / 0.03, 0.03, means.shape))
    names = {sample: f"{name} {sample}" for sample in sheet["sample"]}
    sheet = sheet.assign(sample=sheet["sample"].map(names), biosample=sheet["biosample"].replace("S 3", f"{name} S 3"))
    pd.DataFrame(drawn, index=counts.index, columns=sheet["sample"]).to_csv(
        workspace.folder / f"data/{name}.tsv", sep="\t"
    )
    sheet.to_csv(workspace.folder / f"data/{name}_samples.tsv", sep="\t", index=False)
    cohort = workspace.cohort() | {"cohort": name, "title": f"The {name} cohort"} | changes
    cohort["input"] |= {"samples": f"data/{name}_samples.tsv"}
    cohort["input"]["counts"] = {"format": "matrix", "path": f"data/{name}.tsv"}
    workspace.write_cohort(cohort)


def test_a_question_is_checked_before_any_job(fresh, tmp_path):
    workspace = fresh.copy(tmp_path / "work")
    write_run(workspace, ["tiny"], QUESTION)
    outcome = workspace.run("--dry-run")
    assert outcome.status != 0
    assert outcome.output.strip().splitlines()[-1] == (
        "Error: config/config.yaml, replication.als.contrasts: there is no cohort 'second' in this run; there is 'tiny'. Add "
        "its file to `cohorts`."
    )
    assert not outcome.jobs


def test_a_further_cohort_starts_its_own_jobs_and_the_question(workspace):
    add_cohort(workspace, "second", seed=1)
    write_run(workspace, ["tiny", "second"], QUESTION)
    outcome = workspace.run("--dry-run")
    assert outcome.status == 0, outcome.output
    assert outcome.jobs == Counter([*ALL, "replicate_contrast"])
    assert outcome.cohorts == {"second"}
    assert "Warning: replication" not in outcome.output


@pytest.mark.slow
def test_what_is_answered_and_what_reruns(finished, tmp_path):
    workspace = finished.copy(tmp_path / "work")
    add_cohort(workspace, "second", seed=1)
    write_run(workspace, ["tiny", "second"], QUESTION)
    outcome = workspace.run()
    assert outcome.status == 0, outcome.output
    assert "Replication: results/_replication/als/report.html" in outcome.output
    folder = workspace.folder / "results/_replication/als"
    check_answer(folder)
    check_page(folder, "tiny", "second")
    assert workspace.planned() == Counter()

    add_cohort(workspace, "third", seed=2)
    question = {"als": QUESTION["als"] | {"contrasts": QUESTION["als"]["contrasts"] | {"third": "als_vs_control"}}}
    write_run(workspace, ["tiny", "second", "third"], question)
    outcome = workspace.run("--dry-run")
    assert outcome.jobs == Counter([*ALL, "replicate_contrast"])
    assert outcome.cohorts == {"third"}

    write_run(workspace, ["tiny", "second"], {"als": QUESTION["als"] | {"genes": []}})
    assert workspace.planned() == Counter(["replicate_contrast"])
    write_run(
        workspace,
        ["tiny", "second"],
        {**QUESTION, "sex": {"contrasts": dict.fromkeys(["tiny", "second"], "men_vs_women")}},
    )
    assert workspace.planned() == Counter(["replicate_contrast"])


def check_answer(folder):
    meta = pd.read_csv(folder / "meta.tsv.gz", sep="\t", keep_default_na=False, na_values=[""])
    tested = meta[meta["cohorts"] == 2]
    assert 200 < len(tested) < 300
    # 40 genes are changed 4-fold in ALS; one cohort's means are the other's truth, so all replicate
    assert (meta["call_every"] != "none").sum() == pytest.approx(N_CHANGED, abs=3)
    assert (meta["call"] == "none").all()
    absent = meta[meta["gene_id"] == "G.zero"].iloc[0]
    assert absent["not_tested_in"] == "tiny (all_zero), second (all_zero)"
    rates = pd.read_csv(folder / "replication.tsv", sep="\t")
    assert (rates.loc[rates["rule"] == "fdr", "rate"] > 0.9).all()
    cohorts = pd.read_csv(folder / "cohorts.tsv", sep="\t").set_index("cohort")
    assert cohorts["samples_test"].tolist() == [5, 5]  # one of six has no sex
    assert cohorts.loc["second", "matched_by_id"] == len(meta) == 300
    figures = {path.stem for path in folder.glob("*.svg")}
    assert {"forest_G001", "concordance_tiny_second"} <= figures
    assert len(figures) in (7, 8)  # the six best, of which the asked one may be one
    manifest = pd.read_csv(folder / "manifest.tsv", sep="\t")
    for kind, path, checksum in manifest.itertuples(index=False):
        place = folder / path if kind == "output" else folder.parents[2] / path
        assert hashlib.sha256(place.read_bytes()).hexdigest() == checksum
    written = {path.name for path in folder.iterdir() if not path.name.startswith(".")}
    assert set(manifest.loc[manifest["kind"] == "output", "path"]) == written - {"manifest.tsv"}
    assert (manifest["kind"] == "input").sum() == 4


def check_page(folder, *cohorts):
    page = (folder / "report.html").read_text(encoding="utf-8")
    for cohort in cohorts:
        assert f'href="../../{cohort}/report.html"' in page
        assert (folder / f"../../{cohort}/report.html").exists()
    links = [link for link in re.findall(r'href="([^"#]+)"', page) if not link.startswith("../../")]
    assert links
    assert all((folder / link).exists() for link in links)
    assert "No cohort has the gene &#39;nowhere&#39;, which was asked for." in page
    samples = [*tiny_sheet()["sample"], *(f"second {name}" for name in tiny_sheet()["sample"])]
    long = [name for name in samples if len(name) > 5]  # `001` is found in many a number
    for path in sorted(folder.glob("*.*")):
        if path.suffix in (".html", ".tsv", ".json", ".svg"):
            text = path.read_text(encoding="utf-8")
            assert not [name for name in long if name in text], path.name


@pytest.mark.slow
def test_a_refused_contrast_takes_no_part(finished, tmp_path):
    """Too few cohorts are left: headers and the reason, and the run goes on."""
    workspace = finished.copy(tmp_path / "work")
    add_cohort(workspace, "second", seed=1)
    sheet = pd.read_csv(workspace.folder / "data/second_samples.tsv", sep="\t", dtype=str, keep_default_na=False)
    sheet["batch"] = np.where(sheet["group"] == "als", "b2", "b1")  # nobody can tell ALS from its batch
    sheet.to_csv(workspace.folder / "data/second_samples.tsv", sep="\t", index=False)
    cohort = workspace.cohort("second")
    cohort["samples"]["variables"]["batch"] = {"type": "categorical"}
    cohort["qc"] = {"technical": ["batch"]}
    workspace.write_cohort(cohort)
    write_run(workspace, ["tiny", "second"], QUESTION)
    outcome = workspace.run("results/_replication/als")
    assert outcome.status == 0, outcome.output
    folder = workspace.folder / "results/_replication/als"
    meta = pd.read_csv(folder / "meta.tsv.gz", sep="\t")
    assert meta.empty
    assert {"gene_id", "pvalue_random", "log2FoldChange:tiny"} <= set(meta)
    cohorts = pd.read_csv(folder / "cohorts.tsv", sep="\t").set_index("cohort")
    assert cohorts["takes_part"].tolist() == [True, False]
    assert "batch" in cohorts.loc["second", "reason"]
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "Fewer than two cohorts have results of this question" in page
    assert "Takes no part." in page
    assert not list(folder.glob("*.svg"))
