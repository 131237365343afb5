"""Write a built-in cohort with its truth and planted faults: for demos, tests and a first look without data."""

from lateralis.job import run

from typing import Any

from lateralis.inputs.simulate.cohorts import simulate_cohort
from lateralis.io import write_table


def main(snakemake: Any) -> None:
    """Simulate the design that the params name and write its four tables."""
    cohort = simulate_cohort(snakemake.params.design, snakemake.params.seed)
    write_table(snakemake.output.counts, cohort.counts, index=True)
    write_table(snakemake.output.samples, cohort.samples)
    write_table(snakemake.output.truth, cohort.truth)
    write_table(snakemake.output.faults, cohort.faults)
    n_genes, n_samples = cohort.counts.shape
    print(
        f"Simulated {snakemake.params.design} with seed {snakemake.params.seed}: {n_genes} genes, {n_samples} samples."
    )


if "snakemake" in globals():
    run(main, snakemake)
