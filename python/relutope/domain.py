"""The simplest domains: an axis-parallel box, and all of R^d."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from relutope.arguments import checked_count, checked_pad
from relutope.coefficients import checked_points, exact_float64


class Box:
    """The closed box ``lo <= x <= hi``, each axis with its own bounds.

    Parameters
    ----------
    lo, hi : float or array_like of shape (d,)
        Lower and upper bounds. They follow numpy's broadcasting, with each other and with the input
        dimension of the network: a number holds for every axis.

    Raises
    ------
    ValueError
        If ``lo < hi`` fails on an axis, a bound is not a finite float64, or the lengths differ.
    TypeError
        If a bound is no real number.

    Examples
    --------
    >>> from relutope import Box
    >>> Box(-1, [1, 2])
    Box([-1.0, -1.0], [1.0, 2.0])
    """

    __slots__ = ("_hi", "_lo")

    def __init__(self, lo: ArrayLike, hi: ArrayLike) -> None:
        low, high = _bound(lo, "lo"), _bound(hi, "hi")
        try:
            low, high = np.broadcast_arrays(low, high)
        except ValueError:
            raise ValueError(
                f"lo has length {low.size} and hi has length {high.size}; legal: equal lengths, or one "
                "number for every axis"
            ) from None
        if low.ndim and low.size == 0:
            raise ValueError("lo and hi have length 0; legal: at least one axis")
        for axis, (a, b) in enumerate(zip(np.atleast_1d(low), np.atleast_1d(high), strict=True)):
            if not a < b:
                place = f"[{axis}]" if low.ndim else ""
                raise ValueError(f"lo{place} = {a} and hi{place} = {b}; legal: lo < hi on every axis")
        self._lo, self._hi = _frozen(low), _frozen(high)

    @property
    def lo(self) -> NDArray[np.float64]:
        """Lower bounds, float64, shape () or (d,), read-only."""
        return self._lo

    @property
    def hi(self) -> NDArray[np.float64]:
        """Upper bounds, float64, shape () or (d,), read-only."""
        return self._hi

    @classmethod
    def around(cls, X: ArrayLike, pad: float = 0.1) -> Box:
        """The bounding box of points, widened on both sides by `pad` times its width on each axis.

        Parameters
        ----------
        X : array_like of shape (n, d)
        pad : float, default 0.1
            An axis on which the points do not vary is widened by `pad` itself.

        Raises
        ------
        ValueError
            If there is no point, one is not finite, `pad` is negative, or it is 0 and the points do not vary
            on an axis, or the box is beyond float64.
        TypeError
            If an argument is no real number.

        Examples
        --------
        >>> from relutope import Box
        >>> Box.around([[0, 0], [2, 4]], pad=0.5)
        Box([-1.0, -2.0], [3.0, 6.0])
        """
        points = exact_float64(X, "X")
        if points.ndim != 2 or points.size == 0:
            raise ValueError(f"X has shape {points.shape}; legal: (n, d) with n, d >= 1")
        pad = checked_pad(pad)
        low, high = points.min(axis=0), points.max(axis=0)
        with np.errstate(over="ignore"):
            margin = pad * np.where(high > low, high - low, 1.0)
            if pad > 0:  # at large coordinates a margin may be lost in rounding
                margin = np.maximum(margin, 2 * np.spacing(np.maximum(np.abs(low), np.abs(high))))
            lo, hi = low - margin, high + margin
        for axis, (a, b) in enumerate(zip(lo, hi, strict=True)):
            if not np.isfinite([a, b]).all():
                raise ValueError(
                    f"X reaches from {low[axis]} to {high[axis]} on axis {axis}, and with pad = {pad} beyond "
                    "float64; legal: boxes of finite numbers"
                )
            if a == b:
                raise ValueError(f"pad is 0 and X does not vary on axis {axis}; legal: pad > 0 there")
        return cls(lo, hi)

    def fits(self, dim: int) -> bool:
        """Whether it has bounds for `dim` axes, each its own or one for all.

        Examples
        --------
        >>> from relutope import Box
        >>> Box(-1, 1).fits(3), Box([0, 0], [1, 1]).fits(3)
        (True, False)
        """
        return self._lo.size in (1, dim)

    def bounds(self, input_dim: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Lower and upper bounds for `input_dim` axes, each float64 of shape (input_dim,).

        Raises
        ------
        ValueError
            If the box has another number of axes, or `input_dim` is smaller than 1.
        TypeError
            If `input_dim` is no int.

        Examples
        --------
        >>> from relutope import Box
        >>> Box(-1, 1).bounds(2)
        (array([-1., -1.]), array([1., 1.]))
        """
        input_dim = checked_count(input_dim, "input_dim")
        if not self.fits(input_dim):
            raise ValueError(
                f"input_dim is {input_dim} and the box has {self._lo.size} axes; legal: equal numbers, or 1 "
                "axis"
            )
        return tuple(
            np.ascontiguousarray(np.broadcast_to(side, (input_dim,))) for side in (self._lo, self._hi)
        )  # type: ignore[return-value]

    def contains(self, X: ArrayLike) -> NDArray[np.bool_]:
        """Which of the points (n, d) lie in the closed box, bool of shape (n,).

        Raises
        ------
        ValueError
            If `X` has another shape or holds a value that is not a finite float64.
        TypeError
            If the values are not real numbers.

        Examples
        --------
        >>> import numpy as np
        >>> from relutope import Box
        >>> Box(-1, 1).contains(np.array([[0, 1], [0, 2]]))
        array([ True, False])
        """
        points = checked_points(X, self._lo.size if self._lo.size > 1 else None)
        inside: NDArray[np.bool_] = np.all((self._lo <= points) & (self._hi >= points), axis=1)
        return inside

    def __repr__(self) -> str:
        return f"Box({self._lo.tolist()}, {self._hi.tolist()})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Box):
            return NotImplemented
        return np.array_equal(self._lo, other._lo) and np.array_equal(self._hi, other._hi)

    def __hash__(self) -> int:
        return hash((self._lo.tobytes(), self._hi.tobytes()))

    def __reduce__(self) -> tuple[Any, ...]:
        return Box, (np.array(self._lo), np.array(self._hi))


@dataclass(frozen=True)
class AllSpace:
    """All of R^d, d being the input dimension of the network.

    Examples
    --------
    >>> from relutope import AllSpace
    >>> AllSpace()
    AllSpace()
    """


def _bound(value: ArrayLike, name: str) -> NDArray[np.float64]:
    try:
        array = exact_float64(value, name)
    except ValueError as error:
        if "finite numbers" in str(error):
            raise ValueError(f"{error}; for an unbounded domain use AllSpace() (--all-space)") from None
        raise
    if array.ndim > 1:
        raise ValueError(f"{name} has shape {array.shape}; legal: a number, or one number per axis")
    return array + 0.0  # no negative zero, so that equal boxes have equal bytes


def _frozen(array: NDArray[np.float64]) -> NDArray[np.float64]:
    copy = np.array(array, dtype=np.float64)
    copy.flags.writeable = False
    return copy
