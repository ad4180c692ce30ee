"""The same complex under other names: permuted, rescaled, mirrored, translated, saved, with more threads."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from compare import (
    Bounds,
    Incidence,
    assert_equals_reference,
    cell_set,
    complex_on,
    exact_points,
    incidences,
    mapped,
    network_of,
)
from networks import CLASSES, Layers, cases
from reference import Key, exact_layers, reference_cells
from relutope import AllSpace, PolyhedralComplex, polyhedral_complex

quick = settings(max_examples=150, deadline=None, derandomize=True, database=None)


class Problem(NamedTuple):
    """A network, as layers (W, b), and a box; no bounds: all of R^d."""

    layers: Layers
    lo: Bounds
    hi: Bounds

    def complex(self) -> PolyhedralComplex:
        return complex_on(network_of(self.layers), self.lo, self.hi)

    def copied_layers(self) -> Layers:
        return [(weights.copy(), biases.copy()) for weights, biases in self.layers]

    def first_neuron(self, layer: int) -> int:
        return sum(len(biases) for _, biases in self.layers[:layer])


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    """A network of any class, or one with small integer weights, on its box or on R^d."""
    d = draw(st.integers(1, 4))
    if draw(st.booleans()):
        name, place = draw(st.sampled_from(sorted(CLASSES))), draw(st.sampled_from([0, 1, 2, 3, 4, 5]))
        case = cases(name, d)[place]
        layers, lo, hi = case.layers, case.lo.tolist(), case.hi.tolist()
    else:
        widths = [d, *draw(st.lists(st.integers(1, 4), min_size=1, max_size=3)), 1]
        layers = []
        for n_in, n_out in pairwise(widths):
            rows = [
                draw(st.lists(st.integers(-2, 2), min_size=n_in + 1, max_size=n_in + 1)) for _ in range(n_out)
            ]
            table = np.array(rows, dtype=float)
            layers.append((table[:, :-1].copy(), table[:, -1].copy()))
        lo, hi = [float(draw(st.integers(-2, 0))) for _ in range(d)], [float(draw(st.integers(1, 2)))] * d
    return Problem(layers, lo, hi) if draw(st.booleans()) else Problem(layers, None, None)


def assert_same_complex(complex_: PolyhedralComplex, cells: set[Key], pairs: set[Incidence]) -> None:
    assert cell_set(complex_) == cells
    assert incidences(complex_) == pairs


def reordered(values: Sequence[Any], order: Sequence[int]) -> tuple[Any, ...]:
    return tuple(values[i] for i in order)


@quick
@given(problems())
def test_equals_the_reference(problem: Problem) -> None:
    cells = reference_cells(exact_layers(problem.layers[:-1]), problem.lo, problem.hi)
    assert_equals_reference(problem.complex(), cells)


@quick
@given(problems(), st.data())
def test_permuting_neurons(problem: Problem, data: st.DataObject) -> None:
    layer = data.draw(st.integers(0, len(problem.layers) - 2))
    layers, first = problem.copied_layers(), problem.first_neuron(layer)
    weights, biases = layers[layer]
    order = data.draw(st.permutations(range(len(biases))))
    layers[layer] = weights[order], biases[order]
    layers[layer + 1] = layers[layer + 1][0][:, order], layers[layer + 1][1]

    def rename(key: Key) -> Key:
        k, walls, signs = key
        last = first + len(order)
        return k, walls, signs[:first] + reordered(signs[first:last], order) + signs[last:]

    complex_ = problem._replace(layers=layers).complex()
    assert_same_complex(complex_, *mapped(problem.complex(), rename))


@quick
@given(problems(), st.data())
def test_rescaling_a_neuron(problem: Problem, data: st.DataObject) -> None:
    layer = data.draw(st.integers(0, len(problem.layers) - 2))
    layers = problem.copied_layers()
    neuron = data.draw(st.integers(0, len(layers[layer][1]) - 1))
    factor = 2.0 ** data.draw(st.integers(-40, 40))
    layers[layer][0][neuron] *= factor
    layers[layer][1][neuron] *= factor
    layers[layer + 1][0][:, neuron] /= factor
    before, after = problem.complex(), problem._replace(layers=layers).complex()
    assert_same_complex(after, cell_set(before), incidences(before))
    assert exact_points(after) == exact_points(before)


@quick
@given(problems(), st.data())
def test_permuting_inputs(problem: Problem, data: st.DataObject) -> None:
    layers = problem.copied_layers()
    order = data.draw(st.permutations(range(layers[0][0].shape[1])))
    layers[0] = layers[0][0][:, order], layers[0][1]
    lo, hi = (None if bound is None else reordered(bound, order) for bound in (problem.lo, problem.hi))

    def rename(key: Key) -> Key:
        k, walls, signs = key
        return k, reordered(walls, order), signs

    before, after = problem.complex(), Problem(layers, lo, hi).complex()
    assert_same_complex(after, *mapped(before, rename))
    moved = {rename(key): reordered(point, order) for key, point in exact_points(before).items()}
    assert exact_points(after) == moved


@quick
@given(problems(), st.data())
def test_negating_an_input(problem: Problem, data: st.DataObject) -> None:
    layers = problem.copied_layers()
    axis = data.draw(st.integers(0, layers[0][0].shape[1] - 1))
    layers[0][0][:, axis] *= -1

    def negated(values: Sequence[Any]) -> tuple[Any, ...]:
        return tuple(-value if i == axis else value for i, value in enumerate(values))

    def rename(key: Key) -> Key:
        k, walls, signs = key
        return k, negated(walls), signs

    lo, hi = problem.lo, problem.hi
    if lo is not None and hi is not None:
        sides = list(zip(lo, hi, strict=True))
        sides[axis] = -hi[axis], -lo[axis]
        lo, hi = zip(*sides, strict=True)
    before, after = problem.complex(), Problem(layers, lo, hi).complex()
    assert_same_complex(after, *mapped(before, rename))
    moved = {rename(key): negated(point) for key, point in exact_points(before).items()}
    assert exact_points(after) == moved


@quick
@given(problems(), st.data())
def test_translating(problem: Problem, data: st.DataObject) -> None:
    """By small dyadic steps; the box has few bits too, and the biases are fractions, so nothing rounds."""
    d = problem.layers[0][0].shape[1]
    step = [Fraction(data.draw(st.integers(-64, 64)), 16) for _ in range(d)]
    bounds = [(-1.5, 1.25)] * d
    lo, hi = [None, None] if problem.lo is None else zip(*bounds, strict=True)
    moved_lo, moved_hi = (
        None if bound is None else [float(x + t) for x, t in zip(bound, step, strict=True)]
        for bound in (lo, hi)
    )
    weights, biases = problem.layers[0]
    moved_biases = [
        Fraction(b) - sum((Fraction(w) * t for w, t in zip(row, step, strict=True)), Fraction(0))
        for row, b in zip(weights.tolist(), biases.tolist(), strict=True)
    ]
    layers = [(weights, np.array(moved_biases, dtype=object)), *problem.layers[1:]]
    before = problem._replace(lo=lo, hi=hi).complex()
    after = complex_on(network_of(layers), moved_lo, moved_hi)
    assert_same_complex(after, cell_set(before), incidences(before))
    moved = {
        key: tuple(x + t for x, t in zip(point, step, strict=True))
        for key, point in exact_points(before).items()
    }
    assert exact_points(after) == moved


@quick
@given(problems())
def test_number_of_threads(problem: Problem) -> None:
    network = network_of(problem.layers)
    domain = AllSpace() if problem.lo is None else (problem.lo, problem.hi)
    expected = polyhedral_complex(network, domain, n_threads=1).core.to_arrays()
    for n_threads in (2, 3):
        arrays = polyhedral_complex(network, domain, n_threads=n_threads).core.to_arrays()
        assert arrays.keys() == expected.keys()
        assert all(arrays[name].tobytes() == expected[name].tobytes() for name in expected)


@quick
@given(problems())
def test_saving_and_loading(tmp_path_factory: Any, problem: Problem) -> None:
    complex_ = problem.complex()
    path: Path = tmp_path_factory.mktemp("saved") / "complex.npz"
    complex_.save(path)
    loaded = PolyhedralComplex.load(path)
    loaded.validate()
    assert (loaded.network, loaded.domain) == (complex_.network, complex_.domain)
    arrays, expected = loaded.core.to_arrays(), complex_.core.to_arrays()
    assert arrays.keys() == expected.keys()
    assert all(arrays[name].tobytes() == expected[name].tobytes() for name in expected)
    assert_same_complex(loaded, cell_set(complex_), incidences(complex_))


def test_threads_on_larger_networks() -> None:
    """Enough cells that several threads have work at once."""
    for name in ("random", "integer", "coincident_layers"):
        case = cases(name, 4)[-1]
        network = network_of(case.layers)
        for domain in (AllSpace(), (case.lo, case.hi)):
            first, *others = (
                polyhedral_complex(network, domain, n_threads=n).core.to_arrays() for n in (1, 2, 3, 3)
            )
            for arrays in others:
                assert all(arrays[key].tobytes() == first[key].tobytes() for key in first)
