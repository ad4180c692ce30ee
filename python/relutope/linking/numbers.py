"""Linking numbers of closed curves, and where curves meet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from relutope.arguments import checked_word
from relutope.linking.closed_curves import ClosedCurves, Meeting
from relutope.linking.cycles import is_cycle, linking_number_of_cycles
from relutope.progress import interruptible

Method = Literal["exact", "gauss"]


def linking_number(a: Any, b: Any, *, method: Method = "exact") -> int | None:
    """The linking number of two closed polygonal curves in space, or of two cycles in R^d, exactly.

    It is the degree of the map (s, t) -> (b(t) - a(s)) / |b(t) - a(s)| to the sphere, which is Gauss's
    integral (1833) and half the sum of the signed crossings of a diagram, right-handed ones counting +1.
    Either curve may cross itself, repeat vertices, or lie in a plane. Of closed oriented cycles of dimensions
    m and n in R^(m + n + 1) it is the degree of the same map; the sphere and products are oriented with the
    outward normal first, so swapping the arguments multiplies it by (-1)^((m + 1) (n + 1)).

    Parameters
    ----------
    a, b : array_like of shape (n, 3), n >= 3, or tuple (vertices, simplices)
        The vertices of a curve: floats, integers or Fractions, each taken exactly. The last one is joined to
        the first. Or a cycle: vertices of shape (n, d), and of its simplices the ids of vertices, of shape
        (k, m + 1) with m >= 1, each simplex oriented by their order; one may stand there often.
    method : str, default "exact"
        ``"gauss"``: Gauss's integral of curves in float64, rounded to the nearest integer; a second method to
        compare with, whose work is the product of the sizes.

    Returns
    -------
    int or None
        None if they have a common point: then there is no linking number, see `meet`.

    Raises
    ------
    ValueError
        If a shape is another, a value is not finite, the boundary of a cycle is not 0, the dimensions do not
        fit, or `method` is another word.
    TypeError
        If the values are not real numbers, or only one argument is a cycle.
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
    checked_word(method, "method", get_args(Method))
    if is_cycle(a) or is_cycle(b):
        if method != "exact":
            raise ValueError(f"method is {method!r}; legal for cycles: 'exact'")
        with interruptible("the linking number", {}):
            return linking_number_of_cycles(a, b)
    curves = ClosedCurves([a, b], ["a", "b"])
    with interruptible("the linking number", {}):
        if method == "exact":
            return curves.core.linking_number(0, 1)
        return None if curves.core.meeting(0, 1) else round(curves.core.gauss_integral(0, 1))


def gauss_integral(a: ArrayLike, b: ArrayLike) -> float:
    """Gauss's linking integral of two closed polygonal curves, in float64.

    1 / (4 pi) times the sum over all pairs of segments of the signed solid angle that b(t) - a(s) sweeps,
    each in closed form (Van Oosterom and Strackee, 1983): the linking number up to rounding.

    Parameters
    ----------
    a, b : array_like of shape (n, 3), n >= 3
        As for `linking_number`.

    Returns
    -------
    float
        nan if the curves have a common point.

    Raises
    ------
    ValueError, TypeError, relutope.IncompleteError
        As `linking_number`.

    Examples
    --------
    >>> from relutope.linking import gauss_integral
    >>> square = [[0, 0, 0], [2, 0, 0], [2, 2, 0], [0, 2, 0]]
    >>> round(gauss_integral(square, [[1, 1, -1], [1, 1, 1], [1, 5, 0]]), 12)
    1.0
    """
    curves = ClosedCurves([a, b], ["a", "b"])
    with interruptible("Gauss's integral", {}):
        return np.nan if curves.core.meeting(0, 1) else curves.core.gauss_integral(0, 1)


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
    if isinstance(curves, (str, bytes)) or not isinstance(curves, (Sequence, np.ndarray)):
        raise TypeError(f"curves is a {type(curves).__name__}; legal: a sequence of arrays of shape (n, 3)")
    closed = ClosedCurves(list(curves), [f"curves[{i}]" for i in range(len(curves))])
    with interruptible("linking numbers", {}):
        return linking_numbers(closed)


def linking_numbers(curves: ClosedCurves) -> NDArray[np.object_]:
    """As `linking_matrix`."""
    n = len(curves.points)
    matrix: NDArray[np.object_] = np.full((n, n), None, dtype=object)
    for i in range(n):
        for j in range(i + 1, n):
            matrix[i, j] = matrix[j, i] = curves.core.linking_number(i, j)
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
    curves = ClosedCurves([a, b], ["a", "b"])
    with interruptible("looking for a common point", {}):
        return curves.meeting(0, 1)
