"""Operations of ONNX whose attributes or means are no float64 numbers in the end, against fractions."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import graph_reference as reference
from graph_checks import points_of
from onnx_checks import float32, model, node, outputs_of, saved
from relutope.loading.graph.onnx_file import graph_from_onnx

WEIGHT, BIAS = float32(3, 2), float32(2, seed=1)
NORM = {"g": float32(2), "b": float32(2, seed=1), "m": float32(2, seed=2), "v": np.abs(float32(2, seed=3))}
exact = reference.exact


def single(value: float) -> Fraction:
    return Fraction(float(np.float32(value)))


def limited(x: Any) -> Any:
    return reference.clamp(single(0.3) * x + single(0.1), 0, 1)


CASES: list[tuple[str, list[Any], dict[str, Any], tuple[int, ...], Callable[[Any], Any]]] = [
    (
        "gemm",
        [node("Gemm", "x w c", alpha=0.3, beta=0.7)],
        {"w": WEIGHT, "c": BIAS},
        (1, 3),
        lambda x: single(0.3) * (x @ exact(WEIGHT)) + single(0.7) * exact(BIAS),
    ),
    (
        "div",
        [node("Div", "x c")],
        {"c": np.array([3, 7, 0.1], dtype=np.float32)},
        (1, 3),
        lambda x: x / exact(np.array([3, 7, 0.1], dtype=np.float32)),
    ),
    (
        "leaky relu",
        [node("LeakyRelu", "x", alpha=0.3)],
        {},
        (1, 5),
        lambda x: reference.each(lambda z: z if z > 0 else single(0.3) * z, x),
    ),
    (
        "leaky relu by default",
        [node("LeakyRelu", "x")],
        {},
        (1, 5),
        lambda x: reference.leaky(x, np.float32(0.01)),
    ),
    ("hard sigmoid", [node("HardSigmoid", "x", alpha=0.3, beta=0.1)], {}, (1, 5), limited),
    (
        "clip",
        [node("Clip", "x a b")],
        {"a": np.float32(-0.3), "b": np.float32(0.7)},
        (1, 5),
        lambda x: reference.clamp(x, np.float32(-0.3), np.float32(0.7)),
    ),
    ("mean", [node("ReduceMean", "x", keepdims=0)], {}, (1, 2, 3), lambda x: np.asarray(x.sum() / 6)),
    (
        "average pool",
        [node("AveragePool", "x", kernel_shape=[3, 3], pads=[1, 1, 1, 1])],
        {},
        (1, 1, 3, 4),
        lambda x: reference.pooled(
            x, (3, 3), (1, 1), (1, 1), (1, 1), False, lambda values, _: reference.average(values)
        ),
    ),
    (
        "batch norm",
        [node("BatchNormalization", "x g b m v", epsilon=0.1)],
        NORM,
        (1, 2, 2),
        lambda x: reference.batch_norm(x, NORM["m"], NORM["v"], NORM["g"], NORM["b"], float(np.float32(0.1))),
    ),
    (
        "conv",
        [node("Conv", "x w", pads=[1, 0, 0, 2], strides=[2, 1], dilations=[1, 2])],
        {"w": float32(2, 1, 2, 2)},
        (1, 1, 4, 3),
        lambda x: reference.convolve(x, float32(2, 1, 2, 2), None, (2, 1), ((1, 0), (0, 2)), (1, 2), 1),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case[0])
def test_rational_values(case: Any, tmp_path: Path) -> None:
    _, nodes, stored, shape, slow = case
    graph = graph_from_onnx(saved(tmp_path, model(nodes, stored, shape, 17)))
    for point in points_of(shape):
        assert outputs_of(graph, point) == slow(exact(point)).ravel().tolist()
