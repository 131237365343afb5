"""How a script ends: its words in the log, a user's error in one sentence, and defects with their traceback."""

import os
import subprocess
import sys
import warnings
from pathlib import Path
from types import SimpleNamespace

import pytest

from lateralis.errors import InputError
from lateralis.job import run


@pytest.fixture
def job(tmp_path):
    with warnings.catch_warnings():  # run() sets the process's warning filter
        yield SimpleNamespace(log=[str(tmp_path / "job.log")], answer=42)


def log_of(job):
    with open(job.log[0], encoding="utf-8") as handle:
        return handle.read()


def test_words_go_to_the_log(job, capfd):
    def main(snakemake):
        print(f"read {snakemake.answer} samples – all")
        print("and more", file=sys.stderr)

    run(main, job)
    assert log_of(job) == "read 42 samples – all\nand more\n"
    assert capfd.readouterr() == ("", "")


def test_warnings_go_to_the_log(job):
    # in a process of its own: pytest collects the warnings of this one
    code = (
        "import sys, types, warnings; from lateralis.job import run;"
        "run(lambda _: warnings.warn('few samples', DeprecationWarning), types.SimpleNamespace(log=[sys.argv[1]]))"
    )
    paths = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1] / "scripts")}
    ended = subprocess.run([sys.executable, "-c", code, job.log[0]], env=paths, capture_output=True, check=True)
    assert "DeprecationWarning: few samples" in log_of(job)
    assert (ended.stdout, ended.stderr) == (b"", b"")


def test_a_users_error_is_one_sentence_in_log_and_terminal_and_status_1(job, capfd):
    def main(snakemake):
        print("started")
        raise InputError("samples.tsv, row 3", "has 2 fields", "The header has 3")

    with pytest.raises(SystemExit) as caught:
        run(main, job)
    sentence = "Error: samples.tsv, row 3: has 2 fields. The header has 3.\n"
    assert caught.value.code == 1
    assert log_of(job) == "started\n" + sentence
    assert capfd.readouterr() == ("", sentence)


def test_other_exceptions_pass_through_and_leave_their_traceback_in_the_log(job, capfd):
    def main(snakemake):
        print("started")
        raise ValueError("a defect")

    with pytest.raises(ValueError, match="a defect"):
        run(main, job)
    assert log_of(job).startswith("started\nTraceback (most recent call last):\n")
    assert log_of(job).endswith("ValueError: a defect\n")
    assert capfd.readouterr() == ("", "")


def test_output_returns_to_the_terminal_afterwards(job, capfd):
    run(lambda snakemake: print("inside"), job)
    print("outside")
    assert capfd.readouterr().out == "outside\n"
