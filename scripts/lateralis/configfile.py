"""From a YAML file to checked models: safe loading, and pydantic's problems told as file, key, found, right."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from itertools import product
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import ValidationError

from lateralis.config import Cohort, Run, Section
from lateralis.errors import InputError, listing

SectionT = TypeVar("SectionT", bound=Section)

_YAML_KINDS = {bool: "true or false", int: "a number", float: "a number", date: "a date", datetime: "a time"}


class _UniqueKeyLoader(yaml.SafeLoader):
    """Safe YAML in which a key given twice is an error, not a silent overwrite."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key_node, _ in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(None, None, "a key must be a word", key_node.start_mark)
            key = key_node.value
            if key in seen:
                raise yaml.constructor.ConstructorError(None, None, f"key '{key}' stands twice", key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep)


def read_yaml(path: str | Path) -> Any:
    """Plain data of a YAML file; nothing in it is evaluated."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InputError(str(path), "there is no such file", "Give the path of a YAML file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(str(path), f"cannot be read ({error})", "Give the path of a YAML file in UTF-8") from None
    try:
        return _UniqueKeyLoader(text).get_single_data()
    except yaml.MarkedYAMLError as error:
        line = "" if error.problem_mark is None else f"line {error.problem_mark.line + 1}: "
        problem = ", ".join(filter(None, (error.context, error.problem)))
        raise InputError(str(path), f"is not valid YAML; {line}{problem}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # ValueError: a date such as 2024-13-45
        raise InputError(str(path), f"is not valid YAML; {' '.join(str(error).split())}") from None


def parse_section(model: type[SectionT], content: Any, where: str) -> SectionT:
    """Plain data as a checked section; the first few problems in one `InputError`."""
    if not isinstance(content, dict):
        raise InputError(where, "holds no keys", f"It needs {listing(model.model_fields)}")
    try:
        return model.model_validate(content)
    except ValidationError as error:
        problems = _by_key(error, model, content)
        raise InputError(where, "\n  ".join(["is not a valid config", *problems[:8]])) from None


def parse_run(content: Any, where: str, *, shared: bool = False) -> Run:
    """Which cohorts to run.

    Parameters
    ----------
    content : plain data
    where : names the config in messages
    shared : whether it is another workflow's config as well, whose other keys are no concern of ours
    """
    if shared:
        content = {key: content[key] for key in Run.model_fields if key in content}
        if "cohorts" not in content:
            right = 'Add it, or hand lateralis a part of its own: `config: config["lateralis"]`'
            raise InputError(where, "has no key 'cohorts'", right)
    return parse_section(Run, content, where)


def _by_key(error: ValidationError, model: type[Section], content: dict[str, Any]) -> list[str]:
    """Pydantic's problems as `key: what was found; what would be right`, one a key: a union's failures are one."""
    found: dict[str, str] = {}
    right: dict[str, list[str]] = {}
    for problem in error.errors():
        key = ".".join(str(part) for part in _location(problem, content))
        found[key], message = _describe(problem, model)
        right.setdefault(key, []).append(message)
    lines = (found[key] + ", or ".join(messages) for key, messages in right.items())
    return [f"{key}: {line}" if key else line for key, line in zip(right, lines, strict=True)]


def _location(problem: Any, content: Any) -> list[str | int]:
    """Where in the file a problem is; pydantic's own location also names branches of unions."""
    location = []
    for part in problem["loc"]:
        inside = part in content if isinstance(content, dict) else isinstance(content, list) and isinstance(part, int)
        if inside:
            content = content[part]
        elif problem["type"] != "missing":
            continue
        location.append(part)
    return location


def _describe(problem: Any, model: type[Section]) -> tuple[str, str]:
    """What was found, as the beginning of a sentence, and what would be right."""
    kind, value = problem["type"], problem["input"]
    found = f"found {value!r:.80}; "
    if kind == "extra_forbidden":
        known = _keys_at(model, problem["loc"][:-1])
        return "unknown key", f"; known keys here: {listing(known, 20)}" if known else ""
    if kind == "missing":
        return "", "is missing"
    if kind == "value_error":
        return "", problem["msg"].removeprefix("Value error, ")
    if kind == "string_type" and isinstance(value, int | float | date):
        return found, f"YAML reads that as {_YAML_KINDS[type(value)]}: put it in quotes"
    if kind in ("model_type", "dict_type"):
        known = _keys_at(model, problem["loc"])
        return found, f"should hold keys: {listing(known, 20)}" if known else "should hold names, each with its keys"
    message = problem["msg"].removeprefix("Input ").replace(" after validation", "")
    return found, message[0].lower() + message[1:]


def _keys_at(model: type[Section], location: tuple[Any, ...]) -> list[str]:
    """Keys of the section at a location of pydantic's; empty where it cannot be told."""
    current: Any = model
    for part in location:
        if isinstance(current, type) and issubclass(current, Section) and part in current.model_fields:
            current = _section_in(current.model_fields[part].annotation)
    return list(current.model_fields) if isinstance(current, type) and issubclass(current, Section) else []


def _section_in(annotation: Any) -> Any:
    """The `Section` class inside an annotation such as `dict[Name, Model]` or `Counts | None`."""
    if isinstance(annotation, type) and not hasattr(annotation, "__args__"):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        found = _section_in(argument)
        if isinstance(found, type) and issubclass(found, Section):
            return found
    return None


def load_cohort(path: str | Path) -> Cohort:
    """Read and check one cohort file; paths in it stay as written.

    Raises
    ------
    InputError
        With the file, the key, what was found and what would be right.
    """
    return parse_section(Cohort, expand_contrasts(read_yaml(path), str(path)), str(path))


def expand_contrasts(content: dict[str, Any], where: str) -> dict[str, Any]:
    """The content of a cohort file with one contrast for each combination that a `for_each` asks for.

    Braces are replaced as text and nothing is evaluated.
    """
    contrasts = content.get("contrasts") if isinstance(content, dict) else None
    if not isinstance(contrasts, dict):
        return content
    found: dict[Any, Any] = {}
    for name, contrast in contrasts.items():
        arrays = contrast.get("for_each") if isinstance(contrast, dict) else None
        if arrays is None:
            found[name] = contrast
            continue
        key = f"contrasts.{name}.for_each"
        if not (
            isinstance(arrays, dict)
            and arrays
            and all(isinstance(values, list) and values for values in arrays.values())
        ):
            raise InputError(where, f"{key}: found {arrays!r:.80}", "Give variables, each with a list of levels")
        missing = [variable for variable in arrays if f"{{{variable}}}" not in str(name)]
        if missing:
            raise InputError(
                where, f"{key}: '{{{missing[0]}}}' is not in the contrast's name", "Each combination needs its own name"
            )
        rest = {field: value for field, value in contrast.items() if field != "for_each"}
        for combination in product(*arrays.values()):
            values = {f"{{{variable}}}": str(value) for variable, value in zip(arrays, combination, strict=True)}
            own = _filled(str(name), values)
            if own in found or own in contrasts:
                raise InputError(where, f"{key}: makes a second contrast named '{own}'", "Give each its own name")
            found[own] = _filled(rest, values)
    return content | {"contrasts": found}


def _filled(value: Any, values: Mapping[str, str]) -> Any:
    """Text, and text inside lists and mappings, with what stands for the braces."""
    if isinstance(value, str):
        for braces, filling in values.items():
            value = value.replace(braces, filling)
        return value
    if isinstance(value, list):
        return [_filled(part, values) for part in value]
    if isinstance(value, dict):
        return {_filled(key, values): _filled(part, values) for key, part in value.items()}
    return value
