"""From a file to a checked cohort: what cannot be read is told by file, line and key, and nothing is evaluated."""

import pytest
import yaml

from lateralis.config import Cohort, Run
from lateralis.configfile import load_cohort, parse_run, parse_section, read_yaml
from lateralis.errors import InputError

WHOLE = """\
cohort: demo
title: Macrophages – ALS
input: {simulate: mac2als}
samples:
  variables:
    group: {type: categorical, levels: [control, als]}
models:
  primary: {design: "~ group"}
contrasts:
  als_vs_control: {model: primary, variable: group, test: als, reference: control}
"""


def _nested_aliases():
    """Ten lines of which each has the one before ten times: ten billion values."""
    return "".join(
        f"a{number}: &a{number} [{', '.join(['*a' + str(number - 1 or '')] * 10)}]\n" for number in range(1, 15)
    )


@pytest.fixture
def message(tmp_path):
    """What a user reads whose cohort file holds this text; `FILE` stands for its path."""

    def told(text):
        path = tmp_path / "cohort.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        with pytest.raises(InputError) as caught:
            load_cohort(path)
        return str(caught.value).replace(str(path), "FILE")

    return told


def test_whole_file(tmp_path):
    path = tmp_path / "my cohort.yaml"
    path.write_text(WHOLE, encoding="utf-8")
    cohort = load_cohort(path)
    assert (cohort.cohort, cohort.title) == ("demo", "Macrophages – ALS")
    assert cohort == load_cohort(str(path))


def test_no_such_file(tmp_path):
    with pytest.raises(InputError, match=r"nothing\.yaml: there is no such file\. Give the path of a YAML file\.$"):
        load_cohort(tmp_path / "nothing.yaml")


def test_folder_in_place_of_a_file(tmp_path):
    with pytest.raises(InputError, match=r"cannot be read .*directory"):
        load_cohort(tmp_path)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"title: \xff\xfe", "FILE: cannot be read ('utf-8' codec can't decode"),
        ("a: [1, 2\nb: 3\n", "FILE: is not valid YAML; line 2: while parsing a flow sequence, expected ',' or ']'"),
        ("a:\tb: c", "FILE: is not valid YAML; line 1: "),
        ("cohort: x\n\ncohort: y\n", "FILE: is not valid YAML; line 3: key 'cohort' stands twice."),
        (
            "models:\n  a: {design: x,\n      design: y}\n",
            "FILE: is not valid YAML; line 3: key 'design' stands twice.",
        ),
        ("? [a, b]\n: c\n", "FILE: is not valid YAML; line 1: a key must be a word."),
        ("a: 1\n---\nb: 2\n", "line 2: expected a single document in the stream, but found another document."),
        ("title: 2024-13-45\n", "FILE: is not valid YAML; month must be in 1..12."),
        ("title: !!int many\n", "FILE: is not valid YAML; invalid literal for int()"),
        ("title: \x00", "FILE: is not valid YAML; unacceptable character #x0000"),
        ("[" * 5000, "FILE: is not valid YAML; line 1: is nested more than 40 deep"),
        ("title: " + "x" * 600_000, "FILE: has more than 524,288 bytes. That is no config"),
        ("seed: 0x" + "f" * 5000, "FILE: is not valid YAML; line 1: the number is too large"),
        ("a: &a [1]\n" + _nested_aliases(), "line 6: holds more than 50,000 values, with what its aliases stand for"),
        ("a: &a [*a]\n", "line 1: an alias stands for what it is part of"),
        ("title: !!binary YQ==\n", "could not determine a constructor for the tag 'tag:yaml.org,2002:binary'"),
        ("title: !!float many\n", "FILE: is not valid YAML; "),
        (
            'samples: {exclude: [{sample: "S\\0"}]}',
            "FILE, samples.exclude.0.sample: holds the invisible character U+0000",
        ),
        ('title: "\\ud800"', "FILE, title: holds the invisible character U+D800"),
        ('{"a\\u202e": 1}', "holds the invisible character U+202E. Take it out."),
        ("", "FILE: holds no keys. It needs 'cohort', 'title', 'input', 'samples'"),
        ("- cohort\n", "FILE: holds no keys. It needs 'cohort', 'title', 'input', 'samples'"),
        ("just text\n", "FILE: holds no keys. It needs 'cohort'"),
    ],
)
def test_what_is_no_config_at_all(message, text, expected):
    assert expected in message(text)


@pytest.mark.parametrize(
    "tag",
    [
        "!!python/object/apply:pathlib.Path.touch [{path}]",
        "!!python/object/new:os.system ['touch {path}']",
        "!!python/name:os.system",
        "!!python/module:os",
        "!anything {{a: b}}",
    ],
)
def test_tags_that_would_run_code_are_refused(message, tmp_path, tag):
    marker = tmp_path / "ran"
    assert "is not valid YAML; line 1: could not determine a constructor for the tag" in message(
        "title: " + tag.format(path=marker) + "\n"
    )
    assert not marker.exists()


def test_unknown_keys_are_answered_with_the_known_ones(message):
    told = message(WHOLE + "endpoint: {foldchange: 2}\nfilters: {}\n")
    assert "\n  endpoint.foldchange: unknown key; known keys here: 'fold_change', 'alpha', 'headline'" in told
    assert "\n  filters: unknown key; known keys here: 'cohort', 'title', 'input', 'samples', 'assay', 'filter'" in told


def test_unknown_keys_below_names_and_in_lists(message):
    text = WHOLE.replace("{design:", "{formula: x, design:").replace("levels:", "reference: als, levels:")
    text = text.replace("samples:\n", "samples:\n  exclude: [{sample: S1, reason: why, by: me}]\n", 1)
    told = message(text)
    assert "models.primary.formula: unknown key; known keys here: 'design', 'subset'" in told
    assert (
        "samples.variables.group.reference: unknown key; known keys here: 'type', 'levels', 'score', 'center', 'scale'"
        in told
    )
    assert "samples.exclude.0.by: unknown key; known keys here: 'sample', 'reason'" in told


def test_every_missing_key_is_named(message):
    told = message("cohort: x\n")
    assert told.splitlines() == [
        "FILE: is not a valid config",
        *(f"  {key}: is missing" for key in ("title", "input", "samples", "models")),
        "  contrasts: is missing.",
    ]


def test_at_most_eight_problems_are_told(message):
    told = message(WHOLE + "".join(f"wrong{number}: 1\n" for number in range(20)))
    assert told.count("unknown key") == 8


@pytest.mark.parametrize(
    ("value", "kind"),
    [("2024", "a number"), ("1.5", "a number"), ("no", "true or false"), ("2024-01-31", "a date")],
)
def test_text_that_yaml_takes_for_something_else(message, value, kind):
    told = message(WHOLE.replace("title: Macrophages – ALS", f"title: {value}"))
    assert f"; YAML reads that as {kind}: put it in quotes." in told


def test_level_that_yaml_takes_for_false(message):
    told = message(WHOLE.replace("levels: [control, als]", "levels: [no, yes]"))
    assert "samples.variables.group.levels: YAML read a level as False: put it in quotes, e.g. 'yes' or 'no'" in told


def test_long_values_are_cut(message):
    assert len(message(WHOLE.replace("cohort: demo", "cohort: " + "x" * 5000))) < 300


def test_problem_of_the_whole_file_carries_its_own_key(message):
    told = message(WHOLE.replace("{model: primary", "{model: secondary"))
    assert told.endswith("\n  contrasts.als_vs_control.model: there is no model 'secondary'; there is 'primary'.")


def test_anchors_and_merges_are_plain_yaml(tmp_path):
    path = tmp_path / "cohort.yaml"
    path.write_text("base: &base {a: 1, b: 2}\nmore: {<<: *base, b: 3}\n")
    assert read_yaml(path) == {"base": {"a": 1, "b": 2}, "more": {"a": 1, "b": 3}}


def test_reading_agrees_with_safe_yaml(tmp_path):
    path = tmp_path / "cohort.yaml"
    path.write_text(WHOLE, encoding="utf-8")
    assert read_yaml(path) == yaml.safe_load(WHOLE)


@pytest.mark.parametrize("content", [None, [], "text", 3])
def test_section_of_something_else(content):
    with pytest.raises(InputError, match=r"^config\.yaml: holds no keys\. It needs 'cohorts'\.$"):
        parse_section(Run, content, "config.yaml")


def test_checked_section_needs_no_file():
    assert parse_section(Cohort, yaml.safe_load(WHOLE), "here").models["primary"].design == "~ group"


def test_other_keys_of_a_shared_config_are_no_concern_of_ours():
    content = {"cohorts": "a.yaml", "samples": "all.tsv", "mykey": 1}
    assert parse_run(content, "it", shared=True) == Run(cohorts=["a.yaml"])
    with pytest.raises(
        InputError, match=r"^it: is not a valid config\n  samples: unknown key; .*\n  mykey: unknown key; "
    ):
        parse_run(content, "it")


def test_a_shared_config_that_names_no_cohort_says_what_to_do():
    with pytest.raises(
        InputError, match=r"^it: has no key 'cohorts'\. Add it, or hand .* `config: config\[\"lateralis\"\]`"
    ):
        parse_run({"lateralis": {"cohorts": "a.yaml"}}, "it", shared=True)
