"""Networks with skips and linear layers: complexes, files, certificates, slices and regions."""

from __future__ import annotations

import pickle
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import relutope
from relutope import AllSpace, Network, Slice, verify
from skip_networks import SkipLayer, expected_cells, random_layers, signs_at, skip_network


def keys(complex_: relutope.PolyhedralComplex) -> set[tuple[int, tuple[int, ...], tuple[int, ...]]]:
    found = []
    for k in range(complex_.dim + 1):
        rows = zip(complex_.walls(k).tolist(), complex_.sign_vectors(k).tolist(), strict=True)
        found += [(k, tuple(walls), tuple(signs)) for walls, signs in rows]
    assert len(found) == len(set(found))
    return set(found)


def layers_of(seed: int) -> tuple[int, list[SkipLayer]]:
    rng = np.random.default_rng(seed)
    d = int(rng.integers(1, 4))
    density = float(rng.choice([0.2, 0.5, 1.0]))
    n_layers = int(rng.integers(1, 5))
    few_bits = bool(rng.random() < 0.6)
    maxima = float(rng.choice([0.0, 0.5]))
    width = 4 if d > 2 else 6
    return d, random_layers(
        rng, d, n_layers=n_layers, width=width, few_bits=few_bits, density=density, maxima=maxima
    )


@given(st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_cells_are_those_of_the_oracle(seed: int) -> None:
    d, layers = layers_of(seed)
    complex_ = relutope.polyhedral_complex(skip_network(d, layers), (-1, 1))
    complex_.validate(exact=True)
    assert keys(complex_) == expected_cells(d, layers, 1)


@given(st.integers(0, 2**32))
@settings(max_examples=30, deadline=None)
def test_all_space_validates(seed: int) -> None:
    d, layers = layers_of(seed)
    complex_ = relutope.polyhedral_complex(skip_network(d, layers), AllSpace())
    complex_.validate(exact=True)
    assert complex_.euler_characteristic == (-1) ** d


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("domain", ["box", "all", "polytope"])
def test_certificates(seed: int, domain: str, tmp_path: Path) -> None:
    d, layers = layers_of(seed)
    network = skip_network(d, layers)
    places = {
        "box": (-1, 1),
        "all": AllSpace(),
        "polytope": relutope.Polytope(np.vstack([np.eye(d), -np.ones((1, d))]), [1.0] * d + [1.5]),
    }
    complex_ = relutope.polyhedral_complex(network, places[domain])
    path = tmp_path / "complex.npz"
    complex_.save(path)
    loaded = relutope.PolyhedralComplex.load(path)
    assert loaded.network == network
    assert loaded.network.hash == network.hash
    certificate = verify(path, network)
    assert certificate.ok, certificate


def test_certificate_refutes_another_skip(tmp_path: Path) -> None:
    d, layers = layers_of(3)
    path = tmp_path / "complex.npz"
    relutope.polyhedral_complex(skip_network(d, layers), (-1, 1)).save(path)
    kind, weights, bias = layers[-2]
    changed = weights.copy()
    changed[0, 0] += 0.25
    assert not verify(path, skip_network(d, [*layers[:-2], (kind, changed, bias), layers[-1]])).ok


@given(st.integers(0, 2**32))
@settings(max_examples=40, deadline=None)
def test_evaluation(seed: int) -> None:
    """Against the definition, in fractions."""
    d, layers = layers_of(seed)
    network = skip_network(d, layers)
    point = [Fraction(value, 8) for value in np.random.default_rng(seed).integers(-9, 10, d).tolist()]
    signs, outputs = signs_at(layers, point)
    assert network.exact_evaluate(point) == outputs
    assert network.exact_sign_vector(point).tolist() == list(signs)
    floats = np.array([[float(value) for value in point]])
    assert network.sign_vectors(floats).tolist() == [list(signs)]
    value, error = network.evaluate(floats)
    assert abs(Fraction(value.item()) - outputs[0]) <= Fraction(error.item())
    again = pickle.loads(pickle.dumps(network))
    assert again == network
    assert again.layers[0].kind == network.layers[0].kind


@pytest.mark.parametrize("seed", range(10))
def test_affine_maps(seed: int) -> None:
    """The map of a region is the network at the region's points."""
    d, layers = layers_of(seed)
    network = skip_network(d, layers)
    complex_ = relutope.polyhedral_complex(network, (-1, 1))
    regions = complex_.regions()
    points = regions.interior_points()
    maps = regions.affine_maps()
    exact = regions.exact_affine_maps()
    for i, point in enumerate(points):
        expected = network.exact_evaluate(point.tolist())[0]
        weight, bias = exact[i]
        assert (
            sum(w * Fraction(x) for w, x in zip(weight[0], point.tolist(), strict=True)) + bias[0] == expected
        )
        assert np.all(np.abs(maps.A[i] - weight.astype(float)) <= maps.A_error[i] + 1e-15)


@pytest.mark.parametrize("seed", range(8))
def test_slices(seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(seed)
    layers = random_layers(rng, 4, n_layers=4, width=6, few_bits=bool(seed % 2), density=0.5)
    network = skip_network(4, layers)
    plane = Slice(rng.integers(-4, 5, 4) / 4, rng.integers(-4, 5, (2, 4)) / 4, (-1, 1))
    complex_ = relutope.polyhedral_complex(network, plane)
    complex_.validate(exact=True)
    for point in complex_.regions().interior_points():
        t = [Fraction(value) for value in point.tolist()]
        x = [
            Fraction(o) + sum(c * Fraction(u) for c, u in zip(t, column, strict=True))
            for o, column in zip(plane.origin.tolist(), plane.directions.T.tolist(), strict=True)
        ]
        assert complex_.network.exact_evaluate(t) == network.exact_evaluate(x)
    path = tmp_path / "slice.npz"
    complex_.save(path)
    assert verify(path, network).ok


@pytest.mark.parametrize("seed", range(8))
def test_decision_boundary(seed: int) -> None:
    """The complex refined by the output is that of the network with one more ReLU layer."""
    d, layers = layers_of(seed)
    network = skip_network(d, layers)
    complex_ = relutope.polyhedral_complex(network, (-1, 1))
    boundary = complex_.decision_boundary()
    _, weights, bias = layers[-1]
    n_values = weights.shape[1]
    longer = [*layers[:-1], ("relu", weights, bias), ("linear", np.ones((1, n_values + 1)), np.zeros(1))]
    refined = relutope.polyhedral_complex(skip_network(d, longer), (-1, 1))
    zero = [int((refined.sign_vectors(k)[:, -1] == 0).sum()) for k in range(d + 1)]
    assert list(boundary.f_vector) == zero[: len(boundary.f_vector)]


def test_threads_give_the_same_bytes(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    layers = random_layers(rng, 2, n_layers=5, width=24, few_bits=False, density=0.7)
    for n_threads in (1, 3):
        complex_ = relutope.polyhedral_complex(skip_network(2, layers), (-1, 1), n_threads=n_threads)
        complex_.save(tmp_path / f"{n_threads}.npz")
    assert (tmp_path / "1.npz").read_bytes() == (tmp_path / "3.npz").read_bytes()


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ([("relu", [[1.0]], [0.0])], "last layer must be linear"),
        ([("linear", [[1.0, 1.0]], [0.0])], "reads value 1"),
        ([("tanh", [[1.0]], [0.0])], "kind is 'tanh'"),
    ],
)
def test_bad_layers(layers: list[SkipLayer], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        skip_network(1, [(kind, np.array(w), np.array(b)) for kind, w, b in layers])


def test_no_chain_has_no_matrices() -> None:
    layers: list[SkipLayer] = [
        ("relu", np.array([[1.0]]), np.zeros(1)),
        ("linear", np.array([[1.0, 1.0]]), np.zeros(1)),
    ]
    with pytest.raises(ValueError, match="no chain"):
        skip_network(1, layers).exact_layers()
    assert Network.from_arrays([[[1.0]], [[1.0]]]).core.is_chain
