"""The error a user is meant to read: where it is, what was found there, and what would be right."""

from __future__ import annotations

from collections.abc import Iterable

LONGEST = 1500  # characters of each part of a message: a cell may hold megabytes


class InputError(ValueError):
    """Something the user gave (config, sample sheet, counts, annotation) cannot be used.

    Parameters
    ----------
    where : str
        File, and the key, row or column in it.
    found : str
        What is there.
    right : str
        What would be right.
    details : iterable of str
        What is there piece by piece, each on a line of its own.

    Notes
    -----
    The message quotes what others wrote, and goes to terminals and logs: what cannot be printed, line breaks included, is
    escaped, so that no name can pass for another line or move the cursor.
    """

    def __init__(self, where: str, found: str, right: str = "", *, details: Iterable[str] = ()) -> None:
        self.where, self.found, self.right = (printable(str(part)) for part in (where, found, right))
        lines = [f"{self.where}: {self.found}", *(f"  {printable(detail)}" for detail in details)]
        super().__init__("\n".join(lines) + "." + (f" {self.right}." if self.right else ""))


def printable(text: str) -> str:
    """A text on one line of at most `LONGEST` characters, with escapes for what cannot be printed."""
    if len(text) > LONGEST:
        text = text[:LONGEST] + "…"
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text)


def listing(names: Iterable[object], most: int = 8) -> str:
    """Names for a message, quoted; the first few and how many more there are."""
    quoted = [f"'{name}'" for name in names]
    more = len(quoted) - most
    return ", ".join(quoted[:most]) + (f" and {more} more" if more > 0 else "")
