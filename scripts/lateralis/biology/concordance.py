"""How far a gene's transcript and its proteins agree: across people, and in the direction of a contrast."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.special import ndtri, stdtr
from scipy.stats import rankdata

from lateralis.inputs.annotation import strip_version
from lateralis.model.multiplicity import benjamini_hochberg

LEAST_DF = 3  # residual degrees of freedom below which no correlation is given
CORRELATIONS = ("spearman", "spearman_low", "spearman_high", "pvalue", "padj")
ADJUSTED = tuple(f"{name}_adjusted" for name in CORRELATIONS)
BOTH_SIDES = tuple(
    f"{column}_{side}" for side in ("rna", "protein") for column in ("log2FoldChange", "padj", "call", "na_reason")
)
CONCORDANCE_COLUMNS = (
    "contrast",
    "model",
    "protein",
    "gene_id",
    "gene_name",
    "n_pairs",
    *CORRELATIONS,
    *ADJUSTED,
    *BOTH_SIDES,
    "same_direction",
)
EVIDENCE = ("both", "opposite", "protein only", "RNA only")
CANDIDATE_COLUMNS = (
    "contrast",
    "evidence",
    "protein",
    "gene_id",
    "gene_name",
    *BOTH_SIDES,
    "same_direction",
    "n_pairs",
    "spearman",
    "spearman_low",
    "spearman_high",
    "padj_spearman",
    "spearman_adjusted",
)
NOT_COUNTED = "not_in_counts"
_SEPARATORS = re.compile(r"[;,|/]\s*|\s+")


def map_genes(genes: pd.Series, var: pd.DataFrame) -> pd.DataFrame:
    """Genes of each protein among those of the cohort.

    Parameters
    ----------
    genes : (n_proteins,) index protein; what the annotation gives: ids or symbols, several separated by ; , | / or blanks
    var : the cohort's genes, index gene_id; ensembl_id (without version), gene_name

    Returns
    -------
    DataFrame with protein, gene_id (empty where the cohort does not have the gene), gene_name; a row a pair. A name is looked
    for among ids, then ids without version, then symbols; a symbol that several ids share stands for all of them. A protein
    without a gene has one row, empty.
    """
    ids, bare, symbols = (
        {str(name): str(name) for name in var.index},
        _by_name(var["ensembl_id"]),
        _by_name(var["gene_name"]),
    )
    names = dict(zip(var.index.astype(str), var["gene_name"].astype(str), strict=True))
    rows: list[tuple[str, str, str]] = []
    for protein, given in genes.items():
        found: dict[str, str] = {}
        for name in dict.fromkeys(filter(None, _SEPARATORS.split(str(given).strip()))):
            plain = str(strip_version([name])[0])
            matched = [ids[name]] if name in ids else bare.get(plain, symbols.get(name, []))
            found |= {gene_id: names[gene_id] for gene_id in matched} if matched else {f"?{name}": name}
        pairs = found.items() if found else [("?", "")]
        rows += [(str(protein), "" if gene_id.startswith("?") else gene_id, name) for gene_id, name in pairs]
    return pd.DataFrame(rows, columns=["protein", "gene_id", "gene_name"], dtype=object)


def _by_name(names: pd.Series) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for gene_id, name in names.items():
        found.setdefault(str(name), []).append(str(gene_id))
    return found


def protein_ranks(levels: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Levels that rank as far as they are known: all that lies under the highest limit of a value below it is one tie.

    Parameters
    ----------
    levels, below : (n,) of one protein; levels NaN where not measured

    Returns
    -------
    (n,) float; NaN where not measured
    """
    if not below.any():
        return levels
    highest = levels[below].max()
    return np.where(below | (levels < highest), -np.inf, levels) + 0.0 * levels


def rank_correlation(x: np.ndarray, y: np.ndarray, covariates: np.ndarray | None = None) -> tuple[float, ...]:
    """Spearman's correlation, or its partial form, with its 95 % interval and p-value.

    Parameters
    ----------
    x, y : (n,) without missing values
    covariates : (n, k) of any rank; the ranks of both are taken less what these and a constant explain linearly

    Returns
    -------
    correlation, low, high, p-value; NaN where too few people are left, or one of both does not vary

    Source: interval by Fisher's transformation with the variance of Bonett & Wright 2000, doi:10.1007/BF02294183; test by
    Student's distribution with n − 2 − k degrees of freedom, as R `ppcor::pcor.test` and `scipy.stats.spearmanr`.
    """
    ranks = np.column_stack([rankdata(x), rankdata(y)])
    constant = np.ones((len(x), 1))
    design = constant if covariates is None else np.hstack([constant, covariates])
    left, singular, _ = np.linalg.svd(design, full_matrices=False)
    basis = left[:, singular > 1e-9 * singular.max(initial=1.0)]
    df = len(x) - 1 - basis.shape[1]
    residual = ranks - basis @ (basis.T @ ranks)
    lengths = np.linalg.norm(residual, axis=0)
    if df < LEAST_DF or (lengths < 1e-6 * np.linalg.norm(ranks, axis=0)).any():
        return (np.nan,) * 4
    rho = float(np.clip(residual[:, 0] @ residual[:, 1] / lengths.prod(), -1, 1))
    half = float(ndtri(0.975)) * np.sqrt((1 + rho**2 / 2) / (df - 1))
    centre = np.arctanh(np.clip(rho, -1 + 1e-15, 1 - 1e-15))
    with np.errstate(divide="ignore"):
        stat = abs(rho) * np.sqrt(df / max(1 - rho**2, 0.0)) if abs(rho) < 1 else np.inf
    return rho, float(np.tanh(centre - half)), float(np.tanh(centre + half)), float(2 * stdtr(df, -stat))


def correlate_pairs(
    pairs: pd.DataFrame, levels: pd.DataFrame, below: pd.DataFrame, expression: pd.DataFrame, design: pd.DataFrame
) -> pd.DataFrame:
    """Correlation of each protein with its transcripts across the people of a model, one pair a person.

    Parameters
    ----------
    pairs : from `map_genes`
    levels, below : (n_people, n_proteins) as in `ProteinTable`
    expression : (n_people, n_genes) variance-stabilised; columns gene_id
    design : (n_people, n_coef) without blocks' columns, of group and covariates

    Returns
    -------
    DataFrame like `pairs` with n_pairs, raw correlations and, adjusted for the whole design, those within groups; padj is
    Benjamini–Hochberg over all pairs
    """
    rows: list[tuple[float, ...]] = []
    for protein, gene_id in zip(pairs["protein"], pairs["gene_id"], strict=True):
        if gene_id not in expression:
            rows.append((0, *(np.nan,) * 8))
            continue
        ranked = protein_ranks(levels[protein].to_numpy(dtype=float), below[protein].to_numpy(dtype=bool))
        at = ~np.isnan(ranked)
        counted = expression[gene_id].to_numpy(dtype=float)[at]
        raw = rank_correlation(ranked[at], counted)
        adjusted = rank_correlation(ranked[at], counted, design.to_numpy(dtype=float)[at])
        rows.append((int(at.sum()), *raw, *adjusted))
    given = [name for name in (*CORRELATIONS, *ADJUSTED) if not name.startswith("padj")]
    found = pd.DataFrame(rows, columns=["n_pairs", *given], index=pairs.index)
    for suffix in ("", "_adjusted"):
        found[f"padj{suffix}"] = benjamini_hochberg(found[f"pvalue{suffix}"].to_numpy(dtype=float))
    return pairs.join(found)


def join_directions(
    correlations: pd.DataFrame,
    transcripts: pd.DataFrame,
    proteins: pd.DataFrame,
    *,
    contrast: str,
    model: str,
    rule: str,
) -> pd.DataFrame:
    """What a contrast says of both sides of each pair.

    Parameters
    ----------
    correlations : from `correlate_pairs`, of the contrast's model
    transcripts : `results.tsv.gz` of the contrast
    proteins : from `protein_results`
    rule : whose calls count for transcripts

    Returns
    -------
    DataFrame with `CONCORDANCE_COLUMNS`
    """
    rna = transcripts.set_index("gene_id")[["log2FoldChange", "padj", f"call_{rule}", "na_reason"]]
    rna = rna.set_axis(["log2FoldChange", "padj", "call", "na_reason"], axis=1).add_suffix("_rna")
    protein = proteins.set_index("protein")[["log2FoldChange", "padj", "call", "na_reason"]].add_suffix("_protein")
    found = correlations.join(rna, on="gene_id").join(protein, on="protein")
    known = found["gene_id"].isin(rna.index)
    found["na_reason_rna"] = found["na_reason_rna"].fillna("").where(known, NOT_COUNTED)
    found["na_reason_protein"] = found["na_reason_protein"].fillna("")
    for name in ("call_rna", "call_protein"):
        found[name] = found[name].fillna("none")
    signs = np.sign(found["log2FoldChange_rna"]) * np.sign(found["log2FoldChange_protein"])
    found["same_direction"] = np.where(signs.isna(), "", np.where(signs > 0, "yes", "no"))
    return found.assign(contrast=contrast, model=model)[list(CONCORDANCE_COLUMNS)]


def evidence(concordance: pd.DataFrame) -> pd.Series:
    """What is called of each pair: `both`, `opposite`, `protein only`, `RNA only`, or nothing."""
    rna, protein = concordance["call_rna"] != "none", concordance["call_protein"] != "none"
    agree = concordance["call_rna"] == concordance["call_protein"]
    found = np.select([rna & protein & agree, rna & protein, protein, rna], EVIDENCE, default="")
    return pd.Series(found, index=concordance.index, name="evidence")


def candidate_table(concordance: pd.DataFrame, contrasts: Sequence[str]) -> pd.DataFrame:
    """Pairs of which transcript, protein or both are called.

    Parameters
    ----------
    concordance : rows of `join_directions`, of all contrasts
    contrasts : their order

    Returns
    -------
    DataFrame with `CANDIDATE_COLUMNS`, sorted by contrast; then `both`, `opposite`, `protein only`, `RNA only`; then by the
    larger padj of what is called; then by names
    """
    found = (
        concordance.assign(evidence=evidence(concordance))
        .reset_index(drop=True)
        .rename(columns={"padj": "padj_spearman"})
    )
    found = found[found["evidence"] != ""]
    called = pd.concat(
        [found[f"padj_{side}"].where(found[f"call_{side}"] != "none") for side in ("rna", "protein")], axis=1
    )
    keys = pd.DataFrame(
        {
            "contrast": found["contrast"].map({name: number for number, name in enumerate(contrasts)}),
            "evidence": found["evidence"].map({name: number for number, name in enumerate(EVIDENCE)}),
            "padj": called.max(axis=1),
            "protein": found["protein"],
            "gene_id": found["gene_id"],
        }
    )
    order = keys.sort_values(["contrast", "evidence", "padj", "protein", "gene_id"], kind="stable").index
    return found.reindex(index=order, columns=list(CANDIDATE_COLUMNS)).reset_index(drop=True)
