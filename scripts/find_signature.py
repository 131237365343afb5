"""Genes that set one group apart from all others it was compared with; contrasts confirmed stage by stage."""

from lateralis.job import run

from lateralis.config import Endpoint
from lateralis.figures.save import save_figure
from lateralis.figures.upset import draw_upset, upset_alt_text
from lateralis.io import read_json, read_table, write_table
from lateralis.trust.signature import signature_table, stagewise

TEXT = {"gene_id": str, "gene_name": str}


def main(snakemake):
    params, given = snakemake.params, snakemake.input
    endpoint = Endpoint(**params.endpoint)
    tested = [read_json(path)["status"] == "tested" for path in given.status]
    results = {
        name: read_table(path, dtype=TEXT)
        for name, path, ok in zip(params.contrasts, given.results, tested, strict=True)
        if ok
    }
    title = "Genes called in several contrasts"
    stem = snakemake.output.figure.removesuffix(".svg")
    if len(results) < 2:
        columns = ["gene_id", "gene_name", "direction", "pvalue", "padj", "call", "called_in", "pattern"]
        table = read_table(given.results[0], dtype=TEXT).head(0).reindex(columns=columns)
    else:
        table = signature_table(results, endpoint)
        if given.get("screen"):
            screen = read_table(given.screen, dtype=TEXT)
            if len(screen):
                table = table.merge(stagewise(screen, results, endpoint.alpha), on="gene_id", how="left")
    write_table(snakemake.output.signature, table)
    save_figure(draw_upset(table, list(params.contrasts), title=title), stem, upset_alt_text(table, title=title))
    refused = len(tested) - sum(tested)
    print(f"{int((table['call'] != 'none').sum())} genes in the signature; {refused} contrasts refused.")


if "snakemake" in globals():
    run(main, snakemake)
