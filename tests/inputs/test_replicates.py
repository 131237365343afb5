"""Technical replicates: counts summed, lengths averaged as the counts weigh them."""

import numpy as np
import pandas as pd

from lateralis.inputs.replicates import sum_replicates

GENES = ["g1", "g2", "g3"]
COUNTS = pd.DataFrame([[10, 1, 30, 5], [0, 2, 0, 5], [2**40, 3, 1, 5]], index=GENES, columns=["L1", "L2", "L3", "L4"])
LENGTHS = pd.DataFrame(
    [[1000.0, 7, 2000, 9], [100, 7, 300, 9], [500, 7, 900, 9]], index=GENES, columns=["L1", "L2", "L3", "L4"]
)
UNITS = pd.Series({"L4": "B1", "L1": "B2", "L2": "L2", "L3": "B2"})  # in another order than the columns


def test_counts_of_a_biological_sample_are_summed_in_order_of_appearance():
    counts, lengths = sum_replicates(COUNTS, None, UNITS)
    assert lengths is None
    assert counts.columns.tolist() == ["B2", "L2", "B1"]
    assert counts.index.tolist() == GENES
    assert counts.to_numpy().tolist() == [[40, 1, 5], [0, 2, 5], [2**40 + 1, 3, 5]]
    assert set(counts.dtypes) == {np.dtype("int64")}


def test_lengths_are_weighted_by_the_counts_and_plain_where_there_are_none():
    _, lengths = sum_replicates(COUNTS, LENGTHS[["L4", "L3", "L2", "L1"]], UNITS)
    assert lengths.columns.tolist() == ["B2", "L2", "B1"]
    # g1: (10·1000 + 30·2000) / 40; g2 has no counts: (100 + 300) / 2; g3: nearly all counts in the first lane
    np.testing.assert_allclose(lengths["B2"], [1750.0, 200.0, (500 * 2**40 + 900) / (2**40 + 1)], rtol=1e-15)
    np.testing.assert_array_equal(lengths[["L2", "B1"]], [[7, 9], [7, 9], [7, 9]])


def test_without_replicates_rows_only_take_the_samples_names():
    units = pd.Series({"L1": "B1", "L2": "L2", "L3": "B3", "L4": "B4"})
    counts, lengths = sum_replicates(COUNTS, LENGTHS[["L4", "L3", "L2", "L1"]], units)
    assert counts.columns.tolist() == lengths.columns.tolist() == ["B1", "L2", "B3", "B4"]
    np.testing.assert_array_equal(counts, COUNTS)
    np.testing.assert_array_equal(lengths, LENGTHS)
