"""The fonts inside a PDF: their glyphs alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fontTools import subset

LAYOUT_TABLES = ("GDEF", "GPOS", "GSUB", "kern")


@contextmanager
def without_layout_tables() -> Iterator[None]:
    """Fonts that matplotlib embeds meanwhile come without their layout tables.

    A PDF places each glyph itself, so that no viewer reads these tables; to parse them is most of what embedding a font
    takes. Not for several threads at a time.
    """
    load = subset.load_font

    def load_glyphs(*args: Any, **kwargs: Any) -> Any:
        font = load(*args, **kwargs)
        for table in LAYOUT_TABLES:
            if table in font:
                del font[table]
        return font

    subset.load_font = load_glyphs  # matplotlib has no option for it
    try:
        yield
    finally:
        subset.load_font = load
