"""Reads salmon's and kallisto's transcripts and sums them to genes, with the average transcript lengths of each gene.

Source: Soneson, Love & Robinson 2015, doi:10.12688/f1000research.7563.2; the numbers are those of R's tximport with
countsFromAbundance = "no" (tests/oracle/tximport), the code is our own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from lateralis.errors import InputError, listing
from lateralis.inputs.formats.content import Parsed, check_amounts, repeated
from lateralis.inputs.formats.samplewise import aligned_tables
from lateralis.inputs.formats.text import Header, first_rows, read_header, read_rows


@dataclass(frozen=True)
class Columns:
    """Names of the columns of a quantification table."""

    transcript: str
    length: str
    abundance: str
    count: str


COLUMNS = {
    "salmon": Columns("Name", "EffectiveLength", "TPM", "NumReads"),
    "kallisto": Columns("target_id", "eff_length", "tpm", "est_counts"),
}


def check_header(path: str, program: str) -> None:
    """Raise `InputError` unless the header is salmon's or kallisto's."""
    _positions(path, program)


def check_tx2gene(path: str) -> None:
    """Raise `InputError` unless the first line of the table of transcripts has two fields."""
    first_rows(path, 1)


def read(files: Mapping[str, str], program: str, tx2gene: str) -> Parsed:
    """Read the file of each sample and sum its transcripts to genes.

    Parameters
    ----------
    files : file of each sample
    program : `salmon` or `kallisto`
    tx2gene : path of the table of transcript id and gene id

    Returns
    -------
    Parsed with estimated counts (fractions), and average lengths; genes sorted
    """
    read_one = partial(_read_one, program)
    first, first_path = next(iter(files.items()))
    transcripts = read_one(first, first_path).index
    genes, notes = match_transcripts(transcripts, read_tx2gene(tx2gene), tx2gene, first_path)
    known = genes.notna().to_numpy()
    codes, names = pd.factorize(genes[known], sort=True)

    def by_gene(values: pd.Series) -> np.ndarray:
        return np.bincount(codes, weights=values.to_numpy(dtype=float)[known], minlength=len(names))

    shape = (len(names), len(files))
    counts, abundance, weighted = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    lengths, reads = pd.Series(0.0, index=transcripts), 0.0
    # sample by sample: a matrix of 250,000 transcripts × 180 samples × 3 quantities would take a gigabyte
    for column, (_, table) in enumerate(aligned_tables(files, read_one, "transcript")):
        counts[:, column] = by_gene(table["count"])
        abundance[:, column] = by_gene(table["abundance"])
        weighted[:, column] = by_gene(table["abundance"] * table["length"])
        lengths += table["length"] / len(files)
        reads += float(table["count"].sum())
    average = average_lengths(weighted, abundance, by_gene(lengths) / np.bincount(codes, minlength=len(names)))
    if not known.all():
        notes.append(_left_out(known, reads, float(counts.sum())))
    index, columns = pd.Index(names, dtype=object, name="gene_id"), pd.Index(list(files), dtype=object)
    return Parsed(
        pd.DataFrame(counts, index=index, columns=columns),
        lengths=pd.DataFrame(average, index=index, columns=columns),
        notes=notes,
    )


def average_lengths(weighted: np.ndarray, abundance: np.ndarray, unweighted: np.ndarray) -> np.ndarray:
    """Average effective transcript length of each gene in each sample, weighted by abundance.

    Where a gene has no abundance in a sample, the geometric mean over the samples in which it has; where it has none in
    any, the unweighted mean of its transcripts.

    Parameters
    ----------
    weighted : (n_genes, n_samples) sums of abundance × effective length over the gene's transcripts
    abundance : (n_genes, n_samples) sums of abundance
    unweighted : (n_genes,) mean of effective lengths over transcripts and samples

    Returns
    -------
    (n_genes, n_samples) float, bases

    Source: R tximport, `summarizeToGene` and `replaceMissingLength`.
    """
    present = abundance > 0
    lengths = np.divide(weighted, abundance, out=np.full(weighted.shape, np.nan), where=present)
    with np.errstate(divide="ignore"):  # a length of 0 is refused later, by gene and sample
        logs = np.log(lengths, out=np.zeros(lengths.shape), where=present)
    times = present.sum(axis=1)
    geometric = np.exp(logs.sum(axis=1) / np.maximum(times, 1))
    return np.where(present, lengths, np.where(times > 0, geometric, unweighted)[:, None])


def read_tx2gene(path: str) -> pd.Series:
    """Gene id by transcript id, from the first two columns; a header does no harm.

    Raises
    ------
    InputError
        There are no two columns, an id is empty, or a transcript has two genes.
    """
    rows, delimiter, skipped = first_rows(path, 1)
    read = read_rows(path, Header(rows[0], delimiter, skipped), [], (0, 1))
    table = pd.DataFrame(read.texts).drop_duplicates()
    if (table == "").any(axis=None):
        row = int((table == "").any(axis=1).to_numpy().argmax())
        raise InputError(f"{path}, row {table.index[row] + 1}", "a transcript or gene id is empty", "Give both")
    if not table[0].is_unique:
        raise InputError(
            path, f"transcripts have two genes: {listing(repeated(table[0]))}", "Give each transcript one gene"
        )
    return pd.Series(table[1].to_numpy(), index=pd.Index(table[0], dtype=object))


def match_transcripts(
    transcripts: pd.Index, tx2gene: pd.Series, tx2gene_path: str, path: str
) -> tuple[pd.Series, list[str]]:
    """Gene of each transcript: by the id as it is, else up to the first `|` (GENCODE), else also without the version.

    The first of these three ways that finds most transcripts is taken for all of them.

    Parameters
    ----------
    transcripts : (n_transcripts,) ids in the quantification
    tx2gene : gene id by transcript id
    tx2gene_path, path : files, for messages

    Returns
    -------
    (n_transcripts,) gene ids, missing where the transcript is in no gene; and what to say about the way

    Source: R tximport, `ignoreAfterBar` and `ignoreTxVersion`.
    """
    ids = pd.Series(transcripts, dtype=object)
    before_bar = ids.str.replace(r"\|.*", "", regex=True)
    unversioned = pd.Series(tx2gene.to_numpy(), index=tx2gene.index.str.replace(r"\..*", "", regex=True))
    unversioned = unversioned[~unversioned.index.duplicated()]  # the first counts, as in R
    ways = [
        (ids.map(tx2gene), []),
        (
            before_bar.map(tx2gene),
            ["Transcripts were matched to genes by the part of their name before the first `|`."],
        ),
        (
            before_bar.str.replace(r"\..*", "", regex=True).map(unversioned),
            ["Transcripts were matched to genes without the version behind the dot of their id."],
        ),
    ]
    found = [float(genes.notna().mean()) for genes, _ in ways]
    if max(found) == 0:
        raise InputError(
            tx2gene_path,
            f"holds none of the transcripts of {path}; there {listing(transcripts[:3])}, here {listing(tx2gene.index[:3])}",
            "Take the table of the annotation that the transcripts come from",
        )
    best = next((way for way, share in enumerate(found) if share > 0.5), found.index(max(found)))
    return ways[best]


def _left_out(known: np.ndarray, reads: float, kept: float) -> str:
    """What the transcripts without a gene come to."""
    share = 1 - kept / reads if reads > 0 else 0.0
    return (
        f"{(~known).sum():,} of {len(known):,} transcripts are not in the table of genes and were left out, "
        f"with {share:.2%} of the reads."
    )


def _positions(path: str, program: str) -> tuple[Header, dict[str, int]]:
    """Header of a quantification, and where in it each quantity stands."""
    header, columns = read_header(path), COLUMNS[program]
    missing = [name for name in vars(columns).values() if name not in header.fields]
    if missing:
        raise InputError(
            path,
            f"has no column {listing(missing)} among {listing(header.fields)}",
            f"Give the table that {program} wrote",
        )
    return header, {quantity: header.fields.index(name) for quantity, name in vars(columns).items()}


def _read_one(program: str, sample: str, path: str) -> pd.DataFrame:
    """Length, abundance and count by transcript id."""
    header, positions = _positions(path, program)
    quantities = ["length", "abundance", "count"]
    place = positions["transcript"]
    rows = read_rows(path, header, [positions[quantity] for quantity in quantities], (place,))
    values = pd.DataFrame(rows.numbers, index=pd.Index(rows.texts[place], dtype=object), columns=quantities)
    for quantity in quantities:
        check_amounts(
            values[[quantity]].set_axis([sample], axis=1), {sample: path}, row="transcript", quantity=quantity
        )
    return values
