"""Files are whole or absent, the same bytes every time, and read back as they were written."""

import gzip
import hashlib
import os
import struct

import anndata as ad
import numpy as np
import pandas as pd
import pytest

from lateralis.io import (
    atomic,
    atomic_folder,
    read_h5ad,
    read_json,
    read_table,
    sha256,
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
        assert temporary.name == f"table.tsv.tmp.{os.getpid()}"
        temporary.touch()


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
