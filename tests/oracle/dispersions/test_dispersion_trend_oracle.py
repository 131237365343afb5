"""Trend and prior variance of R DESeq2 (make.R), each from the same gene-wise dispersions."""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lateralis.model import dispersion_trend
from lateralis.model.dispersion_trend import DispersionTrend, dispersion_residuals, fit_dispersion_trend, prior_variance
from lateralis.model.loess import loess

HERE = Path(__file__).parent
DEGREES = {"one_df": 1, "two_df": 2, "three_df": 3}


def read(name: str) -> pd.DataFrame:
    return pd.read_csv(HERE / name, sep="\t", float_precision="round_trip")


DISPERSIONS = dict(tuple(read("dispersions.tsv.gz").groupby("set")))
TRENDS = read("trends.tsv").set_index("set")
PRIORS = read("priors.tsv")
CURVES, DIVERGENCES = read("curves.tsv.gz"), read("divergences.tsv.gz")


def fit(name: str) -> DispersionTrend:
    genes = DISPERSIONS[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return fit_dispersion_trend(genes["mean"].to_numpy(), genes["dispersion"].to_numpy())


def residuals(name: str) -> np.ndarray:
    genes = DISPERSIONS[name]
    return dispersion_residuals(genes["dispersion"].to_numpy(), fit(name).at(genes["mean"].to_numpy()))


@pytest.mark.parametrize("name", TRENDS.index[TRENDS["kind"] != "stop"])
def test_trend(name):
    """The same steps as R's regression, solved in closed form and not by QR: rounding grows where no fit converges."""
    expected, trend = TRENDS.loc[name], fit(name)
    assert trend.kind == expected["kind"]
    np.testing.assert_allclose(
        [trend.asymptotic, trend.extra_poisson], [expected["asymptotic"], expected["extra_poisson"]], rtol=1e-8
    )


def test_sets_reach_every_branch():
    parametric = TRENDS["kind"] == "parametric"
    assert (TRENDS["halvings"] > 0)[parametric].any()
    assert (TRENDS["unconverged"] > 0)[parametric].any()
    assert {"rising", "restless", "equal_means"} <= set(TRENDS.index[TRENDS["kind"] == "mean"])
    assert list(TRENDS.index[TRENDS["kind"] == "stop"]) == ["poisson"]
    floored = PRIORS["prior"] == 0.25
    assert (~floored).groupby(PRIORS["n_samples"] - 2).sum().loc[[0, 1, 2, 3, 4, 30]].ge(4).all()


def test_where_r_stops_the_mean_is_taken():
    trend = fit("poisson")
    assert trend == DispersionTrend(pytest.approx(DISPERSIONS["poisson"]["dispersion"].mean(), rel=1e-12), 0.0, "mean")


@pytest.mark.parametrize(
    "row", list(PRIORS.itertuples(index=False)), ids=lambda row: f"{row.set}-{row.n_samples - row.n_coef}"
)
def test_prior_variance(row):
    """1 to 3 degrees: the same of 1000 candidates, so equal but for rounding; else as close as the trend that came before."""
    variance = prior_variance(residuals(row.set), row.n_samples, row.n_coef)
    np.testing.assert_allclose(variance, [row.prior, row.residual_variance], rtol=1e-10)


@pytest.mark.parametrize("name", DEGREES)
def test_divergences(name):
    """R's sums are of 40 terms in extended precision: only rounding differs."""
    within = residuals(name)
    within = within[np.abs(within) < 10]
    np.testing.assert_allclose(
        dispersion_trend._divergences(within, DEGREES[name]), DIVERGENCES[name], rtol=0, atol=1e-12
    )


@pytest.mark.parametrize("name", DEGREES)
def test_loess(name):
    """R's interpolated curve through R's own divergences of order 1: the same weighted least squares, so rounding only."""
    curve = loess(np.linspace(0, 8, 200), DIVERGENCES[name].to_numpy(), 0.2, np.linspace(0, 8, 1000))
    np.testing.assert_allclose(curve, CURVES[name], rtol=0, atol=1e-11)
