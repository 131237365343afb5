"""What decides a rule's result: code of its script and of what that imports, near or far; not comments, not others."""

import ast
import json
from pathlib import Path

import pytest

from lateralis import sourcehash

SCRIPT = '''"""A script."""

import json
from lateralis.model.fit import fit_model


def main():
    """Fit."""
    return fit_model(1)
'''
MODULES = {
    "__init__.py": '"""The library."""\n',
    "model/__init__.py": '"""Models."""\n',
    "model/fit.py": '"""Fits."""\n\nfrom lateralis.model import outliers\n\n\ndef fit_model(x):\n    return outliers.cut(x)\n',
    "model/outliers.py": '"""Outliers."""\n\nimport lateralis.model.fit as later\n\n\ndef cut(x):\n    return x + 1\n',
    "figures/volcano.py": '"""Drawing."""\n\nCOLOUR = 1\n',
}


def forget():
    """As a new process begins."""
    for cached in (sourcehash.source_hash, sourcehash._direct_imports, sourcehash._facts, sourcehash._memory):
        cached.cache_clear()
    sourcehash._seen.clear()


@pytest.fixture
def library(tmp_path, monkeypatch):
    """A small library and a script; returns a function that edits a file and gives the script's hash."""
    root = tmp_path / "lateralis"
    for name, text in MODULES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    script = tmp_path / "fit_model.py"
    script.write_text(SCRIPT, encoding="utf-8")
    monkeypatch.setattr(sourcehash, "LIBRARY", root)
    monkeypatch.chdir(tmp_path)  # where there is no memory of an earlier process

    def edited_hash(name=None, old="", new=""):
        if name is not None:
            path = script if name == "script" else root / name
            text = path.read_text(encoding="utf-8")
            assert old in text
            path.write_text(text.replace(old, new), encoding="utf-8")
        forget()
        return sourcehash.source_hash(str(script))

    yield edited_hash
    edited_hash()  # leaves no cached answer of this library behind


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("model/outliers.py", "x + 1", "x + 2"),
        ("model/fit.py", "outliers.cut(x)", "outliers.cut(x) * 2"),
        ("script", "fit_model(1)", "fit_model(2)"),
        ("script", "import json", "import csv"),
        ("model/__init__.py", '"""Models."""\n', '"""Models."""\n\nfrom lateralis.figures import volcano\n'),
    ],
)
def test_changed_code_changes_the_hash(library, name, old, new):
    before = library()
    assert library(name, old, new) != before
    assert library(name, new, old) == before


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("model/outliers.py", "return x + 1", "return x + 1  # why"),
        ("model/outliers.py", "x + 1", "(x\n            + 1)"),
        ("model/outliers.py", '"""Outliers."""', '"""Other words,\n\nand more."""'),
        ("model/outliers.py", "def cut(x):\n", 'def cut(x):\n    """Cut."""\n'),
        ("script", '"""Fit."""', '"""Fits one model."""'),
        ("figures/volcano.py", "COLOUR = 1", "COLOUR = 2"),
    ],
)
def test_comments_layout_docstrings_and_other_modules_do_not(library, name, old, new):
    before = library()
    assert library(name, old, new) == before


def test_a_string_that_is_no_docstring_counts(library):
    before = library()
    assert library("model/outliers.py", "return x + 1", 'return f"{x} + 1"') != before


def test_hash_is_16_hexadecimal_digits(library):
    assert len(library()) == 16
    int(library(), 16)


def names_imported(script):
    found = sourcehash.imported_modules(Path(__file__).parents[1] / "scripts" / script)
    return {path.relative_to(sourcehash.LIBRARY).as_posix() for path in found}


def test_the_fit_depends_on_the_model_and_not_on_the_page():
    found = names_imported("fit_model.py")
    assert {"model/fit.py", "model/outliers.py", "model/size_factors.py", "sections.py", "config.py", "job.py"} <= found
    assert not [name for name in found if name.startswith(("figures/", "report/"))]


def test_every_library_import_of_every_script_is_found():
    scripts = Path(__file__).parents[1] / "scripts"
    for path in scripts.glob("*.py"):
        direct = {
            node.module
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("lateralis.")
        }
        files = {f"{module.removeprefix('lateralis.').replace('.', '/')}" for module in direct}
        found = names_imported(path.name)
        assert all(f"{file}.py" in found or f"{file}/__init__.py" in found for file in files), path.name


def unread(monkeypatch):
    """Let no code be read: what is not remembered is an error."""
    monkeypatch.setattr(sourcehash, "_read", lambda code: pytest.fail("code was read"))


def test_what_was_read_is_remembered_by_its_content(library, tmp_path, monkeypatch):
    (tmp_path / ".snakemake").mkdir()
    before = library()
    sourcehash.remember()
    with monkeypatch.context() as patched:
        unread(patched)
        assert library() == before
    assert library("model/outliers.py", "x + 1", "x + 2") != before
    sourcehash.remember()
    kept = json.loads((tmp_path / sourcehash.MEMORY).read_text(encoding="utf-8"))
    assert len(kept["facts"]) == 4  # three modules and the script; nothing of what is no longer there


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"reader": "another", "facts": {"a": 1}}', '{"reader": 1}', "\xff"]
)
def test_a_memory_that_is_none_is_read_over(library, tmp_path, content):
    before = library()
    (tmp_path / ".snakemake").mkdir()
    (tmp_path / sourcehash.MEMORY).write_bytes(content.encode("latin-1"))
    assert library() == before


def test_without_a_folder_for_it_nothing_is_remembered(library, tmp_path):
    library()
    sourcehash.remember()
    assert not (tmp_path / ".snakemake").exists()
