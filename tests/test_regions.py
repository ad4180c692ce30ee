"""Regions as polyhedra: patterns, interior points, inequalities and vertices, each proven in fractions."""

from fractions import Fraction
from itertools import pairwise
from operator import mul
from typing import Any

import numpy as np
import pytest

import compare
import networks
from reference import Layer, exact_layers, reference_cells, reference_signs
from relutope import Network, PolyhedralComplex, Regions, _core, polyhedral_complex

DOMAINS = [True, False]  # on the box of the case, or on all of R^d


def case_complex(name: str, d: int, boxed: bool, place: int = 1) -> tuple[PolyhedralComplex, list[Layer]]:
    case = networks.cases(name, d)[place]
    network = compare.network_of(case.layers)
    bounds = (case.lo, case.hi) if boxed else (None, None)
    return compare.complex_on(network, *bounds), exact_layers(case.hidden)


def dot(a: Any, b: Any) -> Fraction:
    return sum(map(mul, a, b), Fraction(0))


def in_box(complex_: PolyhedralComplex, point: Any, boxed: bool) -> bool:
    if not boxed:
        return True
    lo, hi = complex_.domain.bounds(complex_.dim)
    return all(a < x < b for a, x, b in zip(lo.tolist(), point, hi.tolist(), strict=True))


@pytest.mark.parametrize("boxed", DOMAINS)
@pytest.mark.parametrize("d", [1, 2, 3])
@pytest.mark.parametrize("name", networks.CLASSES)
def test_interior_points_are_interior(name: str, d: int, boxed: bool) -> None:
    complex_, layers = case_complex(name, d, boxed, 1 if d < 3 else 0)
    regions = complex_.regions()
    signs = [tuple(row) for row in regions.sign_vectors().tolist()]
    exact = regions.interior_points(exact=True)
    assert [reference_signs(layers, point) for point in exact] == signs
    assert all(in_box(complex_, point, boxed) for point in exact)
    if name in {"nearly_parallel", "one_ulp", "proportional_rounded"}:
        return  # some of their regions are thinner than the spacing of floats
    points = regions.interior_points()
    assert points.shape == (len(regions), d)
    fractions = [[Fraction(x) for x in point] for point in points.tolist()]
    assert [reference_signs(layers, point) for point in fractions] == signs
    assert all(in_box(complex_, point, boxed) for point in fractions)


@pytest.mark.parametrize(
    "weights", [[[0, 0]], [[1, 2]], [[1, 2], [3, 6]], [[3, 7], [-3, -7]], [[0, 0], [1, 0]]]
)
@pytest.mark.parametrize("shift", [0, 1, -(2**40)])
def test_regions_without_a_vertex(weights: list[list[int]], shift: int) -> None:
    """The whole plane, half-planes and strips, next to the origin and far from it."""
    network = Network.from_arrays([weights, [[1] * len(weights)]], [[shift] * len(weights), [0]])
    complex_ = compare.complex_on(network, None, None)
    assert complex_.f_vector[0] == 0
    regions = complex_.regions()
    for points in (regions.interior_points(), regions.interior_points(exact=True)):
        for point, signs in zip(points, regions.sign_vectors(), strict=True):
            assert np.array_equal(network.exact_sign_vector(list(point)), signs)
    assert not regions.bounded.any()
    assert regions.n_facets.sum() == 2 * complex_.f_vector[1]


def test_a_region_too_thin_for_floats_is_named() -> None:
    """Between kinks at 1/3 and 1/3 + 2^-60 there is no float."""
    kinks = [Fraction(1, 3), Fraction(1, 3) + Fraction(1, 2**60)]
    network = Network.from_arrays([[[1], [1]], [[1, 1]]], [[-kink for kink in kinks], [0]])
    complex_ = compare.complex_on(network, [0], [1])
    signs = complex_.sign_vectors(1).tolist()
    thin = signs.index([1, -1])
    with pytest.raises(ValueError, match=rf"no float64 point .* of 1 regions \({thin}\); legal: exact=True"):
        complex_.regions().interior_points()
    ((point,),) = complex_.regions([thin]).interior_points(exact=True)
    assert kinks[0] < point < kinks[1]
    others = [i for i in range(3) if i != thin]
    assert complex_.regions(others).interior_points().shape == (2, 1)


def test_a_thin_region_that_holds_a_float() -> None:
    """The mean of the vertices rounds out of the triangle; another point of it is a float."""
    network = Network.from_arrays([[[1, 0], [1, 0]], [[1, 1]]], [[-1, -1 - 2.0**-51], [0]])
    complex_ = compare.complex_on(network, [0, 0], [2, 1])
    points = complex_.regions().interior_points()
    assert np.array_equal(network.sign_vectors(points), complex_.sign_vectors(2))
    assert 1 + 2.0**-52 in points[:, 0]


@pytest.mark.parametrize("boxed", DOMAINS)
@pytest.mark.parametrize("d", [1, 2, 3])
@pytest.mark.parametrize("name", networks.CLASSES)
def test_inequalities(name: str, d: int, boxed: bool) -> None:
    """Rows hold strictly inside; each is an equation on its facet and strict at all other vertices."""
    complex_, _ = case_complex(name, d, boxed, 1 if d < 3 else 0)
    regions = complex_.regions()
    rows, floats = regions.inequalities(exact=True), regions.inequalities()
    inner = regions.interior_points(exact=True)
    points = complex_.exact_vertices()
    ptr, ids = regions.vertices()
    facet_signs, signs = complex_.sign_vectors(d - 1), regions.sign_vectors()
    assert np.array_equal(np.diff(rows.indptr), regions.n_facets)
    for i, (a, b) in enumerate(pairwise(rows.indptr.tolist())):
        corners = [v for v in ids[ptr[i] : ptr[i + 1]].tolist() if v < len(points)]
        for r in range(a, b):
            assert dot(rows.A[r], inner[i]) < rows.b[r]
            facet = int(rows.facets[r])
            on = set(_core.cell_vertices(complex_.core, d - 1, np.array([facet]))[1].tolist())
            for v in corners:
                slack = rows.b[r] - dot(rows.A[r], points[v])
                assert (slack == 0) == (v in on)
                assert slack >= 0
            for ray in [v - len(points) for v in ids[ptr[i] : ptr[i + 1]].tolist() if v >= len(points)]:
                assert float(np.dot(rows.A[r].astype(float), complex_.rays[ray])) <= 2.0**-30
            vanishing = np.flatnonzero((facet_signs[facet] == 0) & (signs[i] != 0))
            assert rows.neurons[r] == (-1 if rows.walls[r] >= 0 else vanishing[0])
    assert_same_rows(floats, rows)


def assert_same_rows(floats: Any, exact: Any) -> None:
    """The float rows are the exact ones within their bounds, those of walls without error."""
    for name in ("indptr", "facets", "neurons", "walls"):
        assert np.array_equal(getattr(floats, name), getattr(exact, name))
    assert floats.A.dtype == floats.b.dtype == np.float64
    for values, errors, truth in [(floats.A, floats.A_error, exact.A), (floats.b, floats.b_error, exact.b)]:
        assert (values.shape, errors.shape) == (truth.shape, truth.shape)
        for value, error, fraction in zip(values.flat, errors.flat, truth.flat, strict=True):
            assert abs(Fraction(float(value)) - fraction) <= Fraction(float(error)) <= Fraction(1, 2**30)
        assert (errors[exact.walls >= 0] == 0).all()
    assert not exact.A_error.any()


def test_walls_of_a_box() -> None:
    complex_ = polyhedral_complex(Network.from_arrays([[[1.0, 1.0]]]), ([-1, -2], [3, 4]))
    rows = complex_.regions().inequalities()
    order = np.argsort(rows.walls)
    assert rows.walls[order].tolist() == [0, 1, 2, 3]
    assert rows.A[order].tolist() == [[-1, 0], [1, 0], [0, -1], [0, 1]]
    assert rows.b[order].tolist() == [1, 3, 2, 4]
    assert rows.neurons.tolist() == [-1] * 4


def test_a_kink_on_a_wall_and_duplicates() -> None:
    """A neuron that vanishes on a wall gives no row; of two equal neurons the first does."""
    network = Network.from_arrays([[[1], [2], [4]], [[1, 1, 1]]], [[0, -1, -2], [0]])
    rows = compare.complex_on(network, [0], [1]).regions().inequalities(exact=True)
    assert sorted(rows.walls.tolist()) == [-1, -1, 0, 1]
    assert rows.neurons[rows.walls < 0].tolist() == [1, 1]
    assert sorted(rows.A[rows.walls < 0].ravel()) == [-2, 2]


def test_a_row_that_cancels_is_rounded_from_fractions() -> None:
    """0.1 x + 0.2 x - 0.3 x is smaller than the bounds of floats; the row must not be left to them."""
    network = Network.from_arrays([[[0.1], [0.2], [0.3]], [[1, 1, -1]], [[1]]], [[9, 9, 9], [-9.0], [0]])
    slope = Fraction(0.1) + Fraction(0.2) - Fraction(0.3)
    complex_ = compare.complex_on(network, [-1], [1])
    rows = complex_.regions().inequalities()
    chosen = rows.neurons == 3
    assert chosen.sum() == 2
    assert sorted(rows.A[chosen].ravel().tolist()) == sorted([float(slope), -float(slope)])


@pytest.mark.parametrize("boxed", DOMAINS)
@pytest.mark.parametrize("name", ["random", "dead", "zero_bias", "duplicate"])
def test_patterns_boundedness_and_facets(name: str, boxed: bool) -> None:
    case = networks.cases(name, 2)[2]
    complex_, layers = case_complex(name, 2, boxed, 2)
    regions = complex_.regions()
    cells = reference_cells(layers, *((case.lo, case.hi) if boxed else (None, None)))
    keys = compare.keys(complex_, 2)
    patterns = regions.activation_patterns()
    assert patterns.dtype == np.bool_
    assert patterns.tolist() == [[sign > 0 for sign in key[2]] for key in keys]
    assert regions.bounded.tolist() == [cells[key].bounded for key in keys]
    finite = np.arange(complex_.f_vector[1])
    ptr, ids = complex_.facets(2)
    expected = [int(np.isin(ids[a:b], finite).sum()) for a, b in pairwise(ptr)]
    assert regions.n_facets.tolist() == expected


def test_vertices_of_regions() -> None:
    complex_, _ = case_complex("concurrent", 3, True, 0)
    ptr, ids = complex_.regions().vertices()
    assert np.array_equal(ptr, np.concatenate([[0], np.cumsum(np.diff(ptr))]))
    vertex_signs, signs = complex_.sign_vectors(0), complex_.sign_vectors(3)
    for i, (a, b) in enumerate(pairwise(ptr)):
        below = compare.is_below((vertex_signs, complex_.walls(0)), (signs[[i]], complex_.walls(3)[[i]]))
        assert ids[a:b].tolist() == np.flatnonzero(below[:, 0]).tolist()


def test_activation_patterns_of_points() -> None:
    complex_, layers = case_complex("integer", 2, True, 2)
    rng = np.random.default_rng(0)
    points = np.vstack([rng.integers(-8, 9, (50, 2)) / 8, rng.uniform(-1, 1, (50, 2))])
    expected = [[s > 0 for s in reference_signs(layers, [Fraction(x) for x in p])] for p in points.tolist()]
    assert complex_.activation_patterns(points).tolist() == expected
    with pytest.raises(ValueError, match=r"X has shape \(3,\); legal: \(n, 2\)"):
        complex_.activation_patterns([1, 2, 3])
    with pytest.raises(ValueError, match="finite"):
        complex_.activation_patterns([[np.nan, 0]])


def test_chosen_regions_and_none() -> None:
    complex_, _ = case_complex("random", 2, True)
    chosen = complex_.regions([4, 0, 4])
    assert isinstance(chosen, Regions)
    assert (len(chosen), repr(chosen)) == (3, f"Regions(3 of {complex_.n_regions}, dimension 2)")
    whole = complex_.regions()
    assert np.array_equal(chosen.volumes(), whole.volumes()[[4, 0, 4]])
    assert np.array_equal(chosen.interior_points(), whole.interior_points()[[4, 0, 4]])
    rows, all_rows = chosen.inequalities(), whole.inequalities()
    picked = np.concatenate([np.arange(*all_rows.indptr[[i, i + 1]]) for i in (4, 0, 4)])
    assert np.array_equal(rows.A, all_rows.A[picked])
    assert np.array_equal(rows.b, all_rows.b[picked])
    none = complex_.regions([])
    assert len(none) == len(none.volumes(exact=True)) == len(none.interior_points(exact=True)) == 0
    assert none.interior_points().shape == none.inequalities().A.shape == (0, 2)
    assert none.inequalities(exact=True).A.shape == (0, 2)
    assert none.n_facets.shape == none.bounded.shape == (0,)


@pytest.mark.parametrize("boxed", DOMAINS)
def test_no_neuron(boxed: bool) -> None:
    network = Network.from_arrays([[[1, 2]]])
    complex_ = compare.complex_on(network, *(([-1, -1], [1, 3]) if boxed else (None, None)))
    regions = complex_.regions()
    assert regions.activation_patterns().shape == (1, 0)
    assert regions.n_facets.tolist() == [4 if boxed else 0]
    assert (
        regions.inequalities().A.shape == regions.inequalities(exact=True).A.shape == (4 if boxed else 0, 2)
    )
    assert regions.interior_points().tolist() == [[0, 1 if boxed else 0]]
    assert regions.volumes().tolist() == [8 if boxed else np.inf]


def test_wrong_ids() -> None:
    complex_, _ = case_complex("random", 2, True)
    with pytest.raises(ValueError, match="ids contains -1; legal: 0 <= id <"):
        complex_.regions([-1])
    with pytest.raises(TypeError, match="a sequence of ints"):
        complex_.regions(["a"])


def test_inequalities_beyond_float64() -> None:
    network = Network.from_arrays([[[1e200]], [[1e200]], [[1]]], [[0], [-1], [0]])
    complex_ = polyhedral_complex(network, (-1, 1))
    found = complex_.regions().inequalities(exact=True)
    points = complex_.regions().interior_points(exact=True)
    for i, (point,) in enumerate(points):
        for row in range(found.indptr[i], found.indptr[i + 1]):
            assert found.A[row, 0] * point < found.b[row]
    assert found.indptr[-1] == 2 * complex_.n_regions
