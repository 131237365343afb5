"""From a YAML file to checked models: safe loading, and pydantic's problems told as file, key, found, right."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import date, datetime
from itertools import product
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import ValidationError

from lateralis.config import Cohort, Run, Section
from lateralis.errors import InputError, listing
from lateralis.names import unseen_character

SectionT = TypeVar("SectionT", bound=Section)

_YAML_KINDS = {bool: "true or false", int: "a number", float: "a number", date: "a date", datetime: "a time"}


LARGEST, DEEPEST, MOST_VALUES = 512 * 1024, 40, 50_000  # bytes; levels; keys and values with what aliases stand for


class _PlainLoader(yaml.SafeLoader):
    """Safe YAML of limited depth, in which a key given twice is an error and numbers are numbers of the machine."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        self.depth += 1
        if self.depth > DEEPEST:
            mark = self.peek_event().start_mark
            raise yaml.composer.ComposerError(None, None, f"is nested more than {DEEPEST} deep", mark)
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

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

    def construct_yaml_int(self, node: yaml.ScalarNode) -> int:
        number = super().construct_yaml_int(node) if len(node.value) < 100 else 2**63
        if abs(number) >= 2**63:
            raise yaml.constructor.ConstructorError(None, None, "the number is too large", node.start_mark)
        return number


_PlainLoader.add_constructor("tag:yaml.org,2002:int", _PlainLoader.construct_yaml_int)
del _PlainLoader.yaml_constructors["tag:yaml.org,2002:binary"]  # bytes, which would become text


def read_yaml(path: str | Path) -> Any:
    """Plain data of a YAML file of at most `LARGEST` bytes; nothing in it is evaluated."""
    where = str(path)
    try:
        if os.path.exists(path) and not os.path.isfile(path):
            raise InputError(where, "cannot be read (it is a directory or a device)", "Give the path of a YAML file")
        with open(path, "rb") as handle:
            content = handle.read(LARGEST + 1)
        text = content.decode("utf-8")
    except FileNotFoundError:
        raise InputError(where, "there is no such file", "Give the path of a YAML file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(where, f"cannot be read ({error})", "Give the path of a YAML file in UTF-8") from None
    if len(content) > LARGEST:
        raise InputError(where, f"has more than {LARGEST:,} bytes", "That is no config: give the path of a YAML file")
    try:
        loader = _PlainLoader(text)
        node = loader.get_single_node()
        if node is None:
            return None
        _size(node, {})
        plain = loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        line = "" if error.problem_mark is None else f"line {error.problem_mark.line + 1}: "
        problem = ", ".join(filter(None, (error.context, error.problem)))
        raise InputError(where, f"is not valid YAML; {line}{problem}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # ValueError: a date such as 2024-13-45
        raise InputError(where, f"is not valid YAML; {' '.join(str(error).split())}") from None
    except (AttributeError, IndexError, KeyError, TypeError, OverflowError) as error:
        # PyYAML lets these out where a tag and its value do not fit, as in `!!float many` or `!!timestamp never`
        raise InputError(where, f"is not valid YAML; a tag does not fit its value ({type(error).__name__})") from None
    _check_texts(plain, where, "")
    return plain


def _size(node: yaml.Node, known: dict[int, int]) -> int:
    """How many keys and values a node comes to, aliases written out; too many, or one that holds itself, is an error.

    Ten lines of aliases of aliases are a billion values for whoever walks through them.
    """
    if id(node) in known:
        if known[id(node)] == 0:
            raise yaml.composer.ComposerError(None, None, "an alias stands for what it is part of", node.start_mark)
        return known[id(node)]
    known[id(node)] = 0
    children: list[yaml.Node] = []
    if isinstance(node, yaml.MappingNode):
        children = [part for pair in node.value for part in pair]
    elif isinstance(node, yaml.SequenceNode):
        children = node.value
    size = 1 + sum(_size(child, known) for child in children)
    if size > MOST_VALUES:
        raise yaml.composer.ComposerError(
            None, None, f"holds more than {MOST_VALUES:,} values, with what its aliases stand for", node.start_mark
        )
    known[id(node)] = size
    return size


def _check_texts(content: Any, where: str, key: str) -> None:
    """Raise an `InputError` on a text with a character that nobody sees, but for line breaks."""
    if isinstance(content, str):
        unseen = unseen_character(content.replace("\n", " "))
        if unseen is not None:
            raise InputError(f"{where}, {key}" if key else where, f"holds {unseen}", "Take it out")
    elif isinstance(content, dict):
        for name, value in content.items():
            inside = f"{key}.{name}" if key else f"{name}"
            _check_texts(name, where, inside)
            _check_texts(value, where, inside)
    elif isinstance(content, list | tuple | set):
        for number, value in enumerate(content):
            _check_texts(value, where, f"{key}.{number}" if key else f"{number}")


def parse_section(model: type[SectionT], content: Any, where: str) -> SectionT:
    """Plain data as a checked section; the first few problems in one `InputError`."""
    if not isinstance(content, dict):
        needed = [name for name, field in model.model_fields.items() if field.is_required()]
        raise InputError(where, "holds no keys", f"It needs {listing(needed)}")
    try:
        return model.model_validate(content)
    except ValidationError as error:
        problems = _by_key(error, model, content)
        raise InputError(where, "is not a valid config", details=problems[:8]) from None


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
