"""What stands in an SVG beside the picture; without matplotlib, for those who only read."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

SVG_TITLE = re.compile(r"<title>(.*?)</title>", re.DOTALL)


def svg_alt(svg: bytes) -> str:
    """The text alternative inside an SVG that `save_figure` wrote; empty when there is none."""
    found = SVG_TITLE.search(svg.decode("utf-8"))
    return unescape(found.group(1)) if found else ""


def read_svg(path: str | Path) -> tuple[bytes, str]:
    """An SVG that `save_figure` wrote, and its text alternative."""
    svg = Path(path).read_bytes()
    return svg, svg_alt(svg)
