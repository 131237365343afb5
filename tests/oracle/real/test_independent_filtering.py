"""R's own p-values of real cohorts must give R's adjusted ones; the data are not ours to ship, so it skips without them."""

import os
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lateralis.model.multiplicity import independent_filtering

ROOT = Path(__file__).resolve().parents[3]
DATA = Path(os.environ.get("LATERALIS_SHARED_DATA", ROOT.parent / "shared" / "data")).resolve()
TABLES = sorted(DATA.glob("*/reference/*.tsv.gz"))

pytestmark = pytest.mark.skipif(
    not TABLES, reason=f"no reference tables in {DATA}; LATERALIS_SHARED_DATA names another"
)


@pytest.mark.parametrize("path", TABLES, ids=lambda path: f"{path.parents[1].name}-{path.name}")
def test_adjusted_pvalues_are_those_of_r(path):
    named = re.search(r"alpha(0\.\d+)", path.name)
    alpha = float(named[1]) if named else 0.05
    table = pd.read_csv(path, sep="\t", usecols=["baseMean", "pvalue", "padj"], float_precision="round_trip")
    found = independent_filtering(table["pvalue"].to_numpy(), table["baseMean"].to_numpy(), alpha)
    # the same numbers in the same arithmetic: only the printed digits of R's tables (15) stand between
    np.testing.assert_allclose(found.padj, table["padj"].to_numpy(), rtol=1e-12, atol=0)
    assert np.isnan(found.padj).sum() < len(table)
