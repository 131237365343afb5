"""The error a user is meant to read: where it is, what was found there, and what would be right."""

from __future__ import annotations

from collections.abc import Iterable


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
    """

    def __init__(self, where: str, found: str, right: str = "") -> None:
        self.where, self.found, self.right = str(where), found, right
        super().__init__(f"{where}: {found}." + (f" {right}." if right else ""))


def listing(names: Iterable[object], most: int = 8) -> str:
    """Names for a message, quoted; the first few and how many more there are."""
    quoted = [f"'{name}'" for name in names]
    more = len(quoted) - most
    return ", ".join(quoted[:most]) + (f" and {more} more" if more > 0 else "")
