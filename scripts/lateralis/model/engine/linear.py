"""Small dense linear algebra for one gene: X'WX from its distinct products, Cholesky factor, solutions, inverse."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from lateralis.model.engine.blocks import (
    BlockSpace,
    add_blocks,
    block_trace,
    centre_columns,
    centred_products,
    half_log_sums,
    means_squared,
)
from lateralis.model.engine.compilation import summing
from lateralis.model.engine.direct import dense_matrix


class Design(NamedTuple):
    """A design matrix as the kernels read it.

    Attributes
    ----------
    columns : (n_coef, n_samples)
    products : (n_products, n_samples) the distinct, non-zero products of two columns
    position : (n_coef · (n_coef + 1) / 2,) row of `products` for each pair (i ≥ j); −1 where the product is zero
    start : (n_coef + n_blocks, n_samples) least squares: coefficients are `start @ values`
    blocks : (n_samples,) number of each sample's block, whose indicator columns are left out here (`blocks`); −1 in none
    n_blocks : how many there are
    """

    columns: np.ndarray
    products: np.ndarray
    position: np.ndarray
    start: np.ndarray
    blocks: np.ndarray
    n_blocks: int


def prepare_design(matrix: np.ndarray, blocks: np.ndarray | None = None) -> Design:
    """Products and pseudo-inverse of a design matrix.

    Parameters
    ----------
    matrix : (n_samples, n_coef)
    blocks : (n_samples,) number of each sample's block from 0, −1 in none; None without blocks

    Indicator columns make many products alike (x² = x) or zero, and each is summed over samples once. The same design comes
    with every block of genes, so the last ones are kept.
    """
    columns = np.ascontiguousarray(np.asarray(matrix, dtype=float).T)
    return _prepare(columns.tobytes(), columns.shape, b"" if blocks is None else np.asarray(blocks, np.int64).tobytes())


@lru_cache(maxsize=4)
def _prepare(content: bytes, shape: tuple[int, int], block_content: bytes) -> Design:
    columns = np.frombuffer(content).reshape(shape).copy() if content else np.empty(shape)
    blocks = np.frombuffer(block_content, dtype=np.int64).copy()
    if len(blocks):
        dense = dense_matrix(columns.T, blocks)
        none = np.empty((0, shape[1])), np.empty(0, dtype=np.int64)
        return Design(columns, *none, np.linalg.pinv(dense), blocks, dense.shape[1] - len(columns))
    rows: list[np.ndarray] = []
    known: dict[bytes, int] = {}
    position = []
    for i in range(len(columns)):
        for j in range(i + 1):
            product = columns[i] * columns[j] + 0.0
            if not product.any():
                position.append(-1)
                continue
            row = known.setdefault(product.tobytes(), len(rows))
            if row == len(rows):
                rows.append(product)
            position.append(row)
    products = np.array(rows).reshape(-1, columns.shape[1])
    return Design(columns, products, np.array(position, dtype=np.int64), np.linalg.pinv(columns.T), blocks, 0)


class Workspace(NamedTuple):
    """Scratch of one thread, for one gene at a time."""

    weights: np.ndarray
    sums: np.ndarray
    matrix: np.ndarray
    factor: np.ndarray
    inverse: np.ndarray
    right: np.ndarray
    solution: np.ndarray
    space: BlockSpace


@summing
def workspace(design):
    """A workspace that fits a design."""
    n_coef, n_samples = design.columns.shape
    return Workspace(
        np.empty(n_samples),
        np.empty(len(design.products)),
        np.empty((n_coef, n_coef)),
        np.zeros((n_coef, n_coef)),
        np.empty((n_coef, n_coef)),
        np.empty(n_coef),
        np.empty(n_coef),
        BlockSpace(
            np.empty(design.n_blocks),
            np.empty((design.n_blocks, n_coef)),
            np.empty(design.n_blocks),
            np.empty((n_coef if design.n_blocks > 0 else 0, n_samples)),
            np.empty(n_samples),
        ),
    )


@summing
def cross_products(design, weights, work):
    """X'WX of one gene, or its part without the blocks, into `work.matrix`; `weights` is (n_samples,)."""
    if design.n_blocks > 0:
        centre_columns(design.columns, design.blocks, weights, 0.0, work.space)
        centred_products(weights, work.space, work.matrix)
        return
    products = design.products
    sums = work.sums
    n_products, n_samples = products.shape
    for row in range(0, n_products - 1, 2):  # two at a time: each weight is read half as often
        first = 0.0
        second = 0.0
        for i in range(n_samples):
            first += products[row, i] * weights[i]
            second += products[row + 1, i] * weights[i]
        sums[row] = first
        sums[row + 1] = second
    if n_products % 2 == 1:
        first = 0.0
        for i in range(n_samples):
            first += products[n_products - 1, i] * weights[i]
        sums[n_products - 1] = first
    pair = 0
    for i in range(work.matrix.shape[0]):
        for j in range(i + 1):
            position = design.position[pair]
            value = sums[position] if position >= 0 else 0.0
            work.matrix[i, j] = value
            work.matrix[j, i] = value
            pair += 1


@summing
def ridged_products(design, weights, ridge, work):
    """X'WX + ridge of one gene, or its part without the blocks, into `work.matrix`."""
    n_coef = work.matrix.shape[0]
    if design.n_blocks > 0:
        centre_columns(design.columns, design.blocks, weights, ridge, work.space)
        centred_products(weights, work.space, work.matrix)
        for j in range(n_coef):
            for k in range(n_coef):
                work.matrix[j, k] += ridge * means_squared(work.space, j, k)
    else:
        cross_products(design, weights, work)
    for k in range(n_coef):
        work.matrix[k, k] += ridge


@summing
def linear_predictor(design, beta, eta):
    """The design times coefficients, into `eta`."""
    columns = design.columns
    n_coef, n_samples = columns.shape
    for i in range(n_samples):
        eta[i] = columns[0, i] * beta[0] if n_coef > 0 else 0.0
    for k in range(1, n_coef):
        for i in range(n_samples):
            eta[i] += columns[k, i] * beta[k]
    if design.n_blocks > 0:
        add_blocks(design.blocks, n_coef, beta, eta)


@summing
def project(rows, values, out):
    """`rows @ values`."""
    for k in range(rows.shape[0]):
        total = 0.0
        for i in range(rows.shape[1]):
            total += rows[k, i] * values[i]
        out[k] = total


@summing
def cholesky(matrix, factor):
    """Lower triangle of a positive-definite matrix; False where it is not."""
    n_coef = matrix.shape[0]
    for i in range(n_coef):
        for j in range(i + 1):
            value = matrix[i, j]
            for k in range(j):
                value -= factor[i, k] * factor[j, k]
            if i == j:
                if not value > 0.0 or value == np.inf:
                    return False
                factor[i, i] = math.sqrt(value)
            else:
                factor[i, j] = value / factor[j, j]
    return True


@summing
def solve(factor, right, solution):
    """Solve with a Cholesky factor."""
    n_coef = len(right)
    for i in range(n_coef):
        value = right[i]
        for k in range(i):
            value -= factor[i, k] * solution[k]
        solution[i] = value / factor[i, i]
    for i in range(n_coef - 1, -1, -1):
        value = solution[i]
        for k in range(i + 1, n_coef):
            value -= factor[k, i] * solution[k]
        solution[i] = value / factor[i, i]


@summing
def invert(work):
    """Inverse of the matrix whose Cholesky factor is in `work.factor`, into `work.inverse`."""
    n_coef = len(work.right)
    for j in range(n_coef):
        for i in range(n_coef):
            work.right[i] = 0.0
        work.right[j] = 1.0
        solve(work.factor, work.right, work.solution)
        for i in range(n_coef):
            work.inverse[i, j] = work.solution[i]


@summing
def copy(matrix, out):
    """Copy a matrix; the assignment of an array takes the compiler seconds, for the message of an error that cannot be."""
    for i in range(matrix.shape[0]):
        for j in range(matrix.shape[1]):
            out[i, j] = matrix[i, j]


@summing
def largest(values):
    """Largest absolute value; NaN if there is one."""
    most = 0.0
    for value in values:
        if not abs(value) <= most:
            most = abs(value)
    return most


@summing
def trace_of_product(first, second):
    """Trace of the product of two symmetric matrices."""
    total = 0.0
    for i in range(first.shape[0]):
        for j in range(first.shape[1]):
            total += first[i, j] * second[i, j]
    return total


@summing
def half_log_determinant(design, work):
    """Half the log determinant of X'WX, from its Cholesky factor and its blocks."""
    total = 0.0
    for i in range(work.factor.shape[0]):
        total += math.log(work.factor[i, i])
    return total + half_log_sums(work.space) if design.n_blocks > 0 else total


@summing
def trace_of_change(design, weights, work):
    """Trace of (X'WX)⁻¹ X'VX; `weights` are V, and `work` is as `cross_products` and `cholesky` left it for W.

    With blocks, columns stay centred by W: the means are where the centred products are least, so they do not move.
    """
    if design.n_blocks > 0:
        centred_products(weights, work.space, work.matrix)
        invert(work)
        return trace_of_product(work.inverse, work.matrix) + block_trace(design.blocks, weights, work.space)
    cross_products(design, weights, work)
    invert(work)
    return trace_of_product(work.inverse, work.matrix)
