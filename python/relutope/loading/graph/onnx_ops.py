"""ONNX operations on real numbers by name, each as operations of the value graph."""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import reduce
from math import prod
from typing import Any

import numpy as np

from relutope.loading.graph import linear_ops, numbers, piecewise_ops
from relutope.loading.graph.layout_ops import as_tensor
from relutope.loading.graph.onnx_call import Call, is_integers, is_numbers, single
from relutope.loading.graph.onnx_layout import COMPARES, Operation
from relutope.loading.graph.onnx_windows import (
    average_pool,
    convolution,
    max_pool,
    transposed_convolution,
)
from relutope.loading.graph.sizes import check_size
from relutope.loading.graph.torch_layout import words
from relutope.loading.graph.torch_ops import NotExactError, Unused
from relutope.loading.graph.value_graph import Tensor, ValueGraph

#: Operations that are dropped where nothing but the output follows.
FINAL = frozenset({"Softmax", "LogSoftmax", "Sigmoid"})

#: The least and the largest float32, which as limits of a Clip stand for none.
NO_LIMIT = float(np.finfo(np.float32).max)


def _gemm(graph: ValueGraph, call: Call) -> Tensor:
    left, right, constant = call.x(), call.given(1), call.given(2)
    alpha, beta = call.attribute("alpha", 1.0), call.attribute("beta", 1.0)
    left = _transposed(left) if call.attribute("transA", 0) else left
    right = _transposed(right) if call.attribute("transB", 0) else right
    if isinstance(left, Tensor) and isinstance(right, Tensor):
        raise NotExactError("it multiplies two tensors that depend on the input")
    if isinstance(right, Tensor):
        left = numbers.product(left, np.asarray(alpha))
    else:
        right = numbers.product(right, np.asarray(alpha))
    scaled = constant
    if is_numbers(constant):
        scaled = numbers.product(constant, np.asarray(beta))
        if isinstance(left, Tensor) and constant.shape[:-1] in ((), (1,)):
            bias = np.broadcast_to(scaled.reshape(-1), (right.shape[1],))
            return linear_ops.linear(graph, left, right.T, bias, call.op)
    elif constant is not None and beta != 1:
        scaled = linear_ops.multiply(graph, constant, np.asarray(beta), call.op)
    product = _matmul(graph, Call(call.op, [left, right], {}, call.opset, 1, call.kind))
    return product if scaled is None else linear_ops.add(graph, product, scaled, name=call.op)


def _transposed(x: Any) -> Any:
    return Tensor(x.ids.T) if isinstance(x, Tensor) else x.T


def _matmul(graph: ValueGraph, call: Call) -> Tensor:
    left, right = call.inputs
    if isinstance(left, Tensor) and isinstance(right, Tensor):
        raise NotExactError("it multiplies two tensors that depend on the input")
    if is_integers(left) or is_integers(right):
        raise NotExactError("it multiplies integers")
    if is_numbers(left) and is_numbers(right):
        left = as_tensor(graph, left)
    if len(left.shape) > 1 and len(right.shape) > 1:
        batch = np.broadcast_shapes(left.shape[:-2], right.shape[:-2])
        check_size((*batch, left.shape[-2], right.shape[-1]), "its result")
    return linear_ops.matmul(graph, left, right, call.op)


def _binary(
    tensors: Callable[..., Tensor], constants: Callable[..., Any], integers: Callable[..., Any]
) -> Operation:
    """Two tensors, two constants, or one of each, broadcast."""

    def operation(graph: ValueGraph, call: Call) -> Any:
        left, right = call.inputs
        check_size(np.broadcast_shapes(left.shape, right.shape), "its result")
        if is_integers(left) and is_integers(right):
            return np.asarray(integers(left, right))
        if is_integers(left) or is_integers(right):
            raise ValueError("it joins floats and integers")
        if is_numbers(left) and is_numbers(right):
            return np.asarray(constants(left, right))
        return tensors(graph, left, right, name=call.op)

    return operation


def _variadic(operation: Operation) -> Operation:
    def run(graph: ValueGraph, call: Call) -> Any:
        def pair(left: Any, right: Any) -> Any:
            return operation(graph, Call(call.op, [left, right], {}, call.opset, 1, call.kind))

        return reduce(pair, call.inputs[1:], call.x())

    return run


def _multiply(graph: ValueGraph, left: Any, right: Any, name: str) -> Tensor:
    if isinstance(left, Tensor) and isinstance(right, Tensor):
        raise NotExactError("it multiplies two tensors that depend on the input")
    return linear_ops.multiply(graph, left, right, name)


def _divide(graph: ValueGraph, left: Any, right: Any, name: str) -> Tensor:
    if isinstance(right, Tensor):
        raise NotExactError("it divides by a tensor that depends on the input")
    return linear_ops.divide(graph, left, right, name)


def _truncated_quotient(left: Any, right: Any) -> Any:
    if (right == 0).any():
        raise ValueError("it divides by 0")
    return np.sign(left) * np.sign(right) * (np.abs(left) // np.abs(right))


def _extreme(function: Callable[..., Tensor], of_constants: Callable[..., Any]) -> Operation:
    def tensors(graph: ValueGraph, left: Any, right: Any, name: str) -> Tensor:
        return (
            function(graph, left, right, name)
            if isinstance(left, Tensor)
            else function(graph, right, left, name)
        )

    def constants(left: Any, right: Any) -> Any:
        exact = left.dtype == object or right.dtype == object
        return of_constants(*((numbers.fractions(x) for x in (left, right)) if exact else (left, right)))

    return _variadic(_binary(tensors, constants, of_constants))


def _unary(tensors: Callable[..., Tensor], constants: Callable[[Any], Any]) -> Operation:
    def operation(graph: ValueGraph, call: Call) -> Any:
        x = call.x()
        return tensors(graph, x, name=call.op) if isinstance(x, Tensor) else np.asarray(constants(x))

    return operation


def _clip(graph: ValueGraph, call: Call) -> Any:
    if call.opset < 11:
        limits = [call.attribute("min", -NO_LIMIT), call.attribute("max", NO_LIMIT)]
    elif is_integers(call.x()):
        return np.clip(call.x(), call.given(1), call.given(2))
    else:
        limits = [call.scalar(1, "lower limit"), call.scalar(2, "upper limit")]
    if any(limit is not None and np.isnan(limit) for limit in limits):
        raise ValueError("it has a limit that is NaN")
    low, high = (None if limit is None or abs(limit) >= NO_LIMIT else limit for limit in limits)
    for limit, legal in zip(limits, (-1, 1), strict=True):
        if limit is not None and abs(limit) >= NO_LIMIT and np.sign(limit) != legal:
            raise ValueError(f"it has the limits {limits}")
    return piecewise_ops.clamp(graph, as_tensor(graph, call.x()), low, high, call.op)


def _leaky_relu(graph: ValueGraph, call: Call) -> Tensor:
    slope = call.attribute("alpha", single(0.01))
    return piecewise_ops.leaky_relu(graph, as_tensor(graph, call.x()), slope, call.op)


def _prelu(graph: ValueGraph, call: Call) -> Tensor:
    x, slopes = as_tensor(graph, call.x()), call.numbers(1, "slope")
    if slopes is None or np.broadcast_shapes(x.shape, slopes.shape) != x.shape:
        raise ValueError(f"its slopes do not broadcast to {x.shape}")
    if slopes.size == 1:
        slopes = slopes.reshape(())
    return piecewise_ops.leaky_relu(graph, x, slopes, call.op)


def _hard_sigmoid(graph: ValueGraph, call: Call) -> Tensor:
    alpha, beta = call.attribute("alpha", single(0.2)), call.attribute("beta", 0.5)
    x = linear_ops.combination(graph, [(as_tensor(graph, call.x()), alpha)], beta, call.op)
    return piecewise_ops.clamp(graph, x, 0.0, 1.0, call.op)


def _shrink(graph: ValueGraph, call: Call) -> Tensor:
    limit, bias = call.attribute("lambd", 0.5), call.attribute("bias", 0.0)
    if limit != bias or limit < 0:
        raise NotExactError(f"with lambd {limit} and bias {bias} it is discontinuous; legal: equal numbers")
    return piecewise_ops.softshrink(graph, as_tensor(graph, call.x()), limit, call.op)


def _thresholded_relu(graph: ValueGraph, call: Call) -> Tensor:
    limit = call.attribute("alpha", 1.0)
    if limit != 0:
        raise NotExactError(f"with alpha {limit} it is discontinuous; legal: 0")
    return piecewise_ops.relu(graph, as_tensor(graph, call.x()), call.op)


def _batch_norm(graph: ValueGraph, call: Call) -> Tensor:
    if call.attribute("training_mode", 0) or (call.opset < 14 and call.n_outputs > 1):
        raise NotExactError("it divides by the spread of its own input; legal: inference")
    names = ("scale", "bias", "mean", "variance")
    gamma, beta, mean, variance = (call.numbers(place, name) for place, name in enumerate(names, 1))
    for value in (gamma, beta, mean, variance):
        if value is None or value.dtype == object:
            raise ValueError("its statistics are no stored floats")
    eps = call.attribute("epsilon", single(0.00001))
    assert mean is not None
    assert variance is not None
    x = as_tensor(graph, call.x())
    return linear_ops.batch_norm(graph, x, mean, variance, gamma, beta, eps, call.op)


def _reduction(tensors: Callable[..., Tensor], integers: Callable[..., Any], first: int) -> Operation:
    """A reduction whose axes are an input from the operator set `first` on, an attribute before."""

    def operation(graph: ValueGraph, call: Call) -> Any:
        x = call.x()
        axes = call.integers(1, "axes" if call.opset < first else None) or []
        keep = bool(call.attribute("keepdims", 1))
        if call.attribute("noop_with_empty_axes", 0) and not axes:
            return x
        if is_integers(x):
            return np.asarray(integers(x, axis=tuple(axes) or None, keepdims=keep))
        if prod(x.shape) == 0:
            raise ValueError("it reduces no elements")
        return tensors(graph, as_tensor(graph, x), axes, keep, call.op)

    return operation


def _over_space(tensors: Callable[..., Tensor]) -> Operation:
    def operation(graph: ValueGraph, call: Call) -> Tensor:
        x = as_tensor(graph, call.x())
        return tensors(graph, x, range(2, x.ids.ndim), True, call.op) if x.ids.ndim > 2 else x

    return operation


def _dropout(_: ValueGraph, call: Call) -> Any:
    training = call.given(2)
    if training is not None and (not is_integers(training) or training.any()):
        raise NotExactError("it is random; legal: training_mode false")
    return call.x(), Unused()


def _no_mean_of_integers(*_: Any, **__: Any) -> Any:
    raise NotExactError("it takes the mean of integers")


def _reduce_l1(graph: ValueGraph, call: Call) -> Any:
    if call.attribute("noop_with_empty_axes", 0):
        raise NotExactError("its noop_with_empty_axes is not supported; legal: 0")

    def total(graph: ValueGraph, x: Tensor, axes: list[int], keep: bool, name: str) -> Tensor:
        return linear_ops.total_over(graph, piecewise_ops.absolute(graph, x, name), axes, keep, name)

    return _reduction(total, lambda x, **options: np.abs(x).sum(**options), 18)(graph, call)


def _no_product(*_: Any) -> Tensor:
    raise NotExactError("it is not piecewise linear")


_ADD = _binary(linear_ops.add, numbers.total, operator.add)


def _mean(graph: ValueGraph, call: Call) -> Any:
    if any(is_integers(value) for value in call.inputs):
        _no_mean_of_integers()
    count = np.asarray(float(len(call)))
    total = _variadic(_ADD)(graph, call)
    if isinstance(total, Tensor):
        return linear_ops.divide(graph, total, count, call.op)
    return numbers.product(total, numbers.reciprocal(count))


OPERATIONS: dict[str, Operation] = {
    "Gemm": _gemm,
    "MatMul": _matmul,
    "Add": _ADD,
    "Sum": _variadic(_ADD),
    "Mean": _mean,
    "Sub": _binary(linear_ops.subtract, lambda left, right: numbers.total(left, -right), operator.sub),
    "Mul": _binary(_multiply, numbers.product, operator.mul),
    "Div": _binary(
        _divide, lambda left, right: numbers.product(left, numbers.reciprocal(right)), _truncated_quotient
    ),
    "Neg": _unary(linear_ops.negate, operator.neg),
    "Conv": convolution,
    "ConvTranspose": transposed_convolution,
    "BatchNormalization": _batch_norm,
    "AveragePool": average_pool,
    "MaxPool": max_pool,
    "GlobalAveragePool": _over_space(linear_ops.mean),
    "GlobalMaxPool": _over_space(piecewise_ops.max_over),
    "ReduceMean": _reduction(linear_ops.mean, _no_mean_of_integers, 18),
    "ReduceSum": _reduction(linear_ops.total_over, np.sum, 13),
    "ReduceMax": _reduction(piecewise_ops.max_over, np.max, 18),
    "ReduceL1": _reduce_l1,
    "ReduceProd": _reduction(_no_product, np.prod, 18),
    "ReduceMin": _reduction(piecewise_ops.min_over, np.min, 18),
    "Dropout": _dropout,
    "Relu": _unary(piecewise_ops.relu, lambda x: np.where(x > 0, x, 0 * x)),
    "LeakyRelu": _leaky_relu,
    "PRelu": _prelu,
    "Clip": _clip,
    "Abs": _unary(piecewise_ops.absolute, np.abs),
    "Max": _extreme(piecewise_ops.maximum, np.maximum),
    "Min": _extreme(piecewise_ops.minimum, np.minimum),
    "HardSigmoid": _hard_sigmoid,
    "Shrink": _shrink,
    "ThresholdedRelu": _thresholded_relu,
}

#: Why some operations have no exact form; any other one is not supported.
REASONS = {
    **dict.fromkeys(
        words(
            """Gelu Tanh Elu Celu Selu Mish Softplus Softsign HardSwish Swish Exp Log Sqrt Pow Reciprocal Sin
    Cos Erf ReduceL2 ReduceLogSumExp ReduceSumSquare LpPool GlobalLpPool Einsum"""
        ),
        "it is not piecewise linear",
    ),
    **dict.fromkeys(
        words(
            """LayerNormalization GroupNormalization InstanceNormalization RMSNormalization LRN
    LpNormalization"""
        ),
        "it divides by the spread of its own input, which is not piecewise linear",
    ),
    **dict.fromkeys(words("Sign Floor Ceil Round Hardmax"), "it is discontinuous"),
    **dict.fromkeys(words("ArgMax ArgMin TopK NonZero"), COMPARES),
    **dict.fromkeys(
        words(
            """QuantizeLinear DequantizeLinear DynamicQuantizeLinear QLinearConv QLinearMatMul ConvInteger
    MatMulInteger"""
        ),
        "it is quantised, which rounds; legal: the floating-point model",
    ),
    **dict.fromkeys(
        words("If Loop Scan SequenceMap"), "it is control flow; legal: graphs without If, Loop and Scan"
    ),
    **dict.fromkeys(
        words("Softmax LogSoftmax Sigmoid Attention"),
        "it is not piecewise linear; legal: Softmax, LogSoftmax or Sigmoid at the very end",
    ),
    **dict.fromkeys(words("LSTM GRU RNN"), "it is recurrent and not piecewise linear"),
}
