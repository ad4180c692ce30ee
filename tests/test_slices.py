"""Slices: the network on an affine plane is an exact function of the plane's coordinates."""

import pickle
import re
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import networks
import relutope
from compare import assert_equals_reference, network_of
from reference import exact_layers, reference_cells
from relutope import AllSpace, Box, Network, PolyhedralComplex, Polytope, Slice, polyhedral_complex
from relutope.volumes import cell_volumes

RNG = np.random.default_rng(5)


def dot(a: Any, b: Any) -> Fraction:
    return sum((x * y for x, y in zip(a, b, strict=True)), Fraction(0))


def composed(layers: Any, plane: Slice) -> Any:
    """The hidden layers on the slice, in fractions."""
    (weights, biases), *rest = exact_layers(layers)
    directions = [[Fraction(v) for v in row] for row in plane.directions.tolist()]
    origin = [Fraction(v) for v in plane.origin.tolist()]
    first = [[dot(row, direction) for direction in directions] for row in weights]
    shift = [dot(row, origin) + b for row, b in zip(weights, biases, strict=True)]
    return [(first, shift), *rest]


@pytest.mark.parametrize("name", networks.CLASSES)
@pytest.mark.parametrize("k", [1, 2])
def test_equals_the_oracle(name: str, k: int) -> None:
    case = networks.cases(name, 4)[3]
    plane = Slice.through(RNG.normal(size=(k + 1, 4)) / 3)
    complex_ = polyhedral_complex(network_of(case.layers), plane)
    complex_.validate()
    assert complex_.slice == plane
    assert complex_.dim == k
    oracle = reference_cells(composed(case.hidden, plane), plane.domain.lo, plane.domain.hi)
    assert_equals_reference(complex_, oracle)


def test_coordinate_slices_of_fractions() -> None:
    case = networks.cases("integer", 3)[1]
    plane = Slice([0, Fraction(1, 3), 0], [[1, 0, 0], [0, 0, Fraction(1, 7)]], AllSpace())
    complex_ = polyhedral_complex(network_of(case.layers), plane)
    complex_.validate()
    assert_equals_reference(complex_, reference_cells(composed(case.hidden, plane), None, None, 2))


def test_polytope_in_a_slice() -> None:
    case = networks.cases("random", 3)[1]
    triangle = Polytope([[-1, 0], [0, -1], [1, 1]], [0, 0, 1])
    plane = Slice.through(RNG.normal(size=(3, 3)), triangle)
    complex_ = polyhedral_complex(network_of(case.layers), plane)
    complex_.validate()
    rows = list(zip(triangle.G.tolist(), triangle.h.tolist(), strict=True))
    assert_equals_reference(complex_, reference_cells(composed(case.hidden, plane), None, None, 2, rows))


def test_through_hits_its_points() -> None:
    points = RNG.normal(size=(4, 6))
    plane = Slice.through(points)
    corners = [[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]]
    exact = [
        [
            Fraction(o) + dot(corner, map(Fraction, column))
            for o, column in zip(plane.origin.tolist(), plane.directions.T.tolist(), strict=True)
        ]
        for corner in corners
    ]
    assert exact == [[Fraction(v) for v in point] for point in points.tolist()]
    assert np.allclose(plane.embed(corners), points)
    assert np.allclose(plane.project(points), corners)


def test_pca_spans_the_plane_of_its_points() -> None:
    plane = RNG.normal(size=(2, 5))
    X = RNG.normal(size=(40, 2)) @ plane + 3
    found = Slice.pca(X, 2)
    assert np.linalg.matrix_rank(np.vstack([plane, found.directions])) == 2
    t = found.project(X)
    assert np.allclose(found.embed(t), X)
    assert found.domain.contains(t).all()
    assert np.allclose(np.abs(np.linalg.det(found.metric)), 1)
    assert (found.directions[np.arange(2), np.abs(found.directions).argmax(axis=1)] > 0).all()


def test_metric_gives_lengths() -> None:
    plane = Slice([0, 0, 0], [[3, 0, 0], [0, 4, 1]])
    t = np.array([[1.0, 0], [0, 1], [2, -1]])
    lengths = np.linalg.norm(plane.embed(t) - plane.embed([[0, 0]]), axis=1)
    assert np.allclose(np.linalg.norm(t @ plane.metric, axis=1), lengths)


@pytest.mark.parametrize("e", [1e-3, 1e-8, 1e-170])
def test_metric_of_nearly_parallel_directions(e: float) -> None:
    plane = Slice([0, 0, 1], [[1, 0, 0], [1, e, 0]], Box(-1, 1))
    network = Network.from_arrays([[[1, 1, 1], [1, -1, 0]], [[1, 1]]])
    total = polyhedral_complex(network, plane).regions().volumes(metric=True).sum()
    assert total / (4 * e) == pytest.approx(1)


def test_project_keeps_short_directions() -> None:
    plane = Slice([0, 0], [[1, 0], [0, 1e-20]])
    assert plane.project(plane.embed([[0, 1]])).tolist() == [[0, 1]]


@pytest.mark.parametrize(
    ("plane", "t"),
    [
        (Slice([0, 0], [[1, 1], [1, 1 + 2**-52]]), [[1, 0], [0, 1], [2, -1], [0.1, 0.7]]),
        (Slice([Fraction(1, 3), 0, 1], [[Fraction(1, 7), 2, 0], [0, 1e-170, 1]]), [[0.5, 3], [-1, 0.25]]),
        (Slice([1e308, 0], [[0, 1]]), [[3], [-1e308]]),
    ],
)
def test_embed_and_project_round_once(plane: Slice, t: Any) -> None:
    rows = [[Fraction(v) for v in row] for row in plane.directions.tolist()]
    origin = [Fraction(o) for o in plane.origin.tolist()]
    columns = list(zip(*rows, strict=True))
    points = [
        [o + dot(map(Fraction, where), column) for o, column in zip(origin, columns, strict=True)]
        for where in t
    ]
    embedded = plane.embed(t)
    assert embedded.tolist() == [[float(value) for value in point] for point in points]
    # Cramer's rule for the normal equations of the nearest point.
    far = embedded + RNG.integers(-3, 4, embedded.shape)
    for x, found in zip(far.tolist(), plane.project(far).tolist(), strict=True):
        gram = [[dot(a, b) for b in rows] for a in rows]
        offset = [Fraction(v) - o for v, o in zip(x, origin, strict=True)]
        right = [dot(row, offset) for row in rows]
        if len(rows) == 1:
            exact = [right[0] / gram[0][0]]
        else:
            (a, b), (_, d) = gram
            det = a * d - b * b
            exact = [(d * right[0] - b * right[1]) / det, (a * right[1] - b * right[0]) / det]
        assert found == [float(value) for value in exact]


@pytest.mark.filterwarnings("error")
def test_images_beyond_float64_are_named() -> None:
    far = Slice([1e308, 0], [[0, 1]])
    assert far.project([[-1e308, 3]]).tolist() == [[3]]
    assert Slice([0, 0], [[1, 1], [1, 1 + 2**-52]]).project([[1, 1], [2, 2 + 2**-51]]).tolist() == [
        [1, 0],
        [0, 2],
    ]
    with pytest.raises(ValueError, match=r"^T\[1\] is \[3\.0\], whose image is beyond float64"):
        Slice([0, 1e308], [[0, 1e308]]).embed([[0], [3]])
    with pytest.raises(ValueError, match=r"^X\[0\] is \[1e\+200\], whose image is beyond float64"):
        Slice([0], [[1e-200]]).project([[1e200]])
    with pytest.raises(TypeError, match="X has dtype"):
        far.project("a")
    with pytest.raises(TypeError, match="T has dtype"):
        far.embed([["a"]])
    assert far.project(np.empty((0, 2))).shape == (0, 1)
    assert far.embed(np.empty((0, 1))).shape == (0, 2)


def test_metric_volumes() -> None:
    case = networks.cases("random", 4)[3]
    plane = Slice.through(RNG.normal(size=(3, 4)) / 3)
    complex_ = polyhedral_complex(network_of(case.layers), plane)
    in_t = complex_.regions().volumes()
    assert sum(complex_.regions().volumes(exact=True)) == 4
    factor = np.sqrt(np.linalg.det(plane.directions.astype(float) @ plane.directions.astype(float).T))
    assert np.allclose(complex_.regions().volumes(metric=True), in_t * factor)
    ends = complex_.facets(1)[1].reshape(-1, 2)
    corners = plane.embed(complex_.vertices)
    lengths = np.linalg.norm(corners[ends[:, 1]] - corners[ends[:, 0]], axis=1)
    assert np.allclose(cell_volumes(complex_, 1, metric=True), lengths)
    with pytest.raises(ValueError, match="exact and metric are both True"):
        complex_.regions().volumes(exact=True, metric=True)


def test_metric_changes_nothing_without_a_slice() -> None:
    case = networks.cases("random", 2)[3]
    complex_ = polyhedral_complex(network_of(case.layers), Box(-1, 1))
    assert np.array_equal(complex_.regions().volumes(metric=True), complex_.regions().volumes())


@pytest.mark.parametrize("name", networks.CLASSES)
def test_saved_slices_come_back(name: str, tmp_path: Path) -> None:
    case = networks.cases(name, 3)[2]
    network = network_of(case.layers)
    complex_ = polyhedral_complex(network, Slice.through(RNG.normal(size=(3, 3)) / 3))
    complex_.save(tmp_path / "slice.npz")
    loaded = PolyhedralComplex.load(tmp_path / "slice.npz")
    assert loaded.slice == complex_.slice
    assert loaded.domain == complex_.domain
    assert loaded.network == complex_.network
    assert relutope.verify(tmp_path / "slice.npz", network).ok
    loaded.save(tmp_path / "again.npz")
    first, again = ((tmp_path / f"{stem}.npz").read_bytes() for stem in ("slice", "again"))
    assert first == again
    other = Slice(complex_.slice.origin, 2 * complex_.slice.directions.astype(float), complex_.domain)
    replace(complex_, slice=other).save(tmp_path / "other.npz")
    certificate = relutope.verify(tmp_path / "other.npz", network)
    assert not certificate.ok
    assert certificate.checks[-1].name == "model"


def test_wide_networks_with_many_inputs() -> None:
    weights = [RNG.normal(size=(1024, 3072)) / 50, RNG.normal(size=(1, 1024))]
    network = Network.from_arrays(weights, [RNG.normal(size=1024), [0.0]])
    images = RNG.random(size=(3, 3072))
    complex_ = polyhedral_complex(network, Slice.through(images), max_seconds=100)
    assert complex_.network.input_dim == 2
    assert complex_.euler_characteristic == 1
    signs = network.core.sign_vectors(np.ascontiguousarray(images[:1]))
    corner = complex_.network.core.sign_vectors(np.zeros((1, 2)))
    assert np.array_equal(signs, corner)


def test_pickle_and_equality() -> None:
    plane = Slice.through([[0, 0, 1], [1, 0, 0.5], [0.25, 1, 0]], Box(0, 1))
    copy = pickle.loads(pickle.dumps(plane))
    assert copy == plane
    assert hash(copy) == hash(plane)
    assert plane != Slice.through([[0, 0, 1], [1, 0, 0.5], [0.25, 1, 0]], Box(0, 2))


@pytest.mark.parametrize(
    ("origin", "directions", "message"),
    [
        ([0, 0, 0], [[1, 2, 3], [2, 4, 6]], r"directions\[1\] is a linear combination"),
        ([0, 0, 0], [[0, 0, 0]], r"directions\[0\] is a linear combination"),
        ([0, 0], [[1, 0], [0, 1], [1, 1]], r"directions\[2\]"),
        ([0, 0, 0], [[1, 2]], "directions has shape"),
        ([[0, 0]], [[1, 2]], "origin has shape"),
        ([np.nan, 0], [[1, 2]], "finite"),
        ([0, 0], [[Fraction(10) ** 400, 2]], "beyond float64"),
        ([0, 0], [["a", 2]], "TypeError: directions has dtype"),
        ("a", [[1, 2]], "TypeError: origin has dtype"),
    ],
)
def test_bad_slices(origin: Any, directions: Any, message: str) -> None:
    with pytest.raises((ValueError, TypeError)) as caught:
        Slice(origin, directions)
    assert re.search(message, f"{caught.type.__name__}: {caught.value}")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Slice.through([[0, 1], [0, 1]]), r"^points\[1\] is \[0.0, 1.0\], in the span"),
        (lambda: Slice.through([[0, 0], [1, 1], [3, 3]]), r"^points\[2\] is \[3.0, 3.0\], in the span"),
        (lambda: Slice.through([[-1e308], [1e308]]), r"^points\[1\] is \[1e\+308\], whose difference"),
        (lambda: Slice([0, 0], [[1, 0]], Box([0, 0], [1, 1])), "2 axes and the slice has 1 dimensions; "),
        (lambda: Slice([0, 0], [[1, 0]], Polytope([[1, 1]], [1])), "2 dimensions and the slice has 1 dim"),
        (lambda: Slice.pca([[1, 2], [1, 2]], 1, pad=0), "^pad is 0 and X does not vary on axis 0; legal: "),
        (lambda: Slice.pca([[-1.7e308, 0], [1.7e308, 1]], 1), "^X reaches from -1.7e.308 to 1.7e.308, too"),
    ],
)
@pytest.mark.filterwarnings("error")
def test_messages_name_the_argument(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(("pad", "error"), [("a", TypeError), (None, TypeError), (-1, ValueError)])
def test_bad_pad(pad: Any, error: type[Exception]) -> None:
    points = [[0.0, 1], [1, 0], [2, 2]]
    for make in (Slice.through, Slice.pca, Box.around):
        with pytest.raises(error, match=f"^pad is {pad!r}; legal: a finite number >= 0$"):
            make(points, pad=pad)


@pytest.mark.filterwarnings("error")
def test_pca_of_large_points() -> None:
    plane = Slice.pca([[2.0**1023, 0], [2.0**1023, 1]], 1)  # whose sum is beyond float64
    assert np.allclose(plane.directions, [[0, 1]])


def test_bad_points() -> None:
    with pytest.raises(ValueError, match=r"points\[2\] is \[2\.0, 2\.0\], in the span"):
        Slice.through([[0, 0], [1, 1], [2, 2]])
    with pytest.raises(ValueError, match="legal: \\(2 to 4, n\\)"):
        Slice.through([[0, 0]])
    with pytest.raises(ValueError, match="what 2 points can span"):
        Slice.pca([[0, 0], [1, 1]], 2)
    with pytest.raises(ValueError, match="3 dimensions and the network has 2 inputs"):
        polyhedral_complex(Network.from_arrays([[[1, 1]], [[1]]]), Slice([0, 0, 0], [[1, 0, 0]]))
