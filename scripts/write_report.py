"""Write the page of a cohort: gather what was found, render it."""

from lateralis.job import run

from lateralis.config import Cohort
from lateralis.io import write_text
from lateralis.report.cohort_page import cohort_page
from lateralis.report.findings import read_findings


def main(snakemake):
    cohort = Cohort(**snakemake.params.cohort)
    write_text(snakemake.output[0], cohort_page(cohort, read_findings(cohort, snakemake.input)))


if "snakemake" in globals():
    run(main, snakemake)
