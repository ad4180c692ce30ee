"""An order in which the cells of a complex enter."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from relutope.cell_complex import CellComplex
from relutope.chains import as_cell_complex


class Filtration:
    """One rank per cell of a complex, faces never after their cofaces, and a value per rank.

    Cells of equal rank enter together. Made by the functions of `relutope.filtrations`.

    Parameters
    ----------
    cells : PolyhedralComplex, Subcomplex or CellComplex
        Whose cells are ranked.
    name : str
    ranks : ndarray of int, shape (n_cells,)
        One per cell, dimension after dimension, 0..len(levels)-1.
    levels : ndarray of float64
        The value of each rank, ascending; equal where exact values that differ round to one.
    of : object, optional
        What the filtration was asked for, where that is not `cells` (which may refine it).

    Raises
    ------
    ValueError
        If there is not one rank per cell, one is no place in `levels`, these do not ascend, or a face has a
        larger rank than a coface.

    Examples
    --------
    >>> from relutope import filtrations
    >>> from relutope.homology import CellComplex
    >>> filtration = filtrations.from_values(CellComplex.grid((2,)), [0.0, 0.5, 0.5])
    >>> filtration.name, [ranks.tolist() for ranks in filtration.ranks], filtration.levels.tolist()
    ('values', [[0, 1], [1]], [0.0, 0.5])
    """

    def __init__(self, cells: Any, name: str, ranks: ArrayLike, levels: ArrayLike, *, of: Any = None) -> None:
        self.cells = cells
        self.of = cells if of is None else of
        self.name = name
        self.complex: CellComplex = as_cell_complex(cells)
        self.levels: NDArray[np.float64] = np.asarray(levels, dtype=np.float64)
        self.keys: NDArray[np.uint32] = _checked_ranks(ranks, self.complex.n_cells, self.levels)
        wrong = self.complex.core(signed=False).misplaced_face(self.keys)
        if wrong is not None:
            (k, face), (m, coface) = wrong
            values = self.values[k][face], self.values[m][coface]
            raise ValueError(
                f"cell {face} of dimension {k} (value {values[0]}) enters after its coface {coface} of "
                f"dimension {m} (value {values[1]}); legal: faces not after their cofaces"
            )

    @cached_property
    def ranks(self) -> tuple[NDArray[np.int64], ...]:
        """Per dimension the rank of each cell."""
        return self.complex.split(self.keys.astype(np.int64))

    @cached_property
    def values(self) -> tuple[NDArray[np.float64], ...]:
        """Per dimension the value of each cell."""
        return self.complex.split(self.levels[self.keys])

    def belongs_to(self, cells: Any) -> bool:
        """Whether it is a filtration of a complex or was asked for with it."""
        return cells is self.cells or cells is self.of or cells is self.complex

    def __repr__(self) -> str:
        return f"Filtration({self.name!r}: {len(self.levels)} ranks on {self.cells!r})"


def _checked_ranks(ranks: ArrayLike, n_cells: int, levels: NDArray[np.float64]) -> NDArray[np.uint32]:
    array = np.asarray(ranks)
    if array.size == 0:
        array = array.astype(np.int64)
    if array.shape != (n_cells,) or array.dtype.kind not in "iu":
        raise ValueError(
            f"ranks has shape {array.shape} and dtype {array.dtype}; legal: ({n_cells},) of ints"
        )
    if levels.ndim != 1 or np.isnan(levels).any() or (levels[1:] < levels[:-1]).any():
        raise ValueError(f"levels has shape {levels.shape}; legal: one axis of ascending numbers")
    if n_cells and (array.min() < 0 or array.max() >= len(levels)):
        raise ValueError(f"ranks run from {array.min()} to {array.max()}; legal: 0 to {len(levels) - 1}")
    return np.ascontiguousarray(array, dtype=np.uint32)


def from_values(complex: Any, values: ArrayLike | Sequence[ArrayLike], *, name: str = "values") -> Filtration:
    """A filtration from a value of each cell.

    Parameters
    ----------
    complex : PolyhedralComplex, Subcomplex or CellComplex
    values : array_like of float, shape (n_cells,), or one array per dimension
        Finite or infinite; a face's is at most that of its cofaces.
    name : str, default "values"

    Returns
    -------
    Filtration

    Raises
    ------
    ValueError
        If there is not one value per cell, one is NaN, or a face has a larger one than a coface.
    TypeError
        If `complex` is no complex or values are no numbers.

    Examples
    --------
    >>> from relutope import filtrations
    >>> from relutope.homology import CellComplex
    >>> filtrations.from_values(CellComplex.grid((2,)), [[3, 1], [3]]).levels.tolist()
    [1.0, 3.0]
    """
    chains = as_cell_complex(complex)
    if chains.n_cells == 0:
        raise ValueError("complex is empty; legal: at least one cell")
    numbers = _per_cell(chains, values)
    if np.isnan(numbers).any():
        place = int(np.flatnonzero(np.isnan(numbers))[0])
        k = int(np.searchsorted(np.cumsum(chains.counts), place, side="right"))
        raise ValueError(f"values of dimension {k} contain NaN at {place - sum(chains.counts[:k])}")
    levels, ranks = np.unique(numbers, return_inverse=True)
    return Filtration(complex, name, ranks.reshape(-1), levels)


def lower_star_of(
    complex: Any, name: str, ranks: NDArray[Any], levels: ArrayLike, of: Any = None
) -> Filtration:
    """Each cell takes the largest of the ranks of its vertices."""
    chains = as_cell_complex(complex)
    parts = [np.asarray(ranks)]
    for indptr, indices in chains.boundaries:
        parts.append(_reduced(np.maximum, parts[-1], indptr, indices))
    return Filtration(complex, name, np.concatenate(parts), levels, of=of)


def upper_star_of(complex: Any, name: str, ranks: NDArray[Any], levels: ArrayLike) -> Filtration:
    """Each cell takes the smallest of the ranks of the regions that have it as a face."""
    chains = as_cell_complex(complex)
    parts = [np.asarray(ranks)]
    for indptr, indices in reversed(chains.boundaries):
        below = np.full(chains.counts[-len(parts) - 1], np.iinfo(np.int64).max)
        np.minimum.at(below, indices, np.repeat(parts[-1], np.diff(indptr)))
        parts.append(below)
    return Filtration(complex, name, np.concatenate(parts[::-1]), levels)


def _reduced(
    function: np.ufunc, values: NDArray[Any], indptr: NDArray[Any], indices: NDArray[Any]
) -> NDArray[Any]:
    """The function over the facets of each cell, each of which has some."""
    if len(indptr) == 1:
        return values[:0]
    result: NDArray[Any] = function.reduceat(values[indices], indptr[:-1])
    return result


def _per_cell(chains: CellComplex, values: Any) -> NDArray[np.float64]:
    counts = chains.counts
    if isinstance(values, (list, tuple)) and values and not np.isscalar(values[0]):
        parts = [_floats(part) for part in values]
        shapes = [part.shape for part in parts]
        if shapes != [(count,) for count in counts]:
            raise ValueError(
                f"values has arrays of shape {shapes}; legal: lengths {list(counts)}, by dimension"
            )
        return np.concatenate(parts)
    array = _floats(values)
    if array.shape != (chains.n_cells,):
        raise ValueError(
            f"values has shape {array.shape}; legal: ({chains.n_cells},), one per cell, dimension after "
            f"dimension, or {len(counts)} arrays of lengths {list(counts)}"
        )
    return array


def _floats(values: Any) -> NDArray[np.float64]:
    try:
        return np.asarray(values, dtype=np.float64)
    except (ValueError, OverflowError) as error:
        raise TypeError(f"values holds no numbers or rows of unequal lengths: {error}") from None
