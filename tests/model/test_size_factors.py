"""Size factors from the genes that a config names: their values by hand, and what is said where they cannot be had."""

import numpy as np
import pandas as pd
import pytest

from lateralis.errors import InputError
from lateralis.model.size_factors import configured_size_factors

GENES = pd.Index(["a", "b", "c", "d", "spike1", "spike2", "off"])
COUNTS = np.array([[10, 20, 30, 40, 100, 300, 0], [80, 160, 240, 320, 200, 600, 0]])


def factors(path=None, method="auto", **options):
    return configured_size_factors(COUNTS, GENES, method=method, control_genes=path, where="cohort.yaml", **options)


@pytest.fixture
def listed(tmp_path):
    """Write a list, return its path."""

    def write(*genes):
        (tmp_path / "control.txt").write_text("\n".join(genes), encoding="utf-8")
        return str(tmp_path / "control.txt")

    return write


def test_control_genes_decide_alone(listed):
    # of the seven genes, four are 8 times higher in the second sample; the spike-ins twice
    found, words = factors()
    np.testing.assert_allclose(found.values, [8**-0.5, 8**0.5], rtol=1e-12)
    assert (found.method, words) == ("ratio", "all genes")
    found, words = factors(listed("spike2", "spike1", "off", "elsewhere"))
    np.testing.assert_allclose(found.values, [2**-0.5, 2**0.5], rtol=1e-12)
    assert words == "2 of 4 control genes (3 are in the counts)"


def test_average_lengths_of_the_control_genes_are_theirs(listed):
    lengths = np.ones(COUNTS.shape)
    lengths[1, 4:6] = 2
    found, _ = factors(listed("spike1", "spike2"), average_lengths=lengths)
    np.testing.assert_allclose(found.values, [1, 1], rtol=1e-12)


def test_the_model_s_filter_holds_for_control_genes(listed):
    kept = np.isin(GENES, ["a", "b", "spike1"])
    assert factors(listed("spike1", "spike2"), kept=kept)[1] == "1 of 2 control genes (2 are in the counts)"
    assert factors(kept=kept)[1] == "all genes kept"
    with pytest.raises(
        InputError, match="1 of its 1 control genes are in the counts, but none of them passes the model's"
    ):
        factors(listed("spike2"), kept=kept)


def test_genes_that_say_nothing_are_an_error(listed):
    path = listed("ERCC-1", "ERCC-2")
    with pytest.raises(InputError) as caught:
        factors(path)
    assert caught.value.where == path
    assert caught.value.found.startswith(
        "0 of its 2 control genes are in the counts: here 'ERCC-1', 'ERCC-2', there 'a'"
    )
    with pytest.raises(InputError, match="1 of its 1 control genes are in the counts, but none of them has a count"):
        factors(listed("off"))


def test_a_method_that_finds_no_gene_says_which_would():
    counts = np.array([[5, 0, 8], [0, 7, 4], [3, 9, 0]])
    genes = pd.Index(list("xyz"))
    with pytest.raises(
        InputError, match=r"cohort.yaml, size_factors: method 'ratio' on all genes: .* `method: poscounts`"
    ):
        configured_size_factors(counts, genes, method="ratio", control_genes=None, where="cohort.yaml")
    assert configured_size_factors(counts, genes, method="auto", control_genes=None, where="")[0].method == "poscounts"


def test_control_genes_absent_from_a_sample_are_an_error(tmp_path):
    (tmp_path / "control.txt").write_text("x\n", encoding="utf-8")
    counts = np.array([[5, 4], [0, 7]])
    with pytest.raises(InputError, match=r"1 of 1 control genes .*: a sample has no count in the genes"):
        configured_size_factors(
            counts, pd.Index(["x", "y"]), method="auto", control_genes=str(tmp_path / "control.txt"), where="c"
        )
