"""lateralis inside another workflow, and from another folder."""

MODULE = """
configfile: "mine.yaml"


module lateralis:
    snakefile:
        "{repo}/Snakefile"
    config:
        config


use rule * from lateralis as lateralis_*


rule mine:
    default_target: True
    input:
        "results/tiny/qc/sex.tsv",
    output:
        "done.txt",
    shell:
        "wc -l {{input}} > {{output}}"
"""


def test_another_workflow_uses_it_as_a_module(fresh, tmp_path):
    workspace = fresh.copy(tmp_path / "elsewhere")
    run = workspace.folder / "config/config.yaml"
    (workspace.folder / "mine.yaml").write_text(run.read_text(encoding="utf-8"), encoding="utf-8")
    run.unlink()
    (workspace.folder / "Snakefile").write_text(MODULE.format(repo=workspace.repo), encoding="utf-8")
    outcome = workspace.run("--snakefile", "Snakefile")
    assert outcome.status == 0, outcome.output
    assert set(outcome.jobs) >= {"lateralis_import_counts", "lateralis_check_identity"}
    assert (workspace.folder / "done.txt").read_text().endswith("results/tiny/qc/sex.tsv\n")


def test_it_runs_from_any_folder_with_directory(fresh, tmp_path):
    workspace = fresh.copy(tmp_path / "work")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    target = "results/tiny/qc/sex.tsv"
    outcome = workspace.run("--directory", str(workspace.folder), target, folder=elsewhere)
    assert outcome.status == 0, outcome.output
    assert (workspace.folder / target).exists()
    assert list(elsewhere.iterdir()) == []
