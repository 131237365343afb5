"""Gene annotations: the shipped table, GTF files of three makers, user tables, and the lookup of a count file's ids."""

import gzip
import zipfile
from pathlib import Path

import pandas as pd
import pytest

import build_gene_table
from lateralis.errors import InputError
from lateralis.inputs.annotation import SHIPPED_TABLE, annotate, normalise_chromosome, read_annotation, strip_version

DATA = Path(__file__).parent / "data"


@pytest.fixture(scope="module")
def shipped():
    return read_annotation()


def write(folder, name, text):
    path = folder / name
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return path


def test_shipped_table_carries_the_genes_that_quality_control_reads(shipped):
    expected = {
        "ENSG00000229807": ("XIST", "X", "lncRNA"),
        "ENSG00000129824": ("RPS4Y1", "Y", "protein_coding"),
        "ENSG00000067048": ("DDX3Y", "Y", "protein_coding"),
        "ENSG00000012817": ("KDM5D", "Y", "protein_coding"),
        "ENSG00000183878": ("UTY", "Y", "protein_coding"),
        "ENSG00000206172": ("HBA1", "16", "protein_coding"),
        "ENSG00000188536": ("HBA2", "16", "protein_coding"),
        "ENSG00000244734": ("HBB", "11", "protein_coding"),
        "ENSG00000198804": ("MT-CO1", "MT", "protein_coding"),
        "ENSG00000211459": ("MT-RNR1", "MT", "Mt_rRNA"),
        "ENSG00000210082": ("MT-RNR2", "MT", "Mt_rRNA"),
        "ENSG00000199352": ("RNA5S1", "1", "rRNA"),
        "ENSG00000277734": ("TRAC", "14", "TR_C_gene"),
    }
    for gene_id, row in expected.items():
        assert tuple(shipped.loc[gene_id]) == row
    assert shipped.index.is_unique
    assert (shipped["chromosome"] == "MT").sum() == 37  # 13 proteins, 22 tRNA, 2 rRNA: the human mitochondrial genome
    assert (shipped["biotype"] == "rRNA").sum() == 53
    assert set(map(str, range(1, 23))) | {"X", "Y", "MT"} <= set(shipped["chromosome"])


def test_shipped_table_is_small_and_readable_by_position():
    assert SHIPPED_TABLE.stat().st_size < 1_000_000
    header = gzip.decompress(SHIPPED_TABLE.read_bytes()).decode().partition("\n")[0]
    assert header == "gene_id\tgene_name\tchromosome\tbiotype"


def test_shipped_table_reads_as_a_users_own():
    pd.testing.assert_frame_equal(read_annotation(), read_annotation(SHIPPED_TABLE))


def test_gene_table_adds_named_retired_ids_to_the_current_genes(tmp_path, monkeypatch):
    current = "ensembl_gene_id,symbol,contig,biotype\nENSG2,SOD2,6,protein_coding\nENSG1,NA,1,lncRNA\n"
    all_ids = "ensembl_gene_id,symbol\nENSG0,SOD2\nENSG1,NA\nENSG2,SOD2\nENSG3,\n"
    with zipfile.ZipFile(tmp_path / "source.whl", "w") as wheel:
        wheel.writestr(build_gene_table.CURRENT_GENES, gzip.compress(current.encode()))
        wheel.writestr(build_gene_table.ALL_IDS, gzip.compress(all_ids.encode()))
    outputs = [tmp_path / "one.tsv.gz", tmp_path / "two.tsv.gz"]
    for output in outputs:
        monkeypatch.setattr("sys.argv", ["build", str(tmp_path / "source.whl"), "--output", str(output)])
        build_gene_table.main()
    assert gzip.decompress(outputs[0].read_bytes()).decode() == (
        "gene_id\tgene_name\tchromosome\tbiotype\nENSG0\tSOD2\t\t\nENSG1\tNA\t1\tlncRNA\nENSG2\tSOD2\t6\tprotein_coding\n"
    )
    assert outputs[0].read_bytes() == outputs[1].read_bytes()


@pytest.mark.parametrize("name", ["genes.gtf", "genes.gtf.gz"])
def test_ensembl_gtf(tmp_path, name):
    genes = read_annotation(write(tmp_path, name, (DATA / "ensembl.gtf").read_text()))
    assert genes.to_dict("index") == {
        "ENSG00000290825": {"gene_name": "DDX11L2", "chromosome": "1", "biotype": "lncRNA"},
        "ENSG00000210049": {"gene_name": "MT-TF", "chromosome": "MT", "biotype": "Mt_tRNA"},
        "ENSG00000241860": {"gene_name": "", "chromosome": "1", "biotype": "lncRNA"},
    }


def test_gencode_gtf_keeps_the_x_copy_of_pseudoautosomal_genes():
    genes = read_annotation(DATA / "gencode.gtf")
    assert list(genes.index) == ["ENSG00000182162", "ENSG00000198888"]
    assert tuple(genes.loc["ENSG00000182162"]) == ("P2RY8", "X", "protein_coding")
    assert tuple(genes.loc["ENSG00000198888"]) == ("MT-ND1", "MT", "protein_coding")


def test_gtf_without_gene_features_takes_genes_from_exons():
    genes = read_annotation(DATA / "refseq.gtf")
    assert genes.to_dict("index") == {
        "SOD1": {"gene_name": "SOD1", "chromosome": "21", "biotype": ""},
        "XIST": {"gene_name": "XIST", "chromosome": "X", "biotype": ""},
    }


def test_table_needs_ids_and_names_only(tmp_path):
    genes = read_annotation(write(tmp_path, "genes.csv", '\ufeffgene_name,other,gene_id\nNA,1,g1\n"a,b",2,g2.5\n'))
    assert genes.to_dict("index") == {
        "g1": {"gene_name": "NA", "chromosome": "", "biotype": ""},
        "g2.5": {"gene_name": "a,b", "chromosome": "", "biotype": ""},
    }


def test_repeated_rows_of_a_gene_are_one_gene(tmp_path):
    table = "gene_id\tgene_name\tchromosome\nENSG00000000003.15\tTSPAN6\tchrX\nENSG00000000003\tTSPAN6\tX\n"
    genes = read_annotation(write(tmp_path, "genes.tsv", table))
    assert genes["chromosome"].to_dict() == {"ENSG00000000003": "X"}


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("genes.tsv", "gene_id\tsymbol\ng1\tA\n", "has no column 'gene_name'"),
        ("genes.tsv", "", "is empty. `annotation` must name a GTF file or a table of genes"),
        ("genes.tsv", "gene_id\tgene_name\n", "holds no genes"),
        ("genes.tsv", "gene_id\tgene_name\n\tA\n", "is empty in 1 rows"),
        ("genes.tsv", "gene_id\tgene_name\ng1\tA\ng1\tB\n", "gives 'g1' more than one gene_name"),
        ("genes.tsv", "gene_id\tgene_name\ng1\tA\ng2\tB\tX\n", "row 3: has 3 fields. The header has 2"),
        ("genes.gff3", "##gff-version 3\n", "is a GFF3 file"),
        ("genes.gtf", "# only a comment\n", "holds no genes"),
        ("genes.gtf", "1 havana gene 1 2\n", "line 1: has 1 fields"),
        ("genes.gtf", '1\th\tgene\t1\t2\t.\t+\t.\tID "x";\n', "line 1: has no attribute gene_id"),
        ("genes.gtf", "gene_id\tgene_name\ng1\tA\n", "line 1: has 2 fields"),
    ],
)
def test_bad_files_are_named_with_what_is_wrong(tmp_path, name, text, message):
    with pytest.raises(InputError, match=message) as error:
        read_annotation(write(tmp_path, name, text))
    assert name in str(error.value)


def test_unreadable_files_are_user_errors(tmp_path):
    with pytest.raises(InputError, match="there is no such file"):
        read_annotation(tmp_path / "absent.gtf")
    cut = write(tmp_path, "cut.gtf.gz", (DATA / "ensembl.gtf").read_text())
    cut.write_bytes(cut.read_bytes()[:-20])
    with pytest.raises(InputError, match="is truncated or corrupt"):
        read_annotation(cut)


@pytest.mark.parametrize(
    ("given", "bare"),
    [
        ("ENSG00000000003.15", "ENSG00000000003"),
        ("ENSG00000000003", "ENSG00000000003"),
        ("ENSG00000182162.11_PAR_Y", "ENSG00000182162"),
        ("ENSGR0000182162.5", "ENSG00000182162"),
        ("ENSG00000223972.5_2", "ENSG00000223972"),
        ("ENSMUSG00000051951.6", "ENSMUSG00000051951"),
        ("AC010970.1", "AC010970.1"),
        ("NKX2-1", "NKX2-1"),
        ("FBgn0000008", "FBgn0000008"),
    ],
)
def test_strip_version(given, bare):
    assert list(strip_version([given])) == [bare]


@pytest.mark.parametrize(
    ("given", "chromosome"),
    [("chr1", "1"), ("chrM", "MT"), ("M", "MT"), ("MT", "MT"), ("chrX", "X"), ("NC_000001.11", "1"),
     ("NC_000024.10", "Y"), ("NC_012920.1", "MT"), ("GL000220.1", "GL000220.1")],
)  # fmt: skip
def test_normalise_chromosome(given, chromosome):
    assert normalise_chromosome(given) == chromosome


def test_annotate_keeps_ids_and_finds_them_by_id_or_symbol(shipped):
    ids = [
        "ENSG00000229807.12",
        "ENSG00000182162.11_PAR_Y",
        "XIST",
        "CD99",
        "SIGLEC5",
        "Y_RNA",
        "novel_1",
        "ENSG00000112096",
    ]
    found = annotate(ids, shipped)
    assert list(found.index) == ids
    assert list(found.columns) == ["ensembl_id", "gene_name", "chromosome", "biotype"]
    rows = {gene: tuple(row) for gene, row in zip(ids, found.to_numpy(), strict=True)}
    assert rows["ENSG00000229807.12"] == ("ENSG00000229807", "XIST", "X", "lncRNA")
    assert rows["ENSG00000182162.11_PAR_Y"] == ("ENSG00000182162", "P2RY8", "Y", "protein_coding")
    assert rows["XIST"] == ("XIST", "XIST", "X", "lncRNA")
    assert rows["CD99"] == ("CD99", "CD99", "X", "protein_coding")  # on X and Y: pseudo-autosomal
    assert rows["SIGLEC5"][3] == "protein_coding"  # the symbol of a lncRNA as well
    assert rows["Y_RNA"][2] == ""  # hundreds of genes, on all chromosomes
    assert rows["novel_1"] == ("novel_1", "novel_1", "", "")
    assert rows["ENSG00000112096"] == ("ENSG00000112096", "SOD2", "6", "protein_coding")  # retired id, placed by symbol


def test_symbols_of_the_count_file_come_first(shipped):
    ids = ["ENSG00000229807", "ENSG00000129824", "ENSG99999999999"]
    names = pd.Series({"ENSG00000229807": "MY_XIST", "ENSG00000129824": "", "ENSG99999999999": "SOD1"})
    found = annotate(ids, shipped, names)
    assert list(found["gene_name"]) == ["MY_XIST", "RPS4Y1", "SOD1"]
    assert list(found["chromosome"]) == ["X", "Y", "21"]


def test_gene_called_na_stays_a_gene(tmp_path):
    genes = read_annotation(write(tmp_path, "genes.tsv", "gene_id\tgene_name\tchromosome\nNA\tNA\t1\n"))
    assert annotate(["NA"], genes)["chromosome"].to_dict() == {"NA": "1"}
