"""What is known of each gene: symbol, chromosome and biotype, from the shipped human table or the user's own file."""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

import numpy as np
import pandas as pd

from lateralis.errors import InputError, listing
from lateralis.inputs.files import LONGEST_LINE, check_memory, text_lines

WANTED = "`annotation` must name a GTF file or a table of genes"
SHIPPED_TABLE = Path(__file__).resolve().parents[3] / "resources" / "genes" / "human_genes.tsv.gz"
COLUMNS = ["gene_name", "chromosome", "biotype"]

# An Ensembl stable id of any species, with what GENCODE adds: version, lift-over suffix, and the mark of the Y copy of a
# pseudo-autosomal gene, which releases up to 24 wrote as ENSGR… for ENSG0….
ENSEMBL_ID = re.compile(r"^(ENS[A-Z]*?[EGPT])(R?)(\d{10,11})(?:\.\d+)?(?:_\d+)?(_PAR_Y)?$")
REFSEQ_CHROMOSOME = re.compile(r"^NC_0000(\d\d)\.\d+$")
REFSEQ_NAMES = {"23": "X", "24": "Y"}
ASSEMBLED = re.compile(r"^(\d{1,2}|X|MT)$")


def strip_version(ids: Iterable[str]) -> pd.Index:
    """Ensembl ids without version and `_PAR_Y`; other ids, such as the clone name `AC010970.1`, as they are."""
    return pd.Index([_bare_id(str(gene_id)) for gene_id in ids], dtype=object)


def is_par_y(ids: Iterable[str]) -> pd.Series:
    """Whether an id is GENCODE's for the Y copy of a pseudo-autosomal gene, one value an id."""
    matches = (ENSEMBL_ID.match(str(gene_id)) for gene_id in ids)
    return pd.Series([match is not None and bool(match[2] or match[4]) for match in matches], dtype=bool)


def _bare_id(gene_id: str) -> str:
    match = ENSEMBL_ID.match(gene_id)
    if match is None:
        return gene_id
    return match[1] + ("0" if match[2] else "") + match[3]


def normalise_chromosome(name: str) -> str:
    """Chromosome as Ensembl writes it: `chrM` is `MT`, `chr1` and RefSeq's `NC_000001.11` are `1`."""
    refseq = REFSEQ_CHROMOSOME.match(name)
    if refseq:
        return REFSEQ_NAMES.get(refseq[1], refseq[1].lstrip("0"))
    if name.startswith("NC_012920."):
        return "MT"
    bare = name[3:] if name.lower().startswith("chr") else name
    return "MT" if bare in ("M", "MT") else bare


def read_annotation(path: str | Path | None = None) -> pd.DataFrame:
    """Read a gene annotation.

    Parameters
    ----------
    path : file, optional
        GTF (`.gtf`, `.gtf.gz`; Ensembl, GENCODE or RefSeq) or a table, tab- or comma-separated, with columns gene_id,
        gene_name and, optionally, chromosome and biotype. Default: the shipped human genes.

    Returns
    -------
    DataFrame, index gene_id without version, unique; columns gene_name, chromosome, biotype, empty where unknown.

    Raises
    ------
    InputError
        Where the file cannot be read as either, or gives one gene two names.
    """
    source = SHIPPED_TABLE if path is None else Path(path)
    plain_name = source.name.lower().removesuffix(".gz")
    if plain_name.endswith((".gff", ".gff3")):
        raise InputError(str(source), "is a GFF3 file", "Give the GTF file of the same release, or a table of genes")
    if path is None:  # tests check it as they would a user's
        genes = pd.read_csv(source, sep="\t", dtype=str, keep_default_na=False)
    else:
        genes = _read_gtf(source) if plain_name.endswith(".gtf") else _read_gene_table(source)
    genes["chromosome"] = genes["chromosome"].map(
        {name: normalise_chromosome(name) for name in genes["chromosome"].unique()}
    )
    return _one_row_a_gene(genes, str(source))


def annotate(gene_ids: Iterable[str], annotation: pd.DataFrame, gene_names: pd.Series | None = None) -> pd.DataFrame:
    """What an annotation says of the genes of a count file.

    Parameters
    ----------
    gene_ids : ids as the count file gives them: Ensembl ids with or without version, or symbols
    annotation : as `read_annotation` returns it
    gene_names : symbols that the count file itself carries, index gene id, unique; empty ones are looked up

    Returns
    -------
    DataFrame, index gene_ids verbatim; ensembl_id (without version; the id itself when it is no Ensembl id), gene_name
    (the id where no symbol is known), chromosome and biotype (empty where unknown). A gene whose id the annotation does
    not place, because it is a symbol or a retired id, takes place and biotype of the gene with its symbol.
    """
    ids = pd.Index(list(gene_ids), dtype=object)
    ensembl_id = strip_version(ids)
    known = annotation.reindex(ensembl_id).fillna("")
    given = np.full(len(ids), "", dtype=object) if gene_names is None else gene_names.reindex(ids).fillna("").to_numpy()
    symbol = np.where(given != "", given, known["gene_name"])
    symbol = np.where(symbol != "", symbol, ids)
    by_symbol = _gene_of_symbol(annotation).reindex(symbol).fillna("")
    found = pd.DataFrame({"ensembl_id": ensembl_id.to_numpy(), "gene_name": symbol}, index=ids, dtype=object)
    for column in ("chromosome", "biotype"):
        found[column] = np.where(known[column] != "", known[column], by_symbol[column])
    found.loc[is_par_y(ids).to_numpy(), "chromosome"] = "Y"
    return found.rename_axis("gene_id")


def _gene_of_symbol(annotation: pd.DataFrame) -> pd.DataFrame:
    """Chromosome and biotype of each symbol: of its gene on an assembled chromosome, X before Y, protein-coding first.

    A symbol of genes on several chromosomes, such as `Y_RNA`, has no chromosome.
    """
    placed = annotation[(annotation["gene_name"] != "") & (annotation["chromosome"] != "")].reset_index(drop=True)
    assembled = placed["chromosome"].str.match(ASSEMBLED)
    rank = (~assembled).astype(int) + (~assembled & (placed["chromosome"] != "Y")).astype(int)
    best = placed[rank == rank.groupby(placed["gene_name"]).transform("min")]
    best = best.iloc[(best["biotype"] != "protein_coding").to_numpy().argsort(kind="stable")]
    chromosomes = best.groupby("gene_name", sort=False)["chromosome"].nunique()
    first = best.drop_duplicates("gene_name").set_index("gene_name")[["chromosome", "biotype"]]
    first.loc[chromosomes.index[chromosomes > 1], "chromosome"] = ""
    return first


def _one_row_a_gene(genes: pd.DataFrame, where: str) -> pd.DataFrame:
    """Genes by id without version; the first row of those that share an id, as X and Y copies do in GENCODE."""
    genes = genes.assign(gene_id=strip_version(genes["gene_id"]))
    named = genes[genes["gene_name"] != ""].drop_duplicates(["gene_id", "gene_name"])
    twice = named.loc[named["gene_id"].duplicated(), "gene_id"].unique()
    if len(twice):
        raise InputError(where, f"gives {listing(twice)} more than one gene_name", "One gene has one name")
    return genes.drop_duplicates("gene_id").set_index("gene_id")[COLUMNS]


def _read_gene_table(path: Path) -> pd.DataFrame:
    """A table of genes with gene_id and gene_name; chromosome and biotype empty where it has none."""
    lines = text_lines(str(path), WANTED)
    header = next(lines, "").rstrip("\n")
    csv.field_size_limit(LONGEST_LINE)
    rows = csv.reader(chain([header + "\n"], lines), delimiter="\t" if "\t" in header else ",", strict=True)
    try:
        columns = next(rows, [])
        absent = [column for column in ("gene_id", "gene_name") if column not in columns]
        if absent:
            raise InputError(
                str(path),
                f"has no column {listing(absent)}; its first line reads '{header[:80]}'",
                "An annotation is a GTF file, or a table with a header and columns gene_id, gene_name, chromosome, biotype",
            )
        wanted = [columns.index(column) if column in columns else None for column in ("gene_id", *COLUMNS)]
        genes = _gathered(_wanted_cells(rows, columns, wanted, path), path)
    except csv.Error as error:
        raise InputError(f"{path}, line {rows.line_num}", f"is no row of a table ({error})") from None
    table = pd.DataFrame(genes, columns=["gene_id", *COLUMNS], dtype=object)
    _check_rows(table, path)
    return table


def _wanted_cells(
    rows: Iterable[list[str]], columns: list[str], wanted: list[int | None], path: Path
) -> Iterator[tuple[str, ...]]:
    """The cells of each row at the places wanted, empty at None; a row of another width is an `InputError`."""
    for number, row in enumerate(filter(None, rows), start=2):
        if len(row) != len(columns):
            raise InputError(f"{path}, row {number}", f"has {len(row)} fields", f"The header has {len(columns)}")
        yield tuple("" if place is None else row[place] for place in wanted)


def _gathered(rows: Iterable[tuple[str, ...]], path: Path) -> list[tuple[str, ...]]:
    """Rows that differ, in order; more of them than a file of that size holds are an `InputError`."""
    found: dict[tuple[str, ...], None] = {}
    memory = 0
    for row in rows:
        if row not in found:
            found[row] = None
            memory += sum(map(sys.getsizeof, row)) + 200
            if len(found) % 10_000 == 0:
                check_memory(str(path), memory)
    check_memory(str(path), memory)
    return list(found)


def _read_gtf(path: Path) -> pd.DataFrame:
    """Genes of a GTF file: its `gene` features, or where it has none, the genes that its other features name."""
    rows = _gathered(_gtf_genes(path, gene_features=True), path) or _gathered(
        _gtf_genes(path, gene_features=False), path
    )
    table = pd.DataFrame(rows, columns=["gene_id", *COLUMNS], dtype=object)
    _check_rows(table, path)
    return table


def _gtf_genes(path: Path, gene_features: bool) -> Iterator[tuple[str, str, str, str]]:
    """gene_id, gene_name, chromosome, biotype of each line that is (or, for False, is not) a `gene` feature."""
    patterns = [_attribute("gene_id"), _attribute("gene_name", "gene"), _attribute("gene_biotype", "gene_type")]
    for number, line in enumerate(text_lines(str(path), WANTED), start=1):
        if line.startswith("#") or not line.strip():
            continue
        fields = line.rstrip("\n").split("\t", 8)
        if len(fields) != 9:
            raise InputError(
                f"{path}, line {number}", f"has {len(fields)} fields", "A GTF line has 9, separated by tabs"
            )
        if (fields[2] == "gene") != gene_features:
            continue
        gene_id, gene_name, biotype = (match[1] if (match := pattern.search(fields[8])) else "" for pattern in patterns)
        if not gene_id:
            raise InputError(f"{path}, line {number}", "has no attribute gene_id", 'GTF attributes read gene_id "…"; …')
        yield gene_id, gene_name, fields[0], biotype


def _attribute(*names: str) -> re.Pattern[str]:
    """Value of a GTF attribute, quoted or not, under any of its names."""
    return re.compile(rf'(?:^|;\s*)(?:{"|".join(names)})\s+"?([^";]*)"?')


def _check_rows(genes: pd.DataFrame, path: Path) -> None:
    """Raise an `InputError` for an annotation without genes, or with a gene without id."""
    if genes.empty:
        raise InputError(str(path), "holds no genes", "An annotation has a row or a GTF feature for each gene")
    blank = genes["gene_id"].str.strip() == ""
    if blank.any():
        raise InputError(f"{path}, column 'gene_id'", f"is empty in {int(blank.sum())} rows", "Every gene needs an id")
