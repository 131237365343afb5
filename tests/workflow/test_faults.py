"""Accidents: kills, a full disk, damaged files, two runs at once, inputs edited meanwhile.

Nothing half-written is taken for done: after each accident the same command again gives the bytes of an undisturbed run.
docs/reliability.md has the table.
"""

import contextlib
import hashlib
import os
import random
import shutil
import signal
import subprocess
import time

import psutil
import pytest

KILLS = 20
SEED = 20


def whole(workspace):
    """SHA-256 of every file that has its final name, by path below results/."""
    return {path: checksum for path, checksum in workspace.checksums().items() if ".tmp." not in path}


def half_written(workspace, undisturbed):
    """Files that are not those of the undisturbed run, but for imports that wait to be accepted."""
    found = whole(workspace)
    strange = {path for path, checksum in found.items() if undisturbed.get(path) != checksum}
    return {path for path in strange if not path.startswith(("tiny/imported.", "tiny/.imported."))}


def make_run(workspace, *options, **how):
    """What `make run` does."""
    said = workspace.script("release_lock.py")
    assert said.status == 0, said.output
    return workspace.run(*options, **how)


def wait_for(condition, process, seconds=120):
    """Wait until something holds while a process is at work."""
    until = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, process.stdout.read()
        assert time.monotonic() < until
        time.sleep(0.02)


def wait_for_first_job(process):
    """Wait until a run has looked around and starts jobs; not longer than it has any to start."""
    while process.poll() is None and not jobs_of(process):
        time.sleep(0.02)


def end(process):
    """Kill what is left of a run, at the end of a test."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def jobs_of(process):
    """Jobs of a run that are at work now."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return [child for child in psutil.Process(process.pid).children(recursive=True) if "python" in child.name()]
    return []


def is_as_undisturbed(workspace, finished):
    assert workspace.checksums() == finished.checksums()
    verified = workspace.script("verify_results.py")
    assert (verified.status, "all as they were made" in verified.output) == (0, True), verified.output


def test_after_a_kill_the_job_ends_the_lock_is_released_and_the_run_goes_on(workspace, finished):
    """The quick one: a kill of Snakemake while it writes the workbook, noticed by nobody but the user."""
    log = workspace.results() / "logs/report/write_workbook.log"
    log.unlink()
    process = workspace.start("--forcerun", "write_workbook")
    wait_for(log.exists, process)
    (job,) = jobs_of(process)
    process.kill()
    process.communicate()
    assert psutil.wait_procs([job], timeout=5)[1] == []
    assert half_written(workspace, finished.checksums()) == set()
    outcome = make_run(workspace)
    assert outcome.status == 0, outcome.output
    assert outcome.jobs == {"write_workbook": 1, "write_crate": 1, "write_manifest": 1}
    is_as_undisturbed(workspace, finished)


@pytest.mark.slow
def test_kills_at_random_moments_lose_nothing(fresh, finished, tmp_path):
    """Snakemake alone, Snakemake with all its jobs, or one job: each time the run is taken up again at once."""
    draw, undisturbed = random.Random(SEED), finished.checksums()
    kills, completed = dict.fromkeys(("snakemake", "everything", "one job"), 0), 0
    while sum(kills.values()) < KILLS:
        workspace = fresh.copy(tmp_path / f"run {completed}")
        while True:
            if sum(kills.values()) == KILLS:
                outcome = make_run(workspace)
                assert outcome.status == 0, outcome.output
                break
            workspace.script("release_lock.py")
            process = workspace.start()
            try:
                if draw.random() < 0.85:  # else it is killed while it still looks around
                    wait_for_first_job(process)
                output, _ = process.communicate(timeout=draw.uniform(0.2, 10.0))
            except subprocess.TimeoutExpired:
                what = draw.choice(list(kills))
                jobs = jobs_of(process)
                if what == "snakemake":
                    process.kill()
                elif what == "everything":
                    os.killpg(process.pid, signal.SIGKILL)
                elif jobs:
                    with contextlib.suppress(psutil.NoSuchProcess):
                        draw.choice(jobs).kill()
                else:
                    continue
                kills[what] += 1
                process.communicate(timeout=120)
                assert half_written(workspace, undisturbed) == set()
            else:
                assert process.returncode == 0, output
                break
            finally:
                end(process)
        completed += 1
        is_as_undisturbed(workspace, finished)
    print(f"kills: {kills}; runs that were completed: {completed}")
    assert min(kills.values()) > 0


@pytest.mark.slow
def test_a_full_disk_loses_nothing(fresh, finished, small_disk):
    """The disk is full again and again, each time a little later in the run."""
    folder, resize = small_disk
    workspace, undisturbed = fresh.copy(folder / "work"), finished.checksums()
    failures, sentences, room = 0, 0, 200
    while True:
        used = shutil.disk_usage(folder).used // 1024
        resize(used + room)
        outcome = make_run(workspace)
        if outcome.status == 0:
            break
        failures += 1
        sentences += "Error: the disk is full" in outcome.output
        assert "No space left on device" in outcome.output
        resize(65_536)  # only to look: what a killed write left is small
        assert half_written(workspace, undisturbed) == set()
        assert not list(workspace.results().rglob("*.tmp.*"))
        room += 150 * failures
        assert failures < 40
    print(f"the disk was full {failures} times, {sentences} of them told in a sentence")
    assert failures >= 5
    assert sentences >= 1
    is_as_undisturbed(workspace, finished)


DAMAGED = (
    "models/primary/fit.h5ad",
    "contrasts/als_vs_control/results.tsv.gz",
    "contrasts/men_vs_women/statistics.tsv.gz",
    "qc/flags.tsv",
    "qc/pca/sex.svg",
    "contrasts/any_group/heatmap.png",
    "report.html",
    "results.xlsx",
)


def cut_short(path, *, at_a_line=False):
    """The first half of a file; its time stays."""
    before, content = path.stat(), path.read_bytes()
    half = content[: len(content) // 2]
    path.write_bytes(half[: half.rfind(b"\n") + 1] if at_a_line else half)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.slow
def test_damaged_files_are_found_and_made_anew(workspace, finished):
    """Snakemake sees none of them; `make verify` names each, and its own advice repairs them."""
    for name in DAMAGED:
        cut_short(workspace.results() / name, at_a_line=name.endswith("flags.tsv"))
    assert workspace.planned() == {}
    verified = workspace.script("verify_results.py")
    assert verified.status == 1
    named = [line for line in verified.output.splitlines() if line.startswith("changed: ")]
    assert named == [f"changed: results/tiny/{name}" for name in sorted(DAMAGED)]
    advice = verified.output.partition("make run SNAKEMAKE_ARGS='")[2].partition("'")[0].split()
    outcome = make_run(workspace, *advice)
    assert outcome.status == 0, outcome.output
    is_as_undisturbed(workspace, finished)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["models/primary/fit.h5ad", "qc/flags.tsv", "contrasts/als_vs_control/results.tsv.gz"])
def test_no_job_reads_a_file_that_was_cut_short(workspace, finished, name):
    """Also where only half of a table's rows are left, which any reader would take for a whole table."""
    path = workspace.results() / name
    cut_short(path, at_a_line=name.endswith(".tsv"))
    path.touch()  # so that Snakemake wants to use it
    outcome = make_run(workspace)
    assert outcome.status != 0
    assert f"Error: results/tiny/{name}: is not what the pipeline wrote there" in outcome.output
    assert "Traceback" not in outcome.output
    outcome = make_run(workspace, "--forcerun", f"results/tiny/{name}")
    assert outcome.status == 0, outcome.output
    is_as_undisturbed(workspace, finished)


@pytest.mark.slow
def test_a_second_run_is_refused_and_the_first_is_undisturbed(fresh, finished, tmp_path):
    workspace = fresh.copy(tmp_path / "work")
    process = workspace.start()
    try:
        wait_for(lambda: any(workspace.folder.glob(".snakemake/locks/*.lock")), process)
        for _ in range(2):
            said = workspace.script("release_lock.py")
            assert said.output.startswith("A run is at work in this folder (")
            second = workspace.run()
            assert second.status != 0
            # the latter where the first moves a file while the second looks around
            refusals = ("Directory cannot be locked", "a concurrent process has deleted it while Snakemake was running")
            assert any(refusal in second.output for refusal in refusals), second.output
            assert second.jobs == {}
        output, _ = process.communicate(timeout=600)
    finally:
        end(process)
    assert process.returncode == 0, output
    is_as_undisturbed(workspace, finished)


@pytest.mark.slow
def test_two_runs_without_locks_do_no_lasting_harm(fresh, finished, tmp_path):
    """Against all advice: they take files from each other and may fail; afterwards one run sets everything right."""
    workspace, undisturbed = fresh.copy(tmp_path / "work"), finished.checksums()
    both = [workspace.start("--nolock", cores=1) for _ in range(2)]
    try:
        for process in both:
            process.communicate(timeout=600)
    finally:
        for process in both:
            end(process)
    print(f"two runs without locks ended with {[process.returncode for process in both]}")
    assert half_written(workspace, undisturbed) == set()
    outcome = make_run(workspace)
    assert outcome.status == 0, outcome.output
    leftovers = [path for path in workspace.checksums() if "imported." in path]
    for path in leftovers:  # an import that the other run had accepted already
        (workspace.folder / "results" / path).unlink()
    is_as_undisturbed(workspace, finished)


@pytest.mark.slow
def test_an_input_that_is_edited_during_the_run_is_told_and_then_taken_in(fresh, tmp_path):
    edited, clean = fresh.copy(tmp_path / "edited"), fresh.copy(tmp_path / "clean")
    counts = edited.folder / "data/counts.tsv"
    other = counts.read_text().replace("\nG000\t", "\nG000x\t")
    process = edited.start()
    try:
        wait_for((edited.results() / "models/primary/fit.h5ad").exists, process)
        counts.write_text(other)
        output, _ = process.communicate(timeout=600)
    finally:
        end(process)
    assert process.returncode != 0
    assert (
        "Error: data/counts.tsv: was changed after 'results/tiny/counts.h5ad' was made from it. Run again" in output
    ), output
    assert not (edited.results() / "provenance/manifest.tsv").exists()
    (clean.folder / "data/counts.tsv").write_text(other)
    for workspace in (edited, clean):
        outcome = make_run(workspace)
        assert outcome.status == 0, outcome.output
    is_as_undisturbed(edited, clean)
    manifest = (edited.results() / "provenance/manifest.tsv").read_text()
    assert f"input\tdata/counts.tsv\t{hashlib.sha256(other.encode()).hexdigest()}\n" in manifest
