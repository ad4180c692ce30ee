"""The distance of two closed curves, with where it is attained."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from numpy.typing import ArrayLike

from relutope.coefficients import rounded_root
from relutope.linking.closed_curves import ClosedCurves, Point
from relutope.progress import interruptible


class Distance(NamedTuple):
    """The distance of two closed curves, exact, and where it is attained."""

    #: The root of `squared`, from at least 60 bits.
    value: float
    #: The squared distance.
    squared: Fraction
    #: The segment of the first curve, and where on it the nearest point lies, from 0 to 1.
    segment_a: int
    parameter_a: Fraction
    #: The same of the second curve.
    segment_b: int
    parameter_b: Fraction
    #: The nearest points.
    point_a: Point
    point_b: Point


def min_distance(a: ArrayLike, b: ArrayLike) -> Distance:
    """The least distance of two closed polygonal curves in space, and where it is attained.

    No other pair of points is nearer: pairs of segments that float64 cannot tell from the nearest one by a
    proven bound are compared by integers. The distance is 0 if and only if the curves meet.

    Parameters
    ----------
    a, b : array_like of shape (n, 3), n >= 3
        As for `relutope.linking.linking_number`.

    Returns
    -------
    Distance

    Raises
    ------
    ValueError, TypeError, relutope.IncompleteError
        As `relutope.linking.linking_number`.

    Examples
    --------
    >>> from relutope.linking import min_distance
    >>> square = [[0, 0, 0], [2, 0, 0], [2, 2, 0], [0, 2, 0]]
    >>> found = min_distance(square, [[1, 1, -1], [1, 1, 1], [1, 5, 1], [1, 5, -1]])
    >>> found.value, found.segment_a, found.parameter_a
    (1.0, 0, Fraction(1, 2))
    """
    with interruptible("the distance", {}):
        return distance_between(ClosedCurves([a, b], ["a", "b"]), 0, 1)


def distance_between(curves: ClosedCurves, a: int, b: int) -> Distance:
    """As `min_distance`, of two of several curves."""
    meeting = curves.meeting(a, b)
    if meeting is not None:
        place = (meeting.segment_a, meeting.parameter_a, meeting.segment_b, meeting.parameter_b)
        return Distance(0.0, Fraction(0), *place, meeting.point, meeting.point)
    segment_a, segment_b = curves.core.nearest_segments(a, b)
    parameter_a, parameter_b = _nearest(curves.ends(a, segment_a), curves.ends(b, segment_b))
    point_a, point_b = curves.at(a, segment_a, parameter_a), curves.at(b, segment_b, parameter_b)
    gap = _minus(point_a, point_b)
    squared = _dot(gap, gap)
    place = (segment_a, parameter_a, segment_b, parameter_b)
    return Distance(rounded_root(squared), squared, *place, point_a, point_b)


def _nearest(first: tuple[Point, Point], second: tuple[Point, Point]) -> tuple[Fraction, Fraction]:
    """Parameters of nearest points of two segments.

    The squared distance is a convex quadratic function of both: where its gradient vanishes inside the square
    is its least value, and else the least value is on one of the four sides.
    """
    (a0, a1), (b0, b1) = first, second
    d, e, r = _minus(a1, a0), _minus(b1, b0), _minus(a0, b0)
    dd, ee, de, dr, er = _dot(d, d), _dot(e, e), _dot(d, e), _dot(d, r), _dot(e, r)
    whole = dd * ee - de * de
    if whole:
        s, t = (de * er - dr * ee) / whole, (dd * er - dr * de) / whole
        if 0 <= s <= 1 and 0 <= t <= 1:
            return s, t
    sides = [(s, _clamped(er + s * de, ee)) for s in (Fraction(0), Fraction(1))]
    sides += [(_clamped(t * de - dr, dd), t) for t in (Fraction(0), Fraction(1))]

    def squared(place: tuple[Fraction, Fraction]) -> Fraction:
        s, t = place
        gap = tuple(x + s * y - t * z for x, y, z in zip(r, d, e, strict=True))
        return _dot(gap, gap)

    return min(sides, key=squared)


def _clamped(numerator: Fraction, denominator: Fraction) -> Fraction:
    return min(max(numerator / denominator, Fraction(0)), Fraction(1)) if denominator else Fraction(0)


def _minus(p: Point, q: Point) -> Point:
    return tuple(x - y for x, y in zip(p, q, strict=True))


def _dot(p: Point, q: Point) -> Fraction:
    return sum((x * y for x, y in zip(p, q, strict=True)), Fraction(0))
