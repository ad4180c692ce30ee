"""Volumes of intersections of intervals and of convex polygons, many at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

#: Points in compressed form, (indptr, points): those of item i are ``points[indptr[i]:indptr[i + 1]]``.
Rows = tuple[NDArray[np.int64], NDArray[np.float64]]


def overlap_volumes(first: Rows, second: Rows) -> NDArray[np.float64]:
    """Volumes of the intersections of the i-th items of both, in float64.

    Parameters
    ----------
    first, second : (indptr, points)
        Points of dimension 1: the two ends of intervals. Of dimension 2: the corners of convex polygons,
        counter-clockwise.

    Examples
    --------
    >>> import numpy as np
    >>> from relutope.training.overlap import overlap_volumes
    >>> square, four = np.array([[0.0, 0], [1, 0], [1, 1], [0, 1]]), np.array([0, 4])
    >>> overlap_volumes((four, square), (four, square + 0.5))
    array([0.25])
    """
    if first[1].shape[1] == 1:
        (a, b), (c, d) = (ends.reshape(-1, 2).T for _, ends in (first, second))
        common: NDArray[np.float64] = np.maximum(np.minimum(b, d) - np.maximum(a, c), 0.0)
        return common
    starts, points = first
    counts = np.diff(starts)
    begin, corners = second
    sizes = np.diff(begin)
    for side in range(int(sizes.max(initial=0))):
        has = sizes > side
        here = np.where(has, begin[:-1] + side, 0)
        there = np.where(has, begin[:-1] + (side + 1) % np.maximum(sizes, 1), 0)
        edge = np.where(has[:, None], corners[there] - corners[here], 0.0)
        points, counts = _cut(points, counts, corners[here], edge)
    return _areas(points, counts)


def _cut(
    points: NDArray[np.float64],
    counts: NDArray[np.int64],
    base: NDArray[np.float64],
    edge: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The parts of polygons to the left of one line each (Sutherland and Hodgman, 1974); edge 0: all."""
    owner, after = _cycles(counts)
    offset = points - base[owner]
    value = edge[owner, 0] * offset[:, 1] - edge[owner, 1] * offset[:, 0]
    inside = value >= 0
    crossing = inside != inside[after]
    gap = np.where(crossing, value - value[after], 1.0)
    met = points + (value / gap)[:, None] * (points[after] - points)
    both = np.stack([points, met], axis=1).reshape(-1, 2)
    kept = np.stack([inside, crossing], axis=1).reshape(-1)
    return both[kept], np.bincount(np.repeat(owner, 2)[kept], minlength=len(counts)).astype(np.int64)


def _cycles(counts: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Of each point the polygon, and the place of the next point around it."""
    owner = np.repeat(np.arange(len(counts)), counts)
    ends = np.cumsum(counts)
    after = np.arange(1, len(owner) + 1)
    full = counts > 0
    after[ends[full] - 1] = (ends - counts)[full]
    return owner, after


def _areas(points: NDArray[np.float64], counts: NDArray[np.int64]) -> NDArray[np.float64]:
    owner, after = _cycles(counts)
    starts = np.cumsum(counts) - counts
    if not len(points):
        return np.zeros(len(counts))
    local = points - points[np.minimum(starts, len(points) - 1)][owner]  # small numbers cancel less
    cross = local[:, 0] * local[after, 1] - local[:, 1] * local[after, 0]
    return np.maximum(np.bincount(owner, weights=cross, minlength=len(counts)) / 2, 0.0)
