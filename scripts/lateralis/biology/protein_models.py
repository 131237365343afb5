"""One model of a cohort in its proteins: the people, the fits and their transcripts; and what a contrast of it says."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from lateralis.biology.concordance import correlate_pairs, join_directions
from lateralis.biology.protein_summary import contrast_facts
from lateralis.biology.proteins import RESULT_COLUMNS, ProteinFits, fit_proteins, protein_results
from lateralis.config import Contrast, Endpoint, Proteins, Samples
from lateralis.inputs.proteins import ProteinTable
from lateralis.model.endpoint import headline_rule
from lateralis.model.measured import MeasuredPeople, arrange_measured, measured_weights, one_row_each


@dataclass(frozen=True)
class ProteinModel:
    """A model fitted to the proteins of its people.

    Attributes
    ----------
    design : formula
    people, fits : who was measured, and every protein's fit in them
    correlations : from `correlate_pairs`
    """

    design: str
    people: MeasuredPeople
    fits: ProteinFits
    correlations: pd.DataFrame


def fit_protein_model(
    spec: Proteins,
    table: ProteinTable,
    obs: pd.DataFrame,
    units: pd.Series,
    expression: pd.DataFrame,
    pairs: pd.DataFrame,
    design: str,
    samples: Samples,
    *,
    where: str,
) -> ProteinModel:
    """Fit a model to the proteins of its people, and correlate these with their transcripts.

    Parameters
    ----------
    spec, samples : the cohort's sections
    table : what was measured
    obs : typed sheet of the model's samples
    units : the table's id of each sample of the cohort
    expression : (n_samples, n_genes) variance-stabilised, of the genes in `pairs`
    pairs : from `map_genes`
    design : the model's formula
    where : file and key for messages

    Raises
    ------
    InputError
        If the people measured cannot be fitted by the design.
    """
    rows, sources = one_row_each(obs, units, table.people, design, where=where)
    people = arrange_measured(rows, design, samples, where=where)
    levels, below = table.levels.loc[rows.index], table.below.loc[rows.index]
    fits = fit_proteins(levels, below, people, min_detected=spec.min_detected)
    first = np.ones(len(rows), dtype=bool)
    if spec.unit == "sample" and samples.participant is not None:  # one pair a person: their first sample
        who = rows[samples.participant].astype(object)
        first = ~(who.duplicated() & who.notna() & (who != "")).to_numpy(dtype=bool)
    counted = expression.loc[sources].set_axis(rows.index)
    correlations = correlate_pairs(pairs, levels[first], below[first], counted[first], people.matrix[first])
    return ProteinModel(design, people, fits, correlations)


def ask_contrast(
    name: str,
    contrast: Contrast,
    model: ProteinModel,
    transcripts: pd.DataFrame,
    endpoint: Endpoint,
    samples: Samples,
    *,
    where: str,
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, object]]:
    """Test a contrast in every protein, and set it beside the transcripts.

    Parameters
    ----------
    name, contrast : one of the model's
    transcripts : its `results.tsv.gz`
    endpoint, samples : the cohort's sections
    where : file and key for messages

    Returns
    -------
    results with `RESULT_COLUMNS`, rows of `concordance.tsv`, and what `summary.json` says of it

    Raises
    ------
    InputError
        If the people measured cannot answer the contrast.
    """
    weights = measured_weights(contrast, model.people, model.design, samples, where=where)
    results = protein_results(model.fits, model.people.obs, contrast, weights, endpoint)
    rule = headline_rule(transcripts, endpoint.headline)
    concordance = join_directions(
        model.correlations, transcripts, results, contrast=name, model=contrast.model, rule=rule
    )
    genes = model.correlations.groupby("protein", sort=False)[["gene_id", "gene_name"]].agg(_joined)
    prior = model.fits.prior
    facts: dict[str, object] = {
        "status": "tested",
        "reason": "",
        "model": contrast.model,
        "n_people": len(model.people.obs),
        "prior_variance": prior.variance,
        "prior_df": prior.df if np.isfinite(prior.df) else None,
    }
    if contrast.variable is not None:
        groups = model.people.obs[contrast.variable]
        facts |= {
            "n_test": int((groups == contrast.test).sum()),
            "n_reference": int((groups == contrast.reference).sum()),
        }
    results = results.join(genes, on="protein")[list(RESULT_COLUMNS)]
    return results, concordance, facts | contrast_facts(results, concordance, endpoint.alpha)


def _joined(names: pd.Series) -> str:
    return ";".join(dict.fromkeys(filter(None, names)))
