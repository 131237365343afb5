"""Meta-analysis agrees with R metafor and with statsmodels: estimates, intervals, tests, heterogeneity, in 2 to 5 cohorts."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.meta_analysis import combine_effects

from lateralis.biology.meta_analysis import META_COLUMNS, meta_analysis

HERE = Path(__file__).parent
N_COHORTS = 5
# metafor stops where its own search does; both solve the same equation, so only that search is the tolerance's reason
TOLERANCE = 1e-6


@pytest.fixture(scope="module")
def expected():
    return pd.read_csv(HERE / "meta.tsv.gz", sep="\t").rename(columns={"k": "cohorts"})


@pytest.fixture(scope="module")
def given(expected):
    return tuple(
        expected[[f"{what}{number}" for number in range(1, N_COHORTS + 1)]].to_numpy() for what in ("effect", "error")
    )


@pytest.fixture(scope="module")
def found(given):
    return meta_analysis(*given)


def test_the_table_holds_every_kind_of_gene(expected):
    kinds = expected.groupby("cohorts")["tau2"].agg(["size", lambda tau2: (tau2 == 0).sum(), "max"])
    assert list(kinds.index) == [2, 3, 4, 5]
    assert (kinds["size"] >= 24).all()
    assert (kinds.iloc[:, 1] >= 5).all()  # none between cohorts
    assert (kinds["max"] > 5).all()


@pytest.mark.parametrize("column", META_COLUMNS)
def test_metafor(found, expected, column):
    np.testing.assert_allclose(found[column], expected[column], rtol=TOLERANCE, atol=1e-9, err_msg=column)


def test_statsmodels(given, found):
    """Its `iterated` is Paule and Mandel's. Its Hartung–Knapp interval has no guard, and it takes a step that rounding carries
    past the root for no heterogeneity at all: random effects are compared where it found some."""
    compared = 0
    for number, (effects, errors) in enumerate(zip(*given, strict=True)):
        here = np.isfinite(effects)
        theirs = combine_effects(effects[here], errors[here] ** 2, method_re="iterated", use_t=True, atol=1e-10)
        ours = found.loc[number]
        assert ours["log2FoldChange_fixed"] == pytest.approx(theirs.mean_effect_fe, rel=1e-9)
        assert ours["lfcSE_fixed"] == pytest.approx(theirs.sd_eff_w_fe, rel=1e-9)
        assert ours["Q"] == pytest.approx(theirs.q, rel=1e-9)
        if theirs.tau2 > 0:
            compared += 1
            assert ours["tau2"] == pytest.approx(theirs.tau2, rel=TOLERANCE)
            assert ours["log2FoldChange_random"] == pytest.approx(theirs.mean_effect_re, rel=TOLERANCE)
            assert ours["lfcSE_random"] == pytest.approx(theirs.sd_eff_w_re_hksj, rel=TOLERANCE)
    assert compared > 50
