"""The whole pipeline, counts to report, on the demo cohort and on a large one: time and memory of each rule; tables on stdout.

Each case runs Snakemake on two cores in a folder of its own, once, then again with nothing to do.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import anndata as ad
import yaml
from processes import wait
from tables import markdown

ROOT = Path(__file__).resolve().parent.parent
CORES = 2
DEMO = ROOT / "config/cohorts/mac2als.yaml"
BARS = {"demo": (90, 2), "large": (None, 16)}  # seconds, 10⁹ bytes
NOTHING_TO_DO = 5  # seconds
LARGE = {
    "cohort": "large",
    "title": "A large simulated cohort",
    "input": {"counts": {"format": "h5ad", "path": "counts.h5ad"}, "samples": "samples.tsv"},
    "samples": {
        "id": "sample",
        "variables": {
            "group": {"type": "categorical", "levels": ["control", "motor", "carrier", "als"]},
            "sex": {"type": "categorical", "levels": ["F", "M"]},
            "batch": {"type": "categorical"},
            "age": {"type": "numeric", "center": True, "scale": True},
        },
    },
    "outliers": {"cells": ["group"]},
    "trust": {"scale": "small", "contrasts": ["als_vs_control"]},
    "models": {"primary": {"design": "~ batch + sex + age + group"}},
    "contrasts": {
        f"als_vs_{level}": {"model": "primary", "variable": "group", "test": "als", "reference": level}
        for level in ("control", "motor", "carrier")
    },
    "endpoint": {"fold_change": 1.5, "alpha": 0.05, "headline": "fdr"},
}


@dataclass
class Rule:
    """What the jobs of a rule took."""

    seconds: list[float] = field(default_factory=list)
    megabytes: float = 0.0


@dataclass(frozen=True)
class Run:
    """What a run of Snakemake took: seconds of the clock, of processors, and the most memory of all its processes together."""

    wall: float
    cpu: float
    peak_gb: float


def large_cohort(folder: Path, n_samples: int, n_genes: int) -> Path:
    """A cohort file in `folder`, with counts and sheet beside it."""
    simulate = ROOT / "benchmarks/simulate.py"
    size = ["--samples", str(n_samples), "--genes", str(n_genes)]
    command = [sys.executable, str(simulate), str(folder), *size, "--no-text"]
    subprocess.run(command, env=os.environ | {"PYTHONPATH": str(ROOT / "scripts")}, check=True)
    ad.read_h5ad(folder / "counts.h5ad", backed="r").obs.to_csv(folder / "samples.tsv", sep="\t")
    path = folder / "large.yaml"
    path.write_text(yaml.safe_dump(LARGE, sort_keys=False), encoding="utf-8")
    return path


def run_snakemake(folder: Path, cohort: Path) -> Run:
    """Run the cohort in a folder, as a user does."""
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--directory", str(folder)]
    command += ["--cores", str(CORES)]
    (folder / "config").mkdir(exist_ok=True)
    (folder / "config/config.yaml").write_text(yaml.safe_dump({"cohorts": [str(cohort)]}), encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    with tempfile.TemporaryFile() as log:
        start = time.monotonic()
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
        cpu, status, peak = wait(process.pid, sampled_every=1.0)
        wall = time.monotonic() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            log.seek(0)
            sys.exit(log.read().decode(errors="replace")[-3000:])
    return Run(wall, cpu, peak / 1e9)


def rules_of(results: Path) -> dict[str, Rule]:
    """Rule → what its jobs took, by Snakemake's own benchmarks."""
    found: dict[str, Rule] = defaultdict(Rule)
    for path in results.glob("benchmarks/*/*.tsv"):
        header, values = (line.split("\t") for line in path.read_text().splitlines()[:2])
        taken = dict(zip(header, values, strict=True))
        rule = found[path.name.split(".")[0]]
        rule.seconds.append(float(taken["s"]))
        rule.megabytes = max(rule.megabytes, float(taken["max_rss"]))
    return found


def import_seconds(rule: str) -> float:
    """Seconds until a rule's script has imported what it needs; it does nothing without Snakemake."""
    script = ROOT / "scripts" / f"{rule}.py"
    if not script.exists():
        return 0.0
    start = time.monotonic()
    subprocess.run([sys.executable, str(script)], env=os.environ | {"PYTHONPATH": str(ROOT / "scripts")}, check=True)
    return time.monotonic() - start


def report(case: str, title: str, first: Run, again: Run, rules: dict[str, Rule]) -> str:
    """One case as Markdown."""
    n_jobs = sum(len(rule.seconds) for rule in rules.values())
    imports = {name: import_seconds(name) for name in rules}
    importing = sum(imports[name] * len(rule.seconds) for name, rule in rules.items())
    seconds_bar, memory_bar = BARS[case]

    def beside(value: float, bar: float | None) -> str:
        return "" if bar is None else f" (≤ {bar}: {'yes' if value <= bar else 'no'})"

    rows = [
        [
            name,
            str(len(rule.seconds)),
            f"{sum(rule.seconds):.1f}",
            f"{imports[name] * len(rule.seconds):.1f}",
            f"{rule.megabytes / 1000:.2f}",
        ]
        for name, rule in sorted(rules.items(), key=lambda item: -sum(item[1].seconds))
    ]
    return (
        f"### {title}\n\n"
        f"- {n_jobs} jobs: {first.wall:.0f} s{beside(first.wall, seconds_bar)} of the clock, {first.cpu:.0f} s of processors, "
        f"{first.peak_gb:.2f} GB{beside(first.peak_gb, memory_bar)} at most in all processes together.\n"
        f"- Again with nothing to do: {again.wall:.1f} s{beside(again.wall, NOTHING_TO_DO)}, {again.cpu:.1f} s of processors: "
        "what Snakemake itself takes to start, read the rules and plan.\n"
        f"- Python's start and imports in the jobs: {importing:.0f} s together.\n\n"
        + markdown(["rule", "jobs", "seconds, all jobs", "of it start and imports", "peak of a job (GB)"], rows)
    )


def measure_case(case: str, n_samples: int, n_genes: int) -> str:
    """Run one case; its Markdown."""
    with tempfile.TemporaryDirectory(prefix="pipeline-") as temporary:
        folder = Path(temporary)
        cohort = DEMO if case == "demo" else large_cohort(folder, n_samples, n_genes)
        first = run_snakemake(folder, cohort)
        rules = rules_of(next((folder / "results").iterdir()))
        again = run_snakemake(folder, cohort)
        title = "The demo cohort" if case == "demo" else f"{n_samples:,} samples × {n_genes:,} genes"
        return report(case, title, first, again, rules)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", nargs="+", choices=tuple(BARS), default=tuple(BARS), help="which to run (both)")
    parser.add_argument("--samples", type=int, default=5000, help="of the large cohort (%(default)s)")
    parser.add_argument("--genes", type=int, default=20_000, help="of the large cohort (%(default)s)")
    options = parser.parse_args()
    for case in options.cases:
        print(measure_case(case, options.samples, options.genes), flush=True)


if __name__ == "__main__":
    main()
