"""Piecewise-linear Morse theory of an output: where the topology of its sublevel sets changes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from relutope.cell_complex import CellComplex
from relutope.complex import PolyhedralComplex
from relutope.filtrations import Filtration
from relutope.filtrations import output as output_filtration
from relutope.homology.fields import checked_prime, interruptible


@dataclass(frozen=True, eq=False)
class CriticalSet:
    """A connected set of vertices and flat cells at one value, across which homology changes.

    Attributes
    ----------
    value : float
        Of the output on it, the float64 image of an exact value.
    rank : int
        That value's place among all values at vertices.
    ids : tuple of ndarray of int32
        Per dimension its cells. A critical vertex is one vertex; a flat component also has cells of positive
        dimension on which the output is constant.
    local_betti : tuple of int
        Betti numbers of the sublevel set relative to itself without the set; for a vertex with one of them 1
        in degree k and the others 0, k is its index (Grigsby, Lindsey and Masden, 2023).
    touches_wall : bool
        Whether it has a vertex on a wall of the domain.
    """

    value: float
    rank: int
    ids: tuple[NDArray[np.int32], ...]
    local_betti: tuple[int, ...]
    touches_wall: bool

    @property
    def is_flat(self) -> bool:
        """Whether it has cells of positive dimension."""
        return any(map(len, self.ids[1:]))

    @property
    def index(self) -> int | None:
        """The degree of its one local class; None if it has several."""
        return self.local_betti.index(1) if sum(self.local_betti) == 1 else None


@dataclass(frozen=True, eq=False)
class CriticalSets:
    """All critical sets of an output; made by `critical_sets`. A sequence, ascending by value.

    Attributes
    ----------
    sets : tuple of CriticalSet
        Those at finite values.
    at_infinity : tuple of int
        Sums of the local Betti numbers of the sets at which the output is -inf or inf, which R^d may have.
    thresholds : ndarray of float64
        Values of the cells on which the output is constant, ascending; those of all finite vertices are among
        them. Exactly the other thresholds are transversal (see `PolyhedralComplex.is_transversal`).
    field : int
    """

    sets: tuple[CriticalSet, ...]
    at_infinity: tuple[int, ...]
    thresholds: NDArray[np.float64]
    field: int

    def __len__(self) -> int:
        return len(self.sets)

    def __iter__(self) -> Iterator[CriticalSet]:
        return iter(self.sets)

    def __getitem__(self, place: int) -> CriticalSet:
        return self.sets[place]

    @property
    def morse_numbers(self) -> tuple[int, ...]:
        """Sums of all local Betti numbers by degree, those at infinity included.

        Their alternating sums bound those of the Betti numbers of the complex (Morse inequalities).
        """
        return tuple(map(sum, zip(*(s.local_betti for s in self.sets), self.at_infinity, strict=True)))


def critical_sets(complex: PolyhedralComplex, index: int = 0, field: int = 2) -> CriticalSets:
    """Critical vertices and flat components of an output.

    Parameters
    ----------
    complex : PolyhedralComplex
    index : int, default 0
        Which output.
    field : int, default 2
        A prime; coefficients are Z/p.

    Returns
    -------
    CriticalSets
        On a box the walls take part: the output may be smallest on one.

    Raises
    ------
    TypeError, ValueError
        If `complex` is no PolyhedralComplex, there is no such output, or `field` is no prime.

    Notes
    -----
    Vertices joined by edges on which the output is constant make one set. A cell belongs to the set that
    holds the face on which the output is largest on it, which is connected. The chains of the cells of a set
    are those of the sublevel set relative to the rest of its cells at that value and all below: for a vertex,
    the cone over its lower link relative to the link, so its local homology is the reduced homology of the
    lower link, shifted by one. Filtering by sets therefore gives the Morse inequalities.

    Examples
    --------
    >>> import relutope
    >>> from relutope.homology import critical_sets
    >>> network = relutope.Network.from_arrays([[[1], [-1]], [[1, 1]]])  # |x|
    >>> complex_ = relutope.polyhedral_complex(network, relutope.AllSpace())
    >>> [(found.value, found.index) for found in critical_sets(complex_)]
    [(0.0, 0)]
    """
    prime = checked_prime(field)
    with interruptible("critical sets"):
        return _critical_sets(complex, index, prime)


def _critical_sets(complex: PolyhedralComplex, index: int, prime: int) -> CriticalSets:
    order = output_filtration(complex, index)
    owner, n_sets = _owners(order)
    local = _local_betti(order.complex, owner, n_sets, prime)
    flat = _flat(order)
    members = [_Rows(np.where(flags, part, n_sets), n_sets) for flags, part in zip(flat, owner, strict=True)]
    touches = np.asarray(complex.walls(0).any(axis=1))
    sets, beyond = [], np.zeros(len(owner), dtype=np.int64)
    for number in np.flatnonzero(local.any(axis=1)).tolist():
        ids = tuple(part[number].astype(np.int32) for part in members)
        rank = int(order.ranks[0][ids[0][0]])
        if np.isfinite(order.levels[rank]):
            betti, wall = tuple(local[number].tolist()), bool(touches[ids[0]].any())
            sets.append(CriticalSet(float(order.levels[rank]), rank, ids, betti, wall))
        else:
            beyond += local[number]
    sets.sort(key=lambda found: (found.rank, int(found.ids[0][0])))
    constant = [
        ranks[:count][flags[:count]]
        for ranks, flags, count in zip(order.ranks, flat, complex.f_vector, strict=True)
    ]
    levels = order.levels[np.unique(np.concatenate(constant))]
    return CriticalSets(tuple(sets), tuple(beyond.tolist()), levels, prime)


def _owners(order: Filtration) -> tuple[list[NDArray[np.int64]], int]:
    """Per dimension, for each cell the number of the set that it belongs to; and the number of sets."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    chains, rank = order.complex, order.ranks[0]
    ends = chains.facets(1)[1].reshape(-1, 2)
    flat = ends[rank[ends[:, 0]] == rank[ends[:, 1]]]
    graph = coo_array((np.ones(len(flat), dtype=np.int8), (flat[:, 0], flat[:, 1])), (len(rank),) * 2)
    n_sets, found = connected_components(graph, directed=False)
    owner = [found.astype(np.int64)]
    for k in range(1, chains.dim + 1):
        indptr, indices = chains.facets(k)
        # That of any facet of largest rank, since the face where the output is largest is connected.
        combined = order.ranks[k - 1][indices] * n_sets + owner[k - 1][indices]
        owner.append(np.maximum.reduceat(combined, indptr[:-1]) % n_sets)
    return owner, int(n_sets)


def _flat(order: Filtration) -> list[NDArray[np.bool_]]:
    """Per dimension, which cells the output is constant on."""
    lowest, result = order.ranks[0], [np.ones(len(order.ranks[0]), dtype=bool)]
    for k in range(1, order.complex.dim + 1):
        indptr, indices = order.complex.facets(k)
        lowest = np.minimum.reduceat(lowest[indices], indptr[:-1])
        result.append(lowest == order.ranks[k])
    return result


def _local_betti(
    chains: CellComplex, owner: list[NDArray[np.int64]], n_sets: int, prime: int
) -> NDArray[np.int64]:
    """Betti numbers of the chains of each set, shape (n_sets, d + 1): of one chain complex in blocks."""
    boundaries, places = [], []
    for k in range(1, chains.dim + 1):
        indptr, indices = chains.facets(k)
        same = owner[k - 1][indices] == np.repeat(owner[k], np.diff(indptr))
        before = np.concatenate([np.zeros(1, np.int32), np.cumsum(same, dtype=np.int32)])
        boundaries.append((before[indptr], indices[same]))
        places.append(same)

    def signs() -> tuple[NDArray[np.int8], ...]:
        return tuple(part[same] for part, same in zip(chains.known_signs(), places, strict=True))

    blocks = CellComplex(chains.counts, tuple(boundaries), signs)
    keys = np.zeros(chains.n_cells, dtype=np.uint32)
    bars = blocks.core(signed=prime != 2).persistence(keys, prime, chains.dim, True)
    columns = [
        np.bincount(owner[k][births[deaths < 0]], minlength=n_sets) for k, (births, deaths) in enumerate(bars)
    ]
    return np.column_stack(columns)


class _Rows:
    """Ascending places by number; those of number n_rows are left out."""

    def __init__(self, numbers: NDArray[np.int64], n_rows: int) -> None:
        self._places = np.argsort(numbers, kind="stable")
        self._ends = np.searchsorted(numbers[self._places], np.arange(n_rows + 1))

    def __getitem__(self, row: int) -> NDArray[np.int64]:
        return self._places[self._ends[row] : self._ends[row + 1]]
