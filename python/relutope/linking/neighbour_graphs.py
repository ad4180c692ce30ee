"""Neighbourhood graphs of points in space and their cycles."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class NeighbourGraph:
    """Points joined to near ones, and a basis of its cycles from a breadth-first spanning forest.

    Attributes
    ----------
    points : ndarray of shape (n, 3), float64
    edges : ndarray of shape (m, 2), int64
        Pairs of ids, first < second, sorted.
    radius : float
        The longest that an edge may be.
    """

    points: NDArray[np.float64]
    edges: Ids
    radius: float

    @cached_property
    def cycles(self) -> tuple[Ids, ...]:
        """The points of each cycle in order: from a low id along the forest, back over one other edge.

        They form a basis of the integer cycles: each has an edge that no other one has.
        """
        parents, depths = self._forest
        in_forest = (parents[self.edges[:, 0]] == self.edges[:, 1]) | (
            parents[self.edges[:, 1]] == self.edges[:, 0]
        )
        return tuple(_path(u, v, parents, depths) for u, v in self.edges[~in_forest].tolist())

    @cached_property
    def incidence(self) -> Any:
        """Sparse matrix (n_cycles, m), int64: 1 where a cycle runs along an edge, -1 where against it."""
        from scipy.sparse import csr_array

        n = len(self.points)
        codes = self.edges[:, 0] * n + self.edges[:, 1]
        starts = np.concatenate([*self.cycles, np.zeros(0, dtype=np.int64)])
        ends = np.concatenate([*(np.roll(cycle, -1) for cycle in self.cycles), np.zeros(0, dtype=np.int64)])
        columns = np.searchsorted(codes, np.minimum(starts, ends) * n + np.maximum(starts, ends))
        indptr = np.concatenate([[0], np.cumsum([len(cycle) for cycle in self.cycles], dtype=np.int64)])
        return csr_array(
            (np.where(starts < ends, 1, -1), columns, indptr), shape=(len(self.cycles), len(codes))
        )

    @cached_property
    def _forest(self) -> tuple[Ids, Ids]:
        """Per point its parent, -1 at roots, and its depth."""
        from scipy.sparse import csr_array
        from scipy.sparse.csgraph import breadth_first_order, connected_components

        n = len(self.points)
        graph = csr_array((np.ones(len(self.edges)), (self.edges[:, 0], self.edges[:, 1])), shape=(n, n))
        _, labels = connected_components(graph, directed=False)
        parents, depths = np.full(n, -1, dtype=np.int64), np.zeros(n, dtype=np.int64)
        _, roots = np.unique(labels, return_index=True)
        for root in roots.tolist():
            order, before = breadth_first_order(graph, root, directed=False)
            parents[order[1:]] = before[order[1:]]
            for point in order[1:].tolist():
                depths[point] = depths[parents[point]] + 1
        return parents, depths


def neighbour_graph(points: NDArray[np.float64], k: int, quantile: float, mutual: bool) -> NeighbourGraph:
    """Join each point to its k nearest, or those that are so both ways, but for the longest of these pairs.

    The longest edge is the quantile of the distances of all points to their k nearest (Ren and Lim 2026,
    App. H).
    """
    from scipy.sparse import coo_array
    from scipy.spatial import cKDTree

    n = len(points)
    k = min(k, n - 1)
    distances, near = cKDTree(points).query(points, k=k + 1)
    own = near == np.arange(n)[:, None]
    own[~own.any(axis=1), -1] = True  # many equal points: the point itself is not among them
    near, distances = near[~own].reshape(n, k), distances[~own].reshape(n, k)
    radius = float(np.quantile(distances, quantile))
    first, place = np.nonzero(distances <= radius)
    chosen = coo_array(
        (np.ones(len(first), dtype=np.int64), (first, near[first, place])), shape=(n, n)
    ).tocsr()
    both = chosen + chosen.T
    upper = (both >= 2 if mutual else both > 0).tocoo()
    edges = np.column_stack(upper.coords).astype(np.int64)
    edges = edges[edges[:, 0] < edges[:, 1]]
    return NeighbourGraph(points, edges[np.lexsort(edges.T[::-1])], radius)


def _path(u: int, v: int, parents: Ids, depths: Ids) -> Ids:
    """From u to v along the forest."""
    up, down = [u], [v]
    while u != v:
        if depths[u] >= depths[v]:
            u = int(parents[u])
            up.append(u)
        else:
            v = int(parents[v])
            down.append(v)
    return np.array(up + down[-2::-1], dtype=np.int64)
