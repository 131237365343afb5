"""Hold results against their manifest, without Snakemake: every file that is changed, missing or unlisted is named."""

import argparse
import sys
from pathlib import Path

import yaml

from lateralis.errors import InputError
from lateralis.receipts import output_of
from lateralis.records.manifest import compare, read_manifest


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "what",
        nargs="*",
        default=["config/config.yaml"],
        help="folder of a cohort's results, its cohort file, or a file that lists cohorts (default: config/config.yaml)",
    )
    parser.add_argument(
        "--results-only", action="store_true", help="leave the input files out, e.g. for a copied folder"
    )
    options = parser.parse_args()
    whole = True
    for what in options.what:
        for root in folders_of(Path(what)):
            whole &= verify(root, inputs=not options.results_only)
    sys.exit(0 if whole else 1)


def folders_of(path):
    """Folders of results that an argument means."""
    if path.is_dir():
        return [path]
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        if "cohort" in content:
            return [Path("results", content["cohort"])]
        cohorts = [folder for cohort in content["cohorts"] for folder in folders_of(Path(cohort))]
        return cohorts + [Path("results/_replication", question) for question in content.get("replication") or {}]
    except (OSError, UnicodeDecodeError, yaml.YAMLError, TypeError, KeyError):
        print(f"Error: {path}: is neither a folder of results nor a cohort file.", file=sys.stderr)
        sys.exit(1)


def verify(root, *, inputs):
    """Say how the files of one cohort are; True if all are as they were made."""
    try:
        entries = read_manifest(root)
        problems = compare(root, entries, inputs=inputs)
    except InputError as error:
        print(f"Error: {error}", file=sys.stderr)
        return False
    for problem in problems:
        print(f"{problem.what}: {problem.path}")
    if not problems:
        checked = sum(inputs or entry.kind == "output" for entry in entries)
        print(f"{root}: {checked} file{'s' if checked != 1 else ''}, all as they were made.")
        return True
    print(f"{root}: not as it was made, see above.", file=sys.stderr)
    lost = [
        problem.path for problem in problems if problem.what != "unlisted" and Path(problem.path).is_relative_to(root)
    ]
    if lost:
        outputs = dict.fromkeys(output_of(path).as_posix() for path in lost)
        print(f"Have it made anew: make run SNAKEMAKE_ARGS='--forcerun {' '.join(outputs)}'", file=sys.stderr)
    return False


if __name__ == "__main__":
    main()
