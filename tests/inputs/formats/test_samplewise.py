"""One file a sample: which file is whose, and what lies there without a row in the sheet."""

import pytest

from lateralis.errors import InputError
from lateralis.inputs.formats.samplewise import check_sample_files, names_on_disk, sample_files


@pytest.fixture
def folder(tmp_path):
    for name in ("S 1.tab", "2-b.tab.gz", "[3].tab", "notes.md"):
        (tmp_path / name).write_text("x")
    return str(tmp_path)


def test_a_zipped_file_is_found_where_the_plain_one_is_absent(folder):
    paths = sample_files(folder, "{sample}.tab", ["S 1", "2-b", "absent"])
    assert {name: path.rsplit("/", 1)[1] for name, path in paths.items()} == {
        "S 1": "S 1.tab",
        "2-b": "2-b.tab.gz",
        "absent": "absent.tab",
    }


def test_names_on_disk_are_verbatim_and_other_files_do_not_count(folder):
    assert names_on_disk(folder, "{sample}.tab") == {"S 1": "S 1.tab", "2-b": "2-b.tab.gz", "[3]": "[3].tab"}


def test_both_sides_of_a_mismatch_are_listed(folder):
    with pytest.raises(InputError) as error:
        check_sample_files(folder, "{sample}.tab", ["S 1", "2-b", "absent"], "samples.tsv")
    assert "no file {sample}.tab for 1 of 3 samples: 'absent'" in str(error.value)
    assert "no row in samples.tsv for 1 files: '[3].tab'" in str(error.value)


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "a/b", "a\\b", "..", ".", "{cohort}", "S{1}", "é" * 128])
def test_a_sample_names_no_other_folder(tmp_path, name):
    (tmp_path / "counts").mkdir()
    (tmp_path / "secret.txt").write_text("root\t1\n")
    with pytest.raises(InputError, match=r"^sample '.*: its name "):
        sample_files(str(tmp_path / "counts"), "{sample}.txt", [name])
    with pytest.raises(InputError, match=r"^sample '.*: its name "):
        check_sample_files(str(tmp_path / "counts"), "{sample}.txt", [name], "samples.tsv")
