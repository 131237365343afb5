"""Decides which file belongs to which sample, and joins them by gene, for the formats with one file a sample."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path

import pandas as pd

from lateralis.errors import InputError, listing
from lateralis.inputs.formats.content import check_ids
from lateralis.sections import LONGEST_FILE_NAME


def sample_files(folder: str, pattern: str, samples: Iterable[str]) -> dict[str, str]:
    """Path of each sample's file: as the pattern says, or the same with `.gz` where only that exists.

    Parameters
    ----------
    folder : where the pattern starts
    pattern : path below it, with `{sample}` for the name
    samples : names of the samples, verbatim
    """
    paths = {sample: str(Path(folder) / pattern.replace("{sample}", _part_of_path(sample))) for sample in samples}
    return {
        sample: f"{path}.gz" if not os.path.exists(path) and os.path.exists(f"{path}.gz") else path
        for sample, path in paths.items()
    }


def _part_of_path(sample: str) -> str:
    """The name of a sample, where it can be part of a path below a folder and nothing else."""
    wrong = [character for character in "/\\{}" if character in sample]
    if wrong or sample in ("", ".", ".."):
        raise InputError(
            f"sample '{sample:.60}'",
            f"its name holds '{wrong[0]}'" if wrong else "its name is no name of a file",
            "With one file a sample, the name is part of a path: it names no other folder and holds no braces",
        )
    if len(sample.encode(errors="replace")) > LONGEST_FILE_NAME:
        raise InputError(
            f"sample '{sample:.60}'", f"its name is longer than {LONGEST_FILE_NAME} bytes", "No file has such a name"
        )
    return sample


def names_on_disk(folder: str, pattern: str) -> dict[str, str]:
    """Names for which a file fits the pattern, and the file; `{sample}` stands for one part of a path."""
    before, *between = pattern.split("{sample}")
    search = "*".join(glob.escape(part) for part in [before, *between])
    name_then_same = "(?P=name)".join(re.escape(part) for part in between)
    fits = re.compile(f"{re.escape(before)}(?P<name>[^/]+?){name_then_same}")
    found: dict[str, str] = {}
    for relative in sorted({*glob.glob(search, root_dir=folder), *glob.glob(search + ".gz", root_dir=folder)}):
        match = fits.fullmatch(relative if pattern.endswith(".gz") else relative.removesuffix(".gz"))
        if match is not None and (Path(folder) / relative).is_file():
            found.setdefault(match["name"], relative)
    return found


def check_sample_files(
    folder: str, pattern: str, samples: list[str], sheet: str, set_aside: Collection[str] = ()
) -> None:
    """Raise `InputError` unless each sample has a file and each file a sample; samples set aside may lack either."""
    if not Path(folder).is_dir():
        raise InputError(
            folder, "there is no such folder", f"Give the folder that holds one file a sample, laid out as {pattern}"
        )
    missing = [sample for sample, path in sample_files(folder, pattern, samples).items() if not os.path.exists(path)]
    missing = [sample for sample in missing if sample not in set_aside]
    known = {*samples, *set_aside}
    unlisted = [file for name, file in names_on_disk(folder, pattern).items() if name not in known]
    problems = []
    if missing:
        problems.append(f"no file {pattern} for {len(missing)} of {len(samples)} samples: {listing(missing)}")
    if unlisted:
        problems.append(f"no row in {sheet} for {len(unlisted)} files: {listing(unlisted)}")
    if problems:
        raise InputError(
            folder,
            "; ".join(problems),
            "Each sample has one file and each file a row; a pattern is set with the key `files`",
        )


def aligned_tables(
    files: Mapping[str, str], read_one: Callable[[str, str], pd.DataFrame], kind: str = "gene"
) -> Iterator[tuple[str, pd.DataFrame]]:
    """Read the file of each sample and yield its rows in the order of the first.

    Parameters
    ----------
    files : file of each sample
    read_one : from sample and path to the table, whose index are ids
    kind : what a row is

    Raises
    ------
    InputError
        An id is empty or repeated, or the files do not list the same: they come from different annotations, or one is
        cut short.
    """
    reference: pd.Index | None = None
    for sample, path in files.items():
        table = read_one(sample, path)
        if reference is None or not table.index.equals(reference):
            check_ids(table.index, path, kind)
        if reference is None:
            reference, first_path = table.index, path
        elif table.index.equals(reference):
            table.index = reference  # one copy of the ids in memory, not one a sample
        else:
            _check_same(table.index, reference, path, first_path, kind)
            table = table.reindex(reference)
        yield sample, table


def _check_same(ids: pd.Index, reference: pd.Index, path: str, first_path: str, kind: str) -> None:
    """Raise `InputError` unless both hold the same ids."""
    lacking, extra = reference.difference(ids, sort=False), ids.difference(reference, sort=False)
    differences = [f"lacks {len(lacking)} {kind}s ({listing(lacking, 3)})"] if len(lacking) else []
    differences += [f"has {len(extra)} {kind}s more ({listing(extra, 3)})"] if len(extra) else []
    if differences:
        raise InputError(
            path, f"against {first_path} it {' and '.join(differences)}", f"All files must list the same {kind}s"
        )
