"""The release: nothing of single people in it, decoded or not, and a search that would find it."""

import contextlib
import gzip
import re
import zipfile

import numpy as np
import pandas as pd
import pytest
import xlsxwriter
from made_findings import CLEAN, NAMES, SVG, made_cohort, made_findings

from lateralis.errors import InputError
from lateralis.io import write_table, write_text
from lateralis.report.arrays import pack_bytes, unpack, unpack_bytes
from lateralis.report.cohort_page import cohort_page
from lateralis.report.leaks import refuse_leaks, texts_of
from lateralis.report.page import ReportFigure
from lateralis.report.release import key_table, release, shared_table1
from lateralis.report.workbook import write_workbook

PEOPLE = [f"PAT{number:04d}" for number in range(60)]


@pytest.fixture(scope="module")
def cohort():
    return made_cohort()


@pytest.fixture(scope="module")
def found(cohort):
    return release(cohort, made_findings(cohort))


@pytest.fixture(scope="module")
def page(cohort, found):
    return cohort_page(cohort, found.findings, shared=True)


def decoded(page):
    """Every block of a page, unpacked."""
    blocks = re.findall(r'id="block-([a-z]+\d*)">([^<]*)<', page)
    return {name: unpack_bytes(text) for name, text in blocks}


def test_no_id_is_in_the_bytes_or_in_what_is_packed_in_them(page):
    everything = page.encode() + b"".join(decoded(page).values())
    for name in [*NAMES, *PEOPLE, "FAM77", "2024-05-06", "flail arm", "bulbar onset", "45.83"]:
        assert name.encode() not in everything, name


def test_no_value_of_a_participant_is_embedded(page):
    assert not any(name.startswith("values") for name in decoded(page))
    assert "made to be shared" in page
    assert 'id="pca-chart"' not in page


def test_quantiles_of_large_groups_take_the_place_of_values(cohort, found, page):
    head = re.search(r'id="explorer-head">([^<]*)<', page).group(1)
    assert '"level":"motor"' not in head  # three samples
    assert '"level":"carrier","samples":20' in head
    assert '"variable":"diagnosis"' not in head
    assert '"levels":["none","carrier"]' not in head
    assert found.findings.variables == ["group", "sex", "age", "gene_mutation"]


def test_the_order_of_samples_tells_nothing(found):
    names = list(found.findings.data.obs_names)
    assert names == sorted(names)
    key = {new: old for old, new in found.key.items()}
    assert [key[name] for name in names] != NAMES
    assert key_table(found.key).shape == (60, 2)


def test_a_contrast_of_a_small_group_is_left_out(found, page):
    status = {contrast["name"]: contrast["status"] for contrast in found.findings.contrasts}
    assert status == {"als_vs_carrier": "tested", "als_vs_motor": "refused"}
    assert "Left out of this page: a group has fewer than 5 people." in page


def test_figures_of_samples_are_left_out(found):
    assert list(found.findings.figures) == ["contrasts/als_vs_carrier/p_histogram"]


def test_small_numbers_are_dashes(found, page):
    table = found.findings.table1.set_index(["variable", "level"])
    assert table.loc[("gene_mutation", "carrier"), "carrier"] == "20"
    assert "motor" not in table.columns
    assert found.findings.flow["samples"].tolist() == [60, "–"]
    assert "a few excluded" in page
    assert (
        "30"
        not in found.findings.tables["Sex by the sheet (rows) and by expression (columns): number of samples."][
            "female"
        ].tolist()
    )


def test_table_1_shows_no_cell_below_the_smallest():
    rng = np.random.default_rng(3)
    coarse = pd.DataFrame({name: pd.Categorical(rng.choice(list("abcd"), 70)) for name in ("group", "x", "y")})
    shown = shared_table1(coarse, "group", 5, pd.Series(range(70))).set_index(["variable", "level"])
    counts = pd.crosstab(coarse["x"], coarse["group"])
    for level in "abcd":
        for group in "abcd":
            text = shown.loc[("x", level), group]
            assert text == "–" or (int(text) == counts.loc[level, group] and (int(text) >= 5 or int(text) == 0))
    assert (shown == "–").to_numpy().any()


def test_repeated_samples_of_few_people_are_few():
    """Forty samples of four people are four: no level, no contrast, no quantiles of theirs."""
    cohort = made_cohort()
    findings = made_findings(cohort)
    obs = findings.data.obs
    obs.loc[obs["group"] == "als", "participant"] = [f"PAT{20 + number % 4:04d}" for number in range(37)]
    found = release(cohort, findings)
    assert {contrast["name"]: contrast["status"] for contrast in found.findings.contrasts}[
        "als_vs_carrier"
    ] == "refused"
    assert "als" not in found.findings.data.obs["group"].cat.categories
    assert "als" not in found.findings.table1.columns
    page = cohort_page(cohort, found.findings, shared=True)
    assert '"level":"als"' not in page


def test_participants_values_need_an_explicit_word(cohort):
    asked = made_cohort(release={"participants": True})
    found = release(asked, made_findings(asked))
    page = cohort_page(asked, found.findings, shared=True)
    blocks = decoded(page)
    counts = np.asarray(found.findings.data.X)
    assert unpack(pack_bytes(blocks["values0"]), "u4", (256, 60)).sum(axis=0).shape == (60,)
    assert sorted(unpack(pack_bytes(blocks["values0"]), "u4", (256, 60))[0]) == sorted(
        counts[:, counts.mean(axis=0).argmax()]
    )
    assert "participants&#39; consent only" in page
    assert "r0001" in page
    assert not any(name in page for name in NAMES)


def write_release(folder, cohort, found, page):
    write_text(folder / "report.html", page)
    write_workbook(folder / "results.xlsx", cohort, found.findings, None)
    write_table(folder / "contrasts/a/results.tsv.gz", found.findings.contrasts[0]["results"])


def block(name, content):
    return f'<script type="application/octet-stream" id="block-{name}">{pack_bytes(content)}</script>'.encode()


def test_what_is_released_passes_the_search(tmp_path, cohort, found, page):
    write_release(tmp_path, cohort, found, page)
    refuse_leaks(tmp_path, found.ids, values=False)


@pytest.mark.parametrize(
    ("name", "content", "where"),
    [
        ("a.tsv", b"gene\tM2A007\n", "a.tsv"),
        ("a.tsv.gz", gzip.compress(b"PAT0003", mtime=0), "a.tsv"),
        ("M2A007.tsv", b"", "M2A007.tsv"),
        ("a.json", b'{"x": "FAM77"}', "a.json"),
        ("a.html", b"<p title='M2A007'>x</p>", "a.html"),
        ("a.html", b"<p>M2&#65;007</p>", "a.html"),
        ("a.html", b'<script type="application/json">{"a":"\\u004d2A007"}</script>', "a.html"),
        ("a.html", block("figure0", SVG), "block figure0"),
        ("a.html", block("genes", b"M2A007"), "block genes"),
    ],
)  # fmt: skip
def test_the_search_finds_what_should_not_be_there(tmp_path, found, name, content, where):
    write_text(tmp_path / "fine.txt", "nothing here, M2A0077 and XM2A007 are no ids")
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError) as raised:
        refuse_leaks(tmp_path, found.ids, values=False)
    assert where in str(raised.value)
    assert "nothing was released" in str(raised.value)
    if name != "M2A007.tsv":
        assert "M2A007" not in str(raised.value)  # ids stay out of logs


def test_the_search_reads_workbooks(tmp_path, cohort, found):
    internal = made_findings(cohort)
    write_workbook(tmp_path / "results.xlsx", cohort, internal, internal.ledger)
    with pytest.raises(InputError, match=r"results\.xlsx: xl/"):
        refuse_leaks(tmp_path, found.ids, values=False)
    assert zipfile.is_zipfile(tmp_path / "results.xlsx")


def test_the_search_refuses_values_of_participants(tmp_path, cohort, found):
    page = cohort_page(made_cohort(release={"participants": True}), found.findings, shared=True)
    write_text(tmp_path / "report.html", page)
    refuse_leaks(tmp_path, found.ids, values=True)
    with pytest.raises(InputError, match="holds participants' values"):
        refuse_leaks(tmp_path, found.ids, values=False)


def test_the_chart_library_and_our_scripts_are_not_taken_for_data():
    page = '<style>M2A007</style><script>M2A007</script><script type="application/octet-stream" id="block-library">AA</script>'
    assert all("M2A007" not in text for _, text in texts_of("a.html", page.encode()))


def test_a_page_without_ids_in_figures_is_as_it_was(cohort):
    findings = made_findings(cohort)
    assert findings.figures["contrasts/als_vs_carrier/p_histogram"] == ReportFigure(CLEAN, "Histogram")
    page = cohort_page(cohort, findings)
    assert "M2A007" in page
    assert "Internal." in page


def test_the_place_of_a_cell_is_no_id_and_its_text_is_one(tmp_path):
    for folder, text in (("places", "gene"), ("texts", "P120")):
        (tmp_path / folder).mkdir()
        book = xlsxwriter.Workbook(tmp_path / folder / "table.xlsx", {"constant_memory": True})
        sheet = book.add_worksheet("P 1")
        for row in range(200):
            sheet.write_string(row, 15, text)  # column P
        book.close()
    ids = {f"P{number:03d}" for number in range(1, 181)}
    refuse_leaks(tmp_path / "places", ids, values=True)
    with pytest.raises(InputError, match=r"geo/table\.xlsx: xl/worksheets/sheet1\.xml: holds 1 identifier of"):
        refuse_leaks(tmp_path / "texts", ids, values=True, called="geo")


@pytest.mark.parametrize(("table", "found"), [("gene_id\tS1\nG1\t50001\n", False), ("gene_id\t50001\nG1\t7\n", True)])
def test_of_a_matrix_its_labels_are_searched_and_not_its_numbers(tmp_path, table, found):
    write_text(tmp_path / "counts.tsv.gz", table)
    with pytest.raises(InputError) if found else contextlib.nullcontext():
        refuse_leaks(tmp_path, {"50001"}, values=True, matrices=["counts.tsv.gz"])
