"""Betti numbers and components against dense ranks, closed forms and a second method."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import networks
from compare import Bounds, complex_on, network_of
from relutope import AllSpace, CellComplex, Network, Subcomplex, _core, betti_numbers, polyhedral_complex
from relutope.chains import COMPACTIFICATIONS as KINDS
from relutope.chains import as_cell_complex

Table = NDArray[np.uint8]


def dense_rank(table: Table) -> int:
    """The rank over Z/2 by elimination of rows."""
    table = table.copy()
    rank = 0
    for column in range(table.shape[1]):
        below = np.flatnonzero(table[rank:, column])
        if len(below):
            table[[rank, rank + below[0]]] = table[[rank + below[0], rank]]
            others = np.flatnonzero(table[:, column])
            table[others[others != rank]] ^= table[rank]
            rank += 1
    return rank


def dense_betti(subcomplex: Subcomplex, *, at_infinity: bool) -> list[int]:
    """From the facets of the whole complex, without those of `Subcomplex`."""
    complex_ = subcomplex.complex
    kept = [
        ids if at_infinity else ids[ids < count]
        for ids, count in zip(subcomplex.ids, complex_.f_vector, strict=True)
    ]
    betti = [len(ids) for ids in kept]
    for k in range(1, complex_.dim + 1):
        indptr, indices = complex_.facets(k)
        table = np.zeros((complex_.counts[k - 1], complex_.counts[k]), dtype=np.uint8)
        table[indices, np.repeat(np.arange(complex_.counts[k]), np.diff(indptr))] = 1
        rank = dense_rank(table[np.ix_(kept[k - 1], kept[k])])
        betti[k] -= rank
        betti[k - 1] -= rank
    return betti


def norm_network(d: int) -> Network:
    """|x_1| + ... + |x_d|."""
    return Network.from_arrays([np.vstack([np.eye(d), -np.eye(d)]), np.ones((1, 2 * d))])


def alternating(numbers: Any) -> int:
    return sum((-1) ** k * number for k, number in enumerate(numbers))


@pytest.mark.parametrize("d", [1, 2, 3, 4])
@pytest.mark.parametrize("bounds", [[-2.0], None])
def test_cross_polytope(d: int, bounds: Bounds) -> None:
    """The sphere |x| = 1 has the faces of the cross polytope, and the ball |x| <= 1 the cones over them."""
    lo, hi = (None, None) if bounds is None else (bounds * d, [2.0] * d)
    complex_ = complex_on(norm_network(d), lo, hi)
    sphere, ball = complex_.decision_boundary(1), complex_.sublevel(1)
    faces = [len(list(combinations(range(d), k + 1))) * 2 ** (k + 1) for k in range(d)]
    assert sphere.f_vector == (*faces, 0)
    assert ball.f_vector == tuple(a + b for a, b in zip([*faces, 0], [1, *faces], strict=True))
    spherical = [0] * (d + 1)
    spherical[0] += 1
    spherical[d - 1] += 1
    for kind in ("closed", "borel_moore"):
        assert sphere.betti(kind) == spherical
        assert ball.betti(kind) == [1] + [0] * d
    assert sphere.betti("one_point") == [spherical[0] + 1, *spherical[1:]]
    assert sphere.connected_components().number == spherical[0]
    assert not sphere.connected_components().touches_wall.any()
    outside = Subcomplex.from_cells(
        sphere.complex, {d: np.flatnonzero(sphere.refined.functional_signs(d)[:, 0] > 0)}
    )
    assert outside.betti() == spherical
    assert outside.connected_components().touches_wall.all()
    # |x| >= 1 in R^d is a sphere times a closed half-line, which has no Borel-Moore homology.
    assert outside.betti("borel_moore") == (spherical if bounds is not None else [0] * (d + 1))


@pytest.mark.parametrize("d", [1, 2, 3])
def test_hyperplane(d: int) -> None:
    """A hyperplane in R^d is contractible; its one-point compactification is a sphere."""
    network = Network.from_arrays([np.eye(d)[:1], [[1]]], [[1], [0]])
    for complex_ in (complex_on(network, None, None), complex_on(network, [-2.0] * d, [2.0] * d)):
        plane = complex_.decision_boundary(1)
        unbounded = isinstance(complex_.domain, AllSpace)
        point = [1] + [0] * d
        cycle = [int(k == d - 1) for k in range(d + 1)]
        assert plane.betti() == point
        assert plane.betti("borel_moore") == (cycle if unbounded else point)
        assert plane.betti("one_point") == [
            n + int(k == 0) for k, n in enumerate(cycle if unbounded else point)
        ]
        components = plane.connected_components()
        assert (components.number, components.touches_wall.tolist()) == (1, [d > 1])


@pytest.mark.parametrize("name", networks.CLASSES)
@pytest.mark.parametrize("d", [1, 2, 3])
def test_random_sets_against_dense_ranks(name: str, d: int) -> None:
    case = networks.cases(name, d)[1]
    rng = np.random.default_rng(d)
    for domain in ((case.lo, case.hi), AllSpace()):
        complex_ = polyhedral_complex(network_of(case.layers), domain)
        cells = {
            k: np.flatnonzero(rng.random(complex_.counts[k]) < min(0.3, 40 / complex_.counts[k]))
            for k in range(d + 1)
        }
        subcomplex = Subcomplex.from_cells(complex_, cells)
        for k, ids in cells.items():
            assert set(ids.tolist()) <= set(subcomplex.ids[k].tolist())
        ordinary, borel_moore = (dense_betti(subcomplex, at_infinity=flag) for flag in (True, False))
        assert subcomplex.betti() == ordinary
        assert subcomplex.betti("borel_moore") == borel_moore
        assert subcomplex.betti("one_point") == [borel_moore[0] + 1, *borel_moore[1:]]
        assert alternating(ordinary) == alternating(map(len, subcomplex.ids))
        assert alternating(borel_moore) == subcomplex.euler_characteristic == alternating(subcomplex.f_vector)
        components = subcomplex.connected_components()
        assert components.number == ordinary[0]
        assert [len(labels) for labels in components.labels] == [len(ids) for ids in subcomplex.ids]
        for k in range(1, d + 1):
            indptr, indices = subcomplex.facets(k)
            assert np.array_equal(
                np.repeat(components.labels[k], np.diff(indptr)), components.labels[k - 1][indices]
            )
        walls = complex_.walls(0)[subcomplex.ids[0]].any(axis=1)
        for component, touches in enumerate(components.touches_wall):
            assert touches == walls[components.labels[0] == component].any()


def test_whole_complexes(network: Network) -> None:
    for complex_ in (complex_on(network, [-1, -1], [1, 1]), complex_on(network, None, None)):
        whole = Subcomplex.from_cells(complex_, {2: np.arange(complex_.counts[2])})
        assert [len(ids) for ids in whole.ids] == list(complex_.counts)
        assert whole.f_vector == complex_.f_vector
        assert whole.betti() == [1, 0, 0]
        assert whole.betti("borel_moore") == (
            [0, 0, 1] if complex_.counts != complex_.f_vector else [1, 0, 0]
        )


def test_the_empty_set(network: Network) -> None:
    empty = polyhedral_complex(network, (-1, 1)).decision_boundary(1000)
    assert empty.f_vector == (0, 0, 0)
    assert [empty.betti(kind) for kind in KINDS] == [[0, 0, 0], [0, 0, 0], [1, 0, 0]]
    components = empty.connected_components()
    assert (components.number, len(components.touches_wall)) == (0, 0)
    assert [len(labels) for labels in components.labels] == [0, 0, 0]
    assert empty.polylines() == []
    assert [len(array) for array in empty.polygons()] == [1, 0]


def test_torus() -> None:
    """A grid of 3 x 3 squares with opposite sides glued."""
    n = 3
    edges = [(n * x + y, n * ((x + 1) % n) + y) for x in range(n) for y in range(n)]
    edges += [(n * x + y, n * x + (y + 1) % n) for x in range(n) for y in range(n)]
    squares = [
        (n * x + y, n * x + (y + 1) % n, n * n + n * x + y, n * n + n * ((x + 1) % n) + y)
        for x in range(n)
        for y in range(n)
    ]
    boundaries = tuple(
        (np.arange(0, width * len(cells) + 1, width, dtype=np.int32), np.array(cells, dtype=np.int32).ravel())
        for width, cells in ((2, edges), (4, squares))
    )
    assert betti_numbers(CellComplex((9, 18, 9), boundaries)) == [1, 2, 1]


def test_bad_sets(network: Network) -> None:
    complex_ = polyhedral_complex(network, (-1, 1))
    some = Subcomplex.from_cells(complex_, {2: [0]})
    with pytest.raises(ValueError, match=r"ids\[0\] lacks a face of a 1-cell"):
        Subcomplex(complex_, (some.ids[0][1:], some.ids[1], some.ids[2]))
    with pytest.raises(ValueError, match=r"ids\[1\] is not ascending"):
        Subcomplex(complex_, (some.ids[0], some.ids[1][::-1], some.ids[2]))
    with pytest.raises(ValueError, match="ids contains"):
        Subcomplex(complex_, (some.ids[0], some.ids[1], np.array([complex_.counts[2]], dtype=np.int32)))
    with pytest.raises(ValueError, match="ids has 2 arrays; legal: one per dimension, 3"):
        Subcomplex(complex_, some.ids[:2])
    with pytest.raises(ValueError, match="k is 3"):
        Subcomplex.from_cells(complex_, {3: [0]})
    with pytest.raises(ValueError, match="compactify is 'singular'; legal: closed, borel_moore, one_point"):
        some.betti("singular")


def test_bad_chains() -> None:
    indptr, indices = np.array([0, 2], dtype=np.int32), np.array([0, 1], dtype=np.int32)
    assert _core.CellComplex([2, 1], [indptr], [indices], []).betti_numbers(2) == [1, 0]
    for counts, boundaries, message in (
        ([2], [(indptr, indices)], "boundaries: 1 matrices"),
        ([2, 2], [(indptr, indices)], "indptr has length 2; must be 3"),
        ([1, 1], [(indptr, indices)], "row 1; must be 0 to 1 - 1"),
        ([2, 1], [(indptr + 1, indices)], "indptr must run from 0"),
        ([2, 2], [(np.array([0, 3, 2], dtype=np.int32), indices)], "indptr must not decrease"),
    ):
        with pytest.raises(ValueError, match=message):
            _core.CellComplex(counts, *zip(*boundaries, strict=True), [])


def test_chains_multiply_to_zero(network: Network) -> None:
    complex_ = polyhedral_complex(network, AllSpace())
    whole = Subcomplex.from_cells(complex_, {2: np.arange(complex_.counts[2])})
    for at_infinity in (True, False):
        chains = as_cell_complex(whole, "closed" if at_infinity else "borel_moore")
        tables = [chains.boundary_matrix(k).astype(np.int64).toarray() for k in (1, 2)]
        assert not (tables[0] @ tables[1]).any()
        assert tables[1].any()
