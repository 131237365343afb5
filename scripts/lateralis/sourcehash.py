"""Which code decides a rule's result: a hash of its script and of every library module the script imports.

Snakemake sees a changed script, not a changed import; with this hash among a rule's params it sees both. Comments, layout
and docstrings do not count. Beside a module, what stands in `templates/` and `assets/` counts as its code.

To read all modules takes seconds, at each start of Snakemake; what a file means is therefore remembered by its content.
"""

from __future__ import annotations

import ast
import atexit
import hashlib
import json
import sys
from functools import cache
from pathlib import Path
from typing import Any

from lateralis.io import write_json

LIBRARY = Path(__file__).resolve().parent
MEMORY = Path(".snakemake/lateralis_code.json")  # in the folder that Snakemake runs in; may be deleted at any time

Facts = dict[str, Any]
_seen: dict[str, Facts] = {}  # by this process


@cache
def source_hash(script: str) -> str:
    """SHA-256 (first 16 digits) over a script and the library modules that it imports, directly or not.

    Parameters
    ----------
    script : path of the script
    """
    digest = hashlib.sha256()
    modules = sorted(imported_modules(Path(script)))
    for path in modules:
        digest.update(_facts(path)["meaning"].encode())
    for folder in sorted({path.parent for path in modules}):
        for part in sorted([*folder.glob("templates/*"), *folder.glob("assets/*")]):
            digest.update(part.read_bytes())
    digest.update(_facts(Path(script))["meaning"].encode())
    return digest.hexdigest()[:16]


def imported_modules(path: Path) -> set[Path]:
    """Files of `lateralis` that `path` imports, directly or through another."""
    found: set[Path] = set()
    waiting = [path]
    while waiting:
        for module in _direct_imports(waiting.pop()) - found:
            found.add(module)
            waiting.append(module)
    return found


@cache
def _direct_imports(path: Path) -> frozenset[Path]:
    candidates = (LIBRARY.joinpath(*name.split(".")[1:]) for name in _facts(path)["imports"])
    files = (file for base in candidates for file in (base.with_suffix(".py"), base / "__init__.py"))
    return frozenset(file for file in files if file.is_file() and file != path)


@cache
def _facts(path: Path) -> Facts:
    """What a file's code means, as a checksum, and the names in `lateralis` that it imports; from memory where it is there."""
    content = path.read_bytes()
    key = hashlib.sha256(content).hexdigest()
    if key in _memory():
        _seen[key] = _memory()[key]
    else:
        _seen[key] = _read(content.decode("utf-8"))
        _remember_at_exit()
    return _seen[key]


def _read(code: str) -> Facts:
    """The facts about some code: its meaning is what it holds without docstrings, positions and comments."""
    tree = ast.parse(code)
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and ast.get_docstring(
            node, clean=False
        ):
            node.body = node.body[1:] or [ast.Pass()]
    return {
        "meaning": hashlib.sha256(ast.dump(tree).encode()).hexdigest(),
        "imports": sorted(name for name in names if name.split(".")[0] == "lateralis"),
    }


@cache
def _reader() -> str:
    """What the facts depend on beside the code: this module and the Python that parses."""
    return f"{sys.version.split()[0]} {hashlib.sha256(Path(__file__).read_bytes()).hexdigest()}"


@cache
def _memory() -> dict[str, Facts]:
    """Content's checksum → facts, as an earlier process left them; empty where it was another reader's, or cannot be read."""
    try:
        kept = json.loads(MEMORY.read_text(encoding="utf-8"))
        return dict(kept["facts"]) if kept["reader"] == _reader() else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


@cache
def _remember_at_exit() -> None:
    atexit.register(remember)


def remember() -> None:
    """Leave what this process has seen for the next one; where it cannot be written, that reads the code again."""
    try:
        if MEMORY.parent.is_dir():
            write_json(MEMORY, {"reader": _reader(), "facts": _seen})
    except OSError:
        pass
