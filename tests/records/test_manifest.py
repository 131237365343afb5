"""The manifest lists what the last run rests on and made, and finds what is no longer so."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lateralis.errors import InputError
from lateralis.io import sha256, write_text
from lateralis.receipts import digest, write_receipts
from lateralis.records.manifest import MANIFEST, Entry, Problem, build_manifest, compare, read_manifest, write_manifest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts/verify_results.py"
ROOT = "results/tiny"


def job(inputs, outputs):
    """What a job does, without Snakemake: outputs that depend on inputs, and their receipts."""
    for path in outputs:
        write_text(path, f"{path} of {[digest(each) for each in inputs]}")
    write_receipts(outputs, {path: digest(path) for path in inputs})


@pytest.fixture
def cohort(tmp_path, monkeypatch):
    """Two jobs one after another, a folder, and what an earlier config left."""
    monkeypatch.chdir(tmp_path)
    write_text("data/counts.tsv", "counts")
    job(["data/counts.tsv"], [f"{ROOT}/counts.h5ad", f"{ROOT}/sources.tsv"])
    write_text(f"{ROOT}/qc/pca/sex.svg", "picture")
    write_receipts([f"{ROOT}/qc/pca"], {f"{ROOT}/counts.h5ad": digest(f"{ROOT}/counts.h5ad")})
    job([f"{ROOT}/counts.h5ad", f"{ROOT}/qc/pca"], [f"{ROOT}/report.html", f"{ROOT}/table.tsv"])
    write_text(f"{ROOT}/logs/model/fit.log", "at noon")
    return [f"{ROOT}/report.html"]


@pytest.fixture
def listed(cohort):
    write_manifest(f"{ROOT}/{MANIFEST}", build_manifest(ROOT, cohort))
    return read_manifest(ROOT)


def test_it_lists_inputs_and_everything_that_was_made_on_the_way(listed):
    made = ["counts.h5ad", "qc/pca/sex.svg", "report.html", "sources.tsv", "table.tsv"]
    expected = [Entry("input", "data/counts.tsv", sha256("data/counts.tsv"))]
    assert listed == expected + [Entry("output", path, sha256(f"{ROOT}/{path}")) for path in made]
    assert compare(ROOT, listed) == []


def test_what_an_earlier_config_left_is_not_listed_but_found(cohort):
    job(["data/counts.tsv"], [f"{ROOT}/contrasts/old/results.tsv.gz"])
    entries = build_manifest(ROOT, cohort)
    assert len(entries) == 6
    assert compare(ROOT, entries) == [Problem(f"{ROOT}/contrasts/old/results.tsv.gz", "unlisted")]


@pytest.mark.parametrize("name", ["counts.h5ad", "sources.tsv", "qc/pca/sex.svg", "report.html"])
@pytest.mark.parametrize("how", ["cut short", "removed"])
def test_no_manifest_of_files_that_are_not_what_their_jobs_wrote(cohort, name, how):
    path = Path(ROOT, name)
    os.truncate(path, 3) if how == "cut short" else path.unlink()
    with pytest.raises(InputError, match="is not what the pipeline wrote there: it was edited, cut short or removed"):
        build_manifest(ROOT, cohort)


def test_no_manifest_where_an_input_changed_while_the_run_went_on(cohort):
    write_text("data/counts.tsv", "other counts")
    with pytest.raises(InputError) as caught:
        build_manifest(ROOT, cohort)
    assert str(caught.value).startswith(f"data/counts.tsv: was changed after '{ROOT}/")


def test_no_manifest_where_a_result_was_made_from_an_older_one(cohort):
    write_text(f"{ROOT}/qc/pca/sex.svg", "another picture")
    write_receipts([f"{ROOT}/qc/pca"], {f"{ROOT}/counts.h5ad": digest(f"{ROOT}/counts.h5ad")})
    with pytest.raises(InputError, match=f"{ROOT}/qc/pca: was changed after '{ROOT}/report.html' was made from it"):
        build_manifest(ROOT, cohort)


def test_changed_missing_and_unlisted_files_are_named(listed):
    os.truncate(f"{ROOT}/report.html", 3)
    Path(ROOT, "sources.tsv").unlink()
    write_text(f"{ROOT}/qc/pca/mine.svg", "mine")
    write_text("data/counts.tsv", "other counts")
    results = [
        Problem(f"{ROOT}/report.html", "changed"),
        Problem(f"{ROOT}/sources.tsv", "missing"),
        Problem(f"{ROOT}/qc/pca/mine.svg", "unlisted"),
    ]
    assert compare(ROOT, listed, inputs=False) == results
    assert compare(ROOT, listed) == [*results[:2], Problem("data/counts.tsv", "changed"), results[2]]


def test_a_manifest_that_is_absent_or_damaged_is_refused(listed):
    path = Path(ROOT, MANIFEST)
    whole = path.read_text()
    for content in (whole[:-70], "kind\tpath\n", ""):
        path.write_text(content)
        with pytest.raises(InputError, match="cut short"):
            read_manifest(ROOT)
    path.unlink()
    with pytest.raises(InputError, match=r"results/tiny: has no provenance/manifest\.tsv\. Finish the run"):
        read_manifest(ROOT)


def verify(*arguments):
    done = subprocess.run([sys.executable, str(SCRIPT), *arguments], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def test_the_script_ends_with_0_only_where_all_is_well(listed):
    write_text("config/cohorts/tiny.yaml", "cohort: tiny\n")
    write_text("config/config.yaml", "cohorts: [config/cohorts/tiny.yaml]\n")
    for arguments in ((), ("config/cohorts/tiny.yaml",), (ROOT,)):
        assert verify(*arguments) == (0, f"{ROOT}: 6 files, all as they were made.\n", "")
    os.truncate(f"{ROOT}/report.html", 3)
    status, out, err = verify()
    assert (status, out) == (1, f"changed: {ROOT}/report.html\n")
    assert f"make run SNAKEMAKE_ARGS='--forcerun {ROOT}/report.html'" in err


def test_the_script_looks_at_the_answers_to_shared_questions_too(listed):
    write_text("config/cohorts/tiny.yaml", "cohort: tiny\n")
    write_text("config/config.yaml", "cohorts: [config/cohorts/tiny.yaml]\nreplication: {als: {}}\n")
    folder = Path("results/_replication/als")
    write_text(folder / "meta.tsv", "gene\n")
    write_manifest(folder / "manifest.tsv", [Entry("output", "meta.tsv", sha256(folder / "meta.tsv"))])
    assert verify() == (0, f"{ROOT}: 6 files, all as they were made.\n{folder}: 1 file, all as they were made.\n", "")
    write_text(folder / "meta.tsv", "edited\n")
    write_text(folder / "more.tsv", "\n")
    status, out, _ = verify(str(folder))
    assert (status, out) == (1, f"changed: {folder}/meta.tsv\nunlisted: {folder}/more.tsv\n")


def test_a_copy_of_the_results_alone_can_be_verified(listed, tmp_path, monkeypatch):
    shutil.copytree(ROOT, tmp_path / "elsewhere/tiny")
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert verify("tiny", "--results-only") == (0, "tiny: 5 files, all as they were made.\n", "")
    assert verify("tiny")[:2] == (1, "missing: data/counts.tsv\n")


@pytest.mark.parametrize("content", ["", "title: no cohort\n", "cohorts: 3\n", "a: b: c\n", None])
def test_the_script_says_what_it_takes(tmp_path, monkeypatch, content):
    monkeypatch.chdir(tmp_path)
    if content is not None:
        write_text("cohort.yaml", content)
    assert verify("cohort.yaml") == (1, "", "Error: cohort.yaml: is neither a folder of results nor a cohort file.\n")
