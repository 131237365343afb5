"""The export for GEO: the counts as they are, the template's fields, and nobody's id in any byte."""

import gzip
import hashlib
import runpy
from types import SimpleNamespace

import anndata as ad
import numpy as np
import openpyxl
import pandas as pd
import pytest
from made_findings import CONFIG, NAMES, made_cohort, made_findings
from snakemake.iocontainers import Namedlist

from lateralis.config import Cohort
from lateralis.errors import InputError
from lateralis.io import write_h5ad, write_table
from lateralis.model.normalise import normalisation_factors
from lateralis.records.geo import blank_fields, file_names, md5, normalised_counts, submission
from lateralis.records.geo_sheet import readme
from lateralis.report.leaks import texts_of
from lateralis.report.release import key_table, release

FACTS = {"size_factors": "ratio", "size_factor_genes": "all genes", "offsets": "", "notes": ["Counts are integers."]}
TEMPLATE_SAMPLES = [
    *("*library name", "*title", "*library strategy", "*organism", "**tissue", "**cell line", "**cell type"),
    *("genotype", "treatment", "batch"),
]
TEMPLATE_AFTER = [
    *("*molecule", "*single or paired-end", "*instrument model", "description"),
    *("processed data file", "processed data file", "*raw file"),
]
SCRIPT = "scripts/export_geo.py"


def cohort_of(**changes):
    return Cohort(**CONFIG | changes)


@pytest.fixture(scope="module")
def findings():
    found = made_findings(made_cohort())
    found.data.uns["lateralis"] = dict(FACTS)
    return found


@pytest.fixture
def exported(findings, tmp_path, request):
    """Run the rule's script as Snakemake does; the folder it makes."""

    def export(cohort, data=None, key=None):
        write_h5ad(tmp_path / "normalised.h5ad", findings.data if data is None else data)
        if key is not None:
            write_table(tmp_path / "key.tsv", key_table(key))
        given = {"normalised": str(tmp_path / "normalised.h5ad")}
        if key is not None:
            given["key"] = str(tmp_path / "key.tsv")
        job = SimpleNamespace(
            input=Namedlist(fromdict=given),
            output=Namedlist(fromdict={"folder": str(tmp_path / "geo")}),
            params=SimpleNamespace(cohort=cohort.model_dump()),
            log=[str(tmp_path / "log.txt")],
        )
        runpy.run_path(str(request.config.rootpath / SCRIPT), init_globals={"snakemake": job})
        return tmp_path / "geo"

    return export


def read(path):
    return pd.read_csv(path, sep="\t", index_col="gene_id", keep_default_na=False)


def sheet_rows(folder, name="Metadata"):
    rows = openpyxl.load_workbook(folder / "metadata.xlsx")[name].iter_rows(values_only=True)
    return [["" if cell is None else cell for cell in row] for row in rows]


def section(rows, title, width=None):
    start = [row[0] for row in rows].index(title) + 1
    end = next((n for n in range(start, len(rows)) if not any(rows[n])), len(rows))
    return [row[:width] for row in rows[start:end]]


def test_matrices_are_the_counts_and_their_normalisation(findings, exported):
    folder = exported(cohort_of(report={}))
    kept = [name for name in NAMES if name != "M2A060"]  # who withdrew
    data = findings.data[kept]
    raw = read(folder / "mac2als_raw_counts.tsv.gz")
    assert raw.columns.tolist() == kept
    assert raw.index.tolist() == data.var_names.tolist()
    assert {dtype.kind for dtype in raw.dtypes} == {"i"}
    np.testing.assert_array_equal(raw.to_numpy(), np.asarray(data.X).T)
    normalised = read(folder / "mac2als_normalised_counts.tsv.gz")
    assert normalised.columns.tolist() == kept
    expected = np.asarray(data.X).T / data.obs["size_factor"].to_numpy()
    np.testing.assert_allclose(normalised.to_numpy(), expected, rtol=5e-6)  # six digits


def test_average_lengths_are_divided_out():
    data = ad.AnnData(np.array([[10, 20], [30, 40]]), obs=pd.DataFrame({"size_factor": [0.5, 2.0]}, index=["a", "b"]))
    data.layers["average_length"] = np.array([[1000.0, 500.0], [2000.0, 500.0]])
    factors = normalisation_factors(np.array([0.5, 2.0]), data.layers["average_length"])
    np.testing.assert_allclose(normalised_counts(data), data.X / factors)
    assert not np.allclose(factors[:, 0], factors[:, 1])


def test_checksums_are_those_of_the_files(exported):
    folder = exported(cohort_of(report={}))
    made = {path.name for path in folder.iterdir()}
    matrices = ["mac2als_raw_counts.tsv.gz", "mac2als_normalised_counts.tsv.gz"]
    assert made == {*matrices, "metadata.xlsx", "README.txt", "md5sums.txt"}
    lines = dict(line.split("  ")[::-1] for line in (folder / "md5sums.txt").read_text().splitlines())
    expected = {name: hashlib.md5((folder / name).read_bytes()).hexdigest() for name in made - {"md5sums.txt"}}
    assert lines == expected
    listed = [(row[5], row[6]) for row in section(sheet_rows(folder, "MD5 Checksums"), "RAW FILES")[1:]]
    assert listed == [(name, expected[name]) for name in matrices]


def test_md5_is_that_of_rfc_1321(tmp_path):
    (tmp_path / "abc").write_bytes(b"abc")
    assert md5(tmp_path / "abc") == "900150983cd24fb0d6963f7d28e17f72"


def test_the_sheet_has_the_template_s_sections_and_fields(exported):
    rows = sheet_rows(exported(cohort_of(report={})))
    study = section(rows, "STUDY", 2)
    assert study == [
        ["*title", "Macrophages in ALS"],
        ["*summary (abstract)", ""],
        ["*experimental design", "59 samples; group: carrier 20, als 37, motor 2."],
        ["contributor", ""],
        ["supplementary file", "mac2als_raw_counts.tsv.gz"],
        ["supplementary file", "mac2als_normalised_counts.tsv.gz"],
    ]
    head, *samples = section(rows, "SAMPLES")
    shown = ["group", "sex", "age", "diagnosis", "gene_mutation"]
    assert head == [*TEMPLATE_SAMPLES, *shown, *TEMPLATE_AFTER]
    assert len(samples) == 59
    first = dict(zip(head, samples[0], strict=True))
    assert (first["*library name"], first["*title"], first["*library strategy"]) == (
        "M2A001",
        "carrier, rep 1",
        "RNA-Seq",
    )
    assert samples[0][-3:] == ["mac2als_raw_counts.tsv.gz", "mac2als_normalised_counts.tsv.gz", ""]
    assert len({row[1] for row in samples}) == 59, "titles are unique"
    fields = [field for field, _ in section(rows, "PROTOCOLS", 2)]
    assert list(dict.fromkeys(fields)) == [
        *("growth protocol", "treatment protocol", "*extract protocol", "*library construction protocol"),
        *("*data processing step", "data processing step", "*genome build/assembly"),
        *("*processed data files format and content", "processed data files format and content"),
    ]
    assert section(rows, "PAIRED-END EXPERIMENTS", 4) == [["file name 1", "file name 2", "file name 3", "file name 4"]]


def test_what_is_blank_is_listed_for_the_submitter(findings):
    cohort = cohort_of(report={})
    made = submission(cohort, findings.data)
    blank = blank_fields(made)
    assert blank == [
        "STUDY: *summary (abstract)",
        *(
            f"SAMPLES: *{name}"
            for name in ("organism", "molecule", "single or paired-end", "instrument model", "raw file")
        ),
        "SAMPLES: one of **tissue, **cell line, **cell type",
        *(
            f"PROTOCOLS: *{name}"
            for name in ("extract protocol", "library construction protocol", "data processing step")
        ),
        "PROTOCOLS: *genome build/assembly",
    ]
    text = readme(cohort, made)
    assert all(f"  - {field}\n" in text for field in blank)
    assert "WARNING. The samples have the names of your sample sheet" in text
    assert "59 samples." in text


def test_a_variable_that_the_template_knows_goes_into_its_column(findings):
    data = findings.data.copy()
    data.obs["cell_type"] = pd.Categorical(["macrophage"] * 60)
    data.obs["batch"] = pd.Categorical(["b1", ""] * 30).remove_categories("")
    variables = CONFIG["samples"]["variables"] | {
        "cell_type": {"type": "categorical"},
        "batch": {"type": "categorical"},
    }
    cohort = cohort_of(
        samples=CONFIG["samples"] | {"variables": variables}, report={"variables": ["group", "cell_type", "batch"]}
    )
    made = submission(cohort, data)
    assert list(made.samples.columns) == [*TEMPLATE_SAMPLES, "group", *TEMPLATE_AFTER]
    assert set(made.samples["**cell type"]) == {"macrophage"}
    assert made.samples["batch"].tolist()[:2] == ["b1", ""]
    assert not any("one of" in field for field in blank_fields(made))


def test_only_variables_of_the_report_are_shown(findings):
    made = submission(cohort_of(report={"variables": ["group"]}), findings.data)
    assert list(made.samples.columns) == [*TEMPLATE_SAMPLES, "group", *TEMPLATE_AFTER]


def test_a_release_gives_new_names_and_coarse_variables(findings):
    cohort = made_cohort()
    shared = release(cohort, findings)
    made = submission(cohort, findings.data, shared.key)
    assert list(made.raw.columns) == sorted(shared.key[name] for name in NAMES if name != "M2A060")
    for old in NAMES[:-1]:
        np.testing.assert_array_equal(made.raw[shared.key[old]], np.asarray(findings.data[old].X).ravel())
    table = made.samples.set_index("*library name")
    assert list(table.columns)[9:13] == ["group", "sex", "age", "gene_mutation"]  # a diagnosis is dropped
    assert set(table["group"]) == {"carrier", "als", ""}  # three people are too few to be a group
    assert set(table["gene_mutation"]) == {"none", "carrier"}
    assert set(table["age"]) <= {"", *(f"{decade}–{decade + 9}" for decade in range(30, 80, 10))}
    assert table.loc[shared.key["M2A001"], "group"] == "carrier"
    assert any("`report.release.participants` is false" in warning for warning in made.warnings)


def test_no_id_is_in_any_byte_of_a_release(findings, exported):
    cohort = made_cohort(release={"participants": True})
    folder = exported(cohort, key=release(cohort, findings).key)
    ids = {*NAMES, *findings.data.obs["participant"], "FAM77"}
    for path in folder.iterdir():
        content = path.read_bytes()
        for where, text in texts_of(path.name, content):
            assert not [name for name in ids if name in text], where
        assert not [name for name in ids if name.encode() in content]
        assert b"withdrew" not in content
    assert "WARNING" not in (folder / "README.txt").read_text()


def test_no_participant_or_family_is_in_any_byte_without_a_release(findings, exported):
    folder = exported(cohort_of(report={}))
    ids = {*findings.data.obs["participant"], "FAM77"} - {""}
    assert len(ids) == 61
    for path in folder.iterdir():
        for where, text in texts_of(path.name, path.read_bytes()):
            assert not [name for name in ids if name in text], where
    assert "M2A001" in gzip.decompress((folder / "mac2als_raw_counts.tsv.gz").read_bytes()).decode()


def test_names_of_samples_that_hold_those_of_participants_are_refused(findings, exported, tmp_path, capsys):
    data = findings.data.copy()
    data.obs_names = [f"{name}-day8" for name in data.obs["participant"]]
    with pytest.raises(SystemExit):
        exported(cohort_of(report={}, samples=CONFIG["samples"] | {"exclude": []}), data)
    assert "hold 60 identifiers of participants or families" in (tmp_path / "log.txt").read_text()
    assert "PAT0001" not in (tmp_path / "log.txt").read_text()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log.txt", "normalised.h5ad"]


def test_an_id_in_the_title_stops_the_export_and_leaves_nothing(exported, tmp_path):
    with pytest.raises(SystemExit):
        exported(cohort_of(report={}, title="The family FAM77"))
    assert "Error: geo/README.txt: holds 1 identifier" in (tmp_path / "log.txt").read_text()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log.txt", "normalised.h5ad"]


def test_a_count_that_equals_a_participant_s_number_is_no_leak(findings, exported):
    data = findings.data.copy()
    data.obs["participant"] = [f"{number}" for number in range(50_000, 50_060)]
    data.X[:, 0] = range(50_000, 50_060)
    folder = exported(cohort_of(report={}), data)
    assert read(folder / "mac2als_raw_counts.tsv.gz").iloc[0].tolist() == list(range(50_000, 50_059))


def test_the_same_cohort_gives_the_same_bytes(exported):
    def digests():
        folder = exported(cohort_of(report={}))
        return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}

    first = digests()
    assert digests() == first


def test_intensities_are_refused(findings):
    given = {"counts": {"format": "matrix", "path": "array.tsv"}, "samples": "samples.tsv"}
    with pytest.raises(InputError, match=r"is `log_intensity`.*other templates for arrays"):
        submission(cohort_of(assay="log_intensity", input=given), findings.data)


def test_names_that_geo_would_refuse_are_told(findings):
    data = findings.data.copy()
    data.obs_names = [f"é{name}" for name in NAMES]
    made = submission(cohort_of(report={}, samples=CONFIG["samples"] | {"exclude": []}), data)
    assert made.warnings[1:] == ["Names of libraries must be plain ASCII, and some are not."]


def test_files_are_named_after_the_cohort():
    assert file_names(made_cohort()) == {
        "raw": "mac2als_raw_counts.tsv.gz",
        "normalised": "mac2als_normalised_counts.tsv.gz",
    }
