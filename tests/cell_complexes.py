"""Small cell complexes with signs for tests of homology, and slow oracles: dense ranks by python-flint."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations, product

import flint
import numpy as np
from numpy.typing import NDArray

from relutope import CellComplex, filtrations
from relutope.filtrations import Filtration
from relutope.filtrations.random import RANDOM

Table = NDArray[np.int64]
Masks = list[NDArray[np.bool_]]
Facet = tuple[int, int]  # a place and a sign

#: Names that `filtration_of` knows.
ORDERS = (*RANDOM, "tied", "constant")

#: The projective plane with six vertices.
PROJECTIVE = "014 015 023 025 034 123 124 135 245 345"


# Complexes


def from_rows(rows: Sequence[tuple[int, Sequence[Facet]]], *, signed: bool = True) -> CellComplex:
    """From the dimension of each cell and its facets, as places in the list, with signs."""
    indptr = np.cumsum([0] + [len(facets) for _, facets in rows])
    flat = [facet for _, facets in rows for facet in facets]
    signs = [sign for _, sign in flat] if signed else None
    return CellComplex.from_arrays([k for k, _ in rows], indptr, [place for place, _ in flat], signs)


def simplicial(tops: Iterable[Sequence[int]]) -> CellComplex:
    """All faces of some simplices, with the signs of the order of their vertices."""
    faces = {face for top in tops for k in range(len(top)) for face in combinations(sorted(set(top)), k + 1)}
    ordered = sorted(faces, key=lambda face: (len(face), face))
    place = {face: i for i, face in enumerate(ordered)}
    rows = []
    for face in ordered:
        sides = [(place[face[:i] + face[i + 1 :]], (-1) ** i) for i in range(len(face)) if len(face) > 1]
        rows.append((len(face) - 1, sides))
    return from_rows(rows)


def simplex_boundary(d: int) -> CellComplex:
    """The d-sphere with d + 2 vertices."""
    return simplicial(combinations(range(d + 2), d + 1))


def cube_boundary(d: int) -> CellComplex:
    """The d-sphere as the surface of a cube."""
    cube = CellComplex.grid((2,) * (d + 1))
    return part(cube, [np.full(count, k <= d) for k, count in enumerate(cube.counts)])


def glued_square(n: int, *, flip: bool) -> CellComplex:
    """n x n squares with opposite sides glued: a torus, or with `flip` a Klein bottle."""

    def vertex(i: int, j: int) -> int:
        return n * (i % n) + ((-j if flip and i == n else j) % n)

    def upright(i: int, j: int) -> Facet:
        if flip and i == n:
            return n * n + (-j - 1) % n, -1
        return n * n + n * (i % n) + j % n, 1

    def across(i: int, j: int) -> Facet:
        return 2 * n * n + n * i + j % n, 1

    def minus(facet: Facet) -> Facet:
        return facet[0], -facet[1]

    rows: list[tuple[int, list[Facet]]] = [(0, [])] * (n * n)
    for shift in ((0, 1), (1, 0)):
        for i, j in product(range(n), repeat=2):
            rows.append((1, [(vertex(i, j), -1), (vertex(i + shift[0], j + shift[1]), 1)]))
    for i, j in product(range(n), repeat=2):
        rows.append((2, [across(i, j), upright(i + 1, j), minus(across(i, j + 1)), minus(upright(i, j))]))
    return from_rows(rows)


def projective_plane() -> CellComplex:
    return simplicial([tuple(map(int, triangle)) for triangle in PROJECTIVE.split()])


def random_simplicial(rng: np.random.Generator, n: int = 7, d: int = 2, p: float = 0.4) -> CellComplex:
    """A full graph on n vertices and random simplices of dimensions up to d, each with its faces."""
    tops = [face for k in range(3, d + 2) for face in combinations(range(n), k) if rng.random() < p / (k - 2)]
    return simplicial([*combinations(range(n), 2), *tops])


def random_cubical(rng: np.random.Generator, shape: tuple[int, ...], p: float = 0.4) -> CellComplex:
    """Random cells of a grid with their faces, and one of the largest dimension."""
    grid = CellComplex.grid(shape)
    masks = [rng.random(count) < p for count in grid.counts]
    masks[-1][rng.integers(grid.counts[-1])] = True
    return part(grid, closed(grid, masks))


def random_complex(seed: int) -> CellComplex:
    """One of several kinds, of at most some 150 cells."""
    rng = np.random.default_rng(seed)
    kind = seed % 6
    if kind == 0:
        return random_simplicial(rng, int(rng.integers(4, 8)), 2, rng.random())
    if kind == 1:
        return random_simplicial(rng, 6, 3, rng.random())
    if kind == 2:
        return random_cubical(rng, (4, 5), rng.random())
    if kind == 3:
        return random_cubical(rng, (3, 3, 3), 0.6 * rng.random())
    if kind == 4:
        return random_cubical(rng, (7,), rng.random())
    known: CellComplex = KNOWN[int(rng.integers(1, len(KNOWN)))][1]
    return known


# Parts of complexes


def facets_of(complex_: CellComplex, k: int) -> list[list[int]]:
    indptr, indices = (array.tolist() for array in complex_.facets(k))
    return [indices[indptr[i] : indptr[i + 1]] for i in range(complex_.counts[k])]


def closed(complex_: CellComplex, masks: Sequence[NDArray[np.bool_]]) -> Masks:
    """With all faces."""
    result = [mask.copy() for mask in masks]
    for k in range(complex_.dim, 0, -1):
        for cell, facets in enumerate(facets_of(complex_, k)):
            if result[k][cell]:
                result[k - 1][facets] = True
    return result


def part(complex_: CellComplex, masks: Masks) -> CellComplex:
    """The subcomplex of some cells, which contain their faces; dimensions at the top without cells drop."""
    signs = complex_.known_signs()
    place: dict[tuple[int, int], int] = {}
    rows: list[tuple[int, list[Facet]]] = []
    for k, mask in enumerate(masks):
        for cell in np.flatnonzero(mask).tolist():
            place[k, cell] = len(rows)
            if k == 0:
                rows.append((0, []))
                continue
            indptr, indices = complex_.facets(k)
            run = range(indptr[cell], indptr[cell + 1])
            rows.append((k, [(place[k - 1, int(indices[i])], int(signs[k - 1][i])) for i in run]))
    return from_rows(rows)


def flags(complex_: CellComplex) -> list[tuple[tuple[int, int], ...]]:
    """The simplices of the barycentric subdivision: chains of cells (dimension, id), each below the next."""
    below: dict[tuple[int, int], set[tuple[int, int]]] = {}
    ending: dict[tuple[int, int], list[tuple[tuple[int, int], ...]]] = {}
    for k in range(complex_.dim + 1):
        facets = facets_of(complex_, k) if k else [[]] * complex_.counts[0]
        for cell, sides in enumerate(facets):
            own = {(k - 1, side) for side in sides}
            below[k, cell] = own.union(*(below[side] for side in own))
            ending[k, cell] = [((k, cell),)]
            ending[k, cell] += [(*flag, (k, cell)) for face in below[k, cell] for flag in ending[face]]
    return [flag for listed in ending.values() for flag in listed]


def of_tops(complex_: CellComplex, ids: Sequence[int]) -> CellComplex:
    """Some cells of the largest dimension with their faces."""
    masks = [np.zeros(count, dtype=bool) for count in complex_.counts]
    masks[-1][list(ids)] = True
    return part(complex_, closed(complex_, masks))


def pierced(shape: tuple[int, ...], tops: Sequence[int]) -> CellComplex:
    """A grid without some cells of the largest dimension."""
    grid = CellComplex.grid(shape)
    return of_tops(grid, sorted(set(range(grid.counts[-1])) - set(tops)))


#: The squares of a Klein bottle of 4 x 4 on both sides of a circle that turns around.
MOEBIUS = [4 * i + j for i in range(4) for j in (0, 3)]

#: Name, complex, Betti numbers over Q, those over Z/2 and over Z/3.
KNOWN = [
    ("point", CellComplex.grid((1, 1)), [1], [1], [1]),
    ("ball", CellComplex.grid((3, 2, 2)), [1, 0, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0]),
    ("S0", cube_boundary(0), [2], [2], [2]),
    ("S1", simplex_boundary(1), [1, 1], [1, 1], [1, 1]),
    ("S2", simplex_boundary(2), [1, 0, 1], [1, 0, 1], [1, 0, 1]),
    ("S2 cube", cube_boundary(2), [1, 0, 1], [1, 0, 1], [1, 0, 1]),
    ("S3", cube_boundary(3), [1, 0, 0, 1], [1, 0, 0, 1], [1, 0, 0, 1]),
    ("S4", simplex_boundary(4), [1, 0, 0, 0, 1], [1, 0, 0, 0, 1], [1, 0, 0, 0, 1]),
    ("torus", glued_square(3, flip=False), [1, 2, 1], [1, 2, 1], [1, 2, 1]),
    ("Klein bottle", glued_square(4, flip=True), [1, 1, 0], [1, 2, 1], [1, 1, 0]),
    ("annulus", pierced((4, 4), [4]), [1, 1, 0], [1, 1, 0], [1, 1, 0]),
    ("Moebius band", of_tops(glued_square(4, flip=True), MOEBIUS), [1, 1, 0], [1, 1, 0], [1, 1, 0]),
    ("solid torus", pierced((4, 4, 2), [4]), [1, 1, 0, 0], [1, 1, 0, 0], [1, 1, 0, 0]),
    ("shell", pierced((4, 4, 4), [13]), [1, 0, 1, 0], [1, 0, 1, 0], [1, 0, 1, 0]),
    ("projective plane", projective_plane(), [1, 0, 0], [1, 1, 1], [1, 0, 0]),
]


# Oracles


def boundary_tables(complex_: CellComplex, *, signed: bool = True) -> list[Table]:
    """For k = 1, 2, ... the dense matrix from the k-cells to the (k-1)-cells."""
    result = []
    for k in range(1, complex_.dim + 1):
        indptr, indices = complex_.facets(k)
        table = np.zeros((complex_.counts[k - 1], complex_.counts[k]), dtype=np.int64)
        data = complex_.known_signs()[k - 1] if signed else 1
        table[indices, np.repeat(np.arange(complex_.counts[k]), np.diff(indptr))] = data
        result.append(table)
    return result


def rank(table: Table, prime: int = 0) -> int:
    """Over Z/p, or over Q for 0."""
    if 0 in table.shape:
        return 0
    if prime:
        entries = (table % prime).ravel().tolist()
        return int(flint.nmod_mat(*table.shape, entries, prime).rank())
    return int(flint.fmpz_mat(*table.shape, table.ravel().tolist()).rank())


def slow_rank(table: Table, prime: int) -> int:
    """Over Z/p by elimination of rows, in ints."""
    rows = [[int(value) % prime for value in row] for row in table]
    found = 0
    for column in range(table.shape[1]):
        pivot = next((i for i in range(found, len(rows)) if rows[i][column]), None)
        if pivot is None:
            continue
        rows[found], rows[pivot] = rows[pivot], rows[found]
        inverse = pow(rows[found][column], -1, prime)
        for i in range(found + 1, len(rows)):
            factor = rows[i][column] * inverse
            rows[i] = [(a - factor * b) % prime for a, b in zip(rows[i], rows[found], strict=True)]
        found += 1
    return found


def invariant_factors(table: Table) -> list[int]:
    """The non-zero diagonal of the Smith normal form over the integers."""
    if 0 in table.shape:
        return []
    form = flint.fmpz_mat(*table.shape, table.ravel().tolist()).snf()
    return [int(form[i, i]) for i in range(min(table.shape)) if form[i, i]]


def dense_betti(tables: Sequence[Table], masks: Masks, prime: int = 2) -> list[int]:
    """Betti numbers of the chains on some cells, all others taken for 0.

    The cells may be a subcomplex, or what is left of a complex without one: then they are relative.
    """
    betti = [int(np.count_nonzero(mask)) for mask in masks]
    for k, table in enumerate(tables, start=1):
        r = rank(table[np.ix_(masks[k - 1], masks[k])], prime)
        betti[k] -= r
        betti[k - 1] -= r
    return betti


def everything(complex_: CellComplex) -> Masks:
    return [np.ones(count, dtype=bool) for count in complex_.counts]


def betti(complex_: CellComplex, prime: int = 2) -> list[int]:
    """By dense ranks; over Q for prime = 0. Signs are not needed over Z/2."""
    return dense_betti(boundary_tables(complex_, signed=prime != 2), everything(complex_), prime)


def prefix_betti(
    complex_: CellComplex, ranks: Sequence[NDArray[np.int64]], prime: int = 2
) -> list[list[int]]:
    """Betti numbers of the cells of rank at most r, for all r that occur."""
    tables = boundary_tables(complex_, signed=prime != 2)
    top = max(int(part.max()) for part in ranks if len(part))
    return [dense_betti(tables, [part <= r for part in ranks], prime) for r in range(top + 1)]


def tied_values(rng: np.random.Generator, complex_: CellComplex, levels: int) -> list[NDArray[np.float64]]:
    """Few values, the largest over the closure of a cell, so that many are equal."""
    values = [rng.integers(0, levels, count).astype(np.float64) for count in complex_.counts]
    for k in range(1, complex_.dim + 1):
        for cell, facets in enumerate(facets_of(complex_, k)):
            values[k][cell] = max(values[k][cell], *values[k - 1][facets])
    return values


def filtration_of(complex_: CellComplex, name: str, seed: int) -> Filtration:
    """A random one by name, one with many ties, or one in which all cells enter at once."""
    if name in RANDOM:
        return getattr(filtrations, name)(complex_, rng=seed)
    values = tied_values(np.random.default_rng(seed), complex_, 4 if name == "tied" else 1)
    return filtrations.from_values(complex_, values)
