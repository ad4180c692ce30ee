"""Networks from arrays: values taken exactly, census, hash, evaluation, and what is refused."""

from __future__ import annotations

import pickle
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

import relutope
from relutope import Network


def test_repr_counts_special_neurons() -> None:
    rows = [[1, 2], [2, 4], [-1, -2], [0, 0], [0, 0], [3, 1]]
    network = Network.from_arrays([rows, np.ones((1, 6))], [[1, 2, -1, 5, 0, 0], [0]])
    assert network.census == {"dead": 1, "constant": 1, "proportional": 2}
    assert repr(network) == (
        "Network(2 -> 6 -> 1, 6 neurons, mixed (int64, float64); dead: 1, constant: 1, proportional: 2)"
    )
    assert (network.input_dim, network.output_dim, network.hidden_widths) == (2, 1, (6,))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble])
def test_floats_are_taken_exactly(dtype: type[np.floating]) -> None:
    value = dtype("0.1")
    weight = Network.from_arrays([np.array([[value]])]).exact_layers()[0][0][0, 0]
    assert weight == Fraction(*value.as_integer_ratio())


@pytest.mark.parametrize("value", [Fraction(1, 3), 2**60 + 1, -(2**70) - 1, Decimal("0.1")])
def test_numbers_that_are_no_floats_are_taken_exactly(value: object) -> None:
    network = Network.from_arrays([np.array([[value]], dtype=object)], [np.array([1], dtype=object)])
    assert network.exact_layers()[0][0][0, 0] == Fraction(value)  # type: ignore[arg-type]
    assert network.exact_evaluate([Fraction(1, 7)]) == [Fraction(value) / 7 + 1]  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [10**400, Fraction(-1, 10**400)])
def test_numbers_beyond_float64_are_refused(value: object) -> None:
    with pytest.raises(
        ValueError, match=r"biases\[1\]\[0\] is beyond float64; legal: 0, or 5e-324 to 1.7e308"
    ):
        Network.from_arrays([[[Fraction(1, 3)]], [[1]]], [[0], [value]])  # type: ignore[list-item]


@pytest.mark.parametrize("value", [5e-324, 1e-300, 1e300, np.finfo(float).max])
def test_ends_of_the_exponent_range(value: float) -> None:
    network = Network.from_arrays([[[value]], [[1.0]]], [[-value], [0.0]])
    assert network.exact_layers()[0][0][0, 0] == Fraction(value)
    assert network.sign_vectors([[1.0], [0.5], [np.nextafter(1, 2)]]).ravel().tolist() == [0, -1, 1]


def test_hash_is_of_the_values() -> None:
    weights = [np.float32([[0.5, 0.1]]), np.float32([[2]])]
    single = Network.from_arrays(weights)
    double = Network.from_arrays([weight.astype(np.float64) for weight in weights])
    assert single.hash == double.hash
    assert single == double
    assert len({single, double}) == 1
    assert single.dtype == "float32"
    other = Network.from_arrays([weights[0], np.nextafter(weights[1], np.float32(3))])
    assert other != single
    thirds = [np.array([[Fraction(1, 3), Fraction(2, 3)]], dtype=object), weights[1]]
    assert Network.from_arrays(thirds).hash == Network.from_arrays(thirds).hash
    assert len(single.hash) == 64


def test_pickle_keeps_everything() -> None:
    weights = [np.array([[Fraction(1, 3)]], dtype=object), [[2.0]]]
    network = Network.from_arrays(weights, box=relutope.Box([0], [1]), notes=["a note"])
    copy = pickle.loads(pickle.dumps(network))
    assert copy == network
    assert (copy.dtype, copy.notes, copy.box) == (network.dtype, network.notes, network.box)


def test_evaluation_is_within_its_bound(
    network: Network, arrays: tuple[list[np.ndarray], list[np.ndarray]]
) -> None:
    points = np.random.default_rng(3).normal(size=(20, 2))
    outputs, errors = network.evaluate(points)
    fractions = np.vectorize(Fraction, otypes=[object])
    assert outputs.shape == errors.shape == (20, 1)
    for point, output, error in zip(points, outputs[:, 0], errors[:, 0], strict=True):
        size, value = np.abs(point), fractions(point)
        for weight, bias in zip(*arrays, strict=True):
            size = np.abs(weight) @ size + np.abs(bias)
            before = fractions(weight) @ value + fractions(bias)
            value = np.maximum(before, 0)
        assert network.exact_evaluate(point) == before.tolist()
        assert abs(before[0] - Fraction(output)) <= Fraction(error)
        assert error < 100 * np.spacing(size[0])  # a bound of use: a few roundings per layer
    assert np.array_equal(network(points), outputs)
    assert network(np.empty((0, 2))).shape == (0, 1)


def test_sign_vectors_agree_with_exact_ones(network: Network) -> None:
    points = np.random.default_rng(4).normal(size=(10, 2))
    signs = network.sign_vectors(points)
    assert signs.shape == (10, 11)
    assert signs.dtype == np.int8
    for point, row in zip(points, signs, strict=True):
        assert network.exact_sign_vector(point).tolist() == row.tolist()


def test_no_hidden_layer_is_one_region() -> None:
    network = Network.from_arrays([[[1.0, 2.0]]])
    assert network.n_neurons == 0
    complex_ = relutope.polyhedral_complex(network, (0, 1))
    assert complex_.f_vector == (4, 4, 1)
    assert complex_.sign_vectors(2).shape == (1, 0)


@pytest.mark.parametrize(
    ("weights", "biases", "message"),
    [
        ([], [], "weights is empty"),
        ([[[1.0]]], [], "biases has 0 entries"),
        ([[1.0, 2.0]], None, r"weights\[0\] has shape \(2,\)"),
        ([np.empty((3, 0))], None, r"weights\[0\] has shape \(3, 0\)"),
        ([np.empty((0, 3))], None, r"weights\[0\] has shape \(0, 3\)"),
        ([np.ones((3, 2)), np.ones((1, 4))], None, r"legal: \(n_out, 3\)"),
        ([np.ones((3, 2)), np.ones((3, 1))], None, "pass its transpose"),
        ([np.ones((2, 3)), np.ones((3, 1))], [np.ones(3), None], "pass its transpose"),
        ([np.ones((3, 2))], [np.ones(2)], r"biases\[0\] has shape \(2,\)"),
        ([[[1.0, 2.0], [3.0]]], None, r"weights\[0\] is ragged"),
        ([[[np.nan, 1.0]]], None, r"weights\[0\]\[0, 0\] is nan"),
        ([[[1.0, 1.0]]], [[np.inf]], r"biases\[0\]\[0\] is inf"),
        ([np.array([[Fraction(1), float("inf")]], dtype=object)], None, r"weights\[0\]\[0, 1\] is inf"),
    ],
)
def test_bad_values_are_refused(weights: object, biases: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Network.from_arrays(weights, biases)  # type: ignore[arg-type]


@pytest.mark.parametrize("bad", [[[1j]], [["a"]], [[True]], [[None]]])
def test_what_is_no_number_is_refused(bad: object) -> None:
    with pytest.raises(TypeError, match=r"weights\[0\]"):
        Network.from_arrays([bad])  # type: ignore[list-item]


def test_what_is_no_sequence_of_layers_is_refused() -> None:
    with pytest.raises(TypeError, match="weights is of type int; legal: a sequence"):
        Network.from_arrays(5)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="biases is of type float; legal: a sequence"):
        Network.from_arrays([[[1.0]]], 0.5)  # type: ignore[arg-type]


def test_bad_points_are_refused(network: Network) -> None:
    with pytest.raises(ValueError, match=r"X has shape \(2,\); legal: \(n, 2\)"):
        network([1.0, 2.0])
    with pytest.raises(ValueError, match=r"X\[0, 1\] is nan"):
        network.sign_vectors([[0, np.nan]])
    with pytest.raises(ValueError, match=r"point has shape \(3,\)"):
        network.exact_evaluate([1, 2, 3])
    with pytest.raises(ValueError, match="not a float64"):
        network.sign_vectors([[Fraction(1, 3), 0]])


def test_network_is_immutable(network: Network) -> None:
    with pytest.raises(AttributeError):
        network.dtype = "float16"  # type: ignore[misc]
