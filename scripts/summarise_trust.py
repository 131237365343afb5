"""All that is known of how far to trust a contrast, in one table; and what it could have found, and can rule out."""

import numpy as np
import pandas as pd

from lateralis.config import Contrast, Endpoint
from lateralis.io import read_json, read_table, write_table
from lateralis.job import run
from lateralis.model.endpoint import has_fold_changes
from lateralis.trust.histogram import histogram_verdict
from lateralis.trust.power import equivalence, power_table
from lateralis.trust.summary import TRUST_COLUMNS, summary_rows

TEXT = {"gene_id": str, "gene_name": str}


def main(snakemake):
    params, given = snakemake.params, snakemake.input
    contrast, endpoint = Contrast(**params.contrast), Endpoint(**params.endpoint)
    results, status = read_table(given.results, dtype=TEXT), read_json(given.status)
    directed = contrast.reduced is None and has_fold_changes(results)
    power = equivalent = None
    if directed and not results.empty:
        sizes = [status["samples"][role] for role in ("test", "reference")]
        power = power_table(results, endpoint, *(sizes if min(sizes) else [status["samples"]["fit_only"] // 2] * 2))
        equivalent = equivalence(results, endpoint, status.get("df"))
    names = ("calibration", "robustness", "sensitivity", "overlap")
    optional = {name: read_table(given[name]) for name in names if given.get(name)}
    rows = summary_rows(
        results,
        histogram=histogram_verdict(results["pvalue"].to_numpy(dtype=float)) if len(results) else None,
        power=power,
        equivalent=equivalent,
        endpoint=endpoint,
        **optional,
    )
    write_table(snakemake.output.trust, pd.DataFrame(rows, columns=list(TRUST_COLUMNS)))
    columns = ["expression", "rule", "smaller_group", "log2_fold_change", "fold_change"]
    write_table(snakemake.output.power, power if power is not None else pd.DataFrame(columns=columns))
    names = ["gene_id", "pvalue_equivalence", "padj_equivalence", "equivalent"]
    write_table(snakemake.output.equivalence, equivalent if equivalent is not None else pd.DataFrame(columns=names))
    print(f"{len(rows)} findings.", np.unique([row["aspect"] for row in rows]))


if "snakemake" in globals():
    run(main, snakemake)
