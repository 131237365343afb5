"""Write the folder that may leave the house, and search it for identifiers before it gets its name."""

from lateralis.job import run

from lateralis.config import Cohort
from lateralis.io import atomic_folder, read_table, write_table, write_text
from lateralis.report.cohort_page import cohort_page
from lateralis.report.findings import read_findings
from lateralis.report.leaks import refuse_leaks
from lateralis.report.release import key_table, release
from lateralis.report.workbook import write_workbook


def main(snakemake):
    cohort = Cohort(**snakemake.params.cohort)
    found = release(cohort, read_findings(cohort, snakemake.input))
    with atomic_folder(snakemake.output.folder) as unchecked:
        write_parts(unchecked, cohort, found, snakemake.input.summary)
        refuse_leaks(unchecked, found.ids, values=found.participants)
    write_table(snakemake.output.key, key_table(found.key))


def write_parts(folder, cohort, found, summary):
    """Page, workbook and tables of groups."""
    findings = found.findings
    write_text(folder / "report.html", cohort_page(cohort, findings, shared=True))
    samples = findings.data.obs[findings.variables].rename_axis("sample").reset_index() if found.participants else None
    write_workbook(folder / "results.xlsx", cohort, findings, samples)
    shown = [contrast for contrast in findings.contrasts if contrast["status"] == "tested"]
    for contrast in shown:
        write_table(folder / contrast["results_path"], contrast["results"])
    table = read_table(summary)
    write_table(folder / "summary.tsv", table[table["contrast"].isin([contrast["name"] for contrast in shown])])
    if findings.signature is not None:
        write_table(folder / "signature.tsv", findings.signature)


if "snakemake" in globals():
    run(main, snakemake)
