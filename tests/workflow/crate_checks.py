"""Whether a folder is a sound Workflow Run RO-Crate: what the profiles require, read with the library others read it with."""

import hashlib
from pathlib import Path
from urllib.parse import unquote

from rocrate.rocrate import ROCrate

PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5",
    "https://w3id.org/ro/wfrun/workflow/0.5",
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0",
}


def listed(value):
    return value if isinstance(value, list) else [] if value is None else [value]


def checked_crate(folder: Path) -> ROCrate:
    """The crate of a folder, after assertions on its links, its files and its profiles."""
    crate = ROCrate(folder)
    root = crate.root_dataset
    assert {profile.id for profile in root["conformsTo"]} == PROFILES
    assert {profile.get("version") for profile in root["conformsTo"]} == {"0.5", "1.0"}
    descriptor = crate.dereference("ro-crate-metadata.json")
    assert descriptor["about"] is root
    assert descriptor["conformsTo"] == [
        "https://w3id.org/ro/crate/1.1",
        crate.dereference("https://w3id.org/workflowhub/workflow-ro-crate/1.0"),
    ]
    assert all(root.get(key) for key in ("name", "description", "license"))
    main = crate.mainEntity
    assert set(main.type) == {"File", "SoftwareSourceCode", "ComputationalWorkflow"}
    assert main["programmingLanguage"].id == "https://w3id.org/workflowhub/workflow-ro-crate#snakemake"
    (action,) = listed(root["mentions"])
    assert action.type == "CreateAction"
    assert action["instrument"] is main
    parts = set(root["hasPart"])
    files = [entity for entity in crate.get_entities() if "File" in listed(entity.type)]
    files = [entity for entity in files if entity is not descriptor]
    assert set(files) == parts
    for entity in [*listed(action["object"]), *listed(action["result"])]:
        assert entity in parts or entity.type == "PropertyValue"
    for entity in files:
        if not entity.id.startswith("ni:"):
            content = (folder / unquote(entity.id)).read_bytes()
            assert hashlib.sha256(content).hexdigest() == entity["sha256"], entity.id
            assert entity["contentSize"] == str(len(content))
        assert "/" in entity["encodingFormat"]
        assert not unquote(entity.id).startswith(("/", "..", "file:"))
    return crate
