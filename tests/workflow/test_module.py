"""lateralis inside another workflow, out of a checkout or out of a git repository, and from another folder."""

import subprocess

import pytest
import yaml

MODULE = """
configfile: "mine.yaml"


module lateralis:
    snakefile:
        {snakefile}
    config:
        {config}


use rule * from lateralis as lateralis_*


rule mine:
    default_target: True
    input:
        "{target}",
    output:
        "done.txt",
    shell:
        "wc -l {{input}} > {{output}}"
"""
# But for a space, what `snakedeploy deploy-workflow https://github.com/owner/lateralis . --tag v1` wrote (snakedeploy 0.17.1).
DEPLOYED = """
from snakemake.utils import min_version


min_version("6.10.0")


configfile: "config/config.yaml"


# declare https://github.com/owner/lateralis as a module
module lateralis:
    snakefile:
        github("owner/lateralis", path="Snakefile", tag="v1")
    config:
        config


# use all rules from https://github.com/owner/lateralis
use rule * from lateralis
"""
TARGET = "results/tiny/sources.tsv"


@pytest.fixture
def parent(fresh, tmp_path):
    """A folder of another workflow with the tiny cohort's data; writes its Snakefile and config."""
    workspace = fresh.copy(tmp_path / "elsewhere")
    (workspace.folder / "config/config.yaml").unlink()

    def written(mine, config="config", more=""):
        snakefile = f'"{workspace.repo}/Snakefile"'
        content = MODULE.format(snakefile=snakefile, config=config + more, target=TARGET)
        (workspace.folder / "Snakefile").write_text(content, encoding="utf-8")
        (workspace.folder / "mine.yaml").write_text(yaml.safe_dump(mine), encoding="utf-8")
        return workspace

    return written


COHORTS = ["config/cohorts/tiny.yaml"]
OWN = {"samples": "sheets/all.tsv", "mykey": 1}


def test_another_workflow_uses_it_as_a_module(parent):
    workspace = parent({"cohorts": COHORTS, **OWN})
    outcome = workspace.run("--snakefile", "Snakefile")
    assert outcome.status == 0, outcome.output
    assert set(outcome.jobs) >= {"lateralis_import_counts", "lateralis_accept_counts"}
    assert (workspace.folder / "done.txt").read_text().endswith(f"{TARGET}\n")


@pytest.mark.slow
def test_another_workflow_hands_it_a_part_of_its_config(parent):
    workspace = parent({"lateralis": {"cohorts": COHORTS}, **OWN}, 'config["lateralis"]')
    assert workspace.planned("--snakefile", "Snakefile")["lateralis_accept_counts"] == 1


@pytest.mark.parametrize(
    ("mine", "config", "more", "message"),
    [
        (
            {"part": {"cohorts": COHORTS, "mykey": 1}},
            'config["part"]',
            "",
            "the config of module lateralis: is not a valid config\n  mykey: unknown key; known keys here: 'cohorts', "
            "'replication'.",
        ),
        (
            {"cohorts": COHORTS},
            "config",
            '\n    prefix:\n        "inside"',
            "module lateralis: has a prefix, which would move the paths of your data, too. Leave it out; `workdir:` or "
            "--directory says where results go.",
        ),
    ],
    ids=["unknown key in its part", "prefix"],
)
def test_what_a_module_cannot_work_with_is_said(parent, mine, config, more, message):
    outcome = parent(mine, config, more).run("--snakefile", "Snakefile", "--dry-run")
    assert outcome.status == 1
    assert f"Error: {message}\n" in outcome.output


def test_an_unknown_key_of_an_ordinary_run_names_where_it_may_stand(fresh, tmp_path):
    workspace = fresh.copy(tmp_path / "work")
    (workspace.folder / "more.yaml").write_text("mykey: 1\n", encoding="utf-8")
    outcome = workspace.run("--dry-run", "--configfile", "more.yaml", "--config", "cohorts=[config/cohorts/tiny.yaml]")
    assert outcome.status == 1
    given = f"{workspace.folder}/more.yaml and config/config.yaml and --config"
    assert f"Error: {given}: is not a valid config\n  mykey: unknown key" in outcome.output


@pytest.fixture
def hosted(fresh, tmp_path, monkeypatch):
    """github.com/owner/lateralis is a repository in a folder here, for every git that this test starts."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", f"url.file://{tmp_path}/hub/.insteadOf")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "https://github.com/")
    repository = fresh.with_own_repository(tmp_path / "hub/owner/lateralis").repo
    author = ("-c", "user.name=Test", "-c", "user.email=test@example.org")
    for command in (("init", "--quiet"), ("add", "--all"), (*author, "commit", "-qm", "All"), ("tag", "v1")):
        subprocess.run(["git", *command], cwd=repository, check=True, timeout=60)
    return repository


def test_what_snakedeploy_writes_runs(fresh, tmp_path, hosted):
    """Rules come as single files out of Snakemake's clone; the library with all it reads must come along."""
    workspace = fresh.copy(tmp_path / "deployed")
    (workspace.folder / "workflow").mkdir()
    (workspace.folder / "workflow/Snakefile").write_text(DEPLOYED, encoding="utf-8")
    outcome = workspace.run("--snakefile", "workflow/Snakefile", TARGET)
    assert outcome.status == 0, outcome.output
    assert (workspace.folder / TARGET).exists()
    commit = subprocess.run(["git", "rev-parse", "v1"], cwd=hosted, check=True, capture_output=True, text=True)
    unpacked = list((tmp_path / "cache").rglob("lateralis/*/scripts/lateralis/__init__.py"))
    assert [path.parents[2].name for path in unpacked] == [commit.stdout.strip()]
    assert list(unpacked[0].parents[2].glob("resources/*/*"))


def test_it_runs_from_any_folder_with_directory(fresh, tmp_path):
    workspace = fresh.copy(tmp_path / "work")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    outcome = workspace.run("--directory", str(workspace.folder), TARGET, folder=elsewhere)
    assert outcome.status == 0, outcome.output
    assert (workspace.folder / TARGET).exists()
    assert list(elsewhere.iterdir()) == []
