"""What is not raw counts is called by its name; what is, is left in peace."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lateralis.errors import InputError
from lateralis.inputs.formats.content import whole_counts
from lateralis.inputs.rawness import looks_like, suspicions
from lateralis.inputs.simulate.cohorts import simulate_cohort

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
RNG = np.random.default_rng(0)
COUNTS = pd.DataFrame(
    RNG.negative_binomial(2, 2 / (2 + RNG.lognormal(5, 2, (2000, 1))), (2000, 6)), columns=[*"abcdef"], dtype="int64"
)
FILES = dict.fromkeys("abcdef", "counts.tsv")
CPM = COUNTS / COUNTS.sum() * 1e6
LOGS = np.log2(COUNTS + 1)
Z = LOGS[LOGS.std(axis=1) > 0].apply(lambda gene: (gene - gene.mean()) / gene.std(), axis=1)


@pytest.mark.parametrize(
    ("values", "name"),
    [
        (LOGS, "log-transformed values"),
        (np.log2(CPM + 0.01), "log-transformed values"),
        (CPM, "TPM or CPM"),
        (Z, "z-scores"),
        (COUNTS / [0.7, 1.1, 0.9, 1.3, 1.0, 0.8], "normalised or estimated counts"),
        (COUNTS - 30.5, "adjusted values"),
    ],
)
def test_each_kind_has_its_name_and_stands_in_the_refusal(values, name):
    assert looks_like(values).startswith(name)
    with pytest.raises(InputError) as caught:
        whole_counts(values, FILES, estimated=False)
    assert f"; the table looks like {name}" in str(caught.value)


def test_tpm_in_place_of_estimated_counts_is_refused():
    with pytest.raises(InputError, match=r"counts.tsv: the table looks like TPM or CPM .*gene_counts.tsv, not its TPM"):
        whole_counts(CPM, FILES, estimated=True)
    assert whole_counts(COUNTS + 0.25, FILES, estimated=True).equals(COUNTS)


@pytest.mark.parametrize(
    ("counts", "beginning"),
    [
        (CPM.round().astype(int), "Each sample sums to a million"),
        ((COUNTS / COUNTS.sum() * 7e6).round().astype(int), "All libraries have the same size"),
        (LOGS.round().astype(int), "No count is above"),
        (COUNTS * 4, "Every count is a multiple of 4"),
    ],
)
def test_whole_numbers_that_are_no_raw_counts_are_noted(counts, beginning):
    (note,) = suspicions(counts)
    assert note.startswith(beginning)
    assert not any(f"'{sample}'" in note for sample in counts)


def test_raw_counts_are_left_in_peace():
    assert suspicions(COUNTS) == []
    assert suspicions(COUNTS[["a"]]) == []
    assert suspicions(COUNTS.head(1)) == []
    assert suspicions(COUNTS * 0) == []
    for design in ("mac2als", "imodals"):
        assert suspicions(simulate_cohort(design, 1).counts) == []


@pytest.mark.parametrize("name", ["airway", "pasilla", "tb_hiv_whole_blood", "macrophage_alasoo"])
def test_real_counts_are_left_in_peace(name):
    if not (DATA / name).is_dir():
        pytest.skip("the shared data are not here")
    table = pd.read_csv(DATA / name / "counts.tsv.gz", sep="\t", index_col=0).select_dtypes("number")
    assert suspicions(table) == []
