"""Bad input of every kind: one sentence with file, place, found and right; no traceback; what an earlier run made stays."""

import gzip
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pytest

COUNTS, SHEET, COHORT = "data/counts.tsv", "data/samples.tsv", "config/cohorts/tiny.yaml"
BEFORE_ANY_JOB = Counter()
IN_THE_IMPORT = Counter(["import_counts"])
RAW = "Raw counts are needed: whole numbers, neither normalised nor transformed"


class Case(NamedTuple):
    """One mistake of a user."""

    make: Callable[..., Any]
    said: tuple[str, ...]
    jobs: Counter[str] = BEFORE_ANY_JOB


def in_cohort(*keys, value):
    """Set one key of the cohort file."""

    def make(workspace):
        cohort = workspace.cohort()
        part = cohort
        for key in keys[:-1]:
            part = part[key]
        part[keys[-1]] = value
        workspace.write_cohort(cohort)

    return make


def in_cell(path, row, column, value):
    """Replace one cell of a table; row 0 is the header."""

    def make(workspace):
        rows = [line.split("\t") for line in (workspace.folder / path).read_text(encoding="utf-8").splitlines()]
        rows[row][column] = value
        (workspace.folder / path).write_text("".join("\t".join(cells) + "\n" for cells in rows), encoding="utf-8")

    return make


def without(path):
    """Remove a file."""
    return lambda workspace: (workspace.folder / path).unlink()


def empty(path):
    """Empty a file."""
    return lambda workspace: (workspace.folder / path).write_text("", encoding="utf-8")


def append(path, text):
    """Write behind the last line of a file."""

    def make(workspace):
        with open(workspace.folder / path, "a", encoding="utf-8") as handle:
            handle.write(text)

    return make


def truncated_gzip(workspace):
    content = gzip.compress((workspace.folder / COUNTS).read_bytes())
    (workspace.folder / "data/counts.tsv.gz").write_bytes(content[: len(content) // 2])
    in_cohort("input", "counts", "path", value="data/counts.tsv.gz")(workspace)


def change_sheet(workspace, change):
    sheet = pd.read_csv(workspace.folder / SHEET, sep="\t", dtype=str, keep_default_na=False)
    change(sheet).to_csv(workspace.folder / SHEET, sep="\t", index=False)


def sample_in_counts_only(workspace):
    change_sheet(workspace, lambda sheet: sheet[sheet["sample"] != "4-b als"])


def group_of_one(workspace):
    motor = [f"{name} motor" for name in ("NA", "S 3", "4-b", "p.5", "006")]
    change_sheet(workspace, lambda sheet: sheet.assign(group=sheet["group"].where(~sheet["sample"].isin(motor), "als")))


def all_zero_sample(workspace):
    counts = pd.read_csv(workspace.folder / COUNTS, sep="\t", index_col=0, keep_default_na=False)
    counts["p.5"] = 0
    counts.to_csv(workspace.folder / COUNTS, sep="\t")


def batch_is_group(workspace):
    change_sheet(workspace, lambda sheet: sheet.assign(batch="run " + sheet["group"]))
    in_cohort("samples", "variables", "batch", value={"type": "categorical"})(workspace)
    in_cohort("models", "primary", "design", value="~ sex + batch + group")(workspace)


def contrast_outside_the_design(workspace):
    in_cohort("models", "primary", "design", value="~ group")(workspace)


CASES = {
    "missing count file": Case(
        without(COUNTS), (f"{COUNTS}: there is no such file", "Give the path of the count file")
    ),
    "missing sheet": Case(without(SHEET), (f"{SHEET}: there is no such file", "must name the sample sheet")),
    "missing cohort file": Case(without(COHORT), (f"{COHORT}: there is no such file",)),
    "wrong checksum": Case(
        in_cohort("input", "counts", "sha256", value="0" * 64),
        (f"{COUNTS}: its sha256 is ", f"the config has {'0' * 64}", "Get the right file or correct `sha256`"),
    ),
    "empty count file": Case(empty(COUNTS), (f"{COUNTS}: is empty",)),
    "empty sheet": Case(empty(SHEET), (f"{SHEET}: is empty", "a header and one row a sample")),
    "truncated gzip": Case(
        truncated_gzip, ("data/counts.tsv.gz: is truncated or corrupt", "Copy or download it again")
    ),
    "negative count": Case(
        in_cell(COUNTS, 3, 2, "-5"),
        (COUNTS, "sample 'NA': the count is -5, a negative number", RAW),
        IN_THE_IMPORT,
    ),
    "fraction": Case(
        in_cell(COUNTS, 3, 2, "12.5"), (COUNTS, "sample 'NA': the count is 12.5, a fraction", RAW), IN_THE_IMPORT
    ),
    "no number": Case(
        in_cell(COUNTS, 3, 2, "many"),
        (COUNTS, "column 'NA': found 'many', which is not a number", "a gene without reads has 0"),
        IN_THE_IMPORT,
    ),
    "missing count": Case(
        in_cell(COUNTS, 3, 2, ""),
        (COUNTS, "column 'NA': the cell is empty or missing", "a gene without reads has 0"),
        IN_THE_IMPORT,
    ),
    "gene twice": Case(
        in_cell(COUNTS, 3, 0, "XIST"),
        (f"{COUNTS}: gene ids stand more than once: 'XIST'", "one row with a unique id"),
        IN_THE_IMPORT,
    ),
    "sample twice in the counts": Case(
        in_cell(COUNTS, 0, 3, "001"), (f"{COUNTS}: samples stand more than once: '001'", "one column of its own")
    ),
    "sample twice in the sheet": Case(
        in_cell(SHEET, 4, 0, "001"), (f"{SHEET}, column 'sample': names '001' more than once", "Name each sample once")
    ),
    "sample in the sheet only": Case(
        append(SHEET, "newcomer\tals\tF\t50\t\n"),
        (
            f"{COUNTS}: no counts for 'newcomer', which {SHEET} lists",
            "Each sample needs a row in the sheet and its counts",
        ),
    ),
    "sample in the counts only": Case(
        sample_in_counts_only, (f"{COUNTS}: no row in {SHEET} for '4-b als'", "to leave one out")
    ),
    "group of one sample": Case(
        group_of_one,
        (f"{COHORT}, contrasts.motor_vs_control.test: group 'motor' has 1 sample", "needs at least two"),
    ),
    "unknown level in the sheet": Case(
        in_cell(SHEET, 5, 1, "ALS"),
        (f"{SHEET}, column 'group', sample 'p.5': found 'ALS'", "levels in the config are 'control', 'motor', 'als'"),
    ),
    "unknown level in the config": Case(
        in_cohort("contrasts", "als_vs_control", "test", value="ALS"),
        (COHORT, "contrasts.als_vs_control.test: 'ALS' is no level of group; there is 'control', 'motor', 'als'"),
    ),
    "batch that is the group": Case(
        batch_is_group,
        (
            f"{COHORT}, models.primary.design: the columns ",
            "'batch[T.run control]', 'batch[T.run motor]'",
            "'group[T.motor]', 'group[T.als]'",
            "they are linearly dependent",
        ),
    ),
    "unknown key": Case(
        in_cohort("endpoint", "foldchange", value=2),
        (COHORT, "endpoint.foldchange: unknown key; known keys here: 'fold_change', 'alpha', 'headline'"),
    ),
    "code in a formula": Case(
        in_cohort("models", "primary", "design", value="~ __import__('os').system('touch owned')"),
        (COHORT, "models.primary: "),
    ),
    "sample without a count": Case(
        all_zero_sample,
        (f"{COUNTS}: every count is 0 in sample 'p.5'", "remove its row from the sample sheet"),
        IN_THE_IMPORT,
    ),
    "contrast outside the design": Case(
        contrast_outside_the_design,
        (COHORT, "contrasts.men_vs_women.variable: 'sex' is not in the design of model 'primary' (~ group)"),
    ),
    "reduced design beside levels": Case(
        in_cohort("contrasts", "als_vs_control", "reduced", value="~ sex"),
        (COHORT, "contrasts.als_vs_control: `reduced` asks a question of its own"),
    ),
    "reduced design with a variable more": Case(
        in_cohort("contrasts", "any_group", "reduced", value="~ sex + age"),
        (COHORT, "contrasts.any_group.reduced: 'age' is not in the design of model 'primary' (~ sex + group)"),
    ),
    "reduced design that leaves nothing out": Case(
        in_cohort("contrasts", "any_group", "reduced", value="~ group + sex"),
        (COHORT, "contrasts.any_group.reduced: leaves nothing out of the design of model 'primary' (~ sex + group)"),
    ),
    "reduced design that is not nested": Case(
        in_cohort("contrasts", "any_group", "reduced", value="~ sex : group"),
        (f"{COHORT}, contrasts.any_group.reduced: the columns ", "of the reduced design are no part of the model's"),
    ),
    "code in a reduced design": Case(
        in_cohort("contrasts", "any_group", "reduced", value="~ __import__('os').system('touch owned')"),
        (COHORT, "contrasts.any_group.reduced: "),
    ),
    "missing list of control genes": Case(
        in_cohort("size_factors", value={"control_genes": "data/control.txt"}),
        ("data/control.txt: there is no such file", "must name a list of gene ids"),
    ),
    "key twice": Case(
        append(COHORT, "title: Another\n"), (f"{COHORT}: is not valid YAML; line ", "key 'title' stands twice")
    ),
    "key twice in config.yaml": Case(
        append("config/config.yaml", "cohorts: [config/cohorts/other.yaml]\n"),
        ("config/config.yaml: is not valid YAML; line ", "key 'cohorts' stands twice"),
    ),
    "excluded sample that does not exist": Case(
        in_cohort("samples", "exclude", value=[{"sample": "S3", "reason": "failed"}]),
        (f"{COHORT}, samples.exclude: names 'S3', which is no sample of the cohort",),
    ),
    "cohort name with a path": Case(
        lambda workspace: workspace.write_cohort(workspace.cohort() | {"cohort": "../../elsewhere"}, "tiny"),
        (COHORT, "cohort: found '../../elsewhere'", "should match pattern"),
    ),
    "same cohort twice": Case(
        lambda workspace: (workspace.write_cohort(workspace.cohort(), "again"), workspace.write_run("tiny", "again")),
        ("config/cohorts/again.yaml: is a second cohort named 'tiny'", "Give each its own name"),
    ),
    "formula for a sample": Case(
        in_cell(SHEET, 3, 0, "=1+1"),
        (f"{SHEET}, row 4, column 'sample': '=1+1' reads as a formula", "begin it with a letter or a digit"),
    ),
    "formula for a gene": Case(
        in_cell(COUNTS, 3, 0, "=HYPERLINK(0)"),
        (f"{COUNTS}, gene '=HYPERLINK(0)': the name reads as a formula",),
        IN_THE_IMPORT,
    ),
    "path with a wildcard": Case(
        in_cohort("input", "annotation", value="data/{cohort}.tsv"),
        (COHORT, "input.annotation: a path holds no braces"),
    ),
    "annotation that is none": Case(empty("data/genes.tsv"), ("data/genes.tsv: ",), IN_THE_IMPORT),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_bad_input_is_told_in_a_sentence_and_touches_nothing(workspace, case):
    before = workspace.checksums()
    case.make(workspace)
    outcome = workspace.run()
    assert outcome.status != 0
    for part in case.said:
        assert part in outcome.output
    assert "Error: " in outcome.output
    assert "Traceback" not in outcome.output
    assert outcome.jobs == case.jobs
    assert workspace.checksums() == before
    assert not (workspace.folder / "owned").exists()
    assert not list(Path(workspace.folder).parent.glob("elsewhere*"))


def test_refused_counts_are_not_forgotten(workspace):
    """A failed import must not pass for a finished one: the next run tries again, and never goes on with the old counts."""
    in_cell(COUNTS, 3, 2, "-5")(workspace)
    assert workspace.run().status != 0
    assert set(workspace.planned()) >= {"import_counts", "accept_counts", "fit_model:primary", "write_report"}


def test_control_genes_of_another_annotation_are_told_by_number(workspace):
    (workspace.folder / "data/control.txt").write_text("ENSG00000111640\nENSG00000075624\n", encoding="utf-8")
    in_cohort("size_factors", value={"control_genes": "data/control.txt"})(workspace)
    outcome = workspace.run()
    assert outcome.status != 0
    assert "data/control.txt: 0 of its 2 control genes are in the counts: here 'ENSG00000111640'" in outcome.output
    assert "Traceback" not in outcome.output
    assert set(outcome.jobs) <= {"normalise_counts", "fit_model:primary"}
