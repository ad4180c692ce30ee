"""Torch's operations by name, each as operations of the value graph."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from relutope.loading.graph import linear_ops, numbers, piecewise_ops, windows
from relutope.loading.graph.layout_ops import select
from relutope.loading.graph.torch_layout import as_numbers, padded, words
from relutope.loading.graph.value_graph import Tensor, ValueGraph

#: Arguments of an operation by the names in its schema.
Arguments = Mapping[str, Any]

Operation = Callable[[ValueGraph, Arguments], Any]


class NotExactError(ValueError):
    """Why an operation has no exact form; the importer adds its name and place."""


class Unused:
    """A result that has no exact form, and is refused if anything reads it."""


def _axes(value: int | list[int] | None) -> list[int]:
    return [] if value is None else [value] if isinstance(value, int) else list(value)


def _limit(value: Any, without: float) -> Any:
    """A limit of a clamp, None for the infinite number that means none."""
    if isinstance(value, Tensor) or value is None:
        return value
    limit = np.asarray(value)
    if limit.ndim == 0 and limit == without:
        return None
    if limit.dtype != object and not np.isfinite(limit).all():
        raise NotExactError(f"it has the limit {limit}")
    return limit


def _convolution(graph: ValueGraph, a: Arguments) -> Tensor:
    _require_constants(a, "weight", "bias")
    options = a["stride"], a["padding"], a["dilation"], a["groups"]
    return windows.convolution(graph, a["input"], a["weight"], a["bias"], *options, a["name"])


def _transposed_convolution(graph: ValueGraph, a: Arguments) -> Tensor:
    _require_constants(a, "weight", "bias")
    options = a["stride"], a["padding"], a["output_padding"], a["dilation"], a["groups"]
    return windows.transposed_convolution(graph, a["input"], a["weight"], a["bias"], *options, a["name"])


def _linear(graph: ValueGraph, a: Arguments) -> Tensor:
    _require_constants(a, "weight", "bias")
    weight = a["weight"]
    if weight.ndim == 1:
        result = linear_ops.linear(graph, a["input"], weight[None], a["bias"], a["name"])
        return Tensor(result.ids[..., 0])
    return linear_ops.linear(graph, a["input"], weight, a["bias"], a["name"])


def _matmul(graph: ValueGraph, a: Arguments) -> Tensor:
    left = a["self"]
    right = next(a[key] for key in ("other", "mat2", "vec", "tensor") if key in a)
    return linear_ops.matmul(graph, left, right, a["name"])


def _addmm(graph: ValueGraph, a: Arguments) -> Tensor:
    product = linear_ops.matmul(graph, a["mat1"], a["mat2"], a["name"])
    scaled = linear_ops.multiply(graph, product, _number(a["alpha"]), a["name"])
    addend = a["self"]
    if isinstance(addend, Tensor):
        return linear_ops.add(graph, scaled, addend, _number(a["beta"]), a["name"])
    return linear_ops.add(graph, scaled, numbers.product(addend, _number(a["beta"])), name=a["name"])


def _add(graph: ValueGraph, a: Arguments, sign: float = 1.0) -> Any:
    left, right, alpha = a["self"], a["other"], sign * _number(a.get("alpha", 1))
    if isinstance(left, Tensor) or isinstance(right, Tensor):
        return linear_ops.add(graph, left, right, alpha, a["name"])
    return numbers.total(left, numbers.product(right, alpha))


def _reversed_subtract(graph: ValueGraph, a: Arguments) -> Any:
    return _add(graph, {**a, "self": a["other"], "other": a["self"]}, -1.0)


def _multiply(graph: ValueGraph, a: Arguments) -> Any:
    left, right = a["self"], a["other"]
    if isinstance(left, Tensor) and isinstance(right, Tensor):
        raise NotExactError("it multiplies two tensors that depend on the input")
    if isinstance(left, Tensor) or isinstance(right, Tensor):
        return linear_ops.multiply(graph, left, right, a["name"])
    return numbers.product(left, right)


def _divide(graph: ValueGraph, a: Arguments) -> Any:
    if a.get("rounding_mode") is not None:
        raise NotExactError("it rounds")
    if isinstance(a["other"], Tensor):
        raise NotExactError("it divides by a tensor that depends on the input")
    if isinstance(a["self"], Tensor):
        return linear_ops.divide(graph, a["self"], a["other"], a["name"])
    return numbers.product(a["self"], numbers.reciprocal(a["other"]))


def _negate(graph: ValueGraph, a: Arguments) -> Any:
    x = a["self"]
    return linear_ops.negate(graph, x, a["name"]) if isinstance(x, Tensor) else -x


def _batch_norm(graph: ValueGraph, a: Arguments) -> Tensor:
    if a["training"] or a["running_mean"] is None or a["running_var"] is None:
        raise NotExactError("it divides by the spread of its own input; legal: running statistics")
    _require_constants(a, "weight", "bias", "running_mean", "running_var")
    values = a["running_mean"], a["running_var"], a["weight"], a["bias"], a["eps"]
    return linear_ops.batch_norm(graph, a["input"], *values, a["name"])


def _average_pool(n_axes: int) -> Operation:
    def operation(graph: ValueGraph, a: Arguments) -> Tensor:
        return windows.average_pool(
            graph,
            a["self"],
            a["kernel_size"],
            a["stride"] or None,
            a["padding"],
            a["ceil_mode"],
            a["count_include_pad"],
            a.get("divisor_override"),
            n_axes,
            a["name"],
        )

    return operation


def _max_pool(n_axes: int, with_indices: bool = False) -> Operation:
    def operation(graph: ValueGraph, a: Arguments) -> Any:
        options = a["kernel_size"], a["stride"] or None, a["padding"], a["dilation"], a["ceil_mode"]
        result = windows.max_pool(graph, a["self"], *options, n_axes, a["name"])
        return (result, Unused()) if with_indices else result

    return operation


def _adaptive_average_pool(graph: ValueGraph, a: Arguments) -> Tensor:
    return windows.adaptive_average_pool(graph, a["self"], a["output_size"], a["name"])


def _adaptive_max_pool(graph: ValueGraph, a: Arguments) -> Any:
    return windows.adaptive_max_pool(graph, a["self"], a["output_size"], a["name"]), Unused()


def _leaky_relu(graph: ValueGraph, a: Arguments) -> Tensor:
    return piecewise_ops.leaky_relu(graph, a["self"], _number(a["negative_slope"]), a["name"])


def _prelu(graph: ValueGraph, a: Arguments) -> Tensor:
    _require_constants(a, "weight")
    x, slopes = a["self"], a["weight"]
    if slopes.size > 1:
        slopes = slopes.reshape((1, -1) + (1,) * (x.ids.ndim - 2))
    return piecewise_ops.leaky_relu(graph, x, slopes.reshape(()) if slopes.size == 1 else slopes, a["name"])


def _rrelu(graph: ValueGraph, a: Arguments) -> Tensor:
    if a["training"]:
        raise NotExactError("it draws random slopes; legal: training=False")
    half = (Fraction(float(a["lower"])) + Fraction(float(a["upper"]))) / 2
    slope = numbers.tidy(np.array(half, dtype=object))
    return piecewise_ops.leaky_relu(graph, a["self"], slope, a["name"])


def _clamp(low: str, high: str) -> Operation:
    def operation(graph: ValueGraph, a: Arguments) -> Tensor:
        limits = _limit(a.get(low), -np.inf), _limit(a.get(high), np.inf)
        return piecewise_ops.clamp(graph, a["self"], *limits, a["name"])

    return operation


def _of_two(operation: Callable[..., Tensor], over_axes: Callable[..., Tensor]) -> Operation:
    """`torch.max` and `torch.min`: of two tensors, over an axis (with indices), or of all elements."""

    def run(graph: ValueGraph, a: Arguments) -> Any:
        if "other" in a:
            left, right = a["self"], a["other"]
            if not isinstance(left, Tensor):
                left, right = right, left
            return operation(graph, left, right, a["name"])
        result = over_axes(graph, a["self"], _axes(a.get("dim")), a.get("keepdim", False), a["name"])
        return (result, Unused()) if "dim" in a else result

    return run


def _over_axes(operation: Callable[..., Tensor]) -> Operation:
    def run(graph: ValueGraph, a: Arguments) -> Tensor:
        return operation(graph, a["self"], _axes(a.get("dim")), a.get("keepdim", False), a["name"])

    return run


def _of_self(operation: Callable[..., Tensor], *more: str) -> Operation:
    def run(graph: ValueGraph, a: Arguments) -> Tensor:
        return operation(graph, a["self"], *(a[key] for key in more), name=a["name"])

    return run


def _threshold(graph: ValueGraph, a: Arguments) -> Tensor:
    limit, value = float(a["threshold"]), float(a["value"])
    if limit != value:
        raise NotExactError(
            f"with threshold {limit} and value {value} it is discontinuous; legal: equal numbers"
        )
    return piecewise_ops.threshold(graph, a["self"], limit, value, a["name"])


def _dropout(graph: ValueGraph, a: Arguments) -> Any:
    if a["train"] and a["p"] > 0:
        raise NotExactError("it is random even in eval mode; legal: training=self.training")
    return a["input"]


def _select(mask: str, chosen: str, other: str) -> Operation:
    """`torch.where` and `masked_fill` by a constant mask."""

    def operation(graph: ValueGraph, a: Arguments) -> Any:
        condition = a[mask]
        if chosen not in a or isinstance(condition, (Tensor, np.ndarray)):
            raise NotExactError(COMPARES)
        return select(graph, condition.bool().numpy(), as_numbers(a[chosen]), as_numbers(a[other]))

    return operation


def _pad(graph: ValueGraph, a: Arguments) -> Tensor:
    return padded(graph, a["self"], a["pad"], a.get("mode", "constant"), a.get("value"))


def _pad_as(mode: str) -> Operation:
    return lambda graph, a: padded(graph, a["self"], a["padding"], mode, None)


def _same(graph: ValueGraph, a: Arguments) -> Any:
    return a["self"]


def _number(value: Any) -> Any:
    return np.asarray(value, dtype=np.float64)


def _require_constants(a: Arguments, *keys: str) -> None:
    for key in keys:
        if isinstance(a.get(key), Tensor):
            raise NotExactError(
                f"its {key} depends on the input, or is computed otherwise than by sums and products"
            )


#: Why a comparison of values that depend on the input is refused.
COMPARES = "it selects by comparing, which may be discontinuous; legal: relu, clamp, maximum, minimum, abs"

#: Operations that make constants of constants; of all others these become values of the graph.
OF_CONSTANTS = words(
    """add sub subtract rsub mul multiply div divide true_divide neg negative dropout positive where
    masked_fill"""
)

#: Operations with limits, which may be infinite; no other number may be.
CLAMPS = words("clamp clip clamp_min clamp_max hardtanh")

OPERATIONS: dict[str, Operation] = {
    **dict.fromkeys(("conv1d", "conv2d", "conv3d"), _convolution),
    **{f"conv_transpose{n}d": _transposed_convolution for n in (1, 2, 3)},
    "linear": _linear,
    **dict.fromkeys(("matmul", "mm", "bmm", "mv", "dot"), _matmul),
    "addmm": _addmm,
    "add": _add,
    "sub": lambda graph, a: _add(graph, a, -1.0),
    "subtract": lambda graph, a: _add(graph, a, -1.0),
    "rsub": _reversed_subtract,
    **dict.fromkeys(("mul", "multiply"), _multiply),
    **dict.fromkeys(("div", "divide", "true_divide"), _divide),
    **dict.fromkeys(("neg", "negative"), _negate),
    "batch_norm": _batch_norm,
    **{f"avg_pool{n}d": _average_pool(n) for n in (1, 2, 3)},
    **{f"max_pool{n}d": _max_pool(n) for n in (1, 2, 3)},
    **{f"max_pool{n}d_with_indices": _max_pool(n, True) for n in (1, 2, 3)},
    **{f"adaptive_avg_pool{n}d": _adaptive_average_pool for n in (1, 2, 3)},
    **{f"adaptive_max_pool{n}d": _adaptive_max_pool for n in (1, 2, 3)},
    "relu": _of_self(piecewise_ops.relu),
    "leaky_relu": _leaky_relu,
    "prelu": _prelu,
    "rrelu": _rrelu,
    "relu6": lambda graph, a: piecewise_ops.clamp(graph, a["self"], 0.0, 6.0, a["name"]),
    "hardtanh": _clamp("min_val", "max_val"),
    **dict.fromkeys(("clamp", "clip", "clamp_min", "clamp_max"), _clamp("min", "max")),
    **dict.fromkeys(("abs", "absolute"), _of_self(piecewise_ops.absolute)),
    **dict.fromkeys(("maximum", "max"), _of_two(piecewise_ops.maximum, piecewise_ops.max_over)),
    **dict.fromkeys(("minimum", "min"), _of_two(piecewise_ops.minimum, piecewise_ops.min_over)),
    "amax": _over_axes(piecewise_ops.max_over),
    "amin": _over_axes(piecewise_ops.min_over),
    "mean": _over_axes(linear_ops.mean),
    "sum": _over_axes(linear_ops.total_over),
    "threshold": _threshold,
    "softshrink": _of_self(piecewise_ops.softshrink, "lambd"),
    "hardsigmoid": _of_self(piecewise_ops.hardsigmoid),
    **dict.fromkeys(("dropout", "feature_dropout", "alpha_dropout", "feature_alpha_dropout"), _dropout),
    "where": _select("condition", "self", "other"),
    "masked_fill": _select("mask", "value", "self"),
    **dict.fromkeys(("pad", "constant_pad_nd"), _pad),
    **{f"reflection_pad{n}d": _pad_as("reflect") for n in (1, 2, 3)},
    **{f"replication_pad{n}d": _pad_as("replicate") for n in (1, 2, 3)},
    "positive": _same,
}

#: Why some operations have no exact form; any other one is not supported.
REASONS = {
    **dict.fromkeys(
        words(
            """gelu tanh sigmoid silu elu celu selu mish softplus exp log sqrt rsqrt pow square hardswish
    softsign sin cos erf logsigmoid log_sigmoid lstm gru rnn_tanh glu norm linalg_vector_norm cumprod prod
    reciprocal softmin tanhshrink"""
        ),
        "it is not piecewise linear",
    ),
    **dict.fromkeys(
        words("layer_norm group_norm instance_norm rms_norm local_response_norm normalize"),
        "it divides by the spread of its own input, which is not piecewise linear",
    ),
    **dict.fromkeys(words("hardshrink sign floor ceil round trunc heaviside"), "it is discontinuous"),
    **dict.fromkeys(
        words(
            """gt lt ge le eq ne logical_and logical_or logical_xor logical_not bitwise_and bitwise_or
    bitwise_xor bitwise_not __and__ __or__ __xor__ argmax argmin topk"""
        ),
        COMPARES,
    ),
    **dict.fromkeys(
        ("scaled_dot_product_attention", "softmax", "log_softmax", "_native_multi_head_attention"),
        "it is not piecewise linear; legal: softmax, log_softmax or sigmoid at the very end",
    ),
}
REASONS["sigmoid"] = REASONS["softmax"]
