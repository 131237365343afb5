"""Which code ran, with git, without it, and with one that does not answer."""

import hashlib
import subprocess
from datetime import UTC, datetime

import pytest

from lateralis.records import source
from lateralis.records.source import NO_CHECKOUT, NO_DATE, copy_source, source_digest, source_files, source_state

DATE = "2024-05-06T07:08:09+00:00"
FILES = {
    "Snakefile": "rule all:\n",
    "requirements.lock": "numpy==2.0\n",
    "workflow/rules/common.smk": "one = 1\n",
    "workflow/profiles/slurm/config.yaml": "slurm_account: mine\n",
    "config/cohorts/mine.yaml": "exclude: S012\n",
    "resources/panels/mine.yaml": "mine\n",
    "scripts/run.py": "two = 2\n",
    "scripts/lateralis/io.py": "three = 3\n",
    "scripts/lateralis/report/assets/page.js": "four\n",
    "scripts/lateralis/__pycache__/io.pyc": "compiled",
}
CODE = [
    *("Snakefile", "requirements.lock", "scripts/lateralis/io.py", "scripts/lateralis/report/assets/page.js"),
    *("scripts/run.py", "workflow/rules/common.smk"),
]


@pytest.fixture
def archive(tmp_path):
    """The code as an unpacked archive."""
    root = tmp_path / "my archive"
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def git(folder, *arguments):
    dated = {"GIT_AUTHOR_DATE": DATE, "GIT_COMMITTER_DATE": DATE, "PATH": "/usr/bin:/bin", "HOME": str(folder)}
    command = ["git", "-c", "user.name=tester", "-c", "user.email=tester@example.org", *arguments]
    return subprocess.run(command, cwd=folder, env=dated, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def checkout(archive):
    """The code as a git checkout."""
    (archive / ".gitignore").write_text("__pycache__/\n")
    git(archive, "init", "--quiet")
    git(archive, "add", ".")
    git(archive, "commit", "--quiet", "-m", "all")
    return archive


def test_commit_date_and_lock_of_a_checkout(checkout):
    state = source_state(checkout)
    assert state.commit == git(checkout, "rev-parse", "HEAD")
    assert len(state.commit) == 40
    assert state.edited == "no"
    assert state.date == datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
    assert state.lock == hashlib.sha256(b"numpy==2.0\n").hexdigest()


@pytest.mark.parametrize(
    "name", ["Snakefile", "requirements.lock", "scripts/lateralis/io.py", "resources/panels/mine.yaml"]
)
def test_edited_code_is_said_to_be_edited(checkout, name):
    (checkout / name).write_text("changed\n")
    assert source_state(checkout).edited == "yes"


def test_a_module_that_git_does_not_know_is_an_edit(checkout):
    (checkout / "scripts/lateralis/new.py").write_text("five = 5\n")
    assert source_state(checkout).edited == "yes"


@pytest.mark.parametrize(
    "name", ["config/cohorts/mine.yaml", "config/cohorts/another.yaml", "workflow/profiles/slurm/config.yaml"]
)
def test_cohort_files_and_profiles_are_no_code(checkout, name):
    before = source_state(checkout)
    (checkout / name).write_text("changed\n")
    assert source_state(checkout) == before
    assert before.edited == "no"


def test_an_archive_has_no_commit(archive):
    state = source_state(archive)
    assert (state.commit, state.edited, state.date) == (NO_CHECKOUT, "unknown", NO_DATE)
    assert state.lock == hashlib.sha256(b"numpy==2.0\n").hexdigest()


def test_an_archive_within_the_repository_of_others_does_not_take_their_commit(archive):
    git(archive.parent, "init", "--quiet")
    git(archive.parent, "add", ".")
    git(archive.parent, "commit", "--quiet", "-m", "theirs")
    assert source_state(archive).commit == NO_CHECKOUT


def test_a_repository_named_by_the_environment_is_not_taken(checkout, tmp_path, monkeypatch):
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "--quiet")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    assert source_state(checkout).commit == git(checkout, "rev-parse", "HEAD")


def test_without_a_lock_it_is_said_to_be_absent(archive):
    (archive / "requirements.lock").unlink()
    assert source_state(archive).lock == "absent"


@pytest.mark.parametrize("behaviour", ["exit 128", "sleep 5", "printf '\\377'", "absent"])
def test_a_git_that_does_not_answer_fails_nothing(checkout, tmp_path, monkeypatch, behaviour):
    folder = tmp_path / "bin"
    folder.mkdir()
    if behaviour != "absent":
        (folder / "git").write_text(f"#!/bin/sh\nPATH=/usr/bin:/bin\n{behaviour}\n")
        (folder / "git").chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(source, "PATIENCE", 0.2)
    state = source_state(checkout)
    assert (state.commit, state.edited, state.date) == (NO_CHECKOUT, "unknown", NO_DATE)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("1714979289", datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)),
        ("", None),
        ("yesterday", None),
        ("-1", None),
        ("²", None),
    ],
)
def test_the_stated_time(given, expected):
    assert source.stated_time({"SOURCE_DATE_EPOCH": given}) == expected
    assert source.stated_time({}) is None


def test_code_is_snakefile_rules_scripts_library_and_lock_and_nothing_that_users_write(archive):
    assert source_files(archive) == CODE


def test_the_copy_is_the_code_at_the_same_places_and_has_its_digest(archive, tmp_path):
    copy_source(tmp_path / "copy", archive)
    found = {
        path.relative_to(tmp_path / "copy").as_posix() for path in (tmp_path / "copy").rglob("*") if path.is_file()
    }
    assert found == set(CODE)
    assert all((tmp_path / "copy" / name).read_text() == FILES[name] for name in CODE)
    assert source_digest(tmp_path / "copy") == source_digest(archive)
    lines = "".join(f"{hashlib.sha256(FILES[name].encode()).hexdigest()}  {name}\n" for name in CODE)
    assert source_digest(archive) == hashlib.sha256(lines.encode()).hexdigest()


def test_the_digest_changes_with_the_code(archive):
    before = source_digest(archive)
    (archive / "scripts/run.py").write_text("two = 3\n")
    assert source_digest(archive) != before
