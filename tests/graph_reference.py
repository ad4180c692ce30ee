"""Torch's operations on arrays of fractions, by loops over their definitions; independent of the package."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

Objects = NDArray[np.object_]


def exact(values: Any) -> Objects:
    array = np.asarray(values)
    result = np.empty(array.shape, dtype=object)
    for index in np.ndindex(array.shape):
        result[index] = Fraction(array[index].item() if hasattr(array[index], "item") else array[index])
    return result


def each(function: Callable[..., Any], *arrays: Any) -> Objects:
    arrays = np.broadcast_arrays(*arrays)
    result = np.empty(arrays[0].shape, dtype=object)
    for index in np.ndindex(result.shape):
        result[index] = function(*(array[index] for array in arrays))
    return result


def relu(x: Objects) -> Objects:
    return each(lambda z: z if z > 0 else Fraction(0), x)


def leaky(x: Objects, slope: Any) -> Objects:
    return each(lambda z, a: z if z > 0 else a * z, x, exact(slope))


def clamp(x: Objects, low: Any, high: Any) -> Objects:
    return each(lambda z, a, b: min(max(z, a), b), x, exact(low), exact(high))


def convolve(
    x: Objects,
    weight: Any,
    bias: Any,
    stride: Sequence[int],
    pads: Sequence[tuple[int, int]],
    dilation: Sequence[int],
    groups: int,
) -> Objects:
    """x (1, c, *spatial), everything given per axis."""
    table = exact(weight)
    padded = np.pad(x, [(0, 0), (0, 0), *pads], constant_values=Fraction(0))
    kernel, n_in = table.shape[2:], table.shape[1]
    sizes = [
        (size - d * (k - 1) - 1) // s + 1
        for size, k, s, d in zip(padded.shape[2:], kernel, stride, dilation, strict=True)
    ]
    result = np.empty((1, len(table), *sizes), dtype=object)
    for out, *place in np.ndindex(len(table), *sizes):
        first = out // (len(table) // groups) * n_in
        total = Fraction(0) if bias is None else exact(bias)[out]
        for channel, *tap in np.ndindex(n_in, *kernel):
            seen = [p * s + t * d for p, s, t, d in zip(place, stride, tap, dilation, strict=True)]
            total += table[(out, channel, *tap)] * padded[(0, first + channel, *seen)]
        result[(0, out, *place)] = total
    return result


def convolve_transposed(
    x: Objects,
    weight: Any,
    bias: Any,
    stride: Sequence[int],
    pads: Sequence[tuple[int, int]],
    more: Sequence[int],
    dilation: Sequence[int],
    groups: int,
) -> Objects:
    """Every input place adds its taps to the output; what falls into the padding is cut off."""
    table = exact(weight)
    n_in, n_out, *kernel = table.shape
    sizes = [
        (size - 1) * s + d * (k - 1) + 1 + m
        for size, s, d, k, m in zip(x.shape[2:], stride, dilation, kernel, more, strict=True)
    ]
    result = np.full((1, n_out * groups, *sizes), Fraction(0), dtype=object)
    for channel, *place in np.ndindex(n_in, *x.shape[2:]):
        first = channel // (n_in // groups) * n_out
        for out, *tap in np.ndindex(n_out, *kernel):
            seen = [p * s + t * d for p, s, t, d in zip(place, stride, tap, dilation, strict=True)]
            result[(0, first + out, *seen)] += table[(channel, out, *tap)] * x[(0, channel, *place)]
    cut = tuple(slice(before, size - after) for size, (before, after) in zip(sizes, pads, strict=True))
    result = result[(slice(None), slice(None), *cut)]
    return result if bias is None else result + exact(bias).reshape(1, -1, *(1,) * len(kernel))


def pooled(
    x: Objects,
    kernel: Sequence[int],
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    ceil_mode: bool,
    reduce: Callable[[list[Fraction], int], Fraction],
) -> Objects:
    """`reduce` gets the elements of a window and the number of its places in input and padding."""
    sizes = []
    for size, k, s, p, d in zip(x.shape[2:], kernel, stride, padding, dilation, strict=True):
        room = size + 2 * p - d * (k - 1) - 1
        count = (-(-room // s) if ceil_mode else room // s) + 1
        sizes.append(count - 1 if ceil_mode and (count - 1) * s >= size + p else count)
    result = np.empty((*x.shape[:2], *sizes), dtype=object)
    for n, c, *place in np.ndindex(*result.shape):
        elements, n_places = [], 0
        for tap in np.ndindex(*kernel):
            seen = [
                q * s - p + t * d for q, s, p, t, d in zip(place, stride, padding, tap, dilation, strict=True)
            ]
            n_places += all(at < size + p for at, size, p in zip(seen, x.shape[2:], padding, strict=True))
            if all(0 <= at < size for at, size in zip(seen, x.shape[2:], strict=True)):
                elements.append(x[(n, c, *seen)])
        result[(n, c, *place)] = reduce(elements, n_places)
    return result


def adaptive(x: Objects, sizes: Sequence[int], reduce: Callable[[list[Fraction]], Fraction]) -> Objects:
    result = np.empty((*x.shape[:2], *sizes), dtype=object)
    for n, c, *place in np.ndindex(*result.shape):
        axes = [
            range(q * size // out, -((-(q + 1) * size) // out))
            for q, size, out in zip(place, x.shape[2:], sizes, strict=True)
        ]
        result[(n, c, *place)] = reduce([x[(n, c, *seen)] for seen in itertools.product(*axes)])
    return result


def average(values: list[Fraction], count: int | None = None) -> Fraction:
    return sum(values, Fraction(0)) / (len(values) if count is None else count)


def scale(gamma: float, variance: float, eps: float) -> float:
    """The float64 nearest to gamma / sqrt(variance + eps), from 800 digits."""
    with localcontext(prec=800):
        return float(Decimal(gamma) / (Decimal(variance) + Decimal(eps)).sqrt())


def batch_norm(x: Objects, mean: Any, variance: Any, gamma: Any, beta: Any, eps: float) -> Objects:
    result = np.empty(x.shape, dtype=object)
    for index in np.ndindex(x.shape):
        channel = index[1]
        factor = Fraction(scale(float(gamma[channel]), float(variance[channel]), eps))
        shift = Fraction(float(beta[channel])) - Fraction(float(mean[channel])) * factor
        result[index] = factor * x[index] + shift
    return result
