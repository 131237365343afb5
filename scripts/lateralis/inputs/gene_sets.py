"""Collections of gene sets: a GMT file that a cohort names, or the Blood Transcription Modules installed with lateralis.

A set is read whole or the file is refused; which of its genes the cohort has is `gene_ids`' question.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from lateralis.errors import InputError, listing, printable
from lateralis.followups import Enrichment, GeneSets
from lateralis.inputs.files import check_sha256, text_lines
from lateralis.inputs.network import read_network
from lateralis.io import sha256
from lateralis.names import flaw

WANTED = "Give a GMT file: a set a line, its name, a description, then its genes, separated by tabs"
LARGEST = 64_000_000  # characters; all of MSigDB has a quarter of that
MOST_SETS = 100_000
LONGEST_DESCRIPTION = 300
UNKNOWN_TERMS = "as its source states; not known to lateralis"
BTM_TERMS = "MIT; Blood Transcription Modules, Li et al. 2014, doi:10.1038/ni.2789"
NOT_ANNOTATED = "to be annotated: its authors give it no name"


@dataclass(frozen=True)
class GeneSet:
    """A set of genes.

    Attributes
    ----------
    name : as given
    description : as given, on one line
    genes : ids or symbols as given, each once, in order
    """

    name: str
    description: str
    genes: tuple[str, ...]


@dataclass(frozen=True)
class Collection:
    """Gene sets of one source.

    Attributes
    ----------
    name : the config's
    sets : in the source's order
    file : where they are from
    sha256 : of that file
    terms : licence and attribution, where known
    """

    name: str
    sets: tuple[GeneSet, ...]
    file: str
    sha256: str
    terms: str

    @property
    def genes(self) -> list[str]:
        """Ids of all sets, each once, in order."""
        return list(dict.fromkeys(gene for one in self.sets for gene in one.genes))


def read_gmt(path: str) -> list[GeneSet]:
    """Gene sets of a GMT file.

    Parameters
    ----------
    path : text in UTF-8, plain or gzipped; a set a line, tab-separated: name, description, genes; empty lines do no harm

    Raises
    ------
    InputError
        The file cannot be read, is too large, holds no set, a line without genes, or two sets of one name.
    """
    found: dict[str, GeneSet] = {}
    lines: dict[str, int] = {}
    size = 0
    for number, line in enumerate(text_lines(path, WANTED), start=1):
        size += len(line)
        if size > LARGEST:
            raise InputError(path, f"has more than {LARGEST:,} characters", WANTED)
        if not line.strip():
            continue
        one = _parse(line.rstrip("\n"), f"{path}, line {number}")
        if one.name in found:
            raise InputError(
                f"{path}, line {number}",
                f"a second set is named '{one.name}'; the first is on line {lines[one.name]}",
                "Give each set its own name",
            )
        found[one.name], lines[one.name] = one, number
        if len(found) > MOST_SETS:
            raise InputError(path, f"holds more than {MOST_SETS:,} sets", WANTED)
    if not found:
        raise InputError(path, "holds no gene set", WANTED)
    return list(found.values())


def _parse(line: str, where: str) -> GeneSet:
    name, *rest = (cell.strip() for cell in line.split("\t"))
    if not name:
        raise InputError(where, "the set has no name", WANTED)
    wrong = flaw(name)
    if wrong is not None:
        raise InputError(where, f"the name '{name[:60]}' {wrong[0]}", wrong[1])
    genes = tuple(dict.fromkeys(filter(None, rest[1:])))
    if not genes:
        raise InputError(where, f"the set '{name}' has no genes", WANTED)
    longest = max(genes, key=len)
    if flaw(longest) is not None:
        raise InputError(where, f"'{longest[:60]}' is no gene: it {flaw(longest)[0]}", WANTED)  # type: ignore[index]
    description = printable(rest[0])
    return GeneSet(name, description if len(description) <= LONGEST_DESCRIPTION else "", genes)


def installed_modules() -> Collection:
    """The Blood Transcription Modules: 346 sets of genes that go together in human blood, some without a name.

    Source: Li et al. 2014, doi:10.1038/ni.2789; the package BTM, MIT licence.
    """
    from BTM import btm2013

    sets = [
        GeneSet(name, NOT_ANNOTATED if name.startswith("TBA") else "", tuple(dict.fromkeys(btm2013.ModuleDict[name])))
        for name in btm2013.ModuleIndex
    ]
    file = f"BTM/btm2013.py of the package BTM {version('BTM')}"
    return Collection("btm", tuple(sets), file, sha256(Path(btm2013.__file__)), BTM_TERMS)


def read_collection(name: str, source: Literal["btm"] | GeneSets) -> Collection:
    """Read one collection of the config's `enrichment.gene_sets`; errors as in `read_gmt`."""
    if isinstance(source, str):
        return replace(installed_modules(), name=name)
    sets = read_gmt(source.path)
    check_sha256(source.path, source.sha256)
    return Collection(name, tuple(sets), source.path, sha256(source.path), UNKNOWN_TERMS)


def read_collections(sources: Mapping[str, Literal["btm"] | GeneSets]) -> list[Collection]:
    """Read all collections; a set whose name stands in several of them gets the collection's name behind its own."""
    found = [read_collection(name, source) for name, source in sources.items()]
    seen: dict[str, int] = {}
    for collection in found:
        for one in collection.sets:
            seen[one.name] = seen.get(one.name, 0) + 1
    return [
        replace(
            collection,
            sets=tuple(
                replace(one, name=f"{one.name} ({collection.name})") if seen[one.name] > 1 else one
                for one in collection.sets
            ),
        )
        for collection in found
    ]


def check_gene_sets(spec: Enrichment, where: str) -> list[str]:
    """Check all that files of gene sets and of regulators show by themselves, before any job.

    Parameters
    ----------
    spec : the cohort's section
    where : the cohort file, for messages

    Returns
    -------
    Warnings, as sentences

    Raises
    ------
    InputError
        With the file and line, or the key, what was found and what would be right.
    """
    warnings = []
    for collection in read_collections(spec.gene_sets):
        sizes = [len(one.genes) for one in collection.sets]
        fitting = sum(spec.min_size <= size for size in sizes)
        if not fitting:
            raise InputError(
                f"{where}, enrichment.min_size",
                f"no set of '{collection.name}' has {spec.min_size} genes; the largest has {max(sizes)}",
                "Lower it, or give other sets",
            )
        small = [one.name for one in collection.sets if len(one.genes) < spec.min_size]
        if len(small) > len(sizes) / 2:
            warnings.append(
                f"Enrichment: {len(small)} of {len(sizes)} sets of '{collection.name}' have fewer than {spec.min_size} "
                f"genes, such as {listing(small, 2)}, and are set aside."
            )
    if spec.network is not None:
        read_network(spec.network.path)
        check_sha256(spec.network.path, spec.network.sha256)
    return warnings
