"""Persistent homology along a filtration."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from relutope.arguments import checked_dimension, checked_ids
from relutope.chains import as_cell_complex
from relutope.filtrations import Filtration, as_filtration
from relutope.homology.fields import checked_prime, interruptible, require_bytes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Orders, partners and columns of the reduction.
BYTES_PER_CELL = 90

ESSENTIAL = -1


class Barcode:
    """Births and deaths of homology classes along a filtration; made by `persistence`.

    Attributes
    ----------
    filtration : Filtration
    field : int
        Coefficients are Z/p for this prime p.
    births : tuple of ndarray of int32
        Per dimension k the k-cells that create a class, in the order in which they enter.
    deaths : tuple of ndarray of int32
        The (k+1)-cells that destroy it, or -1 for an essential class.

    Examples
    --------
    >>> import relutope
    >>> from relutope.homology import CellComplex
    >>> circle = CellComplex.from_arrays([0, 0, 1, 1], [0, 0, 0, 2, 4], [0, 1, 0, 1])
    >>> barcode = relutope.persistence(circle, relutope.filtrations.from_values(circle, [0, 1, 2, 3]))
    >>> barcode
    Barcode('values' over Z/2: 2 bars in dimension 0, 1 in dimension 1)
    >>> barcode.diagrams()
    [array([[ 0., inf],
           [ 1.,  2.]]), array([[ 3., inf]])]
    """

    def __init__(
        self, filtration: Filtration, field: int, bars: Sequence[tuple[NDArray[np.int32], NDArray[np.int32]]]
    ) -> None:
        self.filtration = filtration
        self.field = field
        self.births = tuple(births for births, _ in bars)
        self.deaths = tuple(deaths for _, deaths in bars)

    @property
    def max_dimension(self) -> int:
        """The largest dimension whose bars are known."""
        return len(self.births) - 1

    def birth_ranks(self, k: int) -> NDArray[np.int64]:
        """Ranks at which the bars of dimension k begin."""
        return self.filtration.ranks[k][self.births[checked_dimension(k, self.max_dimension)]]

    def death_ranks(self, k: int) -> NDArray[np.int64]:
        """Ranks at which the bars of dimension k end; the number of ranks for essential classes."""
        deaths = self.deaths[checked_dimension(k, self.max_dimension)]
        result = np.full(len(deaths), len(self.filtration.levels), dtype=np.int64)
        finite = deaths != ESSENTIAL
        if finite.any():
            result[finite] = self.filtration.ranks[k + 1][deaths[finite]]
        return result

    def intervals(self, k: int) -> NDArray[np.float64]:
        """Values at birth and death of all bars of dimension k, those of length 0 included.

        Returns
        -------
        ndarray of shape (len(births[k]), 2), float64
            inf for the death of essential classes.

        Examples
        --------
        >>> import relutope
        >>> from relutope.homology import CellComplex
        >>> edge = CellComplex.grid((2,))
        >>> relutope.persistence(edge, relutope.filtrations.from_values(edge, [0, 1, 1])).intervals(0)
        array([[ 0., inf],
               [ 1.,  1.]])
        """
        levels = np.append(self.filtration.levels, np.inf)
        return np.column_stack([levels[self.birth_ranks(k)], levels[self.death_ranks(k)]])

    def diagrams(self, *, zero_length: bool = False) -> list[NDArray[np.float64]]:
        """Persistence diagrams, one array per dimension, as gudhi, ripser and persim have them.

        Parameters
        ----------
        zero_length : bool, default False
            Whether to keep bars that end at the rank at which they begin.

        Returns
        -------
        list of ndarray of shape (n, 2), float64
            Births and deaths, inf for essential classes, in the order of births.

        Examples
        --------
        >>> import relutope
        >>> from relutope.homology import CellComplex
        >>> edge = CellComplex.grid((2,))
        >>> relutope.persistence(edge, relutope.filtrations.from_values(edge, [0, 1, 1])).diagrams()[0]
        array([[ 0., inf]])
        """
        result = []
        for k in range(self.max_dimension + 1):
            kept = zero_length | (self.birth_ranks(k) < self.death_ranks(k))
            result.append(self.intervals(k)[kept])
        return result

    def betti_numbers(self, at: float | None = None) -> list[int]:
        """Betti numbers of the cells that are in at a value.

        Parameters
        ----------
        at : float, optional
            All cells whose value is at most this; default: all cells.

        Raises
        ------
        ValueError
            If it is NaN.

        Examples
        --------
        >>> import relutope
        >>> from relutope.homology import CellComplex
        >>> edge = CellComplex.grid((2,))
        >>> barcode = relutope.persistence(edge, relutope.filtrations.from_values(edge, [0, 1, 2]))
        >>> barcode.betti_numbers(at=1), barcode.betti_numbers()
        ([2, 0], [1, 0])
        """
        if at is None:
            return [int(np.count_nonzero(deaths == ESSENTIAL)) for deaths in self.deaths]
        return [int(number) for number in self.betti_curve([at])[0]]

    def betti_curve(self, grid: ArrayLike) -> NDArray[np.int64]:
        """Betti numbers at several values.

        Parameters
        ----------
        grid : array_like of float, shape (n,)
            In any order.

        Returns
        -------
        ndarray of shape (n, max_dimension + 1), int64

        Raises
        ------
        ValueError
            If `grid` is not one-dimensional or contains NaN.

        Examples
        --------
        >>> import relutope
        >>> from relutope.homology import CellComplex
        >>> edge = CellComplex.grid((2,))
        >>> barcode = relutope.persistence(edge, relutope.filtrations.from_values(edge, [0, 1, 2]))
        >>> barcode.betti_curve([-1, 0, 1, 2])[:, 0]
        array([0, 1, 2, 1])
        """
        values = np.asarray(grid, dtype=np.float64)
        if values.ndim != 1 or np.isnan(values).any():
            raise ValueError(f"grid has shape {values.shape}; legal: one axis, without NaN")
        ranks = np.searchsorted(self.filtration.levels, values, side="right") - 1
        columns = []
        for k in range(self.max_dimension + 1):
            births, deaths = np.sort(self.birth_ranks(k)), np.sort(self.death_ranks(k))
            columns.append(np.searchsorted(births, ranks, "right") - np.searchsorted(deaths, ranks, "right"))
        return np.column_stack(columns)

    def representative_cycles(
        self, k: int, bars: ArrayLike | None = None
    ) -> list[tuple[NDArray[np.int32], NDArray[np.int64]]]:
        """A cycle for each of some bars of dimension k.

        Parameters
        ----------
        k : int
        bars : array_like of int, optional
            Places in ``births[k]``; default: all.

        Returns
        -------
        list of (cells, coefficients)
            Ids of k-cells and their coefficients 1..p-1. The cell that creates the class is in it and all
            others enter no later; it is a boundary as soon as the cell that destroys the class is in, and
            not before.

        Raises
        ------
        ValueError, TypeError
            If k or a bar is out of range or no int.

        Examples
        --------
        >>> import relutope
        >>> from relutope.homology import CellComplex
        >>> disk = CellComplex.grid((2, 2))
        >>> barcode = relutope.persistence(disk, relutope.filtrations.by_dimension(disk, rng=0))
        >>> sorted(barcode.representative_cycles(1)[0][0].tolist())
        [0, 1, 2, 3]
        """
        return self._representatives(k, bars, cocycles=False)

    def representative_cocycles(
        self, k: int, bars: ArrayLike | None = None
    ) -> list[tuple[NDArray[np.int32], NDArray[np.int64]]]:
        """A cocycle for each of some bars of dimension k.

        As `representative_cycles`, but a cochain on k-cells: its coboundary is 0 on all (k+1)-cells that
        enter before the cell that destroys the class, and not on that. The cell that creates the class is in
        it, and all others enter no earlier.

        Examples
        --------
        >>> import relutope
        >>> from relutope.homology import CellComplex
        >>> circle = CellComplex.from_arrays([0, 0, 1, 1], [0, 0, 0, 2, 4], [0, 1, 0, 1])
        >>> barcode = relutope.persistence(circle, "cell_max", rng=0)
        >>> len(barcode.representative_cocycles(1)[0][0])
        1
        """
        return self._representatives(k, bars, cocycles=True)

    def _representatives(
        self, k: int, bars: ArrayLike | None, *, cocycles: bool
    ) -> list[tuple[NDArray[np.int32], NDArray[np.int64]]]:
        k = checked_dimension(k, self.max_dimension)
        count = len(self.births[k])
        chosen = np.arange(count) if bars is None else checked_ids(bars, count, f"bars of dimension {k}")
        core = self.filtration.complex.core(signed=self.field != 2)
        table = list(zip(self.births, self.deaths, strict=True))
        with interruptible("representatives"):
            found = core.representatives(self.filtration.keys, self.field, table, k, chosen, cocycles)
        return [(cells, coefficients.astype(np.int64)) for cells, coefficients in found]

    def plot(self, kind: str = "barcode", ax: Axes | None = None) -> Axes:
        """Draw the bars, or the diagram, with matplotlib.

        Parameters
        ----------
        kind : {"barcode", "diagram"}
        ax : matplotlib.axes.Axes, optional

        Returns
        -------
        matplotlib.axes.Axes

        Raises
        ------
        ValueError
            If `kind` is another word.
        relutope.MissingExtraError
            If matplotlib is not installed.
        """
        from relutope.homology.barcode_plot import plot

        return plot(self, kind, ax)

    def __repr__(self) -> str:
        counts = ", ".join(
            f"{len(births)} {'bars ' if k == 0 else ''}in dimension {k}"
            for k, births in enumerate(self.births)
        )
        return f"Barcode({self.filtration.name!r} over Z/{self.field}: {counts})"


def persistence(
    complex: Any,
    filtration: Filtration | str = "lower_star",
    max_dimension: int | None = None,
    *,
    field: int = 2,
    rng: Any = None,
    max_bytes: int | None = None,
) -> Barcode:
    """Persistent homology of a complex along a filtration.

    Parameters
    ----------
    complex : PolyhedralComplex, Subcomplex or CellComplex
    filtration : Filtration or str, default "lower_star"
        Or the name of one that needs no data; see `relutope.filtrations`.
    max_dimension : int, optional
        Bars of higher dimension are not computed; default: all.
    field : int, default 2
        A prime p < 2^31; coefficients are Z/p.
    rng : None, int, SeedSequence, BitGenerator or Generator
        Of a random filtration that is given by name.
    max_bytes : int, optional
        Default: 80 % of what is available. What is checked beforehand are the tables; the reduced columns
        are counted with 8 rows per cell.

    Returns
    -------
    Barcode

    Raises
    ------
    TypeError, ValueError
        If an argument is of another kind or out of range, or the field is odd and incidence numbers unknown.
    relutope.IncompleteError
        If the tables would take more than `max_bytes`, or at Ctrl-C.

    Notes
    -----
    Dimension 0 by union-find with the elder rule; the highest by union-find on the dual graph where Alexander
    duality holds, as it does on a box; what lies between by column reduction with clearing (Chen and Kerber,
    2011).

    Examples
    --------
    >>> import relutope
    >>> network = relutope.Network.from_arrays([[[1], [-1]], [[1, 1]]], [[0, 0], [0]])
    >>> complex_ = relutope.polyhedral_complex(network, (-1, 2))
    >>> relutope.persistence(complex_, "output")
    Barcode('output' over Z/2: 3 bars in dimension 0, 0 in dimension 1)
    """
    prime = checked_prime(field)
    highest = 2**31
    if max_dimension is not None:
        highest = checked_dimension(max_dimension, highest, name="max_dimension")
    needed = filtration.complex if isinstance(filtration, Filtration) else as_cell_complex(complex)
    require_bytes(BYTES_PER_CELL * needed.n_cells, max_bytes, "persistence")
    with interruptible("persistence"):
        order = as_filtration(complex, filtration, rng)
        chains = order.complex
        core = chains.core(signed=prime != 2)
        bars = core.persistence(order.keys, prime, min(highest, chains.dim), True)
    return Barcode(order, prime, bars)
