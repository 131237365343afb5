"""The manifest of a cohort: checksums of every input and of every file that was made, and whether they are still the same."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from lateralis.errors import InputError
from lateralis.io import sha256, write_text
from lateralis.receipts import (
    TIMESTAMP,
    damaged,
    digest,
    files_within,
    outdated,
    read_receipt,
    receipt_path,
)

MANIFEST = "provenance/manifest.tsv"  # below a cohort's results
QUESTION_MANIFEST = "manifest.tsv"  # below the answer to a question that cohorts share
COLUMNS = ("kind", "path", "sha256")
NO_RESULTS = frozenset({"logs", "benchmarks", "geo"})  # they tell of one run; geo, on request, has sums of its own


@dataclass(frozen=True, order=True)
class Entry:
    """One file of a manifest.

    Attributes
    ----------
    kind : "input", with a path as the config gives it, or "output", with a path below the cohort's results
    path : of the file
    sha256 : of its content
    """

    kind: str
    path: str
    sha256: str


@dataclass(frozen=True)
class Problem:
    """A file that is not as its manifest says: `changed`, `missing` or `unlisted`."""

    path: str
    what: str


def build_manifest(root: str | Path, targets: Iterable[str]) -> list[Entry]:
    """Follow the receipts from what was made in the end back to the user's files, and see each file again.

    Parameters
    ----------
    root : folder of the cohort's results; every file below it was made by a job
    targets : what was made in the end

    Returns
    -------
    One entry a file, sorted: all that the targets were made from and what else those jobs made. What an earlier config left
    in the folder is not among them.

    Raises
    ------
    InputError
        If a file is not what its job wrote, or was changed after another was made from it.
    """
    made: dict[str, str] = {}
    sources: dict[str, str] = {}
    waiting, read = list(targets), []
    while waiting:
        path = waiting.pop()
        if path in made:
            continue
        receipt = read_receipt(path)
        if receipt is None or not Path(path).exists() or digest(path) != receipt.sha256:
            raise damaged(path)
        made[path] = receipt.sha256
        inside = [source for source in receipt.inputs if Path(source).is_relative_to(root)]
        waiting += [*receipt.outputs, *inside]
        read += [(source, then, path) for source, then in receipt.inputs.items()]
    for source, then, path in sorted(read):
        if source not in made and source not in sources:
            sources[source] = digest(source) if Path(source).exists() else ""
        if then != (made.get(source) or sources[source]):
            raise outdated(source, path)
    return sorted([Entry("input", *item) for item in sources.items()] + list(_outputs(root, made)))


def _outputs(root: str | Path, made: dict[str, str]) -> Iterator[Entry]:
    for path, checksum in made.items():
        if Path(path).is_dir():
            for each in files_within(path):
                yield Entry("output", each.relative_to(root).as_posix(), sha256(each))
        else:
            yield Entry("output", Path(path).relative_to(root).as_posix(), checksum)


def write_manifest(path: str | Path, entries: Iterable[Entry]) -> None:
    """Write a manifest as a table."""
    text = io.StringIO()
    table = csv.writer(text, delimiter="\t", lineterminator="\n")
    table.writerow(COLUMNS)
    table.writerows((entry.kind, entry.path, entry.sha256) for entry in entries)
    write_text(path, text.getvalue())


def read_manifest(root: str | Path) -> list[Entry]:
    """Read the manifest of a cohort's results, or of the answer to a question that cohorts share.

    Raises
    ------
    InputError
        If there is none, or it is cut short or edited.
    """
    path = next((path for path in (Path(root, MANIFEST), Path(root, QUESTION_MANIFEST)) if path.exists()), None)
    if path is None:
        raise InputError(str(root), f"has no {MANIFEST}", "Finish the run: make run")
    receipt = read_receipt(path)
    if receipt is not None and receipt.sha256 != sha256(path):
        raise damaged(str(path))
    with open(path, encoding="utf-8", newline="") as handle:
        rows = list(csv.reader(handle, delimiter="\t"))
    if rows[:1] != [list(COLUMNS)] or any(len(row) != len(COLUMNS) for row in rows):
        raise damaged(str(path))
    return [Entry(*row) for row in rows[1:]]


def compare(root: str | Path, entries: Iterable[Entry], *, inputs: bool = True) -> list[Problem]:
    """Hold the files of a cohort against its manifest.

    Parameters
    ----------
    root : folder of the cohort's results
    entries : of its manifest
    inputs : whether to look at the user's files too, which are found from the folder that the pipeline runs in

    Returns
    -------
    Every file that is changed, missing or, below `root`, unlisted; none where all is well
    """
    expected = {Path(root, entry.path): entry.sha256 for entry in entries if entry.kind == "output"}
    unlisted = [path for path in _results(Path(root)) if path not in expected]
    if inputs:
        expected |= {Path(entry.path): entry.sha256 for entry in entries if entry.kind == "input"}
    problems = []
    for path, checksum in expected.items():
        if not path.is_file():
            problems.append(Problem(path.as_posix(), "missing"))
        elif sha256(path) != checksum:
            problems.append(Problem(path.as_posix(), "changed"))
    problems += [Problem(path.as_posix(), "unlisted") for path in unlisted]
    return problems


def _results(root: Path) -> Iterator[Path]:
    """All files of a cohort but logs, benchmarks, receipts and the manifest itself."""
    for path in sorted(root.rglob("*")):
        inside = path.relative_to(root)
        if (
            inside.parts[0] in NO_RESULTS
            or inside.as_posix() in (MANIFEST, QUESTION_MANIFEST)
            or path.name == TIMESTAMP
        ):
            continue
        if path.is_file() and not _is_receipt(path):
            yield path


def _is_receipt(path: Path) -> bool:
    of = path.name.removeprefix(".").removesuffix(".receipt")
    return path == receipt_path(path.with_name(of))
