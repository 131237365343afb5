"""The UpSet plot of a signature: each combination of contrasts with its number of genes, largest first."""

import pandas as pd
from matplotlib.figure import Figure

from lateralis.figures.upset import NOTHING, _memberships, draw_upset, upset_alt_text

CONTRASTS = ["als_vs_carrier", "als_vs_motor", "als_vs_control"]


def signature(called_in, call="none"):
    return pd.DataFrame(
        {"gene_id": [f"g{number}" for number in range(len(called_in))], "called_in": called_in, "call": call}
    )


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def test_combinations_are_counted():
    both = "als_vs_carrier, als_vs_motor"
    table = signature([both] * 7 + ["als_vs_control"] * 3 + [None, ""])
    members = _memberships(table, CONTRASTS)
    assert members.groupby(CONTRASTS).size().to_dict() == {(True, True, False): 7, (False, False, True): 3}
    figure = draw_upset(table, CONTRASTS, title="x")
    assert {"7", "3"} <= set(texts(figure))
    assert upset_alt_text(table, title="x") == (
        "UpSet plot, x: 3 genes called in one contrast, 7 in several, 0 in the signature."
    )


def test_a_name_that_is_part_of_another_is_not_taken_for_it():
    members = _memberships(signature(["als_vs_motor_2"]), ["als_vs_motor", "als_vs_motor_2"])
    assert members.to_numpy().tolist() == [[False, True]]


def test_no_call_and_no_gene_are_said():
    for table in (signature(["", ""]), signature([])):
        assert upset_alt_text(table, title="x") == f"x. {NOTHING}"
        assert draw_upset(table, CONTRASTS, title="x").axes
