import base64
import hashlib
import itertools
import json
import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from explored_samples import NO_VIEWS, explored, made_explorer
from sample_tables import FLAGS, LEDGER, TABLES

from lateralis.report.arrays import unpack_bytes
from lateralis.report.page import (
    ReportFigure,
    count,
    fold,
    in_script,
    p_value,
    path,
    render_page,
    signed,
    significant,
    size_of,
)
from lateralis.report.payload import build_payload
from lateralis.report.samples import build_samples

SVG = b'<?xml version="1.0"?><svg viewBox="0 0 60 30" xmlns="http://www.w3.org/2000/svg"/>'
HOSTILE = "<script>alert(1)</script>\"'&"


class Page(HTMLParser):
    """What a browser would act on: elements with their attributes, and the text."""

    def __init__(self, html):
        super().__init__()
        self.elements, self.text = [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text.append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture
def figures():
    names = [
        "contrasts/als_vs_carrier/heatmap",
        "contrasts/als_vs_carrier/p_histogram",
        "models/primary/dispersions",
        "samples/rle",
    ]
    return {name: ReportFigure(SVG, f"alt of {name}") for name in names}


@pytest.fixture
def html(given, figures):
    return render_page(build_payload(**given), figures, made_explorer(given))


def cells(html):
    rows = re.findall(r"<tr>(.*?)</tr>", html, re.DOTALL)
    return [
        [re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)]
        for row in rows
    ]


def test_the_answer_shows_the_counts_of_the_results_headline_first(given, html):
    results = given["contrasts"][0]["results"]
    expected = []
    for rule, evidence in (("fdr", "padj"), ("nominal", "pvalue"), ("strict", "padj_threshold")):
        calls = results[f"call_{rule}"]
        expected += [str(results[evidence].notna().sum()), str((calls == "up").sum()), str((calls == "down").sum())]
    row = next(row for row in cells(html) if row[0] == "als against carrier")
    assert row[1:-1] == expected
    assert row[-1] == "62 als33 carrier"
    assert int(row[2]) > 5


def test_the_top_table_is_the_start_of_the_called_genes(given, html):
    results = given["contrasts"][0]["results"]
    strongest = results[results["call_fdr"] != "none"].sort_values("pvalue").iloc[0]
    rows = [row for row in cells(html) if row[0].startswith("NAME")]
    assert len(rows) == 25
    assert rows[0][:2] == [strongest["gene_name"], strongest["gene_id"]]
    assert rows[0][4] == f"{strongest['log2FoldChange']:+.2f}".replace("-", "−")


def test_a_refused_contrast_says_why_and_shows_no_numbers(html):
    row = next(row for row in cells(html) if row[0] == "als against motor")
    assert row[1] == "Not tested. The groups share no batch."
    section = html.split('id="contrast-als_vs_motor"')[1].split("</details>")[0]
    assert "<table" not in section
    assert "The groups share no batch." in section


def test_a_likelihood_ratio_test_counts_changed_genes_and_shows_no_fold_change(with_lrt):
    results = with_lrt["contrasts"][-1]["results"]
    html = render_page(build_payload(**with_lrt), {}, NO_VIEWS)
    row = next(row for row in cells(html) if row[0] == "any effect of group")
    tested = [str(results[column].notna().sum()) for column in ("padj", "pvalue")]
    changed = [f"{(results[f'call_{rule}'] == 'changed').sum()} changed" for rule in ("fdr", "nominal")]
    assert row[1:] == [tested[0], changed[0], tested[1], changed[1], "no fold change", "176 in the model"]
    section = html.split('id="contrast-any_group"')[1].split("</details>")[0]
    assert f"{changed[0]} among {tested[0]} genes tested; model primary against its reduced design" in section
    assert "likelihood-ratio test with 3 degrees of freedom" in section
    heads, first = cells(section)[:2]
    assert heads == ["Gene", "Identifier", "Call", "Mean count", "Statistic", "p", "padj"]
    strongest = results.loc[results["stat"].abs().idxmax()]
    assert first[:3] == [strongest["gene_name"], strongest["gene_id"], "changed"]


def test_under_a_strict_headline_a_likelihood_ratio_test_shows_its_fdr_calls(with_lrt):
    payload = build_payload(**with_lrt | {"headline": "strict"})
    contrast = payload["contrasts"][-1]
    called = (contrast["summary"]["fdr"]["changed"], contrast["n_called"], contrast["headline"])
    assert called == (contrast["n_called"], (with_lrt["contrasts"][-1]["results"]["padj"] < 0.05).sum(), "fdr")
    assert payload["contrasts"][0]["headline"] == "strict"
    html = render_page(payload, {}, NO_VIEWS)
    assert "and FDR stands for strict." in html
    section = html.split('id="contrast-any_group"')[1].split("</details>")[0]
    assert cells(section)[0][-1] == "padj"


def test_no_gene_called_is_a_sentence(given, figures):
    results = given["contrasts"][0]["results"]
    given["contrasts"][0]["results"] = results.assign(call_fdr="none")
    assert "No gene is called under the headline rule." in render_page(build_payload(**given), figures, NO_VIEWS)


def test_hostile_names_are_text_everywhere(given, figures):
    given["title"] = given["config_text"] = HOSTILE
    given["warnings"] = [HOSTILE]
    contrast, model = given["contrasts"][0], given["models"][0]
    contrast["label"], contrast["groups"] = HOSTILE, {HOSTILE: 3}
    contrast["warnings"] = [HOSTILE]
    contrast["results"] = contrast["results"].assign(gene_name=HOSTILE, gene_id=HOSTILE)
    contrast["results_path"] = "javascript:alert(1)"
    given["contrasts"][1]["reason"] = HOSTILE
    model["name"] = model["design"] = HOSTILE
    model["coefficients"] = [HOSTILE]
    given["table1"].iloc[1, 1] = given["table1"].columns = [HOSTILE] * 5
    given["flow"]["step"] = given["flow"]["lost"] = HOSTILE
    flags = FLAGS.assign(sample=HOSTILE, check=[HOSTILE, "b", "c"], reason=HOSTILE)
    ledger = LEDGER.assign(sample=[*"abcd"], reason=HOSTILE, status="excluded")
    tables = {HOSTILE: pd.DataFrame({HOSTILE: [HOSTILE]})}
    given["samples"] = build_samples(ledger, flags, {"als_vs_carrier": HOSTILE}, tables)
    given["versions"] = {HOSTILE: HOSTILE}
    given["files"]["path"] = HOSTILE
    figures["samples/rle"] = ReportFigure(SVG, HOSTILE)
    html = render_page(build_payload(**given), figures, NO_VIEWS)
    page = Page(html)
    assert all(entry.keys() <= {"type", "id"} for entry in page.all("script"))
    assert html.count("<script>") == 1
    assert not any(name.startswith("on") for _, attributes in page.elements for name in attributes)
    assert not any(link["href"].lower().startswith("javascript") for link in page.all("a"))
    assert "".join(page.text).count("alert(1)") > 15


def test_hostile_genes_and_samples_cannot_leave_their_script_elements(given):
    results = given["contrasts"][0]["results"]
    names = [f"</script><script>alert({number})</script>" for number in range(400)]
    given["contrasts"] = [
        given["contrasts"][0] | {"results": results.assign(gene_id=names, gene_name=names), "label": HOSTILE}
    ]
    explorer = made_explorer(given, explored(names=[f"{HOSTILE}<!--{number}" for number in range(12)]))
    html = render_page(build_payload(**given), {}, explorer)
    assert html.count("<script>") == 1
    assert html.count("</script>") == len(Page(html).all("script"))
    head = json.loads(html.split('id="explorer-head">')[1].split("</script>")[0])
    assert head["samples"]["names"][3] == f"{HOSTILE}<!--3"
    assert head["contrasts"][0]["label"] == HOSTILE


def test_nothing_is_loaded_and_the_only_hosts_are_dois(html):
    page = Page(html)
    assert all("src" not in image for image in page.all("img"))
    assert not any(page.all(tag) for tag in ("link", "iframe", "object", "embed", "form"))
    assert not any("src" in script for script in page.all("script"))
    outside = [link["href"] for link in page.all("a") if "://" in link["href"]]
    assert len(outside) == 4
    assert all(link.startswith("https://doi.org/10.") for link in outside)
    style = html.split("<style>")[1].split("</style>")[0]
    assert "url(" not in style
    assert "@import" not in style


def test_the_policy_admits_our_script_and_the_chart_library_alone(html):
    page = Page(html)
    policy = next(meta["content"] for meta in page.all("meta") if meta.get("http-equiv") == "Content-Security-Policy")
    own = html.split("<script>")[1].split("</script>")[0]
    library = unpack_bytes(html.split('id="block-library">')[1].split("</script>")[0])
    hashes = [base64.b64encode(hashlib.sha256(text).digest()).decode() for text in (own.encode(), library)]
    assert policy == (
        f"default-src 'none'; script-src 'sha256-{hashes[0]}' 'sha256-{hashes[1]}'; style-src 'unsafe-inline'; "
        "img-src blob: data:; base-uri 'none'; form-action 'none'"
    )


def test_json_in_a_script_element_holds_no_tag():
    assert in_script({"a": "</script><!--&\u2028"}) == '{"a":"\\u003c/script\\u003e\\u003c!--\\u0026\\u2028"}'


def test_headings_go_down_one_level_at_a_time(html):
    levels = [int(tag[1]) for tag, _ in Page(html).elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


def test_the_page_can_be_read_without_sight(html):
    page = Page(html)
    assert page.all("html")[0]["lang"] == "en"
    assert all(image["alt"].startswith("alt of ") for image in page.all("img"))
    assert all("scope" in head for head in page.all("th"))
    assert html.count("<table") == html.count("<caption")
    assert {tag for tag, _ in page.elements} >= {"header", "nav", "main", "footer"}
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = [link["href"][1:] for link in page.all("a") if link["href"].startswith("#")]
    named = [attributes["aria-labelledby"] for _, attributes in page.elements if "aria-labelledby" in attributes]
    assert set(targets + named) <= set(ids)


def test_every_figure_given_is_shown_once(html, figures):
    assert [image["alt"] for image in Page(html).all("img")] == [
        "alt of contrasts/als_vs_carrier/heatmap",
        "alt of contrasts/als_vs_carrier/p_histogram",
        "alt of samples/rle",
        "alt of models/primary/dispersions",
    ]


def test_the_reader_is_told_what_the_page_holds(given, html):
    assert "This page holds what it holds." in html
    assert "Simulated data." in html
    given["simulated"] = False
    nobody = LEDGER.assign(status="kept", reason="")
    given["samples"] = build_samples(nobody, FLAGS.assign(verdict="ok"), {"als_vs_carrier": "als against carrier"}, {})
    page = render_page(build_payload(**given), {}, NO_VIEWS)
    assert "Simulated data." not in page
    assert "None of 3 checks raised a flag." in page
    assert "S001" not in page


def test_the_answer_comes_first_then_warnings_then_figures(given, html):
    order = [
        "<table",
        "No sample&#39;s outliers can be replaced.",
        "als against carrier: Nearly confounded with sex.",
        'id="explore"',
        "<img",
    ]
    assert [html.index(part) for part in order] == sorted(html.index(part) for part in order)
    trust = pd.DataFrame(
        {
            "aspect": ["calibration", "power"],
            "item": "",
            "verdict": ["anti-conservative", ""],
            "reason": ["too many", "1.5-fold"],
        }
    )
    given["contrasts"][0]["trust"] = trust
    warnings = build_payload(**given)["warnings"]
    assert "als against carrier: calibration: too many." in warnings
    assert not any("1.5-fold" in words for words in warnings)


def test_the_same_payload_gives_the_same_page(given, figures):
    assert render_page(build_payload(**given), figures, NO_VIEWS) == render_page(
        build_payload(**given), figures, NO_VIEWS
    )


def test_the_payload_is_json_without_nan(given):
    flags = FLAGS.assign(threshold=np.nan)
    given["samples"] = build_samples(LEDGER, flags, {"als_vs_carrier": "als against carrier"}, TABLES)
    given["flow"].loc[0, "participants"] = pd.NA
    payload = build_payload(**given)
    assert json.loads(json.dumps(payload, allow_nan=False)) == payload
    assert payload["samples"]["flags"][0]["threshold"] is None
    assert "–" in render_page(payload, {}, NO_VIEWS)


def test_missing_p_values_are_counted_by_reason(given):
    without = build_payload(**given)["contrasts"][0]["without_p_value"]
    assert {"reason": "low_count_filter", "genes": 10} in without


def test_numbers_read_as_people_write_them():
    assert [p_value(p) for p in (0.0, 1e-310, 2.3456e-8, 0.0123, 1.0, None)] == [
        "< 1e-300", "< 1e-300", "2.3e-08", "0.012", "1", "–",
    ]  # fmt: skip
    assert [fold(x) for x in (1.0, -1.0, 0.0, None)] == ["× 2.00", "÷ 2.00", "× 1.00", "–"]
    assert [significant(x) for x in (12345.6, 0.01234, 999.0, None)] == ["12,346", "0.0123", "999", "–"]
    assert signed(-1.234) == "−1.23"
    assert count(15123) == "15,123"


def test_links_stay_below_the_report():
    assert path("contrasts/a/results.tsv.gz") == "./contrasts/a/results.tsv.gz"
    assert path("javascript:alert(1)") == "./javascript%3Aalert%281%29"
    assert path("//host/x") == "./host/x"


def test_a_figure_is_an_svg_with_a_size():
    assert size_of(SVG) == (80, 40)
    with pytest.raises(ValueError, match="no SVG"):
        size_of(b"\x89PNG\r\n\x1a\n")


def test_the_question_stays_short_with_many_comparisons(given):
    many = [given["contrasts"][0] | {"name": f"c{number}", "label": f"c{number} vs d"} for number in range(25)]
    question = build_payload(**given | {"contrasts": many})["question"]
    assert (
        question
        == "Which genes are expressed differently: c0 vs d, c1 vs d, c2 vs d, c3 vs d, c4 vs d and 20 more comparisons?"
    )


def test_what_is_shared_links_to_nothing_that_stays(given, html):
    assert "./ledger.tsv" in html
    assert "./ledger.tsv" not in render_page(build_payload(**given, shared=True), {}, NO_VIEWS)
