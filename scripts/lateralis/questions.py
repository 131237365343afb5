"""What a cohort file asks: its models, and the contrasts of each."""

from __future__ import annotations

from typing import Any

from pydantic import Field, FiniteFloat, field_validator, model_validator

from lateralis.expressions import dropped_terms
from lateralis.sections import Label, Name, OneLine, Section, Sentence, VariableName


class Model(Section):
    """One fit: a design, and optionally the samples it is for."""

    design: OneLine = Field(
        description="Formula of variables with `+`, `:`, `*`, `-1` and log, log2, log10, log1p, sqrt."
    )
    subset: OneLine | None = Field(
        None,
        description="Samples to fit: comparisons of variables joined by `and`, `or`, `not`, e.g. `visit == 'baseline'`.",
    )
    one_per: VariableName | None = Field(
        None,
        description="Take one sample of each level of this column, the participant or the family: of several, the first in "
        "the sheet. For a comparison with a run in which relatives count as independent.",
    )


Cell = dict[VariableName, Label | FiniteFloat]


class Difference(Section):
    """Two cells of a design, each a level or value for each variable that matters."""

    test: Cell = Field(min_length=1, description="Levels and values on top, e.g. `{visit: month4, arm: il2}`.")
    reference: Cell = Field(min_length=1, description="Those below, e.g. `{visit: baseline, arm: il2}`.")
    weight: FiniteFloat = Field(1.0, description="How often the difference is taken; −1 subtracts it from the others.")

    @field_validator("test", "reference", mode="before")
    @classmethod
    def _no_booleans(cls, value: Any) -> Any:
        for name, level in value.items() if isinstance(value, dict) else ():
            if isinstance(level, bool):
                raise ValueError(f"YAML read the level of {name} as {level}: put it in quotes, e.g. 'yes' or 'no'")
        return value

    def words(self) -> str:
        """The difference as people write it."""
        sign = "" if self.weight == 1 else "−" if self.weight == -1 else f"{self.weight:+g} × "
        cells = [
            ", ".join(f"{value:g}" if isinstance(value, float) else value for value in cell.values())
            for cell in (self.test, self.reference)
        ]
        return f"{sign}({cells[0]} vs {cells[1]})"


class Contrast(Section):
    """One question to a model: two levels of a variable, a linear combination of coefficients, or a reduced design."""

    model: Name = Field(description="The model it belongs to.")
    title: Sentence | None = Field(
        None,
        min_length=1,
        max_length=120,
        description="What report and figures call it. Default: made from the other keys.",
    )
    variable: VariableName | None = Field(None, description="The variable whose levels are compared.")
    test: Label | None = Field(None, description="The level on top: log2 fold changes are test over reference.")
    reference: Label | None = Field(None, description="The level below.")
    weights: dict[str, FiniteFloat] | None = Field(
        None,
        min_length=1,
        description='In place of the three: a weight for each coefficient, e.g. `{"dose[T.2]": 0.5}`.',
    )
    differences: list[Difference] | None = Field(
        None,
        min_length=1,
        description="In place of these: a sum of differences of cells. An interaction is a difference of differences: the "
        "second has `weight: -1`. Variables that cells do not name are alike in both.",
    )
    for_each: dict[VariableName, list[str]] | None = Field(
        None,
        description="Makes one contrast of each combination, e.g. `{visit: [month1, month4]}`: `{visit}` in its name and "
        "values stands for them.",
    )
    associative: bool = Field(
        False,
        description="The groups were formed after randomisation, as responders are: tables and report call the result "
        "associative, not an effect.",
    )
    reduced: OneLine | None = Field(
        None,
        description="In place of all of these: the model's design without the terms in question, for a likelihood-ratio test "
        "of them together. Such a test has no fold change.",
    )
    acknowledge_confounding: list[VariableName] = Field(
        default_factory=list,
        description="Variables that the compared groups share hardly any level of: test nevertheless, with a warning on top "
        "of the report. Groups that share no level at all are never tested.",
    )

    @field_validator("test", "reference", mode="before")
    @classmethod
    def _level_as_text(cls, value: Any) -> Any:
        return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value

    @model_validator(mode="after")
    def _one_kind(self) -> Contrast:
        levels = (self.variable, self.test, self.reference)
        if self.for_each is not None:
            raise ValueError("`for_each` is for contrasts of a cohort file whose names hold its variables in braces")
        if self.differences is not None:
            if self.weights is not None or self.reduced is not None or any(value is not None for value in levels):
                raise ValueError(
                    "give `differences` alone, or `variable`, `test` and `reference`, or `weights`, or `reduced`"
                )
            return self
        if self.reduced is not None:
            if self.weights is not None or any(value is not None for value in levels):
                raise ValueError("`reduced` asks a question of its own: remove it, or all other keys but `model`")
        elif self.weights is not None:
            if any(value is not None for value in levels):
                raise ValueError("give `weights` alone, or `variable`, `test` and `reference`")
            if not any(self.weights.values()):
                raise ValueError("`weights` are all zero: nothing would be tested")
        elif any(value is None for value in levels):
            raise ValueError("give `variable`, `test` and `reference`, or `weights`, or `differences`, or `reduced`")
        elif self.test == self.reference:
            raise ValueError(f"`test` and `reference` are both '{self.test}': name two different levels")
        return self

    def label(self, name: str, design: str) -> str:
        """The contrast in words; `name` is its key, `design` that of its model."""
        words = self.title or self._words(name, design)
        return f"{words} (associative)" if self.associative else words

    def _words(self, name: str, design: str) -> str:
        if self.variable is not None:
            return f"{self.test} vs {self.reference}"
        if self.differences is not None:
            return f"{name}: " + " ".join(difference.words() for difference in self.differences)
        if self.reduced is not None:
            terms = [":".join(map(str, term)) for term in dropped_terms(design, self.reduced)]
            return "any effect of " + (", ".join(terms) or "the intercept")
        return f"{name}: " + " ".join(f"{weight:+g} × {key}" for key, weight in (self.weights or {}).items())
