"""Reads which samples are one person's by genotype, as somalier or NGSCheckMate found them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from lateralis.errors import InputError, listing
from lateralis.inputs.files import text_lines
from lateralis.stages import Relatedness

SAME_PERSON = 0.8  # somalier's relatedness; parent and child, or siblings, are near 0.5
SUFFIXES = (".gz", ".vcf", ".bam", ".cram", ".fastq", ".fq")
COLUMNS = ("sample_a", "sample_b", "similarity", "same_person", "source")


def read_relatedness(spec: Relatedness, samples: pd.Index) -> pd.DataFrame:
    """Pairs of the cohort's samples and whether they are one person's; those that the tool could not compare are left out.

    Parameters
    ----------
    spec : the config's `qc.relatedness`: somalier's pairs.tsv, or NGSCheckMate's output_all.txt
    samples : names; pairs with others are left out

    Returns
    -------
    DataFrame with `COLUMNS`; similarity is somalier's relatedness or NGSCheckMate's correlation

    Raises
    ------
    InputError
        With the file, the row, what was found and what would be right; also where no pair is of the cohort.
    """
    lines = [
        line.rstrip("\n")
        for line in text_lines(spec.path, f"`qc.relatedness` must name {spec.format}'s table of pairs")
    ]
    parse = _somalier if spec.format == "somalier" else _ngscheckmate
    pairs = [
        parse(spec.path, lines, number)
        for number in range(spec.format == "somalier", len(lines))
        if lines[number].strip()
    ]
    table = pd.DataFrame([(*pair, spec.format) for pair in pairs], columns=list(COLUMNS))
    table = table[np.isfinite(table["similarity"].to_numpy(dtype=float))]  # nan: no site was covered in both
    known = table["sample_a"].isin(samples) & table["sample_b"].isin(samples)
    if not known.any():
        found = listing(table["sample_a"].unique()) if len(table) else "no pair"
        raise InputError(
            spec.path, f"names no pair of the cohort's samples, but {found}", "Names must be those of the sheet"
        )
    return table[known].reset_index(drop=True)


def _somalier(path: str, lines: list[str], number: int) -> tuple[str, str, float, bool]:
    header = lines[0].lstrip("#").split("\t")
    if header[:3] != ["sample_a", "sample_b", "relatedness"]:
        raise InputError(
            f"{path}, row 1", f"reads '{lines[0][:60]}'", "somalier's pairs begin with #sample_a, sample_b, relatedness"
        )
    fields = lines[number].split("\t")
    value = _number(path, number, fields, 2, len(header))
    return fields[0], fields[1], value, value >= SAME_PERSON


def _ngscheckmate(path: str, lines: list[str], number: int) -> tuple[str, str, float, bool]:
    fields = lines[number].split("\t") if "\t" in lines[number] else lines[number].split()
    value = _number(path, number, fields, 3, 5)
    if fields[1] not in ("matched", "unmatched"):
        raise InputError(f"{path}, row {number + 1}", f"says '{fields[1]}'", "NGSCheckMate says matched or unmatched")
    return _bare(fields[0]), _bare(fields[2]), value, fields[1] == "matched"


def _number(path: str, number: int, fields: list[str], place: int, width: int) -> float:
    if len(fields) != width:
        raise InputError(f"{path}, row {number + 1}", f"has {len(fields)} fields", f"It needs {width}")
    try:
        return float(fields[place])
    except ValueError:
        raise InputError(f"{path}, row {number + 1}", f"found '{fields[place]}'", "A number is needed") from None


def _bare(name: str) -> str:
    """A sample's name without folder and the suffixes of sequence files."""
    name = name.rsplit("/", 1)[-1]
    while name.endswith(SUFFIXES):
        name = name.rsplit(".", 1)[0]
    return name
