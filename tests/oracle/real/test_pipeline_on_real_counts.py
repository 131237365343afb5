"""The whole pipeline on two public cohorts against R DESeq2 1.38.3; the data are not ours to ship, so it skips without them.

Tolerances: the fit walks R's own search, so estimates agree to rounding (median 1e-10 seen); genes that stand apart are those
that R hands to its second optimiser, 0.1 %.
"""

import math
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
DATA = Path(os.environ.get("LATERALIS_SHARED_DATA", ROOT.parent / "shared" / "data")).resolve()
CONDITIONS = ["naive", "IFNg", "SL1344", "IFNg_SL1344"]
INTERFERON = ["CXCL9", "CXCL10", "GBP1", "GBP4", "GBP5", "IDO1", "CIITA"]
CONTRASTS = [*(f"{condition}_vs_naive" for condition in CONDITIONS[1:]), "tb_hiv_vs_hiv_only"]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not DATA.is_dir(), reason=f"no folder {DATA}; LATERALIS_SHARED_DATA names another"),
]


def cohort_file(name, variables, design, min_samples, contrasts):
    """A cohort file for one folder of the shared data; contrasts as level and reference of the last variable."""
    return {
        "cohort": name,
        "title": name,
        "input": {
            "counts": {"format": "matrix", "path": str(DATA / name / "counts.tsv.gz")},
            "samples": str(DATA / name / "samples.tsv"),
        },
        "samples": {"id": "sample", "variables": variables},
        "filter": {"min_count": 10, "min_samples": min_samples},
        "outliers": {"cells": "design"},
        "models": {"primary": {"design": design}},
        "contrasts": {
            f"{test}_vs_{reference}": {
                "model": "primary",
                "variable": list(variables)[-1],
                "test": test,
                "reference": reference,
            }
            for test, reference in contrasts
        },
    }


COHORTS = {
    "macrophage_alasoo": cohort_file(
        "macrophage_alasoo",
        {"line": {"type": "categorical"}, "condition": {"type": "categorical", "levels": CONDITIONS}},
        "~ line + condition",
        3,
        [(condition, "naive") for condition in CONDITIONS[1:]],
    ),
    "tb_hiv_whole_blood": cohort_file(
        "tb_hiv_whole_blood",
        {"condition": {"type": "categorical", "levels": ["hiv_only", "tb_hiv"]}},
        "~ condition",
        15,
        [("tb_hiv", "hiv_only")],
    ),
}
REFERENCE = {
    **{name: f"macrophage_alasoo/reference/r_deseq2_1.38.3_line+condition_{name}.tsv.gz" for name in CONTRASTS[:3]},
    "tb_hiv_vs_hiv_only": "tb_hiv_whole_blood/reference/r_deseq2_1.38.3_condition_alpha0.05.tsv.gz",
}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """Folder of a whole run of both cohorts."""
    folder = tmp_path_factory.mktemp("real")
    (folder / "config").mkdir()
    for name, cohort in COHORTS.items():
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(cohort, sort_keys=False), encoding="utf-8")
    cohorts = {"cohorts": [f"{name}.yaml" for name in COHORTS]}
    (folder / "config/config.yaml").write_text(yaml.safe_dump(cohorts), encoding="utf-8")
    command = [sys.executable, "-m", "snakemake", "-s", str(ROOT / "Snakefile"), "--cores", "2"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "SNAKEMAKE"))}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def read(path):
    """A table by gene; `NA` is a name in ours, an empty field in R's."""
    empty = [""] if "results" in path.parts else ["", "NA"]
    return pd.read_csv(path, sep="\t", index_col="gene_id", keep_default_na=False, na_values=empty)


@pytest.fixture(scope="module", params=CONTRASTS)
def pair(request, finished):
    """Our table and R's of one contrast, both with the genes R tested, and ours of all genes."""
    (path,) = finished.glob(f"results/*/contrasts/{request.param}/results.tsv.gz")
    reference = read(DATA / REFERENCE[request.param])
    ours = read(path)
    return ours.loc[reference.index], reference, ours


def test_the_same_genes_are_fitted(pair):
    _, reference, ours = pair
    fitted = ours.index[~ours["na_reason"].isin(["all_zero", "low_count_filter"])]
    assert set(fitted) == set(reference.index)


def test_base_means_agree(pair):
    ours, reference, _ = pair
    # both take the mean after outlier counts are replaced, so only the order of sums differs
    assert (ours["baseMean"] / reference["baseMean"] - 1).abs().max() < 1e-6


def test_fold_changes_agree(pair):
    ours, reference, _ = pair
    difference = (ours["log2FoldChange"] - reference["log2FoldChange"]).abs()
    assert difference.median() <= 1e-8
    expressed = difference[(reference["baseMean"] > 10) & reference["log2FoldChange"].notna()]
    assert (expressed <= 1e-3).mean() >= 0.999


def test_significant_genes_agree(pair):
    ours, reference, _ = pair
    found, expected = set(ours.index[ours["padj"] < 0.05]), set(reference.index[reference["padj"] < 0.05])
    assert len(expected) > 1000
    assert len(found & expected) / len(found | expected) >= 0.999


def test_interferon_calls_its_genes_where_r_ranks_them(finished):
    """Interferon gamma on macrophages: the known answer, up 8-fold or more, each at its place in R's ranking by p-value."""
    path = finished / "results/macrophage_alasoo/contrasts/IFNg_vs_naive/called.tsv"
    called = read(path).reset_index().set_index("gene_name")
    assert (called.loc[INTERFERON, "call_fdr"] == "up").all()
    assert (called.loc[INTERFERON, "log2FoldChange"] > 3).all()
    reference = read(DATA / REFERENCE["IFNg_vs_naive"])
    significant = (reference["padj"] < 0.05) & (reference["log2FoldChange"].abs() >= math.log2(1.5))
    expected = reference[significant].sort_values("pvalue", kind="stable").index
    assert len(called) == len(expected) > 3000
    ranks = pd.Series(range(len(called)), index=called.index)[INTERFERON]
    assert ranks.tolist() == expected.get_indexer(called.loc[INTERFERON, "gene_id"]).tolist()


def test_each_cohort_has_its_page(finished):
    for name in COHORTS:
        assert (finished / f"results/{name}/report.html").stat().st_size > 100_000
