"""The values and signs of a network at points."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike, NDArray

from relutope import _core
from relutope.coefficients import checked_points, exact_point


class Evaluation:
    """The part of `Network` that speaks of single points."""

    core: _core.Network

    def evaluate(self, X: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Outputs in float64 and proven bounds on their errors.

        Parameters
        ----------
        X : array_like of shape (n, d)

        Returns
        -------
        outputs, errors : ndarray of shape (n, output_dim), float64
            The exact output lies within ``errors`` of ``outputs``; inf and nan where float64 overflows.

        Raises
        ------
        ValueError
            If `X` has another shape or holds a value that is not a finite float64.
        TypeError
            If the values are not real numbers.

        Examples
        --------
        >>> from relutope import Network
        >>> Network.from_arrays([[[1.0], [-1.0]], [[1.0, 1.0]]]).evaluate([[-3.0]])[0]
        array([[3.]])
        """
        return self.core.evaluate(self.checked_points(X))

    def __call__(self, X: ArrayLike) -> NDArray[np.float64]:
        """Outputs of shape (n, output_dim) at the points X of shape (n, d), without the error bounds."""
        return self.evaluate(X)[0]

    def exact_evaluate(self, point: ArrayLike) -> list[Fraction]:
        """The outputs at one rational point, exactly.

        Parameters
        ----------
        point : array_like of shape (d,)
            Floats, integers, Fractions or Decimals.

        Returns
        -------
        list of fractions.Fraction
            One per output.

        Raises
        ------
        ValueError
            If `point` has another shape or a value is not finite.
        TypeError
            If a value is no int, float, Fraction or Decimal.

        Examples
        --------
        >>> from fractions import Fraction
        >>> from relutope import Network
        >>> Network.from_arrays([[[1.0], [-1.0]], [[1.0, 1.0]]]).exact_evaluate([Fraction(-1, 3)])
        [Fraction(1, 3)]
        """
        return [
            Fraction(*value) for value in self.core.exact_evaluate(*exact_point(point, self.core.input_dim))
        ]

    def sign_vectors(self, X: ArrayLike) -> NDArray[np.int8]:
        """Exact signs (-1, 0, 1) of all hidden pre-activations at float points.

        Parameters
        ----------
        X : array_like of shape (n, d)

        Returns
        -------
        ndarray of shape (n, n_signs), int8
            Layer by layer; see `n_signs`.

        Raises
        ------
        ValueError
            If `X` has another shape or holds a value that is not a finite float64.
        TypeError
            If the values are not real numbers.

        Examples
        --------
        >>> from relutope import Network
        >>> Network.from_arrays([[[1.0], [-1.0]], [[1.0, 1.0]]]).sign_vectors([[-3.0], [0.0]])
        array([[-1,  1],
               [ 0,  0]], dtype=int8)
        """
        return self.core.sign_vectors(self.checked_points(X))

    def exact_sign_vector(self, point: ArrayLike) -> NDArray[np.int8]:
        """Exact signs (n_signs,), int8, of all hidden pre-activations at one rational point (d,).

        Raises
        ------
        ValueError
            If `point` has another shape or a value is not finite.
        TypeError
            If a value is no int, float, Fraction or Decimal.

        Examples
        --------
        >>> from fractions import Fraction
        >>> from relutope import Network
        >>> Network.from_arrays([[[3]], [[1]]], [[-1], [0]]).exact_sign_vector([Fraction(1, 3)])
        array([0], dtype=int8)
        """
        return self.core.exact_signs(*exact_point(point, self.core.input_dim))

    def checked_points(self, X: ArrayLike) -> NDArray[np.float64]:
        """X as contiguous float64 of shape (n, d), or a ValueError or TypeError."""
        return checked_points(X, self.core.input_dim)
