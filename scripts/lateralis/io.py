"""Reads and writes that are atomic and deterministic: a file is whole or absent, and its bytes carry no clock."""

from __future__ import annotations

import errno
import glob
import gzip
import hashlib
import io
import json
import os
import re
import shutil
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lateralis.processes import is_alive, own_name

if TYPE_CHECKING:
    import anndata as ad
    import numpy as np
    import pandas as pd


@contextmanager
def atomic(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it over `path` when the block ends without an error.

    Notes
    -----
    Two processes that write the same file do not share a temporary one: the later rename stands, whole. What a killed process
    left is removed by the next that writes the same file.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    remove_leftovers(path)
    temporary = path.with_name(f"{path.name}.tmp.{own_name()}")
    try:
        yield temporary
        with open(temporary, "rb") as handle:
            os.fsync(handle.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def atomic_folder(path: str | Path) -> Iterator[Path]:
    """Yield a new folder beside `path`, to be filled; it takes the place of `path` when the block ends without an error."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    remove_leftovers(path)
    temporary = path.with_name(f"{path.name}.tmp.{own_name()}")
    old = path.with_name(f"{path.name}.tmp.old.tmp.{own_name()}")
    try:
        temporary.mkdir()
        yield temporary
        for attempts_left in reversed(range(_ATTEMPTS)):
            with suppress(FileNotFoundError):
                os.replace(path, old)
            shutil.rmtree(old, ignore_errors=True)
            try:
                os.replace(temporary, path)
                break
            except OSError as error:  # another process was quicker: its folder goes, and this one is tried again
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST) or not attempts_left:
                    raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


_ATTEMPTS = 100
_DAY = 86_400  # seconds
_TEMPORARY = re.compile(r"\.tmp\..+\.\d+$")


def remove_leftovers(path: Path) -> None:
    """Remove the temporary files of `path` whose writers live no more; those of another machine when they are a day old."""
    _remove_dead(path.parent.glob(f"{glob.escape(path.name)}.tmp.*"))


def sweep(folder: str | Path) -> None:
    """Do so for every file below `folder`, also for those that nobody will write again."""
    _remove_dead(sorted(Path(folder).rglob("*.tmp.*")))


def _remove_dead(leftovers: Iterable[Path]) -> None:
    for left in leftovers:
        if not _TEMPORARY.search(left.name):
            continue
        alive = is_alive(left.name.rpartition(".tmp.")[2])
        try:
            if alive or (alive is None and time.time() - left.stat().st_mtime < _DAY):
                continue
            if left.is_dir():
                shutil.rmtree(left, ignore_errors=True)
            else:
                left.unlink()
        except FileNotFoundError:  # another process was quicker
            continue


def write_bytes(path: str | Path, content: bytes) -> None:
    """Write `content`; gzipped without a clock or a name when the path ends in .gz."""
    if str(path).endswith(".gz"):
        buffer = io.BytesIO()
        with gzip.GzipFile(fileobj=buffer, mode="wb", filename="", mtime=0, compresslevel=4) as handle:
            handle.write(content)
        content = buffer.getvalue()
    with atomic(path) as temporary:
        temporary.write_bytes(content)


def write_text(path: str | Path, content: str) -> None:
    """Write text as UTF-8 with Unix line ends."""
    write_bytes(path, content.encode("utf-8"))


def write_json(path: str | Path, content: Any) -> None:
    """Write JSON with sorted keys; NaN is refused."""
    write_text(path, json.dumps(content, indent=1, sort_keys=True, allow_nan=False, ensure_ascii=False) + "\n")


def read_json(path: str | Path) -> Any:
    """Read JSON that `write_json` wrote."""
    return json.loads(Path(path).read_text(encoding="utf-8"))


def write_table(path: str | Path, table: pd.DataFrame, *, index: bool = False) -> None:
    """Write a tab-separated table; empty means missing; floats as the shortest text that reads back the same."""
    write_text(path, table.to_csv(sep="\t", index=index, na_rep="", lineterminator="\n"))


def read_table(path: str | Path, **options: Any) -> pd.DataFrame:
    """Read a table that `write_table` wrote; only the empty field is missing, so a gene named `NA` stays a gene."""
    import pandas as pd

    return pd.read_csv(path, sep="\t", keep_default_na=False, na_values=[""], float_precision="round_trip", **options)


def write_h5ad(path: str | Path, data: ad.AnnData) -> None:
    """Write an AnnData file, compressed."""
    with atomic(path) as temporary:
        try:
            data.write_h5ad(temporary, compression="gzip", compression_opts=1)  # more takes twice the time for 4 %
        except (OSError, RuntimeError) as error:  # which of them HDF5 raises depends on where the disk was full
            if os.strerror(errno.ENOSPC) in str(error):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path)) from error
            raise


def read_h5ad(path: str | Path) -> ad.AnnData:
    """Read an AnnData file that `write_h5ad` wrote."""
    import anndata as ad

    return ad.read_h5ad(path)


def read_genes(path: str | Path, name: str, genes: Sequence[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A few genes of an AnnData file that `write_h5ad` wrote, without the rest of it.

    Parameters
    ----------
    path : of the file
    name : of the layer
    genes : ids among its `var_names`, each once

    Returns
    -------
    obs : DataFrame (n_samples)
    values : DataFrame (n_genes, n_samples)
    """
    import h5py
    import numpy as np
    import pandas as pd
    from anndata.io import read_elem

    with h5py.File(path) as file:
        obs, var = read_elem(file["obs"]), read_elem(file["var"])
        at = np.sort(var.index.get_indexer(pd.Index(genes)))  # HDF5 gives columns in their own order
        values = pd.DataFrame(file[f"layers/{name}"][:, at].T, index=var.index[at], columns=obs.index)
    return obs, values.loc[list(genes)]


def layer(data: ad.AnnData, name: str) -> np.ndarray | None:
    """A layer of an AnnData, (n_samples, n_genes); None where it has none."""
    import numpy as np

    return np.asarray(data.layers[name]) if name in data.layers else None


def sha256(path: str | Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with open(path, "rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
