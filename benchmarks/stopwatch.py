"""What each Python contender reports: the seconds of its parts and its highest memory, as one line of JSON."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path


class Stopwatch:
    """Seconds between laps; the first begins when the runner started the process (`BENCHMARK_STARTED`, Unix time)."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._start_kb = 0
        self._last = float(os.environ["BENCHMARK_STARTED"])

    def lap(self, part: str) -> None:
        """End a part."""
        now = time.time()
        self.seconds[part] = self.seconds.get(part, 0.0) + now - self._last
        if part == "start":
            self._start_kb = peak_memory()
        self._last = time.time()

    def report(self, **more: float) -> None:
        """Print the seconds, what else is to be known, and the memory, as the last line."""
        memory = {"start_kb": self._start_kb, "peak_kb": peak_memory()}
        print(json.dumps(self.seconds | more | memory), flush=True)


def peak_memory() -> int:
    """Highest resident memory of this process so far, in kB.

    Read from Linux, because `ru_maxrss` starts from the memory of the process that launched this one.
    """
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:"))
