"""The crate of a whole run: sound in both places, of nobody, and made again only when there is a reason."""

import hashlib
import json
import shutil
import subprocess
from collections import Counter

from crate_checks import checked_crate, listed

OWN_NAMES = ("4-b", "p.5", "4-b motor", "S 3 lane-1", "006 als")


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_crate_of_the_cohort_has_its_files(finished):
    crate = checked_crate(finished.results())
    action = crate.dereference("#run")
    made = {entity.id for entity in action["result"]}
    contrasts = finished.cohort()["contrasts"]
    assert made >= {
        "report.html",
        "results.xlsx",
        "summary.tsv",
        "ledger.tsv",
        "counts.h5ad",
        "models/primary/fit.h5ad",
    }
    assert made >= {f"contrasts/{name}/{file}" for name in contrasts for file in ("results.tsv.gz", "called.tsv")}
    given = {entity.get("name"): entity.get("sha256") for entity in listed(action["object"])}
    data = finished.folder / "data"
    assert {name: given[name] for name in ("counts.tsv", "samples.tsv", "genes.tsv")} == {
        name: digest(data / name) for name in ("counts.tsv", "samples.tsv", "genes.tsv")
    }
    assert given["run_config.yaml"] == digest(finished.results() / "run_config.yaml")
    lock = {entity["name"]: entity["value"] for entity in crate.mainEntity["additionalProperty"]}
    assert lock["sha256 of requirements.lock"] == digest(finished.repo / "requirements.lock")
    assert lock["git commit"] == "not a git checkout"
    assert crate.dereference("provenance/source/requirements.lock")["sha256"] == digest(
        finished.repo / "requirements.lock"
    )
    versions = json.loads((finished.results() / "provenance/versions.json").read_text(encoding="utf-8"))
    software = {entity["name"]: entity["softwareVersion"] for entity in crate.mainEntity["softwareRequirements"]}
    assert software | {"lateralis": crate.mainEntity["version"]} == versions


def test_the_crate_of_provenance_stands_alone(finished, tmp_path):
    shutil.copytree(finished.results() / "provenance", tmp_path / "alone")
    crate = checked_crate(tmp_path / "alone")
    whole = checked_crate(finished.results())
    told = {
        name: entity["sha256"] for entity in crate.dereference("#run")["result"] for name in entity["name"].split(", ")
    }
    assert told == {entity["name"]: entity["sha256"] for entity in whole.dereference("#run")["result"]}


def test_no_name_and_no_place_is_in_a_crate(finished):
    for folder in (finished.results(), finished.results() / "provenance"):
        text = (folder / "ro-crate-metadata.json").read_text(encoding="utf-8")
        for secret in (*OWN_NAMES, str(finished.folder), str(finished.repo), "/tmp", "data/"):
            assert secret not in text, secret


def test_the_code_that_ran_is_kept(finished):
    kept = finished.results() / "provenance/source"
    for name in (
        "Snakefile",
        "workflow/rules/records.smk",
        "scripts/lateralis/io.py",
        "scripts/lateralis/report/assets/plots.js",
    ):
        assert (kept / name).read_bytes() == (finished.repo / name).read_bytes()
    assert {path.name for path in kept.iterdir()} - {".snakemake_timestamp"} == {
        *("Snakefile", "requirements.lock", "workflow", "scripts"),
    }


def test_a_commit_reruns_nothing_and_a_new_crate_names_it(workspace, tmp_path):
    own = workspace.with_own_repository(tmp_path / "repository")
    git = ["git", "-c", "user.name=tester", "-c", "user.email=tester@example.org"]
    for command in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "-m", "all"]):
        subprocess.run([*git, *command], cwd=own.repo, check=True)
    assert own.planned() == Counter()
    outcome = own.run("--forcerun", "write_crate")
    assert outcome.status == 0, outcome.output
    assert outcome.jobs == Counter(["write_crate", "write_manifest"])
    head = subprocess.run([*git, "rev-parse", "HEAD"], cwd=own.repo, check=True, capture_output=True, text=True)
    crate = checked_crate(own.results())
    state = {entity["name"]: entity["value"] for entity in crate.mainEntity["additionalProperty"]}
    assert state["git commit"] == head.stdout.strip()
    assert state["edited since the commit"] == "no"
