import shutil

import anndata as ad
import h5py
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from lateralis.config import Counts
from lateralis.errors import InputError
from lateralis.inputs.counts import check_counts_header, read_counts
from lateralis.inputs.formats import anndata_file

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


def test_names_and_sizes_need_no_matrix(tmp_path):
    path = write(tmp_path, COUNTS).path
    with h5py.File(path, "a") as file:
        del file["X"]
    assert anndata_file.sample_names(path) == ["S-1", "NA"]
    assert anndata_file.gene_count(path) == 3
    with pytest.raises(InputError, match="has neither a layer `counts` nor `X`"):
        anndata_file.read(path)


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


# --- files that somebody made to do harm ---


def changed(tmp_path, change, x=COUNTS, **options):
    """A valid file after `change(file)`, as the config names it."""
    spec = write(tmp_path, x, **options)
    with h5py.File(spec.path, "r+") as file:
        change(file)
    return spec


def linked(name, link):
    def change(file):
        del file[name]
        file[name] = link

    return change


@pytest.mark.parametrize("name", ["X", "obs", "obs/_index", "var", "var/_index"])
@pytest.mark.parametrize(
    "link", [h5py.ExternalLink("secret.h5ad", "/X"), h5py.SoftLink("/uns"), h5py.SoftLink("/nowhere")], ids=type
)
def test_links_are_not_followed(tmp_path, name, link):
    (tmp_path / "other").mkdir()
    secret = write(tmp_path / "other", COUNTS + 1000)
    shutil.copy(secret.path, tmp_path / "secret.h5ad")
    with pytest.raises(InputError, match=f"{name.split('/')[-1]}: is a link to another place"):
        read_counts(changed(tmp_path, linked(name, link)), ["S-1", "NA"])


def test_an_index_elsewhere_in_the_file_is_not_followed(tmp_path):
    def change(file):
        file["elsewhere"] = h5py.ExternalLink("secret.h5ad", "/obs/_index")
        file["obs"].attrs["_index"] = "/elsewhere"

    with pytest.raises(InputError, match="/elsewhere: is a link to another place"):
        read_counts(changed(tmp_path, change), ["S-1", "NA"])


def test_storage_in_other_files_is_not_read(tmp_path):
    (tmp_path / "raw").write_bytes(np.arange(6).tobytes())

    def external(file):
        del file["X"]
        file.create_dataset("X", (2, 3), "int64", external=[(str(tmp_path / "raw"), 0, 48)])

    def virtual(file):
        del file["X"]
        layout = h5py.VirtualLayout(shape=(2, 3), dtype="int64")
        layout[:] = h5py.VirtualSource(str(tmp_path / "other.h5"), "X", shape=(2, 3))
        file.create_virtual_dataset("X", layout)

    for change in (external, virtual):
        with pytest.raises(InputError, match="/X: is stored in another file"):
            read_counts(changed(tmp_path, change), ["S-1", "NA"])


@pytest.mark.parametrize(
    ("shape", "chunks"), [((10**6, 10**6), (100, 100)), ((2, 3), (10**5, 10**5)), ((10**5, 10**4), None)]
)
def test_shapes_that_are_claimed_take_no_memory(tmp_path, shape, chunks):
    def change(file):
        del file["X"]
        file.create_dataset("X", shape, "float32", chunks=chunks, maxshape=(None, None) if chunks else None)

    spec = changed(tmp_path, change)
    with pytest.raises(InputError, match="holds more than 480 MB of numbers and names"):
        read_counts(spec, ["S-1", "NA"])


@pytest.mark.parametrize(
    ("part", "values", "found"),
    [
        ("indices", [0, 1, 2, 0, 1, 10**6], "is truncated or corrupt"),
        ("indices", [0, 1, 2, 0, 1, -1], "is truncated or corrupt"),
        ("indptr", [0, 3, 10**9], "is truncated or corrupt"),
        ("indptr", [0, 9, 6], "is truncated or corrupt"),
        ("indptr", [0, 6], "is truncated or corrupt"),
        ("data", [1.0, 2.0], "is truncated or corrupt"),
        ("data", [b"a"] * 6, r"holds values of type \|S1"),
    ],
)
def test_sparse_matrices_that_lie(tmp_path, part, values, found):
    def change(file):
        del file[f"X/{part}"]
        file[f"X/{part}"] = np.array(values)

    with pytest.raises(InputError, match=found):
        read_counts(changed(tmp_path, change, sparse.csr_matrix(COUNTS)), ["S-1", "NA"])


@pytest.mark.parametrize("shape", [(10**6, 10**6), (3, 2), (2, 3, 4), (2,), (-1, 3)])
def test_sparse_shapes_that_lie(tmp_path, shape):
    spec = changed(tmp_path, lambda file: file["X"].attrs.create("shape", shape), sparse.csr_matrix(COUNTS))
    with pytest.raises(InputError, match=r"holds more than|is stored as|truncated or corrupt|has shape"):
        read_counts(spec, ["S-1", "NA"])


def test_a_text_that_many_cells_share_takes_no_memory(tmp_path):
    """20,000 names of 2 MB each in a file of 3 MB: fixed texts, unpacked from zeros."""

    def change(file):
        del file["var/_index"]
        file.create_dataset("var/_index", (20_000,), "S2000000", chunks=(1,), compression="gzip")

    with pytest.raises(InputError, match="holds more than 480 MB of numbers and names"):
        read_counts(changed(tmp_path, change), ["S-1", "NA"])


def test_nothing_is_unpickled(tmp_path):
    """A pickle that would make a file stays bytes, as a name or in `uns`, which is not read."""
    marker = tmp_path / "owned"
    payload = f"cpathlib\nPath.touch\n(cpathlib\nPath\n(V{marker}\ntRtR.".encode()

    def change(file):
        file["uns/payload"] = np.frombuffer(payload, dtype=np.uint8)
        file["var/gene_symbol"] = np.array([payload, b"b", b"c"])

    with pytest.raises(InputError, match="gene_name 'cpathlib"):
        read_counts(changed(tmp_path, change), ["S-1", "NA"])
    assert not marker.exists()


def test_names_in_every_dress(tmp_path):
    symbols = pd.Categorical(["SOD1", None, "FUS"])
    table = read_counts(write(tmp_path, COUNTS, var={"gene_symbol": symbols}), ["S-1", "NA"])
    assert table.gene_names.tolist() == ["SOD1", "", "FUS"]
    nullable = pd.array(["SOD1", None, "FUS"], dtype="string")
    with ad.settings.override(allow_write_nullable_strings=True):
        table = read_counts(write(tmp_path, COUNTS, var={"gene_symbol": nullable}), ["S-1", "NA"])
    assert table.gene_names.tolist() == ["SOD1", "", "FUS"]


def test_names_of_old_files(tmp_path):
    """Before 0.7, `obs` and `var` were datasets of records; before 0.8, categories stood in a group of their own."""

    def records(file):
        for axis, names in (("obs", ["S-1", "NA"]), ("var", ["g1", "NA", "g3"])):
            del file[axis]
            file[axis] = np.array([(name.encode(),) for name in names], dtype=[("index", "S5")])

    table = read_counts(changed(tmp_path, records), ["S-1", "NA"])
    assert table.counts["NA"].to_dict() == {"g1": 4, "NA": 5, "g3": 6}

    def categories(file):
        file["var/__categories/gene_symbol"] = np.array([b"FUS", b"SOD1"])
        file["var/gene_symbol"] = np.array([1, -1, 0], dtype=np.int8)
        file["var/gene_symbol"].attrs["categories"] = file["var/__categories/gene_symbol"].ref

    assert read_counts(changed(tmp_path, categories), ["S-1", "NA"]).gene_names.tolist() == ["SOD1", "", "FUS"]
