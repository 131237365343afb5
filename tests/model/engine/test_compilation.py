"""Where compiled kernels are kept, and that jobs which start together on one cache do no harm."""

import contextlib
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lateralis.model.engine import compilation

ROOT = Path(__file__).resolve().parents[3]
FIT = """
import hashlib, numpy as np
from lateralis.model.engine.inference import EngineInference
engine = EngineInference()
engine.check()
counts = np.random.default_rng(0).negative_binomial(3, 0.05, (12, 40))
design = np.column_stack([np.ones(12), np.repeat([0.0, 1.0], 6)])
found = engine.fit_coefficients(counts, np.ones(12), design, np.full(40, 0.3))
print(hashlib.sha256(b"".join(part.tobytes() for part in found)).hexdigest())
"""


def start(cache, **options):
    environment = os.environ | {"LATERALIS_CACHE": str(cache), "PYTHONPATH": str(ROOT / "scripts")}
    return subprocess.Popen(
        [sys.executable, "-c", FIT],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


@pytest.fixture(autouse=True)
def no_folder_named(monkeypatch):
    monkeypatch.delenv("LATERALIS_CACHE", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)


def test_a_folder_that_is_named_is_used(tmp_path, monkeypatch):
    monkeypatch.setenv("LATERALIS_CACHE", str(tmp_path / "named"))
    folder = compilation.cache_folder()
    assert folder.parent == tmp_path / "named"
    assert folder.is_dir()
    assert folder.stat().st_mode & 0o077 == 0


def test_the_cache_folder_of_the_user_is_next(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert compilation.cache_folder().parent == tmp_path / "lateralis"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert compilation.cache_folder().parent == tmp_path / ".cache" / "lateralis"


def test_the_temporary_folder_serves_where_home_cannot_be_written(tmp_path, monkeypatch):
    (tmp_path / "home").write_text("not a folder", encoding="utf-8")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr(compilation.tempfile, "gettempdir", lambda: str(tmp_path))
    assert compilation.cache_folder().parent.parent == tmp_path


def test_a_named_folder_that_cannot_be_written_is_an_error(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("LATERALIS_CACHE", str(tmp_path / "file"))
    with pytest.raises(PermissionError, match="Set LATERALIS_CACHE to one that can"):
        compilation.cache_folder()


def test_the_folder_changes_with_the_code(tmp_path, monkeypatch):
    monkeypatch.setenv("LATERALIS_CACHE", str(tmp_path))
    before = compilation.cache_folder()
    copy = tmp_path / "package"
    copy.mkdir()
    for path in Path(compilation.__file__).parent.glob("*.py"):
        (copy / path.name).write_bytes(path.read_bytes())
    monkeypatch.setattr(compilation, "__file__", str(copy / "compilation.py"))
    assert compilation.cache_folder() == before
    with (copy / "special.py").open("a", encoding="utf-8") as file:
        file.write("# another constant\n")
    assert compilation.cache_folder() != before


A_NODES_WORTH = 16


def kept_in(cache):
    return sorted(path for path in cache.rglob("*") if path.is_file())


@pytest.mark.slow
def test_jobs_that_start_together_without_compiled_kernels_all_succeed(tmp_path):
    answers = []
    for job in [start(tmp_path) for _ in range(A_NODES_WORTH)]:
        out, err = job.communicate(timeout=1800)
        assert job.returncode == 0, err
        answers.append(out)
    assert len(set(answers)) == 1
    kept = kept_in(tmp_path)
    assert len([path for path in kept if path.suffix == ".nbi"]) >= 8
    assert {path.suffix for path in kept} == {".nbi", ".nbc", ".done", ".lock"}  # nothing half-written is left
    later = start(tmp_path)
    assert later.communicate(timeout=900)[0] == answers[0]
    assert kept_in(tmp_path) == kept


@pytest.mark.slow
def test_kills_while_kernels_are_compiled_leave_a_cache_that_serves(tmp_path):
    draw = random.Random(7)
    for _ in range(6):
        job = start(tmp_path / "killed", start_new_session=True)
        with contextlib.suppress(subprocess.TimeoutExpired):
            job.communicate(timeout=draw.uniform(2, 12))
        with contextlib.suppress(ProcessLookupError):
            os.killpg(job.pid, signal.SIGKILL)
        job.communicate()
    answers = {start(tmp_path / cache).communicate(timeout=900)[0] for cache in ("killed", "killed", "new")}
    assert len(answers) == 1
    assert len(answers.pop().strip()) == 64


WHOLE_FIT = """
import hashlib
import numpy as np, pandas as pd
from tiny_cohort import tiny_counts, tiny_sheet
from lateralis.model.fit import fit_model
rows = tiny_sheet()
name = rows["biosample"].where(rows["biosample"] != "", rows["sample"])
counts = tiny_counts(rows).T.groupby(name.to_numpy(), sort=False).sum()
sheet = rows.set_index(name).loc[~name.duplicated().to_numpy()]
known = (sheet["sex"] != "NA").to_numpy()
counts, sheet = counts.to_numpy()[known], sheet[known]
counts = counts[:, (counts >= 10).sum(axis=0) >= 5]
group = pd.Categorical(sheet["group"], categories=["control", "motor", "als"])
design = pd.DataFrame({"Intercept": 1.0, "sex": sheet["sex"] == "M", "motor": group == "motor", "als": group == "als"})
design = design.astype(float)
fit = fit_model(counts, design, cells=group.codes, exempt_three_larger=False)
print(hashlib.sha256(fit.genes["dispersion_map"].to_numpy().tobytes() + fit.covariance.tobytes()).hexdigest())
"""


@pytest.mark.slow
def test_a_first_fit_is_that_of_all_later_ones_to_the_byte(tmp_path):
    """Code fresh from the compiler rounds otherwise than out of the cache, so no fit runs on it."""
    paths = os.pathsep.join([str(ROOT / "scripts"), str(ROOT / "tests/workflow")])
    environment = os.environ | {"LATERALIS_CACHE": str(tmp_path), "PYTHONPATH": paths}
    command = [sys.executable, "-c", WHOLE_FIT]
    first, second = (
        subprocess.run(command, env=environment, capture_output=True, text=True, check=True) for _ in range(2)
    )
    assert len(first.stdout.strip()) == 64
    assert first.stdout == second.stdout
    assert len(list(tmp_path.glob("kernels-*/compiled-*.done"))) == 1
