"""Sex by expression: simulated and real samples, swaps, blanks, and all that cannot be told."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lateralis.inputs.annotation import annotate, read_annotation
from lateralis.qc.sex import XIST, Y_LINKED, compare_sex, completed_sex, infer_sex, stated_sex

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
GENES = pd.DataFrame(
    {"gene_name": ["ACTB", *XIST, *Y_LINKED], "ensembl_id": ["ENSG00000075624", *XIST.values(), *Y_LINKED.values()]}
)


def counts_of(*samples, depth=1_000_000, n_y=8):
    """One sample a pair of XIST and Y-linked counts per million, the latter shared by the Y-linked genes."""
    rows = []
    for xist, y_linked in samples:
        y = np.full(n_y, y_linked * depth / 1e6 / n_y)
        rows.append([0, xist * depth / 1e6, *y])
    counts = np.rint(np.array(rows)).astype(int)
    counts[:, 0] = depth - counts.sum(axis=1)
    return counts


def inferred(*samples, genes=GENES, **options):
    counts = counts_of(*samples, **options)
    return infer_sex(counts[:, : len(genes)], genes, pd.Index([f"s{number}" for number in range(len(counts))]))


def test_the_four_answers():
    found = inferred((400, 0.2), (0.5, 600), (60, 480), (0.1, 0.3))
    assert found["inferred_sex"].tolist() == ["F", "M", "ambiguous", "unknown"]
    # log2 of counts per million plus one, at a depth of a million
    assert found["xist"].tolist() == pytest.approx(np.log2([401, 1, 61, 1]), abs=1e-6)
    assert found.loc["s1", "y_linked"] == pytest.approx(np.log2(601), abs=0.01)


@pytest.mark.parametrize("depth", [400_000, 100_000_000])
def test_the_depth_of_the_library_does_not_matter(depth):
    found = inferred((300, 0), (0, 500), depth=depth)
    assert found["inferred_sex"].tolist() == ["F", "M"]


def test_a_gene_that_would_tell_is_missing():
    without_xist = GENES[GENES["gene_name"] != "XIST"]
    counts = np.delete(counts_of((400, 0), (0, 600)), 1, axis=1)
    found = infer_sex(counts, without_xist, pd.Index(["a", "b"]))
    assert found["inferred_sex"].tolist() == ["unknown", "M"]
    assert found["xist"].isna().all()
    assert "XIST is not among the genes" in found.loc["a", "reason"]
    found = inferred((400, 0), (0, 600), genes=GENES.head(2))
    assert found["inferred_sex"].tolist() == ["F", "unknown"]
    found = inferred((400, 0), genes=GENES.head(1))
    assert found["inferred_sex"].tolist() == [""]
    assert compare_sex(found, stated_sex(None, found.index))["verdict"].tolist() == ["not assessed"]


def test_mouse_genes_are_not_assessed():
    mouse = GENES.assign(gene_name=GENES["gene_name"].str.capitalize(), ensembl_id="ENSMUSG00000000001")
    assert inferred((400, 0), genes=mouse)["inferred_sex"].tolist() == [""]


def test_symbols_serve_as_well_as_ids():
    by_symbol = GENES.assign(ensembl_id=GENES["gene_name"])
    assert inferred((400, 0), (0, 500), genes=by_symbol)["inferred_sex"].tolist() == ["F", "M"]


def test_the_sheet_is_compared_and_never_overruled():
    found = inferred((400, 0), (400, 0), (0, 500), (400, 0), (0, 0), (70, 500), (0, 500))
    stated = stated_sex(
        pd.Series(["female", "M", "Homme", np.nan, "F", "F", "diverse"], index=found.index), found.index
    )
    assert stated.tolist() == ["F", "M", "M", "", "F", "F", "diverse"]
    flags = compare_sex(found, stated).set_index("sample")
    assert flags["verdict"].tolist() == ["ok", "fail", "ok", "ok", "not assessed", "warn", "not assessed"]
    assert flags.loc["s1", "reason"] == "a man's by the sheet, a woman's by expression"
    assert flags.loc["s3", "reason"] == "the sheet gives no sex; inferred: F"
    assert flags.loc["s0", "value"] == pytest.approx(-np.log2(401), abs=1e-6)
    completed = completed_sex(found, stated)
    assert completed["sex"].tolist() == ["F", "M", "M", "F", "F", "F", "M"]
    assert completed["source"].tolist() == ["sheet", "sheet", "sheet", "inferred", "sheet", "sheet", "inferred"]


def test_without_a_column_every_clear_sex_is_inferred():
    found = inferred((400, 0), (0, 500), (0, 0))
    completed = completed_sex(found, stated_sex(None, found.index))
    assert completed["sex"].tolist() == ["F", "M", ""]
    assert completed["source"].tolist() == ["inferred", "inferred", ""]


def read_real(name):
    folder = DATA / name
    if not folder.is_dir():
        pytest.skip(f"the shared data are not here ({name})")
    counts = pd.read_csv(folder / "counts.tsv.gz", sep="\t", index_col=0).select_dtypes("number")
    genes = annotate(counts.index, read_annotation())
    return infer_sex(counts.to_numpy().T, genes, counts.columns)


def test_real_whole_blood():
    found = read_real("tb_hiv_whole_blood")
    # SOURCE.txt: R02_18 has both XIST and RPS4Y1; nobody else does, and nobody has neither
    assert found.index[found["inferred_sex"] == "ambiguous"].tolist() == ["R02_18"]
    assert found["inferred_sex"].value_counts().to_dict() == {"F": 19, "M": 11, "ambiguous": 1}


def test_real_cell_lines():
    airway = read_real("airway")
    assert airway["inferred_sex"].value_counts().to_dict() == {"M": 6, "F": 2}
    # stem-cell lines of women, most of which have lost XIST: never taken for men, nor for women without it
    macrophages = read_real("macrophage_alasoo")
    assert (macrophages.loc[macrophages["y_linked"] < 1, "inferred_sex"].isin(["F", "unknown"])).all()
    assert set(macrophages.loc[macrophages["y_linked"] > 7, "inferred_sex"]) == {"M"}
    assert (macrophages["inferred_sex"] == "unknown").sum() > 10


def test_real_flies_are_not_assessed():
    assert set(read_real("pasilla")["inferred_sex"]) == {""}
