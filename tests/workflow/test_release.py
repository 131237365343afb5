"""A cohort that asks for a release gets a folder without its samples' names; one that would leak gets none."""

import gzip
import re
import zipfile
from collections import Counter

import pandas as pd

from lateralis.report.arrays import unpack_bytes

NAMES = ("S 3", "4-b", "p.5", "4-b motor", "S 3 lane-1", "006 als")


def asked(workspace, **more):
    cohort = workspace.cohort()
    cohort |= {"report": {"profile": "release"}, **more}
    workspace.write_cohort(cohort)


def texts(folder):
    """Everything in a folder as text, pages unpacked."""
    for path in sorted(folder.rglob("*")):
        if path.is_dir():
            continue
        content = path.read_bytes()
        if path.suffix == ".gz":
            yield path.name, gzip.decompress(content).decode()
        elif path.suffix == ".xlsx":
            with zipfile.ZipFile(path) as archive:
                for name in archive.namelist():
                    yield name, archive.read(name).decode()
        else:
            yield path.name, content.decode()
            for name, packed in re.findall(r'id="block-([a-z]+\d*)">([^<]*)<', content.decode()):
                if not name.startswith("library"):
                    yield name, unpack_bytes(packed).decode("latin-1")


def test_a_release_is_a_folder_without_names(workspace):
    asked(workspace)
    assert workspace.planned() == Counter(
        ["gather_cohort", "write_report", "write_workbook", "write_release", "write_crate", "write_manifest"]
    )
    outcome = workspace.run()
    assert outcome.status == 0, outcome.output
    assert "To share: results/tiny/release/report.html" in outcome.output
    folder = workspace.results() / "release"
    made = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} - {
        ".snakemake_timestamp"
    }
    results = {f"contrasts/{name}/results.tsv.gz" for name in workspace.cohort()["contrasts"]}
    assert made == {"report.html", "results.xlsx", "summary.tsv", "signature.tsv", *results} - {"signature.tsv"}
    for where, text in texts(folder):
        for name in NAMES:
            assert not re.search(rf"(?<![0-9A-Za-z]){re.escape(name)}(?![0-9A-Za-z])", text), (where, name)
    assert "4-b motor" in (workspace.results() / "provenance/release_key.tsv").read_text()
    assert "4-b motor" in (workspace.results() / "report.html").read_text()
    outcome = workspace.run("results/tiny/geo")
    assert outcome.status == 0, outcome.output
    key = pd.read_csv(workspace.results() / "provenance/release_key.tsv", sep="\t", dtype=str, keep_default_na=False)
    with gzip.open(workspace.results() / "geo/tiny_raw_counts.tsv.gz", "rt") as matrix:
        names = matrix.readline().rstrip("\n").split("\t")[1:]
    assert len(names) == 18
    assert names == sorted(set(names) & set(key["released"]))
    crate = (workspace.results() / "ro-crate-metadata.json").read_text()
    assert '"release/report.html"' in crate
    assert "release_key" not in crate


def test_a_release_that_would_name_a_sample_is_not_made(workspace):
    asked(workspace, title="The case of 4-b motor")
    outcome = workspace.run()
    assert outcome.status != 0
    assert "release/report.html: holds 2 identifiers of samples, participants or families." in outcome.output
    assert not (workspace.results() / "release").exists()
    assert not list(workspace.results().glob("release.*"))
    log = (workspace.results() / "logs/report/write_release.log").read_text()
    assert "4-b motor" not in log
