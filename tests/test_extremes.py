"""Weights, biases and boxes at the ends of the exponent range, and threads that flush subnormals to zero."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise, product
from math import inf, nextafter

import numpy as np
import pytest

from compare import Bounds, assert_equals_reference, complex_on, network_of
from networks import Layers, integer_layer
from reference import exact_layers, reference_cells
from relutope import AllSpace, Network, polyhedral_complex
from skip_networks import skip_network

LARGEST = float(np.finfo(np.float64).max)
TINY = float(np.finfo(np.float64).smallest_subnormal)
FACTORS = [TINY, 2.0**-1000, 1e-300, 1e-160, 1e160, 1e300, 2.0**1000]


def assert_exact(layers: Layers, lo: Bounds, hi: Bounds) -> None:
    cells = reference_cells(exact_layers(layers[:-1]), lo, hi)
    for fold in (False,) if lo is None else (False, True):
        assert_equals_reference(complex_on(network_of(layers), lo, hi, fold), cells)


def assert_exact_everywhere(layers: Layers, half_width: float = 1.0) -> None:
    d = layers[0][0].shape[1]
    assert_exact(layers, [-half_width] * d, [half_width] * d)
    assert_exact(layers, None, None)


def random_layers(rng: np.random.Generator, widths: Sequence[int]) -> Layers:
    """Small integers, so that there are ties, or normal numbers."""
    if rng.random() < 0.5:
        return [integer_layer(rng, n_in, n_out) for n_in, n_out in pairwise(widths)]
    return [(rng.normal(size=(n_out, n_in)), rng.normal(size=n_out)) for n_in, n_out in pairwise(widths)]


def times(array: np.ndarray, factor: float | np.ndarray) -> np.ndarray:
    """The product, cut off at the largest float."""
    with np.errstate(over="ignore"):
        return np.clip(array * factor, -LARGEST, LARGEST)


@pytest.mark.parametrize("factor", FACTORS)
@pytest.mark.parametrize("part", ["weights", "biases", "both", "first layer", "second layer"])
def test_one_factor(part: str, factor: float) -> None:
    rng = np.random.default_rng(0)
    for d in (1, 2, 3):
        layers = random_layers(rng, (d, 5, 4, 1))
        for i, (weights, biases) in enumerate(layers):
            if part in ("weights", "both", f"{('first', 'second', 'last')[i]} layer"):
                weights = times(weights, factor)
            if part in ("biases", "both", f"{('first', 'second', 'last')[i]} layer"):
                biases = times(biases, factor)
            layers[i] = weights, biases
        assert_exact_everywhere(layers)
        assert_exact_everywhere(layers, half_width=max(factor, 2 * TINY))


@pytest.mark.parametrize("exponent", [-1074, -1000, -600, -500, -300, 300, 500, 600, 900, 1000])
@pytest.mark.parametrize("by", ["coefficient", "neuron", "layer"])
def test_mixtures(by: str, exponent: int) -> None:
    """Powers of two chosen for each coefficient, neuron or layer, as deep as three hidden layers."""
    rng = np.random.default_rng(abs(exponent))
    for d, depth, _ in product((1, 2, 3), (1, 2, 3), range(4)):
        layers = random_layers(rng, (d, *rng.integers(1, 5, depth), 1))
        for i, (weights, biases) in enumerate(layers):
            rows = np.column_stack([weights, biases])
            shape = {"coefficient": rows.shape, "neuron": (len(rows), 1), "layer": (1, 1)}[by]
            rows = times(rows, 2.0 ** rng.choice([0, exponent], shape))
            layers[i] = rows[:, :-1], rows[:, -1] if rng.random() < 0.7 else biases
        assert_exact_everywhere(layers)
        assert_exact_everywhere(layers, half_width=max(2.0**exponent, 2 * TINY))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ((-1e-300, -1.0), (-1e-300, 1.0)),
        ((1e-200, 1.0), (-1e-200, 1.0)),
        ((2.0**700, 1.0), (-(2.0**700), 1.0)),
    ],
)
def test_composed_slopes_beyond_the_exponent_range(
    first: tuple[float, float], second: tuple[float, float]
) -> None:
    """One neuron after the other on the line; the slope of the second is no float, and it has a kink."""
    layers = [(np.array([[w]]), np.array([b])) for w, b in (first, second, (1.0, 0.0))]
    assert_exact_everywhere(layers)
    assert polyhedral_complex(network_of(layers), AllSpace()).f_vector == (2, 3)


def test_three_large_layers() -> None:
    """Values near 2^2700 in a box of half width 2^900."""
    a, b = 2.0**900, 2.0**898
    first = np.array([[0, 2 * a], [2 * a, 0], [0, -a]]), np.array([2.0, 0, 0])
    second = np.array([[0, a, -b], [0, -a, a]]), np.zeros(2)
    third = np.array([[b, 0]]), np.zeros(1)
    assert_exact_everywhere([first, second, third, (np.ones((1, 1)), np.zeros(1))], half_width=a)


def test_hyperplanes_one_unit_apart() -> None:
    """x = 1 and its neighbours; the largest and the smallest float; 0 and the smallest subnormal."""
    for place in (1.0, 1e-300, 1e300, TINY, LARGEST):
        below, above = nextafter(place, -inf), min(nextafter(place, inf), LARGEST)
        offsets = np.array([-below, -place, -above])
        first = np.ones((3, 1)), offsets
        second = np.ones((2, 3)), np.array([0.0, -TINY])
        layers = [first, second, (np.ones((1, 2)), np.zeros(1))]
        assert_exact(layers, None, None)
        assert_exact(layers, [-LARGEST], [LARGEST])
        assert_exact(layers, [below], [above])


@pytest.mark.parametrize("lo", [0.0, TINY, 1.0, -1e300])
def test_the_thinnest_box(lo: float) -> None:
    """A box between neighbouring floats, cut by hyperplanes through its walls and its inside."""
    hi = nextafter(lo, inf)
    rows = np.array([[1.0, 0, -lo], [0, 1, -hi], [1, -1, 0], [1, 1, -lo]])
    layers = [(rows[:, :-1], rows[:, -1]), (np.ones((1, 4)), np.zeros(1))]
    assert_exact(layers, [lo, lo], [hi, hi])
    assert_exact(layers, [lo, -1.0], [hi, 1e300])


@contextmanager
def flushing() -> Iterator[None]:
    """Subnormal numbers are taken as zero by this thread, as any library may set it."""
    torch = pytest.importorskip("torch")
    if not torch.set_flush_denormal(True):
        pytest.skip("this processor has no such switch")
    try:
        assert (np.array([TINY]) * 2)[0] == 0
        yield
    finally:
        torch.set_flush_denormal(False)


def subnormal_layers() -> Layers:
    """Proportional rows, one of them subnormal, and a constant neuron with a subnormal bias."""
    first = np.array([[TINY, TINY], [1.0, 1.0], [1.0, -1.0], [0.0, 0.0]]), np.array([0.0, 0.0, TINY, TINY])
    second = np.array([[2.0**1000, -TINY, 1.0, 0.0], [1.0, 1.0, 1.0, -1.0]]), np.array([-TINY, 0.0])
    return [first, second, (np.ones((1, 2)), np.zeros(1))]


@pytest.mark.parametrize("n_threads", [1, 2])
@pytest.mark.parametrize("half_width", [None, 1.0])
def test_flushing_changes_no_complex(n_threads: int, half_width: float | None) -> None:
    layers = subnormal_layers()
    bounds = (None, None) if half_width is None else ([-half_width] * 2, [half_width] * 2)
    domain = AllSpace() if half_width is None else bounds
    with flushing():
        complex_ = polyhedral_complex(network_of(layers), domain, n_threads=n_threads)
        complex_.validate()
    complex_.validate()
    assert_equals_reference(complex_, reference_cells(exact_layers(layers[:-1]), *bounds))


def test_flushing_changes_no_network() -> None:
    points = np.array([[TINY, 0.0], [0.0, TINY], [1.0, -1.0]])
    expected = network_of(subnormal_layers())
    with flushing():
        network = network_of(subnormal_layers())
        signs, exact_signs = network.sign_vectors(points), network.exact_sign_vector([1, -1])
        census, digest = network.census, network.hash
    assert signs.tolist() == expected.sign_vectors(points).tolist()
    assert signs[0].tolist() == [1, 1, 1, 1, 1, 1]
    assert exact_signs.tolist() == expected.exact_sign_vector([1, -1]).tolist() == signs[2].tolist()
    assert census == expected.census == {"dead": 0, "constant": 1, "proportional": 1}
    assert digest == expected.hash


def test_what_is_beyond_the_range_is_refused() -> None:
    for value in (10**309, -(10**309)):
        with pytest.raises(ValueError, match="beyond float64"):
            Network.from_arrays([np.array([[value]], dtype=object)])


def test_huge_weights_of_a_value_that_is_zero() -> None:
    """An integer row beyond float64 that multiplies zeros is no float row."""
    layers = [
        ("linear", np.zeros((1, 1)), np.zeros(1)),
        ("relu", np.array([[-(2.0**-600), 0.0], [0.0, 2.0**1000]]), np.zeros(2)),
        ("linear", np.zeros((1, 4)), np.zeros(1)),
    ]
    complex_ = polyhedral_complex(skip_network(1, layers), (-1, 1))
    complex_.validate(exact=True)
    assert complex_.sign_vectors(1).tolist() == [[1, 0], [-1, 0]]
