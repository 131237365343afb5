"""Render the schemas of the config files and the table of keys in config/README.md from the pydantic models.

python scripts/render_config_docs.py           writes them
python scripts/render_config_docs.py --check   writes nothing; shows how they differ, and exits with 1 if they do
"""

from __future__ import annotations

import argparse
import difflib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lateralis.config import Cohort, Run, Section
from lateralis.io import write_text

ROOT = Path(__file__).resolve().parents[1]
README = "config/README.md"
BEGIN = "<!-- rendered from scripts/lateralis/config.py by `make docs`; edit there -->"
END = "<!-- end of what is rendered -->"
DIALECT = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]


def render_schema(model: type[Section]) -> str:
    """JSON schema of a config file, for editors and other programs."""
    schema = {"$schema": DIALECT, **model.model_json_schema()}
    return json.dumps(schema, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def type_name(schema: Schema) -> str:
    """What may stand at a key, in words."""
    match schema:
        case {"anyOf": alternatives}:
            return " or ".join(type_name(each) for each in alternatives if each.get("type") != "null")
        case {"enum": values}:
            *others, last = [f"`{value}`" for value in values]
            return f"{', '.join(others)} or {last}"
        case {"const": value}:
            return f"`{value}`"
        case {"$ref": _}:
            return "keys below"
        case {"type": "array", "items": {"$ref": _}}:
            return "list; keys below"
        case {"type": "array", "items": items}:
            return f"list of {type_name(items)}"
        case {"type": "object"}:
            values = _values_by_name(schema)
            return "names; keys below" if "$ref" in values else f"{type_name(values)} by name"
        case {"type": "boolean"}:
            return "`true` or `false`"
        case {"type": "integer" | "number" as kind}:
            return ("whole number" if kind == "integer" else "number") + _bounds(schema)
        case {"type": "string"}:
            return "text"
    raise ValueError(f"no words for {schema}")


def _values_by_name(schema: Schema) -> Schema:
    """Schema of the values of a mapping from free names."""
    patterns = list(schema.get("patternProperties", {}).values())
    values: Schema = patterns[0] if patterns else schema["additionalProperties"]
    return values


def _bounds(schema: Schema) -> str:
    """Allowed range of a number, e.g. ` ≥ 1 and ≤ 1000`; empty when there is none."""
    signs = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    return " and".join(f" {sign} {schema[key]}" for key, sign in signs.items() if key in schema)


def _default(key: str, schema: Schema, required: list[str]) -> str:
    """Cell for a key's default; where there is none, the meaning says what happens without the key."""
    if key in required:
        return "**required**"
    value = schema.get("default")
    if value is None:
        return "–"
    if isinstance(value, dict):
        value = {inner: number for inner, number in value.items() if number is not None}
    return f"`{value if isinstance(value, str) else json.dumps(value)}`"


def _nested(schema: Schema) -> tuple[str, str] | None:
    """Suffix of the key path and name of the section that stands at a key, if one does."""
    for suffix, inner in (
        ("", schema),
        ("[]", schema.get("items", {})),
        (".<name>", _values_by_name(schema) if schema.get("type") == "object" else {}),
        *(("", each) for each in schema.get("anyOf", [])),
    ):
        if "$ref" in inner:
            return suffix, inner["$ref"].removeprefix("#/$defs/")
    return None


def sections(schema: Schema, definitions: dict[str, Schema], path: str = "") -> Iterator[str]:
    """Each section below a schema as Markdown: what it is for, and a table of its keys; outer sections first.

    A section that stands at several keys is told once, at `<key>`.
    """
    rows: list[str] = []
    inner: dict[str, str] = {}  # section's name: where it stands
    for key, value in schema["properties"].items():
        full = f"{path}.{key}" if path else key
        nested = _nested(value)
        if nested is not None:
            several = f"{path}.<key>" if nested[1] in inner else full + nested[0]
            inner[nested[1]] = several
        # pydantic leaves a field's description out where the section's docstring says the same
        meaning = (
            value["description"] if "description" in value or nested is None else definitions[nested[1]]["description"]
        )
        cells = [f"`{full}`", type_name(value), _default(key, value, schema.get("required", [])), meaning]
        rows.append("| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |")
    if path:
        yield f"### `{path}`\n\n{schema['description']}"
    yield "\n".join(["| key | value | default | meaning |", "|---|---|---|---|", *rows])
    for name, inner_path in inner.items():
        yield from sections(definitions[name], definitions, inner_path)


def render_keys(model: type[Section]) -> str:
    """Every key of a config file as Markdown."""
    schema = model.model_json_schema()
    return "\n\n".join(sections(schema, schema.get("$defs", {})))


def render_readme(current: str) -> str:
    """Return the README with the part between its two marks rendered anew; the rest is written by hand."""
    before, begin, rest = current.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"{README} lacks the line '{BEGIN if not begin else END}'")
    keys = f"## Keys of a cohort file\n\n{render_keys(Cohort)}\n\n## Keys of `config/config.yaml`\n\n{render_keys(Run)}"
    return f"{before}{BEGIN}\n\n{keys}\n\n{END}{after}"


def render_all(root: Path) -> dict[str, str]:
    """Path below `root` and text of every rendered file."""
    return {
        "workflow/schemas/cohort.schema.json": render_schema(Cohort),
        "workflow/schemas/run.schema.json": render_schema(Run),
        README: render_readme((root / README).read_text(encoding="utf-8")),
    }


def drift(root: Path) -> str:
    """Unified diff from the files as they are to the files as rendered; empty when they agree."""
    lines: list[str] = []
    for name, text in render_all(root).items():
        path = root / name
        found = path.read_text(encoding="utf-8") if path.exists() else ""
        lines += difflib.unified_diff(
            found.splitlines(keepends=True), text.splitlines(keepends=True), name, f"{name}, rendered"
        )
    return "".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Write or check; the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if a file would change")
    parser.add_argument("--root", type=Path, default=ROOT, help="the repository (default: this one)")
    options = parser.parse_args(arguments)
    if options.check:
        difference = drift(options.root)
        print(difference, end="")
        return 1 if difference else 0
    for name, text in render_all(options.root).items():
        write_text(options.root / name, text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
