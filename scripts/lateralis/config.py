"""What a cohort is: the models behind one cohort file, with every default and every rule that the file alone can break.

A key exists here only when a stage reads it. `workflow/schemas/*.schema.json` and `config/README.md` are rendered from
these models by `scripts/render_config_docs.py`; a test fails when they drift.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, StrictInt, field_validator, model_validator

from lateralis.errors import listing
from lateralis.expressions import Comparison, ExpressionError, Formula, comparisons, parse_formula, parse_subset

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")]
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
    path: str = Field(description="The count file, or the folder that holds one file or folder a sample.")
    sha256: str | None = Field(
        None, pattern=r"^[0-9a-fA-F]{64}$", description="Checksum of the count file, verified before any job."
    )
    files: str | None = Field(
        None,
        description="Formats with one file a sample: its path below `path`, with `{sample}` for the sample's name. Default: "
        + ", ".join(f"{name} `{pattern}`" for name, pattern in DEFAULT_FILES.items())
        + ".",
    )
    tx2gene: str | None = Field(
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
    samples: str | None = Field(None, description="The sample sheet, TSV or CSV, one row a sample.")
    annotation: str | None = Field(
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
    levels: list[str] | None = Field(
        None,
        min_length=2,
        description="categorical: the allowed values; the first is the reference. Default: those found, sorted.",
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
        if self.levels is not None and len(set(self.levels)) < len(self.levels):
            raise ValueError("`levels` names a level twice")
        return self


class Exclusion(Section):
    """A sample that enters no model, and why."""

    sample: str = Field(description="The sample's id in the sheet.")
    reason: str = Field(min_length=3, description="Why it is excluded; stands in ledger and report.")


class Samples(Section):
    """How to read the sample sheet."""

    id: str = Field("sample", description="Column with the sample's name, as in the counts.")
    participant: str | None = Field(None, description="Column with the participant, where one gave several samples.")
    family: str | None = Field(None, description="Column with the family, where relatives take part.")
    replicate_of: str | None = Field(
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
        return self

    @property
    def columns(self) -> list[str]:
        """Every column of the sheet that is read."""
        roles = [self.id, self.participant, self.family, self.replicate_of]
        return list(dict.fromkeys([role for role in roles if role] + list(self.variables)))


class GeneFilter(Section):
    """Which genes a model tests: at least `min_count` counts in at least `min_samples` samples, or `min_total` in all."""

    min_count: StrictInt | None = Field(None, ge=0, description="Counts a gene needs in enough samples. Default: 10.")
    min_samples: StrictInt | Literal["smallest_group"] | None = Field(
        None,
        description="How many samples; `smallest_group` (default) is the size of the smallest level of the variables that the "
        "model's contrasts test, or, where they test numeric variables only, the reciprocal of the largest leverage.",
    )
    min_total: StrictInt | None = Field(None, ge=0, description="In place of both: counts in all samples together.")

    @model_validator(mode="after")
    def _one_rule(self) -> GeneFilter:
        if self.min_total is not None and (self.min_count is not None or self.min_samples is not None):
            raise ValueError("give `min_total` alone, or `min_count` with `min_samples`")
        if isinstance(self.min_samples, int) and self.min_samples < 1:
            raise ValueError("`min_samples` must be at least 1")
        return self


class Outliers(Section):
    """Who counts as a replicate of whom when Cook's distance looks for outlier counts."""

    cells: Literal["design"] | list[VariableName] = Field(
        "design",
        description="`design`: samples with the same row of the design matrix, as in R; or a list of variables, e.g. "
        "`[group]`, which a design with a numeric covariate needs.",
    )


class Model(Section):
    """One fit: a design, and optionally the samples it is for."""

    design: str = Field(description="Formula of variables with `+`, `:`, `*`, `-1` and log, log2, log10, log1p, sqrt.")
    subset: str | None = Field(
        None,
        description="Samples to fit: comparisons of variables joined by `and`, `or`, `not`, e.g. `visit == 'baseline'`.",
    )


class Contrast(Section):
    """One question to a model: two levels of a variable, or a linear combination of coefficients."""

    model: Name = Field(description="The model it belongs to.")
    variable: VariableName | None = Field(None, description="The variable whose levels are compared.")
    test: str | None = Field(None, description="The level on top: log2 fold changes are test over reference.")
    reference: str | None = Field(None, description="The level below.")
    weights: dict[str, FiniteFloat] | None = Field(
        None,
        min_length=1,
        description='In place of the three: a weight for each coefficient, e.g. `{"dose[T.2]": 0.5}`.',
    )

    @field_validator("test", "reference", mode="before")
    @classmethod
    def _level_as_text(cls, value: Any) -> Any:
        return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value

    @model_validator(mode="after")
    def _one_kind(self) -> Contrast:
        levels = (self.variable, self.test, self.reference)
        if self.weights is not None:
            if any(value is not None for value in levels):
                raise ValueError("give `weights` alone, or `variable`, `test` and `reference`")
            if not any(self.weights.values()):
                raise ValueError("`weights` are all zero: nothing would be tested")
        elif any(value is None for value in levels):
            raise ValueError("give `variable`, `test` and `reference`, or `weights`")
        elif self.test == self.reference:
            raise ValueError(f"`test` and `reference` are both '{self.test}': name two different levels")
        return self

    def label(self, name: str) -> str:
        """The contrast in words; `name` is its key."""
        if self.variable is not None:
            return f"{self.test} vs {self.reference}"
        return f"{name}: " + " ".join(f"{weight:+g} × {key}" for key, weight in (self.weights or {}).items())


class Endpoint(Section):
    """When a gene is called changed."""

    fold_change: float = Field(1.5, ge=1, le=1000, description="Fold change a called gene has at least, up or down.")
    alpha: float = Field(0.05, gt=0, lt=1, description="Level of the p-value or the false discovery rate.")
    headline: Literal["nominal", "fdr", "strict"] = Field(
        "fdr",
        description="The rule that counts: `nominal` p < alpha, `fdr` padj < alpha, each with the fold change; `strict` tests "
        "that the fold change exceeds the threshold.",
    )


class Cohort(Section):
    """One cohort file."""

    cohort: Name = Field(description="Names the folder below `results/`; letters, digits, - and _.")
    title: str = Field(min_length=1, max_length=200, description="Stands on top of the report.")
    input: Input = Field(description="Where the data are.")
    samples: Samples = Field(description="How to read the sample sheet.")
    filter: GeneFilter = Field(default_factory=GeneFilter, description="Which genes are tested.")
    missing: Literal["error", "drop"] = Field(
        "error",
        description="Samples that lack a variable of a model: `error`, or `drop` them from it with the reason in the ledger.",
    )
    outliers: Outliers = Field(default_factory=Outliers, description="Outlier counts.")
    models: dict[Name, Model] = Field(min_length=1, description="The fits, by name.")
    contrasts: dict[Name, Contrast] = Field(min_length=1, description="The questions, by name.")
    endpoint: Endpoint = Field(default_factory=Endpoint, description="When a gene is called.")

    @model_validator(mode="after")
    def _names_exist(self) -> Cohort:
        for name, contrast in self.contrasts.items():
            if contrast.model not in self.models:
                raise ValueError(
                    f"contrasts.{name}.model: there is no model '{contrast.model}'; there is {listing(self.models)}"
                )
            if contrast.variable is not None:
                self._check_level(f"contrasts.{name}", contrast)
        if isinstance(self.outliers.cells, list):
            for variable in self.outliers.cells:
                if self._declared("outliers.cells", variable).type != "categorical":
                    raise ValueError(
                        f"outliers.cells: '{variable}' is numeric; cells are made of categorical variables"
                    )
        return self

    @model_validator(mode="after")
    def _expressions_hold(self) -> Cohort:
        for name, model in self.models.items():
            try:
                self._check_formula(f"models.{name}.design", parse_formula(model.design))
                if model.subset is not None:
                    for comparison in comparisons(parse_subset(model.subset)):
                        self._check_comparison(f"models.{name}.subset", comparison)
            except ExpressionError as error:
                raise ValueError(f"models.{name}: {error}") from None
        for name, contrast in self.contrasts.items():
            if contrast.variable is not None:
                self._check_tested(f"contrasts.{name}", contrast)
        return self

    def _declared(self, key: str, variable: str) -> Variable:
        if variable not in self.samples.variables:
            raise ValueError(f"{key}: '{variable}' is not among samples.variables ({listing(self.samples.variables)})")
        return self.samples.variables[variable]

    def _check_level(self, key: str, contrast: Contrast) -> None:
        assert contrast.variable is not None
        variable = self._declared(f"{key}.variable", contrast.variable)
        if variable.type != "categorical":
            raise ValueError(f"{key}.variable: '{contrast.variable}' is numeric; test it with `weights`")
        for role in ("test", "reference"):
            level = getattr(contrast, role)
            if variable.levels is not None and level not in variable.levels:
                raise ValueError(
                    f"{key}.{role}: '{level}' is no level of {contrast.variable}; there is {listing(variable.levels)}"
                )

    def _check_tested(self, key: str, contrast: Contrast) -> None:
        formula = parse_formula(self.models[contrast.model].design)
        if contrast.variable not in formula.variables:
            raise ValueError(
                f"{key}.variable: '{contrast.variable}' is not in the design of model '{contrast.model}' "
                f"({self.models[contrast.model].design}); add it there, or name another model"
            )
        for term in formula.terms:
            if len(term) > 1 and contrast.variable in [factor.variable for factor in term]:
                raise ValueError(
                    f"{key}.variable: '{contrast.variable}' takes part in {':'.join(map(str, term))}, so the difference of "
                    "its levels depends on the others; say which one is meant with `weights`"
                )

    def _check_formula(self, key: str, formula: Formula) -> None:
        for factor in formula.factors:
            variable = self._declared(key, factor.variable)
            if factor.transform is not None and variable.type != "numeric":
                raise ValueError(f"{key}: {factor} needs a numeric variable; '{factor.variable}' is categorical")

    def _check_comparison(self, key: str, comparison: Comparison) -> None:
        variable = self._declared(key, comparison.variable)
        values = comparison.value if isinstance(comparison.value, tuple) else (comparison.value,)
        if variable.type == "numeric":
            if not all(isinstance(value, float) for value in values):
                raise ValueError(f"{key}: '{comparison.variable}' is numeric; compare it with a number")
            return
        if comparison.operator not in ("==", "!=", "in", "not in"):
            raise ValueError(f"{key}: '{comparison.variable}' is categorical; compare it with ==, !=, in or not in")
        for value in values:
            if not isinstance(value, str):
                raise ValueError(f"{key}: '{comparison.variable}' is categorical; put its level in quotes: '{value:g}'")
            if variable.levels is not None and value not in variable.levels:
                raise ValueError(
                    f"{key}: '{value}' is no level of {comparison.variable}; there is {listing(variable.levels)}"
                )

    @property
    def group_variable(self) -> str | None:
        """The variable whose levels describe the cohort: the first that a contrast compares."""
        return next((contrast.variable for contrast in self.contrasts.values() if contrast.variable is not None), None)

    def contrasts_of(self, model: str) -> dict[str, Contrast]:
        """The contrasts of one model, in the order of the file."""
        return {name: contrast for name, contrast in self.contrasts.items() if contrast.model == model}


class Run(Section):
    """`config/config.yaml`: which cohorts to run; nothing that a cohort should decide."""

    cohorts: list[str] = Field(min_length=1, description="Paths of cohort files.")

    @field_validator("cohorts", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value
