"""The tables that make up a `CellComplex`."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import prod
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from relutope.compressed import rows_of

Boundary = tuple[NDArray[np.int32], NDArray[np.int32]]
Tables = tuple[tuple[int, ...], tuple[Boundary, ...], "tuple[NDArray[np.int8], ...] | None"]

LARGEST = 2**31 - 1


def checked_tables(
    dimensions: ArrayLike, indptr: ArrayLike, indices: ArrayLike, signs: ArrayLike | None
) -> Tables:
    """Counts, boundaries and signs by dimension; see `CellComplex.from_arrays`."""
    dims, starts, facets = _ints(dimensions, "dimensions"), _ints(indptr, "indptr"), _ints(indices, "indices")
    n = len(dims)
    if n == 0:
        raise ValueError("dimensions is empty; legal: at least one cell")
    if n > LARGEST or len(facets) > LARGEST:
        raise ValueError(f"{n} cells with {len(facets)} facets; legal: at most {LARGEST} of each")
    if dims.min() < 0 or dims.max() >= n:
        wrong = dims.min() if dims.min() < 0 else dims.max()
        raise ValueError(f"dimensions contains {wrong}; legal: 0 or more, and each below the largest too")
    if len(starts) != n + 1 or starts[0] != 0 or starts[-1] != len(facets) or np.any(np.diff(starts) < 0):
        raise ValueError(
            f"indptr has length {len(starts)}; legal: {n + 1} numbers that ascend from 0 to {len(facets)}, "
            "the length of indices"
        )
    _check_facets(dims, starts, facets)
    coefficients = None if signs is None else _ints(signs, "signs")
    if coefficients is not None and (
        coefficients.shape != facets.shape or not np.isin(coefficients, (-1, 1)).all()
    ):
        raise ValueError(
            f"signs has shape {coefficients.shape}; legal: {len(facets)} numbers -1 or 1, beside indices"
        )
    if coefficients is not None:
        edges = np.flatnonzero(dims == 1)
        sums = coefficients[starts[edges]] + coefficients[starts[edges] + 1]
        if sums.any():
            edge = edges[np.flatnonzero(sums)[0]]
            raise ValueError(f"signs of edge {edge} are equal; legal: -1 where it begins and 1 where it ends")
    return _by_dimension(dims, starts, facets, coefficients)


def _check_facets(dims: NDArray[np.int64], starts: NDArray[np.int64], facets: NDArray[np.int64]) -> None:
    cell = np.repeat(np.arange(len(dims)), np.diff(starts))
    wrong = (facets < 0) | (facets >= len(dims))
    if wrong.any():
        raise ValueError(f"indices contains {facets[wrong][0]}; legal: 0 <= facet < {len(dims)}")
    wrong = dims[facets] != dims[cell] - 1
    if wrong.any():
        c, f = cell[wrong][0], facets[wrong][0]
        raise ValueError(
            f"cell {c} of dimension {dims[c]} has facet {f} of dimension {dims[f]}; legal: one dimension less"
        )
    sizes = np.diff(starts)
    legal = np.where(dims == 0, sizes == 0, np.where(dims == 1, sizes == 2, sizes >= 2))
    if not legal.all():
        c = int(np.flatnonzero(~legal)[0])
        raise ValueError(
            f"cell {c} of dimension {dims[c]} has {sizes[c]} facets; legal: 0 for a vertex, 2 for an edge, "
            "2 or more for others"
        )
    order = np.lexsort((facets, cell))
    twice = (np.diff(facets[order]) == 0) & (np.diff(cell[order]) == 0)
    if twice.any():
        place = order[np.flatnonzero(twice)[0]]
        raise ValueError(f"cell {cell[place]} has facet {facets[place]} twice; legal: each facet once")


def _by_dimension(
    dims: NDArray[np.int64],
    starts: NDArray[np.int64],
    facets: NDArray[np.int64],
    signs: NDArray[np.int64] | None,
) -> Tables:
    top = int(dims.max())
    counts = np.bincount(dims, minlength=top + 1)
    if np.any(counts == 0):
        raise ValueError(
            f"dimensions has no cell of dimension {np.flatnonzero(counts == 0)[0]} but one above"
        )
    ids = np.empty(len(dims), dtype=np.int64)
    order = np.argsort(dims, kind="stable")
    ids[order] = np.arange(len(dims)) - np.repeat(np.cumsum(counts) - counts, counts)
    boundaries, numbers = [], []
    for k in range(1, top + 1):
        cells = np.flatnonzero(dims == k)
        indptr, places = rows_of(starts, np.arange(len(facets)), cells)
        boundaries.append((indptr.astype(np.int32), ids[facets[places]].astype(np.int32)))
        if signs is not None:
            numbers.append(signs[places].astype(np.int8))
    return tuple(counts.tolist()), tuple(boundaries), None if signs is None else tuple(numbers)


def _ints(values: ArrayLike, name: str) -> NDArray[np.int64]:
    array = np.asarray(values)
    if array.size == 0:
        array = array.astype(np.int64)
    if array.dtype.kind not in "iu" or array.ndim != 1:
        raise TypeError(f"{name} has dtype {array.dtype} and shape {array.shape}; legal: a sequence of ints")
    return array.astype(np.int64)


def grid_tables(shape: Sequence[int]) -> Tables:
    """Counts, boundaries and signs of the cubical complex of a grid of points; see `CellComplex.grid`."""
    if not isinstance(shape, (Sequence, np.ndarray)):
        raise TypeError(f"shape is {shape!r}; legal: a sequence of ints >= 1")
    points = tuple(shape)
    for size in points:
        if isinstance(size, bool) or not isinstance(size, (int, np.integer)):
            raise TypeError(f"shape contains {size!r}; legal: ints >= 1")
    if not points or min(points) < 1:
        raise ValueError(f"shape is {points}; legal: at least one axis, each with 1 point or more")
    points = tuple(int(size) for size in points)
    if prod(2 * size - 1 for size in points) * 2 * len(points) > LARGEST:
        raise ValueError(f"shape is {points}; legal: at most {LARGEST:,} facets of all cells")
    axes = [axis for axis, size in enumerate(points) if size > 1]
    ids, counts = _grid_ids(points, axes)
    boundaries, signs = [], []
    for k in range(1, len(axes) + 1):
        columns, numbers = zip(
            *(_sides(ids, points, spread) for spread in combinations(axes, k)), strict=True
        )
        indices = np.concatenate(columns)
        boundaries.append((np.arange(0, len(indices) + 1, 2 * k, dtype=np.int32), indices))
        signs.append(np.concatenate(numbers))
    return tuple(counts), tuple(boundaries), tuple(signs)


def _grid_ids(points: tuple[int, ...], axes: list[int]) -> tuple[dict[tuple[int, ...], Any], list[int]]:
    """Ids of the cells that extend along some axes, as arrays over their lowest corners, and the counts."""
    ids: dict[tuple[int, ...], NDArray[np.int32]] = {}
    counts = []
    for k in range(len(axes) + 1):
        count = 0
        for spread in combinations(axes, k):
            corners = tuple(size - (axis in spread) for axis, size in enumerate(points))
            number = prod(corners)
            ids[spread] = np.arange(count, count + number, dtype=np.int32).reshape(corners)
            count += number
        counts.append(count)
    return ids, counts


def _sides(
    ids: dict[tuple[int, ...], NDArray[np.int32]], points: tuple[int, ...], spread: tuple[int, ...]
) -> tuple[NDArray[np.int32], NDArray[np.int8]]:
    """Facets of the cells that extend along some axes; the j-th axis gives the sign (-1)^j times -1 and 1."""
    columns, signs = [], []
    for j, axis in enumerate(spread):
        below = ids[spread[:j] + spread[j + 1 :]]
        for side in range(2):
            columns.append(np.take(below, np.arange(side, points[axis] - 1 + side), axis=axis).ravel())
            signs.append((-1) ** (j + 1 + side))
    table = np.stack(columns, axis=1)
    return table.ravel(), np.tile(np.array(signs, dtype=np.int8), len(table))
