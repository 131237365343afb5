"""What goes wrong in the simulated mac2als cohort, for quality control to find: five samples with one fault each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lateralis.inputs.simulate import panels

CONTAMINATION = 0.15
FAILED_LIBRARY_READS = 0.4e6
OUTLIER_COUNT = 200_000
LIBRARY_LOG_SD = 0.15  # natural log; between two libraries of the same cells


@dataclass(frozen=True)
class FaultySamples:
    """The samples with a fault, by name."""

    sex_swapped: str
    contaminated: str
    failed_library: str
    outlier_count: str


def choose_faulty_samples(rng: np.random.Generator, sheet: pd.DataFrame) -> FaultySamples:
    """Four different samples; the swapped one is a woman's by the sheet, the outlier sits in the smallest group."""
    large_group = sheet["group"] != "carrier"
    swapped = rng.choice(sheet.loc[large_group & (sheet["sex"] == "F"), "sample"])
    others = sheet.loc[large_group & (sheet["sample"] != swapped), "sample"]
    contaminated, failed = rng.choice(others, size=2, replace=False)
    outlier = rng.choice(sheet.loc[~large_group, "sample"])
    return FaultySamples(str(swapped), str(contaminated), str(failed), str(outlier))


def choose_duplicate(rng: np.random.Generator, sheet: pd.DataFrame, faulty: FaultySamples) -> tuple[str, str]:
    """A sample, and another one that is to be a second library of its participant: alike in group and sex, not relatives."""
    sound = ~sheet["sample"].isin(
        [faulty.sex_swapped, faulty.contaminated, faulty.failed_library, faulty.outlier_count]
    )
    eligible = sheet[sound & (sheet["family"] == "") & (sheet["group"] != "carrier")]
    original = eligible.iloc[int(rng.integers(len(eligible)))]
    alike = (eligible["group"] == original["group"]) & (eligible["sex"] == original["sex"])
    others = eligible.loc[alike & (eligible["sample"] != original["sample"]), "sample"]
    return str(original["sample"]), str(rng.choice(others))


def two_libraries(
    rng: np.random.Generator, expected: NDArray[np.float64], dispersions: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Counts of libraries made apart from one person's cells.

    Parameters
    ----------
    expected : (n_genes, 2) expected counts, each with its own depth and batch
    dispersions : (n_genes,)

    Returns
    -------
    (n_genes, 2): the biological deviation is shared; the preparation's (log-normal) and the counting's are not
    """
    person = rng.standard_gamma(1.0 / dispersions) * dispersions
    library = np.exp(rng.normal(-(LIBRARY_LOG_SD**2) / 2, LIBRARY_LOG_SD, expected.shape))
    return rng.poisson(expected * person[:, None] * library)


def nest_batch(sheet: pd.DataFrame, group: str) -> pd.DataFrame:
    """The sheet with one more batch that holds all of a group and nobody else."""
    return sheet.assign(batch=sheet["batch"].where(sheet["group"] != group, f"{group} only"))


def blank_sex(sheet: pd.DataFrame, group: str) -> pd.DataFrame:
    """The sheet with the sex of a group left blank."""
    return sheet.assign(sex=sheet["sex"].where(sheet["group"] != group, ""))


def t_cell_expression(rng: np.random.Generator, genes: pd.DataFrame, means: pd.Series) -> NDArray[np.float64]:
    """Level of each gene in T cells over that in macrophages of the same person.

    T cells have their own markers, a hundredth of the macrophages', and other autosomal genes at another level.
    """
    symbols = genes["gene_name"]
    ratio = np.exp(rng.normal(-0.5, 1.0, len(genes)))  # mean 1
    ratio[genes["chromosome"].isin(["X", "Y", "MT"]).to_numpy()] = 1.0
    ratio[symbols.isin(panels.HOUSEKEEPING).to_numpy()] = 1.0
    ratio[symbols.isin(panels.MACROPHAGE).to_numpy()] = 0.01
    t_cell = symbols.isin(panels.T_CELL).to_numpy()
    ratio[t_cell] = symbols[t_cell].map(panels.T_CELL).to_numpy(dtype=float) / means[t_cell].to_numpy()
    return ratio


def choose_outlier_gene(rng: np.random.Generator, means: pd.Series, untouched: pd.Index) -> str:
    """A moderately expressed gene without a true effect."""
    candidates = means[untouched]
    return str(rng.choice(candidates.index[(candidates > 30) & (candidates < 300)]))


def fault_table(
    faulty: FaultySamples, outlier_gene: str, duplicate: tuple[str, str], contamination: float
) -> pd.DataFrame:
    """What was planted, one row a fault: sample, fault, detail."""
    original, second = duplicate
    rows = [
        (faulty.sex_swapped, "sex_swapped", "the sheet says F, the sample is a man's"),
        (faulty.contaminated, "contaminated", f"{contamination:.0%} of the RNA is of T cells"),
        (faulty.failed_library, "failed_library", f"{FAILED_LIBRARY_READS / 1e6:.1f} million reads"),
        (faulty.outlier_count, "outlier_count", f"{outlier_gene} has a count of {OUTLIER_COUNT}"),
        (second, "duplicate", f"a second library of the participant of {original}"),
    ]
    return pd.DataFrame(rows, columns=["sample", "fault", "detail"])


def no_faults() -> pd.DataFrame:
    """The fault table of a cohort without planted faults."""
    return pd.DataFrame(columns=["sample", "fault", "detail"], dtype=object)
