import anndata as ad
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from lateralis.config import Counts
from lateralis.errors import InputError
from lateralis.inputs.counts import check_counts_header, read_counts

COUNTS = np.array([[1, 2, 3], [4, 5, 6]])


def write(tmp_path, x, samples=("S-1", "NA"), genes=("g1", "NA", "g3"), **options):
    path = tmp_path / "counts.h5ad"
    var = pd.DataFrame(options.pop("var", {}), index=list(genes))
    ad.AnnData(x, obs=pd.DataFrame(index=list(samples)), var=var, **options).write_h5ad(path)
    return Counts(format="h5ad", path=str(path))


@pytest.mark.parametrize("make", [np.asarray, sparse.csr_matrix, sparse.csc_matrix, lambda x: x.astype("float32")])
def test_x_is_transposed_and_matched_by_name(tmp_path, make):
    spec = write(tmp_path, make(COUNTS), var={"gene_symbol": ["SOD1", "TARDBP", "FUS"]})
    check_counts_header(spec, ["NA", "S-1"], "s.tsv")
    table = read_counts(spec, ["NA", "S-1"])
    assert table.counts.index.tolist() == ["g1", "NA", "g3"]
    assert table.counts.to_dict("list") == {"NA": [4, 5, 6], "S-1": [1, 2, 3]}
    assert table.counts.dtypes.tolist() == [np.dtype("int64")] * 2
    assert table.gene_names.to_dict() == {"g1": "SOD1", "NA": "TARDBP", "g3": "FUS"}
    assert table.notes == ["Counts were read from `X` of the h5ad file."]


def test_layer_counts_goes_before_x(tmp_path):
    spec = write(tmp_path, np.log1p(COUNTS), layers={"counts": sparse.csr_matrix(COUNTS)})
    table = read_counts(spec, ["S-1", "NA"])
    assert table.counts["S-1"].tolist() == [1, 2, 3]
    assert table.notes == ["Counts were read from `layers/counts` of the h5ad file."]


def test_normalised_x_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"gene 'g1', sample 'S-1': the count is 0\.69.*, a fraction"):
        read_counts(write(tmp_path, np.log1p(COUNTS)), ["S-1", "NA"])


@pytest.mark.parametrize(("value", "found"), [(np.nan, "is nan, not a finite"), (-1.0, "is -1, a negative")])
def test_bad_values_are_named(tmp_path, value, found):
    x = COUNTS.astype(float)
    x[1, 2] = value
    with pytest.raises(InputError, match=f"gene 'g3', sample 'NA': the count {found}"):
        read_counts(write(tmp_path, x), ["S-1", "NA"])


@pytest.mark.filterwarnings("ignore:.*names are not unique")
def test_repeated_names(tmp_path):
    with pytest.raises(InputError, match="samples stand more than once: 'S'"):
        check_counts_header(write(tmp_path, COUNTS, samples=("S", "S")), ["S"], "s.tsv")
    with pytest.raises(InputError, match="gene ids stand more than once: 'g'"):
        read_counts(write(tmp_path, COUNTS, genes=("g", "h", "g")), ["S-1", "NA"])


def test_other_and_cut_files(tmp_path):
    spec = write(tmp_path, COUNTS)
    with pytest.raises(InputError, match=r"no counts for 'X', which s\.tsv lists"):
        check_counts_header(spec, ["S-1", "NA", "X"], "s.tsv")
    content = (tmp_path / "counts.h5ad").read_bytes()
    (tmp_path / "counts.h5ad").write_bytes(content[: len(content) // 2])
    with pytest.raises(InputError, match="is truncated or corrupt"):
        check_counts_header(spec, ["S-1", "NA"], "s.tsv")
    (tmp_path / "counts.h5ad").write_text("gene\tA\n")
    with pytest.raises(InputError, match="is not an HDF5 file"):
        check_counts_header(spec, ["S-1", "NA"], "s.tsv")


def test_a_file_without_a_matrix(tmp_path):
    with pytest.raises(InputError, match="has neither a layer `counts` nor `X`"):
        read_counts(write(tmp_path, None), ["S-1", "NA"])
