"""Findings of sixty samples with families, rare diagnoses and ids that must not leave."""

import anndata as ad
import numpy as np
import pandas as pd
from page_arguments import arguments

from lateralis.config import Cohort
from lateralis.report.findings import PAIRS_TABLE, SEX_TABLE, Findings
from lateralis.report.page import ReportFigure

SVG = b'<?xml version="1.0"?><svg viewBox="0 0 60 30" xmlns="http://www.w3.org/2000/svg"><text>M2A007</text></svg>'
CLEAN = SVG.replace(b"M2A007", b"p-values")
CONFIG = {
    "cohort": "mac2als",
    "title": "Macrophages in ALS",
    "input": {"simulate": "mac2als"},
    "samples": {
        "participant": "participant",
        "family": "family",
        "variables": {
            "group": {"type": "categorical", "levels": ["carrier", "motor", "als"]},
            "sex": {"type": "categorical"},
            "age": {"type": "numeric"},
            "diagnosis": {"type": "categorical"},
            "gene_mutation": {"type": "categorical"},
        },
        "exclude": [{"sample": "M2A060", "reason": "withdrew on 2024-05-06"}],
    },
    "models": {"primary": {"design": "~ sex + age + gene_mutation + diagnosis + group"}},
    "contrasts": {
        "als_vs_carrier": {"model": "primary", "variable": "group", "test": "als", "reference": "carrier"},
        "als_vs_motor": {"model": "primary", "variable": "group", "test": "als", "reference": "motor"},
    },
    "report": {"profile": "release"},
}
NAMES = [f"M2A{number:03d}" for number in range(1, 61)]


def made_cohort(**report):
    return Cohort(**CONFIG | {"report": CONFIG["report"] | report})


def samples(rng):
    return pd.DataFrame(
        {
            "participant": [f"PAT{number:04d}" for number in range(60)],
            "family": ["FAM77"] * 2 + [""] * 58,
            "group": pd.Categorical(
                ["carrier"] * 20 + ["als"] * 37 + ["motor"] * 3, categories=["carrier", "motor", "als"]
            ),
            "sex": pd.Categorical(rng.choice(["F", "M"], 60)),
            "age": rng.integers(31, 80, 60).astype(float),
            "diagnosis": pd.Categorical(["none"] * 20 + ["bulbar onset"] * 34 + ["flail arm"] * 6),
            "gene_mutation": pd.Categorical(["SOD1"] * 12 + ["FUS"] * 8 + ["none"] * 40),
            "size_factor": rng.uniform(0.5, 2, 60),
        },
        index=pd.Index(NAMES, name="sample"),
    )


def made_findings(cohort):
    """All that a run could have found, with ids in every place where a run may put them."""
    given = arguments()
    rng = np.random.default_rng(4)
    obs = samples(rng)
    results = given["contrasts"][0]["results"]
    genes = pd.DataFrame(
        {"gene_name": results["gene_name"].to_numpy(), "biotype": "protein_coding"}, index=results["gene_id"].to_numpy()
    )
    data = ad.AnnData(rng.negative_binomial(5, 0.02, (60, 400)).astype(np.int64), obs=obs, var=genes)
    data.obsm["X_pca"] = rng.normal(size=(60, 4))
    data.uns["pca"] = {"variance_ratio": np.array([0.4, 0.2, 0.1, 0.05])}
    data.uns["lateralis"] = {"size_factors": "ratio"}
    trust = pd.DataFrame(
        {
            "aspect": ["robustness", "robustness", "overlap", "power"],
            "item": ["M2A007", "flail arm", "age: als", ""],
            "value": 1.0,
            "verdict": ["look at them", "look at them", "little common support", ""],
            "reason": ["3 genes rest on M2A007", "without flail arm 3 fewer", "45.83 to 64.58", "1.5-fold is found"],
        }
    )
    contrasts = [
        given["contrasts"][0]
        | {"variable": "group", "trust": trust, "warnings": ["M2A007 weighs much.", "flail arm is rare."]},
        given["contrasts"][0]
        | {"name": "als_vs_motor", "label": "als against motor", "variable": "group", "groups": {"als": 37, "motor": 3}}
        | {"results_path": "contrasts/als_vs_motor/results.tsv.gz"},
    ]
    roles = ["reference"] * 20 + ["test"] * 36 + ["fit_only"] * 3 + ["absent"]
    ledger = pd.DataFrame(
        {
            "sample": NAMES,
            "sheet_row": NAMES,
            "status": ["kept"] * 59 + ["excluded"],
            "reason": [""] * 59 + ["withdrew on 2024-05-06"],
            **{f"contrast:{name}": roles for name in CONFIG["contrasts"]},
            **{f"replaced:{name}": 0 for name in CONFIG["contrasts"]},
        }
    )
    flags = pd.DataFrame(
        {
            "sample": ["M2A007", "M2A008"],
            "check": "library_size",
            "value": [9e5, 2e7],
            "threshold": 1e6,
            "verdict": ["fail", "ok"],
            "reason": ["below 1,000,000 counts, like M2A009", ""],
        }
    )
    return Findings(
        contents="Internal.",
        data=data,
        contrasts=contrasts,
        models=given["models"],
        ledger=ledger,
        flags=flags,
        table1=given["table1"],
        flow=pd.DataFrame(
            {"step": ["rows", "model"], "samples": [60, 3], "participants": [60, 3], "lost": ["", "M2A007 is missing"]}
        ),
        tables={
            SEX_TABLE: pd.DataFrame({"in the sheet": ["female", "male"], "female": [30, 1], "male": [0, 29]}),
            PAIRS_TABLE: pd.DataFrame({"sample_a": ["M2A001"], "sample_b": ["M2A002"]}),
        },
        signature=None,
        warnings=["Look at M2A007 and FAM77.", "All is well."],
        versions={"lateralis": "0.1.0"},
        config_text="samples: M2A060",
        files=pd.DataFrame({"path": ["inputs/M2A007.txt"], "sha256": ["ab" * 32]}),
        figures={
            "contrasts/als_vs_carrier/heatmap": ReportFigure(SVG, "Heatmap with M2A007"),
            "contrasts/als_vs_carrier/p_histogram": ReportFigure(CLEAN, "Histogram"),
            "samples/rle": ReportFigure(SVG, "RLE of M2A007"),
        },
        variables=cohort.shown_variables,
        participant="participant",
    )
