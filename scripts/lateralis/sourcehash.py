"""Which code decides a rule's result: a hash of its script and of every library module the script imports.

Snakemake sees a changed script, not a changed import; with this hash among a rule's params it sees both. Comments, layout
and docstrings do not count. Beside a module, what stands in `templates/` and `assets/` counts as its code.
"""

from __future__ import annotations

import ast
import hashlib
from functools import cache
from pathlib import Path

LIBRARY = Path(__file__).resolve().parent


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
        digest.update(_meaning(path))
    for folder in sorted({path.parent for path in modules}):
        for part in sorted([*folder.glob("templates/*"), *folder.glob("assets/*")]):
            digest.update(part.read_bytes())
    digest.update(_meaning(Path(script)))
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
    names: set[str] = set()
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    candidates = (LIBRARY.joinpath(*name.split(".")[1:]) for name in names if name.split(".")[0] == "lateralis")
    files = (file for base in candidates for file in (base.with_suffix(".py"), base / "__init__.py"))
    return frozenset(file for file in files if file.is_file() and file != path)


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def _meaning(path: Path) -> bytes:
    """A module's code without docstrings, positions and comments."""
    tree = _tree(path)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and ast.get_docstring(
            node, clean=False
        ):
            node.body = node.body[1:] or [ast.Pass()]
    return ast.dump(tree).encode()
