"""Memory and time are asked for by the cohort's size, and more of them when a job is tried again."""

FIT = "results/tiny/models/primary/fit.h5ad"
STARVED = """if "snakemake" in globals() and snakemake.resources.mem_mb < {enough}:
    raise MemoryError(f"{{snakemake.resources.mem_mb}} MB in {{snakemake.resources.runtime}} minutes are too few")
"""


def test_a_job_that_ran_out_of_memory_gets_more(fresh, tmp_path):
    workspace = fresh.with_own_repository(tmp_path / "repository").copy(tmp_path / "work")
    rows = sum(1 for _ in (workspace.folder / "data/samples.tsv").open()) - 1
    first = 2000 + 4 * rows
    script = workspace.repo / "scripts/fit_model.py"
    script.write_text(STARVED.format(enough=2 * first) + script.read_text(encoding="utf-8"), encoding="utf-8")
    outcome = workspace.run(FIT)
    assert outcome.status != 0
    assert f"MemoryError: {first} MB in {int(60.5 + 0.3 * rows)} minutes are too few" in outcome.output
    outcome = workspace.run("--retries", "1", FIT)
    assert outcome.status == 0, outcome.output
    assert "Trying to restart job" in outcome.output
    assert (workspace.folder / FIT).exists()
