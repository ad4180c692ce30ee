"""ONNX operations that move elements, and those on shapes and conditions, which fold to constants."""

from __future__ import annotations

import operator
from collections.abc import Callable
from fractions import Fraction
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relutope.loading.graph import layout_ops
from relutope.loading.graph.numbers import fractions, tidy, uniform
from relutope.loading.graph.onnx_call import Call, is_integers, is_numbers
from relutope.loading.graph.onnx_tensors import FLOATS, INTEGERS, type_name
from relutope.loading.graph.sizes import check_size
from relutope.loading.graph.torch_ops import NotExactError
from relutope.loading.graph.value_graph import Tensor, ValueGraph

Operation = Callable[[ValueGraph, Call], Any]

#: Values whose elements are moved.
Array = NDArray[Any]

#: Why a comparison of values that depend on the input is refused.
COMPARES = "it selects by comparing, which may be discontinuous; legal: Relu, Clip, Max, Min, Abs"


def moved(x: Any, function: Callable[[Array], Array]) -> Any:
    """A tensor or constant with its elements moved."""
    return Tensor(function(x.ids)) if isinstance(x, Tensor) else np.asarray(function(x))


def _required(values: list[int] | None, what: str) -> list[int]:
    if values is None:
        raise ValueError(f"it has no {what}")
    return values


def _flatten(_: ValueGraph, call: Call) -> Any:
    x, axis = call.x(), call.attribute("axis", 1)
    axis = axis + len(x.shape) if axis < 0 else axis
    shape = (prod(x.shape[:axis]), prod(x.shape[axis:]))
    return moved(x, lambda array: array.reshape(shape))


def _reshape(_: ValueGraph, call: Call) -> Any:
    x, wanted = call.x(), _required(call.integers(1), "shape")
    if not call.attribute("allowzero", 0):
        wanted = [x.shape[axis] if size == 0 else size for axis, size in enumerate(wanted)]
    try:
        return moved(x, lambda array: array.reshape(wanted))
    except ValueError:
        raise ValueError(f"{x.shape} has not the elements of {tuple(wanted)}") from None


def _transpose(_: ValueGraph, call: Call) -> Any:
    axes = call.attribute("perm")
    return moved(call.x(), lambda array: array.transpose(axes))


def _concatenate(graph: ValueGraph, call: Call) -> Any:
    axis = call.attribute("axis")
    if axis is None:
        raise ValueError("it has no axis")
    parts = call.inputs
    if any(isinstance(part, Tensor) for part in parts):
        if any(is_integers(part) for part in parts):
            raise ValueError("it joins floats and integers")
        return layout_ops.concatenate(graph, parts, axis)
    return np.concatenate(uniform(parts), axis=axis)


def _slice(_: ValueGraph, call: Call) -> Any:
    x = call.x()
    starts = _required(call.integers(1, "starts"), "starts")
    ends = _required(call.integers(2, "ends"), "ends")
    axes, steps = call.integers(3, "axes"), call.integers(4) or [1] * len(starts)
    axes = list(range(len(starts))) if axes is None else axes
    places = [slice(None)] * len(x.shape)
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        places[axis] = slice(start, end, step)
    return moved(x, lambda array: array[tuple(places)])


def _indices(call: Call) -> Array:
    indices = call.given(1)
    if isinstance(indices, Tensor):
        raise NotExactError("its indices depend on the input of the network")
    if not is_integers(indices):
        raise ValueError("its indices are no integers")
    return np.asarray(indices)


def _gather(_: ValueGraph, call: Call) -> Any:
    axis, indices = call.attribute("axis", 0), _indices(call)
    return moved(call.x(), lambda array: np.asarray(np.take(array, indices, axis=axis)))


def _gather_elements(_: ValueGraph, call: Call) -> Any:
    axis, indices = call.attribute("axis", 0), _indices(call)
    return moved(call.x(), lambda array: np.take_along_axis(array, indices, axis=axis))


def _gather_places(_: ValueGraph, call: Call) -> Any:
    if call.attribute("batch_dims", 0):
        raise NotExactError("its batch_dims are not supported; legal: 0")
    places = tuple(np.moveaxis(_indices(call), -1, 0))
    return moved(call.x(), lambda array: np.asarray(array[places]))


def _split(_: ValueGraph, call: Call) -> Any:
    x, axis = call.x(), call.attribute("axis", 0)
    sizes = call.integers(1, "split")
    count, size = call.attribute("num_outputs"), x.shape[axis]
    if sizes is None:
        if count is None:
            count = call.n_outputs
            if size % count:
                raise ValueError(f"it splits {size} elements into {count} equal parts")
        part = -(-size // count)
        sizes = [part] * (count - 1) + [size - part * (count - 1)]
    if len(sizes) != call.n_outputs or sum(sizes) != size or min(sizes) < 0:
        raise ValueError(f"it splits {size} elements into {sizes}, {call.n_outputs} results")
    ends = np.cumsum(sizes).tolist()
    axes = (slice(None),) * (axis % len(x.shape))
    places = [(*axes, slice(end - part, end)) for part, end in zip(sizes, ends, strict=True)]
    return tuple(moved(x, operator.itemgetter(place)) for place in places)


def _squeeze(_: ValueGraph, call: Call) -> Any:
    x, axes = call.x(), call.integers(1, "axes")
    if axes is None:
        return moved(x, np.squeeze)
    return moved(x, lambda array: np.squeeze(array, axis=tuple(axes)))


def _unsqueeze(_: ValueGraph, call: Call) -> Any:
    axes = tuple(_required(call.integers(1, "axes"), "axes"))
    return moved(call.x(), lambda array: np.expand_dims(array, axes))


def _expand(_: ValueGraph, call: Call) -> Any:
    x, wanted = call.x(), _required(call.integers(1), "shape")
    shape = np.broadcast_shapes(x.shape, tuple(wanted))
    check_size(shape, "its result")
    return moved(x, lambda array: np.broadcast_to(array, shape).copy())


def _tile(_: ValueGraph, call: Call) -> Any:
    x, repeats = call.x(), _required(call.integers(1), "repeats")
    check_size([size * times for size, times in zip(x.shape, repeats, strict=True)], "its result")
    return moved(x, lambda array: np.tile(array, repeats))


def _pad(graph: ValueGraph, call: Call) -> Any:
    x, pads = call.x(), _required(call.integers(1, "pads"), "pads")
    mode = call.attribute("mode", "constant")
    value = call.attribute("value") if call.opset < 11 else call.scalar(2, "constant value")
    n_axes = len(x.shape)
    axes = call.integers(3)
    axes = list(range(n_axes)) if axes is None else axes
    if len(pads) != 2 * len(axes):
        raise ValueError(f"it has {len(pads)} pads for {len(axes)} axes")
    pairs = [(0, 0)] * n_axes
    for axis, before, after in zip(axes, pads, pads[len(axes) :], strict=False):
        pairs[axis] = (before, after)
    shape = [size + sum(pair) for size, pair in zip(x.shape, pairs, strict=True)]
    check_size(shape, "its result")
    check_size([max(0, pad) for pair in pairs for pad in pair if pad > 0] or [1], "its padding")
    if is_integers(x):
        raise NotExactError("it pads integers")
    return layout_ops.pad(graph, layout_ops.as_tensor(graph, x), pairs, mode, value or 0.0)


def _cast(_: ValueGraph, call: Call) -> Any:
    return cast(call, type_name(call.attribute("to", 0)))


def _cast_like(_: ValueGraph, call: Call) -> Any:
    other = call.given(1)
    if isinstance(other, Tensor):
        return cast(call, call.kind)
    raise NotExactError("the type of a constant is not kept")


def cast(call: Call, to: str) -> Any:
    """The first input in another type, refused where that rounds."""
    x = call.x()
    if to not in FLOATS and to not in INTEGERS:
        raise NotExactError(f"it casts to {to}")
    if isinstance(x, Tensor):
        if to not in FLOATS or FLOATS[to][0] < FLOATS[call.kind][0]:
            raise NotExactError(f"it rounds from {call.kind} to {to}")
        call.kind = to
        return x
    if to == "BOOL":
        return (x != 0).astype(bool)
    if to in INTEGERS:
        whole = np.array([int(value) for value in x.ravel().tolist()], dtype=object).reshape(x.shape)
        fits = all(-(2**63) <= value < 2**63 for value in whole.ravel().tolist())
        if not (fits and (whole == x).all()):
            raise NotExactError(f"it rounds a constant to {to}")
        return whole.astype(INTEGERS[to]).astype(np.int64)
    result = x if is_numbers(x) else x.astype(np.float64)
    exact = fractions(result)
    if is_integers(x) or not _is_kept(exact, to):
        integral = [Fraction(int(value)) for value in x.ravel().tolist()] if is_integers(x) else None
        if integral != [Fraction(value) for value in _rounded(exact, to).ravel().tolist()]:
            raise NotExactError(f"it rounds a constant to {to}")
    return tidy(result)


def _rounded(exact: Array, to: str) -> Array:
    """Numbers in another floating-point type, as float64."""
    if to == "BFLOAT16":
        import ml_dtypes  # which onnx brings

        kind = np.dtype(ml_dtypes.bfloat16)
    else:
        kind = np.dtype(FLOATS[to][1])
    with np.errstate(over="ignore"):
        rounded = exact.astype(np.float64).astype(kind).astype(np.float64)
    if not np.isfinite(rounded).all():
        raise NotExactError(f"a constant is beyond {to}")
    return np.asarray(rounded)


def _is_kept(exact: Array, to: str) -> bool:
    return bool((fractions(_rounded(exact, to)) == exact).all())


def _constant(_: ValueGraph, call: Call) -> Any:
    readers: dict[str, Callable[[Any], Array]] = {
        "value": np.asarray,
        "value_float": lambda value: np.asarray(value, dtype=np.float64),
        "value_floats": lambda value: np.asarray(value, dtype=np.float64),
        "value_int": lambda value: np.asarray(value, dtype=np.int64),
        "value_ints": lambda value: np.asarray(value, dtype=np.int64),
    }
    for name, reader in readers.items():
        if name in call.attributes:
            return reader(call.attribute(name))
    raise NotExactError("it holds no dense tensor of numbers")


def _constant_of_shape(_: ValueGraph, call: Call) -> Any:
    shape = _required(call.integers(0), "shape")
    check_size(shape, "its result")
    value = call.attribute("value", np.zeros(1))
    return np.full(shape, value.reshape(()))


def _shape(_: ValueGraph, call: Call) -> Any:
    sizes = call.x().shape[call.attribute("start", 0) : call.attribute("end")]
    return np.array(sizes, dtype=np.int64)


def _size(_: ValueGraph, call: Call) -> Any:
    return np.array(prod(call.x().shape), dtype=np.int64)


def _range(_: ValueGraph, call: Call) -> Any:
    if not all(is_integers(value) and value.size == 1 for value in call.inputs):
        raise NotExactError("its limits are no constant integers")
    start, stop, step = (int(value.ravel()[0]) for value in call.inputs)
    if step == 0:
        raise ValueError("its step is 0")
    check_size([len(range(start, stop, step))], "its result")
    return np.arange(start, stop, step, dtype=np.int64)


def _where(graph: ValueGraph, call: Call) -> Any:
    condition, left, right = call.inputs
    if not is_integers(condition) or condition.dtype != bool:
        raise NotExactError(COMPARES if isinstance(condition, Tensor) else "its condition is no constant")
    check_size(np.broadcast_shapes(condition.shape, left.shape, right.shape), "its result")
    if (isinstance(left, Tensor) or isinstance(right, Tensor)) and (is_integers(left) or is_integers(right)):
        raise ValueError("it joins floats and integers")
    return layout_ops.select(graph, condition, left, right)


def _of_constants(function: Callable[..., Any], reason: str) -> Operation:
    def operation(_: ValueGraph, call: Call) -> Any:
        if not all(isinstance(value, np.ndarray) for value in call.inputs):
            raise NotExactError(reason)
        return np.asarray(function(*uniform(call.inputs)))

    return operation


def _compared(function: Callable[..., Any]) -> Operation:
    return _of_constants(lambda *values: np.asarray(function(*values)).astype(bool), COMPARES)


def _modulo(_: ValueGraph, call: Call) -> Any:
    if call.attribute("fmod", 0) or not all(is_integers(value) for value in call.inputs):
        raise NotExactError("it is discontinuous; legal: constant integers")
    left, right = call.inputs
    if (right == 0).any():
        raise ValueError("it divides by 0")
    return np.asarray(left % right)


LAYOUT: dict[str, Operation] = {
    "Flatten": _flatten,
    "Reshape": _reshape,
    "Transpose": _transpose,
    "Concat": _concatenate,
    "Slice": _slice,
    "Gather": _gather,
    "GatherElements": _gather_elements,
    "GatherND": _gather_places,
    "Split": _split,
    "Squeeze": _squeeze,
    "Unsqueeze": _unsqueeze,
    "Expand": _expand,
    "Tile": _tile,
    "Pad": _pad,
    "Identity": lambda _, call: call.x(),
    "Cast": _cast,
    "CastLike": _cast_like,
    "Constant": _constant,
    "ConstantOfShape": _constant_of_shape,
    "Shape": _shape,
    "Size": _size,
    "Range": _range,
    "Where": _where,
    "Equal": _compared(np.equal),
    "Greater": _compared(np.greater),
    "GreaterOrEqual": _compared(np.greater_equal),
    "Less": _compared(np.less),
    "LessOrEqual": _compared(np.less_equal),
    "Mod": _modulo,
    "And": _compared(np.logical_and),
    "Or": _compared(np.logical_or),
    "Xor": _compared(np.logical_xor),
    "Not": _compared(np.logical_not),
}
