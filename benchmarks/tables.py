"""How measurements become the Markdown of RESULTS.md: medians over repeats, ratios to lateralis, targets met or missed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import log
from statistics import median

import pandas as pd
from processes import Measured

WORK = ("read", "fit", "test", "write")
CONTRASTS = ("als_vs_control", "als_vs_motor", "als_vs_carrier")
BASELINE = "lateralis, 2 threads"

Repeats = Mapping[str, Sequence[Measured]]


def work_seconds(measured: Measured) -> float:
    """Seconds from the files to three tables."""
    return sum(measured.reported[part] for part in WORK)


def typical(repeats: Sequence[Measured]) -> dict[str, float]:
    """Medians over repeats, each column by itself."""
    columns = {
        "start": [one.reported["start"] for one in repeats],
        "read": [one.reported["read"] for one in repeats],
        "work": [sum(one.reported[part] for part in ("fit", "test", "write")) for one in repeats],
        "wall": [work_seconds(one) for one in repeats],
        "cpu": [one.cpu for one in repeats],
        "start_memory": [one.reported["start_kb"] * 1024 / 1e9 for one in repeats],
        "peak": [one.peak_gb for one in repeats],
    }
    return {name: median(values) for name, values in columns.items()}


def markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table; the first column to the left, the others to the right."""
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def contender_table(repeats: Repeats) -> str:
    """Seconds and memory of each contender, and how many times as much as lateralis takes."""
    header = ["contender", "start-up, imports (s)", "read (s)", "fit, test, write (s)", "wall (s)", "CPU (s)"]
    header += ["memory at start (GB)", "peak (GB)", "wall ÷ lateralis", "peak ÷ lateralis"]
    base = typical(repeats[BASELINE]) if repeats.get(BASELINE) else None
    rows = []
    for name, measured in repeats.items():
        if not measured:
            rows.append([name, "failed", *[""] * 8])
            continue
        found = typical(measured)
        ratios = [f"{found[part] / base[part]:.1f}" if base else "" for part in ("wall", "peak")]
        rows.append([name, *(f"{found[part]:.2f}" for part in found), *ratios])
    return markdown(header, rows)


def agreement_table(called: Mapping[str, Mapping[str, set[str]]], reference: str) -> str:
    """Jaccard index of the genes found by each contender and by one of them, and their number.

    Parameters
    ----------
    called : contender → contrast → genes with padj < 0.05
    """
    rows = []
    for name, sets in called.items():
        row = [name]
        for contrast in CONTRASTS:
            ours, theirs = sets[contrast], called[reference][contrast]
            union = ours | theirs
            row.append(f"{len(ours & theirs) / len(union):.3f} ({len(ours)})" if union else "– (0)")
        rows.append(row)
    return markdown(["contender", *(contrast.replace("_", " ") for contrast in CONTRASTS)], rows)


def found_genes(path: str) -> set[str]:
    """Genes with padj < 0.05 in a table that a contender wrote."""
    table = pd.read_csv(path, sep="\t")
    return set(table.loc[table["padj"] < 0.05, "gene_id"])


def growth_table(repeats: Mapping[int, Sequence[Measured]]) -> str:
    """Seconds and memory of lateralis by number of samples, and the exponent from each size to the next."""
    rows, before = [], None
    for size, measured in repeats.items():
        if not measured:
            rows.append([f"{size:,}", "failed", *[""] * 5])
            continue
        found = typical(measured)
        exponent = growth_exponent(before, (size, found["wall"])) if before else None
        fit = median(one.reported["fit"] for one in measured)
        row = [f"{size:,}", f"{found['read']:.2f}", f"{fit:.2f}", f"{found['wall']:.2f}", f"{found['cpu']:.2f}"]
        rows.append([*row, f"{found['peak']:.2f}", "" if exponent is None else f"{exponent:.2f}"])
        before = (size, found["wall"])
    header = ["samples", "read (s)", "fit (s)", "wall (s)", "CPU (s)", "peak (GB)", "exponent of samples"]
    return markdown(header, rows)


def growth_exponent(smaller: tuple[int, float], larger: tuple[int, float]) -> float:
    """The k of seconds ∝ samples^k between two sizes, each given as samples and seconds."""
    return log(larger[1] / smaller[1]) / log(larger[0] / smaller[0])


def target_table(repeats: Repeats, growth: Mapping[int, Sequence[Measured]], parts: Mapping[str, float]) -> str:
    """What was asked of the engine beside what was measured; what was not measured is left out."""
    rows: list[tuple[str, float, str, bool]] = []
    found = {name: typical(measured) for name, measured in repeats.items() if measured}

    def compare(words: str, names: str, part: str, least: float) -> None:
        others = [one[part] for name, one in found.items() if name.startswith(names)]
        if others and BASELINE in found:
            ratio = min(others) / found[BASELINE][part]
            rows.append((f"{words}, times lateralis", ratio, f"≥ {least:g}", ratio >= least))

    compare("wall of R DESeq2 at its best", "R DESeq2", "wall", 20)
    compare("wall of PyDESeq2 at its best", "PyDESeq2", "wall", 14)
    compare("wall of limma-voom", "limma", "wall", 2)
    compare("peak memory of R DESeq2 at its least", "R DESeq2", "peak", 2)

    sizes = {size: typical(measured) for size, measured in growth.items() if measured}

    def at_most(words: str, value: float | None, most: float) -> None:
        if value is not None:
            rows.append((words, value, f"≤ {most:g}", value <= most))

    if 180 in sizes and 2880 in sizes:
        exponent = growth_exponent((180, sizes[180]["wall"]), (2880, sizes[2880]["wall"]))
        at_most("exponent of samples in wall, 180 to 2,880", exponent, 1.1)
    if 5000 in sizes:
        at_most("peak memory at 5,000 samples (GB)", sizes[5000]["peak"], 8)
    at_most("apeGLM of three contrasts (s)", parts.get("shrink"), 3)
    at_most("100 refits with permuted labels (s)", parts.get("refit"), 200)
    at_most("first start, compiling (s)", parts.get("cold"), 15)
    at_most("start with compiled kernels: import and load (s)", parts.get("warm"), 1)
    return markdown(
        ["what", "measured", "asked", "met"],
        [[words, f"{value:.2f}", limit, "yes" if met else "no"] for words, value, limit, met in rows],
    )
