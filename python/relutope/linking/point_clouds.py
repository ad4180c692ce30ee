"""How the cycles of the neighbourhood graphs of two point clouds are linked."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from relutope import _core
from relutope.arguments import checked_count, checked_flag
from relutope.coefficients import checked_points
from relutope.linking.neighbour_graphs import NeighbourGraph, neighbour_graph
from relutope.linking.smith import invariant_factors
from relutope.progress import interruptible

#: Most entries of a linking matrix.
MOST_PAIRS = 2**27


@dataclass(frozen=True, eq=False, repr=False)
class CloudLinking:
    """The linking form of two point clouds.

    Attributes
    ----------
    a, b : NeighbourGraph
        The graphs in space and their cycles.
    axes : ndarray of shape (3, d), float64
        What the clouds were projected by.
    min_length : int
        Fewest points that a cycle of `matrix` has.
    """

    a: NeighbourGraph
    b: NeighbourGraph
    axes: NDArray[np.float64]
    min_length: int

    @cached_property
    def form(self) -> NDArray[np.int64] | None:
        """Linking numbers (n, m) of all cycles of the two bases; None if edges of the two graphs meet."""
        return None if self._meetings.nnz else self._sums(self._crossings)

    @cached_property
    def cycles_a(self) -> NDArray[np.int64]:
        """Which cycles of `a` have at least `min_length` points: the rows of `matrix`."""
        return _long(self.a, self.min_length)

    @cached_property
    def cycles_b(self) -> NDArray[np.int64]:
        """Which cycles of `b` have at least `min_length` points: the columns of `matrix`."""
        return _long(self.b, self.min_length)

    @cached_property
    def matrix(self) -> NDArray[np.object_]:
        """Linking numbers of the longer cycles as ints, None where two meet. They depend on the bases."""
        places = np.ix_(self.cycles_a, self.cycles_b)
        entries = self._sums(self._crossings)[places].astype(object)
        if self._meetings.nnz:
            entries[self._sums(self._meetings, absolute=True)[places] > 0] = None
        return entries

    @property
    def n_linked(self) -> int:
        """Number of entries of `matrix` that are neither 0 nor None."""
        return int(sum(value is not None and value != 0 for value in self.matrix.ravel()))

    @cached_property
    def invariant_factors(self) -> tuple[int, ...] | None:
        """Diagonal of the Smith normal form of `form`, the same in all bases; None if edges meet."""
        with interruptible("the Smith normal form", {}):
            return None if self.form is None else invariant_factors(self.form)

    @property
    def rank(self) -> int | None:
        """Rank of `form`, the same in all bases; None if edges of the graphs meet."""
        return None if self.invariant_factors is None else len(self.invariant_factors)

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        factors = self.invariant_factors
        return {
            "n_points": [len(self.a.points), len(self.b.points)],
            "n_edges": [len(self.a.edges), len(self.b.edges)],
            "n_cycles": [len(self.a.cycles), len(self.b.cycles)],
            "radius": [self.a.radius, self.b.radius],
            "min_length": self.min_length,
            "linking_matrix": self.matrix.tolist(),
            "n_linked": self.n_linked,
            "rank": self.rank,
            "invariant_factors": None if factors is None else list(factors),
        }

    def __repr__(self) -> str:
        cycles = f"{len(self.a.cycles)} and {len(self.b.cycles)} cycles"
        if self.invariant_factors is None:
            return f"CloudLinking({cycles}, whose edges meet)"
        return f"CloudLinking({cycles}, {self.n_linked} pairs linked, rank {self.rank})"

    @cached_property
    def _edge_pairs(self) -> tuple[Any, Any, Any]:
        with interruptible("crossings of edges", {}):
            return _core.edge_crossings(self.a.points, self.a.edges, self.b.points, self.b.edges)

    @property
    def _crossings(self) -> Any:
        return self._pairs(self._edge_pairs[2])

    @cached_property
    def _meetings(self) -> Any:
        return self._pairs(self._edge_pairs[2] == 0)

    def _pairs(self, values: NDArray[Any]) -> Any:
        from scipy.sparse import csr_array

        first, second, _ = self._edge_pairs
        shape = len(self.a.edges), len(self.b.edges)
        pairs = csr_array((values.astype(np.int64), (first, second)), shape=shape)
        pairs.eliminate_zeros()
        return pairs

    def _sums(self, pairs: Any, absolute: bool = False) -> NDArray[np.int64]:
        """Of all pairs of cycles, the sum over the pairs of their edges."""
        first, second = self.a.incidence, self.b.incidence
        if absolute:
            first, second = abs(first), abs(second)
        sums: NDArray[np.int64] = (first @ pairs @ second.T).toarray()
        return sums


def cloud_linking(
    a: ArrayLike,
    b: ArrayLike,
    *,
    k: int = 10,
    quantile: float = 0.7,
    mutual: bool = False,
    min_length: int = 4,
    axes: ArrayLike | None = None,
) -> CloudLinking:
    """How the cycles of the neighbourhood graphs of two point clouds are linked (Ren and Lim 2026, App. H).

    The clouds are projected to space, each is made a graph that joins near points, and the linking numbers of
    the cycles of the one with those of the other are found exactly, for the projected points as float64 has
    them. Links may be made by the projection or by chance: compare with `cloud_linking_null`.

    Parameters
    ----------
    a, b : array_like of shape (n, d) and (m, d), n, m >= 2, d >= 3
    k : int
        Number of nearest neighbours that a point is joined to.
    quantile : float, 0 to 1
        Edges longer than this quantile of the distances to the k nearest neighbours are left out.
    mutual : bool
        Join points only if each is among the nearest of the other.
    min_length : int
        Fewest points of the cycles that `CloudLinking.matrix` lists; rank and Smith normal form are of all.
    axes : array_like of shape (3, d), optional
        The projection. By default the first three principal components of both clouds together, each turned
        so that its largest entry is positive, or the identity where d = 3.

    Returns
    -------
    CloudLinking

    Raises
    ------
    ValueError
        If a shape is another, a value is not finite or out of range, or there are too many pairs of cycles.
    TypeError
        If an argument is of another type.

    Examples
    --------
    >>> import numpy as np
    >>> from relutope.linking import cloud_linking
    >>> t = np.arange(40) * np.pi / 20
    >>> a = np.column_stack([np.cos(t), np.sin(t), 0 * t])
    >>> b = np.column_stack([1 + np.cos(t), 0 * t, np.sin(t)])
    >>> cloud_linking(a, b + [0.01, 0.02, 0], k=2, quantile=1)
    CloudLinking(1 and 1 cycles, 1 pairs linked, rank 1)
    """
    first, second = checked_clouds(a, b)
    k, min_length = checked_count(k, "k"), checked_count(min_length, "min_length", 3)
    mutual = checked_flag(mutual, "mutual")
    if isinstance(quantile, bool) or not isinstance(quantile, (int, float, np.floating)):
        raise TypeError(f"quantile is {quantile!r}; legal: a number from 0 to 1")
    if not 0 <= quantile <= 1:
        raise ValueError(f"quantile is {quantile}; legal: a number from 0 to 1")
    if axes is None:
        projection = principal_axes(np.vstack([first, second]))
    else:
        projection = checked_points(axes, first.shape[1], "axes")
        if len(projection) != 3:
            raise ValueError(f"axes has shape {projection.shape}; legal: (3, {first.shape[1]})")
    clouds = (projected(cloud, projection) for cloud in (first, second))
    graphs = [neighbour_graph(cloud, k, float(quantile), mutual) for cloud in clouds]
    n_pairs = len(graphs[0].cycles) * len(graphs[1].cycles)
    if n_pairs > MOST_PAIRS:
        raise ValueError(f"k is {k}, which makes {n_pairs} pairs of cycles; legal: at most {MOST_PAIRS}")
    return CloudLinking(graphs[0], graphs[1], projection, min_length)


def checked_clouds(a: ArrayLike, b: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Two clouds as float64 of one dimension >= 3, each of at least 2 points."""
    first = checked_points(a, None, "a")
    second = checked_points(b, first.shape[1], "b")
    for name, cloud in (("a", first), ("b", second)):
        if len(cloud) < 2 or cloud.shape[1] < 3:
            raise ValueError(f"{name} has shape {cloud.shape}; legal: (n, d) with n >= 2, d >= 3")
    return first, second


def principal_axes(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """The first three principal components as rows, the largest entry of each positive; R^3 as it is."""
    from relutope.spectral.blas import one_blas_thread

    if points.shape[1] == 3:
        return np.eye(3)
    with one_blas_thread():
        _, _, rows = np.linalg.svd(points - points.mean(axis=0), full_matrices=False)
    axes = np.zeros((3, points.shape[1]))
    axes[: min(3, len(rows))] = rows[:3]
    largest = axes[np.arange(3), np.abs(axes).argmax(axis=1)]
    return np.where(largest < 0, -1.0, 1.0)[:, None] * axes


def projected(points: NDArray[np.float64], axes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points along the three axes; the identity rounds nothing."""
    from relutope.spectral.blas import one_blas_thread

    if np.array_equal(axes, np.eye(3)):
        return points
    with one_blas_thread():
        return np.ascontiguousarray(points @ axes.T)


def _long(graph: NeighbourGraph, min_length: int) -> NDArray[np.int64]:
    return np.flatnonzero([len(cycle) >= min_length for cycle in graph.cycles])
