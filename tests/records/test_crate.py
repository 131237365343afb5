"""The RO-Crate: valid in either place, the same each time, and nothing in it of people, machines or places."""

import base64
import hashlib
import io
import json
import runpy
from datetime import UTC, datetime
from email.message import Message
from importlib.resources import files
from types import SimpleNamespace
from urllib.response import addinfourl

import pytest
from crate_checks import checked_crate, listed
from runcrate.report import dump_crate_actions
from snakemake.iocontainers import Namedlist

from lateralis.io import write_json
from lateralis.records.crate import Run, build_crate, content_uri, file_record, given_records
from lateralis.records.source import SourceState

STATE = SourceState("c0ffee" * 6 + "c0ff", "no", datetime(2024, 5, 6, tzinfo=UTC), "ab" * 32, "cd" * 32)
MADE = {
    "summary.tsv": "contrast\n",
    "report.html": "<html>",
    "contrasts/a_b/called.tsv": "gene_id\n",
    "contrasts/c_d/called.tsv": "gene_id\n",  # two of the same content
    "qc/pca/a group.svg": "<svg/>",
    "provenance/versions.json": "{}",
}
SOURCE = ("Snakefile", "requirements.lock", "workflow/rules/common.smk")
IDS = {"S 3", "4-b", "PAT0007", "FAM77"}


@pytest.fixture
def folder(tmp_path):
    """The folder of a cohort, and files of the user elsewhere."""
    root = tmp_path / "results/study"
    written = MADE | {"run_config.yaml": "cohort: study\n"} | {f"provenance/source/{name}": name for name in SOURCE}
    written |= {
        "../../home/marie/salmon/4-b/quant.sf": "4",
        "../../home/marie/salmon/S 3/quant.sf": "3",
        "../../home/marie/sheet.tsv": "sample\n",
        "../../home/marie/panel of PAT0007.yaml": "x\n",
    }
    for name, text in written.items():
        path = (root / name).resolve()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def made_run(folder, **changes):
    home = folder.parents[1] / "home/marie"
    counts = [home / "salmon/4-b/quant.sf", home / "salmon/S 3/quant.sf"]
    others = [home / "sheet.tsv", home / "panel of PAT0007.yaml"]
    content = {
        "cohort": "study",
        "title": "A study",
        "given": given_records(counts, others, folder, ids=IDS, one_a_sample=True),
        "config": file_record(folder / "run_config.yaml", folder),
        "made": [file_record(folder / name, folder) for name in MADE],
        "source": [file_record(folder / "provenance/source" / name, folder) for name in SOURCE],
        "settings": {"seed of permutations and bootstraps": "17"},
        "versions": {"lateralis": "0.1.0", "python": "3.11.7", "snakemake": "9.27.1", "numba": "not installed"},
        "state": STATE,
        "published": STATE.date.isoformat(),
        "ended": None,
    }
    return Run(**content | changes)


def written(folder, root=".", **changes):
    write_json(folder / root / "ro-crate-metadata.json", build_crate(made_run(folder, **changes), root))
    return checked_crate(folder / root)


def uri(text):
    digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")
    return f"ni:///sha-256;{digest}"


@pytest.mark.parametrize("root", [".", "provenance"])
def test_the_crate_holds_what_the_profiles_require(folder, root):
    crate = written(folder, root)
    prefix = "" if root == "provenance" else "provenance/"
    assert crate.mainEntity.id == f"{prefix}source/Snakefile"
    assert [part.id for part in crate.mainEntity["hasPart"]] == [f"{prefix}source/workflow/rules/common.smk"]
    assert crate.mainEntity["version"] == "0.1.0"
    software = {entity["name"]: entity["softwareVersion"] for entity in crate.mainEntity["softwareRequirements"]}
    assert software == {"python": "3.11.7", "snakemake": "9.27.1"}  # what is not installed took no part
    assert {entity["name"]: entity["value"] for entity in crate.mainEntity["additionalProperty"]} == {
        "git commit": STATE.commit,
        "edited since the commit": "no",
        "sha256 of requirements.lock": "ab" * 32,
        "sha256 over the code": "cd" * 32,
    }


def test_the_action_reads_config_counts_sheet_and_seeds_and_makes_the_results(folder):
    action = written(folder).dereference("#run")
    given = listed(action["object"])
    assert {entity.id for entity in given[:-1]} == {"run_config.yaml", *map(uri, ["4", "3", "sample\n", "x\n"])}
    assert (given[-1]["name"], given[-1]["value"]) == ("seed of permutations and bootstraps", "17")
    assert [entity.id for entity in action["result"]] == [name.replace(" ", "%20") for name in MADE]


def test_files_outside_the_root_go_by_their_checksum(folder):
    crate = written(folder, "provenance")
    made = {entity.id: entity for entity in crate.dereference("#run")["result"]}
    assert set(made) == {"versions.json", *(uri(MADE[name]) for name in MADE if name != "provenance/versions.json")}
    assert made[uri("gene_id\n")]["name"] == "contrasts/a_b/called.tsv, contrasts/c_d/called.tsv"
    assert made[uri("<html>")]["name"] == "report.html"


def test_a_checksum_as_uri_is_that_of_rfc_6920():
    """The example of its section 8.1."""
    digest = hashlib.sha256(b"Hello World!").hexdigest()
    assert content_uri(digest) == "ni:///sha-256;f4OxZX_x_FO5LcGBSKHWXfwtSx-j1ncoSt3SABJtkGk"


@pytest.mark.parametrize("root", [".", "provenance"])
def test_no_sample_person_machine_or_place_is_in_it(folder, root):
    text = json.dumps(build_crate(made_run(folder), root), ensure_ascii=False)
    for secret in (*IDS, "marie", "home", str(folder), "quant.sf", "S%203"):
        assert secret not in text
    assert '"counts of a sample"' in text
    assert '"sheet.tsv"' in text


def test_names_of_count_files_of_single_samples_are_left_out_and_others_kept_unless_they_hold_an_id(folder):
    home = folder.parents[1] / "home/marie"
    files = [home / "sheet.tsv", home / "panel of PAT0007.yaml"]
    told = given_records(files[:1], files, folder, ids=IDS, one_a_sample=False)
    assert [record.name for record in told] == ["sheet.tsv", "sheet.tsv", "file"]
    single = given_records(
        [home / "salmon/4-b/quant.sf", home / "salmon/S 3/quant.sf"], [], folder, ids=(), one_a_sample=True
    )
    assert [record.name for record in single] == ["counts of a sample"] * 2
    assert [record.sha256 for record in single] == sorted(record.sha256 for record in single)


def test_a_simulated_input_lies_inside_and_goes_by_its_path(folder):
    (folder / "inputs").mkdir()
    (folder / "inputs/samples.tsv").write_text("sample\n")
    (record,) = given_records([folder / "inputs/samples.tsv"], [], folder, ids=IDS, one_a_sample=False)
    assert (record.name, record.inside, record.size) == ("inputs/samples.tsv", True, 7)


def test_the_same_run_gives_the_same_bytes_and_no_clock(folder, monkeypatch):
    import rocrate.model.root_dataset as clock

    first = json.dumps(build_crate(made_run(folder)))
    monkeypatch.setattr(clock, "iso_now", lambda: "2031-01-01T00:00:00+00:00")
    assert json.dumps(build_crate(made_run(folder))) == first
    assert "2031" not in first
    crate = written(folder)
    assert crate.root_dataset.get("datePublished") == "2024-05-06T00:00:00+00:00"
    assert crate.dereference("#run").get("endTime") is None


def test_a_stated_time_is_the_end_of_the_run(folder):
    crate = written(folder, ended="2025-01-02T03:04:05+00:00", published="2025-01-02T03:04:05+00:00")
    assert crate.dereference("#run").get("endTime") == "2025-01-02T03:04:05+00:00"


def named_inputs(given):
    """Inputs as a script gets them from Snakemake: all in one list, and by name one or several of it."""
    found = Namedlist()
    for name, paths in given.items():
        start = len(found)
        found.extend([paths] if isinstance(paths, str) else paths)
        found._set_name(name, start, end=None if isinstance(paths, str) else len(found))
    return found


def test_the_script_tells_what_was_read_from_what_was_made(folder, request, monkeypatch):
    """Snakemake gives an input of one path as a text, and one of none as an empty list."""
    home = folder.parents[1] / "home/marie"
    (home / "sheet.tsv").write_text("sample\tgroup\tparticipant\n4-b\tals\tPAT0007\nS 3\tcontrol\tPAT0008\n")
    (folder / "release").mkdir()
    for name in ("release/report.html", "release/.snakemake_timestamp"):
        (folder / name).write_text("<html>shared")
    (folder / "provenance/versions.json").write_text(
        '{"lateralis": "0.1.0", "python": "3.11.7", "snakemake": "9.27.1"}'
    )
    cohort = {
        "cohort": "study",
        "title": "A study",
        "input": {
            "counts": {"format": "htseq", "path": str(home / "salmon")},
            "samples": str(home / "sheet.tsv"),
        },
        "samples": {"participant": "participant", "variables": {"group": {"type": "categorical"}}},
        "models": {"primary": {"design": "~ group"}},
        "contrasts": {"a_b": {"model": "primary", "variable": "group", "test": "als", "reference": "control"}},
        "enrichment": {"gene_sets": {"own": {"path": str(home / "sets of PAT0007.gmt")}}},
    }
    (home / "sets of PAT0007.gmt").write_text("set\t\tA\tB\n")
    (folder / "enrichment").mkdir()
    (folder / "enrichment/pathways.tsv").write_text("contrast\n")
    given = {
        "sheet": str(home / "sheet.tsv"),
        "files": [str(home / "salmon/4-b/quant.sf"), str(home / "salmon/S 3/quant.sf")],
        "panel": str(home / "panel of PAT0007.yaml"),
        "relatedness": [],
        "control_genes": [],
        "followups": str(home / "sets of PAT0007.gmt"),
        "followed": str(folder / "enrichment"),
        "config": str(folder / "run_config.yaml"),
        "versions": str(folder / "provenance/versions.json"),
        "release": str(folder / "release"),
        "page": str(folder / "report.html"),
    }
    job = SimpleNamespace(
        input=named_inputs(given),
        output=Namedlist(
            fromdict={
                "crate": str(folder / "ro-crate-metadata.json"),
                "record": str(folder / "provenance/ro-crate-metadata.json"),
                "source": str(folder / "provenance/source"),
            }
        ),
        params=SimpleNamespace(cohort=cohort),
        log=[str(folder / "log.txt")],
    )
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    runpy.run_path(str(request.config.rootpath / "scripts/write_crate.py"), init_globals={"snakemake": job})
    action = checked_crate(folder).dereference("#run")
    assert [entity.get("name") for entity in listed(action["object"])] == [
        *("run_config.yaml", "counts of a sample", "counts of a sample", "sheet.tsv", "file", "file"),
        "seed of permutations and bootstraps",
        "seed of the permutations of gene sets",
    ]
    assert [entity.id for entity in action["result"]] == [
        "provenance/versions.json",
        "report.html",
        "release/report.html",
        "enrichment/pathways.tsv",
    ]
    assert action["endTime"] == "1970-01-02T00:00:00+00:00"


def test_runcrate_reports_the_run(folder):
    said = io.StringIO()
    written(folder)
    dump_crate_actions(folder, said)
    lines = said.getvalue().splitlines()
    assert lines[0] == "action: #run"
    assert lines[1].startswith("  instrument: provenance/source/Snakefile (['File', 'SoftwareSourceCode'")
    assert "    17" in lines[lines.index("  inputs:") : lines.index("  outputs:")]
    assert [line.strip() for line in lines[lines.index("  outputs:") + 1 :] if line] == [
        name.replace(" ", "%20") for name in MADE
    ]


CONTEXTS = {
    "https://w3id.org/ro/crate/1.1/context": (files("rocrate") / "data/ro-crate.jsonld").read_bytes(),
    "https://w3id.org/ro/terms/workflow-run/context": json.dumps(
        {
            "@context": {
                "sha256": "https://w3id.org/ro/terms/workflow-run#sha256",
                "ComputationalWorkflow": "https://bioschemas.org/ComputationalWorkflow",  # as 1.1 has it
            }
        }
    ).encode(),
}


@pytest.fixture
def contexts_without_network(monkeypatch):
    """The two JSON-LD contexts from memory; no other address is asked. rocrate ships the first, of a later version."""
    networking = pytest.importorskip("rdflib._networking")
    requests = pytest.importorskip("requests")
    cache = pytest.importorskip("requests_cache")

    def opened(request, *_, **__):
        address = getattr(request, "full_url", request)
        headers = Message()
        headers["Content-Type"] = "application/ld+json"
        return addinfourl(io.BytesIO(CONTEXTS[address]), headers, address, 200)

    def requested(_, method, url, **__):
        response = requests.Response()
        response.url, response.status_code, response._content = (
            url,
            200 if url in CONTEXTS else 404,
            CONTEXTS.get(url, b""),
        )
        response.headers["Content-Type"] = "application/ld+json"
        return response

    monkeypatch.setattr(networking, "urlopen", opened)
    monkeypatch.setattr(requests.Session, "request", requested)
    monkeypatch.setattr(cache.CachedSession, "request", requested)


@pytest.mark.parametrize("root", [".", "provenance"])
def test_rocrate_validator_finds_every_requirement_met(folder, root, contexts_without_network):
    """Where roc-validator is installed, which the lock cannot have: it wants an older `rich` than import-linter."""
    services = pytest.importorskip("rocrate_validator.services")
    models = pytest.importorskip("rocrate_validator.models")
    written(folder, root)
    settings = models.ValidationSettings(
        rocrate_uri=str(folder / root),
        profile_identifier="workflow-run-crate",
        requirement_severity=models.Severity.REQUIRED,
        abort_on_first=False,
    )
    result = services.validate(settings)
    assert len(list(result.executed_checks)) > 50
    assert [str(issue.message) for issue in result.get_issues()] == []
