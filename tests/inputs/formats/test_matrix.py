import gzip

import pytest

from lateralis.errors import InputError
from lateralis.inputs.formats import matrix, text


def write(tmp_path, content):
    path = tmp_path / "counts"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


@pytest.mark.parametrize(
    "content",
    [
        "gene\tS 1,x\t01\ng\t1\t2\nh\t3\t4\n",
        'gene,"S 1,x",01\n"g",1,2\nh,3,4\n',
        'gene;"S 1,x";01\ng;1;2\nh;3;4',
        "\ufeffgene\tS 1,x\t01\r\ng\t1\t2\r\nh\t3\t4\r\n",
        "S 1,x\t01\ng\t1\t2\nh\t3\t4\n",
        "\tS 1,x\t01\ng\t1\t2\n\nh\t3\t4\n",
        gzip.compress(b"gene\tS 1,x\t01\ng\t1\t2\nh\t3\t4\n"),
        '\ufeff"S 1,x"\t"01"\n"g"\t1\t2\n"h"\t3\t4\n',
    ],
    ids=["tab", "comma", "semicolon", "bom_crlf", "r_header", "empty_corner", "gzip", "r_quoted_bom"],
)
def test_same_table_however_it_is_written(tmp_path, content):
    path = write(tmp_path, content)
    assert matrix.sample_names(path) == ["S 1,x", "01"]
    values = matrix.read(path).values
    assert values.columns.tolist() == ["S 1,x", "01"]
    assert values.index.tolist() == ["g", "h"]
    assert values.to_numpy().tolist() == [[1, 2], [3, 4]]


def test_gene_ids_stay_text(tmp_path):
    ids = ["NA", "null", "007", "1e5", "MARCH1", "TRUE", " padded", "5'-NT", "nan"]
    values = matrix.read(write(tmp_path, "gene\tA\n" + "".join(f"{gene}\t1\n" for gene in ids))).values
    assert values.index.tolist() == ids


def test_delimiter_is_found_outside_quotes():
    assert text.sniff_delimiter('"a;b;c;d",x') == ","
    assert text.sniff_delimiter("a;b,c;d") == ";"
    assert text.sniff_delimiter("a,b,c\td") == "\t"
    assert text.sniff_delimiter("a b") is None


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("gene A B\ng 1 2\n", "has no tab, comma or semicolon"),
        ("gene\tA\ng\t1\t2\t3\n", "its header has 2 fields and its first row 4"),
        ("gene\tA\tB\ng\t1\t2\nh\t1\t2\t3\n", "Expected 3 fields in line 3, saw 4"),
        ('gene\tA\tB\ng\t1\t2\n"h\t1\t2\n', "EOF inside string"),
        (b"gene\tA\tB\n\xe9\t1\t2\n", "is not UTF-8 text"),
        (b"gene\tA\xe9\tB\ng\t1\t2\n", "is not UTF-8 text"),
        ("gene\tA\tB\ng\t1\t2\n".encode("utf-16"), "is UTF-16 text"),
        (b"PK\x03\x04" + bytes(99), "is an Excel workbook"),
    ],
)
def test_other_files_are_told_from_tables(tmp_path, content, found):
    path = write(tmp_path, content)
    with pytest.raises(InputError) as caught:
        matrix.read(path)
    assert path in caught.value.where
    assert found in caught.value.found
