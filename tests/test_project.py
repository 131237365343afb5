"""The repository itself: one command each, a complete lock without hosts, an environment that agrees with it, the house."""

import ast
import os
import re
import stat
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
RUNTIME = [Requirement(line) for line in PROJECT["project"]["dependencies"]]
DEVELOPMENT = [Requirement(line) for line in PROJECT["dependency-groups"]["dev"]]
PYTHONS = ("3.11", "3.12", "3.13")


def tracked_files():
    """Text files of the repository, as git would take them into a commit."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(listing, cwd=ROOT, capture_output=True, check=True, text=True).stdout
    return [ROOT / name for name in names.split("\0") if name and (ROOT / name).is_file()]


def locked_versions(python):
    """Version of each locked package on one Python, for Linux."""
    environment = {
        "python_version": python,
        "python_full_version": f"{python}.5",
        "sys_platform": "linux",
        "platform_system": "Linux",
        "platform_machine": "x86_64",
        "platform_python_implementation": "CPython",
        "implementation_name": "cpython",
        "os_name": "posix",
        "extra": "",
    }
    versions = {}
    for line in re.findall(r"^([a-z0-9].*?)\s*\\?$", LOCK, re.MULTILINE):
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate(environment):
            (pin,) = requirement.specifier
            assert pin.operator == "==", line
            assert requirement.name not in versions, f"{requirement.name} is locked twice for Python {python}"
            versions[canonicalize_name(requirement.name)] = pin.version
    return versions


# --- the lock ---


@pytest.mark.parametrize("python", PYTHONS)
def test_lock_satisfies_every_dependency(python):
    versions = locked_versions(python)
    for requirement in RUNTIME + DEVELOPMENT:
        name = canonicalize_name(requirement.name)
        assert name in versions, f"{name} is not locked: make lock"
        assert requirement.specifier.contains(versions[name]), f"{name} {versions[name]} is not {requirement.specifier}"


IMPORTED_AS = {"BTM": "btm", "adjustText": "adjusttext", "sklearn": "scikit-learn", "yaml": "pyyaml"}


def test_library_imports_only_declared_dependencies():
    declared = {canonicalize_name(each.name) for each in RUNTIME} | {"lateralis", *sys.stdlib_module_names}
    for path in (ROOT / "scripts").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            modules = [node.module] if isinstance(node, ast.ImportFrom) else []
            modules += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            packages = {IMPORTED_AS.get(name.partition(".")[0], name.partition(".")[0]) for name in modules}
            assert packages <= declared, f"{path.name} imports {packages - declared}"


def test_every_locked_package_has_hashes():
    packages = re.split(r"^(?=[a-z0-9])", LOCK, flags=re.MULTILINE)[1:]
    assert len(packages) > 100
    assert [text.split()[0] for text in packages if "--hash=sha256:" not in text] == []


@pytest.mark.parametrize(
    "name", ["requirements.lock", "Makefile", ".ci/run", "pyproject.toml", ".pre-commit-config.yaml"]
)
def test_no_index_and_no_host_is_named(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    assert re.findall(r"\w+://\S+|--(?:extra-)?index-url|--find-links|--trusted-host", text) == []


def test_python_range_is_the_one_of_the_makefile():
    assert PROJECT["project"]["requires-python"] == ">=3.11,<3.14"
    assert "(3, 11) <= sys.version_info[:2] <= (3, 13)" in (ROOT / "Makefile").read_text(encoding="utf-8")


# --- determinism ---


def test_every_random_generator_takes_its_seed_from_the_caller():
    """No global generator, none without a seed, none with a seed that stands in the code."""
    found = []
    for path in (ROOT / "scripts").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = {getattr(node, "module", None), *(alias.name for alias in node.names)}
                assert not names & {"random", "numpy.random", "secrets", "uuid"}, path.name
            called = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
            if called.startswith(("np.random.", "numpy.random.")) and called.count(".") == 2:
                seeded = len(node.args) == 1 and not isinstance(node.args[0], ast.Constant)
                found.append(called == "np.random.default_rng" and seeded)
    assert len(found) >= 8
    assert all(found)


# --- the conda environment ---


def conda_requirements():
    content = yaml.safe_load((ROOT / "envs/lateralis.yaml").read_text(encoding="utf-8"))
    *packages, pip, by_pip = content["dependencies"]
    assert pip == "pip"
    requirements = [Requirement(line) for line in [*packages, *by_pip["pip"]]]
    names = (each.name.removesuffix("-base").removesuffix("-py") for each in requirements)
    return dict(zip(map(canonicalize_name, names), (each.specifier for each in requirements), strict=True))


def test_conda_environment_has_every_runtime_dependency_and_no_more():
    assert set(conda_requirements()) == {"python"} | {canonicalize_name(each.name) for each in RUNTIME}


@pytest.mark.parametrize("python", PYTHONS)
def test_conda_ranges_contain_the_locked_versions(python):
    ranges = conda_requirements()
    assert ranges.pop("python").contains(f"{python}.5")
    versions = locked_versions(python)
    outside = {name: versions[name] for name, specifier in ranges.items() if not specifier.contains(versions[name])}
    assert outside == {}


def test_conda_ranges_are_bounded_and_start_where_pyproject_starts():
    ranges = conda_requirements()
    for requirement in RUNTIME:
        found = ranges[canonicalize_name(requirement.name)]
        assert {spec.operator for spec in found} == {">=", "<"}, requirement.name
        lowest = {spec.version for spec in requirement.specifier if spec.operator == ">="}
        assert {spec.version for spec in found if spec.operator == ">="} == lowest, requirement.name


def test_conda_channels_leave_the_defaults_out():
    content = yaml.safe_load((ROOT / "envs/lateralis.yaml").read_text(encoding="utf-8"))
    assert content["channels"] == ["conda-forge", "bioconda", "nodefaults"]


# --- make setup, with stand-ins for Python, pip and uv that record their calls ---

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


def test_ci_runs_make_test_and_nothing_else():
    script = ROOT / ".ci/run"
    assert os.access(script, os.X_OK)
    commands = [line for line in script.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    assert commands[:2] == ["set -euo pipefail", 'cd "$(dirname "${BASH_SOURCE[0]}")/.."']
    assert commands[-1] == "make test </dev/null"
    packages = " ".join(
        commands[2:-1]
    )  # what the tests need of Debian, and that none of them may be skipped for want of it
    assert {"LATERALIS_REQUIRE_BROWSER=1", "LATERALIS_REQUIRE_CLUSTER=1"} <= set(packages.split())
    assert not {"make", "pytest", "pip", "python", "python3", "uv"} & set(packages.split())


def test_pre_commit_downloads_nothing():
    content = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    assert [repository["repo"] for repository in content["repos"]] == ["local"]
    hooks = content["repos"][0]["hooks"]
    assert {hook["language"] for hook in hooks} == {"system"}
    assert all(".venv/bin/" in hook["entry"] for hook in hooks)


# --- the house ---


def test_no_source_file_is_longer_than_400_lines():
    sources = [path for path in tracked_files() if path.suffix in (".py", ".smk") or path.name == "Snakefile"]
    lengths = {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in sources}
    long = {name: length for name, length in lengths.items() if length > 400 and not name.startswith("tests/")}
    assert lengths
    assert long == {}


def test_init_files_hold_only_a_docstring():
    library = ROOT / "scripts/lateralis"
    packages = [path for path in library.rglob("__init__.py") if path.parent != library]
    assert packages
    for path in packages:
        assert re.fullmatch(r'"""[^"]+"""\n?', path.read_text(encoding="utf-8")), path


def test_no_attic():
    names = {path.stem for path in tracked_files() if path.suffix == ".py"}
    assert names & {"utils", "util", "helpers", "helper", "misc", "common", "manager"} == set()


def test_versions_agree():
    version = PROJECT["project"]["version"]
    assert yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))["version"] == version
    assert f'__version__ = "{version}"' in (ROOT / "scripts/lateralis/__init__.py").read_text(encoding="utf-8")
    assert f"## {version}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
