"""Numbers in the page: the same bytes for the same numbers, and the digits that the table has."""

import base64
import gzip

import numpy as np
import pytest

from lateralis.report.arrays import pack, pack_text, printable_float32, unpack, unpack_bytes


@pytest.mark.parametrize("dtype", ["u1", "u4", "f4", "f8", "i8"])
def test_arrays_come_back(dtype):
    array = (np.random.default_rng(1).normal(size=(7, 33)) * 1000).astype(dtype)
    np.testing.assert_array_equal(unpack(pack(array), dtype, array.shape), array)


def test_first_bytes_come_first_and_no_clock_is_inside():
    packed = pack(np.array([0x0201, 0x0403], dtype=np.uint16))
    assert unpack_bytes(packed) == bytes([1, 3, 2, 4])
    assert base64.b64decode(packed)[4:8] == bytes(4)
    assert unpack_bytes(pack_text("Ä")) == "Ä".encode()
    assert gzip.decompress(base64.b64decode(pack_text("Ä"))) == "Ä".encode()


@pytest.mark.parametrize("decimals", [0, 1, 3])
def test_floats_of_half_the_size_print_the_same_decimals(decimals):
    rng = np.random.default_rng(decimals)
    ties = (rng.integers(-3000, 3000, 20000) + 0.5) * 10.0**-decimals * (1 + rng.normal(size=20000) * 1e-10)
    values = np.concatenate([rng.normal(size=20000) * 50, ties, [0.0, 0.5, -0.5]])
    plain = sum(
        f"{a:.{decimals}f}" != f"{b:.{decimals}f}" for a, b in zip(values, values.astype(np.float32), strict=True)
    )
    found = printable_float32(values, decimals=decimals)
    assert plain > 1000
    assert [f"{value:.{decimals}f}" for value in values] == [f"{value:.{decimals}f}" for value in found]
    np.testing.assert_allclose(found, values, rtol=3e-7)


def test_floats_of_half_the_size_print_the_same_significant_digits():
    rng = np.random.default_rng(5)
    ties = (
        (rng.integers(1000, 9999, 20000) + 0.5)
        * 10.0 ** rng.integers(-6, 6, 20000)
        * (1 + rng.normal(size=20000) * 1e-10)
    )
    values = np.concatenate([10 ** rng.normal(0, 4, 20000), ties, [9999.5, 0.99995, 1e7]])
    found = printable_float32(values, significant=4).astype(float)
    assert [f"{value:.3e}" for value in values] == [f"{value:.3e}" for value in found]


def test_missing_and_infinite_values_stay():
    values = np.array([np.nan, np.inf, -np.inf])
    np.testing.assert_array_equal(printable_float32(values, decimals=2), values)
    with pytest.raises(ValueError, match="decimals or significant"):
        printable_float32(values)
