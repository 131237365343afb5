"""Versions and checksums of a run."""

import hashlib
import platform
from importlib.metadata import version

import pytest

import lateralis
from lateralis.records import provenance
from lateralis.records.provenance import PACKAGES, checksums, software_versions


def test_versions_are_those_that_run():
    found = software_versions()
    assert list(found) == ["lateralis", "python", *PACKAGES]
    assert found["lateralis"] == lateralis.__version__
    assert found["python"] == platform.python_version()
    assert found["pydeseq2"] == version("pydeseq2")


def test_a_package_that_is_not_there_is_said_to_be_absent(monkeypatch):
    monkeypatch.setattr(provenance, "PACKAGES", ("numpy", "no-such-package-at-all"))
    assert software_versions()["no-such-package-at-all"] == "not installed"


def test_checksums_by_path_below_the_root(tmp_path):
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "x.tsv").write_bytes(b"one\n")
    (tmp_path / "a.tsv").write_bytes(b"")
    found = checksums([str(tmp_path / "b" / "x.tsv"), str(tmp_path / "a.tsv")], tmp_path)
    assert found.to_numpy().tolist() == [
        ["a.tsv", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
        ["b/x.tsv", hashlib.sha256(b"one\n").hexdigest()],
    ]
    with pytest.raises(ValueError, match="not in the subpath"):
        checksums([str(tmp_path / "a.tsv")], tmp_path / "b")
