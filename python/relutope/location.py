"""Which cell each point lies in, and how many points each region holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from relutope import _core
from relutope.arguments import checked_word

if TYPE_CHECKING:
    from relutope.complex import PolyhedralComplex

OnBoundary = Literal["lowest", "split", "error"]


@dataclass(frozen=True, eq=False)
class PointCounts:
    """How many points each region holds; made by `PolyhedralComplex.count_points`.

    Attributes
    ----------
    counts : ndarray of shape (n_regions,)
        Points per region, int64; float64 where points on boundaries are split.
    n_points : int
        Number of points.
    n_outside : int
        Number of points outside the domain, which no region counts.
    n_on_boundary : int
        Number of points on cells of lower dimension, those on walls of the domain included.
    on_boundary : str
        The rule for these: "lowest", "split" or "error".
    """

    counts: NDArray[np.int64] | NDArray[np.float64]
    n_points: int
    n_outside: int
    n_on_boundary: int
    on_boundary: OnBoundary

    @property
    def total(self) -> float:
        """Sum of the counts: ``n_points - n_outside``, up to rounding where points are split."""
        total: float = self.counts.sum().item()
        return total


def make_locator(complex_: PolyhedralComplex) -> _core.Locator:
    """What `locate` searches in; it grows with the questions, and a complex keeps its own."""
    return _core.Locator(complex_.core)


def locate(
    complex_: PolyhedralComplex, X: ArrayLike, n_threads: int
) -> tuple[NDArray[np.int64], NDArray[np.int8]]:
    """See `PolyhedralComplex.locate`."""
    ids, dimensions, _ = complex_._locator.locate(complex_.network.checked_points(X), n_threads)
    return ids, dimensions


def regions_around(
    complex_: PolyhedralComplex, k: int, ids: NDArray[np.int64]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """The regions whose closure holds each of some k-cells, compressed.

    Returns
    -------
    indptr, indices : ndarray
        ``indices[indptr[i]:indptr[i + 1]]`` are the regions around cell ``ids[i]``, ascending.
    """
    from scipy.sparse import csc_array, csr_array

    true = np.ones(len(ids), dtype=bool)
    shape = (len(ids), complex_.counts[k])
    above = csr_array((true, ids, np.arange(len(ids) + 1)), shape=shape)
    for m in range(k + 1, complex_.dim + 1):
        indptr, indices = complex_.facets(m)
        true = np.ones(len(indices), dtype=bool)
        shape = (complex_.counts[m - 1], complex_.counts[m])
        above = above @ csc_array((true, indices, indptr), shape=shape).tocsr()
    above.sort_indices()
    return above.indptr, above.indices


def lowest_regions(
    complex_: PolyhedralComplex, ids: NDArray[np.int64], dimensions: NDArray[np.int8]
) -> NDArray[np.int64]:
    """Of located points the region of lowest id whose closure holds each, int64; -1 outside the domain."""
    found = np.where(dimensions == complex_.dim, ids, -1)
    for k in range(complex_.dim):
        chosen = np.flatnonzero(dimensions == k)
        if chosen.size:
            cells, place = np.unique(ids[chosen], return_inverse=True)
            indptr, regions = regions_around(complex_, k, cells)
            found[chosen] = regions[indptr[:-1]][place]
    return found


def _split_counts(
    complex_: PolyhedralComplex, ids: NDArray[np.int64], dimensions: NDArray[np.int8]
) -> NDArray[np.float64]:
    """Points per region, a point counting 1/m for each of the m regions whose closure holds it."""
    counts = np.zeros(complex_.n_regions)
    for k in range(complex_.dim + 1):
        cells, n_points = np.unique(ids[dimensions == k], return_counts=True)
        if cells.size:
            indptr, regions = regions_around(complex_, k, cells)
            n_regions = np.diff(indptr)
            counts += np.bincount(regions, np.repeat(n_points / n_regions, n_regions), len(counts))
    return counts


def count_points(
    complex_: PolyhedralComplex, X: ArrayLike, on_boundary: OnBoundary, n_threads: int
) -> PointCounts:
    """See `PolyhedralComplex.count_points`."""
    checked_word(on_boundary, "on_boundary", get_args(OnBoundary))
    ids, dimensions = locate(complex_, X, n_threads)
    outside = np.count_nonzero(dimensions < 0)
    boundary = np.flatnonzero((dimensions >= 0) & (dimensions < complex_.dim))
    if on_boundary == "error" and boundary.size:
        first = boundary[0]
        raise ValueError(
            f"X has {boundary.size} points on the boundaries of regions, the first is X[{first}] on cell "
            f"{ids[first]} of dimension {dimensions[first]}; legal with on_boundary='error': none"
        )
    counts: NDArray[np.int64] | NDArray[np.float64]
    if on_boundary == "split":
        counts = _split_counts(complex_, ids, dimensions)
    else:
        regions = lowest_regions(complex_, ids, dimensions)
        counts = np.bincount(regions[regions >= 0], minlength=complex_.n_regions).astype(np.int64)
    return PointCounts(counts, len(ids), int(outside), len(boundary), on_boundary)
