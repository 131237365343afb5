"""Text of any size and shape: read whole, or refused before it takes the machine's memory."""

import gzip
import os

import pytest

from lateralis.errors import InputError
from lateralis.inputs import files
from lateralis.inputs.annotation import read_annotation
from lateralis.inputs.formats import matrix


def write(tmp_path, content, name="counts.tsv"):
    path = tmp_path / name
    path.write_bytes(content)
    return str(path)


def table(rows, columns=2, value="7"):
    header = "gene\t" + "\t".join(f"S{number}" for number in range(columns))
    return "\n".join([header, *(f"g{row}" + f"\t{value}" * columns for row in range(rows))]).encode() + b"\n"


def bomb(tmp_path, start, filling, times, name="counts.tsv.gz"):
    """A gzip file of a beginning and a filling repeated, written piece by piece."""
    path = tmp_path / name
    with gzip.open(path, "wb", compresslevel=9) as handle:
        handle.write(start)
        for _ in range(times):
            handle.write(filling)
    return str(path)


def test_a_table_in_pieces_is_the_same_table(tmp_path, monkeypatch):
    path = write(tmp_path, table(1000) + b"last\t1\t2.5\n")
    whole = matrix.read(path).values
    monkeypatch.setattr(files, "LONGEST_LINE", 100)
    pieces = matrix.read(path).values
    assert pieces.equals(whole)
    assert pieces.shape == (1001, 2)
    assert pieces.loc["last"].tolist() == [1.0, 2.5]


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"])
def test_lines_end_as_in_any_system(tmp_path, monkeypatch, line_end):
    monkeypatch.setattr(files, "LONGEST_LINE", 100)
    values = matrix.read(write(tmp_path, table(100).replace(b"\n", line_end))).values
    assert values.shape == (100, 2)
    assert values.index[-1] == "g99"


def test_errors_in_later_pieces_name_the_line_of_the_file(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "LONGEST_LINE", 100)
    with pytest.raises(InputError, match="Expected 3 fields in line 1002, saw 4"):
        matrix.read(write(tmp_path, table(1000) + b"last\t1\t2\t3\n"))
    with pytest.raises(InputError, match="row 'last', column 'S1': found 'x', which is not a number"):
        matrix.read(write(tmp_path, table(1000) + b"last\t1\tx\n"))
    with pytest.raises(InputError, match="is not UTF-8 text"):
        matrix.read(write(tmp_path, table(1000) + b"\xe9\t1\t2\n"))
    with pytest.raises(InputError, match="line 1002: has more than 100 characters"):
        matrix.read(write(tmp_path, table(1000) + b"x" * 300))


def test_a_gzip_bomb_stops_early(tmp_path):
    path = bomb(tmp_path, b"gene\tA\tB\ng\t1\t2\n", b"\n" * 2**20, 100)
    assert os.path.getsize(path) < 110_000
    with pytest.raises(InputError, match="inflates to more than 67 MB, over 200 times its size"):
        matrix.read(path)


def test_one_endless_line(tmp_path):
    with pytest.raises(InputError, match="line 2: has more than 16,777,216 characters"):
        matrix.read(bomb(tmp_path, b"gene\tA\ng", b"\t0" * 2**19, 60))


def test_numbers_without_end(tmp_path):
    with pytest.raises(InputError, match="holds more than 1 MB of numbers and names, for a file of 4"):
        _with_less_memory(write(tmp_path, table(100, 2000, "0")), matrix.read)


def test_names_without_end(tmp_path):
    """Each name in its own line differs, so that nothing but their memory gives them away."""
    content = b"gene\tA\n" + b"".join(b"%06d%s\t1\n" % (number, b"x" * 90_000) for number in range(600))
    with pytest.raises(InputError, match="holds more than 1 MB of numbers and names"):
        _with_less_memory(write(tmp_path, gzip.compress(content)), matrix.read)
    genes = b"gene_id\tgene_name\n" + b"".join(b"%06d\t%s\n" % (number, b"x" * 90) for number in range(20_000))
    with pytest.raises(InputError, match="holds more than 1 MB of numbers and names"):
        _with_less_memory(write(tmp_path, gzip.compress(genes), "genes.tsv.gz"), read_annotation)


def _with_less_memory(path, read):
    """The same with a limit of a megabyte, so that the test needs no more."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "USUAL_MEMORY", 1_000_000)
        patch.setattr(files, "MEMORY_A_BYTE", 0)
        return read(path)


def test_a_wide_table_is_read(tmp_path):
    values = matrix.read(write(tmp_path, table(3, 20_000))).values
    assert values.shape == (3, 20_000)
    assert values.to_numpy().sum() == 420_000


def test_what_is_no_file(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path, found in [
        (tmp_path / "pipe", "is a device or a pipe"),
        ("/dev/zero", "is a device or a pipe"),
        (tmp_path, "is a folder"),
        ("x" * 5000, "there is no such file"),
        ("a\0b", "there is no such file"),
    ]:
        with pytest.raises(InputError, match=found):
            files.check_file(str(path))


def test_corrupt_gzip(tmp_path):
    content = bytearray(gzip.compress(table(1000)))
    content[len(content) // 2] ^= 0xFF
    with pytest.raises(InputError, match="is truncated or corrupt"):
        matrix.read(write(tmp_path, bytes(content)))
