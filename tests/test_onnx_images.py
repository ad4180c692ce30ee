"""ONNX operations that enlarge images or reduce over many values, against onnxruntime; and their refusals."""

from __future__ import annotations

import itertools
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from graph_checks import points_of
from onnx_checks import check_with_runtime, float32, model, node, outputs_of, refusal, saved

IMAGE = (1, 4, 3, 2)
WEIGHT = float32(4, 3, 3, 2)
HOW = ("asymmetric", "half_pixel", "pytorch_half_pixel")
NEAREST = ("floor", "ceil", "round_prefer_floor", "round_prefer_ceil")


def scales(*values: float) -> dict[str, Any]:
    return {"s": np.array(values, dtype=np.float32)}


@pytest.mark.parametrize(
    "attributes",
    [
        {},
        {"strides": [2, 3], "output_padding": [1, 2]},
        {"pads": [1, 0, 2, 1], "strides": [3, 2]},
        {"dilations": [2, 1], "kernel_shape": [3, 2]},
        {"group": 2, "strides": [1, 2], "pads": [0, 1, 1, 0]},
        {"auto_pad": "VALID", "strides": [2, 2]},
    ],
)
@pytest.mark.parametrize("opset", [9, 11, 22])
def test_transposed_convolution(attributes: dict[str, Any], opset: int, tmp_path: Path) -> None:
    bias = float32(3 * attributes.get("group", 1), seed=1)
    nodes = [node("ConvTranspose", "x w c", **attributes)]
    check_with_runtime(saved(tmp_path, model(nodes, {"w": WEIGHT, "c": bias}, IMAGE, opset)), IMAGE)


@pytest.mark.parametrize(("how", "nearest"), list(itertools.product(HOW, NEAREST)))
@pytest.mark.parametrize("factor", [1, 2, 3, 5])
def test_resize_to_the_nearest(how: str, nearest: str, factor: int, tmp_path: Path) -> None:
    options = {"coordinate_transformation_mode": how, "nearest_mode": nearest}
    nodes = [node("Resize", "x _ s", mode="nearest", **options)]
    proto = model(nodes, scales(1, 1, factor, 2), IMAGE, 13)
    graph = check_with_runtime(saved(tmp_path, proto), IMAGE)
    assert graph.output is not None
    assert graph.output.shape == (1, 4, 3 * factor, 4)


def test_resize_in_other_ways(tmp_path: Path) -> None:
    ways: list[tuple[Any, dict[str, Any], int]] = [
        (node("Resize", "x s"), scales(1, 1, 2, 3), 10),
        (node("Upsample", "x s"), scales(1, 1, 2, 3), 9),
        (node("Resize", "x _ _ t"), {"t": np.array([1, 4, 6, 6])}, 13),
        (node("Resize", "x _ s", axes=[2, 3]), scales(2, 3), 18),
        (node("Resize", "x _ _ t", axes=[3, 2]), {"t": np.array([6, 6])}, 19),
        (node("Resize", "x _ s", axes=[-1, 2]), scales(3, 2), 18),
    ]
    (point, _) = points_of(IMAGE)
    wanted = point.repeat(2, axis=2).repeat(3, axis=3).ravel().tolist()
    for resize, stored, opset in ways:
        graph = check_with_runtime(saved(tmp_path, model([resize], stored, IMAGE, opset)), IMAGE)
        assert outputs_of(graph, point) == wanted


@pytest.mark.parametrize("opset", [11, 13])
@pytest.mark.parametrize("mode", [{}, {"mode": "CRD"}])
def test_depth_and_space(mode: dict[str, Any], opset: int, tmp_path: Path) -> None:
    for shape, nodes in (
        ((1, 12, 2, 1), [node("DepthToSpace", "x", blocksize=2, **mode)]),
        ((1, 2, 4, 6), [node("SpaceToDepth", "x", blocksize=2)]),
        ((1, 8, 2, 1), [node("DepthToSpace", "x", "a", blocksize=2), node("SpaceToDepth", "a", blocksize=2)]),
    ):
        check_with_runtime(saved(tmp_path, model(nodes, {}, shape, opset)), shape)


def test_means_and_sums_of_sizes(tmp_path: Path) -> None:
    stored = {"c": float32(2, 1), "a": np.array([1])}
    cases: list[tuple[list[Any], tuple[int, ...]]] = [
        ([node("Mean", "x c x")], (9, 13)),
        ([node("Mean", "x")], (13,)),
        ([node("Mean", "c c", "m"), node("Mul", "x m")], (13,)),
        ([node("ReduceL1", "x", axes=[-1], keepdims=0)], (9, 13)),
        ([node("ReduceL1", "x a")], (18, 22)),
        ([node("ThresholdedRelu", "x", alpha=0.0)], (10, 22)),
    ]
    for nodes, opsets in cases:
        for opset in opsets:
            kept = stored if any("a" in item.input for item in nodes) else {"c": stored["c"]}
            check_with_runtime(saved(tmp_path, model(nodes, kept, (1, 2, 3), opset)), (1, 2, 3))
    graph = check_with_runtime(
        saved(tmp_path, model([node("Mean", "x x x c")], {"c": float32(2)}, (1, 2))), (1, 2)
    )
    wanted = [
        (3 * Fraction(value) + Fraction(float(c))) / 4 for value, c in zip([2, -3], float32(2), strict=True)
    ]
    assert outputs_of(graph, np.array([2.0, -3.0])) == wanted


@pytest.mark.parametrize(
    ("nodes", "stored", "message"),
    [
        ([node("ThresholdedRelu", "x")], {}, "with alpha 1.0 it is discontinuous; legal: 0"),
        (
            [node("Resize", "x _ s", mode="linear")],
            scales(1, 1, 2, 2),
            "its mode is 'linear'; legal: nearest",
        ),
        (
            [node("Resize", "x _ s")],
            scales(1, 1, 1.5, 1),
            "scales are [1.0, 1.0, 1.5, 1.0]; legal: integers >= 1",
        ),
        ([node("Resize", "x _ s")], scales(1, 1, 0.5, 1), "legal: integers >= 1"),
        ([node("Resize", "x _ s")], scales(1, 2), "it has 2 scales or sizes; legal: 4"),
        ([node("Resize", "x")], {}, "it has neither scales nor sizes"),
        ([node("Resize", "x _ s", axes=[3, -1])], scales(1, 2), "its axes [3, 3] are not distinct"),
        ([node("Resize", "x _ s", axes=[3])], scales(2**24), "its result would have the shape"),
        ([node("Resize", "x _ s")], scales(1, 1e8, 1, 1), "its result would have the shape"),
        (
            [node("Resize", "x _ s", coordinate_transformation_mode="align_corners")],
            scales(1, 1, 2, 2),
            "its modes 'align_corners' and 'round_prefer_floor' are not supported; legal: asymmetric",
        ),
        ([node("Resize", "x _ s", antialias=1)], scales(1, 1, 2, 2), "it smooths; legal: antialias 0"),
        ([node("DepthToSpace", "x", blocksize=3)], {}, "its blocksize 3 or mode 'DCR' does not fit"),
        (
            [node("SpaceToDepth", "x", blocksize=2)],
            {},
            "its blocksize 2 does not fit an input of shape (1, 4, 3, 2)",
        ),
        (
            [node("ConvTranspose", "x w", output_shape=[6, 6])],
            {"w": WEIGHT},
            "its output_shape or auto_pad is not supported; legal: pads",
        ),
        ([node("ConvTranspose", "x w", auto_pad="SAME_UPPER")], {"w": WEIGHT}, "auto_pad is not supported"),
        (
            [node("ConvTranspose", "x w", pads=[9, 9, 9, 9])],
            {"w": WEIGHT},
            "leaves -13 places; legal: at least 1",
        ),
        (
            [node("ConvTranspose", "x w", output_padding=[1])],
            {"w": WEIGHT},
            "its output_padding is [1]; legal: 2",
        ),
        (
            [node("ConvTranspose", "x w", strides=[9**9, 1])],
            {"w": WEIGHT},
            "the table of its windows would have",
        ),
        ([node("ConvTranspose", "x w c")], {"w": WEIGHT, "c": float32(2)}, "its bias does not fit"),
        ([node("ConvTranspose", "x x")], {}, "its weight depends on the input of the network"),
        (
            [node("Mean", "t t", "m"), node("Add", "x m")],
            {"t": np.array([1])},
            "it takes the mean of integers",
        ),
        ([node("ReduceL1", "x", noop_with_empty_axes=1)], {}, "noop_with_empty_axes"),
    ],
)
def test_refusals(nodes: list[Any], stored: dict[str, Any], message: str, tmp_path: Path) -> None:
    assert message in refusal(model(nodes, stored, IMAGE, 18), tmp_path)
