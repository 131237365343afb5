"""How many counts a cohort has, about, before they are read: what its jobs ask for in memory and time goes by it."""

from __future__ import annotations

import os
import zlib

from lateralis.inputs.files import GZIP_MAGIC
from lateralis.inputs.formats.anndata_file import gene_count
from lateralis.inputs.simulate.sizes import SIZES
from lateralis.sections import Input

WHOLE_ANNOTATION = 60_000  # genes of a human annotation, all of which other formats than tables list
TABLES = ("matrix", "featurecounts", "nfcore")
HEAD = 1 << 20  # bytes


def n_counts(given: Input) -> int:
    """Samples × genes: exact for built-in cohorts, else rows of the sheet times the rows that the counts have, about."""
    if given.simulate is not None:
        samples, genes = SIZES[given.simulate]
        return samples * genes
    assert given.samples is not None and given.counts is not None
    genes = WHOLE_ANNOTATION
    if given.counts.format in TABLES:
        genes = estimated_rows(given.counts.path)
    elif given.counts.format == "h5ad":
        genes = gene_count(given.counts.path)
    return estimated_rows(given.samples) * genes


def estimated_rows(path: str) -> int:
    """Rows of a text table below its header, plain or gzipped: its size by the length of its first rows; at least 1."""
    with open(path, "rb") as handle:
        head = handle.read(HEAD)
    text, taken = head, len(head)
    if head.startswith(GZIP_MAGIC):
        unzip = zlib.decompressobj(zlib.MAX_WBITS | 16)
        text = unzip.decompress(head, 16 * HEAD)  # a small file may hold gigabytes
        # bgzip writes one member after another; the first is enough
        taken -= len(unzip.unused_data) + len(unzip.unconsumed_tail)
    lines = text.count(b"\n") * os.path.getsize(path) / max(taken, 1)
    return max(round(lines) - 1, 1)
