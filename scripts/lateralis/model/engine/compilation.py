"""How the kernels are compiled, and where compiled code is kept so that it is made once for each machine type and version.

numba's own cache does not see that a function called from a kernel has changed, and keys by a file's time; so the folder is
named by the content of this package. It writes each file under another name first and then renames it, so that jobs that start
together on several nodes of a shared home at worst compile the same code twice; on one node they wait for the first.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

os.environ.setdefault("NUMBA_OPT", "1")  # as fast as the default here, and compiled in two thirds of the time

import llvmlite.binding
import numba

NUMBA_VERSION = numba.__version__

_REASSOCIATE = {"reassoc", "contract", "nsz", "arcp"}  # sums in any order: what a vectorised sum needs
_KEEP_ORDER = {"contract", "nsz", "arcp"}


def cache_folder() -> Path:
    """Where compiled kernels are kept: below `LATERALIS_CACHE`, else the user's cache folder, else the temporary one."""
    package = Path(__file__).parent
    content = hashlib.sha256(numba.__version__.encode())
    for path in sorted(package.glob("*.py")):
        content.update(path.name.encode() + b"\0" + path.read_bytes())
    named = os.environ.get("LATERALIS_CACHE")
    home = os.environ.get("XDG_CACHE_HOME") or str(Path("~/.cache").expanduser())
    for base in [Path(named)] if named else [Path(home) / "lateralis", _temporary_folder()]:
        folder = base / f"kernels-{content.hexdigest()[:16]}"
        if _can_write(folder):
            return folder
    raise PermissionError(
        f"no folder for compiled kernels: '{named or home}' cannot be written to. Set LATERALIS_CACHE to one that can"
    )


def _temporary_folder() -> Path:
    return Path(tempfile.gettempdir()) / f"lateralis-{os.getuid() if hasattr(os, 'getuid') else 'user'}"


def _can_write(folder: Path) -> bool:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder):
            return not hasattr(os, "getuid") or folder.stat().st_uid == os.getuid()
    except OSError:
        return False


numba.config.CACHE_DIR = str(cache_folder())  # type: ignore[attr-defined]


def compile_apart() -> bool:
    """Let a process of its own compile and check the kernels where none did for these source files on this kind of processor.

    Code fresh from the compiler rounds otherwise than the same code out of the cache: some gene's search then takes a step
    more or less, and a first run would differ from all later ones in its last digits. What the process has to say is said
    again, and better, by the caller's own check.

    Returns
    -------
    Whether such a process found every kernel sound, now or before.
    """
    if os.environ.get(_COMPILING):
        return False
    package = Path(__file__).parent
    sources = [f"{path}\0{path.stat().st_mtime_ns}" for path in sorted(package.glob("*.py"))]
    made_for = [sys.version, llvmlite.binding.get_host_cpu_name(), *sources]  # a shared cache serves nodes that differ
    name = hashlib.sha256("\0".join(made_for).encode()).hexdigest()[:16]
    stamp = Path(numba.config.CACHE_DIR) / f"compiled-{name}.done"  # type: ignore[attr-defined]
    if stamp.exists():
        return True
    with _one_at_a_time(stamp.with_suffix(".lock")):
        if stamp.exists():
            return True
        environment = os.environ | {_COMPILING: "1", "PYTHONPATH": str(package.parents[2])}
        done = subprocess.run([sys.executable, "-c", _CHECK], env=environment, capture_output=True, check=False)  # noqa: S603
        if done.returncode == 0:
            stamp.touch()
        return done.returncode == 0


@contextmanager
def _one_at_a_time(path: Path) -> Iterator[None]:
    """Wait while another process does the same; where a file system knows no locks, do it at the same time."""
    with open(path, "w") as handle:
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


_COMPILING = "LATERALIS_COMPILING"
_CHECK = "from lateralis.model.engine.inference import EngineInference; EngineInference().check()"


def kernel(function: Callable[..., Any]) -> Any:
    """Compile a loop over genes, to be called from several threads at a time."""
    return numba.njit(cache=True, nogil=True, error_model="numpy", fastmath=_REASSOCIATE)(function)


def summing(function: Callable[..., Any]) -> Any:
    """Compile a part of a kernel that sums over samples, in any order."""
    return numba.njit(error_model="numpy", fastmath=_REASSOCIATE)(function)


def elementary(function: Callable[..., Any]) -> Any:
    """Compile an elementary function into the loops that call it; its operations stay in order."""
    return numba.njit(error_model="numpy", fastmath=_KEEP_ORDER, forceinline=True)(function)


def in_order(function: Callable[..., Any]) -> Any:
    """Compile what decides by its sums, such as whether a gene is in or out: they are added in the order that is written."""
    return numba.njit(cache=True, nogil=True, error_model="numpy")(function)
