"""Tests of gene sets: closed forms, simulated truth, and what the verdict rests on."""

import numpy as np
import pandas as pd
import pytest
from correlated_sets import SIZE, membership, simulate, statistics
from scipy import sparse
from scipy.stats import binom, fisher_exact, kstest, linregress, norm, t

from lateralis.biology.activity import match_network, regulator_activity
from lateralis.biology.camera import camera, standardised_residuals, z_scores
from lateralis.biology.enrichment import (
    PATHWAY_COLUMNS,
    RankedGenes,
    assess_sets,
    pathway_table,
    ranked_genes,
    verdicts,
)
from lateralis.biology.gsea import prerank, ranking, running_score
from lateralis.biology.overrepresentation import overrepresentation
from lateralis.biology.redundancy import representatives
from lateralis.biology.tested_sets import RestrictedSets
from lateralis.errors import InputError
from lateralis.inputs.gene_ids import GeneIndex
from lateralis.model.multiplicity import benjamini_hochberg


def sorted_statistic(seed=0, n_genes=400):
    return np.sort(np.random.default_rng(seed).normal(size=n_genes))[::-1]


def random_sets(seed=1, n_genes=400, n_sets=12):
    rng = np.random.default_rng(seed)
    return [np.sort(rng.choice(n_genes, rng.integers(5, 40), replace=False)) for _ in range(n_sets)]


def test_running_score_by_the_definition():
    """Subramanian et al. 2005: P_hit − P_miss at every rank, gene by gene."""
    weights = np.abs(sorted_statistic())
    for hits in random_sets():
        is_hit = np.isin(np.arange(400), hits)
        p_hit = np.cumsum(np.where(is_hit, weights, 0)) / weights[hits].sum()
        curve = p_hit - np.cumsum(~is_hit) / (~is_hit).sum()
        found = running_score(weights, hits)
        extreme = int(np.abs(curve).argmax())
        assert found.score == pytest.approx(curve[extreme], abs=1e-12)
        lead = hits[hits <= extreme] if found.score > 0 else hits[hits > extreme]
        assert found.leading.tolist() == lead.tolist()
        np.testing.assert_allclose(np.interp(np.arange(1, 401), found.rank, found.value), curve, atol=1e-12)


def test_gseapy_has_the_same_score():
    statistic, sets = sorted_statistic(), random_sets()
    found = prerank(statistic, sets, permutations=200, seed=1)
    ours = [running_score(np.abs(statistic), hits).score for hits in sets]
    np.testing.assert_allclose(found["ES"], ours, atol=1e-12)
    assert (np.sign(found["NES"]) == np.sign(found["ES"])).all()


def test_gsea_p_values_are_those_of_plain_permutation():
    """The multilevel estimate against the share of 20,000 random sets with a score as extreme, of the same sign."""
    statistic, rng = sorted_statistic(), np.random.default_rng(3)
    hits = np.sort(np.concatenate([np.arange(0, 60, 12), rng.choice(np.arange(60, 400), 10, replace=False)]))
    found = prerank(statistic, [hits], permutations=1000, seed=1)["pvalue"].iloc[0]
    score = running_score(np.abs(statistic), hits).score
    null = np.array(
        [running_score(np.abs(statistic), np.sort(rng.choice(400, 15, replace=False))).score for _ in range(5000)]
    )
    expected = (null >= score).sum() / (null > 0).sum()
    assert 0.01 < expected < 0.5
    assert found == pytest.approx(
        expected, rel=0.2
    )  # 5,000 draws: 2 to 4 % a standard error; the estimate's own is like it


def test_gsea_is_the_same_on_any_number_of_threads():
    statistic, sets = sorted_statistic(n_genes=2000), random_sets(n_genes=2000, n_sets=60)
    tables = [prerank(statistic, sets, permutations=300, seed=4, threads=n).to_csv() for n in (1, 2, 3)]
    assert tables[0] == tables[1] == tables[2]
    assert prerank(statistic, sets, permutations=300, seed=5).to_csv() != tables[0]


def test_gsea_of_no_set():
    assert prerank(sorted_statistic(), [], permutations=100, seed=1).columns.tolist() == ["ES", "NES", "pvalue"]


def test_ties_are_ranked_by_id():
    assert ranking(np.array([1.0, 2.0, 1.0, 2.0]), ["b", "z", "a", "y"]).tolist() == [3, 1, 2, 0]


def test_overrepresentation_is_fishers_test():
    rng = np.random.default_rng(2)
    calls = rng.choice(["up", "down", "none"], 300, p=[0.1, 0.1, 0.8])
    background = rng.random(300) < 0.9
    rows = sparse.csr_array((rng.random((4, 300)) < 0.1).astype(float))
    found = overrepresentation(calls, background, rows)
    for direction, called in (("up", calls == "up"), ("down", calls == "down"), ("both", calls != "none")):
        for number in range(4):
            member = rows[[number]].toarray().ravel().astype(bool)[background]
            is_called = called[background]
            table = [
                [(member & is_called).sum(), (member & ~is_called).sum()],
                [(~member & is_called).sum(), (~member & ~is_called).sum()],
            ]
            row = found[direction].iloc[number]
            assert row["overlap"] == table[0][0]
            assert row["background"] == background.sum()
            assert row["pvalue"] == pytest.approx(fisher_exact(table, "greater").pvalue, rel=1e-9)


def test_overrepresentation_without_calls():
    found = overrepresentation(np.full(50, "none"), np.ones(50, dtype=bool), sparse.csr_array(np.ones((1, 50))))
    assert [found[way]["pvalue"].item() for way in ("up", "down", "both")] == [1.0, 1.0, 1.0]


def test_camera_of_independent_genes_is_students_test():
    """Without correlation the statistic is the pooled two-sample t of the set's genes against the others."""
    rng = np.random.default_rng(5)
    statistic = rng.normal(size=200)
    statistic[:20] += 0.6
    design = np.column_stack([np.ones(30), np.arange(30) % 2])
    residuals = standardised_residuals(rng.normal(size=(30, 200)), design)
    rows = sparse.csr_array((np.arange(200) < 20).astype(float)[None, :])
    found = camera(statistic, residuals, rows).iloc[0]
    a, b = statistic[:20], statistic[20:]
    pooled = (19 * a.var(ddof=1) + 179 * b.var(ddof=1)) / 198
    expected = (a.mean() - b.mean()) / np.sqrt(pooled * (found["inflation"] / 20 + 1 / 180))
    assert found["difference"] == pytest.approx(a.mean() - b.mean(), rel=1e-12)
    assert found["pvalue_limma"] == pytest.approx(2 * t.sf(abs(expected), 28), rel=1e-12)
    assert found["effects"] == pytest.approx(max(pooled - 1, 0), rel=1e-12)
    own = (a.mean() - b.mean()) / np.sqrt((found["inflation"] + found["effects"]) / 20 + (1 + found["effects"]) / 180)
    assert found["t"] == pytest.approx(own, rel=1e-12)
    assert found["pvalue"] == pytest.approx(2 * t.sf(abs(own), 28), rel=1e-12)


def test_correlation_is_the_mean_over_pairs():
    values, design = simulate(6, 1, 60, 0.5)
    residuals = standardised_residuals(values, design.to_numpy())
    found = camera(np.arange(60.0), residuals, membership(1, 60)).iloc[0]
    pairs = np.corrcoef(residuals.values[:, :SIZE].T)[np.triu_indices(SIZE, 1)]
    assert found["correlation"] == pytest.approx(
        pairs.mean(), rel=1e-9
    )  # residuals have mean 0: the design has an intercept
    assert found["inflation"] == pytest.approx(1 + (SIZE - 1) * pairs.mean(), rel=1e-9)


def test_residuals_within_blocks():
    """With a block a person, residuals are those of a design with a column a person."""
    values = np.random.default_rng(7).normal(size=(12, 5))
    blocks, visit = np.repeat(np.arange(6), 2), np.tile([0.0, 1.0], 6)
    people = (blocks[:, None] == np.arange(6)).astype(float)
    plain = standardised_residuals(values, np.column_stack([visit, people]))
    blocked = standardised_residuals(values, visit[:, None], blocks)
    assert plain.df == blocked.df == 5
    np.testing.assert_allclose(plain.values, blocked.values, atol=1e-12)


def test_z_scores_have_the_same_tail():
    statistic = np.array([-40.0, -2.0, 0.0, 3.0])
    np.testing.assert_array_equal(z_scores(statistic, None), statistic)
    found = z_scores(statistic, 10.0)
    assert found[2] == 0
    assert found[3] == pytest.approx(norm.isf(t.sf(3.0, 10)), rel=1e-9)
    assert found[0] < -6 and np.isfinite(found).all()


def test_redundant_sets_have_one_representative():
    rows = np.zeros((5, 20))
    rows[0, :10] = 1
    rows[1, [4, 5, 6, 7, 8, 19]] = 1  # 5 of its 6 genes are of the first
    rows[2, 8:16] = 1  # 2 of 8
    rows[3, :10] = 1  # the same as the first, the other way
    rows[4, 12:16] = 1  # all are of the third
    ways = np.array(["up", "up", "up", "down", "up"])
    found = representatives(sparse.csr_array(rows), np.array([0, 1, 2, 3, 4]), ways)
    assert found.tolist() == [0, 0, 2, 3, 2]
    assert representatives(sparse.csr_array(rows), np.array([1, 0, 4, 2, 3]), ways).tolist() == [1, 1, 4, 3, 4]


def results_table():
    """Five genes: tested, filtered by count, independently filtered, and one that lacks a call."""
    return pd.DataFrame(
        {
            "gene_id": ["g1", "g2", "g3", "g4", "g5"],
            "stat": [1.0, np.nan, -4.0, 5.0, 0.5],
            "log2FoldChange": [0.1, np.nan, -2.0, 3.0, 0.2],
            "pvalue": [0.3, np.nan, 1e-4, 1e-6, 0.6],
            "padj": [0.4, np.nan, 0.001, 1e-5, np.nan],
            "padj_threshold": [1.0, np.nan, 0.01, 0.001, np.nan],
            "call_nominal": ["none", "none", "down", "up", "none"],
            "call_fdr": ["none", "none", "down", "up", "none"],
            "call_strict": ["none", "none", "down", "up", "none"],
            "na_reason": ["", "low_count_filter", "", "", "independent_filtering"],
        }
    )


def test_tested_genes_are_ranked():
    found = ranked_genes(results_table(), "fdr")
    assert found.ids.tolist() == ["g4", "g1", "g5", "g3"]
    assert found.calls.tolist() == ["up", "none", "none", "down"]
    assert found.callable.tolist() == [True, True, False, True]
    assert ranked_genes(results_table(), "nominal").callable.all()
    assert len(ranked_genes(results_table().iloc[:0], "fdr").ids) == 0


def test_verdict_rests_on_camera():
    small, large = 0.01, 0.5
    rows = [
        (small, small, large, large, "significant"),
        (large, small, small, small, "this contrast only"),
        (large, large, small, small, "GSEA and ORA only"),
        (large, large, small, large, "GSEA only"),
        (large, large, large, small, "ORA only"),
        (large, large, np.nan, large, "not significant"),
        (large, 0.05, large, large, "not significant"),
    ]
    table = pd.DataFrame(rows, columns=["padj_all", "padj_camera", "padj_gsea", "ora_padj", "right"])
    assert verdicts(table, 0.05).tolist() == table["right"].to_list()


def assessed(seed, n_sets, n_genes, correlation, change=()):
    """All three tests of one simulated contrast."""
    values, design = simulate(seed, n_sets, n_genes, correlation, change)
    statistic, df = statistics(values, design)
    genes = np.array([f"g{number:05d}" for number in range(n_genes)], dtype=object)
    order = ranking(statistic, list(genes))
    padj = benjamini_hochberg(2 * t.sf(np.abs(statistic), df))
    calls = np.where(padj < 0.05, np.where(statistic > 0, "up", "down"), "none")
    ranked = RankedGenes(genes[order], statistic[order], calls[order], np.ones(n_genes, dtype=bool))
    names = np.array([f"set{number:03d}" for number in range(n_sets)], dtype=object)
    rows = sparse.csr_array(membership(n_sets, n_genes)[:, order])
    rows.sort_indices()
    sets = RestrictedSets(names, rows, pd.Series(SIZE, index=names), pd.Series("", index=names))
    residuals = standardised_residuals(values[:, order], design.to_numpy())
    return assess_sets(ranked, sets, dict.fromkeys(names, "made"), residuals, df=df, permutations=200, seed=1)


def test_planted_sets_are_found_by_all_three():
    change = [1.0, -1.0]
    found = assessed(8, 30, 1500, 0.1, change)
    table = pathway_table({"a": found}, 0.05)
    assert list(table.columns) == list(PATHWAY_COLUMNS)
    planted = table.set_index("set").loc[["set000", "set001"]]
    assert planted["direction"].tolist() == ["up", "down"]
    assert (np.sign(planted["NES"]) == [1, -1]).all()
    assert (planted[["padj_gsea", "padj_camera", "padj_all", "ora_padj"]] < 0.01).all(axis=None)
    assert planted["verdict"].tolist() == ["significant"] * 2
    assert set(table["set"][:2]) == {"set000", "set001"}  # surest first
    leading = planted.loc["set000", "leading_edge"].split(",")
    assert set(leading) <= {f"g{number:05d}" for number in range(SIZE)} and len(leading) > SIZE / 2
    down = found.ora[(found.ora["set"] == "set001") & (found.ora["padj"] < 0.05)]
    assert down["direction"].tolist() == ["down", "both"]


def test_adjusted_over_sets_and_contrasts():
    tables = {name: assessed(seed, 10, 500, 0.1, [0.8]) for name, seed in (("a", 1), ("b", 2))}
    table = pathway_table(tables, 0.05)
    assert table["contrast"].tolist() == ["a"] * 10 + ["b"] * 10
    np.testing.assert_allclose(table["padj_all"], benjamini_hochberg(table["pvalue_camera"].to_numpy()))
    for name, rows in table.groupby("contrast"):
        np.testing.assert_allclose(
            rows["padj_camera"], benjamini_hochberg(rows["pvalue_camera"].to_numpy()), err_msg=name
        )
        np.testing.assert_allclose(rows["padj_gsea"], benjamini_hochberg(rows["pvalue_gsea"].to_numpy()), err_msg=name)


def test_no_contrast_tested():
    table = pathway_table({}, 0.05)
    assert list(table.columns) == list(PATHWAY_COLUMNS) and table.empty


@pytest.mark.slow
def test_camera_holds_its_level_where_permuting_genes_does_not():
    """800 sets of correlation 0.3 without any change: 5 % of camera's p-values are below 0.05; of GSEA's, far more.

    The bounds are 99.9 % of a binomial; sets of one data set share nothing but the other genes, so they count as independent.
    """
    found = [assessed(seed, 40, 2000, 0.3) for seed in range(20)]
    of_camera = np.concatenate([one.camera["pvalue"] for one in found])
    of_gsea = np.concatenate([one.gsea["pvalue"] for one in found])
    low, high = binom.ppf([0.0005, 0.9995], len(of_camera), 0.05) / len(of_camera)
    assert low <= (of_camera < 0.05).mean() <= high
    assert kstest(of_camera, "uniform").pvalue > 0.001
    assert (of_gsea < 0.05).mean() > 0.3
    verdict = pathway_table({str(number): one for number, one in enumerate(found)}, 0.05)["verdict"].value_counts()
    assert verdict.get("significant", 0) == 0
    assert verdict["GSEA only"] > 100


@pytest.mark.slow
def test_camera_holds_its_level_where_half_of_the_genes_change():
    """800 correlated sets that change no more than the other genes, of which half change: limma's camera has no power left.

    Effects are drawn for each gene by itself, in sets and outside alike. Bounds as above.
    """
    ours, limma = [], []
    for seed in range(20):
        values, design = simulate(seed, 40, 2000, 0.3)
        rng = np.random.default_rng(1000 + seed)
        effects = rng.normal(0, 2 / np.sqrt(10), 2000) * (rng.random(2000) < 0.5)  # standard errors are 1 / sqrt(10)
        values = values + np.outer(design["group"], effects)
        statistic, df = statistics(values, design)
        residuals = standardised_residuals(values, design.to_numpy())
        found = camera(z_scores(statistic, df), residuals, membership(40, 2000))
        ours.append(found["pvalue"])
        limma.append(found["pvalue_limma"])
    low, high = binom.ppf([0.0005, 0.9995], 800, 0.05) / 800
    assert low <= (np.concatenate(ours) < 0.05).mean() <= high
    assert kstest(np.concatenate(ours), "uniform").pvalue > 0.001
    assert (np.concatenate(limma) < 0.05).mean() < 0.02


def network(rng, genes):
    parts = [
        pd.DataFrame(
            {
                "source": f"TF{n}",
                "target": rng.choice(genes, size, replace=False),
                "weight": rng.choice([-1, 1, 2.0], size),
            }
        )
        for n, size in enumerate((12, 30, 4))
    ]
    return pd.concat(parts, ignore_index=True)


def test_activity_is_a_regression_on_the_weights():
    rng = np.random.default_rng(9)
    genes = np.array([f"g{number}" for number in range(300)], dtype=object)
    edges = network(rng, genes)
    statistic = rng.normal(size=300)
    strong = edges[edges["source"] == "TF1"].set_index("target")["weight"].reindex(genes).fillna(0).to_numpy()
    statistic += strong
    found = regulator_activity(statistic, genes, edges)
    assert found["source"].tolist() == ["TF1", "TF0"]  # the third has four targets
    assert found["n_targets"].tolist() == [30, 12]
    for _, row in found.iterrows():
        weights = edges[edges["source"] == row["source"]].set_index("target")["weight"].reindex(genes).fillna(0)
        line = linregress(weights.to_numpy(), statistic)
        assert row["score"] == pytest.approx(line.slope / line.stderr, rel=1e-9)
        assert row["pvalue"] == pytest.approx(line.pvalue, rel=1e-6)
    np.testing.assert_allclose(found["padj"], benjamini_hochberg(found["pvalue"].to_numpy()))


def test_activity_of_regulators_without_targets():
    edges = pd.DataFrame({"source": ["TF"], "target": ["g1"], "weight": [1.0]})
    found = regulator_activity(np.zeros(3), np.array(["g1", "g2", "g3"], dtype=object), edges)
    assert found.empty and list(found.columns) == ["source", "score", "pvalue", "padj", "n_targets"]


def test_a_network_of_other_ids_is_an_error():
    genes = pd.DataFrame({"ensembl_id": ["ENSG1"], "gene_name": ["A"]}, index=["ENSG1"])
    edges = pd.DataFrame({"source": "TF", "target": [f"NM_{n}" for n in range(20)], "weight": 1.0})
    with pytest.raises(InputError, match=r"net.tsv: 0 of the 20 targets are among .* it holds RefSeq accessions"):
        match_network(edges, GeneIndex(genes), "net.tsv")
    known = pd.DataFrame({"source": "TF", "target": ["A", "ENSG1", "X"], "weight": [2.0, 1.0, 1.0]})
    assert match_network(known, GeneIndex(genes), "net.tsv").to_dict("list") == {
        "source": ["TF"], "target": ["ENSG1"], "weight": [2.0]
    }  # fmt: skip
