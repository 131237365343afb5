"""Speed and memory of lateralis beside PyDESeq2, R DESeq2, edgeR and limma-voom on the same counts: one go, one page.

`make benchmark` runs it; `BENCHMARK_ARGS="--help"` lists the options. Contenders whose language or package is not installed
are left out. It needs Linux, which says how much memory processes take.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import tables
from machine import describe_machine, r_versions
from processes import Measured, ProcessFailedError, adopt_orphans, measure

HERE = Path(__file__).resolve().parent
SCRIPTS = HERE.parent / "scripts"
STARTS = 4  # of the engine; the first compiles
SAMPLES, GENES, SIZES, REFITS = 180, 20_000, (180, 720, 2880, 5000), 100
REFERENCE = "R DESeq2, 1 worker"
BARS = "In brackets the bar, where there is one."


@dataclass(frozen=True)
class Section:
    """A part of the page that a script of its own prints."""

    title: str
    note: str
    script: str


SECTIONS = {
    "page": Section(
        "The report page",
        "Headless Chromium of Debian without network and WebGL; 20,000 genes of which 15,000 are tested, without static "
        f"figures. {BARS}",
        "open_page.py",
    ),
    "pipeline": Section("The whole pipeline", f"On 2 cores. {BARS}", "pipeline.py"),
    "biomarkers": Section("Biomarkers", f"The search for a panel alone. {BARS}", "biomarkers.py"),
    "enrichment": Section(
        "Enrichment",
        "One job without starting Python: reading, the three tests of every set, tables and figures; sets of 10 to 500 "
        "genes, 180 samples.",
        "enrichment.py",
    ),
}
PARTS = ("contenders", "growth", "parts", *SECTIONS)


@dataclass(frozen=True)
class Contender:
    """A script, its workers or threads, and the R package that it needs."""

    script: str
    workers: int
    r_package: str | None = None


CONTENDERS = {
    "lateralis, 1 thread": Contender("lateralis_engine.py", 1),
    tables.BASELINE: Contender("lateralis_engine.py", 2),
    "PyDESeq2, 1 worker": Contender("pydeseq2_default.py", 1),
    "PyDESeq2, 2 workers": Contender("pydeseq2_default.py", 2),
    REFERENCE: Contender("deseq2.R", 1, "DESeq2"),
    "R DESeq2, 2 workers": Contender("deseq2.R", 2, "DESeq2"),
    "edgeR QL": Contender("edger_ql.R", 1, "edgeR"),
    "limma-voom": Contender("limma_voom.R", 1, "limma"),
}


def say(text: str) -> None:
    """Tell how far it is, apart from the result."""
    print(text, file=sys.stderr, flush=True)


def command_of(script: Path, *arguments: object) -> list[str]:
    """How a script is run, by its language."""
    interpreter = ["Rscript", "--vanilla"] if script.suffix == ".R" else [sys.executable]
    return [*interpreter, str(script), *map(str, arguments)]


def simulate(folder: Path, n_samples: int, n_genes: int, *, text: bool) -> Path:
    """Folder with the counts of a size, made unless it is there."""
    target = folder / f"{n_samples}x{n_genes}"
    ready = target / ("counts.tsv" if text else "counts.h5ad")
    if not ready.exists():
        say(f"simulating {n_samples} × {n_genes}")
        command = command_of(HERE / "simulate.py", target, "--samples", n_samples, "--genes", n_genes)
        subprocess.run(command + ([] if text else ["--no-text"]), check=True)
    return target


def contender_command(name: str, data: Path, results: Path) -> list[str]:
    """How a contender is run; its folder of results is made."""
    results.mkdir(parents=True, exist_ok=True)
    contender = CONTENDERS[name]
    return command_of(HERE / "contenders" / contender.script, data, results, contender.workers)


def attempt(name: str, command: list[str], **environment: str) -> list[Measured]:
    """Measure once; nothing if it fails, which must not cost the measurements of half an hour before."""
    try:
        return [measure(command, **environment)]
    except ProcessFailedError as error:
        say(f"{name} failed:\n{error}")
        return []


def compare_contenders(names: Sequence[str], data: Path, folder: Path, repeats: int) -> dict[str, list[Measured]]:
    """Measure all contenders, one after another, and again: what slows the machine for a minute hits one repeat of each."""
    measured: dict[str, list[Measured]] = {name: [] for name in names}
    for repeat in range(repeats):
        for name in names:
            found = attempt(name, contender_command(name, data, folder / "results" / name))
            measured[name] += found
            if found:
                say(f"{name}, repeat {repeat + 1}: {tables.work_seconds(found[0]):.2f} s")
    return measured


def grow(sizes: Sequence[int], n_genes: int, folder: Path, repeats: int) -> dict[int, list[Measured]]:
    """Measure lateralis at each number of samples."""
    measured: dict[int, list[Measured]] = {}
    for size in sizes:
        data = simulate(folder, size, n_genes, text=False)
        command = contender_command(tables.BASELINE, data, folder / "results" / "growth")
        measured[size] = [found for _ in range(repeats) for found in attempt(f"{size} samples", command)]
        if measured[size]:
            say(f"{size} samples: {tables.typical(measured[size])['wall']:.2f} s")
    return measured


def measure_parts(data: Path, n_refits: int, repeats: int) -> dict[str, float]:
    """Seconds of a first and a later start, of shrinkage and of refits; what fails is absent."""
    folder = HERE / "engine_parts"
    found: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as empty:
        command = command_of(folder / "start_engine.py")
        starts = [one.reported for _ in range(STARTS) for one in attempt("start", command, LATERALIS_CACHE=empty)]
    if len(starts) == STARTS:
        found["engine"] = starts[0]["is_engine"]
        found["cold"] = starts[0]["import"] + starts[0]["load"]
        found["warm"] = statistics.median(start["import"] + start["load"] for start in starts[1:])
        found["warm_import"] = statistics.median(start["import"] for start in starts[1:])
        say(f"first start {found['cold']:.1f} s, later ones {found['warm']:.2f} s")
    command = command_of(folder / "shrink_contrasts.py", data, 2)
    shrunken = [one.reported["shrink"] for _ in range(repeats) for one in attempt("apeGLM", command)]
    if shrunken:
        found["shrink"] = statistics.median(shrunken)
        say(f"apeGLM {found['shrink']:.2f} s")
    for one in attempt("refits", command_of(folder / "permute_labels.py", data, 2, n_refits)):
        found["refit"] = one.reported["refit"]
        say(f"{n_refits} refits {found['refit']:.1f} s")
    return found


def parts_text(parts: dict[str, float], n_refits: int) -> str:
    """The measurements of the engine's parts as a list."""
    lines = ["Start: failed.", "apeGLM for three contrasts: failed.", "Refits with permuted labels: failed."]
    if "cold" in parts:
        lines[0] = (
            f"First start, when the kernels are compiled: {parts['cold']:.1f} s, once for a machine and version. Later "
            f"starts: {parts['warm']:.2f} s, of which {parts['warm_import']:.2f} s are imports and the rest is loading "
            "kernels."
        )
    if "shrink" in parts:
        lines[1] = f"apeGLM for three contrasts, from the fit: {parts['shrink']:.2f} s."
    if "refit" in parts:
        lines[2] = (
            f"Refits with permuted group labels, same counts and size factors: {parts['refit'] / n_refits:.2f} s each, "
            f"{parts['refit']:.0f} s for {n_refits}."
        )
    if not parts.get("engine", True):
        lines.append("The engine could not run here: PyDESeq2's default numerics were measured in its place.")
    return "".join(f"- {line}\n" for line in lines)


def section_text(section: Section, *arguments: object) -> str:
    """What a section's script prints, or that it failed; its progress goes to where ours goes."""
    command = command_of(HERE / section.script, *arguments)
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    found = done.stdout.strip() if done.returncode == 0 else f"{section.script} failed."
    return f"## {section.title}\n\n{section.note}\n\n{found}\n"


def options_of(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=SAMPLES, help="samples that all contenders fit (%(default)s)")
    parser.add_argument("--genes", type=int, default=GENES, help="genes (%(default)s)")
    parser.add_argument(
        "--repeats", type=int, default=3, help="times each is measured; medians are shown (%(default)s)"
    )
    parser.add_argument(
        "--only", nargs="+", default=[], metavar="NAME", help="contenders whose name has one of these in it"
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="numbers of samples of the growth table")
    parser.add_argument("--refits", type=int, default=REFITS, help="refits with permuted labels (%(default)s)")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS, help="what to measure (all)")
    parser.add_argument("--data", type=Path, help="folder to keep the counts in, for the next time (a temporary one)")
    parser.add_argument("--output", type=Path, help="page to write; RESULTS.md when nothing is left out, else none")
    return parser.parse_args(arguments)


def is_whole(options: argparse.Namespace) -> bool:
    """Whether a run has all that RESULTS.md should have."""
    asked = (options.samples, options.genes, tuple(options.sizes), options.refits, set(options.parts))
    return asked == (SAMPLES, GENES, SIZES, REFITS, set(PARTS)) and not options.only


def chosen_contenders(only: Sequence[str]) -> list[str]:
    """Names of the contenders that were asked for and whose packages are installed."""
    installed = r_versions()
    names = []
    for name, contender in CONTENDERS.items():
        if only and not any(part.lower() in name.lower() for part in only):
            continue
        if contender.r_package and contender.r_package not in installed:
            say(f"{name} is left out: R's {contender.r_package} is not installed")
            continue
        names.append(name)
    return names


def page_of(options: argparse.Namespace, folder: Path) -> str:
    """Measure what was asked for; the page in Markdown."""
    data = simulate(folder, options.samples, options.genes, text=True)
    # the first use of a file or a package reads it from disk, and compiles kernels where there are none
    say("warming up")
    small = simulate(folder, 24, 200, text=True)
    names = chosen_contenders(options.only) if "contenders" in options.parts else []
    for name in names or [tables.BASELINE]:
        attempt(f"{name}, warming up,", contender_command(name, small, folder / "results" / "warm-up"))

    contenders = compare_contenders(names, data, folder, options.repeats)
    growth = grow(options.sizes, options.genes, folder, options.repeats) if "growth" in options.parts else {}
    parts = measure_parts(data, options.refits, options.repeats) if "parts" in options.parts else {}

    sections = [
        "# Speed and memory\n",
        f"{options.samples} samples × {options.genes:,} genes, 7 coefficients, three contrasts; medians of "
        f"{options.repeats} {'runs' if options.repeats > 1 else 'run'}. Made by `make benchmark` on "
        f"{datetime.now(UTC):%Y-%m-%d}; [README.md](README.md) says how to read it.\n",
        "## Machine\n",
        "".join(f"- {about}: {words}\n" for about, words in describe_machine().items()),
    ]
    succeeded = [name for name in names if contenders[name]]
    if names:
        sections += ["## Contenders\n", tables.contender_table(contenders)]
    if (options.samples, options.genes, options.refits) == (SAMPLES, GENES, REFITS):  # what the targets were set for
        sections += ["## Targets\n", tables.target_table(contenders, growth, parts)]
    if len(succeeded) > 1:
        reference = REFERENCE if REFERENCE in succeeded else succeeded[0]
        called = {
            name: {
                contrast: tables.found_genes(str(folder / "results" / name / f"{contrast}.tsv"))
                for contrast in tables.CONTRASTS
            }
            for name in succeeded
        }
        sections += [
            "## Agreement\n",
            f"Jaccard index of the genes with padj < 0.05 and those of {reference}; in brackets, how many genes.\n",
            tables.agreement_table(called, reference),
        ]
    if growth:
        sections += ["## Growth of lateralis, 2 threads\n", tables.growth_table(growth)]
    if parts:
        sections += ["## Parts of the engine, 2 threads\n", parts_text(parts, options.refits)]
    for part, section in SECTIONS.items():
        if part in options.parts:
            sections.append(section_text(section, *(["--repeats", options.repeats] if part == "page" else [])))
    return "\n".join(sections)


def main() -> None:
    options = options_of()
    if not Path("/proc/self/smaps_rollup").exists():
        sys.exit("benchmarks/run.py needs Linux: it reads the memory of processes from /proc.")
    adopt_orphans()
    os.environ["PYTHONPATH"] = os.pathsep.join([str(SCRIPTS), str(HERE)])
    with tempfile.TemporaryDirectory(prefix="benchmark-") as temporary:
        page = page_of(options, (options.data or Path(temporary)).resolve())
    print(page)
    output = options.output or (HERE / "RESULTS.md" if is_whole(options) else None)
    if output:
        output.write_text(page, encoding="utf-8")
    if "failed" in page:
        sys.exit(1)


if __name__ == "__main__":
    main()
