"""Affine slices of an input space: networks with many inputs on a plane through some of their points."""

from __future__ import annotations

from fractions import Fraction
from math import lcm
from operator import mul
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from relutope.arguments import checked_pad
from relutope.coefficients import (
    ExactRow,
    as_fractions,
    common_denominator,
    exact_array,
    exact_float64,
    frozen,
    require_float_range,
    rounded_images,
    rounded_root,
)
from relutope.domain import AllSpace, Box
from relutope.polytope import Polytope

if TYPE_CHECKING:
    from relutope.network import Network

#: Lengths of offsets below it, and their sums of products with unit vectors, stay within float64.
LARGEST_OFFSET = 2.0**1000


class Slice:
    """The points ``x = origin + t @ directions`` for t in a domain of few dimensions.

    A complex on a slice is a complex in t: its vertices, volumes and points are given in t, which is an
    affine coordinate and no length unless the directions are orthonormal (`metric` helps). The product of
    the slice and the first weights is formed exactly.

    Parameters
    ----------
    origin : array_like of shape (n,)
        A point of the input space.
    directions : array_like of shape (k, n)
        Linearly independent rows.
    domain : Box, Polytope, AllSpace or a pair (lo, hi), optional
        Where t may lie. Default: all of R^k.

    Raises
    ------
    ValueError
        If the shapes do not fit, a value is not finite or beyond float64, the directions are linearly
        dependent, or `domain` is not legal.
    TypeError
        If values are not real numbers, or `domain` is none of these.

    Examples
    --------
    >>> from relutope import Box, Network, Slice, polyhedral_complex
    >>> network = Network.from_arrays([[[1, 1, 1], [1, -1, 0]], [[1, 1]]])
    >>> plane = Slice([0, 0, 1], [[1, 0, 0], [0, 1, 0]], Box(-2, 2))
    >>> polyhedral_complex(network, plane).f_vector
    (7, 10, 4)
    """

    __slots__ = ("_directions", "_domain", "_origin", "_projection")

    def __init__(self, origin: ArrayLike, directions: ArrayLike, domain: Any = None) -> None:
        from relutope.domains import as_plain_domain

        point, _ = exact_array(origin, "origin")
        rows, _ = exact_array(directions, "directions")
        if point.ndim != 1 or point.size == 0:
            raise ValueError(f"origin has shape {point.shape}; legal: (n,) with n >= 1")
        if rows.ndim != 2 or len(rows) == 0 or rows.shape[1] != point.size:
            raise ValueError(f"directions has shape {rows.shape}; legal: (k, {point.size}) with k >= 1")
        dependent = _first_dependent_row(rows)
        if dependent is not None:
            raise ValueError(
                f"directions[{dependent}] is a linear combination of the rows before it; legal: linearly "
                "independent directions"
            )
        require_float_range(point, "origin")
        require_float_range(rows, "directions")
        self._origin, self._directions = frozen(point), frozen(rows)
        self._domain = as_plain_domain(
            AllSpace() if domain is None else domain, len(rows), "the slice has {} dimensions"
        )
        self._projection: list[ExactRow] | None = None

    @classmethod
    def through(cls, points: ArrayLike, domain: Any = None, *, pad: float = 0.5) -> Slice:
        """The slice through 2 to 4 points: the first is at t = 0, the others at the unit vectors.

        Parameters
        ----------
        points : array_like of shape (2 to 4, n)
        domain : see the class, optional
            Default: the box ``[-pad, 1 + pad]`` on every axis.
        pad : float, default 0.5

        Raises
        ------
        ValueError
            If there is another number of points, they span no slice (two equal, three on a line), they are
            not finite or too far apart, or `domain` or `pad` is not legal.
        TypeError
            If values are not real numbers, or `domain` is none of these.

        Examples
        --------
        >>> from relutope import Slice
        >>> Slice.through([[0, 0, 1], [1, 0, 0], [0, 1, 0]])
        Slice(2 of 3 dimensions on Box([-0.5, -0.5], [1.5, 1.5]))
        """
        array, _ = exact_array(points, "points")
        if array.ndim != 2 or not 2 <= len(array) <= 4:
            raise ValueError(f"points has shape {array.shape}; legal: (2 to 4, n)")
        pad = checked_pad(pad)
        exact = as_fractions(array)
        differences = exact[1:] - exact[0]
        _require_span(array, differences)
        return cls(exact[0], differences, Box(-pad, 1 + pad) if domain is None else domain)

    @classmethod
    def pca(cls, X: ArrayLike, k: int = 2, domain: Any = None, *, pad: float = 0.1) -> Slice:
        """The slice through the mean of points along their first k principal directions.

        Mean and directions are float64 numbers, and the slice is the one that these numbers span exactly.
        Directions beyond the span of the points are arbitrary.

        Parameters
        ----------
        X : array_like of shape (m, n)
        k : int, default 2
        domain : see the class, optional
            Default: the box around the projected points, widened by `pad` times its width.
        pad : float, default 0.1

        Raises
        ------
        ValueError
            If k is no int from 1 to n and to the number of points less one, the points are not finite or
            too far apart, or `domain` or `pad` is not legal; a `pad` of 0 is not where points do not vary.
        TypeError
            If values are not real numbers, or `domain` is none of these.

        Examples
        --------
        >>> from relutope import Slice
        >>> Slice.pca([[0, 0, 0], [4, 0, 0], [2, 1, 0], [2, -1, 0]], 1).directions
        array([[1., 0., 0.]])
        """
        points = exact_float64(X, "X")
        if points.ndim != 2 or len(points) < 2 or points.shape[1] == 0:
            raise ValueError(f"X has shape {points.shape}; legal: (m, n) with m >= 2 and n >= 1")
        pad = checked_pad(pad)
        most = min(len(points) - 1, points.shape[1])
        if isinstance(k, bool) or not isinstance(k, (int, np.integer)) or not 1 <= k <= most:
            raise ValueError(
                f"k is {k!r}; legal: an int from 1 to {most}, what {len(points)} points can span"
            )
        with np.errstate(over="ignore", invalid="ignore"):
            mean = points.mean(axis=0)
            if not np.isfinite(mean).all():  # their sum is beyond float64
                mean = (points / len(points)).sum(axis=0)
            offsets = points - mean
            if not np.isfinite(offsets).all() or np.abs(offsets).max() > LARGEST_OFFSET:
                raise ValueError(
                    f"X reaches from {points.min()} to {points.max()}, too far for float64; legal: distances "
                    f"from the mean up to {LARGEST_OFFSET:.1g}"
                )
        directions = np.linalg.svd(offsets, full_matrices=False)[2][:k]
        largest = np.abs(directions).argmax(axis=1)
        directions = directions * np.sign(directions[np.arange(k), largest])[:, None]
        if domain is None:
            domain = Box.around(offsets @ directions.T, pad=pad)
        return cls(mean, directions, domain)

    @property
    def origin(self) -> NDArray[Any]:
        """The point at t = 0, shape (n,), read-only: float64, or Fractions where float64 does not hold it."""
        return self._origin

    @property
    def directions(self) -> NDArray[Any]:
        """Rows of shape (k, n), read-only, of the same kind."""
        return self._directions

    @property
    def domain(self) -> Box | Polytope | AllSpace:
        """Where t may lie."""
        return self._domain

    @property
    def dim(self) -> int:
        """The dimension k of the slice."""
        return len(self._directions)

    @property
    def ambient_dim(self) -> int:
        """The dimension n of the space that is sliced."""
        return int(self._origin.size)

    @property
    def metric(self) -> NDArray[np.float64]:
        """The matrix M, float64 of shape (k, k), for which ``t @ M`` has the points' lengths and angles.

        It is the Cholesky factor of the directions' Gram matrix, so ``abs(det(M))`` is the volume of the unit
        cube in t. It is computed in fractions, since in floats nearly parallel directions would lose it.
        """
        rows = as_fractions(self._directions).tolist()
        lower = [[Fraction(i == j) for j in range(self.dim)] for i in range(self.dim)]
        pivots: list[Fraction] = []
        for i, row in enumerate(rows):
            for j in range(i + 1):
                known = sum(lower[i][m] * lower[j][m] * pivots[m] for m in range(j))
                rest = sum(map(mul, row, rows[j]), Fraction(0)) - known
                if j < i:
                    lower[i][j] = rest / pivots[j]
                else:
                    pivots.append(rest)
        return np.array(
            [
                [
                    -rounded_root(x * x * p) if x < 0 else rounded_root(x * x * p)
                    for x, p in zip(row, pivots, strict=True)
                ]
                for row in lower
            ]
        )

    def embed(self, T: ArrayLike) -> NDArray[np.float64]:
        """The points of the input space at coordinates t, computed exactly and rounded to float64.

        Parameters
        ----------
        T : array_like of shape (m, k)
            Float64 numbers.

        Returns
        -------
        ndarray of shape (m, n), float64

        Raises
        ------
        ValueError
            If `T` has another shape or holds a value that is not a finite float64, or a point is beyond
            float64.
        TypeError
            If the values are not real numbers.

        Examples
        --------
        >>> from relutope import Slice
        >>> Slice([1, 1, 1], [[2, 0, 0]]).embed([[0], [0.5]]).tolist()
        [[1.0, 1.0, 1.0], [2.0, 1.0, 1.0]]
        """
        t = exact_float64(T, "T")
        if t.ndim != 2 or t.shape[1] != self.dim:
            raise ValueError(f"T has shape {t.shape}; legal: (m, {self.dim})")
        columns = as_fractions(np.vstack([self._directions, self._origin[None]])).T
        return rounded_images([common_denominator(column) for column in columns.tolist()], t, "T")

    def project(self, X: ArrayLike) -> NDArray[np.float64]:
        """Coordinates t of the points of the slice nearest to given points, exact but for one rounding.

        That is done point by point in integers, about ten thousand points with a hundred inputs per second.

        Parameters
        ----------
        X : array_like of shape (m, n)
            Float64 numbers.

        Returns
        -------
        ndarray of shape (m, k), float64

        Raises
        ------
        ValueError
            If `X` has another shape or holds a value that is not a finite float64, or coordinates are
            beyond float64.
        TypeError
            If the values are not real numbers.

        Examples
        --------
        >>> from relutope import Slice
        >>> Slice([0, 0, 0], [[2, 0, 0]]).project([[1, 5, 5]]).tolist()
        [[0.5]]
        """
        points = exact_float64(X, "X")
        if points.ndim != 2 or points.shape[1] != self.ambient_dim:
            raise ValueError(f"X has shape {points.shape}; legal: (m, {self.ambient_dim})")
        if self._projection is None:
            self._projection = self._exact_projection()
        return rounded_images(self._projection, points, "X")

    def _exact_projection(self) -> list[ExactRow]:
        """Coefficients and constant of the coordinates t of the nearest point: ``(U U^T)^-1 U (x - origin)``.

        By elimination on the rows ``(U U^T | U)``, whose pivots are positive.
        """
        directions, origin = as_fractions(self._directions), as_fractions(self._origin)
        rows = np.hstack([directions @ directions.T, directions])
        for i in range(self.dim):
            rows[i] /= rows[i, i]
            for j in range(self.dim):
                if j != i:
                    rows[j] -= rows[i] * rows[j, i]
        images = rows[:, self.dim :]
        pairs = zip(images.tolist(), images @ origin, strict=True)
        return [common_denominator([*row, -constant]) for row, constant in pairs]

    def restrict(self, network: Network) -> Network:
        """The network on the slice, as an exact function of t.

        Raises
        ------
        ValueError
            If the network has another number of inputs.

        Examples
        --------
        >>> from relutope import Network, Slice
        >>> network = Network.from_arrays([[[1, 2, 3]], [[1]]])
        >>> Slice([0, 0, 1], [[1, 0, 0], [0, 1, 0]]).restrict(network).exact_layers()[0]
        (array([[Fraction(1, 1), Fraction(2, 1)]], dtype=object), array([Fraction(3, 1)], dtype=object))
        """
        from dataclasses import replace

        if network.input_dim != self.ambient_dim:
            raise ValueError(
                f"the slice lies in {self.ambient_dim} dimensions and the network has {network.input_dim} "
                "inputs; legal: equal numbers"
            )
        table = as_fractions(np.vstack([self._directions, self._origin[None]])).tolist()
        denominator = lcm(*(value.denominator for row in table for value in row))
        rows = [[value.numerator * (denominator // value.denominator) for value in row] for row in table]
        note = f"restricted to a slice of {self.dim} of {self.ambient_dim} dimensions"
        return replace(
            network, core=network.core.restrict(rows, denominator), notes=(*network.notes, note), box=None
        )

    def __repr__(self) -> str:
        return f"Slice({self.dim} of {self.ambient_dim} dimensions on {self._domain!r})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Slice):
            return NotImplemented
        return (
            self._domain == other._domain
            and np.array_equal(self._origin, other._origin)
            and np.array_equal(self._directions, other._directions)
        )

    def __hash__(self) -> int:
        return hash((tuple(self._origin.tolist()), tuple(self._directions.ravel().tolist()), self._domain))

    def __reduce__(self) -> tuple[Any, ...]:
        return Slice, (np.array(self._origin), np.array(self._directions), self._domain)


def _require_span(points: NDArray[Any], differences: NDArray[np.object_]) -> None:
    """Refuse points whose differences from the first are linearly dependent or beyond float64."""
    dependent = _first_dependent_row(differences)
    if dependent is not None:
        raise ValueError(
            f"points[{dependent + 1}] is {points[dependent + 1].tolist()}, in the span of those before it; "
            "legal: points that span a slice, no two equal and no three on a line"
        )
    for place, row in enumerate(differences, start=1):
        try:
            require_float_range(row, "")
        except ValueError:
            raise ValueError(
                f"points[{place}] is {points[place].tolist()}, whose difference from points[0] is beyond "
                "float64; legal: 0, or 5e-324 to 1.7e308 in absolute value"
            ) from None


def _first_dependent_row(rows: NDArray[Any]) -> int | None:
    """The first row in the span of those before it, decided exactly, or None."""
    reduced: list[tuple[int, NDArray[np.object_]]] = []
    for place, row in enumerate(as_fractions(rows)):
        for pivot, basis in reduced:
            if row[pivot] != 0:
                row = row - basis * (row[pivot] / basis[pivot])
        pivots = np.flatnonzero(row != 0)
        if len(pivots) == 0:
            return place
        reduced.append((int(pivots[0]), row))
    return None
