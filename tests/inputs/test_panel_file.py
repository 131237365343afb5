"""Panel files: the shipped ones name genes that exist; a user's own is refused with file, key and what would be right."""

import pytest

from lateralis.errors import InputError
from lateralis.inputs.annotation import read_annotation
from lateralis.inputs.panel_file import SHIPPED, read_panels

OWN = """
title: Mine
panels:
  tiny: {title: Tiny, role: state, source: my notes, genes: {CD14: ENSG00000170458}}
"""


@pytest.mark.parametrize("name", ["macrophage", "blood"])
def test_every_shipped_marker_has_the_id_of_its_symbol(name):
    genes = read_annotation()
    panels = read_panels(name).panels
    assert len(panels) >= 11
    for panel in panels.values():
        found = genes["gene_name"].reindex(list(panel.genes.values()))
        assert found.tolist() == list(panel.genes)
        assert len(panel.genes) >= 7


def test_every_shipped_file_is_read():
    assert {path.stem for path in SHIPPED.glob("*.yaml")} == {"macrophage", "blood"}


def test_what_macrophages_should_hold():
    panels = read_panels("macrophage").panels
    markers = ["CD14", "CD68", "CSF1R", "MRC1", "CD163", "MSR1", "ITGAM", "AIF1", "MERTK"]
    assert list(panels["macrophage"].genes) == markers
    assert [name for name, panel in panels.items() if panel.role == "identity"] == ["macrophage"]
    assert {name for name, panel in panels.items() if panel.role == "state"} == {
        "m1_like",
        "m2_like",
        "isolation_stress",
    }


def test_a_panel_of_ones_own(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(OWN)
    assert read_panels(str(path)).panels["tiny"].genes == {"CD14": "ENSG00000170458"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (OWN.replace("role: state", "role: good"), "panels.tiny.role: found 'good'"),
        (OWN.replace("source: my notes, ", ""), "panels.tiny.source: is missing"),
        (OWN.replace("{CD14: ENSG00000170458}", "{}"), "panels.tiny.genes"),
        (OWN.replace("{CD14: ENSG00000170458}", "{CD14: ENSG1, CD14: ENSG2}"), "key 'CD14' stands twice"),
        (OWN.replace("tiny", "Tiny one"), "panels"),
        ("- a\n", "holds no keys"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, text, message):
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        read_panels(str(path))
    assert "mine.yaml" in str(caught.value)
    assert message in str(caught.value)


def test_a_name_that_is_nothing_lists_what_there_is():
    with pytest.raises(
        InputError, match=r"'neurone' is no shipped panel and no file. Shipped are 'blood', 'macrophage'"
    ):
        read_panels("neurone")
