"""Figures of quality control: what is drawn is what was found, nobody is named, and nothing to draw is said in words."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PathCollection

from lateralis.figures.associations import NOTHING, associations_alt_text, draw_associations
from lateralis.figures.purity import draw_purity, purity_alt_text
from lateralis.figures.rle import draw_rle, rle_alt_text
from lateralis.figures.save import figure_bytes
from lateralis.figures.sex import draw_sex, sex_alt_text

NAMES = [f"S{number:04d}" for number in range(40)]
GROUPS = pd.Series(pd.Categorical(["als", "control"] * 20), index=NAMES, name="group")
FLAGS = pd.DataFrame(
    [("S0003", "sex", "fail"), ("S0005", "sex", "not assessed"), ("S0007", "rle_spread", "warn")],
    columns=["sample", "check", "verdict"],
)
SEX = pd.DataFrame(
    {
        "xist": [8.0, 0.1] * 20,
        "y_linked": [0.2, 9.0] * 20,
        "stated": ["F", "M"] * 19 + ["", "M"],
        "inferred_sex": ["F", "M"] * 20,
    },
    index=NAMES,
)
COVERAGE = pd.DataFrame(
    {
        "panel": ["t_cell", "nk"],
        "title": ["T cells", "NK cells"],
        "role": ["contaminant", "state"],
        "assessed": [True, False],
    }
)


def words(figure):
    """All the text of a figure."""
    return figure_bytes(figure, "svg", "").decode()


def test_the_sex_plot_shows_each_sample_once_and_boxes_the_failing_one():
    figure = draw_sex(SEX, FLAGS, title="Sex")
    drawn = [collection for collection in figure.axes[0].collections if isinstance(collection, PathCollection)]
    assert sum(len(collection.get_offsets()) for collection in drawn) == len(SEX) + 1
    np.testing.assert_allclose(drawn[-1].get_offsets()[0], [0.1, 9.0])
    text = words(figure)
    assert "woman by the sheet (19)" in text
    assert "failing (1 sample)" in text
    assert "S0003" not in text
    assert sex_alt_text(SEX, FLAGS, title="Sex").endswith(
        "20 female, 20 male, 0 ambiguous, 0 unknown by expression; 1 flagged."
    )


def test_without_a_gene_that_tells_there_is_no_sex_plot():
    unknown = SEX.assign(xist=np.nan)
    assert "nothing to draw" in words(draw_sex(unknown, FLAGS, title="Sex"))
    assert "nothing to draw" in sex_alt_text(unknown, FLAGS, title="Sex")


def quantiles(n_samples):
    spread = np.linspace(0.2, 0.5, n_samples)
    names = [f"S{number:04d}" for number in range(n_samples)]
    columns = {"q05": -2 * spread, "q25": -spread, "median": 0 * spread, "q75": spread, "q95": 2 * spread}
    return pd.DataFrame(columns, index=names)


@pytest.mark.parametrize("n_samples", [8, 30, 31, 401])
def test_relative_log_expression_names_samples_only_where_they_are_few(n_samples):
    table = quantiles(n_samples)
    groups = pd.Series(pd.Categorical(np.resize(["als", "control"], n_samples)), index=table.index, name="group")
    text = words(draw_rle(table, groups, FLAGS, title="RLE"))
    assert ("S0001" in text) == (n_samples <= 30)
    assert "warning (1 sample)" in text
    assert "interquartile range" in rle_alt_text(table, FLAGS, title="RLE")


def test_boxes_have_the_quartiles_heights():
    table = quantiles(40)
    figure = draw_rle(table, GROUPS, FLAGS, title="RLE")
    heights = [bar.get_height() for bar in figure.axes[0].patches]
    by_group = [*table.index[::2], *table.index[1::2]]
    np.testing.assert_allclose(heights, (table["q75"] - table["q25"]).loc[by_group])
    assert "Fewer than three samples" in words(draw_rle(quantiles(2), GROUPS, FLAGS, title="RLE"))


def test_purity_shows_what_was_assessed():
    scores = pd.DataFrame({"t_cell": np.linspace(-1, 6, 40), "nk": np.nan}, index=NAMES)
    text = words(draw_purity(scores, COVERAGE, GROUPS, title="Purity"))
    assert "T cells (should be absent)" in text
    assert "NK cells" not in text
    assert "S0001" not in text
    assert purity_alt_text(scores, COVERAGE, title="Purity").endswith("should be absent: T cells +6.0.")
    assert "No panel" in words(draw_purity(scores.assign(t_cell=np.nan), COVERAGE, GROUPS, title="Purity"))
    few = scores.head(2)
    assert "S0001" in words(draw_purity(few, COVERAGE, GROUPS, title="Purity"))


def test_associations_print_their_numbers_and_star_the_significant():
    table = pd.DataFrame(
        [("batch", 1, 0.876, 1e-9, ""), ("batch", 2, 0.021, 0.7, ""), ("site", 1, np.nan, np.nan, "one value")],
        columns=["variable", "component", "r_squared", "padj", "reason"],
    )
    text = words(draw_associations(table, [0.3, 0.2], title="Variables"))
    assert ">0.88*<" in text
    assert ">0.02<" in text
    assert "site" not in text
    assert "30.0%" in text
    assert associations_alt_text(table, title="Variables").endswith("batch 0.88 of PC1.")
    assert NOTHING in words(draw_associations(table.tail(1), [0.3, 0.2], title="Variables"))
