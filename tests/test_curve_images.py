"""Exact images of closed polygons under the layers of networks."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import relutope
from curves_images_reference import reference_image
from relutope import Network
from relutope.linking import CurveImage, image
from relutope.linking.bounded_values import BoundedLayer, stacked
from relutope.linking.subdivision import largest_changes
from skip_networks import SkipLayer, random_layers, skip_network

Array = np.ndarray


def chain(*layers: tuple[Any, Any]) -> list[SkipLayer]:
    """Layers (W, b) that read their predecessor, with ReLUs between them, as layers over all values."""
    result, before = [], 0
    for place, (weights, bias) in enumerate(layers):
        weights, bias = np.array(weights, dtype=object), np.array(bias, dtype=object)
        padded = np.hstack([np.zeros((len(weights), before), dtype=object), weights])
        before += weights.shape[1]
        result.append(("linear" if place == len(layers) - 1 else "relu", padded, bias))
    return result


def assert_image(layers: list[SkipLayer], curve: Any, layer: int | None = None) -> CurveImage:
    """The library's image equals that of the oracle, vertex by vertex."""
    found = image(skip_network(len(curve[0]), layers), curve, layer=layer)
    expected = reference_image(layers, curve, found.layer)
    assert list(zip(found.segments.tolist(), found.parameters, strict=True)) == [v[:2] for v in expected]
    exact = found.exact_vertices()
    assert [tuple(row) for row in exact] == [values for _, _, values in expected]
    assert found.vertices.tolist() == [[float(value) for value in values] for _, _, values in expected]
    assert found.n_segments == len(found) == len(expected)
    points = [[Fraction(value) for value in point] for point in curve]
    source = [
        [(1 - t) * p + t * q for p, q in zip(points[i], points[(i + 1) % len(points)], strict=True)]
        for i, t, _ in expected
    ]
    assert found.exact_source().tolist() == source
    assert found.source.tolist() == [[float(value) for value in point] for point in source]
    return found


def lattice(rng: np.random.Generator, n: int, d: int) -> Array:
    return rng.integers(-2, 3, (n, d)).astype(float)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), few_bits=st.booleans(), maxima=st.sampled_from([0.0, 0.5]))
def test_random_networks_with_skips_and_maxima(seed: int, few_bits: bool, maxima: float) -> None:
    rng = np.random.default_rng(seed)
    d = int(rng.integers(1, 4))
    layers = random_layers(rng, d, n_layers=3, width=4, few_bits=few_bits, density=0.7, maxima=maxima)
    curve = lattice(rng, 4, d) if few_bits else rng.normal(size=(5, d))
    for layer in range(len(layers)):
        assert_image(layers, curve, layer)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_rational_weights_and_vertices(seed: int) -> None:
    rng = np.random.default_rng(seed)

    def rationals(*shape: int) -> Array:
        top, bottom = rng.integers(-9, 10, shape), rng.integers(1, 10, shape)
        return np.vectorize(lambda a, b: Fraction(int(a), int(b)), otypes=[object])(top, bottom)

    layers = chain(*((rationals(3, 3), rationals(3)) for _ in range(3)))
    assert_image(layers, rationals(4, 3).tolist())


EYE = np.eye(3).tolist()
SQUARE = [[0, 0, 0], [2, 0, 0], [2, 2, 1], [0, 2, 0]]
DEGENERATE = {
    "no cut at all": ([(EYE, [9, 9, 9]), (EYE, [0, 0, 0])], 4),
    "zero weights": ([([[0] * 3] * 3, [0, 0, 0]), (EYE, [0, 0, 0])], 4),
    "dead neurons": ([([[0] * 3] * 3, [-1, 1, 0]), (EYE, [0, 0, 0])], 4),
    "zero along a segment": ([([[0, 1, 0]] * 2, [0, 0]), ([[1, 1]] * 3, [0, 0, 0])], 4),
    "zero at vertices only": ([([[1, -1, 0]], [0]), ([[1]], [0])], 4),
    "duplicate neurons": ([([[1, 0, 0]] * 3, [-1, -1, -1]), (EYE, [0, 0, 0])], 6),
    "opposite neurons": ([([[3, 0, 0], [-3, 0, 0]], [-1, 1]), ([[1, 1]], [0])], 6),
    "one ulp apart": ([([[1, 0, 0], [1, 0, 0]], [-1, -1 + 2**-53]), ([[1, 1]], [0])], 8),
}


@pytest.mark.parametrize("name", DEGENERATE)
def test_degenerate_networks(name: str) -> None:
    layers, n_segments = DEGENERATE[name]
    assert assert_image(chain(*layers), SQUARE).n_segments == n_segments
    repeated = [SQUARE[0], *SQUARE, SQUARE[-1], SQUARE[-1]]
    assert assert_image(chain(*layers), repeated).n_segments == n_segments + 3


def test_a_curve_that_is_one_point() -> None:
    found = assert_image(chain((EYE, [-1, 0, 1]), (EYE, [0, 0, 0])), [[1, 0, -1]] * 3)
    assert found.vertices.tolist() == [[0, 0, 0]] * 3


def test_crossings_that_floats_cannot_tell_apart() -> None:
    third = Fraction(1, 3)
    near = [third, Fraction(float(third)), third + Fraction(1, 10**40)]
    layers = chain(([[1], [1], [1]], [-value for value in near]), ([[1, 1, 1]], [0]))
    found = assert_image(layers, [[0], [1], [1]])
    assert [t for i, t in zip(found.segments, found.parameters, strict=True) if i == 0] == [0, *sorted(near)]


@pytest.mark.parametrize("scale", [2.0**-1000, 2.0**900])
def test_huge_and_tiny_coordinates(scale: float) -> None:
    weights = [[1.0, 2.0, -1.0], [0.5, -1.0, 0.0], [-1.0, 0.25, 2.0**-60]]
    layers = chain((weights, [0, 0, 0]), (weights, [scale, -scale, 0]), (EYE, [0, 0, 0]))
    assert assert_image(layers, (np.array(SQUARE) * scale + scale / 3).tolist()).n_segments > 4


def test_signs_of_products_that_underflow() -> None:
    small = 2.0**-600
    layers = chain(([[small]], [0]), ([[1]], [0]))
    assert assert_image(layers, [[-small], [small], [small]]).n_segments == 5


def test_images_beyond_float64_are_infinite_but_exact() -> None:
    found = image(Network.from_arrays([[[2.0**600], [1.0]], [[2.0**600, 1]]]), [[-1.0], [0.0], [1.0]])
    assert found.vertices.tolist() == [[0.0], [0.0], [np.inf], [0.0]]
    assert found.exact_vertices()[2, 0] == 2**1200 + 1


def test_tent_maps_double_the_segments() -> None:
    """The k-th of them is 2 relu(x) - 4 relu(x - 1/2), so its second neuron cuts 2^(k-1) pieces of [0, 1]."""
    depth = 7
    first, next_ = [[1], [1]], [[2, -4], [2, -4]]
    layers = [(first, [0, Fraction(-1, 2)]), *[(next_, [0, Fraction(-1, 2)])] * (depth - 1), ([[2, -4]], [0])]
    network = Network.from_arrays([weights for weights, _ in layers], [bias for _, bias in layers])
    curve = [[0], [1], [1]]
    found = image(network, curve)
    assert found.n_segments == 3 + 2 * (2**depth - 1)
    assert found.vertices[: 2**depth].ravel().tolist() == [0.0, 1.0] * 2 ** (depth - 1)
    assert image(network, curve, max_segments=found.n_segments).n_segments == found.n_segments
    with pytest.raises(relutope.IncompleteError, match="max_segments") as caught:
        image(network, curve, max_segments=found.n_segments - 1)
    assert caught.value.reason == "max_segments"
    assert caught.value.progress["layer"] == depth - 1


def test_parameters_gain_few_bits_per_layer() -> None:
    rng = np.random.default_rng(1)
    layers = [(rng.normal(size=(3, 3)), rng.normal(size=3) + 0.5) for _ in range(8)]
    network = Network.from_arrays([w for w, _ in layers], [b for _, b in layers])
    curve = rng.normal(size=(60, 3))
    bits = [
        max(t.denominator.bit_length() for t in image(network, curve, layer=layer).parameters)
        for layer in range(8)
    ]
    assert 60 < bits[0] < 250
    assert bits[-1] < bits[0] + 7 * 120  # a coefficient has 53 bits and an exponent


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32), exponent=st.sampled_from([-500, -160, 0, 160, 500]))
def test_float_values_are_within_their_bounds(seed: int, exponent: int) -> None:
    rng = np.random.default_rng(seed)
    layers = random_layers(rng, 2, n_layers=4, width=4, few_bits=False, density=0.8, maxima=0.3)
    layers = [
        (kind, w if kind == "max" else w * 2.0**exponent, b if kind == "max" else b / 3)
        for kind, w, b in layers
    ]
    points = rng.normal(size=(3, 2)) * 2.0**exponent
    n_values, bounded = 2, []
    for layer in skip_network(2, layers).layers:
        bounded.append(BoundedLayer(layer, n_values))
        n_values += layer.n_rows
    values, errors = stacked(bounded, points.T, np.zeros(points.T.shape))
    for k, point in enumerate(points):
        exact = [Fraction(value) for value in point]
        for layer in range(len(layers)):
            exact += reference_image(layers, [point] * 3, layer)[0][2]
        for value, error, true in zip(values[:, k].tolist(), errors[:, k].tolist(), exact, strict=True):
            assert not np.isfinite(error) or abs(Fraction(value) - true) <= Fraction(error)
    if exponent == 0:
        assert np.all(errors <= 2.0**-40 * (1 + np.abs(values).max()))


@settings(max_examples=60, deadline=None)
@given(
    ends=st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3)), min_size=1, max_size=6),
)
def test_changes_of_a_maximum(ends: list[tuple[int, int]]) -> None:
    """The upper envelope of lines is convex: it bends exactly where the largest line changes."""
    changes = largest_changes([a for a, _ in ends], [b for _, b in ends])
    grid = [0, *changes, 1]
    assert sorted(set(grid)) == grid

    def envelope(s: Fraction) -> Fraction:
        return max((1 - s) * a + s * b for a, b in ends)

    slopes = []
    for s0, s1 in pairwise(grid):
        middle = Fraction(s0 + s1) / 2
        assert 2 * envelope(middle) == envelope(Fraction(s0)) + envelope(Fraction(s1))
        slopes.append((envelope(Fraction(s1)) - envelope(Fraction(s0))) / Fraction(s1 - s0))
    assert all(a < b for a, b in pairwise(slopes))


def test_the_identity_keeps_a_curve() -> None:
    curve = np.random.default_rng(0).normal(size=(6, 3))
    found = image(Network.from_arrays([np.eye(3)]), curve)
    assert found.vertices.tolist() == curve.tolist()
    assert repr(found) == "CurveImage(layer 0 (linear), 6 segments in R^3)"
    assert not found.vertices.flags.writeable
    assert not found.segments.flags.writeable


@pytest.mark.parametrize(
    ("curve", "message"),
    [
        ([[0, 0], [1, 1]], "curve has shape"),
        ([[0, 0, 0], [1, 1, 1], [2, 2, 2]], r"curve has shape \(3, 3\); legal: \(n, 2\)"),
        ([0, 1, 2], "curve has shape"),
        ([[0, 0], [1, np.nan], [2, 2]], r"curve\[1, 1\] is nan"),
        ([[0, 0], [1, np.inf], [2, 2]], r"curve\[1, 1\] is inf"),
        ([[0, 0], [1], [2, 2]], "curve is ragged"),
    ],
)
def test_bad_curves(quadrants: Network, curve: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        image(quadrants, curve)


def test_bad_arguments(quadrants: Network) -> None:
    curve = [[0, 0], [1, 1], [2, 0]]
    with pytest.raises(TypeError, match=r"curve\[0, 0\] is 'a'"):
        image(quadrants, np.array([["a", 0], [1, 1], [2, 2]], dtype=object))
    for layer in (-1, 2):
        with pytest.raises(ValueError, match="layer is"):
            image(quadrants, curve, layer=layer)
    with pytest.raises(TypeError, match="layer is"):
        image(quadrants, curve, layer=0.5)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="network is of type int"):
        image(3, curve)
    with pytest.raises(ValueError, match="max_segments is 0"):
        image(quadrants, curve, max_segments=0)
