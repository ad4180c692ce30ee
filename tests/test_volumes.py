"""Volumes against other methods in fractions, Qhull, and the volume of the box."""

from fractions import Fraction
from itertools import pairwise
from math import inf, prod

import numpy as np
import pytest

import compare
import networks
from relutope import Network, PolyhedralComplex, polyhedral_complex
from relutope.volumes import cell_volumes

Point = tuple[Fraction, ...]


def cycle(complex_: PolyhedralComplex, face: int) -> list[Point]:
    """The exact vertices of a 2-cell in order, found by walking along its edges."""
    edge_ptr, edge_ids = complex_.facets(1)
    ptr, ids = complex_.facets(2)
    ends = [edge_ids[edge_ptr[e] : edge_ptr[e + 1]].tolist() for e in ids[ptr[face] : ptr[face + 1]]]
    order = ends.pop()
    while ends:
        i = next(i for i, end in enumerate(ends) if order[-1] in end)
        a, b = ends.pop(i)
        order.append(b if a == order[-1] else a)
    assert order[0] == order[-1]
    return complex_.exact_vertices(order)


def cross(a: Point, b: Point) -> Point:
    return tuple(a[i - 2] * b[i - 1] - a[i - 1] * b[i - 2] for i in range(3))


def shoelace(points: list[Point]) -> Fraction:
    return abs(sum((a[0] * b[1] - a[1] * b[0] for a, b in pairwise(points)), Fraction(0))) / 2


def divergence(complex_: PolyhedralComplex, region: int) -> Fraction:
    """Volume in space as the sum over facets of (area vector) . (point of it) / 3, outward."""
    ptr, ids = complex_.facets(3)
    facets = [cycle(complex_, face) for face in ids[ptr[region] : ptr[region + 1]].tolist()]
    corners = {point for points in facets for point in points}
    centre = tuple(sum(column) / len(corners) for column in zip(*corners, strict=True))
    total = Fraction(0)
    for points in facets:
        relative = [tuple(x - c for x, c in zip(point, centre, strict=True)) for point in points]
        area = [sum(column) / 2 for column in zip(*(cross(a, b) for a, b in pairwise(relative)), strict=True)]
        total += abs(sum(x * y for x, y in zip(area, relative[0], strict=True))) / 3
    return total


def second_method(complex_: PolyhedralComplex, region: int) -> Fraction:
    if complex_.dim == 1:
        ptr, ids = complex_.facets(1)
        (a,), (b,) = complex_.exact_vertices(ids[ptr[region] : ptr[region + 1]])
        return abs(a - b)
    return shoelace(cycle(complex_, region)) if complex_.dim == 2 else divergence(complex_, region)


@pytest.mark.parametrize("name", networks.CLASSES)
@pytest.mark.parametrize("d", [1, 2, 3])
def test_exact_volumes_agree_with_another_method(name: str, d: int) -> None:
    case = networks.cases(name, d)[1 if d < 3 else 0]
    complex_ = compare.complex_on(compare.network_of(case.layers), case.lo, case.hi)
    volumes = complex_.regions().volumes(exact=True)
    assert volumes == [second_method(complex_, region) for region in range(complex_.n_regions)]
    assert sum(volumes) == prod(Fraction(b) - Fraction(a) for a, b in zip(case.lo, case.hi, strict=True))
    floats = complex_.regions().volumes()
    assert floats.dtype == np.float64
    assert np.allclose(floats, [float(volume) for volume in volumes], rtol=2**-20, atol=2**-40)


@pytest.mark.parametrize("name", ["random", "integer", "concurrent"])
def test_volumes_in_dimension_4(name: str) -> None:
    case = networks.cases(name, 4)[0]
    complex_ = compare.complex_on(compare.network_of(case.layers), case.lo, case.hi)
    box = prod(Fraction(b) - Fraction(a) for a, b in zip(case.lo, case.hi, strict=True))
    assert sum(complex_.regions().volumes(exact=True)) == box
    assert complex_.regions().volumes().sum() == pytest.approx(float(box), rel=2**-30)


@pytest.mark.parametrize("d", [2, 3, 4])
def test_float_volumes_agree_with_qhull(d: int) -> None:
    spatial = pytest.importorskip("scipy.spatial")
    case = networks.cases("random", d)[0]
    complex_ = compare.complex_on(compare.network_of(case.layers), case.lo, case.hi)
    regions = complex_.regions()
    ptr, ids = regions.vertices()
    hulls = [spatial.ConvexHull(complex_.vertices[ids[a:b]]).volume for a, b in pairwise(ptr)]
    assert np.allclose(regions.volumes(), hulls, rtol=2**-30, atol=0)


def test_faces_of_a_box() -> None:
    """Vertices count 1, edges and facets have their closed forms, and blocks join."""
    complex_ = polyhedral_complex(Network.from_arrays([[[0.0, 0, 0]]]), ([0, 0, 0], [1, 2, 3]))
    assert cell_volumes(complex_, 0).tolist() == [1] * 8
    assert sorted(cell_volumes(complex_, 1).tolist()) == pytest.approx([1] * 4 + [2] * 4 + [3] * 4)
    assert sorted(cell_volumes(complex_, 2).tolist()) == pytest.approx([2, 2, 3, 3, 6, 6])
    assert cell_volumes(complex_, 3).tolist() == [6]
    assert cell_volumes(complex_, 3, []).tolist() == []
    assert cell_volumes(complex_, 3, [], exact=True) == []


def test_diagonal_edges_and_order() -> None:
    complex_ = polyhedral_complex(Network.from_arrays([[[1, -1]], [[1]]]), (0, 1))
    lengths = cell_volumes(complex_, 1)
    assert sorted(lengths.tolist()) == pytest.approx([1, 1, 1, 1, 2**0.5])
    assert np.array_equal(cell_volumes(complex_, 1, [4, 0, 4]), lengths[[4, 0, 4]])


@pytest.mark.parametrize("name", ["random", "zero_bias", "dead", "braid"])
@pytest.mark.parametrize("d", [1, 2, 3])
def test_unbounded_cells_are_infinite(name: str, d: int) -> None:
    case = networks.cases(name, d)[0]
    complex_ = compare.complex_on(compare.network_of(case.layers), None, None)
    regions = complex_.regions()
    floats, exact = regions.volumes(), regions.volumes(exact=True)
    assert np.array_equal(np.isinf(floats), ~regions.bounded)
    assert [volume == inf for volume in exact] == (~regions.bounded).tolist()
    assert np.allclose(floats, [float(volume) for volume in exact])
    for k in range(d):
        assert np.array_equal(
            np.isfinite(cell_volumes(complex_, k)), complex_.bounded(k)[: complex_.f_vector[k]]
        )


def test_extreme_boxes() -> None:
    """No overflow on the way, no nan, and inf only beyond the largest float."""
    affine = Network.from_arrays([[[1.0, 1.0]]])
    wide = polyhedral_complex(affine, ([-1.5e308, 0], [1.5e308, 2.0**-600]))
    assert wide.regions().volumes()[0] == pytest.approx(float(Fraction(1.5e308) * 2 / 2**600))
    beyond = polyhedral_complex(affine, (-1.5e308, 1.5e308))
    assert beyond.regions().volumes()[0] == inf
    assert beyond.regions().volumes(exact=True) == [(2 * Fraction(1.5e308)) ** 2]
    small = polyhedral_complex(affine, (0, 2.0**-530))
    assert small.regions().volumes()[0] == 2.0**-1060
    assert cell_volumes(beyond, 1).tolist() == [inf] * 4


def test_vertices_beyond_float64() -> None:
    """The kink of 2^-1000 x - 2^100 is beyond every float: the exact volume is finite, the float one inf."""
    network = Network.from_arrays([[[2.0**-1000], [1]], [[1, 1]]], [[-(2.0**100), 0], [0]])
    complex_ = compare.complex_on(network, None, None)
    assert sorted(complex_.regions().volumes(exact=True)) == [Fraction(2**1100), inf, inf]
    assert complex_.regions().volumes().tolist() == [inf] * 3


def test_wrong_arguments() -> None:
    complex_ = polyhedral_complex(Network.from_arrays([[[1, 1]], [[1]]]), (-1, 1))
    with pytest.raises(ValueError, match=r"exact is True and k is 1; legal: k = d = 2"):
        cell_volumes(complex_, 1, exact=True)
    with pytest.raises(ValueError, match="k is 3; legal: 0 <= k <= 2"):
        cell_volumes(complex_, 3)
    with pytest.raises(ValueError, match=r"ids contains 9; legal: 0 <= id < 2, .* not at infinity"):
        cell_volumes(complex_, 2, [9])
