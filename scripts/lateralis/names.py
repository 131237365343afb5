"""What a name or a cell of text may hold, so that no page, table, log or spreadsheet takes it for something else.

Names are written as they are given, never altered: one that could do harm somewhere is refused where it is read.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from lateralis.errors import InputError

LONGEST_NAME = 500
UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")  # Unicode: control, format (bidirectional, zero width), surrogate, separators
SPREADSHEETS = "Spreadsheets run such a text as a formula: begin it with a letter or a digit"

# What a spreadsheet runs: a cell, or a part of one that a wrong delimiter makes a cell, which begins with = or @; or with + or
# - and then calls a function or another program, or refers to another file. A name such as -1, +/- or -80C does nothing.
FORMULA = re.compile(r"(?:^|[,;])\s*(?:[=@]|[+-][^,;]*(?:[!|#\[]|[^\W\d][\w.]*\s*\())")


def flaw(text: str) -> tuple[str, str] | None:
    """What is wrong with a name or a cell of text and what would be right, or None.

    Parameters
    ----------
    text : as it is given

    Returns
    -------
    Parts of an `InputError`: what was found, as a clause without the text itself; and what would be right
    """
    if len(text) > LONGEST_NAME:
        return f"has {len(text):,} characters", f"At most {LONGEST_NAME} are allowed"
    unseen = unseen_character(text)
    if unseen is not None:
        return f"holds {unseen}", "Take it out: nobody sees that it is there"
    if FORMULA.search(unicodedata.normalize("NFKC", text)):  # = has a full-width form, too
        return "reads as a formula", SPREADSHEETS
    return None


def unseen_character(text: str) -> str | None:
    """The first character that cannot be seen, in words such as `a tab`; None where all can."""
    if text.isprintable():
        return None
    for character in text:
        if unicodedata.category(character) in UNSEEN:
            known = {"\n": "a line break", "\r": "a line break", "\t": "a tab"}
            return known.get(character, f"the invisible character U+{ord(character):04X}")
    return None


def check_names(names: Iterable[object], where: str, kind: str) -> None:
    """Raise an `InputError` on the first of several names that has a flaw.

    Parameters
    ----------
    names : texts; what is no text is not looked at
    where : file and column, for messages
    kind : what they name, e.g. `gene`
    """
    for name in names:
        problem = flaw(name) if isinstance(name, str) else None
        if problem is not None:
            raise InputError(f"{where}, {kind} '{name:.60}'", f"the name {problem[0]}", problem[1])
