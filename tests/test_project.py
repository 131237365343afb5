"""The repository itself: a complete lock without hosts, an environment that agrees with it, checks, the house."""

import ast
import os
import re
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


IMPORTED_AS = {
    "BTM": "btm",
    "adjustText": "adjusttext",
    "fontTools": "fonttools",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
}


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


# --- checks before a change is taken ---


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
