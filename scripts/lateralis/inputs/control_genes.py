"""Reads the list of genes that size factors are taken from, one gene id a line."""

from __future__ import annotations

from pathlib import Path

from lateralis.errors import InputError
from lateralis.inputs.formats.text import open_text


def read_control_genes(path: str) -> list[str]:
    """Gene ids of a list, each once, in the file's order.

    Parameters
    ----------
    path : text file in UTF-8, plain or gzipped; one id a line, empty lines do no harm

    Raises
    ------
    InputError
        The file cannot be read or names no gene.
    """
    if not Path(path).is_file():
        raise InputError(path, "there is no such file", "`size_factors.control_genes` must name a list of gene ids")
    with open_text(path) as handle:
        lines = handle.read().decode("utf-8-sig").splitlines()
    genes = list(dict.fromkeys(filter(None, map(str.strip, lines))))
    if not genes:
        raise InputError(path, "names no gene", "Give one gene id a line, or remove `size_factors.control_genes`")
    return genes
