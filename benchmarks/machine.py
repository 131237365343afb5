"""What a table of seconds must say about the machine: processor, cores, memory, system, versions; no host, no user."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from importlib.metadata import version
from pathlib import Path

PYTHON_PACKAGES = ("numpy", "scipy", "pandas", "numba", "anndata", "pydeseq2")
R_PACKAGES = ("DESeq2", "edgeR", "limma", "BiocParallel", "data.table")
_ASK_R = """
cat("R", paste(R.version$major, R.version$minor, sep = "."), "\\n")
cat("BLAS", basename(normalizePath(extSoftVersion()[["BLAS"]], mustWork = FALSE)), "\\n")
for (name in commandArgs(TRUE)) if (requireNamespace(name, quietly = TRUE)) {
  cat(name, as.character(packageVersion(name)), "\\n")
}
"""


def describe_machine() -> dict[str, str]:
    """What to know of the machine, in words, by what it is about."""
    kernel = platform.release().split("-")[0]
    described = {
        "processor": _field("/proc/cpuinfo", "model name"),
        "cores": str(len(os.sched_getaffinity(0))),
        "memory": f"{int(_field('/proc/meminfo', 'MemTotal').split()[0]) * 1024 / 1e9:.0f} GB",
        "system": f"{platform.freedesktop_os_release().get('PRETTY_NAME', 'Linux')}, kernel {kernel}",
        "Python": ", ".join([platform.python_version(), *(f"{name} {version(name)}" for name in PYTHON_PACKAGES)]),
    }
    found = r_versions()
    if found:
        blas, language = found.pop("BLAS", ""), found.pop("R")
        described["R"] = ", ".join([language, *(f"{name} {number}" for name, number in found.items())])
        described["BLAS of R"] = blas or "not told"
    return described


def r_versions() -> dict[str, str]:
    """Versions of R, its BLAS and those of `R_PACKAGES` that are installed; empty without Rscript."""
    if shutil.which("Rscript") is None:
        return {}
    answer = subprocess.run(
        ["Rscript", "--vanilla", "-e", _ASK_R, *R_PACKAGES], capture_output=True, text=True, check=True
    )
    return dict(line.split(maxsplit=1) for line in map(str.strip, answer.stdout.splitlines()) if " " in line)


def _field(path: str, name: str) -> str:
    for line in Path(path).read_text().splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return "not told"
