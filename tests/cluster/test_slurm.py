"""The Slurm profile on a real Slurm of two nodes: the results of a local run, to the byte, in a handful of submissions."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from tiny_cohort import fresh_workspace

SLURM = Path(__file__).parent / "slurm.sh"
PROGRAMS = ("slurmctld", "slurmd", "munged", "sbatch", "squeue")
MOST_SUBMISSIONS = 6
QUICK = (  # no accounting here, and no need to be gentle with the controller
    *("--slurm-status-command", "squeue"),
    *("--slurm-init-seconds-before-status-checks", "2"),
    *("--seconds-between-status-checks", "2"),
    *("--latency-wait", "5"),
)

pytestmark = pytest.mark.cluster


def missing() -> str:
    """Why there can be no Slurm here; empty if there can."""
    absent = [name for name in PROGRAMS if shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin") is None]
    if absent:
        return f"{', '.join(absent)} not installed (on Debian: apt install slurmctld slurmd slurm-client munge)"
    return "" if os.geteuid() == 0 else "only root can start munge, slurmctld and slurmd"


@pytest.fixture(scope="module")
def slurm(tmp_path_factory):
    """The folder of a running Slurm; its jobs.txt has a line a finished submission."""
    reason = missing()
    if reason and os.environ.get("LATERALIS_REQUIRE_CLUSTER"):
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("slurm") / "run"
    environment = os.environ | {"PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin"}
    try:
        subprocess.run([SLURM, "start", folder], env=environment, check=True, timeout=60)
        yield folder
    finally:
        subprocess.run([SLURM, "stop", folder], env=environment, check=True, timeout=60)


def submissions(folder):
    """Submissions that ended, by their state."""
    lines = (folder / "log/jobs.txt").read_text().splitlines()
    return [dict(part.split("=", 1) for part in line.split() if "=" in part) for line in lines]


def test_results_on_slurm_are_those_of_a_local_run_to_the_byte(slurm, tmp_path):
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
