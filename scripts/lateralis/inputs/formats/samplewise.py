"""Decides which file belongs to which sample, and joins them by gene, for the formats with one file a sample."""

from __future__ import annotations

import glob
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from lateralis.errors import InputError, listing


def sample_files(folder: str, pattern: str, samples: Iterable[str]) -> dict[str, str]:
    """Path of each sample's file: as the pattern says, or the same with `.gz` where only that exists.

    Parameters
    ----------
    folder : where the pattern starts
    pattern : path below it, with `{sample}` for the name
    samples : names of the samples, verbatim
    """
    paths = {sample: Path(folder) / pattern.replace("{sample}", sample) for sample in samples}
    return {
        sample: str(_zipped(path) if not path.exists() and _zipped(path).exists() else path)
        for sample, path in paths.items()
    }


def _zipped(path: Path) -> Path:
    return path.with_name(path.name + ".gz")


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


def check_sample_files(folder: str, pattern: str, samples: list[str], sheet: str) -> None:
    """Raise `InputError` unless each sample has a file and each file a sample."""
    if not Path(folder).is_dir():
        raise InputError(
            folder, "there is no such folder", f"Give the folder that holds one file a sample, laid out as {pattern}"
        )
    missing = [sample for sample, path in sample_files(folder, pattern, samples).items() if not Path(path).exists()]
    known = set(samples)
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


def aligned(ids: pd.Index, reference: pd.Index, path: str, reference_path: str, kind: str = "gene") -> bool:
    """Whether `ids` already stand in the order of `reference`.

    Raises
    ------
    InputError
        They are not the same ids, so that the two files come from different annotations or one is cut short.
    """
    if ids.equals(reference):
        return True
    lacking, extra = reference.difference(ids, sort=False), ids.difference(reference, sort=False)
    if len(lacking) or len(extra):
        differences = [f"lacks {len(lacking)} {kind}s ({listing(lacking, 3)})"] if len(lacking) else []
        differences += [f"has {len(extra)} {kind}s more ({listing(extra, 3)})"] if len(extra) else []
        raise InputError(
            path, f"against {reference_path} it {' and '.join(differences)}", f"All files must list the same {kind}s"
        )
    return False


def join_genes(columns: Mapping[str, pd.Series], files: Mapping[str, str]) -> pd.DataFrame:
    """Join one column a sample by gene id, in the order of the first.

    Parameters
    ----------
    columns : values by gene id, for each sample; ids unique
    files : file of each sample, for messages

    Returns
    -------
    (n_genes, n_samples)
    """
    first = next(iter(columns))
    genes = columns[first].index
    arrays = {
        sample: (
            column if aligned(column.index, genes, files[sample], files[first]) else column.reindex(genes)
        ).to_numpy()
        for sample, column in columns.items()
    }
    return pd.DataFrame(arrays, index=genes)
