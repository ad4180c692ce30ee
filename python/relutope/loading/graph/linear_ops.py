"""Affine operations on tensors of a graph: products with constants, sums, means, batch norm."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import isqrt, prod

import numpy as np
from numpy.typing import NDArray

from relutope.loading.graph.exact_rows import rows_from_entries, rows_from_table
from relutope.loading.graph.numbers import Numbers, fractions, product, reciprocal, rounded, tidy, total
from relutope.loading.graph.value_graph import Tensor, ValueGraph


def linear(
    graph: ValueGraph, x: Tensor, weight: Numbers, bias: Numbers | None = None, name: str = "linear"
) -> Tensor:
    """``weight @ x + bias`` over the last axis of `x`; weight (n_out, n_in), bias (n_out,)."""
    if x.shape[-1:] != weight.shape[1:]:
        raise ValueError(f"{name} takes {weight.shape[1:]} inputs and gets {x.shape}")
    constants = np.zeros(len(weight)) if bias is None else np.broadcast_to(bias, (len(weight),))
    rows = rows_from_table(x.ids.reshape(-1, x.shape[-1]), weight, constants, positions_first=True)
    return graph.add("linear", rows, (*x.shape[:-1], len(weight)), name)


def matmul(
    graph: ValueGraph, left: Tensor | Numbers, right: Tensor | Numbers, name: str = "matmul"
) -> Tensor:
    """``left @ right`` as numpy does it, one of the two a constant."""
    if isinstance(left, Tensor) == isinstance(right, Tensor):
        raise ValueError(f"{name} of two tensors that depend on the input is not piecewise linear")
    if isinstance(right, Tensor):
        return _matmul_from_left(graph, np.asarray(left), right, name)
    assert isinstance(left, Tensor)
    if right.ndim <= 2:
        columns = right.reshape(len(right), -1)
        result = linear(graph, left, columns.T, name=name).ids
        return Tensor(result[..., 0] if right.ndim == 1 else result)
    if left.ids.ndim == 1:
        return Tensor(matmul(graph, Tensor(left.ids[None]), right, name).ids[..., 0, :])
    swapped = _matmul_from_left(graph, right.swapaxes(-1, -2), Tensor(left.ids.swapaxes(-1, -2)), name)
    return Tensor(swapped.ids.swapaxes(-1, -2))


def _matmul_from_left(graph: ValueGraph, left: Numbers, right: Tensor, name: str) -> Tensor:
    if right.ids.ndim == 1:
        result = _matmul_from_left(graph, left, Tensor(right.ids[:, None]), name)
        return Tensor(result.ids[..., 0])
    if left.ndim == 1:
        return Tensor(_matmul_from_left(graph, left[None], right, name).ids[..., 0, :])
    if left.ndim == 2:  # every column of every matrix
        swapped = linear(graph, Tensor(right.ids.swapaxes(-1, -2)), left, name=name)
        return Tensor(swapped.ids.swapaxes(-1, -2))
    batch = np.broadcast_shapes(left.shape[:-2], right.shape[:-2])
    lefts = np.broadcast_to(left, (*batch, *left.shape[-2:])).reshape(-1, *left.shape[-2:])
    rights = np.broadcast_to(right.ids, (*batch, *right.shape[-2:])).reshape(-1, *right.shape[-2:])
    parts = [matmul(graph, matrix, Tensor(ids), name).ids for matrix, ids in zip(lefts, rights, strict=True)]
    return Tensor(np.stack(parts).reshape(*batch, *parts[0].shape))


def combination(
    graph: ValueGraph,
    terms: Sequence[tuple[Tensor, Numbers | float]],
    constant: Numbers | float,
    name: str,
    kind: str = "linear",
    magnitude: NDArray[np.float64] | None = None,
) -> Tensor:
    """``sum of factor * tensor + constant`` elementwise, all broadcast against one another.

    Parameters
    ----------
    graph : ValueGraph
    terms : sequence of (Tensor, factor)
    constant : array_like
    name : str
    kind : {"linear", "relu"}
        "relu" for the positive part of it.
    magnitude : ndarray, optional
        As in `ValueGraph.add`.
    """
    factors = [np.asarray(factor) for _, factor in terms]
    constants = np.asarray(constant)
    shapes = [tensor.shape for tensor, _ in terms] + [factor.shape for factor in factors]
    shape = np.broadcast_shapes(*shapes, constants.shape)
    n_rows, n_terms = prod(shape), len(terms)
    ids = np.stack([np.broadcast_to(tensor.ids, shape).ravel() for tensor, _ in terms], axis=1)
    weights = np.empty((n_rows, n_terms), dtype=object if any(f.dtype == object for f in factors) else float)
    for place, factor in enumerate(factors):
        exact = fractions(factor) if weights.dtype == object else factor
        weights[:, place] = np.broadcast_to(exact, shape).ravel()
    row = np.repeat(np.arange(n_rows, dtype=np.int64), n_terms)
    bias = np.broadcast_to(constants, shape).ravel()
    rows = rows_from_entries(n_rows, row, ids.ravel(), weights.ravel(), bias)
    return graph.add(kind, rows, shape, name, magnitude)


def add(
    graph: ValueGraph,
    left: Tensor | Numbers,
    right: Tensor | Numbers,
    alpha: Numbers | float = 1.0,
    name: str = "add",
) -> Tensor:
    """``left + alpha * right``, at least one of the two a tensor."""
    factor = np.asarray(alpha)
    if isinstance(left, Tensor) and isinstance(right, Tensor):
        return combination(graph, [(left, 1.0), (right, factor)], 0.0, name)
    if isinstance(left, Tensor):
        assert not isinstance(right, Tensor)
        return combination(graph, [(left, 1.0)], product(np.asarray(right), factor), name)
    assert isinstance(right, Tensor)
    return combination(graph, [(right, factor)], np.asarray(left), name)


def subtract(
    graph: ValueGraph,
    left: Tensor | Numbers,
    right: Tensor | Numbers,
    alpha: Numbers | float = 1.0,
    name: str = "sub",
) -> Tensor:
    """``left - alpha * right``, at least one of the two a tensor."""
    return add(graph, left, right, -np.asarray(alpha), name)


def negate(graph: ValueGraph, x: Tensor, name: str = "neg") -> Tensor:
    """``-x``."""
    return combination(graph, [(x, -1.0)], 0.0, name)


def multiply(graph: ValueGraph, left: Tensor | Numbers, right: Tensor | Numbers, name: str = "mul") -> Tensor:
    """``left * right``, exactly one of the two a constant."""
    if isinstance(left, Tensor) and isinstance(right, Tensor):
        raise ValueError(f"{name} of two tensors that depend on the input is not piecewise linear")
    if isinstance(left, Tensor):
        assert not isinstance(right, Tensor)
        return combination(graph, [(left, right)], 0.0, name)
    assert isinstance(right, Tensor)
    return combination(graph, [(right, left)], 0.0, name)


def divide(graph: ValueGraph, x: Tensor, divisor: Numbers, name: str = "div") -> Tensor:
    """``x / divisor``, the divisor a constant without zeros."""
    return combination(graph, [(x, reciprocal(np.asarray(divisor)))], 0.0, name)


def sums(
    graph: ValueGraph, x: Tensor, axes: Sequence[int], keepdims: bool, factor: Fraction, name: str
) -> Tensor:
    """`factor` times the sum over some axes; no axes means all."""
    n_axes = x.ids.ndim
    chosen = sorted({axis % n_axes for axis in axes}) or list(range(n_axes))
    kept = [axis for axis in range(n_axes) if axis not in chosen]
    shape = [x.shape[axis] for axis in kept]
    table = x.ids.transpose(*kept, *chosen).reshape(prod(shape), -1)
    weight = tidy(np.full((1, table.shape[1]), factor, dtype=object))
    result = graph.add("linear", rows_from_table(table, weight, np.zeros(1), True), shape, name)
    if not keepdims:
        return result
    full = [1 if axis in chosen else size for axis, size in enumerate(x.shape)]
    return Tensor(result.ids.reshape(full))


def total_over(
    graph: ValueGraph, x: Tensor, axes: Sequence[int], keepdims: bool, name: str = "sum"
) -> Tensor:
    """Sum over some axes; no axes means all."""
    return sums(graph, x, axes, keepdims, Fraction(1), name)


def mean(graph: ValueGraph, x: Tensor, axes: Sequence[int], keepdims: bool, name: str = "mean") -> Tensor:
    """Mean over some axes, exactly; no axes means all."""
    count = prod(x.shape[axis] for axis in (axes or range(x.ids.ndim)))
    if count == 0:
        raise ValueError(f"{name} of no elements is not a number")
    return sums(graph, x, axes, keepdims, Fraction(1, count), name)


def batch_norm_scale(gamma: float, variance: float, eps: float) -> float:
    """The correctly rounded float64 of ``gamma / sqrt(variance + eps)``, by an integer square root.

    Examples
    --------
    >>> from relutope.loading.graph.linear_ops import batch_norm_scale
    >>> batch_norm_scale(1.0, 4.0, 0.0)
    0.5
    """
    spread = Fraction(variance) + Fraction(eps)
    if spread <= 0:
        raise ValueError(f"a batch norm has variance + eps = {float(spread)}; legal: > 0")
    square = Fraction(gamma) ** 2 / spread
    top, bottom = square.numerator, square.denominator
    if top == 0:
        return 0.0
    # Twice the least shift for which the root has more than 60 bits; a last bit marks an inexact root, so
    # that the division by a power of two below rounds as the true value would.
    shift = max(0, 62 + (bottom.bit_length() - top.bit_length()) // 2 + 1)
    scaled, rest = divmod(top << 2 * shift, bottom)
    root = isqrt(scaled)
    inexact = rest != 0 or root * root != scaled
    value = rounded(2 * root + inexact, 1 << (shift + 1))
    return -value if gamma < 0 else value


def batch_norm(
    graph: ValueGraph,
    x: Tensor,
    mean_: NDArray[np.float64],
    variance: NDArray[np.float64],
    gamma: NDArray[np.float64] | None,
    beta: NDArray[np.float64] | None,
    eps: float,
    name: str = "batch_norm",
) -> Tensor:
    """``scale x + (beta - mean scale)`` over axis 1, exact once `batch_norm_scale` is rounded."""
    n_channels = x.shape[1]
    gammas = np.ones(n_channels) if gamma is None else gamma
    betas = np.zeros(n_channels) if beta is None else beta
    scale = np.array(
        [batch_norm_scale(*values, eps) for values in zip(gammas.tolist(), variance.tolist(), strict=True)]
    )
    shift = total(betas, -product(mean_, scale))
    along = (1, n_channels) + (1,) * (x.ids.ndim - 2)
    magnitude = np.abs(betas) + np.abs(mean_ * scale)
    magnitude = np.broadcast_to(magnitude.reshape(along), x.shape).ravel()
    return combination(graph, [(x, scale.reshape(along))], shift.reshape(along), name, "linear", magnitude)
