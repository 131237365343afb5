"""Processes are told apart by machine and number; a folder's runs leave notes that tell whether they live."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from lateralis.processes import RUNS, claims, is_alive, own_name

ROOT = Path(__file__).resolve().parents[1]
RUN = "from lateralis.processes import claim; claim('.'); print('at work', flush=True); input()"


def started(folder):
    """A process that claims a folder and waits for a line."""
    environment = os.environ | {"PYTHONPATH": str(ROOT / "scripts")}
    run = subprocess.Popen(
        [sys.executable, "-c", RUN],
        cwd=folder,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert run.stdout.readline() == "at work\n"
    return run


def release(folder):
    """What `make run` does first."""
    command = [sys.executable, str(ROOT / "scripts/release_lock.py")]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stderr


def lock(folder):
    path = folder / ".snakemake/locks/0.output.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("results/tiny/report.html\n")
    return path


def test_this_process_is_alive_an_ended_one_is_not_and_others_are_unknown():
    host, number = own_name().rpartition(".")[::2]
    assert (host, number) == (socket.gethostname(), str(os.getpid()))
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    assert is_alive(own_name()) is True
    assert is_alive(f"{host}.{child.pid}") is False
    assert is_alive(f"{host}.{10**30}") is False
    for unknown in ("elsewhere.1", f"{host}.one", "", host):
        assert is_alive(unknown) is None


@pytest.mark.parametrize("how", ["ends", "killed"])
def test_a_run_takes_its_note_back_unless_it_is_killed(tmp_path, how):
    run = started(tmp_path)
    name = f"{socket.gethostname()}.{run.pid}"
    assert claims(tmp_path) == {name: True}
    if how == "killed":
        run.send_signal(signal.SIGKILL)
    run.communicate("\n")
    assert claims(tmp_path) == ({name: False} if how == "killed" else {})


def test_the_lock_of_a_killed_run_is_removed(tmp_path):
    run, left = started(tmp_path), lock(tmp_path)
    run.kill()
    run.communicate()
    assert f"The last run was killed ({socket.gethostname()}.{run.pid}); its lock is removed" in release(tmp_path)
    assert not left.exists()
    assert claims(tmp_path) == {}
    assert release(tmp_path) == ""


def test_the_lock_stays_while_any_run_is_at_work(tmp_path):
    killed, left = started(tmp_path), lock(tmp_path)
    run = started(tmp_path)
    killed.kill()
    killed.communicate()
    said = release(tmp_path)
    assert said.startswith(f"A run is at work in this folder ({socket.gethostname()}.{run.pid})")
    assert left.exists()
    run.communicate("\n")
    release(tmp_path)
    assert not left.exists()


def test_the_lock_of_another_machine_stays_and_one_sentence_says_why(tmp_path):
    left = lock(tmp_path)
    note = tmp_path / RUNS / "node7.cluster.4242"
    note.parent.mkdir(parents=True)
    note.touch()
    said = release(tmp_path)
    assert "locked by a run on another machine (node7.cluster.4242)" in said
    assert "make unlock" in said
    assert left.exists()


def test_a_lock_of_which_nothing_is_known_stays(tmp_path):
    left = lock(tmp_path)
    assert release(tmp_path) == ""
    assert left.exists()
