"""Distances of closed curves and Gauss's integral, against slow oracles."""

from __future__ import annotations

from fractions import Fraction
from math import isnan
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import curves_reference as reference
from relutope.linking import gauss_integral, linking_number, min_distance
from test_linking import SQUARE, THROUGH, Array, borromean, hopf_of_the_paper, torus_link, whitehead


def agree(a: Any, b: Any) -> None:
    """What is named attains the distance, which is that of the oracle."""
    found = min_distance(a, b)
    squared = reference.squared_distance(a, b)
    assert found.squared == squared
    assert found.value == pytest.approx(float(squared) ** 0.5, rel=2**-52, abs=0)
    for curve, segment, parameter, point in (
        (a, found.segment_a, found.parameter_a, found.point_a),
        (b, found.segment_b, found.parameter_b, found.point_b),
    ):
        begin, end = reference.segments(curve)[segment]
        assert 0 <= parameter <= 1
        assert tuple(p + parameter * (q - p) for p, q in zip(begin, end, strict=True)) == point
    gap = [p - q for p, q in zip(found.point_a, found.point_b, strict=True)]
    assert sum(x * x for x in gap) == squared


@given(st.integers(0, 2**32), st.integers(1, 3), st.integers(3, 8), st.integers(3, 8))
@settings(max_examples=60, deadline=None)
def test_distance_of_lattice_polygons(seed: int, size: int, n: int, m: int) -> None:
    rng = np.random.default_rng(seed)
    agree(rng.integers(-size, size + 1, (n, 3)), rng.integers(-size, size + 1, (m, 3)) + size)


@given(st.integers(0, 2**32), st.integers(3, 25))
@settings(max_examples=25, deadline=None)
def test_distance_of_random_polygons(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    agree(rng.normal(size=(n, 3)), rng.normal(size=(n, 3)) + 1)


@given(st.integers(0, 2**32), st.integers(0, 60))
@settings(max_examples=60, deadline=None)
def test_distance_of_nearly_parallel_segments(seed: int, digits: int) -> None:
    """Long thin triangles side by side, whose least distance the rounding of floats can hide."""
    rng = np.random.default_rng(seed)
    a, b = (
        np.array([[0, 0, 0], [1, 0, 0], [1, 0, 0]]) + rng.normal(size=(3, 3)) * 2.0**-digits for _ in range(2)
    )
    agree(a, b)


@given(st.integers(0, 2**32), st.sampled_from([2.0**-52, 2.0**-60, 2.0**-1074]))
@settings(max_examples=50, deadline=None)
def test_distance_of_nearly_equal_gaps(seed: int, noise: float) -> None:
    """Many pairs of segments are equally far from each other, up to the last bits."""
    rng = np.random.default_rng(seed)
    a, b = rng.integers(-1, 2, (7, 3)) + 0.0, rng.integers(-1, 2, (7, 3)) + 0.0
    agree(a + rng.integers(-1, 2, a.shape) * noise, b + 2)


@given(st.integers(0, 2**32), st.integers(10, 40))
@settings(max_examples=30, deadline=None)
def test_distance_of_nearly_equal_rational_gaps(seed: int, digits: int) -> None:
    rng = np.random.default_rng(seed)
    step = Fraction(1, 10**digits)
    a, b = ([[Fraction(int(x), 3) for x in row] for row in rng.integers(-1, 2, (6, 3))] for _ in range(2))
    agree([[x + 3 + int(rng.integers(-1, 2)) * step for x in row] for row in a], b)


def test_distance_of_parallel_and_repeated_points() -> None:
    points = [[0, 0, 0], [0, 0, 0], [3, 0, 0], [3, 0, 0]]
    agree(points, [[0, 2, 0], [3, 2, 0], [3, 2, 0]])
    agree(points, [[7, 0, 0], [9, 0, 0], [8, 0, 0]])
    agree([[1, 1, 1]] * 3, [[2, 3, 4]] * 3)


def test_distance_is_zero_only_where_curves_meet() -> None:
    third = [[Fraction(1, 3), 0, -1], [Fraction(1, 3), 0, 1], [0, -5, 0]]
    found = min_distance(SQUARE, third)
    assert (found.value, found.squared, found.point_a) == (0.0, 0, (Fraction(1, 3), 0, 0))
    assert found.point_a == found.point_b
    tiny = 2.0**-1000
    near = np.array([[1, -tiny, -1], [1, -tiny, 1], [1, -5, 0]])
    found = min_distance(SQUARE, near)
    assert (found.value, found.squared) == (tiny, Fraction(tiny) ** 2)


@pytest.mark.parametrize("exponent", [-1000, -300, 300, 900])
def test_distance_scales(exponent: int) -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(30, 3)), rng.normal(size=(30, 3)) + 1
    found, scaled = min_distance(a, b), min_distance(np.ldexp(a, exponent), np.ldexp(b, exponent))
    assert scaled.squared == found.squared * Fraction(2) ** (2 * exponent)
    assert scaled.value == np.ldexp(found.value, exponent)
    assert scaled[2:6] == found[2:6]


@pytest.mark.parametrize(
    "link",
    [
        torus_link(5, 300),
        torus_link(-9, 500),
        hopf_of_the_paper(500, 0.01, 1),
        whitehead(),
        borromean()[:2],
    ],
)
def test_gauss_on_known_links(link: tuple[Array, Array]) -> None:
    number = linking_number(*link)
    assert gauss_integral(*link) == pytest.approx(number, abs=2**-30)
    assert reference.gauss_integral(*link) == pytest.approx(number, abs=2**-20)
    assert linking_number(*link, method="gauss") == number


@given(st.integers(0, 2**32), st.integers(3, 600), st.integers(3, 600), st.integers(-200, 200))
@settings(max_examples=40, deadline=None)
def test_gauss_on_random_polygons(seed: int, n: int, m: int, exponent: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = np.ldexp(rng.normal(size=(n, 3)), exponent), np.ldexp(rng.normal(size=(m, 3)), exponent)
    assert gauss_integral(a, b) == pytest.approx(linking_number(a, b), abs=2**-20)
    assert linking_number(a, b, method="gauss") == linking_number(a, b)


def test_gauss_where_segments_are_coplanar_or_points() -> None:
    twice = np.repeat(SQUARE, 2, axis=0)
    assert gauss_integral(twice, THROUGH) == pytest.approx(1, abs=2**-40)
    assert gauss_integral(SQUARE, SQUARE * 3 - 2) == pytest.approx(0, abs=2**-40)


def test_gauss_where_curves_meet() -> None:
    assert isnan(gauss_integral(SQUARE, THROUGH - [1, 0, 0]))
    assert linking_number(SQUARE, THROUGH - [1, 0, 0], method="gauss") is None
    assert isnan(gauss_integral(SQUARE, SQUARE))
