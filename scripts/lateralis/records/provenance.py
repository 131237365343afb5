"""What a run was made with and of: versions of the software, checksums of the files."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pandas as pd

from lateralis import __version__
from lateralis.io import sha256

ABSENT = "not installed"
PACKAGES = (
    "snakemake",
    "pydeseq2",
    "anndata",
    "pandas",
    "numpy",
    "scipy",
    "statsmodels",
    "numba",
    "matplotlib",
    "formulaic",
    "pydantic",
)


def software_versions() -> dict[str, str]:
    """Version of lateralis, Python and the packages that decide results."""
    found = {"lateralis": __version__, "python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = ABSENT
    return found


def checksums(paths: list[str], root: str | Path) -> pd.DataFrame:
    """SHA-256 of each file, by its path below `root`.

    Returns
    -------
    DataFrame with path and sha256, sorted by path
    """
    rows = [(Path(path).relative_to(root).as_posix(), sha256(path)) for path in paths]
    return pd.DataFrame(sorted(rows), columns=["path", "sha256"])
