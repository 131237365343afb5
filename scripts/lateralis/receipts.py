"""What each job read and wrote, by checksum: a job refuses a file that is not what the job before it wrote.

Snakemake looks at a result's time, not at its content, so a file that was cut short or edited would be taken for a result.
Beside each output lies a hidden receipt, `.NAME.receipt`: its checksum, those of all that its job read, and what else that job
wrote.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from lateralis.errors import InputError
from lateralis.io import read_json, sha256, write_json

TIMESTAMP = ".snakemake_timestamp"  # Snakemake's own file in a folder that is an output


@dataclass(frozen=True)
class Receipt:
    """What stands in a receipt.

    Attributes
    ----------
    sha256 : of the output, as its job wrote it
    inputs : path → SHA-256 of all that the job read
    outputs : paths of all that the job wrote
    """

    sha256: str
    inputs: dict[str, str]
    outputs: list[str]


@dataclass(frozen=True)
class Seen:
    """A file as it was at one moment: its checksum, and by what one sees at once whether it may have changed."""

    sha256: str
    stamp: tuple[int, ...]


def receipt_path(path: str | Path) -> Path:
    """Where the receipt of an output is."""
    return Path(path).with_name(f".{Path(path).name}.receipt")


def read_receipt(path: str | Path) -> Receipt | None:
    """The receipt of an output; None for what no job wrote, such as the user's own files."""
    place = receipt_path(path)
    return Receipt(**read_json(place)) if place.exists() else None


def output_of(path: str | Path) -> Path:
    """The output that a file belongs to: the folder around it, where that is what a job made, else the file itself."""
    around = (folder for folder in Path(path).parents if folder.name and receipt_path(folder).exists())
    return next(around, Path(path))


def files_within(folder: str | Path) -> list[Path]:
    """Files of a folder that is an output, sorted."""
    return sorted(path for path in Path(folder).rglob("*") if path.is_file() and path.name != TIMESTAMP)


def digest(path: str | Path) -> str:
    """SHA-256 of a file; of a folder, that of the list of its files with theirs."""
    if not os.path.isdir(path):
        return sha256(path)
    lines = (f"{sha256(each)}  {each.relative_to(path).as_posix()}\n" for each in files_within(path))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def check_inputs(paths: Iterable[str]) -> dict[str, Seen]:
    """See all inputs of a job before it starts.

    Raises
    ------
    InputError
        If one of them is not what the job that made it wrote, or was changed after another of them was made from it.
    """
    seen = {str(path): _see(path) for path in paths}
    for path, now in seen.items():
        receipt = read_receipt(path)
        if receipt is None:
            continue
        if receipt.sha256 != now.sha256:
            raise damaged(path)
        for source, then in receipt.inputs.items():
            if source in seen and seen[source].sha256 != then:
                raise outdated(source, path)
    return seen


def check_unchanged(seen: dict[str, Seen]) -> dict[str, str]:
    """See the inputs again when a job has read them.

    Returns
    -------
    path → SHA-256 of those that are still there; an input that the job moved is gone

    Raises
    ------
    InputError
        If one of them was changed meanwhile.
    """
    found = {}
    for path, before in seen.items():
        if not os.path.exists(path):
            continue
        if _stamp(path) != before.stamp and digest(path) != before.sha256:
            raise InputError(path, "was changed while a job was reading it", "Run again")
        found[path] = before.sha256
    return found


def write_receipts(outputs: Iterable[str], inputs: dict[str, str]) -> None:
    """Write the receipt of each output of a job."""
    names = [str(path) for path in outputs]
    for path in names:
        write_json(receipt_path(path), {"sha256": digest(path), "inputs": inputs, "outputs": names})


def damaged(path: str) -> InputError:
    """A result that is not what its job wrote."""
    return InputError(
        path,
        "is not what the pipeline wrote there: it was edited, cut short or removed since",
        f"Have it made anew: make run SNAKEMAKE_ARGS='--forcerun {path}'",
    )


def outdated(source: str, made: str) -> InputError:
    """A file that changed after a result was made from it."""
    return InputError(
        source,
        f"was changed after '{made}' was made from it",
        f"Run again; if that is not enough: make run SNAKEMAKE_ARGS='--forcerun {made}'",
    )


def _see(path: str) -> Seen:
    stamp = _stamp(path)  # before the content is read: a change in between is seen afterwards
    return Seen(digest(path), stamp)


def _stamp(path: str) -> tuple[int, ...]:
    """Size, time and place on disk of a file or of all files of a folder."""
    stats = [each.stat() for each in (files_within(path) if os.path.isdir(path) else [Path(path)])]
    return tuple(number for stat in stats for number in (stat.st_size, stat.st_mtime_ns, stat.st_ino))
