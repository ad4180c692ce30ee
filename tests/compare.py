"""The library's complexes as the sets of cells that the oracle speaks of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reference import Cell, Key
from relutope import AllSpace, Network, PolyhedralComplex, Polytope, polyhedral_complex

Bounds = Sequence[float] | None  # of a box on one side; None: all of R^d
Incidence = tuple[Key, Key]  # a cell and a facet of it
Signs = NDArray[np.int8]

#: The search for faces forms tables of (k-1)-cells times k-cells of at most this many entries.
LARGEST_TABLE = 4_000_000


def network_of(layers: Sequence[tuple[Any, Any]]) -> Network:
    """The library's network of layers (W, b), the last one linear."""
    return Network.from_arrays([weights for weights, _ in layers], [biases for _, biases in layers])


def complex_on(network: Network, lo: Bounds, hi: Bounds, fold: bool | None = None) -> PolyhedralComplex:
    """The library's complex on a box, or on R^d where there are no bounds, validated."""
    complex_ = polyhedral_complex(network, AllSpace() if lo is None else (lo, hi), fold=fold)
    complex_.validate(exact=True)
    return complex_


def keys(complex_: PolyhedralComplex, k: int, at_infinity: bool = False) -> list[Key]:
    """The names of the k-cells by id, of those at infinity only where asked for."""
    n = (complex_.counts if at_infinity else complex_.f_vector)[k]
    walls, signs = complex_.walls(k)[:n], complex_.sign_vectors(k, np.arange(n)).tolist()
    if isinstance(complex_.domain, Polytope) and not at_infinity:
        walls = walls[:, : complex_.domain.n_rows]
    walls = walls.tolist()
    return [(k, tuple(on), tuple(sign)) for on, sign in zip(walls, signs, strict=True)]


def cell_set(complex_: PolyhedralComplex, at_infinity: bool = False) -> set[Key]:
    """The cells as the oracle names them; those at infinity, which lie on walls, only where asked for."""
    listed = [key for k in range(complex_.dim + 1) for key in keys(complex_, k, at_infinity)]
    cells = set(listed)
    assert len(cells) == len(listed)
    return cells


def incidences(complex_: PolyhedralComplex) -> set[Incidence]:
    """All pairs of a cell and a facet of it, neither at infinity."""
    pairs = set()
    for k in range(1, complex_.dim + 1):
        cells, faces = keys(complex_, k), keys(complex_, k - 1)
        indptr, indices = (array.tolist() for array in complex_.facets(k))
        for i, cell in enumerate(cells):
            pairs |= {(cell, faces[j]) for j in indices[indptr[i] : indptr[i + 1]] if j < len(faces)}
    return pairs


def exact_points(complex_: PolyhedralComplex) -> dict[Key, tuple[Fraction, ...]]:
    """The exact coordinates of every vertex that is not at infinity."""
    return dict(zip(keys(complex_, 0), complex_.exact_vertices(), strict=True))


def assert_equals_reference(complex_: PolyhedralComplex, cells: dict[Key, Cell]) -> None:
    """Cells, facets, vertices and boundedness are those of the oracle's `reference_cells`."""
    assert cell_set(complex_) == cells.keys()
    assert sum(complex_.f_vector) == len(cells)
    for k in range(complex_.dim + 1):
        flags = complex_.bounded(k)[: complex_.f_vector[k]].tolist()
        assert flags == [cells[key].bounded for key in keys(complex_, k)]
    assert_vertices(complex_, cells)
    assert_facets(complex_)


def assert_vertices(complex_: PolyhedralComplex, cells: dict[Key, Cell]) -> None:
    """Exact vertices are the oracle's, and float ones are within their bound, if that is finite."""
    n = complex_.f_vector[0]
    points, errors = complex_.vertices[:n].tolist(), complex_.vertex_error[:n].tolist()
    exact = exact_points(complex_)
    for point, error, (key, place) in zip(points, errors, exact.items(), strict=True):
        numerators, denominator = cells[key].point
        assert place == tuple(Fraction(value, denominator) for value in numerators)
        if isfinite(error):
            assert all(
                abs(Fraction(x) - value) <= Fraction(error) for x, value in zip(point, place, strict=True)
            )


def assert_facets(complex_: PolyhedralComplex) -> None:
    """Facets are the (k-1)-cells named like the cell, but for signs set to 0 and walls added.

    That is a definition of faces by names alone: on the zero set of a neuron "on" and "off" agree, so the
    weak inequalities of a cell's signs describe its closure.
    """
    for k in range(1, complex_.dim + 1):
        shape = complex_.counts[k - 1], complex_.counts[k]
        if shape[0] * shape[1] > LARGEST_TABLE:
            continue
        cell, face = ((complex_.sign_vectors(i), complex_.walls(i)) for i in (k, k - 1))
        indptr, indices = complex_.facets(k)
        stored = np.zeros(shape, dtype=bool)
        stored[indices, np.repeat(np.arange(shape[1]), np.diff(indptr))] = True
        assert np.array_equal(stored, is_below(face, cell))


def is_below(face: tuple[Signs, Signs], cell: tuple[Signs, Signs]) -> NDArray[np.bool_]:
    """A table (faces, cells): the face's signs are the cell's or 0, the cell's walls are the face's or 0."""
    signs, walls = not_below(face[0], cell[0]), not_below(cell[1], face[1]).T
    result: NDArray[np.bool_] = (signs == 0) & (walls == 0)
    return result


def not_below(lower: Signs, upper: Signs) -> NDArray[np.float32]:
    """A table of the numbers of entries of `lower`'s rows that are neither 0 nor `upper`'s."""
    # float32, since that goes to a matrix product and holds such counts exactly.
    n_wrong = np.zeros((len(lower), len(upper)), dtype=np.float32)
    for sign in (-1, 1):
        n_wrong += (lower == sign).astype(np.float32) @ (upper != sign).astype(np.float32).T
    return n_wrong


def mapped(complex_: PolyhedralComplex, rename: Callable[[Key], Key]) -> tuple[set[Key], set[Incidence]]:
    """Cells and incidences under other names."""
    pairs = {(rename(cell), rename(face)) for cell, face in incidences(complex_)}
    return {rename(key) for key in cell_set(complex_)}, pairs
