"""The documents rendered from the config models are those of the models as they are."""

import importlib.util
import json
import re
from pathlib import Path

import jsonschema
import pytest
import yaml

from lateralis.config import Cohort, Counts, Run, Section
from lateralis.configfile import expand_contrasts, parse_section
from lateralis.io import write_text

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = ROOT / "scripts" / "render_config_docs.py"


@pytest.fixture(scope="module")
def docs():
    spec = importlib.util.spec_from_file_location("render_config_docs", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def example():
    """The whole cohort file in config/README.md."""
    return yaml.safe_load(re.search(r"```yaml\n(.*?)```", (ROOT / "config/README.md").read_text(), re.DOTALL).group(1))


def test_documents_follow_the_models(docs):
    assert docs.drift(ROOT) == "", "run `make docs`"


def test_check_shows_drift_and_writes_nothing(docs, tmp_path, capsys):
    for name, text in docs.render_all(ROOT).items():
        write_text(tmp_path / name, text)
    readme = tmp_path / "config/README.md"
    changed = readme.read_text().replace("Fold change a called gene has at least", "Anything")
    readme.write_text(changed)

    assert docs.main(["--check", "--root", str(tmp_path)]) == 1
    shown = capsys.readouterr().out
    assert "-| `endpoint.fold_change` | number ≥ 1 and ≤ 1000 | `1.5` | Anything, up or down. |" in shown
    assert readme.read_text() == changed

    assert docs.main(["--root", str(tmp_path)]) == 0
    assert readme.read_text() == (ROOT / "config/README.md").read_text()
    assert docs.main(["--check", "--root", str(tmp_path)]) == 0


def test_missing_schema_is_drift(docs, tmp_path):
    write_text(tmp_path / "config/README.md", (ROOT / "config/README.md").read_text())
    assert '+  "title": "Cohort",' in docs.drift(tmp_path)


def test_readme_without_marks_is_refused(docs):
    with pytest.raises(SystemExit, match=r"config/README\.md lacks the line '<!-- rendered"):
        docs.render_readme("# Configuration\n")


def test_every_key_of_every_section_is_in_the_table(docs):
    rendered = docs.render_keys(Cohort) + docs.render_keys(Run)
    keys = set(re.findall(r"^\| `([^`]+)` \|", rendered, re.MULTILINE))
    of_config = ("lateralis.config", "lateralis.sections")  # other files, such as panels, have sections too
    for section in [each for each in Section.__subclasses__() if each.__module__ in of_config]:
        for field in section.model_fields:
            assert any(key.split(".")[-1] == field for key in keys), f"{section.__name__}.{field}"
    assert {"samples.variables.<name>.type", "samples.exclude[].reason", "contrasts.<name>.weights"} <= keys


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "string"}, "text"),
        ({"enum": ["a", "b", "c"]}, "`a`, `b` or `c`"),
        (
            {"anyOf": [{"type": "integer"}, {"const": "all", "type": "string"}, {"type": "null"}]},
            "whole number or `all`",
        ),
        ({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}, "number > 0 and < 1"),
        ({"type": "array", "items": {"type": "string"}}, "list of text"),
        ({"type": "object", "additionalProperties": {"type": "number"}}, "number by name"),
    ],
)
def test_types_are_told_in_words(docs, schema, words):
    assert docs.type_name(schema) == words


def test_example_is_a_valid_cohort_and_agrees_with_its_schema(example):
    cohort = parse_section(Cohort, example, "config/README.md")
    assert list(cohort.contrasts) == ["als_vs_carrier", "als_vs_motor", "als_vs_control", "any_group"]
    schema = json.loads((ROOT / "workflow/schemas/cohort.schema.json").read_text())
    validator = jsonschema.Draft202012Validator(schema)
    validator.check_schema(schema)
    assert list(validator.iter_errors(example)) == []
    example["endpoint"]["foldchange"] = 2
    (error,) = validator.iter_errors(example)
    assert "'foldchange' was unexpected" in error.message


@pytest.mark.parametrize("path", sorted((ROOT / "config/cohorts").glob("*.yaml")), ids=lambda path: path.stem)
def test_shipped_cohorts_agree_with_the_schema(path):
    schema = json.loads((ROOT / "workflow/schemas/cohort.schema.json").read_text())
    jsonschema.validate(yaml.safe_load(path.read_text()), schema)


def snippets():
    """The YAML blocks of docs/bring-your-own-cohort.md."""
    text = (ROOT / "docs/bring-your-own-cohort.md").read_text(encoding="utf-8")
    return [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)]


def test_guide_shows_every_count_format():
    counts = [parse_section(Counts, snippet["counts"], "guide") for snippet in snippets() if set(snippet) == {"counts"}]
    assert sorted(each.format for each in counts) == sorted(Counts.model_fields["format"].annotation.__args__)


def test_guide_shows_a_whole_cohort():
    (whole,) = [snippet for snippet in snippets() if "cohort" in snippet]
    cohort = parse_section(Cohort, whole, "guide")
    assert (cohort.missing, list(cohort.contrasts)) == ("drop", ["als_vs_control"])


def test_parts_of_the_guide_fit_a_cohort(example):
    variables = {
        "country": {"type": "categorical"},
        "arm": {"type": "categorical", "levels": ["placebo", "il2"]},
        "pnfh": {"type": "numeric"},
        "visit": {"type": "categorical"},
    }
    parts = [snippet for snippet in snippets() if "cohort" not in snippet and "counts" not in snippet]
    assert len(parts) == 9
    for part in parts:
        merged = {key: value for key, value in example.items() if key not in part}
        samples = part.get("samples", {})
        merged["samples"] = example["samples"] | samples
        merged["samples"]["variables"] = example["samples"]["variables"] | variables | samples.get("variables", {})
        merged["models"] = example["models"] | part.get("models", {})
        merged["contrasts"] = example["contrasts"] | part.get("contrasts", {})
        parse_section(Cohort, expand_contrasts(merged, "guide"), f"guide: {part}")
