"""Piecewise-linear operations on tensors of a graph, written with ReLUs and maxima."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np
from numpy.typing import NDArray

from relutope.loading.graph.exact_rows import Rows
from relutope.loading.graph.linear_ops import add, combination, divide, negate
from relutope.loading.graph.numbers import Numbers, total
from relutope.loading.graph.value_graph import ZERO, Tensor, ValueGraph


def relu(graph: ValueGraph, x: Tensor, name: str = "relu") -> Tensor:
    """``max(0, x)``; an element that occurs several times is one neuron."""
    values, which = np.unique(x.ids, return_inverse=True)
    if len(values) == x.ids.size and values[0] != ZERO:
        return combination(graph, [(x, 1.0)], 0.0, name, kind="relu")
    results = np.full(len(values), ZERO, dtype=np.int64)
    there = values != ZERO
    results[there] = combination(graph, [(Tensor(values[there]), 1.0)], 0.0, name, kind="relu").ids
    return Tensor(results[which.reshape(x.shape)])


def leaky_relu(graph: ValueGraph, x: Tensor, slope: Numbers | float, name: str = "leaky_relu") -> Tensor:
    """``slope z + (1 - slope) max(0, z)``, the slopes (broadcast against `x`) taken exactly."""
    slopes = np.asarray(slope)
    if not np.any(slopes != 0):
        return relu(graph, x, name)
    rest = total(np.ones(slopes.shape), -slopes)
    return combination(graph, [(x, slopes), (relu(graph, x, name), rest)], 0.0, name)


def absolute(graph: ValueGraph, x: Tensor, name: str = "abs") -> Tensor:
    """``2 max(0, z) - z``."""
    return combination(graph, [(relu(graph, x, name), 2.0), (x, -1.0)], 0.0, name)


def maximum(graph: ValueGraph, left: Tensor, right: Tensor | Numbers, name: str = "maximum") -> Tensor:
    """``b + max(0, a - b)`` elementwise."""
    if isinstance(right, Tensor):
        above = combination(graph, [(left, 1.0), (right, -1.0)], 0.0, name, kind="relu")
        return combination(graph, [(right, 1.0), (above, 1.0)], 0.0, name)
    limit = np.asarray(right)
    above = combination(graph, [(left, 1.0)], -limit, name, kind="relu")
    return combination(graph, [(above, 1.0)], limit, name)


def minimum(graph: ValueGraph, left: Tensor, right: Tensor | Numbers, name: str = "minimum") -> Tensor:
    """``b - max(0, b - a)`` elementwise."""
    if isinstance(right, Tensor):
        below = combination(graph, [(right, 1.0), (left, -1.0)], 0.0, name, kind="relu")
        return combination(graph, [(right, 1.0), (below, -1.0)], 0.0, name)
    limit = np.asarray(right)
    below = combination(graph, [(left, -1.0)], limit, name, kind="relu")
    return combination(graph, [(below, -1.0)], limit, name)


def clamp(
    graph: ValueGraph,
    x: Tensor,
    low: Tensor | Numbers | float | None,
    high: Tensor | Numbers | float | None,
    name: str = "clamp",
) -> Tensor:
    """``low + max(0, z - low) - max(0, z - high)``; where low > high the result is high, as in torch."""
    if isinstance(low, Tensor) or isinstance(high, Tensor) or low is None or high is None:
        if low is not None:
            x = maximum(graph, x, low if isinstance(low, Tensor) else np.asarray(low), name)
        if high is not None:
            x = minimum(graph, x, high if isinstance(high, Tensor) else np.asarray(high), name)
        return x
    lows, highs = np.broadcast_arrays(np.asarray(low), np.asarray(high))
    crossed = (lows >= highs).astype(bool)
    lows = np.where(crossed, highs, lows)
    if crossed.all():
        return combination(graph, [(x, 0.0)], lows, name)
    factor = np.where(crossed, 0.0, 1.0)
    above, beyond = _pair(graph, x, (1.0, 1.0), (-lows, -highs), name)
    return combination(graph, [(above, factor), (beyond, -factor)], lows, name)


def _pair(
    graph: ValueGraph, x: Tensor, factors: tuple[float, float], constants: tuple[Numbers, Numbers], name: str
) -> tuple[Tensor, Tensor]:
    """``max(0, factor z + constant)`` for two factors and constants, all in one layer."""
    shape = np.broadcast_shapes(x.shape, *(constant.shape for constant in constants))
    both = np.stack([np.broadcast_to(x.ids, shape)] * 2)
    factor = np.array(factors).reshape(2, *(1,) * len(shape))
    constant = np.stack([np.broadcast_to(numbers, shape) for numbers in constants])
    pair = combination(graph, [(Tensor(both), factor)], constant, name, kind="relu").ids
    return Tensor(pair[0]), Tensor(pair[1])


def threshold(graph: ValueGraph, x: Tensor, limit: float, value: float, name: str = "threshold") -> Tensor:
    """``z if z > limit else value``, which is ``max(z, limit)`` for equal numbers and otherwise jumps."""
    if limit != value:
        raise ValueError(
            f"{name} with threshold {limit} and value {value} is discontinuous; legal: two equal numbers"
        )
    return maximum(graph, x, np.asarray(limit), name)


def softshrink(graph: ValueGraph, x: Tensor, limit: float, name: str = "softshrink") -> Tensor:
    """``max(0, z - limit) - max(0, -z - limit)``."""
    above, below = _pair(graph, x, (1.0, -1.0), (np.asarray(-limit), np.asarray(-limit)), name)
    return combination(graph, [(above, 1.0), (below, -1.0)], 0.0, name)


def max_of_windows(graph: ValueGraph, windows: NDArray[np.int64], shape: Sequence[int], name: str) -> Tensor:
    """The largest value of each row of ids; ids below -1 stand for nothing.

    Equal windows share a row, and a window with one value is that value.
    """
    windows = np.sort(windows, axis=1)
    windows[:, 1:][windows[:, 1:] == windows[:, :-1]] = ZERO - 1
    if (windows == ZERO).any():
        nothing = np.empty(0, dtype=np.int64)
        empty = Rows(np.zeros(2, dtype=np.int64), nothing, np.empty(0), np.zeros(1), {})
        windows[windows == ZERO] = graph.add("linear", empty, (1,), "constant").ids
    windows = np.sort(windows, axis=1)
    counts = np.count_nonzero(windows >= 0, axis=1)
    if (counts == 0).any():
        raise ValueError(f"{name} has a window without elements; legal: windows that meet the input")
    result = windows[:, -1].copy()
    several = np.flatnonzero(counts > 1)
    if len(several):
        _, first, which = np.unique(
            windows[several].clip(ZERO), axis=0, return_index=True, return_inverse=True
        )
        order = np.argsort(first)  # in the order in which the windows stand
        place = np.empty_like(order)
        place[order] = np.arange(len(order))
        chosen = windows[several[first[order]]]
        indptr = np.append(0, np.cumsum(np.count_nonzero(chosen >= 0, axis=1)))
        indices = chosen[chosen >= 0]
        rows = Rows(indptr, indices, np.ones(len(indices)), np.zeros(len(chosen)), {})
        result[several] = graph.add("max", rows, (len(chosen),), name).ids[place[which.ravel()]]
    return Tensor(result.reshape(shape))


def max_over(graph: ValueGraph, x: Tensor, axes: Sequence[int], keepdims: bool, name: str = "amax") -> Tensor:
    """Maximum over some axes; no axes means all."""
    n_axes = x.ids.ndim
    chosen = sorted({axis % n_axes for axis in axes}) or list(range(n_axes))
    kept = [axis for axis in range(n_axes) if axis not in chosen]
    shape = [x.shape[axis] for axis in kept]
    result = max_of_windows(graph, x.ids.transpose(*kept, *chosen).reshape(prod(shape), -1), shape, name)
    if not keepdims:
        return result
    return Tensor(result.ids.reshape([1 if axis in chosen else size for axis, size in enumerate(x.shape)]))


def min_over(graph: ValueGraph, x: Tensor, axes: Sequence[int], keepdims: bool, name: str = "amin") -> Tensor:
    """Minimum over some axes; no axes means all."""
    return negate(graph, max_over(graph, negate(graph, x, name), axes, keepdims, name), name)


def hardsigmoid(graph: ValueGraph, x: Tensor, name: str = "hardsigmoid") -> Tensor:
    """``clamp(z + 3, 0, 6) / 6``, exactly."""
    shifted = add(graph, x, np.asarray(3.0), name=name)
    return divide(graph, clamp(graph, shifted, 0.0, 6.0, name), np.asarray(6.0), name)
