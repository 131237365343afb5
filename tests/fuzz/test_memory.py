"""The most that a small file can make a reader take: each bomb in a process of its own, under 2 GB and two minutes."""

import gzip
import os
import subprocess
import sys
import time
from pathlib import Path

import h5py
import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
MOST_MEGABYTES, MOST_SECONDS = 2000, 120
READ = """
import resource, sys
from lateralis.config import Counts, Samples
from lateralis.configfile import read_yaml
from lateralis.errors import InputError
from lateralis.inputs.annotation import read_annotation
from lateralis.inputs.counts import ONE_FILE, read_counts
from lateralis.inputs.samples import read_samples

kind, path = sys.argv[1:]
try:
    if kind == "yaml":
        read_yaml(path)
    elif kind == "annotation":
        read_annotation(path)
    elif kind == "sheet":
        read_samples(path, Samples(variables={"group": {"type": "categorical"}}))
    else:
        read_counts(Counts(format=kind, path=path), ONE_FILE[kind].sample_names(path))
    print("read")
except InputError as error:
    print(error)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1000)
"""


def ones(path, value):
    """As many numbers as a small gzip file may hold: 59 million, with ids that do not compress."""
    rng = np.random.default_rng(1)
    row = b"\t1" * 9999 + b"\t" + value + b"\n"
    with gzip.open(path, "wb", compresslevel=9) as handle:
        handle.write(b"gene_id\t" + b"\t".join(b"S%d" % number for number in range(10_000)) + b"\n")
        for _ in range(5900):
            handle.write(rng.bytes(120).hex().encode() + row)


def many_genes(path):
    """As many genes with names as a small table may hold."""
    with gzip.open(path, "wb", compresslevel=9) as handle:
        handle.write(b"gene_id\tgene_name\tchromosome\tbiotype\n")
        for number in range(1_000_000):
            handle.write(b"ENSG%011d\tN%d\t%d\tb%d\n" % (number, number, number % 1000, number % 1000))


def packed(start, filling, times):
    def write(path):
        with gzip.open(path, "wb", compresslevel=9) as handle:
            handle.write(start)
            for _ in range(times):
                handle.write(filling)

    return write


def aliases(path):
    rows = [f"a{number}: &a{number} [{', '.join([f'*a{number - 1}'] * 20)}]" for number in range(1, 30)]
    path.write_text("a0: &a0 [1]\n" + "\n".join(rows))


def h5ad(path):
    """A dense matrix of the largest size that a small file may claim, and names that are all one text."""
    with h5py.File(path, "w") as file:
        file.create_dataset("X", (7700, 7700), "float64", chunks=(770, 770), compression="gzip", fillvalue=1.0)
        for axis in ("obs", "var"):
            file.create_group(axis).attrs["_index"] = "_index"
            file[axis]["_index"] = [f"{axis}{number}" for number in range(7700)]


BOMBS = {
    "as many whole numbers as may be": ("matrix", "c.gz", lambda path: ones(path, b"1"), "read"),
    "as many fractions as may be": ("nfcore", "c.gz", lambda path: ones(path, b"1.5"), "read"),
    "line breaks": ("matrix", "c.gz", packed(b"g\tA\na\t1\n", b"\n" * 2**20, 500), "inflates to more than"),
    "one line": ("matrix", "c.gz", packed(b"g\tA\na", b"\t0" * 2**20, 500), "has more than 16,777,216 characters"),
    "header": ("matrix", "c.gz", packed(b"g", b"\tA" * 2**20, 500), "has more than 16,777,216 characters"),
    "genes": ("annotation", "g.gtf.gz", packed(b"", b"#" + b"x" * 2**20 + b"\n", 500), "inflates to more than"),
    "as many genes as may be": ("annotation", "g.tsv.gz", many_genes, "read"),
    "samples": ("sheet", "s.tsv.gz", packed(b"sample\tgroup\n", b"S\ta\n" * 2**18, 200), "has more than 32,000,000"),
    "aliases": ("yaml", "c.yaml", aliases, "holds more than 50,000 values"),
    "an h5ad of ones": ("h5ad", "c.h5ad", h5ad, "read"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", BOMBS)
def test_a_small_file_takes_less_than_two_gigabytes(tmp_path, name):
    kind, file, write, said = BOMBS[name]
    path = tmp_path / file
    write(path)
    assert path.stat().st_size < 15_000_000
    start = time.monotonic()
    environment = os.environ | {"PYTHONPATH": str(ROOT / "scripts"), "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", READ, kind, str(path)], capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    *told, megabytes = done.stdout.splitlines()
    assert said in told[-1]
    assert int(megabytes) < MOST_MEGABYTES
    assert time.monotonic() - start < MOST_SECONDS
