"""The search for identifiers in what is to be released: every file, what is packed in it, and its name."""

from __future__ import annotations

import gzip
import html
import io
import re
import zipfile
from collections.abc import Collection, Iterator
from pathlib import Path

from lateralis.errors import InputError
from lateralis.records.privacy import found_ids
from lateralis.report.arrays import unpack_bytes

BLOCK = re.compile(r'<script type="application/octet-stream" id="block-([a-z]+)(\d*)">([^<]*)</script>')
OWN_SCRIPT = re.compile(r"<script>.*?</script>|<style>.*?</style>", re.DOTALL)
TEXT_BLOCKS = frozenset({"genes", "figure"})  # of the page; `library` is not ours, and the others are numbers
VALUES_BLOCK = "values"
# Where a cell stands, such as P100 or A1:S180, which looks like an id.
PLACE = re.compile(rb'(?<=<c )r="[A-Z]+[0-9]+"|(?<=<dimension )ref="[A-Z0-9:]+"')
ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")


def texts_of(name: str, content: bytes) -> Iterator[tuple[str, str]]:
    """Every text inside a file, with where it stands: pages with their blocks decoded, gzip, and archives such as xlsx.

    Parameters
    ----------
    name : of the file; its suffix decides how it is read
    content : bytes
    """
    yield name, name
    if name.endswith(".gz"):
        yield from texts_of(name.removesuffix(".gz"), gzip.decompress(content))
    elif name.endswith((".xlsx", ".zip")):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for member in archive.namelist():
                if member.startswith("xl/theme/"):  # xlsxwriter's own, the same in each workbook, and full of numbers
                    continue
                inside = archive.read(member)
                if member.startswith("xl/worksheets/"):
                    inside = PLACE.sub(b"", inside)
                for where, text in texts_of(member, inside):
                    yield f"{name}: {where}", text
    elif name.endswith(".html"):
        yield from _texts_of_page(name, content.decode("utf-8"))
    else:
        yield name, html.unescape(content.decode("utf-8", errors="replace"))


def _texts_of_page(name: str, page: str) -> Iterator[tuple[str, str]]:
    for found in BLOCK.finditer(page):
        kind, number, packed = found.groups()
        if kind in TEXT_BLOCKS:
            yield f"{name}: block {kind}{number}", html.unescape(unpack_bytes(packed).decode("utf-8"))
    rest = OWN_SCRIPT.sub(" ", BLOCK.sub(" ", page))
    yield name, ESCAPE.sub(lambda code: chr(int(code.group(1), 16)), html.unescape(rest))


def _labels(content: bytes) -> str:
    """Heads of the columns and rows of a gzipped matrix."""
    head, *rows = gzip.decompress(content).decode("utf-8").splitlines()
    return "\n".join([head, *(row.partition("\t")[0] for row in rows)])


def refuse_leaks(
    folder: str | Path,
    ids: Collection[str],
    *,
    values: bool,
    called: str = "release",
    matrices: Collection[str] = (),
) -> None:
    """Check that no file of a folder holds an id.

    Parameters
    ----------
    folder : what is to be released
    ids : names of samples, rows, participants and families, as they stand in the sheet
    values : whether participants' values may be there
    called : what messages call the folder
    matrices : files of which only the heads of columns and rows are searched: a count can equal an id that is a number

    Raises
    ------
    InputError
        With the file and how many ids it holds; the ids themselves stay out of logs.
    """
    for path in sorted(Path(folder).rglob("*")):
        if not path.is_file():
            continue
        content = path.read_bytes()
        inside = path.relative_to(folder).as_posix()
        texts = [(inside, inside), (inside, _labels(content))] if inside in matrices else texts_of(inside, content)
        for where, text in texts:
            found = found_ids(text, ids)
            if found:
                raise InputError(
                    f"{called}/{where}",
                    f"holds {len(found)} identifier{'s' if len(found) > 1 else ''} of samples, participants or families",
                    "Take them out of titles, reasons and names in the config; nothing was released",
                )
        if not values and path.suffix == ".html" and f'id="block-{VALUES_BLOCK}'.encode() in content:
            raise InputError(f"{called}/{inside}", "holds participants' values", "Nothing was released")
