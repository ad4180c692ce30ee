"""Closures, stars, links and skeletons of cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from relutope.compressed import rows_of
from relutope.subcomplex import Subcomplex

if TYPE_CHECKING:
    from collections.abc import Sequence

    from networkx import DiGraph

    from relutope.complex import PolyhedralComplex

Ids = NDArray[np.int32]
Lists = tuple[Ids, Ids]  # indptr, indices


def closure(complex_: PolyhedralComplex, cells: Sequence[Ids]) -> Subcomplex:
    """The given cells of each dimension with all their faces."""
    return Subcomplex.from_cells(complex_, dict(enumerate(cells)))


def closure_of_cell(complex_: PolyhedralComplex, k: int, index: int) -> Subcomplex:
    """A cell with all its faces."""
    return closure(complex_, [_ids([index] if m == k else []) for m in range(complex_.dim + 1)])


def star(complex_: PolyhedralComplex, k: int, index: int) -> tuple[Ids, ...]:
    """Per dimension, the cells that have a cell as a face, and itself."""
    cells = [_ids([])] * k + [_ids([index])]
    for m in range(k, complex_.dim):
        cells.append(np.unique(rows_of(*complex_.cofacets(m), cells[m])[1]))
    return tuple(cells)


def link(complex_: PolyhedralComplex, k: int, index: int) -> Subcomplex:
    """The cells of the closed star of a cell whose closure does not meet the closed cell."""
    # Two closed cells meet in a common face or not at all, so they meet iff they share a vertex.
    around = closure(complex_, star(complex_, k, index)).ids
    apart = [np.setdiff1d(around[0], closure_of_cell(complex_, k, index).ids[0], assume_unique=True)]
    for m in range(1, complex_.dim + 1):
        apart.append(_with_facets_in(complex_.facets(m), around[m], apart[m - 1]))
    return Subcomplex(complex_, tuple(apart))


def skeleton(complex_: PolyhedralComplex, k: int) -> Subcomplex:
    """All cells of dimension at most k."""
    sizes = [count if m <= k else 0 for m, count in enumerate(complex_.counts)]
    return Subcomplex(complex_, tuple(np.arange(size, dtype=np.int32) for size in sizes))


def face_poset(complex_: PolyhedralComplex) -> DiGraph[tuple[int, int]]:
    """The Hasse diagram: nodes (k, id), edges from facets to cells."""
    from networkx import DiGraph

    graph: DiGraph[tuple[int, int]] = DiGraph()
    for k, count in enumerate(complex_.counts):
        graph.add_nodes_from((k, i) for i in range(count))
    for k in range(1, complex_.dim + 1):
        indptr, indices = complex_.facets(k)
        cells = np.repeat(np.arange(complex_.counts[k]), np.diff(indptr)).tolist()
        graph.add_edges_from(((k - 1, f), (k, c)) for f, c in zip(indices.tolist(), cells, strict=True))
    return graph


def _ids(values: list[int]) -> Ids:
    return np.array(values, dtype=np.int32)


def _with_facets_in(facets: Lists, cells: Ids, allowed: Ids) -> Ids:
    """Those of the cells that have all their facets among the `allowed` ones."""
    lengths = facets[0][cells + 1] - facets[0][cells]
    owners = np.repeat(np.arange(len(cells)), lengths)
    outside = np.isin(rows_of(*facets, cells)[1], allowed, invert=True)
    result: Ids = cells[np.bincount(owners[outside], minlength=len(cells)) == 0]
    return result
