"""Pasilla and airway: the numbers of findings that R DESeq2 publishes, exactly; the data are not ours to ship.

Pasilla's are those of the DESeq2 vignette. Gene by gene the bars are the engine's (tests/oracle/engine/test_wald.py): both
programs maximise one likelihood, so a fold change agrees to a thousandth and a p-value to 5 % in 99.9 % of genes.
"""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lateralis.config import Variable
from lateralis.model.contrasts import wald_test
from lateralis.model.design import design_matrix
from lateralis.model.fit import fit_model
from lateralis.model.multiplicity import independent_filtering
from lateralis.model.outliers import design_cells

ROOT = Path(__file__).resolve().parents[3]
DATA = Path(os.environ.get("LATERALIS_SHARED_DATA", ROOT.parent / "shared" / "data")).resolve()
ALPHA = 0.1
STUDIES = {
    "pasilla": {
        "design": "~ condition",
        "levels": {"condition": ["untreated", "treated"]},
        "kept": lambda counts: (counts >= 10).sum(axis=1) >= 3,
        "table": "r_deseq2_1.38.3_condition_alpha0.1.tsv.gz",
        "genes": 8148,
        "up": 533,
        "down": 536,
    },
    "airway": {
        "design": "~ cell + dex",
        "levels": {"cell": ["N052611", "N061011", "N080611", "N61311"], "dex": ["untrt", "trt"]},
        "kept": lambda counts: counts.sum(axis=1) > 1,
        "table": "r_deseq2_1.38.3_cell+dex_alpha0.1.tsv.gz",
        "genes": 29391,
        "up": 2607,
        "down": 2218,
    },
}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not all((DATA / name).is_dir() for name in STUDIES),
        reason=f"no folders {' and '.join(STUDIES)} in {DATA}; LATERALIS_SHARED_DATA names another",
    ),
]


def read(path):
    """A table by gene."""
    table = pd.read_csv(path, sep="\t", keep_default_na=False, na_values=["", "NA"], float_precision="round_trip")
    return table.set_index(table.columns[0])


@pytest.fixture(scope="module", params=STUDIES)
def study(request):
    """What is expected of a study, our results and R's; the contrast is the last coefficient."""
    expected = STUDIES[request.param]
    counts = read(DATA / request.param / "counts.tsv.gz")
    sheet = read(DATA / request.param / "samples.tsv")
    for name, levels in expected["levels"].items():
        sheet[name] = pd.Categorical(sheet[name], levels)
    counts = counts.loc[expected["kept"](counts), sheet.index]
    variables = {name: Variable(type="categorical") for name in expected["levels"]}
    design = design_matrix(sheet, expected["design"], variables, where=request.param)
    fit = fit_model(
        counts.to_numpy().T,
        design,
        cells=design_cells(design),
        exempt_three_larger=len(variables) == 1,
    )
    results = wald_test(fit.coefficients, fit.covariance, np.eye(design.shape[1])[-1]).set_axis(counts.index)
    reason = fit.genes["na_reason"].to_numpy()
    results.loc[reason == "cooks_outlier", "pvalue"] = np.nan
    results.loc[np.isin(reason, ["all_zero", "no_convergence"])] = np.nan
    results["baseMean"] = fit.genes["baseMean"].to_numpy()
    results["padj"] = independent_filtering(results["pvalue"].to_numpy(), results["baseMean"].to_numpy(), ALPHA).padj
    return expected, results, read(DATA / request.param / "reference" / expected["table"]).loc[counts.index]


def test_published_numbers(study):
    expected, found, _ = study
    significant = found["padj"] < ALPHA
    up, down = significant & (found["log2FoldChange"] > 0), significant & (found["log2FoldChange"] < 0)
    numbers = {"genes": len(found), "up": int(up.sum()), "down": int(down.sum())}
    assert numbers == {name: expected[name] for name in numbers}


def test_the_same_genes_are_found(study):
    _, found, reference = study
    differing = found.index[(found["padj"] < ALPHA) != (reference["padj"] < ALPHA)]
    assert len(differing) <= 0.002 * (reference["padj"] < ALPHA).sum(), differing.tolist()
    assert (found["padj"].isna() != reference["padj"].isna()).mean() <= 0.0005


def test_the_same_genes_have_a_pvalue(study):
    _, found, reference = study
    assert found.index[found["pvalue"].isna() != reference["pvalue"].isna()].tolist() == []


def test_base_means_and_fold_changes(study):
    _, found, reference = study
    np.testing.assert_allclose(found["baseMean"], reference["baseMean"], rtol=1e-9)
    difference = (found["log2FoldChange"] - reference["log2FoldChange"]).abs()[reference["baseMean"] > 1]
    assert difference.median() <= 1e-5
    apart = difference[~(difference <= 1e-3)]
    assert len(apart) <= 0.001 * len(difference), apart.nlargest(40).to_string()


def test_pvalues(study):
    _, found, reference = study
    compared = reference["pvalue"] > 1e-8
    difference = np.log10(found["pvalue"] / reference["pvalue"]).abs()[compared]
    assert difference.median() <= 1e-4
    apart = difference[~(difference <= 0.02)]
    table = found.loc[apart.index].join(reference, rsuffix=" in R")
    assert len(apart) <= 0.001 * len(difference), table.assign(difference=apart).nlargest(40, "difference").to_string()
