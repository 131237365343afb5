"""Adjust p-values and call genes under the three rules of the endpoint."""

from lateralis.config import Endpoint
from lateralis.io import read_table, write_table
from lateralis.job import run
from lateralis.model.endpoint import call_genes, called_genes


def main(snakemake):
    endpoint = Endpoint(**snakemake.params.endpoint)
    statistics = read_table(snakemake.input.statistics, dtype={"gene_id": str, "gene_name": str})
    statistics["na_reason"] = statistics["na_reason"].fillna("")
    results = call_genes(statistics, endpoint)
    called = called_genes(results, endpoint.headline)
    write_table(snakemake.output.results, results)
    write_table(snakemake.output.called, called)
    print(f"{len(called)} genes called by the {endpoint.headline} rule.")


if "snakemake" in globals():
    run(main, snakemake)
