"""The three built-in cohorts, whole: counts, sample sheet, and the truth that tests and demo reports are held against."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from lateralis.errors import InputError, listing
from lateralis.inputs.annotation import read_annotation
from lateralis.inputs.simulate import effects as true_effects
from lateralis.inputs.simulate import expression, faults, panels, participants, trials
from lateralis.inputs.simulate.genes import baseline_means, choose_genes
from lateralis.inputs.simulate.sizes import SIZES

MAC2ALS_READS = 25e6
TRIAL_READS = 12e6
PARTICIPANT_LOG2_SD = 0.25


@dataclass(frozen=True)
class SimulatedCohort:
    """A cohort whose truth is known.

    Attributes
    ----------
    counts : DataFrame genes × samples, int; index gene_id (Ensembl), columns sample names
    samples : DataFrame, the sample sheet, one row a sample in the order of `counts`
    truth : DataFrame, one row a gene in the order of `counts`: gene_id, gene_name, baseline_mean (expected count in a
        typical library of a woman at every reference level), dispersion (for Y-linked genes, of men), programme (what the
        gene responds with; empty for none), and log2 fold changes `log2fc_*`
    faults : DataFrame with sample, fault, detail: what was planted
    """

    counts: pd.DataFrame
    samples: pd.DataFrame
    truth: pd.DataFrame
    faults: pd.DataFrame


def simulate_cohort(design: str, seed: int) -> SimulatedCohort:
    """Simulate a built-in cohort; the same seed gives the same cohort.

    Parameters
    ----------
    design : `mac2als`, `mirocals` or `imodals`
    seed : of all that is drawn
    """
    if design not in DESIGNS:
        raise InputError("input.simulate", f"is '{design}'", f"The built-in cohorts are {listing(DESIGNS)}")
    return DESIGNS[design](np.random.default_rng(seed))


def simulate_mac2als(rng: np.random.Generator, contamination: float = faults.CONTAMINATION) -> SimulatedCohort:
    """Macrophages of 180 participants in four groups, with batches and five faulty samples.

    Parameters
    ----------
    rng : of all that is drawn
    contamination : share of the contaminated sample's RNA that is of T cells
    """
    sheet = participants.mac2als_sheet(rng)
    levels = {**panels.MACROPHAGE, **dict.fromkeys(panels.NOT_IN_MACROPHAGES, panels.LEVEL_OF_OTHER_CELLS)}
    genes, means = _cells(rng, SIZES["mac2als"][1], MAC2ALS_READS, levels)
    effects = true_effects.mac2als_effects(rng, genes, means)
    batch_effects = expression.draw_batch_effects(rng, means, participants.BATCHES)
    effects.table[batch_effects.columns] = batch_effects
    faulty = faults.choose_faulty_samples(rng, sheet)
    outlier_gene = faults.choose_outlier_gene(rng, means, effects.untouched())

    covariates = pd.DataFrame(
        {
            **{f"log2fc_{group}": sheet["group"] == group for group in ("als", "carrier", "motor")},
            "log2fc_sex": (sheet["sex"] == "M") | (sheet["sample"] == faulty.sex_swapped),
            "log2fc_age_per_sd": trials.standardised(sheet["age"]),
            **{f"log2fc_batch_{batch}": sheet["batch"] == batch for batch in participants.BATCHES[1:]},
        }
    ).astype(float)
    depths = expression.draw_depths(rng, len(sheet))
    depths[(sheet["sample"] == faulty.failed_library).to_numpy()] = faults.FAILED_LIBRARY_READS / MAC2ALS_READS
    expected = expression.expected_counts(means, effects.table, covariates, depths)
    contaminated = (sheet["sample"] == faulty.contaminated).to_numpy()
    t_cells = expected[:, contaminated] * faults.t_cell_expression(rng, genes, means)[:, None] * contamination
    expected[:, contaminated] *= 1.0 - contamination

    cohort = _measure(rng, sheet, genes, means, effects, expected)
    t_cell_dispersions = expression.draw_dispersions(rng, pd.Series(t_cells[:, 0], index=means.index))
    cohort.counts[faulty.contaminated] += expression.draw_counts(rng, t_cells, t_cell_dispersions)[:, 0]
    cohort.counts.loc[outlier_gene, faulty.outlier_count] = faults.OUTLIER_COUNT
    apart = rng.spawn(1)[0]  # a stream of its own: the other samples are the same with and without the duplicate
    duplicate = faults.choose_duplicate(apart, sheet, faulty)
    at = [sheet.index[sheet["sample"] == name][0] for name in duplicate]
    cohort.counts[list(duplicate)] = faults.two_libraries(apart, expected[:, at], cohort.truth["dispersion"].to_numpy())
    planted = faults.fault_table(faulty, outlier_gene, duplicate, contamination)
    return SimulatedCohort(cohort.counts, sheet, cohort.truth, planted)


def simulate_mirocals(rng: np.random.Generator) -> SimulatedCohort:
    """Blood of 60 participants on IL-2 or placebo at three visits."""
    sheet = trials.at_each_visit(trials.mirocals_participants(rng), trials.MIROCALS_VISITS, "MIR")
    genes, means = _cells(rng, SIZES["mirocals"][1], TRIAL_READS, panels.BLOOD)
    effects = true_effects.mirocals_effects(rng, genes, means)
    return _repeated_measures(rng, sheet, genes, means, effects, trials.mirocals_covariates(sheet))


def simulate_imodals(rng: np.random.Generator) -> SimulatedCohort:
    """Blood of 36 participants on 0, 1 or 2 MIU of IL-2 at three visits."""
    sheet = trials.at_each_visit(trials.imodals_participants(rng), trials.IMODALS_VISITS, "IMO")
    genes, means = _cells(rng, SIZES["imodals"][1], TRIAL_READS, panels.BLOOD)
    effects = true_effects.imodals_effects(rng, genes, means)
    covariates = trials.imodals_covariates(sheet)
    return _repeated_measures(rng, sheet.drop(columns="response"), genes, means, effects, covariates)


DESIGNS: dict[str, Callable[[np.random.Generator], SimulatedCohort]] = {
    "mac2als": simulate_mac2als,
    "mirocals": simulate_mirocals,
    "imodals": simulate_imodals,
}


def _cells(
    rng: np.random.Generator, n_genes: int, reads: float, levels: Mapping[str, float]
) -> tuple[pd.DataFrame, pd.Series]:
    """Genes and their baseline means in cells whose markers have the given levels."""
    named = true_effects.named_levels(levels)
    expressed = [*panels.RESPONDING, *panels.X_ESCAPE]
    genes = choose_genes(read_annotation(), n_genes, [*named, *expressed, *panels.RED_CELL, *panels.MITOCHONDRIAL])
    return genes, baseline_means(rng, genes, named, expressed, reads)


def _repeated_measures(
    rng: np.random.Generator,
    sheet: pd.DataFrame,
    genes: pd.DataFrame,
    means: pd.Series,
    effects: true_effects.Effects,
    covariates: pd.DataFrame,
) -> SimulatedCohort:
    """A trial's cohort: samples of a participant share that person's level of each gene."""
    depths = expression.draw_depths(rng, len(sheet))
    expected = expression.expected_counts(means, effects.table, covariates, depths)
    person, people = pd.factorize(sheet["participant"])
    levels = rng.normal(0.0, PARTICIPANT_LOG2_SD, (len(genes), len(people)))
    return _measure(rng, sheet, genes, means, effects, expected * np.exp2(levels[:, person]))


def _measure(
    rng: np.random.Generator,
    sheet: pd.DataFrame,
    genes: pd.DataFrame,
    means: pd.Series,
    effects: true_effects.Effects,
    expected: expression.FloatArray,
) -> SimulatedCohort:
    """Draw the counts around what is expected, and put down the truth."""
    mitochondrial = (genes["chromosome"] == "MT").to_numpy()
    expected[mitochondrial] *= np.exp2(expression.draw_mitochondrial_shift(rng, len(sheet)))
    in_expressing_sex = means * np.exp2(effects.table["log2fc_sex"].clip(lower=0.0))
    dispersions = expression.draw_dispersions(rng, in_expressing_sex)
    counts = pd.DataFrame(
        expression.draw_counts(rng, expected, dispersions),
        index=pd.Index(genes.index, name="gene_id"),
        columns=pd.Index(sheet["sample"], name=None),
    )
    truth = pd.DataFrame(
        {
            "gene_id": genes.index,
            "gene_name": genes["gene_name"].to_numpy(),
            "baseline_mean": means.to_numpy(),
            "dispersion": dispersions.to_numpy(),
            "programme": effects.programme.to_numpy(),
        }
    )
    truth = pd.concat([truth, effects.table.reset_index(drop=True)], axis=1)
    return SimulatedCohort(counts, sheet, truth, faults.no_faults())
