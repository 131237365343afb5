"""`pvalue_limma` is that of R limma's `camera`, and so are correlation and direction of each set (versions.txt, make.R)."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from lateralis.biology.camera import camera, standardised_residuals, z_scores
from lateralis.model.multiplicity import benjamini_hochberg

HERE = Path(__file__).parent


def read(name):
    return pd.read_csv(HERE / f"{name}.tsv.gz", sep="\t")


@pytest.fixture(scope="module")
def tested():
    """Our table and R's, in the same order."""
    values, design, genes = read("values").to_numpy(), read("design").to_numpy(), read("genes")
    members, expected = (pd.read_csv(HERE / f"{name}.tsv", sep="\t") for name in ("sets", "camera"))
    rows = members["set"].map({name: number for number, name in enumerate(expected["set"])})
    shape = (len(expected), values.shape[1])
    membership = sparse.csr_array((np.ones(len(members)), (rows, members["gene"])), shape=shape)
    found = camera(genes["z"].to_numpy(), standardised_residuals(values, design), membership)
    return found, expected, genes


def test_correlations_of_genes_within_a_set(tested):
    found, expected, _ = tested
    np.testing.assert_allclose(found["correlation"], expected["correlation"], rtol=1e-9, atol=1e-12)
    assert found["correlation"].max() > 0.2 > 0 > found["correlation"].min()  # both signs are met


def test_p_values(tested):
    found, expected, _ = tested
    np.testing.assert_allclose(found["pvalue_limma"], expected["pvalue"], rtol=1e-8)
    np.testing.assert_allclose(benjamini_hochberg(found["pvalue_limma"].to_numpy()), expected["padj"], rtol=1e-8)
    assert list(found["direction"]) == list(expected["direction"].str.lower())
    assert list(found["size"]) == list(expected["size"])


def test_students_t_on_the_scale_of_a_normal(tested):
    """limma takes Hill's approximation, which is good to 1e-4 there; ours is the exact quantile."""
    genes = tested[2]
    np.testing.assert_allclose(z_scores(genes["t"].to_numpy(), genes["df"].iloc[0]), genes["z"], atol=2e-4)
