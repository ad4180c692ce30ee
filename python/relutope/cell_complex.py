"""Cell complexes as homology sees them: dimensions and facets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from relutope import _core
from relutope.arguments import checked_dimension, checked_word
from relutope.cell_tables import LARGEST, checked_tables, grid_tables

if TYPE_CHECKING:
    from scipy.sparse import csc_array

Boundary = tuple[NDArray[np.int32], NDArray[np.int32]]
Signs = tuple[NDArray[np.int8], ...]


class CellComplex:
    """A regular cell complex: the number of cells of each dimension, and the facets of each cell.

    Nothing is said of geometry. Cells are named by a dimension k and an id 0..counts[k]-1. Made by
    `from_arrays` or `grid`; every function of `relutope.homology` also takes a `PolyhedralComplex` or a
    `Subcomplex` as it is, without a copy of the first.

    Parameters
    ----------
    counts : tuple of int
    boundaries : tuple of (ndarray, ndarray)
        For k = 1, 2, ... the facets of the k-cells, compressed as `PolyhedralComplex.facets` has them.
    signs : tuple of ndarray of int8, or a callable that returns it, optional
        Beside the indices of `boundaries` the incidence numbers -1 and 1.
    fills_ball : bool
        True where the cells are known to be all those of a closed ball.

    Examples
    --------
    >>> from relutope.homology import CellComplex, betti_numbers
    >>> circle = CellComplex.from_arrays([0, 0, 1, 1], [0, 0, 0, 2, 4], [0, 1, 0, 1])
    >>> circle, betti_numbers(circle)
    (CellComplex(f_vector (2, 2)), [1, 1])
    """

    def __init__(
        self,
        counts: tuple[int, ...],
        boundaries: tuple[Boundary, ...],
        signs: Signs | Callable[[], Signs] | None = None,
        *,
        fills_ball: bool = False,
    ) -> None:
        self.counts = counts
        self.boundaries = boundaries
        self.fills_ball = fills_ball
        self._given_signs = signs
        self._looked_for_duality = False
        self._lock = Lock()

    @classmethod
    def from_arrays(
        cls, dimensions: ArrayLike, indptr: ArrayLike, indices: ArrayLike, signs: ArrayLike | None = None
    ) -> CellComplex:
        """A complex from the dimensions of all cells and their facets, compressed.

        Parameters
        ----------
        dimensions : array_like of int, shape (n,)
            In any order. The cells of one dimension get the ids 0, 1, ... in the order in which they stand.
        indptr : array_like of int, shape (n + 1,)
        indices : array_like of int
            ``indices[indptr[i]:indptr[i + 1]]`` are the facets of cell i, as places in `dimensions`, each
            once and of the dimension below. A vertex has none, an edge two, others two or more.
        signs : array_like of int, optional
            Incidence numbers -1 or 1 beside `indices`; without them homology is computed over Z/2 only.

        Raises
        ------
        ValueError
            If there are no cells, lengths differ, a facet is out of range, of another dimension or named
            twice, a cell has too few, or the boundary of the boundary of a cell is not 0 (over the integers
            where `signs` are given, else over Z/2).
        TypeError
            If an array does not hold ints.

        Examples
        --------
        >>> from relutope.homology import CellComplex
        >>> triangle = [0, 0, 0, 1, 1, 1, 2], [0, 0, 0, 0, 2, 4, 6, 9], [0, 1, 1, 2, 0, 2, 3, 4, 5]
        >>> CellComplex.from_arrays(*triangle).counts
        (3, 3, 1)
        """
        result = cls(*checked_tables(dimensions, indptr, indices, signs))
        wrong = result.core(signed=signs is not None).open_boundary()
        if wrong is not None:
            raise ValueError(
                f"the boundary of the boundary of cell {wrong[1]} of dimension {wrong[0]} is not 0"
            )
        return result

    @classmethod
    def grid(cls, shape: Sequence[int]) -> CellComplex:
        """The cubical complex of a grid of points: points, edges between neighbours, squares, cubes, ...

        Parameters
        ----------
        shape : sequence of int
            Number of points along each axis, at least 1.

        Raises
        ------
        ValueError, TypeError
            If `shape` is empty or holds other than ints >= 1.

        Examples
        --------
        >>> from relutope.homology import CellComplex
        >>> CellComplex.grid((3, 2)).counts
        (6, 7, 2)
        """
        return cls(*grid_tables(shape), fills_ball=True)

    @property
    def dim(self) -> int:
        """The largest dimension of a cell."""
        return len(self.counts) - 1

    @property
    def n_cells(self) -> int:
        """Number of cells of all dimensions."""
        return sum(self.counts)

    @property
    def f_vector(self) -> tuple[int, ...]:
        """Number of cells of each dimension."""
        return self.counts

    @property
    def euler_characteristic(self) -> int:
        """Alternating sum of the f-vector."""
        return sum((-1) ** k * count for k, count in enumerate(self.counts))

    @cached_property
    def signs(self) -> Signs | None:
        """Per dimension 1, 2, ... the incidence numbers, int8, beside the indices; None if unknown."""
        return self._given_signs() if callable(self._given_signs) else self._given_signs

    @property
    def has_signs(self) -> bool:
        """Whether incidence numbers are known."""
        return self._given_signs is not None

    def facets(self, k: int) -> Boundary:
        """The facets of the k-cells as `PolyhedralComplex.facets` has them.

        Raises
        ------
        ValueError, TypeError
            If ``1 <= k <= dim`` fails or k is no int.

        Examples
        --------
        >>> from relutope.homology import CellComplex
        >>> CellComplex.grid((3,)).facets(1)[1]
        array([0, 1, 1, 2], dtype=int32)
        """
        return self.boundaries[checked_dimension(k, self.dim, lowest=1) - 1]

    def boundary_matrix(self, k: int, over: Literal["Z", "Z/2"] = "Z") -> csc_array:
        """The boundary matrix from the k-cells to the (k-1)-cells.

        Raises
        ------
        ValueError, TypeError
            If k is out of range or no int, `over` is another word, or it is ``"Z"`` and signs are unknown.

        Examples
        --------
        >>> from relutope.homology import CellComplex
        >>> CellComplex.grid((2,)).boundary_matrix(1).toarray().tolist()
        [[-1], [1]]
        """
        from scipy.sparse import csc_array

        indptr, indices = self.facets(k)
        checked_word(over, "over", ("Z", "Z/2"))
        data = np.ones(len(indices), np.int8) if over == "Z/2" else self.known_signs()[k - 1]
        return csc_array((data, indices, indptr), shape=(self.counts[k - 1], self.counts[k]), copy=False)

    def known_signs(self) -> Signs:
        """The incidence numbers, or a ValueError where they are unknown."""
        if self.signs is None:
            raise ValueError("the complex has no signs; legal: chains over Z/2, or a complex with signs")
        return self.signs

    def split(self, values: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        """An array with one entry per cell, dimension after dimension, parted by dimension.

        Examples
        --------
        >>> import numpy as np
        >>> from relutope.homology import CellComplex
        >>> [part.tolist() for part in CellComplex.grid((2,)).split(np.arange(3))]
        [[0, 1], [2]]
        """
        return tuple(np.split(values, np.cumsum(self.counts)[:-1]))

    def core(self, *, signed: bool) -> _core.CellComplex:
        """What the compiled core works on, with signs or without.

        Raises
        ------
        ValueError
            If signs are asked for and unknown.
        """
        return self._signed_core if signed else self._unsigned_core

    @cached_property
    def _unsigned_core(self) -> _core.CellComplex:
        return self._with_duality([])

    @cached_property
    def _signed_core(self) -> _core.CellComplex:
        return self._with_duality(list(self.known_signs()))

    def _with_duality(self, signs: list[NDArray[np.int8]]) -> _core.CellComplex:
        """Duality is looked for at once where it surely holds, elsewhere only when `use_duality` asks."""
        if self.n_cells > LARGEST:
            raise ValueError(f"{self.n_cells:,} cells; legal: at most {LARGEST:,}, which homology numbers")
        core = _core.CellComplex(
            list(self.counts),
            [pair[0] for pair in self.boundaries],
            [pair[1] for pair in self.boundaries],
            signs,
        )
        if self.fills_ball:
            core.set_known(duality=core.find_dual(), acyclic=True, orientable=True)
        return core

    def use_duality(self) -> _core.CellComplex:
        """The core without signs, after it has looked whether Alexander duality holds in the complex.

        That takes the Betti numbers of the whole, once.
        """
        core = self._unsigned_core
        with self._lock:
            if not self.fills_ball and not self._looked_for_duality:
                found = core.find_dual()
                betti = core.betti_numbers(2)
                acyclic = not any(betti[1:])
                core.set_known(duality=found and betti[-2] == 0, acyclic=acyclic, orientable=False)
                self._looked_for_duality = True
        return core

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuilt, (self.counts, self.boundaries, self.signs, self.fills_ball)

    def __repr__(self) -> str:
        return f"CellComplex(f_vector {self.counts})"


def _rebuilt(
    counts: tuple[int, ...], boundaries: tuple[Boundary, ...], signs: Signs | None, fills_ball: bool
) -> CellComplex:
    return CellComplex(counts, boundaries, signs, fills_ball=fills_ball)
