"""Quality metrics of each sample from its counts alone, and which of them stand out from the cohort or break a limit."""

from __future__ import annotations

import numpy as np
import pandas as pd

from lateralis.qc.flags import FEWEST_SAMPLES, NOT_ASSESSED, Check, compared_with_nobody, judge
from lateralis.stages import Checks

HAEMOGLOBIN = ("HBA1", "HBA2", "HBB", "HBD", "HBG1", "HBG2", "HBM", "HBQ1", "HBE1", "HBZ")
MITOCHONDRIAL_RRNA = ("MT-RNR1", "MT-RNR2")
TOP_GENES = 50
_BLOCK = 2**22  # numbers at a time

CHECKS = (
    Check("library_size", "low", "log", least_spread=0.1),
    Check("detected_genes", "low", least_spread=100.0),
    Check("top_gene_share", "high", least_spread=0.02),
    Check("mitochondrial_fraction", "high", least_spread=0.005),
    Check("rrna_fraction", "high", least_spread=0.005),
    Check("haemoglobin_fraction", "high", least_spread=0.0005),
    Check("size_factor_deviation", "high", least_spread=0.05),
    Check("rle_spread", "high", "log", least_spread=0.1),
    Check("pca_distance", "high", "log", least_spread=0.1),
    Check("group_correlation", "low", "complement", least_spread=0.1),
    Check("cooks_share", "high", least_spread=0.0005),
)
OF_COUNTS = (
    *(
        "library_size",
        "detected_genes",
        "top_gene_share",
        "mitochondrial_fraction",
        "rrna_fraction",
        "haemoglobin_fraction",
    ),
    *("size_factor_deviation", "cooks_share"),
)  # what log intensities have not
_COMPARED = {"size_factor_deviation", "rle_spread", "pca_distance", "group_correlation"}  # with the other samples
_UNKNOWN_GENES = {
    "mitochondrial_fraction": "no mitochondrial gene is known among the genes",
    "rrna_fraction": "no gene of ribosomal RNA is known among the genes",
    "haemoglobin_fraction": "no haemoglobin gene is known among the genes",
}


def sample_metrics(
    counts: np.ndarray,
    genes: pd.DataFrame,
    vst: np.ndarray,
    components: np.ndarray,
    size_factors: np.ndarray,
    groups: pd.Series,
) -> pd.DataFrame:
    """Quality metrics of every sample.

    Parameters
    ----------
    counts : (n_samples, n_genes) integers
    genes : (n_genes, …) with gene_name, chromosome, biotype
    vst : (n_samples, n_genes) variance-stabilised expression, log2
    components : (n_samples, k) principal components
    size_factors : (n_samples,)
    groups : (n_samples,) group of each sample, index sample; missing values are a group

    Returns
    -------
    DataFrame, index sample: library_size (counts), detected_genes (genes with a count), top_gene_share (of all counts, in
    the 50 most counted genes), mitochondrial_fraction, rrna_fraction (nuclear and mitochondrial rRNA), haemoglobin_fraction,
    size_factor, size_factor_deviation (absolute log2 ratio of size factor and library size, each over its median),
    rle_spread (interquartile range of the relative log expression), pca_distance (from the median sample over the first
    components, in robust standard deviations), group_correlation (median Pearson correlation of `vst` with the other samples
    of the group, of the cohort where the group has fewer than three). NaN where no gene of the kind is known, or where there
    are fewer than three samples to compare.
    """
    library_size = counts.sum(axis=1, dtype=np.int64)
    mitochondrial_rrna = genes["gene_name"].isin(MITOCHONDRIAL_RRNA).to_numpy()
    metrics = pd.DataFrame({"library_size": library_size, "detected_genes": (counts > 0).sum(axis=1)})
    metrics["top_gene_share"] = _top_counts(counts) / library_size
    shares = {
        "mitochondrial_fraction": (genes["chromosome"] == "MT").to_numpy(),
        "rrna_fraction": genes["biotype"].isin(["rRNA", "Mt_rRNA"]).to_numpy() | mitochondrial_rrna,
        "haemoglobin_fraction": genes["gene_name"].isin(HAEMOGLOBIN).to_numpy(),
    }
    for name, mask in shares.items():
        total = counts[:, mask].sum(axis=1, dtype=np.int64)
        metrics[name] = total / library_size if mask.any() else np.nan
    metrics["size_factor"] = size_factors
    ratio = (size_factors / np.median(size_factors)) / (library_size / np.median(library_size))
    metrics["size_factor_deviation"] = np.abs(np.log2(ratio))
    quantiles = rle_quantiles(vst)
    metrics["rle_spread"] = (quantiles["q75"] - quantiles["q25"]).to_numpy()
    metrics["pca_distance"] = robust_distance(components[:, :5])
    metrics["group_correlation"] = group_correlation(sample_correlations(vst), groups.astype(object).to_numpy())
    if len(metrics) < FEWEST_SAMPLES:
        metrics[list(_COMPARED)] = np.nan
    return metrics.set_axis(groups.index)


def _top_counts(counts: np.ndarray) -> np.ndarray:
    """Counts in the most counted genes of each sample, (n_samples,)."""
    n_top = min(TOP_GENES, counts.shape[1])
    return np.array([np.partition(sample, -n_top)[-n_top:].sum() for sample in counts])


def rle_quantiles(vst: np.ndarray) -> pd.DataFrame:
    """Relative log expression: quantiles of each sample's deviations from the genes' medians over all samples.

    Parameters
    ----------
    vst : (n_samples, n_genes) log2; genes that no two samples differ in are left out

    Returns
    -------
    DataFrame (n_samples) with q05, q25, median, q75, q95, in log2 units

    Source: Gandolfo & Speed 2018, doi:10.1371/journal.pone.0191629.
    """
    varying = vst.max(axis=0) > vst.min(axis=0)
    medians = np.zeros(vst.shape[1])
    step = max(1, _BLOCK // len(vst))
    for first in range(0, vst.shape[1], step):
        medians[first : first + step] = np.median(vst[:, first : first + step], axis=0)
    columns = ["q05", "q25", "median", "q75", "q95"]
    if not varying.any():
        return pd.DataFrame(0.0, index=range(len(vst)), columns=columns)
    quantiles = [np.quantile((sample - medians)[varying], [0.05, 0.25, 0.5, 0.75, 0.95]) for sample in vst]
    return pd.DataFrame(quantiles, columns=columns)


def sample_correlations(vst: np.ndarray) -> np.ndarray:
    """Pearson correlation between samples over all genes.

    Parameters
    ----------
    vst : (n_samples, n_genes)

    Returns
    -------
    (n_samples, n_samples); zero where a sample has one value throughout
    """
    centred = vst - vst.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(centred, axis=1, keepdims=True)
    centred /= np.where(lengths > 0, lengths, 1.0)
    return np.clip(centred @ centred.T, -1.0, 1.0)


def group_correlation(correlations: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Median correlation of each sample with the others of its group; of the cohort where the group has fewer than three."""
    n_samples = len(groups)
    groups = pd.factorize(groups, use_na_sentinel=False)[0]
    same = groups[:, None] == groups
    same[same.sum(axis=1) < FEWEST_SAMPLES] = True
    same &= ~np.eye(n_samples, dtype=bool)
    return np.array(
        [np.median(row[others]) if others.any() else np.nan for row, others in zip(correlations, same, strict=True)]
    )


def sample_distances(vst: np.ndarray) -> np.ndarray:
    """Euclidean distances between samples over variance-stabilised expression.

    Parameters
    ----------
    vst : (n_samples, n_genes)

    Returns
    -------
    (n_samples, n_samples), from one matrix product, which a cohort of thousands needs
    """
    centred = vst - vst.mean(axis=0)
    squares = (centred**2).sum(axis=1)
    distances = squares[:, None] + squares - 2 * (centred @ centred.T)
    np.fill_diagonal(distances, 0.0)
    return np.sqrt(np.maximum((distances + distances.T) / 2, 0.0))


def robust_distance(values: np.ndarray) -> np.ndarray:
    """Distance of each row from the median row, each column in robust standard deviations (root mean square over columns).

    A column's robust standard deviation is half the distance between its 16 % and 84 % quantiles: unlike the median absolute
    deviation, it stays meaningful where samples fall into two clusters, such as women and men.
    """
    low, high = np.quantile(values, [0.16, 0.84], axis=0)
    spread = (high - low) / 2
    usable = spread > 0
    if not usable.any():
        return np.zeros(len(values))
    deviations = (values - np.median(values, axis=0))[:, usable] / spread[usable]
    return np.sqrt((deviations**2).mean(axis=1))


def flag_metrics(metrics: pd.DataFrame, limits: Checks) -> pd.DataFrame:
    """Verdict of every check on every sample.

    Parameters
    ----------
    metrics : as `sample_metrics` gives them, and cooks_share where there was a fit
    limits : the config's

    Returns
    -------
    DataFrame with `flags.FLAG_COLUMNS`
    """
    frames = []
    for check in CHECKS:
        if check.name not in metrics:
            continue
        if check.name in _COMPARED and len(metrics) < FEWEST_SAMPLES:
            frames.append(compared_with_nobody(metrics.index, check.name))
            continue
        judged = judge(metrics[check.name], check, getattr(limits, check.name))
        if check.name in _UNKNOWN_GENES:
            judged.loc[judged["verdict"] == NOT_ASSESSED, "reason"] = _UNKNOWN_GENES[check.name]
        frames.append(judged)
    return pd.concat(frames, ignore_index=True)
