"""What followed the tests, on the page: read from the folders that the stages write, linked to genes, kept from releases."""

import base64
import gzip
import re
from types import SimpleNamespace

import pandas as pd
import pytest
from explored_samples import made_explorer
from page_arguments import arguments

from lateralis.biology.enrichment import CONTRAST_COLUMNS, PATHWAY_COLUMNS
from lateralis.config import Cohort
from lateralis.io import write_json, write_table
from lateralis.report.followups import TOP_SETS, Followups, read_followups
from lateralis.report.methods import methods_text, references
from lateralis.report.page import render_page
from lateralis.report.payload import build_payload

SVG = '<svg viewBox="0 0 60 30" xmlns="http://www.w3.org/2000/svg"><title>An {} of it.</title></svg>'
COHORT = {
    "cohort": "made",
    "title": "Made",
    "input": {"simulate": "mac2als"},
    "samples": {"participant": "participant", "variables": {"group": {"type": "categorical"}}},
    "models": {"primary": {"design": "~ group"}},
    "contrasts": {
        "als_vs_carrier": {"model": "primary", "variable": "group", "test": "als", "reference": "carrier"},
        "als_vs_motor": {"model": "primary", "variable": "group", "test": "als", "reference": "motor"},
    },
    "enrichment": {},
    "biomarkers": {"contrasts": ["als_vs_carrier", "als_vs_motor"]},
    "proteins": {"path": "p.tsv", "annotation": "a.tsv"},
}
LABELS = {"als_vs_carrier": "als against carrier", "als_vs_motor": "als against motor"}


def pathway(number, contrast="als_vs_carrier", **more):
    row = dict.fromkeys(PATHWAY_COLUMNS, 0.5) | {
        "contrast": contrast,
        "collection": "own",
        "size": 12,
        "direction": "up",
    }
    row |= {
        "set": f"set <{number}>",
        "representative": f"set <{number}>",
        "verdict": "not significant",
        "leading_edge": "x",
    }
    return row | more


@pytest.fixture
def folders(tmp_path):
    """Folders as the stages leave them: the second contrast was refused."""
    enrichment, proteins = tmp_path / "enrichment", tmp_path / "proteins"
    rows = [pathway(n) for n in range(TOP_SETS + 3)]
    rows[0] |= {"verdict": "significant", "NES": 2.25, "pvalue_camera": 1e-7, "padj_all": 1e-5}
    rows.insert(1, pathway(99, representative="set <0>", verdict="significant"))
    write_table(enrichment / "pathways.tsv", pd.DataFrame(rows, columns=list(PATHWAY_COLUMNS)))
    overview = [
        ("als_vs_carrier", "a", 390, 3, 4, len(rows), 2, ""),
        ("als_vs_motor", "b", 0, 0, 0, 0, 0, "The groups share no batch."),
    ]
    write_table(enrichment / "contrasts.tsv", pd.DataFrame(overview, columns=list(CONTRAST_COLUMNS)))
    sources = {"collection": ["own"], "sets": [29], "genes": [300], "matched": [290], "terms": ["CC BY 4.0"]}
    write_table(enrichment / "sources.tsv", pd.DataFrame(sources))
    members = [("own", f"set <{n}>", f"ENSG{i:05d}") for n in (0, 1, TOP_SETS + 2) for i in (20 + n, 30 + n)]
    write_table(enrichment / "members.tsv.gz", pd.DataFrame(members, columns=["collection", "set", "gene_id"]))
    (enrichment / "als_vs_carrier").mkdir()
    (enrichment / "heatmap.svg").write_text(SVG.format("heatmap"))
    (enrichment / "als_vs_carrier/dotplot.svg").write_text(SVG.format("dot plot"))
    for name, status in (("als_vs_carrier", "assessed"), ("als_vs_motor", "not assessed")):
        assessed = status == "assessed"
        folder = tmp_path / "biomarkers" / name
        summary = {
            "status": status,
            "reason": "" if assessed else "it was refused",
            "sentence": "It tells.",
            "claim": "None.",
        }
        if assessed:
            summary |= {
                "genes": {"panel": 1},
                "stability": {"panels": 10, "in_half_of_panels": 1, "nogueira": 0.75},
                "null": {"permutations": 20, "mean": 0.4951},
            }
        write_json(folder / "summary.json", summary)
        performance = {"model": ["panel"], "auc": [0.912], "auc_low": [0.85], "auc_high": [0.96]}
        performance |= {"brier": [0.12], "calibration_slope": [1.1]}
        write_table(folder / "performance.tsv", pd.DataFrame(performance).head(int(assessed)))
        panel = {"gene_id": ["ENSG00020", "ENSG00022"], "gene_name": ["NAME20", "NAME22"], "in_panel": ["yes", "no"]}
        panel |= {"coefficient": [-0.7, 0.0], "selection_frequency": [0.9, 0.3], "location": ["secreted", None]}
        write_table(folder / "panel.tsv", pd.DataFrame(panel | {"log2FoldChange": [-1.5, 0.2]}).head(2 * int(assessed)))
        (folder / "roc.svg").write_text(SVG.format("ROC curve"))
        tested = {"protein": ["NfL", "C3"], "pvalue": [1e-4, 0.5], "call": ["up", "none"]}
        write_table(proteins / name / "results.tsv", pd.DataFrame(tested).head(2 * int(assessed)))
    candidate = {"contrast": ["als_vs_carrier"], "evidence": ["both"], "protein": ["NfL"], "gene_id": ["ENSG00021"]}
    candidate |= {"gene_name": ["NAME21"], "log2FoldChange_rna": [1.0], "padj_rna": [0.01], "spearman": [0.5]}
    candidate |= {"log2FoldChange_protein": [2.0], "padj_protein": [0.02]}
    write_table(proteins / "candidates.tsv", pd.DataFrame(candidate))
    reasons = {"als_vs_carrier": {"reason": ""}, "als_vs_motor": {"reason": "refused"}}
    write_json(proteins / "summary.json", {"contrasts": reasons, "sentences": ["Of 60 people."], "warnings": ["Few."]})
    (proteins / "concordance.svg").write_text(SVG.format("scatter"))
    return SimpleNamespace(
        enrichment=str(enrichment),
        biomarkers=[str(tmp_path / "biomarkers" / name) for name in LABELS],
        proteins=str(proteins),
    )


@pytest.fixture
def read(folders):
    return read_followups(Cohort(**COHORT), folders)


def test_pathways_are_those_that_stand_for_themselves(read):
    pathways = read[0].payload(LABELS)["pathways"]
    found, refused = pathways["contrasts"]
    assert (found["label"], found["n_sets"], found["n_significant"], found["n_shown"]) == (
        "als against carrier",
        29,
        2,
        1,
    )
    assert [row["set"] for row in found["sets"]] == [f"set <{n}>" for n in range(TOP_SETS)]
    assert [row["marks"] for row in found["sets"]] == [n < 2 for n in range(TOP_SETS)]
    assert refused["reason"] == "The groups share no batch."
    assert pathways["sources"] == [
        {"collection": "own", "sets": 29, "genes": 300, "matched": 290, "terms": "CC BY 4.0"}
    ]


def test_genes_of_the_sets_that_are_listed_travel_with_the_page(read):
    (block,) = read[0].blocks().values()
    text = gzip.decompress(base64.b64decode(block)).decode()
    assert text == "own/set <0>\tENSG00020 ENSG00030\nown/set <1>\tENSG00021 ENSG00031"


def test_panels_say_what_they_are_worth(read):
    panel, refused = read[0].payload(LABELS)["biomarkers"]
    assert panel["sentences"][0] == "It tells."
    assert panel["sentences"][1].endswith("With labels dealt anew, 20 times, the mean AUC is 0.50.")
    assert (panel["located"], panel["genes"][0]["location"], panel["performance"][0]["auc"]) == (
        True,
        "secreted",
        0.912,
    )
    assert [gene["gene_name"] for gene in panel["genes"]] == ["NAME20"]
    assert (refused["reason"], refused["genes"], refused["located"]) == ("it was refused", [], False)


def test_proteins_of_each_contrast(read):
    proteins = read[0].payload(LABELS)["proteins"]
    assert proteins["sentences"] == ["Few.", "Of 60 people."]
    found, refused = proteins["contrasts"]
    assert (found["n_tested"], found["n_called"], found["candidates"][0]["protein"]) == (2, 1, "NfL")
    assert (refused["reason"], refused["n_tested"], refused["candidates"]) == ("refused", 0, [])


def test_figures_are_those_that_were_drawn(read):
    assert {name: figure.alt for name, figure in read[1].items()} == {
        "pathways/heatmap": "An heatmap of it.",
        "pathways/als_vs_carrier/dotplot": "An dot plot of it.",
        "biomarkers/als_vs_carrier/roc": "An ROC curve of it.",
        "biomarkers/als_vs_motor/roc": "An ROC curve of it.",
        "proteins/concordance": "An scatter of it.",
    }


def test_page_links_sets_and_genes_to_the_chart_and_escapes_their_names(read):
    given = arguments()
    page = render_page(build_payload(**given, followups=read[0].payload(LABELS)), read[1], made_explorer(given))
    assert re.findall(r'href="(#set=[^"]*)"', page) == [
        "#set=own/set%20%3C0%3E&amp;contrast=als_vs_carrier",
        "#set=own/set%20%3C1%3E&amp;contrast=als_vs_carrier",
    ]
    assert "set &lt;0&gt;" in page
    assert "set <0>" not in page
    assert '<a href="#gene=ENSG00020&amp;contrast=als_vs_carrier">NAME20</a>' in page
    assert '<a href="#gene=ENSG00021&amp;contrast=als_vs_carrier">NAME21</a>' in page
    assert (
        page.index('id="pathways"')
        < page.index('id="biomarkers"')
        < page.index('id="proteins"')
        < page.index('id="samples"')
    )


def test_page_of_a_cohort_that_did_not_ask_has_none_of_it():
    given = arguments()
    page = render_page(build_payload(**given, followups=Followups().payload(LABELS)), {}, made_explorer(given))
    assert page == render_page(build_payload(**given), {}, made_explorer(given))
    assert not re.search(r'(id|href)="#?(pathways|biomarkers|proteins)"', page)


def test_methods_and_references_say_what_followed(read):
    given = arguments()
    payload = build_payload(**given, followups=read[0].payload(LABELS))
    text = " ".join(methods_text(payload))
    assert "Gene sets of own (CC BY 4.0) were tested in each comparison" in text
    assert "Panels of genes for als against carrier and als against motor are logistic regressions" in text
    assert "by the likelihood of a normal distribution that is censored there" in text
    before = [reference["doi"] for reference in references(build_payload(**given))]
    after = [reference["doi"] for reference in references(payload)]
    assert sorted(set(after) - set(before)) == [
        "10.1073/pnas.0506580102",
        "10.1093/nar/gks461",
        "10.1111/j.1467-9868.2005.00503.x",
        "10.1136/bmj.g7594",
        "10.2202/1544-6115.1027",
    ]


def test_others_see_neither_proteins_nor_contrasts_that_are_hidden(read):
    shared = read[0].of({"als_vs_motor"}).payload(LABELS)
    assert [part["name"] for part in shared["pathways"]["contrasts"]] == ["als_vs_motor"]
    assert [part["name"] for part in shared["biomarkers"]] == ["als_vs_motor"]
    assert shared["proteins"] is None
