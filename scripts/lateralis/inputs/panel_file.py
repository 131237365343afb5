"""Reads panels of marker genes: a shipped file by name, or the user's own by path."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from lateralis.configfile import parse_section, read_yaml
from lateralis.errors import InputError, listing
from lateralis.sections import Label, Section, Sentence

SHIPPED = Path(__file__).resolve().parents[3] / "resources" / "panels"
PanelName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,40}$")]
GeneId = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]+$")]


class Panel(Section):
    """Marker genes of one kind or state of cells."""

    title: Sentence = Field(min_length=1, max_length=80, description="In words, for figures.")
    role: Literal["identity", "contaminant", "state"] = Field(description="What a low or high score means.")
    source: Sentence = Field(min_length=3, description="Where the markers are from.")
    genes: dict[Label, GeneId] = Field(min_length=1, description="Symbol and Ensembl id of each.")


class PanelFile(Section):
    """Panels for one kind of sample."""

    title: Sentence = Field(min_length=1, max_length=80, description="The samples that it is for.")
    panels: dict[PanelName, Panel] = Field(min_length=1, description="The panels, by name.")


def panel_path(name_or_path: str) -> Path:
    """File of a shipped panel or of the user's own."""
    shipped = {path.stem: path for path in sorted(SHIPPED.glob("*.yaml"))}
    if name_or_path in shipped:
        return shipped[name_or_path]
    path = Path(name_or_path)
    if not path.is_file():
        raise InputError(
            "qc.panel",
            f"'{name_or_path}' is no shipped panel and no file",
            f"Shipped are {listing(shipped)}; or `none`",
        )
    return path


def read_panels(name_or_path: str) -> PanelFile:
    """Read and check a file of panels.

    Raises
    ------
    InputError
        With file, key, what was found and what would be right.
    """
    path = panel_path(name_or_path)
    return parse_section(PanelFile, read_yaml(path), str(path) if path.parent != SHIPPED else path.name)
