"""Polyhedral complexes and subcomplexes as chain complexes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from relutope.cell_complex import CellComplex
from relutope.complex import PolyhedralComplex
from relutope.compressed import rows_of
from relutope.subcomplex import Subcomplex

COMPACTIFICATIONS = ("closed", "borel_moore", "one_point")

Cells = PolyhedralComplex | Subcomplex | CellComplex


def as_cell_complex(cells: Any, compactify: Any = "closed") -> CellComplex:
    """The cells of a complex with their facets; of a `PolyhedralComplex` its own arrays.

    Parameters
    ----------
    cells : PolyhedralComplex, Subcomplex or CellComplex
    compactify : str, default "closed"
        ``"closed"``: all cells, those at infinity included. ``"borel_moore"`` and ``"one_point"``: without
        those at infinity, so that chains are relative to what lies there.

    Raises
    ------
    TypeError
        If `cells` is none of these.
    ValueError
        If `compactify` is another word.

    Examples
    --------
    >>> import relutope
    >>> from relutope.chains import as_cell_complex
    >>> network = relutope.Network.from_arrays([[[1, 0], [0, 1]], [[1, 1]]])
    >>> plane = relutope.polyhedral_complex(network, relutope.AllSpace())
    >>> as_cell_complex(plane), as_cell_complex(plane, "borel_moore")
    (CellComplex(f_vector (9, 12, 4)), CellComplex(f_vector (1, 4, 4)))
    """
    if compactify not in COMPACTIFICATIONS:
        raise ValueError(f"compactify is {compactify!r}; legal: {', '.join(COMPACTIFICATIONS)}")
    if isinstance(cells, CellComplex):
        return cells
    if isinstance(cells, PolyhedralComplex):
        counts, finite = cells.counts, cells.f_vector
    elif isinstance(cells, Subcomplex):
        counts, finite = tuple(map(len, cells.ids)), cells.finite_counts
    else:
        raise TypeError(
            f"complex is a {type(cells).__name__}; legal: PolyhedralComplex, Subcomplex or CellComplex"
        )
    with_infinity = compactify == "closed" or counts == finite
    kept = cells.__dict__.setdefault("_cell_complexes", {})
    if with_infinity not in kept:
        chains = _chains(cells)
        kept[with_infinity] = chains if with_infinity else _first_cells(chains, tuple(finite))
    result: CellComplex = kept[with_infinity]
    return result


def _chains(cells: PolyhedralComplex | Subcomplex) -> CellComplex:
    if isinstance(cells, PolyhedralComplex):
        boundaries = tuple(cells.facets(k) for k in range(1, cells.dim + 1))
        return CellComplex(
            tuple(cells.counts), boundaries, lambda: tuple(cells._incidence_numbers), fills_ball=True
        )
    boundaries = tuple(cells.facets(k) for k in range(1, cells.complex.dim + 1))
    return CellComplex(tuple(map(len, cells.ids)), boundaries, lambda: _signs(cells))


def _signs(cells: Subcomplex) -> tuple[NDArray[np.int8], ...]:
    whole = cells.complex
    return tuple(
        rows_of(whole.facets(k)[0], whole._incidence_numbers[k - 1], cells.ids[k])[1]
        for k in range(1, whole.dim + 1)
    )


def _first_cells(chains: CellComplex, counts: tuple[int, ...]) -> CellComplex:
    """The chains on the first counts[k] cells of each dimension, relative to all others."""
    return restricted(chains, [np.arange(count) for count in counts])


def restricted(chains: CellComplex, cells: Any) -> CellComplex:
    """The chains on some cells of each dimension (ascending ids), with all others taken for 0."""
    boundaries, places = [], []
    for k in range(1, chains.dim + 1):
        indptr, indices = chains.boundaries[k - 1]
        number = np.full(chains.counts[k - 1], -1, dtype=np.int32)
        number[cells[k - 1]] = np.arange(len(cells[k - 1]), dtype=np.int32)
        starts, at = rows_of(indptr, np.arange(len(indices)), cells[k])
        rows = number[indices[at]]
        before = np.concatenate([np.zeros(1, np.int32), np.cumsum(rows >= 0, dtype=np.int32)])
        boundaries.append((before[starts], rows[rows >= 0]))
        places.append(at[rows >= 0])

    def signs() -> tuple[NDArray[np.int8], ...]:
        known = chains.known_signs()
        return tuple(numbers[at] for numbers, at in zip(known, places, strict=True))

    return CellComplex(tuple(map(len, cells)), tuple(boundaries), signs if chains.has_signs else None)
