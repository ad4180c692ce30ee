"""Linking numbers of closed curves, and where curves meet."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from relutope.linking.closed_curves import ClosedCurves
from relutope.progress import interruptible


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
    point: tuple[Fraction, ...]


def linking_number(a: ArrayLike, b: ArrayLike) -> int | None:
    """The linking number of two closed polygonal curves in space, exactly.

    It is the degree of the map (s, t) -> (b(t) - a(s)) / |b(t) - a(s)| to the sphere, which is Gauss's
    integral (1833) and half the sum of the signed crossings of a diagram, right-handed ones counting +1.
    Either curve may cross itself, repeat vertices, or lie in a plane.

    Parameters
    ----------
    a, b : array_like of shape (n, 3), n >= 3
        The vertices: floats, integers or Fractions, each taken exactly. The last one is joined to the first.

    Returns
    -------
    int or None
        None if the curves have a common point: then there is no linking number, see `meet`.

    Raises
    ------
    ValueError
        If a shape is another, or a value is not finite.
    TypeError
        If the values are not real numbers.
    relutope.IncompleteError
        At Ctrl-C.

    Examples
    --------
    >>> from relutope.linking import linking_number
    >>> square = [[0, 0, 0], [2, 0, 0], [2, 2, 0], [0, 2, 0]]
    >>> linking_number(square, [[1, 1, -1], [1, 1, 1], [1, 5, 0]])
    1
    >>> linking_number(square, [[1, 1, -1], [1, 5, 0], [1, 1, 1]])
    -1
    >>> linking_number(square, [[2, 1, -1], [2, 1, 1], [2, 5, 0]]) is None
    True
    """
    curves = ClosedCurves([a, b], ["a", "b"])
    with interruptible("the linking number", {}):
        return curves.core.linking_number(0, 1)


def linking_matrix(curves: Sequence[ArrayLike]) -> NDArray[np.object_]:
    """The linking numbers of all pairs of closed polygonal curves in space, exactly.

    Parameters
    ----------
    curves : sequence of array_like of shape (n, 3), n >= 3
        As for `linking_number`.

    Returns
    -------
    ndarray of shape (k, k), object
        Symmetric, of int; None on the diagonal and where two curves have a common point.

    Raises
    ------
    ValueError, TypeError, relutope.IncompleteError
        As `linking_number`.

    Examples
    --------
    >>> from relutope.linking import linking_matrix
    >>> square = [[0, 0, 0], [2, 0, 0], [2, 2, 0], [0, 2, 0]]
    >>> linking_matrix([square, [[1, 1, -1], [1, 1, 1], [1, 5, 0]], [[2, 1, -1], [2, 1, 1], [2, 5, 0]]])
    array([[None, 1, None],
           [1, None, 0],
           [None, 0, None]], dtype=object)
    """
    closed = _closed(curves)
    n = len(closed.points)
    matrix: NDArray[np.object_] = np.full((n, n), None, dtype=object)
    with interruptible("linking numbers", {}):
        for i in range(n):
            for j in range(i + 1, n):
                matrix[i, j] = matrix[j, i] = closed.core.linking_number(i, j)
    return matrix


def meet(a: ArrayLike, b: ArrayLike) -> Meeting | None:
    """A common point of two closed polygonal curves in space, if they have one.

    Parameters
    ----------
    a, b : array_like of shape (n, 3), n >= 3
        As for `linking_number`.

    Returns
    -------
    Meeting or None
        Where they meet, exactly; which of several points it is depends on the curves alone.

    Raises
    ------
    ValueError, TypeError, relutope.IncompleteError
        As `linking_number`.

    Examples
    --------
    >>> from relutope.linking import meet
    >>> found = meet([[0, 0, 0], [3, 0, 0], [0, 3, 0]], [[1, 0, -1], [1, 0, 2], [7, 0, 1]])
    >>> found.segment_a, found.parameter_a, found.segment_b, found.parameter_b
    (0, Fraction(1, 3), 0, Fraction(1, 3))
    >>> found.point
    (Fraction(1, 1), Fraction(0, 1), Fraction(0, 1))
    """
    return common_point(ClosedCurves([a, b], ["a", "b"]))


def common_point(curves: ClosedCurves) -> Meeting | None:
    """As `meet`, for the first two of some curves."""
    with interruptible("looking for a common point", {}):
        found = curves.core.meeting(0, 1)
    if found is None:
        return None
    segment_a, segment_b, numerator, denominator = found
    parameter_a = Fraction(numerator, denominator)
    point = curves.at(0, segment_a, parameter_a)
    return Meeting(segment_a, parameter_a, segment_b, _parameter(point, *curves.ends(1, segment_b)), point)


def _parameter(
    point: tuple[Fraction, ...], begin: tuple[Fraction, ...], end: tuple[Fraction, ...]
) -> Fraction:
    """Where a point lies on a segment that holds it; 0 on a segment that is a point."""
    for x, p, q in zip(point, begin, end, strict=True):
        if p != q:
            return (x - p) / (q - p)
    return Fraction(0)


def _closed(curves: Any) -> ClosedCurves:
    if isinstance(curves, (str, bytes)) or not isinstance(curves, (Sequence, np.ndarray)):
        raise TypeError(f"curves is a {type(curves).__name__}; legal: a sequence of arrays of shape (n, 3)")
    return ClosedCurves(list(curves), [f"curves[{i}]" for i in range(len(curves))])
