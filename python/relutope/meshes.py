"""Curves and polygons of closed sets of cells, as vertices in order."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from relutope.polygons import polygon_cycles
from relutope.subcomplex import Subcomplex


class Polyline(NamedTuple):
    """A chain of edges; where three or more edges meet, or one ends, chains end too."""

    #: Vertices in order, int32, by their ids in the complex; of a closed loop the first is not repeated.
    ids: NDArray[np.int32]
    #: Their coordinates, float64 of shape (n, d); nan at infinity.
    points: NDArray[np.float64]
    #: Whether an edge joins the last vertex to the first.
    closed: bool


def polylines(subcomplex: Subcomplex) -> list[Polyline]:
    """See `Subcomplex.polylines`; arcs come first, each from its end with the smaller id."""
    ends = subcomplex.facets(1)[1].reshape(-1, 2)
    alone = np.ones(len(ends), dtype=bool)
    if subcomplex.complex.dim >= 2:
        alone[subcomplex.facets(2)[1]] = False
    chosen = ends[alone].tolist()
    edges_at: dict[int, list[int]] = {}
    for edge, pair in enumerate(chosen):
        for vertex in pair:
            edges_at.setdefault(vertex, []).append(edge)
    used = [False] * len(chosen)

    def walk(start: int, edge: int) -> list[int]:
        vertices, vertex = [start], start
        while not used[edge]:
            used[edge] = True
            vertex = sum(chosen[edge]) - vertex
            vertices.append(vertex)
            if len(edges_at[vertex]) != 2:
                break
            first, second = edges_at[vertex]
            edge = second if used[first] else first
        return vertices

    arc_ends = sorted(vertex for vertex, edges in edges_at.items() if len(edges) != 2)
    found = [walk(vertex, edge) for vertex in arc_ends for edge in edges_at[vertex] if not used[edge]]
    found += [walk(vertex, edge) for edge, (vertex, _) in enumerate(chosen) if not used[edge]]
    coordinates = subcomplex.complex.vertices
    result = []
    for line in found:
        closed = line[0] == line[-1]
        ids = subcomplex.ids[0][line[:-1] if closed else line]
        result.append(Polyline(ids, coordinates[ids], closed))
    return result


def polygons(subcomplex: Subcomplex) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """See `Subcomplex.polygons`; each starts with its smallest vertex."""
    if subcomplex.complex.dim < 2:
        raise ValueError("the domain has dimension 1; legal: at least 2, since smaller ones have no 2-cells")
    cycles = polygon_cycles(subcomplex.complex, subcomplex.ids[2])
    return cycles.indptr.astype(np.int32), cycles.values.astype(np.int32)
