"""Exact arithmetic on arrays: float64 where that holds every value, else `fractions.Fraction` objects.

A product or sum of float64 numbers is kept as float64 only where it was proved exact.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: An array of exact numbers: float64, or objects that are `Fraction`.
Numbers = NDArray[Any]

#: Below this power of two integers are float64 numbers, and so are all of fewer bits.
MANTISSA = 2.0**53

#: Exponent of the smallest positive float64.
LOWEST = -1074


def odd_parts(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Odd integers m and exponents e with ``values == m * 2**e``; zero has m = 0."""
    fraction, exponent = np.frexp(values)
    mantissa = (fraction * MANTISSA).astype(np.int64)
    lowest = mantissa & -mantissa
    lowest[lowest == 0] = 1
    shift = np.frexp(lowest.astype(np.float64))[1] - 1
    return (mantissa // lowest).astype(np.float64), exponent.astype(np.int64) - 53 + shift


def exact_products(
    left: NDArray[np.float64], right: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Rounded products, and where they are exact.

    With odd parts m, n and exponents e, f the product is m n 2^(e+f), m n odd: a float64 if and only if
    ``|m n| < 2^53``, ``e + f >= -1074`` and it does not overflow. Rounding is monotone, so the rounded m n
    is below 2^53 if and only if m n is.
    """
    with np.errstate(all="ignore"):
        product = left * right
        plain = (np.abs(left) == 1) | (np.abs(right) == 1)
        if plain.all():
            return product, plain
        m, e = odd_parts(left)
        n, f = odd_parts(right)
        exact = (np.abs(m * n) < MANTISSA) & (e + f >= LOWEST) & np.isfinite(product)
    return product, exact | (left == 0) | (right == 0)


def exact_sums(
    left: NDArray[np.float64], right: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Rounded sums, and where they are exact (two-sum of Knuth: the error of a sum is a float64)."""
    with np.errstate(all="ignore"):
        total = left + right
        part = total - left
        error = (left - (total - part)) + (right - part)
    return total, error == 0


def exact_group_sums(
    starts: NDArray[np.int64], values: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Sums of the groups ``values[starts[g]:starts[g + 1]]``, none empty, and where they are exact."""
    sizes = np.diff(np.append(starts, len(values)))
    sums, exact = values[starts], np.ones(len(starts), dtype=bool)
    pairs = np.flatnonzero(sizes == 2)
    sums[pairs], exact[pairs] = exact_sums(values[starts[pairs]], values[starts[pairs] + 1])
    for group in np.flatnonzero(sizes > 2).tolist():
        members = values[starts[group] : starts[group] + sizes[group]].tolist()
        try:
            sums[group] = math.fsum(members)
            exact[group] = math.fsum([*members, -sums[group]]) == 0
        except OverflowError:
            sums[group], exact[group] = np.inf, False
    return sums, exact


def is_float(value: Fraction) -> bool:
    """Whether a fraction is a float64."""
    try:
        return Fraction(float(value)) == value
    except OverflowError:
        return False


def rounded(numerator: int, denominator: int) -> float:
    """The correctly rounded quotient, refused beyond float64."""
    return rounded_row([numerator], denominator)[0]


def rounded_row(numerators: list[int], denominator: int) -> list[float]:
    """The correctly rounded quotients, refused beyond float64."""
    try:
        return [numerator / denominator for numerator in numerators]
    except OverflowError:
        raise ValueError("a coefficient of the graph is beyond float64; legal: up to 1.7e308") from None


def split_numbers(numbers: Numbers) -> tuple[NDArray[np.float64], dict[int, Fraction]]:
    """Correctly rounded float64 images of a flat array, and by place the numbers that are no float64."""
    if numbers.dtype != object:
        return np.asarray(numbers, dtype=np.float64), {}
    images: dict[int, tuple[float, bool]] = {}  # by identity: expanded arrays repeat one object
    values = np.empty(len(numbers))
    others: dict[int, Fraction] = {}
    for place, number in enumerate(numbers.tolist()):
        known = images.get(id(number))
        if known is None:
            known = rounded(number.numerator, number.denominator), is_float(number)
            images[id(number)] = known
        values[place] = known[0]
        if not known[1]:
            others[place] = number
    return values, others


def tidy(numbers: Numbers) -> Numbers:
    """The same numbers, as float64 if all are."""
    if numbers.dtype != object:
        return numbers
    values, others = split_numbers(numbers.ravel())
    return numbers if others else values.reshape(numbers.shape)


def fractions(numbers: Numbers) -> NDArray[np.object_]:
    """The same numbers as `Fraction` objects."""
    if numbers.dtype == object:
        return numbers
    result = np.empty(numbers.shape, dtype=object)
    result.ravel()[:] = [Fraction(value) for value in numbers.ravel().tolist()]
    return result


def uniform(arrays: list[NDArray[Any]]) -> list[NDArray[Any]]:
    """Arrays of one type: `Fraction` objects if one holds them."""
    if any(array.dtype == object for array in arrays):
        return [fractions(array) for array in arrays]
    return arrays


def product(left: Numbers, right: Numbers) -> Numbers:
    """Elementwise product, exactly."""
    return _elementwise(left, right, exact_products, operator.mul)


def total(left: Numbers, right: Numbers) -> Numbers:
    """Elementwise sum, exactly."""
    return _elementwise(left, right, exact_sums, operator.add)


def reciprocal(numbers: Numbers) -> Numbers:
    """One over each number, exactly; a ValueError if one is zero."""
    if not np.all(numbers != 0):
        raise ValueError("division by zero; legal: divisors that are not 0")
    exact = fractions(numbers)
    result = np.empty(exact.shape, dtype=object)
    for index, value in np.ndenumerate(exact):
        result[index] = 1 / value
    return tidy(result)


def _elementwise(
    left: Numbers,
    right: Numbers,
    floats: Callable[..., tuple[NDArray[np.float64], NDArray[np.bool_]]],
    objects: Callable[[Any, Any], Any],
) -> Numbers:
    left, right = np.broadcast_arrays(left, right)
    if left.ndim == 0:  # on which numpy's operations return scalars
        return _elementwise(left[None], right[None], floats, objects)[0, ...]
    if left.dtype != object and right.dtype != object:
        values, exact = floats(left, right)
        if exact.all():
            return values
    result = np.empty(left.shape, dtype=object)
    result[...] = objects(fractions(np.array(left)), fractions(np.array(right)))
    return tidy(result)
