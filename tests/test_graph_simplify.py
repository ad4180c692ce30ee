"""Simplification of value graphs: what is inlined, composed, dropped and kept; exact arithmetic below."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import graph_reference as reference
from graph_checks import agree, check_layers, points_of, random
from relutope.loading.graph import linear_ops, numbers, piecewise_ops, simplify, windows
from relutope.loading.graph.evaluation import exact_values
from relutope.loading.graph.exact_rows import Rows, rows_from_entries
from relutope.loading.graph.value_graph import Tensor, ValueGraph

EXTREME = st.floats(allow_nan=False, allow_infinity=False)
SHORT = st.integers(-(2**26), 2**26).map(lambda value: value / 2**13)
FLOATS = st.one_of(EXTREME, SHORT)


@given(FLOATS, FLOATS)
def test_exactness_of_products_and_sums(left: float, right: float) -> None:
    a, b = np.array([left]), np.array([right])
    for function, true in (
        (numbers.exact_products, Fraction(left) * Fraction(right)),
        (numbers.exact_sums, Fraction(left) + Fraction(right)),
    ):
        values, exact = function(a, b)
        fits = bool(np.isfinite(values[0])) and Fraction(values[0].item()) == true
        assert exact[0] == fits


@given(st.lists(st.lists(FLOATS, min_size=1, max_size=5), min_size=1, max_size=4))
def test_exactness_of_sums_of_groups(groups: list[list[float]]) -> None:
    starts = np.cumsum([0, *(len(group) for group in groups)])[:-1]
    with np.errstate(all="ignore"):
        values, exact = numbers.exact_group_sums(
            starts, np.array([value for group in groups for value in group])
        )
    for value, is_exact, group in zip(values.tolist(), exact.tolist(), groups, strict=True):
        true = sum(map(Fraction, group), Fraction(0))
        assert not is_exact or Fraction(value) == true
        fits = numbers.is_float(true)
        assert is_exact or not fits or len(group) > 2  # of longer groups only the sum itself need be one
        assert not fits or is_exact or not math.isfinite(value)


@given(FLOATS)
def test_odd_parts(value: float) -> None:
    odd, exponent = numbers.odd_parts(np.array([value]))
    assert Fraction(int(odd[0])) * Fraction(2) ** int(exponent[0]) == Fraction(value)
    assert odd[0] % 2 != 0 or value == 0


def test_rows_add_up_cancel_and_sort() -> None:
    third = Fraction(1, 3)
    rows = rows_from_entries(
        3,
        np.array([1, 0, 1, 1, 0, 2]),
        np.array([4, 7, 2, 4, -1, 0]),
        np.array([third, Fraction(1), Fraction(2), -third, Fraction(9), third], dtype=object),
        np.array([Fraction(0), Fraction(1, 2), Fraction(1)], dtype=object),
    )
    assert rows.indptr.tolist() == [0, 1, 2, 3]
    assert rows.indices.tolist() == [7, 2, 0]
    assert rows.values.tolist() == [1.0, 2.0, 1 / 3]
    assert rows.bias.tolist() == [0.0, 0.5, 1.0]
    assert rows.rational == {2: ([1, 3], 3)}


def test_sums_that_are_no_float_become_rational() -> None:
    nothing = np.zeros(1)
    rows = rows_from_entries(
        1,
        np.zeros(3, dtype=np.int64),
        np.zeros(3, dtype=np.int64),
        np.array([1.0, 2.0**-60, 2.0**-80]),
        nothing,
    )
    assert rows.values.tolist() == [1.0]
    assert rows.rational == {0: ([2**80 + 2**20 + 1, 0], 2**80)}


def test_linear_maps_before_the_outputs_are_composed() -> None:
    first, second = random(3, 2), random(2, 3, seed=1)

    def build(graph: ValueGraph, x: Tensor) -> Tensor:
        return linear_ops.linear(graph, linear_ops.linear(graph, x, first, random(3, seed=2)), second)

    graph = agree(
        build,
        lambda x: (
            (x @ reference.exact(first).T + reference.exact(random(3, seed=2))) @ reference.exact(second).T
        ),
        None,
        (1, 2),
    )
    assert [(layer.kind, layer.n_rows) for layer in graph.layers()[0]] == [("linear", 2)]


def test_a_row_that_several_neurons_read_stays() -> None:
    graph = ValueGraph((1, 2))
    inner = linear_ops.linear(graph, graph.input, random(2, 2))
    graph.set_output(piecewise_ops.relu(graph, linear_ops.linear(graph, inner, random(3, 2))))
    assert [layer.kind for layer in graph.layers()[0]] == ["linear", "relu", "linear"]


def test_multiples_are_inlined_wherever_they_are_read() -> None:
    graph = ValueGraph((1, 2))
    scaled = linear_ops.multiply(graph, graph.input, np.array([3.0, 0.1]))
    shifted = linear_ops.add(graph, scaled, np.array([1.0, 0.1]))
    graph.set_output(linear_ops.linear(graph, piecewise_ops.absolute(graph, shifted), random(3, 2)))
    layers, _ = graph.layers()
    assert [layer.kind for layer in layers] == ["relu", "linear"]
    assert layers[0].indices.tolist() == [0, 1]
    assert layers[0].values.tolist() == [3.0, 0.1]
    assert layers[0].rational == {}


def test_constants_vanish_into_biases() -> None:
    graph = ValueGraph((1, 1))
    constant = graph.constant(np.array([[2.0, 0.0]]))
    joined = Tensor(np.concatenate([graph.input.ids, constant.ids], axis=1))
    graph.set_output(piecewise_ops.relu(graph, linear_ops.linear(graph, joined, np.array([[1.0, 3.0, 5.0]]))))
    layers, _ = graph.layers()
    assert [layer.kind for layer in layers] == ["relu", "linear"]
    assert (layers[0].indices.tolist(), layers[0].values.tolist(), layers[0].bias.tolist()) == (
        [0],
        [1.0],
        [6.0],
    )


def test_what_cancels_is_dropped() -> None:
    graph = ValueGraph((1, 2))
    hidden = piecewise_ops.relu(graph, graph.input)
    graph.set_output(linear_ops.subtract(graph, linear_ops.add(graph, hidden, graph.input), hidden))
    layers, notes = graph.layers()
    assert [layer.kind for layer in layers] == ["linear"]
    assert layers[0].indices.tolist() == [0, 1]
    assert notes == ["dropped 2 ReLU neurons that no output depends on"]


def test_maxima_of_copies_list_each_value_once() -> None:
    graph = ValueGraph((1, 2))
    twice = linear_ops.multiply(
        graph, linear_ops.multiply(graph, graph.input, np.asarray(2.0)), np.asarray(0.5)
    )
    both = Tensor(np.concatenate([graph.input.ids, twice.ids], axis=1))
    graph.set_output(piecewise_ops.max_over(graph, both, [1], False))
    layers, _ = graph.layers()
    assert [(layer.kind, layer.indices.tolist()) for layer in layers] == [("max", [0, 1]), ("linear", [2])]


@pytest.mark.parametrize("limit", [0, 30, 10**6])
def test_the_limit_of_rational_coefficients(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simplify, "MAX_RATIONAL", limit)
    graph = ValueGraph((1, 1, 4))
    x = windows.convolution(graph, graph.input, random(2, 1, 3), None, padding=1)
    x = linear_ops.batch_norm(graph, x, random(2), random(2) ** 2, random(2), random(2), 1e-5)
    x = piecewise_ops.relu(graph, x)
    x = linear_ops.linear(graph, Tensor(x.ids.reshape(1, -1)), random(3, 8))
    graph.set_output(linear_ops.linear(graph, x, random(2, 3) / 3))
    layers, _ = graph.layers()
    check_layers(layers, 4, 2)
    kinds = {
        0: ["linear", "relu", "linear", "linear"],
        30: ["relu", "linear", "linear"],
        10**6: ["relu", "linear"],
    }
    assert [layer.kind for layer in layers] == kinds[limit]
    for point in points_of((4,)):
        raw = exact_values(graph.raw_layers, point.tolist())[-2:]
        assert exact_values(layers, point.tolist())[-2:] == raw


def test_the_limit_of_products(monkeypatch: pytest.MonkeyPatch) -> None:
    for limit, n_layers in ((5, 2), (6, 1)):
        monkeypatch.setattr(simplify, "MAX_PRODUCTS", limit)
        graph = ValueGraph((1, 2))
        inner = linear_ops.linear(graph, graph.input, random(1, 2))
        graph.set_output(linear_ops.linear(graph, inner, random(3, 1)))
        assert len(graph.layers()[0]) == n_layers


def test_coefficients_beyond_float64_are_refused() -> None:
    graph = ValueGraph((1, 1))
    x = linear_ops.multiply(graph, graph.input, np.asarray(2.0**1000))
    graph.set_output(linear_ops.multiply(graph, x, np.asarray(2.0**1000)))
    with pytest.raises(ValueError, match="beyond float64"):
        graph.layers()


def test_underflow_is_kept_exactly() -> None:
    graph = ValueGraph((1, 1))
    x = linear_ops.multiply(graph, graph.input, np.asarray(2.0**-1000))
    graph.set_output(linear_ops.multiply(graph, x, np.asarray(2.0**-1000)))
    layer = graph.layers()[0][0]
    assert isinstance(layer.rows, Rows)
    assert layer.values.tolist() == [0.0]
    assert layer.rational == {0: ([1, 0], 2**2000)}
