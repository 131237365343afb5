"""What a run is computed with, and with what beside the counts: without numba, with transcript lengths, with control genes."""

import json

import anndata as ad
import numpy as np
import pandas as pd
import pytest

CONTRASTS = ("als_vs_control", "motor_vs_control", "men_vs_women", "any_group")


def read(path, **options):
    return pd.read_csv(path, sep="\t", keep_default_na=False, na_values=[""], **options)


def facts(workspace):
    return json.loads((workspace.results() / "models/primary/facts.json").read_text(encoding="utf-8"))


@pytest.mark.slow
def test_without_numba_the_run_says_so_and_calls_the_same(fresh, finished, tmp_path):
    (tmp_path / "packages/numba").mkdir(parents=True)
    hidden = 'raise ModuleNotFoundError("No module named numba")\n'
    (tmp_path / "packages/numba/__init__.py").write_text(hidden, encoding="utf-8")
    workspace = fresh.copy(tmp_path / "work")
    outcome = workspace.run("results/tiny/summary.tsv", packages=tmp_path / "packages")
    assert outcome.status == 0, outcome.output
    assert facts(finished)["numerics"].startswith("lateralis engine (numba ")
    assert facts(workspace)["numerics"] == "PyDESeq2's default numerics"
    words = (
        "The engine cannot run here (ModuleNotFoundError: No module named numba), so PyDESeq2's default numerics fit"
    )
    assert [words in warning for warning in facts(workspace)["warnings"]].count(True) == 1
    for log in ("fit_model.primary", "test_contrast.any_group"):
        assert words in (workspace.results() / f"logs/model/{log}.log").read_text(encoding="utf-8")
    for name in CONTRASTS:
        ours, theirs = (read(each.results() / f"contrasts/{name}/results.tsv.gz") for each in (finished, workspace))
        calls = ["gene_id", "call_nominal", "call_fdr", "call_strict", "na_reason"]
        pd.testing.assert_frame_equal(ours[calls], theirs[calls])
        # two optimisers that stop within 1e-4 of a natural-log dispersion and 1e-8 of a deviance
        np.testing.assert_allclose(np.log10(theirs["pvalue"]), np.log10(ours["pvalue"]), rtol=0.01, atol=0.02)
    pd.testing.assert_frame_equal(
        *(read(each.results() / "summary.tsv") for each in (finished, workspace)), check_dtype=False
    )


def as_salmon(workspace, counts, lengths):
    """Counts as salmon writes them, one transcript a gene."""
    folder = workspace.folder / "data/salmon"
    for sample in counts:
        (folder / sample).mkdir(parents=True)
        table = pd.DataFrame(
            {"Name": "t." + counts.index, "Length": 2000, "EffectiveLength": lengths[sample].to_numpy()}
        )
        table["TPM"] = (counts[sample] / lengths[sample]).to_numpy() + 1e-3
        table["NumReads"] = counts[sample].to_numpy()
        table.to_csv(folder / sample / "quant.sf", sep="\t", index=False)
    pairs = pd.DataFrame({"transcript": "t." + counts.index, "gene": counts.index})
    pairs.to_csv(workspace.folder / "data/tx2gene.tsv", sep="\t", index=False)
    cohort = workspace.cohort()
    cohort["input"]["counts"] = {"format": "salmon", "path": "data/salmon", "tx2gene": "data/tx2gene.tsv"}
    workspace.write_cohort(cohort)


@pytest.mark.slow
def test_transcript_lengths_are_offsets_of_fit_and_tests(fresh, tmp_path):
    """In ALS, ten unchanged genes have transcripts and counts four times as long: with lengths as offsets, unchanged."""
    workspace = fresh.copy(tmp_path / "work")
    sheet = read(workspace.folder / "data/samples.tsv")
    counts = read(workspace.folder / "data/counts.tsv", index_col=0)[sheet["sample"]]
    lengths = pd.DataFrame(1000.0, index=counts.index, columns=counts.columns)
    longer, als = counts.index[200:210], sheet.loc[sheet["group"] == "als", "sample"]
    lengths.loc[longer, als] = 4000.0
    counts.loc[longer, als] *= 4
    as_salmon(workspace, counts, lengths)
    outcome = workspace.run("results/tiny/summary.tsv", "results/tiny/normalised.h5ad")
    assert outcome.status == 0, outcome.output
    assert facts(workspace)["offsets"] == "average transcript lengths"
    table = read(workspace.results() / "contrasts/als_vs_control/results.tsv.gz").set_index("gene_id")
    # without offsets all ten would be near 2; a standard error is near 0.15
    assert table.loc[longer, "log2FoldChange"].abs().max() < 0.6
    assert table.loc[longer, "log2FoldChange_shrunken"].abs().max() < 0.6
    assert (table.loc[counts.index[1:40:2], "call_fdr"] == "up").all()
    lrt = read(workspace.results() / "contrasts/any_group/results.tsv.gz").set_index("gene_id")
    assert lrt.loc[longer, "pvalue"].min() > 1e-4
    normalised = ad.read_h5ad(workspace.results() / "normalised.h5ad")
    assert normalised.uns["lateralis"]["offsets"] == "average transcript lengths"
    vst = pd.DataFrame(normalised.layers["vst"], index=normalised.obs["group"], columns=normalised.var_names)
    means = vst[longer].groupby(level=0, observed=True).mean()
    assert (means.loc["als"] - means.loc["control"]).abs().max() < 0.6


@pytest.mark.slow
def test_control_genes_decide_size_factors(fresh, tmp_path):
    """Counts of the listed genes are tripled in ALS, so that every other gene seems to fall to a third."""
    workspace = fresh.copy(tmp_path / "work")
    sheet = read(workspace.folder / "data/samples.tsv")
    counts = read(workspace.folder / "data/counts.tsv", index_col=0)[sheet["sample"]]
    controls = [*counts.index[200:240], "absent"]
    counts.loc[controls[:-1], sheet.loc[sheet["group"] == "als", "sample"]] *= 3
    workspace.write_data(sheet, counts)
    (workspace.folder / "data/control.txt").write_text("\n".join(controls), encoding="utf-8")
    cohort = workspace.cohort()
    cohort["size_factors"] = {"method": "ratio", "control_genes": "data/control.txt"}
    workspace.write_cohort(cohort)
    outcome = workspace.run("results/tiny/contrasts/als_vs_control/results.tsv.gz")
    assert outcome.status == 0, outcome.output
    assert facts(workspace)["size_factor_genes"] == "40 of 41 control genes (40 are in the counts)"
    table = read(workspace.results() / "contrasts/als_vs_control/results.tsv.gz").set_index("gene_id")
    # means over 40 and 100 genes of estimates with standard errors near 0.15
    assert table.loc[controls[:-1], "log2FoldChange"].mean() == pytest.approx(0, abs=0.1)
    assert table.loc[counts.index[110:200], "log2FoldChange"].mean() == pytest.approx(-np.log2(3), abs=0.1)
    # another content of the list is another fit
    (workspace.folder / "data/control.txt").write_text("\n".join(controls[:20]), encoding="utf-8")
    assert workspace.planned("results/tiny/contrasts/als_vs_control/results.tsv.gz")["fit_model:primary"] == 1
