"""How numbers travel inside the page: bytes sorted by place, gzipped, in base64; and floats that print like the table's."""

from __future__ import annotations

import base64
import gzip

import numpy as np
from numpy.typing import DTypeLike, NDArray

FLOAT32_PRECISION = 2.0**-24


def pack(array: NDArray[np.generic]) -> str:
    """An array as text: little endian, its first bytes first, then its second bytes, …, gzipped without a clock, base64.

    Parameters
    ----------
    array : (…,) of numbers, in C order

    Notes
    -----
    Neighbouring counts share their high bytes; sorted by place these become long runs, and gzip halves.
    """
    item = array.dtype.itemsize
    little = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    return pack_bytes(little.view(np.uint8).reshape(-1, item).T.tobytes())


def pack_text(text: str) -> str:
    """Text as UTF-8, gzipped, base64."""
    return pack_bytes(text.encode("utf-8"))


def pack_bytes(content: bytes) -> str:
    """Bytes, gzipped without a clock, base64."""
    return base64.b64encode(gzip.compress(content, 6, mtime=0)).decode("ascii")


def unpack_bytes(packed: str) -> bytes:
    """What `pack_bytes` was given."""
    return gzip.decompress(base64.b64decode(packed))


def unpack(packed: str, dtype: DTypeLike, shape: tuple[int, ...]) -> NDArray[np.generic]:
    """What `pack` was given; ValueError when it is of another size."""
    content = np.frombuffer(unpack_bytes(packed), dtype=np.uint8)
    kind = np.dtype(dtype).newbyteorder("<")
    return np.ascontiguousarray(content.reshape(kind.itemsize, -1).T).view(kind).reshape(shape)


def printable_float32(
    values: NDArray[np.float64], *, decimals: int | None = None, significant: int | None = None
) -> NDArray[np.float32]:
    """Floats of half the size that print the same.

    Parameters
    ----------
    values : (…,) float
    decimals, significant : int
        How they will be printed; one of the two.

    Returns
    -------
    (…,) float32. The nearest one rounds to other digits where a value lies within its precision of a tie; there it is the
    neighbour that prints like the value.
    """
    if (decimals is None) == (significant is None):
        raise ValueError("say how the values will be printed: decimals or significant")
    values = np.asarray(values, dtype=np.float64)
    found = values.astype(np.float32)
    if decimals is not None:
        unit, style = np.full(values.shape, 10.0**-decimals), f".{decimals}f"
    else:
        with np.errstate(divide="ignore", invalid="ignore"):
            magnitude = np.floor(np.log10(np.abs(values)))
        unit = 10.0 ** (np.where(np.isfinite(magnitude), magnitude, 0.0) - (significant or 1) + 1)
        style = f".{(significant or 1) - 1}e"
    with np.errstate(invalid="ignore"):
        beyond_tie = np.abs(values / unit - (np.floor(values / unit) + 0.5)) * unit
        close = np.isfinite(values) & (beyond_tie <= 2 * FLOAT32_PRECISION * np.abs(values))
    for at in zip(*np.nonzero(close), strict=True):
        text, nearest = format(values[at], style), found[at]
        neighbours = (nearest, *(np.nextafter(nearest, np.float32(end)) for end in (-np.inf, np.inf)))
        found[at] = next((each for each in neighbours if format(float(each), style) == text), nearest)
    return found
