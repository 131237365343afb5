"""Reads the list of genes that size factors are taken from, one gene id a line."""

from __future__ import annotations

from lateralis.errors import InputError
from lateralis.inputs.files import text_lines


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
    lines = text_lines(path, "`size_factors.control_genes` must name a list of gene ids")
    genes = list(dict.fromkeys(filter(None, map(str.strip, lines))))
    if not genes:
        raise InputError(path, "names no gene", "Give one gene id a line, or remove `size_factors.control_genes`")
    return genes
