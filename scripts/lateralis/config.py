"""What a cohort is: the models behind one cohort file, with every default and every rule that the file alone can break.

A key exists here only when a stage reads it. `workflow/schemas/*.schema.json` and `config/README.md` are rendered from
these models and those of `sections.py` by `scripts/render_config_docs.py`; a test fails when they drift.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, StrictInt, field_validator, model_validator

from lateralis.errors import listing
from lateralis.expressions import (
    Comparison,
    ExpressionError,
    Formula,
    comparisons,
    dropped_terms,
    parse_formula,
    parse_subset,
)
from lateralis.questions import Cell, Contrast, Difference, Model
from lateralis.sections import (
    DEFAULT_FILES,
    Counts,
    Exclusion,
    Input,
    Name,
    QualityControl,
    Samples,
    Section,
    Trust,
    Variable,
    VariableName,
)

__all__ = [
    "DEFAULT_FILES",
    "Cell",
    "Cohort",
    "Contrast",
    "Counts",
    "Difference",
    "Endpoint",
    "Exclusion",
    "GeneFilter",
    "Input",
    "Model",
    "Outliers",
    "QualityControl",
    "Run",
    "Samples",
    "Section",
    "SizeFactorRule",
    "Trust",
    "Variable",
]


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
    control_genes: str | None = Field(
        None,
        description="Text file with one gene id a line: the genes that size factors are taken from, e.g. spike-ins. Default: "
        "all genes that the model tests.",
    )


class Outliers(Section):
    """Who counts as a replicate of whom when Cook's distance looks for outlier counts."""

    cells: Literal["design"] | list[VariableName] = Field(
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


class Cohort(Section):
    """One cohort file."""

    cohort: Name = Field(description="Names the folder below `results/`; letters, digits, - and _.")
    title: str = Field(min_length=1, max_length=200, description="Stands on top of the report.")
    input: Input = Field(description="Where the data are.")
    samples: Samples = Field(description="How to read the sample sheet.")
    assay: Literal["counts", "log_intensity"] = Field(
        "counts",
        description="`log_intensity`: normalised log2 intensities of arrays or NanoString, in a matrix or h5ad. Linear models "
        "with moderated variance take the place of the negative-binomial fit; contrasts, tables and report are the same.",
    )
    filter: GeneFilter = Field(default_factory=GeneFilter, description="Which genes are tested.")
    size_factors: SizeFactorRule = Field(
        default_factory=SizeFactorRule, description="How sequencing depth is taken into account."
    )
    missing: Literal["error", "drop"] = Field(
        "error",
        description="Samples that lack a variable of a model: `error`, or `drop` them from it with the reason in the ledger.",
    )
    outliers: Outliers = Field(default_factory=Outliers, description="Outlier counts.")
    qc: QualityControl = Field(default_factory=QualityControl, description="Quality control.")
    trust: Trust = Field(default_factory=Trust, description="How far to trust each contrast.")
    signature: list[Name] | None = Field(
        None,
        min_length=2,
        description="Contrasts of one group against others; the signature are the genes changed in all. Default: "
        "the first two or more that test the same level of the same variable in the same model.",
    )
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
            for number, difference in enumerate(contrast.differences or [], start=1):
                for cell in (difference.test, difference.reference):
                    self._check_cell(f"contrasts.{name}.differences, number {number}", cell)
        if isinstance(self.outliers.cells, list):
            for variable in self.outliers.cells:
                if self._declared("outliers.cells", variable).type != "categorical":
                    raise ValueError(
                        f"outliers.cells: '{variable}' is numeric; cells are made of categorical variables"
                    )
        return self

    @model_validator(mode="after")
    def _fits_assay(self) -> Cohort:
        if self.assay == "counts":
            return self
        if self.input.counts is None or self.input.counts.format not in ("matrix", "h5ad"):
            raise ValueError("assay: log intensities are read from `matrix` or `h5ad`")
        if self.samples.replicate_of is not None:
            raise ValueError(
                "samples.replicate_of: replicates are summed, as counts; average log intensities beforehand"
            )
        if self.filter != GeneFilter() or self.size_factors != SizeFactorRule():
            raise ValueError("assay: `filter` and `size_factors` are for counts; leave them out")
        return self

    @model_validator(mode="after")
    def _quality_variables_exist(self) -> Cohort:
        for key, names in (("qc.sex", [self.qc.sex] if self.qc.sex else []), ("qc.technical", self.qc.technical or [])):
            for name in names:
                if self._declared(key, name).type != "categorical":
                    raise ValueError(f"{key}: '{name}' is numeric; only categorical variables have levels to share")
        for variable, panel in self.samples.scores.items():
            if self.qc.panel == "none":
                raise ValueError(
                    f"samples.variables.{variable}.score: there is no panel '{panel}', as `qc.panel` is `none`"
                )
        return self

    @model_validator(mode="after")
    def _trusted_names_exist(self) -> Cohort:
        for name in self.trust.leave_out:
            if self._declared("trust.leave_out", name).type != "categorical":
                raise ValueError(f"trust.leave_out: '{name}' is numeric; only levels can be left out")
        for name in self.trust.contrasts or []:
            if name not in self.contrasts:
                raise ValueError(f"trust.contrasts: there is no contrast '{name}'; there is {listing(self.contrasts)}")
        for name in self.signature or []:
            if name not in self.contrasts:
                raise ValueError(f"signature: there is no contrast '{name}'; there is {listing(self.contrasts)}")
            if self.contrasts[name].reduced is not None:
                raise ValueError(f"signature: '{name}' is a likelihood-ratio test, which has no direction")
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
            if contrast.reduced is not None:
                self._check_reduced(f"contrasts.{name}.reduced", contrast.model, contrast.reduced)
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

    def _check_cell(self, key: str, cell: Cell) -> None:
        for name, value in cell.items():
            variable = self._declared(key, name)
            if variable.type == "numeric" and isinstance(value, str):
                raise ValueError(f"{key}: {name} is numeric, found '{value}'; give a number in the units of the sheet")
            if variable.levels is not None and not self._is_level(value, variable.levels):
                raise ValueError(f"{key}: '{value}' is no level of {name}; there is {listing(variable.levels)}")

    @staticmethod
    def _is_level(value: str | float, levels: list[str]) -> bool:
        return (f"{value:g}" if isinstance(value, float) else value) in levels

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

    def _check_reduced(self, key: str, model: str, reduced: str) -> None:
        """What the formulas show; whether one design is nested in the other is seen on their matrices."""
        design = self.models[model].design
        try:
            given, whole = parse_formula(reduced), parse_formula(design)
        except ExpressionError as error:
            raise ValueError(f"{key}: {error}") from None
        self._check_formula(key, given)
        for variable in given.variables:
            if variable not in whole.variables:
                raise ValueError(
                    f"{key}: '{variable}' is not in the design of model '{model}' ({design}); a reduced design is a part of it"
                )
        if not dropped_terms(design, reduced) and given.intercept == whole.intercept:
            raise ValueError(
                f"{key}: leaves nothing out of the design of model '{model}' ({design}); leave out what to test"
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

    def label(self, contrast: str) -> str:
        """A contrast in words; with its name, where another has the same words."""
        words = {name: spec.label(name, self.models[spec.model].design) for name, spec in self.contrasts.items()}
        own = words[contrast]
        return own if list(words.values()).count(own) == 1 else f"{contrast}: {own}"

    def grouping(self, contrast: str) -> str | None:
        """The variable whose levels a contrast compares: its own, or the one categorical one that its reduced design lacks."""
        spec = self.contrasts[contrast]
        if spec.reduced is None:
            return spec.variable
        dropped = dropped_terms(self.models[spec.model].design, spec.reduced)
        variables = {factor.variable for term in dropped for factor in term}
        found = [variable for variable in variables if self.samples.variables[variable].type == "categorical"]
        return found[0] if len(variables) == 1 and found else None

    @property
    def sex_variable(self) -> str | None:
        """The variable that holds the sex, if any."""
        declared = self.samples.variables.get("sex")
        return self.qc.sex or ("sex" if declared is not None and declared.type == "categorical" else None)

    @property
    def group_variable(self) -> str | None:
        """The variable whose levels describe the cohort: the first that a contrast compares."""
        return next(filter(None, map(self.grouping, self.contrasts)), None)

    @property
    def trusted_contrasts(self) -> list[str]:
        """Contrasts that are examined for how far to trust them."""
        if self.trust.scale == "off":
            return []
        return [name for name in self.contrasts if self.trust.contrasts is None or name in self.trust.contrasts]

    @property
    def signature_contrasts(self) -> list[str]:
        """Contrasts of one group against others: those of `signature`, or the first set of two or more that there is."""
        if self.signature is not None:
            return self.signature
        sets: dict[tuple[str, str | None, str | None], list[str]] = {}
        for name, contrast in self.contrasts.items():
            if contrast.variable is not None and not contrast.associative:
                sets.setdefault((contrast.model, contrast.variable, contrast.test), []).append(name)
        return next((names for names in sets.values() if len(names) > 1), [])

    @property
    def signature_screen(self) -> str | None:
        """The likelihood-ratio test of the variable that the signature's contrasts compare, in the same model, if any."""
        names = self.signature_contrasts
        if not names:
            return None
        first = self.contrasts[names[0]]
        for name, contrast in self.contrasts.items():
            if contrast.reduced is not None and contrast.model == first.model and self.grouping(name) == first.variable:
                return name
        return None

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
