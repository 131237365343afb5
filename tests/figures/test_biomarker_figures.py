"""Figures of a panel: what is drawn is what the tables say, nobody is named, and nothing to draw is said in words."""

import numpy as np
import pandas as pd
import pytest

from lateralis.biology.biomarkers.assess import BOTH, COVARIATES, PANEL
from lateralis.biology.biomarkers.calibration import decision_curve, reliability
from lateralis.biology.biomarkers.performance import by_person
from lateralis.biology.biomarkers.tables import COLUMNS
from lateralis.figures.biomarkers import (
    CAVEAT,
    NAMES,
    draw_calibration,
    draw_decision,
    draw_nothing,
    draw_roc,
    draw_stability,
)
from lateralis.figures.save import figure_bytes

LEVELS = ("als", "control")
TITLE = "als vs control"


@pytest.fixture(scope="module")
def found():
    """People of three models, and the table of their performance."""
    rng = np.random.default_rng(1)
    is_test = np.arange(60) < 25
    number = np.arange(60)
    folds = np.tile(number % 5, (2, 1))
    people = {
        model: by_person(rng.normal(size=(2, 60)) + shift * is_test, folds, is_test, number, number)
        for model, shift in ((PANEL, 1.5), (COVARIATES, 0.3), (BOTH, 1.6))
    }
    rows = [
        (model, one.placements.mean(), 0.61, 0.93, 0.187, 0.02, np.nan if model == BOTH else 0.83, 60, 60)
        for model, one in people.items()
    ]
    return people, pd.DataFrame(rows, columns=COLUMNS["performance"])


def words(figure):
    """All the text of a figure."""
    return figure_bytes(figure, "svg", "").decode()


def test_the_roc_curves_are_those_of_the_people(found):
    people, performance = found
    figure, alt = draw_roc(people, performance, title=TITLE, levels=LEVELS)
    lines = figure.axes[0].get_lines()
    assert len(lines) == 4  # with the diagonal
    for line, one in zip(lines[1:], people.values(), strict=True):
        area = np.trapezoid(line.get_ydata(), line.get_xdata())
        assert area == pytest.approx(one.placements[one.is_test].mean(), abs=1e-9)
    text = words(figure)
    assert "control taken for als (share)" in text
    assert f"{people[PANEL].placements.mean():.2f} (0.61 to 0.93)" in text
    assert "als: 25 people; control: 35." in text
    assert CAVEAT in alt
    assert f"panel {people[PANEL].placements.mean():.2f} (0.61 to 0.93)" in alt


def test_calibration_is_drawn_as_the_table_has_it(found):
    people, performance = found
    table = pd.concat([reliability(one.log_odds, one.is_test, model) for model, one in people.items()])
    figure, alt = draw_calibration(table, performance, title=TITLE, levels=LEVELS)
    bars = figure.axes[0].containers
    assert len(bars) == 3
    for bar, model in zip(bars, people, strict=True):
        np.testing.assert_allclose(bar.lines[0].get_ydata(), table.loc[table["model"] == model, "observed"])
    assert "slope 0.83, Brier 0.187" in words(figure)
    assert "panel+covariates: slope undefined" in alt


def test_the_decision_curve_keeps_to_the_models_that_there_are(found):
    people, _ = found
    table = decision_curve({PANEL: people[PANEL].log_odds}, people[PANEL].is_test).reindex(columns=COLUMNS["decision"])
    figure, alt = draw_decision(table, title=TITLE, levels=LEVELS)
    lines = figure.axes[0].get_lines()
    assert len(lines) == 3
    np.testing.assert_allclose(lines[2].get_ydata(), table[PANEL])
    text = words(figure)
    assert "act on none" in text
    assert ">covariates<" not in text
    above = int((table[PANEL] > np.maximum(table["treat_all"], 0)).sum())
    assert f"panel above both at {above} of {len(table)} thresholds" in alt


def panel_table(n):
    return pd.DataFrame(
        {
            "gene_id": [f"g{number}" for number in range(n)],
            "gene_name": [
                f"$x^{{{number}}}$ long name of a gene" if number == 1 else f"N{number}" for number in range(n)
            ],
            "in_panel": ["yes", "no"] * (n // 2),
            "coefficient": [0.5, 0.0] * (n // 2),
            "direction": ["als", "control"] * (n // 2),
            "selection_frequency": np.linspace(1, 0.1, n),
            "mean_rank": np.arange(n) + 1.0,
        }
    )


def test_the_genes_chosen_most_often():
    figure, alt = draw_stability(panel_table(40), title=TITLE, levels=LEVELS, panels=100, index=0.4321)
    bars = figure.axes[0].patches
    assert len(bars) == 20
    np.testing.assert_allclose([bar.get_width() for bar in bars], np.linspace(1, 0.1, 40)[:20])
    assert bars[1].get_facecolor()[:3] == (1.0, 1.0, 1.0)  # not in the final panel
    text = words(figure)
    assert "share of the 100 outer fits" in text
    assert "stability index 0.43" in text
    assert "$x^{1}$ long na…" in text
    assert "22 genes chosen in half of the fits or more, of 40 chosen at all." in alt
    assert "Most often: N0, $x^{1}$ long name of a gene, N2, N3 and N4." in alt


def test_no_gene_and_nothing_assessed_are_said():
    figure, alt = draw_stability(panel_table(40).head(0), title=TITLE, levels=LEVELS, panels=10, index=None)
    assert alt == f"{TITLE}. No outer fit chose a gene, so there is nothing to draw."
    assert "No outer fit chose a gene" in words(figure)
    nothing = draw_nothing(TITLE, "Not assessed: no.")
    assert tuple(nothing) == NAMES
    assert all("Not assessed: no." in words(figure) and alt.endswith("no.") for figure, alt in nothing.values())
