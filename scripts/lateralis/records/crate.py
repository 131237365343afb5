"""What ran on what and made what, as a Workflow Run RO-Crate: files by path and checksum, nothing of people or machines.

Profiles: Process Run Crate 0.5 and Workflow Run Crate 0.5 (https://w3id.org/ro/wfrun), Workflow RO-Crate 1.0, RO-Crate 1.1.
"""

from __future__ import annotations

import base64
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from lateralis.io import sha256
from lateralis.records.privacy import found_ids
from lateralis.records.provenance import ABSENT
from lateralis.records.source import LOCK, SNAKEFILE, SourceState

if TYPE_CHECKING:
    from rocrate.rocrate import ROCrate

METADATA_FILE = "ro-crate-metadata.json"
RO_CRATE, CONTEXT = "1.1", "https://w3id.org/ro/terms/workflow-run/context"
WORKFLOW_CRATE = "https://w3id.org/workflowhub/workflow-ro-crate/1.0"
PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": ("Process Run Crate", "0.5"),
    "https://w3id.org/ro/wfrun/workflow/0.5": ("Workflow Run Crate", "0.5"),
    WORKFLOW_CRATE: ("Workflow RO-Crate", "1.0"),
}
MIT = "https://spdx.org/licenses/MIT"
ENCODINGS = {
    ".tsv": "text/tab-separated-values",
    ".csv": "text/csv",
    ".txt": "text/plain",
    ".smk": "text/plain",
    ".lock": "text/plain",
    ".html": "text/html",
    ".svg": "image/svg+xml",
    ".json": "application/json",
    ".yaml": "application/yaml",
    ".gz": "application/gzip",
    ".h5ad": "application/x-hdf5",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
BINARY = "application/octet-stream"


@dataclass(frozen=True)
class FileRecord:
    """One file.

    Attributes
    ----------
    name : what it is called: its path below the cohort's folder, or what may be told of a file that lies elsewhere
    inside : whether it lies in the cohort's folder
    sha256 : checksum, hexadecimal
    size : bytes
    encoding : media type
    """

    name: str
    inside: bool
    sha256: str
    size: int
    encoding: str


@dataclass(frozen=True)
class Run:
    """One run of a cohort.

    Attributes
    ----------
    cohort, title : from the config
    given : what it read: counts, sample sheet, and other files of the user
    config : the merged config
    made : what it wrote
    source : the copy of the code, Snakefile and lock among it
    settings : what else decides results, such as seeds; name → value
    versions : software → version, lateralis and python among it
    state : which code it was
    published : date of the record, ISO 8601
    ended : time at which the run is said to have ended, ISO 8601; None says nothing
    """

    cohort: str
    title: str
    given: list[FileRecord]
    config: FileRecord
    made: list[FileRecord]
    source: list[FileRecord]
    settings: Mapping[str, str]
    versions: Mapping[str, str]
    state: SourceState
    published: str
    ended: str | None


def file_record(path: str | Path, folder: str | Path, called: str = "file") -> FileRecord:
    """Checksum and size of a file.

    Parameters
    ----------
    path : of the file
    folder : the cohort's
    called : what to call a file that lies elsewhere
    """
    path = Path(path)
    inside = path.is_relative_to(folder)
    name = path.relative_to(folder).as_posix() if inside else called
    encoding = "text/plain" if path.name == SNAKEFILE else ENCODINGS.get(path.suffix, BINARY)
    return FileRecord(name, inside, sha256(path), path.stat().st_size, encoding)


def given_records(
    counts: Iterable[str | Path],
    others: Iterable[str | Path],
    folder: str | Path,
    *,
    ids: Collection[str],
    one_a_sample: bool,
) -> list[FileRecord]:
    """Records of the files that a run was given, under names that tell of nobody.

    Parameters
    ----------
    counts, others : paths
    folder : the cohort's
    ids : names of samples, participants and families
    one_a_sample : whether each count file is one sample's. Such a file's name is the sample's name, or tells of it, and is
        left out, as is any name with an id in it.
    """
    found = [file_record(path, folder, "counts of a sample" if one_a_sample else _told(path, ids)) for path in counts]
    found.sort(key=lambda record: record.sha256)  # not in the order of the names
    return found + [file_record(path, folder, _told(path, ids)) for path in others]


def _told(path: str | Path, ids: Collection[str]) -> str:
    name = Path(path).name
    return "file" if found_ids(name, ids) else name


def build_crate(run: Run, root: str = ".") -> dict[str, Any]:
    """The crate's metadata, as JSON-LD.

    Parameters
    ----------
    run : the run
    root : the crate's root, as a path below the cohort's folder. Files below it go by their path. Any other goes by its
        checksum, as a URI of RFC 6920, `ni:///sha-256;…`, which names content and tells no place.

    Notes
    -----
    The user's name, the machine and paths outside the cohort's folder are left out: a crate is passed on. For the same
    reason the action has no agent, which the profile recommends.
    """
    from rocrate.rocrate import ROCrate

    crate = ROCrate(version=RO_CRATE)
    crate.metadata.extra_contexts.append(CONTEXT)
    crate.metadata["conformsTo"] = [{"@id": f"https://w3id.org/ro/crate/{RO_CRATE}"}, {"@id": WORKFLOW_CRATE}]
    ids = _add_files(crate, [*run.source, run.config, *run.given, *run.made], PurePosixPath(root))
    workflow = _add_workflow(crate, run, ids)
    action = _add_action(crate, run, ids, workflow)
    described = {
        "name": f"lateralis: {run.title}",
        "description": f"What the cohort {run.cohort} was made from, by which code, and what came of it.",
        "datePublished": run.published,
        "license": _add(
            crate,
            "#licence",
            "CreativeWork",
            name="Not stated",
            description="The code is under the MIT License. Who may use the data is for the owners of the study to say.",
        ),
        "conformsTo": [
            _add(crate, profile, "CreativeWork", name=name, version=version)
            for profile, (name, version) in PROFILES.items()
        ],
        "mainEntity": workflow,
        "mentions": action,
    }
    for key, content in described.items():
        crate.root_dataset[key] = content
    return crate.metadata.generate()


Reference = dict[str, str]


def _add(crate: ROCrate, uri: str, kind: str, **properties: Any) -> Reference:
    """Add a contextual entity; a reference to it."""
    crate.add_jsonld({"@id": uri, "@type": kind, **properties})
    return {"@id": uri}


def _add_value(crate: ROCrate, name: str, text: str) -> Reference:
    return _add(crate, f"#{quote(name.replace(' ', '-'))}", "PropertyValue", name=name, value=text)


def _add_files(crate: ROCrate, records: Iterable[FileRecord], root: PurePosixPath) -> dict[FileRecord, Reference]:
    """Add an entity a file; files of the same content that go by it are one entity with several names."""
    from rocrate.model import File

    found: dict[FileRecord, Reference] = {}
    names: dict[str, list[str]] = {}
    for record in records:
        path = PurePosixPath(record.name)
        local = path.relative_to(root).as_posix() if record.inside and path.is_relative_to(root) else None
        identifier = quote(local) if local is not None else content_uri(record.sha256)
        known = names.setdefault(identifier, [])
        if record.name not in known:
            known.append(record.name)
        properties = {
            "name": ", ".join(known),
            "sha256": record.sha256,
            "contentSize": str(record.size),
            "encodingFormat": record.encoding,
        }
        source = None if local is not None else identifier
        crate.add(File(crate, source=source, dest_path=local, properties=properties))
        found[record] = {"@id": identifier}
    return found


def _add_workflow(crate: ROCrate, run: Run, ids: Mapping[FileRecord, Reference]) -> Reference:
    """Say of the Snakefile that it is the workflow, in which language, of which version, and with which software."""
    from rocrate.model import File

    main = next(ids[record] for record in run.source if PurePosixPath(record.name).name == SNAKEFILE)
    language = _add(
        crate,
        f"{WORKFLOW_CRATE.rpartition('/')[0]}#snakemake",
        "ComputerLanguage",
        name="Snakemake",
        identifier={"@id": "https://doi.org/10.12688/f1000research.29032.2"},
        url={"@id": "https://snakemake.readthedocs.io"},
        version=run.versions["snakemake"],
    )
    software = [
        # a package URL is an absolute URI, as the profile wants it, and depends on no index
        _add(
            crate,
            f"pkg:{'generic' if name == 'python' else 'pypi'}/{quote(name)}@{quote(version)}",
            "SoftwareApplication",
            name=name,
            softwareVersion=version,
        )
        for name, version in run.versions.items()
        if name != "lateralis" and version != ABSENT
    ]
    state = {
        "git commit": run.state.commit,
        "edited since the commit": run.state.edited,
        f"sha256 of {LOCK}": run.state.lock,
        "sha256 over the code": run.state.digest,
    }
    properties = {
        **crate.dereference(main["@id"]).properties(),
        "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow"],
        "name": "lateralis",
        "description": "Differential expression in ALS immune-cell cohorts: the Snakefile that ran.",
        "version": run.versions["lateralis"],
        "programmingLanguage": language,
        "license": _add(crate, MIT, "CreativeWork", name="MIT License"),
        "hasPart": [ids[record] for record in run.source if record.name.endswith(".smk")],
        "softwareRequirements": software,
        "additionalProperty": [_add_value(crate, name, text) for name, text in state.items()],
    }
    crate.add(File(crate, dest_path=unquote(main["@id"]), properties=properties))  # takes the place of the plain file
    return main


def _add_action(crate: ROCrate, run: Run, ids: Mapping[FileRecord, Reference], workflow: Reference) -> Reference:
    """Say what the run read, with which settings, and what it made."""
    end = {} if run.ended is None else {"endTime": run.ended}
    return _add(
        crate,
        "#run",
        "CreateAction",
        name=f"Run of the cohort {run.cohort}",
        description="Counts and sample sheet were read; fits, tables, figures and the report were made from them.",
        instrument=workflow,
        object=[
            *_distinct(ids[record] for record in [run.config, *run.given]),
            *(_add_value(crate, name, text) for name, text in run.settings.items()),
        ],
        result=_distinct(ids[record] for record in run.made),
        actionStatus="http://schema.org/CompletedActionStatus",
        **end,
    )


def _distinct(references: Iterable[Reference]) -> list[Reference]:
    return [{"@id": name} for name in dict.fromkeys(reference["@id"] for reference in references)]


def content_uri(digest: str) -> str:
    """A URI that names content by its SHA-256 and tells no place (RFC 6920)."""
    return f"ni:///sha-256;{base64.urlsafe_b64encode(bytes.fromhex(digest)).decode().rstrip('=')}"
