"""The files of a GEO submission that people read: metadata.xlsx and README.txt."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from textwrap import fill

import xlsxwriter

from lateralis.config import Cohort
from lateralis.records.geo import TEMPLATE, Submission, blank_fields, file_names
from lateralis.records.spreadsheet import new_workbook

README = """\
{title}: for submission to NCBI GEO
{line}

BEFORE YOU SEND IT. GEO is public. The matrices hold the count of every gene in every sample, and 20,000 genes of one person
identify that person. Send them only if the participants consented to publication; else use an archive with controlled
access (dbGaP, EGA).
{warnings}
What is here
  {raw}    raw counts, integers, genes x samples
  {normalised}    the same, divided by size factors
  metadata.xlsx    the sheets "Metadata" and "MD5 Checksums"
  md5sums.txt    checksums of all files; check with: md5sum -c md5sums.txt

Sections and fields are those of {template}.
GEO accepts its newest template only: download it from https://www.ncbi.nlm.nih.gov/geo/info/seq.html, and paste the rows
of metadata.xlsx into it.

{count} samples. Samples that the cohort's file excludes are not among them. Participants, families and reasons are in no
file. Which variables are shown is set by `report.variables` in the cohort's file.

What you have to fill, because it is known to nobody here:
{blank}
Titles of samples are condition and number; GEO suggests the material in front. Add your raw files (fastq), their MD5, and
for paired reads the section PAIRED-END EXPERIMENTS.

Keep this README to yourself; GEO needs the other files only.
"""


def write_metadata(path: str | Path, made: Submission, checksums: Mapping[str, str]) -> None:
    """Write metadata.xlsx.

    Parameters
    ----------
    path : of the workbook
    made : the submission
    checksums : name of a processed file → MD5
    """
    with new_workbook(path) as book:
        bold = book.add_format({"bold": True})
        sheet = book.add_worksheet("Metadata")
        sheet.set_column(0, 0, 34)
        sheet.set_column(1, len(made.samples.columns), 22)
        row = 0
        for line in (f"# Fields as in {TEMPLATE}.", "# Paste into the newest template. * required; ** one of them is."):
            sheet.write_string(row, 0, line)
            row += 1
        row = _pairs(sheet, row + 1, "STUDY", made.study, bold)
        sheet.write_string(row, 0, "SAMPLES", bold)
        for column, name in enumerate(made.samples.columns):
            sheet.write_string(row + 1, column, str(name), bold)
        for number, sample in enumerate(made.samples.itertuples(index=False), start=row + 2):
            for column, cell in enumerate(sample):
                sheet.write_string(number, column, str(cell))
        row = _pairs(sheet, row + 3 + len(made.samples), "PROTOCOLS", made.protocols, bold)
        sheet.write_string(row, 0, "PAIRED-END EXPERIMENTS", bold)
        for column in range(4):
            sheet.write_string(row + 1, column, f"file name {column + 1}", bold)
        _checksums(book, checksums, bold)


def _pairs(
    sheet: xlsxwriter.worksheet.Worksheet, row: int, title: str, pairs: list[tuple[str, str]], bold: object
) -> int:
    """Write a section of fields and values; the row where the next one starts."""
    sheet.write_string(row, 0, title, bold)
    for number, (field, value) in enumerate(pairs, start=row + 1):
        sheet.write_string(number, 0, field, bold)
        sheet.write_string(number, 1, value)
    return row + len(pairs) + 2


def _checksums(book: xlsxwriter.Workbook, checksums: Mapping[str, str], bold: object) -> None:
    """The sheet MD5 Checksums, with the template's places: raw files in columns A and B, processed ones in F and G."""
    sheet = book.add_worksheet("MD5 Checksums")
    for first, title in ((0, "RAW FILES"), (5, "PROCESSED DATA FILES")):
        sheet.write_string(6, first, title, bold)
        sheet.write_string(7, first, "file name", bold)
        sheet.write_string(7, first + 1, "file checksum", bold)
        sheet.set_column(first, first + 1, 36)
    for row, (name, digest) in enumerate(checksums.items(), start=8):
        sheet.write_string(row, 5, name)
        sheet.write_string(row, 6, digest)


def readme(cohort: Cohort, made: Submission) -> str:
    """What a submitter has to know and to fill, as plain text."""
    return README.format(
        title=cohort.title,
        line="=" * (len(cohort.title) + len(": for submission to NCBI GEO")),
        warnings="".join(f"\n{fill(f'WARNING. {warning}', 120)}\n" for warning in made.warnings),
        template=TEMPLATE,
        count=len(made.samples),
        blank="".join(f"  - {field}\n" for field in blank_fields(made)),
        **file_names(cohort),
    )
