"""What a change reruns, no more and no less: the jobs that a dry run plans after a finished run, counted exactly."""

from collections import Counter
from pathlib import Path

import pandas as pd
import pytest

IMPORT = ["import_counts", "accept_counts"]
COHORT_WIDE = ["normalise_counts", "check_identity", "score_panels", "assess_confounding", "assess_quality"]
MODEL = ["fit_model:primary", "draw_dispersions:primary"]
END = ["gather_cohort", "write_report", "write_workbook", "write_crate", "write_manifest"]
FOLD_CHANGES = ["als_vs_control", "motor_vs_control", "men_vs_women"]
CONTRASTS = [*FOLD_CHANGES, "any_group"]
AFTER_STATISTICS = [f"{rule}:{name}" for name in FOLD_CHANGES for rule in ("call_genes", "draw_contrast")]
AFTER_STATISTICS += ["call_genes:any_group", "draw_likelihood_ratio:any_group"]
TESTS = [f"test_contrast:{name}" for name in CONTRASTS]
ALL = IMPORT + COHORT_WIDE + MODEL + TESTS + AFTER_STATISTICS + END


def test_first_run_starts_every_job_once(fresh):
    assert fresh.planned() == Counter(ALL)


def test_nothing_changed_reruns_nothing(finished):
    outcome = finished.run("--dry-run")
    assert outcome.jobs == Counter()
    assert "Using workflow specific profile" in outcome.output  # else the tests below run under other rules than a user


def test_touched_inputs_rerun_nothing(workspace):
    """One of them is larger than the 1 MB up to which Snakemake compares content unless the default profile says more."""
    assert (workspace.folder / "data/genes.tsv").stat().st_size > 1_000_000
    for name in ("counts.tsv", "samples.tsv", "genes.tsv"):
        (workspace.folder / "data" / name).touch()
    assert workspace.planned() == Counter()


@pytest.mark.parametrize(("key", "value"), [("fold_change", 2.5), ("alpha", 0.01), ("headline", "strict")])
def test_endpoint_redoes_calls_alone(workspace, key, value):
    cohort = workspace.cohort()
    cohort["endpoint"][key] = value
    workspace.write_cohort(cohort)
    assert workspace.planned() == Counter(AFTER_STATISTICS + END)


def test_fold_change_changes_calls_and_leaves_statistics(workspace):
    cohort = workspace.cohort()
    cohort["endpoint"]["fold_change"] = 16
    workspace.write_cohort(cohort)
    results = workspace.results()
    kept = [*results.rglob("statistics.tsv.gz"), *results.rglob("fit.h5ad"), results / "counts.h5ad"]
    before = {path: path.stat().st_mtime_ns for path in kept}
    assert len(before) == 6
    assert called(workspace)["als_vs_control"] > 20
    outcome = workspace.run("results/tiny/summary.tsv")
    assert outcome.status == 0, outcome.output
    assert {path: path.stat().st_mtime_ns for path in kept} == before
    assert called(workspace)["als_vs_control"] == 0


def called(workspace):
    """Genes called by the headline rule in each contrast."""
    summary = pd.read_csv(workspace.results() / "summary.tsv", sep="\t")
    headline = summary[summary["headline"]].set_index("contrast")
    return headline[["up", "down", "changed"]].sum(axis=1).to_dict()


def test_new_contrast_of_a_model_refits_nothing(workspace):
    cohort = workspace.cohort()
    cohort["contrasts"]["als_vs_motor"] = cohort["contrasts"]["als_vs_control"] | {"reference": "motor"}
    workspace.write_cohort(cohort)
    # ALS against two others makes a signature
    rules = ("test_contrast", "call_genes", "draw_contrast")
    assert workspace.planned() == Counter([f"{rule}:als_vs_motor" for rule in rules] + ["find_signature", *END])


def test_new_likelihood_ratio_test_refits_nothing_and_draws_no_fold_change(workspace):
    cohort = workspace.cohort()
    cohort["contrasts"]["any_sex"] = {"model": "primary", "reduced": "~ group"}
    workspace.write_cohort(cohort)
    own = [f"{rule}:any_sex" for rule in ("test_contrast", "call_genes", "draw_likelihood_ratio")]
    assert workspace.planned() == Counter(own + END)


def test_another_reduced_design_redoes_its_contrast_alone(workspace):
    cohort = workspace.cohort()
    cohort["contrasts"]["any_group"]["reduced"] = "~ 1"
    workspace.write_cohort(cohort)
    own = [f"{rule}:any_group" for rule in ("test_contrast", "call_genes", "draw_likelihood_ratio")]
    assert workspace.planned() == Counter(own + END)


def test_another_way_to_size_factors_redoes_all_but_the_import(workspace):
    cohort = workspace.cohort()
    cohort["size_factors"] = {"method": "poscounts"}
    workspace.write_cohort(cohort)
    assert workspace.planned() == Counter(COHORT_WIDE + MODEL + TESTS + AFTER_STATISTICS + END)


def test_removed_contrast_leaves_summary_and_report(workspace):
    cohort = workspace.cohort()
    del cohort["contrasts"]["motor_vs_control"]
    workspace.write_cohort(cohort)
    assert workspace.planned() == Counter(END)
    outcome = workspace.run()
    assert outcome.status == 0, outcome.output
    assert list(called(workspace)) == ["als_vs_control", "men_vs_women", "any_group"]
    ledger = pd.read_csv(workspace.results() / "ledger.tsv", sep="\t")
    assert "contrast:motor_vs_control" not in ledger
    assert "motor vs control" not in (workspace.results() / "report.html").read_text(encoding="utf-8")


def test_excluded_sample_redoes_the_models_not_the_import(workspace):
    cohort = workspace.cohort()
    cohort["samples"]["exclude"] = [{"sample": "006 als", "reason": "consent withdrawn"}]
    workspace.write_cohort(cohort)
    # Cook's share of each sample is among the metrics
    assert workspace.planned() == Counter([*MODEL, "assess_quality", *TESTS, *AFTER_STATISTICS, *END])


def test_another_limit_of_quality_control_refits_nothing(workspace):
    cohort = workspace.cohort()
    cohort["qc"] = {"checks": {"library_size": {"warn_at": 1e4}}}
    workspace.write_cohort(cohort)
    assert workspace.planned() == Counter(["score_panels", "assess_confounding", "assess_quality", *END])


def test_another_seed_of_quality_control_redoes_what_is_drawn(workspace):
    cohort = workspace.cohort()
    cohort["qc"] = {"seed": 2}
    workspace.write_cohort(cohort)
    assert workspace.planned() == Counter(["assess_confounding", *END])


def test_surrogate_variables_are_a_job_beside_the_others(workspace):
    cohort = workspace.cohort()
    cohort["qc"] = {"surrogates": 2}
    workspace.write_cohort(cohort)
    assert workspace.planned() == Counter(["assess_surrogates:primary", *END])


def test_trust_is_a_job_a_contrast_beside_the_others(workspace):
    cohort = workspace.cohort()
    cohort["trust"] = {"scale": "small"}
    workspace.write_cohort(cohort)
    assert workspace.planned() == Counter([f"assess_trust:{name}" for name in CONTRASTS] + END)


def test_a_signature_is_a_job_of_its_own(workspace):
    cohort = workspace.cohort()
    cohort["signature"] = ["als_vs_control", "motor_vs_control"]
    workspace.write_cohort(cohort)
    assert workspace.planned() == Counter(["find_signature", *END])


def test_an_acknowledged_confounding_redoes_its_contrast_alone(workspace):
    cohort = workspace.cohort()
    cohort["contrasts"]["als_vs_control"]["acknowledge_confounding"] = ["sex"]
    workspace.write_cohort(cohort)
    rules = ("test_contrast", "call_genes", "draw_contrast")
    assert workspace.planned() == Counter([f"{rule}:als_vs_control" for rule in rules] + END)


def test_title_is_told_to_the_report_alone(workspace):
    cohort = workspace.cohort()
    cohort["title"] = "Another title"
    workspace.write_cohort(cohort)
    assert workspace.planned() == Counter(END)


def test_changed_count_redoes_everything(workspace):
    path = workspace.folder / "data/counts.tsv"
    counts = pd.read_csv(path, sep="\t", index_col=0)
    counts.iloc[0, 0] += 1
    counts.to_csv(path, sep="\t")
    assert workspace.planned() == Counter(ALL)


def test_a_name_may_be_a_fold_change_in_one_cohort_and_a_likelihood_ratio_in_another(workspace):
    cohort = workspace.cohort() | {"cohort": "second"}
    cohort["contrasts"] |= {
        "men_vs_women": cohort["contrasts"]["any_group"],
        "any_group": cohort["contrasts"]["men_vs_women"],
    }
    workspace.write_cohort(cohort)
    workspace.write_run("tiny", "second")
    planned = workspace.planned()
    assert planned["draw_contrast:any_group"] == planned["draw_likelihood_ratio:men_vs_women"] == 1
    assert planned["draw_contrast:men_vs_women"] == planned["draw_likelihood_ratio:any_group"] == 0


def test_second_cohort_leaves_the_first(workspace):
    workspace.write_cohort(workspace.cohort() | {"cohort": "second"})
    workspace.write_run("tiny", "second")
    outcome = workspace.run("--dry-run")
    assert outcome.jobs == Counter(ALL)
    assert outcome.cohorts == {"second"}


@pytest.fixture
def own_code(workspace, tmp_path):
    """A finished run and a copy of the repository of its own, to edit the code."""
    return workspace.with_own_repository(tmp_path / "repository")


def edit(module: Path, old: str, new: str) -> None:
    text = module.read_text(encoding="utf-8")
    assert text.count(old) == 1
    module.write_text(text.replace(old, new), encoding="utf-8")


def test_edited_comments_and_docstrings_rerun_nothing(own_code):
    module = own_code.repo / "scripts/lateralis/model/outliers.py"
    edit(module, "def in_large_cells", "# a comment more\n\n\ndef in_large_cells")
    edit(module, "Which samples are in a cell", "Those samples that are in a cell")
    assert own_code.planned() == Counter()


def test_changed_code_of_a_library_module_reruns_what_it_decides(own_code):
    edit(own_code.repo / "scripts/lateralis/model/outliers.py", "MIN_FOR_REPLACEMENT = 7", "MIN_FOR_REPLACEMENT = 6")
    planned = own_code.planned()
    assert set(planned) >= {*MODEL, *TESTS, *AFTER_STATISTICS, *END}
    assert not set(planned) & {*IMPORT}
