"""Gather what the contrasts of a cohort found: summary, ledger, Table 1, participant flow, config and checksums."""

from lateralis.job import run

from pathlib import Path

import pandas as pd
import yaml

from lateralis.config import Cohort
from lateralis.io import read_h5ad, read_json, read_table, write_json, write_table, write_text
from lateralis.model.endpoint import count_calls, headline_rule
from lateralis.qc.flags import worst_verdicts
from lateralis.records.cohort_table import describe_cohort, participant_flow
from lateralis.records.ledger import build_ledger
from lateralis.records.provenance import checksums, software_versions

TEXT = {"gene_id": str, "gene_name": str, "sample": str, "row": str}


def main(snakemake):
    cohort = Cohort(**snakemake.params.cohort)
    obs = read_h5ad(snakemake.input.counts).obs
    sources = read_table(snakemake.input.sources, dtype=TEXT)
    flags = read_table(snakemake.input.flags, dtype=TEXT)
    exclusions = {entry.sample: entry.reason for entry in cohort.samples.exclude}
    models = {
        name: read_table(path, dtype=TEXT).fillna({"reason": ""}).set_index("sample")
        for name, path in zip(cohort.models, snakemake.input.model_samples, strict=True)
    }
    reasons = {name: model["reason"] for name, model in models.items()}
    status = [read_json(path)["status"] for path in snakemake.input.status]
    refused = [name for name, found in zip(cohort.contrasts, status, strict=True) if found == "refused"]
    summaries = []
    for name, path in zip(cohort.contrasts, snakemake.input.results, strict=True):
        results = read_table(path, dtype=TEXT)
        counts = count_calls(results)
        counts.insert(0, "contrast", name)
        headline = counts["rule"] == headline_rule(results, cohort.endpoint.headline)
        summaries.append(counts.assign(headline=headline, associative=cohort.contrasts[name].associative))

    write_table(snakemake.output.summary, pd.concat(summaries, ignore_index=True))
    ledger = build_ledger(
        sources, obs, flags, worst_verdicts(flags), exclusions, models, dict(cohort.contrasts), refused
    )
    write_table(snakemake.output.ledger, ledger)
    variables = {name: cohort.samples.variables[name] for name in cohort.samples.described}
    in_sheet = {name: variable for name, variable in variables.items() if variable.score is None}
    write_table(snakemake.output.table1, describe_cohort(obs, in_sheet, cohort.group_variable))
    write_table(
        snakemake.output.flow,
        participant_flow(sources, obs, cohort.samples.participant, exclusions, reasons, dict(cohort.contrasts)),
    )
    config = cohort.model_dump(exclude_none=True)
    write_text(snakemake.output.config, yaml.safe_dump(config, sort_keys=False, allow_unicode=True))
    root = Path(snakemake.output.summary).parent
    files = [*snakemake.input.results, *snakemake.input.statistics, snakemake.input.flags]
    write_table(snakemake.output.checksums, checksums(files, root))
    write_json(snakemake.output.versions, software_versions())


if "snakemake" in globals():
    run(main, snakemake)
