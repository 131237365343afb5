"""The commands of the Makefile, with stand-ins for Python, pip, uv and Snakemake that record their calls."""

import re
import stat
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]

FAKE_PYTHON = """\
#!/bin/sh
case "$1" in
  -V) echo "Python $(cat "$FAKE/version")" ;;
  -c) exit "$(cat "$FAKE/unsupported")" ;;
  -m) echo "$2 $3" >> "$FAKE/calls"
      if [ "$2" = venv ]; then mkdir -p "$3/bin" && cp "$0" "$3/bin/python"; exit; fi
      exit "$(cat "$FAKE/pip_fails")" ;;
  scripts/compile_kernels.py) echo compiled >> "$FAKE/compiled" ;;
esac
"""
FAKE_UV = '#!/bin/sh\necho "uv $*" >> "$FAKE/calls"\nexit "$(cat "$FAKE/uv_fails")"\n'


class Checkout:
    """A folder with the Makefile and a lock, in which the tools of setup are stand-ins."""

    def __init__(self, folder):
        self.root, self.fake = folder / "my checkout", folder / "fake"
        for path in (self.root, self.fake):
            path.mkdir()
        (self.root / "Makefile").write_bytes((ROOT / "Makefile").read_bytes())
        (self.root / "requirements.lock").write_text("numpy==2.0.0\n")
        self.kernel = self.root / "scripts/lateralis/model/engine/kernel.py"
        self.kernel.parent.mkdir(parents=True)
        self.kernel.write_text("one = 1\n")
        self.state(version="3.12.4", unsupported=0, pip_fails=0, uv_fails=0)
        self.command("python3", FAKE_PYTHON)

    def command(self, name, text):
        path = self.fake / name
        path.write_text(text)
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    def state(self, **values):
        for name, value in values.items():
            (self.fake / name).write_text(str(value))

    def make(self, *arguments):
        """Run make; its exit status, the tools it called, and all it said."""
        (self.fake / "calls").write_text("")
        environment = {"PATH": f"{self.fake}:/usr/bin:/bin", "FAKE": str(self.fake), "HOME": str(self.fake)}
        command = ["make", "--no-print-directory", *arguments]
        done = subprocess.run(command, cwd=self.root, env=environment, capture_output=True, text=True, check=False)
        return done.returncode, (self.fake / "calls").read_text().splitlines(), done.stdout + done.stderr


@pytest.fixture
def checkout(tmp_path):
    return Checkout(tmp_path)


def test_second_setup_does_nothing(checkout):
    assert checkout.make("setup")[:2] == (0, ["venv .venv", "pip install"])
    assert checkout.make("setup") == (0, [], "")


def test_kernels_are_compiled_once_and_again_when_they_change(checkout):
    def compiled():
        return len((checkout.fake / "compiled").read_text().splitlines())

    checkout.make("setup")
    checkout.make("setup")
    assert compiled() == 1
    checkout.kernel.write_text("one = 2\n")
    assert "Compiling the kernels of the fit" in checkout.make("setup")[2]
    assert compiled() == 2
    assert checkout.make("setup") == (0, [], "")


def test_changed_lock_is_installed_into_the_same_environment(checkout):
    checkout.make("setup")
    (checkout.root / "requirements.lock").write_text("numpy==2.0.1\n")
    assert checkout.make("setup")[:2] == (0, ["pip install"])
    assert checkout.make("setup")[1] == []


@pytest.mark.parametrize("tool", ["pip_fails", "uv_fails"])
def test_interrupted_setup_is_repaired_by_the_next(checkout, tool):
    if tool == "uv_fails":
        checkout.command("uv", FAKE_UV)
    checkout.state(pip_fails=1, uv_fails=1)
    assert checkout.make("setup")[0] == 2
    checkout.state(**{tool: 0})
    status, calls, _ = checkout.make("setup")
    assert (status, calls[0]) == (0, "venv .venv"), "a half-installed environment is not trusted"
    assert checkout.make("setup")[1] == []


def test_failed_update_does_not_pass_for_done(checkout):
    checkout.make("setup")
    (checkout.root / "requirements.lock").write_text("numpy==2.0.1\n")
    checkout.state(pip_fails=1)
    assert checkout.make("setup")[0] == 2
    (checkout.root / "requirements.lock").write_text("numpy==2.0.0\n")
    checkout.state(pip_fails=0)
    assert checkout.make("setup")[:2] == (0, ["venv .venv", "pip install"])


@pytest.mark.parametrize("change", ["moved", "another interpreter"])
def test_environment_of_another_place_or_interpreter_is_made_anew(checkout, change):
    checkout.make("setup")
    if change == "moved":
        checkout.root = checkout.root.rename(checkout.root.with_name("moved"))
    else:
        checkout.state(version="3.13.0")
    assert checkout.make("setup")[:2] == (0, ["venv .venv", "pip install"])


def test_uv_is_used_where_it_is_and_pip_where_it_fails(checkout):
    checkout.command("uv", FAKE_UV)
    installed = "uv pip install --quiet --python .venv/bin/python --no-deps --require-hashes -r requirements.lock"
    assert checkout.make("setup")[:2] == (0, ["venv .venv", installed])
    (checkout.root / "requirements.lock").write_text("numpy==2.0.1\n")
    checkout.state(uv_fails=1)
    assert checkout.make("setup")[:2] == (0, [installed, "pip install"])


def test_unsupported_python_is_named_before_anything_is_made(checkout):
    checkout.state(version="3.9.2", unsupported=1)
    status, calls, said = checkout.make("setup")
    assert (status, calls) == (2, [])
    assert "lateralis needs Python 3.11, 3.12 or 3.13; 'python3' is Python 3.9.2." in said
    assert "make setup PYTHON=/path/to/python3.12" in said
    assert not (checkout.root / ".venv").exists()


def test_missing_python_is_named(checkout):
    status, _, said = checkout.make("setup", "PYTHON=python3.12-elsewhere")
    assert status == 2
    assert "lateralis needs Python 3.11, 3.12 or 3.13; 'python3.12-elsewhere' is" in said


# --- the other commands ---


def test_make_alone_lists_every_command(checkout):
    status, calls, said = checkout.make()
    assert (status, calls) == (0, [])
    commands = re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert {"setup", "run", "test", "test-all", "lint", "clean"} <= set(commands)
    for command in commands:
        assert re.search(rf"^  {command} +\w", said, re.MULTILINE), command


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], "--cores all"),
        (["CORES=3", "SNAKEMAKE_ARGS=--dry-run --quiet"], "--cores 3 --dry-run --quiet"),
        (["COHORT=my studies/it's (new).yaml"], None),
    ],
)
def test_run_passes_cores_cohort_and_options(checkout, arguments, expected):
    checkout.make("setup")
    snakemake = checkout.root / ".venv/bin/snakemake"
    snakemake.write_text('#!/bin/sh\nprintf "%s\\n" "$@" > "$FAKE/calls"\n')
    snakemake.chmod(0o755)
    status, calls, said = checkout.make("run", *arguments)
    assert status == 0, said
    if expected is not None:
        assert " ".join(calls) == expected
    else:
        assert calls[:3] == ["--cores", "all", "--config"]
        key, _, value = calls[3].partition("=")
        assert (key, yaml.safe_load(value)) == ("cohorts", ["my studies/it's (new).yaml"])


def test_geo_names_its_target_before_options_that_would_swallow_it(checkout):
    checkout.make("setup")
    snakemake = checkout.root / ".venv/bin/snakemake"
    snakemake.write_text('#!/bin/sh\nprintf "%s\\n" "$@" > "$FAKE/calls"\n')
    snakemake.chmod(0o755)
    status, calls, said = checkout.make("geo", "CORES=3", "COHORT=my studies/it's (new).yaml")
    assert status == 0, said
    assert calls == ["geo", "--cores", "3", "--config", 'cohorts=["my studies/it\'s (new).yaml"]']


def test_clean_keeps_results_and_the_environment(checkout):
    checkout.make("setup")
    kept = ["results/study/report.html", ".snakemake/metadata/x", "config/cohorts/study.yaml", "scripts/run.py"]
    caches = [".ruff_cache/x", ".mypy_cache/x", "scripts/lateralis/__pycache__/x.pyc", "build/x", ".pytest_cache/x"]
    for name in kept + caches:
        (checkout.root / name).parent.mkdir(parents=True, exist_ok=True)
        (checkout.root / name).touch()
    assert checkout.make("clean")[0] == 0
    assert [name for name in kept if not (checkout.root / name).exists()] == []
    assert [name for name in caches if (checkout.root / name).exists()] == []
    assert (checkout.root / ".venv").exists()
    assert checkout.make("distclean")[0] == 0
    assert not (checkout.root / ".venv").exists()
