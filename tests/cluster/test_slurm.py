"""The Slurm profile on a real Slurm of two nodes: the results of a local run, to the byte, in a handful of submissions."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from tiny_cohort import fresh_workspace

SLURM = Path(__file__).parent / "slurm.sh"
PROGRAMS = ("slurmctld", "slurmd", "munged", "sbatch", "squeue")
PATH = f"{os.environ['PATH']}:/usr/sbin:/sbin"  # where Debian keeps daemons
MOST_SUBMISSIONS = 6
QUICK = (  # no accounting here, and no need to be gentle with the controller
    *("--slurm-status-command", "squeue"),
    *("--slurm-init-seconds-before-status-checks", "2"),
    *("--seconds-between-status-checks", "2"),
    *("--latency-wait", "5"),
)

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
        subprocess.run([SLURM, "start", folder], env=environment, check=True, timeout=60)
        yield folder
    finally:
        subprocess.run([SLURM, "stop", folder], env=environment, check=True, timeout=60)


def submissions(folder):
    """Submissions that ended, by their state."""
    lines = (folder / "log/jobs.txt").read_text().splitlines()
    return [dict(part.split("=", 1) for part in line.split() if "=" in part) for line in lines]


def test_results_on_slurm_are_those_of_a_local_run_to_the_byte(slurm, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", f"{slurm}/bin:{PATH}")
    fresh = fresh_workspace(tmp_path)
    cohort = fresh.cohort()
    for name in ("motor_vs_control", "men_vs_women"):  # one contrast of levels and one of designs are enough
        del cohort["contrasts"][name]
    fresh.write_cohort(cohort)
    local, cluster = fresh.copy(tmp_path / "local"), fresh.copy(tmp_path / "cluster")
    outcome = local.run()
    assert outcome.status == 0, outcome.output
    profile = ("--workflow-profile", str(fresh.repo / "workflow/profiles/slurm"))
    outcome = cluster.run(*profile, *QUICK, cores=None)
    assert outcome.status == 0, outcome.output
    assert cluster.checksums() == local.checksums()
    assert (cluster.results() / "logs/model/fit_model.primary.log").exists()
    done = submissions(slurm)
    assert {job["JobState"] for job in done} == {"COMPLETED"}
    assert {job["NodeList"] for job in done} <= {"n1", "n2"}
    assert 2 <= len(done) <= MOST_SUBMISSIONS
    assert cluster.planned(*profile, *QUICK) == {}
