"""How long all enrichment of a cohort takes: 5 contrasts × 2,000 sets, the whole job but for starting Python.

Run: python benchmarks/enrichment.py [--contrasts 5] [--sets 2000] [--threads 2]; prints a table for RESULTS.md.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from contextlib import redirect_stdout
from pathlib import Path
from types import SimpleNamespace

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "scripts"))

from lateralis.job import end_imports  # noqa: E402

import anndata as ad  # noqa: E402
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from tables import markdown  # noqa: E402

import enrich_pathways  # noqa: E402
from lateralis.config import Endpoint  # noqa: E402
from lateralis.io import write_h5ad, write_json, write_table, write_text  # noqa: E402
from lateralis.model.endpoint import call_genes  # noqa: E402

N_SAMPLES, N_GENES, N_COEF = 180, 15_000, 7
SMALLEST, LARGEST, ASKED = 10, 500, 60.0


def made_inputs(folder: Path, n_contrasts: int, n_sets: int) -> dict:
    """Files as the rule has them: noise, some of it called; sets from 10 to 500 genes, small ones more often."""
    rng = np.random.default_rng(1)
    genes = [f"ENSG{number:011d}" for number in range(N_GENES)]
    names = [f"S{number}" for number in range(N_SAMPLES)]
    design = np.column_stack([np.ones(N_SAMPLES), rng.integers(0, 2, (N_SAMPLES, N_COEF - 1))]).astype(float)
    var = pd.DataFrame({"ensembl_id": genes, "gene_name": [f"SYMBOL{n}" for n in range(N_GENES)]}, index=genes)
    vst = rng.normal(8, 1, (N_SAMPLES, N_GENES)).astype(np.float32)
    cohort = ad.AnnData(np.zeros((N_SAMPLES, N_GENES), np.float32), pd.DataFrame(index=names), var, layers={"vst": vst})
    write_h5ad(folder / "normalised.h5ad", cohort)
    columns = [f"c{number}" for number in range(N_COEF)]
    fit = ad.AnnData(obs=cohort.obs, var=var[[]], obsm={"design_matrix": pd.DataFrame(design, names, columns)})
    write_h5ad(folder / "fit.h5ad", fit)
    sizes = np.exp(rng.uniform(np.log(SMALLEST), np.log(LARGEST), n_sets)).astype(int)
    lines = ["\t".join([f"set {n}", "", *rng.choice(genes, size, replace=False)]) for n, size in enumerate(sizes)]
    write_text(folder / "sets.gmt", "\n".join(lines) + "\n")
    for number in range(n_contrasts):
        z = rng.normal(0, 1 + (rng.random(N_GENES) < 0.1) * 2.0)
        table = pd.DataFrame({"gene_id": genes, "gene_name": genes, "baseMean": rng.lognormal(5, 1, N_GENES)})
        table = table.assign(log2FoldChange=z * 0.3, lfcSE=0.3, stat=z, pvalue=2 * _upper_tail(z))
        table = table.assign(log2FoldChange_shrunken=z * 0.2, na_reason="")
        write_table(folder / f"results{number}.tsv.gz", call_genes(table, Endpoint()))
        write_json(folder / f"status{number}.json", {"reason": ""})
    return {
        "results": [str(folder / f"results{number}.tsv.gz") for number in range(n_contrasts)],
        "status": [str(folder / f"status{number}.json") for number in range(n_contrasts)],
        "fits": [str(folder / "fit.h5ad")],
        "normalised": str(folder / "normalised.h5ad"),
    }


def _upper_tail(z: np.ndarray) -> np.ndarray:
    from scipy.special import ndtr

    return ndtr(-np.abs(z))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--contrasts", type=int, default=5)
    parser.add_argument("--sets", type=int, default=2000)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        given = made_inputs(folder, options.contrasts, options.sets)
        contrasts = {f"contrast{number}": {"model": "m", "label": f"c{number}"} for number in range(options.contrasts)}
        asked = {"gene_sets": {"made": {"path": str(folder / "sets.gmt")}}}
        params = SimpleNamespace(contrasts=contrasts, enrichment=asked, endpoint=Endpoint().model_dump())
        output = SimpleNamespace(folder=str(folder / "enrichment"))
        end_imports()  # as a job does
        wall, cpu = time.perf_counter(), time.process_time()
        with redirect_stdout(sys.stderr):  # what the job says is for its log
            enrich_pathways.main(
                SimpleNamespace(input=SimpleNamespace(**given), params=params, output=output, threads=options.threads)
            )
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
    met = "yes" if wall <= ASKED else "no"
    header = ["contrasts", "sets", "genes", "threads", "wall (s)", "CPU (s)", "peak (GB)", f"≤ {ASKED:.0f} s"]
    sizes = [options.contrasts, options.sets, N_GENES, options.threads]
    print(markdown(header, [[*(f"{size:,}" for size in sizes), f"{wall:.1f}", f"{cpu:.1f}", f"{peak:.2f}", met]]))


if __name__ == "__main__":
    main()
