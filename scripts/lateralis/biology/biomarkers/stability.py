"""Whether other people would have given the same panel: how often each gene is chosen over the outer fits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lateralis.biology.biomarkers.panel import Panel


def selection(panels: Sequence[Panel], n_genes: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """How often, how high and which way each gene stands in the panels.

    Parameters
    ----------
    panels : of the outer fits
    n_genes : that there are

    Returns
    -------
    frequency : (n_genes,) share of the panels that hold the gene
    rank : (n_genes,) its mean rank among a panel's genes by absolute coefficient, where it is one; else NaN
    sign : (n_genes,) mean sign of its coefficient, where it has one; else NaN
    """
    times, ranks, signs = np.zeros(n_genes), np.zeros(n_genes), np.zeros(n_genes)
    for panel in panels:
        order = np.argsort(-np.abs(panel.coefficients), kind="stable")
        times[panel.genes] += 1
        ranks[panel.genes[order]] += np.arange(1, len(order) + 1)
        signs[panel.genes] += np.sign(panel.coefficients)
    with np.errstate(invalid="ignore"):
        return times / max(len(panels), 1), ranks / times, signs / times


def stability_index(frequency: np.ndarray, n_panels: int) -> float:
    """Nogueira's index: 1 where all panels are the same, about 0 where they are chosen at random.

    Parameters
    ----------
    frequency : (n_genes,) share of the panels that hold each gene, of the genes that could be chosen
    n_panels : how many there are

    Returns
    -------
    NaN with fewer than two panels, or where each holds every gene

    Source: Nogueira, Sechidis & Brown 2018, JMLR 18(174), equation 4.
    """
    if n_panels < 2:
        return np.nan
    share = frequency.mean()
    expected = share * (1 - share)
    if expected <= 0:
        return np.nan
    variance = (n_panels / (n_panels - 1) * frequency * (1 - frequency)).mean()
    return float(1 - variance / expected)
