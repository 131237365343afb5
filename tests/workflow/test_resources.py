"""Memory and time are asked for by the cohort's size, and more of them when a job is tried again."""

import re
import shutil

import pytest
from tiny_cohort import ROOT

FIT = "results/tiny/models/primary/fit.h5ad"
STARVED = """if "snakemake" in globals() and snakemake.resources.mem_mb < {enough}:
    raise MemoryError(f"{{snakemake.resources.mem_mb}} MB in {{snakemake.resources.runtime}} minutes are too few")
"""


def test_demand_grows_with_samples_times_genes(fresh, tmp_path):
    """180 samples × 20,000 genes and 108 × 8,000, of which a dry run knows before they are drawn."""
    workspace = fresh.copy(tmp_path / "work")
    shutil.copytree(ROOT / "config", workspace.folder / "config", dirs_exist_ok=True)
    cohorts = [f"config/cohorts/{name}.yaml" for name in ("mac2als", "imodals")]
    outcome = workspace.run("--dry-run", "--quiet", "host", "--config", f"cohorts={cohorts}", "--until", "fit_model")
    assert outcome.status == 0, outcome.output
    jobs = re.findall(r"^rule fit_model:\n((?:[ \t]+.*\n)*)", outcome.output, re.MULTILINE)
    asked = {tuple(re.search(rf"\b{key}=(\w+)", job)[1] for key in ("cohort", "mem_mb", "runtime")) for job in jobs}
    assert asked == {("mac2als", "1788", "42"), ("imodals", "1569", "25")}


@pytest.mark.slow  # the test on Slurm shows it, too, where there is one
def test_a_job_that_ran_out_of_memory_gets_more(fresh, tmp_path):
    workspace = fresh.with_own_repository(tmp_path / "repository").copy(tmp_path / "work")
    samples, genes = (
        sum(1 for _ in (workspace.folder / f"data/{name}.tsv").open()) - 1 for name in ("samples", "counts")
    )
    first = int(1500 + 80 * samples * genes / 1e6)
    script = workspace.repo / "scripts/fit_model.py"
    script.write_text(STARVED.format(enough=2 * first) + script.read_text(encoding="utf-8"), encoding="utf-8")
    outcome = workspace.run(FIT)
    assert outcome.status != 0
    assert f"MemoryError: {first} MB in 20 minutes are too few" in outcome.output
    outcome = workspace.run("--retries", "1", FIT)
    assert outcome.status == 0, outcome.output
    assert "Trying to restart job" in outcome.output
    assert (workspace.folder / FIT).exists()
