"""Lists of control genes as people save them, and what is said of those that cannot be used."""

import gzip

import pytest

from lateralis.errors import InputError
from lateralis.inputs.control_genes import read_control_genes


@pytest.mark.parametrize(
    "content",
    [
        b"ERCC-1\nNA\nERCC-2\n",
        b"\xef\xbb\xbfERCC-1\r\nNA\r\n\r\n  ERCC-2 ",
        b"ERCC-1\nNA\nERCC-1\nERCC-2",
        gzip.compress(b"ERCC-1\nNA\nERCC-2\n", mtime=0),
    ],
)
def test_one_id_a_line_each_once(tmp_path, content):
    path = tmp_path / "genes.txt"
    path.write_bytes(content)
    assert read_control_genes(str(path)) == ["ERCC-1", "NA", "ERCC-2"]


@pytest.mark.parametrize(
    ("content", "found"),
    [(None, "there is no such file"), (b"", "is empty"), (b"\n  \n", "names no gene"), (b"\xff\xfe\xe9", "UTF-16")],
)
def test_a_list_of_nothing_is_refused(tmp_path, content, found):
    path = tmp_path / "genes.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=found) as caught:
        read_control_genes(str(path))
    assert caught.value.where == str(path)
