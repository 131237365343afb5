"""What a submission to NCBI's Gene Expression Omnibus (GEO) takes of a cohort: matrices, metadata, and what is left to fill.

Sheets and fields are those of GEO's template for high-throughput sequencing, `seq_template.xlsx`, "last updated by GEO on
Dec 17, 2024" (its sheet Instructions); https://www.ncbi.nlm.nih.gov/geo/info/seq.html.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import anndata as ad
import numpy as np
import pandas as pd

from lateralis import __version__
from lateralis.config import Cohort
from lateralis.errors import InputError
from lateralis.io import layer
from lateralis.model.normalise import normalisation_factors
from lateralis.records.privacy import coarsened, disclosure, people_of

TEMPLATE = "GEO's seq_template.xlsx, last updated by GEO on Dec 17, 2024"
LONGEST_SAMPLE_TITLE = 120
DIGITS = 6  # of a normalised count; the estimate of its size factor is good for no more
# Characteristics that the template has columns for; `**`: at least one of these is required.
CHARACTERISTICS = ("**tissue", "**cell line", "**cell type", "genotype", "treatment", "batch")
MATRICES = {"raw": "raw_counts", "normalised": "normalised_counts"}


@dataclass(frozen=True)
class Submission:
    """A cohort as GEO gets it.

    Attributes
    ----------
    raw : (n_genes, n_samples) integers, index gene_id, columns library names
    normalised : the same shape, raw counts divided by size factors
    samples : (n_samples) the columns of the template's section SAMPLES, by their names there; blank where not known
    study, protocols : rows of the other sections, (field, value)
    warnings : what a submitter should know first
    """

    raw: pd.DataFrame
    normalised: pd.DataFrame
    samples: pd.DataFrame
    study: list[tuple[str, str]]
    protocols: list[tuple[str, str]]
    warnings: list[str]


def submission(cohort: Cohort, data: ad.AnnData, key: Mapping[str, str] | None = None) -> Submission:
    """Make a cohort ready for GEO.

    Parameters
    ----------
    cohort : the cohort; which variables are shown is decided as for its report
    data : the normalised cohort, raw counts in X
    key : given name → new name of each sample, for a cohort with a release: variables are then shown as coarsely as there

    Raises
    ------
    InputError
        For intensities, which GEO takes by another template, and where every sample is excluded.
    """
    if cohort.assay != "counts":
        raise InputError(
            f"config of cohort '{cohort.cohort}', assay",
            f"is `{cohort.assay}`",
            "This export is for sequencing; GEO has other templates for arrays and NanoString",
        )
    # a sample is excluded for a reason, such as a withdrawn consent
    data = data[~data.obs_names.isin([entry.sample for entry in cohort.samples.exclude])]
    if data.n_obs == 0:
        raise InputError(f"config of cohort '{cohort.cohort}', samples.exclude", "leaves no sample", "Exclude fewer")
    rules = disclosure(cohort)
    if key is None:
        shown = data.obs[cohort.shown_variables]
        names = [str(name) for name in data.obs_names]
    else:
        shown = coarsened(data.obs, rules, people_of(data.obs, cohort.samples.participant))
        names = [key[str(name)] for name in data.obs_names]
    order = np.arange(data.n_obs) if key is None else np.argsort(names)
    raw = pd.DataFrame(np.asarray(data.X).T, index=data.var_names.rename("gene_id"), columns=names).iloc[:, order]
    normalised = pd.DataFrame(normalised_counts(data).T, index=raw.index, columns=names).iloc[:, order]
    characteristics = pd.DataFrame({name: shown[name].astype(object).map(_text) for name in shown})
    samples = _samples(cohort, characteristics.set_axis(names).iloc[order])
    return Submission(
        raw, normalised, samples, _study(cohort, samples), _protocols(cohort, data), _warnings(cohort, samples, key)
    )


def normalised_counts(data: ad.AnnData) -> np.ndarray:
    """Counts divided by size factors, and by relative average transcript lengths where they were estimated from transcripts.

    Parameters
    ----------
    data : the normalised cohort

    Returns
    -------
    (n_samples, n_genes)
    """
    factors, lengths = data.obs["size_factor"].to_numpy(dtype=float), layer(data, "average_length")
    by_gene = factors[:, None] if lengths is None else normalisation_factors(factors, lengths)
    return np.asarray(data.X) / by_gene


def file_names(cohort: Cohort) -> dict[str, str]:
    """Name of each matrix; that of the cohort is part of it, since GEO keeps files of many studies."""
    return {kind: f"{cohort.cohort}_{name}.tsv.gz" for kind, name in MATRICES.items()}


def md5(path: str | Path) -> str:
    """MD5 of a file, in hexadecimal: GEO asks for it to find faults of the transfer."""
    with open(path, "rb") as handle:
        return hashlib.file_digest(handle, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _text(value: object) -> str:
    if pd.isna(value):  # type: ignore[call-overload]
        return ""
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def _samples(cohort: Cohort, characteristics: pd.DataFrame) -> pd.DataFrame:
    """The section SAMPLES: names, characteristics and files filled, what only the laboratory knows blank."""
    own = {_plain(name): name for name in CHARACTERISTICS}
    found = pd.DataFrame(index=characteristics.index)
    found["*library name"] = characteristics.index
    found["*title"] = _titles(characteristics, cohort.group_variable)
    found["*library strategy"] = "RNA-Seq"
    found["*organism"] = ""
    for name in CHARACTERISTICS:
        found[name] = ""
    for variable in characteristics:
        found[own.get(_plain(str(variable)), str(variable))] = characteristics[variable]
    for name in ("*molecule", "*single or paired-end", "*instrument model", "description"):
        found[name] = ""
    files = list(file_names(cohort).values())
    for file in files:  # the template has one column a file, all of the same name
        found.insert(len(found.columns), "processed data file", file, allow_duplicates=True)
    found["*raw file"] = ""
    return found


def _plain(name: str) -> str:
    return name.lstrip("*").replace("_", " ").strip().lower()


def _titles(characteristics: pd.DataFrame, group: str | None) -> list[str]:
    """Titles as GEO suggests them, less the biomaterial, which is not known here: condition and number within it."""
    conditions = (
        characteristics[group] if group in characteristics else pd.Series("", index=characteristics.index)
    ).replace("", "sample")
    numbers = conditions.groupby(conditions).cumcount() + 1
    return [f"{condition}, rep {number}" for condition, number in zip(conditions, numbers, strict=True)]


def _study(cohort: Cohort, samples: pd.DataFrame) -> list[tuple[str, str]]:
    group = cohort.group_variable
    counted = ""
    column = next((str(name) for name in samples if group and _plain(str(name)) == _plain(group)), None)
    if column is not None:
        sizes = samples[column].replace("", "not stated").value_counts(sort=False)
        counted = f"; {group}: " + ", ".join(f"{level} {number}" for level, number in sizes.items())
    return [
        ("*title", cohort.title),
        ("*summary (abstract)", ""),
        ("*experimental design", f"{len(samples)} samples{counted}."),
        ("contributor", ""),
        *(("supplementary file", name) for name in file_names(cohort).values()),
    ]


def _protocols(cohort: Cohort, data: ad.AnnData) -> list[tuple[str, str]]:
    facts = data.uns["lateralis"]
    lengths = f", and {facts['offsets']} taken into account" if facts["offsets"] else ""
    names = file_names(cohort)
    content = (
        "tab-separated, gzip; first column gene identifiers as given, then a column a sample, named by library name"
    )
    return [
        ("growth protocol", ""),
        ("treatment protocol", ""),
        ("*extract protocol", ""),
        ("*library construction protocol", ""),
        ("*data processing step", ""),
        *(("data processing step", str(note)) for note in facts["notes"]),
        (
            "data processing step",
            f"lateralis {__version__}: raw counts were divided by size factors, estimated by {facts['size_factors']} "
            f"from {facts['size_factor_genes']}{lengths}.",
        ),
        ("*genome build/assembly", ""),
        ("*processed data files format and content", f"{names['raw']}: raw counts, integers; {content}"),
        (
            "processed data files format and content",
            f"{names['normalised']}: normalised counts, {DIGITS} significant digits; {content}",
        ),
    ]


def blank_fields(made: Submission) -> list[str]:
    """Fields that a submitter has to fill, section and name: those with a star that are blank.

    Of those with two stars GEO wants one at least.
    """
    found = [f"STUDY: {field}" for field, value in made.study if field.startswith("*") and not value]
    columns = list(dict.fromkeys(map(str, made.samples.columns)))
    blank = {name for name in columns if (made.samples[name] == "").to_numpy().all()}
    double = [name for name in columns if name.startswith("**")]
    found += [f"SAMPLES: {name}" for name in columns if name in blank and name.startswith("*") and name not in double]
    if blank.issuperset(double):
        found.append("SAMPLES: one of " + ", ".join(double))
    return found + [f"PROTOCOLS: {field}" for field, value in made.protocols if field.startswith("*") and not value]


def _warnings(cohort: Cohort, samples: pd.DataFrame, key: Mapping[str, str] | None) -> list[str]:
    found = []
    if key is None:
        found.append(
            "The samples have the names of your sample sheet, and the variables its values: whoever has the sheet knows whose "
            "they are. With `report: {profile: release}` the export takes the new names and coarse variables of the release."
        )
    elif not cohort.report.release.participants:
        found.append(
            "`report.release.participants` is false: nothing in the cohort's file says that the participants consented to "
            "their values being passed on, and GEO publishes them."
        )
    names = samples["*library name"].astype(str)
    if not names.map(str.isascii).all():
        found.append("Names of libraries must be plain ASCII, and some are not.")
    if (samples["*title"].str.len() > LONGEST_SAMPLE_TITLE).any():
        found.append(f"Titles of samples have more than {LONGEST_SAMPLE_TITLE} characters.")
    return found
