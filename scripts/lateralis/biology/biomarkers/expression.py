"""What a panel is made of: filter, normalisation and choice of genes, each learnt from training samples alone.

What is kept of all samples together is a function of each count alone, so that no sample says anything about another. What
is learnt comes from sums over training samples, of many training sets in one matrix product, where a judged sample weighs 0.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lateralis.config import GeneFilter
from lateralis.model.filtering import DEFAULT_MIN_COUNT

MOST_REFERENCE_GENES = 500  # that size factors are taken from: the median of so many ratios is right within 2 %
FEWEST_REFERENCE_GENES = 50  # counted in every training sample, below which genes counted in most are taken
HALF = 0.5  # added to a count before its logarithm, as voom does


@dataclass(frozen=True)
class Expression:
    """Counts, or log intensities, of the samples of a contrast, in the forms that training sets are summed in.

    Attributes
    ----------
    logs : (n_samples, n_genes) log2 of count + 1/2, less the log2 average length where there are lengths; or log2 intensities
    squares : (n_samples, n_genes) their squares
    enough : (n_samples, n_genes) what the filter sums: 1 where a count is large enough, or the counts; None without counts
    exact : (n_samples, n_genes) the same without the 1/2: minus infinity where there is no count; None without counts
    references : (n_genes,) bool, genes that size factors may be taken from
    filter : the cohort's gene filter
    """

    logs: np.ndarray
    squares: np.ndarray
    enough: np.ndarray | None
    exact: np.ndarray | None
    references: np.ndarray
    filter: GeneFilter


@dataclass(frozen=True)
class TrainingSets:
    """What some training sets teach: (n_sets, …) each.

    Attributes
    ----------
    kept : (n_sets, n_genes) bool, genes that pass the filter
    size_factors : (n_sets, n_samples) log2, of every sample against the set's frozen reference; 0 for intensities
    strength : (n_sets, n_genes) absolute moderated t-statistic of the two levels; -1 for genes that are not kept
    """

    kept: np.ndarray
    size_factors: np.ndarray
    strength: np.ndarray


def counts_expression(
    counts: np.ndarray,
    gene_filter: GeneFilter,
    *,
    lengths: np.ndarray | None = None,
    controls: np.ndarray | None = None,
) -> Expression:
    """Counts as panels take them.

    Parameters
    ----------
    counts : (n_samples, n_genes) integers
    gene_filter : the cohort's `filter`
    lengths : (n_samples, n_genes) average transcript lengths
    controls : (n_genes,) bool, the genes that size factors are taken from; default, all that are kept
    """
    with np.errstate(divide="ignore"):
        logs, exact = np.log2(counts + HALF), np.log2(counts.astype(float))
    if lengths is not None:
        log_lengths = np.log2(lengths)
        logs, exact = logs - log_lengths, exact - log_lengths
    if gene_filter.min_total is not None:  # the sum over a training set is the total itself
        enough = counts.astype(float)
    else:
        enough = (counts >= _min_count(gene_filter)).astype(np.float32)  # sums of ones are exact
    references = np.ones(counts.shape[1], dtype=bool) if controls is None else controls
    return Expression(logs, logs**2, enough, exact, references, gene_filter)


def intensity_expression(values: np.ndarray) -> Expression:
    """Log2 intensities as panels take them: as they are."""
    values = np.ascontiguousarray(values, dtype=float)
    return Expression(values, values**2, None, None, np.zeros(values.shape[1], dtype=bool), GeneFilter())


def restrict(expression: Expression, least: np.ndarray) -> tuple[Expression, np.ndarray]:
    """Leave out genes that no training set can keep, because all samples together do not pass the least of their filters.

    Parameters
    ----------
    expression
    least : (n_sets,) what the filter asks of each training set, from `filter_thresholds`

    Returns
    -------
    The expression of the other genes, and which they are, (n_genes,) bool
    """
    if expression.enough is None:
        return expression, np.ones(expression.logs.shape[1], dtype=bool)
    may = expression.enough.sum(axis=0) >= least.min()
    assert expression.exact is not None
    parts = (expression.logs, expression.squares, expression.enough, expression.exact)
    logs, squares, enough, exact = (np.ascontiguousarray(part[:, may]) for part in parts)
    return Expression(logs, squares, enough, exact, expression.references[may], expression.filter), may


def filter_thresholds(expression: Expression, training: np.ndarray, is_test: np.ndarray) -> np.ndarray:
    """What the gene filter asks of each training set: samples with enough counts, or counts in all.

    Parameters
    ----------
    training : (n_sets, n_samples) bool
    is_test : (n_samples,) bool

    Returns
    -------
    (n_sets,): the size of the smaller level in the training set; a number in the config is scaled with the size of the set
    """
    spec = expression.filter
    share = training.sum(axis=1) / training.shape[1]
    if spec.min_total is not None:
        return np.ceil(spec.min_total * share)
    if isinstance(spec.min_samples, int):
        return np.maximum(np.ceil(spec.min_samples * share), 1)
    return np.minimum((training & is_test).sum(axis=1), (training & ~is_test).sum(axis=1))


def learn(
    expression: Expression, training: np.ndarray, is_test: np.ndarray, covariates: Sequence[np.ndarray] | None = None
) -> TrainingSets:
    """Filter, size factors and strength of every gene, from each of some training sets.

    Parameters
    ----------
    training : (n_sets, n_samples) bool
    is_test : (n_samples,) bool
    covariates : one (n_samples, k) a set: columns that genes are adjusted for, as the set has them encoded

    Notes
    -----
    A sample's size factor is the median ratio of its counts to the geometric means of the training samples (Anders & Huber
    2010, doi:10.1186/gb-2010-11-10-r106), over at most `MOST_REFERENCE_GENES` genes. Values are log2 (count + 1/2) less that
    of the size factor (Law et al. 2014, doi:10.1186/gb-2014-15-2-r29). The statistic is the t of the level in a linear model
    with the covariates, its standard deviation increased by the median one (Tusher, Tibshirani & Chu 2001,
    doi:10.1073/pnas.091062498).
    """
    weights = training.astype(float)
    n_genes = expression.logs.shape[1]
    if expression.enough is None:
        kept = np.ones((len(training), n_genes), dtype=bool)
        factors = np.zeros(training.shape)
    else:
        thresholds = filter_thresholds(expression, training, is_test)
        counted = training.astype(expression.enough.dtype) @ expression.enough
        kept = counted >= thresholds[:, None]
        factors = np.stack(
            [
                _size_factors(expression, set_, one, many)
                for set_, one, many in zip(training, kept, counted, strict=True)
            ]
        )
    bases = [_basis(set_, is_test, None if covariates is None else covariates[k]) for k, set_ in enumerate(training)]
    bounds = np.cumsum([0, *(len(basis) for basis in bases)])
    projections = np.concatenate(bases) @ expression.logs
    sums = weights @ expression.squares - 2 * ((weights * factors) @ expression.logs)
    strength = np.full(kept.shape, -1.0)
    for k, basis in enumerate(bases):
        own = projections[bounds[k] : bounds[k + 1]] - (basis @ factors[k])[:, None]
        total = sums[k] + weights[k] @ factors[k] ** 2
        df = max(int(training[k].sum()) - len(basis), 1)
        spread = np.sqrt(np.maximum(total - (own**2).sum(axis=0), 0) / df)
        usual = float(np.median(spread[kept[k]])) if kept[k].any() else 1.0
        statistic = np.abs(own[-1]) / np.maximum(spread + usual, 1e-12)
        strength[k, kept[k]] = statistic[kept[k]]
    return TrainingSets(kept, factors, strength)


def values_of(expression: Expression, genes: np.ndarray, size_factors: np.ndarray) -> np.ndarray:
    """Normalised log2 expression, (n_samples, n_chosen).

    Parameters
    ----------
    genes : (n_chosen,) positions
    size_factors : (n_samples,) log2
    """
    return expression.logs[:, genes] - size_factors[:, None]


def strongest(strength: np.ndarray, most: int) -> np.ndarray:
    """Positions of the strongest genes that were kept, strongest first; at most `most`."""
    most = min(most, int((strength >= 0).sum()))
    if most == 0:
        return np.empty(0, dtype=int)
    first = np.argpartition(-strength, most - 1)[:most]
    first.sort()
    return first[np.argsort(-strength[first], kind="stable")]


def reference_genes(
    expression: Expression, training: np.ndarray, kept: np.ndarray, counted: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The frozen reference of size factors: positions of its genes, and their mean log2 count over training samples.

    Parameters
    ----------
    training : (n_samples,) bool
    kept : (n_genes,) bool, genes that pass the filter of the training set
    counted : (n_genes,) what the filter summed over it
    """
    genes, _, means = _reference(expression, training, kept, counted)
    return genes, means


def _reference(
    expression: Expression, training: np.ndarray, kept: np.ndarray, counted: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The same, with the genes' log2 counts of all samples between them."""
    assert expression.exact is not None
    candidates = np.flatnonzero(kept & expression.references)
    if expression.filter.min_total is None and _min_count(expression.filter) > 0:
        everywhere = counted[candidates] == training.sum()
    else:
        everywhere = np.isfinite(expression.exact[training][:, candidates]).all(axis=0)
    chosen = candidates[everywhere]
    if len(chosen) < FEWEST_REFERENCE_GENES:
        order = np.argsort(-counted[candidates], kind="stable")
        chosen = np.sort(candidates[order[:MOST_REFERENCE_GENES]])
    if len(chosen) > MOST_REFERENCE_GENES:
        chosen = chosen[np.linspace(0, len(chosen) - 1, MOST_REFERENCE_GENES).astype(int)]
    logs = expression.exact[:, chosen]
    own = logs[training]
    finite = np.isfinite(own)
    n_counted = finite.sum(axis=0)
    means = np.where(finite, own, 0.0).sum(axis=0) / np.maximum(n_counted, 1)
    met = n_counted > 0
    return (chosen, logs, means) if met.all() else (chosen[met], logs[:, met], means[met])


def _size_factors(expression: Expression, training: np.ndarray, kept: np.ndarray, counted: np.ndarray) -> np.ndarray:
    """Log2 size factors of all samples against the geometric means of the training samples."""
    genes, logs, means = _reference(expression, training, kept, counted)
    if not len(genes):
        return np.zeros(len(training))
    ratios = logs - means
    whole = np.isfinite(ratios).all(axis=1)
    found = np.empty(len(ratios))
    found[whole] = np.median(ratios[whole], axis=1)
    for sample in np.flatnonzero(~whole):  # a sample's median is over the genes that it has counts of
        present = ratios[sample][np.isfinite(ratios[sample])]
        found[sample] = np.median(present) if len(present) else 0.0
    return found


def _basis(training: np.ndarray, is_test: np.ndarray, covariates: np.ndarray | None) -> np.ndarray:
    """Orthonormal rows, 0 outside the training samples: intercept, covariates, and what is left of the level, last."""
    columns = [np.ones(int(training.sum()))]
    if covariates is not None:
        columns += list(covariates[training].T)
    nuisance = np.stack(columns, axis=1)
    left, singular, _ = np.linalg.svd(nuisance, full_matrices=False)
    left = left[:, singular > 1e-9 * singular[0]]
    level = is_test[training].astype(float)
    for _ in range(2):  # the second time removes what rounding left
        level = level - left @ (left.T @ level)
    length = math.sqrt(float(level @ level))
    level = level / length if length > 1e-6 else np.zeros(len(level))  # the covariates decide the level
    found = np.zeros((left.shape[1] + 1, len(training)))
    found[:, training] = np.column_stack([left, level]).T
    return found


def _min_count(gene_filter: GeneFilter) -> int:
    return DEFAULT_MIN_COUNT if gene_filter.min_count is None else gene_filter.min_count
