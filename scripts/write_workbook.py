"""Write results.xlsx: every contrast in a sheet, for those who read tables in a spreadsheet."""

from lateralis.job import run

from lateralis.config import Cohort
from lateralis.report.findings import read_findings
from lateralis.report.workbook import write_workbook


def main(snakemake):
    cohort = Cohort(**snakemake.params.cohort)
    findings = read_findings(cohort, snakemake.input, page=False)
    variables = findings.data.obs[findings.variables].rename_axis("sample").reset_index()
    write_workbook(snakemake.output[0], cohort, findings, findings.ledger.merge(variables, how="left", on="sample"))


if "snakemake" in globals():
    run(main, snakemake)
