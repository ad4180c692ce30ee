"""Every operation and graph of an ONNX file that is refused, with its message."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper

from onnx_checks import float32, model, node, refusal
from relutope.loading.graph import sizes

RELU = [node("Relu", "x")]


def test_order_of_the_nodes(tmp_path: Path) -> None:
    nodes = [node("Add", "x b", "a"), node("Relu", "a", "b"), node("Abs", "b")]
    message = "Add at 'the_Add' reads 'b' before it is made: the graph has a cycle or is not sorted"
    assert refusal(model(nodes, {}, (1, 3)), tmp_path) == message
    own = "Add at 'the_Add' reads 'y' before it is made: the graph has a cycle or is not sorted"
    assert refusal(model([node("Add", "x y")], {}, (1, 3)), tmp_path) == own
    twice = [node("Relu", "x", "a"), node("Abs", "x", "a"), node("Relu", "a")]
    assert "makes 'a', which is made twice" in refusal(model(twice, {}, (1, 3)), tmp_path)
    assert "'z' is made nowhere" in refusal(model([node("Add", "x z")], {}, (1, 3)), tmp_path)
    assert "'y' is made nowhere" in refusal(model([node("Relu", "x", "z")], {}, (1, 3)), tmp_path)


@pytest.mark.parametrize("opset", [8, 27])
def test_operator_sets(opset: int, tmp_path: Path) -> None:
    message = f"the operator set has version {opset}; legal: 9 to 26"
    assert refusal(model(RELU, {}, (1, 3), opset), tmp_path) == message


def test_other_domains_and_control_flow(tmp_path: Path) -> None:
    proto = model([helper.make_node("Relu", ["x"], ["y"], domain="com.microsoft")], {}, (1, 3))
    proto.opset_import.append(helper.make_opsetid("com.microsoft", 1))
    assert refusal(proto, tmp_path) == (
        "Relu that makes 'y' cannot be represented exactly: its domain 'com.microsoft' is not supported; "
        "legal: ONNX's own operations"
    )
    branch = helper.make_graph([], "branch", [], [helper.make_tensor_value_info("x", 1, (1, 3))])
    proto = model([node("If", "k", then_branch=branch, else_branch=branch)], {"k": np.array(True)}, (1, 3))
    assert refusal(proto, tmp_path) == (
        "If at 'the_If' cannot be represented exactly: it is control flow; legal: graphs without If, "
        "Loop and Scan"
    )


def test_functions_of_the_file(tmp_path: Path) -> None:
    proto = model([node("Relu", "x")], {}, (1, 3))
    body = [helper.make_node("Neg", ["a"], ["b"])]
    proto.functions.append(
        helper.make_function("", "Relu", ["a"], ["b"], body, [helper.make_opsetid("", 18)])
    )
    assert (
        refusal(proto, tmp_path) == "the file gives Relu a meaning of its own; legal: ONNX's own operations"
    )
    proto.functions[0].domain = "local"
    proto.graph.node[0].domain = "local"
    assert "its domain 'local' is not supported" in refusal(proto, tmp_path)


def test_stored_tensors_of_one_name(tmp_path: Path) -> None:
    proto = model([node("Add", "x c")], {"c": float32(3)}, (1, 3))
    proto.graph.initializer.append(proto.graph.initializer[0])
    assert refusal(proto, tmp_path) == "two stored tensors have one name (damaged?)"


def cut(limit: int) -> Any:
    return np.array(limit, dtype=np.int64)


@pytest.mark.parametrize(
    ("nodes", "stored", "message"),
    [
        ([node("Gelu", "x")], {}, "Gelu at 'the_Gelu' cannot be represented exactly: it is not p"),
        ([node("Mod", "x c", fmod=1)], {"c": float32(3)}, "it is discontinuous; legal: constant integers"),
        ([node("ReduceProd", "x")], {}, "exactly: it is not piecewise linear"),
        (
            [node("LeakyRelu", "c", "d"), node("Cast", "d", "e", to=TensorProto.FLOAT16), node("Add", "x e")],
            {"c": float32(3)},
            "exactly: it rounds from FLOAT to FLOAT16",
        ),
        ([node("Frob", "x")], {}, "Frob at 'the_Frob' cannot be represented exactly: it is not supported"),
        ([node("Sign", "x")], {}, "exactly: it is discontinuous"),
        ([node("TopK", "x k", "y i")], {"k": cut(1)}, "exactly: it selects by comparing"),
        ([node("DequantizeLinear", "x s")], {"s": np.float32(1)}, "exactly: it is quantised"),
        ([node("Softmax", "x", "a"), node("Relu", "a")], {}, "it reads the result of Softmax at"),
        ([node("Sigmoid", "x", "a"), node("Add", "a x")], {}, "it reads the result of Sigmoid at"),
        ([node("Softmax", "x", axis=0)], {}, "exactly: it runs over the batch axis"),
        ([node("Div", "c x")], {"c": float32(3)}, "it divides by a tensor that depends on the input"),
        ([node("Div", "x c")], {"c": np.zeros(3, np.float32)}, "Div at 'the_Div': division by zero"),
        ([node("MatMul", "x x")], {}, "it multiplies two tensors that depend on the input"),
        ([node("Gemm", "x x", transB=1)], {}, "it multiplies two tensors that depend on the input"),
        ([node("PRelu", "x x")], {}, "exactly: its slope depends on the input of the network"),
        ([node("Clip", "x x")], {}, "exactly: its lower limit depends on the input of the network"),
        ([node("Clip", "x _ c")], {"c": float32(3)}, "its upper limit has the shape (3,); legal: one"),
        ([node("Clip", "x c")], {"c": np.float32(np.inf)}, "it has the limits [inf, None]"),
        ([node("Clip", "x c")], {"c": np.float32(np.nan)}, "Clip at 'the_Clip': it has a limit that is NaN"),
        ([node("Cast", "x", to=TensorProto.INT64)], {}, "exactly: it rounds from FLOAT to INT64"),
        ([node("Cast", "x", to=TensorProto.FLOAT16)], {}, "exactly: it rounds from FLOAT to FLOAT16"),
        (
            [node("Cast", "c", "d", to=TensorProto.FLOAT16), node("Mul", "x d")],
            {"c": float32(3)},
            "exactly: it rounds a constant to FLOAT16",
        ),
        (
            [node("Cast", "c", "d", to=TensorProto.BFLOAT16), node("Mul", "x d")],
            {"c": float32(3)},
            "exactly: it rounds a constant to BFLOAT16",
        ),
        (
            [node("Cast", "c", "d", to=TensorProto.INT64), node("Gather", "x d", axis=1)],
            {"c": float32(3)},
            "exactly: it rounds a constant to INT64",
        ),
        (
            [node("Cast", "c", "d", to=TensorProto.FLOAT), node("Mul", "x d")],
            {"c": cut(2**24 + 1)},
            "exactly: it rounds a constant to FLOAT",
        ),
        ([node("Greater", "x c", "k"), node("Where", "k x c")], {"c": float32(3)}, "it selects by comparing"),
        ([node("Dropout", "x _ t")], {"t": np.array(True)}, "it is random; legal: training_mode false"),
        ([node("Dropout", "x", "a m"), node("Where", "m x a")], {}, "it reads places of maxima or a mask"),
        ([node("Relu", "x", alpha=1.0)], {}, "exactly: its attributes alpha are not supported"),
        ([node("LeakyRelu", "x", alpha=float("nan"))], {}, "its attribute alpha is NaN; legal: numbers"),
        ([node("Shrink", "x", lambd=0.5)], {}, "with lambd 0.5 and bias 0.0 it is discontinuous"),
        ([node("Reshape", "x s")], {"s": np.array([7])}, "(1, 3) has not the elements of (7,)"),
        ([node("Gather", "x k", axis=1)], {"k": cut(3)}, "has inputs or attributes that do not fit it"),
        ([node("Add", "x c")], {"c": cut(3)}, "Add at 'the_Add': it joins floats and integers"),
        ([node("Expand", "x s")], {"s": np.array([10**9, 3])}, "its result would have the shape"),
        (
            [node("ConstantOfShape", "s", "o"), node("Mul", "x o")],
            {"s": np.array([10**6, 10**6])},
            "its result would have the shape",
        ),
        ([node("Range", "a b c", "k"), node("Gather", "x k", axis=1)],
         {"a": cut(0), "b": cut(10**12), "c": cut(1)}, "its result would have the shape (1000000000000,)"),
        ([node("Pad", "x p")], {"p": np.array([0, 0, 0, 10**12])}, "its result would have the shape"),
        ([node("Split", "x", "a y", axis=1)], {}, "it splits 3 elements into 2 equal parts"),
    ],
)  # fmt: skip
def test_operations(nodes: list[Any], stored: dict[str, Any], message: str, tmp_path: Path) -> None:
    assert message in refusal(model(nodes, stored, (1, 3)), tmp_path)


def test_windows(tmp_path: Path) -> None:
    def refused(**attributes: Any) -> str:
        nodes = [node("MaxPool", "x", **attributes)]
        return refusal(model(nodes, {}, (1, 1, 3, 3)), tmp_path)

    assert refused() == "MaxPool at 'the_MaxPool': it has no kernel_shape"
    assert "do not fit 2 spatial axes" in refused(kernel_shape=[2])
    assert "do not fit 2 spatial axes" in refused(kernel_shape=[2, 2], pads=[1, 1])
    assert "it has a kernel, stride or dilation below 1" in refused(kernel_shape=[2, 2], strides=[0, 1])
    assert "its input would have the shape" in refused(kernel_shape=[2, 2], pads=[0, 0, 0, 10**12])
    assert "its auto_pad is 'SOME'" in refused(kernel_shape=[2, 2], auto_pad="SOME")
    assert "does not fit an axis of 3" in refused(kernel_shape=[4, 4])
    nodes = [node("AveragePool", "x", kernel_shape=[2, 2], dilations=[2, 1])]
    assert "its dilations [2, 1] are not supported" in refusal(model(nodes, {}, (1, 1, 3, 3)), tmp_path)
    nodes = [node("MaxPool", "x", "a i", kernel_shape=[2, 2]), node("Add", "a i")]
    assert "it reads places of maxima or a mask" in refusal(model(nodes, {}, (1, 1, 3, 3)), tmp_path)


def test_batch_norm_in_training(tmp_path: Path) -> None:
    stored = {name: np.abs(float32(3, seed=1)) for name in "gbmv"}
    nodes = [node("BatchNormalization", "x g b m v", "y u w", training_mode=1)]
    assert "it divides by the spread of its own input; legal: inference" in refusal(
        model(nodes, stored, (1, 3)), tmp_path
    )


def test_one_shared_limit() -> None:
    sizes.check_size((sizes.MAX_ELEMENTS,), "it")
    with pytest.raises(ValueError, match="it would have the shape"):
        sizes.check_size((sizes.MAX_ELEMENTS + 1,), "it")
