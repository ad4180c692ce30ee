"""The oracle against closed forms, known answers, direct evaluation and a second method on the line."""

from __future__ import annotations

import json
from fractions import Fraction
from itertools import pairwise, product
from math import comb
from operator import mul
from pathlib import Path

import numpy as np
import pytest

from networks import CLASSES, DIMENSIONS, Case, cases
from reference import Layer, exact_layers, f_vector, reference_cells, reference_complex, reference_signs

DATA = Path(__file__).parent / "data" / "cases"
EXPECTED = json.loads((DATA / "expected.json").read_text())
BOX_CASES = [name for name, answer in EXPECTED.items() if sum(answer["f_box"]) < 20_000]
SPACE_CASES = [name for name in EXPECTED if sum(EXPECTED[name]["f_all_space"] or [10**9]) < 20_000]


def load(name: str) -> tuple[list[Layer], list[float], list[float]]:
    with np.load(DATA / f"{name}.npz") as data:
        n_hidden = sum(key.startswith("W") for key in data.files) - 1
        layers = exact_layers([(data[f"W{i}"], data[f"b{i}"]) for i in range(n_hidden)])
        return layers, data["lo"].tolist(), data["hi"].tolist()


def alternating_sum(counts: list[int]) -> int:
    return sum((-1) ** k * count for k, count in enumerate(counts))


@pytest.mark.parametrize("name", BOX_CASES)
def test_known_answers_on_the_box(name: str) -> None:
    layers, lo, hi = load(name)
    cells = reference_complex(layers, lo, hi)
    assert f_vector(cells, len(lo)) == EXPECTED[name]["f_box"]
    assert f_vector(cells, len(lo), open_only=True) == EXPECTED[name]["f_open"]


@pytest.mark.parametrize("name", SPACE_CASES)
def test_known_answers_on_all_space(name: str) -> None:
    layers, lo, _ = load(name)
    d = len(lo)
    cells = reference_cells(layers, None, None)
    assert f_vector(cells, d) == EXPECTED[name]["f_all_space"]
    bounded = sum(cell.bounded for key, cell in cells.items() if key[0] == d)
    assert bounded == EXPECTED[name]["bounded_all_space"]


@pytest.mark.parametrize("d", DIMENSIONS)
@pytest.mark.parametrize("n", [1, 3, 7])
def test_one_generic_layer(d: int, n: int) -> None:
    """A simple arrangement has C(n, d - k) sum_{i <= k} C(n - d + k, i) cells of dimension k (Buck 1943)."""
    rng = np.random.default_rng([d, n])
    layers = exact_layers([(rng.normal(size=(n, d)), rng.normal(size=n))])

    def simple(dim: int, k: int) -> int:
        return comb(n, dim - k) * sum(comb(n - dim + k, i) for i in range(k + 1)) if n >= dim - k else 0

    assert f_vector(reference_complex(layers, None, None), d) == [simple(d, k) for k in range(d + 1)]
    on_box = reference_complex(layers, [-(10**9)] * d, [10**9] * d)  # holds all vertices
    assert f_vector(on_box, d, open_only=True) == [simple(d, k) for k in range(d + 1)]


@pytest.mark.parametrize("d", DIMENSIONS)
def test_no_hidden_layer(d: int) -> None:
    assert reference_complex([], None, None, d) == {(d, (0,) * d, ())}
    expected = {(d - sum(map(abs, walls)), walls, ()) for walls in product((-1, 0, 1), repeat=d)}
    assert reference_complex([], [-1] * d, [2] * d) == expected


def test_small_complexes_by_hand() -> None:
    """The neurons |x|, max(x, 0) and one without weights; then a line through corners of a square."""
    layers = exact_layers([([[1], [-1], [0]], [0, 0, 0]), ([[1, 1, 0], [1, 0, 0]], [0, 0])])
    half_lines = {(1, (0,), (1, -1, 0, 1, 1)), (1, (0,), (-1, 1, 0, 1, 0))}
    assert reference_complex(layers, None, None) == half_lines | {(0, (0,), (0, 0, 0, 0, 0))}
    diagonal = exact_layers([([[1, -1]], [0])])
    walls = {(0, (i, j), (s,)) for i, j, s in [(-1, -1, 0), (1, 1, 0), (-1, 1, -1), (1, -1, 1)]}
    walls |= {(1, w, (s,)) for w, s in [((-1, 0), -1), ((0, 1), -1), ((0, -1), 1), ((1, 0), 1)]}
    inside = {(1, (0, 0), (0,)), (2, (0, 0), (1,)), (2, (0, 0), (-1,))}
    assert reference_complex(diagonal, [0, 0], [1, 1]) == walls | inside


def cells_of_the_line(
    layers: list[Layer], lo: Fraction, hi: Fraction
) -> set[tuple[int, tuple[int], tuple[int, ...]]]:
    """The complex of an interval by another method: between breakpoints, pre-activations are interpolated."""

    def preactivations(x: Fraction, depth: int) -> list[Fraction]:
        inputs, values = [x], [x]
        for weights, biases in layers[: depth + 1]:
            values = [sum(map(mul, row, inputs), b) for row, b in zip(weights, biases, strict=True)]
            inputs = [max(v, Fraction(0)) for v in values]
        return values

    breakpoints = {lo, hi}
    for depth in range(len(layers)):
        ordered = sorted(breakpoints)
        for left, right in pairwise(ordered):
            for a, b in zip(preactivations(left, depth), preactivations(right, depth), strict=True):
                if a * b < 0:
                    breakpoints.add(left + (right - left) * a / (a - b))
    ordered = sorted(breakpoints)
    vertices = {(0, ((x == hi) - (x == lo),), reference_signs(layers, [x])) for x in ordered}
    middles = [(left + right) / 2 for left, right in pairwise(ordered)]
    pieces = {(1, (0,), reference_signs(layers, [x])) for x in middles}
    return vertices | pieces


@pytest.mark.parametrize("name", CLASSES)
def test_line_by_interpolation(name: str) -> None:
    for case in cases(name, 1)[:6]:
        layers = exact_layers(case.hidden)
        lo, hi = Fraction(case.lo[0]), Fraction(case.hi[0])
        assert reference_complex(layers, [lo], [hi]) == cells_of_the_line(layers, lo, hi)


def walls_of(point: list[Fraction], case: Case) -> tuple[int, ...]:
    return tuple(int(x == hi) - int(x == lo) for x, lo, hi in zip(point, case.lo, case.hi, strict=True))


@pytest.mark.parametrize("d", DIMENSIONS)
@pytest.mark.parametrize("name", CLASSES)
def test_every_class(name: str, d: int) -> None:
    """Each cell holds a point with its name, each random point lies in a cell, Euler's relation holds."""
    rng = np.random.default_rng(d)
    listed = cases(name, d)
    for case in (listed[1], listed[8 if d > 1 else 5]):
        layers = exact_layers(case.hidden)
        for box in (True, False):
            lo, hi = (case.lo.tolist(), case.hi.tolist()) if box else (None, None)
            cells = reference_cells(layers, lo, hi)
            assert alternating_sum(f_vector(cells, d)) == (1 if box else (-1) ** d)
            listed = list(cells.items())
            named = {(walls, signs) for _, walls, signs in cells}
            assert len(named) == len(cells)
            for i in rng.permutation(len(cells))[:40]:
                (_, walls, signs), ((numerators, denominator), _) = listed[i]
                point = [Fraction(v, denominator) for v in numerators]
                assert reference_signs(layers, point) == signs
                assert walls == (walls_of(point, case) if box else (0,) * d)
            for place in rng.integers(0, 65, (20, d)).tolist():
                bounds = [
                    (Fraction(lower), Fraction(upper)) for lower, upper in zip(case.lo, case.hi, strict=True)
                ]
                point = [a + (b - a) * Fraction(v, 64) for v, (a, b) in zip(place, bounds, strict=True)]
                walls = walls_of(point, case) if box else (0,) * d
                assert (walls, reference_signs(layers, point)) in named


@pytest.mark.parametrize("d", DIMENSIONS)
@pytest.mark.parametrize("name", CLASSES)
def test_cases_are_deterministic(name: str, d: int) -> None:
    first, second = cases(name, d), cases(name, d)
    assert len(first) >= 10
    for a, b in zip(first, second, strict=True):
        arrays, again = ([v for layer in case.layers for v in layer] + [case.lo, case.hi] for case in (a, b))
        assert all(np.array_equal(v, w) for v, w in zip(arrays, again, strict=True))
        assert np.all(a.lo < a.hi)
