"""What followed the tests, where the cohort asked for it: pathways, biomarkers and proteins, made ready for the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from lateralis.biology.verdicts import SIGNIFICANT
from lateralis.config import Cohort
from lateralis.figures.svg_text import read_svg
from lateralis.io import read_json, read_table
from lateralis.report.arrays import pack_text
from lateralis.report.page import ReportFigure
from lateralis.report.payload import records

TOP_SETS, TOP_REGULATORS, TOP_PANEL, TOP_CANDIDATES = 25, 15, 30, 40
PANEL_FIGURES = ("roc", "calibration", "decision", "stability")
TEXT = {"gene_id": str, "gene_name": str, "set": str, "collection": str, "protein": str}


@dataclass(frozen=True)
class Followups:
    """What followed the tests.

    Attributes
    ----------
    pathways : contrast → its part of the page: `reason` why there is none, numbers of sets, rows of `sets` and `activity`
    members : `collection/set` → ids of its genes, of the sets that the page lists
    sources : rows about the collections of gene sets
    panels : contrast → its part of the page, from summary.json, performance.tsv and panel.tsv
    proteins : `sentences`, and by contrast its part of the page; empty without proteins
    """

    pathways: dict[str, dict[str, Any]] = field(default_factory=dict)
    members: dict[str, list[str]] = field(default_factory=dict)
    sources: list[dict[str, Any]] = field(default_factory=list)
    panels: dict[str, dict[str, Any]] = field(default_factory=dict)
    proteins: dict[str, Any] = field(default_factory=dict)

    def payload(self, labels: Mapping[str, str]) -> dict[str, Any]:
        """The page's parts `pathways`, `biomarkers` and `proteins`; None where the cohort did not ask.

        Parameters
        ----------
        labels : contrast → in words
        """

        def parts(found: Mapping[str, dict[str, Any]]) -> list[dict[str, Any]]:
            return [{"name": name, "label": labels[name], **part} for name, part in found.items()]

        return {
            "pathways": {"contrasts": self._marked(parts(self.pathways)), "sources": self.sources}
            if self.pathways
            else None,
            "biomarkers": parts(self.panels),
            "proteins": self.proteins | {"contrasts": parts(self.proteins["contrasts"])} if self.proteins else None,
        }

    def _marked(self, parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Whether the page holds the genes of each set, to mark them in the chart."""
        return [
            part | {"sets": [row | {"marks": row["key"] in self.members} for row in part["sets"]]} for part in parts
        ]

    def blocks(self) -> dict[str, str]:
        """What the linked views read: a line a gene set, its name and the ids of its genes."""
        if not self.members:
            return {}
        lines = (f"{name}\t{' '.join(genes)}" for name, genes in sorted(self.members.items()))
        return {"sets": pack_text("\n".join(lines))}

    def of(self, contrasts: set[str]) -> Followups:
        """The part that others may see, of some contrasts: no proteins, which have fewer people than the contrasts."""
        return replace(
            self,
            pathways={name: found for name, found in self.pathways.items() if name in contrasts},
            panels={name: found for name, found in self.panels.items() if name in contrasts},
            proteins={},
        )


def read_followups(cohort: Cohort, given: Any) -> tuple[Followups, dict[str, ReportFigure]]:
    """Read what followed the tests, and its figures by their names on the page.

    Parameters
    ----------
    cohort : the cohort
    given : named paths `enrichment`, `biomarkers` and `proteins`, empty where the cohort does not ask for them
    """
    figures: dict[str, ReportFigure] = {}
    pathways: dict[str, dict[str, Any]] = {}
    members: dict[str, list[str]] = {}
    sources: list[dict[str, Any]] = []
    if cohort.enrichment is not None:
        folder = Path(given.enrichment)
        pathways, members = _pathways(folder, cohort.followed(cohort.enrichment.contrasts))
        sources = records(read_table(folder / "sources.tsv").fillna(""))
        figures |= _figures(folder, "pathways", pathways, ("dotplot", "running"), ("heatmap",))
    panels = {}
    if cohort.biomarkers is not None:
        for name, path in zip(cohort.followed(cohort.biomarkers.contrasts), _listed(given.biomarkers), strict=True):
            panels[name] = _panel(Path(path))
            figures |= _figures(Path(path).parent, "biomarkers", [name], PANEL_FIGURES)
    proteins: dict[str, Any] = {}
    if cohort.proteins is not None:
        folder = Path(given.proteins)
        names = cohort.followed(cohort.proteins.contrasts)
        proteins = _proteins(folder, names)
        figures |= _figures(folder, "proteins", names, ("volcano",), ("missingness", "concordance"))
    return Followups(pathways, members, sources, panels, proteins), figures


def _listed(paths: Any) -> list[str]:
    """Paths of a named input, which Snakemake gives as a text where there is one."""
    return [paths] if isinstance(paths, str) else list(paths)


def _figures(
    folder: Path,
    section: str,
    contrasts: Sequence[str] | Mapping[str, Any],
    of_each: Sequence[str],
    of_all: Sequence[str] = (),
) -> dict[str, ReportFigure]:
    names = [*of_all, *(f"{name}/{kind}" for name in contrasts for kind in of_each)]
    paths = {f"{section}/{name}": folder / f"{name}.svg" for name in names}
    return {name: ReportFigure(*read_svg(path)) for name, path in paths.items() if path.exists()}


def _pathways(folder: Path, contrasts: Sequence[str]) -> tuple[dict[str, dict[str, Any]], dict[str, list[str]]]:
    """The page's part about the gene sets of each contrast, and the genes of the sets in it."""
    table = read_table(folder / "pathways.tsv", dtype=TEXT)
    overview = {row["contrast"]: row for row in records(read_table(folder / "contrasts.tsv").fillna({"reason": ""}))}
    own = table[table["representative"] == table["set"]]
    found: dict[str, dict[str, Any]] = {}
    listed: set[str] = set()
    for name in contrasts:
        of_contrast = own[own["contrast"] == name]
        shown = of_contrast.head(TOP_SETS)
        keys = shown["collection"] + "/" + shown["set"]
        listed.update(keys)
        path = folder / name / "activity.tsv"
        found[name] = {
            "reason": overview[name]["reason"],
            "n_sets": overview[name]["sets"],
            "n_significant": overview[name]["significant"],
            "n_shown": int((of_contrast["verdict"] == SIGNIFICANT).sum()),
            "sets": records(shown.drop(columns=["contrast", "leading_edge"]).assign(key=keys)),
            "activity": records(read_table(path).head(TOP_REGULATORS)) if path.exists() else [],
            "path": "enrichment/pathways.tsv",
        }
    members = read_table(folder / "members.tsv.gz", dtype=TEXT)
    names = members["collection"] + "/" + members["set"]
    kept = names.isin(listed)
    genes = members["gene_id"][kept].groupby(names[kept], sort=True).agg(list)
    return found, {str(name): list(map(str, ids)) for name, ids in genes.items()}


def _panel(folder: Path) -> dict[str, Any]:
    """The page's part about one panel."""
    summary = read_json(folder / "summary.json")
    listed = read_table(folder / "panel.tsv", dtype=TEXT)
    genes = listed[listed["in_panel"] == "yes"].head(TOP_PANEL)
    stability, null = summary.get("stability", {}), summary.get("null", {})
    sentences = [summary["sentence"]]
    if stability:
        sentences.append(
            f"The panel of all people has {summary['genes']['panel']:,} genes. Of the {stability['panels']:,} panels of the "
            f"cross-validation, half or more hold {stability['in_half_of_panels']:,} genes in common (stability "
            f"{_two_decimals(stability['nogueira'])} of 1). With labels dealt anew, {null['permutations']:,} times, the mean "
            f"AUC is {_two_decimals(null['mean'])}."
        )
    return {
        "reason": summary["reason"] if summary["status"] != "assessed" else "",
        "claim": summary["claim"],
        "sentences": sentences,
        "performance": records(read_table(folder / "performance.tsv")),
        "genes": records(genes.fillna({"location": ""})),
        "located": bool(genes["location"].notna().any()),
    }


def _two_decimals(number: float | None) -> str:
    return "–" if number is None else f"{number:.2f}"


def _proteins(folder: Path, contrasts: Sequence[str]) -> dict[str, Any]:
    """The page's part about proteins."""
    summary = read_json(folder / "summary.json")
    candidates = read_table(folder / "candidates.tsv", dtype=TEXT)
    found = {}
    for name in contrasts:
        results, facts = read_table(folder / name / "results.tsv", dtype=TEXT), summary["contrasts"][name]
        of_contrast = candidates[candidates["contrast"] == name]
        found[name] = {
            "reason": facts["reason"],
            "n_tested": int(results["pvalue"].notna().sum()),
            "n_called": int(results["call"].isin(["up", "down"]).sum()),
            "candidates": records(of_contrast.head(TOP_CANDIDATES)),
            "path": f"proteins/{name}/results.tsv",
        }
    return {"sentences": [*summary["warnings"], *summary["sentences"]], "contrasts": found}
