"""Log intensities of arrays: the same contrasts, tables and report, from a linear fit; what is of counts is not assessed."""

import json

import numpy as np
import pandas as pd
import pytest

N_GENES, N_PER_GROUP, N_CHANGED = 300, 8, 40


@pytest.fixture(scope="module")
def arrays(fresh, tmp_path_factory):
    """Two groups in two batches; 40 genes change by 2 on the log2 scale."""
    workspace = fresh.copy(tmp_path_factory.mktemp("arrays") / "work")
    rng = np.random.default_rng(4)
    samples = [f"A{number:02d}" for number in range(2 * N_PER_GROUP)]
    group, batch = np.repeat(["control", "als"], N_PER_GROUP), np.tile(["b1", "b2"], N_PER_GROUP)
    values = rng.normal(8, 1.5, (N_GENES, 1)) + rng.normal(0, 0.3, (N_GENES, len(samples)))
    values[:N_CHANGED, group == "als"] += np.tile([2.0, -2.0], N_CHANGED // 2)[:, None]
    table = pd.DataFrame(values.round(4), index=[f"G{number:03d}" for number in range(N_GENES)], columns=samples)
    table.rename_axis("gene_id").to_csv(workspace.folder / "data/arrays.tsv", sep="\t")
    sheet = pd.DataFrame({"sample": samples, "group": group, "batch": batch})
    sheet.to_csv(workspace.folder / "data/array_samples.tsv", sep="\t", index=False)
    workspace.write_cohort(
        {
            "cohort": "arrays",
            "title": "Arrays",
            "assay": "log_intensity",
            "input": {"counts": {"format": "matrix", "path": "data/arrays.tsv"}, "samples": "data/array_samples.tsv"},
            "samples": {
                "variables": {
                    "group": {"type": "categorical", "levels": ["control", "als"]},
                    "batch": {"type": "categorical"},
                }
            },
            "models": {"primary": {"design": "~ batch + group"}},
            "contrasts": {
                "als_vs_control": {"model": "primary", "variable": "group", "test": "als", "reference": "control"},
                "any": {"model": "primary", "reduced": "~ batch"},
            },
            "trust": {"scale": "small"},
        }
    )
    workspace.write_run("arrays")
    outcome = workspace.run()
    assert outcome.status == 0, outcome.output
    return workspace


def read(workspace, name):
    return pd.read_csv(workspace.results("arrays") / name, sep="\t", keep_default_na=False, na_values=[""])


def test_changed_genes_are_called(arrays):
    results = read(arrays, "contrasts/als_vs_control/results.tsv.gz").set_index("gene_id")
    truth = pd.Series([f"G{number:03d}" for number in range(N_CHANGED)])
    assert (results.loc[truth, "call_strict"] == np.tile(["up", "down"], N_CHANGED // 2)).all()
    assert (results.drop(truth)["call_fdr"] == "none").mean() > 0.97
    np.testing.assert_allclose(results.loc[truth, "log2FoldChange"].abs(), 2, atol=0.6)
    assert results["pvalue"].notna().all()
    ours = read(arrays, "contrasts/any/results.tsv.gz").set_index("gene_id")
    np.testing.assert_allclose(ours["pvalue"], results["pvalue"], rtol=1e-6)  # an F test of one column is its t-test
    assert set(ours.loc[truth, "call_fdr"]) == {"changed"}


def test_what_is_of_counts_is_not_assessed(arrays):
    flags = read(arrays, "qc/flags.tsv")
    unknown = flags[flags["verdict"] == "not assessed"].drop_duplicates("check").set_index("check")["reason"]
    assert unknown["library_size"] == "log intensities are no counts"
    assert unknown["sex"] == "sex is told from counts per million, and these are log intensities"
    assert {"rle_spread", "pca_distance", "group_correlation"} <= set(
        flags.loc[flags["verdict"] != "not assessed", "check"]
    )


def test_trust_and_report(arrays):
    trust = read(arrays, "contrasts/als_vs_control/trust.tsv")
    assert {"calibration", "robustness", "sensitivity", "power", "equivalence"} <= set(trust["aspect"])
    badges = read(arrays, "contrasts/als_vs_control/trust/robustness.tsv")["badge"]
    assert (badges == "robust").sum() >= N_CHANGED - 2
    page = (arrays.results("arrays") / "report.html").read_text(encoding="utf-8")
    assert "moderated t-test" in page
    assert "Smyth" in page
    assert "negative binomial" not in page
    facts = json.loads((arrays.results("arrays") / "models/primary/facts.json").read_text())
    assert facts["numerics"] == "linear models with moderated variance"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda table: 2.0**table * 50, "take logarithms to the base 2 first"),
        (lambda table: table.mask(table == table.iloc[3, 2]), "the cell is empty or missing"),
        (lambda table: table.assign(A03=7.0), "sample 'A03' has one value in all genes"),
    ],
)
def test_tables_that_are_no_log_intensities(arrays, tmp_path, change, message):
    workspace = arrays.copy(tmp_path / "work")
    path = workspace.folder / "data/arrays.tsv"
    change(pd.read_csv(path, sep="\t", index_col=0)).to_csv(path, sep="\t")
    outcome = workspace.run("results/arrays/counts.h5ad")
    assert outcome.status != 0
    assert message in outcome.output


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"filter": {"min_total": 3}}, "`filter` and `size_factors` are for counts"),
        ({"input": {"simulate": "mac2als"}}, "read from `matrix` or `h5ad`"),
    ],
)
def test_keys_that_are_for_counts(arrays, tmp_path, keys, message):
    workspace = arrays.copy(tmp_path / "work")
    workspace.write_cohort(workspace.cohort("arrays") | keys)
    outcome = workspace.run("--dry-run")
    assert outcome.status != 0
    assert message in outcome.output
