"""Files are whole or absent, the same bytes every time, and read back as they were written."""

import errno
import gzip
import hashlib
import os
import shutil
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

import anndata as ad
import numpy as np
import pandas as pd
import pytest

from lateralis.io import (
    atomic,
    atomic_folder,
    read_genes,
    read_h5ad,
    read_json,
    read_table,
    sha256,
    sweep,
    write_bytes,
    write_h5ad,
    write_json,
    write_table,
    write_text,
)


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def test_atomic_makes_the_folder_and_leaves_only_the_file(tmp_path):
    target = tmp_path / "new" / "folder" / "table.tsv"
    with atomic(target) as temporary:
        temporary.write_text("whole")
        assert temporary.parent == target.parent, "a rename is atomic only within one folder"
        assert not target.exists()
    assert target.read_text() == "whole"
    assert names_in(target.parent) == ["table.tsv"]


@pytest.mark.parametrize("failure", [RuntimeError, KeyboardInterrupt])
def test_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, failure):
    target = tmp_path / "table.tsv"
    target.write_text("old")

    def write_half():
        with atomic(target) as temporary:
            temporary.write_text("half of the n")
            raise failure

    with pytest.raises(failure):
        write_half()
    assert target.read_text() == "old"
    assert names_in(tmp_path) == ["table.tsv"]


def test_atomic_folder_takes_the_place_of_the_old_one_whole(tmp_path):
    target = tmp_path / "release"
    target.mkdir()
    (target / "old.txt").write_text("old")
    with atomic_folder(target) as temporary:
        (temporary / "new.txt").write_text("new")
        assert names_in(target) == ["old.txt"]
    assert names_in(target) == ["new.txt"]
    assert names_in(tmp_path) == ["release"]


@pytest.mark.parametrize("failure", [RuntimeError, KeyboardInterrupt])
def test_failed_folder_leaves_the_old_one_and_nothing_else(tmp_path, failure):
    target = tmp_path / "release"
    target.mkdir()
    (target / "old.txt").write_text("old")

    def write_half():
        with atomic_folder(target) as temporary:
            (temporary / "new.txt").write_text("half")
            raise failure

    with pytest.raises(failure):
        write_half()
    assert names_in(target) == ["old.txt"]
    assert names_in(tmp_path) == ["release"]


def test_block_that_writes_nothing_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError), atomic(tmp_path / "table.tsv"):
        pass
    assert names_in(tmp_path) == []


def test_two_processes_do_not_share_a_temporary_file(tmp_path):
    with atomic(tmp_path / "table.tsv") as temporary:
        assert temporary.name == f"table.tsv.tmp.{socket.gethostname()}.{os.getpid()}"
        temporary.touch()


def ended_process():
    """The number of a process that lives no more."""
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return child.pid


def test_the_next_write_removes_what_killed_processes_left(tmp_path):
    host, day_old = socket.gethostname(), time.time() - 100_000
    kept = [f"table.tsv.tmp.{host}.{os.getppid()}", "table.tsv.tmp.elsewhere.12", "table.tsv.tmp.note", "other.tsv"]
    left = [f"table.tsv.tmp.{host}.{ended_process()}", "table.tsv.tmp.elsewhere.11"]
    for name in kept + left:
        (tmp_path / name).write_text("half")
    for name in ("table.tsv.tmp.elsewhere.11", "table.tsv.tmp.note"):
        os.utime(tmp_path / name, (day_old, day_old))
    write_text(tmp_path / "table.tsv", "whole")
    assert names_in(tmp_path) == sorted(["table.tsv", *kept])


RANDOM = np.random.default_rng(3)
LARGE = pd.DataFrame(RANDOM.integers(0, 1_000_000, (2000, 20)), columns=[f"S{n}" for n in range(20)])


def write_large_folder(path):
    with atomic_folder(path) as folder:
        write_table(folder / "table.tsv", LARGE)


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("table.tsv", lambda path: write_table(path, LARGE)),
        ("table.tsv.gz", lambda path: write_table(path, LARGE)),
        ("release", write_large_folder),
    ],
)
def test_a_full_disk_leaves_the_old_file_and_nothing_else(small_disk, name, write):
    folder, resize = small_disk
    resize(4000)
    write(folder / name)
    before = sha256(folder / name) if name != "release" else names_in(folder / name)
    resize(shutil.disk_usage(folder).used // 1024 + 40)
    with pytest.raises(OSError, match="No space left on device") as caught:
        write(folder / name)
    assert caught.value.errno == errno.ENOSPC
    assert names_in(folder) == [name]
    assert (sha256(folder / name) if name != "release" else names_in(folder / name)) == before


FILL = """
import errno, json, os, sys
import anndata as ad, numpy as np
from lateralis.io import sha256, write_h5ad
path = sys.argv[1]
data = ad.AnnData(np.random.default_rng(3).integers(0, 1_000_000, (1200, 20)).astype(float))
for line in sys.stdin:
    try:
        write_h5ad(path, data)
        said = sha256(path), os.path.getsize(path)
        os.unlink(path)  # before a word of it: the disk may be made smaller at once
        print(*said, flush=True)
    except OSError as error:
        print(errno.errorcode[error.errno], len(os.listdir(os.path.dirname(path))), flush=True)
os._exit(0)  # HDF5 may crash at the end, over what it could not close
"""


def test_wherever_the_disk_is_full_an_h5ad_file_is_whole_or_absent(small_disk):
    """HDF5 keeps parts back until it closes, so the last of them must be missed as the first is."""
    folder, resize = small_disk
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1] / "scripts")}
    command = [sys.executable, "-c", FILL, str(folder / "counts.h5ad")]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, env=environment, text=True, **pipes) as writer:

        def write_with(kilobytes):
            resize(kilobytes)
            writer.stdin.write("write\n")
            writer.stdin.flush()
            return writer.stdout.readline().split()

        whole, size = write_with(4000)
        outcomes = [write_with(kilobytes) for kilobytes in range(4, int(size) // 1024 + 4, 4)]
        assert ["ENOSPC", "0"] in outcomes[-3:]  # the last write of all, too
        assert len(outcomes) > 20
        assert {tuple(outcome) for outcome in outcomes} <= {("ENOSPC", "0"), (whole, size)}
        assert write_with(4000) == [whole, size]
        writer.stdin.close()


def test_a_sweep_removes_them_below_a_folder(tmp_path):
    dead = f"{socket.gethostname()}.{ended_process()}"
    folder = tmp_path / f"a/release.tmp.{dead}"
    folder.mkdir(parents=True)
    (folder / "report.html").touch()
    (tmp_path / f"a/gone.tsv.tmp.{dead}").touch()
    (tmp_path / "a/table.tsv").touch()
    sweep(tmp_path)
    assert names_in(tmp_path / "a") == ["table.tsv"]


WRITER = """
import sys
from lateralis.io import atomic_folder, write_text
target, letter = sys.argv[1:]
for _ in range(200):
    write_text(target + ".txt", letter * 100_000)
    with atomic_folder(target) as folder:
        for name in "abc":
            (folder / name).write_text(letter)
"""


def test_many_writers_of_one_file_and_one_folder_leave_it_whole(tmp_path):
    """A job that outlived its Snakemake and the same job begun anew, at their worst: nobody ever reads a mixture."""
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1] / "scripts")}
    command = [sys.executable, "-c", WRITER, str(tmp_path / "target")]
    writers = [subprocess.Popen([*command, letter], env=environment) for letter in "xyz"]
    seen = set()
    while any(writer.poll() is None for writer in writers):
        if (tmp_path / "target.txt").exists():
            content = (tmp_path / "target.txt").read_text()
            assert content in {letter * 100_000 for letter in "xyz"}
            seen.add(content[0])
    assert [writer.returncode for writer in writers] == [0, 0, 0]
    assert len(seen) > 1  # they did write at the same time
    assert names_in(tmp_path) == ["target", "target.txt"]
    assert names_in(tmp_path / "target") == ["a", "b", "c"]
    assert len({path.read_text() for path in (tmp_path / "target").iterdir()}) == 1


def test_a_folder_that_fails_leaves_the_old_one_and_nothing_else(tmp_path):
    (tmp_path / "release").mkdir()
    (tmp_path / "release/old").touch()

    def fill_half():
        with atomic_folder(tmp_path / "release") as folder:
            (folder / "new").touch()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fill_half()
    assert names_in(tmp_path) == ["release"]
    assert names_in(tmp_path / "release") == ["old"]
    with atomic_folder(tmp_path / "release") as folder:
        (folder / "new").touch()
    assert names_in(tmp_path) == ["release"]
    assert names_in(tmp_path / "release") == ["new"]


def test_gzip_bytes_carry_no_clock_and_no_name(tmp_path, monkeypatch):
    write_text(tmp_path / "a.tsv.gz", "gene\t1\n")
    monkeypatch.setattr("time.time", lambda: 2e9)
    write_text(tmp_path / "b.tsv.gz", "gene\t1\n")
    content = (tmp_path / "a.tsv.gz").read_bytes()
    assert content == (tmp_path / "b.tsv.gz").read_bytes()
    flags, clock = struct.unpack("<xxxBI", content[:8])  # RFC 1952: magic, method, flags, modification time
    assert (flags, clock) == (0, 0)
    assert gzip.decompress(content) == b"gene\t1\n"


def test_plain_text_is_utf8_with_unix_line_ends(tmp_path):
    write_text(tmp_path / "a.txt", "α\nβ\n")
    assert (tmp_path / "a.txt").read_bytes() == "α\nβ\n".encode()


def test_json_is_sorted_and_reads_back(tmp_path):
    content = {"b": [1, 2.5, None], "a": {"título": "α"}}
    write_json(tmp_path / "a.json", content)
    write_json(tmp_path / "b.json", dict(reversed(content.items())))
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    assert "título" in (tmp_path / "a.json").read_text(encoding="utf-8")
    assert read_json(tmp_path / "a.json") == content


def test_json_refuses_nan_and_keeps_the_old_file(tmp_path):
    write_json(tmp_path / "a.json", {"p": 0.5})
    with pytest.raises(ValueError, match="JSON compliant"):
        write_json(tmp_path / "a.json", {"p": float("nan")})
    assert read_json(tmp_path / "a.json") == {"p": 0.5}


@pytest.mark.parametrize("name", ["table.tsv", "table.tsv.gz"])
def test_floats_read_back_to_the_last_bit(tmp_path, name):
    rng = np.random.default_rng(1)
    bits = rng.integers(0, 2**64, size=2000, dtype=np.uint64).view(np.float64)
    values = np.concatenate([bits[np.isfinite(bits)], [0.1, 1 / 3, 5e-324, 1.7976931348623157e308, -0.0, 3e-30]])
    write_table(tmp_path / name, pd.DataFrame({"pvalue": values}))
    back = read_table(tmp_path / name)["pvalue"].to_numpy()
    assert back.view(np.uint64).tolist() == values.view(np.uint64).tolist()


def test_gene_called_na_stays_a_gene_and_empty_means_missing(tmp_path):
    table = pd.DataFrame({"gene_name": ["NA", "nan", "None", None, "SOD1"], "padj": [0.5, np.nan, 1.0, 0.0, 1e-300]})
    write_table(tmp_path / "table.tsv", table)
    assert (tmp_path / "table.tsv").read_text().splitlines()[2] == "nan\t"
    back = read_table(tmp_path / "table.tsv")
    assert back["gene_name"].tolist()[:3] == ["NA", "nan", "None"]
    assert back["gene_name"].isna().tolist() == [False, False, False, True, False]
    assert back["padj"].isna().tolist() == [False, True, False, False, False]


def test_table_with_tabs_quotes_and_line_ends_in_cells_reads_back(tmp_path):
    table = pd.DataFrame({"reason": ['said "no"', "a\tb", "two\nlines"], "n": [1, 2, 3]})
    write_table(tmp_path / "table.tsv", table)
    pd.testing.assert_frame_equal(read_table(tmp_path / "table.tsv"), table)


def test_index_is_written_only_when_asked_for(tmp_path):
    table = pd.DataFrame({"n": [1]}, index=pd.Index(["S1"], name="sample"))
    write_table(tmp_path / "a.tsv", table)
    write_table(tmp_path / "b.tsv", table, index=True)
    assert (tmp_path / "a.tsv").read_text() == "n\n1\n"
    assert (tmp_path / "b.tsv").read_text() == "sample\tn\nS1\t1\n"


def test_header_only_table_reads_back_empty(tmp_path):
    write_table(tmp_path / "table.tsv.gz", pd.DataFrame(columns=["gene_id", "padj"]))
    back = read_table(tmp_path / "table.tsv.gz")
    assert (list(back.columns), len(back)) == (["gene_id", "padj"], 0)


def test_a_few_genes_are_read_without_the_rest(tmp_path):
    values = np.arange(15, dtype=np.float32).reshape(3, 5)
    obs = pd.DataFrame({"group": pd.Categorical(["b", "a", "b"])}, index=["S1", "S2", "S3"])
    data = ad.AnnData(obs=obs, var=pd.DataFrame(index=[f"G{number}" for number in range(5)]), layers={"vst": values})
    write_h5ad(tmp_path / "all.h5ad", data)
    found, part = read_genes(tmp_path / "all.h5ad", "vst", ["G4", "G0", "G3"])
    pd.testing.assert_frame_equal(found, obs)
    expected = pd.DataFrame(values.T[[4, 0, 3]], index=["G4", "G0", "G3"], columns=obs.index)
    pd.testing.assert_frame_equal(part, expected)
    assert read_genes(tmp_path / "all.h5ad", "vst", [])[1].shape == (0, 3)


def test_h5ad_reads_back(tmp_path):
    data = ad.AnnData(
        X=np.array([[0, 2], [70000, 1]], dtype=np.int32),
        obs=pd.DataFrame(
            {"group": pd.Categorical(["als", "control"], categories=["control", "als"])}, index=["S1", "S2"]
        ),
        var=pd.DataFrame({"gene_name": ["NA", "SOD1"]}, index=["ENSG1", "ENSG2"]),
    )
    write_h5ad(tmp_path / "counts.h5ad", data)
    back = read_h5ad(tmp_path / "counts.h5ad")
    assert back.X.tolist() == [[0, 2], [70000, 1]]
    assert back.X.dtype == np.int32
    assert back.obs["group"].cat.categories.tolist() == ["control", "als"]
    assert back.var["gene_name"].tolist() == ["NA", "SOD1"]
    assert names_in(tmp_path) == ["counts.h5ad"]


def test_sha256_is_the_checksum_of_the_bytes(tmp_path):
    write_bytes(tmp_path / "empty", b"")
    write_bytes(tmp_path / "large", b"x" * 3_000_001)
    assert sha256(tmp_path / "empty") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert sha256(tmp_path / "large") == hashlib.sha256(b"x" * 3_000_001).hexdigest()
