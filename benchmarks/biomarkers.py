"""Time the search for a panel: 20 repeats of 5 x 5 nested cross-validation and 200 permutations, and the demo's small form.

Run as `python benchmarks/biomarkers.py --threads 2`. It takes two of the groups of `simulate.py`'s cohort, 130 people x 20,000
genes with batch, sex and age, and prints lines for RESULTS.md. Compiling the kernel stands apart, before the clock starts.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

from simulate import simulate_counts, simulate_design
from stopwatch import peak_memory

from lateralis.biology.biomarkers.assess import PANEL, assess
from lateralis.biology.biomarkers.expression import counts_expression
from lateralis.biology.biomarkers.panel import Task
from lateralis.biology.biomarkers.performance import area
from lateralis.config import Biomarkers, GeneFilter
from lateralis.model.compared import FOLDS

BAR = 300  # seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=130)
    parser.add_argument("--genes", type=int, default=20_000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--scales", nargs="+", default=["small", "large"])
    options = parser.parse_args()
    counts, task = two_groups(options.people, options.genes)
    begun = time.perf_counter()
    part = counts[:40, :300], Task(*(field[:40] for field in task[:5]), 50)
    assess(counts_expression(part[0], GeneFilter()), part[1], repeats=1, permutations=1, seed=1)
    print(f"Imports done; kernel loaded or compiled: {time.perf_counter() - begun:.1f} s.", file=sys.stderr)
    for scale in options.scales:
        asked = Biomarkers(contrasts=["x"], scale=scale)
        begun, cpu = time.perf_counter(), time.process_time()
        expression = counts_expression(counts, GeneFilter())
        found = assess(
            expression,
            Task(*task[:5], asked.max_genes),
            repeats=asked.repeats,
            permutations=asked.permutations,
            seed=1,
            threads=options.threads,
        )
        wall, cpu = time.perf_counter() - begun, time.process_time() - cpu
        bar = f" (≤ {BAR}: {'yes' if wall <= BAR else 'no'})" if scale == "large" else ""
        print(
            f"- {scale}: {asked.repeats} repeats of {FOLDS} x {FOLDS} for panel and panel with covariates, "
            f"{asked.permutations} permutations, {len(counts)} people x {options.genes:,} genes, {options.threads} threads: "
            f"{wall:.1f} s of the clock{bar}, {cpu:.1f} s of processors, peak {peak_memory() / 1e6:.2f} GB.",
            flush=True,
        )
        auc = area(found.people[PANEL], FOLDS).value
        print(f"AUC {auc:.3f}; load of the machine meanwhile {os.getloadavg()[1]:.1f}.", file=sys.stderr)


def two_groups(people: int, genes: int) -> tuple[np.ndarray, tuple]:
    """Counts of ALS and controls, (people, genes), and what a task is made of but for its last part."""
    obs, design = simulate_design(2 * people)
    kept = obs["group"].isin(["als", "control"]).to_numpy()
    counts = simulate_counts(design, genes)[kept]
    obs = obs[kept]
    number = np.arange(len(obs))
    covariates = obs[["batch", "sex", "age"]]
    return counts, ((obs["group"] == "als").to_numpy(), obs.index.to_numpy(dtype=object), number, number, covariates)


if __name__ == "__main__":
    main()
