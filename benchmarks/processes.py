"""How a contender is measured: a process of its own, the processor time of it and all it starts, and their memory together."""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

SAMPLED_EVERY = 0.1  # seconds
_PATIENCE = 5.0  # seconds to wait for what a finished process leaves behind
_PR_SET_CHILD_SUBREAPER = 36
# What numpy, scipy and R may link: each contender gets its workers by its own means, never by threads of linear algebra
_ONE_THREAD = dict.fromkeys(
    ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1"
)


class ProcessFailedError(RuntimeError):
    """A measured process ended with an error; the message is the end of what it said."""


@dataclass(frozen=True)
class Measured:
    """What one process took.

    Attributes
    ----------
    reported : what it printed as its last line, from JSON
    cpu : processor seconds, user and system, start-up and children included
    peak_gb : highest resident memory, 10⁹ bytes; of the process, or of the process and its children together
    """

    reported: dict[str, float]
    cpu: float
    peak_gb: float


def adopt_orphans() -> None:
    """Let processes that outlive their parents become ours, so that their processor time is counted (Linux)."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def measure(command: list[str], **environment: str) -> Measured:
    """Run a process to its end and measure it.

    Parameters
    ----------
    command : program and arguments; the last line that it prints is a JSON object with `peak_kb`
    environment : more variables for it

    Raises
    ------
    ProcessFailedError
        If it ends with another status than 0.
    """
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as messages:
        started = {"BENCHMARK_STARTED": f"{time.time():.6f}"}
        process = subprocess.Popen(
            command, stdout=output, stderr=messages, env=os.environ | _ONE_THREAD | environment | started
        )
        cpu, status, peak_of_tree = wait(process.pid)
        process.returncode = os.waitstatus_to_exitcode(status)  # so that Popen does not wait for it again
        if process.returncode != 0:
            messages.seek(0)
            raise ProcessFailedError(messages.read().decode(errors="replace")[-3000:])
        output.seek(0)
        reported = json.loads(output.read().decode().splitlines()[-1])
    peak = max(reported.pop("peak_kb") * 1024, peak_of_tree)
    return Measured(reported, cpu, peak / 1e9)


def wait(pid: int, sampled_every: float = SAMPLED_EVERY) -> tuple[float, int, int]:
    """Wait for a process: its processor seconds, exit status, and the highest sum of memory while it had children (bytes).

    To look at the memory of many processes takes some hundredths of a second of a processor.
    """
    peak = 0
    while True:
        ended, status, usage = os.wait4(pid, os.WNOHANG)
        if ended:
            break
        tree = _descendants(pid)
        if len(tree) > 1:
            peak = max(peak, sum(map(_proportional_memory, tree)))
        time.sleep(sampled_every)
    cpu = usage.ru_utime + usage.ru_stime
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        try:
            ended, _, usage = os.wait4(-1, os.WNOHANG)
        except ChildProcessError:
            break
        if ended:
            cpu += usage.ru_utime + usage.ru_stime
        else:
            time.sleep(0.02)
    return cpu, status, peak


def _descendants(pid: int) -> list[int]:
    found, waiting = [], [pid]
    while waiting:
        found.append(waiting.pop())
        for children in Path(f"/proc/{found[-1]}/task").glob("*/children"):
            try:
                waiting += [int(child) for child in children.read_text().split()]
            except OSError:  # it ended meanwhile
                continue
    return found


def _proportional_memory(pid: int) -> int:
    """Resident bytes of a process, pages shared by several counted in parts: a forked worker's are mostly its parent's."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)
