"""ONNX operations that make images larger or smaller by moving their elements."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from relutope.loading.graph.onnx_call import Call
from relutope.loading.graph.onnx_layout import Operation, moved
from relutope.loading.graph.sizes import check_size
from relutope.loading.graph.torch_ops import NotExactError
from relutope.loading.graph.value_graph import ValueGraph

#: By name the shift, for which an element of the result lies at
#: ``(2 place + shift (1 - scale)) / (2 scale)`` of the input.
SHIFTS = {"asymmetric": 0, "half_pixel": 1, "pytorch_half_pixel": 1, "half_pixel_symmetric": 1}

#: What is added to that numerator before it is divided and rounded down, in units of the denominator's
#: half, and whether it is rounded up instead.
NEAREST = {
    "floor": (0, False),
    "ceil": (0, True),
    "round_prefer_floor": (-1, True),
    "round_prefer_ceil": (1, False),
}


def _resize(_: ValueGraph, call: Call) -> Any:
    """Resize to the nearest element by integer scales."""
    x = call.x()
    mode = call.attribute("mode", "nearest")
    if mode != "nearest":
        raise NotExactError(f"its mode is {mode!r}; legal: nearest")
    if call.attribute("antialias", 0):
        raise NotExactError("it smooths; legal: antialias 0")
    how = call.attribute("coordinate_transformation_mode", "half_pixel" if call.opset > 10 else "asymmetric")
    nearest = call.attribute("nearest_mode", "round_prefer_floor" if call.opset > 10 else "floor")
    if how not in SHIFTS or nearest not in NEAREST:
        raise NotExactError(
            f"its modes {how!r} and {nearest!r} are not supported; legal: {', '.join(SHIFTS)} and "
            f"{', '.join(NEAREST)}"
        )
    n_axes = len(x.shape)
    axes = [axis % n_axes for axis in call.attribute("axes", list(range(n_axes)))]
    if len(set(axes)) < len(axes):
        raise ValueError(f"its axes {axes} are not distinct")
    half, up = NEAREST[nearest]
    scales = dict(zip(axes, _scales(call, [x.shape[axis] for axis in axes]), strict=True))
    check_size([size * scales.get(axis, 1) for axis, size in enumerate(x.shape)], "its result")
    places = {}
    for axis, scale in scales.items():
        top = 2 * np.arange(x.shape[axis] * scale) + SHIFTS[how] * (1 - scale) + half * scale
        found = -(-top // (2 * scale)) if up else top // (2 * scale)
        places[axis] = found.clip(0, x.shape[axis] - 1)
    return moved(x, lambda array: _taken(array, places))


def _scales(call: Call, sizes: list[int]) -> list[int]:
    """How many times each axis is as long as before."""
    scales, wanted = call.numbers(1 if call.opset < 11 else 2, "scales"), call.integers(3)
    if call.attribute("keep_aspect_ratio_policy", "stretch") != "stretch":
        raise NotExactError("its keep_aspect_ratio_policy is not supported; legal: stretch")
    if scales is None or scales.size == 0:
        if wanted is None:
            raise ValueError("it has neither scales nor sizes")
        exact = [Fraction(new, old) for new, old in zip(wanted, sizes, strict=False)]
    else:
        exact = [Fraction(scale) for scale in scales.ravel().tolist()]
    if len(exact) != len(sizes):
        raise ValueError(f"it has {len(exact)} scales or sizes; legal: {len(sizes)}")
    if any(scale.denominator != 1 or scale < 1 for scale in exact):
        raise NotExactError(f"its scales are {[float(scale) for scale in exact]}; legal: integers >= 1")
    return [int(scale) for scale in exact]


def _taken(array: Any, places: dict[int, Any]) -> Any:
    for axis, place in places.items():
        array = array.take(place, axis=axis)
    return array


def _depth_to_space(_: ValueGraph, call: Call) -> Any:
    x, size, mode = call.x(), call.attribute("blocksize", 0), call.attribute("mode", "DCR")
    if len(x.shape) != 4 or size < 1 or x.shape[1] % size**2 or mode not in ("DCR", "CRD"):
        raise ValueError(f"its blocksize {size} or mode {mode!r} does not fit an input of shape {x.shape}")
    n, channels, height, width = x.shape
    block, order = (size, size, channels // size**2), (0, 3, 4, 1, 5, 2)
    if mode == "CRD":
        block, order = (channels // size**2, size, size), (0, 1, 4, 2, 5, 3)
    shape = n, channels // size**2, height * size, width * size
    return moved(x, lambda array: array.reshape(n, *block, height, width).transpose(order).reshape(shape))


def _space_to_depth(_: ValueGraph, call: Call) -> Any:
    x, size = call.x(), call.attribute("blocksize", 0)
    if len(x.shape) != 4 or size < 1 or x.shape[2] % size or x.shape[3] % size:
        raise ValueError(f"its blocksize {size} does not fit an input of shape {x.shape}")
    n, channels, height, width = x.shape
    split = n, channels, height // size, size, width // size, size
    shape = n, channels * size**2, height // size, width // size
    return moved(x, lambda array: array.reshape(split).transpose(0, 3, 5, 1, 2, 4).reshape(shape))


RESIZING: dict[str, Operation] = {
    "Resize": _resize,
    "Upsample": _resize,
    "DepthToSpace": _depth_to_space,
    "SpaceToDepth": _space_to_depth,
}
