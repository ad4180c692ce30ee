"""Boundaries of cells as rows of vertices, compressed like facets: ``values[indptr[i]:indptr[i + 1]]``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from relutope.compressed import rows_of

if TYPE_CHECKING:
    from relutope.complex import PolyhedralComplex

Ints = NDArray[np.signedinteger[Any]]


class Rows(NamedTuple):
    """Rows of different lengths."""

    indptr: NDArray[np.int64]
    values: NDArray[np.int64]


def taken_rows(indptr: Ints, values: Ints, rows: Ints) -> Rows:
    """The rows of these numbers, one after the other."""
    starts, taken = rows_of(indptr, values, rows)
    return Rows(starts, taken.astype(np.int64))


def headed_rows(rows: Rows, heads: Ints) -> Rows:
    """The same rows, each after a value of its own."""
    indptr = rows.indptr + np.arange(len(rows.indptr))
    values = np.empty(indptr[-1], dtype=np.int64)
    is_head = np.zeros(len(values), dtype=bool)
    is_head[indptr[:-1]] = True
    values[is_head], values[~is_head] = heads, rows.values
    return Rows(indptr, values)


def polygon_cycles(complex_: PolyhedralComplex, ids: Ints) -> Rows:
    """Vertices of 2-cells in their order around the boundary, from the lowest id on; the sense is arbitrary.

    The order follows the incidence of edges and vertices alone, so it is exact.

    Raises
    ------
    RuntimeError
        If the boundary of a cell is no cycle: the complex comes from a file that was changed.
    """
    starts, edges = taken_rows(*complex_.facets(2), ids)
    # Entry 2 i + s stands for end s of edge i of all these cells.
    vertex = complex_.facets(1)[1].reshape(-1, 2)[edges].ravel().astype(np.int64)
    cell = np.repeat(np.arange(len(ids)), 2 * np.diff(starts))
    # A vertex of a polygon lies on two of its edges: sorted by cell and vertex, they are pairs.
    order = np.lexsort((vertex, cell))
    left, right = order[0::2], order[1::2]
    cycles = Rows(starts, np.full(len(edges), -1, dtype=np.int64))
    if np.array_equal(vertex[left], vertex[right]) and np.array_equal(cell[left], cell[right]):
        other_edge = np.empty_like(order)
        other_edge[left], other_edge[right] = right, left
        _walk(cycles, vertex, other_edge, order[2 * starts[:-1]])
    if not np.array_equal(np.sort(cycles.values), np.sort(vertex[left])):
        raise RuntimeError("internal: the boundary of a 2-cell is no cycle; the complex is not valid")
    return cycles


def _walk(cycles: Rows, vertex: Ints, other_edge: Ints, first: Ints) -> None:
    """Follow all boundaries at once, a vertex per step."""
    sizes, current = np.diff(cycles.indptr), first.copy()
    active = np.arange(len(sizes))
    for step in range(sizes.max(initial=0)):
        active = active[sizes[active] > step]
        entry = current[active]
        cycles.values[cycles.indptr[active] + step] = vertex[entry]
        current[active] = other_edge[entry ^ 1]


def bounded_cells(complex_: PolyhedralComplex, k: int) -> NDArray[np.int64]:
    """Ids of the k-cells that are bounded."""
    return np.flatnonzero(complex_.bounded(k))


def polyhedron_faces(complex_: PolyhedralComplex, ids: Ints) -> Rows:
    """Per 3-cell its facets, each as the number of its vertices and then these, in order."""
    facet_starts, facets = taken_rows(*complex_.facets(3), ids)
    used, place = np.unique(facets, return_inverse=True)
    cycles = polygon_cycles(complex_, used)
    counted = headed_rows(cycles, np.diff(cycles.indptr))
    starts, values = taken_rows(*counted, place)
    return Rows(starts[facet_starts], values)


def cell_vertices(complex_: PolyhedralComplex, k: int, ids: Ints) -> Rows:
    """Vertices of k-cells, ascending."""
    return Rows(*(array.astype(np.int64) for array in complex_.incidence(k, 0, ids)))
