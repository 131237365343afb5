"""How a script ends: its words in the log, a user's error in one sentence, and defects with their traceback."""

from lateralis.job import STARTED_BY, run

import errno
import os
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path
from types import SimpleNamespace

import pytest

from lateralis.errors import InputError
from lateralis.processes import is_alive, own_name
from lateralis.receipts import read_receipt


@pytest.fixture
def job(tmp_path):
    with warnings.catch_warnings():  # run() sets the process's warning filter
        yield SimpleNamespace(input=[], output=[], log=[str(tmp_path / "job.log")], answer=42)


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
        "job = types.SimpleNamespace(input=[], output=[], log=[sys.argv[1]]);"
        "run(lambda _: warnings.warn('few samples', DeprecationWarning), job)"
    )
    paths = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1] / "scripts")}
    ended = subprocess.run([sys.executable, "-c", code, job.log[0]], env=paths, capture_output=True, check=True)
    assert "DeprecationWarning: few samples" in log_of(job)
    assert (ended.stdout, ended.stderr) == (b"", b"")


SCRIPT = """
import atexit, sys, types
atexit.register(lambda: print("the long way"))
from lateralis.job import run
snakemake = types.SimpleNamespace(input=[], output=[], log=[sys.argv[1]])
atexit.register(lambda: print("tidied up"))
sys.stdout.write("begun, ")
def main(snakemake):
    if sys.argv[2] == "with workers":
        from joblib import Parallel, delayed
        Parallel(2)(delayed(abs)(number) for number in range(4))
    print("done")
    if sys.argv[2] == "with a defect":
        raise ArithmeticError("a defect")
run(main, snakemake)
"""


@pytest.mark.parametrize(("how", "status"), [("well", 0), ("with workers", 0), ("with a defect", 1)])
def test_a_script_of_snakemake_ends_with_its_job(job, how, status):
    paths = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1] / "scripts")}
    command = [sys.executable, "-c", SCRIPT, job.log[0], how]
    ended = subprocess.run(command, env=paths, capture_output=True, text=True, check=False, timeout=60)
    assert ended.returncode == status
    assert ended.stdout == "begun, tidied up\n" + ("the long way\n" if status else "")
    assert log_of(job).startswith("done\n")
    assert ("ArithmeticError: a defect" in log_of(job)) == (how == "with a defect")


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


def test_a_job_leaves_receipts_and_refuses_what_they_do_not_cover(tmp_path, capfd):
    given, made, last = (str(tmp_path / name) for name in ("given.tsv", "made.tsv", "last.tsv"))
    Path(given).write_text("counts\n")

    def copy(snakemake):
        Path(snakemake.output[0]).write_bytes(Path(snakemake.input[0]).read_bytes())

    log = [str(tmp_path / "job.log")]
    run(copy, SimpleNamespace(input=[given], output=[made], log=log))
    run(copy, SimpleNamespace(input=[made], output=[last], log=log))
    assert read_receipt(given) is None
    assert list(read_receipt(made).inputs) == [given]
    assert read_receipt(last).inputs == {made: read_receipt(made).sha256}
    Path(made).write_text("cou")
    Path(last).unlink()
    with pytest.raises(SystemExit):
        run(copy, SimpleNamespace(input=[made], output=[last], log=log))
    assert f"Error: {made}: is not what the pipeline wrote there" in capfd.readouterr().err
    assert not Path(last).exists()


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path, capfd):
    given = tmp_path / "given.tsv"
    given.write_text("counts\n")
    made = str(tmp_path / "made.tsv")
    job = SimpleNamespace(input=[str(given)], output=[made], log=[str(tmp_path / "job.log")])

    def slow(snakemake):
        Path(made).write_bytes(given.read_bytes())
        given.write_text("others\n")

    with pytest.raises(SystemExit):
        run(slow, job)
    assert f"Error: {given}: was changed while a job was reading it. Run again." in capfd.readouterr().err
    assert read_receipt(made) is None


def test_a_full_disk_is_told_in_a_sentence(job, capfd):
    def main(snakemake):
        raise OSError(errno.ENOSPC, "No space left on device", "results/tiny/fit.h5ad")

    with pytest.raises(SystemExit) as caught:
        run(main, job)
    assert caught.value.code == 1
    assert (
        "Error: the disk is full ([Errno 28] No space left on device: 'results/tiny/fit.h5ad')."
        in capfd.readouterr().err
    )
    assert "Traceback" not in log_of(job)


ENDLESS = """
import sys, time, types
from lateralis.job import run
job = types.SimpleNamespace(input=[], output=[], log=[sys.argv[1]])
run(lambda _: time.sleep(60), job)
"""
STARTER = """
import os, subprocess, sys
from lateralis.processes import own_name
child = subprocess.Popen([sys.executable, "-c", *sys.argv[1:]], env=os.environ | {"LATERALIS_STARTED_BY": own_name()})
print(child.pid, flush=True)
child.wait()
"""


def test_a_job_ends_soon_after_the_snakemake_that_started_it(job):
    paths = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1] / "scripts")}
    command = [sys.executable, "-c", STARTER, ENDLESS, job.log[0]]
    starter = subprocess.Popen(command, env=paths, stdout=subprocess.PIPE, text=True)
    child = own_name().rpartition(".")[0] + "." + starter.stdout.readline().strip()
    time.sleep(2)
    assert is_alive(child)
    starter.send_signal(signal.SIGKILL)
    starter.wait()
    killed = time.monotonic()
    while is_alive(child) and time.monotonic() - killed < 10:
        time.sleep(0.1)
    assert not is_alive(child)
    assert time.monotonic() - killed < 5


@pytest.mark.parametrize("starter", ["", "elsewhere.1", "nonsense"])
def test_a_job_without_a_starter_on_this_machine_goes_on(job, starter, monkeypatch):
    monkeypatch.setenv(STARTED_BY, starter)
    run(lambda _: time.sleep(1), job)
    assert log_of(job) == ""
