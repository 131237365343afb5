"""Which code ran: the commit of the checkout, whether it had been edited, the lock, and a copy of what decides results."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from lateralis.io import sha256
from lateralis.sourcehash import LIBRARY

CHECKOUT = LIBRARY.parents[1]
LOCK = "requirements.lock"
SNAKEFILE = "Snakefile"
# Not config/, resources/ or profiles: people put cohorts, panels of their own and names of accounts there.
COPIED = (
    *(SNAKEFILE, LOCK, "workflow/rules/*.smk", "scripts/*.py"),
    *(f"scripts/lateralis/**/*.{kind}" for kind in ("py", "js", "css", "jinja")),
)
WATCHED = (SNAKEFILE, LOCK, "workflow/rules", "scripts", "resources")
NO_CHECKOUT = "not a git checkout"
NO_DATE = datetime(2000, 1, 1, tzinfo=UTC)
PATIENCE = 20  # seconds that git may take, on a slow shared file system


@dataclass(frozen=True)
class SourceState:
    """The code of a run.

    Attributes
    ----------
    commit : of the checkout, or why there is none
    edited : `yes` or `no`: whether code differs from the commit; `unknown` without one
    date : when the code was committed; `NO_DATE` where that is not known
    lock : sha256 of requirements.lock, or `absent`
    digest : sha256 over the code, the same wherever it lies
    """

    commit: str
    edited: str
    date: datetime
    lock: str
    digest: str


def source_state(root: Path = CHECKOUT) -> SourceState:
    """The state of a checkout, or of an unpacked archive, which has no commit.

    Parameters
    ----------
    root : folder with the Snakefile
    """
    commit, edited, date = _commit(root)
    lock = sha256(root / LOCK) if (root / LOCK).is_file() else "absent"
    return SourceState(commit, edited, date, lock, source_digest(root))


def stated_time(environment: Mapping[str, str] = os.environ) -> datetime | None:
    """The time of `SOURCE_DATE_EPOCH`, by which a user says which time files are to carry; None without one."""
    seconds = environment.get("SOURCE_DATE_EPOCH", "")
    return datetime.fromtimestamp(int(seconds), UTC) if seconds.isascii() and seconds.isdigit() else None


def source_files(root: Path = CHECKOUT) -> list[str]:
    """Paths of the code below `root`, sorted: Snakefile, rules, scripts, library and lock."""
    found = {path.relative_to(root).as_posix() for pattern in COPIED for path in root.glob(pattern) if path.is_file()}
    return sorted(found)


def entry_points(root: Path) -> list[str]:
    """Those of `source_files` with which a reader begins: Snakefile, rules, lock."""
    return [name for name in source_files(root) if not name.startswith("scripts/")]


def source_digest(root: Path = CHECKOUT) -> str:
    """SHA-256 over the lines `sha256  path` of `source_files`, as `sha256sum` prints them."""
    lines = (f"{sha256(root / name)}  {name}\n" for name in source_files(root))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def copy_source(folder: Path, root: Path = CHECKOUT) -> None:
    """Copy the code into a folder, with the layout it has below `root`."""
    for name in source_files(root):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / name, target)


def _commit(root: Path) -> tuple[str, str, datetime]:
    top = _git(root, "rev-parse", "--show-toplevel")
    # Unpacked inside someone else's repository, the commit would be theirs.
    if top is None or Path(top).resolve() != root.resolve():
        return NO_CHECKOUT, "unknown", NO_DATE
    head = _git(root, "show", "--no-patch", "--format=%H %ct", "HEAD")
    if head is None:
        return NO_CHECKOUT, "unknown", NO_DATE
    commit, seconds = head.split()
    changes = _git(root, "status", "--porcelain", "--", *WATCHED)
    edited = "unknown" if changes is None else "yes" if changes else "no"
    return commit, edited, datetime.fromtimestamp(int(seconds), UTC)


def _git(root: Path, *arguments: str) -> str | None:
    """What git answers; None where it is absent, refuses (a checkout of another user), or takes too long."""
    program = shutil.which("git")
    if program is None:
        return None
    # GIT_DIR and its like would point git elsewhere; a monitor set in the checkout's own config is not started.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    command = [program, "-C", str(root), "-c", "core.fsmonitor=false", "--no-optional-locks", *arguments]
    try:
        done = subprocess.run(  # noqa: S603 - a list of our own words, no shell
            command, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
