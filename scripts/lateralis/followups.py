"""Sections of the config for what follows the tests, where a cohort asks for it: enrichment, biomarkers, proteins."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StrictInt, model_validator

from lateralis.sections import Column, FilePath, Name, Section, VariableName

SEED_LIMIT = 2**32 - 1


def _hexadecimal(text: str) -> str:
    if len(text) != 64 or set(text.lower()) - set("0123456789abcdef"):
        raise ValueError("a sha256 has 64 digits 0-9 and a-f")
    return text.lower()


Checksum = Annotated[str, AfterValidator(_hexadecimal)]


class GeneSets(Section):
    """One file of gene sets."""

    path: FilePath = Field(
        description="A GMT file, plain or gzip: a set a line, its name, a description, then its genes."
    )
    sha256: Checksum | None = Field(None, description="Checksum that the file must have.")


class Network(Section):
    """Which regulators act on which genes."""

    path: FilePath = Field(
        description="A table, TSV or CSV, plain or gzip, with the columns source, target and, if there are any, weight."
    )
    sha256: Checksum | None = Field(None, description="Checksum that the file must have.")


def _installed() -> dict[str, Literal["btm"] | GeneSets]:
    return {"btm": "btm"}


class Enrichment(Section):
    """Gene sets that change together."""

    gene_sets: dict[Name, Literal["btm"] | GeneSets] = Field(
        default_factory=_installed,
        min_length=1,
        description="Collections of gene sets, by name: `btm` (Blood Transcription Modules, installed with lateralis), or a "
        "file.",
    )
    contrasts: list[Name] | None = Field(
        None, min_length=1, description="Contrasts to examine. Default: all that have fold changes."
    )
    min_size: StrictInt = Field(10, ge=2, description="Fewest tested genes of a set.")
    max_size: StrictInt = Field(500, ge=2, description="Most tested genes of a set.")
    permutations: StrictInt = Field(
        1000, ge=100, le=100_000, description="Permutations of genes behind GSEA's p-values."
    )
    seed: StrictInt = Field(1, ge=0, le=SEED_LIMIT, description="Seed of the permutations.")
    network: Network | None = Field(
        None, description="Regulators and their targets, for the activity of transcription factors or pathways."
    )

    @model_validator(mode="after")
    def _sizes_in_order(self) -> Enrichment:
        if self.min_size > self.max_size:
            raise ValueError(f"`min_size` {self.min_size} is above `max_size` {self.max_size}")
        return self


class Biomarkers(Section):
    """Panels of genes that tell two groups apart, judged on people that they have not seen."""

    contrasts: list[Name] = Field(
        min_length=1, description="Contrasts of two levels; a panel is looked for in each, and told from chance."
    )
    scale: Literal["small", "large"] = Field(
        "small",
        description="`small`: 2 repeats of 5 x 5 nested cross-validation and 20 permutations of the labels; `large`: 20 "
        "repeats and 200 permutations.",
    )
    covariates: list[VariableName] | None = Field(
        None,
        description="Variables that the panel must tell more than. Default: those of the contrast's design beside the group.",
    )
    max_genes: StrictInt = Field(
        200, ge=2, le=5000, description="Genes kept by each fold's filter before the panel is fitted."
    )
    annotation: FilePath | None = Field(
        None,
        description="Table, TSV or CSV, of where products of genes are found: gene (id or name) and location, such as "
        "surface or secreted.",
    )
    seed: StrictInt = Field(1, ge=0, le=SEED_LIMIT, description="Seed of folds and permutations.")

    @property
    def repeats(self) -> int:
        """Repeats of the nested cross-validation."""
        return {"small": 2, "large": 20}[self.scale]

    @property
    def permutations(self) -> int:
        """Permutations of the labels."""
        return {"small": 20, "large": 200}[self.scale]


class Proteins(Section):
    """Proteins measured in the same people."""

    path: FilePath = Field(
        description="Table, TSV or CSV, plain or gzip: a row a person or sample, a column a protein, log2 units."
    )
    sha256: Checksum | None = Field(None, description="Checksum that the file must have.")
    id: Column = Field("participant", description="Its column that names the person or sample.")
    unit: Literal["participant", "sample"] = Field(
        "participant", description="What a row is of: a participant, or one sample of the sheet."
    )
    annotation: FilePath = Field(
        description="Table, TSV or CSV, a row a protein: protein, gene (id or name), and limit (of detection, log2 units; "
        "empty where there is none)."
    )
    contrasts: list[Name] | None = Field(
        None, min_length=1, description="Contrasts to test. Default: all that have fold changes."
    )
    min_detected: float = Field(
        0.2, gt=0, le=1, description="Proteins above their limit in a smaller share of the samples are not tested."
    )
