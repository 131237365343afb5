"""Names, paths and sentences of a cohort file that would be taken for something else where they end up."""

import pytest
from study import COHORT, changed, message


@pytest.mark.parametrize("name", ["2nd", "my var", "a-b", "", "x" * 65, "C(group)"])
def test_variable_names_are_names_that_a_formula_can_hold(name):
    content = changed()
    content["samples"]["variables"][name] = {"type": "numeric"}
    assert f"samples.variables.{name}: found {name!r:.80}; string should" in message(content)


@pytest.mark.parametrize("name", ["a b", "../up", "-x", "", "x/y", "x" * 65])
def test_names_of_cohorts_models_and_contrasts_are_names_that_a_path_can_hold(name):
    assert "cohort: found " in message(changed(cohort=name))
    content = changed()
    content["models"][name] = {"design": "~ group"}
    content["contrasts"][name] = COHORT["contrasts"]["als_vs_control"]
    told = message(content)
    assert f"models.{name}: found {name!r:.80}; string should match" in told
    assert f"contrasts.{name}: found {name!r:.80}; string should match" in told


@pytest.mark.parametrize("name", ["con", "NUL", "aux", "Com1", "lpt9"])
def test_names_of_devices_are_no_names_of_folders(name):
    assert f"cohort: '{name}' is a device on Windows: take another name" in message(changed(cohort=name))


def test_names_that_a_file_system_takes_for_one():
    content = changed()
    content["contrasts"]["ALS_vs_Control"] = COHORT["contrasts"]["als_vs_control"]
    assert "contrasts: 'als_vs_control' and 'ALS_vs_Control' differ in case alone" in message(content)
    content = changed()
    content["samples"]["variables"]["Age"] = {"type": "numeric"}
    assert "variables: 'age' and 'Age' differ in case alone" in message(content)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"input__counts__path": ""}, "input.counts.path: a path has 1 to 1000 characters, this one 0"),
        ({"input__counts__path": "x" * 1001}, "input.counts.path: a path has 1 to 1000 characters, this one 1001"),
        ({"input__samples": f"data/{'é' * 128}"}, "input.samples: a part of the path is longer than 255 bytes"),
        ({"input__samples": "data/{cohort}.tsv"}, "input.samples: a path holds no braces"),
        ({"input__annotation": "genes\n.gtf"}, "input.annotation: a path holds a line break"),
        ({"qc__panel": "\x1b[2J.yaml"}, "qc.panel: a path holds the invisible character U+001B"),
        ({"size_factors__control_genes": "=x.txt"}, "size_factors.control_genes: '=x.txt' reads as a formula"),
        ({"samples__participant": "=person"}, "samples.participant: '=person' reads as a formula; spreadsheets run"),
        (
            {"samples__variables__group__levels": ["control", "=1+1"]},
            "samples.variables.group.levels.1: '=1+1' reads as a formula; spreadsheets run such a text",
        ),
        ({"title": "=HYPERLINK(1)"}, "title: '=HYPERLINK(1)' reads as a formula"),
        ({"title": "a\u202eb"}, "title: 'a\\u202eb' holds the invisible character U+202E"),
    ],
)
def test_texts_that_would_be_taken_for_something_else(changes, expected):
    assert expected in message(changed(**changes))


@pytest.mark.parametrize("files", ["../{sample}.txt", "/etc/{sample}", "a/../../{sample}", "{sample}/{gene}.txt"])
def test_files_of_samples_are_below_their_folder(files):
    content = changed(input__counts={"format": "htseq", "path": "htseq", "files": files})
    assert "input.counts.files: " in message(content)
