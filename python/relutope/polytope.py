"""Domains bounded by any half-spaces."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from relutope import _core
from relutope.coefficients import (
    ExactRow,
    checked_points,
    exact_array,
    exact_rows,
    frozen,
    require_float_range,
)


class Polytope:
    """The closed polyhedron ``{x : G x <= h}``, bounded or not.

    Rows may be redundant, repeated or multiples of one another, and any number of them may meet in a vertex.
    Each number is taken exactly. That the polytope is not empty and full-dimensional is checked when a
    complex is computed on it.

    Parameters
    ----------
    G : array_like of shape (m, d)
        Floats of any width, integers, or objects such as `fractions.Fraction`.
    h : array_like of shape (m,)

    Raises
    ------
    ValueError
        If the shapes do not fit, there is no row, or a value is not finite.
    TypeError
        If values are not real numbers.

    Examples
    --------
    >>> from relutope import Polytope
    >>> Polytope([[-1, 0], [0, -1], [1, 1]], [0, 0, 1])
    Polytope(3 rows in 2 dimensions)
    """

    def __init__(self, G: ArrayLike, h: ArrayLike) -> None:
        left, _ = exact_array(G, "G")
        right, _ = exact_array(h, "h")
        if left.ndim != 2 or 0 in left.shape:
            raise ValueError(f"G has shape {left.shape}; legal: (m, d) with m, d >= 1")
        if right.shape != left.shape[:1]:
            raise ValueError(f"h has shape {right.shape}; legal: ({len(left)},), one number per row of G")
        for name, array in (("G", left), ("h", right)):
            require_float_range(array, name)
        self._G, self._h = frozen(left), frozen(right)

    @property
    def G(self) -> NDArray[Any]:
        """Normals, shape (m, d), read-only: float64, or Fractions where float64 does not hold them."""
        return self._G

    @property
    def h(self) -> NDArray[Any]:
        """Right-hand sides, shape (m,), read-only, of the same kind."""
        return self._h

    @property
    def dim(self) -> int:
        """The dimension d."""
        return int(self._G.shape[1])

    @property
    def n_rows(self) -> int:
        """Number of rows m."""
        return len(self._G)

    @cached_property
    def exact_rows(self) -> list[ExactRow]:
        """Per row the integer numerators of ``(G, -h)`` and their common denominator."""
        return exact_rows(self._G, -self._h)

    def row_signs(self, X: ArrayLike) -> NDArray[np.int8]:
        """Signs of ``G x - h`` at float64 points (n, d), decided exactly, int8 of shape (n, m).

        Raises
        ------
        ValueError
            If `X` has another shape or holds a value that is not a finite float64.
        TypeError
            If the values are not real numbers.

        Examples
        --------
        >>> import numpy as np
        >>> from relutope import Polytope
        >>> Polytope([[1], [1]], [0, 1]).row_signs(np.array([[0.0], [0.5]])).tolist()
        [[0, -1], [1, -1]]
        """
        return self._rows_as_neurons.sign_vectors(checked_points(X, self.dim))

    def contains(self, X: ArrayLike) -> NDArray[np.bool_]:
        """Which of the points (n, d) lie in the polytope, bool of shape (n,).

        Raises
        ------
        ValueError
            If `X` has another shape or holds a value that is not a finite float64.
        TypeError
            If the values are not real numbers.

        Examples
        --------
        >>> import numpy as np
        >>> from relutope import Polytope
        >>> Polytope([[1, 1]], [1]).contains(np.array([[0.5, 0.5], [1, 1]]))
        array([ True, False])
        """
        inside: NDArray[np.bool_] = np.all(self.row_signs(X) <= 0, axis=1)
        return inside

    @cached_property
    def _rows_as_neurons(self) -> _core.Network:
        no_output: ExactRow = ([0] * (self.n_rows + 1), 1)
        return _core.Network.from_rationals([self.exact_rows, [no_output]], self.dim)

    def __repr__(self) -> str:
        rows = "1 row" if self.n_rows == 1 else f"{self.n_rows} rows"
        return f"Polytope({rows} in {self.dim} dimensions)"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Polytope):
            return NotImplemented
        return np.array_equal(self._G, other._G) and np.array_equal(self._h, other._h)

    def __hash__(self) -> int:
        return hash((tuple(self._G.ravel().tolist()), tuple(self._h.tolist())))

    def __reduce__(self) -> tuple[Any, ...]:
        return Polytope, (np.array(self._G), np.array(self._h))
