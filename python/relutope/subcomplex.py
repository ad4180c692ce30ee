"""Closed sets of cells of a complex."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from relutope.arguments import checked_dimension, checked_ids
from relutope.compressed import rows_of

if TYPE_CHECKING:
    from relutope.complex import PolyhedralComplex
    from relutope.meshes import Polyline


class Components(NamedTuple):
    """The connected components of a closed set of cells, numbered from 0 by their smallest vertex."""

    #: How many there are.
    number: int
    #: Per dimension 0..d the component of each cell of the set, int32, in the order of its ids.
    labels: tuple[NDArray[np.int32], ...]
    #: Which of them touch a wall of the domain (on R^d: reach infinity), bool of shape (number,).
    touches_wall: NDArray[np.bool_]


@dataclass(frozen=True, eq=False, repr=False)
class Subcomplex:
    """A set of cells that contains all faces of its cells.

    Attributes
    ----------
    complex : PolyhedralComplex
        Where its cells are taken from.
    ids : tuple of ndarray of int32
        Per dimension 0..d the ids of its cells, ascending; those at infinity included. When it is made, any
        array_like of int will do.

    Raises
    ------
    ValueError
        If ids are not ascending or out of range, or a face of a cell is missing.
    TypeError
        If ids are no ints.

    Examples
    --------
    >>> import relutope
    >>> network = relutope.Network.from_arrays([[[1, 0], [0, 1]], [[1, 1]]])
    >>> complex_ = relutope.polyhedral_complex(network, (-1, 1))
    >>> square = relutope.Subcomplex.from_cells(complex_, {2: [0]})
    >>> square.f_vector, square.euler_characteristic, square.betti()
    ((4, 4, 1), 1, [1, 0, 0])
    """

    complex: PolyhedralComplex
    ids: tuple[NDArray[np.int32], ...]

    def __post_init__(self) -> None:
        if not isinstance(self.ids, (tuple, list)):
            raise TypeError(
                f"ids is of type {type(self.ids).__name__}; legal: a tuple, one array per dimension"
            )
        if len(self.ids) != self.complex.dim + 1:
            raise ValueError(
                f"ids has {len(self.ids)} arrays; legal: one per dimension, {self.complex.dim + 1}"
            )
        inside = []
        pairs = zip(self.ids, self.complex.counts, strict=True)
        checked = tuple(checked_ids(ids, n, f"cells of dimension {k}") for k, (ids, n) in enumerate(pairs))
        kept = (
            ids if isinstance(ids, np.ndarray) and ids.dtype == np.int32 else new.astype(np.int32)
            for ids, new in zip(self.ids, checked, strict=True)
        )
        object.__setattr__(self, "ids", tuple(kept))
        for k, (ids, count) in enumerate(zip(self.ids, self.complex.counts, strict=True)):
            if np.any(np.diff(ids) <= 0):
                raise ValueError(f"ids[{k}] is not ascending; legal: each id once, in ascending order")
            inside.append(np.zeros(count, dtype=bool))
            inside[k][ids] = True
            if k and not inside[k - 1][rows_of(*self.complex.facets(k), ids)[1]].all():
                raise ValueError(f"ids[{k - 1}] lacks a face of a {k}-cell; legal: closed sets (from_cells)")

    @classmethod
    def from_cells(cls, complex_: PolyhedralComplex, cells: Mapping[int, ArrayLike]) -> Subcomplex:
        """The smallest subcomplex that contains some cells: they and all their faces.

        Parameters
        ----------
        complex_ : PolyhedralComplex
        cells : dict from int to array_like of int
            Ids by dimension.

        Raises
        ------
        ValueError, TypeError
            If a dimension or an id is out of range or no int.

        Examples
        --------
        >>> import relutope
        >>> network = relutope.Network.from_arrays([[[1]], [[1]]])
        >>> complex_ = relutope.polyhedral_complex(network, (-1, 1))
        >>> relutope.Subcomplex.from_cells(complex_, {1: [0, 1]}).f_vector
        (3, 2)
        """
        if not isinstance(cells, Mapping):
            raise TypeError(
                f"cells is of type {type(cells).__name__}; legal: a dict from dimensions to ids of cells"
            )
        inside = [np.zeros(count, dtype=bool) for count in complex_.counts]
        for dimension, ids in cells.items():
            k = checked_dimension(dimension, complex_.dim)
            inside[k][checked_ids(ids, complex_.counts[k], f"cells of dimension {k}")] = True
        for k in range(complex_.dim, 0, -1):
            inside[k - 1][rows_of(*complex_.facets(k), np.flatnonzero(inside[k]))[1]] = True
        return cls(complex_, tuple(np.flatnonzero(flags).astype(np.int32) for flags in inside))

    @cached_property
    def finite_counts(self) -> tuple[int, ...]:
        """How many entries of each array of `ids`, the first ones, are cells not at infinity."""
        return tuple(
            int(np.searchsorted(ids, count))
            for ids, count in zip(self.ids, self.complex.f_vector, strict=True)
        )

    @property
    def f_vector(self) -> tuple[int, ...]:
        """Number of cells of each dimension 0..d; on R^d those not at infinity."""
        return self.finite_counts

    @property
    def euler_characteristic(self) -> int:
        """Alternating sum of the f-vector."""
        return sum((-1) ** k * count for k, count in enumerate(self.f_vector))

    def facets(self, k: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """The facets of its k-cells as `PolyhedralComplex.facets` has them, all by their places in `ids`.

        Raises
        ------
        ValueError, TypeError
            If k is out of range or no int.

        Examples
        --------
        >>> import relutope
        >>> network = relutope.Network.from_arrays([[[1]], [[1]]])
        >>> complex_ = relutope.polyhedral_complex(network, (-1, 1))
        >>> indptr, indices = relutope.Subcomplex.from_cells(complex_, {1: [1]}).facets(1)
        >>> indptr.tolist(), sorted(indices.tolist())
        ([0, 2], [0, 1])
        """
        k = checked_dimension(k, self.complex.dim, lowest=1)
        indptr, indices = rows_of(*self.complex.facets(k), self.ids[k])
        return indptr.astype(np.int32), np.searchsorted(self.ids[k - 1], indices).astype(np.int32)

    def connected_components(self) -> Components:
        """Its connected components; cells at infinity count as points of the set.

        Arcs that are cut off by a wall are not components of what they are cut from, so `Components` says
        which components touch a wall.

        Examples
        --------
        >>> import relutope
        >>> network = relutope.Network.from_arrays([[[1], [-1]], [[1, 1]]])
        >>> boundary = relutope.polyhedral_complex(network, (-2, 1)).decision_boundary(1)
        >>> components = boundary.connected_components()
        >>> components.number, sorted(components.touches_wall.tolist())
        (2, [False, True])
        """
        from relutope.homology import components

        number, labels = components(self)
        touches = np.zeros(number, dtype=bool)
        touches[labels[0][self.complex.walls(0)[self.ids[0]].any(axis=1)]] = True
        return Components(number, labels, touches)

    def betti(self, compactify: str = "closed", field: int = 2) -> list[int]:
        """Betti numbers, one per dimension 0..d; see `relutope.betti_numbers`.

        Parameters
        ----------
        compactify : {"closed", "borel_moore", "one_point"}
        field : int, default 2
            A prime.

        Raises
        ------
        ValueError, TypeError
            If `compactify` is another word or `field` no prime.

        Examples
        --------
        >>> import relutope
        >>> network = relutope.Network.from_arrays([[[1, 0]], [[1]]], [[1], [0]])
        >>> line = relutope.polyhedral_complex(network, relutope.AllSpace()).decision_boundary(1)
        >>> line.betti(), line.betti("borel_moore"), line.betti("one_point")
        ([1, 0, 0], [0, 1, 0], [1, 1, 0])
        """
        from relutope.homology import betti_numbers

        return betti_numbers(self, compactify, field)

    def exact_vertices(self) -> list[tuple[Fraction, ...]]:
        """Exact coordinates of its vertices that are not at infinity, in the order of ``ids[0]``.

        Examples
        --------
        >>> import relutope
        >>> network = relutope.Network.from_arrays([[[3]], [[1]]])
        >>> relutope.polyhedral_complex(network, (0, 1)).decision_boundary(1).exact_vertices()
        [(Fraction(1, 3),)]
        """
        return self.complex.exact_vertices(self.ids[0][: self.finite_counts[0]])

    def polylines(self) -> list[Polyline]:
        """Its edges that lie on no 2-cell of it, joined to arcs and closed loops; see `Polyline`.

        Examples
        --------
        >>> import relutope
        >>> hidden = [[1, 0], [-1, 0], [0, 1], [0, -1]]  # |x| + |y| = 1
        >>> network = relutope.Network.from_arrays([hidden, [[1, 1, 1, 1]]])
        >>> loops = relutope.polyhedral_complex(network, (-2, 2)).decision_boundary(1).polylines()
        >>> [(line.closed, len(line.ids)) for line in loops]
        [(True, 4)]
        """
        from relutope.meshes import polylines

        return polylines(self)

    def polygons(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """The vertices of each of its 2-cells in cyclic order, compressed.

        Returns
        -------
        indptr : ndarray of shape (n + 1,), int32
        indices : ndarray, int32
            ``indices[indptr[i]:indptr[i + 1]]`` are the vertices of the 2-cell ``ids[2][i]``, by their ids
            in the complex, neighbours next to each other.

        Raises
        ------
        ValueError
            If the domain has dimension 1.

        Examples
        --------
        >>> import relutope
        >>> network = relutope.Network.from_arrays([[[1, 1]], [[1]]])
        >>> indptr, _ = relutope.polyhedral_complex(network, (-1, 1)).sublevel(0).polygons()
        >>> indptr.tolist()
        [0, 3]
        """
        from relutope.meshes import polygons

        return polygons(self)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(f_vector {self.f_vector} of {self.complex!r})"
