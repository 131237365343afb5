"""Designs with a factor of very many levels, such as the participant: its columns are eliminated, never formed.

With columns Z, indicators B of the blocks and weights W, the normal equations [Z B]'W[Z B] have a diagonal block B'WB. Its
Schur complement is Z'WZ for columns that are centred within blocks, Z - B m with m the weighted means, so a gene costs what
the other columns cost. Leverages, determinants and derivatives follow from the same centred columns.

Source: block elimination, e.g. Golub & Van Loan, Matrix Computations, section 4.2.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from lateralis.model.engine.compilation import summing


class BlockSpace(NamedTuple):
    """Scratch of one thread for the blocks of one gene.

    Attributes
    ----------
    sums : (n_blocks,) weights of each block, with the ridge
    means : (n_blocks, n_coef) weighted means of the columns in each block
    right : (n_blocks,)
    centred : (n_coef, n_samples) columns less the means of their block
    weighted : (n_samples,)
    """

    sums: np.ndarray
    means: np.ndarray
    right: np.ndarray
    centred: np.ndarray
    weighted: np.ndarray


@summing
def centre_columns(columns, blocks, weights, ridge, space):
    """Columns less their weighted means within blocks, into `space`."""
    n_coef, n_samples = columns.shape
    for b in range(len(space.sums)):
        space.sums[b] = ridge
        for k in range(n_coef):
            space.means[b, k] = 0.0
    for i in range(n_samples):
        b = blocks[i]
        if b >= 0:
            space.sums[b] += weights[i]
            for k in range(n_coef):
                space.means[b, k] += weights[i] * columns[k, i]
    for b in range(len(space.sums)):
        for k in range(n_coef):
            space.means[b, k] /= space.sums[b]
    for k in range(n_coef):
        for i in range(n_samples):
            space.centred[k, i] = columns[k, i] - (space.means[blocks[i], k] if blocks[i] >= 0 else 0.0)


@summing
def centred_products(weights, space, matrix):
    """Z'WZ of the centred columns, into `matrix`."""
    n_coef, n_samples = space.centred.shape
    for j in range(n_coef):
        for i in range(n_samples):
            space.weighted[i] = weights[i] * space.centred[j, i]
        for k in range(j + 1):
            total = 0.0
            for i in range(n_samples):
                total += space.weighted[i] * space.centred[k, i]
            matrix[j, k] = total
            matrix[k, j] = total


@summing
def means_squared(space, j, k):
    """Sum over blocks of the product of two columns' means."""
    total = 0.0
    for b in range(len(space.sums)):
        total += space.means[b, j] * space.means[b, k]
    return total


@summing
def ridged_means(space, inverse, out):
    """C (1 + m'm), m being the blocks' means: with the blocks' rows of the inverse, what its square leaves, times C again."""
    n_coef = len(inverse)
    for i in range(n_coef):
        for k in range(n_coef):
            total = inverse[i, k]
            for j in range(n_coef):
                total += inverse[i, j] * means_squared(space, j, k)
            out[i, k] = total


@summing
def solve_blocks(blocks, working, space, beta):
    """Effects of the blocks, behind the coefficients that `beta` starts with."""
    n_coef = space.centred.shape[0]
    for b in range(len(space.right)):
        space.right[b] = 0.0
    for i in range(len(working)):
        if blocks[i] >= 0:
            space.right[blocks[i]] += working[i]
    for b in range(len(space.right)):
        effect = space.right[b] / space.sums[b]
        for k in range(n_coef):
            effect -= space.means[b, k] * beta[k]
        beta[n_coef + b] = effect


@summing
def add_blocks(blocks, n_coef, beta, eta):
    """Add the effects of the blocks to the linear predictor."""
    for i in range(len(eta)):
        if blocks[i] >= 0:
            eta[i] += beta[n_coef + blocks[i]]


@summing
def block_leverages(blocks, weights, space, inverse, leverages):
    """Diagonal of the hat matrix: the weight times 1 / the block's weights plus the centred row's x'Cx."""
    n_coef, n_samples = space.centred.shape
    for i in range(n_samples):
        leverages[i] = 1.0 / space.sums[blocks[i]] if blocks[i] >= 0 else 0.0
    for j in range(n_coef):
        for i in range(n_samples):
            space.weighted[i] = 0.0
        for k in range(n_coef):
            value = inverse[j, k]
            for i in range(n_samples):
                space.weighted[i] += value * space.centred[k, i]
        for i in range(n_samples):
            leverages[i] += space.weighted[i] * space.centred[j, i]
    for i in range(n_samples):
        leverages[i] *= weights[i]


@summing
def half_log_sums(space):
    """What the blocks add to half the log determinant."""
    total = 0.0
    for b in range(len(space.sums)):
        total += 0.5 * math.log(space.sums[b])
    return total


@summing
def block_trace(blocks, weights, space):
    """What the blocks add to the trace of (X'WX)⁻¹ X'VX; `weights` are V, `space` is of W."""
    total = 0.0
    for i in range(len(weights)):
        if blocks[i] >= 0:
            total += weights[i] / space.sums[blocks[i]]
    return total
