"""What a cohort is: the models behind one cohort file, with every default and every rule that the file alone can break.

A key exists here only when a stage reads it. `workflow/schemas/*.schema.json` and `config/README.md` are rendered from
these models and those of `questions.py`, `stages.py`, `followups.py`, `runs.py` and `sections.py` by
`scripts/render_config_docs.py`; a test fails when they drift.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

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
from lateralis.followups import Biomarkers, Enrichment, Proteins
from lateralis.questions import Cell, Contrast, Difference, Model
from lateralis.runs import Replication, Run
from lateralis.sections import (
    DEFAULT_FILES,
    Counts,
    Exclusion,
    Input,
    Name,
    Samples,
    Section,
    Sentence,
    Variable,
)
from lateralis.stages import Endpoint, GeneFilter, Outliers, QualityControl, Report, SizeFactorRule, Trust

__all__ = [
    "DEFAULT_FILES",
    "Biomarkers",
    "Cell",
    "Cohort",
    "Contrast",
    "Counts",
    "Difference",
    "Endpoint",
    "Enrichment",
    "Exclusion",
    "GeneFilter",
    "Input",
    "Model",
    "Outliers",
    "Proteins",
    "QualityControl",
    "Replication",
    "Report",
    "Run",
    "Samples",
    "Section",
    "SizeFactorRule",
    "Trust",
    "Variable",
]


class Cohort(Section):
    """One cohort file."""

    cohort: Name = Field(description="Names the folder below `results/`; letters, digits, - and _.")
    title: Sentence = Field(min_length=1, max_length=200, description="Stands on top of the report.")
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
    enrichment: Enrichment | None = Field(None, description="Gene sets that change together. Default: not asked for.")
    biomarkers: Biomarkers | None = Field(None, description="Panels that tell groups apart. Default: not asked for.")
    proteins: Proteins | None = Field(None, description="Proteins of the same people. Default: there are none.")
    report: Report = Field(default_factory=Report, description="The report, and what may be shared of it.")

    @model_validator(mode="after")
    def _names_differ(self) -> Cohort:
        for key, names in (
            ("models", self.models),
            ("contrasts", self.contrasts),
            ("variables", self.samples.variables),
        ):
            first: dict[str, str] = {}
            for name in names:
                other = first.setdefault(name.lower(), name)
                if other != name:
                    raise ValueError(
                        f"{key}: '{other}' and '{name}' differ in case alone, and some file systems keep them in one place; "
                        "rename one"
                    )
        return self

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
        release = self.report.release
        for key, listed in (
            ("report.variables", self.report.variables),
            ("report.release.drop", release.drop),
            ("report.release.merge", release.merge),
        ):
            for name in listed or []:
                self._declared(key, name)
                if name not in self.samples.described:
                    raise ValueError(f"{key}: '{name}' says who a sample is from; no page holds it")
        for name in release.band or {}:
            if self._declared("report.release.band", name).type != "numeric":
                raise ValueError(f"report.release.band: '{name}' is categorical; only numbers have bands")
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
    def _followed_names_exist(self) -> Cohort:
        for key, section in (
            ("enrichment", self.enrichment),
            ("biomarkers", self.biomarkers),
            ("proteins", self.proteins),
        ):
            for name in (section.contrasts if section is not None else None) or []:
                if name not in self.contrasts:
                    raise ValueError(
                        f"{key}.contrasts: there is no contrast '{name}'; there is {listing(self.contrasts)}"
                    )
                if self.contrasts[name].reduced is not None:
                    raise ValueError(f"{key}.contrasts: '{name}' is a likelihood-ratio test, which has no direction")
        if self.biomarkers is not None:
            for name in self.biomarkers.contrasts:
                if self.contrasts[name].variable is None:
                    raise ValueError(
                        f"biomarkers.contrasts: '{name}' does not compare two levels of a variable, as a panel does"
                    )
            for variable in self.biomarkers.covariates or []:
                self._declared("biomarkers.covariates", variable)
        if self.proteins is not None and self.proteins.unit == "participant" and self.samples.participant is None:
            raise ValueError("proteins.unit: there is no `samples.participant`; add it, or set `unit: sample`")
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
    def shown_variables(self) -> list[str]:
        """Variables of the sheet that the pages may hold sample by sample."""
        used = {name for model in self.models.values() for name in parse_formula(model.design).variables}
        subsets = [parse_subset(model.subset) for model in self.models.values() if model.subset is not None]
        used |= {comparison.variable for subset in subsets for comparison in comparisons(subset)}
        asked = used if self.report.variables is None else set(self.report.variables)
        return [name for name in self.samples.described if name in asked and name not in self.samples.scores]

    @property
    def trusted_contrasts(self) -> list[str]:
        """Contrasts that are examined for how far to trust them."""
        if self.trust.scale == "off":
            return []
        return [name for name in self.contrasts if self.trust.contrasts is None or name in self.trust.contrasts]

    def followed(self, asked: list[str] | None) -> list[str]:
        """Contrasts that a section names, in the order of the file; all that have fold changes where it names none."""
        directed = [name for name, contrast in self.contrasts.items() if contrast.reduced is None]
        return [name for name in directed if asked is None or name in asked]

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
