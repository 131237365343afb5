"""Who is at work: processes named by machine and number, whether one still lives, and who runs Snakemake in a folder."""

from __future__ import annotations

import atexit
import os
import socket
from pathlib import Path

RUNS = ".snakemake/lateralis"  # below the folder that Snakemake runs in: a file for each run, named by its process


def own_name() -> str:
    """Name of this process, unlike that of any other process now alive on the machines that share a file system."""
    return f"{socket.gethostname()}.{os.getpid()}"


def is_alive(name: str) -> bool | None:
    """Whether a process lives; None where that cannot be known, because it ran on another machine."""
    host, _, number = name.rpartition(".")
    if host != socket.gethostname() or not number.isdecimal():
        return None
    try:
        os.kill(int(number), 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass
    return True


def claim(folder: str | Path) -> None:
    """Leave a note, until this process ends well, that it runs Snakemake in `folder`."""
    note = Path(folder, RUNS, own_name())
    note.parent.mkdir(parents=True, exist_ok=True)
    note.touch()
    atexit.register(note.unlink, missing_ok=True)


def claims(folder: str | Path) -> dict[str, bool | None]:
    """Processes that left such a note and did not take it back, and whether each of them lives."""
    return {note.name: is_alive(note.name) for note in sorted(Path(folder, RUNS).glob("*"))}
