"""Which samples look like one person's: two libraries under different names, or one name for two people.

People differ in the level of thousands of genes, by inheritance and habit, and keep those levels for weeks. What is left of
expression once the study's variables and the states that many samples share are taken out is therefore alike in samples of
one person. Counts cannot tell who that person is, nor siblings or cell lines of one donor from one person's samples with
certainty, nor a swap of two people who gave one sample each: genotypes can (`inputs.relatedness`). Where few samples were put
through strong stimuli, the response hides the person: among 24 samples of six macrophage lines in four conditions, pairs of
one line correlate by 0.25 in the median, others by -0.10 with a spread of 0.19, and no verdict is given.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from lateralis.qc.flags import FLAG_COLUMNS, not_assessed

FEWEST_SAMPLES = 10  # below, there are too few pairs of strangers to know how alike strangers are
N_GENES = 4000
LEAST_EXPRESSED = 0.6  # quantile of mean expression from which genes are used: below, counting noise hides the person
MOST_SHARED = 10  # components of shared state that are taken out
SHARED_SIZE = 4.0  # times the median component that such a state is at least
FEWEST_SHARING = 8.0  # samples that it must be spread over, or it may be the samples of one person
LEAST_Z, LEAST_CORRELATION = 8.0, 0.2  # of a pair, where nobody gave several samples to learn from
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
    (n_samples, n_samples), over the 4,000 autosomal genes that vary most among the better-expressed 40 %
    """
    autosomal = ~genes["chromosome"].isin(["X", "Y", "MT"]).to_numpy()
    means, spreads = vst.mean(axis=0), vst.std(axis=0)
    usable = np.flatnonzero(autosomal & (spreads > 0))
    usable = usable[means[usable] >= np.quantile(means[usable], LEAST_EXPRESSED)] if len(usable) else usable
    chosen = np.sort(usable[np.argsort(-spreads[usable], kind="stable")[:N_GENES]])
    values = vst[:, chosen].astype(np.float64)
    design = _design(known)
    values -= design @ np.linalg.lstsq(design, values, rcond=None)[0]
    values /= np.maximum(values.std(axis=0), 1e-9)
    sizes, directions = np.linalg.eigh(values @ values.T)
    large = np.argsort(-sizes)[: min(MOST_SHARED, len(values) // 10)]
    for direction in directions[:, large[sizes[large] > SHARED_SIZE * np.median(sizes)]].T:
        if 1 / (direction**4).sum() >= FEWEST_SHARING:
            values -= np.outer(direction, direction @ values)
    values -= values.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(values, axis=1, keepdims=True)
    values /= np.where(lengths > 0, lengths, 1.0)
    return np.asarray(values @ values.T)


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
    DataFrame with `PAIR_COLUMNS`, most alike first. `fail`: of different participants, and more alike than strangers can be:
    8 robust standard deviations above the median pair and a correlation of 0.2, or, where participants gave several samples,
    5 and half of what those have in common. `warn`: of one participant, and no more alike than strangers (less than 3 robust
    standard deviations), although most participants' samples are.
    """
    n_samples = len(samples)
    if n_samples < FEWEST_SAMPLES:
        return pd.DataFrame(columns=list(PAIR_COLUMNS))
    a, b = np.triu_indices(n_samples, 1)
    values = correlations[a, b]
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
    strange = max(centre + LEAST_Z * spread, LEAST_CORRELATION)
    limit = max(centre + RECOGNISED_Z * spread, usual / 2) if recognised else strange
    alike, apart = ~same & (values > limit), same & (z < 3) & recognised
    told = (
        "different participants, yet as alike as one person's samples"
        if participants is not None
        else ("as alike as one person's samples, and the sheet names no participants")
    )
    rows = [
        (samples[a[pair]], samples[b[pair]], values[pair], z[pair], verdict, reason, "expression")
        for mask, verdict, reason in (
            (alike, "fail" if participants is not None else "warn", told),
            (apart, "warn", "one participant, yet no more alike than strangers"),
        )
        for pair in np.flatnonzero(mask)[np.argsort(-values[mask], kind="stable")]
    ]
    return pd.DataFrame(rows, columns=list(PAIR_COLUMNS))


def judge_relatedness(related: pd.DataFrame, participants: pd.Series | None) -> pd.DataFrame:
    """Pairs that contradict the sheet by genotype.

    Parameters
    ----------
    related : sample_a, sample_b, similarity, same_person, source, as `inputs.relatedness.read_relatedness` gives them
    participants : participant of each sample, empty where unknown, index sample

    Returns
    -------
    DataFrame with `PAIR_COLUMNS`: one person's samples under two participants, or two people's under one (`fail`)
    """
    people = {} if participants is None else participants[participants.fillna("") != ""].to_dict()
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


def pair_flags(pairs: pd.DataFrame, samples: pd.Index, check: str) -> pd.DataFrame:
    """Each sample's worst pair as a flag; the reason names no other sample, which `qc/pairs.tsv` does.

    Returns
    -------
    DataFrame with `flags.FLAG_COLUMNS`; value is the correlation or similarity of the worst pair
    """
    if len(samples) < FEWEST_SAMPLES and check == "identity":
        reason = f"{len(samples)} samples are too few to know how alike strangers are; {FEWEST_SAMPLES} needed"
        return not_assessed(samples, check, reason)
    worst: dict[str, tuple[float, str, str]] = {}
    for pair in pairs.sort_values("verdict", kind="stable").to_dict("records"):  # fail before warn
        for sample in (str(pair["sample_a"]), str(pair["sample_b"])):
            worst.setdefault(sample, (float(pair["correlation"]), str(pair["verdict"]), str(pair["reason"])))
    rows = [
        (sample, check, value, np.nan, verdict, reason)
        for sample in samples
        for value, verdict, reason in [worst.get(sample, (np.nan, "ok", ""))]
    ]
    return pd.DataFrame(rows, columns=list(FLAG_COLUMNS))
