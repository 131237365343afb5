"""Size, time to build and time to use of the cohort page, in a headless browser without network and WebGL; a table on stdout.

Needs Debian's chromium and the development packages. Values come from the simulator of the other benchmarks: realistic counts,
results of as many contrasts as asked, and the figures of a page left out.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from lateralis.config import Endpoint
from lateralis.model.endpoint import call_genes
from lateralis.report.explorer import Explored, Explorer, build_explorer
from lateralis.report.page import render_page
from lateralis.report.payload import build_payload
from lateralis.report.samples import build_samples

CHROMIUM = "/usr/bin/chromium"
GENES, KEPT = 20_000, 15_000
CASES = {  # samples, contrasts: megabytes, seconds to build, seconds until usable, milliseconds of an action
    (180, 4): (9, 10, 2, 300),
    (1000, 4): (30, None, 3, None),
    (180, 25): (None, None, 4, None),
}
ACTIONS = {
    "contrast switch": """async () => {
        const select = document.getElementById("contrast"); select.value = String((Number(select.value) + 1) % select.length);
        const start = performance.now(); select.dispatchEvent(new Event("change"));
        while (document.documentElement.dataset.contrast !== select.value) await new Promise(requestAnimationFrame);
        await new Promise(requestAnimationFrame); await new Promise(requestAnimationFrame);
        return performance.now() - start; }""",
    "gene click": """async () => {
        const buttons = document.querySelectorAll("#genes tbody button"); const pick = buttons[Math.floor(Math.random() * 25)];
        const start = performance.now(); pick.click();
        const title = document.getElementById("gene-title");
        while (!title.textContent.startsWith(pick.textContent)) await new Promise(requestAnimationFrame);
        await new Promise(requestAnimationFrame); await new Promise(requestAnimationFrame);
        return performance.now() - start; }""",
    "search": """async () => {
        const field = document.getElementById("search"); field.value = "G" + Math.floor(Math.random() * 1000);
        const start = performance.now(); field.dispatchEvent(new Event("input"));
        await new Promise(requestAnimationFrame); await new Promise(requestAnimationFrame);
        const taken = performance.now() - start; field.value = ""; field.dispatchEvent(new Event("input")); return taken; }""",
}


def simulated(n_samples: int, n_contrasts: int) -> tuple[list[dict], Explored, pd.DataFrame]:
    """Results of each contrast, samples and genes."""
    rng = np.random.default_rng(1)
    ids = [f"ENSG{number:011d}" for number in range(GENES)]
    names = [f"G{number}" for number in range(GENES)]
    means = rng.lognormal(4, 2, GENES)
    dispersion = 0.05 + 2 / means
    factors = rng.uniform(0.6, 1.6, n_samples)
    expected = means[None, :] * factors[:, None] * rng.gamma(1 / dispersion, dispersion, (n_samples, GENES))
    counts = rng.poisson(expected)
    contrasts = []
    for number in range(n_contrasts):
        changed = rng.random(GENES) < 0.1
        error = 0.1 + rng.exponential(0.1, GENES)
        effect = rng.normal(0, error) + changed * rng.normal(0, 1, GENES)
        stat = effect / error
        table = pd.DataFrame(
            {
                "gene_id": ids,
                "gene_name": names,
                "baseMean": means,
                "log2FoldChange": effect,
                "lfcSE": error,
                "stat": stat,
            }
        )
        table["pvalue"] = 2 * np.exp(-np.log1p(np.abs(stat)) - stat**2 / 2).clip(0, 0.5)
        table["log2FoldChange_shrunken"] = 0.9 * effect
        low = np.argsort(np.argsort(means)) < GENES - KEPT
        table.loc[low, ["log2FoldChange", "lfcSE", "stat", "pvalue", "log2FoldChange_shrunken"]] = np.nan
        table["na_reason"] = np.where(low, "low_count_filter", "")
        contrasts.append(
            {"name": f"c{number}", "model": "primary", "label": f"contrast {number}", "status": "tested", "reason": ""}
            | {
                "groups": {"als": 1, "control": 1},
                "results": call_genes(table, Endpoint()),
                "results_path": "",
                "variable": "group",
            }
        )
    variables = pd.DataFrame(
        {
            "group": pd.Categorical(rng.choice(["als", "carrier", "motor", "control"], n_samples)),
            "sex": pd.Categorical(rng.choice(["F", "M"], n_samples)),
            "batch": pd.Categorical(rng.choice(list("abcd"), n_samples)),
            "age": rng.normal(60, 10, n_samples),
        }
    )
    sample_names = [f"S{number:04d}" for number in range(n_samples)]
    explored = Explored(
        counts, factors, sample_names, None, variables, rng.normal(size=(n_samples, 10)), np.full(10, 0.05)
    )
    return contrasts, explored, pd.DataFrame({"gene_name": names, "biotype": "protein_coding"}, index=ids)


def build(contrasts: list[dict], explored: Explored, genes: pd.DataFrame) -> str:
    """The page."""
    empty = pd.DataFrame({"path": [], "sha256": []})
    ledger = pd.DataFrame({"sample": explored.names, "status": "kept", "reason": ""})
    flags = pd.DataFrame({"sample": [], "check": [], "value": [], "threshold": [], "verdict": [], "reason": []})
    endpoint = {"cohort": "benchmark", "fold_change": 1.5, "alpha": 0.05, "headline": "fdr"}
    payload = build_payload(
        **endpoint,
        title="Benchmark",
        contents="",
        contrasts=contrasts,
        models=[],
        table1=pd.DataFrame(columns=["variable", "level"]),
        flow=pd.DataFrame(columns=["step", "samples", "participants", "lost"]),
        samples=build_samples(ledger, flags, {}, {}),
        versions={},
        config_text="",
        files=empty,
    )
    explorer: Explorer = build_explorer(contrasts, genes, explored, **endpoint)
    return render_page(payload, {}, explorer)


def measure(browser, html: str, repeats: int) -> dict[str, float]:
    """Seconds until usable, and milliseconds of each action; medians."""
    ready: list[float] = []
    taken: dict[str, list[float]] = {name: [] for name in ACTIONS}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "report.html"
        path.write_text(html, encoding="utf-8")
        for _ in range(repeats):
            page = browser.new_context(viewport={"width": 1400, "height": 1000}, offline=True).new_page()
            start = time.perf_counter()
            page.goto(f"file://{path}", wait_until="commit")
            page.wait_for_selector("html[data-ready=yes]", state="attached")
            ready.append(time.perf_counter() - start)
            for name, script in ACTIONS.items():
                taken[name] += [page.evaluate(script) for _ in range(3)]
            page.close()
    return {"ready": statistics.median(ready)} | {name: statistics.median(values) for name, values in taken.items()}


def shown(value: float, limit: float | None, digits: int) -> str:
    """A value, and the bar where there is one."""
    return f"{value:.{digits}f}" + ("" if limit is None else f" (≤ {limit}: {'yes' if value <= limit else 'no'})")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    if not Path(CHROMIUM).exists():
        sys.exit(f"{CHROMIUM} is not there: apt install chromium")
    from playwright.sync_api import sync_playwright

    print(
        f"| samples × contrasts | size (MB) | build (s) | usable (s) | {' | '.join(f'{name} (ms)' for name in ACTIONS)} |"
    )
    print("| --- |" + " ---: |" * (3 + len(ACTIONS)))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--disable-3d-apis", "--no-sandbox"])
        for (n_samples, n_contrasts), (size, seconds, usable, action) in CASES.items():
            given = simulated(n_samples, n_contrasts)
            start = time.perf_counter()
            html = build(*given)
            built = time.perf_counter() - start
            found = measure(browser, html, options.repeats)
            cells = [
                shown(len(html.encode()) / 1e6, size, 1),
                shown(built, seconds, 1),
                shown(found["ready"], usable, 1),
                *(shown(found[name], action, 0) for name in ACTIONS),
            ]
            print(f"| {n_samples:,} × {n_contrasts} | {' | '.join(cells)} |", flush=True)
        browser.close()


if __name__ == "__main__":
    main()
