"""Linking numbers of simplicial cycles of any dimension."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curves_reference import intersections_with_cone
from relutope.linking import linking_number
from test_linking import SQUARE, THROUGH, Array, torus_link

Cycle = tuple[Array, Array]


def polygon(points: Any) -> Cycle:
    ids = np.arange(len(points))
    return np.asarray(points), np.column_stack([ids, np.roll(ids, -1)])


def sphere(m: int) -> Cycle:
    """The boundary of a cross-polytope, outward normal first."""
    vertices = np.concatenate([np.eye(m + 1), -np.eye(m + 1)])
    simplices = []
    for signs in product((0, 1), repeat=m + 1):
        simplex = [i + (m + 1) * sign for i, sign in enumerate(signs)]
        if np.linalg.det(vertices[simplex]) < 0:
            simplex[:2] = simplex[1::-1]
        simplices.append(simplex)
    return vertices, np.array(simplices)


def linked_spheres(m: int, n: int) -> tuple[Cycle, Cycle]:
    """The pair of Ren and Lim (2026), on the vertices of cross-polytopes."""
    (u, first), (v, second) = sphere(m), sphere(n)
    of_u, of_v = 1 - u[:, :1] / np.sqrt(2), 1 - v[:, :1] / np.sqrt(2)
    a = np.hstack([u[:, 1:] / of_u, -u[:, :1] / (np.sqrt(2) * of_u), np.zeros((len(u), n))])
    b = np.hstack([np.zeros((len(v), m)), v[:, :1] / (np.sqrt(2) * of_v), v[:, 1:] / of_v])
    return (a, first), (b, second)


def reversed_(cycle: Cycle) -> Cycle:
    vertices, simplices = cycle
    return vertices, simplices[:, [1, 0, *range(2, simplices.shape[1])]]


@pytest.mark.parametrize(("m", "n"), [(1, 1), (1, 2), (2, 1), (2, 2), (1, 3), (2, 3), (3, 3)])
def test_linked_spheres(m: int, n: int) -> None:
    a, b = linked_spheres(m, n)
    assert linking_number(a, b) == -1
    assert linking_number(b, a) == -((-1) ** ((m + 1) * (n + 1)))
    assert linking_number(reversed_(a), b) == 1
    assert linking_number(a, reversed_(b)) == 1
    assert linking_number((a[0] + 9, a[1]), b) == 0
    assert intersections_with_cone(a, b) == -1


def test_multiples_and_sums() -> None:
    a, b = linked_spheres(2, 2)
    assert linking_number((a[0], np.tile(a[1], (3, 1))), b) == -3
    apart = (np.concatenate([a[0], a[0] + 9]), np.concatenate([a[1], a[1] + len(a[0])]))
    assert linking_number(apart, b) == -1


def test_affine_maps() -> None:
    a, b = linked_spheres(2, 2)
    rng = np.random.default_rng(0)
    for _ in range(5):
        matrix = rng.integers(-2, 3, (5, 5))
        determinant = round(np.linalg.det(matrix))
        if determinant == 0:
            assert linking_number((a[0] @ matrix.T, a[1]), (b[0] @ matrix.T, b[1])) is None
        else:
            expected = -np.sign(determinant)
            assert linking_number((a[0] @ matrix.T, a[1]), (b[0] @ matrix.T, b[1])) == expected


@given(st.integers(0, 2**32), st.integers(1, 3), st.integers(3, 7), st.integers(3, 7))
@settings(max_examples=100, deadline=None)
def test_curves_as_cycles(seed: int, size: int, n: int, m: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = rng.integers(-size, size + 1, (n, 3)), rng.integers(-size, size + 1, (m, 3))
    assert linking_number(polygon(a), polygon(b)) == linking_number(a, b)


@given(st.integers(0, 2**32), st.sampled_from([(1, 2), (2, 1), (2, 2)]))
@settings(max_examples=25, deadline=None)
def test_random_spheres_against_the_cone(seed: int, dims: tuple[int, int]) -> None:
    rng = np.random.default_rng(seed)
    d = sum(dims) + 1
    a, b = ((rng.integers(-3, 4, (2 * m + 2, d)), sphere(m)[1]) for m in dims)
    number = linking_number(a, b)
    if number is not None:
        assert number == intersections_with_cone(a, b, seed)
        assert linking_number(b, a) == (-1) ** ((dims[0] + 1) * (dims[1] + 1)) * number


def test_cycles_that_meet() -> None:
    a, b = linked_spheres(2, 2)
    corner = b[0] - b[0][0] + a[0][0]
    assert linking_number(a, (corner, b[1])) is None
    exact = [[Fraction(x) for x in row] for row in a[0].tolist()]
    third = [sum(exact[i][c] for i in a[1][3]) / 3 for c in range(5)]
    origin = [Fraction(x) for x in b[0][0].tolist()]
    moved = [
        [Fraction(x) - o + t for x, o, t in zip(row, origin, third, strict=True)] for row in b[0].tolist()
    ]
    first = (exact, a[1])
    assert linking_number(first, (moved, b[1])) is None
    barely = [[*row[:4], row[4] + Fraction(1, 2**400)] for row in moved]
    assert linking_number((exact, a[1]), (barely, b[1])) == intersections_with_cone(
        (exact, a[1]), (barely, b[1])
    )


def test_parallel_simplices() -> None:
    """Hulls that share directions: whether they meet is decided by weights, not by one determinant."""
    tetrahedron = np.array([[1, 2, 3], [0, 3, 2], [0, 1, 3], [0, 2, 1]])
    corners = np.array([[0, 0, 0], [4, 0, 0], [0, 4, 0], [0, 0, 4]])
    a = np.hstack([corners, np.zeros((4, 2), dtype=int)])
    b = np.hstack([np.zeros((4, 1), dtype=int), corners, np.zeros((4, 1), dtype=int)])
    for shift, number in (
        ([0, 0, 0, 0, 0], None),
        ([0, 1, 1, 0, 0], None),
        ([0, 5, 0, 0, 0], 0),
        ([1, 1, 1, 1, 0], 0),
    ):
        assert linking_number((a, tetrahedron), (b + shift, tetrahedron)) == number


def test_the_torus_link_as_cycles() -> None:
    first, second = torus_link(3, 30)
    assert linking_number(polygon(first), polygon(second)) == -3
    assert linking_number(polygon(SQUARE), polygon(THROUGH)) == 1


def test_refusals() -> None:
    a, b = linked_spheres(1, 2)
    with pytest.raises(ValueError, match=r"a has a boundary: the simplex \(\d+,\) with coefficient"):
        linking_number((a[0], a[1][1:]), b)
    with pytest.raises(ValueError, match="b has a boundary"):
        linking_number(a, (b[0], b[1][:, ::-1][[0]]))
    with pytest.raises(ValueError, match=r"dimensions 1 and 1 in R\^4"):
        linking_number(a, a)
    with pytest.raises(ValueError, match=r"in R\^4 and R\^3"):
        linking_number(a, polygon(SQUARE))
    with pytest.raises(ValueError, match=r"a\[1\] contains 99; legal: 0 <= id < 4"):
        linking_number((a[0], np.where(a[1] == 0, 99, a[1])), b)
    with pytest.raises(ValueError, match="no vertex twice"):
        linking_number((a[0], [[0, 0]]), b)
    with pytest.raises(ValueError, match=r"a\[1\] has dtype float64"):
        linking_number((a[0], a[1] * 1.0), b)
    with pytest.raises(ValueError, match=r"a\[0\]\[0, 0\] is nan"):
        linking_number((a[0] * np.nan, a[1]), b)
    with pytest.raises(TypeError, match="b is a ndarray; legal: a tuple"):
        linking_number(polygon(SQUARE), THROUGH)
    with pytest.raises(ValueError, match="method is 'gauss'; legal for cycles: 'exact'"):
        linking_number(a, b, method="gauss")
