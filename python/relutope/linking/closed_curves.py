"""Closed polygonal curves in space as the compiled core takes them."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from relutope import _core
from relutope.coefficients import common_denominator, detached, exact_array

#: Exact coordinates.
Point = tuple[Fraction, ...]

#: Integers up to it are float64 numbers.
LARGEST_WHOLE = 2**53


class Meeting(NamedTuple):
    """A common point of two closed curves, all numbers exact."""

    #: The segment of the first curve; segment i leads from vertex i to vertex i + 1.
    segment_a: int
    #: Where on it the point lies, from 0 to 1.
    parameter_a: Fraction
    #: The same of the second curve.
    segment_b: int
    parameter_b: Fraction
    #: The point itself.
    point: Point


class ClosedCurves:
    """Closed curves whose vertices are taken exactly.

    Parameters
    ----------
    curves : sequence of array_like of shape (n, 3), n >= 3
        Floats, integers, Fractions or Decimals. Segment i leads from vertex i to vertex i + 1, the last one
        to vertex 0; a vertex may stand there often.
    names : sequence of str
        What they are called in error messages.

    Raises
    ------
    ValueError
        If a shape is another, or a value is not finite.
    TypeError
        If the values are not real numbers.

    Examples
    --------
    >>> from fractions import Fraction
    >>> from relutope.linking.closed_curves import ClosedCurves
    >>> curves = ClosedCurves([[[0, 0, 0], [3, 0, 0], [0, 3, 0]]], ["a"])
    >>> curves.at(0, 1, Fraction(1, 3))
    (Fraction(2, 1), Fraction(1, 1), Fraction(0, 1))
    """

    def __init__(self, curves: Sequence[ArrayLike], names: Sequence[str]) -> None:
        self.points = [_checked(curve, name) for curve, name in zip(curves, names, strict=True)]
        if any(points.dtype == object for points in self.points):
            self.core = _core.ClosedCurves.from_rationals(
                [
                    [common_denominator([Fraction(value) for value in point]) for point in points.tolist()]
                    for points in self.points
                ]
            )
        else:
            self.core = _core.ClosedCurves(self.points)

    def ends(self, curve: int, segment: int) -> tuple[Point, Point]:
        """Where a segment begins and ends."""
        points = self.points[curve]
        begin, end = points[segment].tolist(), points[(segment + 1) % len(points)].tolist()
        return tuple(map(Fraction, begin)), tuple(map(Fraction, end))

    def at(self, curve: int, segment: int, parameter: Fraction) -> Point:
        """The point of a segment at a parameter from 0 to 1."""
        begin, end = self.ends(curve, segment)
        return tuple(p + parameter * (q - p) for p, q in zip(begin, end, strict=True))

    def meeting(self, a: int, b: int) -> Meeting | None:
        """A common point of two of the curves, if they have one."""
        found = self.core.meeting(a, b)
        if found is None:
            return None
        segment_a, segment_b, numerator, denominator = found
        parameter_a = Fraction(numerator, denominator)
        point = self.at(a, segment_a, parameter_a)
        return Meeting(segment_a, parameter_a, segment_b, _parameter(point, *self.ends(b, segment_b)), point)


def _parameter(point: Point, begin: Point, end: Point) -> Fraction:
    """Where a point lies on a segment that holds it; 0 on a segment that is a point."""
    for x, p, q in zip(point, begin, end, strict=True):
        if p != q:
            return (x - p) / (q - p)
    return Fraction(0)


def _checked(curve: ArrayLike, name: str) -> NDArray[Any]:
    """Vertices as contiguous float64 where that holds them, without a copy if they are; else Fractions."""
    array = curve if isinstance(curve, np.ndarray) else detached(curve)
    if isinstance(array, np.ndarray) and array.ndim == 2 and _fits_float64(array):
        points: NDArray[Any] = np.ascontiguousarray(array, dtype=np.float64)
    else:
        points, _ = exact_array(array, name)
    if points.ndim != 2 or points.shape[1] != 3 or len(points) < 3:
        raise ValueError(f"{name} has shape {points.shape}; legal: (n, 3), n >= 3 vertices of a closed curve")
    return points


def _fits_float64(array: NDArray[Any]) -> bool:
    """Whether each number is surely a finite float64, looked up at the speed of numpy."""
    if array.dtype in (np.float64, np.float32, np.float16):
        return bool(np.isfinite(array).all())
    if array.dtype.kind not in "iu" or array.size == 0:
        return False
    return int(array.min()) >= -LARGEST_WHOLE and int(array.max()) <= LARGEST_WHOLE
