"""Decides which counts a cohort starts from: one entry for all formats, samples matched to the sheet by name, both ways."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

import pandas as pd

from lateralis.config import Counts
from lateralis.errors import InputError, listing
from lateralis.inputs.files import check_file, check_sha256
from lateralis.inputs.formats import anndata_file, featurecounts, htseq, matrix, nfcore, samplewise, star, transcripts
from lateralis.inputs.formats.content import Parsed, check_ids, repeated, whole_counts
from lateralis.inputs.rawness import log_intensities, suspicions
from lateralis.names import check_names

ESTIMATED = {"salmon": "salmon", "kallisto": "kallisto", "nfcore": "nf-core/rnaseq"}  # format: program


@dataclass(frozen=True)
class OneFile:
    """How to read a format that holds all samples in one file."""

    sample_names: Callable[[str], list[str]]
    read: Callable[[str], Parsed]


ONE_FILE = {
    "matrix": OneFile(matrix.sample_names, matrix.read),
    "featurecounts": OneFile(featurecounts.sample_names, featurecounts.read),
    "nfcore": OneFile(nfcore.sample_names, nfcore.read),
    "h5ad": OneFile(anndata_file.sample_names, anndata_file.read),
}


@dataclass(frozen=True)
class CountTable:
    """Counts of a cohort, checked.

    Attributes
    ----------
    counts : (n_genes, n_samples) int64; index gene ids as given, named `gene_id`; columns samples in the sheet's order
    lengths : (n_genes, n_samples) float64, average transcript lengths in bases; salmon and kallisto only
    gene_names : (n_genes,) symbols by gene id, where the file carries them
    notes : sentences on what was inferred or changed; they name no sample
    """

    counts: pd.DataFrame
    lengths: pd.DataFrame | None = None
    gene_names: pd.Series | None = None
    notes: list[str] = field(default_factory=list)


def source_files(spec: Counts, samples: list[str]) -> dict[str, str]:
    """Path of the file that each sample's counts come from; the same for all where the format has one file.

    A file that exists only with `.gz` behind its name is found. Nothing is checked.
    """
    if spec.one_file:
        return dict.fromkeys(samples, spec.path)
    return samplewise.sample_files(spec.path, spec.file_pattern, samples)


def absent_samples(spec: Counts, listed: Collection[str], excluded: Collection[str]) -> tuple[list[str], list[str]]:
    """Excluded samples that the counts lack, and those that the sheet lacks; they stay in the ledger.

    Parameters
    ----------
    spec : where the counts are
    listed : rows of the sheet
    excluded : samples that the config excludes

    Returns
    -------
    without_counts, without_row : names, in the order of `excluded`
    """
    if not excluded:
        return [], []
    names = list(dict.fromkeys([*listed, *excluded]))
    if spec.one_file:
        check_file(spec.path)
        found = ONE_FILE[spec.format].sample_names(spec.path)
        counted = set(featurecounts.names_or_stems(found, names)[0] if spec.format == "featurecounts" else found)
    else:
        counted = {name for name, path in source_files(spec, names).items() if os.path.exists(path)}
    return (
        [name for name in excluded if name in listed and name not in counted],
        [name for name in excluded if name not in listed and name in counted],
    )


def check_counts_header(spec: Counts, samples: list[str], sheet: str, set_aside: Collection[str] = ()) -> None:
    """Check, before any job and without reading the counts, that there is a readable source for each sample.

    Parameters
    ----------
    spec : where the counts are
    samples : ids in the sample sheet
    sheet : path of the sample sheet, for messages
    set_aside : excluded samples, which may lack counts or a row

    Raises
    ------
    InputError
        A file is missing, empty or of another kind, its checksum differs, or its samples are not those of the sheet.
    """
    if repeated(samples):
        raise InputError(
            sheet, f"samples stand more than once: {listing(repeated(samples))}", "Give each sample one row"
        )
    if spec.one_file:
        check_file(spec.path)
        check_sha256(spec.path, spec.sha256)
        _names_in_file(spec, samples, sheet, set_aside)
        return
    samplewise.check_sample_files(spec.path, spec.file_pattern, samples, sheet, set_aside)
    without_counts, _ = absent_samples(spec, samples, set_aside)
    samples = [sample for sample in samples if sample not in without_counts]
    if spec.tx2gene is not None:
        transcripts.check_tx2gene(spec.tx2gene)
    for path in source_files(spec, samples).values():
        if spec.format == "star":
            star.check_header(path)
        elif spec.format == "htseq":
            htseq.check_header(path)
        else:
            transcripts.check_header(path, spec.format)


def read_counts(spec: Counts, samples: list[str], set_aside: Collection[str] = (), assay: str = "counts") -> CountTable:
    """Read and check the counts of all samples.

    Parameters
    ----------
    spec : where the counts are
    samples : ids in the sample sheet; the columns of the result
    set_aside : samples whose counts are not taken, because the sheet lacks them and the config excludes them
    assay : `counts`; or `log_intensity`, whose values may be fractions

    Raises
    ------
    InputError
        With file, gene, sample and value of the first cell that is no count; repeated gene ids or samples; samples that
        are not those of the sheet; samples without a single count; a file that is truncated or corrupt.
    """
    files = source_files(spec, samples)
    if spec.one_file:
        names, note = _names_in_file(spec, samples, "the sample sheet", set_aside)
        parsed = ONE_FILE[spec.format].read(spec.path)
        values = parsed.values.set_axis(pd.Index(names, dtype=object), axis=1)
        notes = [*([note] if note else []), *parsed.notes]
    else:
        samplewise.check_sample_files(spec.path, spec.file_pattern, samples, "the sample sheet", set_aside)
        parsed = _read_samplewise(spec, files)
        values, notes = parsed.values, list(parsed.notes)
    if values.columns.tolist() != samples:
        values = values[samples]
    check_names(values.index, spec.path, "gene")
    if parsed.gene_names is not None:
        check_names(parsed.gene_names, spec.path, "gene_name")
    if assay == "log_intensity":
        check_ids(values.index, spec.path)
        table = log_intensities(values, spec.path)
        table.index = table.index.rename("gene_id")
        return CountTable(table, None, parsed.gene_names, notes)
    if spec.format in ESTIMATED:
        notes.append(f"Counts estimated by {ESTIMATED[spec.format]} were rounded to whole numbers.")
    counts = whole_counts(values, files, estimated=spec.format in ESTIMATED)
    counts.index = counts.index.rename("gene_id")
    notes += suspicions(counts)
    lengths = None if parsed.lengths is None else _positive(parsed.lengths[samples], files)
    return CountTable(counts, lengths, parsed.gene_names, notes)


def _read_samplewise(spec: Counts, files: dict[str, str]) -> Parsed:
    if spec.format == "star":
        return star.read(files, spec.strand)
    if spec.format == "htseq":
        return htseq.read(files)
    assert spec.tx2gene is not None  # the config model sees to it
    return transcripts.read(files, spec.format, spec.tx2gene)


def _names_in_file(
    spec: Counts, samples: list[str], sheet: str, set_aside: Collection[str]
) -> tuple[list[str], str | None]:
    """Sample names in the order of the file, known to be those of the sheet; and a note when they were changed."""
    names = ONE_FILE[spec.format].sample_names(spec.path)
    note = None
    if spec.format == "featurecounts":
        names, note = featurecounts.names_or_stems(names, samples)
    check_names(names, spec.path, "sample")
    if not names:
        raise InputError(spec.path, "has no sample", "It needs one column a sample")
    if repeated(names):
        raise InputError(
            spec.path,
            f"samples stand more than once: {listing(repeated(names))}",
            "Give each sample one column of its own",
        )
    known = {*samples, *set_aside}
    unlisted = [name for name in names if name not in known]
    found = set(names)
    uncounted = [name for name in samples if name not in found and name not in set_aside]
    problems = [f"no row in {sheet} for {listing(unlisted)}"] if unlisted else []
    problems += [f"no counts for {listing(uncounted)}, which {sheet} lists"] if uncounted else []
    if problems:
        raise InputError(spec.path, "; ".join(problems), _likely_cause(unlisted, uncounted))
    return names, note


def _likely_cause(unlisted: list[str], uncounted: list[str]) -> str:
    """What to do about names that do not match, guessed from how they differ."""
    if {"Chr", "Start", "End"}.issubset(unlisted):
        return "The table looks like featureCounts': set `format: featurecounts`"
    if "gene_name" in unlisted:
        return "The table has a column `gene_name`, as nf-core/rnaseq writes it: set `format: nfcore`, or remove the column"
    if set(unlisted).intersection(_as_in_r(name) for name in uncounted):
        return "R changed the names: write the table again from data read with check.names = FALSE"
    if {_loose(name) for name in unlisted}.intersection(_loose(name) for name in uncounted):
        return "Some names differ only in case, spaces or punctuation: they must be the same to the letter"
    return "Each sample needs a row in the sheet and its counts; to leave one out, keep both and use `samples.exclude`"


def _as_in_r(name: str) -> str:
    """The name as R's `make.names` changes it."""
    name = re.sub(r"[^A-Za-z0-9._]", ".", name)
    return f"X{name}" if re.match(r"[0-9_]|\.[0-9]", name) else name


def _loose(name: str) -> str:
    return re.sub(r"[\W_]", "", name).casefold()


def _positive(lengths: pd.DataFrame, files: dict[str, str]) -> pd.DataFrame:
    """The lengths, which must be above 0: their logarithm becomes an offset."""
    bad = ~(lengths.to_numpy() > 0)
    if bad.any():
        row, column = divmod(int(bad.argmax()), bad.shape[1])
        sample = lengths.columns[column]
        raise InputError(
            f"{files[sample]}, gene '{lengths.index[row]}', sample '{sample}'",
            f"the average transcript length is {lengths.iat[row, column]}",
            "Effective lengths are above 0 where a transcript is expressed",
        )
    return lengths
