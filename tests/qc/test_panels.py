"""Scores of marker panels: by hand, in mixtures of known share, and where the genes are unknown."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kruskal

from lateralis.inputs.annotation import annotate, read_annotation
from lateralis.inputs.panel_file import PanelFile, read_panels
from lateralis.inputs.simulate.cohorts import simulate_cohort
from lateralis.model.normalise import estimate_size_factors
from lateralis.qc.panels import flag_scores, score_panels, scores_by_group
from lateralis.stages import Checks

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
SYMBOLS = [*"ABCDE", "X", "Y"]
GENES = pd.DataFrame({"gene_name": SYMBOLS, "ensembl_id": [f"ENSG{number}" for number in range(7)]})


def panel_file(role="contaminant", **panels):
    return PanelFile(
        title="test",
        panels={
            name: {
                "title": name,
                "role": role,
                "source": "test",
                "genes": {symbol: f"ENSG{SYMBOLS.index(symbol)}" for symbol in genes},
            }
            for name, genes in panels.items()
        },
    )


def score(counts, panels, genes=GENES, factors=None):
    samples = pd.Index([f"s{number}" for number in range(len(counts))])
    return score_panels(counts, genes, np.ones(len(counts)) if factors is None else factors, panels, samples)


def test_a_score_by_hand():
    counts = np.full((5, 7), 100)
    counts[4, :5] = [400, 400, 400, 100_000, 0]
    found = score(counts, panel_file(p="ABCDE"))
    # median 100; level (400 + 0.1 · 100) / 1.1 = 372.7; the outermost two genes are cut, three of 372.7 are left
    assert found.scores["p"].tolist() == pytest.approx([0, 0, 0, 0, np.log2((410 / 1.1 + 1) / 101)])


def test_a_library_without_depth_is_taken_for_an_ordinary_one():
    counts = np.full((5, 7), 100)
    counts[4] = [1, 0, 2, 1, 0, 0, 0]
    factors = np.array([1, 1, 1, 1, 0.005])
    found = score(counts, panel_file(p="ABCDE"), factors=factors)
    # (1 + 10) / 0.105 = 104.8 and 95.2, 114.3: without the prior, the level of two counts would be 400
    assert abs(found.scores.loc["s4", "p"]) < 0.1


def test_fewer_than_three_known_genes_are_not_assessed():
    found = score(np.full((6, 7), 10), panel_file(known="ABC", unknown="AB"), GENES)
    assert found.scores["unknown"].isna().all()
    assert found.coverage["assessed"].tolist() == [True, False]
    flags = flag_scores(found, Checks())
    said = flags[flags["check"] == "purity:unknown"]
    assert set(said["verdict"]) == {"not assessed"}
    assert set(said["reason"]) == {"2 of 2 marker genes are among the genes; 3 needed"}
    mouse = GENES.assign(gene_name=GENES["gene_name"].str.lower(), ensembl_id="ENSMUSG1")
    found = score(np.full((6, 7), 10), panel_file(p="ABCDE"), mouse)
    assert found.coverage.loc[0, ["n_found", "missing"]].tolist() == [0, "A, B, C, D, E"]


def test_few_samples_are_no_cohort():
    flags = flag_scores(score(np.full((1, 7), 10), panel_file(p="ABC")), Checks())
    assert flags[["verdict", "reason"]].to_numpy().tolist() == [
        ["not assessed", "a score is relative to the cohort, which has 1 samples"]
    ]


def test_the_role_says_which_end_is_bad():
    rng = np.random.default_rng(0)
    counts = rng.poisson(1000, (12, 7))
    counts[3, :5] *= 20
    counts[7, :5] //= 20
    for role, sample, check in (
        ("identity", "s7", "purity:p"),
        ("contaminant", "s3", "purity:p"),
        ("state", "s3", "state:p"),
    ):
        flags = flag_scores(score(counts, panel_file(role, p="ABCDE")), Checks())
        raised = flags[flags["verdict"] != "ok"]
        assert raised[["sample", "check"]].to_numpy().tolist() == [[sample, check]]
        assert raised["verdict"].tolist() == ["fail" if role == "contaminant" else "warn"]


def test_groups_are_compared_as_scipy_does():
    rng = np.random.default_rng(1)
    scores = pd.DataFrame({"a": rng.normal(size=30), "b": rng.normal(size=30), "none": np.nan})
    groups = pd.Series(pd.Categorical(["x", "y", "z"] * 10, ["z", "y", "x"]))
    scores.loc[groups == "x", "a"] += 2
    found = scores_by_group(scores, groups)
    assert found["panel"].tolist() == ["a", "b"]
    assert found.columns[1:4].tolist() == ["median z", "median y", "median x"]
    statistic, pvalue = kruskal(*(scores.loc[groups == level, "a"] for level in "zyx"))
    assert found.loc[0, ["epsilon_squared", "pvalue"]].tolist() == pytest.approx([statistic / 29, pvalue])
    assert found["padj"].tolist() == pytest.approx([2 * found["pvalue"][0], found["pvalue"][1]])
    assert scores_by_group(scores, pd.Series(["one"] * 30))["pvalue"].isna().all()


def test_the_planted_contamination_is_the_only_failure():
    cohort = simulate_cohort("mac2als", 1)
    counts = cohort.counts.to_numpy().T
    genes = annotate(cohort.counts.index, read_annotation())
    factors = estimate_size_factors(counts).values
    found = score_panels(counts, genes, factors, read_panels("macrophage"), cohort.counts.columns)
    flags = flag_scores(found, Checks())
    failed = flags[flags["verdict"] == "fail"]
    planted = cohort.faults.set_index("fault").loc["contaminated", "sample"]
    assert failed[["sample", "check"]].to_numpy().tolist() == [[planted, "purity:t_cell"]]
    # 179 others × 13 panels: hardly a warning
    assert (flags["verdict"] == "warn").sum() <= 4


@pytest.mark.skipif(not (DATA / "macrophage_alasoo").is_dir(), reason="the shared data are not here")
def test_interferon_and_salmonella_make_macrophages_m1_like():
    folder = DATA / "macrophage_alasoo"
    table = pd.read_csv(folder / "counts.tsv.gz", sep="\t", index_col=0).select_dtypes("number")
    condition = pd.read_csv(folder / "samples.tsv", sep="\t", index_col=0).loc[table.columns, "condition"]
    counts = table.to_numpy().T
    factors = estimate_size_factors(counts).values
    found = score_panels(
        counts, annotate(table.index, read_annotation()), factors, read_panels("macrophage"), table.columns
    )
    medians = found.scores.groupby(condition.to_numpy())["m1_like"].median()
    assert medians["naive"] + 3 < medians["IFNg"]
    assert medians["IFNg"] + 3 < medians["IFNg_SL1344"]
    assert found.coverage["assessed"].all()
