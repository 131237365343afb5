"""Write the Workflow Run RO-Crate of a cohort: once with its files, once for its provenance/ folder alone."""

from lateralis.job import run

from pathlib import Path

from lateralis.config import Cohort
from lateralis.inputs.samples import read_samples
from lateralis.io import atomic_folder, read_json, write_json
from lateralis.records.crate import Run, build_crate, file_record, given_records
from lateralis.records.source import copy_source, entry_points, source_state, stated_time

OTHERS = (
    "more",
    "panel",
    "relatedness",
    "control_genes",
    "followups",
)  # named inputs that a user gave, beside counts and sheet


def main(snakemake):
    cohort = Cohort(**snakemake.params.cohort)
    folder, source = Path(snakemake.output.crate).parent, Path(snakemake.output.source)
    with atomic_folder(source) as copy:
        copy_source(copy)
    found = described(cohort, folder, source, snakemake.input)
    write_json(snakemake.output.crate, build_crate(found))
    write_json(snakemake.output.record, build_crate(found, "provenance"))
    print(f"{len(found.given)} files read, {len(found.made)} files made, commit: {found.state.commit}")


def described(cohort, folder, source, given):
    """All that the crate tells of the run."""
    settings = {"seed of permutations and bootstraps": str(cohort.trust.seed)}
    if cohort.enrichment is not None:
        settings["seed of the permutations of gene sets"] = str(cohort.enrichment.seed)
    if cohort.biomarkers is not None:
        settings["seed of the folds of biomarkers"] = str(cohort.biomarkers.seed)
    if cohort.input.simulate is not None:
        settings["seed of the simulated cohort"] = str(cohort.input.seed)
    counts = listed(given.files)
    others = [given.sheet, *(path for name in OTHERS for path in listed(given.get(name)))]
    folders = [*listed(given.release), *listed(given.followed)]
    inside = [str(path) for parent in folders for path in sorted(Path(parent).rglob("[!.]*")) if path.is_file()]
    made = [path for path in given if path not in {*counts, *others, given.config, *folders}]
    # The clock is left out, so that the same run gives the same bytes: the date is that of the code, or the one that the
    # user states. Only the latter is given as the end of the run, of which the code's date would be a false one; real
    # times are those of logs/ and benchmarks/.
    state, stated = source_state(), stated_time()
    return Run(
        cohort=cohort.cohort,
        title=cohort.title,
        given=given_records(
            counts,
            others,
            folder,
            ids=ids_of(cohort, given.sheet),
            one_a_sample=cohort.input.counts is not None and not cohort.input.counts.one_file,
        ),
        config=file_record(given.config, folder),
        made=[file_record(path, folder) for path in [*made, *inside]],
        source=[file_record(source / name, folder) for name in entry_points(source)],
        settings=settings,
        versions=read_json(given.versions),
        state=state,
        published=(stated or state.date).isoformat(),
        ended=None if stated is None else stated.isoformat(),
    )


def listed(paths):
    """Paths of a named input, which Snakemake gives as a text where there is one."""
    return [paths] if isinstance(paths, str) else list(paths or [])


def ids_of(cohort, path):
    """Names of samples, participants and families in the sheet."""
    sheet = read_samples(path, cohort.samples)
    roles = [role for role in (cohort.samples.participant, cohort.samples.family) if role is not None]
    return {*sheet.index, *(str(name) for role in roles for name in sheet[role].dropna() if str(name))}


if "snakemake" in globals():
    run(main, snakemake)
