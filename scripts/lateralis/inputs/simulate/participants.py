"""Who takes part in the simulated mac2als cohort: a sheet with unequal groups, relatives, and batches spread over groups."""

from __future__ import annotations

import numpy as np
import pandas as pd

GROUP_SIZES = {"als": 80, "carrier": 18, "motor": 40, "control": 42}
MEAN_AGE = {"als": 62.0, "carrier": 45.0, "motor": 60.0, "control": 61.0}
SHARE_OF_MEN = {"als": 0.56, "carrier": 0.5, "motor": 0.55, "control": 0.5}
BATCHES = ["b1", "b2", "b3", "b4"]

# Families with mutations: the gene, relatives with ALS and carriers among the participants.
FAMILIES = [
    ("C9orf72", 1, 2), ("C9orf72", 1, 2), ("C9orf72", 2, 1), ("C9orf72", 1, 1), ("C9orf72", 1, 2), ("C9orf72", 0, 2),
    ("SOD1", 1, 2), ("SOD1", 1, 1), ("SOD1", 0, 1), ("TARDBP", 1, 2), ("FUS", 1, 1), ("C9orf72", 1, 1),
]  # fmt: skip
SPORADIC_C9ORF72 = 4
SHARE_ON_RILUZOLE = 0.85  # of people with ALS; nobody else takes it

MOTOR_DIAGNOSES = [
    "multifocal motor neuropathy", "chronic inflammatory neuropathy", "hereditary motor neuropathy", "axonal polyneuropathy",
    "spinal muscular atrophy", "post-polio syndrome", "spastic paraplegia", "cervical myelopathy", "lumbar radiculopathy",
    "inclusion body myositis", "polymyositis", "muscular dystrophy", "metabolic myopathy", "myasthenic syndrome",
    "parkinsonian syndrome", "stroke sequelae",
]  # fmt: skip


def draw_ages(rng: np.random.Generator, mean: float, sd: float, n: int) -> np.ndarray:
    """Ages in whole years, within 20 to 85."""
    return np.clip(np.rint(rng.normal(mean, sd, n)), 20, 85).astype(int)


def deal(rng: np.random.Generator, values: list[str], n: int) -> np.ndarray:
    """Values dealt in turn to n people in random order: counts differ by one at most."""
    return rng.permutation(np.resize(np.array(values, dtype=object), n))


def numbered(prefix: str, n: int) -> list[str]:
    """Names `{prefix}001`, `{prefix}002`, ..."""
    return [f"{prefix}{number:03d}" for number in range(1, n + 1)]


def mac2als_sheet(rng: np.random.Generator) -> pd.DataFrame:
    """Sample sheet of 180 participants with one sample each, in an order that tells nothing about their group.

    Returns
    -------
    DataFrame with sample, participant, family (empty without relatives), group, sex, age, batch, diagnosis, gene_mutation,
    riluzole (`yes` or `no`).
    """
    groups = [_group(rng, group, size) for group, size in GROUP_SIZES.items()]
    people = pd.concat(groups, ignore_index=True)
    _add_families(people)
    people = people.iloc[rng.permutation(len(people))].reset_index(drop=True)
    people.insert(0, "sample", numbered("M2A", len(people)))
    people.insert(1, "participant", rng.permutation(numbered("P", len(people))))
    treated = (people["group"] == "als") & (rng.spawn(1)[0].random(len(people)) < SHARE_ON_RILUZOLE)
    people["riluzole"] = np.where(treated, "yes", "no")
    return people


def _group(rng: np.random.Generator, group: str, size: int) -> pd.DataFrame:
    """People of one group, each without relatives."""
    diagnoses = {"als": "sALS", "carrier": "asymptomatic", "control": "none"}
    n_men = round(SHARE_OF_MEN[group] * size)
    return pd.DataFrame(
        {
            "family": "",
            "group": group,
            "sex": rng.permutation(["M"] * n_men + ["F"] * (size - n_men)),
            "age": draw_ages(rng, MEAN_AGE[group], 10.0, size),
            "batch": deal(rng, BATCHES, size),
            "diagnosis": deal(rng, MOTOR_DIAGNOSES, size) if group == "motor" else diagnoses[group],
            "gene_mutation": "none",
        }
    )


def _add_families(people: pd.DataFrame) -> None:
    """Give carriers and familial ALS their family and mutation; a few sporadic ALS have C9orf72 too."""
    patients = iter(people.index[people["group"] == "als"])
    carriers = iter(people.index[people["group"] == "carrier"])
    for number, (gene, n_patients, n_carriers) in enumerate(FAMILIES, start=1):
        affected = [next(patients) for _ in range(n_patients)]
        members = affected + [next(carriers) for _ in range(n_carriers)]
        people.loc[members, "family"] = f"F{number:02d}" if len(members) > 1 else ""
        people.loc[members, "gene_mutation"] = gene
        people.loc[affected, "diagnosis"] = "fALS"
    for _ in range(SPORADIC_C9ORF72):
        people.loc[next(patients), "gene_mutation"] = "C9orf72"
