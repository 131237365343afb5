"""A receipt tells what a job wrote and read; files that changed since are found, and by their content alone."""

import hashlib
import os
from pathlib import Path

import pytest

from lateralis.errors import InputError
from lateralis.receipts import (
    check_inputs,
    check_unchanged,
    digest,
    output_of,
    read_receipt,
    receipt_path,
    write_receipts,
)


@pytest.fixture
def files(tmp_path, monkeypatch):
    """A user's file, a table made from it, and a folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "given.tsv").write_text("given")
    (tmp_path / "made.tsv").write_text("made")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/a.svg").write_text("a")
    return tmp_path


def test_a_receipt_reads_back(files):
    write_receipts(["made.tsv", "folder"], {"given.tsv": "0" * 64})
    receipt = read_receipt("made.tsv")
    assert receipt.sha256 == hashlib.sha256(b"made").hexdigest()
    assert receipt.inputs == {"given.tsv": "0" * 64}
    assert receipt.outputs == ["made.tsv", "folder"]
    assert receipt_path("made.tsv").name == ".made.tsv.receipt"
    assert read_receipt("given.tsv") is None


def test_the_digest_of_a_folder_knows_names_and_contents_but_not_snakemakes_own_file(files):
    line = f"{hashlib.sha256(b'a').hexdigest()}  a.svg\n"
    expected = hashlib.sha256(line.encode()).hexdigest()
    assert digest("folder") == expected
    (files / "folder/.snakemake_timestamp").touch()
    assert digest("folder") == expected
    (files / "folder/a.svg").rename(files / "folder/b.svg")
    assert digest("folder") != expected


def test_a_file_in_a_folder_belongs_to_the_folder(files):
    write_receipts(["made.tsv", "folder"], {})
    assert output_of("folder/a.svg") == Path("folder")
    assert output_of("made.tsv") == Path("made.tsv")
    assert output_of("given.tsv") == Path("given.tsv")


def same_size_and_time(path, content):
    """Change a file so that its size and time do not show it."""
    before = path.stat()
    path.write_text(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize("name", ["made.tsv", "folder"])
def test_an_input_that_is_not_what_its_job_wrote_is_refused(files, name):
    write_receipts(["made.tsv", "folder"], {})
    assert set(check_inputs(["given.tsv", "made.tsv", "folder"])) == {"given.tsv", "made.tsv", "folder"}
    same_size_and_time(files / ("folder/a.svg" if name == "folder" else name), "b" if name == "folder" else "mode")
    with pytest.raises(InputError) as caught:
        check_inputs(["given.tsv", "made.tsv", "folder"])
    assert caught.value.where == name
    assert f"--forcerun {name}" in caught.value.right


def test_a_source_that_changed_after_something_was_made_from_it_is_refused(files):
    write_receipts(["made.tsv"], {"given.tsv": digest("given.tsv")})
    check_inputs(["given.tsv", "made.tsv"])
    (files / "given.tsv").write_text("other")
    check_inputs(["made.tsv"])  # a job that does not read it takes no notice
    with pytest.raises(InputError, match=r"given\.tsv: was changed after 'made\.tsv' was made from it"):
        check_inputs(["given.tsv", "made.tsv"])


def test_what_changes_while_a_job_runs_is_refused_and_what_was_only_touched_is_not(files):
    seen = check_inputs(["given.tsv", "made.tsv"])
    os.utime(files / "given.tsv", (1, 1))
    (files / "made.tsv").unlink()  # moved by the job
    assert check_unchanged(seen) == {"given.tsv": hashlib.sha256(b"given").hexdigest()}
    (files / "given.tsv").write_text("other")
    with pytest.raises(InputError, match="was changed while a job was reading it"):
        check_unchanged(seen)
