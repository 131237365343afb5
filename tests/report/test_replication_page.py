"""The page of a shared question: its policy, its links, and what it makes of hostile names and of refused contrasts."""

import base64
import hashlib
import re
from functools import partial
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import replicate_contrast as job
from lateralis.biology.replication_summary import TOO_FEW, Answer, cohorts_table
from lateralis.config import Endpoint
from lateralis.figures.save import save_figure
from lateralis.io import read_json, read_table
from lateralis.model.endpoint import call_genes
from lateralis.report.replication_page import MOST_GENES, Question, replication_page, to_cohort

HOSTILE = "<script>alert(1)</script>&\"'"
STATUS = {"status": "tested", "reason": "", "samples": {"test": 8, "reference": 7, "fit_only": 3, "absent": 0}}
REFUSED = STATUS | {"status": "refused", "reason": "The groups share no level of <batch>."}


def answer(effects, *, status=STATUS, names=None, title="A title"):
    effects = np.asarray(effects, dtype=float)
    ids = [f"g{number}" for number in range(len(effects))]
    statistics = pd.DataFrame({"gene_id": ids, "gene_name": names or ids, "baseMean": 100.0, "log2FoldChange": effects})
    statistics = statistics.assign(lfcSE=0.1, stat=effects / 0.1, pvalue=2 * stats.norm.sf(np.abs(effects / 0.1)))
    results = call_genes(statistics.assign(log2FoldChange_shrunken=effects, na_reason=""), Endpoint())
    told = {
        "title": title,
        "contrast": "als",
        "label": "als vs control",
        "assay": "counts",
        "endpoint": Endpoint().model_dump(),
    }
    return Answer(told, status, results.head(0) if status is REFUSED else results)


def written(folder, answers, asked=(), warnings=()):
    folder.mkdir()
    with pytest.MonkeyPatch.context() as patch:  # one format is enough to look at
        patch.setattr(job, "save_figure", partial(save_figure, formats=["svg"]))
        job.write_answer(folder, "question", answers, list(asked), list(warnings))
    return (folder / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page") / "q"
    names = [HOSTILE, "../../up", "CON", "plain", "Plain"]
    answers = {
        "one": answer([2, 1, -1, 1, 1], names=names, title=HOSTILE),
        "two": answer([2, 1.1, -1, 1, 1], names=names),
    }
    return written(folder, answers, ["plain", HOSTILE, "gone"], [f"A warning of {HOSTILE}"]), folder


class Page(HTMLParser):
    """Elements, each with its attributes, and headers of tables."""

    def __init__(self, text):
        super().__init__()
        self.elements = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def of(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


def test_policy_allows_our_style_sheet_and_inlined_images_alone(page):
    policy = next(meta["content"] for meta in Page(page[0]).of("meta") if "http-equiv" in meta)
    style = re.search(r"<style>(.*?)</style>", page[0], re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    )
    assert not re.search(r"\sstyle=|<script|\son\w+=", page[0])
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//", page[0])


def test_hostile_names_are_text(page):
    assert "<script" not in page[0]
    assert page[0].count("&lt;script&gt;alert(1)&lt;/script&gt;") > 3  # gene, title, warning, heading of a figure


def test_tables_have_captions_and_scopes_and_images_words(page):
    found = Page(page[0])
    assert len(found.of("table")) == len(found.of("caption")) == 4
    assert all(head.get("scope") in ("col", "row") for head in found.of("th"))
    images = found.of("img")
    assert len(images) == 6  # five genes and one pair of cohorts
    assert all(len(image["alt"]) > 40 and image["src"].startswith("data:image/svg+xml;base64,") for image in images)
    ids = [attributes["id"] for _, attributes in found.elements if "id" in attributes]
    assert len(set(ids)) == len(ids)
    assert {link["href"][1:] for link in found.of("a") if link["href"].startswith("#")} <= set(ids)


def test_figures_have_names_that_every_system_takes(page):
    stems = sorted(path.stem for path in page[1].glob("*.svg"))
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+", stem) for stem in stems)
    assert len({stem.lower() for stem in stems}) == 6
    assert sorted(path.name for path in page[1].parent.iterdir()) == ["q"]  # nothing above the folder


def test_cohorts_are_linked_and_called_genes_listed(page):
    links = {link["href"] for link in Page(page[0]).of("a")}
    assert {"../../one/report.html", "../../two/report.html", "./meta.tsv.gz"} <= links
    summary = read_json(page[1] / "summary.json")
    assert summary["cohorts"] == ["one", "two"]
    assert summary["sentences"][:2] == [
        "5 genes were tested in at least two of 2 cohorts, 5 in all.",
        "In every cohort 4 up and 1 down (adjusted p < 0.05 and fold change ≥ 1.5 up or down, in each).",
    ]
    assert summary["warnings"][-1] == "No cohort has the gene 'gone', which was asked for."


def test_a_refused_contrast_is_said_and_the_others_go_on(tmp_path):
    answers = {"one": answer([1, 2]), "refused": answer([1, 2], status=REFUSED), "three": answer([1, 2])}
    text = written(tmp_path / "q", answers)
    assert "<strong>Takes no part.</strong> The groups share no level of &lt;batch&gt;." in text
    meta = read_table(tmp_path / "q/meta.tsv.gz")
    assert meta["cohorts"].tolist() == [2, 2]
    assert "log2FoldChange:refused" not in meta
    cohorts = read_table(tmp_path / "q/cohorts.tsv").set_index("cohort")
    assert cohorts["takes_part"].tolist() == [True, False, True]
    assert cohorts["called_fdr"].tolist()[::2] == [2, 2]
    assert np.isnan(cohorts.loc["refused", "called_fdr"])


def test_one_cohort_left_gives_headers_and_the_reason(tmp_path):
    text = written(tmp_path / "q", {"one": answer([1, 2]), "refused": answer([1, 2], status=REFUSED)}, ["g1"])
    assert f"<strong>Not answered.</strong> {TOO_FEW}" in text
    for name in ("meta.tsv.gz", "replication.tsv", "concordance.tsv"):
        table = read_table(tmp_path / "q" / name)
        assert table.empty
        assert len(table.columns) > 8
    assert not list(Path(tmp_path / "q").glob("*.svg"))
    assert read_json(tmp_path / "q/summary.json")["reason"] == TOO_FEW


def question(n_genes, n_alike):
    """Two cohorts and made-up genes, of which the first have the same direction in both."""
    ids = [f"g{number}" for number in range(n_genes)]
    numbers = [
        "log2FoldChange:one",
        "log2FoldChange:two",
        "padj_every",
        "log2FoldChange_fixed",
        "log2FoldChange_random",
    ]
    numbers += ["low_random", "high_random", "padj_random", "I2"]
    meta = pd.DataFrame({"gene_id": ids, "gene_name": [f"N{number}" for number in range(n_genes)], "call_every": "up"})
    meta = meta.assign(**dict.fromkeys(numbers, 0.25), cohorts=2, same_sign=np.arange(n_genes) < n_alike)
    return Question(
        name="q",
        cohorts=cohorts_table({"one": answer([1, 2]), "two": answer([1, 2])}, None),
        meta=meta,
        rates=pd.DataFrame(),
        concordance=pd.DataFrame(),
        best=range(n_genes - 1, -1, -1),
        sentences=[],
        warnings=[],
        reason="",
        forests={},
        scatters={},
        files=["meta.tsv.gz"],
    )


def test_the_best_genes_are_listed_in_their_order_and_the_others_counted():
    text = replication_page(question(40, 31))
    assert f"The first {MOST_GENES} of the 31 genes with the same direction in all cohorts" in text
    assert re.findall(r'<th scope="row">(N\d+)</th>', text) == [f"N{number}" for number in range(39, 14, -1)]
    assert "No gene was asked for, and none replicates." in text


def test_without_genes_the_page_says_so():
    assert "No gene was tested in all cohorts and has the same direction in each." in replication_page(question(0, 0))


def test_a_cohorts_own_page_is_two_folders_up():
    assert to_cohort("mac2als") == "../../mac2als/report.html"
