"""Arrays of numbers taken exactly: as float64 where every value is one, else as fractions."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from math import isqrt, lcm
from numbers import Rational
from operator import mul
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

#: One row of a layer: numerators of the weights and of the bias, and their common denominator.
ExactRow = tuple[list[int], int]


def exact_array(values: ArrayLike, name: str) -> tuple[NDArray[Any], str]:
    """The values without any rounding, and the name of the type they came in.

    Parameters
    ----------
    values : array_like
        Floats of any width (bfloat16 included), integers, or objects that are ints, floats, Fractions or
        Decimals.
    name : str
        What the values are called in error messages.

    Returns
    -------
    array : ndarray
        float64 if that holds every value, else an object array of `Fraction`.
    dtype : str

    Raises
    ------
    TypeError
        If the values are not real numbers.
    ValueError
        If one is NaN or infinite, or the values form no array.

    Examples
    --------
    >>> from relutope.coefficients import exact_array
    >>> exact_array([1, 2**53 + 1], "x")[0]
    array([Fraction(1, 1), Fraction(9007199254740993, 1)], dtype=object)
    """
    try:
        array = np.asarray(detached(values))
    except ValueError:
        raise ValueError(f"{name} is ragged; legal: rows of equal length") from None
    if (array.dtype.kind == "f" and array.dtype.itemsize <= 8) or array.dtype.name.startswith(
        ("bfloat", "float8")
    ):
        floats = np.ascontiguousarray(array.astype(np.float64)).reshape(array.shape)
        _require_finite(floats, name)
        return floats, array.dtype.name
    if array.dtype.kind == "f":
        _require_finite(array, name)
        objects = array.astype(object)
    elif array.dtype.kind in "iuO":
        objects = array.astype(object)
    else:
        raise TypeError(
            f"{name} has dtype {array.dtype}; legal: floating point, integer, or objects that are numbers"
        )
    fractions = np.empty(array.shape, dtype=object)
    for index, value in np.ndenumerate(objects):
        fractions[index] = _fraction(value, f"{name}{list(index) if index else ''}")
    dtype = "rational" if array.dtype.kind == "O" else array.dtype.name
    floats = np.empty(array.shape)
    for index, fraction in np.ndenumerate(fractions):
        try:
            floats[index] = float(fraction)
        except OverflowError:
            return fractions, dtype
        if Fraction(floats[index].item()) != fraction:
            return fractions, dtype
    return floats, dtype


def detached(values: Any) -> Any:
    """A tensor that carries gradients, or lies on a GPU, as one that numpy takes; all else as it is."""
    detach = getattr(values, "detach", None)
    return detach().cpu() if callable(detach) else values


def exact_float64(values: ArrayLike, name: str) -> NDArray[np.float64]:
    """The values as float64, or a ValueError if one of them is not a finite float64."""
    array, _ = exact_array(values, name)
    if array.dtype == object:
        raise ValueError(
            f"{name} has a value that is not a float64 and would be rounded; round it yourself: float(value)"
        )
    return array


def checked_points(X: ArrayLike, dim: int | None, name: str = "X") -> NDArray[np.float64]:
    """Points as contiguous float64 of shape (n, dim); None stands for any number >= 1.

    Raises
    ------
    ValueError
        If the shape is another, or a value is not a finite float64.
    TypeError
        If the values are not real numbers.
    """
    points = exact_float64(X, name)
    if points.ndim != 2 or (points.shape[1] == 0 if dim is None else points.shape[1] != dim):
        legal = "(n, d) with d >= 1" if dim is None else f"(n, {dim})"
        raise ValueError(f"{name} has shape {points.shape}; legal: {legal}")
    return np.ascontiguousarray(points)


def exact_point(point: ArrayLike, dim: int, name: str = "point") -> tuple[list[int], int]:
    """A rational point as numerators over one common denominator."""
    array, _ = exact_array(point, name)
    if array.shape != (dim,):
        raise ValueError(f"{name} has shape {array.shape}; legal: ({dim},), one number per input")
    return common_denominator([Fraction(value) for value in array.tolist()])


def common_denominator(row: list[Fraction]) -> ExactRow:
    """Fractions as integer numerators over their least common denominator.

    Examples
    --------
    >>> from fractions import Fraction
    >>> from relutope.coefficients import common_denominator
    >>> common_denominator([Fraction(1, 2), Fraction(1, 3)])
    ([3, 2], 6)
    """
    denominator = lcm(*(value.denominator for value in row))
    return [value.numerator * (denominator // value.denominator) for value in row], denominator


def as_fractions(array: NDArray[Any]) -> NDArray[np.object_]:
    """The numbers of an array as `Fraction` objects, exactly."""
    result = np.empty(array.shape, dtype=object)
    for index, value in np.ndenumerate(array):
        result[index] = Fraction(value)
    return result


def rounded_root(value: Fraction) -> float:
    """The square root of a number >= 0, from at least 60 bits; inf beyond float64."""
    product = value.numerator * value.denominator  # sqrt(p / q) = sqrt(p q) / q
    shift = max(0, 60 - product.bit_length() // 2)
    try:
        return float(Fraction(isqrt(product << 2 * shift), value.denominator << shift))
    except OverflowError:
        return np.inf


def frozen(array: NDArray[Any]) -> NDArray[Any]:
    """A read-only copy; negative zeros become positive, so that equal arrays have equal bytes."""
    copy = np.array(array) if array.dtype == object else array + 0.0
    copy.flags.writeable = False
    return copy


def exact_rows(weight: NDArray[Any], bias: NDArray[Any]) -> list[ExactRow]:
    """The rows (weights, then bias) of a layer given as float64 or Fraction arrays."""
    return [
        common_denominator([Fraction(value) for value in [*row, constant]])
        for row, constant in zip(weight.tolist(), bias.tolist(), strict=True)
    ]


def float_layer(rows: list[ExactRow]) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Weights and biases of exact rows as float64, or None if one value is not a float64."""
    values = np.empty((len(rows), len(rows[0][0])))
    for i, (numerators, denominator) in enumerate(rows):
        for j, numerator in enumerate(numerators):
            try:
                value = numerator / denominator
            except OverflowError:
                return None
            top, bottom = value.as_integer_ratio()
            if top * denominator != numerator * bottom:
                return None
            values[i, j] = value
    return np.ascontiguousarray(values[:, :-1]), np.ascontiguousarray(values[:, -1])


def rounded_images(table: list[ExactRow], points: NDArray[np.float64], name: str) -> NDArray[np.float64]:
    """The values of affine forms at float64 points (n, d), each computed exactly and rounded once.

    Parameters
    ----------
    table : list of ExactRow
        d coefficients and the constant of each form.
    points : ndarray of shape (n, d)
    name : str
        What the points are called in error messages.

    Raises
    ------
    ValueError
        If a value is beyond float64; the message names the point.

    Examples
    --------
    >>> import numpy as np
    >>> from relutope.coefficients import rounded_images
    >>> rounded_images([([1, 1], 3)], np.array([[1.0]]), "X")
    array([[0.66666667]])
    """
    images = np.empty((len(points), len(table)))
    for place, point in enumerate(points.tolist()):
        ratios = [value.as_integer_ratio() for value in point]
        common = max(bottom for _, bottom in ratios)  # all are powers of two
        tops = [top * (common // bottom) for top, bottom in ratios]
        tops.append(common)
        try:
            for column, (numerators, denominator) in enumerate(table):
                images[place, column] = sum(map(mul, numerators, tops)) / (denominator * common)
        except OverflowError:
            raise ValueError(
                f"{name}[{place}] is {point}, whose image is beyond float64; legal: images up to 1.7e308"
            ) from None
    return images


def require_float_range(array: NDArray[Any], name: str) -> None:
    """A ValueError if a Fraction of an object array would be 0 or infinite as float64, though it is not."""
    if array.dtype != object:
        return
    for index, value in np.ndenumerate(array):
        try:
            beyond = (float(value) == 0) != (value == 0)
        except OverflowError:
            beyond = True
        if beyond:
            raise ValueError(
                f"{name}{list(index)} is beyond float64; legal: 0, or 5e-324 to 1.7e308 in absolute value"
            )


def _require_finite(array: NDArray[Any], name: str) -> None:
    finite = np.isfinite(array)
    if not finite.all():
        index = tuple(int(i) for i in np.argwhere(~finite)[0])
        place = f"{name}{list(index)}" if index else name
        raise ValueError(f"{place} is {array[index]}; legal: finite numbers")


def _fraction(value: Any, place: str) -> Fraction:
    if isinstance(value, (bool, np.bool_)) or not isinstance(
        value, (Rational, float, Decimal, np.floating, np.integer)
    ):
        raise TypeError(f"{place} is {value!r}; legal: int, float, Fraction or Decimal")
    try:
        if isinstance(value, np.integer):
            return Fraction(int(value))
        return Fraction(*value.as_integer_ratio()) if isinstance(value, np.floating) else Fraction(value)
    except (ValueError, OverflowError):
        raise ValueError(f"{place} is {value}; legal: finite numbers") from None
