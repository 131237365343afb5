"""Write the folder of a submission to GEO, and search it for identifiers before it gets its name."""

from lateralis.job import run

from lateralis.config import Cohort
from lateralis.errors import InputError
from lateralis.io import atomic_folder, read_h5ad, read_table, write_text
from lateralis.records.geo import DIGITS, file_names, md5, submission
from lateralis.records.geo_sheet import readme, write_metadata
from lateralis.records.privacy import found_ids, people_ids
from lateralis.report.leaks import refuse_leaks


def main(snakemake):
    cohort = Cohort(**snakemake.params.cohort)
    data = read_h5ad(snakemake.input.normalised)
    people = people_ids(data.obs, [cohort.samples.participant, cohort.samples.family])
    key = None
    if snakemake.input.get("key"):
        table = read_table(snakemake.input.key, dtype=str)
        key = dict(zip(table["sample"], table["released"], strict=True))
    made = submission(cohort, data, key)
    samples = {str(name) for name in data.obs_names}
    if key is None:
        refuse_telling_names(samples, people - samples, snakemake.input.normalised)
    # an id that is a gene's name as well cannot be told from the gene
    secret = (people | set(key) if key is not None else people - samples) - set(data.var_names)
    with atomic_folder(snakemake.output.folder) as folder:
        write_parts(folder, cohort, made)
        refuse_leaks(folder, secret, values=True, called="geo", matrices=file_names(cohort).values())
    print(f"{len(made.samples)} samples, {len(made.raw)} genes.", *made.warnings, sep="\n")


def write_parts(folder, cohort, made):
    """Matrices, metadata sheet, README, and the checksums of all of them."""
    names = file_names(cohort)
    write_text(folder / names["raw"], made.raw.to_csv(sep="\t", lineterminator="\n"))
    write_text(
        folder / names["normalised"],
        made.normalised.to_csv(sep="\t", lineterminator="\n", float_format=f"%.{DIGITS}g"),
    )
    write_metadata(folder / "metadata.xlsx", made, {name: md5(folder / name) for name in names.values()})
    write_text(folder / "README.txt", readme(cohort, made))
    listed = sorted(path.name for path in folder.iterdir())
    write_text(folder / "md5sums.txt", "".join(f"{md5(folder / name)}  {name}\n" for name in listed))


def refuse_telling_names(samples, people, where):
    """End where names of samples hold those of participants or families, which are never published."""
    telling = found_ids("\n".join(samples), people)
    if telling:
        raise InputError(
            f"{where}: names of samples",
            f"hold {len(telling)} identifiers of participants or families",
            "`report: {profile: release}` in the cohort's file gives the samples new names; nothing was exported",
        )


if "snakemake" in globals():
    run(main, snakemake)
