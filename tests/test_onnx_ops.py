"""Every ONNX operation that is read, alone and over several operator sets, against onnxruntime."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import helper, numpy_helper

from onnx_checks import check_with_runtime, float32, model, node, saved

I64 = np.int64
IMAGE = (1, 2, 6, 5)
WEIGHT = float32(4, 2, 3, 3)

# name, nodes, stored tensors, input shape, operator sets
Case = tuple[str, list[Any], dict[str, Any], tuple[int, ...], tuple[int, ...]]
ALL = (9, 13, 18, 22)


def ints(*values: int) -> Any:
    return np.array(values, dtype=I64)


MATRIX = {"w": float32(3, 4), "c": float32(4, seed=1)}
AFFINE: list[Case] = [
    ("gemm", [node("Gemm", "x w c")], MATRIX, (1, 3), ALL),
    (
        "gemm options",
        [node("Gemm", "x w c", transB=1, alpha=0.3, beta=0.7)],
        {"w": float32(4, 3), "c": float32(1, 4)},
        (1, 3),
        ALL,
    ),
    ("gemm without c", [node("Gemm", "x w")], {"w": float32(3, 4)}, (1, 3), (11, 22)),
    ("gemm scalar c", [node("Gemm", "x w c", beta=2.0)], {"w": float32(3, 4), "c": float32()}, (1, 3), ALL),
    (
        "gemm from the left",
        [node("Gemm", "w x c", transA=1, alpha=0.5)],
        {"w": float32(1, 4), "c": float32(4, 3)},
        (1, 3),
        ALL,
    ),
    (
        "gemm transposed x",
        [node("Gemm", "x w c", transA=1)],
        {"w": float32(1, 4), "c": float32(3, 4)},
        (1, 3),
        ALL,
    ),
    ("matmul", [node("MatMul", "x w")], {"w": float32(3, 4)}, (1, 2, 3), ALL),
    ("matmul from the left", [node("MatMul", "w x")], {"w": float32(4, 2)}, (1, 2, 3), ALL),
    ("matmul of many", [node("MatMul", "w x")], {"w": float32(5, 2, 2)}, (1, 2, 3), ALL),
    ("add", [node("Add", "x c")], {"c": float32(2, 1)}, (1, 2, 3), ALL),
    ("add twice", [node("Add", "x x")], {}, (1, 3), ALL),
    ("broadcast", [node("Add", "x c")], {"c": float32(4, 1, 1)}, (1, 3), ALL),
    ("sub", [node("Sub", "c x")], {"c": float32(3)}, (1, 2, 3), ALL),
    ("mul", [node("Mul", "c x")], {"c": float32(3)}, (1, 2, 3), ALL),
    ("div", [node("Div", "x c")], {"c": float32(3)}, (1, 2, 3), ALL),
    ("neg", [node("Neg", "x")], {}, (1, 3), ALL),
    ("sum", [node("Sum", "x c x")], {"c": float32(3)}, (1, 3), ALL),
    (
        "batch norm",
        [node("BatchNormalization", "x g b m v", epsilon=0.001)],
        {"g": float32(2), "b": float32(2, seed=1), "m": float32(2, seed=2), "v": np.abs(float32(2, seed=3))},
        IMAGE,
        (9, 14, 15),
    ),
    ("conv", [node("Conv", "x w c")], {"w": WEIGHT, "c": float32(4)}, IMAGE, (9, 11, 22)),
    (
        "conv options",
        [
            node(
                "Conv",
                "x w",
                group=2,
                strides=[2, 1],
                pads=[1, 0, 2, 1],
                dilations=[1, 2],
                kernel_shape=[3, 2],
            )
        ],
        {"w": float32(4, 1, 3, 2)},
        IMAGE,
        (9, 22),
    ),
    (
        "conv upper",
        [node("Conv", "x w", auto_pad="SAME_UPPER", strides=[2, 2])],
        {"w": float32(4, 2, 2, 3)},
        IMAGE,
        (9, 22),
    ),
    (
        "conv lower",
        [node("Conv", "x w", auto_pad="SAME_LOWER", strides=[1, 2])],
        {"w": float32(4, 2, 2, 3)},
        IMAGE,
        (9, 22),
    ),
    ("conv valid", [node("Conv", "x w", auto_pad="VALID")], {"w": WEIGHT}, IMAGE, (9, 22)),
    ("conv 1d", [node("Conv", "x w", pads=[1, 0])], {"w": float32(4, 2, 3)}, (1, 2, 7), (9, 22)),
    ("conv 3d", [node("Conv", "x w")], {"w": float32(2, 1, 2, 2, 1)}, (1, 1, 3, 3, 2), (9, 22)),
    ("average pool", [node("AveragePool", "x", kernel_shape=[3, 2], strides=[2, 1])], {}, IMAGE, (9, 11, 22)),
    (
        "average pool, pads left out",
        [node("AveragePool", "x", kernel_shape=[3, 3], pads=[1, 1, 0, 1])],
        {},
        IMAGE,
        (9, 11, 22),
    ),
    (
        "average pool, pads counted",
        [node("AveragePool", "x", kernel_shape=[3, 3], pads=[1, 1, 0, 1], count_include_pad=1)],
        {},
        IMAGE,
        (9, 11, 22),
    ),
    (
        "average pool, ceil",
        [node("AveragePool", "x", kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1)],
        {},
        (1, 2, 5, 5),
        (10, 19, 22),
    ),
    (
        "average pool, ceil, pads counted",
        [
            node(
                "AveragePool",
                "x",
                kernel_shape=[3, 3],
                strides=[2, 2],
                pads=[1, 1, 1, 1],
                ceil_mode=1,
                count_include_pad=1,
            )
        ],
        {},
        (1, 1, 6, 6),
        (19, 22),
    ),
    ("global average pool", [node("GlobalAveragePool", "x")], {}, IMAGE, (9, 22)),
    ("mean, attribute", [node("ReduceMean", "x", axes=[-1], keepdims=0)], {}, (1, 2, 3), (9, 13)),
    ("mean, input", [node("ReduceMean", "x a", keepdims=0)], {"a": ints(1)}, (1, 2, 3), (18, 22)),
    ("mean of all", [node("ReduceMean", "x")], {}, (1, 2, 3), (9, 18)),
    ("sum, attribute", [node("ReduceSum", "x", axes=[1])], {}, (1, 2, 3), (9, 11)),
    ("sum, input", [node("ReduceSum", "x a")], {"a": ints(1, 2)}, (1, 2, 3), (13, 22)),
    ("no sum", [node("ReduceSum", "x", noop_with_empty_axes=1)], {}, (1, 2, 3), (13, 22)),
]

PIECEWISE: list[Case] = [
    ("relu", [node("Relu", "x")], {}, (1, 2, 3), (9, 14)),
    ("leaky relu", [node("LeakyRelu", "x")], {}, (1, 5), (9, 16)),
    ("leaky relu, slope", [node("LeakyRelu", "x", alpha=-0.3)], {}, (1, 5), (9, 16)),
    ("prelu", [node("PRelu", "x s")], {"s": float32(2, 1)}, (1, 2, 3), (9, 16)),
    ("prelu, one slope", [node("PRelu", "x s")], {"s": float32(1)}, (1, 2, 3), (9, 16)),
    ("clip, attributes", [node("Clip", "x", min=-0.5, max=0.7)], {}, (1, 5), (9, 10)),
    ("clip, one attribute", [node("Clip", "x", min=-0.5)], {}, (1, 5), (9, 10)),
    (
        "clip, inputs",
        [node("Clip", "x a b")],
        {"a": np.float32(-0.5), "b": np.float32(0.7)},
        (1, 5),
        (11, 13),
    ),
    ("clip above", [node("Clip", "x _ b")], {"b": np.float32(0.7)}, (1, 5), (11, 13)),
    (
        "clip, infinite",
        [node("Clip", "x a b")],
        {"a": np.float32(-np.inf), "b": np.float32(0.7)},
        (1, 5),
        (13,),
    ),
    ("abs", [node("Abs", "x")], {}, (1, 5), (9, 13)),
    ("max of three", [node("Max", "x c d")], {"c": float32(2, 1), "d": float32(3)}, (1, 2, 3), (9, 13)),
    ("min", [node("Min", "c x")], {"c": float32(3)}, (1, 2, 3), (9, 13)),
    (
        "max of values",
        [node("Slice", "x a b c", "l"), node("Max", "l x")],
        {"a": ints(0), "b": ints(1), "c": ints(1)},
        (1, 2, 3),
        (10, 13),
    ),
    (
        "max pool",
        [node("MaxPool", "x", kernel_shape=[3, 2], strides=[2, 2], pads=[1, 0, 0, 1])],
        {},
        IMAGE,
        (9, 10, 12),
    ),
    ("max pool, dilated", [node("MaxPool", "x", kernel_shape=[2, 2], dilations=[2, 3])], {}, IMAGE, (10, 22)),
    (
        "max pool, ceil",
        [node("MaxPool", "x", kernel_shape=[2, 2], strides=[3, 3], ceil_mode=1)],
        {},
        (1, 1, 7, 7),
        (10, 22),
    ),
    (
        "max pool, same",
        [node("MaxPool", "x", kernel_shape=[2, 3], strides=[2, 2], auto_pad="SAME_UPPER")],
        {},
        IMAGE,
        (9, 22),
    ),
    ("global max pool", [node("GlobalMaxPool", "x")], {}, IMAGE, (9, 22)),
    ("max over an axis", [node("ReduceMax", "x", axes=[1], keepdims=0)], {}, (1, 2, 3), (9, 13)),
    ("max over an input axis", [node("ReduceMax", "x a")], {"a": ints(-1)}, (1, 2, 3), (18, 20)),
    ("min over all", [node("ReduceMin", "x", keepdims=0)], {}, (1, 2, 3), (9, 18)),
    ("hard sigmoid", [node("HardSigmoid", "x")], {}, (1, 5), (9, 22)),
    ("shrink", [node("Shrink", "x", lambd=0.4, bias=0.4)], {}, (1, 5), (9, 22)),
    (
        "where",
        [node("Where", "k x c")],
        {"k": np.array([True, False, True]), "c": float32(2, 1)},
        (1, 2, 3),
        (9, 16),
    ),
]

LAYOUT: list[Case] = [
    ("flatten", [node("Flatten", "x", axis=2)], {}, (1, 2, 3, 2), (9, 21)),
    ("reshape", [node("Reshape", "x s")], {"s": ints(0, -1, 2)}, (1, 4, 3), (9, 14)),
    ("transpose", [node("Transpose", "x", perm=[0, 2, 1])], {}, (1, 2, 3), (9, 21)),
    ("transpose all", [node("Transpose", "x")], {}, (1, 2, 3), (9, 21)),
    ("concat", [node("Concat", "x c x", axis=-1)], {"c": float32(1, 2, 1)}, (1, 2, 3), (9, 13)),
    ("slice, attributes", [node("Slice", "x", starts=[1, 0], ends=[-1, 9], axes=[2, 1])], {}, (1, 2, 4),
     (9,)),
    ("slice backwards", [node("Slice", "x a b c d")],
     {"a": ints(-1, 3), "b": ints(np.iinfo(I64).min, 0), "c": ints(1, 2), "d": ints(-1, -2)}, (1, 3, 5),
     (10, 13)),
    ("gather", [node("Gather", "x k", axis=2)], {"k": ints(2, -3).reshape(2, 1)}, (1, 2, 3), (9, 13)),
    ("gather one", [node("Gather", "x k", axis=1)], {"k": np.array(1)}, (1, 2, 3), (9, 13)),
    ("gather elements", [node("GatherElements", "x k", axis=1)], {"k": ints(1, 0, 0).reshape(1, 1, 3)},
     (1, 2, 3), (11, 13)),
    ("gather places", [node("GatherND", "x k")], {"k": ints(0, 1, 0, 0).reshape(2, 2)}, (1, 2, 3), (11, 13)),
    ("split", [node("Split", "x", "a b", axis=1), node("Sub", "a b")], {}, (1, 4, 3), (9, 11)),
    ("split, sizes", [node("Split", "x", "a b", axis=1, split=[1, 3]), node("Sub", "a b")], {}, (1, 4, 3),
     (9, 11)),
    ("split, input", [node("Split", "x s", "a b", axis=-1), node("Add", "a b")], {"s": ints(1, 2)}, (1, 4, 3),
     (13, 18)),
    ("split unevenly", [node("Split", "x", "a b", axis=2, num_outputs=2), node("Add", "a b")], {}, (1, 4, 3),
     (18,)),
    ("squeeze, attribute", [node("Squeeze", "x", axes=[0])], {}, (1, 1, 3), (9, 11)),
    ("squeeze", [node("Squeeze", "x")], {}, (1, 1, 3), (9, 13)),
    ("unsqueeze, attribute", [node("Unsqueeze", "x", axes=[0, 3])], {}, (1, 3), (9, 11)),
    ("unsqueeze", [node("Unsqueeze", "x a")], {"a": ints(-1)}, (1, 3), (13, 21)),
    ("expand", [node("Expand", "x s")], {"s": ints(2, 1, 3)}, (1, 4, 1), (9, 13)),
    ("tile", [node("Tile", "x s")], {"s": ints(1, 2)}, (1, 3), (9, 13)),
    ("pad, attributes", [node("Pad", "x", pads=[0, 1, 0, 2], value=0.5)], {}, (1, 3), (9, 10)),
    ("pad, inputs", [node("Pad", "x p v")], {"p": ints(0, 1, 0, -1), "v": np.float32(0.5)}, (1, 3), (11, 13)),
    ("pad some axes", [node("Pad", "x p _ a", mode="edge")], {"p": ints(1, 2), "a": ints(-1)}, (1, 2, 3),
     (18,)),
    ("pad by reflection", [node("Pad", "x p", mode="reflect")], {"p": ints(0, 2, 0, 1)}, (1, 4), (11, 13)),
    ("identity, dropout", [node("Identity", "x", "a"), node("Dropout", "a")], {}, (1, 3), (9, 12)),
]  # fmt: skip

SHAPES: list[Case] = [
    ("reshape by the shape",
     [node("Shape", "x", "s"), node("Gather", "s zero", "n"), node("Unsqueeze", "n", "u", axes=[0]),
      node("Concat", "u minus", "t", axis=0), node("Reshape", "x t")],
     {"zero": np.array(0), "minus": ints(-1)}, (1, 2, 3), (9, 11)),
    ("half of the channels",
     [node("Shape", "x", "s"), node("Gather", "s one", "n"), node("Div", "n two", "h"),
      node("Mul", "h one", "e"), node("Slice", "x zeros e ones", "y")],
     {"one": ints(1), "two": ints(2), "zeros": ints(0), "ones": ints(1)}, (1, 5, 2), (10, 13, 22)),
    ("places by range",
     [node("Shape", "x", "s", start=1, end=2), node("Squeeze", "s", "n"), node("Range", "zero n two", "k"),
      node("Gather", "x k", axis=1)],
     {"zero": np.array(0), "two": np.array(2)}, (1, 5, 2), (15, 22)),
    ("flattened by a product",
     [node("Shape", "x", "s"), node("ReduceProd", "s", "p", axes=[0]), node("Mod", "p seven", "m"),
      node("Concat", "m minus", "t", axis=0), node("Reshape", "x t")],
     {"seven": ints(5), "minus": ints(-1)}, (1, 4, 3), (10, 13)),
    ("ones and a condition",
     [node("Shape", "x", "s"),
      node("ConstantOfShape", "s", "o", value=numpy_helper.from_array(np.ones(1, dtype=np.float32))),
      node("Greater", "c half", "k"), node("Where", "k x o")],
     {"c": float32(3), "half": np.float32(0.5)}, (1, 2, 3), (9, 13)),
    ("constants are folded exactly",
     [node("Constant", "", "three", value_float=3.0), node("Constant", "", "k", value_ints=[3]),
      node("Cast", "k", "f", to=1), node("Sub", "f c", "d"), node("Div", "d three", "e"),
      node("Neg", "e", "n"), node("Abs", "n", "a"), node("Max", "a three", "m"), node("Mul", "x m")],
     {"c": float32(3)}, (1, 3), (12, 13)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("case", "opset"),
    [
        pytest.param(case, opset, id=f"{case[0]}-{opset}")
        for case in (*AFFINE, *PIECEWISE, *LAYOUT, *SHAPES)
        for opset in case[4]
    ],
)
def test_operation(case: Case, opset: int, tmp_path: Path) -> None:
    _, nodes, stored, shape, _ = case
    check_with_runtime(saved(tmp_path, model(nodes, stored, shape, opset)), shape)


def test_a_cast_to_a_wider_type_is_exact(tmp_path: Path) -> None:
    nodes = [node("Cast", "x", "a", to=11), node("Mul", "a c")]
    proto = model(nodes, {"c": np.array([0.1, 0.2, 0.3])}, (1, 3))
    proto.graph.output[0].type.tensor_type.elem_type = 11
    graph = check_with_runtime(saved(tmp_path, proto), (1, 3))
    assert graph.layers()[0][-1].values.tolist() == [0.1, 0.2, 0.3]


def test_attributes_are_float32(tmp_path: Path) -> None:
    path = saved(tmp_path, model([node("LeakyRelu", "x", alpha=0.1)], {}, (1, 1)))
    values = check_with_runtime(path, (1, 1)).layers()[0][-1].values.tolist()
    assert values == [float(np.float32(0.1)), 1 - float(np.float32(0.1))]


def test_an_empty_name_of_a_node_is_no_place(tmp_path: Path) -> None:
    nodes = [helper.make_node("Relu", ["x"], ["y"])]
    layers, _ = check_with_runtime(saved(tmp_path, model(nodes, {}, (1, 2))), (1, 2)).layers()
    assert layers[0].origin == "Relu (1, 2)"
