"""Which region each data point lies in."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from relutope.complex import PolyhedralComplex
from relutope.domain import Box

#: Bytes of sign vectors that are held at once.
BLOCK_BYTES = 1 << 25

#: `locate` gives these instead of a region.
ON_SMALLER_CELL = -1
OUTSIDE = -2


def sign_vector_blocks(
    complex_: PolyhedralComplex, k: int, count: int
) -> Iterator[tuple[int, NDArray[np.int8]]]:
    """Sign vectors of the first `count` k-cells in blocks, each with the id of its first cell."""
    step = max(1, BLOCK_BYTES // max(1, complex_.network.n_neurons))
    for first in range(0, count, step):
        yield first, complex_.sign_vectors(k, np.arange(first, min(first + step, count)))


def locate(complex_: PolyhedralComplex, X: ArrayLike) -> NDArray[np.int64]:
    """The region whose sign vector each point has, decided exactly.

    Parameters
    ----------
    complex_ : PolyhedralComplex
    X : array_like of shape (n, d)

    Returns
    -------
    ndarray of shape (n,), int64
        The id of the region; -1 for a point on a cell of smaller dimension, -2 for a point outside the
        domain. A point on a wall of the box belongs to the region that it has the sign vector of.
    """
    network, domain = complex_.network, complex_.domain
    points = network.checked_points(X)
    found = np.full(len(points), ON_SMALLER_CELL, dtype=np.int64)
    inside = domain.contains(points) if isinstance(domain, Box) else np.ones(len(points), dtype=bool)
    found[~inside] = OUTSIDE
    wanted: dict[bytes, list[int]] = {}
    for index, signs in zip(
        np.flatnonzero(inside).tolist(), network.sign_vectors(points[inside]), strict=True
    ):
        wanted.setdefault(signs.tobytes(), []).append(index)
    for first, block in sign_vector_blocks(complex_, complex_.dim, complex_.n_regions):
        for offset, signs in enumerate(block):
            indices = wanted.get(signs.tobytes())
            if indices is not None:
                found[indices] = first + offset
    return found
