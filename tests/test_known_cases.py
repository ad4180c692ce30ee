"""Networks with known answers: recorded counts, and closed forms of arrangements and of the sawtooth."""

from __future__ import annotations

import json
from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations, product
from math import comb, factorial
from pathlib import Path

import numpy as np
import pytest

import relutope
from compare import complex_on, exact_points
from networks import Array
from relutope import AllSpace, Network, PolyhedralComplex, polyhedral_complex

DATA = Path(__file__).parent / "data" / "cases"
EXPECTED = json.loads((DATA / "expected.json").read_text())
SPACE_CASES = [name for name, answer in EXPECTED.items() if answer["f_all_space"] is not None]
#: Its exact vertices, 40,000 of a network with 384 neurons, take most of a minute to check.
TOO_LARGE_FOR_EXACT = {"r2_128x3"}


def one_layer(normals: Sequence[Sequence[float]] | Array, offsets: Sequence[float] | Array) -> Network:
    return Network.from_arrays([normals, np.ones((1, len(offsets)))], [offsets, [0]])


def arrangement(
    normals: Sequence[Sequence[float]] | Array, offsets: Sequence[float] | Array | None = None
) -> PolyhedralComplex:
    """The complex on R^d of one hidden layer: an arrangement of hyperplanes, central unless told."""
    zeros = np.zeros(len(normals))
    return complex_on(one_layer(normals, zeros if offsets is None else offsets), None, None)


def stirling(n: int, k: int) -> int:
    """The number of partitions of n things into k blocks (Stirling numbers of the second kind)."""
    return sum((-1) ** (k - i) * comb(k, i) * i**n for i in range(k + 1)) // factorial(k)


def test_the_data_and_the_answers_are_complete() -> None:
    assert {path.stem for path in DATA.glob("*.npz")} == set(EXPECTED)
    assert len(EXPECTED) == 19


@pytest.mark.parametrize("name", EXPECTED)
def test_recorded_answers_on_the_box(name: str) -> None:
    network, answer = relutope.load(DATA / f"{name}.npz"), EXPECTED[name]
    complex_ = polyhedral_complex(network)
    complex_.validate(exact=name not in TOO_LARGE_FOR_EXACT)
    assert list(complex_.f_vector) == list(complex_.counts) == answer["f_box"]
    assert complex_.n_regions == complex_.n_bounded_regions == answer["regions"]
    inside = [np.count_nonzero(~complex_.walls(k).any(axis=1)) for k in range(complex_.dim + 1)]
    assert inside == answer["f_open"]
    assert complex_.euler_characteristic == 1


@pytest.mark.parametrize("name", SPACE_CASES)
def test_recorded_answers_on_all_space(name: str) -> None:
    network, answer = relutope.load(DATA / f"{name}.npz"), EXPECTED[name]
    complex_ = polyhedral_complex(network, AllSpace())
    complex_.validate()
    assert list(complex_.f_vector) == answer["f_all_space"]
    assert complex_.n_regions == answer["regions_all_space"]
    assert complex_.n_bounded_regions == answer["bounded_all_space"]
    assert complex_.euler_characteristic == (-1) ** complex_.dim


@pytest.mark.parametrize("d", range(1, 7))
def test_generic_layer(d: int) -> None:
    """C(n, d-k) sum_{i<=k} C(n-d+k, i) cells of dimension k, C(n-1, d) bounded regions (Buck 1943)."""
    rng = np.random.default_rng(d)
    for n in (1, d, d + 1, d + 4, {1: 300, 2: 40, 3: 20}.get(d, 10)):
        normals, offsets = rng.normal(size=(n, d)), rng.normal(size=n)
        simple = [
            comb(n, d - k) * sum(comb(n - d + k, i) for i in range(k + 1)) if n >= d - k else 0
            for k in range(d + 1)
        ]
        complex_ = arrangement(normals, offsets)
        assert list(complex_.f_vector) == simple
        assert complex_.n_bounded_regions == comb(n - 1, d)
        bound = 2.0**20  # all vertices are inside, so the box cuts unbounded cells only
        assert all(abs(x) < bound for point in complex_.exact_vertices() for x in point)
        boxed = complex_on(complex_.network, [-bound] * d, [bound] * d)
        assert [np.count_nonzero(~boxed.walls(k).any(axis=1)) for k in range(d + 1)] == simple


def test_lines_in_a_box_by_counting_crossings() -> None:
    """Lines in general position cut a convex set into 1 + lines that meet it + crossings inside (Euler)."""
    rng = np.random.default_rng(0)
    for n in (1, 5, 30, 60):
        normals, offsets = rng.normal(size=(n, 2)), rng.normal(0, 0.7, n)
        lines = [
            tuple(Fraction(value) for value in (*normal, offset))
            for normal, offset in zip(normals.tolist(), offsets.tolist(), strict=True)
        ]
        meeting = 0
        for a, b, c in lines:
            signs = {a * x + b * y + c > 0 for x, y in product((-1, 1), repeat=2)}
            meeting += len(signs) == 2
        crossings = set()
        for (a, b, c), (p, q, r) in combinations(lines, 2):
            x, y = Fraction(b * r - c * q, a * q - b * p), Fraction(c * p - a * r, a * q - b * p)
            crossings |= {(x, y)} if max(abs(x), abs(y)) < 1 else set()
        complex_ = complex_on(one_layer(normals, offsets), [-1, -1], [1, 1])
        assert complex_.n_regions == 1 + meeting + len(crossings)
        inside = {point for (_, walls, _), point in exact_points(complex_).items() if not any(walls)}
        assert inside == crossings


@pytest.mark.parametrize("sizes", [(5,), (3, 4), (2, 1, 3), (1, 2, 1, 2), (1, 1, 1, 1, 1)])
def test_grid(sizes: tuple[int, ...]) -> None:
    """An axis cut in n places has n + 1 gaps; in a box that holds them strictly, n + 2 places."""
    d = len(sizes)
    normals = [np.eye(d)[axis] for axis, n in enumerate(sizes) for _ in range(n)]
    offsets = [-place / 3 for n in sizes for place in range(n)]
    for n_walls, complex_ in (
        (0, arrangement(normals, offsets)),
        (2, complex_on(one_layer(normals, offsets), [-1] * d, [5] * d)),
    ):
        expected = [0] * (d + 1)
        for gaps in product((0, 1), repeat=d):
            counts = [n + 1 if gap else n + n_walls for n, gap in zip(sizes, gaps, strict=True)]
            expected[sum(gaps)] += int(np.prod(counts))
        assert list(complex_.f_vector) == expected


@pytest.mark.parametrize("d", range(2, 7))
def test_braid_arrangement(d: int) -> None:
    """The cells of x_i = x_j are the ordered partitions of d coordinates; the d! chambers are the orders."""
    normals = [np.eye(d)[i] - np.eye(d)[j] for i, j in combinations(range(d), 2)]
    complex_ = arrangement(normals)
    assert list(complex_.f_vector) == [factorial(k) * stirling(d, k) for k in range(d + 1)]
    assert complex_.n_regions == factorial(d)
    assert complex_.n_bounded_regions == 0


@pytest.mark.parametrize("d", range(1, 5))
def test_signed_braid_arrangement(d: int) -> None:
    """The cells of x_i = 0, x_i = x_j, x_i = -x_j: the set where x = 0, and signed ordered partitions of the
    rest by absolute value."""
    unit = np.eye(d)
    pairs = list(combinations(range(d), 2))
    normals = [*unit, *(unit[i] - unit[j] for i, j in pairs), *(unit[i] + unit[j] for i, j in pairs)]
    expected = [
        sum(comb(d, n) * factorial(k) * stirling(n, k) * 2**n for n in range(d + 1)) for k in range(d + 1)
    ]
    complex_ = arrangement(normals)
    assert list(complex_.f_vector) == expected
    assert complex_.n_regions == 2**d * factorial(d)


@pytest.mark.parametrize("depth", [1, 2, 5, 12])
def test_sawtooth(depth: int) -> None:
    """The tent map 2 relu(x) - 4 relu(x - 1/2), composed with itself, has a kink at every multiple of
    2^-depth in [0, 1] (Telgarsky 2015)."""
    tent = np.array([[2.0, -4.0]])
    rows = np.array([[1.0], [1.0]])
    weights = [rows, *[rows @ tent] * (depth - 1), tent]
    network = Network.from_arrays(weights, [*[np.array([0, -0.5])] * depth, [0]])
    complex_ = complex_on(network, [0], [1])
    assert complex_.f_vector == (2**depth + 1, 2**depth)
    kinks = {(Fraction(i, 2**depth),) for i in range(2**depth + 1)}
    assert set(complex_.exact_vertices()) == kinks
    assert {network.exact_evaluate(point)[0] for point in kinks} == {0, 1}
    on_line = complex_on(network, None, None)
    assert set(on_line.exact_vertices()) == (kinks if depth > 1 else kinks - {(1,)})
    assert on_line.n_bounded_regions == on_line.f_vector[0] - 1
