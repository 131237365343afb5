"""How far to trust a contrast: its calibration, what its calls rest on, other means to ask it, power; all in one table."""

from lateralis.job import run

import numpy as np
import pandas as pd

from lateralis.config import Contrast, Endpoint, Samples, Trust
from lateralis.io import read_json, read_table, write_table
from lateralis.model.endpoint import has_fold_changes
from lateralis.model.stored import read_model
from lateralis.trust import robustness, sensitivity
from lateralis.trust.calibration import calibrate
from lateralis.trust.histogram import histogram_verdict
from lateralis.trust.power import EQUIVALENCE_COLUMNS, POWER_COLUMNS, equivalence, power_table
from lateralis.trust.summary import TRUST_COLUMNS, summary_rows

TEXT = {"gene_id": str, "gene_name": str}


def main(snakemake):
    params, given, made = snakemake.params, snakemake.input, snakemake.output
    contrast, samples = Contrast(**params.contrast), Samples(**params.samples)
    endpoint, trust, threads = Endpoint(**params.endpoint), Trust(**params.trust), snakemake.threads
    results, status = read_table(given.results, dtype=TEXT), read_json(given.status)
    model = read_model(given.fit, given.counts, given.get("scores"), samples)
    sizes = [status["samples"][role] for role in ("test", "reference")]
    found = {}
    null, found["calibration"] = calibrate(
        contrast,
        model,
        results,
        params.grouping,
        min(sizes) or status["samples"]["fit_only"],
        endpoint,
        trust,
        threads=threads,
        progress=lambda done, n: print(f"Permutation {done} of {n}", flush=True),
    )
    write_table(made.permutations, null)
    write_table(made.calibration, found["calibration"])
    print(found["calibration"].to_string(index=False), flush=True)

    if contrast.reduced is None and not results.empty:  # a likelihood-ratio test has no direction to hold
        found["robustness"] = robustness.assess_robustness(
            contrast, model, results, params.kinds, params.grouping, endpoint, trust, threads=threads
        )
        found["sensitivity"], found["overlap"] = sensitivity.assess_sensitivity(
            contrast, model, results, endpoint, threads=threads
        )
        print(found["robustness"]["badge"].value_counts().to_string())
        print(found["sensitivity"].to_string(index=False), flush=True)
        if has_fold_changes(results):
            n_each = sizes if min(sizes) else [status["samples"]["fit_only"] // 2] * 2
            found["power"] = power_table(results, endpoint, *n_each)
            found["equivalent"] = equivalence(results, endpoint, status.get("df"))
    histogram = histogram_verdict(results["pvalue"].to_numpy(dtype=float)) if len(results) else None
    rows = summary_rows(results, histogram=histogram, endpoint=endpoint, **found)
    write_table(made.trust, pd.DataFrame(rows, columns=list(TRUST_COLUMNS)))
    print(f"{len(rows)} findings.", np.unique([row["aspect"] for row in rows]))
    for name, path, columns in (
        ("robustness", made.robustness, robustness.COLUMNS),
        ("sensitivity", made.sensitivity, sensitivity.COLUMNS),
        ("overlap", made.overlap, sensitivity.OVERLAP),
        ("power", made.power, POWER_COLUMNS),
        ("equivalent", made.equivalence, EQUIVALENCE_COLUMNS),
    ):
        write_table(path, found.get(name, pd.DataFrame(columns=columns)))


if "snakemake" in globals():
    run(main, snakemake)
