"""Point location against exact signs at the points, and the counts that stand on it."""

from __future__ import annotations

import _thread
import math
import threading
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from compare import complex_on, exact_points, is_below, keys, network_of
from networks import CLASSES, Case, cases
from reference import exact_layers, reference_signs
from relutope import AllSpace, Network, PolyhedralComplex, polyhedral_complex

Points = NDArray[np.float64]
Name = tuple[tuple[int, ...], tuple[int, ...]]


def names(complex_: PolyhedralComplex) -> dict[Name, tuple[int, int]]:
    """Id and dimension of every cell that is not at infinity, by its walls and signs."""
    return {key[1:]: (cell, k) for k in range(complex_.dim + 1) for cell, key in enumerate(keys(complex_, k))}


def expected(complex_: PolyhedralComplex, case: Case, points: Points) -> list[tuple[int, int]]:
    """Id and dimension of the cell of each point, by its exact signs from the oracle."""
    box = None if isinstance(complex_.domain, AllSpace) else complex_.domain.bounds(complex_.dim)
    known, layers = names(complex_), exact_layers(case.hidden)
    result = []
    for point in points.tolist():
        if box is None:
            walls = [0] * len(point)
        elif any(not a <= x <= b for a, x, b in zip(box[0], point, box[1], strict=True)):
            result.append((-1, -1))
            continue
        else:
            walls = [int(x == b) - int(x == a) for a, x, b in zip(box[0], point, box[1], strict=True)]
        result.append(known[tuple(walls), reference_signs(layers, [Fraction(x) for x in point])])
    return result


def found(complex_: PolyhedralComplex, points: Points) -> list[tuple[int, int]]:
    ids, dimensions = complex_.locate(points)
    assert (ids.dtype, dimensions.dtype) == (np.int64, np.int8)
    return list(zip(ids.tolist(), dimensions.tolist(), strict=True))


def telling_points(complex_: PolyhedralComplex, case: Case, rng: np.random.Generator) -> Points:
    """Random and lattice points, vertices, middles of edges, walls, outside, all with near neighbours."""
    d = complex_.dim
    low, high = case.lo, case.hi
    vertices = complex_.vertices[: complex_.f_vector[0]]
    indptr, indices = complex_.facets(1)
    edges = indices.reshape(-1, 2)[: complex_.f_vector[1]]
    edges = edges[(edges < len(vertices)).all(axis=1)]
    assert np.array_equal(np.diff(indptr), np.full(complex_.counts[1], 2))
    some = [rng.permutation(len(rows))[:6] for rows in (vertices, edges)]
    at = [vertices[some[0]], vertices[edges[some[1]]].mean(axis=1)]
    random = rng.uniform(low - 0.1, high + 0.1, (8, d))
    lattice = np.array(list(product((-1.0, -0.5, 0.0, 0.25, 1.0), repeat=d)))[rng.permutation(5**d)[:8]]
    on_walls = rng.uniform(low, high, (8, d))
    axes = rng.integers(d, size=8)
    on_walls[np.arange(8), axes] = np.where(rng.random(8) < 0.5, low[axes], high[axes])
    points = np.vstack([random, lattice, on_walls, *at])
    steps = rng.choice([-np.inf, np.inf], points.shape)
    near = np.where(rng.random(points.shape) < 0.5, np.nextafter(points, steps), points)
    return np.vstack([points, near])


@pytest.mark.parametrize("d", [1, 2, 3, 4])
@pytest.mark.parametrize("name", CLASSES)
def test_cells_of_telling_points(name: str, d: int) -> None:
    case = cases(name, d)[1 if d < 4 else 0]
    network = network_of(case.layers)
    rng = np.random.default_rng(d)
    for lo, hi in ((case.lo, case.hi), (None, None)):
        complex_ = complex_on(network, lo, hi)
        points = telling_points(complex_, case, rng)
        assert found(complex_, points) == expected(complex_, case, points)


@pytest.mark.parametrize("d", [1, 2, 3])
@pytest.mark.parametrize("name", ["integer", "wall_touching", "concurrent", "zero_bias", "grid"])
def test_vertices_with_float_coordinates_are_found(name: str, d: int) -> None:
    case = cases(name, d)[2]
    for lo, hi in ((case.lo, case.hi), (None, None)):
        complex_ = complex_on(network_of(case.layers), lo, hi)
        at = [
            (v, [float(x) for x in place])
            for v, place in enumerate(exact_points(complex_).values())
            if all(Fraction(float(x)) == x for x in place)
        ]
        assert at
        assert found(complex_, np.array([x for _, x in at])) == [(v, 0) for v, _ in at]


@pytest.mark.parametrize("widths", [[1, 9, 9], [2, 16, 16], [3, 8, 6], [4, 6]])
def test_most_points_are_decided_by_bounds(widths: list[int]) -> None:
    rng = np.random.default_rng(len(widths))
    shapes = list(zip([*widths[1:], 1], widths, strict=True))
    network = Network.from_arrays(
        [rng.normal(size=shape) for shape in shapes], [rng.normal(size=n) for n, _ in shapes]
    )
    d = widths[0]
    points = rng.uniform(-1, 1, (3000, d))
    signs = network.sign_vectors(points)
    for domain in ((-1, 1), AllSpace()):
        complex_ = polyhedral_complex(network, domain)
        assert not (complex_.sign_vectors(d) == 0).any()
        known = {row.tobytes(): region for region, row in enumerate(complex_.sign_vectors(d))}
        ids, dimensions, n_by_bounds = complex_._locator.locate(points, 1)
        assert ids.tolist() == [known[row.tobytes()] for row in signs]
        assert dimensions.tolist() == [d] * len(points)
        in_bounded = np.count_nonzero(complex_.bounded(d)[ids])
        assert in_bounded - 3 <= n_by_bounds <= in_bounded


def test_the_line_in_closed_form() -> None:
    # Kinks at 1/3, which no float is, and at the floats 1/2 and 1/4.
    network = Network.from_arrays([[[3], [2], [4]], [[1, 1, 1]]], [[-1, -1, -1], [0]])
    complex_ = complex_on(network, [0], [1])
    kinks = [Fraction(0), Fraction(1, 4), Fraction(1, 3), Fraction(1, 2), Fraction(1)]
    places = [place for (place,) in exact_points(complex_).values()]
    points = [x for kink in kinks for x in (math.nextafter(kink, -2), float(kink), math.nextafter(kink, 2))]
    for x, (cell, dimension) in zip(points, found(complex_, np.array(points)[:, None]), strict=True):
        exact = Fraction(x)
        if not 0 <= exact <= 1:
            assert (cell, dimension) == (-1, -1)
        elif dimension == 0:
            assert places[cell] == exact
        else:
            assert exact not in kinks
            ends = complex_.facets(1)[1].reshape(-1, 2)[cell]
            assert min(places[v] for v in ends) < exact < max(places[v] for v in ends)


def test_one_unit_off_a_line() -> None:
    # The line 3x = 7y goes through few floats; the nearest floats beside it are on either side.
    complex_ = complex_on(Network.from_arrays([[[3, -7]], [[1]]]), [-1, -1], [1, 1])
    signs = complex_.sign_vectors(2)[:, 0].tolist()
    x = np.random.default_rng(5).uniform(-1, 1, 300)
    middle = 3 * x / 7
    points = np.column_stack(
        [np.tile(x, 3), np.concatenate([middle, *(np.nextafter(middle, s) for s in (-9, 9))])]
    )
    exact = [3 * Fraction(a) - 7 * Fraction(b) for a, b in points.tolist()]
    wanted = [(v > 0) - (v < 0) for v in exact]
    assert {-1, 0, 1} == {*wanted, 0}
    ids, dimensions = complex_.locate(points)
    assert dimensions.tolist() == [1 if sign == 0 else 2 for sign in wanted]
    assert [signs[i] for i, k in zip(ids, dimensions, strict=True) if k == 2] == [s for s in wanted if s]


@pytest.mark.parametrize("scale", [2.0**1000, 2.0**600, 2.0**-600, 2.0**-1060])
def test_extreme_sizes(scale: float) -> None:
    layers = [(np.array([[1.0, 1], [1, -1], [2, 0]]), np.zeros(3)), (np.ones((1, 3)), np.zeros(1))]
    case = Case(layers, np.full(2, -scale), np.full(2, scale))
    complex_ = complex_on(network_of(case.layers), case.lo, case.hi)
    points = np.array(list(product((-2.0, -1, -0.75, -0.5, 0, 0.25, 0.5, 1), repeat=2))) * scale
    assert found(complex_, points) == expected(complex_, case, points)


def closures(complex_: PolyhedralComplex, points: Points) -> list[list[int]]:
    """Per point the regions whose closure holds it, by names alone; none outside the domain."""
    d = complex_.dim
    regions = (complex_.sign_vectors(d), complex_.walls(d))
    table = [is_below((complex_.sign_vectors(k), complex_.walls(k)), regions) for k in range(d + 1)]
    return [[] if k < 0 else np.flatnonzero(table[k][cell]).tolist() for cell, k in found(complex_, points)]


@pytest.mark.parametrize("d", [1, 2, 3])
@pytest.mark.parametrize("name", ["random", "zero_bias", "integer", "wall_touching", "concurrent", "dead"])
def test_counts(name: str, d: int) -> None:
    case = cases(name, d)[2]
    rng = np.random.default_rng(3)
    for lo, hi in ((case.lo, case.hi), (None, None)):
        complex_ = complex_on(network_of(case.layers), lo, hi)
        points = np.vstack([telling_points(complex_, case, rng), rng.uniform(case.lo, case.hi, (40, d))])
        around = closures(complex_, points)
        lowest = np.zeros(complex_.n_regions, dtype=np.int64)
        split = [Fraction(0)] * complex_.n_regions
        for regions in filter(None, around):
            lowest[regions[0]] += 1
            for region in regions:
                split[region] += Fraction(1, len(regions))
        counted = complex_.count_points(points)
        assert np.array_equal(counted.counts, lowest)
        assert counted.counts.dtype == np.int64
        n_outside = sum(not regions for regions in around)
        n_on_boundary = sum(0 <= k < d for _, k in found(complex_, points))
        assert (counted.n_points, counted.n_outside) == (len(points), n_outside)
        assert counted.total == len(points) - n_outside
        assert counted.n_on_boundary == n_on_boundary
        assert counted.on_boundary == "lowest"
        halves = complex_.count_points(points, "split")
        assert halves.counts.dtype == np.float64
        assert halves.counts == pytest.approx([float(x) for x in split], rel=2.0**-40)
        assert halves.total == pytest.approx(len(points) - n_outside, rel=2.0**-40)
        if lo is not None or n_on_boundary:
            with pytest.raises(ValueError, match=f"X has {n_on_boundary} points on the boundaries"):
                complex_.count_points(points, "error")


def test_integer_pixels_and_the_origin() -> None:
    # The lines x = 0, y = 0 and x = y: 13 pixels lie on them, and the origin in the closure of six regions.
    network = Network.from_arrays([[[1, 0], [0, 1], [1, -1]], [[1, 1, 1]]])
    pixels = np.array(list(product(range(-2, 3), repeat=2)))
    for domain, n_on_boundary in ((AllSpace(), 13), ((-2, 2), 16 + 7)):
        complex_ = polyhedral_complex(network, domain)
        ids, dimensions = complex_.locate(pixels)
        assert np.count_nonzero(dimensions == 0) == (1 if isinstance(domain, AllSpace) else 9)
        origin = complex_.count_points([[0, 0]], "split")
        assert origin.counts.tolist() == [1 / 6] * 6
        assert complex_.count_points([[0, 0]]).counts.tolist() == [1, 0, 0, 0, 0, 0]
        counted = complex_.count_points(pixels)
        assert (counted.total, counted.n_outside, counted.n_on_boundary) == (25, 0, n_on_boundary)
        inside = complex_.count_points(pixels[dimensions == 2], "error")
        assert inside.total == 25 - n_on_boundary
        assert inside.counts.tolist() == np.bincount(ids[dimensions == 2], minlength=6).tolist()
        first = np.flatnonzero(dimensions < 2)[0]
        with pytest.raises(ValueError, match=rf"{n_on_boundary} points .* X\[{first}\]"):
            complex_.count_points(pixels, "error")


def test_threads_and_order_do_not_matter(network: Network) -> None:
    points = np.random.default_rng(1).uniform(-1.1, 1.1, (150_000, 2))  # several tasks
    points[::5000] = 0
    one, two = (polyhedral_complex(network, (-1, 1)) for _ in range(2))
    ids, dimensions = one.locate(points, n_threads=1)
    results: list[Any] = [None] * 3
    threads = [
        threading.Thread(target=lambda i=i: results.__setitem__(i, two.locate(points[::-1], n_threads=2)))
        for i in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for other_ids, other_dimensions in results:
        assert np.array_equal(other_ids[::-1], ids)
        assert np.array_equal(other_dimensions[::-1], dimensions)


def test_no_points_and_no_neurons(quadrants: Network) -> None:
    ids, dimensions = polyhedral_complex(quadrants, (-1, 1)).locate(np.empty((0, 2)))
    assert (ids.shape, dimensions.shape, ids.dtype) == ((0,), (0,), np.int64)
    counted = polyhedral_complex(quadrants, (-1, 1)).count_points(np.empty((0, 2)), "split")
    assert (counted.counts.tolist(), counted.total, counted.n_points) == ([0.0] * 4, 0, 0)
    linear = complex_on(Network.from_arrays([[[1.0, 2.0]]]), [0, 0], [1, 1])
    dimensions = linear.locate([[0.5, 0.5], [0, 0.5], [1, 1], [2, 1]])[1]
    assert dimensions.tolist() == [2, 1, 0, -1]
    everywhere = complex_on(Network.from_arrays([[[1.0, 2.0]]]), None, None)
    assert found(everywhere, np.array([[0.0, 0.0], [1e300, -1e300]])) == [(0, 2), (0, 2)]


def test_bad_points(quadrants: Network) -> None:
    complex_ = polyhedral_complex(quadrants, (-1, 1))
    for bad in (np.nan, np.inf, -np.inf):
        with pytest.raises(ValueError, match="finite"):
            complex_.locate([[0, 0], [0, bad]])
    for shape in ((3,), (2, 3), (1, 2, 2)):
        with pytest.raises(ValueError, match=r"X has shape .*legal: \(n, 2\)"):
            complex_.locate(np.zeros(shape))
        with pytest.raises(ValueError, match="X has shape"):
            complex_.count_points(np.zeros(shape))
    with pytest.raises(ValueError, match="n_threads is 0"):
        complex_.locate([[0, 0]], n_threads=0)
    with pytest.raises(ValueError, match="on_boundary is 'highest'; legal: 'lowest', 'split' or 'error'"):
        complex_.count_points([[0, 0]], "highest")  # type: ignore[arg-type]


def test_interrupt() -> None:
    proportional = np.arange(1.0, 65)[:, None] / 3 * [1, 1]
    complex_ = polyhedral_complex(
        Network.from_arrays([proportional, np.ones((64, 64)), np.ones((1, 64))]), AllSpace()
    )
    points = np.zeros((4_000_000, 2))  # all on boundaries: about 10 us of exact evaluation each
    timer = threading.Timer(0.3, _thread.interrupt_main)
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        complex_.locate(points)
    timer.join()
    assert found(complex_, points[:1]) == found(complex_, points[:1])
