"""The sections of a cohort file that set the stages: gene filter, size factors, outliers, endpoint, checks, trust, report."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, FiniteFloat, PositiveFloat, StrictInt, model_validator

from lateralis.sections import FilePath, Name, Section, VariableName


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


class SizeFactorRule(Section):
    """How the size factors of a model, and of the blind normalisation for quality control, are estimated."""

    method: Literal["auto", "ratio", "poscounts"] = Field(
        "auto",
        description="`ratio`: median of ratios over the genes counted in every sample; `poscounts`: over positive counts, for "
        "sparse data; `auto`: the former where there are such genes, else the latter.",
    )
    control_genes: FilePath | None = Field(
        None,
        description="Text file with one gene id a line: the genes that size factors are taken from, e.g. spike-ins. Default: "
        "all genes that the model tests.",
    )


class Outliers(Section):
    """Who counts as a replicate of whom when Cook's distance looks for outlier counts."""

    cells: Literal["design"] | Annotated[list[VariableName], Field(min_length=1)] = Field(
        "design",
        description="`design`: samples with the same row of the design matrix, as in R; or a list of variables, e.g. "
        "`[group]`, which a design with a numeric covariate needs.",
    )


class Endpoint(Section):
    """When a gene is called changed."""

    fold_change: float = Field(1.5, ge=1, le=1000, description="Fold change a called gene has at least, up or down.")
    alpha: float = Field(0.05, gt=0, lt=1, description="Level of the p-value or the false discovery rate.")
    headline: Literal["nominal", "fdr", "strict"] = Field(
        "fdr",
        description="The rule that counts: `nominal` p < alpha, `fdr` padj < alpha, each with the fold change; `strict` tests "
        "that the fold change exceeds the threshold. A likelihood-ratio test has no fold change: its calls go by p alone, and "
        "by `fdr` where this is `strict`.",
    )


class Limits(Section):
    """When a sample is flagged: `mads` are robust standard deviations from the cohort's median, `at` absolute; null: never."""

    warn_mads: float | None = Field(None, gt=0, description="Robust distance beyond which a sample gets a warning.")
    fail_mads: float | None = Field(None, gt=0, description="Robust distance beyond which it fails.")
    warn_at: FiniteFloat | None = Field(None, description="Value beyond which it gets a warning.")
    fail_at: FiniteFloat | None = Field(None, description="Value beyond which it fails.")


def _limits(description: str, **values: float) -> Any:
    return Field(Limits(**values), description=description)


class Checks(Section):
    """Limits of every check; a key left out keeps its default."""

    library_size: Limits = _limits("Counts of the sample; low is bad.", warn_mads=3, warn_at=5e6, fail_at=1e6)
    detected_genes: Limits = _limits("Genes with a count; low is bad.", warn_mads=3, fail_mads=6)
    top_gene_share: Limits = _limits("Share of the sample's 50 most counted genes.", warn_mads=4, fail_at=0.9)
    mitochondrial_fraction: Limits = _limits("Share of mitochondrial genes.", warn_mads=3, warn_at=0.2, fail_at=0.4)
    rrna_fraction: Limits = _limits("Share of ribosomal RNA.", warn_mads=3, warn_at=0.1, fail_at=0.3)
    haemoglobin_fraction: Limits = _limits(
        "Share of haemoglobin; take the absolute limits away for whole blood.", warn_mads=3, warn_at=0.01, fail_at=0.1
    )
    size_factor_deviation: Limits = _limits(
        "Size factor against library size, as an absolute log2 ratio.", warn_mads=4, warn_at=1.0
    )
    rle_spread: Limits = _limits("Interquartile range of the relative log expression (log2).", warn_mads=4, fail_mads=8)
    pca_distance: Limits = _limits(
        "Distance from the median sample over the first components, in robust standard deviations.",
        warn_mads=3.5,
        fail_mads=6,
    )
    group_correlation: Limits = _limits(
        "Median correlation with the samples of its own group; low is bad.", warn_mads=3.5, fail_mads=6
    )
    cooks_share: Limits = _limits("Share of genes in which the sample is an outlier by Cook's distance.", warn_mads=5)
    identity_score: Limits = _limits("Score of the cells that the samples should hold; low is bad.", warn_mads=4)
    contaminant_score: Limits = _limits("Score of cells that should be absent (log2).", warn_mads=4, fail_mads=8)
    state_score: Limits = _limits("Score of a state, such as isolation stress.", warn_mads=4)

    @model_validator(mode="before")
    @classmethod
    def _over_defaults(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        fields = cls.model_fields
        return {
            name: fields[name].default.model_dump() | limits if name in fields and isinstance(limits, dict) else limits
            for name, limits in value.items()
        }


class Relatedness(Section):
    """Pairs of samples as a genotype-based tool found them."""

    format: Literal["somalier", "ngscheckmate"] = Field(
        description="`somalier`: its pairs.tsv; `ngscheckmate`: its output_all.txt."
    )
    path: FilePath = Field(description="The tool's table of pairs.")


class Trust(Section):
    """How far to trust each contrast: permutations, leave-one-out, bootstraps, and the same question with other means."""

    scale: Literal["off", "small", "large"] = Field(
        "off",
        description="`small`: 10 permutations of 2,000 genes and 50 bootstraps, some seconds a contrast; `large`: 100 "
        "permutations of all genes and 200 bootstraps, some minutes.",
    )
    contrasts: list[Name] | None = Field(None, min_length=1, description="Contrasts to examine. Default: all.")
    seed: StrictInt = Field(1, ge=0, le=2**32 - 1, description="Seed of permutations and bootstraps.")
    leave_out: list[VariableName] = Field(
        default_factory=list,
        description="Categorical variables whose levels are left out one at a time, beside samples, participants, families "
        "and technical variables; e.g. `[diagnosis]`.",
    )

    @property
    def permutations(self) -> int:
        """Permutations of each contrast."""
        return {"off": 0, "small": 10, "large": 100}[self.scale]

    @property
    def bootstraps(self) -> int:
        """Bootstraps of each contrast."""
        return {"off": 0, "small": 50, "large": 200}[self.scale]

    @property
    def most_genes(self) -> int | None:
        """Genes fitted in each permutation at most; None for all."""
        return None if self.scale == "large" else 2000


class QualityControl(Section):
    """What is checked of each sample, and of the variables against each other. Nothing here removes a sample."""

    panel: FilePath = Field(
        "macrophage",
        description="Markers of the cells: a panel shipped in `resources/panels` (`macrophage`, `blood`), the path of a "
        "YAML file of your own, or `none`.",
    )
    sex: VariableName | None = Field(
        None,
        description="The variable that holds the sex. Default: the variable `sex`, where there is one; without one, the sex "
        "inferred from expression is used for the check of confounding.",
    )
    technical: list[VariableName] | None = Field(
        None,
        description="Categorical variables that the compared groups must share levels of, or the contrast is refused. "
        "Default: the sex, variables named batch or site, and the categorical covariates of the contrast's design.",
    )
    relatedness: Relatedness | None = Field(None, description="Who is who by genotype, where it is known.")
    checks: Checks = Field(default_factory=Checks, description="Limits of each check.")
    surrogates: StrictInt = Field(
        0,
        ge=0,
        le=10,
        description="How many surrogate variables to look for in each model at most, for a sensitivity analysis: which calls "
        "stay when hidden variables are in the design. It changes no result. 0: none.",
    )
    seed: StrictInt = Field(
        1,
        ge=0,
        le=2**32 - 1,
        description="Seed of the permutations that associations and surrogate variables are held against.",
    )


class Release(Section):
    """What a page for others may hold. Family and participant are never in it."""

    min_cell: StrictInt = Field(
        5,
        ge=2,
        description="Smallest number of people that a count or a group may stand for; smaller ones are suppressed.",
    )
    participants: bool = Field(
        False,
        description="Whether each participant's values may be in it. 20,000 genes of one person identify that person: "
        "only with their consent.",
    )
    band: dict[VariableName, PositiveFloat] | None = Field(
        None,
        description="Numeric variables to show in bands, and how wide; others are left out. Default: variables named age, in "
        "bands of 10.",
    )
    drop: list[VariableName] | None = Field(
        None, description="Variables to leave out. Default: those with diagnosis, date or birth in the name."
    )
    merge: list[VariableName] | None = Field(
        None,
        description="Variables whose levels become two: the reference, and `carrier` for all others. Default: those with "
        "mutation in the name.",
    )


class Report(Section):
    """The page of the cohort."""

    profile: Literal["internal", "release"] = Field(
        "internal",
        description="`release` writes, beside the internal page, a folder `release/` that may leave the house: a page, a "
        "workbook and tables without samples' names, values or small groups.",
    )
    variables: list[VariableName] | None = Field(
        None,
        description="Variables that the pages may hold sample by sample. Default: those of the designs and the contrasts, and "
        "those that subsets name.",
    )
    genes: list[str] = Field(
        default_factory=list,
        description="Ids or names of genes that keep all values when the page would grow beyond `max_mb`.",
    )
    max_mb: float = Field(
        30, ge=1, le=500, description="Size of the page in megabytes above which it drops detail, step by step."
    )
    release: Release = Field(default_factory=Release, description="What the page for others may hold.")
