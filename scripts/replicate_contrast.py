"""Answer one question from the results of several cohorts: meta-analysis, replication, agreement, and a page of them."""

from lateralis.job import run

import re
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd

from lateralis.biology.replication import align_results, meta_columns, meta_table, replicating_best, rows_of_genes
from lateralis.biology.replication_rates import (
    CONCORDANCE_COLUMNS,
    REPLICATION_COLUMNS,
    concordance_table,
    replication_table,
)
from lateralis.biology.replication_summary import TOO_FEW, Answer, cohorts_table, sentences
from lateralis.figures.replication import concordance_alt_text, draw_concordance, draw_forest, forest_alt_text
from lateralis.figures.save import save_figure
from lateralis.io import atomic_folder, read_json, read_table, sha256, write_json, write_table, write_text
from lateralis.report.page import ReportFigure
from lateralis.report.replication_page import Question, replication_page

TEXT = {"gene_id": str, "gene_name": str}
TABLES = ("meta.tsv.gz", "replication.tsv", "concordance.tsv", "cohorts.tsv", "summary.json", "manifest.tsv")
LONGEST = 60  # characters of a gene in a file's name
BEST_LISTED = 25


def main(snakemake):
    params, given = snakemake.params, snakemake.input
    answers = {
        name: Answer(told, read_json(status), read_table(results, dtype=TEXT))
        for (name, told), status, results in zip(params.cohorts.items(), given.status, given.results, strict=True)
    }
    with atomic_folder(snakemake.output.folder) as folder:
        write_answer(folder, snakemake.wildcards.question, answers, list(params.genes), list(params.warnings))
        write_manifest(folder, [*given.results, *given.status])


def write_answer(folder, name, answers, asked, warnings):
    """All files of the question but the manifest."""
    taking_part = {cohort: answer for cohort, answer in answers.items() if not answer.reason}
    warnings = warnings + [
        f"{cohort} takes no part: {answer.reason}" for cohort, answer in answers.items() if answer.reason
    ]
    endpoint = next(iter(answers.values())).endpoint
    forests, scatters, found, best, matched = {}, {}, [], [], None
    meta = pd.DataFrame(columns=meta_columns(list(taking_part)))
    rates, concordance = (pd.DataFrame(columns=list(names)) for names in (REPLICATION_COLUMNS, CONCORDANCE_COLUMNS))
    if len(taking_part) >= 2:
        aligned = align_results({cohort: answer.results for cohort, answer in taking_part.items()})
        matched, best = aligned.matched, replicating_best(aligned, most=len(aligned.matched.genes))
        meta, rates = meta_table(aligned, endpoint), replication_table(aligned, endpoint.alpha)
        concordance = concordance_table(aligned)
        headlines = {cohort: answer.endpoint.headline for cohort, answer in taking_part.items()}
        found = sentences(meta, rates, list(taking_part), headlines, endpoint)
        places = rows_of_genes(aligned, asked)
        warnings += [
            f"No cohort has the gene '{gene}', which was asked for." for gene, rows in places.items() if not rows
        ]
        shown = dict.fromkeys([row for rows in places.values() for row in rows] + [int(row) for row in best[:6]])
        forests = draw_forests(folder, meta.loc[list(shown)], aligned.cohorts)
        scatters = draw_pairs(folder, aligned)
    cohorts = cohorts_table(answers, matched)
    write_table(folder / "meta.tsv.gz", meta)
    write_table(folder / "replication.tsv", rates)
    write_table(folder / "concordance.tsv", concordance)
    write_table(folder / "cohorts.tsv", cohorts)
    reason = "" if matched is not None else TOO_FEW
    summary = {
        "question": name,
        "cohorts": list(taking_part),
        "reason": reason,
        "sentences": found,
        "warnings": warnings,
    }
    write_json(folder / "summary.json", summary | {"endpoint": endpoint.model_dump()})
    page = Question(
        name,
        cohorts,
        meta,
        rates,
        concordance,
        list(best[:BEST_LISTED]),
        found,
        warnings,
        reason,
        forests,
        scatters,
        TABLES,
    )
    write_text(folder / "report.html", replication_page(page))
    print(*warnings, reason, *found, sep="\n")


def draw_forests(folder, genes, cohorts):
    """Forest plots of some genes; file and figure of each by its name, with its identifier where two share a name."""
    figures, taken = {}, set()
    for _, gene in genes.iterrows():
        title = f"{gene['gene_name']} ({gene['gene_id']})" if gene["gene_name"] != gene["gene_id"] else gene["gene_id"]
        stem = unused_stem(gene, taken)
        save_figure(draw_forest(gene, cohorts, title=title), folder / stem, forest_alt_text(gene, cohorts, title=title))
        figures[title] = read_figure(folder / f"{stem}.svg", forest_alt_text(gene, cohorts, title=title))
    return figures


def unused_stem(gene, taken):
    """A file's name for a gene's plot that every system takes and no other gene has."""
    for text in (
        gene["gene_name"],
        f"{gene['gene_name']}_{gene['gene_id']}",
        *(f"{gene['gene_id']}_{n}" for n in range(99)),
    ):
        stem = f"forest_{re.sub(r'[^A-Za-z0-9._-]', '_', text)[:LONGEST]}"
        if stem.lower() not in taken:
            taken.add(stem.lower())
            return stem
    raise AssertionError(f"a hundred genes named {gene['gene_id']}")


def draw_pairs(folder, aligned):
    """Effects of each cohort against each other's."""
    figures = {}
    for first, second in combinations(range(len(aligned.cohorts)), 2):
        pair = aligned.cohorts[first], aligned.cohorts[second]
        at = np.flatnonzero(aligned.tested[:, first] & aligned.tested[:, second])
        effects = aligned.effects[at][:, [first, second]]
        called = np.isin(aligned.calls["fdr"][at][:, [first, second]], ["up", "down"])
        title = f"Effects in {pair[1]} against those in {pair[0]}"
        names = aligned.matched.genes["gene_name"].to_numpy(str)[at]
        alt = concordance_alt_text(effects, called, pair, title=title)
        stem = f"concordance_{pair[0]}_{pair[1]}"
        save_figure(draw_concordance(effects, called, names, pair, title=title), folder / stem, alt)
        figures[title] = read_figure(folder / f"{stem}.svg", alt)
    return figures


def read_figure(path, alt):
    """A figure that was saved, for the page."""
    return ReportFigure(Path(path).read_bytes(), alt)


def write_manifest(folder, inputs):
    """Checksums of what was read and written, as in a cohort's manifest; not its own."""
    rows = [("input", path, sha256(path)) for path in sorted(inputs)]
    rows += [("output", path.relative_to(folder).as_posix(), sha256(path)) for path in sorted(folder.rglob("*"))]
    write_table(folder / "manifest.tsv", pd.DataFrame(rows, columns=["kind", "path", "sha256"]))


if "snakemake" in globals():
    run(main, snakemake)
