"""A tiny cohort in a folder of its own, and how tests run Snakemake there."""

import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("Snakefile", "requirements.lock", "profiles", "workflow", "scripts", "resources", "envs")
GROUPS = ("control", "motor", "als")
N_CHANGED = 40  # genes 4-fold up or down in ALS

COHORT = {
    "cohort": "tiny",
    "title": "A cohort small enough to run in seconds",
    "input": {
        "counts": {"format": "matrix", "path": "data/counts.tsv"},
        "samples": "data/samples.tsv",
        "annotation": "data/genes.tsv",
    },
    "samples": {
        "id": "sample",
        "replicate_of": "biosample",
        "variables": {
            "group": {"type": "categorical", "levels": list(GROUPS)},
            "sex": {"type": "categorical", "levels": ["F", "M"]},
            "age": {"type": "numeric", "center": True, "scale": True},
        },
    },
    "missing": "drop",
    "outliers": {"cells": ["group"]},
    "models": {"primary": {"design": "~ sex + group"}},
    "contrasts": {
        "als_vs_control": {"model": "primary", "variable": "group", "test": "als", "reference": "control"},
        "motor_vs_control": {"model": "primary", "variable": "group", "test": "motor", "reference": "control"},
        "men_vs_women": {"model": "primary", "variable": "sex", "test": "M", "reference": "F"},
        "any_group": {"model": "primary", "reduced": "~ sex"},
    },
    "endpoint": {"fold_change": 1.5, "alpha": 0.05, "headline": "fdr"},
}


def tiny_sheet() -> pd.DataFrame:
    """18 samples, three groups of six, with names as people write them; one was sequenced twice, one has no sex."""
    names = ["001", "NA", "S 3", "4-b", "p.5", "006"]
    rows = [
        (f"{names[number]}{'' if group == 'control' else f' {group}'}", group, "FM"[number % 2], 50 + 3 * number, "")
        for group in GROUPS
        for number in range(6)
    ]
    sheet = pd.DataFrame(rows, columns=["sample", "group", "sex", "age", "biosample"])
    sheet.loc[sheet["sample"] == "4-b als", "sex"] = "NA"
    lanes = [sheet[sheet["sample"] == "S 3"].assign(sample=f"S 3 lane-{lane}", biosample="S 3") for lane in (1, 2)]
    return pd.concat([sheet[:2], lanes[0], sheet[3:], lanes[1]], ignore_index=True)


def tiny_counts(sheet: pd.DataFrame) -> pd.DataFrame:
    """300 genes: 40 change in ALS, one in `motor`, none with sex; one has no count, some have few."""
    rng = np.random.default_rng(20)
    genes = [f"G{number:03d}" for number in rng.permutation(294)] + [
        "NA",
        "MT-CO1",
        "XIST",
        "RPS4Y1",
        "G.zero",
        "1-Mar",
    ]
    means = rng.lognormal(5.5, 0.8, len(genes))
    means[-6:] = (200, 900, 300, 300, 0, 150)
    means[100:110] = 0.5
    changes = np.ones((len(genes), len(GROUPS)))
    changes[:N_CHANGED, 2] = np.where(np.arange(N_CHANGED) % 2, 4, 1 / 4)
    changes[N_CHANGED, 1] = 8
    depth = np.where(sheet["biosample"] == "", 1, 0.5) * rng.uniform(0.7, 1.4, len(sheet))
    expected = means[:, None] * changes[:, sheet["group"].map(GROUPS.index)] * depth
    dispersion = 0.02
    counts = rng.poisson(expected * rng.gamma(1 / dispersion, dispersion, expected.shape))
    return pd.DataFrame(counts, index=pd.Index(genes, name="gene_id"), columns=sheet["sample"])


def tiny_annotation() -> str:
    """Genes of the tiny cohort and of a genome around them: more than 1 MB, where Snakemake's own limit for checksums is."""
    genes = ["MT-CO1\tMT", "XIST\tX", "RPS4Y1\tY", *(f"G{number:03d}\t1" for number in range(294))]
    genes += [f"ELSEWHERE{number:06d}\t{number % 22 + 1}" for number in range(45_000)]
    rows = (gene.split("\t") for gene in genes)
    return "gene_id\tgene_name\tchromosome\n" + "".join(f"{gene}\t{gene}\t{where}\n" for gene, where in rows)


@dataclass(frozen=True)
class Outcome:
    """How a run of Snakemake ended and what it said."""

    status: int
    output: str

    @property
    def jobs(self) -> Counter[str]:
        """Jobs started, or planned by a dry run: `rule`, or `rule:contrast` where it has one; without the target rule."""
        found: Counter[str] = Counter()
        for block in re.findall(r"^(?:local)?rule (\w+):\n((?:[ \t]+.*\n)*)", self.output, re.MULTILINE):
            name, lines = block
            wildcard = re.search(r"wildcards: .*?(?:contrast|model)=([\w-]+)", lines)
            if name != "all":
                found[name + (f":{wildcard[1]}" if wildcard else "")] += 1
        return found

    @property
    def cohorts(self) -> set[str]:
        """Cohorts that jobs are for."""
        return set(re.findall(r"^ +wildcards: cohort=([\w-]+)", self.output, re.MULTILINE))


@dataclass(frozen=True)
class Workspace:
    """A folder with config, data and results, and the copy of the repository that runs in it."""

    repo: Path
    folder: Path

    def start(
        self,
        *options: str,
        cores: int | None = 2,
        packages: Path | None = None,
        folder: Path | None = None,
        program: tuple[str, ...] = ("-m", "snakemake"),
        through: Sequence[str] = (),
        variables: Mapping[str, str] | None = None,
    ) -> subprocess.Popen[str]:
        """Start Snakemake as a user does, in a process group of its own.

        Parameters
        ----------
        options : of Snakemake
        cores : `--cores`
        packages : folder of packages that stand before those installed
        folder : to run in; by default that of the workspace
        program : of Python, where it is another than Snakemake itself
        through : a command that the program is the argument of
        variables : of the environment, beside those of this process
        """
        command = [
            *through,
            sys.executable,
            *program,
            "-s",
            str(self.repo / "Snakefile"),
            *(["--cores", str(cores)] if cores is not None else []),
            *options,
        ]
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "SNAKEMAKE"))
        }
        if packages is not None:
            environment["PYTHONPATH"] = str(packages)
        return subprocess.Popen(
            command,
            cwd=folder or self.folder,
            env=environment | (variables or {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, *options: str, seconds: int = 900, **how: Any) -> Outcome:
        """Run Snakemake to its end; `how` as in `start`."""
        process = self.start(*options, **how)
        try:
            output, _ = process.communicate(timeout=seconds)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
        return Outcome(process.returncode, output)

    def script(self, name: str, *arguments: str) -> Outcome:
        """Run a script of the repository in the workspace's folder, as the Makefile does."""
        command = [sys.executable, str(self.repo / "scripts" / name), *arguments]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=60, check=False)
        return Outcome(done.returncode, done.stdout + done.stderr)

    def planned(self, *options: str) -> Counter[str]:
        """Jobs that a run would start now."""
        outcome = self.run("--dry-run", *options)
        assert outcome.status == 0, outcome.output
        return outcome.jobs

    def copy(self, folder: Path) -> "Workspace":
        """The same state elsewhere, times of files included."""
        shutil.copytree(self.folder, folder, symlinks=True)
        return Workspace(self.repo, folder)

    def with_own_repository(self, folder: Path) -> "Workspace":
        """The same results with a copy of the code, to change at will."""
        shutil.copytree(self.repo, folder, symlinks=True)
        return Workspace(folder, self.folder)

    def cohort(self, name: str = "tiny") -> dict:
        """A cohort file as plain data."""
        return yaml.safe_load((self.folder / f"config/cohorts/{name}.yaml").read_text(encoding="utf-8"))

    def write_cohort(self, cohort: dict, name: str | None = None) -> None:
        """Write a cohort file."""
        path = self.folder / f"config/cohorts/{name or cohort['cohort']}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(cohort, sort_keys=False, allow_unicode=True), encoding="utf-8")

    def write_run(self, *names: str) -> None:
        """Write `config/config.yaml`."""
        content = {"cohorts": [f"config/cohorts/{name}.yaml" for name in names]}
        (self.folder / "config/config.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")

    def write_data(self, sheet: pd.DataFrame, counts: pd.DataFrame) -> None:
        """Write sheet and counts where the tiny cohort's file says."""
        (self.folder / "data").mkdir(parents=True, exist_ok=True)
        sheet.to_csv(self.folder / "data/samples.tsv", sep="\t", index=False)
        counts.to_csv(self.folder / "data/counts.tsv", sep="\t")

    def results(self, cohort: str = "tiny") -> Path:
        """Where a cohort's results are."""
        return self.folder / "results" / cohort

    def checksums(self) -> dict[str, str]:
        """SHA-256 of every file below results/, but for logs and benchmarks, by path."""
        root = self.folder / "results"
        return {
            path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(root.rglob("*"))
            if path.is_file() and not {*path.relative_to(root).parts} & {"logs", "benchmarks", ".snakemake_timestamp"}
        }


def copy_repository(folder: Path) -> Path:
    """What a run needs of the repository, so that work on it does not disturb a test and a test may edit it."""
    folder.mkdir(parents=True)
    for part in PARTS:
        source = ROOT / part
        if source.is_dir() and not source.is_symlink():
            shutil.copytree(source, folder / part)
        else:
            shutil.copy2(source, folder / part, follow_symlinks=False)
    return folder


def fresh_workspace(base: Path) -> Workspace:
    """The tiny cohort before any run, with a copy of the repository beside it."""
    workspace = Workspace(copy_repository(base / "repository"), base / "fresh")
    workspace.write_cohort(COHORT)
    workspace.write_run("tiny")
    sheet = tiny_sheet()
    workspace.write_data(sheet, tiny_counts(sheet))
    (workspace.folder / "data/genes.tsv").write_text(tiny_annotation(), encoding="utf-8")
    return workspace
