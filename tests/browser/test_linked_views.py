"""The linked views in a real browser: numbers as in the tables, every control, and no request."""

import io
import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from explored_samples import explored, made_explorer
from page_arguments import arguments, results_table

from lateralis.config import Endpoint
from lateralis.model.endpoint import RULES, call_genes, count_calls
from lateralis.report.followups import Followups
from lateralis.report.page import ReportFigure, render_page
from lateralis.report.payload import build_payload

SVG = b'<?xml version="1.0"?><svg viewBox="0 0 60 30" xmlns="http://www.w3.org/2000/svg"><rect width="60" height="30"/></svg>'
MINUS = str.maketrans("−", "-")


def html_of(given, figures=None, **more):
    return render_page(build_payload(**given), figures or {}, made_explorer(given, **more))


def with_contrasts(n, seed=1):
    """The arguments with n contrasts, each with other results."""
    given = arguments()
    first = given["contrasts"][0]
    given["contrasts"] = [
        first | {"name": f"c{k}", "label": f"contrast {k}", "results": results_table(seed + k), "variable": "group"}
        for k in range(n)
    ]
    return given


@pytest.fixture(scope="module")
def given():
    return with_contrasts(3)


@pytest.fixture
def opened(open_page, given):
    return open_page(html_of(given, {"samples/rle": ReportFigure(SVG, "a figure")}))


def printed(value, decimals):
    return "–" if np.isnan(value) else f"{value:.{decimals}f}"


def p_printed(value):
    if np.isnan(value):
        return "–"
    return np.format_float_scientific(value, 2, unique=False, exp_digits=1) if value < 1e-3 else f"{value:.3g}"


def mean_printed(value):
    return f"{value:.{3 if value < 1 else 1 if value < 1e3 else 0}f}"


def expected_row(row):
    return {
        "Gene": row["gene_name"],
        "Identifier": row["gene_id"],
        "Mean count": mean_printed(row["baseMean"]),
        "log2 fold change": printed(row["log2FoldChange"], 3),
        "Standard error": printed(row["lfcSE"], 3),
        "Shrunken": printed(row["log2FoldChange_shrunken"], 3),
        "Statistic": printed(row["stat"], 2),
        "p": p_printed(row["pvalue"]),
        "padj": p_printed(row["padj"]),
        "padj, change > 1.5": p_printed(row["padj_threshold"]),
    }


def all_rows(opened):
    found = opened.rows()
    while opened.page.locator("#next").is_enabled():
        opened.page.click("#next")
        found += opened.rows()
    return found


def test_every_value_of_the_table_is_the_results_to_the_printed_digit(opened, given):
    expected = {row["gene_id"]: expected_row(row) for row in given["contrasts"][0]["results"].to_dict("records")}
    rows = all_rows(opened)
    assert len(rows) == len(expected) == 400
    for row in rows:
        shown = {name: text.translate(MINUS) for name, text in row.items() if name not in ("Call", "Remark")}
        assert shown == expected[row["Identifier"]]


def test_counts_under_each_rule_are_those_of_the_summary_and_follow_the_contrast(opened, given):
    for number, contrast in enumerate(given["contrasts"]):
        opened.choose(number)
        counts = count_calls(contrast["results"]).set_index("rule")
        for rule in RULES:
            opened.page.check(f"#rule-{rule}")
            row = counts.loc[rule]
            assert opened.text("counts").startswith(
                f"▲ {row['up']:,} up, ▼ {row['down']:,} down of {row['tested']:,} genes"
            )
            opened.page.select_option("#filter", "called")
            assert len(all_rows(opened)) == row["up"] + row["down"]
            opened.page.select_option("#filter", "all")


def test_thresholds_are_live_and_the_way_back_is_a_button(opened, given):
    results = given["contrasts"][0]["results"]
    opened.page.fill("#alpha", "0.001")
    opened.page.fill("#fold", "2")
    called = results[(results["padj"] < 0.001) & (results["log2FoldChange"].abs() >= 1)]
    up = int((called["log2FoldChange"] > 0).sum())
    assert opened.text("counts").startswith(f"▲ {up} up, ▼ {len(called) - up} down")
    assert "your own thresholds" in opened.text("counts")
    opened.page.fill("#fold", "0.2")
    assert opened.page.get_attribute("#fold", "aria-invalid") == "true"
    opened.page.click("#endpoint")
    assert "your own" not in opened.text("counts")
    assert opened.page.input_value("#fold") == "1.5"


def test_sorting_puts_missing_values_last_both_ways(opened, given):
    results = given["contrasts"][0]["results"]
    largest = results.sort_values("log2FoldChange", ascending=False)
    opened.page.click('#genes thead [data-key="log2FoldChange"]')
    assert opened.rows()[0]["Identifier"] == largest.iloc[0]["gene_id"]
    assert opened.page.locator("#genes thead th[aria-sort=descending]").inner_text() == "log2 fold change ↓"
    opened.page.click('#genes thead [data-key="log2FoldChange"]')
    rows = all_rows(opened)
    assert rows[0]["Identifier"] == results.sort_values("log2FoldChange").iloc[0]["gene_id"]
    assert [row["log2 fold change"] for row in rows[-10:]] == ["–"] * 10


def test_search_finds_by_name_and_identifier_and_says_when_nothing_is_left(opened):
    opened.page.fill("#search", "name39")
    assert opened.rows()[0]["Gene"] == "NAME39"
    assert {row["Gene"] for row in opened.rows()} == {"NAME39", *(f"NAME39{k}" for k in range(10))}
    opened.page.fill("#search", "ensg00007")
    assert [row["Gene"] for row in opened.rows()] == ["NAME7"]
    opened.page.fill("#search", "nothing")
    assert opened.text("rows") == "No gene is left by search and filter."


def test_a_click_on_a_gene_draws_it_and_writes_its_address(opened, open_page, given):
    opened.page.fill("#search", "NAME7")
    opened.page.click("#genes tbody button >> nth=0")
    assert opened.text("gene-title") == "NAME7 (ENSG00007)"
    assert opened.page.url.endswith("#gene=ENSG00007&contrast=c0")
    linked = open_page(opened.path.read_text(encoding="utf-8"), fragment="#gene=ENSG00007&contrast=c2")
    assert linked.text("gene-title") == "NAME7 (ENSG00007)"
    assert linked.page.input_value("#contrast") == "2"
    assert "contrast 2: " in linked.text("gene-words")


def with_pathways(given):
    """A page with two gene sets, one of them with a name that an address must escape."""
    members = {"own/one & <two>": ["ENSG00007", "ENSG00012"], "own/three": ["ENSG00031"]}
    rows = [{"set": key.partition("/")[2], "key": key, "verdict": "significant", "direction": "up"} for key in members]
    numbers = dict.fromkeys(("size", "NES", "correlation", "pvalue_camera", "padj_all", "pvalue_gsea"))
    sets = [numbers | row for row in rows]
    part = {"reason": "", "n_sets": 2, "n_significant": 2, "n_shown": 2, "sets": sets, "activity": [], "path": "p.tsv"}
    followups = Followups(pathways={"c1": part}, members=members)
    explorer = made_explorer(given)
    payload = build_payload(**given, followups=followups.payload({"c1": "contrast 1"}))
    return render_page(payload, {}, replace(explorer, blocks=explorer.blocks | followups.blocks()))


def test_a_click_on_a_gene_set_marks_its_genes_in_its_comparison(open_page, given):
    opened = open_page(with_pathways(given))
    opened.page.click("#pathways tbody a >> nth=0")
    opened.page.wait_for_function("() => document.getElementById('highlight-words').textContent !== ''")
    assert opened.text("highlight-words") == "one & <two>: 2 of 2 highlighted."
    assert opened.page.input_value("#contrast") == "1"
    opened.page.select_option("#filter", "highlighted")
    assert {row["Gene"] for row in opened.rows()} == {"NAME7", "NAME12"}
    opened.page.click("#pathways tbody a >> nth=1")
    opened.page.wait_for_function("() => document.getElementById('highlight-words').textContent.startsWith('three')")
    assert {row["Gene"] for row in opened.rows()} == {"NAME31"}
    assert (opened.loaded, opened.complaints) == ([], [])


def test_the_gene_is_shown_by_any_variable_with_the_right_medians(opened, given):
    samples = explored()
    logs = np.log2(samples.values / samples.size_factors[:, None] + 1)
    opened.page.fill("#search", "NAME12")
    opened.page.click("#genes tbody button >> nth=0")
    for variable, levels in (("group", ["carrier", "als"]), ("sex", ["F", "M"])):
        opened.page.select_option("#gene-by", variable)
        medians = [np.median(logs[(samples.variables[variable] == level).to_numpy(), 12]) for level in levels]
        expected = ", ".join(f"{level} {median:.1f}" for level, median in zip(levels, medians, strict=True))
        opened.page.locator("#gene-words", has_text=f"Medians: {expected}.").wait_for(timeout=3000)
    opened.page.select_option("#gene-by", "age")
    opened.page.select_option("#gene-colour", "age")
    assert opened.page.locator("#gene-legend li").count() == 5


def test_a_pasted_list_is_highlighted_and_the_unknown_named(opened):
    opened.page.click("text=Highlight a list of genes")
    opened.page.fill("#highlight", "NAME20, ensg00030\nNAME399;Nothing ENSG00031.7")
    assert opened.text("highlight-words") == "4 of 5 highlighted. Not among the genes: Nothing."
    opened.page.select_option("#filter", "highlighted")
    assert {row["Gene"] for row in opened.rows()} == {"NAME20", "NAME30", "NAME31", "NAME399"}


def test_a_selection_in_the_chart_filters_the_table(opened):
    opened.page.click("button:text-is('Box select')")
    box = opened.page.locator("#overview").bounding_box()
    opened.page.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + 20)
    opened.page.mouse.down()
    opened.page.mouse.move(box["x"] + box["width"] - 20, box["y"] + box["height"] - 80, steps=5)
    opened.page.mouse.up()
    rows = all_rows(opened)
    assert 0 < len(rows) < 200
    assert all(float(row["log2 fold change"].translate(MINUS)) > 0 for row in rows)
    opened.page.click("#unselect")
    assert opened.text("rows").endswith("of 400")


def test_the_rows_can_be_taken_along(opened, given):
    results = given["contrasts"][0]["results"]
    opened.page.select_option("#filter", "tested")
    with opened.page.expect_download() as waiting:
        opened.page.click("#save-table")
    assert waiting.value.suggested_filename == "mac2als_c0.tsv"
    with open(waiting.value.path(), encoding="utf-8") as handle:
        saved = pd.read_csv(io.StringIO(handle.read()), sep="\t", float_precision="round_trip").set_index("gene_id")
    tested = results[results["pvalue"].notna()].set_index("gene_id").loc[saved.index]
    assert len(saved) == results["pvalue"].notna().sum()
    np.testing.assert_array_equal(saved["pvalue"], tested["pvalue"])
    np.testing.assert_array_equal(saved["padj"], tested["padj"])
    np.testing.assert_allclose(saved["log2FoldChange"], tested["log2FoldChange"], rtol=1e-6)
    assert (saved["call"] == tested["call_fdr"]).all()


@pytest.mark.parametrize("which", ["overview", "gene", "pca"])
def test_figures_can_be_taken_along(opened, which):
    for kind, start in (("png", b"\x89PNG"), ("svg", b"<svg")):
        with opened.page.expect_download() as waiting:
            opened.page.click(f"#save-{which}-{kind}")
        with open(waiting.value.path(), "rb") as handle:
            content = handle.read()
        assert content.startswith(start)
        assert len(content) > 3000
    assert waiting.value.suggested_filename.endswith(".svg")


def test_static_figures_are_drawn_without_a_request(opened):
    image = opened.page.locator("img[alt='a figure']")
    assert image.get_attribute("src").startswith("blob:")
    assert image.bounding_box()["width"] > 10


def test_the_ma_plot_and_principal_components_switch(opened):
    opened.page.check("#kind-ma")
    assert opened.page.get_attribute("#overview", "aria-label").startswith("MA plot of contrast 0.")
    opened.page.select_option("#pca-x", "2")
    assert "PC3 (10.0 % of variance) and PC2" in opened.page.get_attribute("#pca-chart", "aria-label")


def test_all_can_be_reached_by_keyboard(opened):
    seen = []
    for _ in range(60):
        opened.page.keyboard.press("Tab")
        seen.append(opened.focused())
    for name in ("contrast", "rule-fdr", "alpha", "fold", "gene-by", "search", "filter", "save-table"):
        assert name in seen, name
    opened.page.focus("#search")
    opened.page.keyboard.type("NAME33")
    opened.page.locator("#genes tbody button").first.focus()
    opened.page.keyboard.press("Enter")
    assert opened.text("gene-title") == "NAME33 (ENSG00033)"
    assert opened.focused() == "NAME33"
    opened.page.locator('#genes thead [data-key="padj"]').focus()
    opened.page.keyboard.press("Enter")
    assert opened.focused() == "padj"


def test_repeated_samples_are_joined(open_page, given):
    opened = open_page(html_of(given, samples=explored(repeated=True)))
    assert opened.page.is_checked("#gene-lines")
    opened.page.uncheck("#gene-lines")


def test_25_contrasts_are_all_there(open_page):
    opened = open_page(html_of(with_contrasts(25)))
    assert opened.page.locator("#contrast option").count() == 25
    opened.choose(24)
    assert opened.page.is_disabled("#contrast-after")
    opened.page.click("#contrast-before")
    opened.page.wait_for_selector('html[data-contrast="23"]', state="attached")
    assert opened.page.input_value("#contrast") == "23"


def test_one_contrast_and_nothing_called(open_page):
    given = with_contrasts(1)
    results = given["contrasts"][0]["results"]
    given["contrasts"][0]["results"] = results.assign(
        **dict.fromkeys(["call_nominal", "call_fdr", "call_strict"], "none"),
        **dict.fromkeys(["padj", "padj_threshold", "pvalue", "stat", "log2FoldChange"], np.nan),
        na_reason="low_count_filter",
    )  # fmt: skip
    opened = open_page(html_of(given))
    assert opened.ready == "yes"
    assert opened.text("counts").startswith("▲ 0 up, ▼ 0 down of 0 genes")
    assert opened.page.is_disabled("#contrast-after")


def test_a_likelihood_ratio_test_has_no_volcano(open_page):
    given = with_contrasts(1)
    results = results_table()
    statistics = results[["gene_id", "gene_name", "baseMean", "stat", "pvalue", "na_reason"]].assign(
        na_reason=results["na_reason"].replace("independent_filtering", "")
    )
    lrt = given["contrasts"][0] | {
        "name": "any", "label": "any effect", "test": "lrt", "reduced": "~ 1", "degrees_of_freedom": 2,
        "results": call_genes(statistics, Endpoint()),
    }  # fmt: skip
    given["contrasts"].append(lrt)
    opened = open_page(html_of(given))
    opened.choose(1)
    changed = (lrt["results"]["call_fdr"] == "changed").sum()
    assert opened.text("counts").startswith(f"◆ {changed} changed of")
    assert opened.page.is_disabled("#kind-volcano")
    assert opened.page.is_disabled("#rule-strict")
    assert opened.page.get_attribute("#overview", "aria-label").startswith("Evidence against mean of any effect.")
    assert "log2 fold change" not in opened.rows()[0]
    opened.choose(0)
    assert opened.page.get_attribute("#overview", "aria-label").startswith("Volcano plot of contrast 0.")


def test_hostile_names_stay_text(open_page):
    given = with_contrasts(1)
    results = given["contrasts"][0]["results"]
    bad = [f"<img src=x onerror=alert({k})></script><script>alert(1)</script>" for k in range(400)]
    given["contrasts"][0] |= {"results": results.assign(gene_name=bad), "label": bad[0], "groups": {bad[1]: 7}}
    opened = open_page(html_of(given, samples=explored(names=[f"</script><b>{k}" for k in range(12)])))
    assert opened.rows()[0]["Gene"] in bad
    box = opened.page.locator("#overview").bounding_box()
    for x, y in itertools.product(np.linspace(0.3, 0.7, 5), np.linspace(0.7, 0.85, 4)):
        opened.page.mouse.move(box["x"] + box["width"] * x, box["y"] + box["height"] * y)
    assert opened.page.locator("img[src=x]").count() == 0


def test_missing_symbols_show_the_identifier(open_page):
    given = with_contrasts(1)
    results = given["contrasts"][0]["results"]
    given["contrasts"][0]["results"] = results.assign(gene_name=results["gene_id"])
    opened = open_page(html_of(given))
    assert opened.text("gene-title").startswith("ENSG")
    assert "(" not in opened.text("gene-title")


def test_where_values_are_left_out_quantiles_are_shown(open_page, given):
    opened = open_page(html_of(given, points=False, samples=explored(smallest_group=5)))
    assert "Boxes: quartiles" in opened.text("gene-words")
    assert [option.inner_text() for option in opened.page.locator("#gene-by option").all()] == ["group", "sex"]
    assert opened.page.locator("#pca-chart").count() == 0
    assert opened.page.locator("#gene-colour").count() == 0
