"""A whole run whose names are written in the languages of all that reads them: nothing runs, and every name stays as it is."""

import gzip
import re
import zipfile
from html.parser import HTMLParser
from xml.etree import ElementTree

import pandas as pd
import pytest
from tiny_cohort import GROUPS, fresh_workspace, tiny_counts, tiny_sheet

from lateralis.report.arrays import unpack_bytes

ATTACKS = [
    "<script>alert(1)</script>",
    "</script><!-- <img src=x onerror=alert(1)>",
    "$(touch owned)",
    "`touch owned`",
    "; touch owned #",
    "' || touch owned || '",
    r"$\frac{",
    "{cohort} {0} %s %(x)s",
    "{{ 7*7 }}{% raw %}",
    "__import__('os').system('touch owned')",
    "../../../elsewhere",
]
LEVELS = {"control": "$x^{2}$ <b>control</b>", "motor": "motor; $(touch owned)", "als": "als `touch owned` {0}"}


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """The tiny cohort with such names for samples, genes, levels and title, after one whole run."""
    workspace = fresh_workspace(tmp_path_factory.mktemp("hostile"))
    sheet = tiny_sheet()
    counts = tiny_counts(sheet)
    renamed = {name: f"{name} {attack}" for name, attack in zip(sheet["sample"], ATTACKS, strict=False)}
    genes = [*(f"{attack} {number}" for number, attack in enumerate(ATTACKS)), *counts.index[len(ATTACKS) :]]
    sheet = sheet.assign(sample=sheet["sample"].replace(renamed), group=sheet["group"].map(LEVELS))
    workspace.write_data(sheet, counts.rename(columns=renamed).set_axis(pd.Index(genes, name="gene_id"), axis=0))
    cohort = workspace.cohort()
    cohort["title"] = " ".join(ATTACKS[:4])
    cohort["samples"]["variables"]["group"]["levels"] = [LEVELS[group] for group in GROUPS]
    cohort["samples"]["exclude"] = [{"sample": sheet["sample"].iloc[1], "reason": f"{ATTACKS[0]} {ATTACKS[2]}"}]
    for contrast in cohort["contrasts"].values():
        if contrast.get("variable") == "group":
            contrast |= {role: LEVELS[contrast[role]] for role in ("test", "reference")}
    cohort["contrasts"]["men_vs_women"]["title"] = ATTACKS[1]
    workspace.write_cohort(cohort)
    outcome = workspace.run()
    assert outcome.status == 0, outcome.output
    return workspace


class Tags(HTMLParser):
    """Elements of a page with their attributes."""

    def __init__(self, page):
        super().__init__()
        self.found = []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))


@pytest.mark.slow
def test_nothing_ran_and_nothing_lies_elsewhere(hostile):
    made = [path.relative_to(hostile.folder).as_posix() for path in hostile.folder.rglob("*")]
    assert not [path for path in made if "owned" in path or "elsewhere" in path]
    assert not list(hostile.folder.parent.glob("owned*")) and not list(hostile.folder.parent.glob("elsewhere*"))
    odd = [path for path in made if path.startswith("results/") and not re.fullmatch(r"[A-Za-z0-9_./-]+", path)]
    assert not odd


@pytest.mark.slow
def test_the_page_has_no_element_of_theirs(hostile):
    tags = Tags((hostile.results() / "report.html").read_text(encoding="utf-8")).found
    scripts = [attributes for tag, attributes in tags if tag == "script"]
    assert [script for script in scripts if script.get("type") is None] == [{}]  # the page's own
    assert not [tag for tag, attributes in tags if tag == "b" or any(name.startswith("on") for name in attributes)]
    assert not [attributes for tag, attributes in tags if attributes.get("src") == "x"]


@pytest.mark.slow
def test_figures_are_well_formed_and_hold_no_script(hostile):
    figures = sorted(hostile.results().rglob("*.svg"))
    assert len(figures) > 15
    for figure in figures:
        tags = {element.tag.rpartition("}")[2] for element in ElementTree.parse(figure).iter()}
        assert not tags & {"script", "img", "foreignObject", "b"}, figure


@pytest.mark.slow
def test_names_stay_as_they_are_in_tables(hostile):
    results = pd.read_csv(
        hostile.results() / "contrasts/als_vs_control/results.tsv.gz", sep="\t", keep_default_na=False, dtype=str
    )
    assert {f"{attack} {number}" for number, attack in enumerate(ATTACKS)} <= set(results["gene_id"])
    ledger = pd.read_csv(hostile.results() / "ledger.tsv", sep="\t", keep_default_na=False, dtype=str)
    assert {f"001 {ATTACKS[0]}", f"NA {ATTACKS[1]}"} <= set(ledger["sample"])
    page = (hostile.results() / "report.html").read_text(encoding="utf-8")
    packed = re.search(r'id="block-genes"[^>]*>([^<]*)<', page)
    assert f"{ATTACKS[0]} 0" in unpack_bytes(packed[1]).decode()


@pytest.mark.slow
def test_no_cell_is_a_formula_in_any_spreadsheet(hostile):
    with zipfile.ZipFile(hostile.results() / "results.xlsx") as book:
        sheets = {name: book.read(name) for name in book.namelist()}
    assert not [name for name, content in sheets.items() if b"<f>" in content or b"<hyperlink" in content]
    assert not [name for name in sheets if "externalLink" in name]
    for path in [*hostile.results().rglob("*.tsv"), *hostile.results().rglob("*.tsv.gz")]:
        content = (gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()).decode()
        cells = [cell for line in content.splitlines() for cell in line.split("\t")]
        assert not [cell for cell in cells if cell.startswith(("=", "@"))], path
