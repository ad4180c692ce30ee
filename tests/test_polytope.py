"""Complexes on polytopes against the oracle: bounded or not, redundant rows, crowded vertices."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

import networks
import relutope
from compare import assert_equals_reference, cell_set, exact_points, network_of
from reference import exact_layers, reference_cells
from relutope import AllSpace, Box, Network, PolyhedralComplex, Polytope, polyhedral_complex
from relutope.npz import write_npz
from relutope.storage import complex_to_record
from test_npz import summed

Rows = tuple[list[list[Any]], list[Any]]


def simplex(d: int) -> Rows:
    """The simplex with corners -1/2 (1, ..., 1) and its neighbours on the axes."""
    eye = np.eye(d, dtype=int)
    return [*(-eye).tolist(), [1] * d], [Fraction(1, 2)] * d + [1]


def cross(d: int) -> Rows:
    """The cross-polytope, in whose vertices 2^(d-1) rows meet."""
    signs = [[1 if i >> j & 1 else -1 for j in range(d)] for i in range(1 << d)]
    return signs, [1] * len(signs)


def wedge(d: int) -> Rows:
    """An unbounded one: x_0 >= 0 and x_0 + x_1 >= -1/4 (in one dimension only the first)."""
    rows = [[-1] + [0] * (d - 1)] + ([[-1, -1] + [0] * (d - 2)] if d > 1 else [])
    return rows, [0, Fraction(1, 4)][: len(rows)]


def strip(d: int) -> Rows:
    """Without any vertex for d > 1."""
    row = [3] + [1] * (d - 1)
    return [row, [-v for v in row]], [1, Fraction(1, 3)]


def redundant(d: int) -> Rows:
    """The unit box with repeated, scaled, touching, far and trivial rows, some of them first."""
    eye = np.eye(d, dtype=int).tolist()
    box = eye + [[-v for v in row] for row in eye]
    ones = [1] * d
    rows = [[0] * d, ones, *box, *[[2 * v for v in row] for row in box], ones, [0] * d, box[0]]
    heights = [0, d, *[1] * (2 * d), *[2] * (2 * d), d + 7, 5, 1]
    return rows, heights


POLYTOPES = {f.__name__: f for f in (simplex, cross, wedge, strip, redundant)}


def complex_on_rows(network: Network, rows: Rows) -> PolyhedralComplex:
    complex_ = polyhedral_complex(network, Polytope(*rows))
    complex_.validate()
    return complex_


@pytest.mark.parametrize("name", networks.CLASSES)
@pytest.mark.parametrize("polytope", POLYTOPES)
@pytest.mark.parametrize("d", [1, 2, 3])
def test_equals_the_oracle(name: str, polytope: str, d: int) -> None:
    rows = POLYTOPES[polytope](d)
    case = networks.cases(name, d)[4]
    complex_ = complex_on_rows(network_of(case.layers), rows)
    oracle = reference_cells(exact_layers(case.hidden), None, None, d, list(zip(*rows, strict=True)))
    assert_equals_reference(complex_, oracle)


@pytest.mark.parametrize("d", [1, 2, 3, 4])
def test_a_box_as_a_polytope_is_the_box(d: int) -> None:
    case = networks.cases("random", d)[2]
    network = network_of(case.layers)
    lo, hi = case.lo, case.hi
    eye = np.eye(d)
    rows = (np.vstack([-eye, eye]).tolist(), [*(-lo).tolist(), *hi.tolist()])
    box, polytope = polyhedral_complex(network, Box(lo, hi)), complex_on_rows(network, rows)
    assert polytope.f_vector == box.f_vector
    assert {key[2] for key in cell_set(polytope)} == {key[2] for key in cell_set(box)}
    assert sorted(exact_points(polytope).values()) == sorted(exact_points(box).values())
    assert polytope.euler_characteristic == 1
    assert polytope.n_bounded_regions == polytope.n_regions


def test_no_effective_row_is_all_space() -> None:
    network = network_of(networks.cases("random", 2)[0].layers)
    polytope = complex_on_rows(network, ([[0, 0], [0, 0]], [0, 1]))
    assert polytope.f_vector == polyhedral_complex(network, AllSpace()).f_vector
    assert polytope.euler_characteristic == 1


def test_cells_without_a_network_are_the_faces() -> None:
    network = Network.from_arrays([[[1, 1, 1]]])
    assert complex_on_rows(network, simplex(3)).f_vector == (4, 6, 4, 1)
    assert complex_on_rows(network, cross(3)).f_vector == (6, 12, 8, 1)
    assert complex_on_rows(network, redundant(3)).f_vector == (8, 12, 6, 1)
    assert complex_on_rows(network, wedge(3)).f_vector == (0, 1, 2, 1)
    assert complex_on_rows(network, strip(3)).f_vector == (0, 0, 2, 1)
    assert complex_on_rows(network, wedge(3)).euler_characteristic == 0


def test_a_polygon_with_many_rows() -> None:
    angles = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    rows = np.column_stack([np.cos(angles), np.sin(angles)])
    network = network_of(networks.cases("random", 2)[1].layers)
    complex_ = complex_on_rows(network, (rows.tolist(), [1] * 200))
    assert complex_.walls(1).shape == (complex_.counts[1], 200)
    assert np.array_equal(np.flatnonzero(complex_.walls(1).any(axis=0)), np.arange(200))
    assert complex_.walls(2).any() == np.False_


@pytest.mark.parametrize("name", networks.CLASSES)
@pytest.mark.parametrize("polytope", POLYTOPES)
@pytest.mark.parametrize("d", [1, 2])
def test_questions_to_a_complex_on_a_polytope(name: str, polytope: str, d: int) -> None:
    case = networks.cases(name, d)[3]
    complex_ = complex_on_rows(network_of(case.layers), POLYTOPES[polytope](d))
    regions = complex_.regions()
    points = regions.interior_points(exact=True)
    check_inequalities(complex_, points)
    check_location(complex_)
    assert (complex_.boundary_matrix(d) @ np.ones(complex_.counts[d], dtype=np.int8)).any()
    if complex_.n_bounded_regions == complex_.n_regions:
        assert sum(regions.volumes(exact=True)) == volume_of_domain(complex_)
    assert complex_.count_regions("open_connected").count == complex_.linear_regions().max() + 1
    refined = complex_.refine([1] + [0] * case.layers[-1][0].shape[0])
    carriers = refined.carrier(d)
    assert np.array_equal(np.unique(carriers.ids[: refined.n_regions]), np.arange(complex_.n_regions))


def check_inequalities(complex_: PolyhedralComplex, points: list[tuple[Fraction, ...]]) -> None:
    """Interior points satisfy their inequalities strictly; vertices do, with equality on the facets."""
    found = complex_.regions().inequalities(exact=True)
    indptr, ids = complex_.regions().vertices()
    exact = dict(enumerate(complex_.exact_vertices()))
    for i, point in enumerate(points):
        corners = [exact[v] for v in ids[indptr[i] : indptr[i + 1]].tolist() if v in exact]
        for row in range(found.indptr[i], found.indptr[i + 1]):
            values = [dot(found.A[row], x) - found.b[row] for x in [point, *corners]]
            assert values[0] < 0
            assert all(value <= 0 for value in values[1:])
            facet = found.facets[row]
            on_facet = {facet}
            if complex_.dim > 1:
                on_facet = set(complex_.incidence(complex_.dim - 1, 0, [facet])[1].tolist())
            zero = {
                v
                for v in ids[indptr[i] : indptr[i + 1]].tolist()
                if v in exact and not dot(found.A[row], exact[v]) - found.b[row]
            }
            assert zero == {v for v in on_facet if v in exact}


def check_location(complex_: PolyhedralComplex) -> None:
    """Vertices and points of a lattice are found in the cell that has their signs and rows."""
    d, polytope = complex_.dim, complex_.domain
    assert isinstance(polytope, Polytope)
    axis = np.arange(-5, 6) / 4
    X = np.stack(np.meshgrid(*[axis] * d), axis=-1).reshape(-1, d)
    ids, dimensions = complex_.locate(X)
    inside = polytope.contains(X)
    assert np.array_equal(dimensions >= 0, inside)
    assert (ids[~inside] == -1).all()
    signs, rows = complex_.network.core.sign_vectors(X), polytope.row_signs(X)
    for i in np.flatnonzero(inside).tolist():
        k, cell = int(dimensions[i]), int(ids[i])
        assert np.array_equal(complex_.sign_vectors(k, [cell])[0], signs[i])
        on_rows = (rows[i] == 0) & polytope.G.any(axis=1)
        assert np.array_equal(complex_.walls(k)[cell, : polytope.n_rows] == 1, on_rows)


def dot(a: Any, b: Any) -> Fraction:
    return sum((Fraction(x) * Fraction(y) for x, y in zip(a, b, strict=True)), Fraction(0))


def volume_of_domain(complex_: PolyhedralComplex) -> Fraction:
    """The volume of the polytope without a network."""
    empty = polyhedral_complex(Network.from_arrays([[[1] * complex_.dim]]), complex_.domain)
    (volume,) = empty.regions().volumes(exact=True)
    assert isinstance(volume, Fraction)
    return volume


def test_volumes_of_polytopes() -> None:
    network = Network.from_arrays([[[1, 1, 1]]])
    volumes = {
        "cross": Fraction(8, 6),
        "redundant": Fraction(8),
        "simplex": Fraction(5, 2) ** 3 / 6,
    }
    for name, volume in volumes.items():
        assert complex_on_rows(network, POLYTOPES[name](3)).regions().volumes(exact=True) == [volume]


@pytest.mark.parametrize("polytope", POLYTOPES)
def test_saved_polytopes_come_back(polytope: str, tmp_path: Path) -> None:
    network = network_of(networks.cases("integer", 2)[3].layers)
    complex_ = complex_on_rows(network, POLYTOPES[polytope](2))
    complex_.save(tmp_path / "complex.npz")
    loaded = PolyhedralComplex.load(tmp_path / "complex.npz")
    loaded.validate()
    assert loaded.domain == complex_.domain
    assert cell_set(loaded) == cell_set(complex_)
    assert exact_points(loaded) == exact_points(complex_)


@pytest.mark.parametrize("name", networks.CLASSES)
@pytest.mark.parametrize("polytope", POLYTOPES)
@pytest.mark.parametrize("d", [1, 2, 3])
def test_polytopes_are_certified(name: str, polytope: str, d: int, tmp_path: Path) -> None:
    network = network_of(networks.cases(name, d)[1].layers)
    complex_ = polyhedral_complex(network, Polytope(*POLYTOPES[polytope](d)))
    complex_.save(tmp_path / "complex.npz")
    certificate = relutope.verify(tmp_path / "complex.npz", network)
    assert certificate.ok, str(certificate)


def test_a_network_without_hidden_layers_is_certified(tmp_path: Path) -> None:
    network = Network.from_arrays([[[1, 1]]])
    polyhedral_complex(network, Polytope(*cross(2))).save(tmp_path / "complex.npz")
    assert relutope.verify(tmp_path / "complex.npz", network).ok


@pytest.mark.parametrize("polytope", POLYTOPES)
def test_flipped_bits_of_polytopes_are_refuted(polytope: str, tmp_path: Path) -> None:
    network = network_of(networks.cases("integer", 2)[2].layers)
    complex_ = complex_on_rows(network, POLYTOPES[polytope](2))
    record = complex_to_record(complex_)
    rng = np.random.default_rng(1)
    names = [name for name in record if name.startswith("cells.") and record[name].size]
    assert "cells.constraint_bit" in names
    for name in names:
        for _ in range(4):
            changed = {key: np.array(array) for key, array in record.items()}
            flat = changed[name].reshape(-1).view(np.uint8)
            flat[rng.integers(flat.size)] ^= 1 << int(rng.integers(8))
            path = tmp_path / "changed.npz"
            with open(path, "wb") as stream:
                write_npz(stream, summed(changed))
            assert not relutope.verify(path, network).ok, name


def test_another_polytope_is_refuted(tmp_path: Path) -> None:
    """The cells of a polytope under the name of a smaller or a larger one."""
    network = network_of(networks.cases("random", 2)[2].layers)
    complex_ = complex_on_rows(network, cross(2))
    for height in (Fraction(1, 2), 2):
        rows = cross(2)
        wrong = replace(complex_, domain=Polytope(rows[0], [height, *rows[1][1:]]))
        wrong.save(tmp_path / "wrong.npz")
        assert not relutope.verify(tmp_path / "wrong.npz", network, rebuild=False).ok


def test_pictures_of_unbounded_polytopes() -> None:
    far = Network.from_arrays([[[1, 0]], [[1]]], [[-5.5], [0]])
    axes = polyhedral_complex(far, Polytope([[1, 0], [-1, 0]], [6, -5])).plot(Figure().subplots())
    assert len(axes.collections[0].get_paths()) == 2
    quadrants = Network.from_arrays([[[1, 0], [0, 1]], [[1, 1]]])
    half = polyhedral_complex(quadrants, Polytope([[1, 1]], [1]))
    axes = half.plot(Figure().subplots(), window=Box(-1, 1))
    assert len(axes.collections[0].get_paths()) == 4
    refined = polyhedral_complex(quadrants, AllSpace()).refine([2, -1])
    axes = refined.plot(Figure().subplots(), window=Box(-1, 2))
    assert len(axes.collections[0].get_paths()) == 7
    shifted = Network.from_arrays([[[1, 0], [0, 1]], [[1, 1]]], [[1e17, 0], [0]])
    assert polyhedral_complex(shifted, AllSpace()).plot(Figure().subplots()).get_xlim()[0] < -1e17


def test_a_row_of_zeros_is_no_wall() -> None:
    network = Network.from_arrays([np.vstack([np.eye(2), -np.eye(2)]), [[1, 1, 1, 1]]])
    box = np.vstack([np.eye(2), -np.eye(2)])
    for rows in (box, np.vstack([box, [[0, 0]]])):
        heights = [2, 2, 2, 2, 0][: len(rows)]
        diamond = polyhedral_complex(network, Polytope(rows, heights)).decision_boundary(1)
        assert diamond.betti() == [1, 1, 0]
        assert diamond.connected_components().touches_wall.tolist() == [False]


def test_contains_is_exact() -> None:
    third = Polytope([[Fraction(1, 3)]], [Fraction(1, 9)])
    below, above = np.nextafter(1 / 3, 0), np.nextafter(1 / 3, 1)
    assert third.contains(np.array([[below], [1 / 3], [above]])).tolist() == [True, True, False]
    assert Fraction(1 / 3) < Fraction(1, 3) < Fraction(above)


@pytest.mark.parametrize("n_threads", [1, 2])
def test_threads_give_the_same_bytes(n_threads: int) -> None:
    network = network_of(networks.cases("random", 3)[3].layers)
    complex_ = polyhedral_complex(network, Polytope(*cross(3)), n_threads=n_threads)
    other = polyhedral_complex(network, Polytope(*cross(3)), n_threads=1)
    for name, array in complex_.core.to_arrays().items():
        assert array.tobytes() == other.core.to_arrays()[name].tobytes(), name


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (([[1, 0], [-1, 0]], [0, -1]), r"empty.*G\[1\] x <= h\[1\]"),
        (([[0, 0]], [-1]), r"empty.*G\[0\]"),
        (([[1, 0], [-1, 0]], [0, 0]), r"not full-dimensional: G\[1\] x = h\[1\]"),
        (([[1, 0], [0, 1], [-1, -1]], [0, 0, 0]), r"not full-dimensional: G\[2\] x = h\[2\]"),
        (([[1, 0], [-1, 0]], [Fraction(1, 3), Fraction(-1, 3)]), r"G\[1\] x = h\[1\]"),
    ],
)
def test_empty_or_flat_polytopes_are_refused(rows: Rows, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        polyhedral_complex(Network.from_arrays([[[1, 1]], [[1]]]), Polytope(*rows))


@pytest.mark.parametrize(
    ("G", "h", "message"),
    [
        ([1, 2], [1], "G has shape"),
        (np.zeros((0, 2)), [], "G has shape"),
        ([[1, 2]], [1, 2], "h has shape"),
        ([[np.nan, 2]], [1], "finite"),
        ([[1, 2]], [np.inf], "finite"),
        ([[Fraction(1, 10**400), 2]], [1], "beyond float64"),
    ],
)
def test_bad_polytopes(G: Any, h: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Polytope(G, h)


def test_another_dimension_is_refused() -> None:
    with pytest.raises(ValueError, match="3 dimensions and the network has 2 inputs"):
        polyhedral_complex(Network.from_arrays([[[1, 1]], [[1]]]), Polytope([[1, 0, 0]], [1]))
