"""From a YAML file to checked models: safe loading, and pydantic's problems told as file, key, found, right."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import ValidationError

from lateralis.config import Cohort, Section
from lateralis.errors import InputError, listing

SectionT = TypeVar("SectionT", bound=Section)


class _UniqueKeyLoader(yaml.SafeLoader):
    """Safe YAML in which a key given twice is an error, not a silent overwrite."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key_node, _ in node.value:
            key = key_node.value
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"key '{key}' stands twice, the second time", key_node.start_mark
                )
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
    except yaml.YAMLError as error:
        raise InputError(str(path), f"is not valid YAML: {' '.join(str(error).split())}") from None


def parse_section(model: type[SectionT], content: Any, where: str) -> SectionT:
    """Plain data as a checked section; the first few problems in one `InputError`."""
    if not isinstance(content, dict):
        raise InputError(where, "holds no keys", f"It needs {listing(model.model_fields)}")
    try:
        return model.model_validate(content)
    except ValidationError as error:
        problems = [_describe(problem, model) for problem in error.errors()]
        raise InputError(where, "\n  ".join(["is not a valid config", *problems[:8]])) from None


def _describe(problem: Any, model: type[Section]) -> str:
    """One pydantic problem as `key: what was found; what would be right`."""
    key = ".".join(str(part) for part in problem["loc"] if part != "[key]")
    message = problem["msg"].removeprefix("Value error, ")
    if problem["type"] == "extra_forbidden":
        known = _keys_at(model, problem["loc"][:-1])
        return f"{key}: unknown key" + (f"; known keys here: {listing(known, 20)}" if known else "")
    if problem["type"] == "missing":
        return f"{key}: is missing"
    if problem["type"] == "value_error":
        return f"{key}: {message}" if key else message
    return f"{key}: found {problem['input']!r:.80}; {message[0].lower()}{message[1:]}"


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
    return parse_section(Cohort, read_yaml(path), str(path))
