"""Rank and Smith normal form of integer matrices."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

#: Sums of two products of int64 numbers up to it do not overflow.
LARGEST = 2**30


def invariant_factors(matrix: ArrayLike) -> tuple[int, ...]:
    """The positive diagonal of the Smith normal form of an integer matrix.

    Parameters
    ----------
    matrix : array_like of shape (m, n)
        Integers of any size.

    Returns
    -------
    tuple of int
        s_1, ..., s_r, each dividing the next; r is the rank. A change of basis of the integer rows or columns
        keeps them (Smith 1861).

    Raises
    ------
    ValueError
        If it is no matrix of integers.

    Examples
    --------
    >>> from relutope.linking.smith import invariant_factors
    >>> invariant_factors([[2, 4, 4], [-6, 6, 12], [10, 4, 16]])
    (2, 2, 156)
    """
    rest = np.array(matrix)
    if rest.ndim != 2 or (rest.size and rest.dtype.kind not in "iuO"):
        raise ValueError(f"matrix has shape {rest.shape} and dtype {rest.dtype}; legal: (m, n) integers")
    if rest.size == 0:
        return ()
    if rest.dtype != object:
        rest = rest.astype(np.int64 if _fits(rest) else object)
    rest = _distinct(rest)
    n_units = 0
    while (pivot := _unit(rest)) is not None:
        rest = _without(rest, *pivot)
        n_units += 1
    return (1,) * n_units + _factors(rest.astype(object))


def _fits(matrix: NDArray[Any]) -> bool:
    return int(matrix.min()) >= -LARGEST and int(matrix.max()) <= LARGEST


def _distinct(matrix: NDArray[Any]) -> NDArray[Any]:
    """Without rows and columns that are 0, or up to sign another one."""
    for _ in range(2):
        matrix = matrix[(matrix != 0).any(axis=1)]
        first = (matrix != 0).argmax(axis=1) if matrix.size else np.zeros(0, dtype=np.int64)
        lead = matrix[np.arange(len(matrix)), first] if matrix.size else first
        matrix = np.where(lead < 0, -1, 1)[:, None] * matrix
        if matrix.dtype != object:
            matrix = np.unique(matrix, axis=0)
        matrix = np.ascontiguousarray(matrix.T)
    return matrix


def _unit(matrix: NDArray[Any]) -> tuple[int, int] | None:
    """An entry 1 or -1 in a row and a column with few others."""
    rows, columns = np.nonzero((matrix == 1) | (matrix == -1))
    if len(rows) == 0:
        return None
    nonzero = matrix != 0
    fill = (nonzero.sum(axis=1)[rows] - 1) * (nonzero.sum(axis=0)[columns] - 1)
    best = int(fill.argmin())
    return int(rows[best]), int(columns[best])


def _without(matrix: NDArray[Any], row: int, column: int) -> NDArray[Any]:
    """What is left when a unit has cleared its row and column; rows and columns of zeros are left out."""
    if matrix.dtype != object and not _fits(matrix):
        matrix = matrix.astype(object)
    change = matrix[:, column] * matrix[row, column]
    touched = np.flatnonzero(change)
    along = np.flatnonzero(matrix[row])
    matrix[np.ix_(touched, along)] -= np.multiply.outer(change[touched], matrix[row, along])
    matrix[row] = 0
    matrix[:, column] = 0
    nonzero = matrix != 0
    rest: NDArray[Any] = matrix[np.ix_(nonzero.any(axis=1), nonzero.any(axis=0))]
    return rest


def _factors(rest: NDArray[np.object_]) -> tuple[int, ...]:
    """Without units: Euclid's algorithm on rows and columns."""
    factors: list[int] = []
    while (rest != 0).any():
        sizes = np.where(rest != 0, np.abs(rest), np.abs(rest).max() + 1)
        i, j = np.unravel_index(int(sizes.argmin()), rest.shape)
        pivot = rest[i, j]
        below, right = rest[:, j] // pivot, rest[i] // pivot
        below[i] = right[j] = 0
        rest = rest - np.multiply.outer(below, rest[i])
        rest = rest - np.multiply.outer(rest[:, j], right)
        others = np.delete(rest[:, j], i), np.delete(rest[i], j)
        if any((other != 0).any() for other in others):
            continue  # remainders, smaller than the pivot
        rows, _ = np.nonzero(rest % pivot)
        if len(rows):
            rest[i] += rest[rows[0]]  # the next remainder is smaller
            continue
        factors.append(abs(pivot))
        rest = np.delete(np.delete(rest, i, axis=0), j, axis=1)
    return tuple(factors)
