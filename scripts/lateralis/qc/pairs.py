"""Which samples look like one person's: two libraries under different names, or one name for two people.

People differ in the level of thousands of genes, by inheritance and habit, and keep those levels for weeks. What is left of
expression once the study's variables and the states that many samples share are taken out is therefore alike in samples of
one person. Counts cannot tell who that person is, nor siblings or cell lines of one donor from one person's samples with
certainty, nor a swap of two people who gave one sample each: genotypes can (`inputs.relatedness`). Where few samples were put
through strong stimuli, the response hides the person: among 24 samples of six macrophage lines in four conditions, pairs of
one line correlate by 0.39 in the median, others by -0.07 with a robust standard deviation of 0.21, and no pair stands out.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from lateralis.qc.flags import FLAG_COLUMNS, NOT_ASSESSED, not_assessed

FEWEST_SAMPLES = 10  # below, there are too few pairs of strangers to know how alike strangers are
FEWEST_LEFT = 12  # degrees of freedom that the variables must leave, or every sample mirrors some other
LEAST_LEFT = 0.25  # share of a sample's own deviation that they must leave; nothing is left of one alone in its batch
N_GENES = 4000
LEAST_EXPRESSED = 0.6  # quantile of mean expression from which genes are used: below, counting noise hides the person
MOST_SHARED = 10  # components of shared state that are taken out
SHARED_SIZE = 4.0  # times the median component that such a state is at least
FEWEST_SHARING = 8.0  # samples that it must be spread over, or it may be the samples of one person
LEAST_Z, LEAST_CORRELATION = 8.0, 0.3  # of a pair, where nobody gave several samples to learn from
SMALL = 40  # samples; in fewer, a pair of one person is reflected in others by up to half of what it has in common
RECOGNISED_Z = 5.0  # of a pair, where most pairs of one person lie beyond
PAIR_COLUMNS = ("sample_a", "sample_b", "correlation", "z", "verdict", "reason", "source")


def pair_correlations(vst: np.ndarray, genes: pd.DataFrame, known: pd.DataFrame) -> np.ndarray:
    """Correlation between samples of what the study's variables and shared states leave of expression.

    Parameters
    ----------
    vst : (n_samples, n_genes) variance-stabilised, log2
    genes : (n_genes, …) with chromosome
    known : (n_samples, k) variables to take out; categorical or numeric, missing values allowed

    Returns
    -------
    (n_samples, n_samples), over the 4,000 autosomal genes that vary most among the better-expressed 40 %; NaN for a sample of
    which the variables leave too little, and throughout where they leave fewer than 12 degrees of freedom

    Notes
    -----
    Taking variables out makes strangers' residuals correlate: with residual maker M their covariance is M, not the identity.
    Two samples that share a correlation r add r (m_a m_b' + m_b m_a'), m_a being a column of M, so the least-squares
    estimate is r = (C - M)_ab / (M_aa M_bb + M_ab^2), C being the covariance of the residuals, each sample scaled to
    C_aa = M_aa. In small cohorts the plain correlation of residuals misses every pair or finds false ones.
    """
    values, basis = _without_shared_states(*_residuals(_chosen(vst, genes), _design(known)))
    n_samples = len(values)
    if n_samples - basis.shape[1] < FEWEST_LEFT or not values.shape[1]:
        return np.full((n_samples, n_samples), np.nan)
    maker = np.eye(n_samples) - basis @ basis.T
    left = np.diag(maker).copy()
    values -= values.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(values, axis=1)
    readable = (left >= LEAST_LEFT) & (lengths > 0)
    values *= np.where(readable, np.sqrt(np.maximum(left, 0.0)) / np.where(readable, lengths, 1.0), np.nan)[:, None]
    estimates = (values @ values.T - maker) / (np.outer(left, left) + maker**2)
    np.fill_diagonal(estimates, np.where(readable, 1.0, np.nan))
    return np.asarray(estimates)


def _chosen(vst: np.ndarray, genes: pd.DataFrame) -> np.ndarray:
    """Expression of the genes that tell people apart, (n_samples, n_chosen) float64."""
    autosomal = ~genes["chromosome"].isin(["X", "Y", "MT"]).to_numpy()
    means, spreads = vst.mean(axis=0), vst.std(axis=0)
    usable = np.flatnonzero(autosomal & (spreads > 0))
    usable = usable[means[usable] >= np.quantile(means[usable], LEAST_EXPRESSED)] if len(usable) else usable
    return vst[:, np.sort(usable[np.argsort(-spreads[usable], kind="stable")[:N_GENES]])].astype(np.float64)


def _residuals(values: np.ndarray, design: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Values without a design, each gene to a standard deviation of 1, and an orthonormal basis of that design."""
    left, sizes, _ = np.linalg.svd(design, full_matrices=False)
    basis = left[:, sizes > 1e-9 * sizes[0]]
    values = values - basis @ (basis.T @ values)
    return values / np.maximum(values.std(axis=0), 1e-9), basis


def _without_shared_states(values: np.ndarray, basis: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Residuals without the leading components that many samples share, and the basis of all that is taken out."""
    sizes, directions = np.linalg.eigh(values @ values.T)
    usual = np.median(sizes[basis.shape[1] :]) if len(sizes) > basis.shape[1] else np.inf  # those taken out are zero
    large = np.argsort(-sizes)[: min(MOST_SHARED, len(values) // 10)]
    for direction in directions[:, large[sizes[large] > SHARED_SIZE * usual]].T:
        if 1 / (direction**4).sum() >= FEWEST_SHARING:
            values -= np.outer(direction, direction @ values)
            basis = np.column_stack([basis, direction])
    return values, basis


def _design(known: pd.DataFrame) -> np.ndarray:
    """Intercept and variables as numbers; a missing level is a level, a missing number the mean."""
    columns = [np.ones(len(known))]
    for name in known:
        values = known[name]
        if pd.api.types.is_numeric_dtype(values):
            columns.append(values.fillna(values.mean()).fillna(0.0).to_numpy(dtype=float))
        else:
            levels = values.astype(object).where(values.notna(), "missing").astype(str)
            columns += list(pd.get_dummies(levels, drop_first=True).to_numpy(dtype=float).T)
    return np.column_stack(columns)


def judge_pairs(correlations: np.ndarray, samples: pd.Index, participants: pd.Series | None) -> pd.DataFrame:
    """Pairs that contradict the sheet.

    Parameters
    ----------
    correlations : (n_samples, n_samples) from `pair_correlations`
    samples : names
    participants : (n_samples,) participant of each sample, empty where unknown; None where the sheet has no such column

    Returns
    -------
    DataFrame with `PAIR_COLUMNS`, most alike first. `fail` (`warn` where there is no column of participants): of different
    participants, and more alike than strangers can be: 8 robust standard deviations above the median pair, a correlation of
    0.3 and, of fewer than 40 samples, half of the most alike pair's; or, where participants gave several samples, 5 robust
    standard deviations and half of what those have in common. `warn`: of one participant, and no more alike than strangers
    (less than 3 robust standard deviations), although most participants' samples are.
    """
    n_samples = len(samples)
    if n_samples < FEWEST_SAMPLES:
        return pd.DataFrame(columns=list(PAIR_COLUMNS))
    a, b = np.triu_indices(n_samples, 1)
    measured = np.isfinite(correlations[a, b])
    a, b = a[measured], b[measured]
    if not len(a):
        return pd.DataFrame(columns=list(PAIR_COLUMNS))
    values = correlations[a, b].round(6)  # beyond, the number of threads tells
    people = (
        np.array([""] * n_samples, dtype=object) if participants is None else participants.fillna("").to_numpy(object)
    )
    same = (people[a] == people[b]) & (people[a] != "")
    strangers = values[~same] if (~same).any() else values
    centre = np.median(strangers)
    spread = max(1.4826 * float(np.median(np.abs(strangers - centre))), 1e-6)
    z = (values - centre) / spread
    usual = float(np.median(values[same])) if same.sum() >= 3 else np.nan
    recognised = bool(usual > centre + RECOGNISED_Z * spread)
    strange = max(centre + LEAST_Z * spread, LEAST_CORRELATION, strangers.max() / 2 if n_samples < SMALL else 0.0)
    limit = max(centre + RECOGNISED_Z * spread, usual / 2) if recognised else strange
    alike, apart = ~same & (values > limit), same & (z < 3) & recognised
    told = (
        "different participants, yet as alike as one person's samples"
        if participants is not None
        else ("as alike as one person's samples, and the sheet names no participants")
    )
    rows = [
        (samples[a[pair]], samples[b[pair]], values[pair], round(z[pair], 3), verdict, reason, "expression")
        for mask, verdict, reason in (
            (alike, "fail" if participants is not None else "warn", told),
            (apart, "warn", "one participant, yet no more alike than strangers"),
        )
        for pair in np.flatnonzero(mask)[np.argsort(-values[mask], kind="stable")]
    ]
    return pd.DataFrame(rows, columns=list(PAIR_COLUMNS))


def unread_by_expression(correlations: np.ndarray, samples: pd.Index) -> dict[str, str]:
    """Samples that no pair could be judged of, and why; parameters as `judge_pairs`."""
    if len(samples) < FEWEST_SAMPLES:
        reason = f"{len(samples)} samples are too few to know how alike strangers are; {FEWEST_SAMPLES} needed"
        return dict.fromkeys(samples, reason)
    unread = ~np.isfinite(np.diag(correlations))
    alone = "the variables of the study leave nothing of this sample to compare, as where it is alone in its batch"
    too_many = "the variables of the study leave too little of so few samples to compare"
    return dict.fromkeys(samples[unread], too_many if unread.all() else alone)


def judge_relatedness(related: pd.DataFrame, participants: pd.Series | None) -> pd.DataFrame:
    """Pairs that contradict the sheet by genotype.

    Parameters
    ----------
    related : sample_a, sample_b, similarity, same_person, source, as `inputs.relatedness.read_relatedness` gives them
    participants : participant of each sample, empty where unknown, index sample; None where the sheet has no such column

    Returns
    -------
    DataFrame with `PAIR_COLUMNS`: one person's samples under two participants, or two people's under one (`fail`); without
    a column of participants, one person's samples (`warn`)
    """
    if participants is None:
        reason = "one person by genotype, and the sheet names no participants"
        found = related[related["same_person"].astype(bool)].rename(columns={"similarity": "correlation"})
        return found.assign(z=np.nan, verdict="warn", reason=reason)[list(PAIR_COLUMNS)].reset_index(drop=True)
    people = participants[participants.fillna("") != ""].to_dict()
    rows = []
    for pair in related.itertuples(index=False):
        a, b = people.get(pair.sample_a), people.get(pair.sample_b)
        if a is None or b is None:
            continue
        if pair.same_person != (a == b):
            reason = (
                "one person by genotype, two participants"
                if pair.same_person
                else "two people by genotype, one participant"
            )
            rows.append((pair.sample_a, pair.sample_b, pair.similarity, np.nan, "fail", reason, pair.source))
    return pd.DataFrame(rows, columns=list(PAIR_COLUMNS))


def unread_by_genotype(related: pd.DataFrame, participants: pd.Series | None, samples: pd.Index) -> dict[str, str]:
    """Samples in no pair that genotypes could be held against the sheet in, and why; parameters as `judge_relatedness`."""
    blank = samples[:0] if participants is None else participants[participants.fillna("") == ""].index
    usable = related[~related["sample_a"].isin(blank) & ~related["sample_b"].isin(blank)]
    unread = samples[~samples.isin(pd.concat([usable["sample_a"], usable["sample_b"]]))]
    words = {
        True: "the sheet names no participant",
        False: "in no pair of the table that can be held against the sheet",
    }
    return {sample: words[sample in blank] for sample in unread}


def pair_flags(
    pairs: pd.DataFrame, samples: pd.Index, check: str, unread: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """Each sample's worst pair as a flag; the reason names no other sample, which `qc/pairs.tsv` does.

    Parameters
    ----------
    pairs : as `judge_pairs` or `judge_relatedness` gives them
    samples : names
    check : `identity` or `genotype`
    unread : samples that were in no pair, and why: `not assessed`, as `unread_by_expression` and `unread_by_genotype` tell

    Returns
    -------
    DataFrame with `flags.FLAG_COLUMNS`; value is the correlation or similarity of the worst pair
    """
    if len(samples) < FEWEST_SAMPLES and check == "identity":
        return not_assessed(
            samples, check, next(iter(unread_by_expression(np.eye(len(samples)), samples).values()), "")
        )
    untold = {sample: (np.nan, NOT_ASSESSED, reason) for sample, reason in (unread or {}).items()}
    worst: dict[str, tuple[float, str, str]] = {}
    for pair in pairs.sort_values("verdict", kind="stable").to_dict("records"):  # fail before warn
        for sample in (str(pair["sample_a"]), str(pair["sample_b"])):
            worst.setdefault(sample, (float(pair["correlation"]), str(pair["verdict"]), str(pair["reason"])))
    rows = [
        (sample, check, value, np.nan, verdict, reason)
        for sample in samples
        for value, verdict, reason in [worst.get(sample, untold.get(sample, (np.nan, "ok", "")))]
    ]
    return pd.DataFrame(rows, columns=list(FLAG_COLUMNS))
