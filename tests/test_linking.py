"""Linking numbers of closed curves against published values, slow oracles and each other."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import curves_reference as reference
from relutope.linking import linking_matrix, linking_number, meet

Array = NDArray[Any]

SQUARE = np.array([[0, 0, 0], [2, 0, 0], [2, 2, 0], [0, 2, 0]])
THROUGH = np.array([[1, 1, -1], [1, 1, 1], [1, 5, 0]])


def torus_link(twists: int, n: int) -> tuple[Array, Array]:
    """Two strands side by side around a torus, the link T(2, 2 twists)."""
    t = np.arange(n) * (2 * np.pi / n)
    strands = []
    for phase in (0, np.pi):
        radius = 2 + np.cos(twists * t + phase)
        strands.append(np.column_stack([radius * np.cos(t), radius * np.sin(t), np.sin(twists * t + phase)]))
    return strands[0], strands[1]


def hopf_of_the_paper(n: int, noise: float, seed: int) -> tuple[Array, Array]:
    """The Hopf link that Ren and Lim (2026) generate."""
    t = np.arange(n) * (2 * np.pi / n)
    thick, side = 0.3 * np.sin(100 * t), 0.5 * np.cos(100 * t)
    first = np.column_stack([np.cos(t) + thick, np.sin(t) + thick, side])
    second = np.column_stack([1 + np.cos(t) + thick, side, np.sin(t) + thick])
    rng = np.random.default_rng(seed)
    return first + rng.normal(0, noise, first.shape), second + rng.normal(0, noise, second.shape)


def borromean() -> list[Array]:
    """Three rectangles, each around the next one and inside the one before."""
    flat = np.array([[-3, -1, 0], [3, -1, 0], [3, 1, 0], [-3, 1, 0]])
    return [np.roll(flat, i, axis=1) for i in range(3)]


def whitehead(n: int = 200) -> tuple[Array, Array]:
    """A circle around the middle of a figure of eight; along both, five crossings alternate."""
    t = np.arange(n) * (2 * np.pi / n)
    circle = np.sqrt(0.9) * np.column_stack([np.cos(t), np.sin(t), np.zeros(n)])
    eight = np.column_stack([np.cos(t), np.sin(2 * t), -0.5 * np.cos(5 * (t - np.pi / 2))])
    return circle, eight


def chain(n: int) -> list[Array]:
    """Flat rings, each through the next one."""
    t = np.arange(12) * (2 * np.pi / 12)
    flat = np.column_stack([np.cos(t), np.sin(t), np.zeros(12)])
    return [flat[:, [0, 1, 2] if i % 2 == 0 else [0, 2, 1]] + [1.5 * i, 0, 0] for i in range(n)]


@pytest.mark.parametrize(("twists", "n"), [(1, 7), (1, 100), (2, 40), (5, 100), (50, 10_000), (-3, 61)])
def test_torus_links(twists: int, n: int) -> None:
    first, second = torus_link(twists, n)
    assert linking_number(first, second) == -twists
    assert linking_number(first[::-1], second) == twists
    assert meet(first, second) is None


@pytest.mark.parametrize("noise", [0.0, 0.01])
def test_the_hopf_link_of_the_paper(noise: float) -> None:
    assert linking_number(*hopf_of_the_paper(2000, noise, 0)) == -1


def test_links_without_linking_number() -> None:
    assert linking_number(*whitehead()) == 0
    assert linking_matrix(borromean()).tolist() == [[None, 0, 0], [0, None, 0], [0, 0, None]]


def test_chain() -> None:
    matrix = linking_matrix(chain(6))
    expected = np.zeros((6, 6), dtype=object)
    for i in range(5):
        expected[i, i + 1] = expected[i + 1, i] = reference.linking_number(*chain(6)[i : i + 2])
    np.fill_diagonal(expected, None)
    assert matrix.tolist() == expected.tolist()
    assert {abs(matrix[i, i + 1]) for i in range(5)} == {1}


def agree(a: Any, b: Any, seed: int = 0) -> None:
    """Number and meeting are those of the oracles."""
    number, found = linking_number(a, b), meet(a, b)
    assert (number is None) == (found is not None) == (reference.squared_distance(a, b) == 0)
    if found is None:
        assert number == reference.linking_number(a, b, seed)
        return
    for curve, segment, parameter in (
        (a, found.segment_a, found.parameter_a),
        (b, found.segment_b, found.parameter_b),
    ):
        begin, end = reference.segments(curve)[segment]
        assert 0 <= parameter <= 1
        assert tuple(p + parameter * (q - p) for p, q in zip(begin, end, strict=True)) == found.point


@given(st.integers(0, 2**32), st.integers(1, 4), st.integers(3, 8), st.integers(3, 8))
@settings(max_examples=150, deadline=None)
def test_lattice_polygons(seed: int, size: int, n: int, m: int) -> None:
    rng = np.random.default_rng(seed)
    agree(rng.integers(-size, size + 1, (n, 3)), rng.integers(-size, size + 1, (m, 3)), seed)


@given(st.integers(0, 2**32), st.integers(3, 8))
@settings(max_examples=50, deadline=None)
def test_rational_polygons(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = (
        [[Fraction(int(x), int(rng.integers(1, 6))) for x in point] for point in rng.integers(-4, 5, (n, 3))]
        for _ in range(2)
    )
    agree(a, b, seed)


@given(
    st.integers(0, 2**32),
    st.sampled_from([2.0**-52, 2.0**-60, 2.0**-300, 2.0**-1074]),
    st.sampled_from([0, 300, 1000]),
)
@settings(max_examples=60, deadline=None)
def test_nearly_degenerate_polygons(seed: int, noise: float, exponent: int) -> None:
    """Lattice polygons, turned or not, that are moved by the last bits of floats."""
    rng = np.random.default_rng(seed)
    turn = np.round(rng.normal(size=(3, 3)) * 64) / 64 if seed % 2 else np.eye(3)
    a, b = (rng.integers(-2, 3, (n, 3)) @ turn for n in (5, 6))
    a = np.ldexp(a + rng.integers(-1, 2, a.shape) * noise, exponent)
    agree(a, np.ldexp(b, exponent), seed)


@given(st.integers(0, 2**32), st.integers(50, 54))
@settings(max_examples=150, deadline=None)
def test_tiny_polygons_around_long_edges(seed: int, digits: int) -> None:
    """Long edges run through the lattice of a tiny polygon; differences between the two are rounded."""
    rng = np.random.default_rng(seed)
    tiny = rng.integers(-4, 5, (5, 3)) * 2.0**-digits
    middle = rng.integers(-1, 2, 3) * 2.0 ** -(digits - 2)
    end = rng.integers(-3, 4, 3) + 0.0
    long = np.array([middle - end, middle + end, rng.integers(-3, 4, 3)])
    agree(tiny, long, seed)
    agree(long, tiny, seed)


@given(st.integers(0, 2**32), st.integers(10, 40))
@settings(max_examples=40, deadline=None)
def test_nearly_degenerate_rational_polygons(seed: int, digits: int) -> None:
    rng = np.random.default_rng(seed)
    step = Fraction(1, 10**digits)
    a, b = ([[Fraction(int(x), 3) for x in row] for row in rng.integers(-2, 3, (5, 3))] for _ in range(2))
    a = [[x + int(rng.integers(-1, 2)) * step for x in row] for row in a]
    agree(a, b, seed)


@given(st.integers(0, 2**32), st.integers(-1000, 900))
@settings(max_examples=50, deadline=None)
def test_extreme_coordinates(seed: int, exponent: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = rng.integers(-2, 3, (6, 3)) * 2.0**exponent, rng.integers(-2, 3, (6, 3)) * 2.0**exponent
    agree(a, b, seed)
    a[0], b[0] = 2.0**-1000, 2.0**900
    agree(a, b, seed)
