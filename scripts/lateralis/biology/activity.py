"""Activity of regulators: whether the targets of a transcription factor or pathway change as their signs and weights say."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import stdtr

from lateralis.inputs.gene_ids import GeneIndex
from lateralis.model.multiplicity import benjamini_hochberg

ACTIVITY_COLUMNS = ("source", "score", "pvalue", "padj", "n_targets")
LEAST_TARGETS = 5  # decoupler's own default


def match_network(network: pd.DataFrame, index: GeneIndex, where: str) -> pd.DataFrame:
    """A network in the cohort's own ids.

    Parameters
    ----------
    network : source, target, weight
    index : the cohort's genes
    where : the network's file, for messages

    Returns
    -------
    DataFrame with source, target (gene_id), weight; targets that the cohort lacks are left out, and of two ids of one gene
    the first stands

    Raises
    ------
    InputError
        Almost none of the targets are among the cohort's genes.
    """
    targets = list(dict.fromkeys(network["target"]))
    index.check(targets, where, "targets")
    genes = dict(zip(targets, index.find(targets), strict=True))
    found = network.assign(target=network["target"].map(genes)).explode("target").dropna(subset="target")
    return found.drop_duplicates(["source", "target"]).reset_index(drop=True)


def regulator_activity(statistic: np.ndarray, genes: np.ndarray, network: pd.DataFrame) -> pd.DataFrame:
    """Activity of each regulator by a univariate linear model: the statistics of all genes on the weights of its targets.

    Parameters
    ----------
    statistic : (n_genes,) signed
    genes : (n_genes,) ids
    network : source, target (gene_id), weight

    Returns
    -------
    DataFrame with `ACTIVITY_COLUMNS`, strongest first: score is the t value of the slope; regulators of fewer than 5 tested
    targets are left out. Like GSEA, the test takes genes for independent.

    Source: decoupler's `ulm`, Badia-i-Mompel et al. 2022, doi:10.1093/bioadv/vbac016.
    """
    known = network[network["target"].isin(genes)]
    sizes = known["source"].value_counts()
    known = known[known["source"].map(sizes) >= LEAST_TARGETS]
    if known.empty:
        return pd.DataFrame(columns=list(ACTIVITY_COLUMNS))
    from decoupler.mt import ulm  # takes seconds to import, and few cohorts ask for it

    data = pd.DataFrame(statistic[None, :], index=["statistic"], columns=genes.astype(str))
    scores = ulm(data, known, tmin=LEAST_TARGETS)[0].loc["statistic"]  # its second table is adjusted within each sample
    score = np.round(scores.to_numpy(float), 10)  # BLAS, behind it, gives other last digits on other numbers of threads
    pvalue = 2 * stdtr(len(statistic) - 2, -np.abs(score))
    table = pd.DataFrame({"source": scores.index.astype(str), "score": score, "pvalue": pvalue})
    table["padj"] = benjamini_hochberg(table["pvalue"].to_numpy(float))
    table["n_targets"] = sizes.reindex(table["source"]).to_numpy(int)
    order = np.lexsort((table["source"], -table["score"].abs(), table["pvalue"]))
    return table.iloc[order][list(ACTIVITY_COLUMNS)].reset_index(drop=True)
