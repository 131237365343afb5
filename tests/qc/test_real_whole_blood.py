"""The sample of a real cohort that is two people's or mislabelled by all that counts show: flagged for each reason."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lateralis.inputs.annotation import annotate, read_annotation
from lateralis.model.fit import fit_trend
from lateralis.model.normalise import (
    estimate_size_factors,
    genes_for_trend,
    principal_components,
    variance_stabilise,
)
from lateralis.qc.metrics import flag_metrics, sample_metrics
from lateralis.qc.sex import compare_sex, infer_sex, stated_sex
from lateralis.stages import Checks

FOLDER = Path(__file__).resolve().parents[3] / "shared/data/tb_hiv_whole_blood"


@pytest.mark.skipif(not FOLDER.is_dir(), reason="the shared data are not here (tb_hiv_whole_blood)")
def test_the_sample_with_both_sexes_genes_and_the_smallest_library_is_flagged_for_both():
    table = pd.read_csv(FOLDER / "counts.tsv.gz", sep="\t", index_col=0).select_dtypes("number")
    genes = annotate(table.index, read_annotation())
    counts = table.to_numpy().T
    sexes = infer_sex(counts, genes, table.columns)
    flags = compare_sex(sexes, stated_sex(None, table.columns))
    found = flags.set_index("sample")["verdict"]
    assert found[found.isin(["warn", "fail"])].index.tolist() == ["R02_18"]

    factors = estimate_size_factors(counts).values
    normalised = counts / factors[:, None]
    positive = np.flatnonzero(normalised.mean(axis=0) > 0)
    chosen = positive[genes_for_trend(normalised[:, positive].mean(axis=0))]
    trend = fit_trend(counts[:, chosen], factors)
    vst = variance_stabilise(normalised, trend.asymptotic, trend.extra_poisson)
    groups = pd.Series("all", index=table.columns)
    metrics = sample_metrics(counts, genes, vst, principal_components(vst).coordinates, factors, groups)
    assert metrics["library_size"].idxmin() == "R02_18"
    library = flag_metrics(metrics, Checks()).query("check == 'library_size'").set_index("sample")["verdict"]
    assert library["R02_18"] in ("warn", "fail")
