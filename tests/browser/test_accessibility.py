"""What axe finds, and what comes out of a printer."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from explored_samples import explored, made_explorer
from page_arguments import arguments

from lateralis.report.page import ReportFigure, render_page
from lateralis.report.payload import build_payload

SVG = b'<?xml version="1.0"?><svg viewBox="0 0 60 30" xmlns="http://www.w3.org/2000/svg"><rect width="60" height="30"/></svg>'


def page(**more):
    given = arguments()
    given["contrasts"][0]["variable"] = "group"
    figures = {"contrasts/als_vs_carrier/heatmap": ReportFigure(SVG, "a heatmap")}
    return render_page(build_payload(**given), figures, made_explorer(given, **more))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1400, 800])
def test_axe_finds_nothing_serious(open_page, scheme, width):
    opened = open_page(page(samples=explored(repeated=True)), scheme=scheme, width=width)
    opened.page.evaluate("() => document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    # axe is put in by the debugger's protocol, which the page's policy does not govern
    found = Axe().run(opened.page).response["violations"]
    serious = [
        (each["id"], [node["html"][:120] for node in each["nodes"]][:3])
        for each in found
        if each["impact"] in ("serious", "critical")
    ]
    assert serious == []


def test_axe_does_find_what_is_wrong(browser):
    context = browser.new_context()
    opened = context.new_page()
    opened.set_content(
        "<html lang=en><title>t</title><main><h1>t</h1><img src='data:,'><button></button></main></html>"
    )
    assert {each["id"] for each in Axe().run(opened).response["violations"]} >= {"image-alt", "button-name"}
    context.close()


def test_nothing_is_wider_than_a_narrow_window(open_page):
    opened = open_page(page(), width=800)
    assert opened.page.locator("html").evaluate("(e) => e.scrollWidth") <= 800


def test_the_printed_page_can_be_read(open_page, tmp_path):
    opened = open_page(page())
    content = opened.page.pdf(format="A4")
    assert content.startswith(b"%PDF")
    assert 3 <= content.count(b"/Type /Page\n") + content.count(b"/Type /Page ") <= 40
    opened.page.emulate_media(media="print")
    assert opened.page.is_hidden("#save-table")
    assert opened.page.is_visible("#methods-title")
    assert opened.page.locator("#overview canvas").first.is_visible()


def test_without_scripts_the_page_still_answers(browser, tmp_path):
    path = tmp_path / "report.html"
    path.write_text(page(), encoding="utf-8")
    context = browser.new_context(java_script_enabled=False, offline=True)
    opened = context.new_page()
    opened.goto(f"file://{path}")
    assert opened.locator("table.answer").is_visible()
    assert "need scripts" in opened.locator("noscript").inner_text()
    context.close()
