"""A headless browser without network, graphics card or WebGL, and pages to open in it."""

import os
from pathlib import Path

import pytest

CHROMIUM = next((path for path in ("/usr/bin/chromium", "/usr/bin/chromium-browser") if Path(path).exists()), None)
ARGUMENTS = ["--disable-3d-apis", "--no-sandbox"]


@pytest.fixture(scope="session")
def browser():
    """Debian's Chromium; without one the tests are skipped, unless LATERALIS_REQUIRE_BROWSER is set."""
    if CHROMIUM is None:
        message = "there is no /usr/bin/chromium (on Debian: apt install chromium)"
        if os.environ.get("LATERALIS_REQUIRE_BROWSER"):
            pytest.fail(message)
        pytest.skip(message)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield started
        started.close()


class Opened:
    """A page in the browser, with what it asked for and complained of."""

    def __init__(self, browser, html, folder, *, width=1400, scheme="light", fragment=""):
        self.path = Path(folder) / "report.html"
        self.path.write_text(html, encoding="utf-8")
        self.context = browser.new_context(
            viewport={"width": width, "height": 1000}, color_scheme=scheme, offline=True, accept_downloads=True
        )
        self.page = self.context.new_page()
        self.requests, self.complaints = [], []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.goto(f"file://{self.path}{fragment}")
        self.page.wait_for_selector("html[data-ready]", state="attached", timeout=60000)
        self.ready = self.page.get_attribute("html", "data-ready")

    def _heard(self, message):
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    @property
    def loaded(self):
        """What the page asked for beside itself; `blob:` and `data:` are inside it."""
        return [url for url in self.requests if not url.startswith(("blob:", "data:", f"file://{self.path}"))]

    def rows(self):
        """The table of genes as it is printed: a dict a row, by the heads of the columns."""
        heads, *rows = self.page.locator("#genes tr").evaluate_all(
            "rows => rows.map(row => [...row.children].map(cell => cell.textContent))"
        )
        heads = [head.removesuffix(" ↑").removesuffix(" ↓") for head in heads]
        return [dict(zip(heads, row, strict=True)) for row in rows]

    def choose(self, number):
        """Switch to a contrast and wait until all views show it."""
        self.page.select_option("#contrast", str(number))
        self.page.wait_for_selector(f'html[data-contrast="{number}"]', state="attached")

    def focused(self):
        """Id, key or text of what has the focus."""
        return self.page.evaluate(
            "() => { const e = document.activeElement; return e.id || e.dataset.key || e.textContent.trim().slice(0, 20); }"
        )

    def text(self, name):
        return self.page.locator(f"#{name}").inner_text()


@pytest.fixture
def open_page(browser, tmp_path):
    """Open HTML; fails the test when the page asked for anything, or complained."""
    opened = []

    def opening(html, **options):
        folder = tmp_path / str(len(opened))
        folder.mkdir()
        opened.append(Opened(browser, html, folder, **options))
        return opened[-1]

    yield opening
    for each in opened:
        each.context.close()
        assert each.loaded == []
        assert each.complaints == []
