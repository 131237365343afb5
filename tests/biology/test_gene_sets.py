"""Files of gene sets: what is read, what is refused, and how sets meet the cohort's genes."""

import gzip

import pandas as pd
import pytest

from lateralis.biology.tested_sets import gene_set_table, match_sets, member_table, restrict
from lateralis.errors import InputError
from lateralis.followups import Enrichment, GeneSets
from lateralis.inputs.gene_ids import GeneIndex
from lateralis.inputs.gene_sets import (
    Collection,
    GeneSet,
    check_gene_sets,
    installed_modules,
    read_collections,
    read_gmt,
)
from lateralis.inputs.network import read_network
from lateralis.io import sha256

GMT = "first\thttp://x\tA\tB\tA\n\nsecond set\t\tC\tD\t\n"
GENES = pd.DataFrame(
    {
        "ensembl_id": ["ENSG00000000001", "ENSG00000000002", "ENSG00000000003", "ENSG00000000004", "ENSG00000000001"],
        "gene_name": ["A", "B", "TWICE", "TWICE", "A"],
    },
    index=[
        "ENSG00000000001.5",
        "ENSG00000000002.1",
        "ENSG00000000003.2",
        "ENSG00000000004.2",
        "ENSG00000000001.5_PAR_Y",
    ],
)


def written(folder, content, name="sets.gmt"):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


def collection(*sets, name="mine"):
    made = tuple(GeneSet(title, "", tuple(genes)) for title, genes in sets)
    return Collection(name, made, "sets.gmt", "0" * 64, "")


@pytest.mark.parametrize("packed", [False, True])
def test_read(tmp_path, packed):
    content = gzip.compress(GMT.encode()) if packed else GMT
    assert read_gmt(written(tmp_path, content)) == [
        GeneSet("first", "http://x", ("A", "B")),
        GeneSet("second set", "", ("C", "D")),
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty"),
        ("\n\n", "holds no gene set"),
        ("one\tx\tA\ntwo\tx\n", "line 2: the set 'two' has no genes"),
        ("one x A\n", "line 1: the set 'one x A' has no genes"),
        ("one\tx\tA\ntwo\tx\tB\none\tx\tC\n", "line 3: a second set is named 'one'; the first is on line 1"),
        ("\tx\tA\n", "line 1: the set has no name"),
        ("=1+1\tx\tA\n", "line 1: the name '=1+1' reads as a formula"),
        ("one\tx\tA\x1b[2J\n", "is no gene: it holds the invisible character U+001B"),
        (b"PK\x03\x04xxxx", "is an Excel workbook or zip archive"),
        (gzip.compress(GMT.encode(), mtime=0)[:-9], "is truncated or corrupt"),
    ],
)
def test_refused(tmp_path, content, message):
    with pytest.raises(InputError) as refused:
        read_gmt(written(tmp_path, content))
    assert message in str(refused.value)


def test_size_is_limited(tmp_path, monkeypatch):
    monkeypatch.setattr("lateralis.inputs.gene_sets.LARGEST", 20)
    with pytest.raises(InputError, match="has more than 20 characters"):
        read_gmt(written(tmp_path, GMT))


def test_checksum(tmp_path):
    path = written(tmp_path, GMT)
    right = GeneSets(path=path, sha256=sha256(path))
    assert read_collections({"mine": right})[0].sha256 == sha256(path)
    with pytest.raises(InputError, match="its sha256 is"):
        read_collections({"mine": GeneSets(path=path, sha256="0" * 64)})


def test_names_of_two_collections_are_told_apart(tmp_path):
    same, other = written(tmp_path, GMT), written(tmp_path, "first\t\tZ\n", "other.gmt")
    found = read_collections({"a": GeneSets(path=same), "b": GeneSets(path=other)})
    assert [[one.name for one in source.sets] for source in found] == [["first (a)", "second set"], ["first (b)"]]


def test_installed_modules_are_those_of_the_publication():
    """346 modules, of which 87 begin with TBA: Li et al. 2014 and its GMT file."""
    modules = installed_modules()
    assert len(modules.sets) == 346
    assert (
        sum(one.description != "" for one in modules.sets)
        == sum(one.name.startswith("TBA") for one in modules.sets)
        == 87
    )
    antiviral = next(one for one in modules.sets if one.name == "antiviral IFN signature (M75)")
    assert {"IFIT1", "RSAD2", "DDX58", "HERC5"} <= set(antiviral.genes)
    assert "MIT" in modules.terms and "10.1038/ni.2789" in modules.terms


def test_check_before_any_job(tmp_path):
    assert check_gene_sets(Enrichment(min_size=5), "cohort.yaml") == []
    spec = Enrichment(gene_sets={"mine": GeneSets(path=written(tmp_path, GMT))})
    with pytest.raises(InputError) as refused:
        check_gene_sets(spec, "cohort.yaml")
    assert str(refused.value) == (
        "cohort.yaml, enrichment.min_size: no set of 'mine' has 10 genes; the largest has 2. "
        "Lower it, or give other sets."
    )
    most_small = Enrichment(
        gene_sets={"mine": GeneSets(path=written(tmp_path, "a\t\tA\nb\t\tA\nc\t\tA\tB\n"))}, min_size=2
    )
    assert check_gene_sets(most_small, "c") == [
        "Enrichment: 2 of 3 sets of 'mine' have fewer than 2 genes, such as 'a', 'b', and are set aside."
    ]
    network = {"path": written(tmp_path, "source\ttarget\nTF\t\n", "net.tsv")}
    with pytest.raises(InputError, match=r"net.tsv, row 2: has no target"):
        check_gene_sets(Enrichment(network=network), "cohort.yaml")


def test_genes_are_found_by_id_of_any_version_or_symbol():
    found = GeneIndex(GENES).find(
        ["ENSG00000000001.5", "ENSG00000000001.12", "ENSG00000000001.5_PAR_Y", "B", "TWICE", "?"]
    )
    first = ("ENSG00000000001.5",)
    assert found == [first, first, first, ("ENSG00000000002.1",), ("ENSG00000000003.2", "ENSG00000000004.2"), ()]


def test_ids_of_another_kind_are_an_error():
    index = GeneIndex(GENES)
    entrez = collection(("cycle", [str(7000 + number) for number in range(30)] + ["A"]))
    with pytest.raises(InputError) as refused:
        match_sets([entrez], index)
    assert str(refused.value) == (
        "gene sets 'mine', sets.gmt: 1 of the 31 genes of its sets are among the cohort's 4: it holds Entrez gene numbers, "
        "such as '7000', '7001', '7002'; the cohort has Ensembl gene ids, such as 'ENSG00000000001.5', 'ENSG00000000002.1', "
        "and symbols, such as 'A', 'B'. Give the genes by the cohort's own ids, Ensembl gene ids or symbols of its species."
    )


def test_unknown_ids_are_counted():
    matched = match_sets([collection(("one", ["A", "B", "OLD1", "OLD2"]), ("two", ["TWICE"]))], GeneIndex(GENES))
    assert matched.table[["genes", "matched"]].to_numpy().tolist() == [[4, 2], [1, 1]]
    assert matched.sources.loc[0, ["sets", "genes", "matched"]].to_list() == [2, 5, 3]
    assert matched.members["two"] == ("ENSG00000000003.2", "ENSG00000000004.2")


@pytest.fixture
def restricted():
    """Two contrasts of 20 and 19 tested genes, and sets of all sorts."""
    names = [f"G{number}" for number in range(20)]
    index = GeneIndex(pd.DataFrame({"ensembl_id": names, "gene_name": names}, index=names))
    sets = collection(
        ("good", names[2:8]),
        ("edge", names[-3:]),
        ("small", names[:2]),
        ("large", names[:12]),
        ("all", [*names, "X1", "X2"]),
        ("whole", names[:19]),
    )
    matched = match_sets([sets], index)
    genes = {"a": names, "b": names[:-1]}
    return matched, {name: restrict(matched, ids, 3, 10) for name, ids in genes.items()}, genes


def test_sets_are_set_aside_with_a_reason(restricted):
    matched, tested, _ = restricted
    table = gene_set_table(matched, tested).set_index("set")
    assert table["tested"].to_dict() == {"good": 6, "edge": 3, "small": 2, "large": 12, "all": 20, "whole": 19}
    assert table["used"].to_dict() == {"good": 2, "edge": 1, "small": 0, "large": 0, "all": 0, "whole": 0}
    assert table["reason"].to_dict() == {
        "good": "",
        "edge": "fewer than min_size 3 tested genes in b",
        "small": "fewer than min_size 3 tested genes",
        "large": "more than max_size 10 tested genes",
        "all": "has more genes than are tested",
        "whole": "more than max_size 10 tested genes",
    }


def test_a_set_of_all_tested_genes_has_nothing_to_compare_with(restricted):
    matched, _, genes = restricted
    reasons = restrict(matched, genes["a"], 3, 100).reasons
    assert reasons["whole"] == "holds all tested genes, so there are none to compare it with"
    assert reasons["large"] == ""


def test_members_are_those_tested(restricted):
    matched, tested, genes = restricted
    table = member_table(matched, tested, genes)
    assert table.groupby("set", sort=False)["gene_id"].apply(list).to_dict() == {
        "good": genes["a"][2:8],
        "edge": genes["a"][-3:],
    }
    sets = tested["b"]
    assert sets.names.tolist() == ["good"] and sets.positions(0).tolist() == [2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("source\tgene\nTF\tA\n", "has no column 'target'"),
        ("source\ttarget\nTF\tA\nTF\tA\n", "row 3: the pair 'TF', 'A' stands a second time"),
        ("source\ttarget\tweight\nTF\tA\t1\nTF\tB\tstrong\n", "row 3: the weight 'strong' is no number other than 0"),
        ("source\ttarget\tweight\nTF\tA\t0\n", "row 2: the weight '0' is no number other than 0"),
        ("source\ttarget\tweight\nTF\tA\tinf\n", "row 2: the weight 'inf' is no number other than 0"),
    ],
)
def test_network_refused(tmp_path, content, message):
    with pytest.raises(InputError) as refused:
        read_network(written(tmp_path, content, "net.tsv"))
    assert message in str(refused.value)


def test_network_without_weights(tmp_path):
    found = read_network(written(tmp_path, "source,target,note\nTF,A,x\nTF,B,y\n", "net.csv"))
    assert found.to_dict("list") == {"source": ["TF", "TF"], "target": ["A", "B"], "weight": [1.0, 1.0]}
