"""Regions on which the network is one affine map: labels by three definitions, decided exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from relutope import _core
from relutope.activation import active_signs
from relutope.affine_maps import affine_maps

if TYPE_CHECKING:
    from relutope.complex import PolyhedralComplex

Labels = NDArray[np.int32]


def activation_labels(complex_: PolyhedralComplex) -> tuple[Labels, int]:
    """Labels of the regions by activation pattern, and the number of patterns among all cells."""
    return _core.activation_classes(complex_.core, complex_.network.core)


def affine_labels(complex_: PolyhedralComplex) -> Labels:
    """Labels of the regions by the affine map of the network there, int32 of shape (n_regions,).

    Regions whose influential neurons agree share their map, whatever its numbers. Among the others, disjoint
    intervals around float64 coefficients prove maps to be different; integers decide the rest.
    """
    classes = _core.influence_classes(complex_.core, complex_.network.core)
    _, lowest = np.unique(classes, return_index=True)
    return numbered(_same_maps(complex_, lowest)[classes])


def open_labels(complex_: PolyhedralComplex, maps: Labels) -> Labels:
    """Labels of the open connected regions: regions of one map, joined through facets."""
    pairs, _ = adjacent_regions(complex_)
    return components(complex_.n_regions, pairs[maps[pairs[:, 0]] == maps[pairs[:, 1]]])


def closed_labels(complex_: PolyhedralComplex, maps: Labels, open_: Labels) -> Labels:
    """Labels of the closed connected regions: regions of one map, joined where their closures meet.

    Two closures meet exactly if they share a cell that has no face but itself: a vertex, or on R^d a cell
    whose boundary is at infinity. Only maps with several open connected regions need to be looked at.
    """
    _, lowest = np.unique(open_, return_index=True)
    several = np.bincount(maps[lowest]) > 1
    regions = np.flatnonzero(several[maps])
    if len(regions) == 0:
        return open_
    region, cell = _smallest_faces(complex_, regions)
    places = np.unique(cell * np.int64(len(several)) + maps[region], return_inverse=True)[1]
    n_open = len(lowest)
    joined = components(
        n_open + int(places.max(initial=-1)) + 1, np.column_stack([open_[region], n_open + places])
    )
    return numbered(joined[open_])


def adjacent_regions(complex_: PolyhedralComplex) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """The two regions of each facet that has two, shape (n, 2), lower id first; and the facets, ascending."""
    indptr, indices = complex_.facets(complex_.dim)
    region = np.repeat(np.arange(complex_.n_regions, dtype=np.int32), np.diff(indptr))
    order = np.argsort(indices, kind="stable")
    facet, region = indices[order], region[order]
    first = np.flatnonzero(facet[1:] == facet[:-1])
    return np.column_stack([region[first], region[first + 1]]), facet[first]


def components(n: int, pairs: NDArray[np.integer]) -> Labels:
    """Labels of the connected components of a graph, numbered by their lowest node."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    ones = np.ones(len(pairs), dtype=np.int8)
    graph = coo_array((ones, (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    return numbered(connected_components(graph, directed=False)[1])


def numbered(labels: NDArray[np.integer]) -> Labels:
    """The same classes, numbered 0, 1, ... by their lowest member."""
    _, lowest, inverse = np.unique(labels, return_index=True, return_inverse=True)
    rank = np.empty(len(lowest), dtype=np.int32)
    rank[np.argsort(lowest)] = np.arange(len(lowest), dtype=np.int32)
    return rank[inverse]


def _same_maps(complex_: PolyhedralComplex, ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """Equal numbers for those of the regions on which the network is the same affine map."""
    maps = affine_maps(complex_, ids)
    value = np.concatenate([maps.A, maps.b[:, :, None]], axis=2).reshape(len(ids), -1)
    error = np.concatenate([maps.A_error, maps.b_error[:, :, None]], axis=2).reshape(len(ids), -1)
    low, high = _intervals(value, error)
    same = np.zeros(len(ids), dtype=np.int64)
    open_ = np.arange(len(ids))  # those that share their number with others, sorted by number
    for column in range(low.shape[1]):
        same[open_] = _overlapping(same[open_], low[open_, column], high[open_, column])
        _, inverse, size = np.unique(same[open_], return_inverse=True, return_counts=True)
        settled = open_[size[inverse] == 1]
        same[settled] = len(ids) + settled  # a number of its own, above those of clusters
        open_ = open_[size[inverse] > 1]
    unknown = open_[_undecided(same[open_], low[open_], high[open_])]
    forms: dict[tuple[tuple[int, ...], ...], int] = {}
    layer = complex_.network.core.n_layers - 1
    signs = complex_.sign_vectors(complex_.dim, ids[unknown])[:, : complex_.network.n_signs]
    active = active_signs(complex_.network.core, signs)
    exact = _core.pattern_forms(complex_.network.core, active, layer)
    for i, (rows, _) in zip(unknown.tolist(), exact, strict=True):
        same[i] = forms.setdefault(tuple(map(tuple, rows)), 2 * len(ids) + i)
    return same


def _undecided(
    cluster: NDArray[np.int64], low: NDArray[np.float64], high: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Members of the clusters that are not, coefficient by coefficient, one number known exactly."""
    _, first, inverse = np.unique(cluster, return_index=True, return_inverse=True)
    decided = np.ones(len(first), dtype=bool)
    np.logical_and.at(decided, inverse, ((low == high) & (low == low[first[inverse]])).all(axis=1))
    return ~decided[inverse]


def _intervals(
    value: NDArray[np.float64], error: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Bounds that hold every number within `error` of `value`.

    One step outwards covers the rounding of the difference; where the error is 0 there is none. Where the
    error or the value is not finite, nothing is known.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        low, high = np.nextafter(value - error, -np.inf), np.nextafter(value + error, np.inf)
    exact, unknown = error == 0, ~(np.isfinite(value) & np.isfinite(error))
    low, high = np.where(exact, value, low), np.where(exact, value, high)
    return np.where(unknown, -np.inf, low), np.where(unknown, np.inf, high)


def _overlapping(
    cluster: NDArray[np.int64], low: NDArray[np.float64], high: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Split clusters where no interval overlaps the next; intervals of different numbers are disjoint."""
    n = len(cluster)
    order = np.lexsort((low, cluster))
    group = np.unique(cluster[order], return_inverse=True)[1]
    # Ranks of the upper ends, offset by cluster, so that one running maximum serves all clusters.
    sorted_high = np.sort(high)
    reach = np.maximum.accumulate(group * n + np.searchsorted(sorted_high, high[order], side="left"))
    begins = np.ones(n, dtype=bool)
    begins[1:] = (group[1:] != group[:-1]) | (low[order][1:] > sorted_high[reach[:-1] % max(n, 1)])
    result = np.empty(n, dtype=np.int64)
    result[order] = np.cumsum(begins) - 1
    return result


def _smallest_faces(
    complex_: PolyhedralComplex, regions: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs of a region and a cell of its closure without other finite faces; cells are numbered apart."""
    region, cell = regions, regions
    found_regions, found_cells = [], []
    offset = 0
    for k in range(complex_.dim, 0, -1):
        indptr, indices = complex_.facets(k)
        finite = indices < complex_.f_vector[k - 1]
        starts = np.concatenate([[0], np.cumsum(finite)])[indptr]
        faces = indices[finite].astype(np.int64)
        counts = np.diff(starts)[cell]
        alone = counts == 0
        found_regions.append(region[alone])
        found_cells.append(cell[alone] + offset)
        offset += complex_.f_vector[k]
        first = np.cumsum(counts) - counts
        within = np.arange(counts.sum()) - np.repeat(first, counts)
        below = faces[np.repeat(starts[cell], counts) + within]
        flat = np.unique(np.repeat(region, counts) * np.int64(complex_.f_vector[k - 1] or 1) + below)
        region, cell = np.divmod(flat, np.int64(complex_.f_vector[k - 1] or 1))
    found_regions.append(region)
    found_cells.append(cell + offset)
    return np.concatenate(found_regions), np.concatenate(found_cells)
