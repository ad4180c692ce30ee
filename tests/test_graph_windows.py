"""Convolutions, pooling and batch norm of the value graph, against rational loops and torch."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional as F  # noqa: N812

import graph_reference as reference
from graph_checks import agree, random
from relutope.loading.graph import layout_ops, linear_ops, piecewise_ops, windows
from relutope.loading.graph.value_graph import ValueGraph

CONVOLUTIONS: list[tuple[tuple[int, ...], tuple[int, ...], dict[str, Any]]] = [
    ((1, 2, 5), (3, 2, 3), {}),
    ((1, 2, 6), (3, 2, 2), {"stride": 2, "padding": 1}),
    ((1, 2, 6), (3, 2, 4), {"padding": "same"}),
    ((1, 2, 7), (3, 2, 2), {"padding": "same", "dilation": 3}),
    ((1, 4, 4), (4, 1, 3), {"padding": 1, "groups": 4}),
    ((1, 2, 4, 5), (3, 2, 3, 2), {"padding": (1, 0)}),
    ((1, 4, 5, 5), (6, 2, 3, 3), {"stride": (2, 1), "padding": 2, "dilation": (1, 2), "groups": 2}),
    ((1, 1, 3, 3), (2, 1, 1, 1), {"padding": "valid"}),
    ((1, 1, 3, 4, 3), (2, 1, 2, 2, 2), {"stride": 2, "padding": 1}),
]


@pytest.mark.parametrize(("shape", "weight_shape", "options"), CONVOLUTIONS)
@pytest.mark.filterwarnings("ignore:Using padding=:UserWarning")
@pytest.mark.parametrize("with_bias", [True, False])
def test_convolution(shape: Any, weight_shape: Any, options: dict[str, Any], with_bias: bool) -> None:
    weight, n_axes = random(*weight_shape), len(shape) - 2
    bias = random(weight_shape[0], seed=1) if with_bias else None
    weight.ravel()[0] *= with_bias  # a zero, which is no coefficient
    full = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1, **options}
    stride, dilation = (
        (value,) * n_axes if isinstance(value, int) else value for value in (full["stride"], full["dilation"])
    )
    if full["padding"] == "same":
        spans = [d * (k - 1) for d, k in zip(dilation, weight_shape[2:], strict=True)]
        pads = [(span // 2, span - span // 2) for span in spans]
    else:
        padding = 0 if full["padding"] == "valid" else full["padding"]
        pads = [(p, p) for p in ((padding,) * n_axes if isinstance(padding, int) else padding)]
    function = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}[n_axes]
    agree(
        lambda g, x: windows.convolution(g, x, weight, bias, **options),
        lambda x: reference.convolve(x, weight, bias, stride, pads, dilation, full["groups"]),
        lambda x: function(
            x, torch.from_numpy(weight), None if bias is None else torch.from_numpy(bias), **options
        ),
        shape,
    )


TRANSPOSED: list[tuple[tuple[int, ...], tuple[int, ...], dict[str, Any]]] = [
    ((1, 2, 5), (2, 3, 3), {}),
    ((1, 2, 4), (2, 3, 2), {"stride": 3}),  # places that no tap reaches
    ((1, 2, 4), (2, 3, 4), {"stride": 2, "padding": 3}),
    ((1, 4, 3), (4, 1, 3), {"groups": 4, "dilation": 2, "padding": 1}),
    (
        (1, 4, 3, 2),
        (4, 3, 3, 2),
        {"groups": 2, "stride": (2, 3), "padding": (1, 0), "output_padding": (1, 2)},
    ),
    ((1, 2, 2, 3), (2, 1, 2, 2), {"dilation": (1, 3), "stride": (2, 1), "output_padding": (1, 0)}),
    ((1, 1, 1, 1), (1, 1, 1, 1), {"padding": 0}),
    ((1, 1, 2, 3, 2), (1, 2, 2, 1, 2), {"stride": 2, "padding": (1, 0, 0), "output_padding": 1}),
]


@pytest.mark.parametrize(("shape", "weight_shape", "options"), TRANSPOSED)
@pytest.mark.parametrize("with_bias", [True, False])
def test_transposed_convolution(
    shape: Any, weight_shape: Any, options: dict[str, Any], with_bias: bool
) -> None:
    weight, n_axes, groups = random(*weight_shape), len(shape) - 2, options.get("groups", 1)
    bias = random(weight_shape[1] * groups, seed=1) if with_bias else None
    stride, padding, more, dilation = (
        (value,) * n_axes if isinstance(value, int) else value
        for value in (
            options.get(key, default)
            for key, default in (("stride", 1), ("padding", 0), ("output_padding", 0), ("dilation", 1))
        )
    )
    function = {1: F.conv_transpose1d, 2: F.conv_transpose2d, 3: F.conv_transpose3d}[n_axes]
    parts = torch.from_numpy(weight), None if bias is None else torch.from_numpy(bias)
    pads = [(pad, pad) for pad in padding]
    agree(
        lambda g, x: windows.transposed_convolution(g, x, weight, bias, **options),
        lambda x: reference.convolve_transposed(x, weight, bias, stride, pads, more, dilation, groups),
        lambda x: function(x, *parts, **options),
        shape,
    )


def test_transposed_convolution_without_batch_axis_and_what_does_not_fit() -> None:
    weight = random(2, 1, 3)
    agree(
        lambda g, x: windows.transposed_convolution(g, x, weight),
        lambda x: reference.convolve_transposed(x[None], weight, None, [1], [(0, 0)], [0], [1], 1)[0],
        lambda x: F.conv_transpose1d(x, torch.from_numpy(weight)),
        (2, 4),
    )
    graph = ValueGraph((1, 2, 2))
    with pytest.raises(ValueError, match=r"an axis of 2 with padding \(2, 2\) leaves 0 places"):
        windows.transposed_convolution(graph, graph.input, weight, padding=2)
    with pytest.raises(ValueError, match=r"weight of shape \(2, 1, 3\) and gets \(1, 2, 2\), groups=3"):
        windows.transposed_convolution(graph, graph.input, weight, groups=3)


def test_convolution_without_batch_axis_and_over_reflected_places() -> None:
    weight = random(2, 1, 3)
    agree(
        lambda g, x: windows.convolution(g, layout_ops.pad(g, x, [(0, 0), (2, 2)], "reflect"), weight),
        lambda x: reference.convolve(
            np.pad(x, [(0, 0), (2, 2)], mode="reflect")[None], weight, None, [1], [(0, 0)], [1], 1
        )[0],
        lambda x: F.conv1d(F.pad(x, (2, 2), mode="reflect"), torch.from_numpy(weight)),
        (1, 3),
    )


POOLS: list[tuple[tuple[int, ...], dict[str, Any]]] = [
    ((1, 2, 5), {"kernel_size": 2}),
    ((1, 2, 6), {"kernel_size": 3, "stride": 2, "padding": 1}),
    ((1, 2, 4, 5), {"kernel_size": 2}),
    ((1, 2, 5, 5), {"kernel_size": 3, "stride": 2, "padding": 1}),
    ((1, 1, 5, 6), {"kernel_size": (2, 3), "stride": (2, 2), "ceil_mode": True}),
    ((1, 1, 6, 6), {"kernel_size": 3, "stride": 3, "padding": 1, "ceil_mode": True}),
    ((1, 1, 4, 4), {"kernel_size": 2, "stride": 3, "padding": 1, "ceil_mode": True}),
    ((1, 1, 3, 4, 3), {"kernel_size": 2, "stride": 1, "padding": 1}),
]


def per_axis(options: dict[str, Any], n_axes: int) -> list[Any]:
    full = {"stride": options["kernel_size"], "padding": 0, "dilation": 1, **options}
    names = ("kernel_size", "stride", "padding", "dilation")
    return [(full[name],) * n_axes if isinstance(full[name], int) else full[name] for name in names]


@pytest.mark.parametrize(
    ("shape", "options", "divisor"),
    # torch has no divisor_override in one axis
    [(*pool, divisor) for pool in POOLS for divisor in (None, 7) if divisor is None or len(pool[0]) > 3],
)
@pytest.mark.parametrize("include", [True, False])
def test_average_pool(shape: Any, options: dict[str, Any], include: bool, divisor: Any) -> None:
    n_axes = len(shape) - 2
    more = {"divisor_override": divisor} if n_axes > 1 else {}
    function = {1: F.avg_pool1d, 2: F.avg_pool2d, 3: F.avg_pool3d}[n_axes]
    rest = {name: value for name, value in options.items() if name != "kernel_size"}

    def mean(elements: list[Fraction], n_places: int) -> Fraction:
        return reference.average(elements, divisor or (n_places if include else None))

    agree(
        lambda g, x: windows.average_pool(
            g, x, options["kernel_size"], **rest, count_include_pad=include, divisor=divisor, n_axes=n_axes
        ),
        lambda x: reference.pooled(x, *per_axis(options, n_axes), options.get("ceil_mode", False), mean),
        lambda x: function(x, **options, count_include_pad=include, **more),
        shape,
    )


def test_average_pool_over_values_that_a_window_sees_twice() -> None:
    agree(
        lambda g, x: windows.average_pool(
            g, layout_ops.pad(g, x, [(0, 0), (0, 0), (2, 0)], "edge"), 3, 1, n_axes=1
        ),
        lambda x: reference.pooled(
            np.pad(x, [(0, 0), (0, 0), (2, 0)], mode="edge"), [3], [1], [0], [1], False, reference.average
        ),
        lambda x: F.avg_pool1d(F.pad(x, (2, 0), mode="replicate"), 3, 1),
        (1, 1, 3),
    )


@pytest.mark.parametrize(
    ("shape", "options"),
    [
        *POOLS,
        ((1, 1, 7), {"kernel_size": 3, "dilation": 2}),
        ((1, 1, 6, 5), {"kernel_size": 2, "dilation": (2, 3), "stride": 1}),
    ],
)
def test_max_pool(shape: Any, options: dict[str, Any]) -> None:
    n_axes = len(shape) - 2
    function: Any = {1: F.max_pool1d, 2: F.max_pool2d, 3: F.max_pool3d}[n_axes]
    rest = {name: value for name, value in options.items() if name != "kernel_size"}
    agree(
        lambda g, x: windows.max_pool(g, x, options["kernel_size"], **rest, n_axes=n_axes),
        lambda x: reference.pooled(
            x, *per_axis(options, n_axes), options.get("ceil_mode", False), lambda values, _: max(values)
        ),
        lambda x: function(x, **options),
        shape,
    )


def test_max_pool_lists_each_value_once_and_zeros_as_values() -> None:
    graph = ValueGraph((1, 1, 4))
    padded = layout_ops.pad(graph, graph.input, [(0, 0), (0, 0), (2, 2)])
    graph.set_output(windows.max_pool(graph, padded, 2, 1, n_axes=1))
    layers, _ = graph.layers()
    assert [layer.kind for layer in layers] == ["linear", "max", "linear"]
    # The windows (0, 0) are the constant itself, and the others are pairs.
    assert [layer.n_rows for layer in layers] == [1, 5, 7]
    agree(
        lambda g, x: windows.max_pool(g, layout_ops.pad(g, x, [(0, 0), (0, 0), (2, 2)]), 2, 1, n_axes=1),
        lambda x: reference.pooled(
            np.pad(x, [(0, 0), (0, 0), (2, 2)], constant_values=Fraction(0)),
            [2],
            [1],
            [0],
            [1],
            False,
            lambda v, _: max(v),
        ),
        lambda x: F.max_pool1d(F.pad(x, (2, 2)), 2, 1),
        (1, 1, 4),
    )


@pytest.mark.parametrize(
    ("shape", "sizes"),
    [((1, 2, 5), (3,)), ((1, 2, 5, 4), (2, 3)), ((1, 2, 3, 3), (5, 1)), ((1, 1, 3, 4, 2), (2, 2, 1))],
)
def test_adaptive_pools(shape: Any, sizes: Any) -> None:
    means: Any = {1: F.adaptive_avg_pool1d, 2: F.adaptive_avg_pool2d, 3: F.adaptive_avg_pool3d}[len(sizes)]
    maxima: Any = {1: F.adaptive_max_pool1d, 2: F.adaptive_max_pool2d, 3: F.adaptive_max_pool3d}[len(sizes)]
    agree(
        lambda g, x: windows.adaptive_average_pool(g, x, sizes),
        lambda x: reference.adaptive(x, sizes, reference.average),
        lambda x: means(x, sizes),
        shape,
    )
    agree(
        lambda g, x: windows.adaptive_max_pool(g, x, sizes),
        lambda x: reference.adaptive(x, sizes, max),
        lambda x: maxima(x, sizes),
        shape,
    )


@pytest.mark.parametrize("shape", [(1, 3), (1, 3, 4), (1, 3, 2, 2)])
def test_batch_norm(shape: Any) -> None:
    mean, variance, gamma, beta = random(3), random(3, seed=1) ** 2, random(3, seed=2), random(3, seed=4)
    agree(
        lambda g, x: linear_ops.batch_norm(g, x, mean, variance, gamma, beta, 1e-5),
        lambda x: reference.batch_norm(x, mean, variance, gamma, beta, 1e-5),
        lambda x: F.batch_norm(x, *map(torch.from_numpy, (mean, variance, gamma, beta)), eps=1e-5),
        shape,
    )


def test_batch_norm_scale_is_correctly_rounded() -> None:
    rng = np.random.default_rng(0)
    misses = 0
    for _ in range(500):
        gamma, variance = np.float32(rng.standard_normal()).item(), np.float32(rng.chisquare(1)).item()
        scale = linear_ops.batch_norm_scale(gamma, variance, 1e-5)
        assert scale == reference.scale(gamma, variance, 1e-5)
        misses += scale != gamma / math.sqrt(variance + 1e-5)
    assert 50 < misses < 250  # plain float64 evaluation is another number in many cases


@pytest.mark.parametrize(
    ("gamma", "variance", "eps", "scale"),
    [
        (0.0, 1.0, 0.0, 0.0),
        (-3.0, 9.0, 0.0, -1.0),
        (1.0, 2.0**-1074, 0.0, 2.0**537),
        (2.0**-1074, 2.0**200, 0.0, 0.0),
        (2.0**-1000, 2.0**140, 0.0, 2.0**-1070),
        (2.0**1023, 2.0**-100, 0.0, None),
    ],
)
def test_batch_norm_scale_at_the_ends(gamma: float, variance: float, eps: float, scale: Any) -> None:
    if scale is None:
        with pytest.raises(ValueError, match="beyond float64"):
            linear_ops.batch_norm_scale(gamma, variance, eps)
    else:
        assert linear_ops.batch_norm_scale(gamma, variance, eps) == scale


def test_batch_norm_scale_needs_a_positive_variance() -> None:
    with pytest.raises(ValueError, match="variance"):
        linear_ops.batch_norm_scale(1.0, -1.0, 0.5)


def test_convolution_batch_norm_relu_is_one_layer_of_rational_rows() -> None:
    graph = ValueGraph((1, 1, 4, 4))
    x = windows.convolution(graph, graph.input, random(2, 1, 3, 3), None, padding=1)
    x = linear_ops.batch_norm(graph, x, *(np.array([0.1, 0.7]),) * 4, 1e-5)
    graph.set_output(piecewise_ops.relu(graph, x))
    layers, notes = graph.layers()
    assert [layer.kind for layer in layers] == ["relu", "linear"]
    assert len(layers[0].rational) == layers[0].n_rows == 32
    assert layers[0].origin == "conv (1, 2, 4, 4) + batch_norm (1, 2, 4, 4) + relu (1, 2, 4, 4)"
    assert notes == []


def test_impossible_windows_are_refused() -> None:
    graph = ValueGraph((1, 1, 3))
    with pytest.raises(ValueError, match="a window of 4 places does not fit an axis of 3"):
        windows.max_pool(graph, graph.input, 4, n_axes=1)
    with pytest.raises(ValueError, match="has a window without elements"):
        windows.max_pool(graph, graph.input, 1, 1, 2, n_axes=1)
    with pytest.raises(ValueError, match="has the divisor 0; legal: >= 1"):
        windows.average_pool(graph, graph.input, 1, divisor=0, n_axes=1)
    with pytest.raises(ValueError, match=r"has a weight of shape \(2, 2, 1\) and gets \(1, 1, 3\)"):
        windows.convolution(graph, graph.input, random(2, 2, 1))
