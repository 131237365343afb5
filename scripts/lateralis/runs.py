"""What `config/config.yaml` holds: which cohorts to run, and which questions they share."""

from __future__ import annotations

from typing import Any

from pydantic import Field, field_validator

from lateralis.sections import FilePath, Label, Name, Section


class Replication(Section):
    """One question that several cohorts asked."""

    contrasts: dict[Name, Name] = Field(
        min_length=2, description="Cohort: its contrast. All are read the same way: test over reference."
    )
    genes: list[Label] = Field(
        default_factory=list,
        max_length=50,
        description="Ids or names of genes to draw a forest plot of, beside those that replicate best.",
    )


class Run(Section):
    """`config/config.yaml`: which cohorts to run; nothing that a cohort should decide."""

    cohorts: list[FilePath] = Field(min_length=1, description="Paths of cohort files.")
    replication: dict[Name, Replication] = Field(
        default_factory=dict, description="Questions that several of these cohorts asked, by name."
    )

    @field_validator("cohorts", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value
