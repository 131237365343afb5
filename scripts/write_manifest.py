"""Write the checksums of every input and every file of a cohort, once all of them are there."""

from lateralis.job import run

from pathlib import Path

from lateralis.io import sweep
from lateralis.records.manifest import build_manifest, write_manifest


def main(snakemake):
    path = Path(snakemake.output[0])
    root = path.parents[1]
    sweep(root)
    entries = build_manifest(root, snakemake.input)
    write_manifest(path, entries)
    print(f"{len(entries)} files.")


if "snakemake" in globals():
    run(main, snakemake)
