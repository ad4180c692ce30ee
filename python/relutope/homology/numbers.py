"""Betti numbers and components of complexes and of pairs."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from relutope.cell_complex import CellComplex
from relutope.chains import as_cell_complex, restricted
from relutope.complex import PolyhedralComplex
from relutope.homology.fields import checked_prime, interruptible, require_bytes
from relutope.subcomplex import Subcomplex

#: Of the reduction of a whole complex: tables of 25 bytes per cell, and columns of some 8 rows.
BYTES_PER_CELL = 100


def betti_numbers(
    complex: Any, compactify: str = "closed", field: int = 2, *, max_bytes: int | None = None
) -> list[int]:
    """Betti numbers, one per dimension 0..dim.

    Parameters
    ----------
    complex : PolyhedralComplex, Subcomplex or CellComplex
    compactify : str, default "closed"
        What lies at infinity. ``"closed"``: of the set in the closed ball that the domain is with its walls;
        on R^d those of the set itself, cut off far away. ``"borel_moore"``: of the chains without the cells
        at infinity, which is the homology of the one-point compactification relative to the added point; on
        a box the same as closed. ``"one_point"``: of the one-point compactification, as in Masden (2022),
        which is Borel-Moore plus one in degree 0; a bounded set gets an isolated point.
    field : int, default 2
        A prime p < 2^31; coefficients are Z/p.
    max_bytes : int, optional
        Default: 80 % of what is available.

    Returns
    -------
    list of int

    Raises
    ------
    TypeError
        If `complex` is no complex or `field` no int.
    ValueError
        If `compactify` is another word, `field` is no prime, or it is odd and incidence numbers are unknown.
    relutope.IncompleteError
        If the matrices would take more than `max_bytes`, or at Ctrl-C.

    Examples
    --------
    The projective plane has homology in degree 2 over Z/2 only.

    >>> import relutope
    >>> from relutope.homology import CellComplex
    >>> network = relutope.Network.from_arrays([[[1, 0]], [[1]]], [[1], [0]])
    >>> line = relutope.polyhedral_complex(network, relutope.AllSpace()).decision_boundary(1)
    >>> for kind in ("closed", "borel_moore", "one_point"):
    ...     relutope.betti_numbers(line, kind)
    [1, 0, 0]
    [0, 1, 0]
    [1, 1, 0]
    """
    prime = checked_prime(field)
    chains = as_cell_complex(complex, compactify)
    reduces = not chains.fills_ball
    require_bytes(
        BYTES_PER_CELL * chains.n_cells if reduces else 0, max_bytes, "reducing the boundary matrices"
    )
    if not reduces:
        numbers = [1] + [0] * chains.dim
    else:
        with interruptible("Betti numbers"):
            numbers = chains.core(signed=prime != 2).betti_numbers(prime)
    if compactify == "one_point":
        numbers[0] += 1
    return numbers


def relative_betti_numbers(
    complex: Any, subcomplex: Any, field: int = 2, *, max_bytes: int | None = None
) -> list[int]:
    """Betti numbers of the pair (complex, subcomplex), one per dimension.

    Parameters
    ----------
    complex : PolyhedralComplex, Subcomplex or CellComplex
    subcomplex : Subcomplex, or one array_like of int per dimension
        Ids of cells; a `Subcomplex` of the same complex, or ids that contain all faces of their cells.
    field, max_bytes
        As for `betti_numbers`.

    Returns
    -------
    list of int

    Raises
    ------
    TypeError, ValueError, relutope.IncompleteError
        As `betti_numbers`; ValueError also if the subcomplex is one of another complex, not inside it, or
        lacks a face of one of its cells.

    Examples
    --------
    A disk relative to its boundary circle is a sphere relative to a point.

    >>> from relutope.homology import CellComplex, relative_betti_numbers
    >>> disk = CellComplex.grid((2, 2))
    >>> relative_betti_numbers(disk, [[0, 1, 2, 3], [0, 1, 2, 3], []])
    [0, 0, 1]
    """
    prime = checked_prime(field)
    chains = as_cell_complex(complex)
    require_bytes(BYTES_PER_CELL * chains.n_cells, max_bytes, "reducing the boundary matrices")
    with interruptible("Betti numbers"):
        rest = restricted(chains, _complement(complex, chains, subcomplex))
        return rest.core(signed=prime != 2).betti_numbers(prime)


def _complement(complex_: Any, chains: CellComplex, subcomplex: Any) -> list[NDArray[np.int64]]:
    """Places of the cells that are not in the subcomplex."""
    ids = _ids_within(complex_, chains, subcomplex)
    result = []
    inside_below: NDArray[np.bool_] = np.zeros(0, dtype=bool)
    for k, count in enumerate(chains.counts):
        inside = np.zeros(count, dtype=bool)
        inside[ids[k]] = True
        if k:
            indptr, indices = chains.facets(k)
            missing = np.repeat(inside, np.diff(indptr)) & ~inside_below[indices]
            if missing.any():
                cell = np.searchsorted(indptr, np.flatnonzero(missing)[0], side="right") - 1
                raise ValueError(f"subcomplex lacks a face of its cell {cell} of dimension {k}")
        inside_below = inside
        result.append(np.flatnonzero(~inside))
    return result


def _ids_within(complex_: Any, chains: CellComplex, subcomplex: Any) -> list[NDArray[np.int64]]:
    from relutope.arguments import checked_ids

    if isinstance(subcomplex, Subcomplex):
        whole = complex_.complex if isinstance(complex_, Subcomplex) else complex_
        if subcomplex.complex is not whole:
            raise ValueError("subcomplex is one of another complex; legal: one of the complex itself")
        ids = [np.asarray(part, dtype=np.int64) for part in subcomplex.ids]
        if isinstance(complex_, Subcomplex):
            for k, part in enumerate(ids):
                if not np.isin(part, complex_.ids[k]).all():
                    raise ValueError(f"subcomplex has a cell of dimension {k} outside; legal: one inside")
            ids = [np.searchsorted(complex_.ids[k], part) for k, part in enumerate(ids)]
        return ids
    if not isinstance(subcomplex, (list, tuple)) or len(subcomplex) != len(chains.counts):
        raise TypeError(
            f"subcomplex is a {type(subcomplex).__name__}; legal: a Subcomplex, or {len(chains.counts)} "
            "arrays of ids, by dimension"
        )
    return [
        checked_ids(part, count, f"cells of dimension {k}")
        for k, (part, count) in enumerate(zip(subcomplex, chains.counts, strict=True))
    ]


class Components(NamedTuple):
    """Connected components, numbered from 0 by their smallest vertex."""

    #: How many there are.
    number: int
    #: Per dimension the component of each cell, int32.
    labels: tuple[NDArray[np.int32], ...]


def components(complex: PolyhedralComplex | Subcomplex | CellComplex) -> Components:
    """The connected components of a complex; cells at infinity count as points of it.

    Parameters
    ----------
    complex : PolyhedralComplex, Subcomplex or CellComplex
        Each cell has a vertex, as in a regular cell complex.

    Returns
    -------
    Components

    Raises
    ------
    TypeError
        If it is none of these.

    Examples
    --------
    >>> from relutope.homology import CellComplex, components
    >>> components(CellComplex.from_arrays([0, 0, 0, 1], [0, 0, 0, 0, 2], [0, 2])).labels[0]
    array([0, 1, 0], dtype=int32)
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    chains = as_cell_complex(complex)
    n_vertices = chains.counts[0]
    ends = chains.facets(1)[1].reshape(-1, 2) if chains.dim else np.empty((0, 2), dtype=np.int32)
    graph = coo_array((np.ones(len(ends), dtype=np.int8), (ends[:, 0], ends[:, 1])), (n_vertices,) * 2)
    number, found = connected_components(graph, directed=False) if n_vertices else (0, np.empty(0))
    # Numbered by where each first occurs.
    _, first, inverse = np.unique(found, return_index=True, return_inverse=True)
    labels = [np.argsort(np.argsort(first))[inverse.reshape(-1)].astype(np.int32)]
    for k in range(1, chains.dim + 1):
        indptr, indices = chains.facets(k)
        labels.append(labels[-1][indices[indptr[:-1]]])
    return Components(int(number), tuple(labels))
