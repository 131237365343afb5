# Loads and checks the cohorts, once, before any job; names what the other rule files share.
import sys
from pathlib import Path

ROOT = Path(workflow.current_basedir).parents[1]
SCRIPTS = ROOT / "scripts"
sys.path.insert(0, str(SCRIPTS))

from lateralis.config import Run
from lateralis.configfile import load_cohort, parse_section, read_yaml
from lateralis.errors import InputError
from lateralis.inputs.counts import source_files
from lateralis.inputs.samples import read_samples
from lateralis.model.design import tested_variables
from lateralis.sourcehash import source_hash


def refuse(error):
    """End with one sentence in place of a traceback."""
    print(f"Error: {error}", file=sys.stderr)
    sys.exit(1)


def load_cohorts():
    """Cohort name -> (its file, its models); checked against sheet and count header in the main process only."""
    found = {}
    for path in workflow.configfiles:
        read_yaml(path)  # Snakemake's own reader takes the last of two equal keys
    for path in parse_section(Run, config, "config/config.yaml").cohorts:
        cohort = load_cohort(path)
        if cohort.cohort in found:
            raise InputError(path, f"is a second cohort named '{cohort.cohort}'", "Give each its own name")
        found[cohort.cohort] = (path, cohort)
    if workflow.is_main_process:
        from lateralis.model.preflight import check_cohort

        for path, cohort in found.values():
            for warning in check_cohort(cohort, path):
                print(f"Warning: {path}: {warning}", file=sys.stderr)
    return found


try:
    LOADED = load_cohorts()
except InputError as error:
    refuse(error)

# The cohorts as plain data, for `lookup`.
COHORTS = {name: cohort.model_dump() for name, (_, cohort) in LOADED.items()}


wildcard_constraints:
    cohort="|".join(COHORTS),
    model="[A-Za-z0-9_-]+",
    contrast="[A-Za-z0-9_-]+",


def code(script):
    """Hash of a script and of the library modules that it imports: a param, so that changed code reruns its jobs."""
    return source_hash(str(SCRIPTS / script))


def count_inputs(wildcards):
    """Count files and sample sheet of a cohort: the simulated ones or the user's."""
    cohort = LOADED[wildcards.cohort][1]
    if cohort.input.simulate is not None:
        folder = f"results/{wildcards.cohort}/inputs"
        return {"sheet": f"{folder}/samples.tsv", "files": [f"{folder}/counts.tsv.gz"]}
    samples = list(read_samples(cohort.input.samples, cohort.samples).index)
    files = sorted(set(source_files(cohort.input.counts, samples).values()))
    more = [path for path in (cohort.input.counts.tx2gene, cohort.input.annotation) if path]
    return {"sheet": cohort.input.samples, "files": files, "more": more}


def count_spec(wildcards):
    """Where the counts of a cohort are and how they are laid out."""
    cohort = LOADED[wildcards.cohort][1]
    if cohort.input.simulate is not None:
        return {"format": "matrix", "path": f"results/{wildcards.cohort}/inputs/counts.tsv.gz"}
    return cohort.input.counts.model_dump()


def import_source(wildcards):
    """All that the config says of a cohort's data; without exclusions, which concern the models."""
    return {
        "counts": count_spec(wildcards),
        "sheet": count_inputs(wildcards)["sheet"],
        "samples": COHORTS[wildcards.cohort]["samples"] | {"exclude": []},
        "annotation": LOADED[wildcards.cohort][1].input.annotation,
    }


def control_genes_of_cohort(wildcards):
    """The list of genes that a cohort's size factors are taken from, if it has one."""
    return LOADED[wildcards.cohort][1].size_factors.control_genes or []


def model_of_contrast(wildcards):
    """The model that a contrast belongs to."""
    return LOADED[wildcards.cohort][1].contrasts[wildcards.contrast].model


def tested_in_model(wildcards):
    """Variables that the contrasts of a model test, which the gene filter reads."""
    cohort = LOADED[wildcards.cohort][1]
    return tested_variables(cohort.contrasts_of(wildcards.model), cohort.models[wildcards.model].design)


def design_of_contrast(wildcards):
    """Design and typed variables of a contrast's model, which a reduced design is coded like."""
    model = COHORTS[wildcards.cohort]["models"][model_of_contrast(wildcards)]
    return {"design": model["design"], "variables": COHORTS[wildcards.cohort]["samples"]["variables"]}


def label_of_contrast(wildcards):
    """A contrast in words."""
    return LOADED[wildcards.cohort][1].label(wildcards.contrast)


def grouping_of_contrast(wildcards):
    """The variable whose levels a contrast compares, or nothing."""
    return LOADED[wildcards.cohort][1].grouping(wildcards.contrast)


def group_of_cohort(wildcards):
    """The variable whose levels describe a cohort, or nothing."""
    return LOADED[wildcards.cohort][1].group_variable


def variables_of_cohort(wildcards):
    """Names of a cohort's variables, in order."""
    return list(COHORTS[wildcards.cohort]["samples"]["variables"])


def of_each_contrast(pattern):
    """Input function: a pattern with {cohort} and {contrast}, for each contrast of the cohort."""

    def paths(wildcards):
        return collect(pattern, cohort=wildcards.cohort, contrast=list(COHORTS[wildcards.cohort]["contrasts"]))

    return paths


def of_each_fold_change(pattern):
    """Input function: a pattern with {cohort} and {contrast}, for each contrast that has fold changes."""

    def paths(wildcards):
        contrasts = LOADED[wildcards.cohort][1].contrasts.items()
        with_fold_change = [name for name, contrast in contrasts if contrast.reduced is None]
        return collect(pattern, cohort=wildcards.cohort, contrast=with_fold_change)

    return paths


def of_each_model(pattern):
    """Input function: a pattern with {cohort} and {model}, for each model of the cohort."""

    def paths(wildcards):
        return collect(pattern, cohort=wildcards.cohort, model=list(COHORTS[wildcards.cohort]["models"]))

    return paths


def of_contrast_model(pattern):
    """Input function: a pattern with {cohort} and {model}, for the model of one contrast."""

    def path(wildcards):
        return pattern.format(cohort=wildcards.cohort, model=model_of_contrast(wildcards))

    return path
