"""Gene sets of macrophages under interferon-γ: the set named after it is at the very top; the data are not ours to ship.

Alasoo et al. 2018, 6 lines × 4 conditions; MSigDB Hallmark v2023.1 and the Blood Transcription Modules.
"""

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
DATA = Path(os.environ.get("LATERALIS_SHARED_DATA", ROOT.parent / "shared" / "data")).resolve()

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not DATA.is_dir(), reason=f"no folder {DATA}; LATERALIS_SHARED_DATA names another"),
]

COHORT = {
    "cohort": "macrophages",
    "title": "Macrophages under interferon",
    "input": {
        "counts": {"format": "matrix", "path": str(DATA / "macrophage_alasoo/counts.tsv.gz")},
        "samples": str(DATA / "macrophage_alasoo/samples.tsv"),
    },
    "samples": {
        "id": "sample",
        "variables": {
            "line": {"type": "categorical"},
            "condition": {"type": "categorical", "levels": ["naive", "IFNg", "SL1344", "IFNg_SL1344"]},
        },
    },
    "filter": {"min_count": 10, "min_samples": 3},
    "outliers": {"cells": "design"},
    "models": {"primary": {"design": "~ line + condition"}},
    "contrasts": {
        "IFNg": {"model": "primary", "variable": "condition", "test": "IFNg", "reference": "naive"},
        "SL1344": {"model": "primary", "variable": "condition", "test": "SL1344", "reference": "naive"},
    },
    "enrichment": {
        "gene_sets": {
            "hallmark": {"path": str(DATA / "genesets/h.all.v2023.1.Hs.symbols.gmt")},
            "btm": {"path": str(DATA / "genesets/BTM_for_GSEA_20131008.gmt")},
        }
    },
}


@pytest.fixture(scope="module")
def pathways(tmp_path_factory):
    """`pathways.tsv` of a run."""
    folder = tmp_path_factory.mktemp("real_enrichment")
    (folder / "config").mkdir()
    (folder / "cohort.yaml").write_text(yaml.safe_dump(COHORT, sort_keys=False), encoding="utf-8")
    (folder / "config/config.yaml").write_text(yaml.safe_dump({"cohorts": ["cohort.yaml"]}), encoding="utf-8")
    target = "results/macrophages/enrichment"
    command = [sys.executable, "-m", "snakemake", "-s", str(ROOT / "Snakefile"), "--cores", "2", target]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "SNAKEMAKE"))}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return pd.read_csv(folder / target / "pathways.tsv", sep="\t")


def test_interferon_gamma_response_is_at_the_top(pathways):
    found = pathways[pathways["contrast"] == "IFNg"].reset_index(drop=True)
    assert "HALLMARK_INTERFERON_GAMMA_RESPONSE" in set(
        found["set"][:2]
    )  # beside a module of MHC genes, which it raises, too
    found = found[found["collection"] == "hallmark"].reset_index(drop=True)
    top = found.iloc[0]
    assert top["set"] == "HALLMARK_INTERFERON_GAMMA_RESPONSE"
    assert top["direction"] == "up" and top["verdict"] == "significant"
    assert found["NES"].idxmax() == 0 and found["ora_pvalue"].idxmin() == 0
    assert set(found["set"][:3]) >= {"HALLMARK_INTERFERON_GAMMA_RESPONSE", "HALLMARK_INTERFERON_ALPHA_RESPONSE"}


def test_salmonella_does_what_lipopolysaccharide_does(pathways):
    found = pathways[(pathways["contrast"] == "SL1344") & (pathways["verdict"] == "significant")].set_index("set")
    assert found.loc["HALLMARK_TNFA_SIGNALING_VIA_NFKB", "direction"] == "up"
    assert found.loc["HALLMARK_INFLAMMATORY_RESPONSE", "direction"] == "up"


def test_modules_repeat_one_another(pathways):
    """Modules of interferon are represented by the surest of the sets that say so."""
    found = pathways[pathways["contrast"] == "IFNg"].set_index("set")
    antiviral = found.loc[["antiviral IFN signature (M75)", "type I interferon response (M127)"]]
    assert (antiviral["representative"].str.contains("INTERFERON")).all()
