"""ONNX operations whose windows slide over the spatial axes."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from relutope.loading.graph import windows
from relutope.loading.graph.layout_ops import as_tensor
from relutope.loading.graph.numbers import Numbers
from relutope.loading.graph.onnx_call import Call
from relutope.loading.graph.sizes import MAX_ELEMENTS, check_size
from relutope.loading.graph.torch_ops import NotExactError, Unused
from relutope.loading.graph.value_graph import Tensor, ValueGraph

#: Kernel, strides, dilations and (before, after) pads per spatial axis.
Options = tuple[list[int], list[int], list[int], list[tuple[int, int]]]


def convolution(graph: ValueGraph, call: Call) -> Tensor:
    """Conv with constant weights."""
    x, weight, bias, groups = _weights(graph, call)
    if bias is not None and bias.shape != weight.shape[:1]:
        raise ValueError(f"its bias does not fit a weight of shape {weight.shape}")
    _, strides, dilations, pads = _options(call, x.shape[2:], list(weight.shape[2:]))
    return windows.convolution(graph, x, weight, bias, strides, pads, dilations, groups, call.op)


def transposed_convolution(graph: ValueGraph, call: Call) -> Tensor:
    """ConvTranspose with constant weights and explicit pads."""
    x, weight, bias, groups = _weights(graph, call)
    if bias is not None and bias.shape != (weight.shape[1] * groups,):
        raise ValueError(f"its bias does not fit a weight of shape {weight.shape} in {groups} groups")
    if call.attribute("output_shape") or call.attributes.get("auto_pad", "NOTSET") not in ("NOTSET", "VALID"):
        raise NotExactError("its output_shape or auto_pad is not supported; legal: pads")
    n_axes = len(weight.shape) - 2
    more = call.attribute("output_padding", [0] * n_axes)
    kernel = list(weight.shape[2:])
    _, strides, dilations, pads = _options(call, x.shape[2:], kernel)
    if len(more) != n_axes or min(more) < 0:
        raise ValueError(f"its output_padding is {more}; legal: {n_axes} integers >= 0")
    shape = [
        size * stride + dilation * taps + pad
        for size, stride, dilation, taps, pad in zip(
            x.shape[2:], strides, dilations, kernel, more, strict=True
        )
    ]
    check_size([*shape, prod(kernel)], "the table of its windows")
    options = strides, pads, more, dilations, groups, call.op
    return windows.transposed_convolution(graph, x, weight, bias, *options)


def _weights(graph: ValueGraph, call: Call) -> tuple[Tensor, Numbers, Numbers | None, int]:
    """Input, weight, bias and groups of a convolution."""
    x = as_tensor(graph, call.x())
    weight, bias = call.numbers(1, "weight"), call.numbers(2, "bias")
    if weight is None or weight.ndim != x.ids.ndim or weight.ndim < 3:
        raise ValueError(f"its weight does not fit an input of shape {x.shape}")
    groups, kernel = call.attribute("group", 1), list(weight.shape[2:])
    if call.attribute("kernel_shape", kernel) != kernel:
        raise ValueError(f"its kernel_shape is not that of its weight, {kernel}")
    if groups < 1:
        raise ValueError(f"its group is {groups}; legal: at least 1")
    return x, weight, bias, groups


def average_pool(graph: ValueGraph, call: Call) -> Tensor:
    """AveragePool, exactly."""
    x = as_tensor(graph, call.x())
    ceil_mode, with_pad = bool(call.attribute("ceil_mode", 0)), bool(call.attribute("count_include_pad", 0))
    kernel, strides, dilations, pads = _options(call, x.shape[2:], call.attribute("kernel_shape"))
    if any(size != 1 for size in dilations):
        raise NotExactError(f"its dilations {dilations} are not supported; legal: 1")
    options = kernel, strides, pads, ceil_mode, with_pad, None, len(kernel)
    return windows.average_pool(graph, x, *options, call.op)


def max_pool(graph: ValueGraph, call: Call) -> tuple[Tensor, Unused]:
    """MaxPool, whose second result, the places of the maxima, nobody may read."""
    x = as_tensor(graph, call.x())
    ceil_mode = bool(call.attribute("ceil_mode", 0))
    kernel, strides, dilations, pads = _options(call, x.shape[2:], call.attribute("kernel_shape"))
    options = kernel, strides, pads, dilations, ceil_mode, len(kernel)
    return windows.max_pool(graph, x, *options, call.op), Unused()


def _options(call: Call, sizes: Sequence[int], kernel: list[int] | None) -> Options:
    n_axes = len(sizes)
    if kernel is None:
        raise ValueError("it has no kernel_shape")
    strides = call.attribute("strides", [1] * n_axes)
    dilations = call.attribute("dilations", [1] * n_axes)
    flat = call.attribute("pads", [0] * (2 * n_axes))
    auto = call.attribute("auto_pad", "NOTSET")
    if not n_axes or {len(kernel), len(strides), len(dilations), len(flat) // 2} != {n_axes} or len(flat) % 2:
        raise ValueError(f"its kernel, strides, dilations or pads do not fit {n_axes} spatial axes")
    if min(kernel + strides + dilations) < 1 or min(flat) < 0 or max(kernel + dilations) > MAX_ELEMENTS:
        raise ValueError("it has a kernel, stride or dilation below 1 or a pad below 0")
    if auto == "NOTSET":
        pads = list(zip(flat[:n_axes], flat[n_axes:], strict=True))
    elif auto == "VALID":
        pads = [(0, 0)] * n_axes
    elif auto in ("SAME_UPPER", "SAME_LOWER"):
        pads = [
            _same(*axis, upper=auto == "SAME_UPPER")
            for axis in zip(sizes, kernel, strides, dilations, strict=True)
        ]
    else:
        raise ValueError(f"its auto_pad is {auto!r}; legal: NOTSET, VALID, SAME_UPPER, SAME_LOWER")
    check_size(
        [size + before + after for size, (before, after) in zip(sizes, pads, strict=True)], "its input"
    )
    n_out = prod(
        max(1, (size + before + after - dilation * (taps - 1) - 1) // stride + 1)
        for size, taps, stride, dilation, (before, after) in zip(
            sizes, kernel, strides, dilations, pads, strict=True
        )
    )
    check_size([n_out, prod(kernel)], "the table of its windows")
    return kernel, strides, dilations, pads


def _same(size: int, kernel: int, stride: int, dilation: int, upper: bool) -> tuple[int, int]:
    """Pads for which there is one window for every `stride` elements."""
    n_out = -(-size // stride)
    missing = max(0, (n_out - 1) * stride + dilation * (kernel - 1) + 1 - size)
    small, large = missing // 2, missing - missing // 2
    return (small, large) if upper else (large, small)
