"""Bounds for the functions of torch that models call, by their names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from relutope.linking.activation_slopes import SMOOTH, exponential, kinked, smooth_rounding
from relutope.linking.bounded_values import SMALLEST, UNIT, Floats
from relutope.linking.traced_curves import (
    CurveValues,
    NoBoundError,
    PiecewiseLinear,
    activated,
    added,
    affine,
    identity,
    multiplied,
    scaled,
)

#: From what torch computed in float64, the layers to add to, and the arguments of the function.
Rule = Callable[..., CurveValues]

#: Integers up to it are float64 numbers.
LARGEST_WHOLE = 2**53


def _curve(x: Any) -> CurveValues:
    if not isinstance(x, CurveValues):
        raise NoBoundError("an activation or a map is taken of something that is no curve")
    return x


def _same(x: CurveValues, result: Floats) -> CurveValues:
    if result.shape != x.values.shape or not np.array_equal(result, x.values, equal_nan=True):
        raise NoBoundError("a tensor that should pass as it is does not")
    return x


def _constant(value: Any, result: Floats) -> Floats:
    """A number, or one per coordinate, as float64 of shape (d,), without rounding."""
    if isinstance(value, bool) or not isinstance(value, (int, float, np.ndarray)):
        raise NoBoundError(f"no bound is known with a {type(value).__name__}")
    if isinstance(value, int) and abs(value) > LARGEST_WHOLE:
        raise NoBoundError(f"{value} may be no float64")
    array = np.asarray(float(value) if isinstance(value, int) else value)
    if array.dtype.kind != "f" or array.ndim > 2 or (array.ndim == 2 and len(array) != 1):
        raise NoBoundError(f"no bound is known with an array of shape {array.shape}")
    array = array.astype(np.float64).reshape(array.shape[-1:])
    if result.ndim != 2 or array.size not in (1, result.shape[1]):
        raise NoBoundError(f"no bound is known with an array of shape {array.shape}")
    return np.broadcast_to(array, result.shape[1:]).copy()


def _linear(
    result: Floats, layers: PiecewiseLinear, input: Any, weight: Any, bias: Any = None
) -> CurveValues:
    x = _curve(input)
    if not isinstance(weight, np.ndarray) or weight.ndim != 2 or weight.dtype != np.float64:
        raise NoBoundError("no bound is known for products with what the model computes")
    zeros = np.zeros(len(weight))
    return affine(x, result, weight, zeros if bias is None else _constant(bias, result), layers)


def _matmul(result: Floats, layers: PiecewiseLinear, input: Any, other: Any) -> CurveValues:
    return _linear(result, layers, input, other.T if isinstance(other, np.ndarray) else other)


def _relu(result: Floats, layers: PiecewiseLinear, input: Any, inplace: bool = False) -> CurveValues:
    x = _curve(input)
    found = activated(x, result, kinked(0.0), np.zeros_like(result))
    d = result.shape[1]
    return found.standing(layers.add("relu", [(x.part, identity(d))], np.zeros(d)))


def _leaky_relu(
    result: Floats, layers: PiecewiseLinear, input: Any, negative_slope: float = 0.01, inplace: bool = False
) -> CurveValues:
    """Relu(x) - slope relu(-x)."""
    from scipy.sparse import hstack, vstack

    x, slope = _curve(input), float(negative_slope)
    found = activated(x, result, kinked(slope), UNIT * np.abs(result) + SMALLEST)
    d = result.shape[1]
    eye = identity(d)
    halves = layers.add("relu", [(x.part, vstack([eye, -eye]))], np.zeros(2 * d))
    return found.standing(layers.add("linear", [(halves, hstack([eye, -slope * eye]))], np.zeros(d)))


def _smooth(name: str) -> Rule:
    def rule(result: Floats, layers: PiecewiseLinear, input: Any, inplace: bool = False) -> CurveValues:
        x = _curve(input)
        return activated(x, result, SMOOTH[name], smooth_rounding(x.values))

    return rule


def _gelu(result: Floats, layers: PiecewiseLinear, input: Any, approximate: str = "none") -> CurveValues:
    if approximate != "none":
        raise NoBoundError(f"no bound is known for gelu with approximate={approximate!r}")
    return _smooth("gelu")(result, layers, input)


def _sum(sign: float) -> Rule:
    def rule(result: Floats, layers: PiecewiseLinear, input: Any, other: Any) -> CurveValues:
        if isinstance(input, CurveValues) and isinstance(other, CurveValues):
            if input.values.shape != other.values.shape:
                raise NoBoundError("no bound is known for sums of curves of different dimensions")
            eye, zeros = identity(result.shape[1]), np.zeros(result.shape[1])
            part = layers.add("linear", [(input.part, eye), (other.part, sign * eye)], zeros)
            return added(input, other, result).standing(part)
        x, scale = (input, 1.0) if isinstance(input, CurveValues) else (_curve(other), sign)
        shift = sign * _constant(other, result) if x is input else _constant(input, result)
        if x.values.shape != result.shape:
            raise NoBoundError("no bound is known for sums that repeat a coordinate")
        found = scaled(x, result, np.full(len(shift), scale), shift, UNIT * np.abs(result))
        return found.standing(layers.add("linear", [(x.part, scale * identity(len(shift)))], shift))

    return rule


def _product(result: Floats, layers: PiecewiseLinear, input: Any, other: Any) -> CurveValues:
    if isinstance(input, CurveValues) and isinstance(other, CurveValues):
        if input.values.shape != other.values.shape:
            raise NoBoundError("no bound is known for products of curves of different dimensions")
        return multiplied(input, other, result)
    from scipy.sparse import diags_array

    x = input if isinstance(input, CurveValues) else _curve(other)
    scale = _constant(other if x is input else input, result)
    if x.values.shape != result.shape:
        raise NoBoundError("no bound is known for products that repeat a coordinate")
    found = scaled(x, result, scale, np.zeros(len(scale)), UNIT * np.abs(result) + SMALLEST)
    return found.standing(layers.add("linear", [(x.part, diags_array(scale))], np.zeros(len(scale))))


def _negative(result: Floats, layers: PiecewiseLinear, input: Any) -> CurveValues:
    return _product(result, layers, input, -1.0)


def _dropout(
    result: Floats,
    layers: PiecewiseLinear,
    input: Any,
    p: float = 0.5,
    training: bool = True,
    inplace: bool = False,
) -> CurveValues:
    if training:
        raise NoBoundError("dropout is random")
    return _same(_curve(input), result)


def _flatten(
    result: Floats, layers: PiecewiseLinear, input: Any, start_dim: int = 0, end_dim: int = -1
) -> CurveValues:
    return _same(_curve(input), result)


def _columns(x: CurveValues, chosen: Any, result: Floats, layers: PiecewiseLinear) -> CurveValues:
    """Some coordinates."""
    if not np.array_equal(result, x.values[:, chosen], equal_nan=True):
        raise NoBoundError("no bound is known for this choice of coordinates")
    part = layers.add("linear", [(x.part, identity(x.values.shape[1])[chosen])], np.zeros(result.shape[1]))
    return CurveValues(result, x.errors[:, chosen], x.bends[:, chosen], x.following, part)


def _getitem(result: Floats, layers: PiecewiseLinear, input: Any, index: Any) -> CurveValues:
    x = _curve(input)
    for item in index if isinstance(index, tuple) else (index,):
        ends = (item.start, item.stop, item.step) if isinstance(item, slice) else ()
        known = isinstance(item, (slice, list, np.ndarray, type(...)))
        if not known or not all(end is None or type(end) is int for end in ends):
            raise NoBoundError(f"no bound is known for an index of type {type(item).__name__}")
    shape = x.values.shape
    rows, columns = (np.broadcast_to(ids, shape)[index] for ids in np.ogrid[: shape[0], : shape[1]])
    order = np.arange(shape[0])[:, None]
    all_rows = rows.ndim == 2 and len(rows) == shape[0] and bool((rows == order).all())
    if rows.shape != result.shape or not all_rows:
        raise NoBoundError("no bound is known for an index that chooses among points")
    return _columns(x, columns[0], result, layers)


def _cat(result: Floats, layers: PiecewiseLinear, tensors: Any, dim: int = 0) -> CurveValues:
    if dim not in (1, -1) or not isinstance(tensors, (tuple, list)):
        raise NoBoundError("no bound is known for cat along the points")
    parts = [_curve(part) for part in tensors]
    values, errors, bends = (
        np.hstack([getattr(part, name) for part in parts]) for name in ("values", "errors", "bends")
    )
    if not np.array_equal(values, result, equal_nan=True):
        raise NoBoundError("no bound is known for tensors joined like this")
    ends = np.cumsum([part.values.shape[1] for part in parts])
    reads = [
        (part.part, identity(int(ends[-1]))[:, end - part.values.shape[1] : end])
        for part, end in zip(parts, ends, strict=True)
    ]
    return CurveValues(
        result, errors, bends, parts[0].following, layers.add("linear", reads, np.zeros(ends[-1]))
    )


def pieces(results: list[Floats], layers: PiecewiseLinear, x: Any) -> list[CurveValues]:
    """Of chunk and split, whose results are coordinates one after the other."""
    x = _curve(x)
    widths = [result.shape[-1] for result in results]
    if any(result.shape[:-1] != (len(x.values),) for result in results) or sum(widths) != x.values.shape[1]:
        raise NoBoundError("no bound is known for parts of the points")
    ends = np.cumsum(widths)
    return [
        _columns(x, np.arange(end - width, end), result, layers)
        for end, width, result in zip(ends, widths, results, strict=True)
    ]


def _exp(result: Floats, layers: PiecewiseLinear, input: Any) -> CurveValues:
    x = _curve(input)
    return activated(x, result, exponential, 32 * UNIT * result + SMALLEST)


def _elu(
    result: Floats, layers: PiecewiseLinear, input: Any, alpha: float = 1.0, inplace: bool = False
) -> CurveValues:
    if alpha != 1:
        raise NoBoundError(f"no bound is known for elu with alpha = {alpha}")
    return _smooth("elu")(result, layers, input)


def _batch_norm(
    result: Floats,
    layers: PiecewiseLinear,
    input: Any,
    running_mean: Any,
    running_var: Any,
    weight: Any = None,
    bias: Any = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1 / 100000,
) -> CurveValues:
    """(x - mean) s + bias, s = weight / sqrt(var + eps), with the stored statistics.

    However it is arranged, torch rounds s by less than 8 u s, and s x, s mean, bias and their sums less than
    four times each.
    """
    x = _curve(input)
    if training or running_mean is None or running_var is None:
        raise NoBoundError("batch normalisation by the statistics of the batch mixes points")
    one = np.ones(result.shape[1])
    scale = (one if weight is None else _constant(weight, result)) / np.sqrt(running_var + eps)
    shift = 0 * one if bias is None else _constant(bias, result)
    size = np.abs(scale) * (np.abs(x.values) + x.errors + np.abs(running_mean)) + np.abs(shift)
    return scaled(x, result, scale * (1 + 16 * UNIT), shift, 32 * UNIT * size + 8 * SMALLEST)


#: By the name of the function or method of torch.
RULES: dict[str, Rule] = {
    "linear": _linear,
    **dict.fromkeys(("matmul", "__matmul__", "mm"), _matmul),
    **dict.fromkeys(("relu", "relu_"), _relu),
    **dict.fromkeys(("leaky_relu", "leaky_relu_"), _leaky_relu),
    "gelu": _gelu,
    **{name + tail: _smooth(name) for name in ("tanh", "sigmoid", "silu", "sin") for tail in ("", "_")},
    **dict.fromkeys(("add", "add_", "__add__", "__iadd__", "__radd__"), _sum(1.0)),
    **dict.fromkeys(("sub", "sub_", "__sub__", "__isub__", "subtract"), _sum(-1.0)),
    **dict.fromkeys(("mul", "mul_", "__mul__", "__imul__", "__rmul__", "multiply"), _product),
    **dict.fromkeys(("neg", "neg_", "__neg__", "negative"), _negative),
    **dict.fromkeys(("dropout", "alpha_dropout", "feature_dropout"), _dropout),
    "flatten": _flatten,
    "__getitem__": _getitem,
    **dict.fromkeys(("cat", "concat", "concatenate"), _cat),
    "exp": _exp,
    **dict.fromkeys(("elu", "elu_"), _elu),
    "batch_norm": _batch_norm,
}
