"""Decides which human genes the shipped annotation table knows, for cohorts whose config names no annotation.

Run by hand when a new release of the source is worth having; `resources/genes/README.md` says how. Not part of a run.
"""

from __future__ import annotations

import argparse
import io
import zipfile
from pathlib import Path

import pandas as pd

from lateralis.io import write_table

TABLE = Path(__file__).resolve().parents[1] / "resources" / "genes" / "human_genes.tsv.gz"
CURRENT_GENES = "pirlygenes/data/canonical-gene-reference.csv.gz"
ALL_IDS = "pirlygenes/data/ensembl-gene-index.csv.gz"


def read_member(wheel: zipfile.ZipFile, name: str) -> pd.DataFrame:
    """One gzipped CSV inside a wheel, every field as text; a gene named `NA` stays a gene."""
    content = io.BytesIO(wheel.read(name))
    return pd.read_csv(content, compression="gzip", dtype=str, keep_default_na=False)


def gene_table(current: pd.DataFrame, all_ids: pd.DataFrame) -> pd.DataFrame:
    """Genes of the source's Ensembl release, and named ids of earlier releases and of alternative haplotypes.

    Parameters
    ----------
    current : DataFrame with ensembl_gene_id, symbol, contig, biotype
    all_ids : DataFrame with ensembl_gene_id, symbol; those of `current` and others

    Returns
    -------
    DataFrame with gene_id, gene_name, chromosome, biotype, sorted by gene_id. Such an id has a name only: count files
    made with an older annotation carry it (SOD2 was ENSG00000112096 until it moved to ENSG00000291237).
    """
    names = {"ensembl_gene_id": "gene_id", "symbol": "gene_name", "contig": "chromosome"}
    current = current.rename(columns=names)[["gene_id", "gene_name", "chromosome", "biotype"]]
    others = all_ids.rename(columns=names)[["gene_id", "gene_name"]]
    others = others[~others["gene_id"].isin(current["gene_id"]) & (others["gene_name"] != "")]
    table = pd.concat([current, others.assign(chromosome="", biotype="")])
    if table["gene_id"].duplicated().any():
        raise ValueError("the source names a gene id twice")
    return table.sort_values("gene_id", ignore_index=True)


def main() -> None:
    """Read the wheel named on the command line, write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("wheel", type=Path, help="wheel of pirlygenes, as `pip download --no-deps` leaves it")
    parser.add_argument("--output", type=Path, default=TABLE)
    arguments = parser.parse_args()
    with zipfile.ZipFile(arguments.wheel) as wheel:
        table = gene_table(read_member(wheel, CURRENT_GENES), read_member(wheel, ALL_IDS))
    write_table(arguments.output, table)
    print(f"{len(table)} genes from {arguments.wheel.name} to {arguments.output}")


if __name__ == "__main__":
    main()
