"""What the sections of a cohort file share, and those that say where its data are and how its sample sheet is read."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StrictInt,
    field_validator,
    model_validator,
)

from lateralis.names import flaw, unseen_character

RESERVED = frozenset(
    ("con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(10)))
)
LONGEST_PATH, LONGEST_FILE_NAME = 1000, 255  # characters; bytes, on nearly every file system


def _no_device(name: str) -> str:
    """A name of a folder on any system: Windows and its network drives keep some for devices."""
    if name.lower() in RESERVED:
        raise ValueError(f"'{name}' is a device on Windows: take another name")
    return name


def _plain(text: str) -> str:
    """A text that tables, pages and spreadsheets may hold as it is."""
    problem = flaw(text)
    if problem is not None:
        raise ValueError(f"{text!r:.80} {problem[0]}; {problem[1][0].lower()}{problem[1][1:]}")
    return text


def _one_line(text: str) -> str:
    """A text on one line, however the file breaks it."""
    return " ".join(text.split()) if "\n" in text else text


def _path(path: str) -> str:
    """A path that a file can have; braces would be wildcards of the workflow."""
    unseen = unseen_character(path)
    if unseen is not None:
        raise ValueError(f"a path holds {unseen}")
    if not path.strip() or len(path) > LONGEST_PATH:
        raise ValueError(f"a path has 1 to {LONGEST_PATH} characters, this one {len(path)}")
    if any(len(part.encode()) > LONGEST_FILE_NAME for part in PurePosixPath(path).parts):
        raise ValueError(f"a part of the path is longer than {LONGEST_FILE_NAME} bytes, which no file's name is")
    if "{" in path or "}" in path:
        raise ValueError("a path holds no braces: rename the file or folder")
    return _plain(path)


def _path_below(pattern: str) -> str:
    """A path below a folder with `{sample}` in it."""
    _path(pattern.replace("{sample}", "sample"))
    if pattern.startswith("/") or ".." in PurePosixPath(pattern).parts:
        raise ValueError("the files are below `path`: give neither an absolute path nor `..`")
    return pattern


Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$"), AfterValidator(_no_device)]
Label = Annotated[str, AfterValidator(_plain)]
Column = Annotated[str, Field(min_length=1), AfterValidator(_plain)]
OneLine = Annotated[str, AfterValidator(_one_line)]
Sentence = Annotated[OneLine, AfterValidator(_plain)]
FilePath = Annotated[str, AfterValidator(_path)]
VariableName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_.]*$", max_length=64)]

ONE_FILE_FORMATS = ("matrix", "featurecounts", "nfcore", "h5ad")
TRANSCRIPT_FORMATS = ("salmon", "kallisto")
DEFAULT_FILES = {
    "star": "{sample}.ReadsPerGene.out.tab",
    "htseq": "{sample}.txt",
    "salmon": "{sample}/quant.sf",
    "kallisto": "{sample}/abundance.tsv",
}


class Section(BaseModel):
    """A part of a config file: unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=False)


class Counts(Section):
    """Where the counts are and how they are laid out."""

    format: Literal["matrix", "featurecounts", "star", "htseq", "salmon", "kallisto", "nfcore", "h5ad"] = Field(
        description="`matrix`: genes × samples, TSV or CSV; `featurecounts`; `star`: one ReadsPerGene.out.tab a sample; "
        "`htseq`: one table a sample; `salmon`, `kallisto`: one folder a sample; `nfcore`: merged gene counts of "
        "nf-core/rnaseq; `h5ad`."
    )
    path: FilePath = Field(description="The count file, or the folder that holds one file or folder a sample.")
    sha256: str | None = Field(
        None, pattern=r"^[0-9a-fA-F]{64}$", description="Checksum of the count file, verified before any job."
    )
    files: Annotated[str, AfterValidator(_path_below)] | None = Field(
        None,
        description="Formats with one file a sample: its path below `path`, with `{sample}` for the sample's name. Default: "
        + ", ".join(f"{name} `{pattern}`" for name, pattern in DEFAULT_FILES.items())
        + ".",
    )
    tx2gene: FilePath | None = Field(
        None, description="salmon, kallisto: table of transcript id and gene id, in the first two columns."
    )
    strand: Literal["auto", "unstranded", "forward", "reverse"] = Field(
        "auto", description="star: which column to read. `auto` infers it from the counts, and says so."
    )

    @model_validator(mode="after")
    def _fits_format(self) -> Counts:
        if self.format in ONE_FILE_FORMATS:
            if self.files is not None:
                raise ValueError(f"`files` is for formats with one file a sample, not for `{self.format}`: remove it")
        else:
            if self.sha256 is not None:
                raise ValueError(f"`sha256` is the checksum of one file; `{self.format}` reads one a sample: remove it")
            if self.files is not None and "{sample}" not in self.files:
                raise ValueError("`files` must contain `{sample}`, which stands for the sample's name")
        if self.format in TRANSCRIPT_FORMATS and self.tx2gene is None:
            raise ValueError(f"format `{self.format}` counts transcripts: `tx2gene` must name the table of their genes")
        if self.format not in TRANSCRIPT_FORMATS and self.tx2gene is not None:
            raise ValueError(f"`tx2gene` is for salmon and kallisto, not for `{self.format}`: remove it")
        if self.format != "star" and self.strand != "auto":
            raise ValueError(f"`strand` is for star, not for `{self.format}`: remove it")
        return self

    @property
    def one_file(self) -> bool:
        """Whether all samples are in one file."""
        return self.format in ONE_FILE_FORMATS

    @property
    def file_pattern(self) -> str:
        """Path below `path` with `{sample}` in it; formats with one file a sample only."""
        return self.files or DEFAULT_FILES[self.format]


class Input(Section):
    """The cohort's files, or the built-in cohort to simulate in their place."""

    simulate: Literal["mac2als", "mirocals", "imodals"] | None = Field(
        None, description="A built-in demo cohort, in place of `counts` and `samples`."
    )
    seed: StrictInt = Field(1, ge=0, le=2**32 - 1, description="Seed of the simulated cohort.")
    counts: Counts | None = Field(None, description="The counts.")
    samples: FilePath | None = Field(None, description="The sample sheet, TSV or CSV, one row a sample.")
    annotation: FilePath | None = Field(
        None,
        description="GTF or table of genes (gene_id, gene_name, chromosome, biotype). Default: the shipped human gene table.",
    )

    @model_validator(mode="after")
    def _one_source(self) -> Input:
        if self.simulate is None and (self.counts is None or self.samples is None):
            raise ValueError("give both `counts` and `samples`, or `simulate` for a built-in cohort")
        if self.simulate is not None and (self.counts is not None or self.samples is not None):
            raise ValueError("`simulate` makes its own counts and samples: remove it, or remove `counts` and `samples`")
        return self


class Variable(Section):
    """One typed column of the sample sheet."""

    type: Literal["categorical", "numeric"] = Field(description="`categorical` or `numeric`; never guessed.")
    levels: list[Label] | None = Field(
        None,
        min_length=2,
        description="categorical: the allowed values; the first is the reference. Default: those found, sorted.",
    )
    score: str | None = Field(
        None,
        description="numeric: no column of the sheet but the score of this panel of marker genes (see `qc.panel`), which "
        "stands in qc/scores.tsv.",
    )
    center: bool = Field(False, description="numeric: subtract the mean over the model's samples.")
    scale: bool = Field(False, description="numeric: divide by the standard deviation over the model's samples.")

    @field_validator("levels", mode="before")
    @classmethod
    def _levels_as_text(cls, value: Any) -> Any:
        if isinstance(value, list):
            for level in value:
                if isinstance(level, bool):
                    raise ValueError(f"YAML read a level as {level}: put it in quotes, e.g. 'yes' or 'no'")
            return [str(level) if isinstance(level, int | float) else level for level in value]
        return value

    @model_validator(mode="after")
    def _fits_type(self) -> Variable:
        if self.type == "numeric" and self.levels is not None:
            raise ValueError("a numeric variable has no `levels`: remove them or make it categorical")
        if self.type == "categorical" and (self.center or self.scale):
            raise ValueError("`center` and `scale` are for numeric variables")
        if self.type == "categorical" and self.score is not None:
            raise ValueError("a `score` is numeric: set `type: numeric`")
        if self.levels is not None and len(set(self.levels)) < len(self.levels):
            raise ValueError("`levels` names a level twice")
        return self


class Exclusion(Section):
    """A sample that enters no model, and why."""

    sample: Label = Field(description="The sample's id in the sheet.")
    reason: Sentence = Field(min_length=3, description="Why it is excluded; stands in ledger and report.")


class Samples(Section):
    """How to read the sample sheet."""

    id: Column = Field("sample", description="Column with the sample's name, as in the counts.")
    participant: Column | None = Field(None, description="Column with the participant, where one gave several samples.")
    family: Column | None = Field(None, description="Column with the family, where relatives take part.")
    replicate_of: Column | None = Field(
        None,
        description="Column with the biological sample; rows that share a value are technical replicates and their counts "
        "are summed.",
    )
    variables: dict[VariableName, Variable] = Field(
        min_length=1, description="The columns to use, each with its type. Others are not read."
    )
    exclude: list[Exclusion] = Field(default_factory=list, description="Samples to leave out of every model.")

    @model_validator(mode="after")
    def _distinct(self) -> Samples:
        ids = [entry.sample for entry in self.exclude]
        if len(set(ids)) < len(ids):
            raise ValueError("`exclude` names a sample twice")
        for role in ("id", "replicate_of"):
            if getattr(self, role) in self.variables:
                raise ValueError(f"column `{getattr(self, role)}` is `{role}` and cannot be a variable as well")
        for role in ("id", "replicate_of"):
            for other in ("participant", "family", "replicate_of"):
                if other != role and getattr(self, other) is not None and getattr(self, role) == getattr(self, other):
                    raise ValueError(f"column `{getattr(self, role)}` is both `{role}` and `{other}`: each has its own")
        return self

    @property
    def columns(self) -> list[str]:
        """Every column of the sheet that is read."""
        roles = [self.id, self.participant, self.family, self.replicate_of]
        in_sheet = [name for name, variable in self.variables.items() if variable.score is None]
        return list(dict.fromkeys([role for role in roles if role] + in_sheet))

    @property
    def described(self) -> list[str]:
        """Variables that describe a sample; not who gave it."""
        return [name for name in self.variables if name not in (self.participant, self.family)]

    @property
    def scores(self) -> dict[str, str]:
        """Variables that are scores of a panel of marker genes, and the panel of each."""
        return {name: variable.score for name, variable in self.variables.items() if variable.score is not None}
