"""Folding changes costs only: the cells are the oracle's, whatever bounds decide or leave open."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import relutope
from compare import cell_set, network_of
from networks import gaussian_layer
from relutope import AllSpace, Network, Polytope, Slice, polyhedral_complex, verify
from skip_networks import expected_cells, skip_network
from test_skips import keys, layers_of


def folded(network: Network, domain: Any, **limits: Any) -> relutope.PolyhedralComplex:
    complex_ = polyhedral_complex(network, domain, fold=True, **limits)
    complex_.validate(exact=True)
    return complex_


@given(st.integers(0, 2**32))
@settings(max_examples=80, deadline=None)
def test_cells_are_those_of_the_oracle(seed: int) -> None:
    d, layers = layers_of(seed)
    assert keys(folded(skip_network(d, layers), (-1, 1))) == expected_cells(d, layers, 1)


@given(st.integers(0, 2**32))
@settings(max_examples=40, deadline=None)
def test_small_boxes_and_polytopes(seed: int) -> None:
    """Where most neurons have one sign; the twin that is not folded is compared with the oracle elsewhere."""
    d, layers = layers_of(seed)
    network = skip_network(d, layers)
    for domain in (
        (-1 / 16, 1 / 8),
        Polytope(np.vstack([np.eye(d), -np.ones((1, d))]), [1 / 4] * d + [1 / 2]),
    ):
        complex_ = folded(network, domain)
        plain = polyhedral_complex(network, domain, fold=False)
        assert complex_.f_vector == plain.f_vector
        assert keys(complex_) == keys(plain)


def wide_network(rng: np.random.Generator, widths: list[int]) -> Network:
    return network_of([gaussian_layer(rng, a, b) for a, b in pairwise(widths)])


def test_large_networks_are_folded_by_default() -> None:
    rng = np.random.default_rng(1)
    network = wide_network(rng, [2, 1100, 1100, 1])
    domain = ([0.3, 0.2], [0.31, 0.21])
    by_default = polyhedral_complex(network, domain)
    plain = polyhedral_complex(network, domain, fold=False)
    # Bounds decide signs that are otherwise computed at every vertex.
    assert by_default.statistics["signs"]["float"] < plain.statistics["signs"]["float"] / 4
    assert by_default.n_regions > 100
    assert cell_set(by_default) == cell_set(plain)
    small = wide_network(rng, [2, 30, 30, 1])
    counts = [
        polyhedral_complex(small, domain, fold=f).statistics["signs"]["float"] for f in (None, False, True)
    ]
    assert counts[0] == counts[1] > counts[2]


def test_deep_networks_keep_their_bounds() -> None:
    """Twenty layers, of which plain float64 bounds on the forms would leave nothing."""
    rng = np.random.default_rng(2)
    network = wide_network(rng, [2, *[30] * 20, 1])
    complex_, plain = (polyhedral_complex(network, (-0.1, 0.1), fold=fold) for fold in (True, False))
    complex_.validate(exact=False)
    assert cell_set(complex_) == cell_set(plain)
    assert complex_.n_regions > 100
    for decided in ("signs", "orders"):
        assert complex_.statistics[decided]["exact"] <= plain.statistics[decided]["exact"]


def test_same_bytes_for_any_number_of_threads() -> None:
    rng = np.random.default_rng(3)
    network = wide_network(rng, [3, 40, 40, 1])
    one, two = (polyhedral_complex(network, (-0.4, 0.4), fold=True, n_threads=n) for n in (1, 3))
    assert one.f_vector == two.f_vector
    assert one.vertices.tobytes() == two.vertices.tobytes()
    assert one.vertex_error.tobytes() == two.vertex_error.tobytes()
    for k in range(4):
        assert one.sign_vectors(k).tobytes() == two.sign_vectors(k).tobytes()
    for k in range(1, 4):
        for a, b in zip(one.facets(k), two.facets(k), strict=True):
            assert a.tobytes() == b.tobytes()


def assert_certified(network: Network, domain: Any, path: Path) -> None:
    complex_ = folded(network, domain)
    complex_.save(path)
    certificate = verify(path, network)
    assert certificate.ok, certificate


@pytest.mark.parametrize("seed", range(8))
def test_certificates_and_refinements(seed: int, tmp_path: Path) -> None:
    d, layers = layers_of(100 + seed)
    network = skip_network(d, layers)
    assert_certified(network, (-1 / 4, 1 / 4), tmp_path / "complex.npz")
    folded_, plain = (polyhedral_complex(network, (-1, 1), fold=fold) for fold in (True, False))
    assert folded_.decision_boundary().f_vector == plain.decision_boundary().f_vector


def test_opposite_rows_that_bounds_decide(tmp_path: Path) -> None:
    network = network_of([([[1.0], [-1.0]], [9.0, -9.0]), ([[1.0, 1.0]], [-9.5]), ([[1.0]], [0.0])])
    assert_certified(network, (-1, 1), tmp_path / "complex.npz")
    assert folded(network, (-1, 1)).decision_boundary(0.25).f_vector == (1, 0)


def test_entries_that_are_off_everywhere(tmp_path: Path) -> None:
    """Two dead entries beside one that bends have one value, and a sign each."""
    relu = np.array([[1.0, 0.5], [0.0, 1.0], [1.0, 0.0]]), np.array([0.25, -9.0, -9.0])
    layers = [
        ("relu", *relu),
        ("max", np.array([[0.0, 0.0, 1.0, 1.0, 1.0]]), np.zeros(1)),
        ("linear", np.array([[0.0, 0.0, 0.0, 0.0, 0.0, 1.0]]), np.zeros(1)),
    ]
    network = skip_network(2, layers)
    assert_certified(network, (-1, 1), tmp_path / "complex.npz")
    complex_ = folded(network, (-1, 1))
    assert keys(complex_) == expected_cells(2, layers, 1)
    assert complex_.decision_boundary(0.5).f_vector == (2, 1, 0)


def test_a_refinement_is_folded_as_its_base() -> None:
    """By its size the base is not folded, and the network with its outputs as a layer would be."""
    rng = np.random.default_rng(5)
    layers = [gaussian_layer(rng, a, b) for a, b in pairwise([2, 1024, 1023, 1])]
    layers[0][0][:2], layers[0][1][:2] = [[1, 0], [-1, 0]], [9, -9]
    network = network_of(layers)
    complex_ = polyhedral_complex(network, ([0.3, 0.2], [0.31, 0.21]))
    assert complex_.statistics["folded"]["layers"] == 0
    level = float(network([[0.305, 0.205]])[0, 0])
    assert complex_.decision_boundary(level).f_vector[1] > 0


def test_rational_weights_below_all_normal_numbers() -> None:
    """4/3 2^-1074 is stored as 2^-1074: what is missing weighs as much as the source is large."""
    big = 2.0**100
    tiny = Fraction(4, 3) * Fraction(2) ** -1074
    layers = [
        ("relu", np.array([[big], [1.2 * big]]), np.array([4 * big, 4.8 * big])),
        ("relu", np.array([[0, tiny, -(Fraction(2) ** -1074)]], dtype=object), np.array([Fraction(0)])),
        ("linear", np.array([[0.0, 0.0, 0.0, 1.0]]), np.zeros(1)),
    ]
    network = skip_network(1, layers)
    assert cell_set(folded(network, (-1, 1))) == cell_set(polyhedral_complex(network, (-1, 1), fold=False))


def test_slices_of_wide_inputs() -> None:
    rng = np.random.default_rng(4)
    network = wide_network(rng, [20, 30, 30, 2])
    plane = Slice(rng.normal(size=20), rng.normal(size=(2, 20)), (-0.2, 0.2))
    assert cell_set(folded(network, plane)) == cell_set(polyhedral_complex(network, plane, fold=False))


def test_all_neurons_decided() -> None:
    network = network_of([([[1.0, 0.0], [0.0, 1.0]], [9.0, -9.0]), ([[1.0, 1.0]], [0.0]), ([[1.0]], [0.0])])
    complex_ = folded(network, (-1, 1))
    assert complex_.f_vector == (4, 4, 1)
    assert complex_.sign_vectors(2).tolist() == [[1, -1, 1]]


def test_numbers_beyond_all_bounds() -> None:
    """Forms that overflow have no bound, so integers decide."""
    huge = 2.0**1000
    network = network_of(
        [([[huge], [-huge]], [1.0, 0.5]), ([[huge, 0.25], [1.0, -huge]], [0.0, 1.0]), ([[1.0, 1.0]], [0.0])]
    )
    complex_ = folded(network, (-1, 1))
    assert cell_set(complex_) == cell_set(polyhedral_complex(network, (-1, 1), fold=False))
    assert complex_.statistics["signs"]["exact"] > 0


def test_unbounded_domains_are_refused() -> None:
    network = network_of([([[1.0]], [0.0]), ([[1.0]], [0.0])])
    with pytest.raises(ValueError, match="fold: true; the domain is not bounded"):
        polyhedral_complex(network, AllSpace(), fold=True)
    assert polyhedral_complex(network, AllSpace(), fold=False).f_vector == (1, 2)
