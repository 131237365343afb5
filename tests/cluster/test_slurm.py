"""The Slurm profile on a real Slurm of two nodes: the results of a local run, to the byte, in a handful of submissions."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from tiny_cohort import ROOT, Workspace, fresh_workspace

HERE = Path(__file__).parent
PROGRAMS = ("slurmctld", "slurmd", "munged", "sbatch", "squeue")
PATH = f"{os.environ['PATH']}:/usr/sbin:/sbin"  # where Debian keeps daemons
PROFILE = ("--workflow-profile", str(ROOT / "workflow/profiles/slurm"))
QUICK = (  # no accounting here, and no need to be gentle with the controller
    *("--slurm-status-command", "squeue"),
    *("--slurm-init-seconds-before-status-checks", "1"),
    *("--latency-wait", "5"),
)
MOST_SUBMISSIONS = 8
HUNGRY = """import os, sys, time

if "SLURM_JOB_ID" in os.environ and sys.orig_argv[-1].endswith(".fit_model.py") and not os.path.exists("was_hungry"):
    open("was_hungry", "w").close()
    hoard = b"x" * 2_000_000_000
    time.sleep(60)
"""  # as sitecustomize.py, which each Python reads at its start

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def slurm(tmp_path_factory):
    """The folder of a running Slurm; its bin/ holds Slurm's commands, its jobs.txt a line a finished submission."""
    absent = [name for name in PROGRAMS if shutil.which(name, path=PATH) is None]
    if absent:
        reason = f"{', '.join(absent)} not installed (on Debian: apt install slurmctld slurmd slurm-client munge)"
        (pytest.fail if os.environ.get("LATERALIS_REQUIRE_CLUSTER") else pytest.skip)(reason)
    folder = tmp_path_factory.mktemp("slurm") / "run"
    environment = os.environ | {"PATH": PATH}
    try:
        subprocess.run([HERE / "slurm.sh", "start", folder], env=environment, check=True, timeout=60)
        yield folder
    finally:
        subprocess.run([HERE / "slurm.sh", "stop", folder], env=environment, check=True, timeout=60)


def submissions(folder, after=0):
    """Submissions that ended, in order, as Slurm itself lists them."""
    lines = (folder / "log/jobs.txt").read_text().splitlines()[after:]
    found = [dict(part.split("=", 1) for part in line.split() if "=" in part) for line in lines]
    return sorted(found, key=lambda job: int(job["JobId"]))


def asked(job, kind):
    """How much of `mem` (MB) or `cpu` a submission asked for."""
    return int(dict(part.split("=") for part in job["Tres"].split(","))[kind].removesuffix("M"))


def run_on(slurm, workspace, monkeypatch, *targets, **how):
    """Run a cohort through the profile; the outcome and what Slurm says of each submission."""
    monkeypatch.setenv("PATH", f"{slurm}/bin:{PATH}")
    before = len((slurm / "log/jobs.txt").read_text().splitlines()) if (slurm / "log/jobs.txt").exists() else 0
    outcome = workspace.run(*PROFILE, *QUICK, "--", *targets, cores=None, program=(str(HERE / "impatient.py"),), **how)
    assert outcome.status == 0, outcome.output
    return outcome, submissions(slurm, before)


def test_results_are_those_of_a_local_run_and_a_job_out_of_memory_gets_more(slurm, tmp_path, monkeypatch):
    """Import and fit of the tiny cohort; Slurm itself kills the fit, once."""
    target = "results/tiny/models/primary/fit.h5ad"
    fresh = Workspace(ROOT, fresh_workspace(tmp_path).folder)  # not a copy, for which kernels would be compiled anew
    local, cluster = fresh.copy(tmp_path / "local"), fresh.copy(tmp_path / "cluster")
    outcome = local.run(target)
    assert outcome.status == 0, outcome.output
    (tmp_path / "packages").mkdir()
    (tmp_path / "packages/sitecustomize.py").write_text(HUNGRY, encoding="utf-8")
    outcome, done = run_on(slurm, cluster, monkeypatch, target, packages=tmp_path / "packages")
    assert [job["JobState"] for job in done] == ["COMPLETED", "FAILED", "COMPLETED"]
    assert "exceeded memory limit" in outcome.output
    counts, killed, fit = done
    assert asked(fit, "mem") == 2 * asked(killed, "mem")
    assert asked(fit, "cpu") == 1
    assert asked(counts, "cpu") == 1
    assert cluster.checksums() == local.checksums()
    assert (cluster.results() / "logs/model/fit_model.primary.log").exists()


def test_the_demo_cohort_has_the_results_of_a_local_run_in_a_handful_of_submissions(slurm, tmp_path, monkeypatch):
    runs = [Workspace(ROOT, tmp_path / name) for name in ("local", "cluster")]
    for workspace in runs:
        shutil.copytree(ROOT / "config", workspace.folder / "config")
    local, cluster = runs
    outcome = local.run(seconds=3600)
    assert outcome.status == 0, outcome.output
    _, done = run_on(slurm, cluster, monkeypatch, seconds=3600)
    assert cluster.checksums() == local.checksums()
    assert {job["JobState"] for job in done} == {"COMPLETED"}
    assert {job["NodeList"] for job in done} <= {"n1", "n2"}  # one of them has processors enough
    assert len(done) <= MOST_SUBMISSIONS
    with monkeypatch.context() as environment:
        environment.setenv("PATH", f"{slurm}/bin:{PATH}")
        assert cluster.planned(*PROFILE, *QUICK) == {}
