import numpy as np
from matplotlib.colors import to_hex

from lateralis.figures.call_marks import call_handles, scatter_calls
from lateralis.figures.theme import CALL_COLOURS, CALL_MARKERS, add_axes, new_figure


def test_each_gene_is_drawn_once_in_the_colour_of_its_call_and_called_ones_on_top():
    calls = np.array(["none", "up", "down", "none", "", "up"])
    axes = add_axes(new_figure(), 1, 1, 4, 3)
    scatter_calls(axes, np.arange(6.0), np.arange(6.0) * 10, calls)
    drawn = {to_hex(part.get_facecolor()[0]).upper(): part for part in axes.collections}
    for call in ("none", "up", "down"):
        part = drawn[CALL_COLOURS[call]]
        at = np.flatnonzero(calls == call)
        assert part.get_offsets().tolist() == [[x, x * 10] for x in at]
        assert part.get_rasterized()
        assert part.get_zorder() == (2 if call == "none" else 3)
    assert len(axes.collections) == 3


def test_a_key_has_an_entry_for_points_at_the_edge_only_where_there_are_any():
    labels = {"up": "3 up", "down": "2 down", "none": "9 not called"}
    handles = call_handles(labels, 0, "D")
    assert [handle.get_label() for handle in handles] == list(labels.values())
    assert [handle.get_marker() for handle in handles] == [CALL_MARKERS[call] for call in labels]
    assert call_handles(labels, 1200, "D")[-1].get_label() == "1,200 clipped"
    assert call_handles(labels, 1200, "D")[-1].get_marker() == "D"
