"""Closed polygonal curves with exact vertices."""

from __future__ import annotations

from fractions import Fraction
from math import lcm

import numpy as np
from numpy.typing import ArrayLike, NDArray

from relutope.coefficients import ExactRow, common_denominator, exact_array


class Polygon:
    """A closed polygonal curve: segment i leads from vertex i to vertex i + 1, the last one to vertex 0.

    Parameters
    ----------
    curve : array_like of shape (n, d), n >= 3
        Floats, integers, Fractions or Decimals, each taken exactly. The same point may stand there often.
    dim : int
        The d that is legal.
    name : str
        What the curve is called in error messages.

    Raises
    ------
    ValueError
        If the shape is another, or a value is not finite.
    TypeError
        If the values are not real numbers.

    Examples
    --------
    >>> from fractions import Fraction
    >>> from relutope.linking.polygon import Polygon
    >>> Polygon([[0, 0], [3, 0], [0, 3]], 2).at(1, Fraction(1, 3))
    ([6, 3], 3)
    """

    def __init__(self, curve: ArrayLike, dim: int, name: str = "curve") -> None:
        points, _ = exact_array(curve, name)
        if points.ndim != 2 or points.shape[1] != dim or len(points) < 3:
            raise ValueError(
                f"{name} has shape {points.shape}; legal: (n, {dim}), n >= 3 vertices of a closed curve"
            )
        self.dim = dim
        #: Whether all coordinates are float64 numbers.
        self.is_float = points.dtype != object
        rows = [common_denominator([Fraction(value) for value in point]) for point in points.tolist()]
        self._ends = [_over_one_denominator(*pair) for pair in zip(rows, rows[1:] + rows[:1], strict=True)]

    def __len__(self) -> int:
        return len(self._ends)

    def at(self, segment: int, parameter: Fraction) -> ExactRow:
        """The point that divides a segment in the ratio t : 1 - t, numerators over one denominator."""
        start, end, bottom = self._ends[segment]
        top, whole = parameter.numerator, parameter.denominator
        rest = whole - top
        return [rest * x + top * y for x, y in zip(start, end, strict=True)], bottom * whole


def _over_one_denominator(first: ExactRow, second: ExactRow) -> tuple[list[int], list[int], int]:
    bottom = lcm(first[1], second[1])
    start, end = ([value * (bottom // below) for value in top] for top, below in (first, second))
    return start, end, bottom


def rounded(rows: list[ExactRow]) -> NDArray[np.float64]:
    """Exact points (n, d) as float64, each number correctly rounded, infinite beyond float64."""
    return np.array([[_quotient(value, bottom) for value in top] for top, bottom in rows], dtype=np.float64)


def _quotient(top: int, bottom: int) -> float:
    try:
        return top / bottom  # of two ints: correctly rounded
    except OverflowError:
        return np.inf if top > 0 else -np.inf
