"""Small cohorts with known truth, fitted, as the trust modules take them."""

import anndata as ad
import numpy as np
import pandas as pd

from lateralis.config import Contrast, Endpoint, Samples
from lateralis.model.blocks import block_variable, split_blocks
from lateralis.model.design import design_matrix
from lateralis.model.endpoint import call_again
from lateralis.model.fit import fit_model
from lateralis.model.outliers import variable_cells
from lateralis.model.refit import wald_statistics
from lateralis.model.stored import StoredModel

ENDPOINT = Endpoint(fold_change=1.5, alpha=0.05, headline="fdr")


def simulate(effects, obs, *, groups="group", top="als", base=None, dispersion=0.1, own=None, seed=0):
    """Negative-binomial counts, (n_samples, n_genes); `effects` are log2 fold changes of the samples of level `top`."""
    rng = np.random.default_rng([seed, 7])
    n_genes = len(effects)
    mean = np.exp(rng.normal(5, 1, n_genes)) if base is None else np.full(n_genes, float(base))
    mu = mean * 2.0 ** np.outer(obs[groups] == top, effects)
    if own is not None:
        mu = mu * np.exp(own)
    return rng.poisson(mu * rng.gamma(1 / dispersion, dispersion, mu.shape))


def stored(counts, obs, samples, formula, cells):
    """A fitted model as `fit_model.py` stores it."""
    genes = [f"g{number:04d}" for number in range(counts.shape[1])]
    matrix, blocks = design_matrix(obs, formula, samples.variables, where="test"), None
    if block_variable(samples, formula) is not None:
        matrix, blocks, _ = split_blocks(matrix, obs, samples.participant, where="test")
    fit = fit_model(
        counts, matrix, cells=variable_cells(obs, cells), exempt_three_larger=False, blocks=blocks, threads=2
    )
    data = ad.AnnData(counts, obs=obs, var=pd.DataFrame(index=genes))
    kept = ad.AnnData(
        obs=fit.samples,
        var=fit.genes.set_axis(genes),
        varm={"coefficients": fit.coefficients, "covariance": fit.covariance},
        obsm={"design_matrix": fit.design},
        uns={
            "replacements": {name: fit.replacements[name].to_numpy() for name in fit.replacements},
            "design": formula,
            "exempt_three_larger": False,
        },
    )
    return StoredModel(kept, data, samples), fit


def results_of(model, fit, contrast):
    """Calls of a contrast, as results.tsv has them."""
    found = wald_statistics(model.fitted, fit, model.weights(contrast, "test"), model.compared(contrast))
    return call_again(found, list(model.fit.var_names), ENDPOINT).reset_index()


ALS = Contrast(model="m", variable="group", test="als", reference="control")
VARIABLES = {
    "group": {"type": "categorical", "levels": ["control", "als"]},
    "batch": {"type": "categorical"},
    "age": {"type": "numeric", "center": True, "scale": True},
}


def cohort(n_per_group=12, effects=None, seed=0, **options):
    """Two groups over two batches, fitted; by default 60 of 600 genes change twofold."""
    n = 2 * n_per_group
    rng = np.random.default_rng(seed)
    obs = pd.DataFrame(
        {
            "group": pd.Categorical(np.repeat(["control", "als"], n_per_group), categories=["control", "als"]),
            "batch": pd.Categorical(np.tile(["b1", "b2"], n_per_group)),
            "age": rng.normal(60, 8, n),
        },
        index=[f"s{number:02d}" for number in range(n)],
    )
    if effects is None:
        effects = np.r_[np.repeat([1.2, -1.2], 30), np.zeros(540)]
    counts = simulate(effects, obs, seed=seed, **options)
    model, fit = stored(counts, obs, Samples(variables=VARIABLES), "~ batch + group", ["group"])
    return model, fit, results_of(model, fit, ALS)
