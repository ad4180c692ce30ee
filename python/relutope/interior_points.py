"""Points that lie in the interior of regions, proven: floats that propose themselves, or fractions."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from operator import mul
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from relutope import _core
from relutope.coefficients import common_denominator
from relutope.domain import Box
from relutope.domains import Domain
from relutope.polytope import Polytope

if TYPE_CHECKING:
    from relutope.complex import PolyhedralComplex

#: Bytes of sign vectors that are held at once.
BLOCK_BYTES = 1 << 25

#: Random convex combinations of the vertices that are tried in a region that is thin for float64.
N_TRIES = 32

#: Powers of two that stand for the infinitely large symbol, where a float64 point is looked for.
FLOAT_POWERS = (0, 4, 8, 16, 32, 64)

Point = tuple[Fraction, ...]


def float_interior_points(complex_: PolyhedralComplex, ids: NDArray[np.int64]) -> NDArray[np.float64]:
    """A float64 point in the open region, for each; see `relutope.Regions.interior_points`."""
    points = _barycenters(complex_, ids)
    open_ = np.flatnonzero(~lie_inside(complex_, ids, points))
    missing = []
    for place in open_.tolist():
        region = ids[place : place + 1]
        tries = np.array(list(_candidates(complex_, int(region[0]))))
        proven = np.flatnonzero(lie_inside(complex_, np.repeat(region, len(tries)), tries))
        if len(proven):
            points[place] = tries[proven[0]]
        else:
            missing.append(int(region[0]))
    if missing:
        shown = ", ".join(map(str, missing[:10])) + (", ..." if len(missing) > 10 else "")
        raise ValueError(
            f"exact is False and no float64 point was found in the interior of {len(missing)} regions "
            f"({shown}); legal: exact=True for these"
        )
    return points


def exact_interior_points(complex_: PolyhedralComplex, ids: NDArray[np.int64]) -> list[Point]:
    """A rational point in the open region, for each.

    On R^d the vertices are p + M q; their mean with M for a number lies in the region as soon as M is large
    enough, whether the region has a finite vertex or none, as a strip, a half-space, and R^d itself.
    """
    network = _core.complex_network(complex_.core)
    result = []
    for i, region in enumerate(ids.tolist()):
        finite, infinite = _mean(_exact_points(complex_, region))
        point, size = _at(finite, infinite, 1), 1
        wanted = complex_.core.sign_vectors(complex_.dim, ids[i : i + 1])[0] if any(infinite) else None
        while wanted is not None and not (
            np.array_equal(network.exact_signs(*common_denominator(list(point))), wanted)
            and _satisfies(complex_.domain, point)
        ):
            size *= size + 1
            point = _at(finite, infinite, size)
        result.append(point)
    return result


def lie_inside(
    complex_: PolyhedralComplex, ids: NDArray[np.int64], points: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Whether each point lies in the interior of the region at its place, exactly; nan and inf do not."""
    inside: NDArray[np.bool_] = np.all(np.isfinite(points), axis=1)
    inside[inside] = strictly_inside(complex_.domain, points[inside])
    network = _core.complex_network(complex_.core)
    places = np.flatnonzero(inside)
    step = max(1, BLOCK_BYTES // max(1, sum(network.hidden_widths)))
    for first in range(0, len(places), step):
        block = places[first : first + step]
        signs = network.sign_vectors(np.ascontiguousarray(points[block]))
        inside[block] = (signs == complex_.core.sign_vectors(complex_.dim, ids[block])).all(axis=1)
    return inside


def strictly_inside(domain: Domain, points: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which finite points lie in the interior of the domain."""
    inside = np.ones(len(points), dtype=bool)
    if isinstance(domain, Box):
        lo, hi = domain.bounds(points.shape[1])
        inside = np.all((lo < points) & (points < hi), axis=1)
    elif isinstance(domain, Polytope):
        nonzero = np.array([any(row[:-1]) for row, _ in domain.exact_rows])
        inside = np.all(domain.row_signs(np.ascontiguousarray(points))[:, nonzero] < 0, axis=1)
    return inside


def _satisfies(domain: Domain, point: Point) -> bool:
    """Whether a point lies strictly inside the rows of a polytope; True for other domains."""
    if not isinstance(domain, Polytope):
        return True
    values = [(sum(map(mul, row, [*point, 1])), any(row[:-1])) for row, _ in domain.exact_rows]
    return all(value < 0 for value, nonzero in values if nonzero)


@np.errstate(over="ignore", invalid="ignore")
def _barycenters(complex_: PolyhedralComplex, ids: NDArray[np.int64]) -> NDArray[np.float64]:
    """Means of the finite vertices, moved along the mean ray by about their largest coordinate.

    nan for a region that has no finite vertex.
    """
    starts, vertices = _core.cell_vertices(complex_.core, complex_.dim, ids)
    n_finite = complex_.f_vector[0]
    finite = vertices < n_finite
    coordinates = np.where(finite[:, None], complex_.vertices[vertices], 0.0)
    n = np.add.reduceat(finite, starts[:-1], dtype=np.int64)[:, None] if len(ids) else np.ones((0, 1))
    with np.errstate(divide="ignore"):
        points = np.add.reduceat(coordinates / np.repeat(n, np.diff(starts), axis=0), starts[:-1])
    points[n[:, 0] == 0] = np.nan
    if n_finite < complex_.counts[0]:
        rays = np.zeros_like(coordinates)
        rays[~finite] = complex_.rays[vertices[~finite] - n_finite]
        size = np.maximum.reduceat(np.abs(coordinates).max(axis=1), starts[:-1])
        size = np.where(size > 0, size, 1.0)
        points += size[:, None] * np.add.reduceat(rays, starts[:-1]) / np.diff(starts)[:, None]
    return points


def _candidates(complex_: PolyhedralComplex, region: int) -> Iterator[list[float]]:
    """Rounded points of the open region that differ from its barycenter, the same each time."""
    vertices = _exact_points(complex_, region)
    finite, infinite = _mean(vertices)
    sizes = [1 << power for power in FLOAT_POWERS] if any(infinite) else [1]
    for size in sizes:
        yield _rounded(_at(finite, infinite, size))
    rng = np.random.default_rng(0)
    for _ in range(N_TRIES):
        weights = rng.integers(1, 1 << 20, len(vertices)).tolist()
        yield _rounded(_at(*_mean(vertices, weights), sizes[rng.integers(len(sizes))]))


def _exact_points(complex_: PolyhedralComplex, region: int) -> list[tuple[Point, Point]]:
    """The vertices p + M q of a region as pairs (p, q); q is 0 for those not at infinity."""
    _, ids = _core.cell_vertices(complex_.core, complex_.dim, np.array([region]))
    return [
        (
            tuple(Fraction(value, denominator) for value in finite),
            tuple(Fraction(value, denominator) for value in infinite or [0] * complex_.dim),
        )
        for finite, infinite, denominator in _core.exact_points(complex_.core, ids.astype(np.int64))
    ]


def _mean(vertices: list[tuple[Point, Point]], weights: list[int] | None = None) -> tuple[Point, Point]:
    """The weighted means of the two parts; by default all weigh the same."""
    weights = [1] * len(vertices) if weights is None else weights
    total = Fraction(sum(weights))
    finite, infinite = (
        tuple(sum(map(mul, weights, column)) / total for column in zip(*part, strict=True))
        for part in zip(*vertices, strict=True)
    )
    return finite, infinite


def _at(finite: Point, infinite: Point, size: int) -> Point:
    return tuple(x + size * y for x, y in zip(finite, infinite, strict=True))


def _rounded(point: Point) -> list[float]:
    try:
        return [float(x) for x in point]
    except OverflowError:
        return [np.inf] * len(point)
