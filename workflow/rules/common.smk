# Loads and checks the cohorts, once, before any job; names what the other rule files share. Of jobs that could start, those with
# `priority: 1` do: they are on the way to the workbook, the longest job at the end, while pictures and trust fill the gaps.
import os
import sys
from functools import cache

SCRIPTS = ROOT / "scripts"
sys.path.insert(0, str(SCRIPTS))

from lateralis.configfile import load_cohort, parse_run, read_yaml
from lateralis.errors import InputError
from lateralis.inputs.extent import n_counts
from lateralis.inputs.panel_file import SHIPPED
from lateralis.io import sha256
from lateralis.job import STARTED_BY
from lateralis.processes import claim, own_name
from lateralis.sourcehash import source_hash

os.environ[STARTED_BY] = own_name()  # a job ends when this process is gone


def load_run():
    """Which cohorts to run; as a module, what the other workflow hands over."""
    for path in workflow.configfiles:
        read_yaml(path)  # Snakemake's own reader takes the last of two equal keys
    if workflow.modifier.is_main_snakefile():
        given = [*workflow.configfiles, *(["--config"] if workflow.config_settings.config else [])]
        return parse_run(config, " and ".join(map(str, given)))
    place = f"module {workflow.modifier.namespace}"
    if workflow.modifier.modify_path("results/") != "results/":
        right = "Leave it out; `workdir:` or --directory says where results go"
        raise InputError(place, "has a prefix, which would move the paths of your data, too", right)
    whole = config is workflow.modifier.parent_modifier.globals["config"]
    return parse_run(config, f"the config of {place}", shared=whole)


def load_cohorts(run):
    """Cohort name -> (its file, its models); checked against sheet and count header in the main process only."""
    found = {}
    for path in run.cohorts:
        cohort = load_cohort(path)
        alike = [name for name in found if name.lower() == cohort.cohort.lower()]  # one folder, on some file systems
        if alike:
            raise InputError(path, f"is a second cohort named '{alike[0]}'", "Give each its own name")
        found[cohort.cohort] = (path, cohort)
    if workflow.is_main_process:
        from lateralis.model.preflight import check_cohort

        for path, cohort in found.values():
            for warning in check_cohort(cohort, path):
                print(f"Warning: {path}: {warning}", file=sys.stderr)
    return found


try:
    RUN = load_run()
    LOADED = load_cohorts(RUN)
except InputError as error:
    refuse(error)

SHIPPED_PANELS = {path.stem: sha256(path) for path in sorted(SHIPPED.glob("*.yaml"))}

# The cohorts as plain data, for `lookup`.
COHORTS = {name: cohort.model_dump() for name, (_, cohort) in LOADED.items()}

# Cohorts that ask for a folder to share.
RELEASED = [name for name, (_, cohort) in LOADED.items() if cohort.report.profile == "release"]


def targets_of_cohort(wildcards):
    """What is made of a cohort in the end; all else is made on the way there."""
    folder = f"results/{wildcards.cohort}"
    made = [f"{folder}/report.html", f"{folder}/results.xlsx", f"{folder}/ro-crate-metadata.json"]
    return made + asked_of_cohort(wildcards) + ([f"{folder}/release"] if wildcards.cohort in RELEASED else [])


wildcard_constraints:
    cohort="|".join(COHORTS),
    model="[A-Za-z0-9_-]+",
    contrast="[A-Za-z0-9_-]+",


def contrasts_by(*, fold_changes):
    """Wildcard constraint: names of the contrasts that have fold changes, or of those without, each in its own cohort's folder."""
    found = (
        rf"(?<=results/{cohort.cohort}/contrasts/){name}"
        for _, cohort in LOADED.values()
        for name, contrast in cohort.contrasts.items()
        if (contrast.reduced is None) == fold_changes
    )
    return "|".join(found) or "(?!)"


@cache
def millions_of_counts(cohort):
    """How large a cohort is: samples × genes / 1,000,000, about."""
    return n_counts(LOADED[cohort][1].input) / 1e6


# What jobs took at 3.6 million counts, and how much of it grows with them, is in docs/cluster.md.
def memory(at_least, a_million_counts):
    """Resource: so many MB for any cohort and so many more by its size; twice and three times as much when tried again."""

    def needed(wildcards, attempt):
        return int((at_least + a_million_counts * millions_of_counts(wildcards.cohort)) * attempt)

    return needed


def minutes(at_least, a_million_counts):
    """Resource: so many minutes for any cohort and so many more by its size; longer still when tried again."""

    def needed(wildcards, attempt):
        return int((at_least + a_million_counts * millions_of_counts(wildcards.cohort)) * attempt + 0.5)

    return needed


def threads_by_size(most):
    """Threads: one for each 8 million counts, `most` at the most. Jobs of small cohorts do better side by side, one thread each."""

    def needed(wildcards):
        return min(most, 1 + int(millions_of_counts(wildcards.cohort) / 8))

    return needed


def threads_of_trust(wildcards):
    """Threads of permutations: some for a hundred of them, by the cohort's size for a few."""
    return 8 if LOADED[wildcards.cohort][1].trust.scale == "large" else threads_by_size(2)(wildcards)


def code(*scripts):
    """Param: hash of scripts and of the library modules that they import, so that changed code reruns their jobs."""

    def hashed(wildcards):  # asked for by those jobs alone that a process plans: parsing all modules takes seconds
        return " ".join(source_hash(str(SCRIPTS / script)) for script in scripts)

    return hashed
