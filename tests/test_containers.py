"""Both containers install what the lock pins and nothing else, and hold what a run needs."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
INSTALL = (
    "python -m pip install --no-cache-dir --no-deps --require-hashes --requirement /opt/lateralis/requirements.lock"
)
PARTS = {"requirements.lock", "Snakefile", "workflow", "scripts", "resources", "envs"}


@pytest.fixture(params=["Dockerfile", "lateralis.def"])
def recipe(request):
    return (ROOT / "envs" / request.param).read_text(encoding="utf-8")


def test_the_lock_is_installed_with_its_hashes_and_nothing_beside_it(recipe):
    assert re.findall(r".*\binstall\b.*", recipe) == [line for line in recipe.splitlines() if INSTALL in line]
    assert recipe.count(INSTALL) == 1


def test_python_is_one_that_the_project_supports(recipe):
    version = re.search(r"python:(3\.\d+)-", recipe).group(1)
    supported = re.search(
        r'requires-python = ">=(3\.\d+),<(3\.\d+)"', (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    )
    low, high = (tuple(map(int, found.split("."))) for found in supported.groups())
    assert low <= tuple(map(int, version.split("."))) < high


def test_what_a_run_needs_is_inside(recipe):
    copied = {
        line.split()[1 if line.startswith("COPY") else 0] for line in recipe.splitlines() if "/opt/lateralis/" in line
    }
    assert copied >= PARTS
    assert all((ROOT / part).exists() for part in PARTS)


def test_both_are_made_from_the_same():
    bases = [
        re.search(r"python:\S+", (ROOT / "envs" / name).read_text()).group() for name in ("Dockerfile", "lateralis.def")
    ]
    assert bases[0] == bases[1]


def test_both_take_the_same_steps():
    docker, apptainer = ((ROOT / "envs" / name).read_text(encoding="utf-8") for name in ("Dockerfile", "lateralis.def"))
    after = re.search(r"^%post\n((?: .*\n)+)", apptainer, re.MULTILINE).group(1)
    assert re.findall(r"^RUN (.*)", docker, re.MULTILINE) == [line.strip() for line in after.splitlines()]
    entry = json.loads(re.search(r"^ENTRYPOINT (.*)", docker, re.MULTILINE).group(1))
    assert re.search(r"^ +exec (.*)", apptainer, re.MULTILINE).group(1) == " ".join([*entry, '"$@"'])
