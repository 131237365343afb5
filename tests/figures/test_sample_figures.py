import numpy as np
import pandas as pd
import pytest

from lateralis.figures.dispersions import draw_dispersions
from lateralis.figures.distances import _selection, distances_alt_text, draw_distances
from lateralis.figures.groups import levels_of, palette, shapes
from lateralis.figures.heatmap import NOTHING, draw_heatmap, heatmap_alt_text, heatmap_order, row_z_scores
from lateralis.figures.pca import draw_pca
from lateralis.figures.quality import Panel, draw_quality, quality_alt_text, sideways
from lateralis.figures.save import figure_bytes
from lateralis.qc.metrics import sample_distances


@pytest.fixture
def called(results):
    return results[results["call_fdr"] != "none"].sort_values("pvalue").reset_index(drop=True)


@pytest.fixture
def expression(called, samples):
    rng = np.random.default_rng(8)
    shift = np.outer(called["log2FoldChange"], samples["group"] == "als")
    return pd.DataFrame(
        5 + shift + rng.normal(0, 0.5, shift.shape), index=list(called["gene_id"]), columns=samples.index
    )


def svg_of(figure):
    return figure_bytes(figure, "svg", "alt").decode()


def test_z_scores_have_mean_0_and_sd_1_and_a_constant_gene_is_0():
    scores = row_z_scores(pd.DataFrame([[1.0, 2.0, 3.0], [4.0, 4.0, 4.0]]))
    assert scores.iloc[0].tolist() == pytest.approx([-1, 0, 1])
    assert scores.iloc[1].tolist() == [0, 0, 0]


def test_heatmap_order_keeps_blocks_and_puts_similar_neighbours_together():
    scores = np.array([[0.0, 9, 0.1, 9.1], [5, 5, 5, 5], [0.2, 9, 0.1, 9.2], [1, 1, 1, 1]])
    calls = np.array(["down", "up", "down", "up"])
    rows, columns = heatmap_order(scores, calls, np.array(["b", "b", "a", "b"]), ["a", "b"])
    assert list(calls[rows]) == ["up", "up", "down", "down"]
    assert columns[0] == 2
    assert sorted(columns[1:]) == [0, 1, 3]
    assert abs(list(columns).index(1) - list(columns).index(3)) == 1


def test_heatmap_names_genes_but_no_sample_of_a_large_cohort(called, expression, samples):
    svg = svg_of(
        draw_heatmap(
            expression,
            called,
            samples,
            title="x",
            rule="fdr",
            group="group",
            levels=["als", "carrier", "control", "motor"],
        )
    )
    assert all(f">{name}<" in svg for name in called["gene_name"].head(50))
    assert not any(f">{sample}<" in svg for sample in samples.index)
    assert len(svg) < 300_000


def test_heatmap_leaves_other_groups_out_and_names_few_samples(called, expression, samples):
    two = samples[samples["group"].isin(["als", "carrier"])].iloc[:12]
    kept = pd.concat([two, samples[samples["group"] == "motor"]])
    figure = draw_heatmap(expression, called, kept, title="x", rule="fdr", group="group", levels=["als", "carrier"])
    svg = svg_of(figure)
    assert all(f">{sample}<" in svg for sample in two.index)
    assert not any(f">{sample}<" in svg for sample in samples.index[samples["group"] == "motor"])
    assert ">motor<" not in svg


@pytest.mark.parametrize("n_genes", [0, 1, 2])
def test_heatmap_of_few_genes(called, expression, samples, n_genes):
    few = called.head(n_genes)
    figure = draw_heatmap(
        expression,
        few,
        samples,
        title="x",
        rule="fdr",
        group="group",
        levels=["als", "carrier"],
        annotations=["sex", "age"],
    )
    assert len(svg_of(figure)) > 1000
    alt = heatmap_alt_text(few, 30, title="x", rule="fdr")
    assert (NOTHING in alt) if n_genes == 0 else (f"{n_genes} called gene" in alt)


def test_heatmap_of_a_test_without_fold_changes_shows_every_level(called, expression, samples):
    changed = called.assign(call_fdr="changed")
    levels = ["control", "motor", "carrier", "als"]
    svg = svg_of(draw_heatmap(expression, changed, samples, title="x", rule="fdr", group="group", levels=levels))
    assert all(f">{level}<" in svg for level in [*levels, "changed"])
    alt = heatmap_alt_text(changed, 60, title="x", rule="fdr")
    assert alt.endswith(f"{len(changed.head(50))} called genes by 60 samples.")


def test_heatmap_without_a_group_takes_every_sample(called, expression, samples):
    svg = svg_of(draw_heatmap(expression, called, samples, title="x", rule="fdr"))
    assert "60 samples" in svg


def test_a_group_keeps_its_colour_when_others_are_absent(samples):
    few = samples.loc[samples["group"] == "als", "group"]
    assert palette(few)["als"] == palette(samples["group"])["als"]
    assert levels_of(samples["sex"]) == ["F", "M", "missing"]
    assert len(set(shapes(samples["group"]).values())) == 4


def test_pca_colours_and_shapes_levels_with_their_counts(samples):
    scores = np.random.default_rng(0).normal(size=(60, 5))
    figure = draw_pca(scores, [0.4, 0.2, 0.1, 0.05, 0.01], samples["group"], title="x")
    legend = figure.axes[0].get_legend()
    counts = samples["group"].value_counts()
    assert {text.get_text() for text in legend.get_texts()} == {f"{level} ({counts[level]})" for level in counts.index}
    assert len({handle.get_marker() for handle in legend.legend_handles}) == 4
    assert len({handle.get_color() for handle in legend.legend_handles}) == 4
    assert [axes.get_xlabel() for axes in figure.axes] == ["PC1 (40.0% of variance)", "PC3 (10.0% of variance)"]
    drawn = sum(len(scatter.get_offsets()) for scatter in figure.axes[0].collections)
    assert drawn == 60


def test_pca_of_a_numeric_variable_has_a_scale_and_marks_missing(samples):
    age = samples["age"].copy()
    age.iloc[:3] = np.nan
    figure = draw_pca(np.random.default_rng(0).normal(size=(60, 2)), [0.5, 0.2], age, title="x")
    assert "3 missing" in svg_of(figure)
    assert [len(scatter.get_offsets()) for scatter in figure.axes[0].collections] == [3, 57]


def test_of_many_samples_the_farthest_are_drawn_and_the_rest_evenly():
    values = np.random.default_rng(1).normal(size=(600, 20))
    values[[7, 599]] += 30
    names = [f"S{number:03d}" for number in range(600)]
    distances = pd.DataFrame(sample_distances(values), names, names)
    shown = _selection(distances.to_numpy())
    assert len(shown) == len(set(shown)) == 400
    assert {7, 599} <= set(shown)
    rest = [place for place in shown if place < 300]
    assert 150 < len(rest) < 250
    figure = draw_distances(distances, pd.DataFrame(index=distances.index), title="x")
    assert "the 100 farthest from the others, and 300 of the rest" in svg_of(figure)


def test_distances_name_samples_only_where_there_are_few(expression, samples):
    distances = pd.DataFrame(sample_distances(expression.to_numpy().T), samples.index, samples.index)
    svg = svg_of(draw_distances(distances, samples, title="x"))
    assert not any(f">{sample}<" in svg for sample in samples.index)
    few = distances.iloc[:8, :8]
    assert ">S003<" in svg_of(draw_distances(few, samples.loc[few.index], title="x"))
    assert "Fewer than two" in distances_alt_text(few.iloc[:1, :1], title="x")
    assert draw_distances(few.iloc[:1, :1], samples.loc[few.index[:1]], title="x").axes


def test_dispersions_draw_every_estimated_gene(results):
    genes = pd.DataFrame({"baseMean": results["baseMean"], "dispersion_trend": 0.03 + 2 / results["baseMean"]})
    genes["dispersion_gene"] = genes["dispersion_trend"] * 1.5
    genes["dispersion"] = genes["dispersion_trend"] * 1.2
    genes.loc[:9, "dispersion_gene"] = 1e-8
    genes.loc[10:14, ["dispersion_gene", "dispersion"]] = np.nan
    figure = draw_dispersions(genes, title="x")
    assert [len(scatter.get_offsets()) for scatter in figure.axes[0].collections] == [1995, 1995]
    assert "10 genes below the axis" in svg_of(figure)
    assert draw_dispersions(genes.assign(dispersion=np.nan), title="x").axes


def test_quality_rings_the_flagged_samples_only(samples):
    rng = np.random.default_rng(2)
    columns = {"library_size": 10 ** rng.normal(7, 0.1, 60), "mito": rng.beta(2, 60, 60)}
    metrics = pd.DataFrame(columns, index=samples.index)
    panels = {
        "library_size": Panel("counts", "log"),
        "mito": Panel("mitochondrial", "share"),
        "absent": Panel("absent"),
    }
    flags = pd.DataFrame(
        {
            "sample": ["S004", "S009", "S010", "S011", "S012"],
            "check": ["mito", "mito", "elsewhere", "mito", "library_size"],
            "verdict": ["warn", "fail", "fail", "warn", "ok"],
        }
    )
    figure = draw_quality(metrics, samples["group"], flags, title="x", panels=panels)
    assert len(figure.axes) == 2
    rings = [
        sum(len(scatter.get_offsets()) for scatter in axes.collections if not len(scatter.get_facecolor()))
        for axes in figure.axes
    ]
    assert rings == [0, 3]
    svg = svg_of(figure)
    assert "warning (2 samples)" in svg
    assert "failing (1 sample)" in svg
    assert "S004" not in svg
    alt = quality_alt_text(metrics, flags, title="x", panels=panels)
    assert "mitochondrial median" in alt
    assert "3 flagged" in alt


def test_sideways_places_are_inside_the_strip_and_apart():
    values = np.array([1.0, 1.0, 1.0, 5.0, np.nan])
    places = sideways(values)
    assert len(set(places[:3])) == 3
    assert places[3] == 0
    assert np.abs(places).max() <= 1
