import numpy as np
import pytest

from lateralis.figures.labels import label_points, shortened, window_box
from lateralis.figures.theme import add_axes, new_figure


@pytest.mark.parametrize(("width", "height"), [(1.2, 0.6), (6.0, 4.0)])
def test_names_that_do_not_fit_are_left_out_and_the_first_stays(width, height):
    figure = new_figure(width + 0.4, height + 0.4)
    axes = add_axes(figure, 0.2, 0.2, width, height)
    axes.set(xlim=(0, 1), ylim=(0, 1))
    x, y = np.full(14, 0.5), np.linspace(0.45, 0.55, 14)
    texts = label_points(axes, x, y, [f"GENE{i}" for i in range(14)], (x, y))
    boxes = [window_box(text) for text in texts]
    assert texts[0].get_text() == "GENE0"
    assert len(texts) < 14 if width < 2 else len(texts) >= 10
    assert len([text for text in axes.texts if text.get_text().startswith("GENE")]) == len(texts)
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])
    assert all(axes.bbox.x0 - 1 <= box.x0 and box.x1 <= axes.bbox.x1 + 1 for box in boxes)


def test_no_points_no_names():
    axes = add_axes(new_figure(3, 3), 0.5, 0.5, 2, 2)
    nothing = np.array([])
    assert label_points(axes, nothing, nothing, [], (nothing, nothing)) == []


def test_long_names_end_in_an_ellipsis():
    assert shortened("C9orf72") == "C9orf72"
    assert shortened("ENSG00000147894.17_PAR_Y") == "ENSG00000147894.1…"
