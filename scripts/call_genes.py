"""Adjust p-values and call genes under the three rules of the endpoint."""

from lateralis.job import run

from lateralis.config import Endpoint
from lateralis.io import read_table, write_table
from lateralis.model.endpoint import call_genes, called_genes, headline_rule


def main(snakemake):
    endpoint = Endpoint(**snakemake.params.endpoint)
    statistics = read_table(snakemake.input.statistics, dtype={"gene_id": str, "gene_name": str})
    statistics["na_reason"] = statistics["na_reason"].fillna("")
    results = call_genes(statistics, endpoint)
    rule = headline_rule(results, endpoint.headline)
    called = called_genes(results, rule)
    write_table(snakemake.output.results, results)
    write_table(snakemake.output.called, called)
    print(f"{len(called)} genes called by the {rule} rule.")


if "snakemake" in globals():
    run(main, snakemake)
