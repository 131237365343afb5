"""Elementary functions that the compiler can vectorise, and the gamma functions of a negative binomial built on them.

A library's `log` and `exp` are calls, and a loop with a call in it is not vectorised. These are straight lines of
arithmetic, good to 2 units in the last place.
"""

from __future__ import annotations

import math

import numpy as np

from lateralis.model.engine.compilation import elementary, summing

_LN2 = math.log(2)
_LN2_HIGH = 6.93147180369123816490e-01  # the leading bits of ln 2: a product with an exponent is exact
_LN2_LOW = 1.90821492927058770002e-10
_ROUND = 6755399441055744.0  # 1.5 · 2^52: adding it rounds to an integer, kept in the low bits
_ROUND_BITS = np.float64(_ROUND).view(np.uint64)
_MANTISSA = np.uint64(0x000FFFFFFFFFFFFF)
_ROOT_HALF = np.float64(math.sqrt(0.5)).view(np.uint64)
_BIAS = np.uint64(1023)
_BIAS_BITS = np.uint64(1023 << 52)
_SHIFT = np.uint64(52)
_INTEGER = np.uint64(0x4330000000000000)  # 2^52: its low bits are an integer's
_INTEGER_BIAS = float(2**52) + 1023.0

TABLE = 16  # counts up to here take the recurrence Γ(k + 1) = k Γ(k); those above, Stirling's series


@elementary
def log(x):
    """Natural logarithm of a positive, normal number."""
    bits = np.uint64(np.float64(x).view(np.uint64) - _ROOT_HALF + _BIAS_BITS)
    exponent = np.uint64((bits >> _SHIFT) | _INTEGER).view(np.float64) - _INTEGER_BIAS
    mantissa = np.uint64((bits & _MANTISSA) + _ROOT_HALF).view(np.float64)  # from √½ to √2
    s = (mantissa - 1.0) / (mantissa + 1.0)
    z = s * s
    series = 2 / 23
    series = series * z + 2 / 21
    series = series * z + 2 / 19
    series = series * z + 2 / 17
    series = series * z + 2 / 15
    series = series * z + 2 / 13
    series = series * z + 2 / 11
    series = series * z + 2 / 9
    series = series * z + 2 / 7
    series = series * z + 2 / 5
    series = series * z + 2 / 3
    return exponent * _LN2 + (2.0 * s + s * z * series)


@elementary
def exp(x):
    """Exponential; arguments beyond ±700 are taken as ±700."""
    x = min(max(x, -700.0), 700.0)
    shifted = x * (1 / _LN2) + _ROUND
    whole = shifted - _ROUND
    rest = (x - whole * _LN2_HIGH) - whole * _LN2_LOW
    series = 1 / 6227020800
    series = series * rest + 1 / 479001600
    series = series * rest + 1 / 39916800
    series = series * rest + 1 / 3628800
    series = series * rest + 1 / 362880
    series = series * rest + 1 / 40320
    series = series * rest + 1 / 5040
    series = series * rest + 1 / 720
    series = series * rest + 1 / 120
    series = series * rest + 1 / 24
    series = series * rest + 1 / 6
    series = series * rest + 0.5
    series = series * rest + 1.0
    series = series * rest + 1.0
    power = np.uint64((np.float64(shifted).view(np.uint64) - _ROUND_BITS + _BIAS) << _SHIFT).view(np.float64)
    return series * power


@elementary
def _stirling(inverse):
    """What Stirling's formula leaves of log Γ(x), as a function of 1/x; x ≥ 16."""
    square = inverse * inverse
    return inverse * (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square * (1 / 1680))))


@elementary
def _stirling_slope(inverse):
    """ψ(x) − log x, as a function of 1/x; x ≥ 16."""
    square = inverse * inverse
    return -inverse * (0.5 + inverse * (1 / 12 - square * (1 / 120 - square * (1 / 252 - square * (1 / 240)))))


@summing
def sort_counts(counts, tail, large):
    """Prepare one gene's counts for `log_rising`.

    Parameters
    ----------
    counts : (n_samples,) whole numbers as float
    tail : (max(TABLE, n_samples),) out; how many counts exceed k
    large : (n_samples,) out; the excess over the table of counts beyond it

    Returns
    -------
    tail, length of the table, large, number of large counts

    A gene of low counts is all table: its length is its largest count, and no Stirling series is needed.
    """
    largest = 0.0
    for i in range(len(counts)):
        largest = max(largest, counts[i])
    length = TABLE
    if largest <= len(tail):
        length = max(int(largest), 1)
    for k in range(length):
        tail[k] = 0.0
    n_large = 0
    for i in range(len(counts)):
        if counts[i] > length:
            large[n_large] = counts[i] - length
            n_large += 1
        elif counts[i] > 0:
            tail[int(counts[i]) - 1] += 1.0
    above = float(n_large)
    for k in range(length - 1, -1, -1):
        above += tail[k]
        tail[k] = above
    return tail, length, large, n_large


@summing
def log_rising(alpha, sorted_counts):
    """Sum over counts y of log Γ(y + r) − log Γ(r) − y log r with r = 1/α, and its derivative by log α.

    Parameters
    ----------
    alpha : dispersion
    sorted_counts : from `sort_counts`

    The terms are differences, so that nothing cancels when r is large.
    """
    tail, length, large, n_large = sorted_counts
    value = 0.0
    slope = 0.0
    for k in range(length):
        step = 1.0 + k * alpha
        value += tail[k] * log(step)
        slope += tail[k] * (k * alpha / step)
    if n_large > 0:
        base = length + 1.0 / alpha
        inverse_base = 1.0 / base
        log_base = math.log1p(length * alpha)
        logs = 0.0
        rest = 0.0
        excess = 0.0
        slopes = 0.0
        for i in range(n_large):
            x = base + large[i]
            inverse = 1.0 / x
            ratio = log(1.0 + large[i] * inverse_base)
            logs += ratio
            rest += (x - 0.5) * ratio - large[i] + _stirling(inverse)
            excess += large[i]
            slopes += _stirling_slope(inverse)
        value += rest + excess * log_base - n_large * _stirling(inverse_base)
        slope += excess - (logs + slopes - n_large * _stirling_slope(inverse_base)) / alpha
    return value, slope


@summing
def log_binomial(alpha, sorted_counts):
    """The part of a negative-binomial log likelihood that means do not enter: Σ log Γ(y + r) − log Γ(r) − y log r − log y!."""
    total = 0.0
    for sign, dispersion in ((1.0, alpha), (-1.0, 1.0)):  # with r = 1, the rising factorial is y!
        total += sign * log_rising(dispersion, sorted_counts)[0]
    return total
